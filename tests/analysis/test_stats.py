"""The statistics come out exact on a run counted by hand, and every .sql file says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis import stats
from analysis.stats import ORDER, HeaderFault, UnknownStatistic, catalogue, chosen, count, read
from analysis.warehouse import SQL, Warehouse, open_run
from crawler.resolver.answer import Answer
from crawler.standards.security import EDE, STATE, Reason
from crawler.tables import DnskeyRecord, DsRecord, Mail, Rejection, Row, Target, TlsaBase
from tests.analysis.rows import answer, dane_host, domain, host, implicit, made, mailing, name, reject, tlsa

FILES = sorted(SQL.rglob("*.sql"))
FIGURES = ("numerator", "denominator", "unknown", "share", "share_low", "share_high")
STS = {"mta_sts": "answer secure", "mta_sts_txt": ("v=STSv1; id=1;",)}
RSA = {
    "ds_set": (DsRecord(1, 8, 1), DsRecord(2, 8, 2)),
    "dnskey_set": (DnskeyRecord(257, 3, 8, 1, 2048), DnskeyRecord(256, 3, 8, 2, 1024)),
}
NSEC3 = {"denial_kind": "nsec3", "nsec3_salt": b"", "nsec3_opt_out": False}

#: Ten names: seven with mail, of which two DANE full, one partial, one MX insecure, two none, one unknown; one null MX;
#: one whose MX look-up failed; one never looked at.
ROWS: list[Row] = [
    name("a.example", copies=3), name("b.example", copies=2),
    *(name(f"{c}.example") for c in "cdefghij"),
    reject("-x-", Rejection.BAD_HYPHEN), reject("192.0.2.1", Rejection.ADDRESS), reject("192.0.2.2", Rejection.ADDRESS),
    mailing("a.example", "mx.big.co.uk", **STS, **NSEC3, nsec3_iterations=0),
    mailing("b.example", (10, "mx.big.co.uk"), (20, "mx2.big.co.uk"), **RSA, **NSEC3 | {"nsec3_salt": b"ab"},
            nsec3_iterations=5),
    mailing("c.example", (10, "mx.big.co.uk"), (20, "bare.example")),
    mailing("d.example", "mx.big.co.uk", zone=Reason.NO_DS, mx="answer insecure", ds="nodata insecure", ds_set=(),
            dnskey="nodata insecure", dnskey_set=(), denial_kind=None, mta_sts="timeout"),
    mailing("e.example", "bare.example", "mx.other.example", **STS),
    mailing("f.example", (10, "localhost", Target.LOCALHOST), zone=Reason.SIGNATURE_EXPIRED, mta_sts="answer secure",
            mta_sts_txt=("v=STSv1; broken",)),
    mailing("g.example", "lost.example", denial_kind=None),
    domain("h.example"),
    domain("i.example", zone=Reason.CHAIN_LOOKUP_FAILED, ds="timeout", ds_set=(), dnskey="timeout", dnskey_set=(),
           mx="timeout", mail=Mail.UNKNOWN, mx_hosts=(), denial_kind=None, mta_sts="timeout", tlsrpt="timeout"),
    dane_host("mx.big.co.uk", "3 1 1", "2 1 1", tcp_node="nodata secure"),
    host("mx2.big.co.uk", expanded="end.example", tlsa_base=TlsaBase.EXPANDED, tlsa_initial=None,
         tlsa_expanded=answer("answer secure", ttl=86400), tlsa_expanded_set=tlsa("3 1 1", "3 1 1"),
         tcp_node="nxdomain secure"),
    host("bare.example"), host("mx.other.example", tlsa_initial="nodata secure"),
    host("lost.example", tlsa_initial="servfail"),
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_run(made(tmp_path_factory.mktemp("run"), *ROWS)) as warehouse:
        yield warehouse


def told(run: Warehouse, statistic: str, *keys: str) -> dict[Any, tuple[Any, Any, Any]]:
    """(numerator, denominator, unknown) by the values of the key columns."""
    rows = count(run, catalogue()[statistic]).result.records()
    found = {
        tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: tuple(row[f] for f in FIGURES[:3])
        for row in rows
    }
    assert len(found) == len(rows), "a key twice"
    return found


def test_names(run: Warehouse) -> None:
    assert told(run, "names", "what", "why") == {
        ("entries", "all"): (16, 16, 0),
        ("names", "to measure"): (10, 16, 0),
        ("names", "measured"): (9, 16, 0),
        ("names", "not-measured"): (1, 16, 0),
        ("copies", "folded into a name"): (3, 16, 0),
        ("rejects", "all"): (3, 16, 0),
        ("rejects", "address"): (2, 16, 0),
        ("rejects", "bad-hyphen"): (1, 16, 0),
    }


def test_resolvable(run: Warehouse) -> None:
    assert told(run, "resolvable", "state") == {
        "exists": (8, 8, 2),
        "does-not-exist": (0, 8, 2),
        "unknown": (1, None, None),
        "not-measured": (1, None, None),
    }


def test_mail_kinds(run: Warehouse) -> None:
    assert told(run, "mail_kinds", "class") == {
        "mx": (7, 8, 2),
        "null-mx-mixed": (0, 8, 2),
        "implicit": (0, 8, 2),
        "null-mx": (1, 8, 2),
        "no-mail": (0, 8, 2),
        "no-domain": (0, 8, 2),
        "unknown": (1, None, None),
        "not-measured": (1, None, None),
    }


def test_mx_targets(run: Warehouse) -> None:
    found = told(run, "mx_targets", "target")
    assert (found["host"], found["null"], found["localhost"]) == ((6, 8, 2), (1, 8, 2), (1, 8, 2))
    assert found["address"] == found["single-label"] == found["bad-name"] == (0, 8, 2)


def test_dnssec_states(run: Warehouse) -> None:
    assert told(run, "dnssec_states", "class") == {
        "secure": (6, 8, 2),
        "insecure": (1, 8, 2),
        "insecure-unsupported": (0, 8, 2),
        "island": (0, 8, 2),
        "bogus": (1, 8, 2),
        "indeterminate": (1, None, None),
        "no-domain": (0, 8, 2),
        "not-measured": (1, None, None),
    }


def test_dnssec_reasons(run: Warehouse) -> None:
    assert told(run, "dnssec_reasons", "security", "reason", "ede") == {
        ("secure", "chain", None): (6, 9, 1),
        ("insecure", "no-ds", None): (1, 9, 1),
        ("bogus", "signature-expired", 7): (1, 9, 1),
        ("indeterminate", "chain-lookup-failed", 5): (1, 9, 1),
    }


def test_every_reason_has_the_same_ede_code_here_as_in_the_crawler(tmp_path: Path) -> None:
    rows = [domain(f"{reason}.example", zone=reason) for reason in Reason]
    with open_run(made(tmp_path, *rows)) as run:
        found = run.query(catalogue()["dnssec_reasons"].sql).records()
    assert {(row["security"], row["reason"], row["ede"]) for row in found} == {
        (STATE[r], r, EDE.get(r)) for r in Reason
    }


def test_dnssec_algorithms(run: Warehouse) -> None:
    """Seven domains have a DS; of `i` and `j` it is not known."""
    assert told(run, "dnssec_algorithms", "record", "name") == {
        ("ds digest", "SHA-256"): (7, 7, 2),
        ("ds digest", "SHA-1"): (1, 7, 2),
        ("ds algorithm", "ECDSAP256SHA256"): (6, 7, 2),
        ("ds algorithm", "RSASHA256"): (1, 7, 2),
        ("dnskey algorithm", "ECDSAP256SHA256"): (6, 7, 2),
        ("dnskey algorithm", "RSASHA256"): (1, 7, 2),
    }


def test_dnssec_key_sizes(run: Warehouse) -> None:
    assert told(run, "dnssec_key_sizes", "role", "name", "bits") == {
        ("ksk", "ECDSAP256SHA256", 256): (6, 7, None),
        ("ksk", "RSASHA256", 2048): (1, 7, None),
        ("zsk", "RSASHA256", 1024): (1, 1, None),
    }


def test_denial(run: Warehouse) -> None:
    """Of seven zones with DNSKEY `g` showed no denial; of `i` and `j` nothing is known."""
    assert told(run, "denial", "what", "value") == {
        ("kind", "nsec"): (4, 6, 3),
        ("kind", "nsec3"): (2, 6, 3),
        ("nsec3 iterations", "0"): (1, 2, 1),
        ("nsec3 iterations", "5"): (1, 2, 1),
        ("nsec3 salt octets", "0"): (1, 2, 1),
        ("nsec3 salt octets", "2"): (1, 2, 1),
        ("nsec3 opt-out", "no"): (2, 2, 1),
        ("nsec3 conformant", "yes"): (1, 2, 1),
        ("nsec3 conformant", "no"): (1, 2, 1),
    }


def test_host_states(run: Warehouse) -> None:
    found = {
        row["class"]: (row["numerator"], row["domains"])
        for row in count(run, catalogue()["host_states"]).result.records()
    }
    assert found == {
        "secure": (2, 4), "unsigned": (0, 0), "none": (2, 2), "no-address": (0, 0), "unknown": (1, 1),
        "not-measured": (0, 0),
    }  # fmt: skip


def test_tlsa_share(run: Warehouse) -> None:
    assert told(run, "tlsa_share", "population", "property") == {
        ("hosts with an address", "tlsa"): (2, 4, 1),
        ("hosts with an address", "secure tlsa"): (2, 4, 1),
        ("hosts with tlsa", "at the end of an alias"): (1, 2, 1),
        ("hosts with tlsa", "by a wildcard"): (0, 2, 1),
        ("hosts with tlsa", "hidden-node"): (1, 2, 0),
        ("domains with mail", "tlsa at some host"): (4, 6, 3),
        ("domains with mail", "secure tlsa at some host"): (4, 6, 3),
    }


def test_tlsa_parameters(run: Warehouse) -> None:
    assert told(run, "tlsa_parameters", "weight", "combination") == {
        ("record", "3 1 1"): (3, 4, None),
        ("record", "2 1 1"): (1, 4, None),
        ("host", "2 1 1 + 3 1 1"): (1, 2, 1),
        ("host", "3 1 1"): (1, 2, 1),
        ("domain", "2 1 1 + 3 1 1"): (4, 4, 3),
        ("domain", "3 1 1"): (1, 4, 3),
    }


def test_tlsa_ttl(run: Warehouse) -> None:
    found = {band: figures for band, figures in told(run, "tlsa_ttl", "band").items() if figures[0]}
    assert found == {"1800 to 3600": (1, 2, 1), "86400": (1, 2, 1)}


def test_empty_non_terminals(run: Warehouse, tmp_path: Path) -> None:
    """Both hosts have TLSA records; above those of mx2 the zone denies `_tcp`."""
    assert told(run, "empty_non_terminals", "resolver", "class") == {
        ("whole name", "found"): (2, 2, 0),
        ("whole name", "denied"): (0, 2, 0),
        ("whole name", "unknown"): (0, None, None),
        ("minimised", "found"): (1, 2, 0),
        ("minimised", "denied"): (1, 2, 0),
        ("minimised", "unknown"): (0, None, None),
    }
    rows = [dane_host("mx.a.example"), *(dane_host(f"mx.{n}.example", tcp_node=node) for n, node in enumerate(
        ("timeout", "nxdomain bogus", "nodata indeterminate", "nxdomain insecure", "answer secure")))]  # fmt: skip
    with open_run(made(tmp_path, mailing("a.example", *(row.host for row in rows)), *rows)) as other:
        found = told(other, "empty_non_terminals", "resolver", "class")
    assert found["minimised", "denied"] == found["minimised", "found"] == (1, 2, 4)
    assert found["minimised", "unknown"] == (4, None, None)


def test_dane(run: Warehouse) -> None:
    """f is bogus at its zone, but its MX RRset is what counts, and its one host is junk."""
    assert told(run, "dane", "over", "class") == {
        ("all hosts", "full"): (2, 6, 3),
        ("all hosts", "partial"): (1, 6, 3),
        ("all hosts", "mx-insecure"): (1, 6, 3),
        ("all hosts", "none"): (2, 6, 3),
        ("all hosts", "not-applicable"): (1, None, None),
        ("all hosts", "unknown"): (2, None, None),
        ("all hosts", "not-measured"): (1, None, None),
        ("best preference", "full"): (3, 6, 3),
        ("best preference", "partial"): (0, 6, 3),
        ("best preference", "mx-insecure"): (1, 6, 3),
        ("best preference", "none"): (2, 6, 3),
        ("best preference", "not-applicable"): (1, None, None),
        ("best preference", "unknown"): (2, None, None),
        ("best preference", "not-measured"): (1, None, None),
    }


def test_dane_ratio(run: Warehouse) -> None:
    assert told(run, "dane_ratio", "property") == {"full": (2, 5, 3), "full or partial": (3, 5, 3)}


def test_mta_sts(run: Warehouse) -> None:
    assert told(run, "mta_sts", "population", "class") == {
        ("names", "valid"): (2, 7, 3),
        ("names", "invalid"): (1, 7, 3),
        ("names", "none"): (4, 7, 3),
        ("names", "unknown"): (2, None, None),
        ("names", "not-measured"): (1, None, None),
        ("with mail", "valid"): (2, 6, 3),
        ("with mail", "invalid"): (1, 6, 3),
        ("with mail", "none"): (3, 6, 3),
        ("with mail", "unknown"): (1, None, None),
    }


def test_tlsrpt(run: Warehouse) -> None:
    assert told(run, "tlsrpt", "population", "class")["with mail", "none"] == (7, 7, 2)


def test_dane_and_mta_sts(run: Warehouse) -> None:
    """Known in both: a, b, c, e, f. Unknown: d (MTA-STS), g (DANE), i and j (mail)."""
    found = told(run, "dane_mta_sts", "dane", "mta_sts")
    assert len(found) == 5 * 4
    assert {cell: figures for cell, figures in found.items() if figures[0]} == {
        ("full", "valid"): (1, 5, 4),
        ("full", "none"): (1, 5, 4),
        ("partial", "none"): (1, 5, 4),
        ("mx-insecure", "unknown"): (1, None, None),
        ("none", "valid"): (1, 5, 4),
        ("none", "invalid"): (1, 5, 4),
        ("unknown", "none"): (1, None, None),
    }


def test_mx_providers(run: Warehouse) -> None:
    rows = count(run, catalogue()["mx_providers"]).result.records()
    assert [(row["provider"], row["numerator"], row["full"]) for row in rows] == [
        ("big.co.uk", 4, 2),
        ("lost.example", 1, 0),
        ("(no host)", 1, 0),
        ("(several)", 1, 0),
    ]
    assert {(row["denominator"], row["unknown"], row["psl"]) for row in rows} == {(7, 2, run.psl_version())}


def test_small_providers_are_others_and_own_hosts_are_self(tmp_path: Path) -> None:
    """Names under `co.uk` are nobody's provider: the public suffix is."""
    rows = [mailing(f"d{at}.co.uk", f"mx.p{max(at, 3)}.co.uk") for at in range(8)]
    rows += [implicit("own.co.uk"), mailing("me.co.uk", "mx1.me.co.uk", "mx2.me.co.uk")]
    with open_run(made(tmp_path, *rows, host("own.co.uk"))) as run:
        run.connection.execute("set variable top = 2")
        found = run.query(catalogue()["mx_providers"].sql).records()
    assert [(row["provider"], row["numerator"]) for row in found] == [
        ("p3.co.uk", 4), ("p4.co.uk", 1), ("(others)", 3), ("(self)", 2),
    ]  # fmt: skip


