"""Where a resolver starts: root hints, trust anchors and stub zones, as files and options give them.

The embedded defaults are the root's published hints and its two keys (20326 and
38696). Reading anchors is ``standards/anchors``; what is done with them, ``trust``.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

from crawler.resolver.referral import DNS_PORT
from crawler.standards.anchors import read_anchors, read_hints, root_anchors_text, root_hints_text
from crawler.standards.keys import DnssecFault, Ds, ds_of
from crawler.standards.names import NameFault, from_text

if TYPE_CHECKING:
    from crawler.resolver.ask import Address


class StartFault(ValueError):
    """A hints file, an anchor file or a stub option that cannot be read; the message is for people."""


def starting_hints(text: str | None = None) -> dict[bytes, list[str]]:
    """Root hints: the user's master-file text, or the embedded ones. Raises `StartFault`."""
    try:
        return read_hints(root_hints_text() if text is None else text)
    except DnssecFault as fault:
        raise StartFault(f"not a root hints file: {fault}") from fault


def starting_anchors(text: str | None = None) -> dict[bytes, list[Ds]]:
    """Trust anchors by zone: the user's DS or DNSKEY lines, or the root's embedded ones. Raises `StartFault`."""
    try:
        read = read_anchors(root_anchors_text() if text is None else text)
    except DnssecFault as fault:
        raise StartFault(f"not a trust anchor file: {fault}") from fault
    anchors: dict[bytes, list[Ds]] = {}
    for owner, anchor in read:
        anchors.setdefault(owner, []).append(anchor if isinstance(anchor, Ds) else ds_of(owner, anchor))
    return anchors


def read_stub(text: str) -> tuple[bytes, Address]:
    """``ZONE=ADDR[:PORT]``, an IPv6 address with a port in brackets. Raises `StartFault`."""
    zone, equals, where = text.partition("=")
    try:
        if not equals:
            raise StartFault("no equals sign")
        return from_text(zone or "."), read_server(where)
    except (NameFault, StartFault) as fault:
        raise StartFault(f"{text!r} is no stub zone: write ZONE=ADDR or ZONE=ADDR:PORT") from fault


def read_server(text: str) -> Address:
    """``ADDR[:PORT]``, an IPv6 address with a port in brackets. Raises `StartFault`."""
    host, port = text, str(DNS_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        port = rest[1:] if rest[:1] == ":" else port if bracket and not rest else ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16:
        with suppress(ValueError):
            return str(ip_address(host)), int(port)
    raise StartFault(f"{text!r} is no server: write ADDR or ADDR:PORT, and [ADDR]:PORT for IPv6")
