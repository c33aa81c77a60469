"""Queries read and replies written straight from and to octets (RFC 1035 section 4, RFC 6891, RFC 8914).

The lab's own codec: it must not share a mistake with `crawler.standards.wire`. It reads only what a server needs of a
query, and writes owner names with compression. The bad packets that the lab sends on purpose are made by
`lab.behaviours`.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from lab.names import Name, Type

QR: Final = 0x8000
AA: Final = 0x0400
TC: Final = 0x0200
RD: Final = 0x0100
CD: Final = 0x0010
DO: Final = 0x8000
COMPACT_OK: Final = 0x4000  # RFC 9824 section 5.1

NOERROR: Final = 0
FORMERR: Final = 1
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
NOTIMP: Final = 4
REFUSED: Final = 5
YXDOMAIN: Final = 6
BADVERS: Final = 16

UDP_SIZE: Final = 1232

COMPRESSED: Final = frozenset((Type.NS, Type.CNAME, Type.PTR, Type.MX, Type.SOA))
_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")

Record = tuple[Name, int, int, bytes]  # owner, type, ttl, rdata


class PacketFault(Exception):
    """Not a query that can be answered; with whatever header could be read, for the FORMERR."""


class Edns(NamedTuple):
    """What the client's OPT record says."""

    version: int
    size: int
    flags: int
    options: bytes


class Query(NamedTuple):
    """A question, as a server sees it."""

    id: int
    flags: int
    name: Name  # lower case
    type: int
    rclass: int
    question: bytes  # as it came, for its case
    edns: Edns | None
    tcp: bool = False

    @property
    def do(self) -> bool:
        """Whether signatures are wanted."""
        return self.edns is not None and bool(self.edns.flags & DO)

    @property
    def limit(self) -> int:
        """How many octets the reply may have."""
        if self.tcp:
            return 65535
        return max(512, min(self.edns.size, 4096)) if self.edns else 512


class Response:
    """What an authority has to say, before it is octets."""

    __slots__ = ("aa", "additional", "answer", "authority", "ede", "rcode")

    def __init__(self, rcode: int = NOERROR, *, aa: bool = False) -> None:
        self.rcode = rcode
        self.aa = aa
        self.answer: list[Record] = []
        self.authority: list[Record] = []
        self.additional: list[Record] = []
        self.ede: tuple[int, str] | None = None


def read_query(message: bytes, *, tcp: bool = False) -> Query:
    """The question and the EDNS of a query; `PacketFault` on anything else."""
    if len(message) < 12:
        raise PacketFault("no header")
    number, flags, questions, answers, authorities, extras = _HEADER.unpack_from(message)
    if flags & QR:
        raise PacketFault("a reply")
    if questions != 1 or answers or authorities:
        raise PacketFault("not one question")
    try:
        end = _skip_plain_name(message, 12)
        qtype, qclass = struct.unpack_from("!HH", message, end)
        edns = _read_edns(message, end + 4, extras) if extras else None
    except (IndexError, struct.error) as fault:
        raise PacketFault("cut short") from fault
    question = message[12 : end + 4]
    return Query(number, flags, message[12:end].lower(), qtype, qclass, question, edns, tcp)


def _skip_plain_name(message: bytes, at: int) -> int:
    start = at
    while size := message[at]:
        if size > 63:
            raise PacketFault("a pointer or worse in a question")
        at += size + 1
    if at - start > 254:
        raise PacketFault("a name too long")
    return at + 1


def _read_edns(message: bytes, at: int, records: int) -> Edns | None:
    found = None
    for _ in range(records):
        root = message[at] == 0
        while message[at]:
            if message[at] > 63:
                at += 1
                break
            at += message[at] + 1
        rtype, rclass, ttl, size = _FIXED.unpack_from(message, at + 1)
        at += 11 + size
        if at > len(message):
            raise PacketFault("cut short")
        if rtype == Type.OPT:
            if found or not root:
                raise PacketFault("more than one OPT, or not at the root")
            found = Edns((ttl >> 16) & 0xFF, rclass, ttl & 0xFFFF, message[at - size : at])
    return found


