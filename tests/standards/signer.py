"""Keys and signatures for tests, made apart from the code under test: any field of an RRSIG can be set wrong."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dns.dnssec
import dns.rdtypes.ANY.DNSKEY
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from crawler.standards.dnssec import Key, read_key

NOW = 1_790_000_000
DAY = 86_400
HASHES: dict[int, hashes.HashAlgorithm] = {
    5: hashes.SHA1(),
    7: hashes.SHA1(),
    8: hashes.SHA256(),
    10: hashes.SHA512(),
    13: hashes.SHA256(),
    14: hashes.SHA384(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A private key with its DNSKEY."""

    private: Any
    dnskey: dns.rdtypes.ANY.DNSKEY.DNSKEY

    @property
    def rdata(self) -> bytes:
        return bytes(self.dnskey.to_digestable())

    @property
    def key(self) -> Key:
        return read_key(self.rdata)

    def over(self, data: bytes) -> bytes:
        """The bare signature of some octets, in its DNSSEC form."""
        algorithm = int(self.dnskey.algorithm)
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), HASHES[algorithm])
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            size = self.private.key_size // 8
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(HASHES[algorithm])))
            return r.to_bytes(size) + s.to_bytes(size)
        return bytes(self.private.sign(data))

    def rrsig(  # every field of an RRSIG is an argument
        self,
        owner: bytes,
        rtype: int,
        rdatas: list[bytes],
        zone: bytes,
        *,
        labels: int | None = None,
        ttl: int = 3600,
        inception: int = NOW - DAY,
        expiration: int = NOW + DAY,
        algorithm: int | None = None,
        tag: int | None = None,
        covered: int | None = None,
        signed_owner: bytes | None = None,
    ) -> bytes:
        """RRSIG rdata over an RRset (RFC 4034 section 3.1.8.1)."""
        depth = sum(1 for _ in labels_of(owner) if _ != b"*")
        head = struct.pack(
            "!HBBIIIH",
            rtype if covered is None else covered,
            self.key.algorithm if algorithm is None else algorithm,
            depth if labels is None else labels,
            ttl,
            expiration & 0xFFFFFFFF,
            inception & 0xFFFFFFFF,
            self.key.tag if tag is None else tag,
        )
        data = head + zone
        for rdata in sorted(set(rdatas)):
            data += (signed_owner or owner) + struct.pack("!HHIH", rtype, 1, ttl, len(rdata)) + rdata
        return head + zone + self.over(data)


def labels_of(name: bytes) -> list[bytes]:
    found = []
    while name[0]:
        found.append(name[1 : name[0] + 1])
        name = name[name[0] + 1 :]
    return found


@lru_cache(maxsize=64)
def make(algorithm: int = 13, *, flags: int = 257, bits: int = 2048, serial: int = 0, protocol: int = 3) -> Signer:
    """A key; `serial` tells several of one kind apart. The same arguments give the same key within a test run."""
    private: Any
    if algorithm in {5, 7, 8, 10}:
        private = rsa.generate_private_key(65537, bits)
    elif algorithm in {13, 14}:
        private = ec.generate_private_key(ec.SECP256R1() if algorithm == 13 else ec.SECP384R1())
    else:
        private = ed25519.Ed25519PrivateKey.generate() if algorithm == 15 else ed448.Ed448PrivateKey.generate()
    public = private.public_key()
    dnskey = dns.dnssec.make_dnskey(public, algorithm, flags, protocol)
    assert serial >= 0
    return Signer(private=private, dnskey=dnskey)
