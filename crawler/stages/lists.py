"""Lists as they come: numbered lines in, entries out.

The format is told by its content: plain names, one a line; CSV with a header, or ``rank,domain`` without one; or a
master file (RFC 1035 section 5). Plain lists are read here, master files by ``zonefile``, the rows of a CSV by
``csvrows``, Parquet by ``parquet``, a zone by transfer by ``transfer``. Of a URL or a mail address, the domain is
taken. What cannot be a list at all raises `ListFault`, whose text is one line for the person who gave it. Whether an
entry is a domain is not decided here but in ``entries``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from crawler.stages import csvrows, parquet, transfer, zonefile
from crawler.stages.csvrows import Layout
from crawler.stages.entries import Batch, Reading, Zone, gathered, listed, together
from crawler.stages.source import (
    MAX_LINE,
    Block,
    Entry,
    Junk,
    Line,
    Lines,
    ListFault,
    Source,
    blocks,
    printable,
)

HEAD = 1 << 16  # octets that the format is told from


class Format(StrEnum):
    """What a list looks like inside."""

    AUTO = "auto"  # told from its content
    PLAIN = "plain"  # one name a line; `#` begins a comment
    CSV = "csv"  # separated by comma, semicolon or tab
    ZONE = "zone"  # a master file (RFC 1035 section 5)


_PARQUET = b"PAR1"
_NO_LISTS: tuple[tuple[bytes, str], ...] = (
    (_PARQUET, "a Parquet file, which cannot be read from standard input"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "a bzip2 file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"%PDF", "a PDF file"),
    (b"\xff\xfe", "UTF-16 text; give UTF-8"),
    (b"\xfe\xff", "UTF-16 text; give UTF-8"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r"))


def read(source: Source, form: Format = Format.AUTO, origin: str | None = None, tsig: str | None = None) -> Reading:
    """A list, to be read; what is no list at all raises `ListFault`. `origin` is for master files without one.

    `tsig` is a file with the key of a zone transfer.
    """
    if source.path.startswith(transfer.SCHEME):
        key = None if tsig is None else transfer.read_key(tsig)
        zone = Zone(origin=transfer.place(source.path).zone)
        return Reading(zonefile.read(source, transfer.blocks(source.path, source.tally, key), zone), zone)
    chunks = source.chunks()
    head = b""
    while len(head) < HEAD and (more := next(chunks, None)) is not None:
        head += more
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.startswith(_PARQUET) and source.path != "-":
        for _ in chunks:  # all of it, for its hash
            pass
        columns = parquet.Wanted(
            _DOMAIN_COLUMNS, _RANK_COLUMNS, _WEIGHT_COLUMNS, {head: spoken(head) for head in _TAG_COLUMNS}
        )
        return Reading(gathered(parquet.read(source, columns)))
    _refuse_binary(source.name, head)
    if form is Format.AUTO:
        form = tell(head[:HEAD].decode("utf-8", "replace"))
    pieces = blocks(chain((head,), chunks), source.tally)
    if form is Format.ZONE:
        zone = Zone(origin=origin)
        return Reading(zonefile.read(source, pieces, zone), zone)
    if form is Format.CSV:
        return Reading(csvrows.read(source, pieces, layout(head[:HEAD].decode("utf-8", "replace"))))
    return Reading(_read_plain(source, pieces))


def _refuse_binary(name: str, head: bytes) -> None:
    for magic, what in _NO_LISTS:
        if head.startswith(magic):
            raise ListFault(f"{name}: this is {what}, no list of names")
    start = head[:HEAD]
    control = len(start) - len(start.translate(None, _CONTROL))
    if control > max(8, len(start) / 20):
        raise ListFault(f"{name}: binary data, no list of names")


# --- telling formats apart -------------------------------------------------------------------------------------------

_DOMAIN_COLUMNS = ("domain", "domain name", "domainname", "fqdn", "name", "hostname", "host")  # best first
_RANK_COLUMNS = frozenset({"rank", "globalrank", "global rank", "tranco rank", "popularity rank", "position"})
_WEIGHT_COLUMNS = frozenset({"weight", "volume", "messages", "traffic", "users", "visits"})
_SPOKEN_COLUMNS = frozenset({"sector", "country"})  # their labels say which column they are of
_TAG_COLUMNS = frozenset({"tag", "tags", "sector", "domain type", "type", "kind", "category", "country"})
_RECORD = re.compile(
    r"(?:\S+|)[ \t]+(?:\d\w*[ \t]+)?(?:(?:IN|CH|HS)[ \t]+)?(?:\d\w*[ \t]+)?"
    r"(?:SOA|NS|A|AAAA|DS|DNSKEY|RRSIG|NSEC3?|NSEC3PARAM|MX|TXT|CNAME|SRV|CAA|PTR|TYPE\d+)[ \t]+[^\s,;]",
    re.IGNORECASE,
)


def tell(head: str) -> Format:
    """The format of a list, from its first lines."""
    significant = [line for line in head.split("\n")[:200] if line.strip() and line.lstrip()[0] not in "#;"][:50]
    if not significant:
        return Format.PLAIN
    first = significant[0]
    records = sum(_RECORD.match(line) is not None for line in significant)
    if first.upper().startswith(("$ORIGIN", "$TTL")) or _RECORD.match(first) or records * 2 > len(significant):
        return Format.ZONE
    return Format.PLAIN if layout(head) is None else Format.CSV


def layout(head: str) -> Layout | None:
    """The columns of a CSV, from its header or, without one, from its first row; None if it looks like no CSV."""
    first = next((line for line in head.split("\n") if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    try:
        cells = next(csv.reader([first.rstrip("\r")], delimiter=delimiter), [])
    except csv.Error:  # a carriage return inside a field
        return None
    heads = [" ".join(cell.lower().replace("_", " ").split()) for cell in cells]
    for title in _DOMAIN_COLUMNS:
        if title in heads:
            rank = next((i for i, head in enumerate(heads) if head in _RANK_COLUMNS), None)
            weight = next((i for i, head in enumerate(heads) if head in _WEIGHT_COLUMNS), None)
            tags = tuple((i, spoken(head)) for i, head in enumerate(heads) if head in _TAG_COLUMNS)
            return Layout(delimiter, True, heads.index(title), rank, tags, weight)
    if len(cells) < 2:
        return None
    rank = next((i for i, cell in enumerate(cells) if cell.strip().isdecimal()), None)
    name = next((i for i, cell in enumerate(cells) if "." in cell.strip(".") and " " not in cell.strip()), None)
    return None if name is None else Layout(delimiter, False, name, rank, ())


def spoken(head: str) -> str:
    """What stands before the labels of a column of tags: nothing, or the column's own name."""
    return f"{head}:" if head in _SPOKEN_COLUMNS else ""


