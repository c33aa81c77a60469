"""Master files as lists of names: the delegations below the apex, with their NS and DS (RFC 1035 section 5).

One pass, and never more in memory than a block of lines, for registries' zones are large: only NS, DS and SOA are
looked into, every other record is checked for its type and counted. Blocks that are written as registries write them
are read as columns (``zoneblocks``), all others here, a line at a time. The input entries of a
master file are its NS owner names (each once, at its first line: ``spool`` brings together what stands apart) and the
lines that are no resource record; all other lines belong to them or to the state. Its own apex, and owners
outside the zone, are no delegations and are rejected as such. The apex is the owner of the
first SOA; without one, the NS owner that all others are below.

A file whose last line has no line end, or whose parenthesis never closes, was cut short
and raises `ListFault`; so do $INCLUDE and $GENERATE, for what they would add is not here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pyarrow as pa

from crawler.stages.entries import GLUE, ROWS, Batch, Owners, Zone, delegated, junked
from crawler.stages.source import Block, Junk, Line, Lines, ListFault, Source, printable
from crawler.stages.zoneblocks import TTL, Columns, columns
from crawler.tables import DsRecord, Rejection

MAX_RECORD_LINES = 10_000
AHEAD = 2  # blocks
MOST_OF_AN_OWNER = 100  # lines

_TYPES = frozenset(name.replace("_", "-") for name in dns.rdatatype.RdataType.__members__) - {"NONE", "ANY"}
_UNNAMED = re.compile(r"TYPE\d{1,5}", re.ASCII).fullmatch
_CLASSES = frozenset({"IN", "CH", "HS", "CS"})
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[()]|(?:\\.|[^\s"();])+|"')
_OWNER = re.compile(rb"[^\s;()]+[ \t]").match
_SPECIAL = re.compile(r'[;("\\)]')
_TEXTS, _DS_SET = ROWS.field("ns").type, ROWS.field("ds").type


class _Malformed(Exception):
    """A line that is no resource record."""


@dataclass(slots=True)
class _Cut:
    """An owner of NS or DS records among the lines at hand: where it was first named, and what it has."""

    line: int
    text: str
    ns: list[str] = field(default_factory=list)
    ds: list[DsRecord] = field(default_factory=list)
    ds_text: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """What the next line may lean on, and what has been read of the lines at hand."""

    source: Source
    origin: str | None
    owner: str | None = None
    owner_text: str = ""
    apex: str | None = None
    relative: str = ""  # the first relative name that nothing made whole
    cuts: dict[str, _Cut] = field(default_factory=dict)
    junk: list[Junk] = field(default_factory=list)
    glue: list[tuple[int, str, str]] = field(default_factory=list)  # line, owner, address


def read(source: Source, pieces: Iterator[Block | Line], zone: Zone) -> Iterator[Batch]:
    """The owners of NS and DS records, a batch of lines at a time; at the end `zone` is what it turned out to be."""
    state = _State(source, None if zone.origin is None else zone.origin.rstrip(".").lower())
    tally = source.tally
    ahead = _ahead(pieces)
    numbered = Lines(piece for piece, _ in ahead)
    for piece, told in ahead:
        quick, batch = told.result() or (None, None)
        if quick is not None and batch is not None:
            tally.records += quick.records
            state.owner_text, state.owner = quick.last, quick.last[:-1].lower()
            state.apex = quick.apex if state.apex is None else state.apex
            yield batch
            continue
        numbered.begin(piece)
        while numbered.pending:
            _line(state, numbered)
        yield _kept(state)
    if not tally.whole:
        raise ListFault(f"{source.name}: cut short: line {tally.lines}, the last, has no line end")
    if state.relative:
        raise ListFault(f"{source.name}: {state.relative}; give --origin")
    zone.apex, zone.origin = state.apex, state.origin


_Quick = tuple[Columns, Batch] | None


def _ahead(pieces: Iterator[Block | Line]) -> Iterator[tuple[Block | Line, Future[_Quick]]]:
    """Pieces and what their columns are, a few of them looked at beside each other before they are wanted."""
    with ThreadPoolExecutor(AHEAD) as threads:
        begun: deque[tuple[Block | Line, Future[_Quick]]] = deque()
        for piece in _unbroken(pieces):
            begun.append((piece, threads.submit(_columns, piece)))
            if len(begun) > AHEAD:
                yield begun.popleft()
        yield from begun


def _columns(piece: Block | Line) -> _Quick:
    found = columns(piece, _known) if isinstance(piece, Block) else None
    return None if found is None else (found, delegated(found.owners, found.glue))


def _unbroken(pieces: Iterator[Block | Line]) -> Iterator[Block | Line]:
    """Blocks that end where an owner's records do: else `spool` would bring the last owner of each together again."""
    begins, head, tail = 0, b"", b""
    for piece in pieces:
        following = piece.first if isinstance(piece, Block) else piece[0]
        begins = following - tail.count(b"\n")  # cheaper than to count the lines of all that came before it
        if not isinstance(piece, Block):
            if tail:
                yield Block(begins, tail)
            head = tail = b""
            yield piece
            continue
        data = piece.data
        cut = _last_owner(data)
        if cut < len(data):
            head, tail = b"".join((tail, memoryview(data)[:cut])), data[cut:]
        else:  # perhaps all of one owner, begun before
            data = tail + data
            cut = _last_owner(data)
            head, tail = data[:cut], data[cut:]
        yield Block(begins, head)
    if tail:
        yield Block(begins + head.count(b"\n"), tail)


