"""NSEC3 by hand: parameters, opt-out, owners, and bounded work (RFC 5155, RFC 9276)."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.standards.denial import (
    Means,
    Proof,
    nsec3_hash,
    prove_no_closer,
    prove_no_ds,
    prove_nodata,
    prove_nxdomain,
)
from crawler.standards.names import from_text
from crawler.standards.nsec3 import owner_hash
from crawler.standards.rdata import Type
from crawler.standards.security import Reason
from tests.standards.chains import PLAIN, ZONE, Zone, hashed, n, nsec3_rdata, owner_of

A, NS, CNAME, SOA, MX, TXT, DNAME, DS = Type.A, Type.NS, Type.CNAME, Type.SOA, Type.MX, Type.TXT, Type.DNAME, Type.DS
YES, NO = Reason.CHAIN, Reason.DENIAL_INVALID

# ---- by hand ----


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
    assert prove_no_ds(n("sub"), ZONE, [], costly + PLAIN.nsec3s(opt_out=True)).reason is Reason.OPT_OUT


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
    assert prove_nxdomain(n("x"), ZONE, [], [change(*record), *PLAIN.nsec3s()]).reason is YES


@pytest.mark.parametrize("qtype", [A, DS])
def test_a_wildcard_delegation_denies_nothing(qtype: int) -> None:
    zone = Zone(apex="example.nl", names={"": {SOA, NS}, "*": {NS}})
    assert prove_nodata(n("b"), qtype, ZONE, [], zone.nsec3s()).reason is NO


def test_what_hides_in_an_opt_out_span_has_no_proof_but_is_insecure() -> None:
    """RFC 5155 section 8.6; for other types, erratum 3441: the empty non-terminal of an insecure delegation."""
    chain = Zone(apex="example.nl", names={"": {SOA, NS}, "sub.ent": {NS}}).nsec3s(opt_out=True)
    for name, qtype in (("sub.ent", DS), ("sub.ent", A), ("ent", A), ("ent", DS)):
        assert prove_nodata(n(name), qtype, ZONE, [], chain).reason is Reason.OPT_OUT
    assert prove_no_closer(n("b"), n("*"), ZONE, [], chain).reason is Reason.OPT_OUT  # section 9.2
    whole = Zone(apex="example.nl", names={"": {SOA, NS}, "x": {A}}).nsec3s()
    assert prove_nodata(n("ent"), A, ZONE, [], whole).reason is NO


def test_a_name_with_a_record_exists_whatever_another_record_spans() -> None:
    wide = (owner_of(b"\0" * 20, ZONE), nsec3_rdata(b"\xff" * 20, {A}))
    assert prove_nxdomain(n("x"), ZONE, [], [wide, *PLAIN.nsec3s()]).reason is YES
    assert prove_nxdomain(n("d"), ZONE, [], [wide, *PLAIN.nsec3s()]).reason is NO


def test_an_owner_is_32_digits_and_the_zone() -> None:
    digits = b"0" * 31 + b"1"
    assert owner_hash(b"\x20" + digits + ZONE, ZONE) == b"\0" * 19 + b"\1"
    for owner in (
        b"\x20" + b"0_" + digits[2:] + ZONE,  # int() would read these two
        b"\x20" + b"+" + digits[1:] + ZONE,
        b"\x28" + digits + ZONE,  # one label of 40 octets that goes on like the zone
        b"\x1f" + digits[1:] + ZONE,
        ZONE,
        b"\0",
    ):
        assert owner_hash(owner, ZONE) is None


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


def test_the_longest_chain_is_tried_first() -> None:
    """One record of many salts each must not use up what the zone's own chain needs."""
    deep = n(".".join("a" * 110))
    rdatas = [nsec3_rdata(b"\xff" * 20, set(), iterations=150, salt=bytes((salt,))) for salt in range(40)]
    flood = [(owner_of(bytes((number,)) * 20, ZONE), rdata) for number, rdata in enumerate(rdatas)]
    assert prove_nxdomain(deep, ZONE, [], flood).reason is Reason.TOO_MUCH_WORK
    assert prove_nxdomain(deep, ZONE, [], flood + PLAIN.nsec3s()).reason is YES
