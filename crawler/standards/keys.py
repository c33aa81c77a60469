"""DNSKEY and DS: reading them, matching them, and the cryptographic check itself (RFC 4034 sections 2, 5, appendix B).

A `Key` carries what every verification with it needs, and loads the library's
key object once, when it is first used. Key forms: RSA (RFC 3110, RFC 5702),
ECDSA (RFC 6605), EdDSA (RFC 8080). A key that does not load verifies nothing;
it never raises. Which algorithms *count* is ``algorithms``; which key may sign
what is ``dnssec``. Malformed rdata raises `DnssecFault`, and nothing else.

RSA keys of less than 512 or more than 4096 bits, and exponents of more than 64
bits, do not load: they would make one check cost as much as a hundred others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from crawler.standards.names import MAX_LABEL, MAX_NAME, Name

ZONE_KEY = 0x0100  # flags (RFC 4034 section 2.1.1)
REVOKED = 0x0080  # flags (RFC 5011 section 7)
PROTOCOL = 3  # the only value allowed (RFC 4034 section 2.1.2)

RSA_BITS = range(512, 4096 + 1)
RSA_EXPONENT_BITS = 64


class DnssecFlaw(StrEnum):
    """Why the rdata of a DNSSEC record cannot be read."""

    DNSKEY_SHORT = "dnskey-short"
    DS_SHORT = "ds-short"
    RRSIG_SHORT = "rrsig-short"  # also: without a signature
    NAME = "name"  # the signer or next name overruns, is compressed or too long (RFC 4034 sections 3.1.7, 4.1.1)
    BITMAP = "bitmap"  # windows out of order, empty or overrunning (RFC 4034 section 4.1.2)
    NSEC3_SHORT = "nsec3-short"
    ANCHOR = "anchor"  # a line of a user's file that is no DS or DNSKEY record
    HINTS = "hints"  # a user's root hints that cannot be read, or name no server


class DnssecFault(ValueError):
    """Rdata that its RFC does not allow; `flaw` is the closed vocabulary, the message is for people."""

    def __init__(self, flaw: DnssecFlaw, words: str = "") -> None:
        super().__init__(f"{flaw}: {words}" if words else str(flaw))
        self.flaw = flaw


def read_name(rdata: bytes, at: int) -> tuple[Name, int]:
    """The uncompressed name at an offset, in lower case, and the offset behind it."""
    end = at
    size = len(rdata)
    while end < size and end - at < MAX_NAME:
        length = rdata[end]
        end += 1
        if not length:
            return rdata[at:end].lower(), end  # length octets are below "A", so lower() leaves them
        if length > MAX_LABEL:
            break
        end += length
    raise DnssecFault(DnssecFlaw.NAME)


# ---- DNSKEY ----


def key_tag(rdata: bytes) -> int:
    """The key tag of DNSKEY rdata (RFC 4034 appendix B; B.1 for algorithm 1)."""
    if len(rdata) > 3 and rdata[3] == 1:
        return int.from_bytes(rdata[-3:-1]) if len(rdata) >= 7 else 0
    total = (sum(rdata[0::2]) << 8) + sum(rdata[1::2])
    return (total + (total >> 16)) & 0xFFFF


class Key:
    """One DNSKEY record, ready to verify with."""

    __slots__ = ("_check", "_loaded", "algorithm", "bits", "flags", "protocol", "rdata", "revoked", "tag", "zone_key")

    def __init__(self, rdata: bytes) -> None:
        if len(rdata) < 4:
            raise DnssecFault(DnssecFlaw.DNSKEY_SHORT, f"{len(rdata)} octets")
        self.rdata = rdata
        self.flags = rdata[0] << 8 | rdata[1]
        self.protocol = rdata[2]
        self.algorithm = rdata[3]
        self.tag = key_tag(rdata)
        self.zone_key = bool(self.flags & ZONE_KEY) and self.protocol == PROTOCOL
        self.revoked = bool(self.flags & REVOKED)
        self.bits = _bits(self.algorithm, rdata[4:])
        self._check: _Check | None = None
        self._loaded = False

    def __repr__(self) -> str:
        return f"Key(tag={self.tag}, algorithm={self.algorithm}, flags={self.flags}, bits={self.bits})"

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over the data is by this key; False too when the key does not load."""
        if not self._loaded:
            self._check = _load(self.algorithm, self.rdata[4:])
            self._loaded = True
        if self._check is None:
            return False
        try:
            self._check(signature, data)
        except _REFUSALS:
            return False
        return True


def read_key(rdata: bytes) -> Key:
    """DNSKEY rdata as a key; `DnssecFault` when it is shorter than its fixed fields."""
    return Key(rdata)


# ---- the key forms ----

