"""The lab's certificates: a root that its clients trust, one that nobody trusts, and leaves with any fault asked for.

Keys and the root are a pure function of the seed, so that a client's process and the servers' have the same root
without talking. A `Leaf` is a value; the context that shows it is made when it is first wanted, and kept.
"""

from __future__ import annotations

import datetime as dt
import os
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, sha512
from math import gcd, prod
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY: Final = 86_400
_ORDER_P256: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A server's certificate, and what is sent with it. The default is one that every client takes."""

    names: tuple[str, ...]  # dNSName of the SAN; the first is the subject's CN, too
    from_day: int = -30  # days from the beginning of this one, UTC
    to_day: int = 60
    issuer: str = "lab"  # lab, other (a root that nobody trusts), self
    san: bool = True
    sent: tuple[str, ...] = ("leaf", "intermediate")  # of leaf, intermediate, root, stranger; in this order
    key: str = "ecdsa"  # or rsa
    server: bool = True  # the purpose is a TLS server's
    renewal: int = 0  # another key for the same name
    spoiled: bool = False  # the signature


def good(name: str) -> Leaf:
    """What a well-kept server shows."""
    return Leaf(names=(name,))


class Pki:
    """The authorities of one lab, at one time (seconds since 1970)."""

    def __init__(self, now: int, seed: bytes = b"lab") -> None:
        self.now = now
        self._seed = seed
        self._day = day = now // _DAY * _DAY  # certificates are the same in all processes that begin on one day
        self._begin, self._end = _at(day - 3650 * _DAY), _at(day + 3650 * _DAY)
        self._roots = {kind: self._root(kind) for kind in ("lab", "other")}
        self._middle = {kind: self._intermediate(kind) for kind in ("lab", "other")}

    def ca(self) -> str:
        """The roots that clients trust, as PEM."""
        return self._roots["lab"].public_bytes(serialization.Encoding.PEM).decode()

    def chain(self, leaf: Leaf) -> tuple[bytes, ...]:
        """The certificates that a server with this leaf sends, DER."""
        return tuple(one.public_bytes(serialization.Encoding.DER) for one in self.certificates(leaf))

    def association(self, leaf: Leaf, kind: str, *, of: int = 0) -> str:
        """A TLSA record of these parameters for the certificate at a place of what is sent, in presentation format."""
        usage, selector, matching = kind.split()
        made = self.certificates(leaf)[of]
        data = made.public_bytes(serialization.Encoding.DER) if selector == "0" else _spki(made)
        digest = {"0": data, "1": sha256(data).digest(), "2": sha512(data).digest()}[matching]
        return f"{usage} {selector} {matching} {digest.hex()}"

    def context(
        self, leaf: Leaf, *others: Leaf, most: ssl.TLSVersion | None = None, least: bool = False
    ) -> ssl.SSLContext:
        """A server that shows it (or another, by the kind of key that a client wants).

        `most` is the highest version it speaks, `least` lets it speak old ones.
        """
        return _context(self, (leaf, *others), most, least)

    def certificates(self, leaf: Leaf) -> list[x509.Certificate]:
        """What a server with this leaf sends."""
        issuer = leaf.issuer if leaf.issuer in self._roots else "lab"
        pieces = {"intermediate": self._middle[issuer], "root": self._roots[issuer], "stranger": self._middle["other"]}
        return [_leaf(self, leaf) if piece == "leaf" else pieces[piece] for piece in leaf.sent]

    def make(self, leaf: Leaf) -> x509.Certificate:
        """The certificate itself."""
        subject = _name(leaf.names[0])
        own = self.key(leaf)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if leaf.issuer == "self" else self._middle[leaf.issuer].subject)
            .public_key(own.public_key())
            .serial_number(int.from_bytes(sha256(repr(leaf).encode()).digest()[:8], "big") | 1)
            .not_valid_before(_at(self._day + leaf.from_day * _DAY))
            .not_valid_after(_at(self._day + leaf.to_day * _DAY))
        )
        if leaf.san:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, leaf.names))), False)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if leaf.server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
        key: _Key = own if leaf.issuer == "self" else _ecdsa(self._seed + leaf.issuer.encode() + b" intermediate")
        certain = True if isinstance(key, ec.EllipticCurvePrivateKey) else None  # the same octets in every process
        made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=certain)
        if not leaf.spoiled:
            return made
        octets = made.public_bytes(serialization.Encoding.DER)
        return x509.load_der_x509_certificate(octets[:-1] + bytes((octets[-1] ^ 1,)))

    def key(self, leaf: Leaf) -> _Key:
        """One for each name and renewal; of RSA, which is dear to find, one for each renewal."""
        label = self._seed + b" leaf" + (b" of %d" % leaf.renewal if leaf.renewal else b"")
        return _rsa(label) if leaf.key == "rsa" else _ecdsa(label + leaf.names[0].encode())

    def _root(self, kind: str) -> x509.Certificate:
        key = ed25519.Ed25519PrivateKey.from_private_bytes(sha256(self._seed + kind.encode()).digest())
        return self._authority(f"dane-census {kind} root", key.public_key(), f"dane-census {kind} root").sign(key, None)

    def _intermediate(self, kind: str) -> x509.Certificate:
        root = ed25519.Ed25519PrivateKey.from_private_bytes(sha256(self._seed + kind.encode()).digest())
        own = _ecdsa(self._seed + kind.encode() + b" intermediate").public_key()
        return self._authority(f"dane-census {kind} intermediate", own, f"dane-census {kind} root").sign(root, None)

    def _authority(
        self, subject: str, key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey, issuer: str
    ) -> x509.CertificateBuilder:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "encipher_only", "decipher_only"), False,
        )  # fmt: skip
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key)
            .serial_number(int.from_bytes(sha256(subject.encode()).digest()[:8], "big") | 1)
            .not_valid_before(self._begin)
            .not_valid_after(self._end)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        )


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _at(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


@lru_cache(64)
def _ecdsa(label: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(sha256(label).digest(), "big") % _ORDER_P256 or 1, ec.SECP256R1())


@lru_cache(8)
def _rsa(label: bytes) -> rsa.RSAPrivateKey:
    """A key of 2,048 bits that follows from the label alone; found in about a second."""
    p, q = (next(filter(_is_prime, _candidates(label + half))) for half in (b"p", b"q"))
    d = pow(65_537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65_537, p * q)
    )
    return numbers.private_key()


