"""Parts are whole or not there, and a folder belongs to one run."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from crawler.resolver.answer import Outcome
from crawler.stages.domains import PASSING
from crawler.standards.security import Security
from crawler.store import Store, StoreFault, opened
from crawler.tables import Domain, Host, schema
from tests.analysis.rows import domain
from tests.rows import answer, domain_row, host_row

IDENTITY: dict[str, Any] = {"input": [["list", "abc"]], "lab": None}


def test_a_part_has_the_schema_of_its_table_with_all_its_words(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        part = store.write(Domain, [domain_row("a.nl"), domain_row("b.nl")])
    assert part is not None
    table = pq.read_table(part, partitioning=None)
    expected = schema(Domain)
    assert table.schema.names == expected.names
    assert [f.metadata[b"words"] for f in table.schema] == [f.metadata[b"words"] for f in expected]
    assert table.schema.metadata == expected.metadata
    assert table.cast(expected).schema == expected
    assert table["domain"].to_pylist() == ["a.nl", "b.nl"]
    assert pq.ParquetFile(part).metadata.row_group(0).column(0).compression == "ZSTD"


def test_no_rows_make_no_part(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        assert store.write(Domain, []) is None
        assert store.parts(Domain) == []


def test_the_size_of_a_table_is_that_of_all_its_parts_and_of_a_shard_its_own(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        assert store.size(Domain) == 0
        store.write(Domain, [domain_row("a.nl"), domain_row("b.nl")])
        store.write(Domain, [domain_row("a.nl", look=2)])
        assert store.size(Domain) == 3
        worker = Store(store.folder, {}, tag="1of2-")
        worker.write(Domain, [domain_row("c.nl")])
        assert (worker.size(Domain), store.size(Domain), store.size(Host)) == (1, 4, 0)


def test_the_keys_of_a_look_are_read_back_over_all_parts(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        store.write(Domain, [domain_row("a.nl"), domain_row("b.nl")])
        store.write(Domain, [domain_row("c.nl"), domain_row("a.nl", look=2)])
    with opened(tmp_path / "run", IDENTITY) as store:
        assert set(chain.from_iterable(store.seen(Domain, 1))) == {"a.nl", "b.nl", "c.nl"}
        assert set(chain.from_iterable(store.seen(Domain, 2))) == {"a.nl"}
        assert set(chain.from_iterable(store.seen(Host, 1))) == set()


def test_what_may_pass_is_looked_at_again_and_nothing_else(tmp_path: Path) -> None:
    undecided = answer(Outcome.ANSWER, Security.INDETERMINATE)
    too_long = answer(Outcome.BAD_NAME, Security.INDETERMINATE)
    with opened(tmp_path / "run", IDENTITY) as store:
        store.write(Domain, [domain_row("b.nl", outcome=Outcome.TIMEOUT), domain_row("good.nl")])
        store.write(
            Domain, [domain_row("a.nl", outcome=Outcome.SERVFAIL), domain_row("x.nl", outcome=Outcome.NXDOMAIN)]
        )
        store.write(Domain, [domain_row("z.nl", look=2, outcome=Outcome.TIMEOUT)])
        assert store.passing(Domain, 1, PASSING) == ["a.nl", "b.nl"]
        assert store.passing(Domain, 2, PASSING) == ["z.nl"]
        row = host_row("mx.nl")
        store.write(Host, [row])
        assert store.passing(Host, 1, PASSING) == []
        fields = {name: getattr(row, name) for name in schema(Host).names}
        store.write(Host, [Host(**(fields | {"host": "odd.nl", "tlsa_initial": undecided}))])
        store.write(Host, [Host(**(fields | {"host": "long.nl", "tlsa_initial": too_long}))])
        assert store.passing(Host, 1, PASSING) == ["odd.nl"]


def test_a_write_that_fails_leaves_no_part_and_no_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        store.write(Domain, [domain_row("a.nl")])
        monkeypatch.setattr(os, "fsync", fails_with(errno.ENOSPC))
        with pytest.raises(StoreFault, match=r"disk is full.*what is written is whole"):
            store.write(Domain, [domain_row("b.nl")])
        with pytest.raises(StoreFault):
            store.note(complete=True)
        monkeypatch.undo()
        assert set(chain.from_iterable(store.seen(Domain, 1))) == {"a.nl"}
    assert json.loads((tmp_path / "run/run.json").read_text()) == {"identity": IDENTITY}
    assert not list((tmp_path / "run").rglob("*.tmp"))


def fails_with(number: int) -> Callable[[int], None]:
    def fsync(_: int) -> None:
        raise OSError(number, os.strerror(number))

    return fsync


def test_leftovers_of_a_killed_run_are_swept_and_whole_parts_stay(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        store.write(Domain, [domain_row("a.nl")])
    torn = tmp_path / "run/domains/part-000002-00000000.parquet.tmp"
    torn.write_bytes(b"PAR1 half of it")
    with opened(tmp_path / "run", IDENTITY) as store:
        assert not torn.exists()
        assert len(store.parts(Domain)) == 1


def test_run_json_keeps_what_was_noted_before(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY) as store:
        store.note(vantage="here")
        store.note(start="2026-11-22")
    with opened(tmp_path / "run", IDENTITY) as store:
        assert store.run == {"identity": IDENTITY, "vantage": "here", "start": "2026-11-22"}


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY), pytest.raises(StoreFault, match="another run is writing here"):
        enter(tmp_path / "run", IDENTITY)


def test_another_runs_folder_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    with opened(tmp_path / "run", IDENTITY):
        pass
    with pytest.raises(StoreFault, match=r"another run's folder \(different input\)"):
        enter(tmp_path / "run", IDENTITY | {"input": [["list", "def"]]})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"identity": 1}', '"x"', "null"])
def test_a_run_json_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(StoreFault, match=r"run\.json cannot be read"):
        enter(tmp_path, IDENTITY)
    assert (tmp_path / "run.json").read_text() == text


@pytest.mark.parametrize("written", ["", '{"identity": {'])
def test_a_run_that_was_killed_over_its_first_run_json_is_taken_up(tmp_path: Path, written: str) -> None:
    """Found by the hundred killed runs, on the day on which one of them was hit just there."""
    with opened(tmp_path / "other", IDENTITY):
        locks = [path.name for path in (tmp_path / "other").iterdir() if path.name != "run.json"]
    folder = tmp_path / "run"
    folder.mkdir()
    for name in locks:
        (folder / name).touch()
    (folder / "run.json.tmp").write_text(written)
    with opened(folder, IDENTITY) as store:
        assert store.run["identity"] == IDENTITY
    assert not (folder / "run.json.tmp").exists()


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(StoreFault, match="neither empty nor a run's folder"):
        enter(tmp_path, IDENTITY)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreFault):
            enter(path, IDENTITY)


def test_a_disk_that_takes_no_run_json_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fails_with(errno.EROFS))
    with pytest.raises(StoreFault, match="Read-only file system"):
        enter(tmp_path / "a" / "b", IDENTITY)
    assert list(tmp_path.iterdir()) == []


def enter(folder: Path, identity: dict[str, Any]) -> None:
    with opened(folder, identity) as store:
        assert isinstance(store, Store)


def test_the_latest_look_is_told_by_its_rows(tmp_path: Path) -> None:
    store = Store(tmp_path, {})
    assert store.latest(Domain, 1) is None
    rows = [domain("a.nl", observed_at=5_000_000), domain("b.nl", observed_at=9_500_000)]
    store.write(Domain, rows)
    store.write(Domain, [domain("a.nl", look=2, observed_at=20_000_000)])
    assert store.latest(Domain, 1) == 9.5
    assert store.latest(Domain, 2) == 20.0
    assert store.latest(Domain, 3) is None
