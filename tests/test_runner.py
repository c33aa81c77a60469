"""Every key once, rows to the disk in parts, and a stop that loses nothing that was finished."""

from __future__ import annotations

import io

import pytest
import trio
from trio.testing import MockClock

from crawler.progress import Progress
from crawler.runner import Brake, Sink, run
from crawler.store import StoreFault
from crawler.strands import checkpoint, in_task


def quiet() -> Progress:
    return Progress(quiet=True, out=io.StringIO())


def word(row: str) -> str:
    return row[:1]


class Disk:
    """Parts as lists."""

    def __init__(self, full_after: int | None = None) -> None:
        self.parts: list[list[str]] = []
        self._full_after = full_after

    def write(self, rows: list[str]) -> None:
        if self._full_after is not None and len(self.parts) >= self._full_after:
            raise StoreFault("the disk is full")
        self.parts.append(rows)

    @property
    def rows(self) -> list[str]:
        return [row for part in self.parts for row in part]


@pytest.fixture(params=[False, True], ids=["in tasks", "in strands"])
def light(request: pytest.FixtureRequest) -> bool:
    chosen: bool = request.param
    return chosen


async def test_every_key_is_observed_once_and_written_in_parts(light: bool) -> None:
    disk, brake = Disk(), Brake()

    async def observe(key: str) -> str:
        await checkpoint()
        return key

    keys = [str(n) for n in range(25)]
    done = await run(
        keys, observe, Sink(disk.write, rows=10), workers=4, brake=brake, progress=quiet(), tally=word, light=light
    )
    assert done
    assert sorted(disk.rows) == sorted(keys)
    assert [len(part) for part in disk.parts] == [10, 10, 5]


async def test_never_more_keys_in_flight_than_workers(light: bool) -> None:
    flying = most = taken = 0

    def keys() -> object:
        nonlocal taken
        for n in range(50):
            taken += 1
            yield str(n)

    async def observe(key: str) -> str:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        assert taken <= int(key) + 7  # nothing is queued up beyond the workers
        await checkpoint()
        flying -= 1
        return key

    disk = Disk()
    await run(
        keys(),  # type: ignore[arg-type]
        observe,
        Sink(disk.write),
        workers=7,
        brake=Brake(),
        progress=quiet(),
        tally=word,
        light=light,
    )
    assert most == 7
    assert len(disk.rows) == 50


async def test_rows_that_waited_long_enough_are_written_though_few(autojump_clock: MockClock, light: bool) -> None:
    disk, written = Disk(), trio.Event()

    def write(rows: list[str]) -> None:
        disk.write(rows)
        trio.from_thread.run_sync(written.set)

    async def observe(key: str) -> str:
        await in_task()
        if key == "second":
            await written.wait()  # would never come if rows waited for company alone
            assert trio.current_time() >= 30
        return key

    sink = Sink(write, rows=1000, seconds=30, clock=trio.current_time)
    await run(["first", "second"], observe, sink, workers=2, brake=Brake(), progress=quiet(), tally=word, light=light)
    assert disk.parts == [["first"], ["second"]]


async def test_a_first_stop_takes_no_new_key_and_lets_those_in_flight_finish(
    autojump_clock: MockClock, light: bool
) -> None:
    disk, brake = Disk(), Brake(grace=10)

    async def observe(key: str) -> str:
        await in_task()
        await trio.sleep(5)
        return key

    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def stop() -> None:
            await trio.sleep(7)
            brake.press()

        keys = map(str, range(100))
        done = await run(
            keys, observe, Sink(disk.write), workers=3, brake=brake, progress=quiet(), tally=word, light=light
        )
    assert not done
    assert trio.current_time() == 10
    assert sorted(disk.rows) == ["0", "1", "2", "3", "4", "5"]


