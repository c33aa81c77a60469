"""A run's folder as a DuckDB of views: the only place where analysis meets the files.

The database lives in memory; the run's folder is only read. ``sql/view_*.sql`` are run
in the order of their names. They also run in the bare duckdb shell, started inside the
run's folder::

    cat .../analysis/sql/view_*.sql .../analysis/sql/dane.sql | duckdb

This module adds six things to that: the folder in front of the file names, an empty table
where an interrupted run has no part yet, verdicts made anew (in memory) where those in the
folder are not of today's rules and all of the evidence, the Public Suffix List and the
providers' names, whether the list was a sample, and the class views kept as tables (`KEPT`),
for every statistic asks them again. Where the folder has these already (``classes``), they are
read. What does not fit in memory spills to a folder of its own under the system's temporary
directory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import classes, judge, providers, suffixes
from analysis.verdicts import VERDICTS
from crawler import database
from crawler.tables import TABLES, Row, schema

SQL = Path(__file__).parent / "sql"
#: Views that are worked out once, when the run is opened.
KEPT = frozenset(
    {
        "host_class",
        "mail_route",
        "domain_class",
        "registrable",
        "provider",
        "policy_class",
        "dane_pair",
        "dane_effect",
        "measured",
    }
)
#: What ``classes`` keeps in a run's folder: these, and others that one statistic or two ask for.
FILED = KEPT | {
    "sender_class", "lookup_counts", "dns_operator", "zone_keys", "host_use", "tlsa_records", "route_shapes",
}  # fmt: skip
#: The name in ``view_01_tables.sql`` that each table gets.
LOOKS = {
    "names": "names", "rejects": "rejects", "domains": "domain_looks", "hosts": "host_looks",
    "policies": "policy_looks", "endpoints": "endpoint_looks", "zones": "zone_looks",
}  # fmt: skip
SETTINGS: dict[str, database.Setting] = {
    "allow_community_extensions": False,
    "preserve_insertion_order": False,
}


class RunFault(Exception):
    """A folder that is no run to read; the message is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Rows with the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def records(self) -> list[dict[str, Any]]:
        """Each row as a mapping."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def fetched(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> Result:
    """Run one statement and fetch all of it. Raises `RunFault` where the memory does not suffice."""
    try:
        cursor = connection.execute(sql, list(parameters))
    except duckdb.OutOfMemoryException as fault:
        raise RunFault(_short(fault)) from fault
    columns = tuple(str(column[0]) for column in cursor.description or ())
    return Result(columns=columns, rows=tuple(tuple(row) for row in cursor.fetchall()))


def _short(fault: duckdb.OutOfMemoryException) -> str:
    return f"not enough memory for a run of this size: {str(fault).splitlines()[0]}; use a machine with more"


class Warehouse:
    """An open run: ask it with `query`, or take `connection` for what DuckDB itself can do."""

    def __init__(self, run: Path, connection: duckdb.DuckDBPyConnection, spill: TemporaryDirectory[str]) -> None:
        self.run = run
        self.connection = connection
        self._spill = spill

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Result:
        """Run one statement and fetch all of it."""
        return fetched(self.connection, sql, parameters)

    def psl_version(self) -> str:
        """The version of the Public Suffix List that `registrable` goes by."""
        return str(self.query("select coalesce(min(version), 'none: last two labels') from public_suffix").rows[0][0])

    def resolver(self) -> str:
        """Who walked and who validated: `iterate`, or `forward` or `trust-ad` and the servers that were asked."""
        return str(self.told().get("resolver", "not told"))

    def told(self) -> dict[str, Any]:
        """What the run says of itself (``run.json``); nothing if it says nothing that can be read."""
        try:
            said = json.loads((self.run / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def sampled(self) -> bool:
        """Whether the list was a sample of a longer one, so that shares have intervals."""
        names = self.told().get("names")
        return isinstance(names, dict) and "sample" in names

    def facts(self) -> dict[str, str]:
        """Where the figures come from: who validated is part of what a DNSSEC state means."""
        return {"run": str(self.run), "resolver": self.resolver(), "psl_version": self.psl_version()}

    def close(self) -> None:
        """Let go of the files, the memory and the spilled parts."""
        self.connection.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def parts(run: Path, table: str) -> list[Path]:
    """The parts of a table that are complete; the crawler renames them into place."""
    return sorted((run / table).glob("*.parquet"))


def open_run(run: Path | str, *, psl: Path | None = None, anew: bool = False, memory: str | None = None) -> Warehouse:
    """Open a run's folder; `psl` is another Public Suffix List than the shipped one.

    `anew` makes the class tables even where the folder has them (``classes``). `memory` is what DuckDB may use, such as
    "3GB"; by its own choice, four fifths of the machine's.

    Raises `RunFault` for what is no run, or holds files that are not the crawler's.
    """
    folder = Path(run)
    if not folder.is_dir():
        raise RunFault(f"{folder}: no such folder")
    if not parts(folder, "names"):
        raise RunFault(f"{folder}: no run of ours: it has no names/*.parquet")
    for table in TABLES.values():
        _check(folder, table)
    spill = TemporaryDirectory(prefix="dane-census-")
    warehouse = Warehouse(folder, database.opened(**SETTINGS, temp_directory=spill.name), spill)
    try:
        warehouse.connection.execute("set variable sampled = ?", [warehouse.sampled()])
        if memory is not None:
            warehouse.connection.execute("set memory_limit = ?", [memory])
        rules = psl or suffixes.shipped()
        wanted = "" if anew else classes.basis(folder, view_files(), rules)
        _load(warehouse.connection, folder, rules, wanted)
    except (
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.ConversionException,
        duckdb.BinderException,
    ) as fault:
        warehouse.close()  # a later part that cannot be read, or has other types; what else fails is our mistake
        raise RunFault(f"{folder}: {str(fault).splitlines()[0]}") from fault
    except duckdb.OutOfMemoryException as fault:
        warehouse.close()
        raise RunFault(f"{folder}: {_short(fault)}") from fault
    except BaseException:
        warehouse.close()
        raise
    return warehouse


def view_files() -> list[Path]:
    """The view files in the order in which they build on each other."""
    return sorted(SQL.glob("view_*.sql"))


def write_classes(run: Path, *, memory: str | None = None) -> None:
    """Make the class tables anew and keep them in the run's folder. Raises `RunFault` and `OSError`."""
    with open_run(run, anew=True, memory=memory) as warehouse:
        wanted = classes.basis(run, view_files(), suffixes.shipped())
        try:
            classes.write(warehouse.connection, run, sorted(FILED), wanted)
        except duckdb.OutOfMemoryException as fault:
            raise RunFault(f"{run}: {_short(fault)}") from fault
        except duckdb.IOException as fault:
            raise OSError(str(fault).splitlines()[0]) from fault


