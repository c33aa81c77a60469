"""RRsets against signatures, keys against DS records (RFC 4034, RFC 4035 section 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.dnssec import (
    SUPPORTED,
    Algorithms,
    DnssecFault,
    Ds,
    Key,
    ds_of,
    read_key,
    read_rrsig,
    usable_ds,
    verify_keys,
    verify_rrset,
)
from crawler.standards.names import ROOT, from_text
from crawler.standards.security import Reason
from tests.standards.signer import DAY, NOW, Signer, make

A, DNSKEY, TXT, ANY_ALGORITHM = 1, 48, 16, 13
ZONE = from_text("example.nl")
WWW = from_text("www.example.nl")
RDATAS = [b"\xc0\0\2\1", b"\xc0\0\2\2"]
ZSK = make(13, flags=256)
OTHER = make(13, flags=256, serial=1)
REVOKED = make(13, flags=257 | 0x80)
HOST_KEY = make(13, flags=0)
PROTOCOL_4 = make(13, flags=256, protocol=4)


def verdict(sigs: list[bytes], keys: list[Key] | None = None, **changes: Any) -> Any:
    """The verdict on the example RRset."""
    question: dict[str, Any] = {"owner": WWW, "rtype": A, "rclass": 1, "rdatas": RDATAS, "zone": ZONE, "now": NOW}
    question |= changes
    return verify_rrset(sigs=sigs, keys=[ZSK.key] if keys is None else keys, **question)


def rrsig(signer: Signer = ZSK, **fields: Any) -> bytes:
    return signer.rrsig(fields.pop("owner", WWW), A, fields.pop("rdatas", RDATAS), fields.pop("zone", ZONE), **fields)


# ---- one signature ----


@pytest.mark.parametrize(
    ("algorithm", "bits"),
    [(5, 1024), (7, 1024), (8, 1024), (8, 2048), (8, 4096), (10, 1024), (10, 2048), (13, 0), (14, 0), (15, 0), (16, 0)],
)
def test_every_validated_algorithm_verifies_its_own_signature_and_no_other(algorithm: int, bits: int) -> None:
    signer = make(algorithm, flags=256, bits=bits)
    good = rrsig(signer)
    assert verdict([good], [signer.key])[:2] == (Reason.CHAIN, None)
    bad = good[:-1] + bytes((good[-1] ^ 1,))
    assert verdict([bad], [signer.key]).reason is Reason.SIGNATURE_INVALID
    assert verdict([good[:-1]], [signer.key]).reason is Reason.SIGNATURE_INVALID  # a signature cut short
    assert verdict([good + b"\0"], [signer.key]).reason is Reason.SIGNATURE_INVALID
    assert verdict([good], [signer.key], rdatas=RDATAS[:1]).reason is Reason.SIGNATURE_INVALID


def test_a_verdict_tells_ttl_expiry_and_work() -> None:
    answer = verdict([rrsig(ttl=77, expiration=NOW + 5)])
    assert answer == (Reason.CHAIN, None, NOW + 5, 77, 1)


GOOD: list[tuple[str, Callable[[], Any]]] = [
    ("the example", lambda: verdict([rrsig()])),
    ("records in another order, one twice", lambda: verdict([rrsig()], rdatas=[RDATAS[1], *RDATAS])),
    ("a bad signature beside a good one", lambda: verdict([rrsig(OTHER), rrsig()], [ZSK.key, OTHER.key])),
    ("signatures of other types are passed over", lambda: verdict([rrsig(covered=TXT), b"", b"\0", rrsig()])),
    ("a malformed one beside a good one", lambda: verdict([b"\0\1", rrsig()])),
    ("an expired one beside a good one", lambda: verdict([rrsig(expiration=NOW - 1), rrsig()])),
    ("from now on", lambda: verdict([rrsig(inception=NOW)])),
    ("until now", lambda: verdict([rrsig(expiration=NOW)])),
    ("within the last second", lambda: verdict([rrsig(expiration=NOW)], now=NOW + 0.9)),
    ("one second only", lambda: verdict([rrsig(inception=NOW, expiration=NOW)])),
    ("times left unchecked", lambda: verdict([rrsig(inception=NOW + 2, expiration=NOW - 2)], now=None)),
    ("signer in upper case", lambda: verdict([rrsig().replace(ZONE, ZONE.upper())])),
    ("the apex", lambda: verdict([rrsig(owner=ZONE)], owner=ZONE)),
    ("the root", lambda: verdict([rrsig(owner=ROOT, zone=ROOT)], owner=ROOT, zone=ROOT)),
    ("across 2106", lambda: verdict([rrsig(inception=2**32 - 9, expiration=2**32 + 9)], now=2**32 + 1)),
]
BAD: list[tuple[str, Reason, Callable[[], Any]]] = [
    ("nothing", Reason.SIGNATURE_MISSING, lambda: verdict([])),
    ("only for another type", Reason.SIGNATURE_MISSING, lambda: verdict([rrsig(covered=TXT)])),
    ("cut short", Reason.SIGNATURE_MALFORMED, lambda: verdict([rrsig()[:17]])),
    ("no signature in it", Reason.SIGNATURE_MALFORMED, lambda: verdict([rrsig()[: 18 + len(ZONE)]])),
    ("signer is a compression pointer", Reason.SIGNATURE_MALFORMED, lambda: verdict([rrsig()[:18] + b"\xc0\x0c" * 40])),
    ("signer is the parent", Reason.SIGNATURE_MALFORMED, lambda: verdict([rrsig(zone=from_text("nl"))])),
    ("signer is the child", Reason.SIGNATURE_MALFORMED, lambda: verdict([rrsig(zone=WWW)])),
    (
        "the owner is outside the zone",
        Reason.SIGNATURE_MALFORMED,
        lambda: verdict([rrsig(owner=from_text("www.example.de"))], owner=from_text("www.example.de")),
    ),
    ("more labels than the owner", Reason.SIGNATURE_MALFORMED, lambda: verdict([rrsig(labels=4)])),
    (
        "a wildcard above the zone",
        Reason.SIGNATURE_MALFORMED,
        lambda: verdict([rrsig(labels=1, signed_owner=from_text("*.nl"))]),
    ),
    ("unknown algorithm", Reason.SIGNATURE_UNSUPPORTED, lambda: verdict([rrsig(algorithm=252)])),
    (
        "expires before it begins",
        Reason.SIGNATURE_INVERTED,
        lambda: verdict([rrsig(inception=NOW + 2, expiration=NOW - 2)]),
    ),
    ("begins in a second", Reason.SIGNATURE_NOT_YET_VALID, lambda: verdict([rrsig(inception=NOW + 1)])),
    ("ended a second ago", Reason.SIGNATURE_EXPIRED, lambda: verdict([rrsig(expiration=NOW - 1)])),
    ("no keys", Reason.SIGNATURE_NO_KEY, lambda: verdict([rrsig()], [])),
    ("no key with its tag", Reason.SIGNATURE_NO_KEY, lambda: verdict([rrsig()], [OTHER.key])),
    (
        "tag right, algorithm another",
        Reason.SIGNATURE_NO_KEY,
        lambda: verdict([rrsig(algorithm=8)]),
    ),
    ("no Zone Key flag", Reason.NO_ZONE_KEY, lambda: verdict([rrsig(HOST_KEY)], [HOST_KEY.key])),
    ("protocol is not 3", Reason.NO_ZONE_KEY, lambda: verdict([rrsig(PROTOCOL_4)], [PROTOCOL_4.key])),
    ("a revoked key", Reason.REVOKED_KEY, lambda: verdict([rrsig(REVOKED)], [REVOKED.key])),
    ("signed by another with the same tag", Reason.SIGNATURE_INVALID, lambda: verdict([rrsig(OTHER, tag=ZSK.key.tag)])),
    ("another type's RRset", Reason.SIGNATURE_INVALID, lambda: verdict([rrsig()], rclass=3)),
    (
        "another owner's RRset",
        Reason.SIGNATURE_INVALID,
        lambda: verdict([rrsig(owner=from_text("xxx.example.nl"))]),
    ),
    ("original TTL changed", Reason.SIGNATURE_INVALID, lambda: verdict([rrsig()[:7] + b"\1" + rrsig()[8:]])),
]


@pytest.mark.parametrize("case", GOOD, ids=[words for words, _ in GOOD])
def test_a_good_signature_verifies(case: tuple[str, Callable[[], Any]]) -> None:
    assert case[1]().reason is Reason.CHAIN


@pytest.mark.parametrize("case", BAD, ids=[words for words, _, _ in BAD])
def test_a_bad_signature_says_why(case: tuple[str, Reason, Callable[[], Any]]) -> None:
    assert case[2]().reason is case[1]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (b"\0\1", rrsig(algorithm=252), Reason.SIGNATURE_UNSUPPORTED),
        (rrsig(expiration=NOW - 1), rrsig(inception=NOW + 1), Reason.SIGNATURE_EXPIRED),
        (rrsig(expiration=NOW - 1), rrsig(OTHER), Reason.SIGNATURE_NO_KEY),
        (rrsig(OTHER), rrsig(OTHER, tag=ZSK.key.tag), Reason.SIGNATURE_INVALID),
    ],
    ids=[
        "too short, unsupported",
        "expired, not yet valid",
        "expired, by no key",
        "by no key, invalid",
    ],  # octets differ by run
)
def test_of_several_failures_the_one_that_came_furthest_is_told(first: bytes, second: bytes, kept: Reason) -> None:
    assert verdict([first, second]).reason is kept
    assert verdict([second, first]).reason is kept


# ---- wildcards (RFC 4035 section 5.3.2) ----


@pytest.mark.parametrize(
    ("owner", "labels", "signed", "wildcard"),
    [
        ("a.b.example.nl", 3, "*.b.example.nl", "*.b.example.nl"),
        ("a.b.example.nl", 2, "*.example.nl", "*.example.nl"),
        ("*.example.nl", 2, "*.example.nl", None),  # the wildcard itself, asked for by name
        ("*.b.example.nl", 2, "*.example.nl", "*.example.nl"),  # a star that another star made
        ("*.*.example.nl", 3, "*.*.example.nl", None),
    ],
)
def test_an_expanded_wildcard_is_known_by_the_labels_field(
    owner: str, labels: int, signed: str, wildcard: str | None
) -> None:
    name = from_text(owner)
    sig = ZSK.rrsig(name, A, RDATAS, ZONE, labels=labels, signed_owner=from_text(signed))
    answer = verdict([sig], owner=name)
    assert answer.reason is Reason.CHAIN
    assert answer.wildcard == (None if wildcard is None else from_text(wildcard))


# ---- revocation and own DNSKEY (RFC 5011 section 2.1) ----


def test_a_revoked_key_may_sign_its_own_dnskey_rrset_and_no_other() -> None:
    own = [REVOKED.rdata]
    sig = REVOKED.rrsig(ZONE, DNSKEY, own, ZONE)
    assert verify_rrset(ZONE, DNSKEY, 1, own, [sig], [REVOKED.key], ZONE, NOW).reason is Reason.CHAIN
    foreign = [ZSK.rdata]
    sig = REVOKED.rrsig(ZONE, DNSKEY, foreign, ZONE)
    assert verify_rrset(ZONE, DNSKEY, 1, foreign, [sig], [REVOKED.key], ZONE, NOW).reason is Reason.REVOKED_KEY
    sig = REVOKED.rrsig(ZONE, TXT, own, ZONE)
    assert verify_rrset(ZONE, TXT, 1, own, [sig], [REVOKED.key], ZONE, NOW).reason is Reason.REVOKED_KEY
    sig = REVOKED.rrsig(WWW, DNSKEY, own, ZONE)
    assert verify_rrset(WWW, DNSKEY, 1, own, [sig], [REVOKED.key], ZONE, NOW).reason is Reason.REVOKED_KEY


# ---- KeyTrap (CVE-2023-50387) ----


def colliding(number: int) -> list[Key]:
    """Ed25519 keys with one tag: the same 16-bit words in another order."""
    material = make(15, flags=256).rdata[4:]
    words = [material[at : at + 2] for at in range(0, 32, 2)]
    return [read_key(b"\1\0\3\x0f" + b"".join(words[turn:] + words[:turn])) for turn in range(number)]


def test_colliding_keys_and_many_signatures_cost_a_bounded_number_of_checks() -> None:
    keys = colliding(14)
    assert len({key.tag for key in keys}) == 1
    signer = make(15, flags=256)
    good = [rrsig(signer, ttl=ttl) for ttl in range(100)]
    sigs = [sig[:-1] + bytes((sig[-1] ^ 1,)) for sig in good]  # to write a 0 there would change nothing in one of 16
    assert verdict(sigs, keys) == (Reason.TOO_MUCH_WORK, None, 0, 0, 0)
    assert verdict(sigs, keys[:4]) == (Reason.TOO_MUCH_WORK, None, 0, 0, 8)
    assert verdict(sigs[:1] * 3, keys[1:3], now=NOW) == (Reason.SIGNATURE_INVALID, None, 0, 0, 6)
    assert verdict([rrsig(signer)], keys[:4]).reason is Reason.CHAIN


def test_a_verdict_does_not_depend_on_the_order_in_which_keys_and_signatures_are_sent() -> None:
    """A server that turns its records at each reply (round robin) must not turn the verdict with them."""
    signer = make(15, flags=256)
    for keys in (colliding(4), colliding(14)):
        sigs = [rrsig(signer)] + [rrsig(signer, ttl=ttl)[:-1] + b"?" for ttl in range(12)]
        said = {
            verdict(sigs[turn:] + sigs[:turn], keys[turn % 4 :] + keys[: turn % 4]).reason for turn in range(len(sigs))
        }
        assert len(said) == 1


def test_more_signatures_than_we_look_into_are_too_much() -> None:
    answer = verdict([rrsig(expiration=NOW - 1)] * 65)
    assert answer.reason is Reason.TOO_MUCH_WORK
    assert verdict([rrsig(expiration=NOW - 1)] * 64).reason is Reason.SIGNATURE_EXPIRED


# ---- other sets of algorithms ----


def test_a_set_of_ones_own_decides_what_counts() -> None:
    none = Algorithms(numbers=frozenset(), digests=frozenset())
    assert verdict([rrsig()], algorithms=none).reason is Reason.SIGNATURE_UNSUPPORTED
    mine = Algorithms(
        numbers=frozenset({3}), digests=frozenset(), verifiers={3: lambda _key, signature, _data: signature == b"ok"}
    )
    key = read_key(b"\1\0\3\3whatever")
    for signature, reason in ((b"ok", Reason.CHAIN), (b"no", Reason.SIGNATURE_INVALID)):
        made = rrsig(algorithm=3, tag=key.tag)[: 18 + len(ZONE)] + signature
        assert verdict([made], [key], algorithms=mine).reason is reason
        assert verdict([made], [key]).reason is Reason.SIGNATURE_UNSUPPORTED


# ---- DS and DNSKEY ----

KSK = make(13)
KSK_RSA = make(8)


def keys_verdict(ds: list[Ds], signers: list[Signer], rdatas: list[bytes] | None = None) -> Any:
    rdatas = [KSK.rdata, ZSK.rdata] if rdatas is None else rdatas
    sigs = [signer.rrsig(ZONE, DNSKEY, rdatas, ZONE) for signer in signers]
    return verify_keys(ZONE, rdatas, sigs, ds, NOW)


def ds(signer: Signer, digest_type: int = 2) -> Ds:
    return ds_of(ZONE, signer.key, digest_type)


def test_a_dnskey_rrset_that_the_parent_vouches_for_gives_all_its_keys() -> None:
    answer = keys_verdict([ds(KSK)], [KSK])
    assert answer.reason is Reason.CHAIN
    assert [key.rdata for key in answer.keys] == [KSK.rdata, ZSK.rdata]
    assert (answer.expires, answer.original_ttl, answer.verifications) == (NOW + DAY, 3600, 1)


ZONELESS = make(13, flags=1)
KEYS: list[tuple[str, Reason, Callable[[], Any]]] = [
    ("digest SHA-1", Reason.CHAIN, lambda: keys_verdict([ds(KSK, 1)], [KSK])),
    ("digest SHA-384", Reason.CHAIN, lambda: keys_verdict([ds(KSK, 4)], [KSK])),
    ("one of two DS matches", Reason.CHAIN, lambda: keys_verdict([ds(OTHER), ds(KSK)], [KSK])),
    ("the ZSK vouched for", Reason.CHAIN, lambda: keys_verdict([ds(ZSK)], [ZSK])),
    (
        "a malformed key beside it",
        Reason.CHAIN,
        lambda: keys_verdict([ds(KSK)], [KSK], [KSK.rdata, b"\1\1\3"]),
    ),
    ("no DNSKEY", Reason.DNSKEY_MISSING, lambda: keys_verdict([ds(KSK)], [], [])),
    ("no such key", Reason.DS_MISMATCH, lambda: keys_verdict([ds(OTHER)], [KSK])),
    ("wrong digest", Reason.DS_MISMATCH, lambda: keys_verdict([ds(KSK)._replace(digest=b"\0" * 32)], [KSK])),
    (
        "digest cut short",
        Reason.DS_MISMATCH,
        lambda: keys_verdict([ds(KSK)._replace(digest=ds(KSK).digest[:31])], [KSK]),
    ),
    ("wrong tag", Reason.DS_MISMATCH, lambda: keys_verdict([ds(KSK)._replace(tag=1)], [KSK])),
    ("wrong algorithm", Reason.DS_MISMATCH, lambda: keys_verdict([ds(KSK)._replace(algorithm=8)], [KSK])),
    ("another owner's digest", Reason.DS_MISMATCH, lambda: keys_verdict([ds_of(WWW, KSK.key)], [KSK])),
    (
        "SHA-1 right, SHA-256 wrong (RFC 4509 section 3)",
        Reason.DS_MISMATCH,
        lambda: keys_verdict([ds(KSK, 1), ds(KSK)._replace(digest=b"\0" * 32)], [KSK]),
    ),
    ("SHA-1 right, another digest unknown", Reason.CHAIN, lambda: keys_verdict([ds(KSK, 1), ds(KSK, 3)], [KSK])),
    ("no Zone Key flag", Reason.NO_ZONE_KEY, lambda: keys_verdict([ds(ZONELESS)], [ZONELESS], [ZONELESS.rdata])),
    ("no Zone Key flag, not signed", Reason.NO_ZONE_KEY, lambda: keys_verdict([ds(ZONELESS)], [], [ZONELESS.rdata])),
    ("revoked", Reason.REVOKED_KEY, lambda: keys_verdict([ds(REVOKED)], [REVOKED], [REVOKED.rdata])),
    ("signed by the ZSK only", Reason.SIGNATURE_MISSING, lambda: keys_verdict([ds(KSK)], [ZSK])),
    ("not signed", Reason.SIGNATURE_MISSING, lambda: keys_verdict([ds(KSK)], [])),
    ("only an unknown algorithm", Reason.UNSUPPORTED_ALGORITHM, lambda: keys_verdict([Ds(1, 252, 2, b"")], [KSK])),
    ("only an unknown digest", Reason.UNSUPPORTED_DIGEST, lambda: keys_verdict([ds(KSK, 3)], [KSK])),
    ("no DS at all", Reason.DS_MISMATCH, lambda: keys_verdict([], [KSK])),
]


@pytest.mark.parametrize("case", KEYS, ids=[words for words, _, _ in KEYS])
def test_a_dnskey_rrset_against_its_ds(case: tuple[str, Reason, Callable[[], Any]]) -> None:
    answer = case[2]()
    assert answer.reason is case[1]
    assert bool(answer.keys) is (answer.reason is Reason.CHAIN)


def test_a_signature_by_a_key_without_ds_does_not_hide_that_the_right_one_expired() -> None:
    rdatas = [KSK.rdata, ZSK.rdata]
    sigs = [KSK.rrsig(ZONE, DNSKEY, rdatas, ZONE, expiration=NOW - 1), ZSK.rrsig(ZONE, DNSKEY, rdatas, ZONE)]
    assert verify_keys(ZONE, rdatas, sigs, [ds(KSK)], NOW).reason is Reason.SIGNATURE_EXPIRED


def test_many_ds_cost_a_bounded_number_of_digests() -> None:
    wrong = [ds(KSK)._replace(digest=bytes((number,)) * 32) for number in range(33)]
    assert keys_verdict([*wrong[:31], ds(KSK)], [KSK]).reason is Reason.CHAIN
    assert keys_verdict([*wrong, ds(KSK)], [KSK]).reason is Reason.TOO_MUCH_WORK


def test_usable_ds_prefers_sha2_and_names_what_is_missing() -> None:
    assert usable_ds([]) == ([], None)
    assert usable_ds([ds(KSK, 1), ds(KSK, 2), ds(KSK, 4)]) == ([ds(KSK, 2), ds(KSK, 4)], None)
    assert usable_ds([ds(KSK, 1), Ds(1, 252, 2, b"")]) == ([ds(KSK, 1)], None)
    assert usable_ds([Ds(1, 12, 3, b"")]) == ([], Reason.UNSUPPORTED_ALGORITHM)
    assert usable_ds([Ds(1, 12, 2, b""), ds(KSK, 3)]) == ([], Reason.UNSUPPORTED_DIGEST)


def test_the_default_set_is_that_of_the_table() -> None:
    assert {5, 7, 8, 10, 13, 14, 15, 16} == SUPPORTED.numbers
    assert {1, 2, 4} == SUPPORTED.digests


# ---- against dnspython, and against noise ----

TEXTS = st.sampled_from(["a", "www", "*", "MX", "xn--p1ai", "_25._tcp.mx", "a.b.c.d"])
MX = st.builds(lambda preference, host: f"{preference} {host}.Example.NL.", st.integers(0, 65535), TEXTS)
STRINGS = st.text(alphabet=st.characters(codec="ascii", exclude_characters='"\\', exclude_categories=["C"]))
TXTS = st.builds(lambda text: f'"{text}"', STRINGS)
RRSETS = st.one_of(
    st.tuples(st.just("MX"), st.lists(MX, min_size=1)), st.tuples(st.just("TXT"), st.lists(TXTS, min_size=1))
)


@given(TEXTS, RRSETS, st.integers(0, 2**31 - 1), st.sampled_from([8, 13, 15]), st.integers(-2, 2), st.integers(0, 40))
def test_we_and_dnspython_agree(
    owner: str, rrset: tuple[str, list[str]], ttl: int, algorithm: int, skew: int, damage: int
) -> None:
    signer = make(algorithm, flags=256)
    name = dns.name.from_text(owner, dns.name.from_text("Example.nl."))
    records = dns.rrset.from_text_list(name, ttl, "IN", *rrset[:1], rrset[1])
    zone = dns.name.from_text("example.nl.")
    made = dns.dnssec.sign(records, signer.private, zone, signer.dnskey, inception=NOW - 1, expiration=NOW + 1)
    raw = bytearray(made.to_digestable())
    if damage < 30:  # one octet of the fixed fields, signer or signature
        raw[damage] ^= 1
    try:
        sigs = dns.rdataset.from_rdata(ttl, dns.rdata.from_wire("IN", "RRSIG", bytes(raw), 0, len(raw)))
        keys: Any = {zone: dns.rdataset.from_rdata(ttl, signer.dnskey)}
        dns.dnssec.validate(records, (name, sigs), keys, now=NOW + skew, policy=dns.dnssec.allow_all_policy)
        theirs = True
    except (dns.exception.DNSException, ValueError, KeyError):
        theirs = False
    ours = verify_rrset(
        from_text(name.to_text()),
        records.rdtype,
        1,
        [rdata.to_digestable() for rdata in records],
        [bytes(raw)],
        [signer.key],
        ZONE,
        NOW + skew,
    )
    assert (ours.reason is Reason.CHAIN) is theirs


@given(st.lists(st.binary(max_size=80)), st.lists(st.binary(max_size=80)), st.lists(st.binary(max_size=80)))
def test_noise_gets_a_reason_and_never_an_exception(
    noise: list[bytes], signatures: list[bytes], keys: list[bytes]
) -> None:
    readable = [read_key(rdata) for rdata in keys if len(rdata) >= 4]
    sigs = [b"\0\1" + signature for signature in signatures]
    assert verify_rrset(WWW, A, 1, noise, sigs, readable, ZONE, NOW).reason is not Reason.CHAIN
    assert verify_keys(ZONE, keys, sigs, [ds(KSK)], NOW).reason is not Reason.CHAIN


@given(st.binary(max_size=60))
def test_rrsig_rdata_reads_or_faults(rdata: bytes) -> None:
    try:
        parsed = read_rrsig(rdata)
    except DnssecFault:
        return
    assert parsed.head.lower() + parsed.signature == rdata[: len(parsed.head)].lower() + parsed.signature
