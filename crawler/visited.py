"""The tables of services that were talked to: what they showed, word for word.

As in ``tables``, each table is a dataclass with its grain, its columns' words, units and RFCs.
The words for how far a conversation came are here, too, in the order of the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pyarrow as pa

from crawler.columns import ANSWER, TEXTS, UTC, column

if TYPE_CHECKING:
    from crawler.resolver.answer import Answer


class FetchOutcome(StrEnum):
    """How far the fetch of a policy file came (RFC 8461 section 3.3), in that order."""

    DNS_FAILED = "dns-failed"  # the addresses could not be had: a look-up error, or bogus answers
    DNS_NO_ADDRESS = "dns-no-address"  # neither A nor AAAA
    TCP_NOT_TRIED = "tcp-not-tried"  # our own limits
    TCP_UNREACHABLE = "tcp-unreachable"
    TCP_REFUSED = "tcp-refused"
    TCP_TIMEOUT = "tcp-timeout"
    TCP_CLOSED = "tcp-closed"  # reset while connecting
    TLS_CLOSED = "tls-closed"
    TLS_TIMEOUT = "tls-timeout"
    TLS_NOT_TLS = "tls-not-tls"
    TLS_TOO_MUCH = "tls-too-much"
    TLS_ALERT = "tls-alert"
    TLS_FAILED = "tls-failed"
    HTTP_CLOSED = "http-closed"
    HTTP_TIMEOUT = "http-timeout"
    HTTP_TLS_BROKEN = "http-tls-broken"
    HTTP_MALFORMED = "http-malformed"
    HTTP_HEAD_TOO_LARGE = "http-head-too-large"
    HTTP_SERVER_ERROR = "http-server-error"  # 5xx
    HTTP_REDIRECT = "http-redirect"  # 3xx: recorded, never followed
    HTTP_STATUS = "http-status"  # any other than 200
    HTTP_BODY_TOO_LARGE = "http-body-too-large"  # over 64 KiB
    FETCHED = "fetched"  # status 200 and a whole body; what it is worth is not said here


#: Fetches that a later look may see succeed.
PASSING_FETCHES = frozenset(
    {
        FetchOutcome.TCP_NOT_TRIED, FetchOutcome.TCP_UNREACHABLE, FetchOutcome.TCP_REFUSED, FetchOutcome.TCP_TIMEOUT,
        FetchOutcome.TCP_CLOSED, FetchOutcome.TLS_CLOSED, FetchOutcome.TLS_TIMEOUT, FetchOutcome.HTTP_CLOSED,
        FetchOutcome.HTTP_TIMEOUT, FetchOutcome.HTTP_SERVER_ERROR,
    }
)  # fmt: skip


class Attempt(NamedTuple):
    """One address that was connected to, and how far that came."""

    address: str
    outcome: FetchOutcome


_ATTEMPTS = pa.list_(pa.struct([("address", pa.string()), ("outcome", pa.string())]))
_CHAIN = pa.list_(pa.binary())


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The fetch of a domain's MTA-STS policy file. Table ``policies``; grain: (domain, look)."""

    TABLE: ClassVar[str] = "policies"
    KEY: ClassVar[str] = "domain"

    domain: str = column("policy domain: A-labels, lower case, no final dot", pa.string(), rfc="8461 section 2")
    look: int = column("1 = first look; 2 and up = a later look at a passing failure", pa.int16())
    observed_at: int = column("when the look began: the time at which the certificate is judged", UTC, unit="UTC")
    host: str = column("policy host, `mta-sts.` before the domain; also the SNI and the reference name", pa.string())
    a: Answer = column("A RRset of the policy host, aliases followed", ANSWER)
    aaaa: Answer = column("AAAA RRset of the policy host, aliases followed", ANSWER)
    expanded: str = column(
        "the name at the end of the alias chain; the policy host itself without aliases", pa.string()
    )
    attempts: tuple[Attempt, ...] = column(
        "the addresses tried, in order: the next one only if no TLS session came about", _ATTEMPTS
    )
    outcome: FetchOutcome = column("how far the fetch came; of several addresses, the furthest", pa.string())
    detail: str | None = column(
        "name of the TLS alert, or what was malformed; our own words and the protocol's, never the peer's", pa.string()
    )
    tls_version: str | None = column("of the session, e.g. TLSv1.3", pa.string())
    tls_cipher: str | None = column("of the session, OpenSSL's name", pa.string())
    chain: tuple[bytes, ...] = column("certificates as sent, leaf first; empty without a session", _CHAIN, unit="DER")
    status: int | None = column("HTTP status", pa.int32(), rfc="9110 section 15")
    media_type: str | None = column(
        "Content-Type as sent, cut at 512 octets; others than printable as \\NNN", pa.string()
    )
    location: str | None = column("Location as sent, likewise", pa.string())
    encoding: str | None = column("Content-Encoding as sent, though none was asked for; likewise", pa.string())
    body: bytes = column("the body as served, whatever the status; at most 64 KiB", pa.binary())
    octets: int = column("octets of the body that were read", pa.int64())
    queries: int = column("DNS packets sent while this row was made", pa.int32())
    elapsed: float = column("from the first question to the row, waiting for our turn included", pa.float32(), unit="s")


