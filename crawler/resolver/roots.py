"""Where a resolver starts: root hints, trust anchors and stub zones, as files and options give them.

The embedded defaults are the root's published hints and its two keys (20326 and
38696). Reading anchors is ``standards/anchors``; what is done with them, ``trust``.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import dns.exception
import dns.rdatatype
import dns.zonefile

from crawler.resolver.iterate import DNS_PORT
from crawler.standards.names import ROOT, NameFault, from_text

if TYPE_CHECKING:
    from crawler.resolver.ask import Address


class StartFault(ValueError):
    """A hints file, an anchor file or a stub option that cannot be read; the message is for people."""


def read_hints(text: str) -> dict[bytes, list[str]]:
    """Root hints in master-file form: name-server name to addresses. Raises `StartFault`."""
    try:
        rrsets = dns.zonefile.read_rrsets(text, default_ttl=3_600_000, rdclass="IN", rdtype=None)
    except (dns.exception.DNSException, ValueError) as fault:
        raise StartFault(f"not a root hints file: {fault}") from fault
    names: set[bytes] = set()
    addresses: dict[bytes, list[str]] = {}
    for rrset in rrsets:
        owner = from_text(rrset.name.to_text())
        if rrset.rdtype == dns.rdatatype.NS and owner == ROOT:
            names.update(from_text(rdata.target.to_text()) for rdata in rrset)
        elif rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            addresses.setdefault(owner, []).extend(rdata.address for rdata in rrset)
    hints = {name: found for name, found in addresses.items() if name in names}
    if not hints:
        raise StartFault("no NS record of the root with an address in the root hints")
    return hints


def read_stub(text: str) -> tuple[bytes, Address]:
    """``ZONE=ADDR[:PORT]``, an IPv6 address with a port in brackets. Raises `StartFault`."""
    zone, equals, where = text.partition("=")
    host, port = where, str(DNS_PORT)
    if where.startswith("["):
        host, _, rest = where[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif where.count(":") == 1:
        host, _, port = where.partition(":")
    try:
        if not equals or not 0 < int(port) < 1 << 16:
            raise StartFault(f"{text!r} is no stub zone: write ZONE=ADDR or ZONE=ADDR:PORT")
        return from_text(zone or "."), (str(ip_address(host)), int(port))
    except (NameFault, ValueError) as fault:
        raise StartFault(f"{text!r} is no stub zone: write ZONE=ADDR or ZONE=ADDR:PORT") from fault
