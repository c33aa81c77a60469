"""Strands: many at once in one task, and no trace of them when they end, fail or are cancelled."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import trio
from trio.testing import MockClock

from crawler.deadlines import Deadlines, Timed
from crawler.strands import Crew, Waiter, checkpoint, in_strand, in_task


class Sleeper(Timed):
    def expire(self) -> None:
        self.wake("late")


async def everybody_woken(waiters: list[Waiter], result: str) -> None:
    await trio.testing.wait_all_tasks_blocked()
    for waiter in list(waiters):
        waiter.wake(result)
    await trio.testing.wait_all_tasks_blocked()


async def test_strands_wait_abreast_for_replies_in_one_task() -> None:
    waiters: list[Waiter] = []
    got: list[str] = []
    tasks = set()

    async def work() -> None:
        for _ in range(2):
            tasks.add(trio.lowlevel.current_task())
            waiters.append(waiter := Waiter())
            got.append(await waiter)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(Crew().run, work, 100)
        await everybody_woken(waiters, "first")
        assert len(waiters) == 200
        await everybody_woken(waiters[100:], "second")
    assert got == ["first"] * 100 + ["second"] * 100
    assert len(tasks) == 1


async def test_a_waiter_is_the_same_to_a_task() -> None:
    waiter = Waiter()
    got: list[str] = []

    async def wait() -> None:
        got.append(await waiter)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await everybody_woken([waiter], "reply")
    assert got == ["reply"]


async def test_deadlines_hold_for_strands(autojump_clock: MockClock) -> None:
    deadlines, late = Deadlines(), list[float]()

    def pause() -> Iterator[float]:
        yield from (3.0, 1.0, 2.0)

    pauses = pause()

    async def work() -> None:
        sleeper = Sleeper()
        deadlines.add(sleeper, next(pauses))
        assert await sleeper == "late"
        late.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        await Crew().run(work, 3)
        nursery.cancel_scope.cancel()
    assert late == [1.0, 2.0, 3.0]
    assert len(deadlines) == 0


async def test_a_strand_gets_a_task_for_what_is_trios_and_gives_it_back(autojump_clock: MockClock) -> None:
    at: list[tuple[str, bool]] = []
    mine = trio.lowlevel.current_task()

    async def work() -> None:
        for _ in range(3):
            await in_strand()
            at.append(("strand", trio.lowlevel.current_task() is mine))
            await in_task()
            await in_task()  # as good as once
            with trio.move_on_after(1):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(trio.sleep, 5)
            at.append(("task", trio.lowlevel.current_task() is mine))
        waiter = Waiter()
        trio.lowlevel.current_trio_token().run_sync_soon(waiter.wake, "in a task")
        assert await waiter == "in a task"

    await Crew().run(work, 2)
    assert at.count(("strand", True)) == 6
    assert at.count(("task", False)) == 6
    assert trio.current_time() == 3


async def test_who_runs_in_a_task_may_ask_for_either() -> None:
    before = trio.lowlevel.current_task()
    await in_task()
    await in_strand()
    await checkpoint()
    assert trio.lowlevel.current_task() is before


@pytest.mark.parametrize("apart", [False, True], ids=["as a strand", "in a task"])
async def test_what_one_raises_ends_all_and_comes_out(apart: bool) -> None:
    ended: list[str] = []
    numbers = iter(range(4))

    async def work() -> None:
        number = next(numbers)
        try:
            if number == 2:
                if apart:
                    await in_task()
                await checkpoint()
                raise KeyError("ours")
            if number == 3:
                await in_task()
                await trio.sleep_forever()
            await Waiter()
        finally:
            ended.append(f"{number}")

    with pytest.raises(BaseExceptionGroup) as caught:
        await Crew().run(work, 4)
    assert isinstance(caught.value.exceptions[0], KeyError)
    assert len(caught.value.exceptions) == 1
    assert sorted(ended) == ["0", "1", "2", "3"]


async def test_cancelled_strands_leave_nothing_behind(autojump_clock: MockClock) -> None:
    deadlines, ended = Deadlines(), list[str]()
    woken = Waiter()
    numbers = iter(range(3))

    async def work() -> None:
        number = next(numbers)
        try:
            if number == 0:
                sleeper = Sleeper()
                deadlines.add(sleeper, 1000.0)
                await sleeper
            elif number == 1:
                await woken
            else:
                await in_task()
                await trio.sleep_forever()
        finally:
            ended.append(f"{number}")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deadlines.run)
        with trio.move_on_after(1) as scope:
            nursery.start_soon(wake_at_the_end, woken, scope)
            await Crew().run(work, 3)
        assert scope.cancelled_caught
        nursery.cancel_scope.cancel()
    assert sorted(ended) == ["0", "1", "2"]
    assert len(deadlines) == 0


async def wake_at_the_end(waiter: Waiter, scope: trio.CancelScope) -> None:
    """Woken and cancelled in the same moment: it is not told to abort what it no longer waits for."""
    await trio.sleep_until(scope.deadline)
    waiter.wake("too late")


async def test_a_strand_that_waits_for_trio_without_a_task_is_told_so() -> None:
    async def work() -> None:
        await trio.sleep(1)

    with pytest.raises(BaseExceptionGroup) as caught:
        await Crew().run(work, 1)
    assert "without a task of its own" in str(caught.value.exceptions[0])


async def test_others_go_on_while_strands_only_make_room_for_each_other() -> None:
    """A strand that never waits long cannot keep the rest of the program from running."""
    seen = 0

    async def work() -> None:
        while seen < 3:
            await checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(Crew().run, work, 5)
        for _ in range(3):
            await trio.lowlevel.checkpoint()
            seen += 1


async def test_thousands_that_are_ready_at_once_leave_room_for_who_sends_and_reads() -> None:
    ran, most, since = 0, 0, 0

    async def work() -> None:
        nonlocal ran, most, since
        ran, since = ran + 1, since + 1
        most = max(most, since)

    async def other() -> None:
        nonlocal since
        while ran < 3_000:
            since = 0
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        await Crew().run(work, 3_000)
    assert ran == 3_000
    assert most <= 512  # two turns, by trio's own order


async def test_a_strand_that_wakes_another_is_not_interrupted_by_it() -> None:
    order: list[str] = []
    waiter = Waiter()
    numbers = iter(range(2))

    async def work() -> None:
        if next(numbers) == 0:
            order.append("waits")
            await waiter
            order.append("woken")
        else:
            waiter.wake(None)
            order.append("woke it")
            await checkpoint()

    await Crew().run(work, 2)
    assert order == ["waits", "woke it", "woken"]


async def test_no_strand_is_left_after_its_crew() -> None:
    from crawler import strands

    async def work() -> None:
        await in_task()
        await checkpoint()

    await Crew().run(work, 10)
    gc.collect()
    assert not strands._crews
    assert not strands._apart
    assert not [one for one in gc.get_objects() if isinstance(one, strands.Strand)]
