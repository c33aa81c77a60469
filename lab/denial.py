"""What proves absence: NSEC, NSEC3 and compact denial, from whole chains or by white lies.

RFC 4034 section 4 and RFC 4035 section 3.1.3 (NSEC), RFC 5155 section 7 (NSEC3, opt-out), RFC 4470 (white lies), RFC
9824 (compact). An explicit zone has its real chain; a zone on line lies narrowly about the neighbourhood of what was
asked. Which proof a reply needs is said here too; where it goes in the reply, `lab.authority` says.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from base64 import b32hexdecode
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING, Final, NamedTuple

from lab.names import WILDCARD, Name, Type, ancestors, canonical_key, join
from lab.signer import Denial, Signing

if TYPE_CHECKING:
    from lab.zones import Node, RRset, Zone

OPT_OUT: Final = 1
HASH_SPACE: Final = 1 << 160
_DIGITS: Final = b"0123456789abcdefghijklmnopqrstuv"
_PAIRS: Final = [bytes((high, low)) for high in _DIGITS for low in _DIGITS]
_SHIFTS: Final = range(150, -1, -10)


class Span(NamedTuple):
    """One NSEC or NSEC3 record, not yet signed."""

    owner: Name
    rtype: int
    rdata: bytes


class Chain(ABC):
    """The denials of one zone."""

    compact = False

    def __init__(self, zone: Zone) -> None:
        self.zone = zone

    @abstractmethod
    def match(self, name: Name) -> Span | None:
        """The record at this very name (or its hash), if the chain has one."""

    @abstractmethod
    def cover(self, name: Name) -> Span:
        """A record that says that there is nothing at this name (or its hash)."""

    @abstractmethod
    def nxdomain(self, name: Name, encloser: Name) -> list[Span]:
        """No such name, nor a wildcard that would stand in for it."""

    @abstractmethod
    def nodata(self, name: Name) -> list[Span]:
        """The name exists, the type does not; of a delegation: no DS."""

    @abstractmethod
    def wildcard(self, name: Name, encloser: Name) -> list[Span]:
        """Nothing closer than the wildcard that was expanded."""

    @abstractmethod
    def wildcard_nodata(self, name: Name, encloser: Name) -> list[Span]:
        """The wildcard stands in for the name, and has no such type."""

    def spans(self) -> Iterable[Span]:
        """The whole chain, in order; only an explicit one has it."""
        return ()


class NsecChain(Chain):
    """All names known, canonical order."""

    def __init__(self, zone: Zone) -> None:
        super().__init__(zone)
        nodes = zone.nodes()
        self._names = [name for name in authoritative(zone) if nodes[name].rrsets]
        self._keys = [canonical_key(name) for name in self._names]

    def _span(self, index: int) -> Span:
        name = self._names[index]
        following = self._names[(index + 1) % len(self._names)]
        return nsec(name, following, self.zone.nodes()[name])

    def match(self, name: Name) -> Span | None:
        index = bisect_right(self._keys, canonical_key(name)) - 1
        return self._span(index) if self._names[index] == name else None

    def cover(self, name: Name) -> Span:
        return self._span(bisect_right(self._keys, canonical_key(name)) - 1)

    def nxdomain(self, name: Name, encloser: Name) -> list[Span]:
        return _distinct(self.cover(name), self.cover(WILDCARD + encloser))

    def nodata(self, name: Name) -> list[Span]:
        return [self.match(name) or self.cover(name)]

    def wildcard(self, name: Name, encloser: Name) -> list[Span]:  # noqa: ARG002
        return [self.cover(name)]

    def wildcard_nodata(self, name: Name, encloser: Name) -> list[Span]:
        return _distinct(self.cover(name), *self.nodata(WILDCARD + encloser))

    def spans(self) -> Iterable[Span]:
        return (self._span(index) for index in range(len(self._names)))


class NsecOnline(Chain):
    """White lies: the narrowest span around what was asked (RFC 4470 section 4)."""

    def match(self, name: Name) -> Span | None:
        node = self.zone.find(name)
        return None if node is None else nsec(name, _below(name), node)

    def cover(self, name: Name) -> Span:
        label, rest = name[1 : name[0] + 1], name[name[0] + 1 :]
        after = join(label + b"\0", rest) if len(label) < 63 and len(name) < 255 else _below(name)
        return Span(_before(label, rest), Type.NSEC, after + bitmap((Type.RRSIG, Type.NSEC)))

    def nxdomain(self, name: Name, encloser: Name) -> list[Span]:
        return _distinct(self.cover(next_closer(name, encloser)), self.cover(WILDCARD + encloser))

    def nodata(self, name: Name) -> list[Span]:
        return _present(self.match(name))

    def wildcard(self, name: Name, encloser: Name) -> list[Span]:
        return [self.cover(next_closer(name, encloser))]

    def wildcard_nodata(self, name: Name, encloser: Name) -> list[Span]:
        return [self.cover(next_closer(name, encloser)), *self.nodata(WILDCARD + encloser)]


class Compact(NsecOnline):
    """One NSEC at the name itself; a name that is not there is said to have nothing but NXNAME (RFC 9824 section 2)."""

    compact = True

    def nxdomain(self, name: Name, encloser: Name) -> list[Span]:  # noqa: ARG002
        return [Span(name, Type.NSEC, _below(name) + bitmap((Type.RRSIG, Type.NSEC, Type.NXNAME)))]

    def wildcard(self, name: Name, encloser: Name) -> list[Span]:  # noqa: ARG002 - signed as if it were there
        return []

    def wildcard_nodata(self, name: Name, encloser: Name) -> list[Span]:
        node = self.zone.find(WILDCARD + encloser)
        return [] if node is None else [nsec(name, _below(name), node)]


class Nsec3(Chain):
    """What both kinds of NSEC3 chain have in common: which records prove what (RFC 5155 section 7.2)."""

    def __init__(self, zone: Zone) -> None:
        super().__init__(zone)
        assert zone.signing is not None
        self.signing: Signing = zone.signing
        flags = OPT_OUT if self.signing.opt_out else 0
        salt = self.signing.salt
        self._head = struct.pack("!BBHB", 1, flags, self.signing.iterations, len(salt)) + salt + b"\x14"

    def hash(self, name: Name) -> bytes:
        """RFC 5155 section 5."""
        return nsec3_hash(name, self.signing.salt, self.signing.iterations)

    def record(self, owner: bytes, following: bytes, types: bytes) -> Span:
        """An NSEC3 record between two hashes."""
        return Span(b"\x20" + base32hex(owner) + self.zone.apex, Type.NSEC3, self._head + following + types)

    def _encloser(self, name: Name) -> tuple[Name, Span]:
        """The closest provable encloser: under opt-out some names that exist have no record."""
        for step in ancestors(name):
            if (span := self.match(step)) is not None:
                return step, span
        raise AssertionError("the apex is always there")

    def _closest(self, name: Name) -> tuple[Name, list[Span]]:
        encloser, span = self._encloser(name)
        if encloser == name:
            return encloser, [span]
        return encloser, [span, self.cover(next_closer(name, encloser))]

    def nxdomain(self, name: Name, encloser: Name) -> list[Span]:  # noqa: ARG002
        found, spans = self._closest(name)
        return _distinct(*spans, self.cover(WILDCARD + found))

    def nodata(self, name: Name) -> list[Span]:
        return _distinct(*self._closest(name)[1])

    def wildcard(self, name: Name, encloser: Name) -> list[Span]:
        return [self.cover(next_closer(name, encloser))]

    def wildcard_nodata(self, name: Name, encloser: Name) -> list[Span]:
        spans = [*_present(self.match(encloser)), self.cover(next_closer(name, encloser))]
        return _distinct(*spans, *self.nodata(WILDCARD + encloser))


class Nsec3Chain(Nsec3):
    """All names known, in the order of their hashes."""

    def __init__(self, zone: Zone) -> None:
        super().__init__(zone)
        nodes = zone.nodes()
        hashes: dict[bytes, Name] = {}
        for name in authoritative(zone):
            if not nodes[name].rrsets or (self.signing.opt_out and insecure_cut(nodes[name])):
                continue
            for step in ancestors(name):  # brings the empty non-terminals that lead to it
                hashes[self.hash(step)] = step
                if step == zone.apex:
                    break
        self._hashes = sorted(hashes)
        self._names = hashes

    def _span(self, index: int) -> Span:
        owner = self._hashes[index]
        node = self.zone.nodes()[self._names[owner]]
        return self.record(owner, self._hashes[(index + 1) % len(self._hashes)], nsec3_types(node))

    def match(self, name: Name) -> Span | None:
        wanted = self.hash(name)
        return self._span(bisect_right(self._hashes, wanted) - 1) if wanted in self._names else None

    def cover(self, name: Name) -> Span:
        return self._span(bisect_right(self._hashes, self.hash(name)) - 1)

    def spans(self) -> Iterable[Span]:
        return (self._span(index) for index in range(len(self._hashes)))


class Nsec3Online(Nsec3):
    """White lies: spans of three neighbouring hashes. The apex's own record is in most replies, so it is kept."""

    _apex: Span | None = None

    def match(self, name: Name) -> Span | None:
        if name == self.zone.apex and self._apex is not None:
            return self._apex
        node = self.zone.find(name)
        if node is None or (self.signing.opt_out and insecure_cut(node)):
            return None
        wanted = self.hash(name)
        span = self.record(wanted, _shifted(wanted, 1), nsec3_types(node))
        if name == self.zone.apex:
            self._apex = span
        return span

    def cover(self, name: Name) -> Span:
        wanted = self.hash(name)
        return self.record(_shifted(wanted, -1), _shifted(wanted, 1), b"")