def _load(connection: duckdb.DuckDBPyConnection, folder: Path, psl: Path, wanted: str) -> None:
    for file in view_files():
        text = file.read_text(encoding="utf-8")
        if file.stem == "view_01_tables":
            text = _rooted(connection, text, folder)
        noun = re.sub(r"^view_\d+_", "", file.stem)
        path = classes.kept(folder, noun, wanted) if noun in FILED and wanted else None
        if path is not None:
            connection.execute(text)
            classes.read(connection, noun, path)
            continue
        if noun in KEPT:
            text = text.replace(f"create or replace view {noun} ", f"create or replace temp table {noun} ", 1)
        connection.execute(text)
        if noun == "vocabulary":
            _fill_suffixes(connection, psl)
            _fill(connection, "provider_rule", providers.table())


def _rooted(connection: duckdb.DuckDBPyConnection, text: str, folder: Path) -> str:
    """The table views with the run's folder in their file names, or an empty table where there is no file."""
    judged = {table: judge.verdicts(folder, table) for table in VERDICTS if not judge.fresh(folder, table)}
    for table, kind in (TABLES | VERDICTS).items():
        relative = f"read_parquet('{table}/*.parquet')"
        if relative not in text:
            raise ValueError(f"view_01_tables.sql does not read {table}")  # our own mistake
        if table in judged:
            connection.register(f"now_{table}", judged[table])
            text = text.replace(relative, f"now_{table}")
        elif parts(folder, table):
            text = text.replace(relative, f"read_parquet({_files(folder.absolute() / table)})")
        else:
            connection.register(f"no_{table}", schema(kind).empty_table())
            text = text.replace(relative, f"no_{table}")
    return text


def _files(folder: Path) -> str:
    """The Parquet files of a folder as an SQL string, in which no character of the folder's name is a pattern."""
    plain = re.sub(r"([*?\[])", r"[\1]", str(folder))
    return "'" + plain.replace("'", "''") + "/*.parquet'"


def _check(folder: Path, table: type[Row]) -> None:
    """Refuse parts that lack a column, before a view fails over it in DuckDB's words."""
    wanted = schema(table).names
    for part in parts(folder, table.TABLE)[:1]:
        try:
            found = set(pq.read_schema(part).names)
        except (pa.ArrowInvalid, OSError) as fault:
            raise RunFault(f"{part}: not a Parquet file that can be read: {str(fault).splitlines()[0]}") from fault
        if missing := [name for name in wanted if name not in found]:
            raise RunFault(f"{part}: lacks {', '.join(missing)}: written by another version")


def _fill_suffixes(connection: duckdb.DuckDBPyConnection, psl: Path) -> None:
    lines = psl.read_text(encoding="utf-8").splitlines()
    rules = list(suffixes.rules(lines))
    rows = pa.table(
        {
            "name": pa.array([rule.name for rule in rules], pa.string()),
            "kind": pa.array([rule.kind for rule in rules], pa.string()),
            "version": pa.array([suffixes.version(lines)] * len(rules), pa.string()),
        }
    )
    _fill(connection, "public_suffix", rows)


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    connection.register("rows_to_fill", rows)
    connection.execute(f"insert into {table} from rows_to_fill")
    connection.unregister("rows_to_fill")
