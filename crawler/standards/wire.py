"""DNS messages: a query into octets, a reply into plain tuples (RFC 1035, 3597, 6891, 8914).

The hot path: `struct`, one table of names per message, slices of rdata, and no
object per record but a tuple. `decode` raises `WireFault` with an enumerated
fault, and nothing else, in time bounded by the message's size. What rdata comes
out canonical, and how names are bounded, stands in ``rdata``.

What we take although it is odd, and why:

* Octets after the last record: counted in `Message.trailing`, else ignored, as
  Unbound does. Nothing that we read depends on them.
* A message that sets TC and then ends in the middle of a record: its whole
  records. Who sees TC asks again over TCP (RFC 2181 section 9), and must not
  take a server for broken that cut its reply where the datagram ended.
* An Extended DNS Error option too short for its code (RFC 8914 section 2): kept
  in `Edns.options`, absent from `Edns.ede`; it is advice, not data.
* A TTL with its top bit set: 0 (RFC 2181 section 8).

Left to others: whether a reply answers the query is for ``net`` (id, question)
and ``resolver/reply`` (everything else); TSIG, SIG(0) and updates are not read.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crawler.standards.alike import Memory
from crawler.standards.rdata import BEFORE_NAME, READERS, Fault, Type, WireFault, read_name, split_txt

if TYPE_CHECKING:
    from crawler.standards.rdata import Seen

__all__ = [
    "IN",
    "Edns",
    "Fault",
    "Message",
    "Rcode",
    "Record",
    "Type",
    "WireFault",
    "decode",
    "encode_query",
    "split_txt",
    "usual_query",
]

#: (owner, type, class, TTL in seconds, canonical rdata)
Record = tuple[bytes, int, int, int, bytes]

IN = 1  # class Internet, the only one we ask in


class Rcode(IntEnum):
    """Response codes (RFC 1035 section 4.1.1, RFC 2136, RFC 6891 section 9)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    BADVERS = 16
    BADCOOKIE = 23


class Edns(NamedTuple):
    """The OPT record of a message (RFC 6891 section 6.1)."""

    version: int
    udp_size: int
    do: bool
    ede: tuple[tuple[int, str], ...]  # Extended DNS Errors: code and text (RFC 8914)
    options: tuple[tuple[int, bytes], ...]  # every option as it came, EDE included


_QR, _AA, _TC, _RD, _RA, _AD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010


class Message(NamedTuple):
    """A decoded message. The records are those of each section in order, the OPT record taken out."""

    id: int
    flags: int  # the sixteen bits as they came
    rcode: int  # extended by the OPT record's eight bits, if there is one
    question: tuple[bytes, int, int] | None  # name, type, class
    answer: list[Record]
    authority: list[Record]
    additional: list[Record]
    edns: Edns | None
    trailing: int  # octets after the last record
    signed: bool = True  # perhaps; where not, no record is an RRSIG of class IN
    size: int = 0  # octets
    tcp: bool = False  # set by whoever had to fetch it so
    rrset: tuple[int, tuple[bytes, ...], int] | None = None  # type, rdatas, TTL: all answers, where that is known

    @property
    def qr(self) -> bool:
        """A response."""
        return self.flags & _QR != 0

    @property
    def opcode(self) -> int:
        """What kind of query; 0 is the standard one."""
        return self.flags >> 11 & 15

    @property
    def aa(self) -> bool:
        """Authoritative answer."""
        return self.flags & _AA != 0

    @property
    def tc(self) -> bool:
        """Cut short."""
        return self.flags & _TC != 0

    @property
    def ra(self) -> bool:
        """Recursion available."""
        return self.flags & _RA != 0

    @property
    def ad(self) -> bool:
        """Authentic data, says the server (RFC 4035 section 3.2.3)."""
        return self.flags & _AD != 0


# ---- encoding ----

_pack_header = struct.Struct(">HHHHHH").pack
_pack_question = struct.Struct(">HH").pack
_pack_opt = struct.Struct(">BHHIH").pack
_DO = 0x8000  # in the lower half of the OPT record's TTL (RFC 3225)


@lru_cache(maxsize=1024)
def _after_name(qtype: int, edns: bool, do: bool, udp_size: int) -> bytes:
    """All of a query that comes after its name."""
    question = _pack_question(qtype, IN)
    return question + _pack_opt(0, Type.OPT, udp_size, _DO if do else 0, 0) if edns else question


