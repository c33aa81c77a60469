"""Whatever is wrong with what a user hands in: one clear line, exit status 2, and nothing half-written."""

from __future__ import annotations

import gzip
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.cli import main
from crawler.command import Command, _input, chosen
from crawler.session import Options, prepare
from crawler.store import opened

ROOT = Path(__file__).resolve().parent.parent
ZONE = "$ORIGIN nl.\n$TTL 3600\n@ IN SOA a b 1 2 3 4 5\n" + "".join(f"n{n} NS ns.x.example.\n" for n in range(500))

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """The one line that a scan of this list is refused with; `run` beside it was not made, or not touched."""

    def scan(data: bytes | str | None, *options: str, out: Path | None = None) -> str:
        path = tmp_path / "list.txt"
        if data is not None:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        out = tmp_path / "run" if out is None else out
        before = contents(out)
        with pytest.raises(SystemExit) as ended:
            main(["scan", str(path), "--out", str(out), *options])
        told = capsys.readouterr()
        assert ended.value.code == 2, told.err
        assert told.out == ""
        assert told.err.startswith("dane-census: ")
        assert told.err.count("\n") == 1
        assert contents(out) == before
        return told.err

    return scan


def contents(folder: Path) -> object:
    """What is there, if anything is."""
    if not folder.is_dir():
        return folder.exists()
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


