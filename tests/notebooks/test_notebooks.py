"""The notebooks: questions and plots without definitions, rendered beside, and whole on the demo's data."""

from __future__ import annotations

import json
import re
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from analysis.notebook import Run, Runs
from docs.notebooks import NOTEBOOKS, RUNS, read
from lab.listing import generate
from lab.profiles import ODD
from tests.analysis.rows import dane_host, made, mailing
from tests.lab import census

ROOT = NOTEBOOKS.parent
SOURCES = sorted(NOTEBOOKS.glob("*.py"))


def cells(notebook: Any) -> list[tuple[str, str]]:
    return [(cell["cell_type"], cell["source"]) for cell in notebook["cells"]]


def shown(path: Path) -> Any:
    """A rendered notebook, as the JSON that it is."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_four_and_each_is_rendered() -> None:
    assert {path.stem for path in SOURCES} == set(RUNS)
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(RUNS)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_rendered_one_is_of_this_text_and_shows_something(source: Path) -> None:
    rendered = shown(source.with_suffix(".ipynb"))
    assert cells(rendered) == cells(read(source)), "python docs/notebooks.py --data data"
    code = [cell for cell in rendered["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] and cell["execution_count"] for cell in code)
    assert all(output["output_type"] != "error" for cell in code for output in cell["outputs"])
    text = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert not any(f"{place}/" in text for place in ("/tmp", "/home", "/root", "/Users"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_it_opens_with_its_question_its_tables_and_its_run_and_defines_nothing(source: Path) -> None:
    opening = read(source).cells[0]
    assert opening.cell_type == "markdown"
    assert all(word in opening.source for word in ("**Question.**", "**Tables.**", "**Run"))
    code = "\n".join(cell.source for cell in read(source).cells if cell.cell_type == "code")
    assert not re.search(r"^\s*(create|def|class)\b|lambda", code, re.MULTILINE)


@pytest.mark.slow
async def test_each_runs_top_to_bottom_on_the_demos_data(demo: Path, tmp_path: Path) -> None:
    """In processes of their own, as a user has them; a cell that fails, or takes over a minute, is told."""
    names = list(generate(120, "nl").names)
    await census.take(demo / "before", names, ODD)
    await census.take(demo / "after", names, replace(ODD, era=2))
    command = [sys.executable, "docs/notebooks.py", "--data", str(demo), "--out", str(tmp_path)]
    done = await trio.run_process(command, cwd=ROOT, capture_stdout=True, capture_stderr=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:].decode()
    for name in RUNS:
        code = [cell for cell in shown(tmp_path / f"{name}.ipynb")["cells"] if cell["cell_type"] == "code"]
        assert all(cell["outputs"] for cell in code)


# --- the face of a run in a notebook ---------------------------------------------------------------------------------


def test_tables_have_a_face_in_html_and_one_in_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\x1b"
    folder = made(tmp_path, mailing("a.example", "mx.example"), dane_host("mx.example"))
    with closing(Run(folder)) as run:
        asked = run.ask(f"select '{hostile}' as \"<b>\"")
        assert asked._repr_html_() == (
            "<table><thead><tr><th>&lt;b&gt;</th></tr></thead><tbody><tr>"
            "<td>&lt;script&gt;alert(1)&lt;/script&gt;\\u001b</td></tr></tbody></table>"
        )
        assert "\x1b" not in repr(asked)
        assert "full" in repr(run.show("dane", over="all hosts"))
        assert "best preference" not in repr(run.show("dane", over="all hosts"))
        assert "not told" in repr(run.facts())


def test_charts_have_a_face_in_svg_and_words(tmp_path: Path) -> None:
    folder = made(tmp_path, mailing("a.example", "mx.example"), dane_host("mx.example"))
    with closing(Run(folder)) as run:
        for drawing in (
            run.bars("dane", "class", title="DANE", over="all hosts"),
            run.stacks("dane_mta_sts_levels", "level", "has", title="Levels"),
            run.cross("dane_mta_sts", "mta_sts", "dane", title="Both"),
        ):
            assert drawing._repr_svg_().startswith("<svg")
            assert repr(drawing).startswith(("DANE. Bar", "Levels. Stacked", "Both. Cross"))


def test_two_runs_are_asked_alike(tmp_path: Path) -> None:
    folders = [made(tmp_path / name, mailing("a.example", "mx.example"), dane_host("mx.example")) for name in "ab"]
    runs = Runs(folders)
    try:
        assert "1" in repr(runs.show("populations", population="names"))
        assert repr(runs.ask("select count(*) as n from all_domains")).split()[-1] == "2"
    finally:
        runs.close()
