"""Figures survive each form exactly, and no string from the network can break out of a cell."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.export import Format, clean, table, write
from analysis.stats import Counted, Statistic
from analysis.warehouse import Result

TOLD = Statistic(name="x", title="X", grain="g", definition="What | it <is>.", source="s", rfc="none", sql="select 1")
FACTS = {"run": "data/x", "resolver": "iterate", "psl_version": "2026"}
HOSTILE = [
    "a|b|c",
    "two\nlines\r\nor three",
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "<script>alert(1)</script>",
    "<!-- -->&amp;",
    "[click](javascript:alert(1)) ![x](http://x.example/)",
    "`code` **bold** __also__ ~~gone~~ # head",
    "\u202etxt.exe\u2066",  # the bidirectional override
    "\u2028\u2029\u0085\x00\x7f",
    "\ud800",
    '"quoted", with, commas',
    "trailing \\",
    "Zürich 漢字",
    "-",
    "",
]


def counted(columns: tuple[str, ...], *rows: tuple[Any, ...]) -> Counted:
    return Counted(statistic=TOLD, result=Result(columns=columns, rows=rows))


def one(text: str, form: Format) -> str:
    return write([counted(("text", "n"), (text, 1))], form, FACTS)


def test_clean_text_stays_as_it_is_and_the_rest_is_visible() -> None:
    assert clean("Zürich 漢字 a_b") == "Zürich 漢字 a_b"
    assert clean("a\tb\x1b\u202e\U000e0001") == r"a\u0009b\u001b\u202e\U000e0001"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", [form for form in Format if form is not Format.PARQUET])
def test_no_form_lets_a_control_character_through(form: Format, text: str) -> None:
    written = one(text, form)
    assert all(c == "\n" or c.isprintable() for c in written)
    written.encode()  # no lone surrogate either


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_keeps_one_line_a_row(text: str) -> None:
    assert one(text, Format.TABLE).count("\n") == one("plain", Format.TABLE).count("\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_markdown_cell_holds_no_markup(text: str) -> None:
    written = one(text, Format.MARKDOWN)
    assert written.count("\n") == one("plain", Format.MARKDOWN).count("\n")
    row = written.splitlines()[4]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3  # two cells
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>`*\[\]]", row.replace("&lt;", ""))


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_and_json_give_back_what_went_in(text: str) -> None:
    assert json.loads(one(text, Format.JSON))["statistics"][0]["rows"] == [{"text": text, "n": 1}]
    assert list(csv.reader(StringIO(one(text, Format.CSV))))[1] == ["x", clean(text), "1"]


numbers = st.one_of(st.none(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False))


@given(rows=st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), numbers, numbers), max_size=5))
def test_numbers_keep_full_precision_in_csv_and_json(rows: list[tuple[Any, ...]]) -> None:
    made = counted(("text", "share", "n"), *rows)
    back = json.loads(write([made], Format.JSON, FACTS))["statistics"][0]["rows"]
    assert [tuple(row.values()) for row in back] == rows
    read = list(csv.DictReader(StringIO(write([made], Format.CSV, FACTS))))
    for row, found in zip(rows, read, strict=True):
        for column, value in zip(("share", "n"), row[1:], strict=True):
            assert found[column] == ("" if value is None else str(value))
            assert value is None or float(found[column]) == float(value)


def markdown_cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line)[1:-1]
    return [re.sub(r"\\(.)", r"\1", cell.strip()).replace("&lt;", "<").replace("&amp;", "&") for cell in cells]


def test_markdown_reads_back_as_it_was_shown() -> None:
    made = counted(("class", "numerator", "share"), ("no-mx", 1234567, 0.12345), ("a|b", None, None))
    lines = write([made], Format.MARKDOWN, FACTS).splitlines()
    assert markdown_cells(lines[2]) == ["class", "numerator", "share"]
    assert lines[3] == "| --- | ---: | ---: |"
    assert markdown_cells(lines[4]) == ["no-mx", "1,234,567", "12.35 %"]
    assert markdown_cells(lines[5]) == ["a|b", "-", "-"]
    assert r"What \| it &lt;is\>." in lines[7]


def test_a_table_on_a_pipe_is_plain_and_never_cut() -> None:
    wide = "x" * 500
    shown = table(Result(columns=("name", "n"), rows=((wide, 5), ("[red]b[/red]", 12345))))
    assert wide in shown
    assert "[red]b[/red]" in shown  # rich's own markup is text here
    assert "\x1b" not in shown
    assert shown.isascii()
    assert [line.split()[-1] for line in shown.splitlines()[2:]] == ["5", "12,345"]


def test_an_empty_result_is_still_a_table() -> None:
    empty = counted(("a", "b"))
    assert write([empty], Format.CSV, FACTS) == "statistic,a,b\n"
    assert "a" in write([empty], Format.TABLE, FACTS)
    assert json.loads(write([empty], Format.JSON, FACTS))["statistics"][0]["columns"] == ["a", "b"]


def test_bytes_and_truth_values_have_a_text() -> None:
    made = counted(("data", "flag"), (b"\xab\x01", True))
    assert write([made], Format.CSV, FACTS).splitlines()[1] == "x,ab01,True"
    assert json.loads(write([made], Format.JSON, FACTS))["statistics"][0]["rows"] == [{"data": "ab01", "flag": True}]
    assert "yes" in write([made], Format.TABLE, FACTS)