def chain_of(zone: Zone) -> Chain:
    """The chain that a zone's `Signing` asks for."""
    assert zone.signing is not None
    online = zone.lookup is not None or zone.signing.online
    kinds: dict[Denial, tuple[Callable[[Zone], Chain], Callable[[Zone], Chain]]] = {
        Denial.NSEC: (NsecChain, NsecOnline),
        Denial.NSEC3: (Nsec3Chain, Nsec3Online),
        Denial.COMPACT: (Compact, Compact),
    }
    return kinds[zone.signing.denial][online](zone)


def authoritative(zone: Zone) -> list[Name]:
    """The zone's own names in canonical order, cuts too; not what lies below a cut or a DNAME."""
    nodes = zone.nodes()
    found: list[Name] = []
    above: tuple[bytes, ...] | None = None
    for name in sorted(nodes, key=canonical_key):
        key = canonical_key(name)
        if above is not None and key[: len(above)] == above:
            continue
        found.append(name)
        node = nodes[name]
        above = key if node.cut or Type.DNAME in node.rrsets else None
    return found


def insecure_cut(node: Node) -> bool:
    """A delegation without DS: what opt-out leaves out."""
    return node.cut and Type.DS not in node.rrsets


def nsec(owner: Name, following: Name, node: Node) -> Span:
    """The NSEC record of a name that exists."""
    types = (Type.NS, Type.DS) if node.cut else tuple(node.rrsets)
    present = [rtype for rtype in types if rtype in node.rrsets]
    return Span(owner, Type.NSEC, following + bitmap((*present, Type.RRSIG, Type.NSEC)))


