"""Manners on the virtual clock: caps that hold exactly, turns that are fair, slots that never leak."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from crawler.manners import Limit, Line, Manners, is_special, network_of
from crawler.strands import Crew

ONE = "192.0.2.1"
NEIGHBOUR = "192.0.2.99"
NONE = Limit()
STRANGER = "198.51.100.1"


@asynccontextmanager
async def running(manners: Manners) -> AsyncIterator[Manners]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(manners.run)
        yield manners
        nursery.cancel_scope.cancel()


def limits(address: Limit = NONE, network: Limit = NONE, overall: Limit = NONE, *, remembered: int = 1_000) -> Manners:
    return Manners(per_address=address, per_network=network, overall=overall, remembered=remembered)


async def turn(manners: Manners, address: str) -> Line:
    return manners.admit(address, trio.current_time()) or await manners.wait(address)


async def send(manners: Manners, address: str, sent: list[tuple[float, str]], takes: float = 0.0) -> None:
    line = await turn(manners, address)
    try:
        sent.append((trio.current_time(), address))
        await trio.sleep(takes)
    finally:
        manners.done(line)


def busiest_second(times: list[float]) -> int:
    return max(bisect_left(times, start + 1 - 1e-9) - at for at, start in enumerate(times))


def leaves_nothing(manners: Manners) -> bool:
    gates = {gate for line in manners._lines.values() for gate in line.gates}
    return manners.waiting == 0 and all(gate.in_flight == 0 for gate in gates)


@pytest.mark.parametrize("rate", [1, 2, 7, 100])
async def test_no_second_sees_more_than_the_rate_and_little_less_is_used(rate: int, autojump_clock: MockClock) -> None:
    sent = list[tuple[float, str]]()
    async with running(limits(address=Limit(rate=rate))) as manners, trio.open_nursery() as nursery:
        for _ in range(rate * 10):
            nursery.start_soon(send, manners, ONE, sent)
    times = [at for at, _ in sent]
    assert busiest_second(times) == rate == manners.busiest_rate
    assert times[-1] <= 10 / 0.9
    assert leaves_nothing(manners)


async def test_the_rate_holds_for_requests_at_random_times(autojump_clock: MockClock) -> None:
    sent, dice = list[tuple[float, str]](), random.Random(3)

    async def later(manners: Manners, address: str) -> None:
        await trio.sleep(dice.uniform(0, 20))
        await send(manners, address, sent, dice.expovariate(10))

    manners = limits(Limit(10, 5), Limit(15, 8), Limit(22, 12))
    async with running(manners), trio.open_nursery() as nursery:
        for _ in range(600):
            nursery.start_soon(later, manners, dice.choice([ONE, NEIGHBOUR, STRANGER, "2001:db8::1"]))
    assert len(sent) == 600
    assert busiest_second([at for at, _ in sent]) <= 22
    assert busiest_second([at for at, address in sent if address in {ONE, NEIGHBOUR}]) <= 15
    assert busiest_second([at for at, address in sent if address == ONE]) <= 10
    assert manners.busiest_rate <= 10
    assert leaves_nothing(manners)


@pytest.mark.parametrize("level", [0, 1, 2])  # the address, its network, all there is
async def test_no_more_are_in_flight_than_allowed(level: int, autojump_clock: MockClock) -> None:
    sent, levels = list[tuple[float, str]](), [NONE] * 3
    levels[level] = Limit(in_flight=3)
    async with running(limits(levels[0], levels[1], levels[2])) as manners, trio.open_nursery() as nursery:
        for _ in range(12):
            nursery.start_soon(send, manners, ONE, sent, 1.0)
    assert [at for at, _ in sent] == sorted([0.0, 1.0, 2.0, 3.0] * 3)


async def test_neighbours_share_their_network_and_strangers_do_not(autojump_clock: MockClock) -> None:
    sent = list[tuple[float, str]]()
    async with running(limits(network=Limit(in_flight=1))) as manners, trio.open_nursery() as nursery:
        for address in (ONE, NEIGHBOUR, STRANGER):
            nursery.start_soon(send, manners, address, sent, 1.0)
    at = {address: when for when, address in sent}
    assert abs(at[ONE] - at[NEIGHBOUR]) == 1
    assert at[STRANGER] == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48")],
)
def test_a_network_is_a_24_or_a_48(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_first_come_first_served(autojump_clock: MockClock) -> None:
    order = list[int]()

    async def note(manners: Manners, number: int) -> None:
        line = await turn(manners, ONE)
        order.append(number)
        manners.done(line)

    async with running(limits(address=Limit(rate=5))) as manners, trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(note, manners, number)
            await trio.testing.wait_all_tasks_blocked()
    assert order == list(range(30))


async def test_a_long_queue_at_one_address_does_not_starve_another(autojump_clock: MockClock) -> None:
    sent = list[tuple[float, str]]()
    async with running(limits(overall=Limit(in_flight=1))) as manners, trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(send, manners, ONE, sent, 1.0)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(send, manners, STRANGER, sent, 1.0)
    assert [address for _, address in sent].index(STRANGER) <= 2  # they take turns


async def test_who_waits_at_a_slow_address_holds_nothing_that_others_need(autojump_clock: MockClock) -> None:
    sent = list[tuple[float, str]]()
    manners = limits(address=Limit(rate=1), overall=Limit(in_flight=2))
    async with running(manners), trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(send, manners, ONE, sent)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(send, manners, STRANGER, sent)
    assert (0.0, STRANGER) in sent


async def test_who_gives_up_waiting_leaks_no_turn(autojump_clock: MockClock) -> None:
    sent, dice = list[tuple[float, str]](), random.Random(5)

    async def impatient(manners: Manners, address: str) -> None:
        with trio.move_on_after(dice.uniform(0, 3)):
            await send(manners, address, sent, dice.uniform(0, 1))

    manners = limits(Limit(4, 2), Limit(6, 3), Limit(8, 4))
    async with running(manners):
        for _ in range(20):
            async with trio.open_nursery() as nursery:
                for _ in range(30):
                    nursery.start_soon(impatient, manners, dice.choice([ONE, NEIGHBOUR, STRANGER]))
            assert leaves_nothing(manners)
        started = trio.current_time()
        await send(manners, ONE, sent)  # and nobody who comes later is forgotten
        assert trio.current_time() - started <= 1


@pytest.mark.parametrize("held", [0, 1], ids=["still waiting", "its turn had just come"])
async def test_strands_that_are_cancelled_while_they_wait_leak_no_turn(held: int, autojump_clock: MockClock) -> None:
    manners = limits(address=Limit(in_flight=1))
    first = await turn(manners, ONE)

    async def work() -> None:
        manners.done(await turn(manners, ONE))

    async def give_up(scope: trio.CancelScope) -> None:
        await trio.sleep(1)
        if held:
            manners.done(first)
        scope.cancel()

    async with running(manners), trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            nursery.start_soon(give_up, scope)
            await Crew().run(work, 3)
        if not held:
            manners.done(first)
        assert leaves_nothing(manners)
        with trio.fail_after(5):
            manners.done(await turn(manners, ONE))
    assert leaves_nothing(manners)


async def test_a_line_whose_waiters_all_left_serves_who_comes_next(autojump_clock: MockClock) -> None:
    manners = limits(overall=Limit(in_flight=1))
    async with running(manners):
        held = await turn(manners, STRANGER)
        with trio.move_on_after(1):
            await turn(manners, ONE)
        manners.done(held)
        with trio.fail_after(1):
            manners.done(await turn(manners, ONE))
    assert leaves_nothing(manners)


def rate_of(line: Line) -> float:
    return line.full / line.interval


def test_timeouts_halve_the_rate_down_to_an_eighth_and_calm_restores_it() -> None:
    manners = limits(address=Limit(rate=100))
    line = manners.admit(ONE, 0.0)
    assert line is not None
    for _ in range(7):
        manners.missed(line, 0.0)
    assert rate_of(line) == 1
    manners.missed(line, 0.0)
    assert rate_of(line) == 1 / 2
    for _ in range(100):
        manners.missed(line, 0.5)
    assert rate_of(line) == 1 / 2  # one outage is not counted by the query
    for second in range(1, 10):
        for _ in range(8):
            manners.missed(line, float(second))
    assert rate_of(line) == 1 / 8
    manners.heard(line, 10.0)
    assert rate_of(line) == 1 / 8
    manners.heard(line, 15.0)
    assert rate_of(line) == pytest.approx(1.25 / 8)
    for _ in range(40):
        manners.heard(line, 100.0)
    assert rate_of(line) == 1
    assert not line.worried


def test_a_loss_of_one_in_ten_slows_nothing_and_of_one_in_three_does() -> None:
    for each, slowed in ((10, False), (3, True)):
        manners = limits(address=Limit(rate=100))
        line = manners.admit(ONE, 0.0)
        assert line is not None
        for number in range(300):
            (manners.heard if number % each else manners.missed)(line, number / 100)
        assert (rate_of(line) < 1) is slowed


async def test_a_halved_rate_is_kept(autojump_clock: MockClock) -> None:
    sent = list[tuple[float, str]]()
    async with running(limits(address=Limit(rate=9))) as manners:
        line = await turn(manners, ONE)
        manners.done(line)
        for _ in range(8):
            manners.missed(line, trio.current_time())
        await trio.sleep(2)
        async with trio.open_nursery() as nursery:
            for _ in range(45):
                nursery.start_soon(send, manners, ONE, sent)
    assert trio.current_time() == pytest.approx(2 + 44 / 4.5, rel=1e-3)


def test_idle_addresses_are_forgotten_and_busy_ones_are_not() -> None:
    manners = limits(address=Limit(rate=100), network=Limit(rate=200), remembered=100)
    busy = manners.admit(ONE, 0.0)
    for number in range(10_000):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        line = manners.admit(address, number / 10)
        assert line is not None
        manners.done(line)
    assert len(manners._lines) <= 130
    assert len(manners._networks) <= 130
    assert manners._lines[ONE] is busy


@pytest.mark.parametrize("apart", [0.013, 0.3, 1.0, 50.0])
def test_a_line_keeps_the_moments_of_one_second_and_few_more(apart: float) -> None:
    """Tens of thousands of addresses are remembered, and most are asked a few times."""
    manners = limits()
    for number in range(1_000):
        line = manners.admit(STRANGER, number * apart)
        assert line is not None
        assert len(line.times) <= 2 * busiest_second([at * apart for at in range(number + 1)]) + 16
        manners.done(line)
    assert manners.busiest_rate == busiest_second([number * apart for number in range(1_000)])
    line = manners._lines[STRANGER]
    assert (line.blocked, line.waiting) == (None, None)  # nobody had to wait, nothing was made for it


def test_the_report_counts_the_busiest_second_exactly() -> None:
    manners = Manners.unlimited()
    for number in range(1_000):
        manners.admit(ONE, number * 0.01)
    for number in range(150):
        manners.admit(STRANGER, 3.95 + number * 0.001)  # across the turn of a second
    assert manners.busiest_rate == 150
    assert manners.busiest_address == STRANGER


def test_one_of_several_workers_gets_its_part() -> None:
    assert Limit(100, 50).part(4) == Limit(25, 12)
    assert Limit(2, 2).part(4) == Limit(1, 1)


def test_a_rate_below_one_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="below one"):
        Manners(per_address=Limit(rate=0.5))


@pytest.mark.parametrize(
    ("address", "special"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("100.64.0.1", True),
        ("192.0.2.1", True),
        ("224.0.0.1", True),
        ("255.255.255.255", True),
        ("0.0.0.0", True),
        ("::", True),
        ("::1", True),
        ("::ffff:8.8.8.8", True),  # an IPv4 address in disguise
        ("64:ff9b::808:808", True),  # likewise
        ("2002:808:808::1", True),  # likewise
        ("fe80::1", True),
        ("fd00::1", True),
        ("ff02::1", True),
        ("2001:db8::1", True),
        ("8.8.8.8", False),
        ("193.0.14.129", False),
        ("192.175.48.6", False),  # AS112 is for everybody (RFC 7534)
        ("2001:7fd::1", False),
        ("2001:500:2::c", False),
        ("2a00::1", False),
    ],
)
def test_special_purpose_addresses_are_told(address: str, special: bool) -> None:
    """IANA special-purpose registries, RFC 6890."""
    assert is_special(address) is special
