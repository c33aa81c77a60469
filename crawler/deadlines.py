"""Deadlines for very many waiting tasks, kept by one task.

A cancel scope around each query costs more than the query. Here a waiting task is a
`Waiter` with the time at which it gives up; one sweeper task sleeps until the
earliest of them. Nothing polls, and deadlines are kept exactly (on a virtual clock,
too): the slots into which time is cut only say where to look first.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from collections.abc import Generator

_SLOTS_A_SECOND = 16  # no more than a grouping: deadlines stay exact


class Waiter:
    """A task that sleeps (`await waiter`) until it is woken with a result, or its deadline passes.

    It may sleep many times, one after the other: what it tells trio is made once, which spares each time a coroutine,
    two frames and an object.
    """

    __slots__ = ("_trap", "deadline", "result", "slot", "task")

    task: trio.lowlevel.Task  # that is going to sleep
    deadline: float
    slot: set[Waiter]  # where `Deadlines` keeps it
    result: Any

    def __init__(self) -> None:
        sleep = trio.lowlevel.wait_task_rescheduled(self.abort)  # noqa: ASYNC105 - awaited below, and often
        self._trap = sleep.send(None)  # what it would yield to trio
        sleep.close()

    def __await__(self) -> Generator[object, Any, Any]:
        woken = yield self._trap
        return self.result if woken is self else woken.unwrap()  # an Outcome of trio's own: cancelled

    def abort(self, raise_cancel: object) -> trio.lowlevel.Abort:
        """The sleeping task is cancelled."""
        del raise_cancel
        self.slot.discard(self)
        return trio.lowlevel.Abort.SUCCEEDED

    def expire(self) -> None:
        """The deadline passed: wake the task with what silence means to it."""
        raise NotImplementedError

    def wake(self, result: Any) -> None:
        """Let the task go on with `result`. Only once, and only while it sleeps."""
        self.slot.discard(self)
        self.result = result
        trio.lowlevel.reschedule(self.task, self)  # type: ignore[arg-type] # it is only handed back to us


class Deadlines:
    """All waiters of one network, by deadline."""

    def __init__(self) -> None:
        self._slots: dict[int, set[Waiter]] = {}
        self._alarm = trio.CancelScope()
        self._next = inf  # when the sweeper will wake up by itself

    def add(self, waiter: Waiter, deadline: float) -> None:
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
