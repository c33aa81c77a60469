"""What a measurer ought to find of a domain at the published level, told from its facts alone.

The definitions: DNSSEC class of the zone (RFC 4035 section 4.3), mail class (RFC 5321 section 5.1, RFC 7505), TLSA
state of each mail host and DANE class of the domain (RFC 7672 sections 2.1 and 2.2), record classes of MTA-STS
(RFC 8461 section 3.1) and TLSRPT (RFC 8460 section 3). This is the lab's own reading; nothing of the crawler or the
analysis is used, so that a mistake there cannot vouch for itself. What
hangs on a fetch is ``policy_truth``; what needs SMTP is not told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from lab.facts import BOGUS, HAS_DS, Chain, Facts, Mail, OwnHost, Sts, TlsaFault, Tlsrpt, facts_of
from lab.policy_truth import PolicyTruth, policy_truth
from lab.promises import Promise, promise_of
from lab.providers import owner_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.profiles import Profile


class ZoneClass(StrEnum):
    """DNSSEC state of the domain's zone."""

    SECURE = "secure"
    INSECURE = "insecure"  # no DS, and no DNSKEY to be seen
    UNSUPPORTED = "insecure-unsupported"  # DS of algorithms or digests that nobody validates
    ISLAND = "island"  # DNSKEY, no DS
    BOGUS = "bogus"
    INDETERMINATE = "indeterminate"  # DS, but no server gives the DNSKEY
    NO_DOMAIN = "no-domain"


class MailClass(StrEnum):
    """What the domain says about mail."""

    MX = "mx"
    NULL_MX = "null-mx"
    NULL_MX_MIXED = "null-mx-mixed"
    IMPLICIT = "implicit"
    NO_MAIL = "no-mail"
    NO_DOMAIN = "no-domain"
    UNKNOWN = "unknown"  # no server answers, or what they say is bogus


class HostState(StrEnum):
    """TLSA of one mail host."""

    SECURE = "secure"
    UNSIGNED = "unsigned"  # published, but it or the address is insecure
    NONE = "none"
    UNKNOWN = "unknown"
    NO_ADDRESS = "no-address"


class DaneClass(StrEnum):
    """DANE as published for the domain."""

    FULL = "full"
    PARTIAL = "partial"
    MX_INSECURE = "mx-insecure"  # a host has secure TLSA, the MX RRset is insecure
    NONE = "none"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"  # no mail


class RecordClass(StrEnum):
    """The MTA-STS or TLSRPT record."""

    VALID = "valid"
    INVALID = "invalid"
    NONE = "none"
    UNKNOWN = "unknown"


class HostTruth(NamedTuple):
    """One MX target that is a host name."""

    host: str
    state: HostState
    tlsa: str  # parameters of the TLSA RRset, secure or not, sorted: "2 1 1, 3 1 1"; empty: none


class Truth(NamedTuple):
    """Every verdict on one domain."""

    domain: str
    zone: ZoneClass
    mail: MailClass
    dane: DaneClass
    sts: RecordClass
    tlsrpt: RecordClass
    provider: str | None  # registrable name of the MX host of the lowest preference; null and junk targets have none
    hosts: tuple[HostTruth, ...]
    usable: str | None = None  # DANE at the usable level
    effective: str | None = None  # DANE at port 25; None where nobody asked
    policy: PolicyTruth | None = None  # of a domain with something like an MTA-STS record


_WITH_MAIL: Final = (MailClass.MX, MailClass.IMPLICIT, MailClass.NULL_MX_MIXED)
_MAIL: Final = {
    Mail.MX: MailClass.MX,
    Mail.JUNK: MailClass.MX,
    Mail.NULL_MX: MailClass.NULL_MX,
    Mail.NULL_MX_MIXED: MailClass.NULL_MX_MIXED,
    Mail.IMPLICIT: MailClass.IMPLICIT,
    Mail.NONE: MailClass.NO_MAIL,
}
_ZONE: Final = {
    Chain.SECURE: ZoneClass.SECURE,
    Chain.UNSIGNED: ZoneClass.INSECURE,
    Chain.ISLAND: ZoneClass.ISLAND,
    Chain.UNSUPPORTED_ALGORITHM: ZoneClass.UNSUPPORTED,
    Chain.UNSUPPORTED_DIGEST: ZoneClass.UNSUPPORTED,
} | dict.fromkeys(BOGUS, ZoneClass.BOGUS)
_UNSUPPORTED: Final = (Chain.UNSUPPORTED_ALGORITHM, Chain.UNSUPPORTED_DIGEST)


