"""A generated population crawled and counted: every verdict and every total is the lab's own, exactly.

The worlds answer in process on the virtual clock, so that silent servers cost no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import trio

from analysis.warehouse import Warehouse, open_run
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import domains, hosts
from crawler.tables import Domain, Host, Name, Row, Target, to_arrow
from crawler.truth import observed, written
from lab.listing import generate
from lab.network import DirectNetwork
from lab.population import Population
from lab.profiles import CC, GTLD, ODD, Profile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from pathlib import Path

    from trio.testing import MockClock

WORKERS = 100


async def each(keys: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    left = iter(keys)

    async def one() -> None:
        for key in left:
            await work(key)

    async with trio.open_nursery() as nursery:
        for _ in range(WORKERS):
            nursery.start_soon(one)


async def crawl(world: Population, folder: Path) -> None:
    resolver = Resolver(
        DirectNetwork(world),
        hints=starting_hints(world.hints()),
        anchors=starting_anchors(world.anchors()),
        now=lambda: world.now,
    )
    found: list[Domain] = []
    looked: list[Host] = []

    async def domain(one: str) -> None:
        found.append(await domains.observe(one, resolver, 1))

    async def host(one: str) -> None:
        looked.append(await hosts.observe(one, resolver, 1))

    await each(world.names, domain)
    named = {mx.host for row in found for mx in row.mx_hosts if mx.target in (Target.HOST, Target.IMPLICIT)}
    await each(sorted(named), host)
    write(folder, Name, [name(one, line) for line, one in enumerate(world.names, 1)])
    write(folder, Domain, found)
    write(folder, Host, looked)


def name(domain: str, line: int) -> Name:
    return Name(domain=domain, text=domain, source="-", line=line, copies=1, rank=None, tags=(), ns=(), ds=())


def write(folder: Path, table: type[Row], rows: Sequence[Row]) -> None:
    (folder / table.TABLE).mkdir()
    pq.write_table(to_arrow(table, rows), folder / table.TABLE / "part-0.parquet")


def counted(run: Warehouse, column: str) -> dict[str, int]:
    rows = run.query(f"select {column}, count(*) from domain_class group by all").rows
    return {str(word): count for word, count in rows}


@pytest.mark.parametrize(
    ("profile", "tld", "names"),
    [
        (GTLD, "com", 2_000),
        (CC, "nl", 2_000),
        (ODD, "se", 600),  # where the rare is common
    ],
    ids=["gtld", "cc", "odd"],
)
async def test_every_verdict_and_total_is_the_labs(
    profile: Profile, tld: str, names: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    world = Population(generate(names, tld), profile=profile, seed=7)
    await crawl(world, tmp_path)
    totals = world.totals()
    with open_run(tmp_path) as run:
        found = observed(run)
        truth = written(world, world.names)
        assert {key: (word, found.get(key)) for key, word in truth.items() if found.get(key) != word} == {}
        assert counted(run, "dnssec_class") == totals.zone
        assert counted(run, "mail_class") == totals.mail
        assert counted(run, "dane_class") == totals.dane
        assert counted(run, "sts_class") == totals.sts
        assert counted(run, "tlsrpt_class") == totals.tlsrpt
        crossed = run.query("select dane_class, sts_class, count(*) from domain_class where has_mail group by all").rows
        assert {(str(dane), str(sts)): count for dane, sts, count in crossed} == totals.cross
