"""Many coroutines abreast in one task: what a crawl does at once, without a task of trio for each.

A task that goes to sleep and wakes up passes through trio's scheduler, an abort function, an outcome and a look at
cancellations: some 250 of Python's instructions, where a usual question takes 2,000 in all. But nearly all that a
look-up ever waits for is one reply. So it waits for a `Waiter`, and whoever runs it, trio or a `Crew`, lets it go
on when that wakes.

A strand runs in its crew's task. Before it does anything that is trio's (a nursery, a cancel scope, a stream, a
thread, a sleep) it asks for a task of its own, by `in_task`, and keeps that until it asks for the end of it, by
`in_strand`. Who runs in a task of trio anyway may call both: nothing happens.

Deadlines are ``deadlines``; what the strands of a crawl do is ``runner``.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from types import coroutine
from typing import TYPE_CHECKING, Any, NoReturn

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator


class Waiter:
    """Sleeps (`await waiter`) until it is woken with a result.

    It may sleep many times, one after the other: what it tells trio is made once, where a task sleeps, which spares
    each time a coroutine, two frames and an object.
    """

    __slots__ = ("_trap", "result", "slot", "who")

    who: trio.lowlevel.Task | Strand | None  # sleeps; None once it was woken, if it is a strand
    slot: set[Any]  # of waiters: where it is kept while it sleeps
    result: Any

    def __init__(self) -> None:
        self.slot = _NOWHERE
        self._trap: object = None

    def __await__(self) -> Generator[object, Any, Any]:
        self.who = task = _current_task()
        crew = _crews.get(task)
        if crew is None:
            woken = yield self._trap or self._told_trio()
            return self.result if woken is self else woken.unwrap()  # an Outcome of trio's own: cancelled
        self.who = crew.running
        try:
            yield None
        except GeneratorExit:
            if self.who is not None:
                self.abort(None)
            raise
        return self.result

    def _told_trio(self) -> object:
        """What it yields to trio."""
        sleep = trio.lowlevel.wait_task_rescheduled(self.abort)  # noqa: ASYNC105 - awaited there, and often
        self._trap = sleep.send(None)
        sleep.close()
        return self._trap

    def abort(self, raise_cancel: object) -> trio.lowlevel.Abort:
        """Who sleeps is cancelled."""
        del raise_cancel
        self.slot.discard(self)
        return trio.lowlevel.Abort.SUCCEEDED

    def wake(self, result: Any) -> None:
        """Let who sleeps go on with `result`. Only once, and only while it sleeps."""
        self.slot.discard(self)
        self.result = result
        who = self.who
        if type(who) is Strand:
            self.who = None
            crew = who.crew
            crew.ready.append(who)
            if crew.driver is not None:
                crew.drive()
        else:
            trio.lowlevel.reschedule(who, self)  # type: ignore[arg-type] # it is only handed back to us


class Strand:
    """One coroutine of a crew."""

    __slots__ = ("coroutine", "crew", "go_on")

    def __init__(self, coroutine: Coroutine[Any, Any, None], crew: Crew) -> None:
        self.coroutine = coroutine
        self.go_on = partial(coroutine.send, None)
        self.crew = crew


class _To(Enum):
    """What a strand yields that wants to go on elsewhere."""

    TASK = auto()
    STRAND = auto()


_TURN = 256  # strands, until other tasks have their turn: who reads and who sends must not wait for thousands
_NOWHERE: set[Any] = set()  # stays empty
_crews: dict[trio.lowlevel.Task, Crew] = {}  # by the tasks that run strands
_apart: set[trio.lowlevel.Task] = set()  # tasks of single strands
_current_task = trio.lowlevel.current_task


@coroutine
def _go(place: _To) -> Generator[_To, None, None]:
    yield place


async def in_task() -> None:
    """What follows needs a task of trio's own: it runs in one from here."""
    if _current_task() in _crews:
        await _go(_To.TASK)


async def in_strand() -> None:
    """What follows needs none any more."""
    if _current_task() in _apart:
        await _go(_To.STRAND)


@coroutine
def _sleep() -> Generator[None, None, None]:
    yield None


async def checkpoint() -> None:
    """Let others go on before what follows."""
    crew = _crews.get(_current_task())
    if crew is None or crew.running is None:
        await trio.lowlevel.checkpoint()
    else:
        crew.ready.append(crew.running)
        await _sleep()


class Crew:
    """Strands that the task that calls `run` runs abreast. For one run."""

    def __init__(self) -> None:
        self.ready: list[Strand] = []  # can go on
        self.running: Strand | None = None
        self.driver: trio.lowlevel.Task | None = None  # where it sleeps, for no strand is ready
        self._living: set[Strand] = set()
        self._nursery: trio.Nursery

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
        """Run `work` so many times abreast, to the end of all.

        What one of them raises ends the others, and comes out in a group, as from a nursery.
        """
        self.ready = [Strand(work(), self) for _ in range(count)]
        self._living.update(self.ready)
        task = _current_task()
        try:
            async with trio.open_nursery() as self._nursery:
                while self._living:
                    await self._turn(task)
        finally:
            for strand in self._living:
                strand.coroutine.close()

    async def _turn(self, task: trio.lowlevel.Task) -> None:
        """Once any strand is ready, let each that is go on, until it sleeps again or ends; but not too many at once."""
        if self.ready:
            await trio.lowlevel.checkpoint()
        else:
            self.driver = task
            await trio.lowlevel.wait_task_rescheduled(self._no_driver)
        batch = self.ready[:_TURN]
        del self.ready[:_TURN]
        _crews[task] = self
        try:
            for strand in batch:
                self.running = strand
                try:
                    wish = strand.go_on()
                except StopIteration:
                    self._living.discard(strand)
                except BaseException as error:  # noqa: BLE001 - it is raised where the crew runs
                    self._living.discard(strand)
                    self._nursery.start_soon(_fail, error)
                else:
                    if wish is not None:
                        self._elsewhere(strand, wish)
        finally:
            del _crews[task]

    def drive(self) -> None:
        """Wake the driver."""
        if self.driver is not None:
            trio.lowlevel.reschedule(self.driver)
            self.driver = None

    def _no_driver(self, _: object) -> trio.lowlevel.Abort:
        self.driver = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _elsewhere(self, strand: Strand, wish: object) -> None:
        """A strand wants a task; or, by a mistake of ours, waits for trio without one."""
        if wish is _To.TASK:
            self._nursery.start_soon(self._in_task, strand)
            return
        self._living.discard(strand)
        strand.coroutine.close()
        self._nursery.start_soon(_fail, RuntimeError(f"a strand waits for {wish!r} without a task of its own"))

    async def _in_task(self, strand: Strand) -> None:
        """A strand in a task of its own, until it ends or wants to be without."""
        task = _current_task()
        _apart.add(task)
        try:
            if await _driven(strand.coroutine):
                self.ready.append(strand)
            else:
                self._living.discard(strand)
        except BaseException:
            self._living.discard(strand)
            raise
        finally:
            _apart.discard(task)
            self.drive()


@coroutine
def _driven(coroutine: Coroutine[Any, Any, None]) -> Generator[Any, Any, bool]:
    """Run in the task that awaits this; True if it wants to be a strand again, False if it has ended."""
    step = partial(coroutine.send, None)
    while True:
        try:
            wish = step()
        except StopIteration:
            return False
        if wish is _To.STRAND:
            return True
        try:
            step = partial(coroutine.send, (yield wish))
        except BaseException as error:  # noqa: BLE001 - for the coroutine to deal with
            step = partial(coroutine.throw, error)


async def _fail(error: BaseException) -> NoReturn:
    raise error
