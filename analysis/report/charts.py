"""Charts as Vega-Lite specifications: plain data, drawn by whoever has a Vega.

A chart is made from a `Result` alone, so that what is drawn is what the table beside it says; texts that may come from
the network are cleaned and cut. Drawing (SVG, PNG) is ``drawing``; which charts a report has is ``sections``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.export import shown
from analysis.warehouse import Result

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
LONGEST = 48  # characters of a label
MOST = 40  # bars of a chart; the table has all rows
WIDTH = 520
#: Okabe and Ito's palette, which most colour-blind people can tell apart; the first is the colour of a lone series.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f", "#f0e442")
UNKNOWN = "#b5b5b5"
_CONFIG: dict[str, Any] = {
    "view": {"stroke": None},
    "font": "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif",
    "background": "white",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "labelLimit": 300, "labelColor": "#222", "titleColor": "#222"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "labelLimit": 300, "orient": "bottom"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of a result, and what it says to those who do not see it."""

    name: str
    title: str
    alt: str
    spec: dict[str, Any]


def label(*values: object) -> str:
    """Values as a label: cleaned, cut, a dash for null."""
    text = " · ".join(shown("", value) for value in values)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def percent(share: object) -> str:
    """A share as people read it."""
    return f"{100 * share:.2f} %" if isinstance(share, int | float) else "unknown"


def bars(result: Result, *labels: str, name: str, title: str) -> Chart:
    """A bar for each row with a share: the share, and a line from its lower to its upper bound."""
    values: list[dict[str, Any]] = []
    for row in result.records():
        if row["share"] is not None and len(values) < MOST:
            values.append(
                {
                    "label": label(*(row[one] for one in labels)),
                    "share": row["share"],
                    "low": row["share_low"] if row["share_low"] is not None else row["share"],
                    "high": row["share_high"] if row["share_high"] is not None else row["share"],
                    "numerator": row["numerator"],
                    "denominator": row["denominator"],
                    "unknown": row["unknown"],
                }
            )
    order = list(dict.fromkeys(value["label"] for value in values))
    across = {"field": "label", "type": "nominal", "sort": order, "title": None}
    length = {"type": "quantitative", "axis": {"format": ".3~%", "title": "share", "tickCount": 6}}
    told = [
        {"field": "label", "type": "nominal", "title": " "},
        {"field": "share", "type": "quantitative", "format": ".2%"},
        {"field": "low", "type": "quantitative", "format": ".2%", "title": "if all unknown were no"},
        {"field": "high", "type": "quantitative", "format": ".2%", "title": "if all unknown were yes"},
        *({"field": one, "type": "quantitative", "format": ","} for one in ("numerator", "denominator", "unknown")),
    ]
    spec = {
        "width": WIDTH,
        "height": {"step": 22},
        "data": {"values": values},
        "encoding": {"y": across, "tooltip": told},
        "layer": [
            {"mark": {"type": "bar", "color": COLOURS[0]}, "encoding": {"x": {"field": "share", **length}}},
            {
                "mark": {"type": "rule", "color": "#222", "strokeWidth": 1.5},
                "encoding": {"x": {"field": "low", **length}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 11, "color": "#222"},
                "encoding": {
                    "x": {"field": "high", **length},
                    "text": {"field": "share", "type": "quantitative", "format": ".2%"},
                },
            },
        ],
    }
    alt = "; ".join(f"{value['label']} {percent(value['share'])}" for value in values[:8]) or "no rows"
    return Chart(name=name, title=title, alt=f"Bar chart. {alt}{_more(len(values), 8)}.", spec=_whole(spec))


