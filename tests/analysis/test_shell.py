"""`dane-census sql`: statements answered, faults told, nothing lost between lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from analysis import shell
from analysis.export import Format
from analysis.shell import MORE, PROMPT, Shell, StatementFault, answer
from analysis.warehouse import Warehouse, open_run
from crawler.cli import main
from tests.analysis.rows import dane_host, made, mailing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path, mailing("a.example", "mx.example"), dane_host("mx.example"))


@pytest.fixture
def run(folder: Path) -> Iterator[Warehouse]:
    with open_run(folder) as run:
        yield run


def test_each_statement_with_rows_is_answered(run: Warehouse) -> None:
    text = "create temp table t as select 1 as a; select domain from domains; select a + 1 as b from t"
    assert [one.split("\n")[0] for one in answer(run, text, Format.CSV)] == ["Count", "domain", "b"]


def test_time_stamps_are_told(run: Warehouse) -> None:
    [text] = answer(run, "select observed_at from domains", Format.JSON)
    assert json.loads(text)[0]["observed_at"].startswith("2026-")


@pytest.mark.parametrize("text", ["select", "select nothing from domains", "select 1; select ("])
def test_what_duckdb_refuses_is_a_fault(run: Warehouse, text: str) -> None:
    with pytest.raises(StatementFault):
        list(answer(run, text, Format.TABLE))


def test_a_statement_may_take_several_lines(run: Warehouse) -> None:
    typed = Shell(run)
    assert typed.prompt == PROMPT
    assert list(typed.line("select 41")) == []
    assert typed.prompt == MORE
    [told] = typed.line("  + 1 as n;")
    assert "42" in told
    assert typed.prompt == PROMPT


def test_a_fault_ends_nothing_and_ctrl_c_forgets_the_line(run: Warehouse) -> None:
    typed = Shell(run)
    [told] = typed.line("select x;")
    assert "x" in told
    list(typed.line("select"))
    typed.interrupted()
    [told] = typed.line("select 7 as n;")
    assert "7" in told


def test_commands_of_the_shell(run: Warehouse) -> None:
    typed = Shell(run)
    [tables] = typed.line(".tables")
    assert "domain_class" in tables
    [columns] = typed.line(".schema host_class")
    assert "host_state" in columns
    assert list(typed.line(".schema nothing")) == ["no table or view nothing\n"]
    assert list(typed.line(".what")) == [shell.HELP]
    assert list(typed.line(".mode csv")) == []
    assert list(typed.line("select 1 as a;")) == ["a\n1\n"]
    assert list(typed.line(".mode parquet")) == [shell.HELP]
    with pytest.raises(EOFError):
        list(typed.line(".quit"))


def test_a_session_says_where_it_is_and_ends(run: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    shell.talk(run, Format.CSV, ["select count(*) as n from names;", ".quit", "select 2;"])
    out = capsys.readouterr().out
    assert str(run.run) in out.splitlines()[0]
    assert "n\n1\n" in out
    assert "2;" not in out


def test_on_a_pipe_the_statements_come_from_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("select host_state from host_class\n"))
    with pytest.raises(SystemExit) as end:
        main(["sql", str(folder), "--format", "csv"])
    assert end.value.code == 0
    assert capsys.readouterr().out == "host_state\nsecure\n"


def test_a_wrong_statement_is_one_line_and_status_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["sql", str(folder), "-c", "select x from y"])
    told = capsys.readouterr()
    assert end.value.code == 2
    assert told.err.startswith("dane-census: ")
    assert told.err.count("\n") == 1
