"""What an authoritative server says to a query, from the zones that live on it.

RFC 1034 section 4.3.2 (the algorithm), RFC 4035 section 3.1 and RFC 5155 section 7.2 (signatures and proofs), RFC
6672 (DNAME), RFC 9471 (glue is not optional). Servers that do otherwise are this one with a `lab.behaviours` before
it. Aliases are followed only within the zones of the server; no data beyond what was asked goes into the additional
section but glue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lab.denial import Span, rrset_of
from lab.names import ROOT, WILDCARD, Name, Type, ancestors, parent
from lab.packet import BADVERS, COMPACT_OK, FORMERR, NOTIMP, NXDOMAIN, REFUSED, YXDOMAIN, Query, Record, Response
from lab.zones import Node, RRset, Zone

MAX_ALIASES: Final = 16
IN: Final = 1
_TRANSFERS: Final = frozenset((251, 252))

Finder = Callable[[Name], Zone | None]  # the deepest zone of this server that a name is in


def answer(query: Query, find: Finder) -> Response:
    """The reply of a correct server."""
    if query.edns is not None and query.edns.version > 0:
        return Response(BADVERS)
    if query.flags & 0x7800:
        return Response(NOTIMP)
    if query.rclass != IN or query.type in _TRANSFERS:
        return Response(REFUSED)
    if query.type == Type.OPT:
        return Response(FORMERR)
    response = Response()
    name: Name | None = query.name
    seen: set[Name] = set()
    while name is not None and name not in seen and len(seen) < MAX_ALIASES:
        zone = _zone_for(name, query.type, find)
        if zone is None:
            break
        seen.add(name)
        name = _Step(zone, query, response, name).take()
    if not seen:
        response.rcode = REFUSED
    return response


def _zone_for(name: Name, rtype: int, find: Finder) -> Zone | None:
    """DS records are the parent's (RFC 4035 section 3.1.4.1)."""
    zone = find(name)
    if rtype == Type.DS and zone is not None and zone.apex == name != ROOT:
        return find(parent(name)) or zone
    return zone


