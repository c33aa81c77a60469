"""The chain of trust: whether a zone is signed for us, by which keys, and why not (RFC 4035 sections 4.3 and 5).

`Chain.trust` answers for a zone cut, climbing to the trust anchor once and keeping
what it found. It needs the judge of single RRsets (``validate``) for the DS records
above, and gives the keys that the judge needs below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import trio

from crawler.resolver.reply import Kind
from crawler.standards.dnssec import usable_ds, verify_keys
from crawler.standards.keys import DnssecFault, read_ds
from crawler.standards.names import ancestors, count, is_below
from crawler.standards.security import STATE, Reason, Security
from crawler.standards.wire import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crawler.resolver.answer import Denial
    from crawler.resolver.cuts import Cut
    from crawler.resolver.iterate import Walked, Walker
    from crawler.resolver.memo import Lookup
    from crawler.resolver.validate import Judge
    from crawler.standards.algorithms import Algorithms
    from crawler.standards.keys import Ds, Key
    from crawler.standards.wire import Record


#: What a reply looks like that comes from an unsigned zone below the one that it was taken for.
PERHAPS_HIDDEN = (Reason.SIGNATURE_MISSING, Reason.DENIAL_MISSING, Reason.DENIAL_UNSIGNED)


class DsWord(NamedTuple):
    """What the parent says of a zone's DS: the judged RRset, or its judged absence.

    `walked` is the reply of an explicit question; None when the referral told.
    """

    reason: Reason  # CHAIN: the RRset is proven; NO_DS, OPT_OUT ...: its absence is
    rdatas: tuple[bytes, ...] = ()
    ttl: int | None = None
    denial: Denial | None = None
    walked: Walked | None = None
    delegated: bool = True  # False: the proof shows that there is no zone cut here at all


class Trust:
    """A zone's place in the chain of trust; `verified` remembers RRsets whose signature was checked."""

    __slots__ = ("ds", "expires", "keys", "reason", "security", "verified")

    def __init__(self, reason: Reason, keys: tuple[Key, ...] = (), ds: DsWord | None = None) -> None:
        self.reason = reason
        self.security = STATE[reason]
        self.keys = keys
        self.ds = ds
        self.expires = float("inf")
        self.verified: dict[object, object] = {}