def test_lookup_outcomes(run: Warehouse) -> None:
    found = told(run, "lookup_outcomes", "lookup", "outcome", "security")
    assert found["mx", "timeout", "indeterminate"] == (1, 9, 0)
    assert found["tlsa-initial", "servfail", "indeterminate"] == (1, 4, 0)
    assert sum(n for (kind, _, _), (n, _, _) in found.items() if kind == "tlsa-expanded") == 1


def test_run_quality(run: Warehouse) -> None:
    found = {row["measure"]: row["value"] for row in count(run, catalogue()["run_quality"]).result.records()}
    assert found["domains: rows"] == 9
    assert found["domains: packets"] == 72
    assert found["all: packets per name"] == (72 + 15) / 10
    assert found["domains: keys twice"] == found["hosts: keys twice"] == 0


#: Statistics of what hangs on a fetch; tests/analysis/test_policy_stats.py has a run for them.
OF_POLICIES = tuple(one for one in ORDER if one.startswith(("mta_sts_", "tlsrpt_")) and one != "mta_sts_loss")
#: Statistics of what hangs on a conversation; tests/lab/test_talks.py has a run for them.
OF_TALKS = (
    "smtp_contacts", "dane_endpoints", "dane_by_host_size", "tlsa_rollover", "mx_certificates", "mx_issuers",
    "mta_sts_loss",
)  # fmt: skip