# --- plain lists -----------------------------------------------------------------------------------------------------


#: What a line of a plain list may hold to be taken as it is: a blank or a `#` begins something else.
_SOLID = bytes(range(0x21, 0x7F)).replace(b"#", b"") + b"\n"


def _read_plain(source: Source, pieces: Iterator[Block | Line]) -> Iterator[Batch]:
    tally, numbered = source.tally, Lines(pieces)
    for piece in pieces:
        if isinstance(piece, Block) and (batch := _solid(piece)) is not None:
            tally.entries += piece.data.count(b"\n")
            yield batch
            continue
        numbered.begin(piece)
        entries: list[Entry] = []
        junk: list[Junk] = []
        while numbered.pending:
            number, line, flaw = next(numbered)
            text = line.partition("#")[0].strip() if "#" in line else line.strip()
            if flaw is not None:
                junk.append(Junk(number, printable(line), flaw))
            elif text:
                entries.append(Entry(number, text))
            else:
                tally.blank += 1
        tally.entries += len(entries) + len(junk)
        yield together(entries, junk)


def _solid(block: Block) -> Batch | None:
    """A block in which each line is an entry and nothing else; None if that cannot be seen at once."""
    data = block.data.replace(b"\r\n", b"\n")
    if data.translate(None, _SOLID) or b"\n\n" in data or data[:1] == b"\n":
        return None
    texts = pc.split_pattern(pa.array([data[:-1].decode()]), "\n").values
    if pc.max(pc.binary_length(texts)).as_py() > MAX_LINE:
        return None
    return listed(pa.array(range(block.first, block.first + len(texts)), pa.int64()), texts)
