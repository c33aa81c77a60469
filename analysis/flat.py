"""`dane-census export RUN`: flat tables for spreadsheets, R and pandas, and OpenINTEL's columns.

Each table is an .sql file under ``sql/export`` with a header like a statistic's. DuckDB writes the files itself, a row
at a time, so that a country fits; they are written beside and renamed into place. In CSV, control and format
characters, which no terminal should get raw, become U+FFFD; Parquet keeps what was measured.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.stats import Statistic, UnknownStatistic, read
from analysis.warehouse import SQL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.warehouse import Warehouse

EXPORT = SQL / "export"
ORDER = ("domains", "hosts", "endpoints", "policies", "openintel")


class Flat(StrEnum):
    """How a flat table is written."""

    CSV = "csv"
    PARQUET = "parquet"


_OPTIONS = {Flat.CSV: "format csv, header", Flat.PARQUET: "format parquet, compression zstd"}
#: The categories that `export.clean` escapes. The crawler has made most texts printable ASCII; this is a second wall.
_UNSAFE = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"


def catalogue() -> dict[str, Statistic]:
    """Every flat table by its name, in the order of `ORDER`."""
    return {name: read(EXPORT / f"{name}.sql") for name in ORDER}


def chosen(names: Sequence[str]) -> list[Statistic]:
    """The tables of these names, or all but OpenINTEL's; raises `UnknownStatistic`."""
    known = catalogue()
    if unknown := [name for name in names if name not in known]:
        raise UnknownStatistic(f"no flat table {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names or ORDER[:-1]]


def views(warehouse: Warehouse) -> None:
    """Give an open run a view of each: `openintel`, and the others with `flat_` before their names."""
    for name, table in catalogue().items():
        noun = name if name == "openintel" else f"flat_{name}"
        warehouse.connection.execute(f"create or replace view {noun} as {table.sql}")


def write(warehouse: Warehouse, table: Statistic, folder: Path, form: Flat) -> tuple[Path, int]:
    """One table into the folder: the file, and its rows. Raises `OSError`."""
    target = folder / f"{table.name}.{form}"
    beside = folder / f".{target.name}.tmp"
    beside.touch()  # before DuckDB works for minutes: a folder that cannot be written is told at once
    try:
        warehouse.connection.execute(f"create or replace temp view flat_table as {table.sql}")
        columns = warehouse.query("describe flat_table").rows
        shown = ", ".join(_column(str(name), str(kind), form) for name, kind, *_ in columns)
        where = str(beside).replace("'", "''")
        copy = f"copy (select {shown} from flat_table) to '{where}' ({_OPTIONS[form]})"  # noqa: S608 - our own columns
        done = warehouse.query(copy).rows[0][0]
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target, int(done)


def _column(name: str, kind: str, form: Flat) -> str:
    quoted = f'"{name}"'
    if form is Flat.CSV and kind == "VARCHAR":
        return f"regexp_replace({quoted}, '{_UNSAFE}', '\ufffd', 'g') as {quoted}"
    if form is Flat.CSV and kind.startswith("TIMESTAMP"):
        return f"strftime({quoted}, '%Y-%m-%dT%H:%M:%S.%fZ') as {quoted}"
    return quoted