def encode_query(
    name: bytes,
    qtype: int,
    *,
    id: int,
    rd: bool = False,
    cd: bool = False,
    edns: bool = True,
    do: bool = True,
    udp_size: int = 1232,
) -> bytes:
    """One question in class IN; the name is wire form and goes out as it is."""
    flags = (_RD if rd else 0) | (_CD if cd else 0)
    return _pack_header(id, flags, 1, 0, 0, 1 if edns else 0) + name + _after_name(qtype, edns, do, udp_size)


def usual_query(name: bytes, qtype: int) -> bytes:
    """`encode_query` with nothing but defaults and id 0, at a fifth of its cost."""
    return _USUAL_HEADER + name + (_usual_end(qtype) or _after_name(qtype, True, True, 1232))


_USUAL_HEADER = _pack_header(0, 0, 1, 0, 0, 1)
_usual_end = {int(rtype): _after_name(rtype, True, True, 1232) for rtype in (Type.MX, Type.TXT, Type.TLSA)}.get

# ---- decoding ----

_unpack_header = struct.Struct(">HHHHHH").unpack_from
_unpack_question = struct.Struct(">HH").unpack_from
_unpack_record = struct.Struct(">HHIH").unpack_from
_unpack_pointed_record = struct.Struct(">HHHIH").unpack_from  # the owner is a pointer: one step for all

_reader = READERS.get
#: Rdata of a known length; longer or shorter, their reader complains.
_address_size = {int(Type.A): 4, int(Type.AAAA): 16}.get
_before_name = BEFORE_NAME.get
_new = tuple.__new__  # a named tuple's constructor without its frame

_HEADER_SIZE = 12
_MAX_NAME = 255
_POINTER = 0xC000
_ROOT = b"\0"
_OPT = int(Type.OPT)
_EDE = 15
_SIGNATURE = bytes((0, Type.RRSIG, 0, IN))  # type and class of every RRSIG record
_memory = Memory()
_known = _memory.get

#: An OPT record: owner, class (the sender's UDP size), TTL (rcode, version, flags), rdata's begin and end.
_Opt = tuple[bytes, int, int, int, int]


def decode(message: bytes, asked: bytes = b"") -> Message:
    """The message that these octets are; raises `WireFault`, and nothing else.

    `asked` is the name of the question that it ought to repeat, in lower case: if it does, that need not be read.
    """
    key = None
    if asked and message.startswith(asked, _HEADER_SIZE) and message[7] and _SIGNATURE not in message:  # some answers
        end = _HEADER_SIZE + len(asked)
        key = end, message[4:_HEADER_SIZE] + message[end:]
        known = _known(key)
        if known is not None:
            shared, qtype, qclass, answer, authority, own, additional, rcode, edns, trailing, rrset = known
            for at, name in shared:
                if asked[at:] != name:
                    break
            else:
                id, flags = _unpack_question(message)
                return _new(
                    Message,
                    (
                        id, flags, flags & 15 | rcode, (asked, qtype, qclass),
                        [(asked, rtype, rclass, ttl, rdata) for rtype, rclass, ttl, rdata in answer],
                        [(asked, *record) for record in own] if own else authority,
                        additional, edns, trailing, False, len(message), False, rrset,
                    ),
                )  # fmt: skip
    read = _read(message, asked)
    if key is not None and read.answer and not read.flags & _TC:
        _memory.keep(key, asked, read)
    return read


def _read(message: bytes, asked: bytes) -> Message:
    """The message, octet by octet."""
    if len(message) < _HEADER_SIZE:
        raise WireFault(Fault.HEADER, len(message))
    id, flags, questions, answers, authorities, additionals = _unpack_header(message)
    answer: list[Record] = []
    authority: list[Record] = []
    additional: list[Record] = []
    opts: list[_Opt] = []
    question = None
    seen: Seen = {}
    trailing = 0
    try:
        at = _HEADER_SIZE
        if questions:
            if questions > 1:
                raise WireFault(Fault.QUESTIONS, 4)
            if asked and message.startswith(asked, at):
                name = rest = asked
                while size := rest[0]:  # most pointers lead here
                    seen[_POINTER + at] = rest
                    at += size + 1
                    rest = rest[size + 1 :]
                at += 1
            else:
                name, at = read_name(message, at, seen)
            qtype, qclass = _unpack_question(message, at)
            question = (name, qtype, qclass)
            at += 4
        if answers:
            at = _records(message, at, answers, seen, answer, None)
        if authorities:
            at = _records(message, at, authorities, seen, authority, None)
        if additionals:
            at = _records(message, at, additionals, seen, additional, opts)
        trailing = len(message) - at
    except (IndexError, struct.error):
        if not flags & _TC:
            raise WireFault(Fault.TRUNCATED, len(message)) from None
    rcode, edns = 0, None
    if opts:
        if len(opts) == 1 and opts[0][3] == opts[0][4] and opts[0][0] == _ROOT:  # nothing but what nearly all say
            _, udp_size, ttl, _, _ = opts[0]
            rcode, edns = ttl >> 24 << 4, _bare_edns(udp_size, ttl)
        else:
            rcode, edns = _read_opt(message, opts)
    signed = _SIGNATURE in message
    return _new(
        Message,
        (
            id, flags, flags & 15 | rcode, question, answer, authority, additional, edns, trailing, signed,
            len(message), False, None,
        ),
    )  # fmt: skip