@pytest.mark.parametrize("statistic", [one for one in ORDER if one not in OF_POLICIES + OF_TALKS])
def test_every_share_has_its_bounds_around_it(run: Warehouse, statistic: str) -> None:
    bounds_hold(run, statistic)


def bounds_hold(run: Warehouse, statistic: str) -> None:
    """Whether every figure of a statistic is what `figures` makes of its counts."""
    result = count(run, catalogue()[statistic]).result
    assert result.rows
    if statistic in {"run_quality", "distinct_things"}:  # measures, no shares
        return
    assert set(FIGURES) <= set(result.columns)
    for row in result.records():
        n, d, u = row["numerator"], row["denominator"], row["unknown"]
        if d is None:
            assert (u, row["share"], row["share_low"], row["share_high"]) == (None, None, None, None)
            continue
        assert 0 <= n <= d
        assert row["share"] == (n / d if d else None)
        if u is not None:
            assert row["share_low"] == (n / (d + u) if d + u else None)
            assert row["share_high"] == ((n + u) / (d + u) if d + u else None)


@pytest.mark.parametrize("statistic", ORDER)
def test_a_run_of_one_name_breaks_no_statistic(tmp_path: Path, statistic: str) -> None:
    with open_run(made(tmp_path, name("a.example"))) as run:
        count(run, catalogue()[statistic])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_sql_file_says_what_it_is(file: Path) -> None:
    header = read(file)
    assert all(getattr(header, field).strip() for field in stats.FIELDS)
    assert all(len(line) <= 120 or "regexp_" in line for line in header.sql.splitlines())