def truth_of(facts: Facts, promise: Promise | None = None) -> Truth:
    """Every verdict on the domain."""
    domain = facts.domain
    if not facts.exists:
        none = RecordClass.NONE
        return Truth(
            domain, ZoneClass.NO_DOMAIN, MailClass.NO_DOMAIN, DaneClass.NOT_APPLICABLE, none, none, None, ()
        )  # fmt: skip
    if facts.fault is not None:
        lost = RecordClass.UNKNOWN
        return Truth(domain, _zone_of_lame(facts.chain), MailClass.UNKNOWN, DaneClass.UNKNOWN, lost, lost, None, ())
    hosts = _hosts(facts) if facts.mx else ()
    bogus = facts.chain in BOGUS  # then the MX RRset says nothing that may be believed (RFC 7672 section 2.1.2)
    return Truth(
        domain,
        _ZONE[facts.chain],
        MailClass.UNKNOWN if bogus else _MAIL[facts.mail],
        _dane(facts, hosts),
        _record(facts.sts is Sts.NONE, facts.sts is Sts.VALID, bogus),
        _record(facts.tlsrpt is Tlsrpt.NONE, facts.tlsrpt is Tlsrpt.VALID, bogus),
        None if bogus else _provider(facts),
        hosts,
        policy=policy_truth(facts, promise),
    )


def _zone_of_lame(chain: Chain) -> ZoneClass:
    """What the parent alone can say: that there is no DS, or none of use; a DS of use leaves the question open."""
    if chain in _UNSUPPORTED:
        return ZoneClass.UNSUPPORTED
    return ZoneClass.INDETERMINATE if chain in HAS_DS else ZoneClass.INSECURE


def _record(none: bool, valid: bool, bogus: bool) -> RecordClass:
    if bogus:
        return RecordClass.UNKNOWN
    return RecordClass.NONE if none else RecordClass.VALID if valid else RecordClass.INVALID


def _dane(facts: Facts, hosts: tuple[HostTruth, ...]) -> DaneClass:
    """RFC 7672 section 2.2.1: without a secure MX RRset no TLSA counts; a failed look-up is never absence."""
    if facts.chain in BOGUS:
        return DaneClass.UNKNOWN
    if facts.mail in (Mail.NULL_MX, Mail.NONE):
        return DaneClass.NOT_APPLICABLE
    states = [host.state for host in hosts]
    secure = states.count(HostState.SECURE)
    unknown = states.count(HostState.UNKNOWN)
    if not secure:
        return DaneClass.UNKNOWN if unknown else DaneClass.NONE
    if facts.chain is not Chain.SECURE:
        return DaneClass.MX_INSECURE
    if secure == len(states):
        return DaneClass.FULL
    return DaneClass.UNKNOWN if secure + unknown == len(states) else DaneClass.PARTIAL


def _hosts(facts: Facts) -> tuple[HostTruth, ...]:
    """The mail hosts among the MX targets; the null MX and junk are none."""
    if facts.mail in (Mail.NULL_MX, Mail.JUNK):
        return ()
    own = {host.name: host for host in facts.own_hosts}
    return tuple([
        _own(own[target], own, facts.chain) if target in own else _foreign(target)
        for _, target in facts.mx
        if target != "."
    ])  # fmt: skip


def _foreign(host: str) -> HostTruth:
    """A provider's host: sound, signed or not."""
    company = owner_of(host)
    if company is None:
        raise ValueError(f"{host} is neither the domain's own host nor a provider's")
    if not company.tlsa:
        return HostTruth(host, HostState.NONE, "")
    return HostTruth(host, HostState.SECURE if company.signed else HostState.UNSIGNED, company.tlsa)


def _own(host: OwnHost, own: dict[str, OwnHost], chain: Chain) -> HostTruth:
    """A host in the domain's own zone, which has the zone's state, worsened by where an alias leads."""
    if host.alias is None:
        found = _settled(host, chain)
    elif host.alias in own:
        found = _settled(own[host.alias], chain)
    else:
        found = _foreign(host.alias)
        if chain in BOGUS:
            found = found._replace(state=HostState.UNKNOWN, tlsa="")
        elif found.state is HostState.SECURE and chain is not Chain.SECURE:
            found = found._replace(state=HostState.UNSIGNED)
    return found._replace(host=host.name)