def _candidates(label: bytes) -> Iterator[int]:
    """Odd numbers of 1,024 bits without small factors, the upper two bits set."""
    start = int.from_bytes(b"".join(sha256(label + bytes((n,))).digest() for n in range(4)), "big")
    number = start | 3 << 1022 | 1
    while True:
        number += 2
        if gcd(number, _SMALL) == 1 and gcd(number - 1, 65_537) == 1:
            yield number


_SMALL: Final = prod(n for n in range(3, 2000, 2) if all(n % m for m in range(3, int(n**0.5) + 1, 2)))


def _is_prime(number: int) -> bool:
    """Miller and Rabin's test with ten bases: for keys that protect nothing."""
    odd = number - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29):
        x = pow(base, odd, number)
        if x in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


@lru_cache(20_000)
def _leaf(pki: Pki, leaf: Leaf) -> x509.Certificate:
    return pki.make(leaf)


@lru_cache(4_096)
def _context(pki: Pki, leaves: tuple[Leaf, ...], most: ssl.TLSVersion | None, least: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for leaf in leaves:
        _load(pki, leaf, context)
    context.num_tickets = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if least:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if most is not None:
            context.maximum_version = most
    return context


def _load(pki: Pki, leaf: Leaf, context: ssl.SSLContext) -> None:
    pem = pki.key(leaf).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem += b"".join(one.public_bytes(serialization.Encoding.PEM) for one in pki.certificates(leaf))
    with os.fdopen(os.memfd_create("dane-census-lab"), "w+b") as file:  # the ssl module reads files only
        file.write(pem)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
