"""Domain names of the lab, in wire form: lower case, uncompressed, with the final empty label (RFC 1035 section 3.1).

Text is accepted only here and in `lab.zones`. The crawler's own `standards.names` is not used, on purpose: a mistake
there must not hide itself by also being made in the world that the crawler is tested against.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import dns.name
import dns.rdatatype

type_of = dns.rdatatype.from_text

Name = bytes
ROOT: Final = b"\0"
WILDCARD: Final = b"\x01*"


class Type:
    """The record types that the lab itself must know (IANA's table); others are only octets here."""

    A: Final = 1
    NS: Final = 2
    CNAME: Final = 5
    SOA: Final = 6
    PTR: Final = 12
    MX: Final = 15
    TXT: Final = 16
    AAAA: Final = 28
    DNAME: Final = 39
    OPT: Final = 41
    DS: Final = 43
    RRSIG: Final = 46
    NSEC: Final = 47
    DNSKEY: Final = 48
    NSEC3: Final = 50
    NSEC3PARAM: Final = 51
    TLSA: Final = 52
    NXNAME: Final = 128
    ANY: Final = 255


@lru_cache(maxsize=65536)
def wire(text: str) -> Name:
    """With or without the final dot, "." for the root; escapes as in master files."""
    return dns.name.from_text(text).to_wire().lower()  # type: ignore[union-attr]


@lru_cache(maxsize=65536)
def text(name: Name) -> str:
    """With the final dot, as master files want it."""
    return dns.name.from_wire(name, 0)[0].to_text()


def parent(name: Name) -> Name:
    """One label up."""
    return name[name[0] + 1 :]


def ancestors(name: Name) -> Iterator[Name]:
    """The name itself first, the root last."""
    while name != ROOT:
        yield name
        name = name[name[0] + 1 :]
    yield ROOT


def is_below(name: Name, ancestor: Name) -> bool:
    """Equal to the ancestor, or under it; label boundaries count."""
    if not name.endswith(ancestor):
        return False
    rest = len(name) - len(ancestor)
    at = 0
    while at < rest:
        at += name[at] + 1
    return at == rest


def labels(name: Name) -> list[bytes]:
    """Without the root's empty one."""
    found = []
    at = 0
    while size := name[at]:
        found.append(name[at + 1 : at + 1 + size])
        at += size + 1
    return found


def count(name: Name) -> int:
    """How many labels, the root and a leading "*" not counted (RFC 4034 section 3.1.3)."""
    number = at = 0
    while size := name[at]:
        number += 1
        at += size + 1
    return number - name.startswith(WILDCARD)


def canonical_key(name: Name) -> tuple[bytes, ...]:
    """Sorts as RFC 4034 section 6.1 wants."""
    return tuple(reversed(labels(name)))


def join(label: bytes, name: Name) -> Name:
    """One label down."""
    return bytes((len(label),)) + label + name
