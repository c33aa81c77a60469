"""Vectors made by others, kept in ../shared: DS matches, NSEC3 hashes, signatures, and the chain of RFC 9102."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dns.name
import dns.rdata
import pytest

from crawler.standards.denial import nsec3_hash, read_nsec3
from crawler.standards.dnssec import (
    ds_matches,
    ds_of,
    read_ds,
    read_key,
    read_rrsig,
    verify_keys,
    verify_rrset,
)
from crawler.standards.names import ROOT, from_text
from crawler.standards.nsec3 import owner_hash
from crawler.standards.rdata import Type
from crawler.standards.security import Reason

Rrsets = dict[tuple[bytes, int], list[bytes]]  # by owner and type, in canonical form, in the order of the text


class Entry(NamedTuple):
    """One ENTRY of a scenario file: the name asked for, and all records below it."""

    question: str
    rrsets: Rrsets


def read_rrsets(lines: Iterable[str]) -> Rrsets:
    """Records, one a line: owner, perhaps TTL and class, type, rdata."""
    rrsets: Rrsets = {}
    for line in lines:
        owner, *rest = line.split()
        while rest[0].isdecimal() or rest[0] == "IN":
            del rest[0]
        rdata = dns.rdata.from_text("IN", rest[0], " ".join(rest[1:]))
        rrsets.setdefault((from_text(owner), int(rdata.rdtype)), []).append(rdata.to_digestable())
    return rrsets


def entries(path: Path) -> Iterator[Entry]:
    for block in path.read_text(encoding="ascii").split("ENTRY_BEGIN")[1:]:
        question, records, section = "", [], ""
        for line in block.split("ENTRY_END")[0].splitlines():
            line = line.partition(";")[0].strip()
            if line.startswith("SECTION"):
                section = line
            elif line and section == "SECTION QUESTION":
                question = line.split()[0]
            elif line:
                records.append(line)
        yield Entry(question, read_rrsets(records))


def of_type(rrsets: Rrsets, rtype: int) -> tuple[bytes, list[bytes]]:
    return next((owner, rdatas) for (owner, kind), rdatas in rrsets.items() if kind == rtype)


def signatures(shared: Path, name: str) -> list[Entry]:
    return list(entries(shared / "scenarios" / "signatures" / name))


def test_ds_vectors(shared: Path) -> None:
    found = signatures(shared, "test_ds.sha1")
    assert len(found) == 3
    for entry in found:
        _, ds = of_type(entry.rrsets, Type.DS)
        owner, dnskey = of_type(entry.rrsets, Type.DNSKEY)
        assert ds_matches(owner, read_key(dnskey[0]), read_ds(ds[0])) is (entry.question == "yes.")


def test_nsec3_hash_vectors(shared: Path) -> None:
    """RFC 5155 appendix A, and the cases of names."""
    found = signatures(shared, "test_nsec3_hash.1")
    assert len(found) == 16
    for entry in found:
        owner, _ = of_type(entry.rrsets, Type.AAAA)
        fields = read_nsec3(of_type(entry.rrsets, Type.NSEC3)[1][0])
        digest = nsec3_hash(from_text(entry.question), fields.salt, fields.iterations)
        assert digest == owner_hash(owner, owner[33:])
        raw = dns.name.from_text(entry.question).to_wire()
        assert raw is not None
        assert nsec3_hash(raw, fields.salt, fields.iterations) == digest  # whatever its case


@pytest.mark.parametrize(
    ("file", "number"),
    [
        ("test_sigs.ecdsa_p256", 1),
        ("test_sigs.ed25519", 1),
        ("test_sigs.rsasha256", 1),
        ("test_sigs.hinfo", 4),
        ("test_sigs.revoked", 3),
    ],
)
def test_signature_vectors(shared: Path, file: str, number: int) -> None:
    """The first entry holds the keys; a later one verifies, inside its own times, unless its name begins with bogus."""
    first, *rest = signatures(shared, file)
    zone, dnskey = of_type(first.rrsets, Type.DNSKEY)
    keys = [read_key(rdata) for rdata in dnskey]
    assert len(rest) == number
    for entry in rest:
        (owner, rtype), rdatas = next(iter(entry.rrsets.items()))
        sigs = entry.rrsets[owner, Type.RRSIG]
        parsed = read_rrsig(sigs[0])
        good = not entry.question.startswith("bogus")
        for now, inside in (
            (None, True),
            (parsed.inception, True),
            (parsed.expiration, True),
            (parsed.inception - 1, False),
            (parsed.expiration + 1, False),
        ):
            verdict = verify_rrset(owner, rtype, 1, rdatas, sigs, keys, zone, now)
            assert (verdict.reason is Reason.CHAIN) is (good and inside), entry.question


class Chain(NamedTuple):
    """The records of RFC 9102 appendix A.1, and a time inside all of their validity."""

    rrsets: Rrsets
    now: int


@pytest.fixture
def chain(shared: Path) -> Chain:
    vector: dict[str, Any] = json.loads((shared / "vectors" / "rfc9102_chain.json").read_text())
    return Chain(read_rrsets(vector["rrs"]), vector["valid_at"][0])


@pytest.mark.parametrize(("late", "reason"), [(0, Reason.CHAIN), (10 * 365 * 86_400, Reason.SIGNATURE_EXPIRED)])
def test_the_chain_of_rfc_9102_verifies_from_the_root_to_the_tlsa(chain: Chain, late: int, reason: Reason) -> None:
    now = chain.now + late
    zones = [ROOT, from_text("com"), from_text("example.com")]
    root_keys = [read_key(rdata) for rdata in chain.rrsets[ROOT, Type.DNSKEY]]
    ds_set = [ds_of(ROOT, key) for key in root_keys if key.flags & 1]  # the anchor of 2018 is in the chain itself
    for zone, child in zip(zones, [*zones[1:], None], strict=True):
        keys = verify_keys(zone, chain.rrsets[zone, Type.DNSKEY], chain.rrsets[zone, Type.RRSIG], ds_set, now)
        assert keys.reason is reason
        if keys.reason is not Reason.CHAIN:
            return
        owner, rtype = (from_text("_443._tcp.www.example.com"), Type.TLSA) if child is None else (child, Type.DS)
        link = chain.rrsets[owner, rtype]
        assert (
            verify_rrset(owner, rtype, 1, link, chain.rrsets[owner, Type.RRSIG], keys.keys, zone, now).reason
            is Reason.CHAIN
        )
        ds_set = [read_ds(rdata) for rdata in link] if child is not None else []
