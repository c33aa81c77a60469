"""When a later look may begin: so long after the one before, by the rows' own clock, and never once we are stopped."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crawler.progress import Progress
from crawler.runner import Brake
from crawler.scan import Pace, Scan
from crawler.store import Store
from crawler.tables import Domain
from tests.analysis.rows import domain


def scan(folder: Path, delay: float, age: float) -> Scan:
    """A scan whose only row was looked at `age` seconds ago."""
    store = Store(folder, {})
    store.write(Domain, [domain("a.nl", observed_at=int((time.time() - age) * 1e6))])
    return Scan(store, (), Pace(look_delay=delay), Progress(quiet=True), Brake())


@pytest.mark.parametrize(
    ("delay", "age", "waited"),
    [
        (0, 0, 0),  # the default: at once
        (3600, 0, 3600),
        (3600, 3000, 600),  # taken up again after a while: what is left of the hour
        (3600, 9000, 0),
    ],
)
async def test_a_later_look_waits_for_what_is_left_of_the_delay(
    tmp_path: Path, autojump_clock: MockClock, delay: float, age: float, waited: float
) -> None:
    assert await scan(tmp_path, delay, age).due(Domain, 2)
    assert trio.current_time() == pytest.approx(waited, abs=30)  # our own time runs on while the virtual one jumps


async def test_a_stop_ends_the_wait_at_once(tmp_path: Path, autojump_clock: MockClock) -> None:
    waiting = scan(tmp_path, 3600, 0)
    async with trio.open_nursery() as nursery:

        async def stop() -> None:
            await trio.sleep(10)
            waiting.brake.press()

        nursery.start_soon(stop)
        assert not await waiting.due(Domain, 2)
    assert trio.current_time() == 10
