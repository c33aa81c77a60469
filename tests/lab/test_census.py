"""A generated population crawled and counted: every verdict and every total is the lab's own, exactly.

The worlds answer in process on the virtual clock, so that silent servers cost no time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from analysis.warehouse import Warehouse, open_run
from crawler.truth import observed, written
from lab.listing import generate
from lab.population import Population
from lab.profiles import CC, GTLD, ODD, STS, Profile
from tests.lab import census
from tests.totals.compare import differences
from tests.totals.expected import by_name

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock


def counted(run: Warehouse, column: str) -> dict[str, int]:
    rows = run.query(f"select {column}, count(*) from domain_class group by all").rows
    return {str(word): count for word, count in rows}


def judged(run: Warehouse, columns: str, where: str) -> dict[tuple[str | None, ...], int]:
    rows = run.query(f"select {columns}, count(*) from policy_verdicts where {where} group by all").rows
    return {tuple(words): count for *words, count in rows}


@pytest.mark.parametrize(
    ("profile", "tld", "names"),
    [
        (GTLD, "com", 2_000),
        (CC, "nl", 2_000),
        (ODD, "se", 600),  # where the rare is common
        (STS, "org", 800),  # where everybody has an MTA-STS record
    ],
    ids=["gtld", "cc", "odd", "sts"],
)
async def test_every_verdict_and_total_is_the_labs(
    profile: Profile, tld: str, names: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    world = Population(generate(names, tld), profile=profile, seed=7, now=int(time.time()))  # for certificates
    resolver = census.resolver_in(world)
    found, looked = await census.crawl(resolver, world.names)
    fetched = await census.fetch(world, resolver, found)
    talks = await census.talk(world, found, looked)
    census.write(tmp_path, world.names, found, looked, fetched, world.ca(), talks)
    totals = world.totals()
    with open_run(tmp_path) as run:
        seen = observed(run)
        truth = written(world, world.names, talked=True)
        assert {key: (word, seen.get(key)) for key, word in truth.items() if seen.get(key) != word} == {}
        assert judged(run, "state, stage, cause", "true") == totals.policies
        assert judged(run, "mode", "state = 'usable'") == {(mode,): count for mode, count in totals.modes.items()}
        assert judged(run, "coverage", "state = 'usable'") == {(c,): count for c, count in totals.coverage.items()}
        assert counted(run, "dnssec_class") == totals.zone
        assert counted(run, "mail_class") == totals.mail
        assert counted(run, "dane_class") == totals.dane
        assert counted(run, "sts_class") == totals.sts
        assert counted(run, "tlsrpt_class") == totals.tlsrpt
        crossed = run.query("select dane_class, sts_class, count(*) from domain_class where has_mail group by all").rows
        assert {(str(dane), str(sts)): count for dane, sts, count in crossed} == totals.cross
        assert list(differences(run, by_name([world.truth(name) for name in world.names], tld))) == []
