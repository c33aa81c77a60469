"""`dane-census stats`: figures on standard output or in files, and the user's faults in one line."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from analysis.stats import BREAKDOWNS, ORDER
from crawler.cli import main
from tests.analysis.rows import dane_host, domain, made, mailing


@pytest.fixture
def run(tmp_path: Path) -> Path:
    hostile = ("v=STSv1; \x1b[31m|<b>", "v=STSv1; id=1")
    return made(
        tmp_path / "run",
        mailing("a.example", "mx.example", mta_sts="answer secure", mta_sts_txt=hostile),
        domain("b.example"),
        dane_host("mx.example"),
    )


def stats(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["stats", *arguments])
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def test_all_statistics_are_printed_one_after_the_other(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = stats(capsys, str(run))
    assert (status, err) == (0, "")
    at = [out.index(f"[{name}]") for name in ORDER]
    assert at == sorted(at)
    assert "\x1b" not in out


def test_json_tells_the_run_and_the_list(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = stats(capsys, str(run), "dane", "mta_sts", "--format", "json")
    told = json.loads(out)
    assert told["run"] == str(run)
    assert told["psl_version"].startswith("20")
    assert [one["name"] for one in told["statistics"]] == ["dane", "mta_sts"]


def test_csv_of_several_is_one_block_each(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = stats(capsys, str(run), "dane", "names", "-f", "csv")
    blocks = [list(csv.DictReader(StringIO(block))) for block in out.split("\n\n")]
    assert [block[0]["statistic"] for block in blocks] == ["dane", "names"]
    assert blocks[0][0] | {"share": "1.0"} == blocks[0][0]


def test_files_get_one_statistic_each(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, _ = stats(capsys, str(run), "-f", "markdown", "-o", str(tmp_path / "out"))
    assert status == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(f"{name}.md" for name in ORDER)


def test_the_list_needs_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = stats(capsys, "--list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [*ORDER, *BREAKDOWNS]


def test_the_user_s_faults_are_one_line_and_status_2(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for arguments, words in [
        (("nowhere",), "no such folder"),
        ((str(tmp_path),), "no run of ours"),
        ((), "which run"),
        ((str(run), "nothing"), "no statistic nothing"),
        ((str(run), "dane", "-f", "xml"), "xml"),
        ((str(run), "dane", "-o", str(tmp_path / "file" / "x")), "Not a directory"),
    ]:
        status, out, err = stats(capsys, *arguments)
        assert (status, out) == (2, ""), arguments
        assert words in err
        assert err.count("\n") == 1
