"""Single flight and bounded memory: what two look-ups need is fetched once (and never waited for in a circle).

`Lookup` is the purse of one look-up: packets, time and depth that it may still
spend. `Flights` lets look-ups share work under way; before one waits for another,
the chain of who waits for whom is followed, for name servers whose names lie in
each other's zones would else wait for ever.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

import trio

from crawler.resolver.answer import Outcome
from crawler.strands import Waiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

T = TypeVar("T")
K = TypeVar("K", bound="Hashable")


class OutOfBudget(Exception):
    """A look-up has spent its packets."""


class OutOfTime(OutOfBudget):
    """A look-up has spent its time."""


class Lookup:
    """The purse of one look-up, in packets and seconds, and what it is waiting for."""

    __slots__ = ("_deadline", "_left", "clock", "depth", "now", "sent", "waiting")

    def __init__(self, queries: int, seconds: float, now: Callable[[], float] = trio.current_time) -> None:
        self.now = now
        self.clock = now()  # as it stood after the last wait
        self._left = queries
        self._deadline = self.clock + seconds
        self.sent = 0
        self.depth = 0
        self.waiting: Flight | None = None

    def spend(self) -> None:
        """Pay for one packet. Raises `OutOfBudget`, or `OutOfTime`."""
        if self.clock > self._deadline:
            raise OutOfTime
        if self._left <= 0:
            raise OutOfBudget
        self._left -= 1
        self.sent += 1

    def waited(self) -> float:
        """The time, read anew: to be called after every wait, and only there."""
        self.clock = now = self.now()
        return now


class Flight:
    """Work under way that others may wait for."""

    __slots__ = ("over", "owner", "result", "waiting")

    def __init__(self, owner: Lookup) -> None:
        self.owner = owner
        self.over = False
        self.waiting: set[Waiter] | None = None
        self.result: object = None


class Flights:
    """Work under way, by key."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, Flight] = {}

    async def share(self, key: K, lookup: Lookup, work: Callable[[K, Lookup], Awaitable[T | None]]) -> T | None:
        """Do `work(key, lookup)`, or wait for the look-up that is doing it.

        None comes back where waiting would close a circle, or where `work` itself has
        nothing (a budget that ran out is its owner's alone: who waited does the work again).
        """
        while (flight := self._flying.get(key)) is not None:
            if self._circular(flight, lookup):
                return None
            await self._wait(flight, lookup)
            if flight.result is not None:
                return flight.result  # type: ignore[return-value]
        flight = self._flying[key] = Flight(lookup)
        try:
            flight.result = result = await work(key, lookup)
        finally:
            self.end(key, flight)
        return result

    def begin(self, key: Hashable, lookup: Lookup) -> Flight | None:
        """Take the work of a key on, to be ended in every case; None if it is under way already."""
        if key in self._flying:
            return None
        flight = self._flying[key] = Flight(lookup)
        return flight

    def end(self, key: Hashable, flight: Flight) -> None:
        """The work is done, or given up: who waits goes on."""
        del self._flying[key]
        flight.over = True
        for waiter in list(flight.waiting or ()):
            waiter.wake(None)

    @staticmethod
    async def _wait(flight: Flight, lookup: Lookup) -> None:
        if flight.waiting is None:
            flight.waiting = set()
        waiter = Waiter()
        waiter.slot = flight.waiting
        waiter.slot.add(waiter)
        lookup.waiting = flight
        try:
            await waiter
        finally:
            lookup.waiting = None
            lookup.waited()

    @staticmethod
    def _circular(flight: Flight, lookup: Lookup) -> bool:
        step: Flight | None = flight
        while step is not None and not step.over:  # who waited for one that is over has only not woken up yet
            if step.owner is lookup:
                return True
            step = step.owner.waiting
        return False


class Memory(Generic[T]):
    """A bounded map whose entries end: the least recently used goes first."""

    def __init__(self, limit: int) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._limit = limit

    def get(self, key: Hashable) -> T | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] < trio.current_time():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: Hashable, value: T, seconds: float) -> None:
        self._kept[key] = (trio.current_time() + seconds, value)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def drop(self, key: Hashable) -> None:
        """Forget one value, if it is there."""
        self._kept.pop(key, None)

    def drop_if(self, unwanted: Callable[[T], bool]) -> None:
        """Forget every value of a kind."""
        for key in [key for key, (_, value) in self._kept.items() if unwanted(value)]:
            del self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)


def used_up(spent: OutOfBudget) -> Outcome:
    """What a look-up that may not go on came to."""
    return Outcome.DEADLINE if isinstance(spent, OutOfTime) else Outcome.BUDGET
