"""One SMTP conversation, judged: contact, DANE by the host's TLSA records, near misses, roll-over, PKIX (RFC 7672).

Pure: evidence and a store in, an `EndpointVerdict` out. Records and chains meet in ``crawler.standards.tlsa``, at the
time of the conversation. What a domain comes to over its hosts and addresses is SQL (``view_91``, ``view_92``).

The reference name here is the TLSA base domain alone. A certificate under DANE-TA may also have
the next-hop domain (RFC 7672 section 3.2.2), which differs from domain to domain: where only the name is wrong, the
names that were presented are kept in `names`, and SQL holds them against each domain whose MX is secure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256, sha512
from typing import Any

from analysis import rules
from analysis.policy import clean
from analysis.verdicts import Contact, EndpointVerdict, NearMiss, Scheme
from crawler.standards import certificates, pkix, tlsa
from crawler.standards.certificates import Certificate
from crawler.standards.tlsa import Outcome, Tlsa, Usage, Verdict
from crawler.visited import SmtpOutcome

_NAMES = 64
_EMPTY = {1: sha256(b"").digest(), 2: sha512(b"").digest()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the tables hold of one conversation and of its host."""

    endpoint: str
    host: str
    address: str
    outcome: str
    code: int | None
    chain: Sequence[bytes]
    other_chain: Sequence[bytes]
    observed_at: int  # microseconds since 1970
    records: Sequence[Mapping[str, Any]]  # of the secure TLSA RRset that counts; empty without one
    base: str  # TLSA base domain
    answered: bool = False  # a secure TLSA RRset is there, though none of its records may parse


def judge(found: Evidence, store: pkix.Store | None) -> EndpointVerdict:
    """The verdict on one conversation."""
    outcome = SmtpOutcome(found.outcome)
    records = [Tlsa(one["usage"], one["selector"], one["matching_type"], one["data"]) for one in found.records]
    now = datetime.fromtimestamp(found.observed_at / 1e6, UTC)
    session = outcome is SmtpOutcome.TLS
    chain = [certificates.read(octets) for octets in found.chain]
    verdict = tlsa.authenticate(records, found.chain, (found.base,), now) if session and records else None
    if session and found.answered and not records:  # records too short to be any (RFC 7672 section 2.2)
        verdict = Verdict(Outcome.UNUSABLE, tlsa.Rule.UNUSABLE, tlsa.Why.NO_USABLE_RECORD)
    other = tlsa.authenticate(records, found.other_chain, (found.base,), now) if found.other_chain and records else None
    failed = verdict is not None and verdict.outcome is Outcome.FAILED
    flaws = pkix.judge(found.chain, found.host, store, now).flaws if session and store is not None else None
    return EndpointVerdict(
        endpoint=found.endpoint,
        host=found.host,
        address=found.address,
        rules=rules.VERSION,
        contact=contact_of(outcome),
        records=len(records),
        usable=len(tlsa.usable(records)),
        dane=str(verdict.outcome) if verdict is not None else None,
        rule=_rule(outcome, bool(records) or found.answered, verdict),
        reason=str(verdict.reason) if verdict is not None else None,
        record=verdict.record if verdict is not None else None,
        depth=verdict.depth if verdict is not None else None,
        names=_presented(chain, verdict),
        other_dane=str(other.outcome) if other is not None else None,
        other_reason=str(other.reason) if other is not None else None,
        near_misses=tuple(map(str, near_misses(records, chain))) if failed else (),
        scheme=scheme(records, chain, [certificates.read(octets) for octets in found.other_chain]),
        root_anchor=_root_anchor(records, chain) if session else None,
        leaf=sha256(chain[0].der).digest() if chain else None,
        issuer=_issuer(chain[0]) if chain else None,
        lifetime=(chain[0].not_after - chain[0].not_before).days if chain else None,
        certificate=tuple(map(str, flaws)) if flaws is not None else None,
    )


def _root_anchor(records: Sequence[Tlsa], chain: Sequence[Certificate]) -> bool:
    """Whether a DANE-TA record pins a root, which the server must then go on sending (RFC 7671 section 5.2.1)."""
    roots = [certificate for certificate in chain[1:16] if certificate.self_issued]
    return any(record.usage == Usage.DANE_TA and tlsa.matches(record, root) for record in records for root in roots)


_ORGANIZATION, _COMMON_NAME = b"\x55\x04\x0a", b"\x55\x04\x03"


def _issuer(leaf: Certificate) -> str:
    """Who signed a leaf, as the certificate itself says."""
    if leaf.self_issued:
        return "(self-signed)"
    said = dict(pair for part in leaf.issuer for pair in part)
    return clean(said.get(_ORGANIZATION) or said.get(_COMMON_NAME) or "(no name)")


