"""The fault catalogues: all of them are there, and the page says what the scenarios say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lab.scenarios import canary, faults

if TYPE_CHECKING:
    from lab.scenarios import Scenario

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def column_of(scenario: Scenario) -> str:
    """The answer in which a fault shows: NSEC3 is for what is not there."""
    return "mta_sts" if "nsec3" in scenario.domain else "mx"


def written(scenario: Scenario) -> list[str]:
    """Name, state, reason and EDE code, as the page has them."""
    column = column_of(scenario)
    verdict = scenario.row.get(column, f"- {scenario.row.get('mx.security')} {scenario.row.get('mx.reason')}")
    _, state, reason = str(verdict).split()
    ede = scenario.row[f"{column}.ede"]
    return [f"`{scenario.domain[4:-3]}`", state, f"`{reason}`", "" if ede is None else str(ede)]


def test_the_page_says_what_the_scenarios_say() -> None:
    rows = [line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert [[name, *rest[1:4]] for name, *rest in cells] == [written(scenario) for scenario in faults.SCENARIOS]


def test_the_catalogues_are_whole() -> None:
    assert (len(faults.SCENARIOS), len(canary.SCENARIOS)) == (52, 168)
