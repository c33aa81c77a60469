"""Deadlines of many tasks, on the virtual clock."""

from __future__ import annotations

import random

import trio
from trio.testing import MockClock

from crawler.deadlines import Deadlines, Timed


class Sleeper(Timed):
    def expire(self) -> None:
        self.wake("late")


async def sleep(deadlines: Deadlines, deadline: float, woken: list[tuple[float, float]]) -> None:
    sleeper = Sleeper()
    deadlines.add(sleeper, deadline)
    assert await sleeper == "late"
    woken.append((deadline, trio.current_time()))


async def test_every_deadline_is_kept_exactly_whatever_the_order(autojump_clock: MockClock) -> None:
    deadlines, woken = Deadlines(), list[tuple[float, float]]()
    wanted = [random.Random(7).uniform(0.001, 9) for _ in range(500)] + [1.0, 1.0, 1 / 16]
    async with trio.open_nursery() as running:
        running.start_soon(deadlines.run)
        async with trio.open_nursery() as sleepers:
            for deadline in wanted:
                sleepers.start_soon(sleep, deadlines, deadline, woken)
        running.cancel_scope.cancel()
    assert sorted(deadline for deadline, _ in woken) == sorted(wanted)
    assert all(abs(at - deadline) < 1e-6 for deadline, at in woken)
    assert len(deadlines) == 0


async def test_an_earlier_deadline_that_comes_later_is_not_overslept(autojump_clock: MockClock) -> None:
    deadlines, woken = Deadlines(), list[tuple[float, float]]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        nursery.start_soon(sleep, deadlines, 100.0, woken)
        await trio.sleep(1)
        await sleep(deadlines, 3.0, woken)
        assert trio.current_time() == 3
        nursery.cancel_scope.cancel()
    assert woken == [(3.0, 3.0)]
    assert len(deadlines) == 0  # the cancelled one left, too


async def test_a_waiter_sleeps_as_often_as_it_likes_and_is_cancelled_like_any_other(autojump_clock: MockClock) -> None:
    deadlines = Deadlines()
    sleeper = Sleeper()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        for seconds in (1.0, 2.0, 0.5):
            deadlines.add(sleeper, trio.current_time() + seconds)
            assert await sleeper == "late"
        assert trio.current_time() == 3.5
        with trio.move_on_after(1) as scope:
            deadlines.add(sleeper, trio.current_time() + 9)
            await sleeper
        assert scope.cancelled_caught
        assert len(deadlines) == 0
        deadlines.add(sleeper, trio.current_time() + 1)
        assert await sleeper == "late"
        nursery.cancel_scope.cancel()
