"""Scans in several processes: the same rows as in one, and no row lost to any process that dies."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from crawler import backlog, seeds
from crawler import fleet as fleets
from crawler.backlog import Backlog
from crawler.cli import main
from crawler.command import Command, run_scan
from crawler.crawl import Looks
from crawler.fleet import Fleet
from crawler.progress import Progress
from crawler.scan import Pace, write_names
from crawler.session import Options, prepare
from crawler.shards import Shard, Step, WorkersFault
from crawler.stages.names import from_texts
from crawler.store import opened
from crawler.worker import Done, Job
from crawler.worlds import Place
from lab.listing import generate
from tests.test_house import ROOT
from tests.test_killed import tables

pytestmark = pytest.mark.slow
NAMES = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fleet")
    (made / "list.txt").write_text("\n".join([*generate(NAMES, "nl").names, "nl", "-bad-.nl"]) + "\n")
    return made


def command(folder: Path, out: str, **more: Any) -> Command:
    return Command(
        lists=[str(folder / "list.txt")], out=folder / out, options=Options(lab="cc:5"), quiet=True, looks=1, **more
    )  # fmt: skip


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[str, list[Any]]:
    """What one process finds."""
    assert run_scan(command(folder, "alone", workers=1))
    return tables(folder / "alone")


def test_two_workers_find_what_one_finds(folder: Path, alone: dict[str, list[Any]]) -> None:
    assert run_scan(command(folder, "two", workers=2))
    assert tables(folder / "two") == alone
    session = json.loads((folder / "two/run.json").read_text())["sessions"][0]
    assert session["workers"] == 2
    assert len(session["worker_memory_mib"]) == 2
    assert session["rows"]["domains"] == NAMES
    assert session["counters"]["udp_sent"] > NAMES
    assert session["complete"]


def test_keys_and_delegations_on_the_disk_come_to_the_same_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`MANY` names are more than a test can wait for."""
    owners = [f"{name}. 60 IN NS ns.{name}.\n" for name in generate(NAMES, "nl").names]
    (folder / "zone").write_text("nl. 60 IN SOA a.nl. b.nl. 1 2 3 4 5\n" + "".join(owners))
    begun: list[Backlog] = []
    on_disk = backlog._on_disk

    def counted(*told: Any) -> Backlog:
        begun.append(on_disk(*told))
        return begun[-1]

    monkeypatch.setattr(backlog, "_on_disk", counted)
    zone = command(folder, "near", workers=1)
    assert run_scan(replace(zone, lists=[str(folder / "zone")]))
    assert not begun
    monkeypatch.setattr(backlog, "MANY", 5)
    monkeypatch.setattr(seeds, "MANY", 5)
    assert run_scan(replace(zone, lists=[str(folder / "zone")], out=folder / "far"))
    assert (begun[0].total, len(begun[0])) == (NAMES, NAMES)
    assert (begun[-1].total, len(begun[-1])) == (NAMES, 0)  # as they are accounted for
    assert tables(folder / "far") == tables(folder / "near")
    runs = [json.loads((folder / out / "run.json").read_text())["sessions"] for out in ("near", "far")]
    taken = [sum(one["counters"]["delegations_taken"] for one in sessions) for sessions in runs]
    assert taken == [NAMES, NAMES]


def test_shards_share_a_folder_and_the_whole_run_does_the_rest(folder: Path, alone: dict[str, list[Any]]) -> None:
    assert run_scan(command(folder, "shards", workers=1, shard=Shard(1, 2)))
    done = len(tables(folder / "shards")["domains"])
    assert 0 < done < NAMES
    assert run_scan(command(folder, "shards", workers=1, shard=Shard(2, 2)))
    assert run_scan(command(folder, "shards", workers=1))
    assert tables(folder / "shards") == alone
    told = json.loads((folder / "shards/run.json").read_text())
    assert sum(one["rows"].get("domains", 0) for one in told["sessions"]) == NAMES


