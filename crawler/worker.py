"""One of the processes that share a scan: its own trio loop, resolver and sockets, for as long as the scan goes.

The process is a `concurrent.futures` executor's, and runs one function, `work`, once a step. Its trio loop lives on in
a thread between steps, with all that the resolver has learned. By a pipe it tells how far it is and is told to stop;
when the pipe ends, whoever started us is dead, and so are we, at once: what is written is whole.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
import traceback
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import trio

from crawler import runner
from crawler.crawl import Looks, heed, seeing
from crawler.progress import Progress
from crawler.scan import Pace, Scan
from crawler.session import Eyes, Start, opened
from crawler.store import Store, StoreFault, sharing

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from crawler.shards import Step
    from crawler.worlds import Place

TELL_EVERY = 0.2  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker must know to begin; it pickles."""

    folder: Path
    start: Start
    what: Looks
    pace: Pace  # its shard is this worker's
    place: Place | None = None  # of a lab
    tag: str = ""  # of the parts that are written


class Begun(NamedTuple):
    """A worker has counted the keys of a step."""

    total: int
    before: int


class Counted(NamedTuple):
    """Rows that were finished, by what came out, and packets sent, since the last time."""

    words: dict[str, int]
    packets: int


class Said(NamedTuple):
    """A line for people."""

    text: str


class Done(NamedTuple):
    """What a step came to; costs are of the process since it began."""

    complete: bool
    rows: dict[str, int]  # written, by table, since the process began
    counters: dict[str, Any]
    cpu: float  # seconds
    memory: int  # MiB, the most so far
    crash: str = ""  # a bug of ours: the traceback, with the key in its notes
    fault: str = ""  # what the user can mend: the disk


class Reporter(Progress):
    """Progress that is told to whoever started us."""

    def __init__(self, line: Connection) -> None:
        super().__init__(quiet=True, live=False)
        self._line = line
        self._news: dict[str, int] = {}
        self._at = 0.0
        self._told_packets = 0

    def begin(self, title: str, total: int, before: int = 0) -> None:
        del title
        self._line.send(Begun(total, before))

    def count(self, word: str) -> None:
        self._news[word] = self._news.get(word, 0) + 1

    def tick(self) -> None:
        now = time.monotonic()
        if self._news and now - self._at >= TELL_EVERY:
            self._at = now
            self.end()

    def end(self) -> None:
        packets, before = self.packets(), self._told_packets
        self._line.send(Counted(self._news, packets - before))
        self._news, self._told_packets = {}, packets

    def say(self, text: str) -> None:
        self._line.send(Said(text))


@dataclass(slots=True)
class _Engine:
    """The loop of this process; made by `begin`."""

    job: Job
    line: Connection
    brake: runner.Brake = field(default_factory=runner.Brake)
    token: trio.lowlevel.TrioToken | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    eyes: Eyes | None = None
    scan: Scan | None = None
    trouble: BaseException | None = None

    def run(self) -> None:
        """The thread's whole life."""
        try:
            trio.run(self._live)
        except BaseException as error:  # noqa: BLE001 - told by the step that waits for us
            self.trouble = error
            self.ready.set()

    async def _live(self) -> None:
        async with AsyncExitStack() as stack:
            if self.job.place is None:
                eyes = await stack.enter_async_context(opened(self.job.start, among=self.job.pace.shard.of))
            else:
                from crawler import worlds

                eyes = await stack.enter_async_context(worlds.looking(self.job.place, self.job.start))
            store = Store(self.job.folder, {}, tag=self.job.tag)
            self.eyes = eyes
            reporter = Reporter(self.line)
            reporter.packets = eyes.packets
            self.scan = Scan(
                store, seeing(eyes, self.job.what), self.job.pace, reporter, self.brake, eyes.resolver.revive,
                eyes.opt_out.names,
            )  # fmt: skip
            self.token = trio.lowlevel.current_trio_token()
            self.ready.set()
            await heed(eyes, reporter)

    def listen(self) -> None:
        """Hears when to stop; ends the process with its parent."""
        try:
            while True:
                self.line.recv()
                if self.token is not None:
                    self.token.run_sync_soon(self.brake.press)
        except (EOFError, OSError):
            os._exit(3)

    async def step(self, step: Step) -> bool:
        assert self.scan is not None
        with runner.rare_collections():
            return await self.scan.step(step)


_engine: list[_Engine] = []


def begin(job: Job, line: Connection) -> None:
    """The executor's initializer: Ctrl-C is the parent's, and so is the word to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sharing(job.folder)
    engine = _Engine(job, line)
    _engine.append(engine)
    threading.Thread(target=engine.run, name="scan", daemon=True).start()
    threading.Thread(target=engine.listen, name="parent", daemon=True).start()


def work(step: Step) -> Done:
    """One step of this worker's shard."""
    engine = _engine[0]
    engine.ready.wait()
    crash = fault = ""
    complete = False
    try:
        if engine.trouble is not None:
            raise engine.trouble
        complete = trio.from_thread.run(engine.step, step, trio_token=engine.token)
    except StoreFault as error:
        fault = str(error)
    except BaseException as error:  # noqa: BLE001 - a bug of ours, told with its key; the other shards go on
        crash = "".join(traceback.format_exception(error))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    rows = dict(engine.scan.rows) if engine.scan is not None else {}
    counters = engine.eyes.counters() if engine.eyes is not None else {}
    return Done(
        complete and not crash, rows, counters, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, crash, fault
    )
