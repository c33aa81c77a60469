"""Certificates to judge: small authorities made in the test, with one thing wrong at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256, sha512

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from crawler.standards.certificates import Certificate, read
from crawler.standards.tlsa import Tlsa

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@cache
def key_of(name: str) -> ec.EllipticCurvePrivateKey:
    """The key of who has this name; always the same within a run."""
    return ec.generate_private_key(ec.SECP256R1())


def distinguished(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def usage_bits(*bits: str) -> x509.KeyUsage:
    """Key usage with these bits only."""
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{bit: bit in bits for bit in every})


def issue(
    subject: str,
    issuer: str,
    *,
    sans: Sequence[str] = (),
    ca: bool | None = None,
    path_length: int | None = None,
    days: tuple[int, int] = (-30, 30),
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    signer: str = "",
) -> bytes:
    """A certificate, DER; signed by the key of `issuer` unless another signer is named."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(distinguished(subject))
        .issuer_name(distinguished(issuer))
        .public_key(key_of(subject).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(san) for san in sans]), False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key_of(signer or issuer), SHA256()).public_bytes(Encoding.DER)


def unknown_extension() -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


def spki_of(name: str) -> bytes:
    return key_of(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def record(form: str, of: bytes) -> Tlsa:
    """The record of a form such as ``3 1 1`` for a certificate."""
    usage, selector, matching = map(int, form.split())
    selected = read(of).spki if selector == 1 else of
    data = {0: selected, 1: sha256(selected).digest(), 2: sha512(selected).digest()}[matching]
    return Tlsa(usage, selector, matching, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A leaf, its issuer and the root above."""

    leaf: bytes
    issuer: bytes
    root: bytes

    @property
    def chain(self) -> list[bytes]:
        return [self.leaf, self.issuer, self.root]

    @property
    def read(self) -> list[Certificate]:
        return [read(octets) for octets in self.chain]


@cache
def party() -> Party:
    """All in order: ``mx.example.nl`` below ``Issuer`` below ``Root``."""
    return Party(
        leaf=issue("mx.example.nl", "Issuer", sans=["mx.example.nl"]),
        issuer=issue("Issuer", "Root", ca=True, path_length=0),
        root=issue("Root", "Root", ca=True),
    )