_Check = Callable[[bytes, bytes], None]  # signature, data; raises one of `_REFUSALS`
_REFUSALS = (InvalidSignature, ValueError, UnsupportedAlgorithm, InternalError)

_RSA_HASHES: dict[int, hashes.HashAlgorithm] = {
    5: hashes.SHA1(),  # noqa: S303 - what RFC 3110 says; `algorithms` decides whether it counts
    7: hashes.SHA1(),  # noqa: S303
    8: hashes.SHA256(),
    10: hashes.SHA512(),
}
_CURVES: dict[int, tuple[ec.EllipticCurve, ec.ECDSA, int]] = {
    13: (ec.SECP256R1(), ec.ECDSA(hashes.SHA256()), 32),
    14: (ec.SECP384R1(), ec.ECDSA(hashes.SHA384()), 48),
}
_FIXED_BITS = {13: 256, 14: 384, 15: 256, 16: 456}


def _split_rsa(material: bytes) -> tuple[bytes, bytes]:
    """Exponent and modulus (RFC 3110 section 2): the exponent's length takes one octet, or three."""
    if material[:1] != b"\0":
        size, at = (material[0], 1) if material else (0, 0)
    else:
        size, at = int.from_bytes(material[1:3]), 3
    return material[at : at + size], material[at + size :]


def _bits(algorithm: int, material: bytes) -> int | None:
    """The size that people name a key by; None for algorithms we cannot measure."""
    if algorithm in _RSA_HASHES or algorithm == 1:
        return int.from_bytes(_split_rsa(material)[1]).bit_length()
    return _FIXED_BITS.get(algorithm)


def _load(algorithm: int, material: bytes) -> _Check | None:
    """The check of one key, or None if the key is no key."""
    try:
        if algorithm in _RSA_HASHES:
            return _load_rsa(material, _RSA_HASHES[algorithm])
        if algorithm in _CURVES:
            return _load_ecdsa(material, *_CURVES[algorithm])
        if algorithm == 15:
            return Ed25519PublicKey.from_public_bytes(material).verify
        if algorithm == 16:
            return Ed448PublicKey.from_public_bytes(material).verify
    except _REFUSALS:
        return None
    return None


def _load_rsa(material: bytes, algorithm: hashes.HashAlgorithm) -> _Check | None:
    raw_exponent, raw_modulus = _split_rsa(material)
    exponent, modulus = int.from_bytes(raw_exponent), int.from_bytes(raw_modulus)
    if modulus.bit_length() not in RSA_BITS or exponent.bit_length() > RSA_EXPONENT_BITS:
        return None
    verify = rsa.RSAPublicNumbers(exponent, modulus).public_key().verify
    pkcs1 = padding.PKCS1v15()

    def check(signature: bytes, data: bytes) -> None:
        verify(signature, data, pkcs1, algorithm)

    return check


def _load_ecdsa(material: bytes, curve: ec.EllipticCurve, algorithm: ec.ECDSA, size: int) -> _Check:
    # The point comes without its leading octet (RFC 6605 section 4); the library refuses one of another length.
    verify = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\4" + material).verify

    def check(signature: bytes, data: bytes) -> None:
        if len(signature) != 2 * size:  # r, then s, both of full length
            raise InvalidSignature
        der = encode_dss_signature(int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))
        verify(der, data, algorithm)

    return check


# ---- DS ----


class Ds(NamedTuple):
    """One DS record (RFC 4034 section 5.1)."""

    tag: int
    algorithm: int
    digest_type: int
    digest: bytes


_DIGESTS = {1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384}


def read_ds(rdata: bytes) -> Ds:
    """DS rdata; `DnssecFault` when it is shorter than its fixed fields. A digest of odd length matches nothing."""
    if len(rdata) < 4:
        raise DnssecFault(DnssecFlaw.DS_SHORT, f"{len(rdata)} octets")
    return Ds(rdata[0] << 8 | rdata[1], rdata[2], rdata[3], rdata[4:])


def digest_of(owner: Name, key: Key, digest_type: int) -> bytes | None:
    """The digest a DS would have (RFC 4034 section 5.1.4); None for digests that we do not compute."""
    digest = _DIGESTS.get(digest_type)
    return None if digest is None else digest(owner + key.rdata).digest()


def ds_of(owner: Name, key: Key, digest_type: int = 2) -> Ds:
    """The DS of a key: so that a trust anchor given as DNSKEY serves like one given as DS."""
    return Ds(key.tag, key.algorithm, digest_type, digest_of(owner, key, digest_type) or b"")


def ds_matches(owner: Name, key: Key, ds: Ds) -> bool:
    """Whether a DS stands for this key: tag, algorithm and digest."""
    if ds.tag != key.tag or ds.algorithm != key.algorithm:
        return False
    return digest_of(owner, key, ds.digest_type) == ds.digest