def nsec3_types(node: Node) -> bytes:
    """The bitmap of an NSEC3 record: RRSIG only where something of the zone's own is signed."""
    if not node.cut:
        return bitmap((*node.rrsets, Type.RRSIG)) if node.rrsets else b""
    return bitmap((Type.NS, Type.DS, Type.RRSIG)) if Type.DS in node.rrsets else bitmap((Type.NS,))


@lru_cache(maxsize=4096)
def bitmap(types: tuple[int, ...]) -> bytes:
    """RFC 4034 section 4.1.2."""
    windows: dict[int, bytearray] = {}
    for rtype in sorted(set(types)):
        window = windows.setdefault(rtype >> 8, bytearray())
        window.extend(bytes((rtype & 0xFF) // 8 + 1 - len(window)))
        window[(rtype & 0xFF) // 8] |= 0x80 >> (rtype & 7)
    return b"".join(bytes((number, len(bits))) + bits for number, bits in windows.items())


def with_types(span: Span, types: tuple[int, ...]) -> Span:
    """The same record, with a bitmap that also has these types."""
    at = _after_next(span)
    have, bits = [], span.rdata[at:]
    while bits:
        window, size = bits[0], bits[1]
        have += [window << 8 | i for i in range(size * 8) if bits[2 + i // 8] & 0x80 >> (i & 7)]
        bits = bits[2 + size :]
    return span._replace(rdata=span.rdata[:at] + bitmap((*have, *types)))


def _after_next(span: Span) -> int:
    if span.rtype == Type.NSEC3:
        return 5 + span.rdata[4] + 21
    at = 0
    while span.rdata[at]:
        at += span.rdata[at] + 1
    return at + 1


def nsec3_start(span: Span) -> int:
    """The hash in the owner name of an NSEC3 record."""
    return int.from_bytes(b32hexdecode(span.owner[1:33].upper()), "big")


def nsec3_hash(name: Name, salt: bytes, iterations: int) -> bytes:
    """RFC 5155 section 5."""
    digest = sha1(name + salt).digest()
    for _ in range(iterations):
        digest = sha1(digest + salt).digest()
    return digest


def base32hex(digest: bytes) -> bytes:
    """RFC 4648 section 7, of 20 octets; the standard library's way costs ten times as much, and is on the hot path."""
    number = int.from_bytes(digest, "big")
    return b"".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def next_closer(name: Name, encloser: Name) -> Name:
    """One label longer than the encloser, towards the name (RFC 5155 section 1.3)."""
    at = 0
    while len(name) - at - name[at] - 1 > len(encloser):
        at += name[at] + 1
    return name[at:]


def _shifted(digest: bytes, by: int) -> bytes:
    return ((int.from_bytes(digest, "big") + by) % HASH_SPACE).to_bytes(20, "big")


def _below(name: Name) -> Name:
    return b"\x01\0" + name if len(name) < 254 else name


def _before(label: bytes, rest: Name) -> Name:
    """A name just before label.rest, and after anything a zone holds before it."""
    last = label[-1]
    if last == 0:
        return join(label[:-1], rest) if len(label) > 1 else rest
    last = 0x40 if 0x41 <= last - 1 <= 0x5A else last - 1  # capitals would be folded, and sort elsewhere
    room = len(label) < 63 and len(label) + len(rest) < 254
    return join(label[:-1] + bytes((last,)) + (b"\xff" if room else b""), rest)


def _present(*spans: Span | None) -> list[Span]:
    return [span for span in spans if span is not None]


def _distinct(*spans: Span) -> list[Span]:
    return list(dict.fromkeys(spans))


def rrset_of(span: Span, ttl: int) -> RRset:
    """As `Zone.publish` wants it."""
    from lab.zones import RRset

    return RRset(ttl, (span.rdata,))
