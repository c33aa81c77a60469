"""One server, one question: EDNS and its fallbacks, TCP, patience, and what is remembered of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver import ask
from crawler.resolver.ask import Servers
from crawler.resolver.limits import Limits
from crawler.standards.names import from_text
from lab import behaviours as b
from tests.resolver.worlds import OTHER, OURS, Eyes, eyes_on, tops

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.testing import MockClock

    from lab.behaviours import Behaviour

LIMITS = Limits()
PLAIN = "nxdomain insecure no-anchor"


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.5)


def stub(*behaviours: Behaviour, addresses: tuple[str, ...] = (OURS,)) -> Eyes:
    """A resolver that knows only ``example.se`` and its servers, the first of which behaves so."""
    world = tops()
    world.zone("example.se", servers={f"ns{n}": one for n, one in enumerate(addresses)})
    world.behave(OURS, *behaviours)
    return eyes_on(world, anchors={}, stubs={from_text("example.se"): [(one, 53) for one in addresses]})


def sent(eyes: Eyes) -> str:
    """What was sent, a letter each: Edns, Plain, and t for TCP after it."""
    return " ".join(("E" if asked.edns else "P") + ("t" if asked.tcp else "") for asked in eyes.net.log)


async def look(eyes: Eyes, times: int = 1) -> str:
    told = [await eyes.told(f"n{len(eyes.net.log)}.example.se", "TXT") for _ in range(times)]
    return told[-1]


@pytest.mark.parametrize("choke", [b.formerr_on_edns, b.notimp_on_edns, b.badvers])
async def test_a_server_that_chokes_on_edns_is_asked_without_and_that_is_remembered(
    autojump_clock: MockClock, choke: Callable[[], Behaviour]
) -> None:
    """RFC 6891 section 7."""
    eyes = stub(choke())
    assert await look(eyes, 3) == PLAIN
    assert sent(eyes) == "E P P P"


async def test_what_one_server_cannot_another_still_may(autojump_clock: MockClock) -> None:
    eyes = stub(b.formerr_on_edns(), addresses=(OURS, OTHER))
    await look(eyes)
    eyes.net.world.behave(OURS, b.refused())  # type: ignore[attr-defined]
    await look(eyes)
    assert [asked.edns for asked in eyes.net.log if asked.server == OTHER] == [True]


@pytest.mark.parametrize(("rcode", "outcome"), [(1, "formerr"), (4, "notimp")])
async def test_a_server_that_says_so_without_edns_too_is_not_remembered_as_plain(
    autojump_clock: MockClock, rcode: int, outcome: str
) -> None:
    eyes = stub(b.rcode(rcode))
    assert await look(eyes, 2) == f"{outcome} indeterminate lookup-failed"
    assert sent(eyes) == "E P E P"


async def test_other_failures_are_not_asked_again_without_edns(autojump_clock: MockClock) -> None:
    eyes = stub(b.servfail())
    await look(eyes)
    assert sent(eyes) == "E"


async def test_where_queries_with_edns_vanish_two_silences_lead_to_plain_dns(autojump_clock: MockClock) -> None:
    """And a third after the plain reply makes sure that it is not lost packets."""
    eyes = stub(b.edns_dropped())
    assert await look(eyes) == PLAIN
    assert sent(eyes) == "E E P E"
    assert trio.current_time() == 1.5 + 3 + 3
    await look(eyes, 2)
    assert sent(eyes) == "E E P E P P"
    assert trio.current_time() == 7.5


async def test_silence_without_edns_too_is_no_sign_against_edns(autojump_clock: MockClock) -> None:
    eyes = stub(b.silent())
    await look(eyes)
    eyes.net.world.server(OURS).behaviours.clear()  # type: ignore[attr-defined]
    assert await look(eyes) == PLAIN
    assert sent(eyes) == "E E P E"


async def test_a_truncated_reply_is_fetched_over_tcp_each_time(autojump_clock: MockClock) -> None:
    eyes = stub(b.truncated())
    assert await look(eyes, 2) == PLAIN
    assert sent(eyes) == "E Et E Et"


async def test_an_answer_tells_its_octets_and_whether_it_took_tcp(autojump_clock: MockClock) -> None:
    plain = await stub().look("example.se", "TXT")
    cut = await stub(b.truncated()).look("example.se", "TXT")
    lost = await stub(b.silent()).look("example.se", "TXT")
    assert (plain.tcp, cut.tcp, lost.tcp) == (False, True, None)
    assert plain.size == cut.size
    assert 60 < (plain.size or 0) < 512
    assert lost.size is None


@pytest.mark.parametrize(
    ("behaviour", "seconds"),
    [
        (b.tcp_refused, 0),
        (b.tcp_closed, 0),
        (b.tcp_silent, 2 * 1.5),  # a handshake takes a round trip more
    ],
)
async def test_truncated_is_told_where_tcp_fails(
    autojump_clock: MockClock, behaviour: Callable[[], Behaviour], seconds: float
) -> None:
    eyes = stub(b.truncated(), behaviour())
    answer = await eyes.look("example.se", "TXT")
    assert answer.outcome == "truncated"
    assert answer.server == OURS
    assert trio.current_time() == seconds


async def test_each_packet_counts_once(autojump_clock: MockClock) -> None:
    eyes = stub(b.truncated(), b.formerr_on_edns())
    answer = await eyes.look("example.se", "TXT")
    assert answer.tries == len(eyes.net.log) == eyes.resolver.sent == 4
    assert sent(eyes) == "E Et P Pt"


@pytest.mark.parametrize("mangle", [b.garbage, b.compression_loop, b.counts_lie, b.cut_short])
async def test_a_reply_that_is_no_message_is_malformed_and_the_next_server_is_asked(
    autojump_clock: MockClock, mangle: Callable[[], Behaviour]
) -> None:
    assert (await stub(mangle()).look("example.se", "NS")).outcome == "malformed"
    assert await look(stub(mangle(), addresses=(OURS, OTHER))) == PLAIN


@pytest.mark.parametrize("spoil", [b.wrong_id, b.wrong_question])
async def test_a_stray_is_silence(autojump_clock: MockClock, spoil: Callable[[], Behaviour]) -> None:
    eyes = stub(spoil())
    assert await look(eyes) == "timeout indeterminate lookup-failed"
    assert trio.current_time() == 7.5


@pytest.mark.parametrize(
    ("usual", "patience"),
    [
        (0.01, LIMITS.least_patience),
        (0.4, 1.2),  # three round trips
        (1.4, LIMITS.most_patience),
    ],
)
async def test_patience_follows_the_round_trip_time(autojump_clock: MockClock, usual: float, patience: float) -> None:
    eyes = stub(b.delayed(usual))
    await look(eyes, 4)
    assert sent(eyes) == "E E E E"  # no reply came too late
    eyes.net.world.server(OURS).behaviours[:] = [b.silent()]  # type: ignore[attr-defined]
    began = trio.current_time()
    await look(eyes)
    assert sent(eyes) == "E E E E E E"  # it bore EDNS before: silence says nothing against that
    assert trio.current_time() - began == pytest.approx(patience + min(2 * patience, LIMITS.most_patience))


async def test_waiting_for_our_turn_is_not_the_servers_slowness(autojump_clock: MockClock) -> None:
    """The round-trip time runs from when the door says that the query went out."""
    eyes = stub(b.delayed(0.2))
    over_udp = eyes.net.over_udp

    async def queued(query: bytes, address: str, port: int, patience: float) -> object:
        await trio.sleep(1)
        return await over_udp(query, address, port, patience)

    eyes.net.over_udp = queued  # type: ignore[assignment,method-assign]
    answer = await eyes.look("example.se", "TXT")
    assert answer.rtt == pytest.approx(0.2)


def test_the_round_trip_time_is_smoothed() -> None:
    habits = Servers(10).of(("192.0.2.1", 53))
    for seconds in (0.4, 0.8):
        habits.heard(seconds)
    assert habits.rtt == pytest.approx(0.75 * 0.4 + 0.25 * 0.8)
    habits.heard(0)
    assert habits.rtt > 0


def test_a_reply_ends_the_silences() -> None:
    habits = Servers(10).of(("192.0.2.1", 53))
    habits.silent = 3
    habits.heard(0.1)
    assert habits.silent == 0


def test_no_more_servers_are_remembered_than_the_limit_and_the_busy_ones_stay() -> None:
    servers = Servers(5)
    busy = ("192.0.2.1", 53)
    servers.of(busy).heard(0.3)
    for number in range(50):
        servers.of((f"198.51.100.{number}", 53)).heard(0.1)
        servers.of(busy)
    assert servers.of(busy).rtt == 0.3
    assert servers.of(("198.51.100.1", 53)).rtt == 0


def test_the_order_is_silence_then_round_trip_and_the_unknown_come_early() -> None:
    servers = Servers(10)
    quick, slow, silent, unknown = ((f"192.0.2.{n}", 53) for n in range(1, 5))
    servers.of(quick).heard(0.01)
    servers.of(slow).heard(0.5)
    servers.of(silent).silent = 1
    assert servers.order([silent, slow, unknown, quick]) == [quick, unknown, slow, silent]
    assert servers.order([silent]) == [silent]
    assert servers.order([]) == []
