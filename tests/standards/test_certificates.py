"""Certificates, their names, and paths of them: one thing wrong at a time; then whatever octets there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.standards import der, paths
from crawler.standards.certificates import LARGEST, Certificate, Flaw, admits, admitted, presented, read
from crawler.standards.paths import Anchors, Path, Step, find
from tests.standards.authorities import NOW, issue, party, spki_of, unknown_extension, usage_bits


def anchored_at(anchor: bytes) -> Anchors:
    """One anchor: a certificate that the server sends."""
    return Anchors(matching=lambda certificate: 0 if certificate.der == anchor else None)


def path_of(chain: Sequence[bytes], anchor: bytes | None = None, now: datetime = NOW) -> Path:
    """The path to an anchor, by default the last certificate sent."""
    return find([read(octets) for octets in chain], anchored_at(anchor or chain[-1]), now)


# ---- reading ----


def test_what_a_certificate_says() -> None:
    leaf = read(issue("mx.example.nl", "Issuer", sans=["MX.example.nl", "*.b.example"], days=(-1, 1)))
    assert leaf.flaw is None
    assert leaf.spki == spki_of("mx.example.nl")
    assert leaf.dns_names == ("mx.example.nl", "*.b.example")
    assert leaf.common_names == ("mx.example.nl",)
    assert (leaf.version, leaf.ca, leaf.key_usage, leaf.purposes) == (3, None, None, None)
    assert leaf.not_before == datetime(2026, 5, 31, tzinfo=UTC)
    assert leaf.not_after == datetime(2026, 6, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("octets", "flaw"),
    [
        (b"", Flaw.NOT_DER),
        (b"\x30\x80\x00\x00", Flaw.NOT_DER),  # a length without end is BER
        (b"\x30\x84\xff\xff\xff\xff", Flaw.NOT_DER),
        (party().leaf[:-1], Flaw.NOT_DER),
        (party().leaf + b"\0", Flaw.NOT_DER),
        (bytes(LARGEST + 1), Flaw.TOO_LARGE),
    ],
)
def test_what_is_no_certificate_is_a_value_with_a_flaw(octets: bytes, flaw: Flaw) -> None:
    assert read(octets) == Certificate(der=octets, flaw=flaw)


def test_a_date_that_does_not_read_spoils_the_path_but_not_the_key() -> None:
    """DANE-EE with selector 1 needs no more than the key."""
    octets = party().leaf.replace(b"260502000000Z", b"260599000000Z")
    assert octets != party().leaf
    certificate = read(octets)
    assert (certificate.flaw, certificate.spki) == (Flaw.NOT_DER, spki_of("mx.example.nl"))


def test_an_extension_that_does_not_read_spoils_the_path_but_not_the_key() -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), b"\x30\x01")
    certificate = read(issue("mx.example.nl", "Issuer", extensions=[(odd, False)]))
    assert (certificate.flaw, certificate.spki) == (Flaw.EXTENSION, spki_of("mx.example.nl"))


@pytest.mark.parametrize(
    ("tag", "content", "year"),
    [
        (der.UTC_TIME, b"491231235959Z", 2049),
        (der.UTC_TIME, b"500101000000Z", 1950),  # RFC 5280 section 4.1.2.5.1
        (der.GENERALIZED_TIME, b"30150415231308Z", 3015),
        (der.GENERALIZED_TIME, b"99991231235959Z", 9999),
        (der.UTC_TIME, b"4912312359Z", None),  # seconds are a must
        (der.UTC_TIME, b"491231235959+0100", None),
        (der.UTC_TIME, b"20491231235959Z", None),  # four digits under the tag of two
        (der.GENERALIZED_TIME, b"00000101000000Z", None),
        (der.UTC_TIME, b"490231000000Z", None),
    ],
)
def test_times(tag: int, content: bytes, year: int | None) -> None:
    element = der.Element(tag, content, b"")
    if year is None:
        with pytest.raises(der.DerFault):
            der.time(element)
    else:
        assert der.time(element).year == year


# ---- names ----


@pytest.mark.parametrize(
    ("pattern", "name", "admitted"),
    [
        ("mx.example.nl", "mx.example.nl", True),
        ("MX.Example.NL", "mx.example.nl.", True),
        ("*.example.nl", "mx.example.nl", True),
        ("*.example.nl", "example.nl", False),  # the star is one label:
        ("*.example.nl", "a.mx.example.nl", False),  # not none, not two,
        ("m*.example.nl", "mx.example.nl", False),  # and all of it
        ("mx.*.nl", "mx.example.nl", False),
        ("*.nl", "example.nl", False),  # OpenSSL wants two labels below the star, see docs/dane-readings.md
        ("*", "nl", False),
        ("mx.example.nl\0.evil.example", "mx.example.nl", False),
        ("", "", False),
        ("mx.example.nl.", "mx.example.nl", False),  # a presented name has no final dot
        ("m\xfcnchen.example", "m\xfcnchen.example", False),  # A-labels only
    ],
)
def test_a_presented_name_admits(pattern: str, name: str, admitted: bool) -> None:
    """RFC 7672 section 3.2.3."""
    assert admits(pattern, name) is admitted


def test_the_common_name_counts_only_without_dns_names() -> None:
    """RFC 7672 section 3.2.3."""
    assert presented(read(issue("mx.example.nl", "Issuer"))) == ("mx.example.nl",)
    assert presented(read(issue("mx.example.nl", "Issuer", sans=["b.example"]))) == ("b.example",)
    assert not admitted(read(issue("mx.example.nl", "Issuer", sans=["b.example"])), ["mx.example.nl"])


# ---- paths ----


def test_the_order_of_what_is_sent_does_not_matter_nor_do_strangers() -> None:
    stranger = issue("Stranger", "Stranger", ca=True)
    chain = [party().leaf, stranger, party().root, party().leaf, party().issuer]
    assert path_of(chain, party().root) == Path(Step.VALID, 0, 2)


def test_the_nearest_anchor_is_found() -> None:
    every = Anchors(matching=lambda _certificate: 7)
    assert find(party().read, every, NOW) == Path(Step.VALID, 7, 1)


def test_an_issuer_is_who_signed_and_not_who_has_the_name() -> None:
    """RFC 5280 section 6.1.3 (a) (1)."""
    forged = issue("mx.example.nl", "Issuer", sans=["mx.example.nl"], signer="Mallory")
    assert path_of([forged, party().issuer, party().root]) == Path(Step.SIGNATURE, at=0)


def test_an_anchor_beside_the_path_is_no_issuer() -> None:
    elsewhere = issue("Elsewhere", "Elsewhere", ca=True)
    assert path_of([party().leaf, elsewhere]).step is Step.NOT_ISSUER


def test_a_bare_key_that_signed_something_is_an_anchor() -> None:
    """RFC 7671 section 5.2.3."""
    sent = party().read[:2]
    for name, step in (("Root", Step.VALID), ("Mallory", Step.NOT_ISSUER)):
        anchors = Anchors(matching=lambda _certificate: None, keys=[(3, spki_of(name))])
        found = find(sent, anchors, NOW)
        assert (found.step, found.record) == (step, 3 if step is Step.VALID else None)


def test_a_key_whose_certificate_was_sent_is_judged_with_it() -> None:
    """A root that has expired is not made good by a record of its bare key."""
    old = issue("Root", "Root", ca=True, days=(-90, -60))
    leaf = issue("mx.example.nl", "Root", sans=["mx.example.nl"])
    anchors = Anchors(matching=lambda certificate: 0 if certificate.der == old else None, keys=[(0, spki_of("Root"))])
    assert find([read(leaf), read(old)], anchors, NOW) == Path(Step.EXPIRED, 0, 1, 1)


SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
ANY = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
OTHERS = x509.NameConstraints([x509.DNSName("example.org")], None)
OURS = x509.NameConstraints([x509.DNSName("example.nl")], None)
BARRED = x509.NameConstraints(None, [x509.DNSName("nl")])


@pytest.mark.parametrize(
    ("leaf", "step"),
    [
        ({}, Step.VALID),
        ({"ca": True}, Step.VALID),  # odd, and no matter for the leaf
        ({"days": (-30, -1)}, Step.EXPIRED),
        ({"days": (1, 30)}, Step.NOT_YET_VALID),
        ({"days": (0, 30)}, Step.VALID),  # both ends belong to the time
        ({"days": (-30, 0)}, Step.VALID),
        ({"extensions": [(usage_bits("digital_signature"), True)]}, Step.VALID),
        ({"extensions": [(usage_bits("key_cert_sign"), True)]}, Step.KEY_USAGE),
        ({"extensions": [(SERVER, False)]}, Step.VALID),
        ({"extensions": [(ANY, False)]}, Step.PURPOSE),  # RFC 5280 section 4.2.1.12 leaves it open; OpenSSL refuses
        ({"extensions": [(CLIENT, False)]}, Step.PURPOSE),
        ({"extensions": [(unknown_extension(), False)]}, Step.VALID),
        ({"extensions": [(unknown_extension(), True)]}, Step.CRITICAL_EXTENSION),
    ],
)
def test_the_leaf_of_a_path(leaf: dict[str, object], step: Step) -> None:
    """RFC 5280 sections 4.2 and 6.1.3."""
    first = issue("mx.example.nl", "Issuer", sans=["mx.example.nl"], **leaf)  # type: ignore[arg-type]
    found = path_of([first, party().issuer, party().root])
    assert found == Path(step, 0, 2, None if step is Step.VALID else 0)


@pytest.mark.parametrize("anchor", [1, 2])
@pytest.mark.parametrize(
    ("issuer", "step"),
    [
        ({"ca": True}, Step.VALID),
        ({"ca": False}, Step.NOT_A_CA),
        ({"ca": True, "extensions": [(usage_bits("key_cert_sign"), True)]}, Step.VALID),
        ({"ca": True, "extensions": [(usage_bits("digital_signature"), True)]}, Step.KEY_USAGE),
        ({"ca": True, "extensions": [(CLIENT, False)]}, Step.PURPOSE),
        ({"ca": True, "extensions": [(OURS, True)]}, Step.VALID),
        ({"ca": True, "extensions": [(OTHERS, True)]}, Step.NAME_CONSTRAINT),
        ({"ca": True, "extensions": [(BARRED, True)]}, Step.NAME_CONSTRAINT),
        ({"ca": True, "extensions": [(unknown_extension(), True)]}, Step.CRITICAL_EXTENSION),
    ],
)
def test_the_issuer_is_held_to_the_same_as_anchor_and_below_it(
    issuer: dict[str, object], step: Step, anchor: int
) -> None:
    """RFC 5280 section 6.1.4."""
    second = issue("Issuer", "Root", **issuer)  # type: ignore[arg-type]
    chain = [party().leaf, second, party().root]
    assert path_of(chain, chain[anchor]) == Path(step, 0, anchor, None if step is Step.VALID else 1)


@pytest.mark.parametrize(("days", "step"), [((-30, -1), Step.EXPIRED), ((1, 30), Step.NOT_YET_VALID)])
def test_dates_count_but_for_an_anchor_that_someone_else_issued(days: tuple[int, int], step: Step) -> None:
    """RFC 5280 section 6.1 minds no date of an anchor; OpenSSL minds that of a self-issued one."""
    second = issue("Issuer", "Root", ca=True, days=days)
    root = issue("Root", "Root", ca=True, days=days)
    assert path_of([party().leaf, second, party().root]) == Path(step, 0, 2, 1)
    assert path_of([party().leaf, second]) == Path(Step.VALID, 0, 1)
    assert path_of([party().leaf, party().issuer, root]) == Path(step, 0, 2, 2)


def test_without_basic_constraints_only_an_anchor_passes_and_only_by_its_key_usage() -> None:
    """RFC 5280 section 6.1.4 (k), (n)."""
    signing = issue("Issuer", "Root", extensions=[(usage_bits("key_cert_sign"), True)])
    silent = issue("Issuer", "Root")
    assert path_of([party().leaf, signing]).step is Step.VALID
    assert path_of([party().leaf, signing, party().root]).step is Step.NOT_A_CA
    assert path_of([party().leaf, silent]).step is Step.NOT_A_CA


@pytest.mark.parametrize(("length", "step"), [(None, Step.VALID), (1, Step.VALID), (0, Step.PATH_LENGTH)])
def test_a_path_length_counts_what_is_between_it_and_the_leaf(length: int | None, step: Step) -> None:
    """RFC 5280 section 4.2.1.9."""
    root = issue("Root", "Root", ca=True, path_length=length)
    assert path_of([party().leaf, party().issuer, root]).step is step


def test_one_good_path_is_enough() -> None:
    """An expired certificate of the same issuer is passed by (a cross-signed root, a renewed intermediate)."""
    old = issue("Issuer", "Root", ca=True, days=(-90, -60))
    assert path_of([party().leaf, old, party().issuer, party().root]).step is Step.VALID


# ---- bounds and hostile octets ----


def test_a_web_of_equal_names_ends_in_too_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every certificate could have issued every other one; what it costs is bounded."""
    counted = []
    true_check = paths.verifies

    def counting(child: Certificate, spki: bytes) -> bool:
        counted.append(child)
        return true_check(child, spki)

    monkeypatch.setattr(paths, "verifies", counting)
    web = [issue("Same", "Same", ca=True) for _ in range(60)]
    found = find([read(octets) for octets in web], Anchors(matching=lambda _: None, keys=[(0, spki_of("Other"))]), NOW)
    assert found.step is Step.TOO_MUCH_WORK
    assert len(counted) <= paths.SIGNATURES


