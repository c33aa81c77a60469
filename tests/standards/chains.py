"""A small zone as a literal, its NSEC and NSEC3 chains, and by the plain words of RFC 1034 what it holds.

The truth here knows names and types only; it never looks at a chain. `Zone.names`
maps relative text names ("" is the apex) to the types that the zone owns there.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rdtypes.util

from crawler.standards.names import ROOT, from_text
from crawler.standards.rdata import Type

Records = list[tuple[bytes, bytes]]


class Truth(Enum):
    ANSWER = "answer"  # the type is there, or an alias, or a wildcard gives it
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    ELSEWHERE = "elsewhere"  # below or at a zone cut or DNAME: not this zone's to say


def bitmap(types: Set[int]) -> bytes:
    """By dnspython."""
    made: list[bytes] = []
    for window, octets in dns.rdtypes.util.Bitmap.from_rdtypes([dns.rdatatype.RdataType(n) for n in types]).windows:
        made.append(bytes((window, len(octets))) + octets)
    return b"".join(made)


def nsec3_rdata(following: bytes, types: Set[int], *, iterations: int = 0, salt: bytes = b"", flags: int = 0) -> bytes:
    front = bytes((1, flags)) + iterations.to_bytes(2) + bytes((len(salt),)) + salt
    return front + bytes((len(following),)) + following + bitmap(types)


@lru_cache(maxsize=65536)
def hashed(name: bytes, salt: bytes, iterations: int) -> bytes:
    """By dnspython."""
    text = dns.dnssec.nsec3_hash(dns.name.from_wire(name, 0)[0], salt, iterations, "SHA1")
    return base64.b32hexdecode(text)


def owner_of(digest: bytes, zone: bytes) -> bytes:
    return b"\x20" + base64.b32hexencode(digest).lower() + zone


@dataclass(slots=True, kw_only=True)
class Zone:
    """Names and types; everything else follows."""

    apex: str
    names: Mapping[str, Set[int]]
    tree: dict[tuple[str, ...], Set[int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.tree = self._tree()

    @property
    def wire(self) -> bytes:
        return ROOT if self.apex == "." else from_text(self.apex)

    def name(self, relative: str) -> bytes:
        return from_text(f"{relative}.{self.apex}" if self.apex != "." else relative) if relative else self.wire

    def _path(self, name: bytes) -> tuple[str, ...]:
        """Labels from the apex down."""
        found = []
        while name != self.wire:
            found.append(name[1 : name[0] + 1].decode())
            name = name[name[0] + 1 :]
        return tuple(reversed(found))

    def _tree(self) -> dict[tuple[str, ...], Set[int]]:
        """Every name that exists and is ours, empty non-terminals with no types."""
        tree: dict[tuple[str, ...], Set[int]] = {}
        for relative, types in self.names.items():
            path = tuple(reversed(relative.split("."))) if relative else ()
            if any(self._is_cut(path[:depth]) for depth in range(len(path))):
                continue
            tree[path] = types
            for depth in range(len(path)):
                tree.setdefault(path[:depth], frozenset())
        return tree

    def _is_cut(self, path: tuple[str, ...]) -> bool:
        types = self.names.get(".".join(reversed(path)), frozenset())
        return Type.DNAME in types or (Type.NS in types and bool(path))

    def truth(self, qname: bytes, qtype: int) -> Truth:
        path, tree = self._path(qname), self.tree
        if any(self._is_cut(path[:depth]) for depth in range(len(path))):
            return Truth.ELSEWHERE
        if path in tree:
            types = tree[path]
            delegation = Type.NS in types and bool(path)
            if delegation != (qtype == Type.DS) and (delegation or (qtype == Type.DS and not path)):
                return Truth.ELSEWHERE if self.apex != "." or path else Truth.NODATA
            return Truth.ANSWER if types & {qtype, Type.CNAME} else Truth.NODATA
        star = (*self.encloser(path), "*")
        if star not in tree:
            return Truth.NXDOMAIN
        return Truth.ANSWER if tree[star] & {qtype, Type.CNAME} else Truth.NODATA

    def encloser(self, path: tuple[str, ...]) -> tuple[str, ...]:
        tree = self.tree
        return next(path[:depth] for depth in range(len(path), -1, -1) if path[:depth] in tree)

    def wildcard_of(self, qname: bytes) -> bytes:
        """The wildcard that would be expanded to this name, if the name does not exist."""
        return self.name(".".join(reversed((*self.encloser(self._path(qname)), "*"))))

    def exists(self, qname: bytes) -> bool:
        return self._path(qname) in self.tree

    def nsecs(self) -> Records:
        """The whole chain (RFC 4034 section 4), next names in upper case, for NSEC keeps the case (RFC 6840 5.1)."""
        owners = sorted(path for path, types in self.tree.items() if types)
        wires = [self.name(".".join(reversed(path))) for path in owners]
        return [
            (owner, following.upper() + bitmap({*self.tree[path], Type.NSEC, Type.RRSIG}))
            for owner, following, path in zip(wires, [*wires[1:], *wires[:1]], owners, strict=True)
        ]

    def nsec3s(self, *, iterations: int = 0, salt: bytes = b"", opt_out: bool = False) -> Records:
        """The whole chain (RFC 5155 section 7.1); opt-out leaves out insecure delegations and their ENTs."""
        tree = self.tree
        if opt_out:
            kept = {path for path, types in tree.items() if types and (types & {Type.DS} or not self._insecure(path))}
            tree = {path: types for path, types in tree.items() if any(other[: len(path)] == path for other in kept)}
            tree = {path: types for path, types in tree.items() if path in kept or not types}
        links = sorted(
            (hashed(self.name(".".join(reversed(path))), salt, iterations), types) for path, types in tree.items()
        )
        nexts = [digest for digest, _ in links[1:] + links[:1]]
        return [
            (
                owner_of(digest, self.wire),
                nsec3_rdata(
                    following,
                    {*types, Type.RRSIG} if types else set(),
                    iterations=iterations,
                    salt=salt,
                    flags=int(opt_out),
                ),
            )
            for (digest, types), following in zip(links, nexts, strict=True)
        ]

    def _insecure(self, path: tuple[str, ...]) -> bool:
        types = self.names.get(".".join(reversed(path)), frozenset())
        return bool(path) and Type.NS in types and Type.DS not in types


# ---- the zone of the tests by hand ----

ZONE = from_text("example.nl")
PLAIN = Zone(
    apex="example.nl",
    names={"": {Type.SOA, Type.NS, Type.MX}, "d": {Type.A}, "sub": {Type.NS}},
)


def n(relative: str) -> bytes:
    """A name of ``example.nl``."""
    return from_text(f"{relative}.example.nl") if relative else ZONE


def nsec(owner: str, following: str, *types: int) -> tuple[bytes, bytes]:
    """An NSEC record of ``example.nl``, with the types that every one has."""
    return n(owner), n(following) + bitmap({*types, Type.NSEC, Type.RRSIG})


#: Every kind of chain: (NSEC records, NSEC3 records).
CHAINS: dict[str, Callable[[Zone], tuple[Records, Records]]] = {
    "nsec": lambda zone: (zone.nsecs(), []),
    "nsec3": lambda zone: ([], zone.nsec3s()),
    "nsec3-salted": lambda zone: ([], zone.nsec3s(iterations=3, salt=b"\xaa\xbb")),
}
