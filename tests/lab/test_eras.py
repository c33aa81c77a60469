"""A world that goes on: known shares of its names move, and two censuses of it differ by exactly that."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from analysis.comparing import compare
from crawler.stages import names
from lab.eras import drawn
from lab.facts import facts_of
from lab.listing import generate
from lab.posts import leaf_of
from lab.profiles import CC, ODD, Profile
from tests.lab import census
from tests.totals.eras import counted, expected

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock

NAMES = [f"name{number}.nl" for number in range(4_000)]


def zones(profile: Profile) -> list[tuple[float, ...]]:
    return [drawn("zone", name, seed=1, profile=profile) for name in NAMES]


def test_the_share_that_moves_is_the_profiles_and_the_rest_stays() -> None:
    first, second = zones(CC), zones(replace(CC, era=2))
    moved = sum(one != other for one, other in zip(first, second, strict=True))
    assert 0.04 < moved / len(NAMES) < 0.06
    assert zones(replace(CC, era=2, moving=0.0)) == first


def test_what_moved_stays_until_it_moves_again() -> None:
    eras = [zones(replace(CC, era=era)) for era in (1, 2, 3)]
    kept = [name for name, *own in zip(NAMES, *eras, strict=True) if own[0] != own[1] == own[2]]
    again = [name for name, *own in zip(NAMES, *eras, strict=True) if len(set(own)) == 3]
    assert 0.04 < len(kept) / len(NAMES) < 0.06
    assert 2 < len(again) < 30


def test_layers_move_apart() -> None:
    later = replace(CC, era=2)
    both = [(facts_of(name, seed=1, profile=CC), facts_of(name, seed=1, profile=later)) for name in NAMES]
    zone = sum(one.servers != other.servers for one, other in both)
    mail = sum(one.mx != other.mx for one, other in both)
    together = sum(one.servers != other.servers and one.mx != other.mx for one, other in both)
    assert together < min(zone, mail) / 4


def nu(shared: Path, day: str) -> list[str]:
    """The first names of .nu on a day."""
    return list(islice(names.read([str(shared / f"data/nu/nu-{day}.txt.gz")]).domains(), 300))


@pytest.mark.parametrize("which", ["odd", "nu"])
async def test_transitions_between_two_eras_are_the_labs(
    which: str, tmp_path: Path, autojump_clock: MockClock, request: pytest.FixtureRequest
) -> None:
    """The matrices of the comparison are those of the lab's own truth, name by name; so are gains and losses."""
    profile = replace(ODD if which == "odd" else CC, moving=0.3)
    if which == "odd":
        generated = list(generate(420, "se").names)
        old, new = generated[:400], generated[20:]
    else:
        shared: Path = request.getfixturevalue("shared")
        old, new = nu(shared, "2024-04-30"), nu(shared, "2026-08-22")
    before = await census.take(tmp_path / "before", old, profile)
    after = await census.take(tmp_path / "after", new, replace(profile, era=2))
    both = sorted(set(old) & set(new))
    truths = [(before.truth(name), after.truth(name)) for name in both]
    with compare([tmp_path / "before", tmp_path / "after"]) as sides:
        found = counted(sides)
        assert found == expected(truths)
        assert min(found["moved"].values()) > 0
        leaves = sides.query(
            "select host, b.leaf <> a.leaf from before_endpoints as b join after_endpoints as a using (host, address) "
            "where b.contact = 'tls' and a.contact = 'tls'"
        ).rows
        shown = {host: tuple(leaf_of(host, world.shown(host)) for world in (before, after)) for host, _ in leaves}
        assert {host: shown[host][0] != shown[host][1] for host in shown} == dict(leaves)
        assert which != "odd" or any(dict(leaves).values())
