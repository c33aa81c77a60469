"""Names and rdata inside a message: decompressed, lower-cased, canonical (RFC 1035 4.1.4, RFC 3597 4, RFC 4034 6.2).

`READERS` holds the types whose rdata is looked into; every other rdata is the
slice of octets as it came. The names of the types of RFC 4034 section 6.2 (as
amended by RFC 6840 section 5.1: not NSEC) come out uncompressed and in lower
case, so that what `wire.decode` gives is the canonical rdata which signatures
cover. A6 is left out of that list: it is historic (RFC 6563), and nobody asks.

Compression pointers are followed in every name of those types, also where RFC
3597 section 4 only tolerates them, but in no other: an RRSIG whose signer is
compressed (forbidden by RFC 4034 section 3.1.7) stays raw, for ``dnssec`` to
refuse. Lengths inside DNSKEY, DS, NSEC, NSEC3, RRSIG, TLSA are the business of
whoever reads them.

Bounds: a pointer leads strictly backwards, and not into the header; a name
takes at most 127 of them and 255 octets; each offset of a message is read once.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from functools import lru_cache
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    #: The names already read in one message, by the 16 bits of a pointer to them.
    Seen = dict[int, bytes]
    #: (message, where the rdata begins, where it ends, names seen) -> canonical rdata
    Reader = Callable[[bytes, int, int, Seen], bytes]


class Type(IntEnum):
    """Resource record types that we ask for, read or name (IANA DNS parameters)."""

    A = 1
    NS = 2
    MD = 3
    MF = 4
    CNAME = 5
    SOA = 6
    MB = 7
    MG = 8
    MR = 9
    PTR = 12
    HINFO = 13
    MINFO = 14
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    RT = 21
    SIG = 24
    KEY = 25
    PX = 26
    AAAA = 28
    NXT = 30
    SRV = 33
    NAPTR = 35
    KX = 36
    DNAME = 39
    OPT = 41
    DS = 43
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    CDS = 59
    CDNSKEY = 60
    CSYNC = 62
    SVCB = 64
    HTTPS = 65
    SPF = 99
    NXNAME = 128  # a compact denial's "no such name" bit (RFC 9824)
    TSIG = 250
    ANY = 255
    CAA = 257


class Fault(StrEnum):
    """What is wrong with a message; the first fault found, in the order of its octets."""

    HEADER = "header"  # fewer than twelve octets
    QUESTIONS = "questions"  # more than one question (RFC 9619)
    TRUNCATED = "truncated"  # ends in the middle of a record, or its counts promise more (and TC is not set)
    POINTER = "pointer"  # a compression pointer that leads forward, into the header, or into the name that it is in
    POINTER_CHAIN = "pointer-chain"  # more pointers than a name has labels
    LABEL_TYPE = "label-type"  # a label that begins with the bits 01 or 10 (RFC 6891 section 5)
    NAME_TOO_LONG = "name-too-long"  # over 255 octets
    RDATA_MALFORMED = "rdata-malformed"  # names or fields that do not fill the rdata exactly
    OPT_REPEATED = "opt-repeated"  # several OPT records (RFC 6891 section 6.1.1)
    OPT_MISPLACED = "opt-misplaced"  # OPT outside the additional section, or not at the root
    OPT_MALFORMED = "opt-malformed"  # an option that overruns the OPT record


class WireFault(Exception):
    """Octets that are no DNS message; `fault` reaches the data, `at` is the offset where it was seen."""

    def __init__(self, fault: Fault, at: int) -> None:
        super().__init__(f"{fault} at octet {at}")
        self.fault = fault
        self.at = at


_MAX_NAME = 255
_MAX_JUMPS = 127  # the labels that a name can have; more pointers say nothing more
_POINTER = 0xC000
_HEADER_SIZE = 12


def read_name(message: bytes, at: int, seen: Seen, jumps: int = 0) -> tuple[bytes, int]:
    """The name at an offset, lower case and uncompressed, and the offset after it.

    May raise IndexError where the message ends too soon: `wire.decode` turns that into the fault.
    """
    here = at
    size = message[here]
    while size:
        if size > 63:
            if size < 192:
                raise WireFault(Fault.LABEL_TYPE, here)
            pointer = size << 8 | message[here + 1]
            suffix = seen.get(pointer)
            if suffix is None:
                if not _HEADER_SIZE <= pointer - _POINTER < at:
                    raise WireFault(Fault.POINTER, here)
                if jumps == _MAX_JUMPS:
                    raise WireFault(Fault.POINTER_CHAIN, here)
                suffix, after = read_name(message, pointer - _POINTER, seen, jumps + 1)
                if after > at:  # the two would overlap
                    raise WireFault(Fault.POINTER, here)
            elif jumps and _run_end(message, pointer - _POINTER) > at:  # known, but not to lie before this name
                raise WireFault(Fault.POINTER, here)
            name = message[at:here].lower() + suffix  # length octets are below "A": lower() leaves them alone
            here += 2
            break
        here += size + 1
        size = message[here]
    else:
        here += 1
        name = message[at:here].lower()
    if len(name) > _MAX_NAME:
        raise WireFault(Fault.NAME_TOO_LONG, at)
    seen[_POINTER + at] = name  # beyond 14 bits no pointer has such a key
    return name, here


def _run_end(message: bytes, at: int) -> int:
    """Where the octets of a name end that has been read before: after its root label or its pointer."""
    size = message[at]
    while 0 < size < 64:
        at += size + 1
        size = message[at]
    return at + 2 if size else at + 1


# ---- rdata with names in it ----


def _name(message: bytes, at: int, end: int, seen: Seen) -> bytes:
    """NS, CNAME, PTR, DNAME ...: one name and nothing else."""
    name, after = read_name(message, at, seen)
    if after != end:
        raise WireFault(Fault.RDATA_MALFORMED, at)
    return name


def _preference_and_name(message: bytes, at: int, end: int, seen: Seen) -> bytes:
    """MX, AFSDB, RT, KX: sixteen bits and a name."""
    name, after = read_name(message, at + 2, seen)
    if after != end:
        raise WireFault(Fault.RDATA_MALFORMED, at)
    return message[at : at + 2] + name


def _fields(before: int, names: int, after: int = 0, rest: bool = False) -> Reader:
    """A reader for some fixed octets, some names, some fixed octets, and perhaps a rest of any length."""

    def read(message: bytes, at: int, end: int, seen: Seen) -> bytes:
        here = at + before
        parts = [message[at:here]]
        for _ in range(names):
            if here >= end:
                raise WireFault(Fault.RDATA_MALFORMED, at)
            name, here = read_name(message, here, seen)
            parts.append(name)
        if here + after > end or not (rest or here + after == end):
            raise WireFault(Fault.RDATA_MALFORMED, at)
        parts.append(message[here:end])
        return b"".join(parts)

    return read


def _naptr(message: bytes, at: int, end: int, seen: Seen) -> bytes:
    """NAPTR: order, preference, three character strings, a name (RFC 3403 section 4.1)."""
    here = at + 4
    for _ in range(3):
        if here >= end:
            raise WireFault(Fault.RDATA_MALFORMED, at)
        here += message[here] + 1
    if here >= end:
        raise WireFault(Fault.RDATA_MALFORMED, at)
    name, after = read_name(message, here, seen)
    if after != end:
        raise WireFault(Fault.RDATA_MALFORMED, at)
    return message[at:here] + name


def _rrsig(message: bytes, at: int, end: int, _seen: Seen) -> bytes:
    """RRSIG: the signer in lower case if it is well-formed, else the octets as they came."""
    start = here = at + 18
    while here < end:
        size = message[here]
        if not size:
            signer = message[start : here + 1]
            lower = signer.lower()
            if lower == signer:
                break
            return message[at:start] + lower + message[here + 1 : end]
        if size > 63:
            break
        here += size + 1
    return message[at:end]


def _sized(size: int) -> Reader:
    """A reader for an rdata of exactly so many octets."""

    def read(message: bytes, at: int, end: int, _seen: Seen) -> bytes:
        if end - at != size:
            raise WireFault(Fault.RDATA_MALFORMED, at)
        return message[at:end]

    return read


READERS: dict[int, Reader] = {
    Type.A: _sized(4),
    Type.AAAA: _sized(16),
    Type.SOA: _fields(0, 2, 20),
    Type.MINFO: _fields(0, 2),
    Type.RP: _fields(0, 2),
    Type.PX: _fields(2, 2),
    Type.SRV: _fields(6, 1),
    Type.SIG: _fields(18, 1, rest=True),
    Type.NXT: _fields(0, 1, rest=True),
    Type.NAPTR: _naptr,
    Type.RRSIG: _rrsig,
}
#: Octets before the one name that ends the rdata; `wire` reads these types itself where the name is an easy one.
BEFORE_NAME: dict[int, int] = {
    int(rtype): before
    for before, types in (
        (0, (Type.NS, Type.MD, Type.MF, Type.CNAME, Type.MB, Type.MG, Type.MR, Type.PTR, Type.DNAME)),
        (2, (Type.MX, Type.AFSDB, Type.RT, Type.KX)),
    )
    for rtype in types
}
READERS |= {rtype: _preference_and_name if before else _name for rtype, before in BEFORE_NAME.items()}


def split_txt(rdata: bytes) -> bytes:
    """The character strings of a TXT rdata, joined without a space between (RFC 1035 section 3.3.14, RFC 7208 3.3)."""
    at, end = 0, len(rdata)
    parts = []
    while at < end:
        size = rdata[at]
        at += 1
        if at + size > end:
            raise WireFault(Fault.RDATA_MALFORMED, at)
        parts.append(rdata[at : at + size])
        at += size
    return b"".join(parts)


@lru_cache(maxsize=16_384)  # name servers and mail hosts are met again and again
def address(rdata: bytes) -> str:
    """An A or AAAA rdata as text (RFC 5952). Raises `ValueError` for octets that are neither four nor sixteen."""
    return ".".join(map(str, rdata)) if len(rdata) == 4 else str(IPv6Address(rdata))
