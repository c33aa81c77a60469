"""Whether a web client would trust a certificate chain for a name: the public PKI (RFC 5280, RFC 9525).

The chain as sent, a store of root certificates, a reference name and a time in, a
`Verdict` out. Used for policy hosts (RFC 8461 section 3.3) and mail hosts (section 4.2):
DNS names of the SAN count and no CN, ``*`` is the whole leftmost label. Every fault that
can be told is told, not only the first, for surveys count them apart.

A path is sought by ``paths``: certificates may be sent in any order, and only what was
sent is used: an issuer that a browser would fetch by itself (AIA) is missing here, as it is
for a mail server. Left out: revocation, certificate transparency, key strength.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from crawler.standards import certificates, paths
from crawler.standards.certificates import CanonicalName, Certificate
from crawler.standards.paths import Anchors, Step


class Flaw(StrEnum):
    """What a client has against a chain; the one that weighs most first (Ashiq et al. 2025, table 3, told finer)."""

    NO_CERTIFICATE = "no-certificate"
    UNREADABLE = "unreadable"  # the leaf is no certificate
    SELF_SIGNED = "self-signed"  # the leaf, and it is no root of the store
    UNTRUSTED_ROOT = "untrusted-root"  # a chain to a root that was sent, and is not in the store
    INCOMPLETE = "incomplete"  # an issuer was neither sent nor is it in the store
    BAD_SIGNATURE = "bad-signature"  # names chain, a signature does not verify
    BAD_PATH = "bad-path"  # CA bit, path length, key usage, purpose, name constraint, critical extension, too much work
    EXPIRED = "expired"  # of the leaf or an issuer
    NOT_YET_VALID = "not-yet-valid"
    NAME_MISMATCH = "name-mismatch"  # no DNS name of the SAN is the reference name


class Verdict(NamedTuple):
    """All flaws that were found, none for a chain that is good; `depth` is where the path fails (0: the leaf)."""

    flaws: tuple[Flaw, ...]
    step: Step
    depth: int | None = None

    @property
    def valid(self) -> bool:
        """Whether a client takes the chain for that name."""
        return not self.flaws

    @property
    def cause(self) -> Flaw | None:
        """The flaw that weighs most."""
        return self.flaws[0] if self.flaws else None


class StoreFault(ValueError):
    """A text without any certificate in it; the message is one line."""


@dataclass(frozen=True, slots=True)
class Store:
    """Root certificates, by the name of their subject."""

    roots: dict[CanonicalName, tuple[Certificate, ...]]
    sha256: str  # of the certificates, each once, in the order of their octets: the same for any order of the file

    def __len__(self) -> int:
        return sum(map(len, self.roots.values()))

    def holds(self, certificate: Certificate) -> bool:
        """Whether a certificate, or its subject with its key, is a root here."""
        return any(root.spki == certificate.spki for root in self.roots.get(certificate.subject, ()))

    def issuers(self, sent: Sequence[Certificate]) -> list[Certificate]:
        """The roots that any certificate of a chain names as its issuer."""
        found = {certificate.issuer: None for certificate in sent}
        return [root for name in found for root in self.roots.get(name, ())]


_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END")


def read_store(text: str) -> Store:
    """A store from PEM, as systems ship it; what cannot be read in it is left out."""
    octets = {base64.b64decode(match[1]) for match in _PEM.finditer(text)}
    roots: dict[CanonicalName, tuple[Certificate, ...]] = {}
    kept = []
    for der in sorted(octets):
        root = certificates.read(der)
        if root.flaw is None:
            kept.append(der)
            roots[root.subject] = (*roots.get(root.subject, ()), root)
    if not kept:
        raise StoreFault("no certificate in it (PEM is expected)")
    return Store(roots, hashlib.sha256(b"".join(kept)).hexdigest())


_DATES = {Step.EXPIRED: Flaw.EXPIRED, Step.NOT_YET_VALID: Flaw.NOT_YET_VALID}


def judge(chain: Sequence[bytes], name: str, store: Store, now: datetime) -> Verdict:
    """Judge a chain, leaf first as sent, for a DNS name, at a time (aware, UTC)."""
    if not chain:
        return Verdict((Flaw.NO_CERTIFICATE,), Step.NO_ANCHOR)
    sent = [certificates.read(octets) for octets in chain[: paths.LONGEST]]
    leaf = sent[0]
    if leaf.flaw is certificates.Flaw.NOT_DER or leaf.flaw is certificates.Flaw.TOO_LARGE:
        return Verdict((Flaw.UNREADABLE,), Step.UNREADABLE, 0)
    path = paths.find(sent, _anchors(sent, store), now)
    found = {_flaw_of(path.step, sent)} - {None}
    if store.holds(leaf) and path.step in {Step.NO_ANCHOR, Step.NOT_ISSUER}:
        found = set()  # a root of the store as a server's certificate: trusted, if it is nothing worse
    if now > leaf.not_after:
        found.add(Flaw.EXPIRED)
    if now < leaf.not_before:
        found.add(Flaw.NOT_YET_VALID)
    if not any(certificates.admits(pattern, name) for pattern in leaf.dns_names):
        found.add(Flaw.NAME_MISMATCH)
    return Verdict(tuple(flaw for flaw in Flaw if flaw in found), path.step, path.at)


def _anchors(sent: Sequence[Certificate], store: Store) -> Anchors:
    def matching(certificate: Certificate) -> int | None:
        return 0 if store.holds(certificate) else None

    return Anchors(matching=matching, certificates=[(0, root) for root in store.issuers(sent)])


def _flaw_of(step: Step, sent: Sequence[Certificate]) -> Flaw | None:
    """What the best path says, told in a client's words."""
    if step is Step.VALID:
        return None
    if step in _DATES:
        return _DATES[step]
    if step in {Step.NO_ANCHOR, Step.NOT_ISSUER}:
        top = _top(sent)
        if top is sent[0] and top.self_issued:
            return Flaw.SELF_SIGNED
        return Flaw.UNTRUSTED_ROOT if top.self_issued else Flaw.INCOMPLETE
    if step is Step.UNREADABLE:
        return Flaw.UNREADABLE
    return Flaw.BAD_SIGNATURE if step is Step.SIGNATURE else Flaw.BAD_PATH


def _top(sent: Sequence[Certificate]) -> Certificate:
    """The last certificate to which names lead from the leaf, among those sent."""
    here, seen = sent[0], {sent[0].der}
    while not here.self_issued:
        above = next((one for one in sent if one.subject == here.issuer and one.der not in seen), None)
        if above is None:
            break
        here = above
        seen.add(here.der)
    return here
