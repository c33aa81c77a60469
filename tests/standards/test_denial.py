"""Proofs of absence, against small zones whose truth is known (RFC 4035 section 5.4, RFC 5155 section 8, RFC 9824)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.standards.denial import (
    NXNAME,
    Means,
    Proof,
    nsec3_hash,
    prove_no_closer,
    prove_no_ds,
    prove_nodata,
    prove_nxdomain,
)
from crawler.standards.dnssec import DnssecFault
from crawler.standards.names import from_text
from crawler.standards.nsec import bitmap_types, read_nsec
from crawler.standards.nsec3 import owner_hash, read_nsec3
from crawler.standards.rdata import Type
from crawler.standards.security import Reason
from tests.standards.chains import Records, Truth, Zone, bitmap, hashed, nsec3_rdata, owner_of

A, NS, CNAME, SOA, MX, TXT, DNAME, DS = Type.A, Type.NS, Type.CNAME, Type.SOA, Type.MX, Type.TXT, Type.DNAME, Type.DS
PROOFS = {Reason.CHAIN, Reason.NO_DS}

# ---- whatever the zone, the whole chain proves the truth, and no part of it proves a lie ----

LABEL = st.sampled_from(["a", "b", "*", "z", "!"])
RELATIVE = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
OWNED = st.sampled_from([{A}, {TXT}, {CNAME}, {A, MX}, {NS}, {NS, DS}, {DNAME}, {A, DNAME}]).map(frozenset)
QTYPE = st.sampled_from([A, TXT, DS, CNAME])


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """An apex and up to six names; no delegation or DNAME at a star, which RFC 4592 leaves undefined."""
    names: dict[str, frozenset[int]] = draw(st.dictionaries(RELATIVE, OWNED, max_size=6))
    sane = {name: types for name, types in names.items() if name[0] != "*" or not types & {NS, DNAME}}
    apex = draw(st.sampled_from(["example", "b.example", "."]))
    sane[""] = draw(st.sampled_from([frozenset({SOA, NS}), frozenset({SOA, NS, A})]))
    return Zone(apex=apex, names=sane)


def bits(zone: Zone, relative: str) -> set[int]:
    return set(zone.names.get(relative, ()))


CHAINS: dict[str, Callable[[Zone], tuple[Records, Records]]] = {
    "nsec": lambda zone: (zone.nsecs(), []),
    "nsec3": lambda zone: ([], zone.nsec3s()),
    "nsec3-salted": lambda zone: ([], zone.nsec3s(iterations=3, salt=b"\xaa\xbb")),
}


@pytest.mark.parametrize("kind", CHAINS)
@given(zone=zones(), relative=st.one_of(st.just(""), RELATIVE), qtype=QTYPE)
@settings(max_examples=120)
def test_a_whole_chain_proves_the_truth_and_nothing_else(kind: str, zone: Zone, relative: str, qtype: int) -> None:
    nsecs, nsec3s = CHAINS[kind](zone)
    qname = zone.name(relative)
    truth = zone.truth(qname, qtype)
    nxdomain = prove_nxdomain(qname, zone.wire, nsecs, nsec3s).reason
    nodata = prove_nodata(qname, qtype, zone.wire, nsecs, nsec3s).reason
    assert nxdomain is (Reason.CHAIN if truth is Truth.NXDOMAIN else Reason.DENIAL_INVALID)
    assert nodata is (Reason.CHAIN if truth is Truth.NODATA else Reason.DENIAL_INVALID)


@pytest.mark.parametrize("kind", CHAINS)
@given(zone=zones(), relative=RELATIVE, claimed=RELATIVE)
@settings(max_examples=120)
def test_a_whole_chain_proves_which_wildcard_may_be_expanded(
    kind: str, zone: Zone, relative: str, claimed: str
) -> None:
    nsecs, nsec3s = CHAINS[kind](zone)
    qname = zone.name(relative)
    absent = not zone.exists(qname) and zone.truth(qname, A) is not Truth.ELSEWHERE
    if absent:
        proof = prove_no_closer(qname, zone.wildcard_of(qname), zone.wire, nsecs, nsec3s)
        assert proof.reason is Reason.CHAIN
    wrong = zone.name(f"*.{claimed}")  # its signature would prove that it exists, so it does
    if zone.exists(wrong) and (not absent or wrong != zone.wildcard_of(qname)):
        assert prove_no_closer(qname, wrong, zone.wire, nsecs, nsec3s).reason is Reason.DENIAL_INVALID


@pytest.mark.parametrize("kind", CHAINS)
@given(zone=zones(), relative=RELATIVE)
@settings(max_examples=120)
def test_only_a_delegation_without_ds_is_insecure(kind: str, zone: Zone, relative: str) -> None:
    qname = zone.name(relative)
    bare = zone.exists(qname) and zone.truth(qname, A) is Truth.ELSEWHERE and bits(zone, relative) == {NS}
    proof = prove_no_ds(qname, zone.wire, *CHAINS[kind](zone))
    assert proof.reason is (Reason.NO_DS if bare else Reason.DENIAL_INVALID)


@given(zone=zones(), relative=RELATIVE, qtype=QTYPE, data=st.data())
@settings(max_examples=120)
def test_no_part_of_any_chain_proves_a_lie(zone: Zone, relative: str, qtype: int, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(list(CHAINS.values())))(zone)
    nsecs, nsec3s = ([record for record in records if data.draw(st.booleans())] for records in whole)
    qname = zone.name(relative)
    truth = zone.truth(qname, qtype)
    if prove_nxdomain(qname, zone.wire, nsecs, nsec3s).reason is Reason.CHAIN:
        assert truth is Truth.NXDOMAIN
    if prove_nodata(qname, qtype, zone.wire, nsecs, nsec3s).reason is Reason.CHAIN:
        assert truth is Truth.NODATA


@given(zone=zones(), relative=st.one_of(st.just(""), RELATIVE), qtype=QTYPE)
@settings(max_examples=120)
def test_under_opt_out_absence_is_insecure_and_presence_stays_proved(zone: Zone, relative: str, qtype: int) -> None:
    chain = zone.nsec3s(opt_out=True)
    qname = zone.name(relative)
    truth = zone.truth(qname, qtype)
    nxdomain = prove_nxdomain(qname, zone.wire, [], chain).reason
    assert nxdomain in {Reason.OPT_OUT, Reason.DENIAL_INVALID}  # next closer lies in an opt-out span: section 9.2
    if truth is Truth.NXDOMAIN:
        assert nxdomain is Reason.OPT_OUT
    nodata = prove_nodata(qname, qtype, zone.wire, [], chain)
    if nodata.reason is Reason.CHAIN:
        assert truth is Truth.NODATA
    if zone.exists(qname) and bits(zone, relative) == {NS}:
        assert prove_no_ds(qname, zone.wire, [], chain).reason is Reason.OPT_OUT
        assert nodata.reason is Reason.OPT_OUT or qtype != DS  # section 8.6
    if any("*" in name for name in zone.names):
        return  # a wildcard contradicts, if its record is sent along
    if zone.exists(qname) and truth is Truth.NODATA:
        assert nodata.reason in {Reason.CHAIN, Reason.OPT_OUT}  # erratum 3441
    if bits(zone, relative) == {NS, DS}:
        assert prove_no_ds(qname, zone.wire, [], chain).reason is not Reason.NO_DS


# ---- by hand: one record, one rule ----

ZONE = from_text("example.nl")


def n(relative: str) -> bytes:
    return from_text(f"{relative}.example.nl") if relative else ZONE


def nsec(owner: str, following: str, *types: int) -> tuple[bytes, bytes]:
    return n(owner), n(following) + bitmap({*types, Type.NSEC, Type.RRSIG})


def nodata(qname: str, qtype: int, *nsecs: tuple[bytes, bytes]) -> Reason:
    return prove_nodata(n(qname), qtype, ZONE, nsecs, []).reason


def nxdomain(qname: str, *nsecs: tuple[bytes, bytes]) -> Reason:
    return prove_nxdomain(n(qname), ZONE, nsecs, []).reason


YES, NO = Reason.CHAIN, Reason.DENIAL_INVALID
APEX = nsec("", "d", SOA, NS, MX)
FIRST = nsec("", "b", SOA, NS)
ROOT_NSEC = [(b"\0", from_text("aaa") + bitmap({SOA, NS, Type.NSEC}))]
STAR_BELOW = nsec("x.*", "d", A)
FOREIGN = (n("a"), from_text("z.example.de") + bitmap({A}))
BACKWARD = nsec("m", "d", A)
BY_HAND: list[tuple[str, Reason, Callable[[], Reason]]] = [
    ("no record", Reason.DENIAL_MISSING, lambda: nxdomain("a")),
    ("one record spans name and wildcard", YES, lambda: nxdomain("b", nsec("", "d", SOA, NS))),
    ("the last record reaches to the end of the zone", YES, lambda: nxdomain("zz", APEX, nsec("m", "", A))),
    ("the wildcard is not denied", NO, lambda: nxdomain("zz", nsec("m", "", A))),
    ("the wildcard exists", NO, lambda: nxdomain("zz", nsec("m", "", A), nsec("*", "d", A))),
    ("a lone apex denies all else", YES, lambda: nxdomain("a.b.c", nsec("", "", SOA, NS))),
    ("the owner itself is not denied", NO, lambda: nxdomain("d", nsec("", "d", SOA, NS), nsec("d", "", A))),
    ("the name is an empty non-terminal", NO, lambda: nxdomain("b", nsec("", "x.b", SOA, NS))),
    ("the wildcard is an empty non-terminal", NO, lambda: nxdomain("b", nsec("", "x.*", SOA), nsec("x.*", "d", A))),
    ("next name outside the zone", NO, lambda: nxdomain("b", nsec("", "a", SOA, NS), FOREIGN)),
    ("next name before the owner, and not the apex", NO, lambda: nxdomain("x", APEX, BACKWARD)),
    ("an ancestor's delegation denies nothing below", NO, lambda: nxdomain("x.b", nsec("b", "d", NS), FIRST)),
    ("a DNAME denies nothing below", NO, lambda: nxdomain("x.b", nsec("b", "d", A, DNAME), FIRST)),
    ("a delegation still denies what follows it", YES, lambda: nxdomain("c", nsec("b", "d", NS), nsec("", "b", SOA))),
    ("a name outside the zone", NO, lambda: prove_nxdomain(from_text("a.de"), ZONE, [APEX], []).reason),
    ("type absent", YES, lambda: nodata("d", TXT, nsec("d", "e", A))),
    ("type present", NO, lambda: nodata("d", A, nsec("d", "e", A))),
    ("an alias has every type", NO, lambda: nodata("d", A, nsec("d", "e", CNAME))),
    ("at the apex", YES, lambda: nodata("", TXT, APEX)),
    ("DS denied by the child's own apex", NO, lambda: nodata("", DS, APEX)),
    ("DS of the root, which has no parent", YES, lambda: prove_nodata(b"\0", DS, b"\0", ROOT_NSEC, []).reason),
    ("DS denied at the delegation", YES, lambda: nodata("d", DS, nsec("d", "e", NS))),
    ("DS denied at a plain name", YES, lambda: nodata("d", DS, nsec("d", "e", A))),
    ("another type denied at the delegation", NO, lambda: nodata("d", A, nsec("d", "e", NS, DS))),
    ("DNAME beside it", YES, lambda: nodata("d", A, nsec("d", "e", DNAME))),
    ("an empty non-terminal", YES, lambda: nodata("b", A, nsec("", "x.b", SOA, NS))),
    ("only a span, no wildcard", NO, lambda: nodata("b", A, APEX)),
    ("the wildcard lacks the type", YES, lambda: nodata("b", TXT, nsec("", "*", SOA, NS), nsec("*", "d", A))),
    ("the wildcard has the type", NO, lambda: nodata("b", A, nsec("", "*", SOA, NS), nsec("*", "d", A))),
    ("the wildcard is an alias", NO, lambda: nodata("b", TXT, nsec("", "*", SOA, NS), nsec("*", "d", CNAME))),
    ("the wildcard is a delegation", NO, lambda: nodata("b", TXT, nsec("*", "d", NS))),
    ("the wildcard is a delegation, DS", NO, lambda: nodata("b", DS, nsec("*", "d", NS))),
    ("a wildcard further up", NO, lambda: nodata("b.c", TXT, nsec("*", "a.c", A), nsec("a.c", "d", A))),
    ("the wildcard, but the name is not denied", NO, lambda: nodata("b", TXT, nsec("*", "a", A))),
    ("the wildcard is an empty non-terminal: no data", YES, lambda: nodata("b", A, nsec("", "x.*", SOA), STAR_BELOW)),
    ("everything asked, something there", NO, lambda: nodata("d", Type.ANY, nsec("d", "e", A))),
    ("everything asked, nothing there", YES, lambda: nodata("d", Type.ANY, nsec("d", "e"))),
]


@pytest.mark.parametrize("case", BY_HAND, ids=[words for words, _, _ in BY_HAND])
def test_nsec_by_hand(case: tuple[str, Reason, Callable[[], Reason]]) -> None:
    assert case[2]() is case[1]


def test_an_insecure_delegation_shows_ns_and_neither_ds_nor_soa() -> None:
    cases: list[tuple[set[int], Reason]] = [
        ({NS}, Reason.NO_DS),
        ({NS, DS}, NO),
        ({NS, SOA}, NO),
        ({A}, NO),
        ({NS, CNAME}, NO),
    ]
    for types, reason in cases:
        assert prove_no_ds(n("d"), ZONE, [nsec("d", "e", *types)], []).reason is reason
        chain = [(owner_of(hashed(n("d"), b"", 0), ZONE), nsec3_rdata(b"\xff" * 20, types))]
        assert prove_no_ds(n("d"), ZONE, [], chain).reason is reason
    assert prove_no_ds(n("c"), ZONE, [nsec("", "d", SOA, NS)], []).reason is NO


def test_a_claimed_encloser_must_enclose() -> None:
    zone = Zone(apex="example.nl", names={"": frozenset({SOA, NS}), "*": frozenset({A})})
    for make in CHAINS.values():
        records = make(zone)
        assert prove_no_closer(n("b"), n("*"), ZONE, *records).reason is YES
        assert prove_no_closer(n("b"), ZONE, ZONE, *records).reason is YES  # the encloser itself instead of its star
        assert prove_no_closer(n("b"), n("*.c"), ZONE, *records).reason is NO
        assert prove_no_closer(n("b"), n("*.b"), ZONE, *records).reason is NO


# ---- compact denial (RFC 9824) ----


def test_compact_denial_proves_both_ways_and_says_which() -> None:
    following = b"\1\0" + n("x")
    gone = [(n("x"), following + bitmap({Type.NSEC, Type.RRSIG, NXNAME}))]
    assert prove_nxdomain(n("x"), ZONE, gone, []) == Proof(YES, Means("compact"), nxname=True)
    assert prove_nodata(n("x"), A, ZONE, gone, []) == Proof(YES, Means("compact"), nxname=True)
    bare = [(n("x"), following + bitmap({Type.NSEC, Type.RRSIG}))]
    assert prove_nodata(n("x"), A, ZONE, bare, []) == Proof(YES, Means("compact"), nxname=False)
    assert prove_nxdomain(n("x"), ZONE, bare, []) == Proof(NO, Means("compact"), nxname=False)
    both = [(n("x"), following + bitmap({Type.NSEC, Type.RRSIG, NXNAME, A}))]
    assert prove_nxdomain(n("x"), ZONE, both, []).reason is NO  # a name with a type does exist
    assert prove_nxdomain(n("y"), ZONE, gone, []).reason is NO


# ---- NSEC3 by hand ----

PLAIN = Zone(apex="example.nl", names={"": frozenset({SOA, NS, MX}), "d": frozenset({A}), "sub": frozenset({NS})})


def test_a_proof_tells_its_parameters() -> None:
    chain = PLAIN.nsec3s(iterations=5, salt=b"\xab")
    assert prove_nodata(n("d"), TXT, ZONE, [], chain) == Proof(YES, Means("nsec3", 5, b"\xab", False))
    assert prove_nodata(n("d"), A, ZONE, [], chain) == Proof(NO, Means("nsec3", 5, b"\xab", False))
    assert prove_nodata(n("d"), TXT, ZONE, PLAIN.nsecs(), chain).denial == Means("nsec")
    chain = PLAIN.nsec3s(opt_out=True)
    assert prove_nxdomain(n("x"), ZONE, [], chain) == Proof(Reason.OPT_OUT, Means("nsec3", 0, b"", True))


@pytest.mark.parametrize(
    ("iterations", "reason"), [(0, YES), (150, YES), (151, Reason.NSEC3_ITERATIONS), (65535, Reason.NSEC3_ITERATIONS)]
)
def test_too_many_iterations_make_insecure(iterations: int, reason: Reason) -> None:
    """RFC 9276 section 3.2."""
    rdata = nsec3_rdata(b"\xff" * 20, {A}, iterations=iterations)
    digest = hashed(n("d"), b"", iterations)
    proof = prove_nodata(n("d"), TXT, ZONE, [], [(owner_of(digest, ZONE), rdata)])
    assert proof == Proof(reason, Means("nsec3", iterations, b"", False))


def test_the_iteration_limit_can_be_set() -> None:
    chain = PLAIN.nsec3s(iterations=2)
    assert prove_nodata(n("d"), TXT, ZONE, [], chain, max_iterations=1).reason is Reason.NSEC3_ITERATIONS
    assert prove_nxdomain(n("x"), ZONE, [], chain, max_iterations=1).reason is Reason.NSEC3_ITERATIONS
    assert prove_no_ds(n("sub"), ZONE, [], chain, max_iterations=1).reason is Reason.NSEC3_ITERATIONS
    assert prove_no_closer(n("x"), n("*"), ZONE, [], chain, max_iterations=1).reason is Reason.NSEC3_ITERATIONS


def test_chains_with_different_parameters_do_not_complete_each_other() -> None:
    one, two = PLAIN.nsec3s(salt=b"\1"), PLAIN.nsec3s(salt=b"\2")
    enclosing = [record for record in one if owner_hash(record[0], ZONE) == nsec3_hash(ZONE, b"\1", 0)]
    spanning = [record for record in two if owner_hash(record[0], ZONE) != nsec3_hash(ZONE, b"\2", 0)]
    assert prove_nxdomain(n("x"), ZONE, [], one).reason is YES
    assert prove_nxdomain(n("x"), ZONE, [], one + two).reason is YES
    apart = [
        qname
        for qname in (n(f"x{number}") for number in range(40))
        if prove_nxdomain(qname, ZONE, [], enclosing).reason is NO
        and prove_no_closer(qname, n("*"), ZONE, [], spanning).reason is YES
    ]
    assert apart  # the one chain has the encloser, the other spans the name
    assert {prove_nxdomain(qname, ZONE, [], enclosing + spanning).reason for qname in apart} == {NO}


def test_an_excuse_of_iterations_yields_to_a_chain_that_proves() -> None:
    costly = [(owner_of(b"\0" * 20, ZONE), nsec3_rdata(b"\1" * 20, {A}, iterations=9999))]
    assert prove_nodata(n("d"), TXT, ZONE, [], costly + PLAIN.nsec3s()).reason is YES
    assert prove_nodata(n("d"), A, ZONE, [], costly + PLAIN.nsec3s()).reason is Reason.NSEC3_ITERATIONS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda owner, rdata: (owner, b"\2" + rdata[1:]), "unknown hash algorithm"),
        (lambda owner, rdata: (owner, rdata[:1] + b"\2" + rdata[2:]), "unknown flag"),
        (lambda owner, rdata: (owner, rdata[:1] + b"\3" + rdata[2:]), "unknown flag beside opt-out"),
        (lambda owner, rdata: (owner, rdata[:5] + b"\x13" + rdata[7:]), "next hash of 19 octets"),
        (lambda owner, rdata: (owner, rdata[:10]), "cut short"),
        (lambda owner, rdata: (owner, rdata + b"\0"), "bitmap with a tail"),
        (lambda owner, rdata: (owner[:33] + from_text("de"), rdata), "another zone"),
        (lambda owner, rdata: (b"\1x" + owner, rdata), "two labels below the zone"),
        (lambda owner, rdata: (b"\x1f" + owner[2:], rdata), "31 digits"),
        (lambda owner, rdata: (owner[:1] + b"w" + owner[2:], rdata), "no base32hex digit"),
        (lambda owner, rdata: (owner[:2] + b"_" + owner[3:], rdata), "an underscore, which int() would take"),
        (lambda owner, rdata: (ZONE, rdata), "no hash at all"),
    ],
)
def test_a_record_outside_rfc_5155_is_passed_over(change: Any, why: str) -> None:
    rdata = nsec3_rdata(b"\xff" * 20, {A})
    record = (owner_of(hashed(n("d"), b"", 0), ZONE), rdata)
    assert prove_nodata(n("d"), TXT, ZONE, [], [record]).reason is YES
    assert prove_nodata(n("d"), TXT, ZONE, [], [change(*record)]).reason is NO, why


def test_a_lone_nsec3_spans_all_but_itself() -> None:
    lone = Zone(apex="example.nl", names={"": frozenset({SOA, NS})}).nsec3s()
    assert prove_nxdomain(n("a.b"), ZONE, [], lone).reason is YES
    assert prove_nxdomain(ZONE, ZONE, [], lone).reason is NO


# ---- work is bounded (CVE-2023-50868) ----


def test_hashing_is_bounded_by_names_times_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = 0

    def count(_name: bytes, salt: bytes, iterations: int) -> bytes:
        nonlocal spent
        spent += iterations + 1
        return b"\x77" * 19 + (salt or b"\0")

    monkeypatch.setattr("crawler.standards.nsec3.nsec3_hash", count)
    deep = n(".".join("a" * 110))
    flood = [
        (owner_of(bytes((number,)) * 20, ZONE), nsec3_rdata(b"\xff" * 20, set(), iterations=150, salt=bytes((salt,))))
        for number, salt in enumerate(range(60))
    ]
    for proof in (
        prove_nxdomain(deep, ZONE, [], flood),
        prove_nodata(deep, A, ZONE, [], flood),
        prove_no_ds(deep, ZONE, [], flood),
    ):
        assert proof.reason is Reason.TOO_MUCH_WORK
    assert spent <= 3 * 4096
    cheap = [(owner_of(b"\1" * 20, ZONE), nsec3_rdata(b"\xff" * 20, set()))]
    assert prove_nxdomain(deep, ZONE, [], cheap).reason is NO  # 110 labels at no iterations are affordable


def test_records_beyond_the_cap_are_not_looked_at() -> None:
    fill = [nsec(f"e{number}", f"e{number}0", A) for number in range(64)]
    assert nxdomain("b", *fill, APEX) is NO
    assert nxdomain("b", *fill[:63], APEX) is YES
    hashes = [(owner_of(bytes((number,)) * 20, ZONE), nsec3_rdata(b"\1" * 20, {A})) for number in range(64)]
    good = (owner_of(hashed(n("d"), b"", 0), ZONE), nsec3_rdata(b"\xff" * 20, {A}))
    assert prove_nodata(n("d"), TXT, ZONE, [], [*hashes, good]).reason is NO
    assert prove_nodata(n("d"), TXT, ZONE, [], [*hashes[:63], good]).reason is YES


# ---- reading ----


@given(st.frozensets(st.integers(1, 65535), max_size=40))
def test_bitmaps_read_as_dnspython_writes_them(types: frozenset[int]) -> None:
    assert bitmap_types(bitmap(set(types))) == types


@pytest.mark.parametrize(
    "octets",
    [
        b"\0",  # no length
        b"\0\0",  # length 0
        b"\0\0\1",
        b"\0\x21" + b"\1" * 33,  # over 32
        b"\0\2\1",  # overruns
        b"\1\1\1\0\1\1",  # windows fall
        b"\0\1\1\0\1\1",  # the same window twice
    ],
)
def test_a_malformed_bitmap_is_a_fault(octets: bytes) -> None:
    with pytest.raises(DnssecFault):
        bitmap_types(octets)


def test_nsec_and_nsec3_cut_anywhere_read_or_fault() -> None:
    for rdata, reader in ((nsec("a", "b", A)[1], read_nsec), (nsec3_rdata(b"\1" * 20, {A}, salt=b"\1\2"), read_nsec3)):
        reads = 0
        for size in range(len(rdata)):
            try:
                reader(rdata[:size])
                reads += 1
            except DnssecFault:
                continue
        assert reads == 1  # whole but for its bitmap
        reader(rdata)


@given(st.lists(st.tuples(RELATIVE, st.binary(max_size=60))), RELATIVE)
def test_noise_proves_nothing_and_never_raises(noise: list[tuple[str, bytes]], relative: str) -> None:
    records = [(n(owner), rdata) for owner, rdata in noise]
    hashes = [(owner_of(hashed(n(owner), b"", 0), ZONE), b"\1\0\0\0\0" + rdata) for owner, rdata in noise]
    qname = n(relative)
    for proof in (
        prove_nxdomain(qname, ZONE, records, hashes),
        prove_no_ds(qname, ZONE, records, hashes),
        prove_no_closer(qname, ZONE, ZONE, records, hashes),
    ):
        assert proof.reason not in PROOFS or noise
