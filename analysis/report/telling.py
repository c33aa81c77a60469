"""A run told: every statistic counted once, the headline, the sections' figures, and the facts of the run.

This is what a page (``page``) and a text (``text``) have in common. Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import comparing
from analysis import stats as statistics
from analysis.report.charts import Chart
from analysis.report.sections import CHANGES, SECTIONS, Figure, Section
from analysis.stats import Counted
from analysis.warehouse import Result, Warehouse, open_run

#: Rows of a breakdown or a list that a report has for each group; `dane-census stats --top` has more.
TOP = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One question of ``measured`` at its levels: (level, share, low, high, numerator, denominator, unknown)."""

    title: str
    levels: tuple[tuple[str, Any, Any, Any, Any, Any, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A figure with its rows; without rows there is no chart."""

    figure: Figure
    counted: Counted
    chart: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section with its figures told."""

    section: Section
    figures: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of a report."""

    name: str  # of the run's folder
    facts: dict[str, str]
    run: tuple[tuple[str, str], ...]
    headlines: tuple[Headline, ...]
    parts: tuple[Part, ...]
    appendix: tuple[Counted, ...]
    changes: tuple[Counted, ...]  # every comparison, if there is another run
    before: str | None


_QUESTIONS = (
    ("mail", "take mail"), ("dnssec", "signed (zone secure)"), ("dane", "DANE"), ("mta-sts", "MTA-STS"),
    ("either", "DANE or MTA-STS"), ("tlsrpt", "TLSRPT"),
)  # fmt: skip


def tell(run: Path, other: Path | None = None) -> Report:
    """Count everything of a run and, with another, what has changed since it. Raises `RunFault`."""
    with open_run(run) as warehouse:
        warehouse.connection.execute(f"set variable top = {TOP}")
        counted = {name: statistics.count(warehouse, one) for name, one in statistics.catalogue().items()}
        facts, told = warehouse.facts(), tuple(_facts(warehouse))
    changes: dict[str, Counted] = {}
    if other is not None:
        with comparing.compare([other, run]) as sides:
            sides.connection.execute(f"set variable top = {TOP}")
            changes = {name: sides.count(one) for name, one in comparing.catalogue().items()}
    parts = [_part(section, counted) for section in SECTIONS]
    if changes:
        parts.insert(0, _part(CHANGES, changes))
    return Report(
        name=run.resolve().name,
        facts=facts,
        run=told,
        headlines=tuple(_headlines(counted["by_weight"].result)),
        parts=tuple(parts),
        appendix=tuple(counted.values()),
        changes=tuple(changes.values()),
        before=None if other is None else str(other),
    )


def _part(section: Section, counted: dict[str, Counted]) -> Part:
    return Part(section=section, figures=tuple(_told(figure, counted[figure.statistic]) for figure in section.figures))


def _told(figure: Figure, counted: Counted) -> Told:
    rows = figure.rows(counted.result)
    chart = figure.draw(rows, name=figure.name, title=figure.title) if _worth(rows) else None
    return Told(figure=figure, counted=Counted(statistic=counted.statistic, result=rows), chart=chart)


def _worth(rows: Result) -> bool:
    """Whether somebody counts: a chart of noughts alone says less than a line of text."""
    return any(row["numerator"] and row["denominator"] != 0 for row in rows.records())


def _headlines(result: Result) -> Iterator[Headline]:
    rows = [row for row in result.records() if row["weight"] == "name"]
    for measure, title in _QUESTIONS:
        levels = [
            (
                row["level"], row["share"], row["share_low"], row["share_high"], int(row["numerator"]),
                int(row["denominator"]), int(row["unknown"]),
            )
            for row in rows if row["measure"] == measure
        ]  # fmt: skip
        yield Headline(title=title, levels=tuple(levels))


def _facts(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """What run.json says, as lines for people; what it does not say is left out."""
    told = warehouse.told()
    for key in ("version", "commit", "start", "end", "resolver", "vantage", "contact", "publicsuffixlist"):
        if told.get(key):
            yield key.replace("publicsuffixlist", "Public Suffix List package"), str(told[key])
    yield "Public Suffix List", warehouse.psl_version()
    yield "complete", "yes" if told.get("complete") else "no: names that are left count as not measured"
    yield from _input(told)
    for key, value in _mapping(told.get("options")).items():
        yield f"option {key}", str(value)
    yield from _costs(told.get("sessions"))


def _input(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    identity, names = _mapping(told.get("identity")), _mapping(told.get("names"))
    for one in identity.get("input") or ():
        yield "list", " ".join(map(str, one)) if isinstance(one, list) else str(one)
    if identity.get("lab"):
        yield "lab", f"{identity['lab']}: a generated world, no real network"
    account = _mapping(names.get("account"))
    if account:
        yield "account", ", ".join(f"{key} {value:,}" for key, value in account.items() if isinstance(value, int))
    sample = _mapping(names.get("sample"))
    if sample:
        yield "sample", ", ".join(f"{key} {value}" for key, value in sample.items())


def _costs(sessions: object) -> Iterator[tuple[str, str]]:
    sittings = [one for one in sessions if isinstance(one, dict)] if isinstance(sessions, list) else []
    if not sittings:
        return
    yield "sittings", str(len(sittings))
    for key, unit in (("seconds", "s"), ("cpu_seconds", "s of CPU")):
        yield "cost", f"{sum(one.get(key) or 0 for one in sittings):,.0f} {unit}"
    counters = [_mapping(one.get("counters")) for one in sittings]
    for key in ("udp_sent", "tcp_sent", "connections", "timeouts", "verifications"):
        yield key.replace("_", " "), f"{sum(one.get(key) or 0 for one in counters):,}"
    busiest = max((one.get("busiest_rate") or 0 for one in counters), default=0)
    yield "most packets that one address saw in a second", f"{busiest:,}"


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def drawn(parts: Sequence[Part]) -> Iterator[Told]:
    """Every figure that has a chart, in the report's order."""
    yield from (told for part in parts for told in part.figures if told.chart is not None)
