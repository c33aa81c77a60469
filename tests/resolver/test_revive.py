"""Silence is remembered by zone, so that it is waited for once; a second look begins without that memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from crawler.resolver.answer import Outcome
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.standards.names import from_text
from crawler.standards.security import Security
from crawler.standards.wire import Type
from lab.behaviours import do_ignored, silent
from lab.network import DirectNetwork
from lab.world import World
from lab.zones import Signing

if TYPE_CHECKING:
    from trio.testing import MockClock

HOUSE = "192.0.2.53"  # one server for a good zone and a silent one


def world() -> World:
    made = World()
    made.zone(".", servers={"a.root-servers.net.": "198.41.0.4"}, signing=Signing())
    made.zone("se", servers={"ns1": "192.36.144.107"}, signing=Signing())
    made.zone("good.se", "@ MX 10 mx", servers={"ns1": HOUSE}, signing=Signing())
    made.zone("silent.se", "@ MX 10 mx", servers={"ns1": HOUSE}, signing=Signing())
    made.behave(HOUSE, silent().only(below="silent.se"))
    return made


def resolver(made: World, net: DirectNetwork) -> Resolver:
    return Resolver(
        net,
        hints=starting_hints(made.hints()),
        anchors=starting_anchors(made.anchors()),
        now=lambda: made.now,
    )


async def test_a_silent_zone_is_waited_for_once_though_its_server_answers_for_others(autojump_clock: MockClock) -> None:
    made = world()
    net = DirectNetwork(made)
    eyes = resolver(made, net)
    assert (await eyes.resolve(from_text("good.se"), Type.MX)).outcome is Outcome.ANSWER
    assert (await eyes.resolve(from_text("silent.se"), Type.MX)).outcome is Outcome.TIMEOUT
    asked = net.asked[HOUSE]
    again = await eyes.resolve(from_text("_mta-sts.silent.se"), Type.TXT)
    assert (again.outcome, again.tries) == (Outcome.TIMEOUT, 0)
    assert net.asked[HOUSE] == asked
    assert (await eyes.resolve(from_text("_mta-sts.good.se"), Type.TXT)).outcome is Outcome.NXDOMAIN


async def test_revived_a_zone_that_speaks_again_is_measured(autojump_clock: MockClock) -> None:
    made = world()
    eyes = resolver(made, DirectNetwork(made))
    name = from_text("silent.se")
    assert (await eyes.resolve(name, Type.MX)).security is Security.INDETERMINATE
    made.server(HOUSE).behaviours.clear()
    assert (await eyes.resolve(name, Type.MX)).outcome is Outcome.TIMEOUT  # still believed
    eyes.revive()
    answer = await eyes.resolve(name, Type.MX)
    assert (answer.outcome, answer.security) == (Outcome.ANSWER, Security.SECURE)


async def test_a_bogus_zone_is_judged_anew_after_a_while(autojump_clock: MockClock) -> None:
    """RFC 4035 section 4.7: what one bad moment of `se` brought about does not last the run."""
    made = world()
    eyes = resolver(made, DirectNetwork(made))
    made.behave("192.36.144.107", do_ignored())
    assert (await eyes.resolve(from_text("good.se"), Type.MX)).security is Security.BOGUS
    made.server("192.36.144.107").behaviours.clear()
    assert (await eyes.resolve(from_text("good.se"), Type.MX)).security is Security.BOGUS  # not at once
    await trio.sleep(61)
    assert (await eyes.resolve(from_text("good.se"), Type.MX)).security is Security.SECURE
