"""TLSA records against the certificates of a mail server: who is authenticated, by which record (RFC 7672 section 3).

`usable` is RFC 7671 section 4 with RFC 7672 section 3.1.3, `preferred` the digest
agility of RFC 7671 section 9, `matches` RFC 6698 section 2.1, and `authenticate`
all of it in its order: nothing usable, DANE-EE, DANE-TA. The records must have
been found *secure*, or there is nothing to judge: that, the order of MX hosts and
of base domains is the judge's (RFC 7672 sections 2.1 and 2.2).

Any record of a secure RRset, usable or not, commits the client to TLS (RFC 7672
section 2.2), so `Outcome.UNUSABLE` is not `Outcome.NONE`. Pure; hostile records
and certificates end in a `Verdict`; only `read` raises, and only `TlsaFault`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from hashlib import sha256, sha512
from typing import NamedTuple

from crawler.standards import certificates, paths
from crawler.standards.certificates import Certificate
from crawler.standards.paths import Anchors, Path, Step

MOST_RECORDS = 64  # usable records of one RRset that are compared; more than fit into a sane answer


class Usage(IntEnum):
    """Certificate usage (RFC 6698 section 2.1.1; for SMTP, RFC 7672 section 3.1)."""

    PKIX_TA = 0  # undefined for SMTP: unusable (section 3.1.3)
    PKIX_EE = 1  # likewise
    DANE_TA = 2  # a CA that the server sends, or that the record holds: names and dates count (section 3.1.2)
    DANE_EE = 3  # the leaf alone: names and dates do not count (section 3.1.1)


class Selector(IntEnum):
    """What of the certificate is compared (RFC 6698 section 2.1.2)."""

    CERT = 0  # all of it
    SPKI = 1  # SubjectPublicKeyInfo


class Matching(IntEnum):
    """How it is compared (RFC 6698 section 2.1.3); of two digests, the greater number is the stronger."""

    FULL = 0
    SHA2_256 = 1
    SHA2_512 = 2


_DIGEST_OCTETS: dict[int, int] = {Matching.SHA2_256: 32, Matching.SHA2_512: 64}


class TlsaFault(Exception):
    """Rdata too short to be a TLSA record (RFC 6698 section 2.1)."""


class Tlsa(NamedTuple):
    """One record; the numbers as published, known or not."""

    usage: int
    selector: int
    matching: int
    data: bytes


def read(rdata: bytes) -> Tlsa:
    """The record of an rdata; association data may be empty, which makes it unusable, not malformed."""
    if len(rdata) < 3:
        raise TlsaFault(f"{len(rdata)} octets")
    return Tlsa(rdata[0], rdata[1], rdata[2], rdata[3:])


class Unusable(StrEnum):
    """Why a record is left out before anything is compared."""

    PKIX_USAGE = "pkix-usage"  # 0 or 1 (RFC 7672 section 3.1.3)
    USAGE = "usage"  # no such usage
    SELECTOR = "selector"  # no such selector
    MATCHING = "matching"  # no such matching type
    LENGTH = "length"  # not the length of its digest
    DATA = "data"  # matching type 0, and the data is no certificate, or no key


def unusable(record: Tlsa) -> Unusable | None:
    """Why a record is unusable for SMTP (RFC 7671 section 4, RFC 7672 section 3.1); None if it is usable."""
    if record.usage in {Usage.PKIX_TA, Usage.PKIX_EE}:
        return Unusable.PKIX_USAGE
    if record.usage not in {Usage.DANE_TA, Usage.DANE_EE}:
        return Unusable.USAGE
    if record.selector not in {Selector.CERT, Selector.SPKI}:
        return Unusable.SELECTOR
    if record.matching == Matching.FULL:
        return None if _is_whole(record) else Unusable.DATA
    length = _DIGEST_OCTETS.get(record.matching)
    if length is None:
        return Unusable.MATCHING
    return None if len(record.data) == length else Unusable.LENGTH


def _is_whole(record: Tlsa) -> bool:
    """Whether full data is a certificate with a key, or a key: what it must be equal to."""
    if len(record.data) > certificates.LARGEST:
        return False
    spki = certificates.read(record.data).spki if record.selector == Selector.CERT else record.data
    return bool(spki) and paths.load_key(spki) is not None


def usable(records: Sequence[Tlsa]) -> tuple[int, ...]:
    """The indices of the usable records, at most `MOST_RECORDS` of them."""
    return tuple(index for index, record in enumerate(records) if unusable(record) is None)[:MOST_RECORDS]


def preferred(records: Sequence[Tlsa], among: Sequence[int]) -> tuple[int, ...]:
    """Digest agility (RFC 7671 section 9): of each usage and selector, full data and the strongest digest only."""
    strongest: dict[tuple[int, int], int] = {}
    for index in among:
        usage, selector, matching, _data = records[index]
        strongest[usage, selector] = max(matching, strongest.get((usage, selector), 0))
    return tuple(
        index
        for index in among
        if records[index].matching in {Matching.FULL, strongest[records[index].usage, records[index].selector]}
    )


def matches(record: Tlsa, certificate: Certificate) -> bool:
    """Whether a record is of this certificate, whatever its usage (RFC 6698 section 2.1)."""
    if record.selector not in {Selector.CERT, Selector.SPKI}:
        return False
    selected = certificate.der if record.selector == Selector.CERT else certificate.spki
    if not selected:
        return False  # a digest of nothing is no match
    if record.matching == Matching.FULL:
        return record.data == selected
    if record.matching == Matching.SHA2_256:
        return record.data == sha256(selected).digest()
    return record.matching == Matching.SHA2_512 and record.data == sha512(selected).digest()


class Outcome(StrEnum):
    """What a DANE client may do with the server (RFC 7672 section 2.2)."""

    AUTHENTICATED = "authenticated"
    FAILED = "failed"  # there are usable records, and none authenticates: no delivery
    UNUSABLE = "unusable"  # TLS is a must, authentication is not asked
    NONE = "none"  # no records: opportunistic TLS


class Rule(StrEnum):
    """The rule that decided; the ids are stable."""

    EE_MATCH = "DANE-EE-MATCH"  # RFC 7672 section 3.1.1
    TA_MATCH = "DANE-TA-MATCH"  # RFC 7672 section 3.1.2
    TA_NAME = "DANE-TA-NAME"  # a good path to an anchor, but no reference name (RFC 7672 section 3.2)
    TA_PATH = "DANE-TA-PATH"  # an anchor, but no good path to it (RFC 7671 section 5.2)
    NO_MATCH = "DANE-NO-MATCH"  # RFC 7672 section 2.2
    NO_CERTIFICATE = "DANE-NO-CERTIFICATE"  # the server showed none
    UNUSABLE = "DANE-UNUSABLE"  # RFC 7672 section 2.2: no usable record
    NO_RECORD = "DANE-NO-RECORD"


class Why(StrEnum):
    """The reason; the words of `Step` for a path that is not good, and these."""

    MATCH = "match"
    NAME_MISMATCH = "name-mismatch"
    NO_MATCH = "no-match"
    NO_CERTIFICATE = "no-certificate"
    NO_USABLE_RECORD = "no-usable-record"
    NO_RECORD = "no-record"


class Verdict(NamedTuple):
    """What came of it: which record, at which depth of the path (0: the leaf), and why."""

    outcome: Outcome
    rule: Rule
    reason: Why | Step
    record: int | None = None
    depth: int | None = None
    at: int | None = None  # depth of the certificate that made a path no good

    @property
    def commits_to_tls(self) -> bool:
        """Whether delivery without TLS is ruled out (RFC 7672 section 2.2)."""
        return self.outcome is not Outcome.NONE


def reference_names(base: str, next_hop: str, *, mx_secure: bool, expanded: str | None = None) -> tuple[str, ...]:
    """The names that a certificate under DANE-TA may have (RFC 7672 section 3.2.2).

    TLSA base domain, next-hop domain and, if that is an alias, its secure end.
    The next hop counts only if the MX RRset that led from it to the host was
    secure, for otherwise anyone could have put a host of theirs there.
    """
    names = (base, next_hop, expanded or next_hop) if mx_secure else (base,)
    return tuple(dict.fromkeys(name.lower().removesuffix(".") for name in names))


def authenticate(records: Sequence[Tlsa], chain: Sequence[bytes], references: Sequence[str], now: datetime) -> Verdict:
    """Judge a chain, leaf first as sent, by a secure TLSA RRset, at a time (aware, UTC)."""
    if not records:
        return Verdict(Outcome.NONE, Rule.NO_RECORD, Why.NO_RECORD)
    among = preferred(records, usable(records))
    if not among:
        return Verdict(Outcome.UNUSABLE, Rule.UNUSABLE, Why.NO_USABLE_RECORD)
    if not chain:
        return Verdict(Outcome.FAILED, Rule.NO_CERTIFICATE, Why.NO_CERTIFICATE)
    sent = [certificates.read(octets) for octets in chain[: paths.LONGEST]]
    for index in among:
        if records[index].usage == Usage.DANE_EE and matches(records[index], sent[0]):
            return Verdict(Outcome.AUTHENTICATED, Rule.EE_MATCH, Why.MATCH, index, 0)
    issuing = [index for index in among if records[index].usage == Usage.DANE_TA]
    if not issuing:
        return Verdict(Outcome.FAILED, Rule.NO_MATCH, Why.NO_MATCH)
    return _by_anchor(paths.find(sent, _anchors(records, issuing), now), sent[0], references)


def _anchors(records: Sequence[Tlsa], issuing: Sequence[int]) -> Anchors:
    """What the DANE-TA records trust (RFC 7671 section 5.2)."""
    whole = [index for index in issuing if records[index].matching == Matching.FULL]

    def matching(certificate: Certificate) -> int | None:
        return next((index for index in issuing if matches(records[index], certificate)), None)

    return Anchors(
        matching=matching,
        certificates=[(i, certificates.read(records[i].data)) for i in whole if records[i].selector == Selector.CERT],
        keys=[(i, records[i].data) for i in whole if records[i].selector == Selector.SPKI],
    )


def _by_anchor(path: Path, leaf: Certificate, references: Sequence[str]) -> Verdict:
    """The verdict for the best path to an anchor."""
    where = (path.record, path.depth, path.at)
    if path.step is Step.NO_ANCHOR:
        return Verdict(Outcome.FAILED, Rule.NO_MATCH, Why.NO_MATCH)
    if path.step is not Step.VALID:
        return Verdict(Outcome.FAILED, Rule.TA_PATH, path.step, *where)
    if not certificates.admitted(leaf, references):
        return Verdict(Outcome.FAILED, Rule.TA_NAME, Why.NAME_MISMATCH, *where)
    return Verdict(Outcome.AUTHENTICATED, Rule.TA_MATCH, Why.MATCH, *where)
