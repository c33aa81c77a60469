"""NSEC3: reading and hashing it, and what a set of verified NSEC3 records proves (RFC 5155 sections 5, 8; RFC 9276).

Records with another hash algorithm than 1 or with unknown flags are ignored
(section 8.1, 8.2). Records with different salts or iterations come from
different chains, and each chain must prove on its own. Hashing is what an
attacker can make us do (CVE-2023-50868), so it is counted: `HASHINGS` SHA-1
computations for one question, then `TooMuchHashing`.

The answer to each question is a `Span`: proved, proved by an opt-out span only
(which says nothing of unsigned delegations, section 6), or not proved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from crawler.standards.keys import DnssecFault, DnssecFlaw
from crawler.standards.names import Name, is_below, parent
from crawler.standards.nsec import Types, absent, bitmap_types, cuts_off, no_ds
from crawler.standards.rdata import Type

SHA1 = 1  # the only hash algorithm there is (RFC 5155 section 11)
OPT_OUT = 1  # the only flag there is (RFC 5155 section 3.1.2.1)

#: Iterations we compute; more make a zone insecure. RFC 9276 section 3.2 leaves the number open; this is Unbound's.
MAX_ITERATIONS = 150
HASHINGS = 4096  # SHA-1 computations for one question: 27 names at the most iterations, about a millisecond
RECORDS = 64  # NSEC3 records of one message that are looked into


class TooMuchHashing(Exception):
    """A question that would take more than `HASHINGS`."""


@lru_cache(maxsize=8192)
def nsec3_hash(name: Name, salt: bytes, iterations: int) -> bytes:
    """The hash of a name (RFC 5155 section 5)."""
    sha1 = hashlib.sha1
    digest = sha1(name.lower() + salt).digest()
    for _ in range(iterations):
        digest = sha1(digest + salt).digest()
    return digest


class Nsec3(NamedTuple):
    """The fields of one NSEC3 record (RFC 5155 section 3.1)."""

    algorithm: int
    flags: int
    iterations: int
    salt: bytes
    next: bytes
    types: Types


def read_nsec3(rdata: bytes) -> Nsec3:
    """NSEC3 rdata (RFC 5155 section 3.2)."""
    if len(rdata) < 6:
        raise DnssecFault(DnssecFlaw.NSEC3_SHORT, f"{len(rdata)} octets")
    salt_end = 5 + rdata[4]
    if salt_end >= len(rdata):
        raise DnssecFault(DnssecFlaw.NSEC3_SHORT, "salt")
    hash_end = salt_end + 1 + rdata[salt_end]
    if hash_end > len(rdata) or hash_end == salt_end + 1:
        raise DnssecFault(DnssecFlaw.NSEC3_SHORT, "next hashed owner")
    following = rdata[salt_end + 1 : hash_end]
    return Nsec3(
        rdata[0], rdata[1], rdata[2] << 8 | rdata[3], rdata[5:salt_end], following, bitmap_types(rdata[hash_end:])
    )


def owner_hash(owner: Name, zone: Name) -> bytes | None:
    """The hash in an owner name (base32hex, RFC 4648 section 7); None if the name is not one label below the zone."""
    label = owner[1:33]
    if len(label) != 32 or owner[0] != 32 or owner[33:] != zone or not label.isalnum():
        return None
    try:
        return int(label, 32).to_bytes(20)  # Python's digits are those of base32hex
    except ValueError:
        return None


class Span(Enum):
    """How far a chain proves what was asked."""

    PROVED = "proved"
    OPT_OUT = "opt-out"
    UNPROVED = "unproved"


class Link(NamedTuple):
    """One record of a chain: the interval of hashes that it spans."""

    start: bytes
    end: bytes
    types: Types
    opt_out: bool

    def covers(self, digest: bytes) -> bool:
        """Whether a hash lies strictly inside; the last record of a chain wraps round (RFC 5155 section 3.1.7)."""
        if self.start < self.end:
            return self.start < digest < self.end
        return digest > self.start or digest < self.end


class Budget:
    """SHA-1 computations left for one question, over all chains."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = HASHINGS

    def spend(self, number: int) -> None:
        """Take some, or give up."""
        self.left -= number
        if self.left < 0:
            raise TooMuchHashing