class _Step:
    """One name looked up in one zone; several of them where there are aliases."""

    __slots__ = ("do", "name", "query", "response", "zone")

    def __init__(self, zone: Zone, query: Query, response: Response, name: Name) -> None:
        self.zone = zone
        self.query = query
        self.response = response
        self.name = name
        self.do = query.do and zone.signing is not None

    def take(self) -> Name | None:
        """Write into the response; the name to go on with, if there is an alias."""
        zone, name, qtype = self.zone, self.name, self.query.type
        encloser = zone.apex
        node = zone.find(encloser)
        assert node is not None, "the apex is always there"
        for step in _way_down(name, zone.apex):
            if Type.DNAME in node.rrsets:
                return self._dname(encloser, node)
            below = zone.find(step)
            if below is None or (zone.forgets_empty and step == name and not below.rrsets):
                return self._missing(encloser)
            node, encloser = below, step
            if node.cut and not (step == name and qtype == Type.DS):
                self._referral(step, node)
                return None
        self.response.aa = True
        return self._here(name, node, name)

    def _here(self, source: Name, node: Node, signed_as: Name, proof: list[Span] | None = None) -> Name | None:
        """The name exists, or the wildcard `source` stands in for it; `proof` says that nothing closer does."""
        qtype, rrsets = self.query.type, node.rrsets
        alias = rrsets.get(Type.CNAME)
        if alias is not None and qtype not in {Type.CNAME, Type.ANY, Type.RRSIG, Type.NSEC}:
            self._put(self.response.answer, signed_as, Type.CNAME, alias)
            self._prove(proof or [])
            return alias.rdatas[0]
        found = {qtype: rrsets[qtype]} if qtype in rrsets else self._meta(source, rrsets)
        if not found:
            self._nodata(source, proof is not None)
            return None
        for rtype, rrset in found.items():
            self._put(self.response.answer, signed_as, rtype, rrset)
        self._prove(proof or [])
        return None

    def _meta(self, source: Name, rrsets: dict[int, RRset]) -> dict[int, RRset]:
        """What ANY, RRSIG and NSEC ask for."""
        zone, qtype = self.zone, self.query.type
        if qtype == Type.ANY:
            return rrsets
        if zone.signing is None or not rrsets:
            return {}
        if qtype == Type.RRSIG:
            for rtype, rrset in rrsets.items():
                made, sigs = zone.publish(source, rtype, rrset, signed=True)
                self.response.answer += [(self.name, Type.RRSIG, made.ttl, sig) for sig in sigs]
            return {Type.RRSIG: RRset(0, ())}
        span = zone.chain.match(source) if qtype == Type.NSEC else None
        return {Type.NSEC: rrset_of(span, zone.negative_ttl)} if span and span.rtype == Type.NSEC else {}

    def _missing(self, encloser: Name) -> Name | None:
        """Nothing at the name: a wildcard at its closest encloser, or nothing at all."""
        self.response.aa = True
        zone, name = self.zone, self.name
        source = WILDCARD + encloser
        node = zone.find(source) if len(source) < 256 else None
        if node is not None and not node.cut:
            if self.do and zone.chain.compact:
                return self._here(source, node, name, [])
            return self._here(source, node, source, zone.chain.wildcard(name, encloser) if self.do else [])
        compact = self.do and zone.chain.compact
        if not compact or (self.query.edns is not None and self.query.edns.flags & COMPACT_OK):
            self.response.rcode = NXDOMAIN
        self._soa()
        if self.do:
            self._prove(zone.chain.nxdomain(name, encloser))
        return None

    def _nodata(self, source: Name, expanded: bool) -> None:
        self._soa()
        if not self.do:
            return
        chain = self.zone.chain
        if expanded:
            self._prove(chain.wildcard_nodata(self.name, source[2:]))
        else:
            self._prove(chain.nodata(source))

    def _referral(self, cut: Name, node: Node) -> None:
        """The child's servers, its DS or the proof that it has none, and glue (RFC 4035 section 3.1.4)."""
        response = self.response
        if response.answer:
            return  # an alias led here: the client asks again, where it must
        servers = node.rrsets[Type.NS]
        response.authority += [(cut, Type.NS, servers.ttl, rdata) for rdata in servers.rdatas]
        if self.do and Type.DS in node.rrsets:
            self._put(response.authority, cut, Type.DS, node.rrsets[Type.DS])
        elif self.do:
            self._prove(self.zone.chain.nodata(cut))
        for name, rtype, rrset in node.glue:
            response.additional += [(name, rtype, rrset.ttl, rdata) for rdata in rrset.rdatas]

    def _dname(self, owner: Name, node: Node) -> Name | None:
        """RFC 6672 section 3.1: the DNAME, and the CNAME that it amounts to."""
        response, rrset = self.response, node.rrsets[Type.DNAME]
        response.aa = True
        self._put(response.answer, owner, Type.DNAME, rrset)
        target = self.name[: -len(owner)] + rrset.rdatas[0]
        if len(target) > 255:
            response.rcode = YXDOMAIN
            return None
        response.answer.append((self.name, Type.CNAME, rrset.ttl, target))
        return None if self.query.type == Type.CNAME else target

    def _soa(self) -> None:
        node = self.zone.find(self.zone.apex)
        assert node is not None
        soa = node.rrsets[Type.SOA]
        self._put(self.response.authority, self.zone.apex, Type.SOA, soa, ttl=self.zone.negative_ttl)

    def _prove(self, spans: list[Span]) -> None:
        if not self.do or not spans:
            return
        zone, authority = self.zone, self.response.authority
        for breakage in zone.breakages:
            spans = breakage.proof(zone, spans)
        for span in spans:
            self._put(authority, span.owner, span.rtype, rrset_of(span, zone.negative_ttl))

    def _put(self, section: list[Record], owner: Name, rtype: int, rrset: RRset, ttl: int | None = None) -> None:
        """An RRset and its signatures; one signed under a wildcard goes out under the name that was asked."""
        made, sigs = self.zone.publish(owner, rtype, rrset, signed=self.do)
        ttl = made.ttl if ttl is None else ttl
        if owner.startswith(WILDCARD) and rtype not in {Type.NSEC, Type.NSEC3}:
            owner = self.name
        section += [(owner, rtype, ttl, rdata) for rdata in made.rdatas]
        section += [(owner, Type.RRSIG, ttl, sig) for sig in sigs]


def _way_down(name: Name, apex: Name) -> list[Name]:
    """The names between apex and name, the apex not among them, from the top."""
    way: list[Name] = []
    size = len(apex)
    while len(name) > size:
        way.append(name)
        name = name[name[0] + 1 :]
    way.reverse()
    return way


def deepest(zones: dict[Name, Zone], name: Name) -> Zone | None:
    """The zone among these that a name is in."""
    for step in ancestors(name):
        if (zone := zones.get(step)) is not None:
            return zone
    return None