def _records(message: bytes, at: int, count: int, seen: Seen, records: list[Record], opts: list[_Opt] | None) -> int:
    """Read so many records into a list, OPT records into another; returns the offset after them.

    Where the message ends too soon it raises IndexError or struct.error, with the whole records kept.
    """
    total = len(message)
    append = records.append
    for _ in range(count):
        first = message[at]
        if first > 191:
            pointer, rtype, rclass, ttl, size = _unpack_pointed_record(message, at)
            owner = seen.get(pointer) or read_name(message, at, seen)[0]
            at += 12
        else:
            owner, at = read_name(message, at, seen) if first else (_ROOT, at + 1)
            rtype, rclass, ttl, size = _unpack_record(message, at)
            at += 10
        end = at + size
        if end > total:
            raise IndexError
        if rtype == _OPT:
            if opts is None:
                raise WireFault(Fault.OPT_MISPLACED, at)
            opts.append((owner, rclass, ttl, at, end))
            at = end
            continue
        before = _before_name(rtype)
        if before is not None and (suffix := seen.get(message[end - 2] << 8 | message[end - 1])):
            # nearly all names: labels, then a pointer that is known; whatever else it is, `read_name` tells
            here = start = at + before
            last = end - 2
            while here < last and 0 < (label := message[here]) < 64:
                here += label + 1
            if here == last and last - start + len(suffix) <= _MAX_NAME:
                name = message[start:last].lower() + suffix
                seen[_POINTER + start] = name
                if start < last:
                    first = message[start] + 1
                    seen[_POINTER + start + first] = name[first:]  # where the next name of the RRset often leads
                rdata = message[at:start] + name if before else name
                append((owner, rtype, rclass, ttl if ttl < 0x80000000 else 0, rdata))
                at = end
                continue
        reader = _reader(rtype)
        if reader is None or _address_size(rtype) == size:
            rdata = message[at:end]
        else:
            try:
                rdata = reader(message, at, end, seen)
            except IndexError:  # the record is whole, a name in it is not
                raise WireFault(Fault.RDATA_MALFORMED, at) from None
        append((owner, rtype, rclass, ttl if ttl < 0x80000000 else 0, rdata))
        at = end
    return at


def _read_opt(message: bytes, opts: list[_Opt]) -> tuple[int, Edns]:
    """The upper bits of the RCODE, in their place, and the rest of the OPT record (RFC 6891 section 6.1)."""
    owner, udp_size, ttl, at, end = opts[0]
    if len(opts) > 1:
        raise WireFault(Fault.OPT_REPEATED, opts[1][3])
    if owner != _ROOT:
        raise WireFault(Fault.OPT_MISPLACED, at)
    edns = _bare_edns(udp_size, ttl)
    if at == end:
        return ttl >> 24 << 4, edns
    ede: list[tuple[int, str]] = []
    options: list[tuple[int, bytes]] = []
    while at < end:
        if at + 4 > end:
            raise WireFault(Fault.OPT_MALFORMED, at)
        code, size = _unpack_question(message, at)
        at += 4
        if at + size > end:
            raise WireFault(Fault.OPT_MALFORMED, at)
        data = message[at : at + size]
        options.append((code, data))
        if code == _EDE and size > 1:
            text = data[2:].rstrip(b"\0").decode("utf-8", "replace")  # some end it with a NUL (RFC 8914 section 2)
            ede.append((data[0] << 8 | data[1], text))
        at += size
    return ttl >> 24 << 4, edns._replace(ede=tuple(ede), options=tuple(options))


@lru_cache(maxsize=1024)  # most servers say one of a few things
def _bare_edns(udp_size: int, ttl: int) -> Edns:
    """An OPT record without options."""
    return Edns(ttl >> 16 & 255, udp_size, ttl & _DO != 0, (), ())
