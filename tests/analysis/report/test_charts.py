"""Charts say what their rows say: no more, in no other order, and never a raw text of the network."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.report import charts, drawing
from analysis.warehouse import Result
from tests.analysis.report.hostile import MARKUP

FIGURES = ("numerator", "denominator", "unknown", "share", "share_low", "share_high")


def result(*rows: tuple[Any, ...], columns: tuple[str, ...] = ("class",)) -> Result:
    return Result(columns=(*columns, *FIGURES), rows=rows)


def values(chart: charts.Chart) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart.spec["data"]["values"]
    return found


def test_a_bar_has_its_share_and_its_bounds_and_rows_without_a_share_have_none() -> None:
    rows = result(("full", 1, 4, 4, 0.25, 0.125, 0.625), ("unknown", 4, None, None, None, None, None))
    chart = charts.bars(rows, "class", name="x", title="X")
    assert [(one["label"], one["share"], one["low"], one["high"]) for one in values(chart)] == [
        ("full", 0.25, 0.125, 0.625)
    ]
    assert chart.alt == "Bar chart. full 25.00 %."


def test_bars_stand_in_the_order_of_the_rows() -> None:
    rows = result(*((name, 1, 2, 0, 0.5, 0.5, 0.5) for name in ("z", "a", "m")))
    chart = charts.bars(rows, "class", name="x", title="X")
    assert chart.spec["encoding"]["y"]["sort"] == ["z", "a", "m"]


def test_long_lists_are_cut_and_say_so() -> None:
    rows = result(*((f"n{at}", 1, 2, 0, 0.5, 0.5, 0.5) for at in range(100)))
    chart = charts.bars(rows, "class", name="x", title="X")
    assert len(values(chart)) == charts.MOST
    assert "more in the table" in chart.alt


def test_parts_of_a_stack_add_up_to_one_and_the_unknown_is_grey() -> None:
    rows = result(
        ("plain", "encrypted", 6, 8, 2, 0.75, 0.6, 0.8), ("plain", "plaintext", 2, 8, 2, 0.25, 0.2, 0.4),
        ("plain", "unknown", 2, None, None, None, None, None), columns=("sender", "outcome"),
    )  # fmt: skip
    chart = charts.stacks(rows, "sender", "outcome", name="x", title="X", order=("plaintext", "encrypted"))
    assert sum(one["share"] for one in values(chart)) == pytest.approx(1)
    colour = chart.spec["encoding"]["color"]["scale"]
    assert colour["domain"] == ["plaintext", "encrypted", "unknown"]
    assert colour["range"][2] == charts.UNKNOWN
    assert len(set(colour["range"])) == 3


def test_a_cross_table_has_every_cell() -> None:
    rows = result(
        *((dane, sts, at, 9, 0, 0.1, 0.1, 0.1) for at, (dane, sts) in enumerate([("full", "valid"), ("none", "none")])),
        columns=("dane", "mta_sts"),
    )
    chart = charts.cross(rows, "mta_sts", "dane", name="x", title="X")
    assert [(one["down"], one["across"], one["n"]) for one in values(chart)] == [
        ("full", "valid", 0),
        ("none", "none", 1),
    ]


@pytest.mark.parametrize("text", [*MARKUP, "x" * 200, ""])
def test_labels_are_clean_and_short(text: str) -> None:
    told = charts.label(text, None, True, 12_345)
    assert told.isprintable()
    assert len(told) <= charts.LONGEST
    chart = charts.bars(result((text, 1, 2, 0, 0.5, 0.5, 0.5)), "class", name="x", title="X")
    drawn = drawing.svg(chart)
    assert "<script" not in drawn
    assert "<img" not in drawn


@pytest.mark.parametrize("kind", ["bars", "stacks", "cross"])
def test_nothing_is_a_chart_too(kind: str) -> None:
    rows = result(columns=("a", "b"))
    arguments = {"bars": ("a",), "stacks": ("a", "b"), "cross": ("a", "b")}[kind]
    chart = getattr(charts, kind)(rows, *arguments, name="x", title="X")
    assert "no rows" in chart.alt
    assert values(chart) == []


def test_a_drawing_is_a_picture_of_twice_the_dots() -> None:
    chart = charts.bars(result(("a", 1, 2, 0, 0.5, 0.5, 0.5)), "class", name="x", title="X")
    octets = drawing.png(chart)
    assert octets.startswith(b"\x89PNG")
    assert int.from_bytes(octets[16:20]) > charts.WIDTH * drawing.SCALE
