"""Lists in Parquet: the column of domains, rank and tags, found by their names as in a CSV; a batch at a time.

A row's number, from 1, stands for its line. Packed Parquet, or Parquet on standard input, is not read: its end must be
seen first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.stages.source import Entry, Junk, ListFault, Source, printable, weighed
from crawler.tables import Rejection

BATCH = 65_536


class Wanted(NamedTuple):
    """The titles of columns that are looked for, lower case: each kind has several."""

    domain: tuple[str, ...]  # the best first
    ranks: frozenset[str]
    weights: frozenset[str]
    tags: dict[str, str]  # with what goes before the column's labels


class _Columns(NamedTuple):
    domain: str
    rank: str | None
    weight: str | None
    tags: dict[str, str]


def read(source: Source, wanted: Wanted) -> Iterator[Entry | Junk]:
    """All rows. Raises `ListFault`."""
    try:
        file = pq.ParquetFile(source.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ListFault(f"{source.path}: a Parquet file that cannot be read: {str(error).splitlines()[0]}") from error
    with file:
        heads = {" ".join(name.lower().replace("_", " ").split()): name for name in file.schema_arrow.names}
        name = next((heads[head] for head in wanted.domain if head in heads), None)
        if name is None:
            raise ListFault(f"{source.path}: no column {', '.join(wanted.domain)} among {', '.join(heads) or 'none'}")
        found = _Columns(
            name,
            next((heads[head] for head in heads if head in wanted.ranks), None),
            next((heads[head] for head in heads if head in wanted.weights), None),
            {heads[head]: wanted.tags[head] for head in heads if head in wanted.tags},
        )
        columns = [name, *filter(None, [found.rank, found.weight]), *found.tags]
        for batch in file.iter_batches(BATCH, columns=columns):
            yield from _rows(source, batch, found)


def _rows(source: Source, batch: pa.RecordBatch, columns: _Columns) -> Iterator[Entry | Junk]:
    domains = batch.column(columns.domain).to_pylist()
    nothing: list[Any] = [None] * len(domains)
    ranks = batch.column(columns.rank).to_pylist() if columns.rank is not None else nothing
    weights = batch.column(columns.weight).to_pylist() if columns.weight is not None else nothing
    tags = list(zip(*(batch.column(label).to_pylist() for label in columns.tags), strict=True)) or [()] * len(domains)
    tally = source.tally
    for text, place, weight, told in zip(domains, ranks, weights, tags, strict=True):
        tally.lines += 1
        tally.entries += 1
        if not isinstance(text, str) or not text.strip():
            yield Junk(tally.lines, printable(str(text or "")), Rejection.EMPTY)
            continue
        words = [
            f"{before}{word}"
            for one, before in zip(told, columns.tags.values(), strict=True)
            for word in (one if isinstance(one, list) else [one]) if word is not None
        ]  # fmt: skip
        number = place if isinstance(place, int) and not isinstance(place, bool) and place >= 0 else None
        yield Entry(tally.lines, text.strip(), number, tuple(dict.fromkeys(words)), weight=weighed(weight))
