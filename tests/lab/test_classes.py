"""The statistics' classes of every hand-written scenario: crawled, written, judged by SQL, compared with the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.warehouse import open_run
from lab.scenarios import SCENARIOS, build
from tests.lab import census

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock


async def test_classes_are_as_written(tmp_path: Path, autojump_clock: MockClock) -> None:
    names = [scenario.domain for scenario in SCENARIOS]
    census.write(tmp_path, names, *await census.crawl(census.resolver_in(build(SCENARIOS)), names))
    with open_run(tmp_path) as run:
        rows = run.query(
            "select domain, dnssec_class, mail_class, dane_class, sts_class, tlsrpt_class from domain_class"
        ).rows
    observed = {row[0]: tuple(row[1:]) for row in rows}
    written = {scenario.domain: tuple(scenario.classes) for scenario in SCENARIOS}
    assert {d: observed.get(d) for d in written if observed.get(d) != written[d]} == {}