def write(query: Query, response: Response) -> bytes:
    """The reply in octets, never more than the client takes; cut to nothing but the question where it would be."""
    reply = _write(query, response, response.answer, response.authority, response.additional, 0)
    if len(reply) > query.limit:
        reply = _write(query, response, [], [], [], TC)
    return reply


def _write(
    query: Query, response: Response, answer: list[Record], authority: list[Record], additional: list[Record], tc: int
) -> bytes:
    rcode = response.rcode
    flags = QR | tc | (query.flags & (0x7800 | RD | CD)) | (rcode & 15) | (AA if response.aa else 0)
    opt = opt_record(rcode, query.edns.flags & DO, response.ede) if query.edns else b""
    out = bytearray(_HEADER.pack(query.id, flags, 1, len(answer), len(authority), len(additional) + bool(opt)))
    out += query.question
    offsets: dict[bytes, int] = {}
    at, name = 12, query.name
    while size := name[0]:
        offsets[name] = at
        at += size + 1
        name = name[size + 1 :]
    for section in (answer, authority, additional):
        for owner, rtype, ttl, rdata in section:
            put_name(out, owner, offsets)
            if rtype in COMPRESSED:
                put_rdata(out, rtype, ttl, rdata, offsets)
            else:
                out += _FIXED.pack(rtype, 1, ttl, len(rdata))
                out += rdata
    out += opt
    return bytes(out)


def opt_record(rcode: int, flags: int, ede: tuple[int, str] | None = None, *, version: int = 0) -> bytes:
    """Our own OPT record; an Extended DNS Error goes into it (RFC 8914 section 2)."""
    options = b""
    if ede is not None:
        text = ede[1].encode()
        options = struct.pack("!HHH", 15, 2 + len(text), ede[0]) + text
    ttl = (rcode >> 4) << 24 | version << 16 | flags
    return b"\0" + _FIXED.pack(Type.OPT, UDP_SIZE, ttl, len(options)) + options


def put_name(out: bytearray, name: Name, offsets: dict[bytes, int]) -> None:
    """Append a name, the longest known end of it as a pointer."""
    known = offsets.get(name)
    if known is not None:
        out += (0xC000 | known).to_bytes(2, "big")
        return
    base, at = len(out), 0
    while size := name[at]:
        suffix = name[at:]
        known = offsets.get(suffix)
        if known is not None:
            out += name[:at] + (0xC000 | known).to_bytes(2, "big")
            return
        if base + at < 0x4000:
            offsets[suffix] = base + at
        at += size + 1
    out += name


def put_rdata(out: bytearray, rtype: int, ttl: int, rdata: bytes, offsets: dict[bytes, int]) -> None:
    """Rdata with names that RFC 1035 lets us compress."""
    out += _FIXED.pack(rtype, 1, ttl, 0)
    start = len(out)
    if rtype == Type.MX:
        out += rdata[:2]
        _put_or_copy(out, rdata[2:], offsets)
    elif rtype == Type.SOA:
        try:
            middle = _skip_plain_name(rdata, 0)
            end = _skip_plain_name(rdata, middle)
        except (IndexError, PacketFault):
            out += rdata
        else:
            put_name(out, rdata[:middle], offsets)
            put_name(out, rdata[middle:end], offsets)
            out += rdata[end:]
    else:
        _put_or_copy(out, rdata, offsets)
    out[start - 2 : start] = (len(out) - start).to_bytes(2, "big")


def _put_or_copy(out: bytearray, name: bytes, offsets: dict[bytes, int]) -> None:
    """A name if it is one; the lab publishes rubbish too, and sends it as it is."""
    try:
        whole = _skip_plain_name(name, 0) == len(name)
    except (IndexError, PacketFault):
        whole = False
    if whole:
        put_name(out, name, offsets)
    else:
        out += name
