"""Adoption by groups, weights and samples: eight names by hand, whose every group can be counted on fingers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.stats import BREAKDOWNS, catalogue, count
from analysis.warehouse import Warehouse, open_run
from crawler.tables import Mail, Row
from tests.analysis.rows import dane_host, domain, host, made, mailing, name

ROWS: list[Row] = [
    name("a.nl", rank=1, weight=60.0, tags=("sector:bank", "list:one")),
    name("b.nl", rank=10, weight=20.0, tags=("sector:bank",)),
    name("c.nl", rank=11, tags=("sector:shop", "sector:bank")),
    name("d.se", rank=10_001, weight=20.0),
    name("ee.se"),
    name("f.se", rank=30_000),
    mailing("a.nl", "mx.dane.example", name_servers=("ns1.op.example", "ns2.op.example")),
    mailing("b.nl", "mx.bare.example", name_servers=("ns1.op.example", "ns.b.nl")),
    mailing("c.nl", "mx.c.nl", name_servers=("ns.c.nl",)),
    mailing("d.se", "mx.google.com", name_servers=("ns1.op.example", "ns2.op.example")),
    domain("ee.se"),  # a null MX
    domain("f.se", mx="timeout", mail=Mail.UNKNOWN, mx_hosts=(), name_servers=()),
    dane_host("mx.dane.example", addresses=("192.0.2.1",)),
    host("mx.bare.example", addresses=("192.0.2.2",)),
    dane_host("mx.c.nl", addresses=("192.0.2.3",)),
    host("mx.google.com", addresses=("192.0.2.4",)),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_run(made(tmp_path_factory.mktemp("run"), *ROWS)) as run:
        yield run


def published(run: Warehouse, statistic: str, measure: str = "dane") -> dict[object, tuple[object, ...]]:
    """numerator, denominator, unknown of each group, in the order in which they are shown."""
    rows = count(run, catalogue()[statistic]).result.rows
    return {row[0]: row[3:6] for row in rows if row[1] == measure and row[2] in {"", "published"}}


def test_by_tld(run: Warehouse) -> None:
    assert published(run, "by_tld") == {"nl": (2, 3, 0), "se": (0, 1, 1)}
    assert published(run, "by_tld", "mail") == {"nl": (3, 3, 0), "se": (1, 2, 1)}
    assert published(run, "by_tld", "dnssec") == {"nl": (3, 3, 0), "se": (3, 3, 0)}


def test_by_rank_in_powers_of_ten_and_in_bands(run: Warehouse) -> None:
    assert published(run, "by_rank") == {
        1: (1, 1, 0), 10: (0, 1, 0), 100: (1, 1, 0), 100_000: (0, 1, 1), None: (0, 0, 0)
    }  # fmt: skip
    assert published(run, "by_rank_bin") == {1: (2, 3, 0), 10_001: (0, 1, 0), 20_001: (0, 0, 1)}


def test_a_name_with_several_tags_counts_under_each(run: Warehouse) -> None:
    assert published(run, "by_tag") == {
        "sector:bank": (2, 3, 0), "list:one": (1, 1, 0), "sector:shop": (1, 1, 0), "(no tag)": (0, 1, 1),
    }  # fmt: skip
    assert published(run, "by_sector") == {"bank": (2, 3, 0), "shop": (1, 1, 0), "(none)": (0, 1, 1)}


def test_by_provider_and_by_dns_operator(run: Warehouse) -> None:
    assert published(run, "by_provider") == {
        "Google": (0, 1, 0), "bare.example": (0, 1, 0), "dane.example": (1, 1, 0), "(self)": (1, 1, 0),
    }  # fmt: skip
    assert published(run, "by_dns_operator") == {
        "op.example": (1, 2, 0), "(self)": (1, 1, 0), "(several)": (0, 1, 0), "(unknown)": (0, 0, 1),
    }  # fmt: skip


def test_by_weight(run: Warehouse) -> None:
    found = published(run, "by_weight")
    assert found["name"] == (2, 4, 1)
    assert found["list"] == (60, 100, 0)
    assert found["rank"] == pytest.approx((1 + 1 / 11, 1 + 1 / 10 + 1 / 11 + 1 / 10_001, 1 / 30_000))


def test_small_groups_are_others(run: Warehouse) -> None:
    run.connection.execute("set variable top = 1")
    try:
        assert published(run, "by_tag") == {"sector:bank": (2, 3, 0), "(no tag)": (0, 1, 1), "(others)": (2, 2, 0)}
        assert published(run, "by_rank_bin") == {1: (2, 3, 0), 10_001: (0, 1, 1)}
    finally:
        run.connection.execute("reset variable top")


@pytest.mark.parametrize("statistic", ["by_tld", "by_rank", "by_dns_operator"])
def test_groups_that_part_the_names_add_up_to_what_is_told_of_all(run: Warehouse, statistic: str) -> None:
    groups = published(run, statistic)
    assert [sum(int(str(row[at])) for row in groups.values()) for at in range(3)] == [2, 4, 1]


@pytest.mark.parametrize("statistic", BREAKDOWNS)
def test_the_levels_agree_with_the_cross_table(run: Warehouse, statistic: str) -> None:
    """Every measure is at most its level before, and either is at least each of the two."""
    rows = count(run, catalogue()[statistic]).result.records()
    group = count(run, catalogue()[statistic]).result.columns[0]
    for one in {row[group] for row in rows}:
        told = {(row["measure"], row["level"]): row["numerator"] for row in rows if row[group] == one}
        for measure in ("dane", "mta-sts", "either"):
            assert told[measure, "published"] >= told[measure, "usable"] >= told[measure, "effective"]
        for level in ("published", "usable", "effective"):
            assert told["either", level] >= max(told["dane", level], told["mta-sts", level])


# --- samples ---------------------------------------------------------------------------------------------------------


def sampled(folder: Path, sample: object) -> Warehouse:
    made(folder, *ROWS)
    (folder / "run.json").write_text(json.dumps({"names": {"measured": 6} | ({"sample": sample} if sample else {})}))
    return open_run(folder)


def test_a_sample_has_intervals_and_a_whole_list_has_none(tmp_path: Path) -> None:
    with sampled(tmp_path / "all", None) as run:
        assert "wilson_low" not in count(run, catalogue()["dane"]).result.columns
    with sampled(tmp_path / "some", {"of": 100, "size": 6, "seed": 1, "weight": 16.7}) as run:
        rows = count(run, catalogue()["dane_ratio"]).result.records()
        assert all(row["wilson_low"] <= row["share"] <= row["wilson_high"] for row in rows)


@pytest.mark.parametrize(
    ("n", "d", "low", "high"),
    [  # Wilson 1927 by hand, z = 1.959964; the last two stand in many textbooks
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (5, 10, 0.236593, 0.763407),
        (1, 10, 0.017876, 0.404150),
    ],
)
def test_wilson_intervals(run: Warehouse, n: int, d: int, low: float, high: float) -> None:
    found = run.query("select wilson(?, ?, -1), wilson(?, ?, 1)", (n, d, n, d)).rows[0]
    assert found == pytest.approx((low, high), abs=1e-5)
    assert run.query("select wilson(0, 0, 1)").rows[0][0] is None


# --- providers -------------------------------------------------------------------------------------------------------


def told_of(run: Warehouse, name_: str) -> tuple[object, ...]:
    asked = "select provider, attribution, confidence, kind, self from provider where domain = ?"
    return run.query(asked, (name_,)).rows[0]


def test_an_own_host_whose_address_is_not_known_is_its_own_with_little_confidence(tmp_path: Path) -> None:
    lost = host("mx.a.example", a="timeout", aaaa="timeout", addresses=(), tlsa_base="address-unknown")
    with open_run(made(tmp_path, mailing("a.example", "mx.a.example"), lost)) as run:
        assert told_of(run, "a.example") == ("a.example", "self", "low", None, True)


def test_attribution_says_what_it_goes_by(run: Warehouse) -> None:
    assert told_of(run, "d.se") == ("Google", "rule", "high", "mailbox", False)
    assert told_of(run, "b.nl") == ("bare.example", "name", "medium", None, False)
    assert told_of(run, "c.nl") == ("c.nl", "self", "high", None, True)


def test_own_names_at_a_crowded_address_are_somebody_elses(tmp_path: Path) -> None:
    """Customers' own MX names that lead to a provider's address: told by the address, and by whom it belongs to."""
    crowd = [mailing(f"customer{i}.example", "mx.big.example") for i in range(60)]
    vanity = [mailing(f"vanity{i}.example", f"mx.vanity{i}.example") for i in range(55)]
    rows: list[Row] = [
        *crowd, host("mx.big.example", addresses=("192.0.2.1",)),
        mailing("own.example", "mx.own.example"), host("mx.own.example", addresses=("192.0.2.1",)),
        mailing("alone.example", "mx.alone.example"), host("mx.alone.example", addresses=("192.0.2.9",)),
        *vanity, *(host(f"mx.vanity{i}.example", addresses=("192.0.2.2",)) for i in range(55)),
        mailing("both.example", "mx.both.example", "mx.big.example"), host("mx.both.example", addresses=("192.0.2.8",)),
    ]  # fmt: skip
    with open_run(made(tmp_path, *rows)) as run:
        assert told_of(run, "customer1.example") == ("big.example", "name", "medium", None, False)
        assert told_of(run, "own.example") == ("big.example", "address", "medium", None, False)
        assert told_of(run, "alone.example") == ("alone.example", "self", "high", None, True)
        assert told_of(run, "vanity7.example") == ("(shared address)", "address", "low", None, False)
        assert told_of(run, "both.example") == ("(several)", "none", None, None, False)


def test_concentration_counts_domains_that_serve_themselves_one_by_one(tmp_path: Path) -> None:
    rows: list[Row] = [mailing(f"c{i}.example", "mx.big.example") for i in range(6)]
    rows += [mailing(f"d{i}.example", "mx.small.example") for i in range(2)]
    rows += [mailing(f"s{i}.example", f"mx.s{i}.example") for i in range(2)]
    rows += [host(f"mx.s{i}.example", addresses=(f"192.0.2.{i}",)) for i in range(2)]
    with open_run(made(tmp_path, *rows)) as run:
        found = count(run, catalogue()["mx_concentration"]).result.records()
    mail = [row for row in found if row["population"] == "with mail"]
    assert [row["numerator"] for row in mail[:5]] == [6, 9, 10, 10, 10]  # of 1, 3, 5, 10, 20
    assert mail[5]["hhi"] == pytest.approx(0.6**2 + 0.2**2 + 2 * 0.1**2)
