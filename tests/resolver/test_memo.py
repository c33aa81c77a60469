"""Shared work, bounded memory and purses: what look-ups have in common, and what they must not do to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver.memo import Flights, Lookup, Memory, OutOfBudget, OutOfTime

if TYPE_CHECKING:
    from trio.testing import MockClock


def purse(queries: int = 10, seconds: float = 10) -> Lookup:
    return Lookup(queries, seconds)


async def test_a_purse_holds_so_many_packets(autojump_clock: MockClock) -> None:
    lookup = purse(queries=2)
    lookup.spend()
    lookup.spend()
    with pytest.raises(OutOfBudget):
        lookup.spend()
    assert lookup.sent == 2


async def test_a_purse_lasts_so_many_seconds(autojump_clock: MockClock) -> None:
    lookup = purse(seconds=5)
    await trio.sleep(5)
    lookup.waited()
    lookup.spend()
    await trio.sleep(0.001)
    lookup.waited()
    with pytest.raises(OutOfTime):
        lookup.spend()


async def test_what_a_hundred_want_is_done_once(autojump_clock: MockClock) -> None:
    flights, done, got = Flights(), [], []

    async def work(key: str, _: Lookup) -> str:
        done.append(key)
        await trio.sleep(1)
        return key.upper()

    async def want() -> None:
        got.append(await flights.share("a", purse(), work))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(want)
    assert done == ["a"]
    assert got == ["A"] * 100
    assert trio.current_time() == 1


async def test_who_waited_goes_on_when_the_one_at_work_is_cancelled(autojump_clock: MockClock) -> None:
    flights, done = Flights(), []

    async def work(key: str, lookup: Lookup) -> str:
        done.append(lookup)
        await trio.sleep(3)
        return key

    owner, waiter = purse(), purse()
    got: list[str | None] = []

    async def wait() -> None:
        got.append(await flights.share("a", waiter, work))

    async with trio.open_nursery() as nursery:
        with trio.move_on_after(1):
            nursery.start_soon(wait)
            await flights.share("a", owner, work)
    assert len(done) == 2
    assert got == ["a"]
    assert waiter.waiting is None
    assert trio.current_time() in (3, 4)  # whoever of the two began is the owner


async def test_a_budget_that_ran_out_is_its_owners_alone(autojump_clock: MockClock) -> None:
    flights = Flights()
    poor, rich = purse(queries=0), purse()
    got: list[str | None] = []

    async def work(key: str, lookup: Lookup) -> str:
        await trio.sleep(1)
        lookup.spend()
        return key

    async def first() -> None:
        with pytest.raises(OutOfBudget):
            await flights.share("a", poor, work)

    async def second() -> None:
        await trio.sleep(0.5)
        got.append(await flights.share("a", rich, work))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(first)
        nursery.start_soon(second)
    assert got == ["a"]
    assert trio.current_time() == 2


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_no_circle_of_waiting_ever_closes(autojump_clock: MockClock, size: int) -> None:
    """Each of n look-ups works on its own key and needs the next one's: one of them is told nothing."""
    flights = Flights()
    told: list[str | None] = []

    async def work(key: int, lookup: Lookup) -> str:
        await trio.sleep(1)
        below = await flights.share((key + 1) % size, lookup, work)
        told.append(below)
        return "something"

    async def start(key: int) -> None:
        await flights.share(key, purse(), work)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for key in range(size):
                nursery.start_soon(start, key)
    assert told.count(None) == 1


async def test_who_waited_for_work_that_is_over_closes_no_circle(autojump_clock: MockClock) -> None:
    """The first look-up ends the keys and wants the trust at once, before the second, which waited for the keys and
    works on the trust, has woken up: a zone was indeterminate for that, once in fifty."""
    flights, one, two = Flights(), purse(), purse()
    told: list[str | None] = []

    async def keys(key: str, lookup: Lookup) -> str:
        await trio.sleep(1)
        return key

    async def trust(key: str, lookup: Lookup) -> str | None:
        return await flights.share("keys", lookup, keys)

    async def first() -> None:
        await flights.share("keys", one, keys)
        told.append(await flights.share("trust", one, trust))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(first)
        await trio.sleep(0.5)
        nursery.start_soon(flights.share, "trust", two, trust)
    assert told == ["keys"]


async def test_memory_forgets_the_least_recently_used_first(autojump_clock: MockClock) -> None:
    memory: Memory[int] = Memory(3)
    for key in range(3):
        memory.put(key, key * 10, 60)
    assert memory.get(0) == 0
    memory.put(3, 30, 60)
    assert [memory.get(key) for key in range(4)] == [0, None, 20, 30]
    assert len(memory) == 3


async def test_memory_forgets_what_has_run_out(autojump_clock: MockClock) -> None:
    memory: Memory[str] = Memory(3)
    memory.put("a", "x", 60)
    await trio.sleep(60)
    assert memory.get("a") == "x"
    await trio.sleep(0.5)
    assert memory.get("a") is None
    assert len(memory) == 0


async def test_memory_keeps_the_newer_value(autojump_clock: MockClock) -> None:
    memory: Memory[str] = Memory(2)
    memory.put("a", "old", 60)
    memory.put("a", "new", 60)
    assert memory.get("a") == "new"
    assert len(memory) == 1
