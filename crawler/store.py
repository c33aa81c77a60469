"""A run's folder: Parquet parts that are whole or not there, run.json, and who may write.

``<run>/<table>/part-*.parquet`` (zstd) are written beside, synced and renamed into place;
no part is ever written again. Resuming is therefore reading which keys the parts hold.
``run.json`` says what was run, by which version, with which input and options, and how it
went. A lock keeps two runs out of one folder, and what `identity` holds keeps another
run out for good: parts of different inputs or trust anchors must not be mixed.

What the user can do about it raises `StoreFault`, whose text is one line.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.columns import ANSWER
from crawler.resolver.answer import CONCLUSIVE, Outcome
from crawler.shards import WHOLE, Shard
from crawler.standards.security import Security
from crawler.tables import Row, schema, to_arrow

LOCK = ".lock"
WORKERS = ".lock-workers"
PATIENCE = 5.0  # seconds for the workers of a run that was killed to see it and go
RUN = "run.json"
_UNFINISHED = ".tmp"
_CONCLUSIVE = pa.array([outcome.value for outcome in CONCLUSIVE])


class StoreFault(Exception):
    """A folder that cannot be written, or is not ours; the text is one line for who named it."""


class Store:
    """One run's folder, locked while it is open. Made by `opened`."""

    def __init__(self, folder: Path, run: dict[str, Any], *, tag: str = "", book: str = RUN) -> None:
        self.folder = folder
        self.run = run  # what the run's book holds; written by `note`
        self.tag = tag  # in the names of all parts that are written here
        self._book = book
        self._sequence = sum(1 for _ in folder.glob("*/part-*.parquet"))

    def note(self, **facts: Any) -> None:
        """Adds facts to run.json (a shard: to a book of its own), which is replaced as a whole."""
        self.run |= facts
        text = json.dumps(self.run, indent=2, ensure_ascii=False, default=str) + "\n"
        with _told(self.folder), _replacing(self.folder / self._book) as file:
            file.write(text.encode())

    def write(self, table: type[Row], rows: Sequence[Row]) -> Path | None:
        """One new part; on the disk, whole, when this returns."""
        return self._part(table, to_arrow(table, rows)) if rows else None

    def write_table(self, table: type[Row], rows: pa.Table) -> Path | None:
        """The same of rows that are columns already, as the table's schema has them."""
        return self._part(table, rows) if rows.num_rows else None

    def lay(self, table: type[Row]) -> None:
        """A part without rows where a table has none yet: whoever opens the folder by other means finds every table."""
        if not self.parts(table):
            self._part(table, to_arrow(table, ()))

    def _part(self, table: type[Row], rows: pa.Table) -> Path:
        folder = self.folder / table.TABLE
        self._sequence += 1
        part = folder / f"part-{self.tag}{self._sequence:06d}-{secrets.token_hex(4)}.parquet"
        with _told(self.folder):
            folder.mkdir(exist_ok=True)
            with _replacing(part) as file:
                pq.write_table(rows, file, compression="zstd")
        return part

    def keep(self, name: str, text: str) -> None:
        """A file beside the tables that the evidence is judged by; the first session's stays."""
        if not (self.folder / name).exists():
            with _told(self.folder), _replacing(self.folder / name) as file:
                file.write(text.encode())

    def parts(self, table: type[Row]) -> list[Path]:
        """The parts of a table, oldest first."""
        return sorted((self.folder / table.TABLE).glob("part-*.parquet"))

    def size(self, table: type[Row]) -> int:
        """Rows of a table; of a shard, its own."""
        parts = (self.folder / table.TABLE).glob(f"part-{self.tag}*.parquet")
        return sum(pq.read_metadata(part).num_rows for part in parts)

    def clear(self, table: type[Row]) -> None:
        """Forgets what of a table was not finished and is made anew from the input; of a shard, its own parts."""
        for part in (self.folder / table.TABLE).glob(f"part-{self.tag}*.parquet"):
            part.unlink()

    def seen(self, table: type[Row], look: int) -> Iterator[list[str]]:
        """The keys that have a row of this look, part by part."""
        for batch in self.columns(table, [table.KEY, "look"]):
            yield batch.filter(pc.equal(batch["look"], look))[table.KEY].to_pylist()

    def passing(
        self, table: type[Row], look: int, outcomes: Collection[Outcome], ends: Collection[str] = ()
    ) -> list[str]:
        """The keys whose row of this look has an answer that failed in one of these ways, sorted.

        So does an answer whose chain of trust could not be had: its state is indeterminate.
        `ends` are the words of the row's own outcome that may pass, where the table has one.
        """
        answers = [f.name for f in schema(table) if f.type == ANSWER]
        own = ["outcome"] if ends else []
        keys: list[str] = []
        for batch in self.columns(table, [table.KEY, "look", *answers, *own]):
            failed: Any = pc.is_in(batch["outcome"], pa.array(list(ends))) if ends else pa.repeat(False, len(batch))
            for name in answers:
                outcome = pc.struct_field(batch[name], "outcome")
                security = pc.struct_field(batch[name], "security")
                undecided = pc.and_(pc.equal(security, Security.INDETERMINATE.value), pc.is_in(outcome, _CONCLUSIVE))
                missed = pc.or_(pc.is_in(outcome, pa.array([o.value for o in outcomes], pa.string())), undecided)
                failed = pc.or_(failed, pc.fill_null(missed, False))
            keys += batch.filter(pc.and_(failed, pc.equal(batch["look"], look)))[table.KEY].to_pylist()
        return sorted(keys)

    def latest(self, table: type[Row], look: int) -> float | None:
        """When the last look of this number began, in seconds since 1970; None if there was none."""
        moments = [
            pc.max(batch.filter(pc.equal(batch["look"], look))["observed_at"].cast(pa.int64())).as_py()
            for batch in self.columns(table, ["look", "observed_at"])
        ]
        return max((moment / 1e6 for moment in moments if moment is not None), default=None)

    def columns(self, table: type[Row], columns: list[str]) -> Iterator[pa.Table]:
        """Some columns of a table, part by part, so that a table of any size can be read."""
        for part in self.parts(table):
            yield pq.read_table(part, columns=columns, partitioning=None)


