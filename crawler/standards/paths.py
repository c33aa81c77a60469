"""From the certificate of a server up to a trust anchor: the path that DANE-TA asks for (RFC 5280 section 6).

Anchors are what TLSA records say they are (RFC 7671 section 5.2): certificates sent that match one,
certificates from the DNS (``2 0 0``) and bare keys from the DNS (``2 1 0``).
The search goes by depth, so that the nearest anchor is found; certificates may
be sent in any order, with others among them. Each step is a name that chains and
a signature that verifies. A path that reaches an anchor is then held against
dates, CA bits, path lengths, key usage, purposes, name constraints and critical
extensions at the time given. No anchor below depth 1: a leaf is not its own.

The certificate of an anchor is checked as those below it are, except that its
own signature does not matter, nor do its dates unless it is self-issued. RFC 5280
would take only name and key of it; OpenSSL does so (see docs/dane-readings.md).

Work is bounded: `LONGEST` certificates of those sent, `SIGNATURES` verifications
and `PATHS` beginnings of paths, then ``too-much-work``. Left out: revocation,
certificate policies, key identifiers (the signature decides), weak digests.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from crawler.standards.certificates import Certificate, KeyUsage, presented

LONGEST = 16  # certificates looked at of those sent
SIGNATURES = 48  # verifications for one path sought
PATHS = 256  # beginnings of paths looked at
_LARGEST_KEY = 16384  # bits of an RSA modulus

SERVER_AUTH = bytes.fromhex("2b06010505070301")
_TLS = {KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT, KeyUsage.KEY_AGREEMENT}


class Step(StrEnum):
    """How far the best path came, the nearest to a good one last."""

    NO_ANCHOR = "no-anchor"  # nothing that was sent, and nothing in the DNS, is an anchor
    UNREADABLE = "unreadable"  # the leaf is no certificate
    NOT_ISSUER = "not-issuer"  # an anchor is there, but no chain of issuers leads to it
    SIGNATURE = "signature"  # the names chain, a signature does not verify
    TOO_MUCH_WORK = "too-much-work"
    BAD_CERTIFICATE = "bad-certificate"  # an extension that does not read
    CRITICAL_EXTENSION = "critical-extension"  # one that is critical and unknown
    NOT_A_CA = "not-a-ca"
    PATH_LENGTH = "path-length"
    KEY_USAGE = "key-usage"
    PURPOSE = "purpose"  # extended key usage without serverAuth
    NAME_CONSTRAINT = "name-constraint"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    VALID = "valid"


_ORDER = {step: place for place, step in enumerate(Step)}


class Path(NamedTuple):
    """The best path found; `depth` and `record` are the anchor's, where one was reached."""

    step: Step
    record: int | None = None  # index of the TLSA record that makes the anchor
    depth: int | None = None  # of the anchor's certificate; for a bare key, of the certificate that it signed
    at: int | None = None  # depth of the certificate that failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What the TLSA records trust: each with the index of its record."""

    matching: Callable[[Certificate], int | None]  # for a certificate that was sent
    certificates: Sequence[tuple[int, Certificate]] = ()  # from the DNS, whole
    keys: Sequence[tuple[int, bytes]] = ()  # from the DNS, SubjectPublicKeyInfo


@dataclass(slots=True)
class _Search:
    """One search: its pool, its budget, and the best that it has met."""

    pool: list[tuple[int | None, Certificate]]  # with the record that makes it an anchor
    keys: Sequence[tuple[int, bytes]]
    now: datetime
    left: int = SIGNATURES
    known: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)
    best: Path = Path(Step.NO_ANCHOR)

    def signed(self, child: Certificate, spki: bytes) -> bool:
        """Whether a key made a certificate's signature; each pair is tried once."""
        pair = (child.der, spki)
        if pair not in self.known:
            if self.left <= 0:
                self.note(Path(Step.TOO_MUCH_WORK))
                return False
            self.left -= 1
            self.known[pair] = verifies(child, spki)
        return self.known[pair]

    def note(self, path: Path) -> None:
        """Keep the path that came furthest; of equals the first."""
        if _ORDER[path.step] > _ORDER[self.best.step]:
            self.best = path


def find(sent: Sequence[Certificate], anchors: Anchors, now: datetime) -> Path:
    """The nearest anchor that a valid path leads to from the first certificate; else how far the best one came."""
    if not sent or sent[0].flaw is not None:
        return Path(Step.UNREADABLE, at=0 if sent else None)
    others = {certificate.der: certificate for certificate in sent[1:LONGEST] if certificate.der != sent[0].der}
    pool = [(anchors.matching(certificate), certificate) for certificate in others.values()]
    pool += [(record, found) for record, found in anchors.certificates[:LONGEST] if found.der not in others]
    search = _Search(pool, anchors.keys[:LONGEST], now)
    if search.keys or any(record is not None for record, _ in search.pool):
        search.note(Path(Step.NOT_ISSUER))
    seen = 0
    queue: deque[tuple[Certificate, ...]] = deque([(sent[0],)])
    while queue and search.best.step is not Step.VALID:
        seen += 1
        if seen > PATHS:
            search.note(Path(Step.TOO_MUCH_WORK))
            break
        queue.extend(_longer(queue.popleft(), search))
    return search.best


