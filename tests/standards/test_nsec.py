"""NSEC by hand: one record, one rule (RFC 4035 section 5.4, RFC 6840 section 4, RFC 9824)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.denial import (
    NXNAME,
    Means,
    Proof,
    prove_no_closer,
    prove_nodata,
    prove_nxdomain,
)
from crawler.standards.dnssec import DnssecFault
from crawler.standards.names import from_text
from crawler.standards.nsec import bitmap_types
from crawler.standards.rdata import Type
from crawler.standards.security import Reason
from tests.standards.chains import ZONE, bitmap, n, nsec

A, NS, CNAME, SOA, MX, TXT, DNAME, DS = Type.A, Type.NS, Type.CNAME, Type.SOA, Type.MX, Type.TXT, Type.DNAME, Type.DS
YES, NO = Reason.CHAIN, Reason.DENIAL_INVALID

# ---- by hand: one record, one rule ----


def nodata(qname: str, qtype: int, *nsecs: tuple[bytes, bytes]) -> Reason:
    return prove_nodata(n(qname), qtype, ZONE, nsecs, []).reason


def nxdomain(qname: str, *nsecs: tuple[bytes, bytes]) -> Reason:
    return prove_nxdomain(n(qname), ZONE, nsecs, []).reason


APEX = nsec("", "d", SOA, NS, MX)
FIRST = nsec("", "b", SOA, NS)
ROOT_NSEC = [(b"\0", from_text("aaa") + bitmap({SOA, NS, Type.NSEC}))]
STAR_BELOW = nsec("x.*", "d", A)
FOREIGN = (n("a"), from_text("z.extra.nl") + bitmap({A}))
SIDEWAYS = (from_text("z.exact.nl"), n("d") + bitmap({A}))
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
    ("owner outside the zone", NO, lambda: nxdomain("b", SIDEWAYS)),
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


def test_a_zone_says_nothing_of_names_outside_it() -> None:
    last = nsec("m", "", A)  # reaches to the end of the zone, and no further
    assert prove_no_closer(n("zz"), n("*"), ZONE, [last], []).reason is YES
    assert prove_no_closer(from_text("zz.nl"), from_text("*.nl"), ZONE, [last], []).reason is NO


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


# ---- bitmaps ----


@given(st.frozensets(st.integers(1, 65535), max_size=40))
def test_bitmaps_read_as_dnspython_writes_them(types: frozenset[int]) -> None:
    assert bitmap_types(bitmap(set(types))) == types


@pytest.mark.parametrize(
    "octets",
    [
        b"\0",  # no length
        b"\0\0",  # length 0
        b"\0\0\1",
        b"\0\0\1\1\1",
        b"\0\x21" + b"\1" * 33,  # over 32
        b"\0\2\1",  # overruns
        b"\1\1\1\0\1\1",  # windows fall
        b"\0\1\1\0\1\1",  # the same window twice
    ],
)
def test_a_malformed_bitmap_is_a_fault(octets: bytes) -> None:
    with pytest.raises(DnssecFault):
        bitmap_types(octets)
