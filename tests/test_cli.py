"""The command from its arguments to what is on the disk and on the screen; the network is not part of it."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import trio

from analysis.warehouse import view_files
from crawler import __version__, command, crawl
from crawler.cli import main
from crawler.resolver.answer import Outcome
from crawler.scan import Stage, hosts_in, names_in
from crawler.tables import Domain, Host, Row
from tests.rows import domain_row, host_row

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, run in this process: (exit status, standard output, standard error)."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(str(ended.value.code)), told.out, told.err

    return call


class Pretend:
    """Stages that look at nothing, and count."""

    def __init__(self) -> None:
        self.looked: list[tuple[str, int]] = []
        self.interrupt_at: int | None = None

    def stages(self, *_: object) -> tuple[Stage, Stage]:
        return (
            Stage(Domain, names_in, self.domain, lambda row: str(getattr(row, "mail", ""))),
            Stage(Host, hosts_in, self.host, lambda row: str(getattr(row, "tlsa_base", ""))),
        )

    async def domain(self, key: str, look: int) -> Row:
        await trio.lowlevel.checkpoint()
        self.looked.append((key, look))
        if self.interrupt_at is not None and len(self.looked) == self.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
            await trio.sleep(0.05)  # real time, for the signal has to come back to us
        passing = key.startswith("late") and look == 1
        return domain_row(key, look, Outcome.TIMEOUT if passing else Outcome.ANSWER, host="mx.shared.example")

    async def host(self, key: str, look: int) -> Row:
        await trio.lowlevel.checkpoint()
        self.looked.append((key, look))
        return host_row(key, look)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    stand_in = Pretend()
    monkeypatch.setattr(crawl, "stages", stand_in.stages)
    return stand_in


def listed(folder: Path, *names: str) -> Path:
    path = folder / "list.txt"
    path.write_text("\n".join(names) + "\n")
    return path


def rows(folder: Path, sql: str) -> list[Any]:
    with duckdb.connect() as base:
        return base.execute(sql.replace("@", f"{folder}/")).fetchall()


def test_a_scan_goes_the_whole_way_and_accounts_for_every_name(tmp_path: Path, run: Run, pretend: Pretend) -> None:
    path = listed(tmp_path, "a.example", "late.example", "nl", "A.example", "# comment")
    status, out, err = run("scan", path, "--out", tmp_path / "run", "--vantage", "a desk")
    assert status == 0, err
    assert out.splitlines()[-1] == "accounted: 2 of 2 names"
    assert "4 entries = 2 names + 1 repeats + 1 rejects" in out
    assert "domains: 2 of 2 (100 %)" in err
    found = rows(tmp_path / "run", "select domain, look, mail from '@domains/*.parquet' order by all")
    assert found == [("a.example", 1, "mx"), ("late.example", 1, "unknown"), ("late.example", 2, "mx")]
    assert rows(tmp_path / "run", "select host, look from '@hosts/*.parquet'") == [("mx.shared.example", 1)]
    assert rows(tmp_path / "run", "select text, why from '@rejects/*.parquet'") == [("nl", "single-label")]
    told = json.loads((tmp_path / "run/run.json").read_text())
    assert (told["version"], told["vantage"], told["complete"]) == (__version__, "a desk", True)
    assert told["names"]["account"]["entries"] == 4
    assert told["sessions"][0]["rows"] == {"domains": 3, "hosts": 1}
    assert set(told["hashes"]) >= {"root_hints", "trust_anchors"}


def test_the_same_command_again_finds_nothing_left_to_do(tmp_path: Path, run: Run, pretend: Pretend) -> None:
    path = listed(tmp_path, "a.example", "late.example")
    run("scan", path, "--out", tmp_path / "run")
    before = sorted((tmp_path / "run").rglob("*.parquet"))
    pretend.looked.clear()
    status, out, _ = run("scan", path, "--out", tmp_path / "run")
    assert (status, pretend.looked) == (0, [])
    assert sorted((tmp_path / "run").rglob("*.parquet")) == before
    assert out.splitlines()[-1] == "accounted: 2 of 2 names"


def test_ctrl_c_leaves_whole_parts_and_the_same_command_does_the_rest(
    tmp_path: Path, run: Run, pretend: Pretend
) -> None:
    names = [f"n{n}.example" for n in range(40)]
    arguments = ("scan", listed(tmp_path, *names), "--out", tmp_path / "run", "--concurrency", "4")
    pretend.interrupt_at = 10
    status, out, err = run(*arguments)
    assert status == 130
    assert "stopping" in err
    assert "the same command resumes" in err
    done = {key for (key,) in rows(tmp_path / "run", "select domain from '@domains/*.parquet'")}
    assert 10 <= len(done) < 40
    assert out.splitlines()[-1] == f"accounted: {len(done)} of 40 names"
    pretend.interrupt_at = None
    pretend.looked.clear()
    status, out, _ = run(*arguments)
    assert status == 0
    assert {key for key, _ in pretend.looked} == set(names) - done | {"mx.shared.example"}
    assert rows(tmp_path / "run", "select count(*), count(distinct domain) from '@domains/*.parquet'") == [(40, 40)]
    assert len(json.loads((tmp_path / "run/run.json").read_text())["sessions"]) == 2


def test_one_look_only_when_one_is_asked_for(tmp_path: Path, run: Run, pretend: Pretend) -> None:
    run("scan", listed(tmp_path, "late.example"), "--out", tmp_path / "run", "--looks", "1")
    assert pretend.looked == [("late.example", 1)]


def test_limit_takes_the_first_names_and_says_what_it_left(tmp_path: Path, run: Run, pretend: Pretend) -> None:
    path = listed(tmp_path, *(f"n{n}.example" for n in range(9)))
    _, out, _ = run("scan", path, "--out", tmp_path / "run", "--limit", "3", "--quiet")
    assert "left out by --only-suffix, --sample or --limit: 6" in out
    assert out.splitlines()[-1] == "accounted: 3 of 3 names"


def test_our_own_bug_is_a_traceback_and_keeps_what_was_finished(
    tmp_path: Path, run: Run, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(key: str, look: int) -> Row:
        if key == "bad.example":
            await trio.sleep(0.01)
            raise ZeroDivisionError
        await trio.lowlevel.checkpoint()
        return domain_row(key, look)

    monkeypatch.setattr(pretend, "domain", broken)
    path = listed(tmp_path, "good.example", "bad.example")
    with pytest.raises(ZeroDivisionError) as caught:
        main(["scan", str(path), "--out", str(tmp_path / "run"), "--quiet"])
    assert caught.value.__notes__ == ["while observing 'bad.example'"]
    assert rows(tmp_path / "run", "select domain from '@domains/*.parquet'") == [("good.example",)]


def test_names_shows_what_would_be_scanned_and_writes_nothing(tmp_path: Path, run: Run) -> None:
    path = listed(tmp_path, "a.nl", "b.nl", "c.se", "a.nl", "192.0.2.1", "nl")
    status, out, err = run("names", path)
    assert (status, err) == (0, "")
    assert "TLDs: 2: nl 2, se 1" in out
    assert "address 1, single-label 1" in out
    assert out.splitlines()[-1] == "names + repeats + rejects = 6 entries; to scan: 3"
    assert [entry.name for entry in tmp_path.iterdir()] == ["list.txt"]


def test_names_tells_the_signed_share_of_a_zone_file(tmp_path: Path, run: Run) -> None:
    (tmp_path / "zone").write_text("$ORIGIN nl.\n@ 1 SOA a b 1 2 3 4 5\na NS x.\na DS 1 8 2 AB\nb NS x.\n")
    _, out, _ = run("names", tmp_path / "zone")
    assert "signed (DS in the zone file): 1 of 2 (50.00 %)" in out


def test_names_can_write_its_tables(tmp_path: Path, run: Run) -> None:
    assert run("names", listed(tmp_path, "a.nl", "nl"), "--out", tmp_path / "run")[0] == 0
    assert rows(tmp_path / "run", "select domain from '@names/*.parquet'") == [("a.nl",)]
    assert rows(tmp_path / "run", "select line, why from '@rejects/*.parquet'") == [(2, "single-label")]


def test_version_is_told(run: Run) -> None:
    assert run("version") == (0, f"dane-census {__version__}\n", "")


def test_a_bare_command_shows_its_help(run: Run) -> None:
    status, out, err = run()
    assert status in {0, 2}
    assert "scan" in out + err


def test_an_answer_is_shown_with_its_state_and_records(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.rows import answer

    rdata = b"\x00\x0a\x02mx\x07example\x00"
    found = answer(Outcome.ANSWER, rdata=(rdata, b"\0"), ttl=300)
    monkeypatch.setattr(command, "plainly", lambda _: found)
    status, out, _ = run("lookup", "example.nl", "mx")
    assert status == 0
    assert out.splitlines()[:3] == ["example.nl MX", "  outcome      answer", "  security     insecure (no-ds)"]
    assert "  MX           10 mx.example." in out
    assert "  MX           \\# 1 00" in out


def test_figures_are_of_all_sittings_together() -> None:
    from crawler.scan import figures

    sitting = {
        "seconds": 2.0,
        "cpu_seconds": 0.5,
        "rows": {"domains": 50, "hosts": 10},
        "counters": {"udp_sent": 90, "tcp_sent": 10, "verifications": 20, "busiest_rate": 7},
    }
    assert figures({"sessions": [sitting, sitting]}, 100) == [
        "100 looks at domains, 20 at hosts, in 4.0 s (25 domains/s)",
        "per domain: 2.00 queries, 0.40 verifications, 10,000 us of CPU",
        "most queries that one address saw in one second: 7",
    ]
    assert figures({"sessions": [sitting, sitting]}, 100, 100) == figures({"sessions": [sitting, sitting]}, 100)


def test_what_a_killed_sitting_took_is_not_passed_over_in_silence() -> None:
    """100 of 200 rows were made by a sitting that noted nothing: what the other took is no cost of all of them."""
    from crawler.scan import figures

    sitting = {
        "seconds": 2.0, "cpu_seconds": 0.5, "rows": {"domains": 100},
        "counters": {"udp_sent": 200, "verifications": 50},
    }  # fmt: skip
    assert figures({"sessions": [sitting]}, 200, 200) == [
        "100 looks at domains, 0 at hosts, in 2.0 s (50 domains/s)",
        "per domain: 2.00 queries, 0.50 verifications, 5,000 us of CPU",
        "costs are those of 100 of 200 rows of domains: who was killed could not note any",
    ]


def test_the_views_open_on_a_scan_in_bare_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scan without rejects, and without --per-server, has a part of every table all the same."""
    listed = tmp_path / "list"
    listed.write_text("example.com\n")
    out = tmp_path / "run"
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(listed), "--out", str(out), "--lab", "gtld", "--looks", "1", "--quiet"])
    assert ended.value.code == 0
    monkeypatch.chdir(out)
    with duckdb.connect() as bare:
        for file in view_files():
            bare.execute(file.read_text())
        assert bare.execute("select count(*) from zone_class").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("options", "probe", "ehlo"),
    [
        ([], "none", ""),  # nobody is talked to unless one asks
        (["--probe", "all"], "none", ""),
        (["--smtp"], "needed", ""),
        (["--smtp", "--probe", "all", "--ehlo", "census.example"], "all", "census.example"),
    ],
)
def test_mail_hosts_are_talked_to_only_if_asked(
    options: list[str], probe: str, ehlo: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[command.Command] = []

    def instead(given: command.Command) -> bool:
        seen.append(given)
        return True

    monkeypatch.setattr(command, "run_scan", instead)
    assert run("scan", listed(tmp_path, "a.example"), "--out", tmp_path / "run", *options)[0] == 0
    assert (seen[0].probe.value, seen[0].ehlo) == (probe, ehlo)


@pytest.mark.parametrize("name", ["a b", "x\r\nRCPT", "ex\u00e4mple.org", "a" * 64 + ".org"])
def test_a_name_for_ehlo_is_a_host_name(name: str, tmp_path: Path, run: Run) -> None:
    status, _, err = run("scan", listed(tmp_path, "a.example"), "--out", tmp_path / "run", "--smtp", "--ehlo", name)
    assert status == 2
    assert err.count("\n") == 1


def test_a_store_of_roots_without_roots_is_refused(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    status, _, err = run("scan", listed(tmp_path, "a.example"), "--out", tmp_path / "run", "--ca-file", path)
    assert (status, err.count("\n")) == (2, 1)
    assert "no certificate in it" in err


def test_verdicts_that_cannot_be_written_are_one_line(
    tmp_path: Path, run: Run, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis.judge.write", full)
    status, _, err = run("scan", listed(tmp_path, "a.example"), "--out", tmp_path / "run")
    assert status == 2
    assert "verdicts cannot be written: No space left on device; `dane-census judge" in err.splitlines()[-1]


def test_too_few_file_descriptors_are_told_before_the_first_packet(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"now": (256, 400)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.update(now=pair))
    path = listed(tmp_path, "a.example")
    status, _, err = run("scan", path, "--out", tmp_path / "many", "--concurrency", "1000")
    assert status == 2
    assert err.splitlines() == [
        "dane-census: 1,000 looks at once need 1,200 file descriptors in each process, and the limit is 400: raise it"
        " (ulimit -n 1200), or give a smaller --concurrency"
    ]
    assert limits["now"] == (256, 400)
    assert not (tmp_path / "many").exists()


def test_a_folder_that_is_no_scan_cannot_be_resumed(tmp_path: Path, run: Run) -> None:
    status, _, err = run("resume", tmp_path)
    assert (status, err.count("\n")) == (2, 1)
    assert "no scan that could be resumed" in err


@pytest.mark.parametrize("text", ["0/2", "3/2", "x"])
def test_a_shard_that_is_none_is_told(tmp_path: Path, run: Run, text: str) -> None:
    status, _, err = run("scan", listed(tmp_path, "a.example"), "--out", tmp_path / "run", "--shard", text)
    assert (status, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("parts", [[("--shard", "1/2"), ("--shard", "2/2")], [("--shard=2/2",), ("--shard=1/2",)]])
def test_what_shards_left_is_done_by_resume(
    parts: list[tuple[str, ...]], tmp_path: Path, run: Run, pretend: Pretend
) -> None:
    path = listed(tmp_path, *(f"{letter}.example" for letter in "abcdefgh"))
    folder = tmp_path / "run"
    for part in parts:
        status, out, err = run("scan", path, "--out", folder, "--workers", "1", "--quiet", *part)
        assert status == 0
        assert re.search(r"^accounted: (\d) of \1 names of shard ./2$", out, re.MULTILINE)
        assert f"once all are, `dane-census resume {folder}` does what is left" in err
    looked = len(pretend.looked)
    status, out, err = run("resume", folder)
    assert (status, "once all are" in err) == (0, False)
    assert out.endswith("accounted: 8 of 8 names\n")
    assert {key for key, _ in pretend.looked[looked:]} <= {"mx.shared.example"}  # where it was the first shard's
    assert sum(key == "mx.shared.example" for key, _ in pretend.looked) == 1
