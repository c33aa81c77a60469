"""The statistics of a run against `expected`, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.stats import catalogue, count
from analysis.warehouse import Warehouse
from tests.totals.expected import Figures, Rows


def counted(run: Warehouse, name: str) -> Rows:
    """A statistic's rows by the columns before its figures."""
    result = count(run, catalogue()[name]).result
    at = result.columns.index("numerator")
    rows: Rows = {}
    for row in result.rows:
        n, d, u = (None if value is None else int(value) for value in row[at : at + 3])
        rows[tuple(None if value is None else str(value) for value in row[:at])] = (n or 0, d, u)
    return rows


def differences(
    run: Warehouse, wanted: dict[str, Rows]
) -> Iterator[tuple[str, tuple[Any, ...], Figures | None, Figures]]:
    """(statistic, row, counted, expected) where they differ. A row of nought that nobody expects is none."""
    for name, rows in wanted.items():
        found = counted(run, name)
        for key, figures in rows.items():
            if found.get(key) != figures:
                yield name, key, found.get(key), figures
        prefixes = {key[0] for key in rows if len(key) > 1}
        for key, figures in found.items():
            mine = key[0] in prefixes if prefixes else True  # other weights and populations are told elsewhere
            if key not in rows and figures[0] and mine:
                yield name, key, figures, (0, None, None)
