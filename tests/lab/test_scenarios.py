"""Every hand-written scenario: what the stages observe is what is written beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crawler.resolver import ask
from crawler.resolver.answer import Answer
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import domains, hosts
from lab.network import DirectNetwork
from lab.scenarios import SCENARIOS, Scenario, build

if TYPE_CHECKING:
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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.claim)
async def test_observed_is_as_written(
    scenario: Scenario, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.0)  # servers in the order written, so the broken one comes first
    world = build(SCENARIOS if scenario.domain in NEEDS_OTHERS else [scenario])
    resolver = Resolver(
        DirectNetwork(world),
        hints=starting_hints(world.hints()),
        anchors=starting_anchors(world.anchors()),
        now=lambda: world.now,
    )
    row = await domains.observe(scenario.domain, resolver, 1)
    assert {path: seen(row, path) for path in scenario.row} == dict(scenario.row)
    for host, truth in scenario.hosts.items():
        found = await hosts.observe(host, resolver, 1)
        assert {path: seen(found, path) for path in truth} == dict(truth)
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
