r"""Master file text of hand-written zones, read by dnspython (RFC 1035 section 5.1).

One thing more than dnspython does: ``owner TYPE \# LENGTH HEX`` (RFC 3597 section 5) is taken as it stands, also
where the type is known and the octets make no sense in it, for the lab must be able to publish a TLSA record of two
octets.
"""

from __future__ import annotations

import re

import dns.name
import dns.rdatatype
import dns.zonefile

from lab.names import Name, wire
from lab.names import text as name_text

_RAW = re.compile(
    r"^(?P<owner>\S+)\s+(?:(?P<ttl>\d+)\s+)?(?:IN\s+)?(?P<type>\S+)\s+\\#\s+(?P<size>\d+)\s*(?P<hex>[0-9a-fA-F\s]*)$"
)
TTL = 3600

Entry = tuple[Name, int, int, bytes]  # owner, ttl, type, rdata


def parse(text: str, origin: Name) -> list[Entry]:
    """Every record of a text; relative names are relative to the origin."""
    plain, found = [], []
    for line in text.splitlines():
        line = line.strip() if "\\#" in line else line
        if raw := _RAW.match(line):
            found.append(_raw(raw, origin))
        else:
            plain.append(line)
    body = "\n".join(plain)
    if body.strip():
        found.extend(_parse(body, origin))
    return found


def _raw(raw: re.Match[str], origin: Name) -> Entry:
    rdata = bytes.fromhex(raw["hex"])
    if len(rdata) != int(raw["size"]):
        raise ValueError(f"{raw[0]!r} holds {len(rdata)} octets")
    owner = raw["owner"]
    name = origin if owner == "@" else wire(owner) if owner.endswith(".") else _relative(owner, origin)
    return name, int(raw["ttl"] or TTL), int(dns.rdatatype.from_text(raw["type"])), rdata


def _relative(owner: str, origin: Name) -> Name:
    return wire(f"{owner}.{name_text(origin)}" if origin != b"\0" else owner)


def _parse(body: str, origin: Name) -> list[Entry]:
    at = dns.name.from_wire(origin, 0)[0]
    rrsets = dns.zonefile.read_rrsets(
        body, default_ttl=TTL, origin=at, relativize=False, rdclass=None, default_rdclass="IN"
    )
    return [
        (wire(rrset.name.to_text()), rrset.ttl, int(rrset.rdtype), rdata.to_digestable())
        for rrset in rrsets
        for rdata in rrset
    ]