@contextmanager
def opened(folder: Path, identity: dict[str, Any], shard: Shard = WHOLE) -> Iterator[Store]:
    """The run's folder, made or taken up again; locked until the block is left.

    `identity` is what two runs must share to be one: a folder that differs is refused. Shards of one run share the
    folder: each locks its own part, and none of them can work there beside the whole run.
    """
    with _told(folder):
        check(folder, identity)
        made = _make(folder)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    with ExitStack() as stack:
        stack.callback(os.close, lock)
        _lock(lock, folder, shared=shard != WHOLE)
        if shard != WHOLE:
            own = os.open(folder / f"{LOCK}-{shard.index}-of-{shard.of}", os.O_RDWR | os.O_CREAT, 0o644)
            stack.callback(os.close, own)
            _lock(own, folder)
        else:
            _alone(folder)
        found = check(folder, identity)  # now that nobody else writes it
        if found is None:
            try:
                Store(folder, {"identity": identity}).note()
            except StoreFault:
                _unmake(folder, made)
                raise
        yield _part_of(folder, found or {"identity": identity}, shard)


def _part_of(folder: Path, run: dict[str, Any], shard: Shard) -> Store:
    """The folder as the whole run or one shard may write it, without what an earlier sitting left unfinished."""
    tag = "" if shard == WHOLE else f"{shard.index}of{shard.of}-"
    with _told(folder):
        for leftover in folder.rglob(f"{f'part-{tag}' if tag else ''}*{_UNFINISHED}"):
            leftover.unlink(missing_ok=True)
    if shard == WHOLE:
        shards = [json.loads(book.read_bytes()) for book in sorted(folder.glob("shard-*.json"))]
        if shards:  # what the shards cost is a part of what the run cost
            own = [one for one in run.get("sessions", []) if "shard" not in one]
            run["sessions"] = [one for book in shards for one in book.get("sessions", [])] + own
        return Store(folder, run)
    book = folder / f"shard-{shard.index}-of-{shard.of}.json"
    noted = json.loads(book.read_bytes()) if book.exists() else {"identity": run["identity"]}
    return Store(folder, noted, tag=tag, book=book.name)


def check(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """What the folder's run.json holds, None if it is new or empty; a folder that is not this run's is refused."""
    try:
        text = (folder / RUN).read_bytes()
    except FileNotFoundError:
        if folder.is_dir() and not all(map(_ours, folder.iterdir())):
            raise StoreFault(f"{folder}: neither empty nor a run's folder (no {RUN}); give another --out") from None
        return None
    except OSError as error:
        raise StoreFault(f"{folder}: {error.strerror}") from error
    try:
        run = json.loads(text)
        theirs = run["identity"]
        differing = [key for key in identity | theirs if _plain(identity.get(key)) != theirs.get(key)]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreFault(f"{folder}: its {RUN} cannot be read; give another --out") from None
    if differing:
        raise StoreFault(f"{folder}: another run's folder (different {', '.join(differing)}); give another --out")
    return dict(run)


def _ours(entry: Path) -> bool:
    """Whether it may stand in a folder that has no run.json yet: that of a run which was killed while it wrote it."""
    return entry.name.startswith(LOCK) or entry.name == RUN + _UNFINISHED


def _plain(value: Any) -> Any:
    """As it comes back from JSON."""
    return json.loads(json.dumps(value, default=str))


def _make(folder: Path) -> list[Path]:
    """Makes the folder and its parents; returns those that were not there, deepest first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _unmake(folder: Path, made: list[Path]) -> None:
    """A folder that could not take even run.json is left as it was found."""
    with suppress(OSError):
        for file in (LOCK, WORKERS, RUN, RUN + _UNFINISHED):
            (folder / file).unlink(missing_ok=True)
        for path in made:
            path.rmdir()


def sharing(folder: Path) -> int:
    """Held by each worker of a run as long as it lives, so that the folder is not taken up while one still writes."""
    lock = os.open(folder / WORKERS, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _alone(folder: Path) -> None:
    """Waits for workers of a run that was killed: they go as soon as they notice."""
    try:
        lock = os.open(folder / WORKERS, os.O_RDWR)
    except FileNotFoundError:  # there never were any
        return
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                _lock(lock, folder)
            except StoreFault:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path, *, shared: bool = False) -> None:
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreFault(f"{folder}: another run is writing here; wait for it, or give another --out") from None


@contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only once it is whole and on the disk."""
    beside = target.with_name(target.name + _UNFINISHED)
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Troubles of the disk in one line."""
    try:
        yield
    except OSError as error:
        kept = "; what is written is whole, the same command resumes" if (folder / RUN).exists() else ""
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StoreFault(f"{folder}: the disk is full ({error.strerror}){kept}") from error
        raise StoreFault(f"{folder}: cannot be written: {error.strerror or error}{kept}") from error
