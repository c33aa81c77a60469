"""`dane-census export`: flat tables whose rows and cells are the run's, in CSV and in Parquet."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis import flat
from analysis.warehouse import open_run
from crawler.cli import main
from crawler.tables import Mail
from tests.analysis.rows import answer, dane_host, domain, fetch, host, made, mailing, name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hostile = ("v=STSv1; id=1; \x1b[2J\u202e",)
    return made(
        tmp_path / "run",
        name("gone.example", tags=("sector:bank", "list:x"), rank=7, weight=1.5),
        mailing(
            "a.example", (10, "mx.host.example"), (20, "bare.example"), mta_sts="answer secure", mta_sts_txt=hostile
        ),
        domain("d.example", mx="timeout", mail=Mail.UNKNOWN, mx_hosts=()),
        dane_host("mx.host.example", addresses=("192.0.2.1", "2001:db8::1"), aaaa="answer secure"),
        host("bare.example", expanded="end.example", a=answer("answer insecure")),
        fetch("a.example"),
    )


def written(folder: Path, out: Path, *more: str) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(["export", str(folder), "--out", str(out), *more])
    return end.value.code


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_name_has_a_row_measured_or_not(folder: Path, tmp_path: Path) -> None:
    assert written(folder, tmp_path / "out") == 0
    found = {row["domain"]: row for row in rows(tmp_path / "out" / "domains.csv")}
    assert set(found) == {"a.example", "d.example", "gone.example"}
    assert found["gone.example"]["dane_published"] == "not-measured"
    assert (found["gone.example"]["tags"], found["gone.example"]["weight"]) == ("sector:bank list:x", "1.5")
    assert found["a.example"]["mx_hosts"] == "10 mx.host.example, 20 bare.example"
    assert found["a.example"]["observed_at"].endswith("Z")
    assert found["d.example"]["mx_outcome"] == "timeout"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "domains.csv", "hosts.csv", "endpoints.csv", "policies.csv",
    }  # fmt: skip


def test_csv_holds_no_control_character_and_parquet_keeps_what_was_measured(folder: Path, tmp_path: Path) -> None:
    written(folder, tmp_path, "domains")
    written(folder, tmp_path, "domains", "--format", "parquet")
    [text] = [row["mta_sts_txt"] for row in rows(tmp_path / "domains.csv") if row["domain"] == "a.example"]
    assert text == "v=STSv1; id=1; \ufffd[2J\ufffd"
    table = pq.read_table(tmp_path / "domains.parquet").to_pylist()
    assert [row["mta_sts_txt"] for row in table if row["domain"] == "a.example"] == ["v=STSv1; id=1; \x1b[2J\u202e"]


def test_openintel_has_a_row_for_each_record_and_one_for_each_failure(folder: Path, tmp_path: Path) -> None:
    written(folder, tmp_path, "openintel")
    found = rows(tmp_path / "openintel.csv")
    mx = [row for row in found if row["query_type"] == "MX"]
    assert [(row["query_name"], row["mx_preference"], row["mx_address"], row["status_code"]) for row in mx] == [
        ("a.example.", "10", "mx.host.example.", "0"),
        ("a.example.", "20", "bare.example.", "0"),
        ("d.example.", "", "", "65535"),
    ]
    addresses = {
        row["ip4_address"] or row["ip6_address"]: row["ad_flag"] for row in found if row["query_type"][0] == "A"
    }
    assert addresses == {"192.0.2.1": "1", "2001:db8::1": "1", "192.0.2.25": "0", "": "1"}
    assert [row["txt_text"] for row in found if row["response_type"] == "TXT"] == ["v=STSv1; id=1; \ufffd[2J\ufffd"]


@pytest.mark.parametrize("table", flat.ORDER)
def test_an_empty_run_gives_every_table(tmp_path: Path, table: str) -> None:
    with open_run(made(tmp_path / "run", name("a.example"))) as run:
        path, count = flat.write(run, flat.catalogue()[table], tmp_path, flat.Flat.PARQUET)
    assert count == (1 if table == "domains" else 0)
    assert pq.read_table(path).num_rows == count
    assert not list(tmp_path.glob(".*.tmp"))


def test_the_sql_shell_has_them_as_views(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "select count(*) as n from flat_domains; select 1 as n from openintel limit 1"
    with pytest.raises(SystemExit) as end:
        main(["sql", str(folder), "-f", "csv", "-c", asked])
    assert end.value.code == 0
    assert capsys.readouterr().out == "n\n3\nn\n1\n"


def test_the_users_faults_are_one_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert written(folder, tmp_path, "nothing") == 2
    assert "no flat table nothing" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert written(folder, tmp_path / "file") == 2
    assert capsys.readouterr().err.count("\n") == 1
