"""What a name server's reply means for the question that was put (RFC 1034 section 4.3.2, RFC 2308 section 2.2).

Pure: a decoded message, the question and the zone that the server was asked for go
in, a `Reading` comes out. Nothing is believed here beyond the server's own
bailiwick; whether it is signed is ``validate``, what to do next is ``iterate``.

RFC 8020, RFC 6604 and dead-letter servers disagree about details; two choices are
deliberate: AA is not demanded of an answer that holds the RRset (real servers
forget it), and an empty reply that is not authoritative and brings neither SOA nor
denial is lame.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from crawler.resolver.answer import Outcome
from crawler.standards.names import count, is_below
from crawler.standards.wire import IN, Rcode, Type

if TYPE_CHECKING:
    from crawler.standards.wire import Message, Record

NAME_LIMIT = 255  # octets of a name on the wire (RFC 1035 section 2.3.4)


class Kind(Enum):
    """What a reply is to the walker."""

    ANSWER = "the RRset that was asked for"
    ALIAS = "a CNAME at the name, or a DNAME above it"
    NODATA = "the name is there, the type is not"
    NXDOMAIN = "the name is not there"
    REFERRAL = "another zone, further down, knows"
    FAILURE = "nothing that can be used; `outcome` says why"


class Reading(NamedTuple):
    """A reply, understood.

    `owner` is where the deciding RRset sits: the question's name, the DNAME's, the
    child zone of a referral, or the zone whose SOA came with a negative answer.
    `rtype` is the type of the deciding RRset (of the alias, for an alias).
    """

    kind: Kind
    outcome: Outcome
    owner: bytes
    rtype: int
    rdatas: tuple[bytes, ...] = ()
    ttl: int = 0
    target: bytes = b""


#: On every reply's way: a member looked up in its enum costs ten times as much as a global (Python 3.11).
_ANSWER, _ANSWERED = Kind.ANSWER, Outcome.ANSWER
_NODATA, _NO_DATA, _NXDOMAIN, _NO_DOMAIN = Kind.NODATA, Outcome.NODATA, Kind.NXDOMAIN, Outcome.NXDOMAIN
_REFERRAL, _LAME = Kind.REFERRAL, Outcome.LAME
_NS, _SOA, _DS, _DNAME = Type.NS, Type.SOA, Type.DS, Type.DNAME
_RCODE_NXDOMAIN = int(Rcode.NXDOMAIN)
_new = tuple.__new__  # a named tuple's constructor without its frame
_USABLE = frozenset(map(int, (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN)))
_YXDOMAIN = int(Rcode.YXDOMAIN)
_CNAME = int(Type.CNAME)
_DENIALS = (Type.NSEC, Type.NSEC3)
_FAILURES: dict[int, Outcome] = {
    Rcode.FORMERR: Outcome.FORMERR,
    Rcode.SERVFAIL: Outcome.SERVFAIL,
    Rcode.NOTIMP: Outcome.NOTIMP,
    Rcode.REFUSED: Outcome.REFUSED,
    Rcode.NOTAUTH: Outcome.LAME,
}


def read(message: Message, name: bytes, qtype: int, zone: bytes) -> Reading:
    """Classify a reply to (name, qtype) from a server that was asked for `zone`."""
    rcode = message.rcode
    if rcode not in _USABLE:
        return failure(_FAILURES.get(rcode, Outcome.BAD_RCODE), zone)
    if message.answer:
        rrset = message.rrset
        if rrset is not None and rrset[0] == qtype and not rcode and qtype != _CNAME and message.answer[0][0] == name:
            return _new(Reading, (_ANSWER, _ANSWERED, name, qtype, rrset[1], rrset[2], b""))
        found = _positive(message.answer, name, qtype, zone)
        if found is not None and not (rcode == _YXDOMAIN and found.kind is _ANSWER):
            return found
    if rcode == _YXDOMAIN:  # it says that an alias leads too far; nothing else (RFC 6672 section 2.2)
        return failure(Outcome.BAD_RCODE, zone)
    return _negative(message, name, qtype, zone)


def failure(outcome: Outcome, zone: bytes) -> Reading:
    """A reading that says nothing about the name."""
    return Reading(Kind.FAILURE, outcome, zone, 0)


def _positive(records: list[Record], name: bytes, qtype: int, zone: bytes) -> Reading | None:
    """The RRset at the name itself; else the alias that the answer section holds for it."""
    rdatas: list[bytes] = []
    least = 0
    for owner, rtype, rclass, ttl, rdata in records:
        if rtype == qtype and owner == name and rclass == IN:
            least = ttl if not rdatas or ttl < least else least
            if rdata not in rdatas:  # an RRset is a set (RFC 2181 section 5)
                rdatas.append(rdata)
        elif not rdatas and rtype == _CNAME and owner == name and rclass == IN:
            break  # other data at an alias should not be (RFC 1034 section 3.6.2): what comes first counts
    if rdatas and qtype != _CNAME:
        return _new(Reading, (_ANSWER, _ANSWERED, name, qtype, tuple(rdatas), least, b""))
    for owner, rtype, rclass, ttl, rdata in records:
        if rclass != IN:
            continue
        if rtype == _DNAME and owner != name and is_below(name, owner) and is_below(owner, zone):
            target = name[: len(name) - len(owner)] + rdata
            if len(target) > NAME_LIMIT:  # YXDOMAIN, RFC 6672 section 2.2
                return failure(Outcome.ALIAS_TOO_LONG, zone)
            return Reading(Kind.ALIAS, Outcome.ANSWER, owner, Type.DNAME, (rdata,), ttl, target)
    if rdatas:  # a CNAME that was asked for, and that no DNAME explains (RFC 6672 section 3.1)
        return Reading(Kind.ANSWER, Outcome.ANSWER, name, qtype, tuple(rdatas), least)
    for owner, rtype, rclass, ttl, rdata in records:
        if rtype == Type.CNAME and owner == name and rclass == IN:
            return Reading(Kind.ALIAS, Outcome.ANSWER, owner, Type.CNAME, (rdata,), ttl, rdata)
    return None


def _negative(message: Message, name: bytes, qtype: int, zone: bytes) -> Reading:
    """Referral, NODATA, NXDOMAIN or lame, by the authority section."""
    apex, ttl, child = b"", 0, b""
    for owner, rtype, rclass, record_ttl, rdata in message.authority:
        if rclass != IN:
            continue
        if rtype == _SOA and is_below(name, owner) and is_below(owner, zone):
            apex, ttl = owner, min(record_ttl, int.from_bytes(rdata[-4:], "big"))  # RFC 2308 section 5
        elif rtype == _NS and is_below(name, owner) and owner != zone and is_below(owner, zone):
            child = owner
    if message.rcode == _RCODE_NXDOMAIN:
        return _new(Reading, (_NXDOMAIN, _NO_DOMAIN, apex or zone, _SOA, (), ttl, b""))
    if child and not apex:
        if qtype == _DS and child == name:  # an old server refers instead of answering or denying
            if (found := _positive(message.authority, name, qtype, zone)) is not None:
                return found
            return Reading(_NODATA, _NO_DATA, zone, _SOA)
        return _new(Reading, (_REFERRAL, _LAME, child, _NS, (), 0, b""))
    if apex or message.aa or _denied(message, zone):
        return _new(Reading, (_NODATA, _NO_DATA, apex or zone, _SOA, (), ttl, b""))
    return failure(Outcome.LAME, zone)


def _denied(message: Message, zone: bytes) -> bool:
    """Whether NSEC or NSEC3 records of the zone say that something is not there, though SOA and AA are missing."""
    return any(rtype in _DENIALS and is_below(owner, zone) for owner, rtype, _, _, _ in message.authority)


def next_question(zone: bytes, name: bytes, known: int) -> bytes:
    """The name to ask a server of `zone` on the way to `name`, which lies below: one label more than are `known`.

    That is QNAME minimisation (RFC 9156 section 2.3).
    A label that begins with an underscore is no zone cut worth looking for (RFC 9156
    section 2.3 lets us skip it): the whole name is asked at once.
    """
    if name[name[0] + 1 :] == zone or name == zone:  # the usual cases; what is below would say the same
        return name
    at, end = 0, len(name) - len(zone)
    labels: list[int] = []  # where those begin that are not the zone's
    while at < end:
        labels.append(at)
        at += name[at] + 1
    extra = len(labels) - max(0, known - count(zone)) if known else len(labels)
    if extra <= 1:
        return name
    start = labels[extra - 1]
    if name[start + 1 : start + 2] == b"_":
        return name
    return name[start:]
