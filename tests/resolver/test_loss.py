"""Lost packets are not a server without EDNS: they cost time, and never a signature."""

from __future__ import annotations

from trio.testing import MockClock

from lab import behaviours as b
from lab.behaviours import Behaviour, Outcome, Teller
from lab.packet import Query
from lab.scenarios import build
from lab.scenarios.scenario import Classes, Scenario, Site
from lab.world import World
from tests.resolver.worlds import SE, SECURE, eyes_on

HERE = "45.0.1.1"  # the zone's only server


def world() -> World:
    sound = Scenario(
        claim="a sound zone",
        domain="loss.se",
        sites=(Site(apex="loss.se"),),
        classes=Classes("secure", "mx", "full"),
        row={},
    )
    return build([sound])


def lost(first: int) -> Behaviour:
    """The first so many queries never arrive."""
    left = [first]

    def act(query: Query, tell: Teller) -> Outcome:
        left[0] -= 1
        return None if left[0] >= 0 else tell(query)

    return Behaviour("lost", act)


async def test_two_lost_packets_to_a_tld_do_not_take_its_signatures_away(autojump_clock: MockClock) -> None:
    lossy = world()
    lossy.behave(SE, lost(2))
    eyes = eyes_on(lossy)
    assert await eyes.told("loss.se") == SECURE
    assert await eyes.told("mx.loss.se", "A") == SECURE


async def test_a_server_that_bore_edns_once_is_asked_with_it_for_ever(autojump_clock: MockClock) -> None:
    lossy = world()
    eyes = eyes_on(lossy)
    assert await eyes.told("loss.se") == SECURE
    lossy.behave(HERE, lost(3))
    await eyes.told("mx.loss.se", "A")
    await eyes.told("mx.loss.se", "A")
    assert all(asked.edns for asked in eyes.net.log if asked.server == HERE)


async def test_a_server_that_drops_edns_is_asked_without_it_from_then_on(autojump_clock: MockClock) -> None:
    deaf = world()
    deaf.behave(HERE, b.edns_dropped())
    eyes = eyes_on(deaf)
    for qtype in ("MX", "TXT"):
        await eyes.told("loss.se", qtype)
    asked = [asked.edns for asked in eyes.net.log if asked.server == HERE]
    assert asked[-1] is False
    assert asked.count(True) <= 3
