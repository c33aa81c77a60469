"""dnspython judges our signatures, key tags and DS records; the same seed gives the same keys."""

from __future__ import annotations

from dataclasses import replace

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rrset
import pytest

from lab.keys import key_tag
from lab.names import Type, wire
from lab.signer import Signer, Signing, ds_of

NOW = 1_790_000_000
APEX = wire("example.nl")
ALGORITHMS = [5, 7, 8, 10, 13, 14, 15, 16]


def rrset(owner: str, rtype: str, rdatas: tuple[bytes, ...]) -> dns.rrset.RRset:
    records = [dns.rdata.from_wire("IN", rtype, rdata, 0, len(rdata)) for rdata in rdatas]
    return dns.rrset.from_rdata_list(dns.name.from_text(owner), 300, records)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("split", [False, True])
def test_dnspython_validates_each_algorithm(algorithm: int, split: bool) -> None:
    signer = Signer(APEX, Signing(algorithms=(algorithm,), split=split, rsa_bits=1024), b"seed", NOW)
    keys = rrset("example.nl", "DNSKEY", tuple(key.rdata for key in signer.keys))
    for rtype, rdatas in (("A", (b"\xc0\0\2\1", b"\xc0\0\2\0")), ("DNSKEY", tuple(k.rdata for k in signer.keys))):
        number = Type.A if rtype == "A" else Type.DNSKEY
        sigs = rrset("example.nl", "RRSIG", signer.sign(APEX, number, 300, rdatas))
        dns.dnssec.validate(
            rrset("example.nl", rtype, rdatas), sigs, {dns.name.from_text("example.nl"): keys}, now=NOW,
            policy=dns.dnssec.allow_all_policy,
        )  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ds_records_and_key_tags_are_those_of_dnspython(algorithm: int) -> None:
    signing = Signing(algorithms=(algorithm,), rsa_bits=1024, digests=(1, 2, 4))
    [key] = Signer(APEX, signing, b"seed", NOW).keys
    [record] = rrset("example.nl", "DNSKEY", (key.rdata,))
    assert dns.dnssec.key_id(record) == key.tag == key_tag(key.rdata)
    for made, digest in zip(ds_of(APEX, signing, b"seed"), ("SHA1", "SHA256", "SHA384"), strict=True):
        theirs = dns.dnssec.make_ds(
            dns.name.from_text("example.nl"), record, digest, policy=dns.dnssec.allow_all_policy
        )
        assert made == theirs.to_wire()


def test_keys_depend_on_the_seed_and_the_zone_alone() -> None:
    first = ds_of(APEX, Signing(), b"seed")
    assert first == ds_of(APEX, replace(Signing(), expiration=5), b"seed")
    assert len({first, ds_of(APEX, Signing(), b"other"), ds_of(wire("example.de"), Signing(), b"seed")}) == 3


@pytest.mark.parametrize("bits", [512, 1024, 1280, 2048, 3072, 4096])
def test_an_rsa_key_has_all_the_bits_it_says(bits: int) -> None:
    signer = Signer(APEX, Signing(algorithms=(8,), split=True, rsa_bits=bits), b"seed", NOW)
    moduli = {key.rdata[8:] for key in signer.keys}
    assert len(moduli) == 2
    assert all(int.from_bytes(modulus, "big").bit_length() == bits for modulus in moduli)


def test_a_key_set_without_the_zone_flag_is_consistent() -> None:
    signing = Signing(flags=0, claimed=200)
    [key] = Signer(APEX, signing, b"seed", NOW).keys
    [ds] = ds_of(APEX, signing, b"seed")
    assert key.rdata[:4] == b"\0\1\3\xc8"
    assert ds[:3] == key.tag.to_bytes(2, "big") + b"\xc8"
