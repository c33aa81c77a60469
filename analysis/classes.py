"""The class tables kept in a run's folder, so that the statistics of a country need not make them anew.

What `warehouse` makes of a run when it opens it (the views named in `warehouse.KEPT`) is written once, as Parquet, by
`dane-census judge` and at the end of a scan of many names. Each file says what it was made from: the SQL of the views,
the parts of the evidence, the verdicts' basis, the Public Suffix List and the providers' names. If any of it is
another, the files are not read, and the classes are made in memory as before. Nothing else depends on them: they may be
deleted.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from analysis import judge, providers

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

#: Names from which on a scan writes them: below, opening a run takes no time worth a file.
WORTH = 50_000
_BASIS = "dane-census.classes"
_PART = "part-000000.parquet"


def basis(run: Path, views: Iterable[Path], psl: Path) -> str:
    """What classes hang on, in one hash."""
    told = [file.read_text(encoding="utf-8") for file in views]
    told += [psl.read_text(encoding="utf-8"), providers.FILE.read_text(encoding="utf-8")]
    parts = sorted(part.name for part in (run / "names").glob("*.parquet"))
    return hashlib.sha256(json.dumps([judge.basis(run), parts, *told]).encode()).hexdigest()


def kept(run: Path, noun: str, wanted: str) -> Path | None:
    """The file of a class table, if it is there and of this basis."""
    path = run / noun / _PART
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    return path if metadata.get(_BASIS.encode()) == wanted.encode() else None


def read(connection: duckdb.DuckDBPyConnection, noun: str, path: Path) -> None:
    """Put a view over the file in place of the view that makes the classes; enumerations keep their order."""
    columns = connection.execute(f"describe {noun}").fetchall()
    casts = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind, *_ in columns if str(kind).startswith("ENUM"))
    replaced = f" replace ({casts})" if casts else ""
    file = str(path.absolute()).replace("'", "''")
    connection.execute(f"create or replace view {noun} as select *{replaced} from read_parquet('{file}')")  # noqa: S608


def write(connection: duckdb.DuckDBPyConnection, run: Path, nouns: Iterable[str], wanted: str) -> None:
    """Write the class tables of an open run beside its evidence, each renamed into place. Raises `OSError`."""
    for noun in nouns:
        (run / noun).mkdir(exist_ok=True)
        beside = run / noun / f"{_PART}.tmp"
        file = str(beside.absolute()).replace("'", "''")
        connection.execute(
            f"copy (from {noun}) to '{file}' (format parquet, compression zstd, kv_metadata {{'{_BASIS}': '{wanted}'}})"
        )
        beside.replace(run / noun / _PART)
