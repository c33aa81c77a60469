"""The judge of replies: do an RRset or a denial follow from the zone's keys? (RFC 4035 section 5, RFC 5155 section 8).

`Judge` is pure given a reply and a zone's `Trust`; the chain that yields the trust is
``trust``, the cryptography and the proofs are ``standards/dnssec`` and
``standards/denial``. Signatures are collected over the whole message, for some
servers put an RRSIG into another section than its RRset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from crawler.resolver.answer import Denial
from crawler.resolver.reply import Kind
from crawler.resolver.trust import DsWord
from crawler.standards import denial as proofs
from crawler.standards.dnssec import RrsetVerdict, verify_rrset
from crawler.standards.keys import DnssecFault
from crawler.standards.names import is_below
from crawler.standards.security import STATE, Reason, Security
from crawler.standards.wire import IN, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from crawler.resolver.iterate import Walked
    from crawler.resolver.limits import Limits
    from crawler.resolver.trust import Trust
    from crawler.standards.algorithms import Algorithms
    from crawler.standards.denial import Proof
    from crawler.standards.wire import Record

_VERIFIED_LIMIT = 4096  # RRsets remembered as verified, for each zone
_SHARED = (Type.NSEC, Type.NSEC3, Type.A, Type.AAAA, Type.CNAME)  # what several look-ups may meet again
OPT_OUT = 1  # NSEC3 flag (RFC 5155 section 3.1.2.1)
Owned = list[tuple[bytes, bytes]]  # (owner, rdata) of NSEC or NSEC3 records


class Judgement(NamedTuple):
    """The judge's word on one reply."""

    reason: Reason
    wildcard: bool = False
    denial: Denial | None = None
    nxname: bool = False  # a compact denial says that the name does not exist, whatever the RCODE

    @property
    def security(self) -> Security:
        return STATE[self.reason]


#: On every reply's way: a member looked up in its enum costs ten times as much as a global (Python 3.11).
_FAILURE, _NXDOMAIN, _SECURE, _VALID = Kind.FAILURE, Kind.NXDOMAIN, Security.SECURE, Reason.CHAIN
_DS, _NSEC, _NSEC3, _RRSIG = Type.DS, Type.NSEC, Type.NSEC3, Type.RRSIG
_new = tuple.__new__  # a named tuple's constructor without its frame
_PASSED_ON = {reason: Judgement(reason) for reason in Reason}  # made once: most zones are insecure for one reason


