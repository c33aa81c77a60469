"""The resolver's front door: `await resolver.resolve(name, type) -> Answer`, from the root, validated.

Here aliases are followed (RFC 1034 section 3.6.2, RFC 6672), a bogus answer is given
a second chance at another server, and zones that hide behind their parent's servers
are found. Walking is ``iterate``, judging ``validate``, the chain of trust ``trust``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import trio

from crawler.resolver.answer import Alias, Answer, Outcome
from crawler.resolver.ask import Servers, read_reply, received
from crawler.resolver.iterate import FAMILIES, SHARED, Begun, Walked, Walker
from crawler.resolver.limits import Limits
from crawler.resolver.looking import Zone
from crawler.resolver.memo import Lookup, OutOfBudget, used_up
from crawler.resolver.reply import Kind, Reading, failure, read
from crawler.resolver.told import ds_told, told_along, unsigned_ds, worse
from crawler.resolver.trust import PERHAPS_HIDDEN, Chain, Trust
from crawler.resolver.validate import Judge, Judgement
from crawler.standards.algorithms import SUPPORTED
from crawler.standards.names import ROOT, ancestors, count, is_below, to_text
from crawler.standards.security import EDE, STATE, Reason, Security
from crawler.standards.wire import Message, Rcode, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from crawler.net import Network
    from crawler.resolver.ask import Address
    from crawler.resolver.cuts import Cut
    from crawler.standards.algorithms import Algorithms
    from crawler.standards.keys import Ds
    from crawler.standards.wire import Record


#: On every look-up's way: a member looked up in its enum costs ten times as much as a global (Python 3.11).
_ALIAS, _FAILURE, _BOGUS, _DS = Kind.ALIAS, Kind.FAILURE, Security.BOGUS, Type.DS
_ANSWER, _NODATA, _NXDOMAIN = Kind.ANSWER, Kind.NODATA, Kind.NXDOMAIN
_ANSWERED, _INSECURE, _LISTED = Outcome.ANSWER, Security.INSECURE, Reason.NO_DS_LISTED
_MALFORMED, _LOOKUP_FAILED = Outcome.MALFORMED, Reason.LOOKUP_FAILED
_new = tuple.__new__  # a named tuple's constructor without its frame
_FAILED = Judgement(Reason.LOOKUP_FAILED)
OTHER_ERROR = 0  # EDE


class Resolver:
    """An iterative, validating resolver with its caches; one per process and trio run."""

    def __init__(
        self,
        net: Network,
        *,
        hints: Mapping[bytes, Sequence[str]],
        anchors: Mapping[bytes, Sequence[Ds]],
        stubs: Mapping[bytes, Sequence[Address]] | None = None,
        now: Callable[[], float] = time.time,
        limits: Limits | None = None,
        algorithms: Algorithms = SUPPORTED,
        minimise: bool = True,
        heed_times: bool = True,
        families: Sequence[Type] = FAMILIES,
        recursive: bool = False,
        unproved: Collection[int] = (),
    ) -> None:
        self._limits = limits or Limits()
        self._now = now
        self._clock = trio.lowlevel.current_clock().current_time  # without a detour through the run: half the price
        self._walker = Walker(
            net,
            Servers(self._limits.servers, recursive=recursive),
            self._limits,
            hints=hints,
            stubs=stubs or {},
            minimise=minimise,
            families=families,
        )
        judged_at: Callable[[], float | None] = now if heed_times else _timeless
        self._judge = Judge(self._limits, algorithms=algorithms, now=judged_at, unproved=unproved)
        self._chain = Chain(self._walker, self._judge, anchors=anchors, algorithms=algorithms, now=judged_at)
        self._islands = sorted((zone for zone in anchors if zone != ROOT), key=count, reverse=True)
        self.sent = 0
        self._planted = 0
        self._unreachable: set[bytes] = set()  # zones of zone files that could not be found

    @property
    def verifications(self) -> int:
        """Signatures checked cryptographically so far."""
        return self._judge.verifications + self._chain.verifications

    async def resolve(self, name: bytes, qtype: int) -> Answer:
        """Look one RRset up. Every failure of the world is an `Outcome`; nothing is raised for it.

        This is the way that nearly every question takes, in one frame, for each frame costs: put once to the best
        server of a zone that is known, and answered. Whatever else comes back goes the long way from there.
        """
        if qtype in SHARED:
            return await self._resolve(name, qtype)
        walker, limits = self._walker, self._limits
        began = self._clock()
        cut = walker.cuts.closest(name, began)
        if (
            cut.dead is not None
            or not cut.glue
            or (self._islands and self._island(cut, name, qtype))
            or not (name[name[0] + 1 :] == cut.name or walker.whole(cut, name))
        ):
            return await self._resolve(name, qtype)
        servers, net = walker.servers, walker.net
        address = cut.glue[0] if len(cut.glue) == 1 else servers.best(cut.glue)
        habits = servers.of(address)
        if habits.silent or not habits.edns or not 0 < habits.rtt * 3 <= limits.least_patience:
            return await self._resolve(name, qtype)
        query = servers.query(name, qtype)
        message = await net.over_udp_read(query, address[0], address[1], limits.least_patience, read_reply)
        now = net.heard_at or self._clock()
        got = received(net, habits, message, began, now)
        trust = cut.trust
        if isinstance(message, Message) and trust is not None and trust.expires >= now:
            reading = read(message, name, qtype, cut.name)
            kind = reading.kind
            if kind is _ANSWER and trust.security is _INSECURE and not message.signed:
                cut.heard = True
                self.sent += 1
                if cut.name != name:
                    walker.answered(name, cut.name)
                return self._plainly(reading, message, trust, got.rtt, address)
            if kind is _ANSWER or kind is _NXDOMAIN or (kind is _NODATA and message.authority):
                cut.heard = True
                walked = _new(Walked, (reading, message, cut, address, got.rtt))
                if message.signed or kind is not _ANSWER:  # perhaps it comes from a deeper zone
                    walked = walker.home(walked, name, qtype)
                answer = self._at_once(walked, name, qtype, now, 1)
                if answer is not None:
                    self.sent += 1
                    if walked.cut.name != name:
                        walker.answered(name, walked.cut.name)
                    return answer
        return await self._resolve(name, qtype, Begun(cut, address, got))

    def _plainly(self, reading: Reading, message: Message, trust: Trust, rtt: float | None, address: Address) -> Answer:
        """An unsigned answer from an insecure zone, which most answers of most TLDs are: there is nothing to judge."""
        ede = message.edns.ede if message.edns is not None else ()
        fields = (
            _ANSWERED, _INSECURE, trust.reason, EDE.get(trust.reason), ede[0][0] if ede else None, reading.ttl,
            reading.rdatas, (), False, None, int(self._now() * 1_000_000), rtt, address[0],
            message.size, message.tcp, 1,
        )  # fmt: skip
        return _new(Answer, fields)

    async def _resolve(self, name: bytes, qtype: int, begun: Begun | None = None) -> Answer:
        """The long way."""
        lookup = Lookup(self._limits.queries, self._limits.seconds, self._clock)
        try:
            if begun is not None:
                lookup.spend()
            if qtype == _DS:
                answer = await self._follow(name, qtype, lookup, None)
            else:
                walked = await self._walker.walk(name, qtype, lookup, begun=begun)
                island = self._island(walked.cut, name, qtype) is not None
                at_once = None if island else self._at_once(walked, name, qtype, lookup.clock, lookup.sent)
                answer = at_once or await self._follow(name, qtype, lookup, walked)
        except OutOfBudget as spent:
            answer = self._answer(lookup.sent, failure(used_up(spent), name), None, _FAILED)
        self.sent += lookup.sent
        return answer

    def _at_once(self, walked: Walked, name: bytes, qtype: int, now: float, sent: int) -> Answer | None:
        """What nearly every look-up comes to: no alias, the zone's trust known, nothing bogus. Else None."""
        reading = walked.reading
        if reading.kind is _FAILURE:
            return self._answer(sent, reading, walked, _FAILED)
        trust = walked.cut.trust
        if reading.kind is _ALIAS or trust is None or trust.expires < now:
            return None
        if trust.reason is _LISTED and walked.message is not None and walked.message.signed:
            return None
        judgement = self._judge.judge(walked, name, qtype, trust)
        return None if STATE[judgement.reason] is _BOGUS else self._answer(sent, reading, walked, judgement)

    def revive(self) -> None:
        """Forget what failed: zones that were silent are asked again, as a second look wants."""
        self._walker.revive()

    @property
    def listed(self) -> tuple[int, int]:
        """Delegations taken from zone files, and those of them that the registry was asked for all the same."""
        return self._planted, self._walker.doubted

    async def plant(self, zone: bytes, child: bytes, records: Sequence[Record]) -> bool:
        """Take a delegation from the zone file of `zone`; whether that spares a question to the registry.

        `records` are what the registry's referral would hold: NS and DS of the child, RRSIG over the DS, addresses of
        its servers. Signatures are verified as those of a referral are. Without DS the child counts as insecure for as
        long as its servers send no signatures (reason no-ds-listed); a file that leads nowhere, or to what is bogus,
        is not believed, and the registry is asked.
        """
        cuts = self._walker.cuts
        above = cuts.closest(child, self._clock(), above=True)
        if above.name != zone and is_below(zone, above.name) and zone not in self._unreachable:
            await self._resolve(zone, Type.SOA)
            above = cuts.closest(child, self._clock(), above=True)
            if above.name != zone:
                self._unreachable.add(zone)
        planted = above.name == zone and self._walker.plant(above, child, records) is not None
        self._planted += planted
        return planted

    async def zone(self, name: bytes) -> Zone | None:
        """The zone that holds the name, as far as it is known after a look-up of that name; None if that failed."""
        lookup = Lookup(self._limits.queries, self._limits.seconds, self._clock)
        cut = self._walker.cuts.closest(name, lookup.clock)
        try:
            trust = await self._chain.trust(cut, lookup)
        except OutOfBudget:
            return None
        finally:
            self.sent += lookup.sent
        return Zone(cut.name, trust.security, trust.reason, cut.ns, lookup.sent, tuple(cut.glue))

    async def _follow(self, name: bytes, qtype: int, lookup: Lookup, first: Walked | None) -> Answer:
        """Follow aliases to the RRset; the whole is as secure as its worst link (RFC 7672 section 2.1.3).

        `first` is the reply to the first name, where it is there already.
        """
        aliases: list[Alias] = []
        seen = {name}
        reason = Reason.CHAIN
        wildcard = False
        told: tuple[Record, ...] = ()
        link: tuple[Walked, Judgement] | None = None
        while True:
            walked, judgement = link or await self._link(name, qtype, lookup, first, told)
            first = None
            reading = walked.reading
            reason = worse(reason, judgement.reason)
            wildcard = wildcard or judgement.wildcard
            if reading.kind is not Kind.ALIAS or qtype == Type.CNAME:
                if reading.kind is Kind.ALIAS:  # a DNAME makes the very alias that was asked for (RFC 6672 section 3.1)
                    reading = reading._replace(rdatas=(reading.target,))
                whole = judgement._replace(reason=reason, wildcard=wildcard)
                return self._answer(lookup.sent, reading, walked, whole, tuple(aliases))
            name = reading.target
            aliases.append(Alias(to_text(name), judgement.security))
            if name in seen or len(aliases) > self._limits.aliases:
                outcome = Outcome.ALIAS_LOOP if name in seen else Outcome.ALIAS_TOO_LONG
                whole = Judgement(worse(reason, Reason.LOOKUP_FAILED))
                return self._answer(lookup.sent, failure(outcome, name), walked, whole, tuple(aliases))
            seen.add(name)
            told = told_along(walked, name)
            link = self._along(walked, name, qtype)

    def _along(self, walked: Walked, name: bytes, qtype: int) -> tuple[Walked, Judgement] | None:
        """The alias's target as the same reply has it, if the zone's own signature stands for it; else it is asked for.

        Unsigned it may come from the server's cache (RFC 2181 section 5.4.1) and counts for nothing.
        """
        cut, message = walked.cut, walked.message
        trust = cut.trust
        if message is None or trust is None or trust.security is not Security.SECURE or not is_below(name, cut.name):
            return None
        if message.rcode != Rcode.NOERROR or qtype == Type.DS:
            return None
        reading = read(message, name, qtype, cut.name)
        if reading.kind is not Kind.ANSWER and reading.kind is not Kind.ALIAS:
            return None
        along = walked._replace(reading=reading)
        judgement = self._judge.judge(along, name, qtype, trust)
        return (along, judgement) if judgement.reason is Reason.CHAIN else None

    async def _link(
        self, name: bytes, qtype: int, lookup: Lookup, first: Walked | None, told: tuple[Record, ...] = ()
    ) -> tuple[Walked, Judgement]:
        """One name, one type, no alias followed: the reply and its judgement.

        `told` are records of an earlier reply that may prove an insecure delegation on the way to the name.
        """
        if qtype == Type.DS:
            word = await self._told_ds(name, lookup)
            if word is not None:
                return word
        avoid: frozenset[Address] = frozenset()
        walked, judgement = await self._judged(name, qtype, lookup, avoid, first, told)
        if judgement.reason is Reason.CHAIN:
            return walked, judgement
        server = walked.server
        for _ in range(self._limits.bogus_retries):
            if judgement.security is not Security.BOGUS or server is None or not walked.cut.trust:
                break
            if walked.cut.trust.security is not Security.SECURE:
                break  # the zone as a whole is bogus: no other server can mend that
            avoid = avoid | {server}
            again, better = await self._judged(name, qtype, lookup, avoid, None, told)
            if again.reading.kind is Kind.FAILURE:
                break
            if better.security is not Security.BOGUS:
                return again, better
            server = again.server
        return walked, judgement

    async def _judged(
        self,
        name: bytes,
        qtype: int,
        lookup: Lookup,
        avoid: frozenset[Address],
        first: Walked | None,
        told: tuple[Record, ...],
    ) -> tuple[Walked, Judgement]:
        walked = first or await self._walker.walk(name, qtype, lookup, avoid)
        if walked.reading.kind is Kind.FAILURE:
            return walked, _FAILED
        if self._islands:
            walked = self._at_anchor(walked, name, qtype)
        cut = walked.cut
        if cut.unsigned_by_list and walked.message is not None and walked.message.signed:
            self._walker.doubted += 1
            cut.doubt()
        trust = cut.trust
        if trust is None or trust.expires < lookup.clock:
            cut.proof = cut.proof or told
            trust = await self._chain.trust(cut, lookup)
        judgement = self._judge.judge(walked, name, qtype, trust)
        if judgement.reason in PERHAPS_HIDDEN and trust.security is Security.SECURE:
            hidden = await self._hidden(walked, name, qtype, lookup, told)
            if hidden is not None:
                below, trust = hidden
                return walked._replace(cut=below), self._judge.judge(walked, name, qtype, trust)
        return walked, judgement

    def _at_anchor(self, walked: Walked, name: bytes, qtype: int) -> Walked:
        """A zone with an anchor of its own is judged by that, though it hides behind the servers of one above.

        A denial that comes with the upper zone's SOA is that zone's word: there is no lower one.
        """
        authority = walked.message.authority if walked.message is not None else []
        if any(record[1] == Type.SOA for record in authority):  # `_home` has put it in its place
            return walked
        zone = self._island(walked.cut, name, qtype)
        if zone is not None:
            return walked._replace(cut=self._walker.learn(walked.cut, zone))
        return walked

    def _island(self, cut: Cut, name: bytes, qtype: int) -> bytes | None:
        """The deepest zone with an anchor of its own below a zone and above a name; DS belongs to the zone above it."""
        for zone in self._islands:
            if len(zone) > len(cut.name) and is_below(name, zone) and not (qtype == _DS and zone == name):
                return zone
        return None

    async def _hidden(
        self, walked: Walked, name: bytes, qtype: int, lookup: Lookup, told: tuple[Record, ...]
    ) -> tuple[Cut, Trust] | None:
        """An insecure zone between the one we asked and the name, on the same servers (no referral shows it).

        Going down label by label, the parent is asked for DS: a proof without DS at a
        delegation makes what is below insecure; a name without delegation goes on.
        """
        cut = walked.cut
        below = [a for a in ancestors(name) if count(a) > count(cut.name) and not (qtype == Type.DS and a == name)]
        for ancestor in below[::-1][: self._limits.hidden_cuts]:
            word = await self._chain.ds(ancestor, cut, told, lookup)
            state = STATE[word.reason]
            if state is Security.BOGUS or state is Security.INDETERMINATE:
                return None
            if state is Security.INSECURE and word.delegated:
                learned = self._walker.learn(cut, ancestor)
                learned.proof = learned.proof or told
                return learned, await self._chain.trust(learned, lookup)
            if word.reason is Reason.CHAIN:  # a signed zone hides here
                cut = self._walker.learn(cut, ancestor)
                trust = await self._chain.trust(cut, lookup)
                if trust.security is not Security.SECURE:
                    return cut, trust
        return None

    async def _told_ds(self, name: bytes, lookup: Lookup) -> tuple[Walked, Judgement] | None:
        """DS as the referral gave it, so that it need not be asked for; None where no referral told."""
        cut = self._walker.cuts.get(name)
        if cut is None or cut.parent is None or (not cut.proof and cut.trust is None):
            return None
        trust = await self._chain.trust(cut, lookup)
        word = trust.ds
        if word is None:  # the parent is not secure: a DS in its referral is taken as it is; silence denies nothing
            upper = await self._chain.trust(cut.parent, lookup)
            told = unsigned_ds(cut)
            if upper.security is Security.SECURE or not (told or cut.listed):
                return None
            return ds_told(cut, upper.reason, told, None)
        reason = Reason.CHAIN if word.reason is Reason.NO_DS else word.reason  # the denial itself is secure
        if word.walked is not None:
            return word.walked, Judgement(reason, denial=word.denial)
        return ds_told(cut, reason, word.rdatas, word)

    def _answer(
        self,
        sent: int,
        reading: Reading,
        walked: Walked | None,
        judgement: Judgement,
        aliases: tuple[Alias, ...] = (),
    ) -> Answer:
        """The end of a look-up; a compact denial of the name counts as NXDOMAIN, whatever the RCODE (RFC 9824).

        `judgement` is of all its links. A server that answers nonsense is no unreachable one
        (RFC 8914 sections 4.1, 4.23).
        """
        outcome = Outcome.NXDOMAIN if judgement.nxname else reading.outcome
        reason = judgement.reason
        server, message = (walked.server, walked.message) if walked is not None else (None, None)
        return _new(
            Answer,
            (
                outcome,
                STATE[reason],
                reason,
                OTHER_ERROR if outcome is _MALFORMED and reason is _LOOKUP_FAILED else EDE.get(reason),
                walked.server_ede if walked is not None else None,
                _ttl(reading, walked),
                reading.rdatas,
                aliases,
                judgement.wildcard,
                judgement.denial,
                int(self._now() * 1_000_000),
                walked.rtt if walked is not None else None,
                server[0] if server is not None else None,
                message.size if message is not None else None,
                message.tcp if message is not None else None,
                sent,
            ),
        )


def _timeless() -> None:
    """The moment of who judges signatures whatever their times: old captures, other people's scenarios."""


def _ttl(reading: Reading, walked: Walked | None) -> int | None:
    """The TTL of what was found; a denial that only a referral told has none."""
    if reading.kind is _FAILURE or walked is None or (walked.message is None and not reading.rdatas):
        return None
    return reading.ttl