def test_every_statistic_has_its_place() -> None:
    own = [file for file in FILES if file.parent == SQL and not file.stem.startswith("view_")]
    assert {file.stem for file in own} == set(ORDER)
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1", "has ; wanted"),
        ("-- name: x\n-- title: t\nselect 1", "wanted"),
        ("-- name: x\n-- name: x\n", "twice"),
        ("-- name: x\n--title: y\n", "no line of a header"),
        ("".join(f"-- {field}: y\n" for field in stats.FIELDS), "calls itself y"),
    ],
)
def test_a_header_that_is_not_whole_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.sql").write_text(text)
    with pytest.raises(HeaderFault, match=words):
        read(tmp_path / "x.sql")


def test_names_of_statistics_are_checked() -> None:
    assert [one.name for one in chosen(["dane", "names"])] == ["dane", "names"]
    assert [one.name for one in chosen([])] == list(ORDER)
    with pytest.raises(UnknownStatistic, match="no statistic nothing"):
        chosen(["dane", "nothing"])


def test_managing_entities_are_told_by_whose_hosts_and_name_servers_they_are(tmp_path: Path) -> None:
    rows: list[Row] = [
        mailing("own.co.uk", "mx.own.co.uk", name_servers=("a.own.co.uk", "b.dns.own.co.uk")),
        mailing("mixed.co.uk", "mx.mixed.co.uk", name_servers=("a.mixed.co.uk", "b.dns.co.uk")),
        mailing("rented.co.uk", "mx.host.example", name_servers=("a.rented.co.uk",)),
        *(mailing(f"many{i}.example", "mx.big.example") for i in range(51)),
        *(dane_host(one) for one in ("mx.own.co.uk", "mx.mixed.co.uk", "mx.host.example", "mx.big.example")),
    ]
    with open_run(made(tmp_path, *rows)) as run:
        assert told(run, "dane_by_operator", "operator") == {  # nobody was talked to: valid is unknown
            "SSDS": (0, 0, 1), "SSDO": (0, 0, 1), "SO, small": (0, 0, 1), "SO, large": (0, 0, 51),
        }  # fmt: skip


