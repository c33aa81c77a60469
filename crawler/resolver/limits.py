"""Every bound that keeps a hostile or broken Internet from costing us more than it may.

The values are defaults of a frozen dataclass, so that a test or a run can set its
own; what each one guards against stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one resolver; times in seconds."""

    queries: int = 80  # packets for one look-up, everything it needs included (NXNSAttack, CVE-2020-12662)
    seconds: float = 45.0  # for one look-up
    aliases: int = 12  # links of a CNAME or DNAME chain
    depth: int = 8  # name-server names that need name-server names that need ...
    name_servers: int = 13  # NS names of one delegation that we look at
    addresses: int = 8  # distinct server addresses tried for one question
    asked_above: int = 2  # zones above asked for the address of a name server whose own zone has no servers
    unglued: int = 4  # name-server names resolved for one question
    minimised: int = 10  # steps of QNAME minimisation (RFC 9156 section 2.3, MAX_MINIMISE_COUNT)
    first_patience: float = 1.5  # for a server never heard of
    least_patience: float = 1.0  # however quick a server was: our own queue may be what is slow
    most_patience: float = 4.0
    rounds: int = 2  # times round the same silent servers
    silences_before_plain: int = 2  # time-outs in a row after which plain DNS is tried
    dead_seconds: float = 60.0  # how long a zone whose servers were all silent is taken to stay so
    bogus_retries: int = 2  # other servers asked after a bogus answer (one of n may be stale)
    cuts: int = 30_000  # zone cuts remembered
    replies: int = 4_000  # replies remembered
    inside: int = 8_000  # names remembered that their zone has answered for
    servers: int = 20_000  # server addresses remembered
    least_ttl: float = 60.0  # a delegation or key is kept at least so long ...
    unsaid_ttl: float = 5.0  # for a denial without SOA
    most_ttl: float = 86_400.0  # ... and at most so long
    negative_nsecs: int = 8  # NSEC or NSEC3 RRsets verified for one denial
    hidden_cuts: int = 6  # labels looked at for an unsigned zone that hides behind its parent's servers
