"""Trust anchors and root hints: those we bring, and those a user hands in (RFC 4035 section 4.4, RFC 8109).

Both are text in master-file format. An anchor file has DS or DNSKEY records of
any zone (RFC 9718 says where the root's come from; automated roll-over by RFC
5011 is left out: a run is shorter than its hold-down time). A hints file has NS
records of the root and the addresses of their targets.
"""

from __future__ import annotations

from importlib.resources import files

import dns.exception
import dns.rdatatype
import dns.rrset
import dns.zonefile

from crawler.standards.keys import DnssecFault, DnssecFlaw, Ds, Key, read_ds, read_key
from crawler.standards.names import ROOT, Name


def read_anchors(text: str) -> list[tuple[Name, Ds | Key]]:
    """The anchors in a text, in its order of names; a record of another type is a fault, and so is an empty text."""
    anchors: list[tuple[Name, Ds | Key]] = []
    for rrset in _rrsets(text):
        owner = rrset.name.canonicalize().to_wire()
        assert owner is not None
        for rdata in rrset:
            if rrset.rdtype == dns.rdatatype.DS:
                anchors.append((owner, read_ds(rdata.to_digestable())))
            elif rrset.rdtype == dns.rdatatype.DNSKEY:
                anchors.append((owner, read_key(rdata.to_digestable())))
            else:
                kind = dns.rdatatype.to_text(rrset.rdtype)
                raise DnssecFault(DnssecFlaw.ANCHOR, f"{rrset.name} {kind} is neither DS nor DNSKEY")
    if not anchors:
        raise DnssecFault(DnssecFlaw.ANCHOR, "no DS or DNSKEY record")
    return anchors


def read_hints(text: str) -> dict[Name, list[str]]:
    """The root's name servers and their addresses; servers without an address are left out."""
    servers: list[Name] = []
    addresses: dict[Name, list[str]] = {}
    for rrset in _rrsets(text):
        owner = rrset.name.canonicalize().to_wire()
        assert owner is not None
        if rrset.rdtype == dns.rdatatype.NS and owner == ROOT:
            servers += [rdata.target.canonicalize().to_wire() for rdata in rrset]
        elif rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            addresses.setdefault(owner, []).extend(rdata.address for rdata in rrset)
    hints = {server: addresses[server] for server in servers if server in addresses}
    if not hints:
        raise DnssecFault(DnssecFlaw.ANCHOR, "no name server of the root with an address")
    return hints


def _rrsets(text: str) -> list[dns.rrset.RRset]:
    try:
        return dns.zonefile.read_rrsets(text, rdclass=None, default_ttl=3600)
    except (dns.exception.DNSException, ValueError) as fault:
        raise DnssecFault(DnssecFlaw.ANCHOR, str(fault)) from None


def root_anchors_text() -> str:
    """The embedded trust anchors of the root: DS records of 20326 and 38696."""
    return _data("root-anchors.txt")


def root_hints_text() -> str:
    """The embedded root hints."""
    return _data("root-hints.txt")


def _data(name: str) -> str:
    return files(__package__).joinpath("data", name).read_text(encoding="utf-8")
