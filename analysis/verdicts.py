"""The tables of verdicts: what the judge made of the evidence, with the rule that fired.

Written beside the evidence by ``judge``, again whenever rules change; as in ``crawler.tables``,
each column has its words. Domain classes made of these are views under ``sql``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pyarrow as pa

from crawler.columns import TEXTS, column

if TYPE_CHECKING:
    from analysis.rules import Stage


class State(StrEnum):
    """Whether a sender would have the policy."""

    USABLE = "usable"
    FAILED = "failed"
    UNKNOWN = "unknown"  # a look-up error or our own patience: another look might see it


class Coverage(StrEnum):
    """Which of a domain's mail hosts the patterns of its policy admit (RFC 8461 section 4.1)."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    NO_HOSTS = "no-hosts"  # the domain has no mail host
    UNKNOWN = "unknown"  # the MX look-up failed


class Mismatch(StrEnum):
    """In what a mail host differs from the pattern nearest to it; the first that fits (Ashiq et al. 2025)."""

    STS_LABEL = "mta-sts-label"  # the pattern names the policy host, or something below it
    LABELS = "labels"  # the same registrable name, other labels before it
    TLD = "tld"  # registrable names that differ in the public suffix only
    TYPO = "typo"  # an edit distance of three or less
    DOMAIN = "domain"  # another domain


class Problem(NamedTuple):
    """One flaw of a text: which, in which line (0: the whole), and what stands there."""

    flaw: str
    line: int
    text: str


class Uncovered(NamedTuple):
    """A mail host that no pattern admits, and the pattern nearest to it."""

    host: str
    pattern: str
    kind: Mismatch


