"""The rows of a CSV: a block at a time where nothing in it is quoted, else one by one.

What the columns are is told by ``lists``; here they are read. Popularity lists have millions of rows of the same few
plain cells, which Arrow's reader takes as columns; a block with a quote, a comment, an empty line, rows of different
lengths or anything that is not ASCII goes through Python's csv module, row by row. Both ways end alike.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from crawler.stages.entries import ROWS, Batch, listed, together
from crawler.stages.source import Block, Entry, Junk, Line, Lines, ListFault, Source, printable, short_lines, weighed
from crawler.tables import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_QUOTED_LINES = 100  # a quoted CSV field over more lines than this was never closed
MOST_LABELS = 10_000  # different combinations of them in a block; more are read row by row
BATCH = 20_000  # rows that were read one by one


class Layout(NamedTuple):
    """How the columns of a CSV are to be read."""

    delimiter: str
    header: bool
    domain: int
    rank: int | None
    tags: tuple[tuple[int, str], ...]  # the column, and what goes before its labels
    weight: int | None = None


def read(source: Source, pieces: Iterator[Block | Line], columns: Layout | None) -> Iterator[Batch]:
    """The entries of a CSV, as batches; a quote that is never closed raises `ListFault`."""
    columns = columns or Layout(",", False, 0, None, ())
    numbered = Lines(pieces)
    rows = _Rows(source, numbered, columns)
    for piece in pieces:
        quick = _plain(piece, columns, header=rows.header) if isinstance(piece, Block) else None
        if quick is not None:
            source.tally.blank += rows.header
            source.tally.entries += quick.rows.num_rows + quick.rejects.num_rows
            rows.header = False
            yield quick
            continue
        numbered.begin(piece)
        while numbered.pending:
            yield rows.batch()


# --- as columns ------------------------------------------------------------------------------------------------------

_SOLID = bytes(range(0x20, 0x7F)).replace(b'"', b"").replace(b"#", b"") + b"\n\t"


def _plain(block: Block, columns: Layout, *, header: bool) -> Batch | None:
    """A block whose rows all have the same plain cells; None if that cannot be seen at once."""
    data = block.data.replace(b"\r\n", b"\n")
    if data.translate(None, _SOLID) or not short_lines(block.data):
        return None
    width = data[: data.index(b"\n")].count(columns.delimiter.encode()) + 1
    first = block.first + header
    if header:
        data = data[data.index(b"\n") + 1 :]
    ranks = () if columns.rank is None else (columns.rank,)
    wanted = {columns.domain, *ranks, *(at for at, _ in columns.tags)}
    if not data or columns.weight is not None or max(wanted) >= width:  # weights may be written in many ways
        return None
    heads = [str(at) for at in range(width)]
    try:
        told = pcsv.read_csv(
            pa.BufferReader(data),
            parse_options=pcsv.ParseOptions(delimiter=columns.delimiter, quote_char=False, ignore_empty_lines=False),
            read_options=pcsv.ReadOptions(use_threads=False, column_names=heads, block_size=2 * len(data)),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys(heads, pa.string()), include_columns=[heads[at] for at in sorted(wanted)],
                check_utf8=False, null_values=[],
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:  # a row with more cells, or fewer
        return None
    cells = {at: told[heads[at]].combine_chunks() for at in wanted}
    texts = pc.ascii_trim_whitespace(cells[columns.domain])
    tags = _tags(cells, columns)
    if not pc.min(pc.binary_length(texts)).as_py() or tags is None:
        return None
    lines = pa.array(range(first, first + len(texts)), pa.int64())
    return listed(lines, texts, rank=_ranks(cells, columns), tags=tags)


def _ranks(cells: dict[int, pa.Array], columns: Layout) -> pa.Array:
    """What is a whole number, and fits."""
    if columns.rank is None:
        return pa.nulls(len(cells[columns.domain]), pa.int64())
    told = pc.ascii_trim_whitespace(cells[columns.rank])
    whole = pc.and_(pc.ascii_is_decimal(told), pc.less(pc.binary_length(told), MOST_DIGITS))
    return pc.if_else(whole, told, pa.scalar(None, pa.string())).cast(pa.int64())


def _tags(cells: dict[int, pa.Array], columns: Layout) -> pa.Array | None:
    """The labels of each row; None if there are too many different ones to look at each once."""
    kind = ROWS.field("tags").type
    if not columns.tags:
        return pa.nulls(len(cells[columns.domain]), kind)
    told = pc.binary_join_element_wise(*(cells[at] for at, _ in columns.tags), columns.delimiter).dictionary_encode()
    if len(told.dictionary) > MOST_LABELS:
        return None
    befores = [before for _, before in columns.tags]
    each = [_labels(zip(befores, text.split(columns.delimiter), strict=True)) for text in told.dictionary.to_pylist()]
    return pa.array(each, kind).take(told.indices)


# --- one by one ------------------------------------------------------------------------------------------------------

MOST_DIGITS = 19  # of a rank: fewer than this


class _Feed:
    """Lines for the csv module: counts what a row has taken, and keeps aside what is no text."""

    def __init__(self, source: Source, numbered: Iterator[Line]) -> None:
        self._source = source
        self._numbered = numbered
        self.taken: list[Line] = []
        self.junk: list[Junk] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        for number, line, flaw in self._numbered:
            if flaw is not None:
                self.junk.append(Junk(number, printable(line), flaw))
            elif not self.taken and (not line.strip() or line.startswith("#")):
                self._source.tally.blank += 1
            else:
                self.taken.append((number, line, None))
                if len(self.taken) > MAX_QUOTED_LINES:
                    raise ListFault(f"{self._source.name}: the quote of line {self.taken[0][0]} is never closed")
                return line + "\n"
        raise StopIteration


class _Rows:
    """Rows one by one, some at a time."""

    def __init__(self, source: Source, numbered: Lines, columns: Layout) -> None:
        self.header = columns.header  # is still to come
        self._source, self._numbered, self._columns = source, numbered, columns
        self._feed = _Feed(source, numbered)
        self._rows = csv.reader(self._feed, delimiter=columns.delimiter, strict=True)

    def batch(self) -> Batch:
        """What is left of the block that was begun, or the beginning of it."""
        entries: list[Entry] = []
        junk: list[Junk] = []
        while self._numbered.pending and len(entries) < BATCH:
            one = self._next()
            if isinstance(one, Entry):
                entries.append(one)
            elif one is not None:
                junk.append(one)
        junk += self._feed.junk
        self._source.tally.entries += len(entries) + len(junk)
        self._feed.junk.clear()
        return together(entries, junk)

    def _next(self) -> Entry | Junk | None:
        """The entry of the next row; None for the header, and at the end of the list."""
        feed = self._feed
        feed.taken.clear()
        try:
            row = next(self._rows, None)
            if row is None:
                return None
            entry = _row(feed.taken[0][0], row, self._columns)
        except csv.Error as error:
            number, line, _ = feed.taken[0]
            if "end of data" in str(error):
                name = self._source.name
                raise ListFault(f"{name}: cut short: the quote of line {number} is never closed") from error
            entry = Junk(number, printable(line), Rejection.MALFORMED_RECORD)
        self._source.tally.records += len(feed.taken) - 1
        if self.header:
            self.header = False
            self._source.tally.blank += 1
            return None
        return entry


def _row(number: int, row: list[str], columns: Layout) -> Entry | Junk:
    if len(row) <= columns.domain or not row[columns.domain].strip():
        return Junk(number, printable(columns.delimiter.join(row)), Rejection.EMPTY)
    rank = row[columns.rank].strip() if columns.rank is not None and columns.rank < len(row) else ""
    tags = _labels((before, row[at]) for at, before in columns.tags if at < len(row))
    weight = row[columns.weight] if columns.weight is not None and columns.weight < len(row) else ""
    return Entry(
        number,
        row[columns.domain].strip(),
        int(rank) if rank.isascii() and rank.isdecimal() and len(rank) < MOST_DIGITS else None,
        tuple(tags),
        weight=weighed(weight),
    )


def _labels(cells: Iterable[tuple[str, str]]) -> list[str]:
    """The labels in cells, each once, with what stands before those of its column."""
    labels = (before + label.strip() for before, cell in cells for label in re.split("[;|]", cell) if label.strip())
    return list(dict.fromkeys(labels))