class Chain:
    """Records of one zone with the same salt and iterations, and what they prove."""

    __slots__ = ("_hashes", "budget", "iterations", "links", "salt", "zone")

    def __init__(self, zone: Name, salt: bytes, iterations: int, budget: Budget) -> None:
        self.zone = zone
        self.salt = salt
        self.iterations = iterations
        self.budget = budget
        self.links: list[Link] = []
        self._hashes: dict[Name, bytes] = {}

    @property
    def opt_out(self) -> bool:
        """Whether some record has the flag."""
        return any(link.opt_out for link in self.links)

    def _hash(self, name: Name) -> bytes:
        digest = self._hashes.get(name)
        if digest is None:
            self.budget.spend(self.iterations + 1)
            digest = self._hashes[name] = nsec3_hash(name, self.salt, self.iterations)
        return digest

    def at(self, name: Name) -> Link | None:
        """The record of a name that exists."""
        digest = self._hash(name)
        return next((link for link in self.links if link.start == digest), None)

    def covering(self, name: Name) -> Link | None:
        """The record that spans the name's hash."""
        digest = self._hash(name)
        return next((link for link in self.links if link.covers(digest)), None)

    def closest(self, qname: Name) -> tuple[Name, Link] | None:
        """The closest encloser of a name without a record, and the span over the next closer name (section 8.3)."""
        closer, name = qname, parent(qname)
        while is_below(name, self.zone) and closer != self.zone:
            link = self.at(name)
            if link is not None:
                span = None if cuts_off(link.types) else self.covering(closer)
                return None if span is None else (name, span)
            closer, name = name, parent(name)
        return None

    def no_name(self, qname: Name) -> Span:
        """NXDOMAIN (section 8.4)."""
        found = None if self.at(qname) else self.closest(qname)
        if found is None or self.covering(b"\1*" + found[0]) is None:
            return Span.UNPROVED
        return _as_far_as(found[1])

    def no_type(self, qname: Name, qtype: int) -> Span:
        """NODATA: at the name, at the wildcard, or under opt-out (sections 8.5 to 8.7, erratum 3441)."""
        link = self.at(qname)
        if link is not None:
            return Span.PROVED if absent(link.types, qtype, qname) else Span.UNPROVED
        found = self.closest(qname)
        if found is None:
            return Span.UNPROVED
        encloser, span = found
        wildcard = b"\1*" + encloser
        link = self.at(wildcard)
        if link is not None:
            fits = absent(link.types, qtype, wildcard) and not cuts_off(link.types - {Type.DNAME})
            return _as_far_as(span) if fits else Span.UNPROVED
        return Span.OPT_OUT if span.opt_out else Span.UNPROVED

    def insecure(self, child: Name) -> Span:
        """A delegation without DS, named or inside an opt-out span (sections 8.6 and 8.9)."""
        link = self.at(child)
        if link is not None:
            return Span.PROVED if no_ds(link.types) else Span.UNPROVED
        found = self.closest(child)
        return Span.OPT_OUT if found is not None and found[1].opt_out else Span.UNPROVED

    def no_closer(self, next_closer: Name) -> Span:
        """Nothing closer than the wildcard that an answer was expanded from (section 8.8)."""
        span = self.covering(next_closer)
        return Span.UNPROVED if span is None else _as_far_as(span)


def _as_far_as(span: Link) -> Span:
    """A span with opt-out over the next closer name leaves unsigned delegations open (section 9.2)."""
    return Span.OPT_OUT if span.opt_out else Span.PROVED


def read_chains(zone: Name, records: Iterable[tuple[Name, bytes]]) -> list[Chain]:
    """The chains that a message's records come from, the one with most records first; they share one budget."""
    chains: dict[tuple[bytes, int], Chain] = {}
    budget = Budget()
    for number, (owner, rdata) in enumerate(records):
        if number == RECORDS:
            break
        start = owner_hash(owner, zone)
        try:
            fields = read_nsec3(rdata)
        except DnssecFault:
            continue
        if start is None or fields.algorithm != SHA1 or fields.flags & ~OPT_OUT or len(fields.next) != 20:
            continue
        chain = chains.get((fields.salt, fields.iterations))
        if chain is None:
            chain = Chain(zone, fields.salt, fields.iterations, budget)
            chains[fields.salt, fields.iterations] = chain
        chain.links.append(Link(start, fields.next, fields.types, bool(fields.flags & OPT_OUT)))
    return sorted(chains.values(), key=lambda chain: -len(chain.links))