class Judge:
    """Verifies RRsets and denials against a zone's keys; counts its verifications."""

    def __init__(
        self, limits: Limits, *, algorithms: Algorithms, now: Callable[[], float | None], unproved: Collection[int] = ()
    ) -> None:
        self._unproved = frozenset(unproved)  # types whose denials decide nothing: they are not verified
        self._limits = limits
        self._algorithms = algorithms
        self._now = now
        self.verifications = 0

    def judge(self, walked: Walked, name: bytes, qtype: int, trust: Trust) -> Judgement:
        """One reply under its zone's trust. An insecure or broken zone passes its own reason on."""
        kind = walked.reading.kind
        if kind is _FAILURE or walked.message is None:
            return Judgement(Reason.LOOKUP_FAILED)
        if trust.security is not _SECURE:
            if kind in _POSITIVE:
                return _PASSED_ON[trust.reason]
            return Judgement(trust.reason, denial=shown_denial(walked.message.authority))
        records = _records(walked)
        if kind in _POSITIVE:
            return self._positive(walked, records, trust)
        return self._negative(walked, records, name, qtype, trust)

    def vouch(self, trust: Trust, zone: bytes, keys: Sequence[bytes], sigs: list[bytes], expires: int) -> None:
        """Remember the DNSKEY RRset that the chain verified; any other one must stand on its own."""
        trust.verified[zone, int(Type.DNSKEY), tuple(keys), tuple(sigs)] = RrsetVerdict(_VALID, expires=expires)

    def signatures(self, walked: Walked, owner: bytes, rtype: int) -> list[bytes]:
        """The RRSIGs over (owner, rtype), from all sections."""
        return _signatures(_records(walked), owner, rtype)

    def _positive(self, walked: Walked, records: list[Record], trust: Trust) -> Judgement:
        reading, zone = walked.reading, walked.cut.name
        sigs = _signatures(records, reading.owner, reading.rtype)
        if not sigs:
            return Judgement(Reason.SIGNATURE_MISSING)
        verdict = self._verify(reading.owner, reading.rtype, reading.rdatas, sigs, zone, trust)
        if verdict.reason is not _VALID or verdict.wildcard is None:
            return Judgement(verdict.reason)
        nsecs, nsec3s, flaw = self._proven(records, zone, trust)
        proof = proofs.prove_no_closer(reading.owner, verdict.wildcard, zone, nsecs, nsec3s)
        reason = proof.reason
        if reason is Reason.DENIAL_MISSING or reason is Reason.DENIAL_INVALID:
            reason = flaw or Reason.WILDCARD_UNPROVEN
        return Judgement(reason, wildcard=True)

    def _negative(self, walked: Walked, records: list[Record], name: bytes, qtype: int, trust: Trust) -> Judgement:
        if qtype in self._unproved:
            return Judgement(Reason.DENIAL_UNPROVED, denial=shown_denial(records))
        zone = walked.cut.name
        nsecs, nsec3s, flaw = self._proven(records, zone, trust)
        if walked.reading.kind is _NXDOMAIN:
            proof = proofs.prove_nxdomain(name, zone, nsecs, nsec3s)
        else:
            proof = proofs.prove_nodata(name, qtype, zone, nsecs, nsec3s)
        denial = _denial(proof) or shown_denial(records)
        return _new(Judgement, (_blamed(proof, flaw), False, denial, proof.nxname))

    def _verify(
        self, owner: bytes, rtype: int, rdatas: Sequence[bytes], sigs: list[bytes], zone: bytes, trust: Trust
    ) -> RrsetVerdict:
        """`verify_rrset`, remembering what was verified: the same NSEC3 comes with many a denial."""
        key = (owner, rtype, tuple(rdatas), tuple(sigs))
        now = self._now()
        kept = trust.verified.get(key)
        if kept is not None:
            verdict = cast("RrsetVerdict", kept)
            if now is None or verdict.expires > now:
                return verdict
        verdict = verify_rrset(owner, rtype, IN, rdatas, sigs, trust.keys, zone, now, algorithms=self._algorithms)
        self.verifications += verdict.verifications
        if verdict.reason is _VALID and rtype in _SHARED:
            if len(trust.verified) >= _VERIFIED_LIMIT:
                trust.verified.clear()
            trust.verified[key] = verdict
        return verdict

    def _proven(self, records: list[Record], zone: bytes, trust: Trust) -> tuple[Owned, Owned, Reason | None]:
        """The NSEC and NSEC3 records whose signatures hold; and the worst that was wrong with one that does not."""
        proven: dict[int, Owned] = {_NSEC: [], _NSEC3: []}
        flaw: Reason | None = None
        sets: dict[tuple[bytes, int], list[bytes]] = {}
        for owner, rtype, _, _, rdata in records:
            if rtype in proven and is_below(owner, zone):
                rdatas = sets.setdefault((owner, rtype), [])
                if rdata not in rdatas:
                    rdatas.append(rdata)
        for owner, rtype in list(sets)[: self._limits.negative_nsecs]:
            sigs = _signatures(records, owner, rtype)
            if not sigs:
                flaw = flaw or Reason.DENIAL_UNSIGNED
                continue
            verdict = self._verify(owner, rtype, sets[owner, rtype], sigs, zone, trust)
            if verdict.reason is not _VALID:
                flaw = verdict.reason
            elif verdict.wildcard is None:  # an NSEC that was itself expanded denies nothing
                proven[rtype].extend((owner, rdata) for rdata in sets[owner, rtype])
        return proven[_NSEC], proven[_NSEC3], flaw

    def ds_in_referral(self, name: bytes, zone: bytes, records: Sequence[Record], trust: Trust) -> DsWord | None:
        """The DS word of a referral; None if the referral proves nothing, so that it is worth asking."""
        listed = list(records)
        rdatas = tuple(dict.fromkeys(r[4] for r in listed if r[1] == _DS and r[0] == name))
        if rdatas:
            sigs = _signatures(listed, name, _DS)
            if sigs and self._verify(name, _DS, rdatas, sigs, zone, trust).reason is _VALID:
                ttl = min(r[3] for r in listed if r[1] == _DS and r[0] == name)
                return DsWord(_VALID, rdatas, ttl)
            return None
        nsecs, nsec3s, _ = self._proven(listed, zone, trust)
        proof = proofs.prove_no_ds(name, zone, nsecs, nsec3s)
        if STATE[proof.reason] is Security.BOGUS:
            return None
        return DsWord(proof.reason, denial=_denial(proof))

    def ds_in_reply(self, name: bytes, walked: Walked, trust: Trust) -> DsWord:
        """The DS word of a reply to an explicit DS question."""
        judgement = self.judge(walked, name, _DS, trust)
        reading = walked.reading
        if trust.security is not Security.SECURE or reading.kind is Kind.ANSWER:
            return DsWord(judgement.reason, reading.rdatas, reading.ttl, None, walked)
        reason: Reason = judgement.reason
        if reading.kind is Kind.ALIAS:  # an alias is no zone cut (RFC 1034 section 3.6.2)
            return DsWord(Reason.NO_DS if reason is _VALID else reason, walked=walked, delegated=False)
        delegated = True
        if reason is _VALID:
            reason = Reason.NO_DS
            delegated = reading.kind is Kind.NODATA and self._delegated(name, walked, trust)
        return DsWord(reason, (), reading.ttl or None, judgement.denial, walked, delegated)

    def _delegated(self, name: bytes, walked: Walked, trust: Trust) -> bool:
        """Whether the proven absence of DS is that of a delegation (NS bit set), not of a name inside the zone."""
        nsecs, nsec3s, _ = self._proven(_records(walked), walked.cut.name, trust)
        return STATE[proofs.prove_no_ds(name, walked.cut.name, nsecs, nsec3s).reason] is Security.INSECURE


