"""The tables of services that were talked to: what they showed, word for word.

As in ``tables``, each table is a dataclass with its grain, its columns' words, units and RFCs.
The words for how far a conversation came are here, too, in the order of the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pyarrow as pa

from crawler.columns import ANSWER, UTC, column

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
