"""A run that is killed at any moment and taken up again ends in the same tables as one that was left in peace."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq
import pytest

from crawler.tables import TABLES
from tests.test_house import ROOT

MOMENTS = 100
#: What hangs on when, or on which server, a question was put, and on what the resolver knew by then.
PASSING = frozenset(
    {"observed_at", "elapsed", "queries", "rtt", "server", "tries", "size", "tcp", "ttl", "server_ede", "line"}
)


class Forker:
    """`python -m tests.killed`, which forks a scan for each folder."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.killed"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @property
    def out(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def scan(self, folder: Path, seconds: float | None = None) -> int:
        """How a scan ended, killed after so many seconds unless it was quicker."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{folder}\n".encode())
        self.process.stdin.flush()
        child = int(self.out.readline())
        if seconds is not None and not select.select([self.out], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
        return int(self.out.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.out.close()


def tables(folder: Path) -> dict[str, list[Any]]:
    """Every row of every table but what is passing, sorted."""
    found = {}
    for table in TABLES:
        rows = [row for part in (folder / table).glob("*.parquet") for row in pq.ParquetFile(part).read().to_pylist()]
        found[table] = sorted(repr(lasting(row)) for row in rows)
    return found


def lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: lasting(inner) for key, inner in value.items() if key not in PASSING}
    return [lasting(one) for one in value] if isinstance(value, list | tuple) else value


def kill_and_go_on(forker: Forker, folder: Path, moments: Iterable[int], whole: object, seconds: float) -> int:
    """How many scans were killed and taken up again. One that ends too soon is tried at an earlier moment."""
    killed = 0
    for moment in moments:
        run, wait = folder / str(moment), random.Random(moment).uniform(0, seconds)
        while (ended := forker.scan(run, wait)) == 0:
            shutil.rmtree(run)
            wait /= 2
        assert ended == -signal.SIGKILL
        killed += 1
        for part in run.rglob("*.parquet"):
            assert pq.ParquetFile(part).metadata.num_rows >= 0
        assert forker.scan(run) == 0
        assert tables(run) == whole, f"moment {moment}"
        assert not list(run.rglob("*.tmp"))
    return killed


@pytest.mark.slow
def test_a_hundred_killed_runs_end_as_one_that_was_not(tmp_path: Path) -> None:
    """At a hundred seeded moments over the run; what was written by then is whole, and no row is lost or twice."""
    forkers = [Forker(), Forker()]
    try:
        began = time.monotonic()
        assert forkers[0].scan(tmp_path / "peace") == 0
        seconds, whole = time.monotonic() - began, tables(tmp_path / "peace")
        assert all(whole[table] for table in ("names", "domains", "hosts", "policies"))
        with ThreadPoolExecutor(len(forkers)) as pool:
            halves = [
                pool.submit(kill_and_go_on, forker, tmp_path, range(first, MOMENTS, 2), whole, seconds)
                for first, forker in enumerate(forkers)
            ]
            assert sum(half.result() for half in halves) == MOMENTS
    finally:
        for forker in forkers:
            forker.close()
