"""TLSA records against chains: each rule with a good case and the bad ones beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.standards.certificates import LARGEST
from crawler.standards.paths import Step
from crawler.standards.tlsa import (
    MOST_RECORDS,
    Outcome,
    Rule,
    Tlsa,
    TlsaFault,
    Unusable,
    Verdict,
    Why,
    authenticate,
    matches,
    preferred,
    read,
    reference_names,
    unusable,
    usable,
)
from tests.standards.authorities import NOW, issue, party, record, spki_of

HOST = ("mx.example.nl",)


def spoilt(form: str) -> Tlsa:
    """A usable record that matches nothing."""
    good = record(form, party().leaf)
    return good._replace(data=bytes(len(good.data)))


@pytest.mark.parametrize(
    ("tlsa", "why"),
    [
        (Tlsa(3, 1, 1, bytes(32)), None),
        (Tlsa(2, 0, 2, bytes(64)), None),
        (Tlsa(0, 0, 1, bytes(32)), Unusable.PKIX_USAGE),  # RFC 7672 section 3.1.3
        (Tlsa(1, 1, 1, bytes(32)), Unusable.PKIX_USAGE),
        (Tlsa(4, 1, 1, bytes(32)), Unusable.USAGE),
        (Tlsa(255, 1, 1, bytes(32)), Unusable.USAGE),  # private use
        (Tlsa(3, 2, 1, bytes(32)), Unusable.SELECTOR),
        (Tlsa(3, 1, 3, bytes(32)), Unusable.MATCHING),
        (Tlsa(3, 1, 255, bytes(32)), Unusable.MATCHING),
        (Tlsa(3, 1, 1, bytes(31)), Unusable.LENGTH),
        (Tlsa(3, 1, 1, bytes(64)), Unusable.LENGTH),  # SHA-512 under the number of SHA-256
        (Tlsa(3, 1, 2, bytes(32)), Unusable.LENGTH),
        (Tlsa(3, 1, 1, b""), Unusable.LENGTH),
        (Tlsa(3, 0, 0, b"no certificate"), Unusable.DATA),
        (Tlsa(2, 1, 0, b""), Unusable.DATA),
        (Tlsa(3, 0, 0, bytes(LARGEST + 1)), Unusable.DATA),
    ],
)
def test_a_record_is_usable_or_has_a_reason_not_to_be(tlsa: Tlsa, why: Unusable | None) -> None:
    """RFC 7671 section 4, RFC 7672 section 3.1."""
    assert unusable(tlsa) is why


def test_full_data_is_a_certificate_or_a_key_and_nothing_behind_it() -> None:
    leaf = party().leaf
    assert unusable(Tlsa(3, 0, 0, leaf)) is None
    assert unusable(Tlsa(3, 0, 0, leaf + b"\0")) is Unusable.DATA
    assert unusable(Tlsa(2, 1, 0, spki_of("Root"))) is None
    assert unusable(Tlsa(2, 1, 0, leaf)) is Unusable.DATA  # a certificate where a key should be


def test_of_two_digests_only_the_stronger_counts() -> None:
    """RFC 7671 section 9: {3 1 1 right, 3 1 2 wrong} is a failure."""
    right, wrong = record("3 1 1", party().leaf), spoilt("3 1 2")
    assert authenticate([right], party().chain, HOST, NOW).outcome is Outcome.AUTHENTICATED
    assert authenticate([right, wrong], party().chain, HOST, NOW).reason is Why.NO_MATCH


@pytest.mark.parametrize(
    ("forms", "kept"),
    [
        (["3 1 1", "3 1 2"], (1,)),
        (["3 1 1", "3 0 2"], (0, 1)),  # another selector
        (["3 1 1", "2 1 2"], (0, 1)),  # another usage
        (["3 1 0", "3 1 1", "3 1 2"], (0, 2)),  # full data always stays
        (["3 1 1", "3 1 1"], (0, 1)),
        (["3 1 0"], (0,)),
    ],
)
def test_agility_is_within_one_usage_and_selector(forms: list[str], kept: tuple[int, ...]) -> None:
    """RFC 7671 section 9."""
    records = [record(form, party().leaf) for form in forms]
    assert preferred(records, usable(records)) == kept


def test_a_malformed_stronger_digest_is_dropped_before_agility() -> None:
    """RFC 7671 section 9: what is unusable goes first."""
    records = [record("3 1 1", party().leaf), Tlsa(3, 1, 2, bytes(63)), Tlsa(3, 1, 9, bytes(99))]
    assert authenticate(records, party().chain, HOST, NOW) == Verdict(
        Outcome.AUTHENTICATED, Rule.EE_MATCH, Why.MATCH, 0, 0
    )


@pytest.mark.parametrize("form", [f"3 {selector} {matching}" for selector in (0, 1) for matching in (0, 1, 2)])
def test_dane_ee_minds_neither_name_nor_date(form: str) -> None:
    """RFC 7672 section 3.1.1."""
    leaf = issue("elsewhere.example", "Issuer", days=(-30, -20))
    verdict = authenticate([record(form, leaf)], [leaf], HOST, NOW)
    assert verdict == Verdict(Outcome.AUTHENTICATED, Rule.EE_MATCH, Why.MATCH, 0, 0)


def test_dane_ee_is_about_the_leaf_only() -> None:
    verdict = authenticate([record("3 1 1", party().issuer)], party().chain, HOST, NOW)
    assert verdict == Verdict(Outcome.FAILED, Rule.NO_MATCH, Why.NO_MATCH)


@pytest.mark.parametrize("form", [f"2 {selector} {matching}" for selector in (0, 1) for matching in (0, 1, 2)])
@pytest.mark.parametrize("depth", [1, 2])
def test_dane_ta_matches_an_issuer_that_was_sent(form: str, depth: int) -> None:
    """RFC 7672 section 3.1.2."""
    verdict = authenticate([record(form, party().chain[depth])], party().chain, HOST, NOW)
    assert verdict == Verdict(Outcome.AUTHENTICATED, Rule.TA_MATCH, Why.MATCH, 0, depth)


@pytest.mark.parametrize(
    ("form", "depth"),
    [
        ("2 0 0", 2),  # the certificate comes from the DNS and takes its place above the chain
        ("2 1 0", 1),  # a bare key has no place: the depth is that of what it signed
        ("2 0 1", None),  # RFC 7671 section 5.2.2: of a digest nobody can make the certificate
        ("2 1 1", None),
    ],
)
def test_an_anchor_that_is_not_sent_must_stand_whole_in_the_dns(form: str, depth: int | None) -> None:
    """RFC 7671 sections 5.2.1 to 5.2.3."""
    verdict = authenticate([record(form, party().root)], party().chain[:2], HOST, NOW)
    assert verdict.depth == depth
    assert verdict.rule is (Rule.NO_MATCH if depth is None else Rule.TA_MATCH)


def test_dane_ta_never_takes_the_leaf_for_its_own_anchor() -> None:
    leaf = issue("mx.example.nl", "mx.example.nl", sans=HOST, ca=True)
    for form in ("2 0 0", "2 0 1", "2 1 1"):
        assert authenticate([record(form, leaf)], [leaf], HOST, NOW).outcome is Outcome.FAILED


def test_dane_ta_wants_a_reference_name() -> None:
    """RFC 7672 section 3.2."""
    verdict = authenticate([record("2 0 1", party().root)], party().chain, ["mx.example.org"], NOW)
    assert verdict == Verdict(Outcome.FAILED, Rule.TA_NAME, Why.NAME_MISMATCH, 0, 2)


def test_dane_ta_wants_the_dates() -> None:
    """RFC 7671 section 5.2; a leaf expired is told with its depth."""
    verdict = authenticate([record("2 0 1", party().root)], party().chain, HOST, NOW + timedelta(days=60))
    assert verdict == Verdict(Outcome.FAILED, Rule.TA_PATH, Step.EXPIRED, 0, 2, 0)


def test_one_matching_record_is_enough_and_the_leaf_is_looked_at_first() -> None:
    """RFC 7672 section 2.2: any of the usable records."""
    records = [spoilt("2 1 1"), record("2 0 1", party().root), spoilt("3 0 1"), record("3 1 1", party().leaf)]
    assert authenticate(records, party().chain, HOST, NOW).record == 3
    assert authenticate(records[:3], party().chain, HOST, NOW).record == 1


@pytest.mark.parametrize(
    ("records", "chain", "outcome", "rule"),
    [
        ([], True, Outcome.NONE, Rule.NO_RECORD),
        ([record("1 1 1", party().leaf)], True, Outcome.UNUSABLE, Rule.UNUSABLE),  # matches, and does not count
        ([record("1 1 1", party().leaf), spoilt("3 1 1")], True, Outcome.FAILED, Rule.NO_MATCH),
        ([record("0 0 1", party().root)], True, Outcome.UNUSABLE, Rule.UNUSABLE),
        ([record("3 1 1", party().leaf)], False, Outcome.FAILED, Rule.NO_CERTIFICATE),
    ],
)
def test_records_commit_to_tls_usable_or_not(records: list[Tlsa], chain: bool, outcome: Outcome, rule: Rule) -> None:
    """RFC 7672 sections 2.2 and 3.1.3."""
    verdict = authenticate(records, party().chain if chain else [], HOST, NOW)
    assert (verdict.outcome, verdict.rule) == (outcome, rule)
    assert verdict.commits_to_tls is bool(records)


@pytest.mark.parametrize(
    ("mx_secure", "expanded", "names"),
    [
        (True, None, ("mx.b.example", "a.example")),
        (True, "c.example", ("mx.b.example", "a.example", "c.example")),
        (False, "c.example", ("mx.b.example",)),  # whoever forged the MX would choose the name, too
    ],
)
def test_the_next_hop_is_a_reference_only_if_the_mx_is_secure(
    mx_secure: bool, expanded: str | None, names: tuple[str, ...]
) -> None:
    """RFC 7672 section 3.2.2."""
    assert reference_names("MX.b.example.", "a.example", mx_secure=mx_secure, expanded=expanded) == names


def test_a_certificate_that_names_only_the_mail_domain_will_do() -> None:
    """RFC 7672 section 3.2.2: three tools fail this."""
    leaf = issue("x", "Issuer", sans=["a.example"])
    names = reference_names("mx.b.example", "a.example", mx_secure=True)
    assert authenticate([record("2 1 1", party().issuer)], [leaf, party().issuer], names, NOW).rule is Rule.TA_MATCH


def test_rdata_below_three_octets_is_no_record() -> None:
    assert read(b"\3\1\1ab") == Tlsa(3, 1, 1, b"ab")
    for size in range(3):
        with pytest.raises(TlsaFault):
            read(bytes(size))


def test_a_crowd_of_records_is_cut_off() -> None:
    assert len(usable([spoilt("3 1 1")] * 1000)) == MOST_RECORDS


def test_what_has_no_key_matches_no_digest_of_nothing() -> None:
    from crawler.standards.certificates import read as read_certificate

    for form in ("3 1 0", "3 1 1", "3 1 2"):
        assert not matches(record(form, b""), read_certificate(b""))


_RECORDS = st.lists(
    st.builds(
        Tlsa,
        st.integers(0, 255) | st.sampled_from([2, 3]),
        st.integers(0, 255) | st.sampled_from([0, 1]),
        st.integers(0, 255) | st.sampled_from([0, 1, 2]),
        st.binary(max_size=80) | st.binary(min_size=32, max_size=32) | st.sampled_from(party().chain),
    ),
    max_size=6,
)


@given(_RECORDS, st.lists(st.binary(max_size=200) | st.sampled_from(party().chain), max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_records_and_any_chain_end_in_a_verdict(records: list[Tlsa], chain: list[bytes]) -> None:
    assert isinstance(authenticate(records, chain, HOST, NOW), Verdict)


@given(st.binary(max_size=100))
def test_any_rdata_is_a_record_or_the_fault(rdata: bytes) -> None:
    try:
        assert read(rdata).data == rdata[3:]
    except TlsaFault:
        assert len(rdata) < 3
