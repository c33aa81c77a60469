"""A recursive server walks in our place: `--resolver ADDR`, validated here, or `--trust-ad`, believed.

`ForwardingResolver` puts each question with RD and CD (RFC 4035 section 3.2.2: data that
the server's own validation would withhold; RFC 6840 section 5.9) and judges the replies by
our own chain of trust: DS and DNSKEY come through the same server. To the walker the
server is one that holds the root and everything below it; where a zone begins is shown by
signers and SOA records, and by DS questions where a zone is unsigned.

`TrustingResolver` takes the server's word instead: AD is secure (RFC 6840 section 5.8);
SERVFAIL that turns into an answer under CD, twice, is bogus; what is neither is insecure.
So *insecure* may be a zone that the server has no anchor or no algorithm for, and an
*indeterminate* state is seen only where no answer can be had at all, or where the server
says so (EDE 5). Of an alias chain without AD each link is asked for alone, to know its state.

Both ways, a TTL is what was left of it in the server's cache, and the round trip is the
way to the server, not to the zone. Several servers: the best answers, the others stand in.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import trio

from crawler.resolver.answer import CONCLUSIVE, Alias, Answer, Outcome
from crawler.resolver.ask import Servers, ask
from crawler.resolver.limits import Limits
from crawler.resolver.looking import Zone
from crawler.resolver.memo import Lookup, OutOfBudget, used_up
from crawler.resolver.reply import Kind, Reading, failure, read
from crawler.resolver.resolve import Resolver
from crawler.resolver.validate import shown_denial
from crawler.standards.names import ROOT, to_text
from crawler.standards.security import EDE, STATE, Reason, Security
from crawler.standards.wire import Rcode, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crawler.net import Network
    from crawler.resolver.ask import Address
    from crawler.standards.keys import Ds
    from crawler.standards.wire import Message, Record

#: A recursive server needs its own time to walk: ours for one packet is longer than with authoritative servers.
PATIENCE = Limits(first_patience=5.0, least_patience=5.0, most_patience=10.0)

#: What a server's Extended DNS Error says of a bogus answer, in our words (RFC 8914 section 4).
_SAID = {
    7: Reason.SIGNATURE_EXPIRED, 8: Reason.SIGNATURE_NOT_YET_VALID, 9: Reason.DNSKEY_MISSING,
    10: Reason.SIGNATURE_MISSING, 11: Reason.NO_ZONE_KEY, 12: Reason.DENIAL_MISSING,
}  # fmt: skip
_UNDECIDED = 5  # EDE "DNSSEC Indeterminate"
_POSITIVE = (Kind.ANSWER, Kind.ALIAS)


class ForwardingResolver(Resolver):
    """Our own validation over a recursive server's walking."""

    def __init__(
        self, net: Network, *, servers: Sequence[Address], anchors: Mapping[bytes, Sequence[Ds]],
        now: Callable[[], float] = time.time, limits: Limits = PATIENCE,
    ) -> None:  # fmt: skip
        super().__init__(
            net, hints={}, anchors=anchors, stubs={ROOT: servers}, now=now, limits=limits, minimise=False,
            recursive=True,
        )  # fmt: skip

    async def plant(self, zone: bytes, child: bytes, records: Sequence[Record]) -> bool:  # noqa: ARG002
        """Never: the recursive server asks whom it wants, and nobody else is asked here."""
        return False

    async def zone(self, name: bytes) -> Zone | None:
        """The zone that holds the name, by its SOA record, and its NS names as the zone itself gives them."""
        lookup = Lookup(self._limits.queries, self._limits.seconds, self._clock)
        try:
            soa = await self._walker.walk(name, Type.SOA, lookup)
            if soa.reading.kind is Kind.FAILURE:
                return None
            found = await super().zone(name)
            if found is None:
                return None
            ns = await self._walker.walk(found.apex, Type.NS, lookup)
            names = tuple(sorted(ns.reading.rdatas)) if ns.reading.kind is Kind.ANSWER else ()
        except OutOfBudget:
            return None
        finally:
            self.sent += lookup.sent
        return found._replace(ns=names, tries=found.tries + lookup.sent)


class _Word(NamedTuple):
    """What the server says of one question."""

    message: Message | None
    outcome: Outcome  # of the exchange, where there is no message
    reason: Reason
    address: Address | None
    rtt: float | None


