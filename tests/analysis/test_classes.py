"""Class tables kept with a run: the same figures from them as without, and never read when anything is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import classes, judge, providers
from analysis.stats import catalogue, count
from analysis.warehouse import FILED, SQL, RunFault, open_run, write_classes
from crawler.cli import main
from crawler.tables import Domain
from tests.analysis.report.hostile import run as hostile
from tests.analysis.rows import made, mailing, name, write


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = hostile(tmp_path / "run")
    judge.write(folder)
    write_classes(folder)
    return folder


def views(run: Path) -> set[str]:
    """The class tables that were read from files."""
    with open_run(run) as warehouse:
        told = warehouse.query("select view_name, sql from duckdb_views() where not internal").rows
    return {name for name, sql in told if name in FILED and "read_parquet" in sql}


def test_all_class_tables_are_kept_and_read(run: Path) -> None:
    assert views(run) == FILED
    assert not list(run.rglob("*.tmp"))
    defined = "".join(file.read_text() for file in SQL.glob("view_*.sql"))
    assert all(f"create or replace view {noun} as" in defined for noun in FILED)


def test_every_statistic_is_the_same_from_the_files_as_without(run: Path) -> None:
    with open_run(run) as quick, open_run(run, anew=True) as slow:
        for one in catalogue().values():
            assert count(quick, one).result == count(slow, one).result, one.name


def test_enumerations_keep_their_order(run: Path) -> None:
    with open_run(run) as warehouse:
        kind = warehouse.query("select typeof(dane_class) from domain_class limit 1").rows[0][0]
    assert kind.startswith("ENUM('full', 'partial'")


def test_new_evidence_makes_them_stale(run: Path) -> None:
    write(run, Domain, [mailing("later.example", "mx.example", look=2)], part=7)
    assert views(run) == set()


def test_another_list_of_suffixes_or_providers_makes_them_stale(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "providers.csv"
    rules.write_text(providers.FILE.read_text() + "other.example,Other,hosting\n")
    monkeypatch.setattr(providers, "FILE", rules)
    assert views(run) == set()


def test_a_spoiled_file_is_made_anew_in_memory(run: Path) -> None:
    (run / "domain_class" / "part-000000.parquet").write_bytes(b"PAR1 no")
    assert views(run) == FILED - {"domain_class"}
    with open_run(run) as warehouse:
        assert count(warehouse, catalogue()["names"]).result.rows


def test_judge_keeps_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(tmp_path / "run", name("a.example"))
    with pytest.raises(SystemExit) as end:
        main(["judge", str(folder)])
    assert end.value.code == 0
    assert views(folder) == FILED
    assert classes.WORTH > 1_000  # small runs are opened as quickly without
    capsys.readouterr()


def test_too_little_memory_is_one_line(run: Path) -> None:
    with pytest.raises(RunFault, match="not enough memory"):
        write_classes(run, memory="1MB")
