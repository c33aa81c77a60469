"""Trust anchors and root hints: those we bring, and those a user hands in (RFC 4035 section 4.4, RFC 8109).

Both are text in master-file format. An anchor text has DS or DNSKEY records of
any zone; a DS whose digest does not fit its type is read all the same, for it
must match no key, not be no anchor. A hints text has NS records of the root and
the addresses of their targets. The root's own anchors are published as RFC 9718
says; their roll-over by RFC 5011 is left out, as a run is shorter than its
hold-down time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from importlib.resources import files

import dns.exception
import dns.rdatatype
import dns.rrset
import dns.zonefile

from crawler.standards.algorithms import ALGORITHMS
from crawler.standards.keys import DnssecFault, DnssecFlaw, Ds, Key, read_ds, read_key
from crawler.standards.names import ROOT, Name, from_text

Anchor = tuple[Name, Ds | Key]

_RECORD = re.compile(r"(\S+)(?:\s+(?:\d+|IN))*\s+(DS|DNSKEY)\s+(\d+)\s+(\w+)\s+(\w+)\s+(\S.*)", re.IGNORECASE)
_NUMBERS = {mnemonic: number for number, mnemonic in ALGORITHMS.items()}


def read_anchors(text: str) -> list[Anchor]:
    """The anchors of a text, in its order; a line that is neither DS nor DNSKEY is a fault, and so is an empty text."""
    anchors = [_anchor(line, number) for number, line in _logical_lines(text)]
    if not anchors:
        raise DnssecFault(DnssecFlaw.ANCHOR, "no DS or DNSKEY record")
    return anchors


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those inside parentheses joined (RFC 1035 section 5.1), each with its first number."""
    whole, first, depth = "", 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition(";")[0]
        depth += line.count("(") - line.count(")")
        first = first if whole else number
        whole += re.sub(r"[()]", " ", line)
        if depth > 0:
            whole += " "
            continue
        if whole.strip():
            yield first, whole.strip()
        whole, depth = "", 0
    if whole.strip():
        raise DnssecFault(DnssecFlaw.ANCHOR, f"line {first}: a parenthesis is not closed")


def _anchor(line: str, number: int) -> Anchor:
    """One record, DS (RFC 4034 section 5.3) or DNSKEY (section 2.2)."""
    match = _RECORD.fullmatch(line)
    if match is None:
        raise DnssecFault(DnssecFlaw.ANCHOR, f"line {number}: neither DS nor DNSKEY: {line[:60]!r}")
    owner, kind, first, second, third, rest = match.groups()
    try:
        name = from_text(owner)
        if kind.upper() == "DS":
            octets = bytes((_algorithm(second), int(third))) + bytes.fromhex("".join(rest.split()))
            return name, read_ds(int(first).to_bytes(2) + octets)
        octets = bytes((int(second), _algorithm(third))) + base64.b64decode("".join(rest.split()), validate=True)
        return name, read_key(int(first).to_bytes(2) + octets)
    except (ValueError, OverflowError) as fault:  # NameFault, bad numbers, hexadecimal and base64 are all ValueError
        raise DnssecFault(DnssecFlaw.ANCHOR, f"line {number}: {fault}") from None


def _algorithm(text: str) -> int:
    return int(_NUMBERS.get(text.upper(), text))


def read_hints(text: str) -> dict[Name, list[str]]:
    """The root's name servers and their addresses; servers without an address are left out."""
    try:
        rrsets = dns.zonefile.read_rrsets(text, rdclass=None, default_ttl=3600)
        servers, addresses = _servers(rrsets)
    except (dns.exception.DNSException, ValueError) as fault:
        raise DnssecFault(DnssecFlaw.HINTS, str(fault)) from None
    hints = {server: addresses[server] for server in servers if server in addresses}
    if not hints:
        raise DnssecFault(DnssecFlaw.HINTS, "no name server of the root with an address")
    return hints


def _servers(rrsets: list[dns.rrset.RRset]) -> tuple[list[Name], dict[Name, list[str]]]:
    """The targets of the root's NS records, and the addresses of every name in the text."""
    servers: list[Name] = []
    addresses: dict[Name, list[str]] = {}
    for rrset in rrsets:
        owner = from_text(rrset.name.to_text())
        if rrset.rdtype == dns.rdatatype.NS and owner == ROOT:
            servers += [from_text(rdata.target.to_text()) for rdata in rrset]
        elif rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            addresses.setdefault(owner, []).extend(rdata.address for rdata in rrset)
    return servers, addresses


def root_anchors_text() -> str:
    """The embedded trust anchors of the root: DS records of 20326 and 38696."""
    return _data("root-anchors.txt")


def root_hints_text() -> str:
    """The embedded root hints."""
    return _data("root-hints.txt")


def _data(name: str) -> str:
    return files(__package__).joinpath("data", name).read_text(encoding="utf-8")