def test_a_worker_that_dies_is_started_again_and_loses_nothing(
    folder: Path, alone: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Fleet._ask
    killed: list[int] = []

    async def killing(self: Fleet, worker: Any, step: Step) -> Done | None:
        if step.table == "hosts" and not killed:
            killed.append(next(iter(worker.executor._processes)))
            os.kill(killed[0], signal.SIGKILL)
        return await ask(self, worker, step)

    monkeypatch.setattr(Fleet, "_ask", killing)
    assert run_scan(command(folder, "dies", workers=2))
    assert killed
    assert tables(folder / "dies") == alone


def test_what_crashes_a_shard_is_told_and_the_others_go_on(folder: Path) -> None:
    """A place whose hints are no hints: a mistake of ours, that every worker makes."""
    start = prepare(Options(lab="cc:5"))
    nowhere = Place(port=1, services=1, hints="no hints at all", anchors="", ca="")
    with opened(folder / "crash", {"kind": "crash"}) as store:
        write_names(store, from_texts("generated", ["a.nl", "b.nl"]))
        job = Job(folder=store.folder, start=start, what=Looks(), pace=Pace(), place=nowhere)
        crew = Fleet(job, 2, Progress(quiet=True))
        with pytest.raises(WorkersFault) as told:
            trio.run(crew.crawl)
    assert "shard 1/2, domains: Traceback" in str(told.value)
    assert "shard 2/2, domains: Traceback" in str(told.value)
    assert str(told.value).count("StartFault") >= 2


def test_a_shard_that_crashes_at_one_step_leaves_the_others_whole(
    folder: Path, alone: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other keys have their rows, the run is told to be incomplete, and the same command does the rest."""
    ask = Fleet._ask

    async def crashing(self: Fleet, worker: Any, step: Step) -> Done | None:
        done = await ask(self, worker, step)
        if step.table == "domains" and worker is self.workers[0] and done is not None:
            return done._replace(crash="RuntimeError: a bug\nwhile observing 'x.nl'", complete=False)
        return done

    monkeypatch.setattr(Fleet, "_ask", crashing)
    with pytest.raises(WorkersFault, match=r"shard 1/2, domains: RuntimeError: a bug\nwhile observing 'x.nl'"):
        run_scan(command(folder, "crashes", workers=2))
    monkeypatch.undo()
    assert tables(folder / "crashes")["hosts"] == alone["hosts"]
    assert not json.loads((folder / "crashes/run.json").read_text())["complete"]
    assert run_scan(command(folder, "crashes", workers=2))
    assert tables(folder / "crashes") == alone


def arguments(folder: Path, out: str) -> list[str]:
    return [
        "scan",
        str(folder / "list.txt"),
        "--out",
        str(folder / out),
        "--lab",
        "cc:5",
        "--workers",
        "2",
        "--looks",
        "1",
    ]


@pytest.fixture
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own, its workers at work."""
    out = folder / "killed"
    with subprocess.Popen(
        [sys.executable, "-m", "crawler", *arguments(folder, "killed")], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        for _ in range(600):
            if (out / ".lock-workers").exists():
                break
            assert process.stderr is not None
            select.select([], [], [], 0.05)
        yield process
        process.kill()


def test_a_killed_run_is_taken_up_at_once_though_its_workers_were_not_killed(
    folder: Path, alone: dict[str, list[Any]], running: subprocess.Popen[bytes]
) -> None:
    running.kill()
    running.wait()
    with pytest.raises(SystemExit) as end:
        main(["resume", str(folder / "killed"), "--quiet"])
    assert end.value.code == 0
    assert tables(folder / "killed") == alone


def test_a_brake_stops_all_workers_and_the_run_can_be_resumed(
    folder: Path, alone: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Fleet._ask
    pressed: list[Step] = []

    async def pressing(self: Fleet, worker: Any, step: Step) -> Done | None:
        if step.table == "hosts" and not pressed:
            pressed.append(step)
            self.brake.press()
        return await ask(self, worker, step)

    monkeypatch.setattr(fleets.Fleet, "_ask", pressing)
    assert not run_scan(command(folder, "brake", workers=2))
    monkeypatch.undo()
    assert len(tables(folder / "brake")["domains"]) == NAMES
    assert run_scan(command(folder, "brake", workers=2))
    assert tables(folder / "brake") == alone
