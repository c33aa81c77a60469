"""A census in a test: a lab world crawled in process, its rows written as a run that ``analysis`` can open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
import trio

from analysis.judge import CA_STORE
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import domains, endpoints, hosts, policies
from crawler.tables import Domain, Host, Name, Row, Target, to_arrow
from crawler.visited import Endpoint, Policy
from crawler.visiting import Visitor
from lab.listing import from_names
from lab.network import DirectNetwork
from lab.population import Population

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from pathlib import Path

    from lab.profiles import Profile
    from lab.world import World

WORKERS = 150


def resolver_in(world: World | Population) -> Resolver:
    """A resolver that starts at the world's root and asks it without sockets."""
    return Resolver(
        DirectNetwork(world),
        hints=starting_hints(world.hints()),
        anchors=starting_anchors(world.anchors()),
        now=lambda: world.now,
    )


async def crawl(resolver: Resolver, names: Iterable[str]) -> tuple[list[Domain], list[Host]]:
    """One look at every domain, then at every host that they name."""
    found: list[Domain] = []
    looked: list[Host] = []

    async def domain(one: str) -> None:
        found.append(await domains.observe(one, resolver, 1))

    async def host(one: str) -> None:
        looked.append(await hosts.observe(one, resolver, 1))

    await _each(names, domain)
    named = {mx.host for row in found for mx in row.mx_hosts if mx.target in (Target.HOST, Target.IMPLICIT)}
    await _each(sorted(named), host)
    return found, looked


async def _each(keys: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    left = iter(keys)

    async def one() -> None:
        for key in left:
            await work(key)

    async with trio.open_nursery() as nursery:
        for _ in range(WORKERS):
            nursery.start_soon(one)


async def fetch(world: World | Population, resolver: Resolver, found: Iterable[Domain]) -> list[Policy]:
    """The policy of every domain that announces one."""
    fetched: list[Policy] = []
    visitor = Visitor(net=DirectNetwork(world))

    async def policy(one: str) -> None:
        fetched.append(await policies.observe(one, resolver, visitor, 1))

    await _each(sorted(row.domain for row in found if any(t.startswith("v=STSv1") for t in row.mta_sts_txt)), policy)
    return fetched


async def talk(world: World | Population, found: Sequence[Domain], looked: Sequence[Host]) -> list[Endpoint]:
    """A conversation with every address of every host that needs one, by the query that a scan asks."""
    talks: list[Endpoint] = []
    visitor = Visitor(net=DirectNetwork(world))
    with duckdb.connect() as base:
        base.register("domains", to_arrow(Domain, found))
        base.register("hosts", to_arrow(Host, looked))
        rows = base.execute(endpoints.KEYS.format(which=endpoints.NEEDED, most=endpoints.ADDRESSES)).fetchall()
    targets = {f"{row[0]} {row[1]}": endpoints.Target(*row) for row in rows}

    async def one(key: str) -> None:
        talks.append(await endpoints.observe(targets[key], visitor, 1))

    await _each(targets, one)
    return talks


def write(
    folder: Path, names: Iterable[str], found: Sequence[Domain], looked: Sequence[Host],
    fetched: Sequence[Policy] = (), ca: str = "", talks: Sequence[Endpoint] = (),
) -> None:  # fmt: skip
    """The tables of a run, one part each, and the roots to judge by."""
    listed = [
        Name(domain=one, text=one, source="-", line=line, copies=1, rank=None, weight=None, tags=(), ns=(), ds=())
        for line, one in enumerate(names, 1)
    ]
    tables: tuple[tuple[type[Row], Sequence[Row]], ...] = (
        (Name, listed),
        (Domain, found),
        (Host, looked),
        (Policy, fetched),
        (Endpoint, talks),
    )
    for table, rows in tables:
        (folder / table.TABLE).mkdir(parents=True)
        pq.write_table(to_arrow(table, rows), folder / table.TABLE / "part-0.parquet")
    if ca:
        (folder / CA_STORE).write_text(ca)


async def take(folder: Path, names: Sequence[str], profile: Profile) -> Population:
    """A whole census of a generated world, conversations included, written as a run; the world."""
    world = Population(from_names(names), profile=profile, seed=7, now=int(time.time()))
    resolver = resolver_in(world)
    found, looked = await crawl(resolver, world.names)
    fetched = await fetch(world, resolver, found)
    talks = await talk(world, found, looked)
    write(folder, world.names, found, looked, fetched, world.ca(), talks)
    return world