class TrustingResolver:
    """The recursive server's own judgement, taken as it is."""

    @property
    def verifications(self) -> int:
        """None: whoever is believed has checked them."""
        return 0

    def __init__(
        self, net: Network, *, servers: Sequence[Address], now: Callable[[], float] = time.time,
        limits: Limits = PATIENCE,
    ) -> None:  # fmt: skip
        self._net = net
        self._addresses = list(servers)
        self._limits = limits
        self._now = now
        self._clock = trio.lowlevel.current_clock().current_time
        self._asking = Servers(limits.servers, recursive=True, checking=True)
        self._unchecked = Servers(limits.servers, recursive=True)
        self.sent = 0

    def revive(self) -> None:
        """Nothing is kept here."""

    async def resolve(self, name: bytes, qtype: int) -> Answer:
        """Look one RRset up; see `Resolver.resolve`."""
        lookup = Lookup(self._limits.queries, self._limits.seconds, self._clock)
        try:
            return await self._resolve(name, qtype, lookup)
        except OutOfBudget as spent:
            nothing = _Word(None, used_up(spent), Reason.LOOKUP_FAILED, None, None)
            return self._answer(failure(nothing.outcome, name), nothing, lookup, ())
        finally:
            self.sent += lookup.sent

    async def zone(self, name: bytes) -> Zone | None:
        """The zone that holds the name, by the SOA record that comes with an answer or a denial."""
        lookup = Lookup(self._limits.queries, self._limits.seconds, self._clock)
        try:
            word = await self._word(name, Type.SOA, lookup)
            if word.message is None:
                return None
            reading = read(word.message, name, Type.SOA, ROOT)
            if reading.rtype != Type.SOA or not reading.owner:
                return None
            ns = await self._word(reading.owner, Type.NS, lookup)
        except OutOfBudget:
            return None
        finally:
            self.sent += lookup.sent
        names = read(ns.message, reading.owner, Type.NS, ROOT).rdatas if ns.message is not None else ()
        return Zone(reading.owner, STATE[word.reason], word.reason, tuple(sorted(names)), lookup.sent)

    async def _resolve(self, name: bytes, qtype: int, lookup: Lookup) -> Answer:
        """The answer at the end of the aliases that the server's reply holds."""
        word = await self._word(name, qtype, lookup)
        if word.message is None:
            return self._answer(failure(word.outcome, name), word, lookup, ())
        reading = read(word.message, name, qtype, ROOT)
        aliases: list[Alias] = []
        seen = {name}
        while reading.kind is Kind.ALIAS and qtype != Type.CNAME:
            if reading.target in seen or len(aliases) >= self._limits.aliases:
                loop = Outcome.ALIAS_LOOP if reading.target in seen else Outcome.ALIAS_TOO_LONG
                lost = word._replace(reason=Reason.LOOKUP_FAILED)
                return self._answer(failure(loop, name), lost, lookup, tuple(aliases))
            aliases.append(Alias(to_text(reading.target), await self._link(name, word, lookup)))
            name = reading.target
            seen.add(name)
            reading = read(word.message, name, qtype, ROOT)
        if reading.kind is Kind.ALIAS:
            reading = reading._replace(rdatas=(reading.target,))
        return self._answer(reading, word, lookup, tuple(aliases))

    async def _link(self, name: bytes, word: _Word, lookup: Lookup) -> Security:
        """The state of one link of an alias chain (RFC 7672 section 2.1.3)."""
        state = STATE[word.reason]
        if state is not Security.INSECURE:
            return state
        return STATE[(await self._word(name, Type.CNAME, lookup)).reason]

    async def _word(self, name: bytes, qtype: int, lookup: Lookup) -> _Word:
        """One question, and what the server says of its security."""
        word = await self._ask(self._asking, name, qtype, lookup)
        message = word.message
        if message is None or message.rcode != Rcode.SERVFAIL:
            return word
        codes = [code for code, _ in message.edns.ede] if message.edns is not None else []
        if _UNDECIDED in codes:
            return word._replace(reason=Reason.CHAIN_LOOKUP_FAILED)
        unchecked = await self._ask(self._unchecked, name, qtype, lookup)
        if unchecked.message is None or not _conclusive(unchecked.message, name, qtype):
            return word._replace(reason=Reason.LOOKUP_FAILED)
        again = await self._ask(self._asking, name, qtype, lookup)  # it may have been a passing failure
        if again.message is None or again.message.rcode != Rcode.SERVFAIL:
            return again
        return unchecked._replace(reason=next((_SAID[code] for code in codes if code in _SAID), Reason.REPORTED_BOGUS))

    async def _ask(self, servers: Servers, name: bytes, qtype: int, lookup: Lookup) -> _Word:
        """The first server that says something, best first, and once more round if none does."""
        lost = _Word(None, Outcome.NO_SERVERS, Reason.LOOKUP_FAILED, None, None)
        for address in servers.order(self._addresses) * self._limits.rounds:  # a packet may be lost
            got = await ask(self._net, servers, address, name, qtype, lookup, self._limits)
            if got.message is None:
                lost = _Word(None, got.outcome, Reason.LOOKUP_FAILED, None, None)
                continue
            reason = Reason.REPORTED_SECURE if got.message.ad else Reason.REPORTED_INSECURE
            if not _conclusive(got.message, name, qtype):
                reason = Reason.LOOKUP_FAILED
            return _Word(got.message, Outcome.ANSWER, reason, address, got.rtt)
        return lost

    def _answer(self, reading: Reading, word: _Word, lookup: Lookup, aliases: tuple[Alias, ...]) -> Answer:
        message = word.message
        edns = message.edns if message is not None else None
        outcome = reading.outcome
        reason = word.reason if outcome in CONCLUSIVE else Reason.LOOKUP_FAILED
        negative = message is not None and reading.kind not in _POSITIVE
        return Answer(
            outcome=outcome,
            security=STATE[reason],
            reason=reason,
            ede=EDE.get(reason),
            server_ede=edns.ede[0][0] if edns is not None and edns.ede else None,
            ttl=reading.ttl if outcome in CONCLUSIVE else None,
            rdata=reading.rdatas,
            alias=aliases,
            wildcard=False,
            denial=shown_denial(message.authority) if negative and message is not None else None,
            observed_at=int(self._now() * 1_000_000),
            rtt=word.rtt,
            server=word.address[0] if word.address is not None else None,
            size=message.size if message is not None else None,
            tcp=message.tcp if message is not None else None,
            tries=lookup.sent,
        )


def _conclusive(message: Message, name: bytes, qtype: int) -> bool:
    return read(message, name, qtype, ROOT).kind is not Kind.FAILURE


def patient(limits: Limits) -> Limits:
    """The same bounds, with the patience that a recursive server needs."""
    return replace(
        limits,
        first_patience=PATIENCE.first_patience,
        least_patience=PATIENCE.least_patience,
        most_patience=PATIENCE.most_patience,
    )
