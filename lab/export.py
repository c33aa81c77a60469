"""Zones of the lab as master files that other servers load, signatures and denials included (RFC 1035 section 5.1).

A zone on line is written by way of `explicit`, given the names it should have; its denials then are a real chain.
What is broken in a zone is written broken where it is in the records, and cannot be where it is in how they are
served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import dns.exception
import dns.rdata
import dns.rdatatype

from lab.denial import authoritative, rrset_of
from lab.names import ROOT, Name, Type, text
from lab.zones import Denial, Node, RRset, Zone


def explicit(zone: Zone, names: Iterable[Name]) -> Zone:
    """The same zone with these names (and what was explicit before) all known, and a real chain of denials."""
    signing = zone.signing
    if signing is not None:
        kind = Denial.NSEC if signing.denial is Denial.COMPACT else signing.denial
        signing = replace(signing, online=False, denial=kind)
    made = Zone(zone.apex, now=zone.now, seed=zone.seed, signing=signing)
    made.drop(zone.apex, Type.SOA)
    known = {name: node for name in names if (node := zone.find(name)) is not None}
    for name, node in {**zone.nodes(), **known}.items():
        for owner, rtype, rrset in _held(name, node):
            if rtype not in {Type.DNSKEY, Type.NSEC3PARAM}:
                made.add(owner, rtype, *rrset.rdatas, ttl=rrset.ttl)
    return made.broken(*zone.breakages)


def _held(name: Name, node: Node) -> Iterator[tuple[Name, int, RRset]]:
    for rtype, rrset in node.rrsets.items():
        yield name, rtype, rrset
    for glue in node.glue:
        yield glue.name, glue.rtype, glue.rrset


def master_file(zone: Zone) -> Iterator[str]:
    """The lines of an explicit zone, SOA first."""
    assert zone.lookup is None, f"{text(zone.apex)} is on line: give `explicit` its names"
    nodes = zone.nodes()
    own = authoritative(zone)
    for name in own:
        node = nodes[name]
        for rtype in sorted(node.rrsets, key=lambda rtype: rtype != Type.SOA):
            signed = not node.cut or rtype == Type.DS
            yield from _lines(zone, name, rtype, node.rrsets[rtype], signed=signed)
    for name in nodes.keys() - set(own):
        for rtype in {Type.A, Type.AAAA} & nodes[name].rrsets.keys():
            yield from _lines(zone, name, rtype, nodes[name].rrsets[rtype], signed=False)
    if zone.signing is not None:
        for span in zone.chain.spans():
            yield from _lines(zone, span.owner, span.rtype, rrset_of(span, zone.negative_ttl), signed=True)


def _lines(zone: Zone, owner: Name, rtype: int, rrset: RRset, *, signed: bool) -> Iterator[str]:
    made, sigs = zone.publish(owner, rtype, rrset, signed=True) if signed else (rrset, ())
    for rdata in made.rdatas:
        yield f"{text(owner)}\t{made.ttl}\tIN\t{mnemonic(rtype)}\t{presented(rtype, rdata)}\n"
    for sig in sigs:
        yield f"{text(owner)}\t{made.ttl}\tIN\tRRSIG\t{presented(Type.RRSIG, sig)}\n"


@lru_cache
def mnemonic(rtype: int) -> str:
    """The type as text."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rtype))


def presented(rtype: int, rdata: bytes) -> str:
    r"""Rdata as text; ``\# LENGTH HEX`` where it makes no sense (RFC 3597 section 5)."""
    try:
        return dns.rdata.from_wire("IN", mnemonic(rtype), rdata, 0, len(rdata)).to_text()
    except (dns.exception.DNSException, ValueError):
        return f"\\# {len(rdata)} {rdata.hex()}"


def file_name(apex: Name) -> str:
    """Where a zone goes in a folder: no octet of a name may leave it."""
    plain = text(apex).rstrip(".") if apex != ROOT else "root"
    return "".join(c if c.isalnum() or c in "-_." else f"%{ord(c):02x}" for c in plain) + ".zone"


def export(zones: Iterable[Zone], folder: Path) -> int:
    """Write explicit zones and an nsd.conf that lists them; how many there were."""
    folder.mkdir(parents=True, exist_ok=True)
    config = []
    for zone in zones:
        path = folder / file_name(zone.apex)
        with path.open("w", encoding="ascii") as out:
            out.writelines(master_file(zone))
        config.append(f'zone:\n    name: "{text(zone.apex)}"\n    zonefile: "{path.name}"\n')
    (folder / "zones.conf").write_text("".join(config), encoding="ascii")
    return len(config)