def stacks(result: Result, bar: str, part: str, *, name: str, title: str, order: tuple[str, ...] = ()) -> Chart:
    """A bar for each value of `bar`, made of the numerators of each `part`; the unknown part is grey."""
    rows = [row for row in result.records() if row["numerator"]]
    found = list(dict.fromkeys(label(row[part]) for row in rows))
    parts = [one for one in order if one in found] + [one for one in found if one not in order]
    unknown = ("unknown", "not-measured", "untested", "temporary", "unreachable")
    colours, left = {}, list(COLOURS)
    for one in parts:
        colours[one] = UNKNOWN if one in unknown else left.pop(0) if left else UNKNOWN
    totals: dict[str, int] = {}
    for row in rows:
        totals[label(row[bar])] = totals.get(label(row[bar]), 0) + row["numerator"]
    values = [
        {
            "bar": label(row[bar]),
            "part": label(row[part]),
            "nth": parts.index(label(row[part])),
            "n": row["numerator"],
            "share": row["numerator"] / totals[label(row[bar])],
        }
        for row in rows
    ]
    spec = {
        "width": WIDTH,
        "height": {"step": 34},
        "data": {"values": values},
        "mark": "bar",
        "encoding": {
            "y": {"field": "bar", "type": "nominal", "sort": list(totals), "title": None},
            "x": {
                "field": "share",
                "type": "quantitative",
                "axis": {"format": "%", "title": "of all, unknown included"},
            },
            "order": {"field": "nth", "type": "quantitative"},
            "color": {
                "field": "part",
                "type": "nominal",
                "title": None,
                "scale": {"domain": parts, "range": [colours[one] for one in parts]},
                "legend": {"columns": 4},
            },
            "tooltip": [
                {"field": "bar", "title": " "},
                {"field": "part", "title": "class"},
                {"field": "n", "type": "quantitative", "format": ",", "title": "domains"},
                {"field": "share", "type": "quantitative", "format": ".2%"},
            ],
        },
    }
    said = [f"{value['bar']}: {value['part']} {percent(value['share'])}" for value in values[:10]]
    alt = f"Stacked bars. {'; '.join(said) or 'no rows'}{_more(len(values), 10)}."
    return Chart(name=name, title=title, alt=alt, spec=_whole(spec))


def cross(result: Result, across: str, down: str, *, name: str, title: str) -> Chart:
    """A table of colours: each cell a numerator, darker for more, on a logarithmic scale."""
    rows = result.records()
    columns = list(dict.fromkeys(label(row[across]) for row in rows))
    lines = list(dict.fromkeys(label(row[down]) for row in rows))
    values = [
        {"across": label(row[across]), "down": label(row[down]), "n": row["numerator"], "shade": row["numerator"] + 1}
        for row in rows
    ]
    most = max((value["n"] for value in values), default=0)
    encoding: dict[str, dict[str, Any]] = {
        "x": {"field": "across", "type": "nominal", "sort": columns, "axis": {"orient": "top", "labelAngle": 0}},
        "y": {"field": "down", "type": "nominal", "sort": lines},
    }
    encoding["x"]["title"], encoding["y"]["title"] = across.replace("_", "-"), down.replace("_", "-")
    spec = {
        "width": WIDTH,
        "height": {"step": 34},
        "data": {"values": values},
        "encoding": encoding,
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white"},
                "encoding": {
                    "color": {
                        "field": "shade",
                        "type": "quantitative",
                        "scale": {"type": "log", "scheme": "blues", "domainMin": 1},
                        "legend": None,
                    },
                    "tooltip": [
                        {"field": "down", "title": encoding["y"]["title"]},
                        {"field": "across", "title": encoding["x"]["title"]},
                        {"field": "n", "type": "quantitative", "format": ",", "title": "domains"},
                    ],
                },
            },
            {
                "mark": {"type": "text", "fontSize": 13},
                "encoding": {
                    "text": {"field": "n", "type": "quantitative", "format": ","},
                    "color": {
                        "condition": {"test": f"datum.n > {most**0.6:.6f}", "value": "white"},
                        "value": "#111",
                    },
                },
            },
        ],
    }
    largest = sorted(values, key=lambda value: -value["n"])[:6]
    said = "; ".join(f"{one['down']} and {one['across']}: {one['n']:,}" for one in largest)
    return Chart(name=name, title=title, alt=f"Cross table. {said or 'no rows'}.", spec=_whole(spec))


def _whole(spec: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": SCHEMA, "config": _CONFIG, **spec}


def _more(count: int, shown: int) -> str:
    return f"; and {count - shown} more in the table" if count > shown else ""