_KINDS = {
    "4xx": Contact.TEMPORARY,
    "5xx": Contact.REJECTED,
    "other-code": Contact.REJECTED,
    "malformed": Contact.REJECTED,
    "too-long": Contact.REJECTED,
    "injection": Contact.REJECTED,
    "timeout": Contact.UNREACHABLE,
    "closed": Contact.UNREACHABLE,
}


def contact_of(outcome: SmtpOutcome) -> Contact:
    """What the conversation came to, in seven words."""
    if outcome is SmtpOutcome.TLS:
        return Contact.TLS
    if outcome is SmtpOutcome.NOT_TRIED:
        return Contact.NOT_TRIED
    if outcome in {SmtpOutcome.NO_STARTTLS, SmtpOutcome.STARTTLS_5XX, SmtpOutcome.EHLO_5XX}:
        return Contact.NO_STARTTLS  # whoever knows no EHLO, or takes the word back, has no TLS to offer
    if outcome.value.startswith("tls-"):
        return Contact.TLS_FAILED
    step, _, end = outcome.value.partition("-")
    return _KINDS.get(end, Contact.UNREACHABLE) if step in {"greeting", "ehlo", "starttls"} else Contact.UNREACHABLE


def _rule(outcome: SmtpOutcome, promised: bool, verdict: Verdict | None) -> str:
    if verdict is not None:
        return str(verdict.rule)
    if not promised:
        return str(tlsa.Rule.NO_RECORD)
    return f"DANE-{contact_of(outcome).upper()}"


def _presented(chain: Sequence[Certificate], verdict: Verdict | None) -> tuple[str, ...]:
    if verdict is None or verdict.rule is not tlsa.Rule.TA_NAME:
        return ()
    return tuple(name for name in certificates.presented(chain[0]) if name.isascii() and name.isprintable())[:_NAMES]


def near_misses(records: Sequence[Tlsa], chain: Sequence[Certificate]) -> list[NearMiss]:
    """What would have to be otherwise for some record to match: one field of it, or what the server sends."""
    found = set()
    if any(record.usage == Usage.DANE_TA for record in records) and len(chain) == 1:
        found.add(NearMiss.NOT_SENT)
    for record in records:
        if record.data in _EMPTY.values():
            found.add(NearMiss.EMPTY_DIGEST)
        for depth, certificate in enumerate(chain[:16]):
            if record.usage == Usage.DANE_EE and depth == 0 and tlsa.matches(record, certificate):
                found.add(NearMiss.OUTWEIGHED)
            for kind, other in _variants(record):
                if tlsa.matches(other, certificate) and _in_place(other, depth):
                    found.add(kind)
    return [kind for kind in NearMiss if kind in found]


def _variants(record: Tlsa) -> list[tuple[NearMiss, Tlsa]]:
    """The record with one field changed."""
    made = [
        (NearMiss.USAGE, record._replace(usage=usage))
        for usage in (Usage.DANE_TA, Usage.DANE_EE)
        if usage != record.usage
    ]
    made += [(NearMiss.SELECTOR, record._replace(selector=number)) for number in (0, 1) if number != record.selector]
    made += [
        (NearMiss.MATCHING_TYPE, record._replace(matching=number)) for number in (0, 1, 2) if number != record.matching
    ]
    return made


def _in_place(record: Tlsa, depth: int) -> bool:
    """Whether a usage may match at a depth: DANE-EE the leaf, DANE-TA what is above it."""
    return depth == 0 if record.usage == Usage.DANE_EE else record.usage == Usage.DANE_TA and depth > 0


def scheme(records: Sequence[Tlsa], chain: Sequence[Certificate], other: Sequence[Certificate]) -> Scheme | None:
    """How the records are prepared for the next certificate (Internet.nl 2021); None if they are not."""
    usable = [records[index] for index in tlsa.usable(records)]
    leaves = {(one.selector, one.matching, one.data) for one in usable if one.usage == Usage.DANE_EE}
    if not chain or not usable:
        return None
    matching = {leaf for leaf in leaves if any(tlsa.matches(Tlsa(3, *leaf), one) for one in (chain[0], *other[:1]))}
    waiting = {leaf for leaf in leaves - matching if leaf[2] not in _EMPTY.values()}
    if matching and any(
        one.usage == Usage.DANE_TA and any(tlsa.matches(one, issuer) for issuer in chain[1:16]) for one in usable
    ):
        return Scheme.CURRENT_ISSUER
    return Scheme.CURRENT_NEXT if matching and waiting else None
