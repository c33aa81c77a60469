"""Signing keys made from a seed, so that the same world has the same keys whenever it is made (RFC 4034 section 2).

Private scalars of the curves are drawn by HMAC. RSA primes are searched from a point drawn by SHA-512 and found at
the written distances from it, so nothing is searched and nothing secret is stored; `find_distances` finds more of
them. These keys protect nothing. An RSA modulus comes from a small pool, so zones may share one; which never changes
a verdict. Algorithms: 5, 7, 8, 10, 13, 14, 15, 16; others can be published (`lab.breakage`), not signed with.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from functools import lru_cache
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ZONE_KEY: Final = 0x0100
ENTRY_POINT: Final = 0x0001
EXPONENT: Final = 65537

_RSA_HASHES: Final[dict[int, hashes.HashAlgorithm]] = {
    5: hashes.SHA1(),  # noqa: S303 - what algorithms 5 and 7 are made of
    7: hashes.SHA1(),  # noqa: S303
    8: hashes.SHA256(),
    10: hashes.SHA512(),
}
_CURVES: Final[dict[int, tuple[ec.EllipticCurve, hashes.HashAlgorithm, int]]] = {
    13: (ec.SECP256R1(), hashes.SHA256(), 32),
    14: (ec.SECP384R1(), hashes.SHA384(), 48),
}
_ORDERS: Final = {
    13: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    14: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
# bits of the modulus -> for each key of the pool, how far its two primes lie from their drawn starting points
_DISTANCES: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    512: ((126, 336), (42, 26), (0, 134), (170, 26)),
    1024: ((492, 26), (12, 264), (724, 152), (266, 164)),
    1280: ((260, 278), (184, 1148), (82, 422), (540, 266)),
    2048: ((1238, 372), (864, 442), (94, 196), (110, 1992)),
    3072: ((308, 1556), (120, 1982)),
    4096: ((3124, 28), (972, 1022)),
}


class Sign(Protocol):
    """A private key, bound to its algorithm."""

    def __call__(self, data: bytes, /) -> bytes:
        """The signature, as RRSIG carries it."""


class SigningKey:
    """A DNSKEY and the private half of it."""

    __slots__ = ("_sign", "algorithm", "flags", "rdata", "tag")

    def __init__(self, flags: int, algorithm: int, public: bytes, sign: Sign) -> None:
        self.flags = flags
        self.algorithm = algorithm
        self.rdata = struct.pack("!HBB", flags, 3, algorithm) + public
        self.tag = key_tag(self.rdata)
        self._sign = sign

    def sign(self, data: bytes) -> bytes:
        """The signature, as RRSIG carries it."""
        return self._sign(data)

    def claimed(self, algorithm: int) -> SigningKey:
        """The same key under another algorithm's number."""
        return SigningKey(self.flags, algorithm, self.rdata[4:], self._sign)


def key_tag(rdata: bytes) -> int:
    """RFC 4034 appendix B; of RSA/MD5 keys too, which appendix B.1 counts otherwise, for nothing here signs by them."""
    if len(rdata) % 2:
        rdata += b"\0"
    total: int = sum(struct.unpack(f"!{len(rdata) // 2}H", rdata))
    return (total + (total >> 16)) & 0xFFFF


@lru_cache(maxsize=8192)
def signing_key(seed: bytes, apex: bytes, algorithm: int, role: int, flags: int, bits: int) -> SigningKey:
    """The key of a zone for a role (0, 1 ... number the keys of one algorithm in one zone)."""
    drawn = hmac.digest(seed, b"%d|%s" % (algorithm, apex), "sha512")
    if algorithm in _RSA_HASHES:
        return _rsa_key(int.from_bytes(drawn[:4], "big") + role, algorithm, flags, bits)
    drawn = hmac.digest(drawn, b"%d" % role, "sha512")
    if algorithm in _CURVES:
        return _curve_key(drawn, algorithm, flags)
    return _edwards_key(drawn, algorithm, flags)


def _curve_key(drawn: bytes, algorithm: int, flags: int) -> SigningKey:
    curve, digest, size = _CURVES[algorithm]
    private = ec.derive_private_key(int.from_bytes(drawn, "big") % (_ORDERS[algorithm] - 1) + 1, curve)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    method = ec.ECDSA(digest, deterministic_signing=True)

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, method))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return SigningKey(flags, algorithm, point[1:], sign)


def _edwards_key(drawn: bytes, algorithm: int, flags: int) -> SigningKey:
    private: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
    if algorithm == 15:
        private = ed25519.Ed25519PrivateKey.from_private_bytes(drawn[:32])
    elif algorithm == 16:
        private = ed448.Ed448PrivateKey.from_private_bytes(drawn[:57])
    else:
        raise ValueError(f"the lab does not sign with algorithm {algorithm}")
    return SigningKey(flags, algorithm, private.public_key().public_bytes_raw(), private.sign)


def _rsa_key(number: int, algorithm: int, flags: int, bits: int) -> SigningKey:
    pool = _DISTANCES[bits]
    private = _rsa_private(bits, number % len(pool))
    digest = _RSA_HASHES[algorithm]
    modulus = private.public_key().public_numbers().n

    def sign(data: bytes) -> bytes:
        return private.sign(data, padding.PKCS1v15(), digest)

    return SigningKey(flags, algorithm, b"\x03\x01\x00\x01" + modulus.to_bytes(bits // 8, "big"), sign)


@lru_cache
def _rsa_private(bits: int, number: int) -> rsa.RSAPrivateKey:
    near, far = _DISTANCES[bits][number]
    p, q = _start(bits, number, "p") + near, _start(bits, number, "q") + far
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(EXPONENT, p * q)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _start(bits: int, number: int, which: str) -> int:
    """Where the search for a prime of half the bits begins; its two top bits are set, so that p*q has all its bits."""
    size = bits // 16
    drawn = b"".join(hashlib.sha512(f"dane-census {bits} {number} {which} {i}".encode()).digest() for i in range(4))
    return int.from_bytes(drawn[:size], "big") | 3 << (size * 8 - 2) | 1


def _is_prime(n: int) -> bool:
    """Miller and Rabin's test, on bases enough for numbers that nobody chose against us."""
    if any(n % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in range(2, 14):
        x = pow(base, odd, n)
        if x in {1, n - 1}:
            continue
        if not any((x := x * x % n) == n - 1 for _ in range(twos - 1)):
            return False
    return True


def find_distances(bits: int, number: int) -> tuple[int, int]:
    """Search the two primes of one key of the pool."""

    def distance(which: str) -> int:
        start, step = _start(bits, number, which), 0
        while not (_is_prime(start + step) and (start + step - 1) % EXPONENT):
            step += 2
        return step

    return distance("p"), distance("q")
