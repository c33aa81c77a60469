"""The tree of zone cuts: the deepest one that is known, bounded, and never without its root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver.cuts import Cut, Cuts
from crawler.standards.names import ROOT, from_text, to_text

if TYPE_CHECKING:
    from trio.testing import MockClock


def planted(*names: str, limit: int = 100, seconds: float = 1000) -> Cuts:
    cuts = Cuts(limit)
    root = cuts.add(Cut(ROOT, None, (), [("198.41.0.4", 53)], pinned=True))
    for name in names:
        cuts.add(Cut(from_text(name), root, (), [], seconds=seconds))
    return cuts


def closest(cuts: Cuts, name: str, *, above: bool = False) -> str:
    return to_text(cuts.closest(from_text(name), trio.current_time(), above=above).name)


async def test_the_deepest_known_cut_at_or_above_the_name_counts(autojump_clock: MockClock) -> None:
    cuts = planted("nl", "example.nl")
    found = [closest(cuts, name) for name in ("mx.example.nl", "example.nl", "other.nl", "example.se", ".")]
    assert found == ["example.nl", "example.nl", "nl", ".", "."]


async def test_ds_lives_strictly_above(autojump_clock: MockClock) -> None:
    cuts = planted("nl", "example.nl")
    assert closest(cuts, "example.nl", above=True) == "nl"
    assert closest(cuts, "nl", above=True) == "."
    assert closest(cuts, ".", above=True) == "."


async def test_a_cut_that_ran_out_is_passed_over(autojump_clock: MockClock) -> None:
    cuts = planted("nl", seconds=100)
    await trio.sleep(100)
    assert closest(cuts, "example.nl") == "nl"
    await trio.sleep(0.5)
    assert closest(cuts, "example.nl") == "."
    assert cuts.get(from_text("nl")) is None
    assert len(cuts) == 1


async def test_no_more_are_kept_than_the_limit_and_the_pinned_stay(autojump_clock: MockClock) -> None:
    cuts = planted(*(f"zone{number}.nl" for number in range(50)), limit=10)
    assert len(cuts) == 10
    assert closest(cuts, "x.zone0.nl") == "."
    assert closest(cuts, "x.zone49.nl") == "zone49.nl"


async def test_what_was_asked_for_lately_is_kept(autojump_clock: MockClock) -> None:
    cuts = planted("nl", limit=5)
    for number in range(50):
        assert closest(cuts, f"zone{number}.nl") == "nl"
        cuts.add(Cut(from_text(f"zone{number}.nl"), None, (), [], seconds=1000))
    assert closest(cuts, "other.nl") == "nl"


async def test_a_referral_does_not_replace_a_stub_zone(autojump_clock: MockClock) -> None:
    cuts = planted()
    stub = cuts.add(Cut(from_text("nl"), None, (), [("192.0.2.1", 5353)], pinned=True))
    assert cuts.add(Cut(from_text("nl"), None, (), [], seconds=1000)) is stub
    assert cuts.get(from_text("nl")) is stub


async def test_a_newer_referral_replaces_an_older_one(autojump_clock: MockClock) -> None:
    cuts = planted("nl")
    newer = Cut(from_text("nl"), None, (), [], seconds=1000)
    assert cuts.add(newer) is newer
    assert cuts.get(from_text("nl")) is newer


async def test_dropping_a_cut_leaves_a_newer_one_of_its_name(autojump_clock: MockClock) -> None:
    cuts = planted("nl")
    older = cuts.closest(from_text("nl"), 0)
    newer = cuts.add(Cut(from_text("nl"), None, (), [], seconds=1000))
    cuts.drop(older)
    assert cuts.get(from_text("nl")) is newer
    cuts.drop(newer)
    assert cuts.get(from_text("nl")) is None


async def test_without_a_root_nothing_can_be_found(autojump_clock: MockClock) -> None:
    with pytest.raises(LookupError):
        closest(Cuts(10), "nl")
