"""The report as a file: whole, self-contained, and inert whatever the network said."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from io import StringIO
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from analysis.report import page, text
from analysis.report.drawing import DrawingFault, for_script
from analysis.report.sections import METHOD, SECTIONS
from analysis.report.telling import Report, drawn, tell
from analysis.stats import BREAKDOWNS, ORDER
from crawler.cli import main
from tests.analysis.report.hostile import MARKUP, run
from tests.analysis.rows import made, name


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("runs")
    return tell(run(folder / "after"), run(folder / "before"))


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return page.html(report)


class Seen(HTMLParser):
    """Elements, attributes and texts of a page as a browser would part them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.told: list[str] = []
        self._script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._script = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        (self.scripts if self._script else self.told).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for one, attributes in self.elements if one == tag]


@pytest.fixture(scope="module")
def seen(html: str) -> Seen:
    return Seen(html)


def test_no_text_of_the_network_becomes_markup(seen: Seen) -> None:
    assert len(seen.all("script")) == 3  # specifications, Vega, and the few lines that draw
    assert all(not key.startswith("on") for _, attributes in seen.elements for key in attributes)
    assert all((one["src"] or "").startswith("data:image/svg+xml;base64,") for one in seen.all("img"))
    assert "svg" not in {tag for tag, _ in seen.elements}
    told = "".join(seen.told)
    assert "{{ 7 * 7 }}" in told  # no template is run on what it printed
    assert "<img src=x onerror" in told  # it is told, as text
    assert all(c == "\n" or c.isprintable() for c in told)


def test_nothing_is_fetched_from_anywhere(seen: Seen) -> None:
    places = [value or "" for _, one in seen.elements for key, value in one.items() if key in {"src", "href", "action"}]
    assert places
    assert all(place.startswith(("data:", "#")) for place in places)
    [policy] = [one["content"] for one in seen.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert (policy or "").startswith("default-src 'none'; img-src data:;")
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in seen.scripts[-2:]]
    assert f"script-src {' '.join(f'{chr(39)}sha256-{one}{chr(39)}' for one in hashes)};" in (policy or "")
    assert not set("\r\0") & set("".join(seen.scripts))  # a browser would read them otherwise, and hash that
    assert not re.search(r"@import|url\(", "".join(seen.scripts[:1]))


def test_every_chart_is_there_with_its_words_its_table_and_three_files(report: Report, seen: Seen) -> None:
    charts = list(drawn(report.parts))
    assert len(charts) >= 15
    pictures = seen.all("img")
    assert len(pictures) == len(charts)
    assert all(len(one["alt"] or "") > 20 for one in pictures)
    links = {one["download"]: one["href"] or "" for one in seen.all("a") if one.get("download")}
    for told in charts:
        octets = base64.b64decode(links[f"chart-{told.figure.name}.csv"].partition(",")[2]).decode()
        rows = list(csv.reader(StringIO(octets)))
        assert rows[0] == list(told.counted.result.columns)
        assert len(rows) == len(told.counted.result.rows) + 1
        assert links[f"chart-{told.figure.name}.png"].startswith("data:image/png;base64,iVBOR")
        root = ET.fromstring(base64.b64decode(links[f"chart-{told.figure.name}.svg"].partition(",")[2]))
        assert root.tag.endswith("svg")
        assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
            "svg", "g", "rect", "path", "text", "title", "line", "tspan", "defs", "clipPath",
        }  # fmt: skip


def test_every_statistic_is_in_the_appendix_and_every_comparison(report: Report, seen: Seen) -> None:
    assert [one.statistic.name for one in report.appendix] == [*ORDER, *BREAKDOWNS]
    told = "".join(seen.told)
    assert all(f"({name})" in told for name in ORDER)
    assert all(one.statistic.title in told for one in report.changes)
    assert all(title in told for title, _ in METHOD)


def test_headings_go_down_by_one_and_the_page_names_its_language(seen: Seen) -> None:
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert seen.all("html")[0]["lang"] == "en"
    assert all("scope" in one for one in seen.all("th"))
    targets = {one["id"] for _, one in seen.elements if "id" in one}
    assert all((one["href"] or "#")[1:] in targets for one in seen.all("a") if (one["href"] or "").startswith("#"))


@pytest.mark.parametrize("value", [*MARKUP, "<!--", "&amp;", "\u2028"])
def test_json_inside_a_script_cannot_end_it(value: str) -> None:
    written = for_script({"a": value})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"a": value}


def test_markdown_tells_the_same_without_markup_of_strangers(report: Report) -> None:
    told = text.markdown(report)
    assert all(f"## {section.title}" in told for section in SECTIONS)
    assert "## Change since the earlier run" in told
    assert "<script" not in told
    assert "<img" not in told
    assert all(c == "\n" or c.isprintable() for c in told)


def test_a_run_of_one_name_that_was_not_measured_is_told_too(tmp_path: Path) -> None:
    told = tell(made(tmp_path, name("a.example")))
    assert Seen(page.html(told)).all("h1")
    assert "| DANE | published | unknown | 0.00 % | 100.00 % | 0 of 0 | 1 |" in text.markdown(told)


def test_without_the_extra_it_says_what_to_install(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(DrawingFault, match=r"pip install 'dane-census\[report\]'"):
        page.html(report)


def command(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(["report", *arguments])
    return end.value.code


def test_the_command_writes_a_page_a_text_or_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(run(tmp_path / "run"))
    assert command(folder, "--out", str(tmp_path / "r.html")) == 0
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert command(folder, "--out", str(tmp_path / "r.md")) == 0
    assert (tmp_path / "r.md").read_text().startswith("# How ")
    assert command(folder, "--format", "figures", "--out", str(tmp_path / "figures")) == 0
    kinds = {path.suffix for path in (tmp_path / "figures").iterdir()}
    assert kinds == {".svg", ".png", ".csv"}
    assert not list(tmp_path.glob(".*.tmp"))
    capsys.readouterr()


@pytest.mark.parametrize(("out", "words"), [("nowhere/r.html", "no such folder"), (".", "a folder; give a file")])
def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, words: str
) -> None:
    folder = str(made(tmp_path / "run", name("a.example")))
    assert command(folder, "--out", str(tmp_path / out)) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
