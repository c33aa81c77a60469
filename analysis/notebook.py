"""A run in a notebook: statistics shown, charts drawn, questions asked of the views.

Thin: tables come from ``stats`` and ``comparing``, charts from ``report``; this gives them a face in Jupyter (HTML and
SVG) and in a plain Python prompt (text). Texts of the network are cleaned and escaped as in every other form.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import comparing
from analysis import stats as statistics
from analysis.export import shown, table
from analysis.report import charts, drawing
from analysis.report.charts import Chart
from analysis.warehouse import Result, open_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Shown:
    """Rows with a face."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __repr__(self) -> str:
        return table(self.result)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(shown('', column))}</th>" for column in self.result.columns)
        rows = (
            "".join(
                f"<td>{html.escape(shown(column, value))}</td>"
                for column, value in zip(self.result.columns, row, strict=True)
            )
            for row in self.result.rows
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Drawing:
    """A chart with a face; its words where there are no pictures."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart

    def __repr__(self) -> str:
        return f"{self.chart.title}. {self.chart.alt}"

    def _repr_svg_(self) -> str:
        return drawing.svg(self.chart)


class _Asked:
    """What a run and a comparison have in common: statistics by name, and SQL."""

    def __init__(self, count: Callable[[str], Result], query: Callable[[str], Result]) -> None:
        self._count = count
        self._query = query

    def show(self, name: str, **where: object) -> Shown:
        """A statistic, or those of its rows whose columns are so."""
        return Shown(self._rows(name, where))

    def ask(self, sql: str) -> Shown:
        """What the views answer to a question."""
        return Shown(self._query(sql))

    def bars(self, name: str, *labels: str, title: str, **where: object) -> Drawing:
        """A bar for each share of a statistic, with its bounds."""
        return Drawing(charts.bars(self._rows(name, where), *labels, name=name, title=title))

    def stacks(self, name: str, bar: str, part: str, *, title: str, **where: object) -> Drawing:
        """A bar for each `bar`, made of its parts."""
        return Drawing(charts.stacks(self._rows(name, where), bar, part, name=name, title=title))

    def cross(self, name: str, across: str, down: str, *, title: str, **where: object) -> Drawing:
        """A cross table in colours."""
        return Drawing(charts.cross(self._rows(name, where), across, down, name=name, title=title))

    def _rows(self, name: str, where: dict[str, object]) -> Result:
        return statistics.only(self._count(name), where)


class Run(_Asked):
    """An open run. Raises `RunFault` for a folder that is none."""

    def __init__(self, folder: Path | str, *, top: int = 20) -> None:
        self.warehouse = open_run(folder)
        self.warehouse.connection.execute(f"set variable top = {int(top)}")
        known = statistics.catalogue()
        super().__init__(lambda name: statistics.count(self.warehouse, known[name]).result, self.warehouse.query)

    def facts(self) -> Shown:
        """Where the figures come from."""
        return Shown(Result(columns=("fact", "value"), rows=tuple(self.warehouse.facts().items())))

    def close(self) -> None:
        """Let go of the files."""
        self.warehouse.close()


class Runs(_Asked):
    """Two runs or more, the oldest first, side by side. Raises `RunFault`."""

    def __init__(self, folders: Sequence[Path | str]) -> None:
        self.sides = comparing.compare([Path(folder) for folder in folders])
        known = comparing.catalogue()
        super().__init__(lambda name: self.sides.count(known[name]).result, self.sides.query)

    def close(self) -> None:
        """Let go of the snapshots."""
        self.sides.close()
