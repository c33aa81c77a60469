"""NSEC: reading it, and what a set of verified NSEC records proves (RFC 4034 section 4, RFC 4035 section 5.4).

With the corrections of RFC 6840 section 4: a record from the parent's side of a
zone cut, or at a DNAME, says nothing of the names below, and a NODATA needs the
CNAME bit clear. Compact denial (RFC 9824) is read here too. `absent` is the rule
of type bitmaps, shared with ``nsec3``. Each question is answered by yes or no;
the words for it are in ``denial``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from crawler.standards.keys import DnssecFault, DnssecFlaw, read_name
from crawler.standards.names import ROOT, Name, canonical_key, count, is_below
from crawler.standards.rdata import Type

NXNAME = 128  # the pseudo-type of a name that does not exist (RFC 9824 section 2)
RECORDS = 64  # NSEC records of one message that are looked into

Types = frozenset[int]
_EVERY_NAME = frozenset({Type.NSEC, Type.RRSIG, NXNAME})  # what the record itself brings


@lru_cache(maxsize=512)  # few bitmaps make up most of the DNS
def bitmap_types(bitmap: bytes) -> Types:
    """The types of a bitmap (RFC 4034 section 4.1.2)."""
    found = []
    at, last, size = 0, -1, len(bitmap)
    while at < size:
        if size - at < 3:
            raise DnssecFault(DnssecFlaw.BITMAP, "cut short")
        window, length = bitmap[at], bitmap[at + 1]
        at += 2
        if window <= last or not 0 < length <= 32 or at + length > size:
            raise DnssecFault(DnssecFlaw.BITMAP, f"window {window} of {length} octets")
        for octet in range(length):
            bits = bitmap[at + octet]
            if bits:
                base = window << 8 | octet << 3
                found += [base + bit for bit in range(8) if bits & 0x80 >> bit]
        at, last = at + length, window
    return frozenset(found)


def read_nsec(rdata: bytes) -> tuple[Name, Types]:
    """The next name, in lower case, and the types."""
    following, end = read_name(rdata, 0)
    return following, bitmap_types(rdata[end:])


def absent(types: Types, qtype: int, qname: Name) -> bool:
    """Whether the bitmap at a name (or at the wildcard it matches) denies a type there.

    The bits must come from the side of the zone cut that the type lives on: DS at the
    parent (RFC 4035 section 5.2), all else at the child (RFC 6840 section 4.4).
    """
    if qtype in types or Type.CNAME in types:  # RFC 6840 section 4.3
        return False
    if qtype == Type.DS:
        return Type.SOA not in types or qname == ROOT
    if qtype == Type.ANY:
        return types <= _EVERY_NAME
    return Type.NS not in types or Type.SOA in types


def no_ds(types: Types) -> bool:
    """Whether the bitmap at a delegation proves it insecure (RFC 4035 section 5.2, RFC 6840 section 4.4)."""
    return Type.NS in types and not types & {Type.DS, Type.SOA, Type.CNAME}


def cuts_off(types: Types) -> bool:
    """Whether names below are another zone's, or another name's, business (RFC 6840 section 4.1)."""
    return Type.DNAME in types or (Type.NS in types and Type.SOA not in types)


class Nsec(NamedTuple):
    """One NSEC record with its place in canonical order."""

    owner: Name
    next: Name
    types: Types
    start: tuple[bytes, ...]
    end: tuple[bytes, ...] | None  # None: up to the end of the zone

    def covers(self, name: Name) -> bool:
        """Whether a name of the zone lies strictly between the owner and the next name, and this record may say so."""
        key = canonical_key(name)
        if not self.start < key or (self.end is not None and not key < self.end):
            return False
        return not (cuts_off(self.types) and is_below(name, self.owner))

    def denies(self, name: Name) -> bool:
        """Whether a name neither exists nor is an empty non-terminal (RFC 4592 section 2.2.2)."""
        return self.covers(name) and not is_below(self.next, name)


class NsecProof:
    """What one zone's NSEC records prove. Records that cannot be its own are left out."""

    __slots__ = ("records", "zone")

    def __init__(self, zone: Name, records: Iterable[tuple[Name, bytes]]) -> None:
        self.zone = zone
        self.records: list[Nsec] = []
        for owner, rdata in records:
            if len(self.records) == RECORDS:
                break
            try:
                following, types = read_nsec(rdata)
            except DnssecFault:
                continue
            if not (is_below(owner, zone) and is_below(following, zone)):
                continue
            end = None if following == zone else canonical_key(following)  # the last record points back to the apex
            self.records.append(Nsec(owner, following, types, canonical_key(owner), end))

    def at(self, name: Name) -> Nsec | None:
        """The record that the name owns."""
        return next((record for record in self.records if record.owner == name), None)

    def covering(self, name: Name) -> Nsec | None:
        """The record that spans the name."""
        return next((record for record in self.records if record.covers(name)), None)

    def compact(self, qname: Name) -> bool:
        """Whether the name's own record is compact: its next name is the immediate successor (RFC 9824 section 3)."""
        record = self.at(qname)
        return record is not None and record.next == b"\1\0" + qname

    def nxname(self, qname: Name) -> bool:
        """Whether the name's own record says that the name does not exist (RFC 9824 section 3.1)."""
        record = self.at(qname)
        return record is not None and NXNAME in record.types and record.types <= _EVERY_NAME

    def no_name(self, qname: Name) -> bool:
        """NXDOMAIN: neither the name nor a wildcard that would match it exists (RFC 4035 section 5.4)."""
        if self.nxname(qname):
            return True
        wildcard = self._wildcard(qname)
        return wildcard is not None and any(record.denies(wildcard) for record in self.records)

    def no_type(self, qname: Name, qtype: int) -> bool:
        """NODATA: at the name itself, at an empty non-terminal, or at the wildcard that matches (RFC 4035 5.4)."""
        record = self.at(qname)
        if record is not None:
            return absent(record.types, qtype, qname)
        span = self.covering(qname)
        if span is not None and is_below(span.next, qname):
            return True
        wildcard = self._wildcard(qname)
        if wildcard is None:
            return False
        record = self.at(wildcard)
        if record is not None:
            return absent(record.types, qtype, wildcard) and not cuts_off(record.types - {Type.DNAME})
        span = self.covering(wildcard)
        return span is not None and is_below(span.next, wildcard)  # names exist below the star only

    def insecure(self, child: Name) -> bool:
        """The delegation exists and has no DS."""
        record = self.at(child)
        return record is not None and no_ds(record.types)

    def no_closer(self, qname: Name, encloser: Name) -> bool:
        """Nothing closer to the name than the wildcard below `encloser` exists (RFC 4035 section 5.3.4)."""
        return any(record.denies(qname) and _encloser(record, qname) == encloser for record in self.records)

    def _wildcard(self, qname: Name) -> Name | None:
        """The wildcard that would match a name that a record denies; None if none denies it."""
        for record in self.records:
            if record.denies(qname):
                return b"\1*" + _encloser(record, qname)
        return None


def _encloser(record: Nsec, qname: Name) -> Name:
    """The closest encloser of a denied name: what it shares with the owner or the next name, whichever is longer."""
    first, second = _shared(qname, record.owner), _shared(qname, record.next)
    return first if len(first) >= len(second) else second


def _shared(name: Name, other: Name) -> Name:
    """The closest ancestor that two names have in common."""
    for _ in range(count(name)):
        if is_below(other, name):
            break
        name = name[name[0] + 1 :]
    return name
