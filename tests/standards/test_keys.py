"""DNSKEY and DS rdata, key tags and digests, held against dnspython (RFC 4034)."""

from __future__ import annotations

import dns.dnssec
import dns.name
import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.dnssec import DnssecFault, DnssecFlaw, Key, ds_matches, ds_of, key_tag, read_ds, read_key
from crawler.standards.keys import read_name
from crawler.standards.names import from_text
from tests.standards.signer import make

ZONE = from_text("example.nl")


@given(st.binary(min_size=4, max_size=300), st.sampled_from([1, 5, 8, 13, 252]))
def test_key_tags_are_dnspythons(rdata: bytes, algorithm: int) -> None:
    rdata = rdata[:3] + bytes((algorithm,)) + rdata[4:]
    if algorithm == 1 and len(rdata) < 7:
        return  # dnspython fails where there is no modulus
    theirs = dns.dnssec.key_id(dns.rdata.from_wire("IN", "DNSKEY", rdata, 0, len(rdata)))  # type: ignore[arg-type]
    assert key_tag(rdata) == read_key(rdata).tag == theirs


@pytest.mark.parametrize("size", range(8))
def test_a_short_dnskey_is_a_fault_or_a_key_that_verifies_nothing(size: int) -> None:
    for algorithm in (1, 5, 8, 13, 14, 15, 16):
        rdata = (b"\1\1\3" + bytes((algorithm,)) + b"\0\1\1")[:size]
        if size < 4:
            with pytest.raises(DnssecFault) as raised:
                read_key(rdata)
            assert raised.value.flaw is DnssecFlaw.DNSKEY_SHORT
        else:
            assert not read_key(rdata).verify(b"\1" * 64, b"")


@given(st.sampled_from([1, 5, 7, 8, 10, 13, 14, 15, 16, 99]), st.binary(max_size=140), st.binary(max_size=140))
def test_a_key_of_noise_verifies_nothing_and_never_raises(algorithm: int, material: bytes, signature: bytes) -> None:
    key = read_key(b"\1\0\3" + bytes((algorithm,)) + material)
    assert not key.verify(signature, b"data")
    assert not key.verify(signature, b"data")  # nor when it is known not to load


@pytest.mark.parametrize(
    ("algorithm", "bits", "told"),
    [(8, 1024, 1024), (10, 2048, 2048), (13, 0, 256), (14, 0, 384), (15, 0, 256), (16, 0, 456)],
)
def test_a_key_tells_its_size_flags_and_tag(algorithm: int, bits: int, told: int) -> None:
    key = make(algorithm, bits=bits or 2048).key
    assert (key.bits, key.flags, key.protocol, key.algorithm) == (told, 257, 3, algorithm)
    assert key.zone_key
    assert not key.revoked
    assert str(key.tag) in repr(key)


def test_flags_say_zone_key_and_revoked() -> None:
    material = make(13).rdata[4:]
    assert not read_key(b"\0\1\3\x0d" + material).zone_key
    assert not read_key(b"\1\1\2\x0d" + material).zone_key  # protocol must be 3
    assert read_key(b"\1\x81\3\x0d" + material).revoked
    assert read_key(b"\1\0\3\xfd" + material).bits is None  # an algorithm that we cannot measure


def rsa(exponent: bytes, modulus: int) -> Key:
    length = bytes((len(exponent),)) if len(exponent) < 256 else b"\0" + len(exponent).to_bytes(2)
    return read_key(b"\1\0\3\x08" + length + exponent + modulus.to_bytes((modulus.bit_length() + 7) // 8))


def test_both_encodings_of_an_rsa_exponent_are_read() -> None:
    """RFC 3110 section 2."""
    signer = make(8, bits=1024)
    short = signer.rdata
    assert short[4] == 3
    long = short[:4] + b"\0\0\3" + short[5:]
    signature = signer.over(b"data")
    for rdata in (short, long):
        assert read_key(rdata).verify(signature, b"data")
        assert read_key(rdata).bits == 1024
    assert read_key(short[:4] + b"\0\0\3").bits == 0


@pytest.mark.parametrize(
    ("bits", "exponent", "loads"),
    [
        (511, b"\3", False),
        (512, b"\3", True),
        (4096, b"\3", True),
        (4097, b"\3", False),
        (1024, b"\1" * 8, True),
        (1024, b"\1" * 9, False),
        (1024, b"\1" * 300, False),
    ],
)
def test_rsa_keys_that_would_cost_too_much_never_reach_the_library(
    bits: int, exponent: bytes, loads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def spy(*numbers: int) -> None:
        asked.append(numbers)
        raise ZeroDivisionError

    monkeypatch.setattr("crawler.standards.keys.rsa.RSAPublicNumbers", spy)
    key = rsa(exponent, 1 << (bits - 1) | 1)
    if loads:
        with pytest.raises(ZeroDivisionError):
            key.verify(b"", b"")
    else:
        assert not key.verify(b"", b"")
    assert bool(asked) is loads


@pytest.mark.parametrize(("algorithm", "size"), [(13, 32), (14, 48)])
def test_an_ecdsa_signature_has_exactly_two_numbers_of_full_length(algorithm: int, size: int) -> None:
    """RFC 6605 section 4."""
    signer = make(algorithm)
    signature = signer.over(b"data")
    assert signer.key.verify(signature, b"data")
    assert not signer.key.verify(signature[:size] + b"\0" + signature[size:], b"data")
    assert not signer.key.verify(b"\0" + signature, b"data")


@pytest.mark.parametrize(("digest_type", "name"), [(1, "SHA1"), (2, "SHA256"), (4, "SHA384")])
def test_digests_are_dnspythons(digest_type: int, name: str) -> None:
    signer = make(13)
    theirs = dns.dnssec.make_ds(
        dns.name.from_text("Example.NL."), signer.dnskey, name, policy=dns.dnssec.allow_all_policy
    )
    ds = read_ds(theirs.to_digestable())
    assert ds == ds_of(ZONE, signer.key, digest_type)
    assert ds_matches(ZONE, signer.key, ds)
    for other in (
        ds._replace(tag=ds.tag ^ 1),
        ds._replace(algorithm=14),
        ds._replace(digest_type=3),
        ds._replace(digest=ds.digest[:-1]),
        ds._replace(digest=b""),
    ):
        assert not ds_matches(ZONE, signer.key, other)


def test_an_empty_digest_of_an_unknown_type_matches_nothing() -> None:
    key = make(13).key
    assert not ds_matches(ZONE, key, ds_of(ZONE, key, 3))


@pytest.mark.parametrize("size", range(5))
def test_a_short_ds_is_a_fault(size: int) -> None:
    if size < 4:
        with pytest.raises(DnssecFault):
            read_ds(b"\0" * size)
    else:
        assert read_ds(b"\1\2\3\4") == (258, 3, 4, b"")


@pytest.mark.parametrize(
    ("rdata", "name"),
    [
        (b"\1A\0rest", b"\1a\0"),
        (b"\0", b"\0"),
        (b"", None),
        (b"\1", None),
        (b"\1a", None),  # no root
        (b"\xc0\0", None),  # compression is not allowed here
        (b"\x40" + b"a" * 64 + b"\0", None),
        (
            (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0",
            (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0",
        ),
        ((b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\0", None),  # 256 octets
    ],
)
def test_names_inside_rdata_are_read_whole_or_not(rdata: bytes, name: bytes | None) -> None:
    if name is None:
        with pytest.raises(DnssecFault) as raised:
            read_name(rdata, 0)
        assert raised.value.flaw is DnssecFlaw.NAME
    else:
        assert read_name(rdata, 0) == (name, len(name))
