"""RRsets against signatures, keys against DS records: the links of a chain of trust (RFC 4034, RFC 4035 section 5).

`verify_rrset` is section 5.3, `verify_keys` section 5.2; both are pure, never
raise on hostile records, and say by a `Reason` how far the best signature came.
Rdata must be in canonical form, as ``wire`` hands it out. Times are compared by
the serial arithmetic of RFC 4034 section 3.1.5, exactly, without any allowance
for clocks that are wrong.

Work is bounded: `KEYS_PER_TAG` keys for one signature and `VERIFICATIONS`
cryptographic checks for one RRset, then ``too-much-work`` (KeyTrap,
CVE-2023-50387). Not every algorithm in a DS RRset must verify, one is enough
(RFC 6840 section 5.11). Left out: denial (``denial``), walking the chain and
fetching (``resolver/validate``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crawler.standards.algorithms import ALGORITHMS, DIGESTS, SUPPORTED, Algorithms
from crawler.standards.keys import (
    DnssecFault,
    DnssecFlaw,
    Ds,
    Key,
    digest_of,
    ds_matches,
    ds_of,
    key_tag,
    read_ds,
    read_key,
    read_name,
)
from crawler.standards.names import Name, count, is_below
from crawler.standards.rdata import Type
from crawler.standards.security import Reason

__all__ = [
    "ALGORITHMS",
    "DIGESTS",
    "KEYS_PER_TAG",
    "SUPPORTED",
    "VERIFICATIONS",
    "Algorithms",
    "DnssecFault",
    "DnssecFlaw",
    "Ds",
    "Key",
    "KeysVerdict",
    "RrsetVerdict",
    "Rrsig",
    "ds_matches",
    "ds_of",
    "key_tag",
    "read_ds",
    "read_key",
    "read_rrsig",
    "usable_ds",
    "verify_keys",
    "verify_rrset",
]

KEYS_PER_TAG = 4  # keys with one tag and algorithm that are tried for one signature; where there are more, none is
VERIFICATIONS = 8  # cryptographic checks for one RRset
DIGESTIONS = 32  # DS digests computed for one DNSKEY RRset
SIGNATURES = 64  # RRSIG records looked into for one RRset

_FIXED = struct.Struct("!HBBIIIH")
_STAR = b"\1*"


class Rrsig(NamedTuple):
    """One RRSIG record (RFC 4034 section 3.1); `head` is its canonical rdata up to the signature."""

    covered: int
    algorithm: int
    labels: int
    original_ttl: int
    expiration: int  # seconds since 1970, modulo 2^32
    inception: int
    tag: int
    signer: Name
    signature: bytes
    head: bytes


def read_rrsig(rdata: bytes) -> Rrsig:
    """RRSIG rdata; the signer comes out in lower case (RFC 4034 section 6.2)."""
    if len(rdata) < _FIXED.size:
        raise DnssecFault(DnssecFlaw.RRSIG_SHORT, f"{len(rdata)} octets")
    signer, end = read_name(rdata, _FIXED.size)
    if end == len(rdata):
        raise DnssecFault(DnssecFlaw.RRSIG_SHORT, "no signature")
    covered, algorithm, labels, ttl, expiration, inception, tag = _FIXED.unpack_from(rdata)
    head = rdata[: _FIXED.size] + signer
    return Rrsig(covered, algorithm, labels, ttl, expiration, inception, tag, signer, rdata[end:], head)


# ---- an RRset and its signatures (RFC 4035 section 5.3) ----

#: Reasons of failure, from the signature that came least far to the one that came furthest.
_FURTHEST = {
    reason: rank
    for rank, reason in enumerate(
        (
            Reason.SIGNATURE_MISSING,
            Reason.SIGNATURE_MALFORMED,
            Reason.SIGNATURE_UNSUPPORTED,
            Reason.SIGNATURE_INVERTED,
            Reason.SIGNATURE_NOT_YET_VALID,
            Reason.SIGNATURE_EXPIRED,
            Reason.SIGNATURE_NO_KEY,
            Reason.NO_ZONE_KEY,
            Reason.REVOKED_KEY,
            Reason.SIGNATURE_INVALID,
            Reason.TOO_MUCH_WORK,
        )
    )
}


class RrsetVerdict(NamedTuple):
    """What the signatures of an RRset came to; all fields but the first and last mean nothing unless verified."""

    reason: Reason  # CHAIN = verified
    wildcard: Name | None = None  # "*." name that the RRset was expanded from (RFC 4035 section 5.3.4: still to prove)
    expires: int = 0  # seconds since 1970; of the signature that verified
    original_ttl: int = 0  # seconds
    verifications: int = 0  # cryptographic checks made


def verify_rrset(
    owner: Name,
    rtype: int,
    rclass: int,
    rdatas: Sequence[bytes],
    sigs: Iterable[bytes],
    keys: Sequence[Key],
    zone: Name,
    now: float | None,
    *,
    algorithms: Algorithms = SUPPORTED,
    limit: int = VERIFICATIONS,
) -> RrsetVerdict:
    """Verify an RRset by the RRSIG records found at its owner (of any type) and the zone's verified keys.

    `now` in seconds since 1970; None leaves times unchecked. A key without the Zone Key
    flag signs nothing, a revoked key nothing but its own DNSKEY RRset.
    """
    moment = None if now is None else int(now)
    furthest = Reason.SIGNATURE_MISSING
    work = looked = 0
    labels = count(owner) - (owner[:2] == _STAR)  # a literal star does not count (RFC 4034 section 3.1.3)
    for raw in sorted(sigs):  # a verdict must not depend on the order in which a server happens to send
        if int.from_bytes(raw[:2]) != rtype:
            continue
        looked += 1
        if looked > SIGNATURES:
            furthest = Reason.TOO_MUCH_WORK
            break
        try:
            rrsig = read_rrsig(raw)
        except DnssecFault:
            furthest = _further(furthest, Reason.SIGNATURE_MALFORMED)
            continue
        fault = _unfit(rrsig, owner, labels, zone, moment, algorithms)
        if fault:
            furthest = _further(furthest, fault)
            continue
        candidates, fault = _candidates(rrsig, keys, rtype, rdatas if owner == zone else ())
        if fault:
            furthest = _further(furthest, fault)
        if not candidates:
            continue
        data = _signed_data(rrsig, owner, labels, rtype, rclass, rdatas)
        verifier = algorithms.verifiers.get(rrsig.algorithm)
        for key in candidates:
            if work >= limit:
                return RrsetVerdict(Reason.TOO_MUCH_WORK, verifications=work)
            work += 1
            if verifier(key, rrsig.signature, data) if verifier else key.verify(rrsig.signature, data):
                wildcard = _STAR + _last_labels(owner, rrsig.labels) if rrsig.labels < labels else None
                return RrsetVerdict(Reason.CHAIN, wildcard, _expiry(rrsig, moment), rrsig.original_ttl, work)
            furthest = _further(furthest, Reason.SIGNATURE_INVALID)
    return RrsetVerdict(furthest, verifications=work)


def _further(first: Reason, second: Reason) -> Reason:
    return second if _FURTHEST[second] > _FURTHEST[first] else first


def _unfit(
    rrsig: Rrsig, owner: Name, labels: int, zone: Name, now: int | None, algorithms: Algorithms
) -> Reason | None:
    """Why a signature cannot count before any key is looked at (RFC 4035 section 5.3.1)."""
    if rrsig.signer != zone or not is_below(owner, zone) or not count(zone) <= rrsig.labels <= labels:
        return Reason.SIGNATURE_MALFORMED
    if not algorithms.supports(rrsig.algorithm):
        return Reason.SIGNATURE_UNSUPPORTED
    if now is None:
        return None
    if _since(rrsig.inception, rrsig.expiration) < 0:
        return Reason.SIGNATURE_INVERTED
    if _since(rrsig.inception, now) < 0:
        return Reason.SIGNATURE_NOT_YET_VALID
    if _since(now, rrsig.expiration) < 0:
        return Reason.SIGNATURE_EXPIRED
    return None


def _since(start: int, end: int) -> int:
    """Seconds from one time to another, modulo 2^32 (RFC 1982, RFC 4034 section 3.1.5)."""
    return ((end - start + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def _expiry(rrsig: Rrsig, now: int | None) -> int:
    return rrsig.expiration if now is None else now + _since(now, rrsig.expiration)


def _candidates(
    rrsig: Rrsig, keys: Sequence[Key], rtype: int, own_rdatas: Sequence[bytes]
) -> tuple[list[Key], Reason | None]:
    """The keys that may have made a signature, and what to say of the others if none of these did."""
    fit: list[Key] = []
    fault = Reason.SIGNATURE_NO_KEY
    for key in keys:
        if key.tag != rrsig.tag or key.algorithm != rrsig.algorithm:
            continue
        if not key.zone_key:
            fault = _further(fault, Reason.NO_ZONE_KEY)
        elif key.revoked and not (rtype == Type.DNSKEY and key.rdata in own_rdatas):  # RFC 5011 section 2.1
            fault = _further(fault, Reason.REVOKED_KEY)
        else:
            fit.append(key)
    if len(fit) > KEYS_PER_TAG:  # not the first few of them: which those are is the server's whim
        return [], Reason.TOO_MUCH_WORK
    return fit, None if fit else fault


def _signed_data(rrsig: Rrsig, owner: Name, labels: int, rtype: int, rclass: int, rdatas: Sequence[bytes]) -> bytes:
    """What the signature was made over: the RRSIG's head and the canonical RRset (RFC 4034 sections 3.1.8.1, 6)."""
    name = _STAR + _last_labels(owner, rrsig.labels) if rrsig.labels < labels else owner
    front = name + struct.pack("!HHI", rtype, rclass, rrsig.original_ttl)
    parts = [rrsig.head]
    for rdata in sorted(set(rdatas)) if len(rdatas) > 1 else rdatas:
        parts += (front, len(rdata).to_bytes(2), rdata)
    return b"".join(parts)


