"""A scan in several processes: who does which shard, how far they are together, and what becomes of one that dies.

Each worker is an executor of one process (`concurrent.futures`), so that a shard meets the same process, and what its
resolver knows, in every step, and that one that dies takes no other with it. A step ends when all workers have ended
it, for the keys of the next one are read from what all of them wrote. A worker that dies is started once more; what it
had written is whole, and the rest of its shard is done by the new one. What a worker does is ``worker``.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import trio

from crawler.runner import TICK, Brake
from crawler.shards import Step, WorkersFault, steps
from crawler.store import StoreFault
from crawler.worker import Begun, Counted, Done, Job, Said, begin, work

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from crawler.progress import Progress

TRIES = 2  # of a step, by a worker that dies


@dataclass(slots=True)
class _Worker:
    """One worker as its parent sees it."""

    job: Job
    executor: Executor | None = None
    line: Connection | None = None
    theirs: Connection | None = None  # its end of the line, until it has it
    lost: list[Done] = field(default_factory=list)  # what processes that died had last told
    done: Done | None = None

    def open(self) -> None:
        """A fresh process, which begins when the first step is handed to it."""
        context = multiprocessing.get_context("spawn")
        self.line, self.theirs = context.Pipe()
        self.executor = ProcessPoolExecutor(1, mp_context=context, initializer=begin, initargs=(self.job, self.theirs))

    def close(self) -> None:
        """Let the process end."""
        for one in (self.line, self.theirs):
            if one is not None:
                with suppress(OSError):
                    one.close()
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self.line = self.theirs = None

    def renew(self) -> None:
        """Another process in the place of one that died."""
        if self.done is not None:
            self.lost.append(self.done)
            self.done = None
        self.close()
        self.open()

    def press(self) -> None:
        """Pass the brake on."""
        if self.line is not None:
            with suppress(OSError):
                self.line.send("brake")


class FleetBrake(Brake):
    """The brake of all workers."""

    def __init__(self, workers: list[_Worker]) -> None:
        super().__init__()
        self._workers = workers

    def press(self) -> None:
        super().press()
        for worker in self._workers:
            worker.press()


class Fleet:
    """Workers over the shards of one scan. `crawl` does all; counters and rows are then of all of them together."""

    def __init__(self, job: Job, workers: int, progress: Progress) -> None:
        shard = job.pace.shard
        share = max(1, job.pace.workers // workers)
        self.workers = [
            _Worker(replace(job, pace=replace(job.pace, workers=share, shard=shard.part(index, workers))))
            for index in range(1, workers + 1)
        ]
        self.brake = FleetBrake(self.workers)
        self._steps = list(steps(job.what.tables, job.pace.looks))
        self._progress = progress
        self._crashes: dict[str, str] = {}  # the first of each shard
        self._packets = 0
        progress.packets = lambda: self._packets

    async def crawl(self) -> bool:
        """Everything that is not on the disk yet; False if it was stopped. Raises `WorkersFault`, `StoreFault`."""
        with ExitStack() as stack:
            for worker in self.workers:
                stack.callback(worker.close)
                worker.open()
            complete = True
            for step in self._steps:
                complete = await self._step(step) and complete
                if self.brake.pressed:
                    break
        if self._crashes:
            raise WorkersFault("\n".join(self._crashes.values()))
        return complete

    async def _step(self, step: Step) -> bool:
        self._progress.begin(step.table if step.look == 1 else f"{step.table}, look {step.look}", 0)
        ended: list[bool] = []
        async with trio.open_nursery() as outer:
            outer.start_soon(self._tick)
            async with trio.open_nursery() as nursery:
                for worker in self.workers:
                    nursery.start_soon(self._one, worker, step, ended.append)
            outer.cancel_scope.cancel()
        self._progress.end()
        faults = [worker.done.fault for worker in self.workers if worker.done is not None and worker.done.fault]
        if faults:
            raise StoreFault(faults[0])
        return all(ended) and not self.brake.pressed

    async def _one(self, worker: _Worker, step: Step, ended: Callable[[bool], None]) -> None:
        """A step of one worker, by another process if the first one dies. A crash ends its keys of this step only."""
        shard = worker.job.pace.shard
        for nth in range(1, TRIES + 1):
            done = await self._ask(worker, step)
            if done is not None:
                worker.done = done
                if done.crash and str(shard) not in self._crashes:
                    self._crashes[str(shard)] = f"shard {shard}, {step.table}: {done.crash}"
                    self._progress.say(f"dane-census: shard {shard} ended: {done.crash.strip().splitlines()[-1]}")
                ended(done.complete)
                return
            self._progress.say(f"dane-census: the process of shard {shard} died; what it wrote is whole")
            worker.renew()
            if nth == TRIES or self.brake.pressed:
                break
        ended(False)

    async def _ask(self, worker: _Worker, step: Step) -> Done | None:
        """Hand a step over and wait; hear meanwhile how far it is. None if the process died."""
        assert worker.executor is not None
        assert worker.line is not None
        done: Done | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hear, worker.line)
            with suppress(BrokenProcessPool), trio.CancelScope(shield=True):  # the brake is pressed, never this scope
                future = worker.executor.submit(work, step)
                done = await trio.to_thread.run_sync(future.result, limiter=trio.CapacityLimiter(1))
            nursery.cancel_scope.cancel()
        self._take(worker.line)
        return done

    async def _hear(self, line: Connection) -> None:
        while True:
            await trio.lowlevel.wait_readable(line.fileno())
            if not self._take(line):
                return

    def _take(self, line: Connection) -> bool:
        """What a worker has told; False if it is not there any more."""
        try:
            while line.poll():
                news = line.recv()
                if isinstance(news, Begun):
                    self._progress.more(news.total, news.before)
                elif isinstance(news, Counted):
                    self._progress.counted(news.words)
                    self._packets += news.packets
                elif isinstance(news, Said):
                    self._progress.say(news.text)
        except (EOFError, OSError):
            return False
        return True

    async def _tick(self) -> None:
        while True:
            await trio.sleep(TICK)
            self._progress.tick()

    def _all(self) -> list[Done]:
        return [one for worker in self.workers for one in (*worker.lost, *filter(None, [worker.done]))]

    def rows(self) -> dict[str, int]:
        """Written by all workers, by table."""
        found: dict[str, int] = {}
        for done in self._all():
            for table, count in done.rows.items():
                found[table] = found.get(table, 0) + count
        return found

    def counters(self) -> dict[str, Any]:
        """What all workers counted. No address was asked more than the sum of what each worker asked one at most."""
        found: dict[str, Any] = {}
        for done in self._all():
            for name, value in done.counters.items():
                if isinstance(value, int):
                    found[name] = found.get(name, 0) + value
                else:
                    found.setdefault(name, value)
        return found

    def costs(self) -> dict[str, Any]:
        """CPU seconds of the workers, and the memory of each, as run.json keeps them."""
        found = self._all()
        return {
            "workers": len(self.workers),
            "cpu_seconds": sum(done.cpu for done in found),
            "worker_memory_mib": [worker.done.memory if worker.done is not None else None for worker in self.workers],
        }
