"""Keys in, bounded workers, rows out: how every stage is run, stopped and taken up again.

Workers share one iterator of keys, so nothing queues up. Rows go to a `Sink`, which writes
a part when it holds enough of them or has held them long enough. A key whose row is on the
disk is done; all others are taken up by the next run of the same command.

A first Ctrl-C (or SIGTERM) takes no new key and gives those in flight a grace; a second one
cancels them. What a row's observation raises is a bug of ours: it ends the run, names the
key, and costs no row that was finished before.
"""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

import trio

from crawler.progress import Progress
from crawler.store import StoreFault
from crawler.strands import Crew, in_strand, in_task

GRACE = 10.0  # seconds for what is in flight after a first Ctrl-C
PART_ROWS = 10_000
PART_SECONDS = 30.0
TICK = 0.2  # seconds

R = TypeVar("R")


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for cyclic garbage rarely: rows and replies are trees, and looking costs a fifth of the CPU."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Brake:
    """Pressed once: no new keys, `grace` seconds for those in flight. Pressed again: at once."""

    def __init__(self, grace: float = GRACE) -> None:
        self.grace = grace
        self.pressed = 0
        self._scopes: set[trio.CancelScope] = set()
        self._event = trio.Event()

    async def wait(self) -> None:
        """Return as soon as the brake is pressed."""
        await self._event.wait()

    def press(self) -> None:
        self.pressed += 1
        self._event.set()
        for scope in self._scopes:
            if self.pressed == 1:
                scope.deadline = trio.current_time() + self.grace
            else:
                scope.cancel()

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What runs inside ends when the brake says so."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)


async def watch(brake: Brake, say: Callable[[str], None]) -> None:
    """Turns Ctrl-C and SIGTERM into the brake; runs until cancelled."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            brake.press()
            if brake.pressed == 1:
                say(f"stopping: up to {brake.grace:.0f} s for what is in flight; Ctrl-C again stops at once")


class Sink(Generic[R]):
    """Rows on their way to the disk, a part at a time; written in a thread, so that no packet waits."""

    def __init__(
        self,
        write: Callable[[list[R]], object],
        *,
        rows: int = PART_ROWS,
        seconds: float = PART_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._rows = rows
        self._seconds = seconds
        self._clock = clock
        self._held: list[R] = []
        self._since = 0.0
        self._one = trio.Lock()

    async def put(self, row: R) -> None:
        if not self._held:
            self._since = self._clock()
        self._held.append(row)
        if len(self._held) >= self._rows:
            rows, self._held = self._held, []  # at once: others put theirs before the task begins
            await in_task()
            await self._out(rows)

    @property
    def due(self) -> bool:
        """Rows are held, and have been for long enough."""
        return bool(self._held) and self._clock() - self._since >= self._seconds

    async def flush(self) -> None:
        """Writes what is held; a finished row is not lost to a cancellation."""
        rows, self._held = self._held, []
        if rows:
            await self._out(rows)

    async def _out(self, rows: list[R]) -> None:
        with trio.CancelScope(shield=True):
            async with self._one:
                await trio.to_thread.run_sync(self._write, rows)


async def run(
    keys: Iterable[str],
    observe: Callable[[str], Awaitable[R]],
    sink: Sink[R],
    *,
    workers: int,
    brake: Brake,
    progress: Progress,
    tally: Callable[[R], str],
    light: bool = False,
) -> bool:
    """Observes every key once; False if the brake ended it earlier.

    With `light`, `observe` runs in a strand and waits for nothing but replies (see ``strands``), else in a task.
    A full disk comes out as the plain `StoreFault`; an exception of `observe` with the key as its note.
    """
    source = iter(keys)
    complete = False

    async def work() -> None:
        for key in source:
            if brake.pressed:
                return
            try:
                row = await observe(key)
            except Exception as error:
                error.add_note(f"while observing {key!r}")
                raise
            await sink.put(row)
            progress.count(tally(row))
            await in_strand()

    try:
        with brake.scope():
            await _crew(work, workers, sink, progress, light=light)
            complete = not brake.pressed
        await sink.flush()
    except BaseExceptionGroup as group:
        await _salvage(sink)
        fault, other = group.split(StoreFault)
        if fault is not None and other is None:
            raise _first(fault) from None
        raise
    return complete


async def _crew(
    work: Callable[[], Coroutine[Any, Any, None]], workers: int, sink: Sink[R], progress: Progress, *, light: bool
) -> None:
    async with trio.open_nursery() as outer:
        outer.start_soon(_tick, sink, progress)
        if light:
            await Crew().run(work, workers)
        else:
            async with trio.open_nursery() as crew:
                for _ in range(workers):
                    crew.start_soon(work)
        outer.cancel_scope.cancel()


async def _tick(sink: Sink[R], progress: Progress) -> None:
    while True:
        await trio.sleep(TICK)
        progress.tick()
        if sink.due:
            await sink.flush()


async def _salvage(sink: Sink[R]) -> None:
    """What was finished before a crash is written, if the disk takes it."""
    with suppress(StoreFault):
        await sink.flush()


def _first(group: BaseExceptionGroup[StoreFault]) -> StoreFault:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise RuntimeError("an empty exception group")