class SmtpOutcome(StrEnum):
    """How far a conversation with a mail host came (RFC 5321, RFC 3207), in that order."""

    NOT_TRIED = "not-tried"  # our own limits
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    CLOSED = "closed"  # reset while connecting
    GREETING_TIMEOUT = "greeting-timeout"
    GREETING_CLOSED = "greeting-closed"
    GREETING_4XX = "greeting-4xx"
    GREETING_5XX = "greeting-5xx"
    GREETING_OTHER = "greeting-other-code"
    GREETING_MALFORMED = "greeting-malformed"
    GREETING_TOO_LONG = "greeting-too-long"
    EHLO_TIMEOUT = "ehlo-timeout"
    EHLO_CLOSED = "ehlo-closed"
    EHLO_4XX = "ehlo-4xx"
    EHLO_5XX = "ehlo-5xx"
    EHLO_OTHER = "ehlo-other-code"
    EHLO_MALFORMED = "ehlo-malformed"
    EHLO_TOO_LONG = "ehlo-too-long"
    NO_STARTTLS = "no-starttls"  # EHLO was answered without it
    STARTTLS_TIMEOUT = "starttls-timeout"
    STARTTLS_CLOSED = "starttls-closed"
    STARTTLS_4XX = "starttls-4xx"
    STARTTLS_5XX = "starttls-5xx"
    STARTTLS_OTHER = "starttls-other-code"
    STARTTLS_MALFORMED = "starttls-malformed"
    STARTTLS_TOO_LONG = "starttls-too-long"
    STARTTLS_INJECTION = "starttls-injection"  # plaintext behind the 220
    TLS_CLOSED = "tls-closed"
    TLS_TIMEOUT = "tls-timeout"
    TLS_NOT_TLS = "tls-not-tls"
    TLS_TOO_MUCH = "tls-too-much"
    TLS_ALERT = "tls-alert"
    TLS_FAILED = "tls-failed"
    TLS = "tls"  # a session, whatever its certificate is worth


#: Conversations that a later look may see succeed.
PASSING_TALKS = frozenset(
    {
        SmtpOutcome.NOT_TRIED, SmtpOutcome.UNREACHABLE, SmtpOutcome.REFUSED, SmtpOutcome.TIMEOUT, SmtpOutcome.CLOSED,
        SmtpOutcome.GREETING_TIMEOUT, SmtpOutcome.GREETING_CLOSED, SmtpOutcome.GREETING_4XX,
        SmtpOutcome.EHLO_TIMEOUT, SmtpOutcome.EHLO_CLOSED, SmtpOutcome.EHLO_4XX,
        SmtpOutcome.STARTTLS_TIMEOUT, SmtpOutcome.STARTTLS_CLOSED, SmtpOutcome.STARTTLS_4XX,
        SmtpOutcome.TLS_CLOSED, SmtpOutcome.TLS_TIMEOUT,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One SMTP conversation. Table ``endpoints`` (only with --smtp); grain: (host, address, look)."""

    TABLE: ClassVar[str] = "endpoints"
    KEY: ClassVar[str] = "endpoint"

    endpoint: str = column("host and address with a blank between: the key", pa.string())
    host: str = column("MX target: A-labels, lower case, no final dot", pa.string())
    address: str = column("where we connected, port 25", pa.string(), rfc="5952")
    look: int = column("1 = first look; 2 and up = a later look at a passing failure", pa.int16())
    observed_at: int = column(
        "when the conversation began: the time at which the certificate is judged", UTC, unit="UTC"
    )
    sni: str = column("the name that was sent as SNI: the TLSA base domain", pa.string(), rfc="7672 section 8.1")
    outcome: SmtpOutcome = column("how far the conversation came", pa.string(), rfc="3207 section 4")
    code: int | None = column("code of the last reply before TLS", pa.int32(), rfc="5321 section 4.2")
    text: str = column("text of that reply, its lines joined; others than printable as \\NNN, cut at 512", pa.string())
    banner: str = column("text of the greeting, likewise", pa.string())
    keywords: tuple[str, ...] = column("EHLO keywords, upper case, at most 64", TEXTS, rfc="5321 section 4.1.1.1")
    bare_lf: bool = column("some line of a reply ended with LF alone", pa.bool_())
    detail: str | None = column("name of the TLS alert, or OpenSSL's word", pa.string())
    tls_version: str | None = column("of the session, e.g. TLSv1.3", pa.string())
    tls_cipher: str | None = column("of the session, OpenSSL's name", pa.string())
    chain: tuple[bytes, ...] = column("certificates as sent, leaf first; empty without a session", _CHAIN, unit="DER")
    other_kind: str | None = column(
        "the other kind of key (rsa, ecdsa) that a second conversation asked for, by ciphers of TLS 1.2; null if none",
        pa.string(),
    )
    other_outcome: SmtpOutcome | None = column(
        "how far that one came; tls-* mostly mean: no such certificate", pa.string()
    )
    other_chain: tuple[bytes, ...] = column("its certificates as sent", _CHAIN, unit="DER")
    elapsed: float = column(
        "from connecting to closing, both conversations, waiting for our turn included", pa.float32(), unit="s"
    )
