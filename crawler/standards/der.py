"""DER, as much as certificates need: elements one inside the other (ITU-T X.690 sections 8 and 10).

A reader of slices: an element knows its tag, its content and its own octets, so
that what was signed or digested is handed out as it was sent, never encoded
anew. Tags of more than one octet, indefinite lengths and lengths above four
octets raise `DerFault`, and nothing else is raised. Lengths that are longer than
need be are read, for digests are taken over what was sent. Depth is the
caller's: nothing here recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
SEQUENCE, SET = 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


class DerFault(Exception):
    """Octets that are no DER of the kind expected; `at` is the octet offset within the slice read."""

    def __init__(self, at: int, text: str) -> None:
        super().__init__(f"octet {at}: {text}")
        self.at = at


class Element(NamedTuple):
    """One element: `whole` is `content` with its tag and length in front."""

    tag: int
    content: bytes
    whole: bytes


def _element(data: bytes, at: int) -> tuple[Element, int]:
    """The element that begins at an offset, and where the next one begins."""
    start = at
    if len(data) - at < 2:
        raise DerFault(at, "cut short")
    tag, size = data[at], data[at + 1]
    at += 2
    if tag & 0x1F == 0x1F:
        raise DerFault(start, "a tag of more than one octet")
    if size & 0x80:
        octets = size & 0x7F
        if not 0 < octets <= 4 or len(data) - at < octets:
            raise DerFault(start, "a length without end, or too long a one")
        size = int.from_bytes(data[at : at + octets])
        at += octets
    end = at + size
    if end > len(data):
        raise DerFault(start, "longer than what holds it")
    return Element(tag, data[at:end], data[start:end]), end


def elements(data: bytes) -> Iterator[Element]:
    """The elements that fill a content, one after the other."""
    at = 0
    while at < len(data):
        element, at = _element(data, at)
        yield element


def only(data: bytes, tag: int) -> Element:
    """The one element that fills the octets, which has this tag."""
    element, end = _element(data, 0)
    if element.tag != tag or end != len(data):
        raise DerFault(0, f"not exactly one element of tag {tag:#04x}")
    return element


def number(element: Element) -> int:
    """A small INTEGER, not negative."""
    if element.tag != INTEGER or not 0 < len(element.content) <= 8 or element.content[0] & 0x80:
        raise DerFault(0, "not a small number")
    return int.from_bytes(element.content)


_TIME = re.compile(rb"(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z").fullmatch


def time(element: Element) -> datetime:
    """UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 has them: seconds, and ``Z``."""
    found = _TIME(element.content)
    digits = {UTC_TIME: 2, GENERALIZED_TIME: 4}.get(element.tag)
    if found is None or len(found[1]) != digits:
        raise DerFault(0, f"not a time: {element.content[:20]!r}")
    year, *rest = map(int, found.groups())
    if digits == 2:
        year += 2000 if year < 50 else 1900
    try:
        return datetime(year, *rest, tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        raise DerFault(0, f"no such time: {element.content[:20]!r}") from None