def _last_labels(name: Name, number: int) -> Name:
    for _ in range(count(name) - number):
        name = name[name[0] + 1 :]
    return name


# ---- DNSKEY RRsets and their DS records (RFC 4035 section 5.2) ----


class KeysVerdict(NamedTuple):
    """Whether a DNSKEY RRset is the one that the parent (or the trust anchor) vouches for."""

    reason: Reason  # CHAIN = verified
    keys: tuple[Key, ...] = ()  # if verified: every key that could be read; `verify_rrset` knows which may sign
    expires: int = 0  # seconds since 1970
    original_ttl: int = 0  # seconds
    verifications: int = 0  # cryptographic checks made


def usable_ds(ds_set: Sequence[Ds], algorithms: Algorithms = SUPPORTED) -> tuple[list[Ds], Reason | None]:
    """The DS records that can carry a chain, and if there are none, why the zone is insecure (RFC 4035 section 5.2).

    SHA-1 digests are ignored beside a usable stronger one (RFC 4509 section 3, RFC 8624 section 3.3).
    An empty set has nothing usable and no reason.
    """
    known = [ds for ds in ds_set if algorithms.supports(ds.algorithm)]
    usable = [ds for ds in known if algorithms.supports_digest(ds.digest_type)]
    if not usable:
        if not ds_set:
            return [], None
        return [], Reason.UNSUPPORTED_DIGEST if known else Reason.UNSUPPORTED_ALGORITHM
    return [ds for ds in usable if ds.digest_type != 1] or usable, None