async def test_the_grace_ends_what_does_not_finish_and_keeps_what_did(autojump_clock: MockClock, light: bool) -> None:
    disk, brake = Disk(), Brake(grace=10)

    async def observe(key: str) -> str:
        await in_task()
        await trio.sleep(1 if key == "quick" else 1000)
        return key

    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def stop() -> None:
            await trio.sleep(2)
            brake.press()

        keys = ["quick", "slow"]
        done = await run(
            keys, observe, Sink(disk.write), workers=2, brake=brake, progress=quiet(), tally=word, light=light
        )
    assert not done
    assert trio.current_time() == 12
    assert disk.rows == ["quick"]


async def test_a_second_stop_is_at_once(autojump_clock: MockClock, light: bool) -> None:
    brake = Brake(grace=10)

    async def observe(key: str) -> str:
        await in_task()
        await trio.sleep(1000)
        return key

    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def stop() -> None:
            await trio.sleep(2)
            brake.press()
            await trio.sleep(1)
            brake.press()

        disk = Disk()
        assert not await run(
            ["a"], observe, Sink(disk.write), workers=1, brake=brake, progress=quiet(), tally=word, light=light
        )
    assert trio.current_time() == 3
    assert disk.rows == []


async def test_our_own_bug_ends_the_run_names_the_key_and_costs_no_finished_row(
    autojump_clock: MockClock, light: bool
) -> None:
    disk = Disk()

    async def observe(key: str) -> str:
        await in_task()
        if key == "bad":
            await trio.sleep(2)
            raise ZeroDivisionError
        await trio.sleep(1)
        return key

    with pytest.RaisesGroup(pytest.RaisesGroup(ZeroDivisionError)) as caught:
        await run(
            ["good", "bad"],
            observe,
            Sink(disk.write),
            workers=2,
            brake=Brake(),
            progress=quiet(),
            tally=word,
            light=light,
        )
    (bug,) = caught.value.exceptions[0].exceptions
    assert bug.__notes__ == ["while observing 'bad'"]
    assert disk.rows == ["good"]


async def test_a_full_disk_comes_out_as_one_plain_fault(light: bool) -> None:
    disk = Disk(full_after=1)

    async def observe(key: str) -> str:
        await checkpoint()
        return key

    with pytest.raises(StoreFault, match="full"):
        await run(
            map(str, range(30)),
            observe,
            Sink(disk.write, rows=3),
            workers=5,
            brake=Brake(),
            progress=quiet(),
            tally=word,
            light=light,
        )
    assert len(disk.parts) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_pipe_is_plain_lines_now_and_then() -> None:
    out, clock = io.StringIO(), [0.0]
    progress = Progress(out=out, clock=lambda: clock[0])
    progress.begin("domains", 100, before=50)
    for clock[0] in (1.0, 2.0, 5.0, 6.0, 9.0, 10.0):
        progress.count("mx")
        progress.tick()
    progress.end()
    assert out.getvalue().splitlines() == [
        "domains: 53 of 100 (53 %), 1/s, 1 min 18 s left; mx 3",
        "domains: 56 of 100 (56 %), 1/s, 1 min 13 s left; mx 6",
        "domains: 56 of 100 (56 %), 1/s, 1 min 13 s left; mx 6",
    ]


def test_progress_on_a_terminal_is_one_line_that_changes() -> None:
    out, clock = Terminal(), [0.0]
    progress = Progress(out=out, clock=lambda: clock[0])
    progress.begin("hosts", 2)
    for clock[0] in (1.0, 2.0):
        progress.count("initial")
        progress.tick()
    progress.end()
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().endswith("\r\x1b[Khosts: 2 of 2 (100 %), 1/s; initial 2\n")


def test_quiet_progress_says_only_what_must_be_said() -> None:
    out = io.StringIO()
    progress = Progress(quiet=True, out=out)
    progress.begin("hosts", 2)
    progress.count("x")
    progress.end()
    progress.say("stopping")
    assert out.getvalue() == "stopping\n"
