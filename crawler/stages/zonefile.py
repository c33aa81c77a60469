"""Master files as lists of names: the delegations below the apex, with their NS and DS (RFC 1035 section 5).

One pass, a line at a time, for registries' zones are large: only NS, DS and SOA are looked
into, every other record is checked for its type and counted. The input entries of a master
file are its NS owner names (each once, at its first line) and the lines that are no
resource record; all other lines belong to them or to the zone. Its own apex, and owners
outside the zone, are no delegations and are rejected as such. The apex is the owner of the
first SOA; without one, the NS owner that all others are below.

A file whose last line has no line end, or whose parenthesis never closes, was cut short
and raises `ListFault`; so do $INCLUDE and $GENERATE, for what they would add is not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from crawler.stages.source import Entry, Junk, Line, ListFault, Source, printable
from crawler.tables import DsRecord, Rejection

MAX_RECORD_LINES = 10_000

_TYPES = frozenset(name.replace("_", "-") for name in dns.rdatatype.RdataType.__members__) - {"NONE", "ANY"}
_CLASSES = frozenset({"IN", "CH", "HS", "CS"})
_TTL = re.compile(r"\d+|(?:\d+[WDHMSwdhms])+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[()]|(?:\\.|[^\s"();])+|"')
_SPECIAL = re.compile(r'[;("\\)]')


class _Malformed(Exception):
    """A line that is no resource record."""


@dataclass(slots=True)
class _Cut:
    """A delegation: where it was first named, and by which name servers it is served."""

    line: int
    text: str
    ns: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Zone:
    """What has been read so far."""

    source: Source
    origin: str | None
    owner: str | None = None
    owner_text: str = ""
    apex: str | None = None
    relative: str = ""  # the first relative name that nothing made whole
    cuts: dict[str, _Cut] = field(default_factory=dict)
    ds: dict[str, list[DsRecord]] = field(default_factory=dict)


def read(source: Source, numbered: Iterator[Line], origin: str | None = None) -> Iterator[Entry | Junk]:
    """The entries of a master file: junk as it comes, the delegations at the end, in the order of the file."""
    zone = _Zone(source, None if origin is None else origin.rstrip(".").lower())
    tally = source.tally
    for number, line, flaw in numbered:
        if flaw is not None:
            tally.entries += 1
            yield Junk(number, printable(line), flaw)
            continue
        blank_owner = line[:1] in {" ", "\t"}
        lines_taken = 1
        try:
            if _SPECIAL.search(line):
                tokens, lines_taken = _tokens(source, number, line, numbered)
            else:
                tokens = line.split()
            if not tokens or tokens[0][0] == "$":
                _directive(zone, number, tokens)
                tally.blank += lines_taken
                continue
            _record(zone, number, tokens, blank_owner)
        except _Malformed:
            tally.entries += 1
            tally.records += lines_taken - 1
            yield Junk(number, printable(line), Rejection.MALFORMED_RECORD)
            continue
        tally.records += lines_taken
    if not tally.whole:
        raise ListFault(f"{source.name}: cut short: line {tally.lines}, the last, has no line end")
    if zone.relative:
        raise ListFault(f"{source.name}: {zone.relative}; give --origin")
    yield from _delegations(zone)


def _tokens(source: Source, number: int, line: str, numbered: Iterator[Line]) -> tuple[list[str], int]:
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


def _directive(zone: _Zone, number: int, tokens: list[str]) -> None:
    if not tokens:
        return
    match tokens[0].upper(), len(tokens):
        case "$ORIGIN", 2:
            zone.origin = _absolute(zone, number, tokens[1])
        case "$TTL", 2:
            pass
        case ("$INCLUDE" | "$GENERATE") as name, _:
            raise ListFault(f"{zone.source.name}: line {number}: {name} is not followed; give the whole zone")
        case _:
            raise _Malformed


def _absolute(zone: _Zone, number: int, text: str) -> str:
    """A name in lower case without its final dot; the root is the empty text."""
    if text[-1] == "." and not text.endswith("\\."):
        return text[:-1].lower()
    if zone.origin is None:
        zone.relative = zone.relative or f"line {number}: {printable(text)[:60]!r} is relative, and there is no $ORIGIN"
        raise _Malformed
    if text == "@":
        return zone.origin
    return f"{text.lower()}.{zone.origin}" if zone.origin else text.lower()


def _record(zone: _Zone, number: int, tokens: list[str], blank_owner: bool) -> None:
    """[owner] [TTL] [class] type rdata, TTL and class in either order (section 5.1)."""
    at = 0
    if not blank_owner:
        text, at = tokens[0], 1
        if text != zone.owner_text or text[-1] != ".":
            zone.owner_text, zone.owner = text, _absolute(zone, number, text)
    if zone.owner is None:
        raise _Malformed
    if at < len(tokens) and _TTL.fullmatch(tokens[at]):
        at += 1
    rclass = "IN"
    if at < len(tokens) and tokens[at].upper() in _CLASSES:
        rclass = tokens[at].upper()
        at += 1
        if at < len(tokens) and _TTL.fullmatch(tokens[at]):
            at += 1
    rtype = tokens[at].upper() if at < len(tokens) else ""
    rdata = tokens[at + 1 :]
    if not rdata or not (rtype in _TYPES or re.fullmatch(r"TYPE\d{1,5}", rtype)):
        raise _Malformed
    if rclass == "IN":
        _keep(zone, number, rtype, rdata)


def _keep(zone: _Zone, number: int, rtype: str, rdata: list[str]) -> None:
    owner = zone.owner or ""
    if rtype == "NS":
        if rdata[0] == "\\#":
            target = str(_odd("NS", rdata)).rstrip(".").lower()
        elif len(rdata) == 1:
            target = _absolute(zone, number, rdata[0])
        else:
            raise _Malformed
        cut = zone.cuts.get(owner)
        if cut is None:
            cut = zone.cuts[owner] = _Cut(number, zone.owner_text)
        cut.ns.append(target)
    elif rtype == "DS":
        zone.ds.setdefault(owner, []).append(_ds(rdata))
    elif rtype == "SOA" and zone.apex is None:
        if len(rdata) < 7:
            raise _Malformed
        zone.apex = owner


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


def _delegations(zone: _Zone) -> Iterator[Entry | Junk]:
    apex = zone.apex if zone.apex is not None else _top(zone)
    tally = zone.source.tally
    for owner, cut in zone.cuts.items():
        tally.records -= 1
        tally.entries += 1
        if apex is not None and (owner == apex or (apex and not owner.endswith("." + apex))):
            yield Junk(cut.line, printable(cut.text), Rejection.NO_DELEGATION)
            continue
        text = cut.text if cut.text[-1] == "." else owner
        yield Entry(cut.line, text, ns=tuple(cut.ns), ds=tuple(zone.ds.get(owner, ())))


def _top(zone: _Zone) -> str | None:
    """Without an SOA: the NS owner that all other NS owners are below, if there is one."""
    if len(zone.cuts) < 2:
        return zone.origin
    shortest = min(zone.cuts, key=len)
    below = "." + shortest if shortest else ""
    return shortest if all(owner == shortest or owner.endswith(below) for owner in zone.cuts) else zone.origin
