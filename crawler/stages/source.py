"""A list as octets: opened, unpacked, hashed, and cut into numbered lines.

Packing is told by its magic number: gzip (RFC 1952), zstd (RFC 8878), xz. A list that
cannot be read, or was cut short inside its packing, raises `ListFault`, whose text is
one line for the person who gave it. What the lines mean is told in ``lists``.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import math
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc

from crawler.tables import DsRecord, Rejection

CHUNK = 1 << 22
MAX_LINE = 1 << 16
_LF = pa.scalar(10, pa.uint8())

Line = tuple[int, str, Rejection | None]


class ListFault(Exception):
    """A list that cannot be read; the text is one line for the person who gave it."""


class Entry(NamedTuple):
    """One input entry: a name that somebody listed."""

    line: int
    text: str
    rank: int | None = None
    tags: tuple[str, ...] = ()
    ns: tuple[str, ...] = ()
    ds: tuple[DsRecord, ...] = ()
    weight: float | None = None


def weighed(told: object) -> float | None:
    """The weight that a list gives a name; None for what is no number, or no weight."""
    try:
        weight = float(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return weight if 0 <= weight < math.inf else None


class Junk(NamedTuple):
    """An input entry that is known to be no domain before its name is looked at."""

    line: int
    text: str
    why: Rejection


@dataclass(slots=True)
class Tally:
    """Where the lines of one list went: lines = blank + records + entries."""

    lines: int = 0
    blank: int = 0  # empty lines, comments, the header, directives
    records: int = 0  # lines that belong to another line's entry, or to the zone itself
    entries: int = 0  # names, repeats and rejects
    whole: bool = True  # the last line has its line end


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Source:
    """One list being read: its name for people, its octets unpacked, and the hash of those."""

    def __init__(self, path: str) -> None:
        self.name = path if path == "-" or "://" in path else Path(path).name
        self.path = path
        self.tally = Tally()
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the unpacked octets read so far, in hex."""
        return self._hash.hexdigest()

    def digested(self, data: bytes) -> None:
        """These octets are the list's: for what comes from no file."""
        self._hash.update(data)

    def chunks(self) -> Iterator[bytes]:
        """The unpacked octets."""
        with ExitStack() as stack:
            try:
                raw = sys.stdin.buffer if self.path == "-" else stack.enter_context(Path(self.path).open("rb"))
                stream, packing = _unpacked(cast("IO[bytes]", raw), stack)
            except OSError as error:
                raise ListFault(f"{self.path}: {error.strerror or error}") from error
            while data := self._read(stream, packing):
                self._hash.update(data)
                yield data

    def _read(self, stream: _Readable, packing: str) -> bytes:
        try:
            return stream.read(CHUNK)
        except EOFError as error:
            raise ListFault(f"{self.path}: cut short: the {packing} data do not end") from error
        except (gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
            raise ListFault(f"{self.path}: damaged {packing} data ({error})") from error
        except OSError as error:
            if "Truncated compressed stream" in str(error):  # zstd, by way of pyarrow
                raise ListFault(f"{self.path}: cut short: the {packing} data do not end") from error
            raise ListFault(f"{self.path}: {error.strerror or error}") from error


def _unpacked(raw: IO[bytes], stack: ExitStack) -> tuple[_Readable, str]:
    magic = cast("_Peekable", raw).peek(6)[:6]
    if magic.startswith(b"\x1f\x8b"):
        return stack.enter_context(gzip.GzipFile(fileobj=raw)), "gzip"
    if magic == b"\xfd7zXZ\x00":
        return stack.enter_context(lzma.LZMAFile(raw)), "xz"
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return cast("_Readable", pa.CompressedInputStream(raw, "zstd")), "zstd"
    return raw, ""


class _Peekable(Protocol):
    def peek(self, size: int, /) -> bytes: ...


class Block(NamedTuple):
    """Whole lines, one after the other."""

    first: int  # the number of the first one
    data: bytes  # each line with its end


def blocks(chunks: Iterable[bytes], tally: Tally) -> Iterator[Block | Line]:
    """The lines of a list in large pieces; a line that is too long comes by itself, with its rejection."""
    number, rest, skipping = 0, b"", False
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        whole = b"".join((rest, memoryview(chunk)[:cut])) if cut else b""
        rest = chunk[cut:] if cut else rest + chunk
        if whole and skipping:  # the tail of a line that was told already
            whole, skipping = whole[whole.index(b"\n") + 1 :], False
        if whole:
            count = _line_ends(whole)
            tally.lines = number + count
            yield Block(number + 1, whole)
            number += count
        if len(rest) > MAX_LINE:
            if not skipping:
                number += 1
                tally.lines = number
                yield number, printable(rest[:200]), Rejection.LINE_TOO_LONG
            rest, skipping = b"", True
    tally.whole = not rest and not skipping
    if rest and not skipping:
        tally.lines = number + 1
        yield Block(number + 1, rest + b"\n")


def _line_ends(data: bytes) -> int:
    """How many; twice as quick as `bytes.count` where lines are short, and others may run meanwhile."""
    ends: pa.BooleanArray = pc.equal(pa.Array.from_buffers(pa.uint8(), len(data), [None, pa.py_buffer(data)]), _LF)
    return int(ends.true_count)


def short_lines(data: bytes) -> bool:
    """Whether every line of these whole lines is short enough to be one (`MAX_LINE`)."""
    at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + MAX_LINE + 1)
        if end < 0:
            return False
        at = end + 1
    return True


class Lines:
    """The lines of blocks one by one, without their ends, for readers that need to look at each.

    `pending` tells whether the block that was begun has lines left, so that a reader knows when it may take the next
    one whole.
    """

    def __init__(self, pieces: Iterator[Block | Line]) -> None:
        self._pieces = pieces
        self._begun: Iterator[Line] = iter(())
        self._left = 0

    @property
    def pending(self) -> bool:
        return self._left > 0

    def begin(self, piece: Block | Line) -> None:
        """Take the lines of this piece next."""
        if isinstance(piece, Block):
            self._begun, self._left = _numbered(piece), piece.data.count(b"\n")
        else:
            self._begun, self._left = iter((piece,)), 1

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> Line:
        while not self._left:
            self.begin(next(self._pieces))
        self._left -= 1
        return next(self._begun)


def _numbered(block: Block) -> Iterator[Line]:
    for number, (text, flaw) in enumerate(_decoded(block.data), block.first):
        yield number, text, flaw


def _decoded(block: bytes) -> Iterator[tuple[str, Rejection | None]]:
    """The lines of a block that ends with a line end."""
    try:
        texts = block.decode().split("\n")
    except UnicodeDecodeError:
        yield from map(_decode, block[:-1].split(b"\n"))
        return
    texts.pop()
    for text in texts:
        if len(text) > MAX_LINE:
            yield text[:200], Rejection.LINE_TOO_LONG
        else:
            yield text, None


def _decode(raw: bytes) -> tuple[str, Rejection | None]:
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return printable(raw), Rejection.NOT_TEXT


def printable(text: str | bytes) -> str:
    r"""At most 200 characters that a terminal can take: bytes that are no text are written as ``\xNN``."""
    if isinstance(text, bytes):
        text = text[:200].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:200])[:200]
