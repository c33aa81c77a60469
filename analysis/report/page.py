"""A report as one HTML file that opens offline: charts as pictures, alive where scripts run, a table behind each.

Every text is escaped by the template, and a content security policy lets the page fetch nothing and run nothing but
the two scripts that we put there, told by their hashes: what got past the escaping would still not run. Pictures,
tables and scripts are data inside the file.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.export import clean, rows_csv, shown
from analysis.report import drawing
from analysis.report.charts import percent
from analysis.report.drawing import DrawingFault
from analysis.report.sections import METHOD
from analysis.report.telling import Report, drawn
from crawler import __version__

if TYPE_CHECKING:
    import jinja2

    from analysis.stats import Counted

TEMPLATE = Path(__file__).parent / "page.html"
DRAWING = Path(__file__).parent / "page.js"  # the few lines that have Vega draw


def html(report: Report) -> str:
    """The page. Raises `DrawingFault` without the extra ``report``."""
    specs = {told.figure.name: told.chart.spec for told in drawn(report.parts) if told.chart}
    pictures = {
        told.figure.name: {
            "svg": _data("image/svg+xml", drawing.svg(told.chart).encode()),
            "png": _data("image/png", drawing.png(told.chart)),
        }
        for told in drawn(report.parts) if told.chart
    }  # fmt: skip
    scripts = (drawing.bundle(), DRAWING.read_text(encoding="utf-8"))
    page: str = _template().render(
        report=report, pictures=pictures, specs=drawing.for_script(specs), scripts=scripts, method=METHOD,
        version=__version__,
    )  # fmt: skip
    return page


@cache
def _template() -> jinja2.Template:
    try:
        import jinja2
    except ImportError:
        raise DrawingFault("a page needs the extra `report`: pip install 'dane-census[report]'") from None
    world = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    world.filters |= {"cell": _cell, "clean": clean, "csv": _csv, "percent": percent, "number": _number, "hash": _hash}
    return world.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _cell(value: object, column: str) -> str:
    return shown(column, value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _hash(script: str) -> str:
    """As a content security policy names a script (CSP level 3, section 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _csv(counted: Counted) -> str:
    return _data("text/csv;charset=utf-8", rows_csv(counted.result.columns, counted.result.rows).encode())


def _data(kind: str, octets: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(octets).decode()}"


def files(report: Report, folder: Path) -> list[Path]:
    """Every chart as SVG, PNG and CSV, for papers. Raises `OSError` and `DrawingFault`."""
    made: list[Path] = []
    for told in drawn(report.parts):
        if told.chart is None:
            continue
        content: dict[str, Any] = {
            "svg": drawing.svg(told.chart).encode(),
            "png": drawing.png(told.chart),
            "csv": rows_csv(told.counted.result.columns, told.counted.result.rows).encode(),
        }
        for suffix, octets in content.items():
            path = folder / f"{told.figure.name}.{suffix}"
            path.write_bytes(octets)
            made.append(path)
    return made