def test_no_certificate_at_all_is_unreadable() -> None:
    anchors = Anchors(matching=lambda _certificate: 0)
    assert find([], anchors, NOW) == Path(Step.UNREADABLE)
    assert find([read(b"?"), *party().read], anchors, NOW) == Path(Step.UNREADABLE, at=0)


def test_a_key_of_no_use_verifies_nothing() -> None:
    assert paths.verifies(party().read[0], spki_of("Issuer"))
    assert not paths.verifies(party().read[0], b"")
    assert not paths.verifies(party().read[0], spki_of("Root"))
    assert not paths.verifies(read(b"?"), spki_of("Issuer"))


@given(st.binary(max_size=300))
def test_any_octets_are_a_value(octets: bytes) -> None:
    assert read(octets).der == octets


@given(st.sampled_from(party().chain), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4))
@settings(max_examples=400, deadline=None)
def test_a_certificate_with_octets_changed_is_a_value_and_ends_in_a_step(
    octets: bytes, changes: list[tuple[int, int]]
) -> None:
    changed = bytearray(octets)
    for at, value in changes:
        changed[at % len(changed)] = value
    for place in range(3):
        chain = party().chain
        chain[place] = bytes(changed)
        assert path_of(chain).step in Step


def test_a_certificate_cut_anywhere_is_a_value() -> None:
    for size in range(len(party().issuer)):
        assert read(party().issuer[:size]).flaw is Flaw.NOT_DER


@given(st.binary(max_size=64))
def test_der_raises_its_fault_only(octets: bytes) -> None:
    try:
        whole = b"".join(element.whole for element in der.elements(octets))
    except der.DerFault:
        return
    assert whole == octets


def test_a_name_of_many_parts_costs_little() -> None:
    """Quarter of a megabyte of empty sets: read in one pass, a small multiple of its size kept."""
    body = b"\x31\x00" * 100_000
    name = b"\x30\x83" + len(body).to_bytes(3) + body
    tracemalloc.start()
    list(der.elements(der.only(name, der.SEQUENCE).content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