def _settled(host: OwnHost, chain: Chain) -> HostTruth:
    if chain in BOGUS:
        return HostTruth(host.name, HostState.UNKNOWN, "")
    if not host.addressed:
        return HostTruth(host.name, HostState.NO_ADDRESS, "")
    if host.fault is TlsaFault.SERVFAIL:
        return HostTruth(host.name, HostState.UNKNOWN, "")
    if not host.tlsa:
        return HostTruth(host.name, HostState.NONE, "")
    return HostTruth(host.name, HostState.SECURE if chain is Chain.SECURE else HostState.UNSIGNED, host.tlsa)


def _provider(facts: Facts) -> str | None:
    if facts.mail not in (Mail.MX, Mail.NULL_MX_MIXED):
        return None
    _, host = min(mx for mx in facts.mx if mx[1] != ".")
    company = owner_of(host)
    return company.domain if company else facts.domain


@dataclass(slots=True)
class Totals:
    """Counts over many truths; two of them add up. Providers and TLSA are counted as a report prints them."""

    names: int = 0
    zone: Counter[ZoneClass] = field(default_factory=Counter)
    mail: Counter[MailClass] = field(default_factory=Counter)
    dane: Counter[DaneClass] = field(default_factory=Counter)
    sts: Counter[RecordClass] = field(default_factory=Counter)
    tlsrpt: Counter[RecordClass] = field(default_factory=Counter)
    cross: Counter[tuple[DaneClass, RecordClass]] = field(default_factory=Counter)  # DANE x MTA-STS, domains with mail
    providers: Counter[str] = field(default_factory=Counter)
    policies: Counter[tuple[str, str, str | None]] = field(default_factory=Counter)  # state, stage, cause
    modes: Counter[str] = field(default_factory=Counter)  # of usable policies
    coverage: Counter[str | None] = field(default_factory=Counter)  # of usable policies
    tlsa: dict[str, str] = field(default_factory=dict)  # distinct host -> parameters of its TLSA RRset

    def add(self, truth: Truth) -> None:
        """Count one more domain."""
        self.names += 1
        self.zone[truth.zone] += 1
        self.mail[truth.mail] += 1
        self.dane[truth.dane] += 1
        self.sts[truth.sts] += 1
        self.tlsrpt[truth.tlsrpt] += 1
        if truth.mail in _WITH_MAIL:
            self.cross[truth.dane, truth.sts] += 1
        if truth.provider is not None:
            self.providers[truth.provider] += 1
        if truth.policy is not None:
            self.policies[truth.policy[:3]] += 1
            if truth.policy.mode is not None and truth.policy.state == "usable":
                self.modes[truth.policy.mode] += 1
                self.coverage[truth.policy.coverage] += 1
        for host in truth.hosts:
            if host.tlsa:
                self.tlsa[host.host] = host.tlsa

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.names + other.names,
            self.zone + other.zone,
            self.mail + other.mail,
            self.dane + other.dane,
            self.sts + other.sts,
            self.tlsrpt + other.tlsrpt,
            self.cross + other.cross,
            self.providers + other.providers,
            self.policies + other.policies,
            self.modes + other.modes,
            self.coverage + other.coverage,
            self.tlsa | other.tlsa,
        )

    @property
    def combinations(self) -> Counter[str]:
        """Sets of parameters over the distinct hosts with TLSA, secure or not: "2 1 1 + 3 1 1", "malformed only"."""
        return Counter(
            "malformed only" if kinds == "malformed" else " + ".join(sorted(set(kinds.split(", "))))
            for kinds in self.tlsa.values()
        )


def sum_up(truths: Iterable[Truth]) -> Totals:
    """Count them all."""
    total = Totals()
    for truth in truths:
        total.add(truth)
    return total


def totals(names: Iterable[str], *, seed: int, profile: Profile) -> Totals:
    """The true totals of a list of names, with nothing signed and nothing asked."""
    return sum_up(
        truth_of(facts, promise_of(facts, seed=seed, profile=profile))
        for facts in (facts_of(name, seed=seed, profile=profile) for name in names)
    )
