"""Zones served by NSD and Knot, and Unbound's opinion of every name of them beside ours (RFC 4035, RFC 5155)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dns.flags
import dns.rcode
import pytest

from crawler.manners import Manners
from crawler.net import open_network
from crawler.resolver.resolve import Resolver
from crawler.session import anchors_by_zone
from crawler.standards.names import from_text
from crawler.standards.security import Security
from crawler.standards.wire import Type
from tests.real import servers
from tests.real.content import BY_KNOT, CHILDREN, NAMES, TOP, TYPES, ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.servers, pytest.mark.slow]


class Servers(NamedTuple):
    """Where everything runs: each zone's port, Unbound's port, and the trust anchor of both sides."""

    ports: dict[str, int]
    unbound: int
    anchor: Path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folders = [tmp_path_factory.mktemp(name) for name in ("knot", "nsd", "unbound")]
    with servers.knot(folders[0]) as knot, servers.nsd(folders[1], knot) as nsd:
        held = {zone: knot if zone.split(".")[-2] in BY_KNOT else nsd for zone in servers.zone_names() if zone != TOP}
        ports = {TOP: nsd, **held}
        anchor = folders[1] / "anchor"
        with servers.unbound(folders[2], anchor, ports) as unbound:
            yield Servers(ports, unbound, anchor)


def opinion(world: Servers, name: str, rtype: str) -> Security:
    """What Unbound says: bogus is what it withholds, unless checking is disabled."""
    reply = servers.ask(world.unbound, name, rtype)
    if reply.rcode() == dns.rcode.SERVFAIL:
        unchecked = servers.ask(world.unbound, name, rtype, cd=True)
        return Security.INDETERMINATE if unchecked.rcode() == dns.rcode.SERVFAIL else Security.BOGUS
    return Security.SECURE if reply.flags & dns.flags.AD else Security.INSECURE


@pytest.mark.parametrize("zone", ZONES)
async def test_unbound_and_we_agree_on_every_name(world: Servers, zone: str) -> None:
    """Existing names, missing ones, empty non-terminals, wildcards, aliases, delegations, and what is broken."""
    asked = [(f"{name}.{zone}.{TOP}".removeprefix("@."), rtype) for name in NAMES for rtype in TYPES]
    stubs = {from_text(apex): [(servers.HOST, port)] for apex, port in world.ports.items()}
    ours, theirs = {}, {}
    async with open_network(Manners.unlimited(), allowed={servers.HOST}) as net:
        resolver = Resolver(net, hints={}, anchors=anchors_by_zone(world.anchor.read_text()), stubs=stubs)
        for name, rtype in asked:
            answer = await resolver.resolve(from_text(name), Type[rtype])
            ours[name, rtype] = (answer.security, answer.reason)
            theirs[name, rtype] = opinion(world, name, rtype)
    differ = [(*key, *ours[key], theirs[key]) for key in asked if ours[key][0] is not theirs[key]]
    assert not differ, f"{len(differ)} of {len(asked)} differ: {differ[:12]}"


@pytest.mark.parametrize(
    ("name", "security"),
    [
        (f"mx.knot.{TOP}", Security.SECURE),
        (f"mx.nsd.{TOP}", Security.SECURE),
        (f"nothing.knot.{TOP}", Security.SECURE),
        (f"nothing.optout.{TOP}", Security.INSECURE),  # only an opt-out span denies it
        (f"mx.{CHILDREN[0]}.nsd.{TOP}", Security.INSECURE),
        (f"mx.plain.{TOP}", Security.INSECURE),
        (f"mx.island.{TOP}", Security.INSECURE),
        (f"mx.exotic.{TOP}", Security.INSECURE),
        (f"mx.expired.{TOP}", Security.BOGUS),
        (f"mx.early.{TOP}", Security.BOGUS),
        (f"mx.strange.{TOP}", Security.BOGUS),
        (f"leaf.tree.tampered.{TOP}", Security.BOGUS),
        (f"mx.wrongds.knot.{TOP}", Security.BOGUS),
    ],
)
def test_the_zones_are_as_broken_as_they_are_meant_to_be(world: Servers, name: str, security: Security) -> None:
    """Else agreement would prove little."""
    assert opinion(world, name, "A") is security