def verify_keys(
    zone: Name,
    rdatas: Sequence[bytes],
    sigs: Iterable[bytes],
    ds_set: Sequence[Ds],
    now: float | None,
    *,
    algorithms: Algorithms = SUPPORTED,
    limit: int = VERIFICATIONS,
) -> KeysVerdict:
    """Verify a DNSKEY RRset: some key in it matches a usable DS and has signed the RRset.

    A mismatch with a trust anchor is told by the same reason as one with a DS.
    """
    usable, reason = usable_ds(ds_set, algorithms)
    if reason:
        return KeysVerdict(reason)
    if not rdatas:
        return KeysVerdict(Reason.DNSKEY_MISSING)
    keys = tuple(_readable(rdatas))
    trusted, reason = _vouched_for(zone, keys, usable)
    if not trusted:
        return KeysVerdict(reason)
    sigs = _without_others(sigs, keys, trusted)
    verdict = verify_rrset(zone, Type.DNSKEY, 1, rdatas, sigs, trusted, zone, now, algorithms=algorithms, limit=limit)
    return KeysVerdict(
        verdict.reason,
        keys if verdict.reason is Reason.CHAIN else (),
        verdict.expires,
        verdict.original_ttl,
        verdict.verifications,
    )


def _without_others(sigs: Iterable[bytes], keys: Sequence[Key], trusted: Sequence[Key]) -> Iterable[bytes]:
    """Without signatures by keys that no DS matches: they vouch for nothing, and hide what the right ones lack."""
    others = {(key.algorithm, key.tag) for key in keys} - {(key.algorithm, key.tag) for key in trusted}
    return (sig for sig in sigs if len(sig) < _FIXED.size or (sig[2], int.from_bytes(sig[16:18])) not in others)


def _readable(rdatas: Iterable[bytes]) -> Iterable[Key]:
    for rdata in dict.fromkeys(rdatas):
        try:
            yield read_key(rdata)
        except DnssecFault:
            continue


def _vouched_for(zone: Name, keys: Sequence[Key], ds_set: Iterable[Ds]) -> tuple[list[Key], Reason]:
    """The zone keys that some DS matches; if none, why."""
    trusted: list[Key] = []
    reason = Reason.DS_MISMATCH
    work = 0
    for ds in ds_set:
        for key in keys:
            if key.tag != ds.tag or key.algorithm != ds.algorithm or key in trusted:
                continue
            if work == DIGESTIONS:
                return trusted, Reason.TOO_MUCH_WORK
            work += 1
            if digest_of(zone, key, ds.digest_type) != ds.digest:
                continue
            if not key.zone_key:
                reason = Reason.NO_ZONE_KEY
            elif key.revoked:
                reason = Reason.REVOKED_KEY
            else:
                trusted.append(key)
    return trusted, reason
