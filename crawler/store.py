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
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.columns import ANSWER
from crawler.resolver.answer import CONCLUSIVE, Outcome
from crawler.standards.security import Security
from crawler.tables import Row, schema, to_arrow

LOCK = ".lock"
RUN = "run.json"
_UNFINISHED = ".tmp"
_CONCLUSIVE = pa.array([outcome.value for outcome in CONCLUSIVE])


class StoreFault(Exception):
    """A folder that cannot be written, or is not ours; the text is one line for who named it."""


class Store:
    """One run's folder, locked while it is open. Made by `opened`."""

    def __init__(self, folder: Path, run: dict[str, Any]) -> None:
        self.folder = folder
        self.run = run  # what run.json holds; written by `note`
        self._sequence = sum(1 for _ in folder.glob("*/part-*.parquet"))

    def note(self, **facts: Any) -> None:
        """Adds facts to run.json, which is replaced as a whole."""
        self.run |= facts
        text = json.dumps(self.run, indent=2, ensure_ascii=False, default=str) + "\n"
        with _told(self.folder), _replacing(self.folder / RUN) as file:
            file.write(text.encode())

    def write(self, table: type[Row], rows: Sequence[Row]) -> Path | None:
        """One new part; on the disk, whole, when this returns."""
        return self._part(table, rows) if rows else None

    def lay(self, table: type[Row]) -> None:
        """A part without rows where a table has none yet: whoever opens the folder by other means finds every table."""
        if not self.parts(table):
            self._part(table, ())

    def _part(self, table: type[Row], rows: Sequence[Row]) -> Path:
        folder = self.folder / table.TABLE
        self._sequence += 1
        part = folder / f"part-{self._sequence:06d}-{secrets.token_hex(4)}.parquet"
        with _told(self.folder):
            folder.mkdir(exist_ok=True)
            with _replacing(part) as file:
                pq.write_table(to_arrow(table, rows), file, compression="zstd")
        return part

    def keep(self, name: str, text: str) -> None:
        """A file beside the tables that the evidence is judged by; the first session's stays."""
        if not (self.folder / name).exists():
            with _told(self.folder), _replacing(self.folder / name) as file:
                file.write(text.encode())

    def parts(self, table: type[Row]) -> list[Path]:
        """The parts of a table, oldest first."""
        return sorted((self.folder / table.TABLE).glob("part-*.parquet"))

    def clear(self, table: type[Row]) -> None:
        """Forgets a table that was not finished and is made anew from the input."""
        for part in self.parts(table):
            part.unlink()

    def seen(self, table: type[Row], look: int) -> set[str]:
        """The keys that have a row of this look."""
        keys: set[str] = set()
        for batch in self._batches(table, [table.KEY, "look"]):
            keys.update(batch.filter(pc.equal(batch["look"], look))[table.KEY].to_pylist())
        return keys

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
        for batch in self._batches(table, [table.KEY, "look", *answers, *own]):
            failed: Any = pc.is_in(batch["outcome"], pa.array(list(ends))) if ends else pa.repeat(False, len(batch))
            for name in answers:
                outcome = pc.struct_field(batch[name], "outcome")
                security = pc.struct_field(batch[name], "security")
                undecided = pc.and_(pc.equal(security, Security.INDETERMINATE.value), pc.is_in(outcome, _CONCLUSIVE))
                missed = pc.or_(pc.is_in(outcome, pa.array([o.value for o in outcomes], pa.string())), undecided)
                failed = pc.or_(failed, pc.fill_null(missed, False))
            keys += batch.filter(pc.and_(failed, pc.equal(batch["look"], look)))[table.KEY].to_pylist()
        return sorted(keys)

    def _batches(self, table: type[Row], columns: list[str]) -> Iterator[pa.Table]:
        """Part by part, so that a table of any size can be read."""
        for part in self.parts(table):
            yield pq.read_table(part, columns=columns, partitioning=None)


@contextmanager
def opened(folder: Path, identity: dict[str, Any]) -> Iterator[Store]:
    """The run's folder, made or taken up again; locked until the block is left.

    `identity` is what two runs must share to be one: a folder that differs is refused.
    """
    with _told(folder):
        check(folder, identity)
        made = _make(folder)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(lock, folder)
        found = check(folder, identity)  # now that nobody else writes it
        with _told(folder):
            for leftover in folder.rglob(f"*{_UNFINISHED}"):
                leftover.unlink()
        store = Store(folder, found or {"identity": identity})
        if found is None:
            try:
                store.note()
            except StoreFault:
                _unmake(folder, made)
                raise
        yield store
    finally:
        os.close(lock)


def check(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """What the folder's run.json holds, None if it is new or empty; a folder that is not this run's is refused."""
    try:
        text = (folder / RUN).read_bytes()
    except FileNotFoundError:
        if folder.is_dir() and any(entry.name != LOCK for entry in folder.iterdir()):
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
        for file in (LOCK, RUN, RUN + _UNFINISHED):
            (folder / file).unlink(missing_ok=True)
        for path in made:
            path.rmdir()


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
