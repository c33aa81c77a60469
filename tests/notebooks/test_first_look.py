"""The notebook runs top to bottom as the plain script that it is."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from crawler.tables import Mail
from tests.analysis.rows import dane_host, domain, host, implicit, made, mailing, name

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "first_look.py"


def test_it_answers_all_its_questions_from_a_small_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(
        tmp_path,
        name("a.example", rank=7),
        mailing("a.example", (10, "mx.host.example"), (20, "bare.example")),
        mailing("b.example", "mx.host.example"),
        implicit("c.example"),
        host("c.example"),
        domain("d.example", mx="timeout", mail=Mail.UNKNOWN, mx_hosts=()),
        dane_host("mx.host.example"),
        host("bare.example"),
    )
    monkeypatch.setenv("DANE_CENSUS_RUN", str(folder))
    runpy.run_path(str(NOTEBOOK))
    out = capsys.readouterr().out
    assert "host.example" in out
    assert "up to 10 " in out
    assert "no rank" in out


def test_it_keeps_questions_and_no_definitions() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert text.count("# %%") > 10
    assert "create " not in text
