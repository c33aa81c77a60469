"""Every hand-written scenario: what the stages observe is what is written beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from analysis import judge
from crawler.resolver import ask
from crawler.resolver.answer import Answer
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import domains, hosts, policies
from crawler.tables import Domain
from crawler.visited import Policy
from crawler.visiting import Visitor
from lab.network import DirectNetwork
from lab.scenarios import SCENARIOS, Scenario, build
from tests.analysis.rows import write

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock


def seen(row: object, path: str) -> Any:
    """A column, or a field of an answer in it, in the words of the scenarios."""
    column, _, part = path.partition(".")
    value = getattr(row, column)
    if part:
        value = getattr(value, part)
    if isinstance(value, Answer):
        return f"{value.outcome} {value.security} {value.reason}"
    return [tuple(item) if isinstance(item, tuple) else item for item in value] if isinstance(value, tuple) else value


def judged(folder: Path, row: Domain, fetched: Policy, ca: str) -> dict[str, Any]:
    """The verdict, as a run's folder comes to it."""
    write(folder, Domain, [row])
    write(folder, Policy, [fetched])
    (folder / judge.CA_STORE).write_text(ca)
    (verdict,) = judge.verdicts(folder).to_pylist()
    verdict["uncovered"] = [tuple(one.values()) for one in verdict["uncovered"]]
    return dict(verdict)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.claim)
async def test_observed_is_as_written(
    scenario: Scenario, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.0)  # servers in the order written, so the broken one comes first
    when = int(time.time()) if scenario.verdict else None  # certificates are held against the moment of the look
    world = build(SCENARIOS if scenario.domain in NEEDS_OTHERS else [scenario], when)
    net = DirectNetwork(world)
    resolver = Resolver(
        net,
        hints=starting_hints(world.hints()),
        anchors=starting_anchors(world.anchors()),
        now=lambda: world.now,
    )
    row = await domains.observe(scenario.domain, resolver, 1)
    assert {path: seen(row, path) for path in scenario.row} == dict(scenario.row)
    for host, truth in scenario.hosts.items():
        found = await hosts.observe(host, resolver, 1)
        assert {path: seen(found, path) for path in truth} == dict(truth)
    if scenario.verdict:
        fetched = await policies.observe(scenario.domain, resolver, Visitor(net=net), 1)
        assert {path: seen(fetched, path) for path in scenario.policy} == dict(scenario.policy)
        assert fetched.elapsed < 60
        verdict = judged(tmp_path, row, fetched, world.ca())
        assert {column: verdict[column] for column in scenario.verdict} == dict(scenario.verdict)
    if scenario.domain not in NEEDS_OTHERS | ENDS_EARLY:
        assert world.idle() == [], "what was to be broken never was"


#: Scenarios that use a mail provider's zone of another scenario.
NEEDS_OTHERS = frozenset({"no-tlsa.org", "alias-out.org"})


#: Its look-up is over before it comes to the last of its zones.
ENDS_EARLY = frozenset({"budget.se"})


def test_scenario_domains_are_distinct() -> None:
    names = [scenario.domain for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    apexes = [site.apex for scenario in SCENARIOS for site in scenario.sites]
    assert len(apexes) == len(set(apexes))
