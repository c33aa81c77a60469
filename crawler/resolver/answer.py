"""The one value that every look-up ends in, and the closed list of how look-ups end.

`Answer` is what lands, nested, in every table. It is a tuple so that pyarrow takes
it as it is; its fields are described for people in ``columns.ANSWER_FIELDS``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from crawler.standards.security import Reason, Security


class Outcome(StrEnum):
    """How a look-up ended, ordered by how far it came.

    The first three are answers; all others are *unknown* and never absence
    (RFC 7672 section 2.1.2). Where the servers of a zone fail in several ways,
    the one that came furthest is kept.
    """

    ANSWER = "answer"  # the RRset asked for (perhaps through aliases)
    NODATA = "nodata"  # the name exists, the type does not (RFC 2308 section 2.2)
    NXDOMAIN = "nxdomain"  # the name does not exist (RFC 2308 section 2.1)
    ALIAS_LOOP = "alias-loop"  # a CNAME chain that returns to itself
    ALIAS_TOO_LONG = "alias-too-long"  # more aliases than we follow
    SERVFAIL = "servfail"  # RCODE 2 from every server that answered
    NOTIMP = "notimp"  # RCODE 4
    FORMERR = "formerr"  # RCODE 1, also without EDNS
    REFUSED = "refused"  # RCODE 5
    BAD_RCODE = "bad-rcode"  # any other RCODE
    LAME = "lame"  # the server does not know the zone: upward or sideways referral, no authority
    MALFORMED = "malformed"  # a reply that does not decode
    TRUNCATED = "truncated"  # cut short over UDP, and TCP failed
    UNREACHABLE = "unreachable"  # the network says that no server can be reached
    TIMEOUT = "timeout"  # no server answered
    NO_SERVERS = "no-servers"  # no name server of the zone has an address
    BUDGET = "budget"  # the look-up used up its packets
    DEADLINE = "deadline"  # the look-up used up its time
    BAD_NAME = "bad-name"  # the question itself cannot be asked: a label or name too long


#: Outcomes that say something about the name; all others leave it unknown.
CONCLUSIVE = frozenset({Outcome.ANSWER, Outcome.NODATA, Outcome.NXDOMAIN})


class Alias(NamedTuple):
    """One link of a CNAME or DNAME chain: where it leads, and how DNSSEC judged this link alone."""

    target: str
    security: Security


class Denial(NamedTuple):
    """How a zone proved a negative answer (RFC 4034 section 4, RFC 5155, RFC 9824)."""

    kind: str  # nsec, nsec3 or compact
    iterations: int | None  # NSEC3 only
    salt: bytes | None  # NSEC3 only
    opt_out: bool | None  # NSEC3 only: some record of the proof has the flag


class Answer(NamedTuple):
    """What one look-up found; see ``columns.ANSWER_FIELDS`` for each field's words and unit."""

    outcome: Outcome
    security: Security
    reason: Reason
    ede: int | None
    server_ede: int | None
    ttl: int | None
    rdata: tuple[bytes, ...]
    alias: tuple[Alias, ...]
    wildcard: bool
    denial: Denial | None
    observed_at: int  # microseconds since 1970, UTC
    rtt: float | None
    server: str | None
    size: int | None  # octets of the reply
    tcp: bool | None  # it came over TCP, cut short over UDP
    tries: int
