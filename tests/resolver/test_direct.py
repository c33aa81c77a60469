"""One server asked alone: a lost packet is no silence, silence costs what it may, and no other server is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from crawler.resolver.answer import Outcome
from crawler.resolver.direct import QUERIES, Direct
from crawler.resolver.limits import Limits
from crawler.standards.names import from_text
from crawler.standards.wire import Type
from lab import behaviours as b
from tests.resolver.worlds import OTHER, OURS, Watching, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

EXAMPLE = from_text("example.se")


def watched(*behaviours: b.Behaviour) -> Watching:
    world = tops()
    world.zone("example.se", "@ MX 10 mx", servers={"ns1": OURS, "ns2": OTHER})
    world.behave(OURS, *behaviours)
    world.link()
    return Watching(world)


async def test_only_the_server_that_is_named_is_asked(autojump_clock: MockClock) -> None:
    net = watched(b.refused())
    told = await Direct(net).ask((OURS, 53), EXAMPLE, Type.MX)
    assert (told.reading.outcome, told.tries) == (Outcome.REFUSED, 1)
    assert net.questions() == [(OURS, "example.se", "MX")]


async def test_a_lost_packet_is_no_silence(autojump_clock: MockClock) -> None:
    lost: list[bool] = []

    def once(_: object) -> bool:
        lost.append(True)
        return len(lost) == 1

    silent = b.silent()
    net = watched(b.Behaviour("lost", silent._act, once))
    told = await Direct(net).ask((OURS, 53), EXAMPLE, Type.MX)
    assert (told.reading.outcome, told.tries) == (Outcome.ANSWER, 2)


async def test_silence_costs_two_packets_and_their_patience(autojump_clock: MockClock) -> None:
    net = watched(b.silent())
    told = await Direct(net, Limits(silences_before_plain=9)).ask((OURS, 53), EXAMPLE, Type.MX)
    assert (told.reading.outcome, told.message, told.tries) == (Outcome.TIMEOUT, None, 2)
    assert trio.current_time() == 1.5 + 3.0  # the patience for a stranger, then twice that


async def test_whatever_a_server_does_the_packets_are_bounded(autojump_clock: MockClock) -> None:
    for behaviours in (
        [b.silent()],
        [b.truncated(), b.tcp_silent()],
        [b.formerr_on_edns(), b.truncated()],
        [b.rcode(1)],
    ):
        net = watched(*behaviours)
        direct = Direct(net, Limits(rounds=50, silences_before_plain=0))
        told = await direct.ask((OURS, 53), EXAMPLE, Type.MX)
        assert told.tries == len(net.log) <= QUERIES


async def test_a_question_that_used_up_its_packets_says_so(autojump_clock: MockClock) -> None:
    net = watched(b.silent())
    told = await Direct(net, Limits(rounds=50, silences_before_plain=99)).ask((OURS, 53), EXAMPLE, Type.MX)
    assert (told.reading.outcome, told.tries) == (Outcome.BUDGET, QUERIES)
