"""Lists in Parquet: the column of domains, rank and tags, found by their names as in a CSV; a batch at a time.

A row's number, from 1, stands for its line. Packed Parquet, or Parquet on standard input, is not read: its end must be
seen first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.stages.source import Entry, Junk, ListFault, Source, printable
from crawler.tables import Rejection

BATCH = 65_536


def read(
    source: Source, domain: tuple[str, ...], ranks: frozenset[str], tags: frozenset[str]
) -> Iterator[Entry | Junk]:
    """All rows. Raises `ListFault`."""
    try:
        file = pq.ParquetFile(source.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ListFault(f"{source.path}: a Parquet file that cannot be read: {str(error).splitlines()[0]}") from error
    with file:
        heads = {" ".join(name.lower().replace("_", " ").split()): name for name in file.schema_arrow.names}
        name = next((heads[head] for head in domain if head in heads), None)
        if name is None:
            raise ListFault(f"{source.path}: no column {', '.join(domain)} among {', '.join(heads) or 'none'}")
        rank = next((heads[head] for head in heads if head in ranks), None)
        labels = [heads[head] for head in heads if head in tags]
        columns = [name, *filter(None, [rank]), *labels]
        for batch in file.iter_batches(BATCH, columns=columns):
            yield from _rows(source, batch, name, rank, labels)


def _rows(
    source: Source, batch: pa.RecordBatch, name: str, rank: str | None, labels: list[str]
) -> Iterator[Entry | Junk]:
    domains = batch.column(name).to_pylist()
    ranks: list[Any] = batch.column(rank).to_pylist() if rank is not None else [None] * len(domains)
    tags = list(zip(*(batch.column(label).to_pylist() for label in labels), strict=True)) or [()] * len(domains)
    tally = source.tally
    for text, place, told in zip(domains, ranks, tags, strict=True):
        tally.lines += 1
        tally.entries += 1
        if not isinstance(text, str) or not text.strip():
            yield Junk(tally.lines, printable(str(text or "")), Rejection.EMPTY)
            continue
        words = [word for one in told for word in (one if isinstance(one, list) else [one]) if word is not None]
        number = place if isinstance(place, int) and not isinstance(place, bool) and place >= 0 else None
        yield Entry(tally.lines, text.strip(), number, tuple(dict.fromkeys(map(str, words))))
