"""Spans lie where they should: around what was asked, and around nothing that exists. Whether the set of them proves
what it must, Unbound and ldns say (test_unbound.py, test_export.py)."""

from __future__ import annotations

import base64

import dns.dnssec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.denial import base32hex, bitmap, next_closer, nsec3_hash, nsec3_start, with_types
from lab.names import Type, canonical_key, count, is_below, join, text, wire
from lab.zones import Denial, Node, RRset, Signing, Zone

labels = st.binary(min_size=1, max_size=63).map(bytes.lower)
NODES = {wire("a.nl"): Node({}), wire("sub.a.nl"): Node({Type.NS: RRset(1, (wire("ns.nl"),))})}


def online(denial: Denial) -> Zone:
    return Zone("nl", now=0, signing=Signing(denial=denial), lookup=NODES.get)


@given(st.lists(labels, min_size=1, max_size=4))
def test_a_white_lie_covers_the_name_and_all_below_it_and_no_sibling(parts: list[bytes]) -> None:
    """RFC 4470 section 4."""
    name = wire("nl")
    for label in parts:
        if len(label) + 1 + len(name) <= 250:
            name = join(label, name)
    if name == wire("nl"):
        return
    span = online(Denial.NSEC).chain.cover(name)
    following = next_name(span.rdata)
    assert canonical_key(span.owner.lower()) < canonical_key(name) < canonical_key(following)
    assert len(following) <= 255
    assert len(span.owner) <= 255
    if len(name) < 250 and name[0] < 62:
        assert canonical_key(join(b"\xff" * 2, name)) < canonical_key(following)
    rest = name[name[0] + 1 :]
    assert is_below(span.owner, rest)
    assert is_below(following, rest)


def next_name(rdata: bytes) -> bytes:
    at = 0
    while rdata[at]:
        at += rdata[at] + 1
    return rdata[: at + 1]


@given(st.binary(min_size=20, max_size=20))
def test_base32hex_is_that_of_the_standard_library(digest: bytes) -> None:
    assert base32hex(digest) == base64.b32hexencode(digest).lower()


@given(st.lists(labels, max_size=3), st.binary(max_size=8), st.integers(0, 5))
def test_hashes_are_those_of_dnspython(parts: list[bytes], salt: bytes, iterations: int) -> None:
    name = wire("nl")
    for label in parts:
        name = join(label, name)
    theirs = dns.dnssec.nsec3_hash(text(name), salt.hex(), iterations, 1)
    assert base32hex(nsec3_hash(name, salt, iterations)).decode().upper() == theirs


def test_a_narrow_nsec3_span_is_of_three_hashes() -> None:
    chain = online(Denial.NSEC3).chain
    span, wanted = chain.cover(wire("x.nl")), int.from_bytes(nsec3_hash(wire("x.nl"), b"", 0), "big")
    assert nsec3_start(span) == wanted - 1
    assert int.from_bytes(span.rdata[6:26], "big") == wanted + 1


@pytest.mark.parametrize("opt_out", [False, True])
def test_opt_out_leaves_insecure_delegations_and_what_leads_to_them_out(opt_out: bool) -> None:
    """RFC 5155 section 7.1."""
    zone = Zone("nl", now=0, signing=Signing(denial=Denial.NSEC3, opt_out=opt_out))
    zone.text("@ NS ns\nns A 192.0.2.1\na.b.plain NS ns\nsecure NS ns\nsecure DS 1 13 2 " + "00" * 32)
    starts = {nsec3_start(span) for span in zone.chain.spans()}
    known = {"nl", "ns.nl", "secure.nl"} | (set() if opt_out else {"plain.nl", "b.plain.nl", "a.b.plain.nl"})
    assert starts == {int.from_bytes(nsec3_hash(wire(name), b"", 0), "big") for name in known}


def test_what_lies_below_a_cut_is_nobodys_in_the_chain() -> None:
    zone = Zone("nl", now=0, signing=Signing())
    zone.text("@ NS ns.a\na NS ns.a\nns.a A 192.0.2.1\nb A 192.0.2.2")
    assert [text(span.owner) for span in zone.chain.spans()] == ["nl.", "a.nl.", "b.nl."]


def test_bitmaps_have_windows() -> None:
    """The example of RFC 4034 section 4.3."""
    assert bitmap((1, 15, 46, 47, 1234)).hex() == "0006400100000003" + "041b" + "00" * 26 + "20"
    span = online(Denial.NSEC).chain.match(wire("a.nl"))
    assert span is not None
    assert with_types(span, (1, 1234)).rdata.endswith(bitmap((1, 46, 47, 1234)))


def test_the_next_closer_name_is_one_label_below_the_encloser() -> None:
    assert next_closer(wire("a.b.c.nl"), wire("nl")) == wire("c.nl")
    assert next_closer(wire("c.nl"), wire("nl")) == wire("c.nl")
    assert count(wire("*.c.nl")) == 2
