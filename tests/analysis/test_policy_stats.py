"""The statistics of MTA-STS policies and TLSRPT come out exact on a run counted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analysis.judge import CA_STORE
from analysis.stats import catalogue, count
from analysis.warehouse import Warehouse, open_run
from crawler.tables import Mail
from crawler.visited import Attempt, FetchOutcome
from lab.pki import Leaf, Pki, good
from tests.analysis.rows import THEN, dane_host, fetch, host, made, mailing
from tests.analysis.test_stats import OF_POLICIES, bounds_hold, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.tables import Row

PKI = Pki(THEN // 1_000_000)


def record(text: str, **more: Any) -> dict[str, Any]:
    return {"mta_sts": "answer secure", "mta_sts_txt": (text,)} | more


def body(mode: str, mx: str, age: int = 604_800) -> bytes:
    return f"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: {age}\n".encode()


def served(of: str, text: bytes, **more: Any) -> Row:
    return fetch(of, **{"chain": PKI.chain(good(f"mta-sts.{of}")), "body": text, "octets": len(text)} | more)


AT_POLICIES = {"expanded": "x.policies.example", "attempts": (Attempt("45.98.0.9", FetchOutcome.FETCHED),)}
NOWHERE: dict[str, Any] = {"chain": (), "status": None, "tls_version": None, "tls_cipher": None, "media_type": None}
RUA = {"tlsrpt": "answer secure"}

#: Eleven domains with mail: ten announce a policy, one of these wrongly, one has none.
ROWS: list[Row] = [
    mailing("a.example", "mx.a.example", **record("v=STSv1; id=1"), **RUA,
            tlsrpt_txt=("v=TLSRPTv1; rua=mailto:r@reports.co.uk,https://a.example/r",)),
    served("a.example", body("enforce", "mx.a.example"), **AT_POLICIES),
    mailing("b.example", "mx.a.example", **record("v=STSv1; id=1"), **RUA,
            tlsrpt_txt=("v=TLSRPTv1; rua=mailto:b@x.reports.co.uk",)),
    served("b.example", body("enforce", "mx.b.example", 86_400)),  # admits nobody
    mailing("c.example", "mx.a.example", "mx2.a.example", **record("v=STSv1; id=2")),
    served("c.example", body("enforce", "mx.a.example")),  # admits one of two
    mailing("d.example", "mx.a.example", **record("v=STSv1; id=3")),
    served("d.example", body("testing", "*.a.example", 31_557_600)),
    mailing("e.example", "mx.a.example", **record("v=STSv1; id=4")),
    served("e.example", body("none", "mx.a.example")),
    mailing("f.example", "mx.a.example", **record("v=STSv1; id=5")),
    served("f.example", body("enforce", "mx.a.example"),
           chain=PKI.chain(Leaf(names=("mta-sts.f.example",), to_day=-1)), **AT_POLICIES),
    mailing("g.example", "mx.a.example", **record("v=STSv1; id=6")),
    served("g.example", b"<html>"),
    mailing("h.example", "mx.a.example", **record("v=STSv1; id=7")),
    fetch("h.example", **NOWHERE, outcome=FetchOutcome.TCP_TIMEOUT),
    mailing("i.example", "mx.a.example", **record("v=STSv1; id=8")),
    fetch("i.example", **NOWHERE, outcome=FetchOutcome.TLS_ALERT, detail="unrecognized_name"),
    mailing("j.example", "mx.a.example", **record("v=STSv1; id=bad-id")),
    served("j.example", body("enforce", "mx.a.example")),
    mailing("k.example", "mx.a.example"),
    mailing("l.other", mx="timeout", mail=Mail.UNKNOWN, mx_hosts=(), mta_sts="timeout", tlsrpt="timeout"),
    dane_host("mx.a.example"), host("mx2.a.example"),
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = made(tmp_path_factory.mktemp("run"), *ROWS)
    (folder / CA_STORE).write_text(PKI.ca())
    with open_run(folder) as warehouse:
        yield warehouse


def test_records(run: Warehouse) -> None:
    assert told(run, "mta_sts_records", "record_flaw") == {"(good)": (9, 10, 0), "bad-id": (1, 10, 0)}


def test_by_tld(run: Warehouse) -> None:
    assert told(run, "mta_sts_by_tld", "tld") == {"example": (10, 11, 0), "other": (0, 0, 1)}


def test_fetch(run: Warehouse) -> None:
    assert told(run, "mta_sts_fetch", "hosting", "stage", "cause") == {
        ("third-party", "ok", None): (1, 2, 0),
        ("third-party", "certificate", "expired"): (1, 2, 0),
        ("self", "ok", None): (4, 6, 1),
        ("self", "syntax", "html"): (1, 6, 1),
        ("self", "tls", "alert unrecognized_name"): (1, 6, 1),
        ("self", "tcp", "timeout"): (1, None, None),  # not known to be wrong
    }


def test_modes(run: Warehouse) -> None:
    assert told(run, "mta_sts_modes", "usable") == {
        "enforce": (3, 10, 2), "testing": (1, 10, 2), "off": (1, 10, 2), "policy-invalid": (1, 10, 2),
        "not-retrieved": (2, 10, 2), "record-invalid": (1, 10, 2), "none": (1, 10, 2), "unknown": (1, None, None),
    }  # fmt: skip


def test_max_age(run: Warehouse) -> None:
    assert told(run, "mta_sts_max_age", "mode", "max_age") == {
        ("enforce", "a day"): (1, 3, 0), ("enforce", "to a week"): (2, 3, 0),
        ("testing", "a year"): (1, 1, 0), ("none", "to a week"): (1, 1, 0),
    }  # fmt: skip


def test_coverage(run: Warehouse) -> None:
    assert told(run, "mta_sts_coverage", "mode", "coverage", "mismatch") == {
        ("enforce", "all", None): (1, 3, 0), ("enforce", "some", "labels"): (1, 3, 0),
        ("enforce", "none", "typo"): (1, 3, 0),
        ("testing", "all", None): (1, 1, 0), ("none", "all", None): (1, 1, 0),
    }  # fmt: skip


def test_effect(run: Warehouse) -> None:
    assert told(run, "mta_sts_effect", "effective") == {
        "covered": (1, 8, 1), "partly-covered": (1, 8, 1), "would-lose-mail": (1, 8, 1), "testing": (1, 8, 1),
        "off": (1, 8, 1), "policy-invalid": (1, 8, 1), "not-retrieved": (2, 8, 1), "unknown": (1, None, None),
    }  # fmt: skip


def test_hosting(run: Warehouse) -> None:
    rows = count(run, catalogue()["mta_sts_hosting"]).result.records()
    assert [(r["hosting"], r["hosted_at"], r["numerator"], r["usable"], r["with_mx"]) for r in rows] == [
        ("self", None, 7, 4, 0), ("third-party", "policies.example", 2, 1, 0),
    ]  # fmt: skip


def test_fifty_domains_at_one_address_are_a_host(tmp_path_factory: pytest.TempPathFactory) -> None:
    rows: list[Row] = []
    for number in range(50):
        name = f"n{number}.example"
        rows += [mailing(name, "mx.a.example", **record("v=STSv1; id=1")),
                 fetch(name, attempts=(Attempt("45.98.0.1", FetchOutcome.FETCHED),))]  # fmt: skip
    for size, hosting in ((98, "self"), (100, "third-party")):
        with open_run(made(tmp_path_factory.mktemp(hosting), *rows[:size])) as run:
            assert run.query("select distinct hosting from policy_class").rows == ((hosting,),)


def test_ids(run: Warehouse) -> None:
    assert told(run, "mta_sts_ids", "domains") == {"one domain": (7, 9, 0), "2 to 10": (2, 9, 0)}


def test_tlsrpt_of(run: Warehouse) -> None:
    assert told(run, "tlsrpt_of", "population") == {
        "with mail": (2, 11, 0), "MTA-STS": (2, 9, 0), "DANE": (2, 11, 0), "both": (2, 9, 0),
    }  # fmt: skip


def test_destinations(run: Warehouse) -> None:
    assert told(run, "tlsrpt_destinations", "scheme", "destination") == {
        ("https", "(own)"): (1, 2, 0), ("mailto", "reports.co.uk"): (2, 2, 0),
    }  # fmt: skip


@pytest.mark.parametrize("statistic", OF_POLICIES)
def test_every_share_has_its_bounds_around_it(run: Warehouse, statistic: str) -> None:
    bounds_hold(run, statistic)
