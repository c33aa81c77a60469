"""Deadlines for very many waiting tasks, kept by one task.

A cancel scope around each query costs more than the query. Here who waits is a
`Timed` waiter with the time at which it gives up; one sweeper task sleeps until the
earliest of them. Nothing polls, and deadlines are kept exactly (on a virtual clock,
too): the slots into which time is cut only say where to look first.
"""

from __future__ import annotations

from math import inf

import trio

from crawler.strands import Waiter

_SLOTS_A_SECOND = 16  # no more than a grouping: deadlines stay exact


class Timed(Waiter):
    """Sleeps until it is woken, or its deadline passes."""

    __slots__ = ("deadline",)

    deadline: float

    def expire(self) -> None:
        """The deadline passed: wake it with what silence means to it."""
        raise NotImplementedError


class Deadlines:
    """All waiters of one network, by deadline."""

    def __init__(self) -> None:
        self._slots: dict[int, set[Timed]] = {}
        self._alarm = trio.CancelScope()
        self._next = inf  # when the sweeper will wake up by itself

    def add(self, waiter: Timed, deadline: float) -> None:
        """Call `expire` of the waiter at its deadline, unless it has left its slot by then."""
        waiter.deadline = deadline
        number = int(deadline * _SLOTS_A_SECOND)
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = set()
        waiter.slot = slot
        slot.add(waiter)
        if deadline < self._next:
            self._next = self._alarm.deadline = deadline

    def __len__(self) -> int:
        """How many are waiting (counted, so not for the hot path)."""
        return sum(map(len, self._slots.values()))

    async def run(self) -> None:
        """The sweeper; runs until cancelled."""
        while True:
            self._next = self._sweep(trio.current_time())
            with trio.CancelScope(deadline=self._next) as self._alarm:
                await trio.sleep_forever()

    def _sweep(self, now: float) -> float:
        """Expire what is due, forget empty slots; returns the earliest deadline left."""
        for number in sorted(self._slots):
            slot = self._slots[number]
            for waiter in [waiter for waiter in slot if waiter.deadline <= now]:
                waiter.expire()
            if slot:
                return min(waiter.deadline for waiter in slot)
            del self._slots[number]
        return inf
