"""Zonemaster's faults of MX: all that a census can meet are there, and the one that depends on whom one asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.resolver import ask
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import domains
from crawler.tables import Mail
from lab.network import DirectNetwork
from lab.scenarios import build, zonemaster

if TYPE_CHECKING:
    from trio.testing import MockClock


def test_the_catalogue_is_whole() -> None:
    assert len({scenario.claim for scenario in (*zonemaster.SCENARIOS, zonemaster.BY_CHANCE)}) == 14


@pytest.mark.parametrize(("die", "mail"), [((0.0, 0.9), Mail.MX), ((0.9, 0.0), Mail.NO_MX)])
async def test_whom_one_asks_decides_what_an_inconsistent_zone_has(
    die: tuple[float, float], mail: Mail, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender meets the same chance; `--per-server` tells that the servers differ."""
    thrown = iter(die * 100)
    monkeypatch.setattr(ask, "random", lambda: next(thrown))
    world = build([zonemaster.BY_CHANCE])
    resolver = Resolver(
        DirectNetwork(world), hints=starting_hints(world.hints()), anchors=starting_anchors(world.anchors()),
        now=lambda: world.now,
    )  # fmt: skip
    row = await domains.observe(zonemaster.BY_CHANCE.domain, resolver, 1)
    assert row.mail is mail