def test_response_sizes_are_of_the_replies_that_there_were(tmp_path: Path) -> None:
    def sized(octets: int | None, *, tcp: bool = False, outcome: str = "answer secure") -> Answer:
        return answer(outcome)._replace(size=octets, tcp=None if octets is None else tcp)

    rows: list[Row] = [
        mailing("a.example", "a.example", mx=sized(1232)), mailing("b.example", "a.example", mx=sized(1233, tcp=True)),
        mailing("c.example", "a.example", mx=sized(1501, tcp=True)), mailing("d.example", "a.example", mx=sized(None)),
        mailing("e.example", "a.example", mx=sized(None, outcome="truncated"), mx_hosts=(), mail=Mail.UNKNOWN),
    ]  # fmt: skip
    with open_run(made(tmp_path, *rows)) as run:
        found = told(run, "response_sizes", "lookup", "property")
        assert {what: found["mx", what] for _, what in found} == {
            "over 1232 octets": (2, 3, 2), "over 1500 octets": (1, 3, 2), "over tcp": (2, 3, 2), "truncated": (1, 5, 0),
        }  # fmt: skip
        row = next(row for row in count(run, catalogue()["response_sizes"]).result.records() if row["lookup"] == "mx")
        assert (row["median"], row["largest"]) == (1233, 1501)


def test_second_looks_are_counted_by_whether_they_changed_anything(tmp_path: Path) -> None:
    lost = {"mx": "timeout", "mail": Mail.UNKNOWN, "mx_hosts": ()}
    rows: list[Row] = [
        mailing("a.example", "mx.example", **lost), mailing("a.example", "mx.example", look=2),  # mended
        mailing("b.example", "mx.example", **lost), mailing("b.example", "mx.example", **lost, look=2),  # no better
        mailing("c.example", "mx.example"),
        host("mx.example", tlsa_initial="servfail"), dane_host("mx.example", look=2),
    ]  # fmt: skip
    with open_run(made(tmp_path, *rows)) as run:
        assert told(run, "second_looks", "table") == {"domains": (1, 2, 0), "hosts": (1, 1, 0)}
        records = count(run, catalogue()["second_looks"]).result.records()
        assert {row["table"]: row["looked"] for row in records} == {"domains": 3, "hosts": 1}