def _last_owner(data: bytes) -> int:
    """Where the lines of the last owner begin, if a few lines back; else the end."""
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    owner = _OWNER(data, start)
    for _ in range(MOST_OF_AN_OWNER):
        before = data.rfind(b"\n", 0, max(0, start - 1)) + 1
        if owner is None or not start or not data.startswith(owner[0], before):
            break
        start = before
    return start if owner is not None and start and not data.startswith(owner[0], before) else len(data)


def _line(state: _State, numbered: Lines) -> None:
    """One record, over as many lines as it takes."""
    number, line, flaw = next(numbered)
    tally = state.source.tally
    if flaw is not None:
        tally.entries += 1
        state.junk.append(Junk(number, printable(line), flaw))
        return
    taken = 1
    try:
        if _SPECIAL.search(line):
            tokens, taken = _tokens(state.source, number, line, numbered)
        else:
            tokens = line.split()
        if not tokens or tokens[0][0] == "$":
            _directive(state, number, tokens)
            tally.blank += taken
            return
        _record(state, number, tokens, line[:1] in {" ", "\t"})
    except _Malformed:
        tally.entries += 1
        tally.records += taken - 1
        state.junk.append(Junk(number, printable(line), Rejection.MALFORMED_RECORD))
        return
    tally.records += taken


def _kept(state: _State) -> Batch:
    """What the lines at hand came to."""
    cuts, junk, glue = state.cuts, state.junk, state.glue
    state.cuts, state.junk, state.glue = {}, [], []
    texts = [cut.text if cut.text[-1] == "." else owner for owner, cut in cuts.items()]
    lines, hosts, addresses = zip(*glue, strict=True) if glue else ((), (), ())
    batch = delegated(
        Owners(
            pa.array([cut.line for cut in cuts.values()], pa.int64()),
            pa.array(cuts, pa.string()),
            pa.array(texts, pa.string()),
            pa.array([cut.ns for cut in cuts.values()], _TEXTS),
            pa.array([cut.ds for cut in cuts.values()], _DS_SET),
            pa.array([cut.ds_text for cut in cuts.values()], _TEXTS),
            pa.array([cut.signatures for cut in cuts.values()], _TEXTS),
        ),
        pa.table(
            [pa.array(lines, pa.int64()), pa.array(hosts, pa.string()), pa.array(addresses, pa.string())], schema=GLUE
        ),
    )
    return batch._replace(rejects=pa.concat_tables([batch.rejects, junked(junk)])) if junk else batch


def _tokens(source: Source, number: int, line: str, numbered: Lines) -> tuple[list[str], int]:
    """The tokens of a record, comments dropped, over as many lines as its parentheses say (section 5.1)."""
    tokens: list[str] = []
    depth, taken = 0, 1
    while True:
        for part in _TOKEN.findall(line):
            if part[0] == ";":
                break
            if part == '"':  # opened, never closed on its line
                raise _Malformed
            depth += (part == "(") - (part == ")")
            if part not in {"(", ")"}:
                tokens.append(part)
        if depth <= 0:
            break
        following = next(numbered, None)
        if following is None or taken >= MAX_RECORD_LINES:
            raise ListFault(f"{source.name}: cut short: the parenthesis of line {number} is never closed")
        line = following[1] if following[2] is None else ""
        taken += 1
    if depth < 0:
        raise _Malformed
    return tokens, taken


