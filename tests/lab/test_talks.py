"""Every scenario about mail hosts: conversation, verdict, effective class, and what each sender gets, as written."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest

from analysis import judge
from analysis.verdicts import EndpointVerdict
from analysis.warehouse import open_run
from crawler.stages import domains, endpoints, hosts, policies
from crawler.tables import Domain, Host, Name, Target, to_arrow
from crawler.visited import Endpoint, Policy
from crawler.visiting import Visitor
from lab.network import DirectNetwork
from lab.scenarios import SCENARIOS, Scenario, build
from tests.analysis.rows import name, write
from tests.analysis.test_stats import OF_TALKS, bounds_hold
from tests.analysis.test_stats import told as told_of
from tests.lab.census import resolver_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from trio.testing import MockClock

    from lab.world import World

TALKING = [scenario for scenario in SCENARIOS if scenario.effect]


class Seen(NamedTuple):
    """The rows that one scenario makes."""

    domain: Domain
    hosts: list[Host]
    policies: list[Policy]
    endpoints: list[Endpoint]


async def observe(scenario: Scenario, world: World) -> Seen:
    resolver, visitor = resolver_in(world), Visitor(net=DirectNetwork(world))
    domain = await domains.observe(scenario.domain, resolver, 1)
    named = [mx.host for mx in domain.mx_hosts if mx.target in (Target.HOST, Target.IMPLICIT)]
    looked = [await hosts.observe(host, resolver, 1) for host in dict.fromkeys(named)]
    fetched = [await policies.observe(scenario.domain, resolver, visitor, 1)] if scenario.web is not None else []
    talks = [await endpoints.observe(target, visitor, 1) for target in targets(domain, looked)]
    return Seen(domain, looked, fetched, talks)


def keep(folder: Path, seen: Iterable[Seen], ca: str) -> None:
    """The rows as a run's folder."""
    rows = list(seen)
    write(folder, Name, [name(one.domain.domain) for one in rows])
    write(folder, Domain, [one.domain for one in rows])
    write(folder, Host, [host for one in rows for host in one.hosts])
    write(folder, Policy, [policy for one in rows for policy in one.policies])
    write(folder, Endpoint, [endpoint for one in rows for endpoint in one.endpoints])
    (folder / judge.CA_STORE).write_text(ca)


@pytest.mark.parametrize("scenario", TALKING, ids=lambda s: s.claim)
async def test_conversation_and_verdict_are_as_written(
    scenario: Scenario, autojump_clock: MockClock, tmp_path: Path
) -> None:
    world = build([scenario], int(time.time()))
    seen = await observe(scenario, world)
    found = {talk.endpoint: talk for talk in seen.endpoints}
    for key, row in scenario.endpoints.items():
        assert {column: told(getattr(found[key], column)) for column in row} == dict(row)
        assert found[key].elapsed < 300
    keep(tmp_path, [seen], world.ca())
    verdicts = {one["endpoint"]: one for one in judge.verdicts(tmp_path, EndpointVerdict.TABLE).to_pylist()}
    for key, judged in scenario.judged.items():
        assert {column: verdicts[key][column] for column in judged} == dict(judged)


async def test_effective_classes_and_senders_are_as_written(autojump_clock: MockClock, tmp_path: Path) -> None:
    world = build(TALKING, int(time.time()))
    keep(tmp_path, [await observe(scenario, world) for scenario in TALKING], world.ca())
    with open_run(tmp_path) as run:
        found = {
            domain: {"effective": str(word)}
            for domain, word in run.query("select domain, effective from dane_effect").rows
        }
        for domain, sender, outcome in run.query("select domain, sender, outcome::varchar from sender").rows:
            found[domain][sender] = outcome
        by_effect = told_of(run, "dane_effective", "level", "class")
        for statistic in (
            *OF_TALKS,
            "dane_effective",
            "dane_by_operator",
            "tlsa_advice",
            "dane_mta_sts_levels",
            "senders",
        ):
            bounds_hold(run, statistic)
        by_operator = told_of(run, "dane_by_operator", "operator")
    written = Counter(str(one.effect["effective"]) for one in TALKING)
    assert {word: by_effect["effective", word][0] for word in written} == dict(written)
    promising = Counter(str(one.effect["effective"]) for one in TALKING if one.classes.dane in {"full", "partial"})
    open_ = sum(promising[word] for word in ("untested", "temporary", "unreachable"))
    known = sum(promising.values()) - open_  # all of them run their own hosts
    assert tuple(map(sum, zip(*by_operator.values(), strict=True))) == (promising["valid"], known, open_)
    assert set(by_operator) <= {"SSDS", "SSDO"}
    wrong = {
        one.domain: (dict(one.effect), found[one.domain]) for one in TALKING if dict(one.effect) != found[one.domain]
    }
    assert wrong == {}


def told(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def targets(domain: Domain, looked: list[Host]) -> list[endpoints.Target]:
    """The endpoints of a run, all of them, by the query that a scan asks."""
    with duckdb.connect() as base:
        base.register("domains", to_arrow(Domain, [domain]))
        base.register("hosts", to_arrow(Host, looked))
        rows = base.execute(endpoints.KEYS.format(which=endpoints.ALL, most=endpoints.ADDRESSES)).fetchall()
    return [endpoints.Target(*row) for row in rows]


def test_there_are_seventy() -> None:
    assert len(TALKING) >= 70
