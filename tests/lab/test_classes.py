"""The statistics' classes of every hand-written scenario: crawled, written, judged by SQL, compared with the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import trio

from analysis.warehouse import open_run
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import domains, hosts
from crawler.tables import Domain, Host, Name, Row, Target, to_arrow
from lab.network import DirectNetwork
from lab.scenarios import SCENARIOS, build

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trio.testing import MockClock


def name(domain: str, line: int) -> Name:
    return Name(domain=domain, text=domain, source="-", line=line, copies=1, rank=None, tags=(), ns=(), ds=())


def write(folder: Path, table: type[Row], rows: Sequence[Row]) -> None:
    (folder / table.TABLE).mkdir()
    pq.write_table(to_arrow(table, rows), folder / table.TABLE / "part-0.parquet")


async def crawl() -> tuple[list[Domain], list[Host]]:
    """All scenarios at once, in one world, as a run does it."""
    world = build(SCENARIOS)
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

    async with trio.open_nursery() as nursery:
        for scenario in SCENARIOS:
            nursery.start_soon(domain, scenario.domain)
    named = {mx.host for row in found for mx in row.mx_hosts if mx.target in (Target.HOST, Target.IMPLICIT)}
    async with trio.open_nursery() as nursery:
        for one in named:
            nursery.start_soon(host, one)
    return found, looked


async def test_classes_are_as_written(tmp_path: Path, autojump_clock: MockClock) -> None:
    found, looked = await crawl()
    write(tmp_path, Name, [name(scenario.domain, line) for line, scenario in enumerate(SCENARIOS, 1)])
    write(tmp_path, Domain, found)
    write(tmp_path, Host, looked)
    with open_run(tmp_path) as run:
        rows = run.query(
            "select domain, dnssec_class, mail_class, dane_class, sts_class, tlsrpt_class from domain_class"
        ).rows
    observed = {row[0]: tuple(row[1:]) for row in rows}
    written = {scenario.domain: tuple(scenario.classes) for scenario in SCENARIOS}
    assert {d: observed.get(d) for d in written if observed.get(d) != written[d]} == {}
