"""Judging a folder: fresh or made anew, without a packet, and what a change of rules moves."""

from __future__ import annotations

import inspect
import os
import re
from typing import TYPE_CHECKING

import pytest

from analysis import judge, policy, rules
from analysis.verdicts import Contact, PolicyVerdict
from analysis.warehouse import open_run
from crawler.cli import main
from crawler.standards import tlsa
from tests.analysis.rows import made, mailing

if TYPE_CHECKING:
    from pathlib import Path

ANNOUNCING = mailing("a.example", "mx.a.example", mta_sts="answer secure", mta_sts_txt=("v=STSv1; id=1",))
WRONG = mailing("b.example", "mx.a.example", mta_sts="answer secure", mta_sts_txt=("v=STSv1; id=1", "v=STSv1; id=2"))
SILENT = mailing("c.example", "mx.a.example")


def states(run: Path) -> list[tuple[object, ...]]:
    with open_run(run) as warehouse:
        return list(warehouse.query("select domain, state, rule from policy_verdicts order by all").rows)


EXPECTED = [("a.example", "unknown", "STS-NOT-FETCHED"), ("b.example", "failed", "STS-RECORD-INVALID")]


def test_a_folder_without_verdicts_is_judged_in_memory(tmp_path: Path) -> None:
    run = made(tmp_path, ANNOUNCING, WRONG, SILENT)
    assert states(run) == EXPECTED
    assert not (run / PolicyVerdict.TABLE).exists()


def test_verdicts_that_are_kept_are_used_as_long_as_they_are_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(tmp_path, ANNOUNCING, WRONG)
    assert judge.write(run) == 2
    assert judge.fresh(run)
    monkeypatch.setattr(judge, "verdicts", lambda *_: pytest.fail("judged again"))
    assert states(run) == EXPECTED


@pytest.mark.parametrize("change", ["rules", "evidence", "store"])
def test_other_rules_evidence_or_roots_make_them_stale(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(tmp_path, ANNOUNCING)
    judge.write(run)
    if change == "rules":
        monkeypatch.setattr(rules, "VERSION", "1999-12-31")
    elif change == "evidence":
        (run / "domains" / "part-0.parquet").rename(run / "domains" / "part-1.parquet")
    else:
        (run / judge.CA_STORE).write_text("other roots")
    assert not judge.fresh(run)


def test_what_a_change_of_rules_moves_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = made(tmp_path, ANNOUNCING, WRONG)
    judge.write(run)
    assert judge.moved(run) == []
    real = policy.judge
    monkeypatch.setattr(
        policy, "judge", lambda *args: type(told := real(*args))(**{f: getattr(told, f) for f in told.__slots__} | NEW)
    )
    assert [(one["key"], one["before"], one["now"]) for one in judge.moved(run)] == [
        ("a.example", {"rule": "STS-NOT-FETCHED"}, {"rule": "STS-OTHER"}),
        ("b.example", {"rule": "STS-RECORD-INVALID"}, {"rule": "STS-OTHER"}),
    ]
    with pytest.raises(SystemExit) as ended:
        main(["judge", os.fspath(run), "--diff"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "a.example: rule STS-NOT-FETCHED -> STS-OTHER" in told
    assert "2 verdicts move" in told
    assert judge.fresh(run), "a comparison writes nothing"


NEW = {"rule": "STS-OTHER"}


def test_the_command_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made(tmp_path, ANNOUNCING, WRONG, SILENT)
    with pytest.raises(SystemExit) as ended:
        main(["judge", os.fspath(run)])
    assert ended.value.code == 0
    assert judge.fresh(run)
    assert f"2 verdicts by the rules of {rules.VERSION}" in capsys.readouterr().out


def test_no_run_is_one_line_and_status_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["judge", os.fspath(tmp_path / "none")])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_rule_that_a_verdict_can_name_is_written_down() -> None:
    named = set(re.findall(r'"(STS-[A-Z-]+)"', inspect.getsource(policy))) | set(tlsa.Rule)
    named |= {f"DANE-{contact.upper()}" for contact in Contact if contact is not Contact.TLS}
    assert named == set(rules.RULES)