def shown_denial(records: list[Record]) -> Denial | None:
    """The denial kind that a reply shows, whether it proves anything or not (islands show theirs, too)."""
    for owner, rtype, _, _, rdata in records:
        try:
            if rtype == _NSEC3:
                _, flags, iterations, salt, _, _ = proofs.read_nsec3(rdata)
                return Denial("nsec3", iterations, salt, bool(flags & OPT_OUT))
            if rtype == _NSEC:
                compact = proofs.read_nsec(rdata)[0] == b"\1\0" + owner
                return Denial("compact" if compact else "nsec", None, None, None)
        except DnssecFault:
            continue
    return None


_POSITIVE = (Kind.ANSWER, Kind.ALIAS)


def _blamed(proof: Proof, flaw: Reason | None) -> Reason:
    """A proof that fails because its records were not signed properly fails for that reason."""
    if flaw is not None and proof.reason in (Reason.DENIAL_MISSING, Reason.DENIAL_INVALID):
        return flaw
    return proof.reason


def _denial(proof: Proof) -> Denial | None:
    return Denial(*proof.denial) if proof.denial is not None else None


def _records(walked: Walked) -> list[Record]:
    message = walked.message
    if message is None:
        return []
    return message.answer + message.authority + message.additional


def _signatures(records: Sequence[Record], owner: bytes, rtype: int) -> list[bytes]:
    covered = rtype.to_bytes(2, "big")
    return [r[4] for r in records if r[1] == _RRSIG and r[0] == owner and r[4][:2] == covered]
