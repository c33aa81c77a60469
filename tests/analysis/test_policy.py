"""Verdicts on MTA-STS evidence by hand: coverage, mismatch, what stays unknown, what is cleaned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import rules
from analysis.judge import registrable
from analysis.policy import Evidence, distance, judge, mismatch, nearest, octets
from analysis.verdicts import Coverage, Mismatch, PolicyVerdict, State
from crawler.visited import FetchOutcome

GOOD = b"version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 86400\n"
THEN = 1_790_000_000_000_000


def verdict(
    *, mail: str = "mx", mx_security: str = "secure", hosts: tuple[str, ...] = ("mx.a.example",),
    txt: tuple[str, ...] = ("v=STSv1; id=1",), state: str = "secure", **row: object,
) -> PolicyVerdict:  # fmt: skip
    fetched = {
        "host": "mta-sts.a.example", "outcome": "fetched", "detail": None, "tls_version": "TLSv1.3", "chain": (),
        "status": 200, "media_type": "text/plain", "body": GOOD, "observed_at": THEN,
    }  # fmt: skip
    told = Evidence(
        domain="a.example", txt_outcome="answer", txt_security=state, txt=txt, mail=mail, mx_security=mx_security,
        mx_hosts=[{"host": host, "target": "host" if host != "." else "null"} for host in hosts],
        policy=fetched | row,
    )  # fmt: skip
    return judge(told, None, registrable)


@pytest.mark.parametrize("outcome", [outcome for outcome in FetchOutcome if outcome is not FetchOutcome.FETCHED])
def test_every_way_a_fetch_ends_has_a_rule_and_only_some_are_failures(outcome: FetchOutcome) -> None:
    session = outcome.value.startswith("http")
    told = verdict(outcome=outcome.value, status=404 if session else None, tls_version="TLSv1.3" if session else None)
    assert told.rule in rules.RULES
    assert told.state is not State.USABLE
    passing = ("timeout", "not-tried", "unreachable", "dns-failed")
    if not session:
        assert (told.state is State.UNKNOWN) is outcome.value.endswith(passing)


def test_without_a_store_a_certificate_is_unknown() -> None:
    told = verdict()
    assert (told.state, told.rule, told.certificate) == (State.UNKNOWN, "STS-CERTIFICATE-UNKNOWN", None)
    assert told.mode == "enforce", "what is read is told all the same"


def test_a_record_that_is_not_to_be_believed_is_unknown_whatever_the_fetch() -> None:
    told = verdict(state="bogus")
    assert (told.state, told.record, told.policy_id) == (State.UNKNOWN, None, None)


@pytest.mark.parametrize(
    ("hosts", "more", "coverage"),
    [
        (("mx.a.example",), {}, Coverage.ALL),
        (("MX.A.example", "mx.a.example"), {}, Coverage.ALL),  # compared as names are
        (("mx.a.example", "mx2.a.example"), {}, Coverage.SOME),
        (("mx2.a.example",), {}, Coverage.NONE),
        ((".", "mx.a.example"), {"mail": "null-mx-mixed"}, Coverage.ALL),  # the null MX is no host
        ((".",), {"mail": "null-mx"}, Coverage.NO_HOSTS),
        ((), {"mail": "unknown"}, Coverage.UNKNOWN),
        (("mx.a.example",), {"mx_security": "bogus"}, Coverage.UNKNOWN),
        (("mx.a.example",), {"body": b"version: STSv1\nmode: none\nmax_age: 1\n"}, Coverage.NONE),
    ],
)
def test_coverage(hosts: tuple[str, ...], more: dict[str, object], coverage: Coverage) -> None:
    """RFC 8461 section 4.1."""
    assert verdict(hosts=hosts, **more).coverage is coverage  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "pattern", "kind"),
    [
        ("mx.a.co.uk", "mta-sts.a.co.uk", Mismatch.STS_LABEL),
        ("mx.a.co.uk", "*.mta-sts.a.co.uk", Mismatch.STS_LABEL),
        ("mx1.a.co.uk", "mx.a.co.uk", Mismatch.LABELS),
        ("mx.a.co.uk", "*.mx.a.co.uk", Mismatch.LABELS),  # the star is one label, not none
        ("mx.a.co.uk", "mx.a.com", Mismatch.TLD),
        ("mx.a.co.uk", "*.a.uk", Mismatch.TLD),
        ("mx.alpha.com", "mx.aplha.com", Mismatch.TYPO),
        ("mx.alpha.com", "*.alphaa.com", Mismatch.TYPO),
        ("mx.alpha.com", "aspmx.l.google.com", Mismatch.DOMAIN),
        ("mx.a.com", "", Mismatch.DOMAIN),
    ],
)
def test_the_kind_of_a_mismatch(host: str, pattern: str, kind: Mismatch) -> None:
    assert mismatch(host, pattern, registrable) is kind


def test_of_several_patterns_the_nearest_is_told() -> None:
    assert nearest("mx9.a.com", ["far.example", "mx.a.com", "mail.a.com"], registrable)[1:] == ("mx.a.com", "labels")
    assert nearest("mx.a.com", [], registrable) == ("mx.a.com", "", Mismatch.DOMAIN)


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)],
)
def test_edit_distance(one: str, other: str, steps: int) -> None:
    assert distance(one, other) == distance(other, one) == steps


def test_texts_of_the_network_cannot_move_a_cursor() -> None:
    told = verdict(body=GOOD + "mx: \x1b[2J\u202eevil\n".encode())
    assert all("\x1b" not in text and "\u202e" not in text for text in (*told.mx, *(p.text for p in told.problems)))


@given(st.binary(max_size=80))
def test_the_octets_of_a_txt_record_come_back(record: bytes) -> None:
    text = "".join(chr(o) if 32 <= o < 127 and o != 92 else f"\\{o:03d}" for o in record)
    assert octets(text) == record


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_body_and_no_record_raises(body: bytes, txt: str) -> None:
    verdict(body=body, txt=(txt, "v=STSv1; id=1"))