_PROBLEMS = pa.list_(pa.struct([("flaw", pa.string()), ("line", pa.int32()), ("text", pa.string())]))
_UNCOVERED = pa.list_(pa.struct([("host", pa.string()), ("pattern", pa.string()), ("kind", pa.string())]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVerdict:
    """What MTA-STS comes to at a domain with something like a record. Table ``policy_verdicts``; grain: domain."""

    TABLE: ClassVar[str] = "policy_verdicts"
    KEY: ClassVar[str] = "domain"

    domain: str = column("policy domain: A-labels, lower case, no final dot", pa.string())
    rules: str = column("version of the rules", pa.string())
    state: State = column("whether a sender would have the policy", pa.string())
    stage: Stage = column("where the way to it ends", pa.string())
    cause: str | None = column("why it ends there, in the words of that stage; null if it does not", pa.string())
    rule: str = column("id of the rule that fired", pa.string())
    record: bool | None = column("the TXT record is valid; null if that is unknown", pa.bool_(), rfc="8461 section 3.1")
    record_lenient: bool = column("some deployed sender takes the record", pa.bool_())
    record_flaw: str | None = column("what is wrong with the record", pa.string())
    policy_id: str | None = column("id of the record", pa.string(), rfc="8461 section 3.1")
    certificate: tuple[str, ...] | None = column(
        "all flaws of the chain for the policy host, the one that weighs most first; null without a chain or a store",
        TEXTS,
        rfc="5280, 9525",
    )
    plain_text: bool | None = column("the media type is text/plain; null without a response", pa.bool_())
    policy: bool | None = column("the body is a valid policy; null if none was fetched", pa.bool_())
    policy_lenient: bool = column("some deployed sender takes the body as a policy", pa.bool_())
    problems: tuple[Problem, ...] = column("all that is wrong with the body, in its order", _PROBLEMS)
    mode: str | None = column("of the policy as far as anybody takes it, whatever the stage", pa.string())
    max_age: int | None = column("likewise", pa.int64(), unit="s")
    mx: tuple[str, ...] = column("the policy's patterns, likewise", TEXTS)
    coverage: Coverage | None = column("which mail hosts the patterns admit; null without a policy", pa.string())
    uncovered: tuple[Uncovered, ...] = column("the mail hosts that no pattern admits, at most 64", _UNCOVERED)


class Contact(StrEnum):
    """What a conversation with a mail host came to."""

    TLS = "tls"  # a session
    TLS_FAILED = "tls-failed"  # STARTTLS was accepted, and no session came of it
    NO_STARTTLS = "no-starttls"  # not offered, or refused for good
    TEMPORARY = "temporary"  # 4xx
    REJECTED = "rejected"  # 5xx at the greeting, or what is no SMTP
    UNREACHABLE = "unreachable"  # no connection, no reply in time, closed
    NOT_TRIED = "not-tried"


class NearMiss(StrEnum):
    """What would have to be otherwise for some TLSA record to match."""

    USAGE = "usage"
    SELECTOR = "selector"
    MATCHING_TYPE = "matching-type"
    EMPTY_DIGEST = "empty-digest"  # the digest of nothing: a script without its input
    OUTWEIGHED = "outweighed"  # a record matches, and one of a stronger digest does not (RFC 7671 section 9)
    NOT_SENT = "not-sent"  # DANE-TA, and the server sends nothing but its leaf


class Scheme(StrEnum):
    """How a host's records are prepared for its next certificate (Internet.nl's advice of 2021)."""

    CURRENT_NEXT = "current+next"  # a DANE-EE record matches, another one waits
    CURRENT_ISSUER = "current+issuer"  # a DANE-EE record matches, and a DANE-TA record an issuer that is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointVerdict:
    """What one SMTP conversation comes to. Table ``endpoint_verdicts``; grain: (host, address)."""

    TABLE: ClassVar[str] = "endpoint_verdicts"
    KEY: ClassVar[str] = "endpoint"

    endpoint: str = column("host and address with a blank between", pa.string())
    host: str = column("MX target", pa.string())
    address: str = column("its address", pa.string())
    rules: str = column("version of the rules", pa.string())
    contact: Contact = column("what the conversation came to", pa.string())
    records: int = column("TLSA records of the secure RRset that counts", pa.int32(), rfc="7672 section 2.2.2")
    usable: int = column("those of them that are usable", pa.int32(), rfc="7672 section 3.1, 7671 section 4")
    dane: str | None = column(
        "authenticated, failed, unusable; null without records or without a session",
        pa.string(),
        rfc="7672 section 2.2",
    )
    rule: str = column("id of the rule that fired", pa.string())
    reason: str | None = column("why, in the words of the rule", pa.string())
    record: int | None = column("which record authenticated, or came furthest; from 0", pa.int32())
    depth: int | None = column("at which certificate of the path; 0 is the leaf", pa.int32())
    names: tuple[str, ...] = column(
        "where a path to an anchor is good and the name is wrong: the names of the certificate, at most 64", TEXTS
    )
    other_dane: str | None = column("likewise for the second kind of certificate; null if none was shown", pa.string())
    other_reason: str | None = column("why", pa.string())
    near_misses: tuple[str, ...] = column("what would have to be otherwise for a record to match", TEXTS)
    scheme: Scheme | None = column("how the records are prepared for the next certificate", pa.string())
    root_anchor: bool | None = column(
        "a DANE-TA record is of a self-issued certificate that was sent; null without a session", pa.bool_()
    )
    leaf: bytes | None = column("SHA-256 of the leaf certificate; null without a session", pa.binary())
    issuer: str | None = column(
        "organization, else common name, of the leaf's issuer, cut at 80; (self-signed) if it is its own", pa.string()
    )
    lifetime: int | None = column("of the leaf, from notBefore to notAfter", pa.int32(), unit="days")
    certificate: tuple[str, ...] | None = column(
        "flaws of the chain for the host's name by the public PKI; null without a session or a store",
        TEXTS,
        rfc="8461 section 4.2",
    )


VERDICTS: dict[str, type[PolicyVerdict] | type[EndpointVerdict]] = {
    PolicyVerdict.TABLE: PolicyVerdict,
    EndpointVerdict.TABLE: EndpointVerdict,
}
