"""Every class of every view is reached, with the truth written by hand beside the rows that earn it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.warehouse import Warehouse, open_run
from crawler.resolver.answer import Alias, Answer
from crawler.standards.security import Reason, Security
from crawler.tables import Domain, Host, Mail, Row, Target, TlsaBase
from tests.analysis.rows import answer, dane_host, domain, host, implicit, made, mailing, name, tlsa, write

ALIAS = {"expanded": "end.example", "tlsa_base": TlsaBase.EXPANDED}
SET = tlsa("3 1 1")


def _via(state: str) -> Answer:
    """An address in an unsigned zone, by an alias of this state."""
    return answer("answer insecure")._replace(alias=(Alias("end.example", Security(state)),))


OUT = ALIAS | {"a": _via("secure"), "address_security": Security.INSECURE}
NO_ADDRESS = {
    "a": "nodata secure", "aaaa": "nodata secure", "addresses": (), "tlsa_base": TlsaBase.NO_ADDRESS,
    "tlsa_initial": None,
}  # fmt: skip
LOST = {
    "a": "timeout", "aaaa": "timeout", "addresses": (), "tlsa_base": TlsaBase.ADDRESS_UNKNOWN, "tlsa_initial": None,
    "address_security": Security.INDETERMINATE,
}  # fmt: skip

#: Host state, and what the host's row says beside the secure address that it has by default.
HOSTS: list[tuple[str, Host]] = [
    ("secure", dane_host("secure")),
    ("secure", host("alias", **ALIAS, tlsa_expanded="answer secure", tlsa_expanded_set=SET, tlsa_initial=None)),
    # the first candidate with *secure* TLSA wins, though another was there before (RFC 7672 section 2.2.3)
    ("secure", dane_host("alias-unsigned-end", **ALIAS, tlsa_expanded="answer insecure", tlsa_expanded_set=SET)),
    ("secure", dane_host("alias-bare-end", **ALIAS, tlsa_expanded="nodata secure")),
    # a secure RRset of nothing but malformed records is still published
    ("secure", host("malformed", tlsa_initial="answer secure", tlsa_malformed=1)),
    ("unsigned", dane_host("unsigned-tlsa", tlsa_initial="answer insecure")),
    ("unsigned", dane_host("unsigned-address", address_security=Security.INSECURE)),
    ("unsigned", dane_host("unsigned-both", tlsa_initial="answer insecure", address_security=Security.INSECURE)),
    # whatever the second name says, an insecure address rules out that the host could be secure
    ("unsigned", host("unsigned-then-lost", **ALIAS, tlsa_expanded="answer insecure", tlsa_expanded_set=SET,
                      tlsa_initial="timeout", address_security=Security.INSECURE)),
    # the host's own alias is secure and leads out of the signed world: only the name as written may have TLSA, and a
    # sender never asks the other (RFC 7672 section 2.2.2)
    ("secure", dane_host("alias-out", **OUT, tlsa_expanded="nodata insecure")),
    ("secure", dane_host("alias-out-unsigned-end", **OUT, tlsa_expanded="answer insecure", tlsa_expanded_set=SET)),
    ("secure", dane_host("alias-out-lost-end", **OUT, tlsa_expanded="timeout")),
    ("unknown", host("alias-out-lost", **OUT, tlsa_expanded="nodata insecure", tlsa_initial="timeout")),
    ("unsigned", host("alias-out-end-alone", **OUT, tlsa_expanded="answer insecure", tlsa_expanded_set=SET)),
    ("none", host("alias-out-none", **OUT, tlsa_expanded="nodata insecure")),
    ("unsigned", dane_host("alias-insecure-at-once", **OUT | {"a": _via("insecure")}, tlsa_expanded="nodata insecure")),
    ("unknown", dane_host("alias-bogus", **OUT | {"address_security": Security.BOGUS}, tlsa_expanded="nodata secure")),
    ("none", host("none")),
    ("none", host("none-insecure", tlsa_initial="nodata insecure", address_security=Security.INSECURE)),
    ("none", host("none-both", **ALIAS, tlsa_expanded="nodata secure", tlsa_initial="nxdomain secure")),
    # no TLSA is no TLSA, however shaky one of the addresses
    ("none", host("none-address-bogus", address_security=Security.BOGUS)),
    ("no-address", host("no-address", **NO_ADDRESS)),
    ("unknown", host("lost-address", **LOST)),
    ("unknown", host("lost-tlsa", tlsa_initial="timeout")),
    ("unknown", host("servfail-tlsa", tlsa_initial="servfail")),
    ("unknown", dane_host("bogus-tlsa", tlsa_initial="answer bogus")),
    ("unknown", host("bogus-denial", tlsa_initial="nxdomain bogus")),
    ("unknown", host("undecided-denial", tlsa_initial="nodata indeterminate")),
    ("unknown", dane_host("bogus-address", address_security=Security.BOGUS)),
    ("unknown", dane_host("undecided-address", address_security=Security.INDETERMINATE)),
    # the end of the alias failed: the sender never comes to the second name (section 2.2.3)
    ("unknown", dane_host("lost-end", **ALIAS, tlsa_expanded="timeout")),
    ("unknown", host("none-then-lost", **ALIAS, tlsa_expanded="nodata secure", tlsa_initial="timeout")),
    ("unknown", host("unsigned-end-then-lost", **ALIAS, tlsa_expanded="answer insecure", tlsa_expanded_set=SET,
                     tlsa_initial="refused")),
    ("unknown", host("nothing-asked", tlsa_initial=None)),  # cannot be; and if it is, it is not absence
]  # fmt: skip

#: DANE class over all hosts, over those of the best preference, and the domain; `absent` has no row in hosts.
DANE: list[tuple[str, str, Domain]] = [
    ("full", "full", mailing("full", "secure")),
    ("full", "full", mailing("full-two", (10, "secure"), (20, "alias"))),
    ("partial", "full", mailing("partial", (10, "secure"), (20, "none"))),
    ("partial", "none", mailing("partial-best-none", (10, "none"), (20, "secure"))),
    ("partial", "partial", mailing("partial-best", (10, "none"), (10, "secure"))),
    ("partial", "full", mailing("partial-unsigned", (10, "secure"), (20, "unsigned-tlsa"))),
    ("partial", "full", mailing("partial-no-address", (10, "secure"), (20, "no-address"))),
    # one host is known not to be secure, so the unknown third cannot make it full again
    ("partial", "full", mailing("partial-unknown", (10, "secure"), (20, "none"), (30, "lost-tlsa"))),
    ("partial", "full", mailing("junk-beside", (10, "secure"), (20, "192.0.2.1", Target.ADDRESS))),
    ("unknown", "full", mailing("unknown-rest", (10, "secure"), (20, "lost-tlsa"))),
    ("unknown", "full", mailing("unknown-absent", (10, "secure"), (20, "absent"))),
    ("unknown", "unknown", mailing("unknown-all", "lost-address")),
    ("unknown", "none", mailing("unknown-none", (10, "none"), (20, "bogus-tlsa"))),
    ("none", "none", mailing("none", "none")),
    ("none", "none", mailing("none-unsigned", "unsigned-tlsa", "unsigned-address")),
    ("none", "none", mailing("junk-alone", (10, "localhost", Target.LOCALHOST))),
    ("none", "none", mailing("single-label", (10, "mail", Target.SINGLE_LABEL))),
    ("none", "none", mailing("bad-name", (10, "m$x.example", Target.BAD_NAME))),
    ("mx-insecure", "mx-insecure", mailing("mx-insecure", "secure", mx="answer insecure")),
    ("mx-insecure", "none", mailing("mx-insecure-some", (10, "none"), (20, "secure"), mx="answer insecure")),
    # an insecure MX RRset cannot become full: one secure host settles it, unknown ones notwithstanding
    (
        "mx-insecure",
        "mx-insecure",
        mailing("mx-insecure-unsure", (1, "secure"), (2, "lost-tlsa"), mx="answer insecure"),
    ),
    ("unknown", "unknown", mailing("mx-insecure-unknown", "lost-tlsa", mx="answer insecure")),
    ("none", "none", mailing("mx-insecure-none", "none", mx="answer insecure")),
    ("unknown", "unknown", mailing("mx-bogus", "secure", mx="answer bogus")),
    ("unknown", "unknown", mailing("mx-undecided", "secure", mx="answer indeterminate")),
    ("unknown", "unknown", domain("mx-lost", mail=Mail.UNKNOWN, mx="timeout", mx_hosts=())),
    ("not-applicable", "not-applicable", domain("null")),
    ("not-applicable", "not-applicable", domain("gone", mail=Mail.NO_DOMAIN, mx="nxdomain secure", mx_hosts=())),
    # the null MX beside others is no host: the others decide, and so does their preference
    ("full", "full", mailing("mixed", (0, "", Target.NULL), (10, "secure"), mail=Mail.NULL_MX_MIXED)),
    ("none", "none", mailing("mixed-none", (0, "", Target.NULL), (10, "none"), mail=Mail.NULL_MX_MIXED)),
    ("full", "full", implicit("implicit-secure.example")),
    ("none", "none", implicit("implicit-none.example")),
    ("mx-insecure", "mx-insecure", implicit("implicit-insecure.example", mx="nodata insecure")),
    ("unknown", "unknown", implicit("implicit-tlsa-lost.example")),
    ("not-applicable", "not-applicable", implicit("implicit-bare.example")),
    ("unknown", "unknown", implicit("implicit-address-lost.example")),
    ("unknown", "unknown", implicit("implicit-absent.example")),  # no row in hosts yet
]
OWN_HOSTS = [
    dane_host("implicit-secure.example"),
    host("implicit-none.example"),
    dane_host("implicit-insecure.example"),
    host("implicit-tlsa-lost.example", tlsa_initial="timeout"),
    host("implicit-bare.example", **NO_ADDRESS),
    host("implicit-address-lost.example", **LOST),
]
MAIL = {
    "full": "mx", "mx-bogus": "mx", "junk-alone": "mx", "mx-lost": "unknown", "null": "null-mx", "gone": "no-domain",
    "mixed": "null-mx-mixed", "implicit-none.example": "implicit", "implicit-tlsa-lost.example": "implicit",
    "implicit-bare.example": "no-mail", "implicit-address-lost.example": "unknown",
    "implicit-absent.example": "unknown", "never-looked-at": "not-measured",
}  # fmt: skip

#: DNSSEC class and the domain.
DNSSEC: list[tuple[str, Domain]] = [
    ("secure", domain("d-secure")),
    # the zone's own state, whatever happened to the MX look-up
    ("secure", domain("d-secure-mx-lost", mail=Mail.UNKNOWN, mx="timeout", mx_hosts=())),
    ("insecure", domain("d-insecure", zone=Reason.NO_DS, dnskey="nodata insecure")),
    ("insecure", domain("d-opt-out", zone=Reason.OPT_OUT, dnskey="nodata insecure")),
    ("insecure", domain("d-below-a-cut", zone=Reason.NO_DS, ds=None, dnskey=None)),  # no zone of its own
    ("insecure", domain("d-no-anchor", zone=Reason.NO_ANCHOR)),  # a DNSKEY, but not for want of a DS
    ("insecure", domain("d-dnskey-lost", zone=Reason.NO_DS, dnskey="timeout")),
    ("island", domain("d-island", zone=Reason.NO_DS, dnskey="answer insecure")),
    ("island", domain("d-island-opt-out", zone=Reason.OPT_OUT, dnskey="answer insecure")),
    ("insecure-unsupported", domain("d-algorithm", zone=Reason.UNSUPPORTED_ALGORITHM)),
    ("insecure-unsupported", domain("d-digest", zone=Reason.UNSUPPORTED_DIGEST)),
    ("insecure-unsupported", domain("d-iterations", zone=Reason.NSEC3_ITERATIONS)),
    ("bogus", domain("d-expired", zone=Reason.SIGNATURE_EXPIRED)),
    ("bogus", domain("d-ds-mismatch", zone=Reason.DS_MISMATCH)),
    ("indeterminate", domain("d-lost", zone=Reason.CHAIN_LOOKUP_FAILED, mail=Mail.UNKNOWN, mx="timeout", mx_hosts=())),
    # NXDOMAIN comes before the state of the zone that says so
    ("no-domain", domain("d-gone", mail=Mail.NO_DOMAIN, mx="nxdomain secure", mx_hosts=())),
    (
        "no-domain",
        domain("d-gone-opt-out", zone=Reason.OPT_OUT, mail=Mail.NO_DOMAIN, mx="nxdomain insecure", mx_hosts=()),
    ),
]

#: Class of the MTA-STS record, how the look-up ended, and the texts (RFC 8461 section 3.1).
STS: list[tuple[str, str, tuple[str, ...]]] = [
    ("valid", "answer secure", ("v=STSv1; id=20160831085700Z;",)),
    ("valid", "answer insecure", ("v=STSv1;id=a",)),  # DNSSEC does not matter here, unless it fails
    ("valid", "answer secure", ("v=STSv1; id=1; x=2",)),
    ("valid", "answer secure", ("v=STSv1; x=2; id=1",)),  # the order does not matter
    ("valid", "answer secure", (r"v=STSv1;\009id=1\009;\009",)),  # a tab is white space
    ("valid", "answer secure", (r"v=STSv1; id=1; x=a\092b",)),  # a backslash is a character like others
    ("valid", "answer secure", ("v=STSv1; id=" + "x" * 32,)),
    ("valid", "answer secure", ("v=STSv1; id=1", "v=spf1 -all", "V=STSv1; id=2")),  # others are dropped
    ("invalid", "answer secure", ("v=STSv1; id=" + "x" * 33,)),
    ("invalid", "answer secure", ("v=STSv1; id=2016-08-31",)),  # letters and digits only
    ("invalid", "answer secure", ("v=STSv1; ID=1",)),  # names are case-sensitive, and id is required
    ("invalid", "answer secure", ("v=STSv1;",)),
    ("invalid", "answer secure", ("v=STSv1",)),
    ("invalid", "answer secure", ("v=STSv1 ; id=1",)),  # the prefix test drops it (erratum 6285)
    ("invalid", "answer secure", ("v=STSv1; id=1;;",)),
    ("invalid", "answer secure", ("v=STSv1; id=1 ",)),  # white space only around a semicolon
    ("invalid", "answer secure", ("v=STSv1; id = 1",)),
    ("invalid", "answer secure", ("v=STSv1; id=1; x=a b",)),
    ("invalid", "answer secure", ("v=STSv1; id=1; x=a=b",)),
    ("invalid", "answer secure", ("v=STSv1; id=1; x=",)),
    ("invalid", "answer secure", (r"v=STSv1; id=1; x=a\001b",)),  # a control character, as the tables write it
    ("invalid", "answer secure", (r"v=STSv1; id=1; x=a\195\169",)),
    ("invalid", "answer secure", ("v=STSv1; id=1; _x=a",)),
    ("invalid", "answer secure", ("v=STSv1; id=1", "v=STSv1; id=2")),  # not exactly one
    ("invalid", "answer secure", ("v=STSv1; id=1", "v=STSv1; broken")),
    ("none", "answer secure", ("v=spf1 -all",)),
    ("none", "answer secure", ("v=stsv1; id=1",)),
    ("none", "answer secure", (" v=STSv1; id=1",)),
    ("none", "nxdomain secure", ()),
    ("none", "nodata insecure", ()),
    ("unknown", "nxdomain bogus", ()),
    ("unknown", "nodata indeterminate", ()),
    ("unknown", "answer bogus", ("v=STSv1; id=1",)),
    ("unknown", "timeout", ()),
    ("unknown", "servfail", ()),
    ("unknown", "alias-loop", ()),
]

#: Class of the TLSRPT record (RFC 8460 section 3).
TLSRPT: list[tuple[str, str, tuple[str, ...]]] = [
    ("valid", "answer secure", ("v=TLSRPTv1; rua=mailto:reports@example.com",)),
    ("valid", "answer secure", ("v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt?a=b;",)),
    ("valid", "answer secure", ("v=TLSRPTv1; rua=mailto:a@example.com , https://b.example/",)),
    ("valid", "answer secure", ("v=TLSRPTv1; x=1; rua=mailto:a%21b@example.com",)),
    ("valid", "answer secure", ("v=TLSRPTv1; rua=mailto:a@example.com", "something else")),
    ("invalid", "answer secure", ("v=TLSRPTv1;",)),
    ("invalid", "answer secure", ("v=TLSRPTv1; x=1",)),  # rua is required
    ("invalid", "answer secure", ("v=TLSRPTv1; rua=reports@example.com",)),  # no URI
    ("invalid", "answer secure", ("v=TLSRPTv1; rua=mailto:a!b@example.com",)),  # must be encoded
    ("invalid", "answer secure", ("v=TLSRPTv1; rua=mailto:a@example.com b",)),
    ("invalid", "answer secure", ("v=TLSRPTv1; rua=mailto:a@example.com,",)),
    ("invalid", "answer secure", (r"v=TLSRPTv1; rua=mailto:a\007@example.com",)),
    ("invalid", "answer secure", ("v=TLSRPTv1 rua=mailto:a@example.com",)),
    ("invalid", "answer secure", ("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@b.example")),
    ("none", "answer secure", ("v=DMARC1; p=none",)),
    ("none", "nxdomain insecure", ()),
    ("unknown", "nodata bogus", ()),
    ("unknown", "refused", ()),
]


def rows() -> list[Row]:
    """All cases in one run."""
    records: list[Row] = [
        domain(f"sts-{at}", mta_sts=words, mta_sts_txt=texts) for at, (_, words, texts) in enumerate(STS)
    ]
    records += [domain(f"rpt-{at}", tlsrpt=words, tlsrpt_txt=texts) for at, (_, words, texts) in enumerate(TLSRPT)]
    measured = [case for _, _, case in DANE] + [case for _, case in DNSSEC]
    return [*measured, *(case for _, case in HOSTS), *OWN_HOSTS, *records, name("never-looked-at")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_run(made(tmp_path_factory.mktemp("run"), *rows())) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def classes(run: Warehouse) -> dict[str, dict[str, object]]:
    return {str(row["domain"]): row for row in run.query("from domain_class").records()}


@pytest.fixture(scope="module")
def states(run: Warehouse) -> dict[str, str]:
    return dict(run.query("select host, host_state from host_class").rows)


@pytest.mark.parametrize(("state", "row"), HOSTS, ids=lambda case: getattr(case, "host", None))
def test_a_host_has_the_state_that_its_answers_earn(states: dict[str, str], state: str, row: Host) -> None:
    assert states[row.host] == state


def test_a_host_that_an_mx_names_and_nobody_looked_at_is_not_measured(states: dict[str, str]) -> None:
    assert states["absent"] == "not-measured"
    assert set(states.values()) == {"secure", "unsigned", "none", "no-address", "unknown", "not-measured"}


@pytest.mark.parametrize(("over_all", "over_best", "row"), DANE, ids=lambda case: getattr(case, "domain", None))
def test_dane_is_judged_over_the_hosts(
    classes: dict[str, dict[str, object]], over_all: str, over_best: str, row: Domain
) -> None:
    found = classes[row.domain]
    assert (found["dane_class"], found["dane_best"]) == (over_all, over_best)


@pytest.mark.parametrize(("of", "mail"), MAIL.items())
def test_mail_is_as_the_crawler_read_it_and_no_mx_is_split(
    classes: dict[str, dict[str, object]], of: str, mail: str
) -> None:
    assert classes[of]["mail_class"] == mail


def test_only_believable_absence_is_no_mail(tmp_path: Path) -> None:
    """A bogus denial of the addresses is a look-up error (RFC 7672 section 2.1.2)."""
    own = host("own.example", **LOST | {"a": "nodata bogus", "aaaa": "nodata bogus"})
    with open_run(made(tmp_path, implicit("own.example"), own)) as run:
        assert run.query("select mail_class, has_mail from domain_class").rows == (("unknown", None),)


@pytest.mark.parametrize(("state", "row"), DNSSEC, ids=lambda case: getattr(case, "domain", None))
def test_dnssec_is_the_state_of_the_zone(classes: dict[str, dict[str, object]], state: str, row: Domain) -> None:
    assert classes[row.domain]["dnssec_class"] == state


@pytest.mark.parametrize("at", range(len(STS)), ids=lambda at: f"{STS[at][0]} {STS[at][1]} {STS[at][2]}")
def test_an_mta_sts_record_has_its_class(classes: dict[str, dict[str, object]], at: int) -> None:
    assert classes[f"sts-{at}"]["sts_class"] == STS[at][0]


@pytest.mark.parametrize("at", range(len(TLSRPT)), ids=lambda at: f"{TLSRPT[at][0]} {TLSRPT[at][1]} {TLSRPT[at][2]}")
def test_a_tlsrpt_record_has_its_class(classes: dict[str, dict[str, object]], at: int) -> None:
    assert classes[f"rpt-{at}"]["tlsrpt_class"] == TLSRPT[at][0]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("dnssec_class", "dnssec_class"),
        ("mail_class", "mail_class"),
        ("dane_class", "dane_class"),
        ("sts_class", "record_class"),
        ("tlsrpt_class", "record_class"),
    ],
)
def test_every_class_is_reached_and_the_classes_add_up_to_the_names(run: Warehouse, column: str, kind: str) -> None:
    every = {row[0] for row in run.query(f"select unnest(enum_range(null::{kind}))").rows}
    counted = dict(run.query(f"select {column}, count(*) from domain_class group by all").rows)
    assert set(counted) == every
    assert sum(counted.values()) == run.query("select count(*) from names").rows[0][0]


def test_a_name_without_a_row_is_not_measured_in_any_class(classes: dict[str, dict[str, object]]) -> None:
    found = classes["never-looked-at"]
    asked = ("dnssec_class", "mail_class", "dane_class", "dane_best", "sts_class", "tlsrpt_class")
    assert {found[column] for column in asked} == {"not-measured"}
    assert found["has_mail"] is None


def test_the_latest_look_counts_and_only_that(tmp_path: Path) -> None:
    folder = made(
        tmp_path,
        mailing("a.example", "mx.example", mx="timeout", mail=Mail.UNKNOWN),
        mailing("a.example", "mx.example", look=2),
        mailing("b.example", "mx.example"),
        host("mx.example", tlsa_initial="timeout"),
    )
    write(folder, Host, [host("mx.example", look=2, tlsa_initial="servfail"), dane_host("mx.example", look=3)], part=1)
    with open_run(folder) as run:
        rows = run.query("select domain, look, dane_class from domain_class order by domain").rows
        assert rows == (("a.example", 2, "full"), ("b.example", 1, "full"))
        assert run.query("select look, host_state, mx_records from host_class").rows == ((3, "secure", 2),)


def test_tlsa_records_tell_which_rrset_decides(tmp_path: Path) -> None:
    unsigned_end = dane_host("mx.example", "2 1 1", "3 1 1", "3 1 1", **ALIAS, tlsa_expanded="answer insecure",
                             tlsa_expanded_set=tlsa("3 0 2"))  # fmt: skip
    with open_run(made(tmp_path, mailing("a.example", "mx.example"), unsigned_end)) as run:
        rows = run.query("select place, base, decides, usage, octets from tlsa_records order by all").rows
        assert rows == (
            ("expanded", "end.example", False, 3, 64),
            ("initial", "mx.example", True, 2, 32),
            ("initial", "mx.example", True, 3, 32),
            ("initial", "mx.example", True, 3, 32),
        )
        assert run.query("select combination, records from host_class").rows == (("2 1 1 + 3 1 1", 3),)


def test_a_set_of_malformed_records_has_no_combination(tmp_path: Path) -> None:
    row = host("mx.example", tlsa_initial=answer("answer secure", ttl=60), tlsa_malformed=2)
    with open_run(made(tmp_path, mailing("a.example", "mx.example"), row)) as run:
        assert run.query("select combination, ttl from host_class").rows == (("malformed only", 60),)