class Chain:
    """Climbs from zone cuts to trust anchors."""

    def __init__(
        self,
        walker: Walker,
        judge: Judge,
        *,
        anchors: Mapping[bytes, Sequence[Ds]],
        algorithms: Algorithms,
        now: Callable[[], float | None],
    ) -> None:
        self._walker = walker
        self._judge = judge
        self._anchors = anchors
        self._algorithms = algorithms
        self._now = now
        self.verifications = 0

    async def trust(self, cut: Cut, lookup: Lookup) -> Trust:
        """The zone's security; found once, then kept as long as a delegation is kept.

        Bogus and indeterminate are kept for a short while only (RFC 4035 section 4.7): one bad
        moment of a top level domain must not taint all that is below it for the rest of a run.
        """
        kept = cut.trust
        if kept is not None and kept.expires > lookup.clock:
            return kept
        shared = await self._walker.flights.share(("trust", cut), lookup, self._find)
        return shared if shared is not None else Trust(Reason.CHAIN_LOOKUP_FAILED)

    async def _find(self, key: tuple[str, Cut], lookup: Lookup) -> Trust:
        cut = key[1]
        trust = await self._climb(cut, lookup)
        failed = trust.security in (Security.INDETERMINATE, Security.BOGUS)
        if failed:
            self._walker.forget_keys(cut.name)
        limits = self._walker.limits
        trust.expires = trio.current_time() + (limits.least_ttl if failed else limits.most_ttl)
        cut.judged(trust)
        return trust

    async def _climb(self, cut: Cut, lookup: Lookup) -> Trust:
        anchors = self._anchors.get(cut.name)
        if anchors is not None:  # none at all of a name: a negative trust anchor (RFC 7646)
            return await self._by_anchor(cut, anchors, lookup) if anchors else Trust(Reason.NO_ANCHOR)
        parent = cut.parent
        if parent is None:
            above = await self._above(cut, lookup)
            if above is None:
                return Trust(Reason.NO_ANCHOR)
            parent = above
        upper = await self.trust(parent, lookup)
        if upper.security is not Security.SECURE:
            return Trust(upper.reason)
        if cut.unsigned_by_list:
            return Trust(Reason.NO_DS_LISTED, ds=DsWord(Reason.NO_DS_LISTED))
        word = await self.ds(cut.name, parent, cut.proof, lookup)
        if word.reason is Reason.NO_DS and not word.delegated and not cut.pinned:  # RFC 6840 section 4.4
            self._walker.cuts.drop(cut)  # a reply made this cut up: the keys above it count
            return Trust(upper.reason, upper.keys, word)
        if word.reason is not Reason.CHAIN:  # records of an insecure zone are no word on this one
            return Trust(word.reason, ds=None if word.rdatas and STATE[word.reason] is Security.INSECURE else word)
        records = _read_all(word.rdatas)
        usable, unusable = usable_ds(records, self._algorithms)
        if unusable is not None:
            return Trust(unusable, ds=word)
        trust = await self._by_keys(cut, usable, word, lookup, Reason.DS_MISMATCH)
        if cut.listed and trust.security is Security.BOGUS:  # the file may be older than the keys
            cut.doubt()
            return await self._climb(cut, lookup)
        return trust

    async def _above(self, cut: Cut, lookup: Lookup) -> Cut | None:
        """The zone above a stub zone, walked to if a trust anchor may lie between; None above the root."""
        above = self._walker.cuts.closest(cut.name, lookup.clock, above=True)
        if above is cut:
            return None
        if any(
            zone != cut.name and is_below(cut.name, zone) and not is_below(above.name, zone) for zone in self._anchors
        ):
            walked = await self._walker.walk(cut.name, Type.DS, lookup)
            return walked.cut
        return above

    async def _by_anchor(self, cut: Cut, anchors: Sequence[Ds], lookup: Lookup) -> Trust:
        return await self._by_keys(cut, anchors, None, lookup, Reason.ANCHOR_MISMATCH)

    async def _by_keys(
        self, cut: Cut, anchors: Sequence[Ds], word: DsWord | None, lookup: Lookup, mismatch: Reason
    ) -> Trust:
        """Fetch the DNSKEY RRset and hold it against DS or anchor; other servers are asked where one's is bogus."""
        avoid: frozenset[tuple[str, int]] = frozenset()
        reason = Reason.CHAIN_LOOKUP_FAILED
        for attempt in range(1 + self._walker.limits.bogus_retries):
            walked = await self._walker.walk(cut.name, Type.DNSKEY, lookup, avoid)
            reading = walked.reading
            if reading.kind is Kind.FAILURE:
                return Trust(reason, ds=word)  # of the first server's fault, if it had one
            if reading.kind is not Kind.ANSWER:
                found = Reason.DNSKEY_MISSING
            else:
                sigs = self._judge.signatures(walked, cut.name, Type.DNSKEY)
                verdict = verify_keys(cut.name, reading.rdatas, sigs, anchors, self._now(), algorithms=self._algorithms)
                self.verifications += verdict.verifications
                if verdict.reason is Reason.CHAIN:
                    trust = Trust(Reason.CHAIN, verdict.keys, word)
                    self._judge.vouch(trust, cut.name, reading.rdatas, sigs, verdict.expires)
                    return trust
                found = mismatch if verdict.reason is Reason.DS_MISMATCH else verdict.reason
            reason = found if attempt == 0 else reason
            if walked.server is None:
                break
            avoid = avoid | {walked.server}
        return Trust(reason, ds=word)

    async def ds(self, name: bytes, parent: Cut, proof: Sequence[Record], lookup: Lookup) -> DsWord:
        """The secure parent's word on DS at `name`: from the referral if that proves it, else asked for."""
        upper = await self.trust(parent, lookup)
        if proof and upper.security is Security.SECURE:
            word = self._judge.ds_in_referral(name, parent.name, proof, upper)
            if word is not None:
                return word
        return await self.asked_ds(name, lookup)

    async def asked_ds(self, name: bytes, lookup: Lookup) -> DsWord:
        """DS by an explicit question to the parent zone; other servers are asked where one's answer is bogus."""
        avoid: frozenset[tuple[str, int]] = frozenset()
        first: DsWord | None = None
        for _ in range(1 + self._walker.limits.bogus_retries):
            walked = await self._walker.walk(name, Type.DS, lookup, avoid)
            if walked.reading.kind is Kind.FAILURE:
                return first or DsWord(Reason.CHAIN_LOOKUP_FAILED, walked=walked)
            trust = await self.trust(walked.cut, lookup)
            word = self._judge.ds_in_reply(name, walked, trust)
            if word.reason in PERHAPS_HIDDEN and trust.security is Security.SECURE:
                word = await self._in_between(name, walked, lookup) or word
            if STATE[word.reason] is not Security.BOGUS or walked.server is None:
                return word
            first = first or word
            avoid = avoid | {walked.server}
        return first or DsWord(Reason.CHAIN_LOOKUP_FAILED)

    async def _in_between(self, name: bytes, walked: Walked, lookup: Lookup) -> DsWord | None:
        """DS from a parent zone that hides behind the servers of the zone that we asked; None if there is none.

        Where one server has them all, as a recursive one seems to, no referral shows that an unsigned zone lies
        between: without this its child, having DS records all the same, would be bogus.
        """
        cut = walked.cut
        between = [zone for zone in ancestors(name) if count(cut.name) < count(zone) < count(name)]
        for zone in between[::-1][: self._walker.limits.hidden_cuts]:
            word = await self.ds(zone, cut, (), lookup)
            state = STATE[word.reason]
            if state is Security.BOGUS or state is Security.INDETERMINATE:
                return None
            if word.reason is not Reason.CHAIN and not word.delegated:
                continue
            cut = self._walker.learn(cut, zone)
            trust = await self.trust(cut, lookup)
            if trust.security is not Security.SECURE:
                return DsWord(trust.reason, walked.reading.rdatas, walked.reading.ttl, None, walked)
            found = self._judge.ds_in_reply(name, walked._replace(cut=cut), trust)
            if found.reason not in PERHAPS_HIDDEN:
                return found
        return None


def _read_all(rdatas: Sequence[bytes]) -> list[Ds]:
    records = []
    for rdata in rdatas:
        try:
            records.append(read_ds(rdata))
        except DnssecFault:
            continue  # too short to name a key; the others may
    return records
