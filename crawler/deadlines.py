"""Deadlines for very many waiting tasks, kept by one task.

A cancel scope around each query costs more than the query. Here a waiting task is a
`Waiter` with the time at which it gives up; one sweeper task sleeps until the
earliest of them. A waiter that was served is only marked, and dropped when the
sweeper next comes by: nothing is ever sorted, and nothing polls. Deadlines are kept
exactly (also on a virtual clock); the slots only say where to look first.
"""

from __future__ import annotations

from math import inf
from typing import Any

import trio

#: Width of a slot in seconds: no more than a grouping, deadlines stay exact.
_SLOT = 1 / 16


class Waiter:
    """A task that sleeps until it is woken with a result, or its deadline passes."""

    __slots__ = ("deadline", "result", "task")

    task: trio.lowlevel.Task | None  # None once it was woken or gave up
    deadline: float
    result: Any

    def expire(self) -> None:
        """The deadline passed: wake the task with what silence means to it."""
        raise NotImplementedError

    def wake(self, result: Any) -> None:
        """Let the task go on with `result`. Only once, and only while it sleeps."""
        task, self.task = self.task, None
        self.result = result
        assert task is not None
        trio.lowlevel.reschedule(task)


class Deadlines:
    """All waiters of one network, by deadline."""

    def __init__(self) -> None:
        self._slots: dict[int, list[Waiter]] = {}
        self._alarm = trio.CancelScope()
        self._next = inf  # when the sweeper will wake up by itself

    def add(self, waiter: Waiter) -> None:
        """Wake `waiter` by its `expire` at its deadline, unless it is done by then."""
        deadline = waiter.deadline
        slot = int(deadline / _SLOT)
        try:
            self._slots[slot].append(waiter)
        except KeyError:
            self._slots[slot] = [waiter]
        if deadline < self._next:
            self._next = self._alarm.deadline = deadline

    def __len__(self) -> int:
        """How many are still waiting (counted, so not for the hot path)."""
        return sum(waiter.task is not None for slot in self._slots.values() for waiter in slot)

    async def run(self) -> None:
        """The sweeper; runs until cancelled."""
        while True:
            self._next = self._sweep(trio.current_time())
            with trio.CancelScope(deadline=self._next) as self._alarm:
                await trio.sleep_forever()

    def _sweep(self, now: float) -> float:
        """Expire what is due, forget what is done; returns the earliest deadline left."""
        for slot in sorted(self._slots):
            waiting = [waiter for waiter in self._slots[slot] if waiter.task is not None]
            for waiter in waiting:
                if waiter.deadline <= now:
                    waiter.expire()
            waiting = [waiter for waiter in waiting if waiter.task is not None]
            if waiting:
                self._slots[slot] = waiting
                return min(waiter.deadline for waiter in waiting)
            del self._slots[slot]
        return inf