NONE: list[tuple[bytes | str | None, str]] = [
    (None, "No such file or directory"),
    ("", "empty: no domain in it"),
    ("\n\n# nothing but a comment\n", "empty: no domain in it"),
    ("domain,rank\n", "empty: no domain in it"),
    (gzip.compress(b""), "empty: no domain in it"),
    (random.Random(1).randbytes(100_000), "binary data"),
    (random.Random(2).randbytes(100), "no"),
    (b"\x7fELF" + bytes(1000), "binary data"),
    (b"PAR1" + bytes(1000), "a Parquet file"),
    ("example.nl\n".encode("utf-16"), "UTF-16"),
    ("<html>\n<body>nothing</body>\n</html>\n", "no domain in it"),
    ("a" * 64 + ".nl\n" + "b" * 64 + ".nl\n", "all 2 entries rejected (label-too-long 2), the first on line 1"),
    ("nl\nse\n192.0.2.1\n", "no domain in it: all 3 entries rejected (single-label 2, address 1)"),
    (ZONE[: len(ZONE) // 2 - 3], "cut short: line 255, the last, has no line end"),
    (ZONE.encode().replace(b"SOA a b 1", b"SOA a b ( 1"), "the parenthesis of line 3 is never closed"),
    (gzip.compress(random.Random(3).randbytes(9000).hex().encode())[:4000], "cut short: the gzip data do not end"),
    (b"\x1f\x8b" + random.Random(4).randbytes(4000), "gzip"),
    ('domain\n"a.nl\nb.nl\n', "the quote of line 2 is never closed"),
]


@pytest.mark.parametrize(("data", "words"), NONE, ids=[words for _, words in NONE])  # gzip has the time in its octets
def test_a_list_that_is_none_is_refused_in_one_line(refused: Refused, data: bytes | str | None, words: str) -> None:
    assert words in refused(data)


def test_a_folder_in_the_place_of_a_list_is_refused(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "list.txt").mkdir()
    assert "Is a directory" in refused(None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_list_that_may_not_be_read_is_refused(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.nl\n")
    (tmp_path / "list.txt").chmod(0)
    assert "Permission denied" in refused(None)


def test_one_bad_list_of_two_refuses_both(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    assert "other: empty" in refused("a.nl\n", str(tmp_path / "other"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--stub", "example"), "--stub: 'example' is no stub zone"),
        (("--resolver", "dns.example"), "--resolver: 'dns.example' is no server"),
        (("--resolver", "192.0.2.1:x"), "no server: write ADDR or ADDR:PORT"),
        (("--resolver", "192.0.2.1", "--stub", "nl=192.0.2.1"), "--resolver has another server walk"),
        (("--resolver", "192.0.2.1", "--lab", "cc"), "--resolver has another server walk"),
        (("--resolver", "192.0.2.1", "--per-server"), "--per-server asks every name server itself"),
        (("--trust-ad",), "say which by --resolver"),
        (("--stub", "example=192.0.2.1:0"), "no stub zone"),
        (("--root-hints", "/nonexistent"), "--root-hints /nonexistent: No such file or directory"),
        (("--root-hints", "BAD"), "--root-hints"),
        (("--trust-anchor", "BAD"), "--trust-anchor"),
        (("--lab", "moon"), "--lab moon: write PROFILE[:SEED][@ERA]"),
        (("--lab", "cc:x"), "--lab cc:x: write PROFILE"),
        (("--lab", "cc", "--stub", "nl=192.0.2.1"), "--lab brings its own root"),
        (("--concurrency", "0"), "concurrency"),
        (("--limit", "-3"), "limit"),
        (("--looks", "x"), "looks"),
        (("--format", "odd"), "format"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    refused: Refused, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    (tmp_path / "bad").write_text("no record at all\n")
    assert words in refused("a.nl\n", *(str(tmp_path / "bad") if option == "BAD" else option for option in options))


def test_another_runs_folder_is_refused(refused: Refused, tmp_path: Path) -> None:
    with opened(tmp_path / "run", {"input": [["other", "abc"]]}):
        pass
    assert "another run's folder (different" in refused("a.nl\n")


def test_a_run_that_took_delegations_from_the_list_does_not_go_on_asking_for_them(
    refused: Refused, tmp_path: Path
) -> None:
    """Half of its rows would say `no-ds-listed`, the others `no-ds`."""
    (tmp_path / "list.txt").write_text("a.nl\n")
    begun = Command(lists=[str(tmp_path / "list.txt")], out=tmp_path / "run")
    with opened(begun.out, _input(chosen(begun), begun) | prepare(Options()).identity()):
        pass
    assert "(different ask_registry)" in refused("a.nl\n", "--ask-registry")


def test_a_folder_in_use_is_refused(refused: Refused, tmp_path: Path) -> None:
    identity = {"input": [["other", "abc"]]}
    with opened(tmp_path / "run", identity):
        refused("a.nl\n")


def test_a_folder_of_other_things_is_refused(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/thesis.txt").write_text("x")
    assert "neither empty nor a run's folder" in refused("a.nl\n")


@pytest.mark.parametrize("place", ["/proc/nothing/run", "/dev/null/run", "/dev/null"])
def test_a_place_where_nothing_can_be_written_is_refused(refused: Refused, place: str) -> None:
    refused("a.nl\n", out=Path(place))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o555)
    assert "Permission denied" in refused("a.nl\n", out=tmp_path / "closed" / "run")


@pytest.mark.parametrize(
    ("size", "left"),
    [
        (60_000, []),  # what is read of the list does not fit, before there is a run
        (720_000, [".lock", "run.json"]),  # that fits, and so does run.json; the names do not
    ],
)
def test_a_disk_that_fills_up_is_told_in_one_line_and_leaves_only_whole_files(
    tmp_path: Path, size: int, left: list[str]
) -> None:
    """A file-size limit stands for the disk."""
    rng = random.Random(5)
    words = ("".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=25)) for _ in range(20_000))
    (tmp_path / "list").write_text("".join(f"a{word}.nl\n" for word in words))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    ended = subprocess.run(
        [sys.executable, "-m", "crawler", "names", str(tmp_path / "list"), "--out", str(tmp_path / "run")],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "the disk is full" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert sorted(path.name for path in (tmp_path / "run").rglob("*") if path.is_file()) == left


def test_ten_thousand_duplicates_are_one_name_and_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list").write_text("example.nl\n" * 10_000)
    with pytest.raises(SystemExit) as ended:
        main(["names", str(tmp_path / "list")])
    assert ended.value.code == 0
    assert "10,000 entries = 1 names + 9,999 repeats + 0 rejects" in capsys.readouterr().out


def test_single_bad_lines_in_a_good_list_are_rejects_and_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list").write_bytes(b"example.nl\n" * 50 + b"\xff\x00\xfe\n" + b"x" * 64 + b".nl\n")
    with pytest.raises(SystemExit) as ended:
        main(["names", str(tmp_path / "list")])
    assert ended.value.code == 0
    assert "not-text 1, label-too-long 1" in capsys.readouterr().out