def _directive(state: _State, number: int, tokens: list[str]) -> None:
    if not tokens:
        return
    match tokens[0].upper(), len(tokens):
        case "$ORIGIN", 2:
            state.origin = _absolute(state, number, tokens[1])
        case "$TTL", 2:
            pass
        case ("$INCLUDE" | "$GENERATE") as name, _:
            raise ListFault(f"{state.source.name}: line {number}: {name} is not followed; give the whole zone")
        case _:
            raise _Malformed


def _absolute(state: _State, number: int, text: str) -> str:
    """A name in lower case without its final dot; the root is the empty text."""
    if text[-1] == "." and not text.endswith("\\."):
        return text[:-1].lower()
    if state.origin is None:
        state.relative = (
            state.relative or f"line {number}: {printable(text)[:60]!r} is relative, and there is no $ORIGIN"
        )
        raise _Malformed
    if text == "@":
        return state.origin
    return f"{text.lower()}.{state.origin}" if state.origin else text.lower()


def _record(state: _State, number: int, tokens: list[str], blank_owner: bool) -> None:
    """[owner] [TTL] [class] type rdata, TTL and class in either order (section 5.1)."""
    at = 0
    if not blank_owner:
        text, at = tokens[0], 1
        if text != state.owner_text or text[-1] != ".":
            state.owner_text, state.owner = text, _absolute(state, number, text)
    if state.owner is None:
        raise _Malformed
    if at < len(tokens) and TTL.fullmatch(tokens[at]):
        at += 1
    rclass = "IN"
    if at < len(tokens) and tokens[at].upper() in _CLASSES:
        rclass = tokens[at].upper()
        at += 1
        if at < len(tokens) and TTL.fullmatch(tokens[at]):
            at += 1
    rtype = tokens[at].upper() if at < len(tokens) else ""
    rdata = tokens[at + 1 :]
    if not rdata or not _known(rtype):
        raise _Malformed
    if rclass == "IN":
        _keep(state, number, rtype, rdata)


def _known(mnemonic: str) -> bool:
    return mnemonic in _TYPES or _UNNAMED(mnemonic) is not None


def _keep(state: _State, number: int, rtype: str, rdata: list[str]) -> None:
    owner = state.owner or ""
    if rtype == "NS":
        if rdata[0] == "\\#":
            target = str(_odd("NS", rdata)).rstrip(".").lower()
        elif len(rdata) == 1:
            target = _absolute(state, number, rdata[0])
        else:
            raise _Malformed
        cut = state.cuts.get(owner)
        if cut is None:
            cut = state.cuts[owner] = _Cut(number, state.owner_text)
        elif not cut.ns:
            cut.line, cut.text = number, state.owner_text
        cut.ns.append(target)
    elif rtype == "DS":
        record = _ds(rdata)
        cut = state.cuts.setdefault(owner, _Cut(number, state.owner_text))
        cut.ds.append(record)
        cut.ds_text.append(" ".join(rdata))
    elif rtype == "RRSIG" and rdata[0].upper() == "DS":
        state.cuts.setdefault(owner, _Cut(number, state.owner_text)).signatures.append(" ".join(rdata))
    elif rtype in {"A", "AAAA"}:
        state.glue.append((number, owner, rdata[0]))
    elif rtype == "SOA" and state.apex is None:
        if len(rdata) < 7:
            raise _Malformed
        state.apex = owner


def _ds(rdata: list[str]) -> DsRecord:
    """RFC 4034 section 5.3; mnemonics and the form of RFC 3597 are left to dnspython."""
    numbers = rdata[:3]
    if len(rdata) > 3 and all(text.isascii() and text.isdecimal() for text in numbers):
        tag, algorithm, digest_type = map(int, numbers)
        if tag < 65536 and algorithm < 256 and digest_type < 256:
            return DsRecord(tag, algorithm, digest_type)
        raise _Malformed
    odd = _odd("DS", rdata)
    return DsRecord(odd.key_tag, int(odd.algorithm), int(odd.digest_type))  # type: ignore[attr-defined]


def _odd(rtype: str, rdata: list[str]) -> dns.rdata.Rdata:
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, rtype, " ".join(rdata))
    except (dns.exception.DNSException, ValueError) as error:
        raise _Malformed from error
