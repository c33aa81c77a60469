"""Two runs, or many, side by side: what was gained and lost, why, and how certificates and policies were changed.

Each run is opened alone, and what it is compared by (``sql/snapshot``) is written to a Parquet file beside the others
in a temporary folder: so much fits on a disk, whatever the runs' size. The files of ``sql/compare`` then read
`before_domains`, `after_domains` and so on (the first run and the last) and `all_domains` (every run, with `run` and
`nth`).

What a change in one run means is decided in the views of that run; here classes are compared, never evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb

from analysis.stats import INTERVAL, Counted, Statistic, UnknownStatistic, read, without
from analysis.warehouse import SETTINGS, SQL, Result, RunFault, Warehouse, fetched, open_run
from crawler import database

if TYPE_CHECKING:
    from collections.abc import Sequence

SNAPSHOT = SQL / "snapshot"
COMPARE = SQL / "compare"
#: The order in which they are told.
ORDER = ("populations", "series", "transitions", "causes", "events", "regressions", "rollovers", "policies")
_TABLES = ("domains", "hosts", "endpoints")


@dataclass(frozen=True, slots=True)
class Told:
    """Where a run comes from, for the line under every figure."""

    run: str
    resolver: str
    psl_version: str


class Comparison:
    """Open runs, ready to be asked. Made by `compare`."""

    def __init__(
        self, runs: Sequence[Told], connection: duckdb.DuckDBPyConnection, kept: TemporaryDirectory[str]
    ) -> None:
        self.runs = tuple(runs)
        self.connection = connection
        self._kept = kept

    def count(self, statistic: Statistic) -> Counted:
        """Ask one statistic of `catalogue`."""
        return Counted(statistic=statistic, result=without(self.query(statistic.sql), INTERVAL))

    def query(self, sql: str) -> Result:
        """Run one statement and fetch all of it."""
        return fetched(self.connection, sql)

    def facts(self) -> dict[str, str]:
        """What stands under the figures."""
        first = self.runs[0]
        different = {one.resolver for one in self.runs} | {one.psl_version for one in self.runs}
        return {
            "run": " -> ".join(one.run for one in self.runs),
            "resolver": first.resolver if len(different) == 2 else " -> ".join(one.resolver for one in self.runs),
            "psl_version": " -> ".join(dict.fromkeys(one.psl_version for one in self.runs)),
        }

    def close(self) -> None:
        """Let go of the snapshots."""
        self.connection.close()
        self._kept.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def catalogue() -> dict[str, Statistic]:
    """Every comparison by its name, in the order of `ORDER`."""
    return {name: read(COMPARE / f"{name}.sql") for name in ORDER}


def chosen(names: Sequence[str]) -> list[Statistic]:
    """The comparisons of these names, or all of them; raises `UnknownStatistic`."""
    known = catalogue()
    if unknown := [name for name in names if name not in known]:
        raise UnknownStatistic(f"no comparison {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(known.values())


def view_files() -> list[Path]:
    """The views of a comparison in the order in which they build on each other."""
    return sorted(COMPARE.glob("view_*.sql"))


def snapshot_files() -> list[Path]:
    """What a run is compared by."""
    return [SNAPSHOT / f"{table}.sql" for table in _TABLES]


def compare(runs: Sequence[Path]) -> Comparison:
    """Open two runs or more, the oldest first. Raises `RunFault`."""
    if len(runs) < 2:
        raise RunFault("one run alone: give two folders or more, the oldest first")
    kept = TemporaryDirectory(prefix="dane-census-")
    connection = database.opened(**SETTINGS, temp_directory=kept.name)
    try:
        folder = Path(kept.name)
        told = [_snapshot(run, folder, nth) for nth, run in enumerate(runs)]
        _load(connection, folder, [one.run for one in told])
    except BaseException:
        connection.close()
        kept.cleanup()
        raise
    return Comparison(told, connection, kept)


def _snapshot(run: Path, folder: Path, nth: int) -> Told:
    with open_run(run) as warehouse:
        for file in snapshot_files():
            text = file.read_text(encoding="utf-8").rstrip().removesuffix(";")
            warehouse.connection.execute(f"copy ({text}\n) to '{_quoted(folder / f'{nth}-{file.stem}.parquet')}'")
        return Told(_name(warehouse), warehouse.resolver(), warehouse.psl_version())


def _name(warehouse: Warehouse) -> str:
    return str(warehouse.run)


def _load(connection: duckdb.DuckDBPyConnection, folder: Path, names: Sequence[str]) -> None:
    last = len(names) - 1
    for side, nth in (("before", 0), ("after", last)):
        for table in _TABLES:
            path = _quoted(folder / f"{nth}-{table}.parquet")
            connection.execute(f"create view {side}_{table} as from read_parquet('{path}')")
    files = [_quoted(folder / f"{nth}-domains.parquet") for nth in range(len(names))]
    each = (
        f"select '{_quoted(name)}' as run, {nth} as nth, * from read_parquet('{files[nth]}')"  # noqa: S608 - quoted
        for nth, name in enumerate(names)
    )
    connection.execute("create view all_domains as " + " union all ".join(each))
    vocabulary = (SQL / "view_00_vocabulary.sql").read_text(encoding="utf-8")
    connection.execute(vocabulary)
    for file in view_files():
        connection.execute(file.read_text(encoding="utf-8"))


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