def _longer(path: tuple[Certificate, ...], search: _Search) -> Iterator[tuple[Certificate, ...]]:
    """A path with each issuer of its last certificate; those that end at an anchor are judged and not handed back."""
    last, reached = path[-1], set()
    for record, issuer in search.pool:
        if issuer.subject != last.issuer or issuer in path:
            continue
        if not search.signed(last, issuer.spki):
            search.note(Path(Step.SIGNATURE, at=len(path) - 1))
        elif record is None:
            yield (*path, issuer)
        else:
            reached.add(issuer.spki)
            step, at = fault_of((*path, issuer), search.now, anchored=True)
            search.note(Path(step, record, len(path), at))
    for record, spki in search.keys:
        if spki not in reached and search.signed(last, spki):  # else its certificate was sent, and was judged
            step, at = fault_of(path, search.now, anchored=False)
            search.note(Path(step, record, len(path) - 1, at))


# ---- one path (RFC 5280 section 6.1) ----


def fault_of(path: Sequence[Certificate], now: datetime, *, anchored: bool) -> tuple[Step, int | None]:
    """The first fault of a path, leaf first, whose names and signatures are known to chain; and where it is.

    `anchored`: the last certificate is the anchor's, else a bare key above it is the anchor.
    """
    faults: list[tuple[Step, int]] = []
    issued = 0  # certificates between this one and the leaf that are not self-issued (section 6.1.4 (l))
    for depth, certificate in enumerate(path):
        step = _fault_at(certificate, depth, issued, now, top=anchored and depth == len(path) - 1)
        if step is None and depth and not _within(certificate, presented(path[0])):
            step = Step.NAME_CONSTRAINT
        if step is not None:
            faults.append((step, depth))
        if depth and not certificate.self_issued:
            issued += 1
    return min(faults, key=lambda fault: _ORDER[fault[0]], default=(Step.VALID, None))


def _fault_at(certificate: Certificate, depth: int, issued: int, now: datetime, *, top: bool) -> Step | None:
    """What is wrong with one certificate at its place."""
    dated = not top or certificate.self_issued  # as OpenSSL has it, see docs/dane-readings.md
    limit = certificate.path_length
    usage, purposes = certificate.key_usage, certificate.purposes
    checks = (
        (Step.BAD_CERTIFICATE, certificate.flaw is not None),
        (Step.CRITICAL_EXTENSION, bool(certificate.unknown_critical)),
        (Step.NOT_A_CA, depth > 0 and not _is_ca(certificate, top=top)),
        (Step.PATH_LENGTH, depth > 0 and limit is not None and issued > limit),
        (Step.KEY_USAGE, usage is not None and not usage & ({KeyUsage.CERT_SIGN} if depth else _TLS)),
        (Step.PURPOSE, purposes is not None and SERVER_AUTH not in purposes),
        (Step.NOT_YET_VALID, dated and now < certificate.not_before),
        (Step.EXPIRED, dated and now > certificate.not_after),
    )
    return next((step for step, wrong in checks if wrong), None)


def _is_ca(certificate: Certificate, *, top: bool) -> bool:
    """The CA bit (section 6.1.4 (k)); an anchor may be of before basicConstraints, or say it by its key usage alone."""
    if certificate.ca is not None:
        return certificate.ca
    by_usage = certificate.key_usage is not None and KeyUsage.CERT_SIGN in certificate.key_usage
    return top and (by_usage or (certificate.version == 1 and certificate.self_issued))


def _within(issuer: Certificate, names: Sequence[str]) -> bool:
    """Whether all names are inside the DNS subtrees of a CA (section 4.2.1.10)."""
    if any(_below(name, tree) for name in names for tree in issuer.excluded):
        return False
    return issuer.permitted is None or all(any(_below(name, tree) for tree in issuer.permitted) for name in names)


def _below(name: str, tree: str) -> bool:
    bare = tree.removeprefix(".")
    return not bare or name == tree or name.endswith("." + bare)


# ---- signatures ----

_UNABLE = (
    ValueError, TypeError, OverflowError, AttributeError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion,
)  # fmt: skip


def load_key(spki: bytes) -> PublicKeyTypes | None:
    """A public key from its SubjectPublicKeyInfo; None if `cryptography` has no use for it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            key = load_der_public_key(spki)
    except _UNABLE:
        return None
    return None if isinstance(key, rsa.RSAPublicKey) and key.key_size > _LARGEST_KEY else key


def verifies(child: Certificate, spki: bytes) -> bool:
    """Whether the key of a SubjectPublicKeyInfo made the signature of a certificate."""
    key = load_key(spki)
    if key is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd serial numbers and parameters are none of our business here
            _verify(key, x509.load_der_x509_certificate(child.der))
    except _UNABLE:
        return False
    return True


def _verify(key: PublicKeyTypes, child: x509.Certificate) -> None:
    """Raise one of `_UNABLE` unless the signature is good."""
    signature, signed = child.signature, child.tbs_certificate_bytes
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, signed)
        return
    digest, how = child.signature_hash_algorithm, child.signature_algorithm_parameters
    if digest is None:
        raise InvalidSignature
    if isinstance(key, rsa.RSAPublicKey) and isinstance(how, padding.PKCS1v15 | padding.PSS):
        key.verify(signature, signed, how, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(how, ec.ECDSA):
        key.verify(signature, signed, how)
    elif isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, signed, digest)
    else:
        raise InvalidSignature
