"""Proofs that something is not there: one question, one verdict (RFC 4035 section 5.4, RFC 5155 section 8, RFC 9824).

All functions take records that are *already verified*: (owner, rdata) pairs of
NSEC and NSEC3, the signer being `zone`. An NSEC that was itself expanded from a
wildcard (`RrsetVerdict.wildcard`) must not be handed in: it does not own its
name. They never raise on hostile records: what cannot be read or cannot belong
to the zone is passed over. How NSEC and NSEC3 prove is in ``nsec`` and
``nsec3``; using cached spans for other names (RFC 8198) is left out on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from crawler.standards.names import Name, count, is_below, parent
from crawler.standards.nsec import NXNAME, NsecProof, bitmap_types, read_nsec
from crawler.standards.nsec3 import (
    MAX_ITERATIONS,
    Chain,
    Nsec3,
    Span,
    TooMuchHashing,
    nsec3_hash,
    read_chains,
    read_nsec3,
)
from crawler.standards.security import Reason

__all__ = [
    "MAX_ITERATIONS",
    "NXNAME",
    "Means",
    "Nsec3",
    "Proof",
    "bitmap_types",
    "nsec3_hash",
    "prove_no_closer",
    "prove_no_ds",
    "prove_nodata",
    "prove_nxdomain",
    "read_nsec",
    "read_nsec3",
]

Records = Sequence[tuple[Name, bytes]]


class Means(NamedTuple):
    """What a zone brought as proof; the shape of ``answer.Denial``."""

    kind: str  # nsec, nsec3 or compact
    iterations: int | None = None  # NSEC3 only
    salt: bytes | None = None  # NSEC3 only
    opt_out: bool | None = None  # NSEC3 only: some record has the flag


class Proof(NamedTuple):
    """CHAIN (for `prove_no_ds`: NO_DS) = proved; OPT_OUT, NSEC3_ITERATIONS = insecure; all else is no proof."""

    reason: Reason
    denial: Means | None  # also of a proof that failed: it tells how the zone denies
    nxname: bool = False  # by compact denial the name does not exist, whatever the RCODE (RFC 9824 section 3)


def prove_nxdomain(
    qname: Name, zone: Name, nsecs: Records, nsec3s: Records, *, max_iterations: int = MAX_ITERATIONS
) -> Proof:
    """The name does not exist, and no wildcard makes up for it."""
    return _prove(
        qname,
        zone,
        nsecs,
        nsec3s,
        lambda proof: proof.no_name(qname),
        lambda chain: chain.no_name(qname),
        max_iterations,
    )


def prove_nodata(
    qname: Name, qtype: int, zone: Name, nsecs: Records, nsec3s: Records, *, max_iterations: int = MAX_ITERATIONS
) -> Proof:
    """The name exists, or a wildcard matches it, or it is an empty non-terminal; the type is not there."""
    return _prove(
        qname,
        zone,
        nsecs,
        nsec3s,
        lambda proof: proof.no_type(qname, qtype),
        lambda chain: chain.no_type(qname, qtype),
        max_iterations,
    )


def prove_no_ds(
    child: Name, parent_zone: Name, nsecs: Records, nsec3s: Records, *, max_iterations: int = MAX_ITERATIONS
) -> Proof:
    """The delegation to `child` is insecure: it has no DS (NO_DS), or hides in an opt-out span (OPT_OUT).

    A name that is no delegation is not proved insecure; ask `prove_nodata` for its DS.
    """
    proof = _prove(
        child,
        parent_zone,
        nsecs,
        nsec3s,
        lambda proof: proof.insecure(child),
        lambda chain: chain.insecure(child),
        max_iterations,
    )
    return proof._replace(reason=Reason.NO_DS) if proof.reason is Reason.CHAIN else proof


def prove_no_closer(
    qname: Name, wildcard: Name, zone: Name, nsecs: Records, nsec3s: Records, *, max_iterations: int = MAX_ITERATIONS
) -> Proof:
    """An RRset expanded from `wildcard` (as in `RrsetVerdict.wildcard`) stands: nothing closer to the name exists."""
    encloser = parent(wildcard) if wildcard[:2] == b"\1*" else wildcard
    if not is_below(qname, encloser) or qname == encloser:
        return Proof(Reason.DENIAL_INVALID, None)
    next_closer = qname
    for _ in range(count(qname) - count(encloser) - 1):
        next_closer = parent(next_closer)
    return _prove(
        qname,
        zone,
        nsecs,
        nsec3s,
        lambda proof: proof.no_closer(qname, encloser),
        lambda chain: chain.no_closer(next_closer),
        max_iterations,
    )


def _prove(
    qname: Name,
    zone: Name,
    nsecs: Records,
    nsec3s: Records,
    by_nsec: Callable[[NsecProof], bool],
    by_nsec3: Callable[[Chain], Span],
    max_iterations: int,
) -> Proof:
    """NSEC first, for it costs no hashing; then each NSEC3 chain. The best verdict counts."""
    if not nsecs and not nsec3s:
        return Proof(Reason.DENIAL_MISSING, None)
    if not is_below(qname, zone):
        return Proof(Reason.DENIAL_INVALID, None)
    failed = Proof(Reason.DENIAL_INVALID, None)
    if nsecs:
        proof = NsecProof(zone, nsecs)
        if proof.records:
            nxname = proof.nxname(qname)
            means = Means("compact" if nxname or proof.compact(qname) else "nsec")
            if by_nsec(proof):
                return Proof(Reason.CHAIN, means, nxname)
            failed = Proof(Reason.DENIAL_INVALID, means)
    return _prove_hashed(zone, nsec3s, by_nsec3, max_iterations, failed) if nsec3s else failed


def _prove_hashed(
    zone: Name, nsec3s: Records, question: Callable[[Chain], Span], max_iterations: int, failed: Proof
) -> Proof:
    """The best that any one chain proves; iterations above the limit excuse, but only where no chain proves."""
    by_opt_out = excused = None
    for chain in read_chains(zone, nsec3s):
        means = Means("nsec3", chain.iterations, chain.salt, chain.opt_out)
        if failed.denial is None:
            failed = Proof(failed.reason, means)
        if chain.iterations > max_iterations:
            excused = excused or Proof(Reason.NSEC3_ITERATIONS, means)
            continue
        try:
            span = question(chain)
        except TooMuchHashing:
            return Proof(Reason.TOO_MUCH_WORK, means)
        if span is Span.PROVED:
            return Proof(Reason.CHAIN, means)
        if span is Span.OPT_OUT:
            by_opt_out = by_opt_out or Proof(Reason.OPT_OUT, means)
    return by_opt_out or excused or failed
