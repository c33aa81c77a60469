"""What the real servers hold: one body of records, in zones that are signed, delegated and broken in different ways.

All zones hang below `test.`, the trust anchor of both sides. Nothing here is made by
the lab, nor by the code under test: signatures are those of ldns and Knot.
"""

from __future__ import annotations

from typing import NamedTuple

TOP = "test"

#: Where a zone's servers are said to be: the test's network leads these to the real ports (Unbound has stubs instead).
KNOT_ADDRESS, NSD_ADDRESS = "198.51.100.53", "198.51.100.54"
# {here} serves the zone itself and {there} its children, so that a referral is seen.
BODY = """\
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A {here}
@ MX 10 mx
@ MX 20 mx.unsigned
@ TXT "v=spf1 mx -all"
mx A 192.0.2.25
mx AAAA 2001:db8::25
_25._tcp.mx TLSA 3 1 1 8D02536C887482BC34FF54E41D2BA659BF85B341A0A20AFADB5813DCFBCF286D
_mta-sts TXT "v=STSv1; id=20261101;"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
null MX 0 .
deep.empty.non.terminal A 192.0.2.1
*.wild A 192.0.2.7
*.wild MX 10 mx
closer.wild TXT "hides the star"
*.wildalias CNAME mx
alias CNAME mx
second CNAME alias
outward CNAME mx.unsigned
dangling CNAME nothing
_25._tcp.alias CNAME _25._tcp.mx
branch DNAME tree
leaf.tree A 192.0.2.9
UPPER.Case A 192.0.2.11
unsigned NS ns.unsigned
ns.unsigned A {there}
unsigned2 NS ns.unsigned
wrongds NS ns.unsigned
wrongds DS 12345 13 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF
futile NS ns.unsigned
futile DS 12345 250 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF
odddigest NS ns.unsigned
odddigest DS 12345 13 250 00112233
"""
CHILD = """\
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
@ MX 10 mx
@ TXT "unsigned on purpose"
ns A {here}
mx A 192.0.2.26
_25._tcp.mx TLSA 3 1 1 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF
"""
CHILDREN = ("unsigned", "unsigned2", "wrongds", "futile", "odddigest")
TYPES = ("A", "MX", "TXT", "TLSA", "DS")

_HERE = (
    "@", "ns", "mx", "_tcp.mx", "_25._tcp.mx", "_mta-sts", "_smtp._tls", "null", "deep.empty.non.terminal",
    "empty.non.terminal", "terminal", "wild", "a.wild", "a.b.wild", "*.wild", "closer.wild", "x.closer.wild",
    "wildalias", "a.wildalias", "alias", "second", "outward", "dangling", "_25._tcp.alias", "branch",
    "leaf.branch", "none.branch", "leaf.tree", "upper.case", "nothing", "a.nothing", "zzz", "aaa",
    "_25._tcp.nothing",
)  # fmt: skip
_BELOW = (
    "@", "mx", "_tcp.mx", "_25._tcp.mx", "nothing",
)  # fmt: skip
NAMES = (*_HERE, *(child if label == "@" else f"{label}.{child}" for child in CHILDREN for label in _BELOW))


class Keys(NamedTuple):
    """How a zone is signed."""

    algorithm: str  # as ldns and Knot both call it
    nsec3: bool = False
    opt_out: bool = False
    iterations: int = 0
    salt: str = ""  # hexadecimal
    days: tuple[int, int] = (-1, 30)  # the signatures' validity, from today; ldns only


def body(address: str) -> str:
    """A zone whose own server has this address, and whose children have the other."""
    return BODY.format(here=address, there=NSD_ADDRESS if address == KNOT_ADDRESS else KNOT_ADDRESS)


#: Zones that Knot signs by itself, each delegated securely from `test.`
BY_KNOT = {
    "knot": Keys("ECDSAP256SHA256", nsec3=True),
    "optout": Keys("ECDSAP256SHA256", nsec3=True, opt_out=True),
    "rsa": Keys("RSASHA256"),
    "ed": Keys("ED25519", nsec3=True, iterations=5),
    "p384": Keys("ECDSAP384SHA384"),
}
#: Zones that ldns-signzone signs and NSD serves.
BY_LDNS = {
    "nsd": Keys("ECDSAP256SHA256"),
    "salted": Keys("RSASHA512", nsec3=True, iterations=3, salt="c0ffee"),
    "span": Keys("ED25519", nsec3=True, opt_out=True),
    "tampered": Keys("ECDSAP256SHA256"),
    "tampered3": Keys("ECDSAP256SHA256", nsec3=True),
    "expired": Keys("ECDSAP256SHA256", days=(-30, -2)),
    "early": Keys("ECDSAP256SHA256", days=(2, 30)),
    "island": Keys("ECDSAP256SHA256"),  # no DS
    "strange": Keys("ECDSAP256SHA256"),  # a DS of another key
    "exotic": Keys("ECDSAP256SHA256"),  # a DS of an algorithm that nobody validates
    "floods": Keys("ECDSAP256SHA256", nsec3=True, iterations=400),  # more than a validator computes
}
PLAIN = "plain"  # neither signed nor with DS
ZONES = (*BY_KNOT, *BY_LDNS, PLAIN)
