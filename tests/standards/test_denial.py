"""Proofs of absence, against small zones whose truth is known (RFC 4035 section 5.4, RFC 5155 section 8, RFC 9824)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.standards.denial import (
    prove_no_closer,
    prove_no_ds,
    prove_nodata,
    prove_nxdomain,
)
from crawler.standards.dnssec import DnssecFault
from crawler.standards.nsec import read_nsec
from crawler.standards.nsec3 import read_nsec3
from crawler.standards.rdata import Type
from crawler.standards.security import Reason
from tests.standards.chains import (
    CHAINS,
    ZONE,
    Truth,
    Zone,
    hashed,
    n,
    nsec,
    nsec3_rdata,
    owner_of,
)

A, NS, CNAME, SOA, MX, TXT, DNAME, DS = Type.A, Type.NS, Type.CNAME, Type.SOA, Type.MX, Type.TXT, Type.DNAME, Type.DS
YES, NO = Reason.CHAIN, Reason.DENIAL_INVALID
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
@given(zone=zones(), relative=RELATIVE, claimed=st.one_of(st.just(""), RELATIVE))
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
    wrong = zone.name(f"*.{claimed}".removesuffix("."))  # its signature would prove that it exists, so it does
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
    nodata = prove_nodata(qname, qtype, zone.wire, [], chain)
    if nodata.reason is Reason.CHAIN:
        assert truth is Truth.NODATA
    if zone.exists(qname) and bits(zone, relative) == {NS}:
        assert prove_no_ds(qname, zone.wire, [], chain).reason is Reason.OPT_OUT
        assert nodata.reason is Reason.OPT_OUT or qtype != DS  # section 8.6
    if any("*" in name for name in zone.names):
        return  # the record of a wildcard further up contradicts: a limit of RFC 5155, not a lie
    if truth is Truth.NXDOMAIN:
        assert nxdomain is Reason.OPT_OUT
    if zone.exists(qname) and truth is Truth.NODATA:
        assert nodata.reason in {Reason.CHAIN, Reason.OPT_OUT}  # erratum 3441
    if bits(zone, relative) == {NS, DS}:
        assert prove_no_ds(qname, zone.wire, [], chain).reason is not Reason.NO_DS


# ---- both kinds, by hand ----


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
        records = make(Zone(apex="example.nl", names={"": frozenset({SOA, NS}), "*": {A}, "a.b": {A}}))
        assert prove_no_closer(n("x.c"), n("*"), ZONE, *records).reason is YES
        assert prove_no_closer(n("x.b"), n("*"), ZONE, *records).reason is NO  # b exists, so *.b alone could match
        assert prove_no_closer(n("a.b"), n("*"), ZONE, *records).reason is NO


def test_records_beyond_the_cap_are_not_looked_at() -> None:
    fill = [nsec(f"e{number}", f"e{number}0", A) for number in range(64)]
    apex = nsec("", "d", SOA, NS, MX)
    assert prove_nxdomain(n("b"), ZONE, [*fill, apex], []).reason is NO
    assert prove_nxdomain(n("b"), ZONE, [*fill[:63], apex], []).reason is YES
    hashes = [(owner_of(bytes((number,)) * 20, ZONE), nsec3_rdata(b"\1" * 20, {A})) for number in range(64)]
    good = (owner_of(hashed(n("d"), b"", 0), ZONE), nsec3_rdata(b"\xff" * 20, {A}))
    assert prove_nodata(n("d"), TXT, ZONE, [], [*hashes, good]).reason is NO
    assert prove_nodata(n("d"), TXT, ZONE, [], [*hashes[:63], good]).reason is YES


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
