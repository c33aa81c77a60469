"""Two runs counted by hand: what was gained and lost, why, and what became of certificates and policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis import comparing
from analysis.comparing import ORDER, Comparison, catalogue, chosen, compare
from analysis.stats import UnknownStatistic
from analysis.warehouse import SQL, RunFault
from crawler.cli import main
from crawler.standards.security import Reason
from crawler.tables import Mail, Row
from tests.analysis.rows import dane_host, domain, host, made, mailing

UNSIGNED: dict[str, Any] = {
    "zone": Reason.NO_DS, "mx": "answer insecure", "ds": "nodata insecure", "ds_set": (), "dnskey": "nodata insecure",
    "dnskey_set": (),
}  # fmt: skip
LOST: dict[str, Any] = {"mx": "timeout", "mail": Mail.UNKNOWN, "mx_hosts": ()}
HOSTS: list[Row] = [dane_host("mx.big.example"), host("bare.small.example")]

#: domain -> its row before and after, and what has moved: (subject, direction, cause, who).
CASES: dict[str, tuple[Row, Row, set[tuple[str, str, str, str]]]] = {
    "kept.example": (mailing("kept.example", "mx.big.example"), mailing("kept.example", "mx.big.example"), set()),
    "ds-gone.example": (
        mailing("ds-gone.example", "mx.big.example"), mailing("ds-gone.example", "mx.big.example", **UNSIGNED),
        {("dnssec", "lost", "ds-removed", "zone"), ("dane", "lost", "dnssec", "big.example")},
    ),
    "bogus.example": (
        domain("bogus.example"), domain("bogus.example", zone=Reason.SIGNATURE_EXPIRED),
        {("dnssec", "lost", "bogus", "zone")},
    ),
    "signed.example": (
        domain("signed.example", **UNSIGNED), domain("signed.example"), {("dnssec", "gained", "ds-added", "zone")},
    ),
    "moved.example": (
        mailing("moved.example", "mx.big.example"), mailing("moved.example", "bare.small.example"),
        {("dane", "lost", "mx-changed", "big.example")},
    ),
    "came.example": (
        mailing("came.example", "bare.small.example"), mailing("came.example", "mx.big.example"),
        {("dane", "gained", "mx-changed", "big.example")},
    ),
    "closed.example": (
        mailing("closed.example", "mx.big.example"), domain("closed.example"),
        {("dane", "lost", "no-mail", "big.example")},
    ),
    "dropped.example": (  # its own host, whose TLSA is gone
        mailing("dropped.example", "mx.dropped.example"), mailing("dropped.example", "mx.dropped.example"),
        {("dane", "lost", "tlsa-removed", "self")},
    ),
    "silent.example": (  # not known afterwards: nothing has moved
        mailing("silent.example", "mx.big.example"), mailing("silent.example", **LOST), set(),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("runs")
    before = [row for row, _, _ in CASES.values()] + [domain("went.example"), dane_host("mx.dropped.example"), *HOSTS]
    after = [row for _, row, _ in CASES.values()] + [
        mailing("new.example", "mx.big.example"),
        host("mx.dropped.example"),
    ]
    with compare([made(folder / "one", *before), made(folder / "two", *after, *HOSTS)]) as opened:
        yield opened


def told(sides: Comparison, name: str, *keys: str) -> dict[Any, dict[str, Any]]:
    rows = sides.count(catalogue()[name]).result.records()
    return {tuple(row[key] for key in keys): row for row in rows}


def test_every_move_has_its_cause_and_who_stands_behind_it(sides: Comparison) -> None:
    found: dict[str, set[tuple[str, ...]]] = {one: set() for one in CASES}
    for one, *move in sides.query("select domain, subject, direction, cause, who from move").rows:
        found[one].add(tuple(move))
    assert found == {one: moves for one, (_, _, moves) in CASES.items()}


def test_populations_add_up(sides: Comparison) -> None:
    found = told(sides, "populations", "population")
    columns = ("before", "after", "kept", "gained", "lost", "from_new_names", "with_lost_names", "unknown")
    assert {key[0]: tuple(row[column] for column in columns) for key, row in found.items()} == {
        "names": (10, 10, 9, 0, 0, 1, 1, 0),
        "mail": (7, 6, 5, 0, 1, 1, 0, 1),
        "dnssec": (9, 8, 6, 1, 2, 1, 1, 0),
        "dane": (6, 3, 1, 1, 4, 1, 0, 1),
        "mta-sts": (0, 0, 0, 0, 0, 0, 0, 0),
    }


def test_transitions_leave_what_is_not_known_out_of_the_shares(sides: Comparison) -> None:
    found = told(sides, "transitions", "subject", "before", "after")
    row = found["dane", "full", "none"]
    assert (row["numerator"], row["denominator"], row["unknown"]) == (2, 5, 1)
    row = found["dane", "full", "unknown"]
    assert (row["numerator"], row["denominator"]) == (1, None)
    assert sum(row["numerator"] for key, row in found.items() if key[0] == "dane") == 9


def test_causes_count_moves_and_name_the_largest(sides: Comparison) -> None:
    row = told(sides, "causes", "subject", "direction", "cause")["dane", "lost", "mx-changed"]
    assert (row["numerator"], row["denominator"], row["largest"], row["of_them"]) == (1, 4, "big.example", 1)


def test_the_series_tells_each_run_by_itself(sides: Comparison) -> None:
    rows = sides.count(catalogue()["series"]).result.records()
    dane = [(row["numerator"], row["denominator"], row["unknown"]) for row in rows if row["measure"] == "dane"]
    assert dane == [(6, 7, 0), (3, 6, 1)]


RECORD, NEXT, OTHER = "3 1 1 aa", "3 1 1 bb", "3 1 1 cc"


def good(leaf: str, matched: str, *more: str) -> tuple[Any, ...]:
    """A conversation whose leaf is authenticated by one record of the RRset."""
    return (leaf, "authenticated", sorted([matched, *more]), matched)


def bad(leaf: str, *records: str) -> tuple[Any, ...]:
    """A conversation whose leaf no record matches."""
    return (leaf, "failed", sorted(records), None)


#: what happened -> before, after, behaviour, matches an older certificate
ROLLOVERS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...], str, bool]] = {
    "nothing": (good("a", RECORD), good("a", RECORD), "unchanged", False),
    "the same key": (good("a", RECORD), good("b", RECORD), "key-kept", False),
    "in good time": (good("a", RECORD, NEXT), good("b", NEXT), "early", False),
    "both at once": (good("a", RECORD), good("b", NEXT), "together", False),
    "forgotten": (good("a", RECORD), bad("b", RECORD), "without-introduction", True),
    "the wrong one": (good("a", RECORD), bad("b", OTHER), "wrong-introduction", False),
    "added, of no use": (good("a", RECORD), bad("b", RECORD, OTHER), "wrong-introduction", True),
    "after the fact": (bad("b", RECORD), good("b", NEXT), "late", False),
    "new and right": (bad("b", RECORD), good("c", NEXT), "repaired", False),
    "taken away": (good("a", RECORD), bad("a", NEXT), "withdrawn", False),
    "its time is over": (good("a", RECORD), bad("a", RECORD), "lapsed", False),
    "prepared": (good("a", RECORD), good("a", RECORD, NEXT), "announced", False),
    "cleared up": (good("a", RECORD, NEXT), good("a", RECORD), "tidied", False),
    "no better": (bad("a", RECORD), bad("a", RECORD), "still-broken", False),
}


@pytest.mark.parametrize(("before", "after", "behaviour", "older"), ROLLOVERS.values(), ids=ROLLOVERS)
def test_what_became_of_a_certificate(
    before: tuple[Any, ...], after: tuple[Any, ...], behaviour: str, older: bool
) -> None:
    sql = next(file for file in comparing.view_files() if file.stem.endswith("rollover")).read_text(encoding="utf-8")
    with duckdb.connect() as base:
        for side, values in (("before", before), ("after", after)):
            base.execute(
                f"create table {side}_endpoints (endpoint varchar, host varchar, leaf varchar, dane varchar, "
                "tlsa varchar[], matched varchar, observed_at timestamptz)"
            )
            base.execute(f"insert into {side}_endpoints values ('e', 'h', ?, ?, ?, ?, now())", list(values))
        base.execute(sql)
        assert base.execute("select behaviour, older_certificate from rollover").fetchall() == [(behaviour, older)]


def test_ids_and_policies_are_held_against_each_other() -> None:
    sql = catalogue()["policies"].sql
    cases = [
        ("1", "x", "1", "x"),
        ("1", "x", "1", "y"),
        ("1", "x", "2", "x"),
        ("1", "x", "2", "y"),
        ("1", None, "1", "x"),
    ]
    with duckdb.connect() as base:
        base.execute((SQL / "view_00_vocabulary.sql").read_text(encoding="utf-8"))
        base.execute("create table kept (b struct(record varchar, policy_id varchar, policy varchar), "
                     "a struct(record varchar, policy_id varchar, policy varchar))")  # fmt: skip
        for id_before, before, id_after, after in cases:
            sides = [
                {"record": "valid", "policy_id": i, "policy": p} for i, p in ((id_before, before), (id_after, after))
            ]
            base.execute("insert into kept values (?, ?)", sides)
        rows = base.execute(sql).fetchall()
    assert [row[:5] for row in rows] == [
        (one, other, 1, 4, 1) for one in ("same", "changed") for other in ("same", "changed")
    ]


def test_every_comparison_has_a_file_and_every_file_a_place() -> None:
    assert sorted(ORDER) == sorted(
        file.stem for file in comparing.COMPARE.glob("*.sql") if not file.stem.startswith("view_")
    )
    assert [one.name for one in chosen(["series", "causes"])] == ["series", "causes"]
    with pytest.raises(UnknownStatistic, match="no comparison moon"):
        chosen(["moon"])


def test_one_run_is_not_enough_and_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    run = made(tmp_path / "run", domain("a.example"))
    with pytest.raises(RunFault, match="two folders or more"):
        compare([run])
    with pytest.raises(RunFault, match="no such folder"):
        compare([run, tmp_path / "none"])


def test_the_command_prints_all_or_what_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        str(made(tmp_path / one, mailing("a'b.example", "mx.big.example"), *HOSTS)) for one in ("it's", "two", "three")
    ]
    with pytest.raises(SystemExit) as end:
        main(["compare", *runs])
    out = capsys.readouterr().out
    assert end.value.code == 0
    assert [out.index(f"[{name}]") for name in ORDER] == sorted(out.index(f"[{name}]") for name in ORDER)
    with pytest.raises(SystemExit) as end:
        main(["compare", *runs, "--only", "series", "--format", "csv"])
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3 * 6
    with pytest.raises(SystemExit) as end:
        main(["compare", runs[0]])
    assert (end.value.code, capsys.readouterr().err.count("\n")) == (2, 1)
