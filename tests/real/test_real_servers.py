"""Zones served by NSD and Knot, and Unbound's opinion of every name of them beside ours (RFC 4035, RFC 5155)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dns.flags
import dns.rcode
import pytest

from crawler.resolver.answer import Outcome
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors
from crawler.standards.names import from_text
from crawler.standards.security import Reason, Security
from crawler.standards.wire import Type
from lab.network import LabNetwork
from tests.real import servers
from tests.real.content import CHILDREN, KNOT_ADDRESS, NAMES, NSD_ADDRESS, TOP, TYPES, ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.net import Network

pytestmark = [pytest.mark.servers, pytest.mark.slow]


class Opinion(NamedTuple):
    """Unbound's word on one question; no outcome for what it withholds."""

    security: Security
    outcome: Outcome | None


class Servers(NamedTuple):
    """Where everything runs, and the trust anchor of both sides."""

    knot: int  # ports
    nsd: int
    unbound: int
    anchor: Path

    def resolver(self, net: Network, *, by_referral: bool, anchor: str | None = None) -> Resolver:
        """Ours: led down from `test.` by referrals, or with a stub for each zone."""
        anchors = starting_anchors(anchor or self.anchor.read_text())
        if by_referral:
            stubs = {from_text(TOP): [(NSD_ADDRESS, 53)]}
        else:
            stubs = {from_text(apex): [(KNOT_ADDRESS, 53)] for apex in servers.held_by_knot()}
            stubs |= {from_text(apex): [(NSD_ADDRESS, 53)] for apex in servers.held_by_nsd()}
        return Resolver(net, hints={}, anchors=anchors, stubs=stubs)

    def network(self) -> LabNetwork:
        """Leads the addresses that the zones name to the real ports."""
        routes = {KNOT_ADDRESS: (servers.HOST, self.knot), NSD_ADDRESS: (servers.HOST, self.nsd)}
        return LabNetwork(0, routes=routes)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folders = [tmp_path_factory.mktemp(name) for name in ("knot", "nsd", "unbound")]
    with servers.knot(folders[0]) as knot, servers.nsd(folders[1], knot) as nsd:
        ports = dict.fromkeys(servers.held_by_knot(), knot) | dict.fromkeys(servers.held_by_nsd(), nsd)
        anchor = folders[1] / "anchor"
        with servers.unbound(folders[2], anchor, ports) as unbound:
            yield Servers(knot, nsd, unbound, anchor)


@pytest.fixture(scope="session")
def opinions(world: Servers) -> dict[tuple[str, str], Opinion]:
    """Unbound's, of every name and type; asked once."""
    return {key: opinion(world, *key) for zone in ZONES for key in questions(zone)}


def questions(zone: str) -> list[tuple[str, str]]:
    return [(f"{name}.{zone}.{TOP}".removeprefix("@."), rtype) for name in NAMES for rtype in TYPES]


def opinion(world: Servers, name: str, rtype: str) -> Opinion:
    """What Unbound says: bogus is what it withholds, unless checking is disabled."""
    reply = servers.ask(world.unbound, name, rtype)
    if reply.rcode() == dns.rcode.SERVFAIL:
        unchecked = servers.ask(world.unbound, name, rtype, cd=True)
        silent = unchecked.rcode() == dns.rcode.SERVFAIL
        return Opinion(Security.INDETERMINATE if silent else Security.BOGUS, None)
    security = Security.SECURE if reply.flags & dns.flags.AD else Security.INSECURE
    if reply.rcode() == dns.rcode.NXDOMAIN:
        return Opinion(security, Outcome.NXDOMAIN)
    found = any(int(rrset.rdtype) == Type[rtype] for rrset in reply.answer)
    return Opinion(security, Outcome.ANSWER if found else Outcome.NODATA)


@pytest.mark.parametrize("by_referral", [True, False], ids=["referrals", "stubs"])
@pytest.mark.parametrize("zone", ZONES)
async def test_unbound_and_we_agree_on_every_name(
    world: Servers, opinions: dict[tuple[str, str], Opinion], zone: str, by_referral: bool
) -> None:
    """Existing names, missing ones, empty non-terminals, wildcards, aliases, delegations, and what is broken."""
    differ = []
    async with world.network().running() as net:
        resolver = world.resolver(net, by_referral=by_referral)
        for name, rtype in questions(zone):
            answer = await resolver.resolve(from_text(name), Type[rtype])
            theirs = opinions[name, rtype]
            if answer.security is not theirs.security or theirs.outcome not in (None, answer.outcome):
                differ.append((name, rtype, answer.outcome, answer.security, answer.reason, theirs))
    assert not differ, f"{len(differ)} differ: {differ[:12]}"


async def test_under_a_wrong_trust_anchor_everything_signed_is_bogus(world: Servers) -> None:
    anchor = world.anchor.read_text().split()
    anchor[-1] = "0" * 64
    async with world.network().running() as net:
        resolver = world.resolver(net, by_referral=True, anchor=" ".join(anchor))
        for name in (TOP, f"mx.knot.{TOP}", f"mx.nsd.{TOP}"):
            answer = await resolver.resolve(from_text(name), Type.A)
            assert (answer.security, answer.reason) == (Security.BOGUS, Reason.ANCHOR_MISMATCH)


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
    assert opinion(world, name, "A").security is security
