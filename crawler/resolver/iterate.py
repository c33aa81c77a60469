"""Walking from the root towards a name: referrals, glue, several servers (RFC 1034 section 5.3.3).

Questions are minimised (RFC 9156), except where a server chokes on that. `Walker.walk`
ends in one reply of a zone that claims the name, or in the outcome that says why there
is none. It follows no alias (``resolve`` does) and believes no signature (``validate``
does); glue counts only inside the referring zone's bailiwick.

Limits: name-server addresses are IPv4 where a server has both; servers are asked one
after the other, never in parallel, for politeness' sake.
"""

from __future__ import annotations

from random import shuffle
from typing import TYPE_CHECKING, NamedTuple

import trio

from crawler.resolver.answer import Outcome
from crawler.resolver.ask import ask
from crawler.resolver.cuts import Cut, Cuts
from crawler.resolver.memo import Flights, Memory
from crawler.resolver.referral import DNS_PORT, addresses_in, glue_for, proofs_among, signer_of
from crawler.resolver.reply import Kind, Reading, failure, next_question, read
from crawler.standards.names import ROOT, count, is_below
from crawler.standards.wire import IN, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.net import Network
    from crawler.resolver.ask import Address, Got, Servers
    from crawler.resolver.limits import Limits
    from crawler.resolver.memo import Lookup
    from crawler.standards.wire import Message, Record

#: On every question's way: a member looked up in its enum costs ten times as much as a global (Python 3.11).
_FAILURE, _NODATA, _NXDOMAIN, _REFERRAL = Kind.FAILURE, Kind.NODATA, Kind.NXDOMAIN, Kind.REFERRAL
_A, _DS, _SOA = Type.A, Type.DS, Type.SOA
_FURTHEST = {outcome: rank for rank, outcome in enumerate(Outcome)}
_new = tuple.__new__  # a named tuple's constructor without its frame
_WITHOUT_REPLY = (Outcome.TIMEOUT, Outcome.UNREACHABLE)
SHARED = frozenset({Type.A, Type.AAAA, Type.NS, Type.DS, Type.DNSKEY})  # what several look-ups may ask for
FAMILIES = (Type.A, Type.AAAA)  # the first is asked for first, and the others only for want of it


class Walked(NamedTuple):
    """Where a walk ended: the reply, its reading, the zone that gave it and the server."""

    reading: Reading
    message: Message | None
    cut: Cut
    server: Address | None
    rtt: float | None

    @property
    def server_ede(self) -> int | None:
        """The first Extended DNS Error code that the server sent (RFC 8914)."""
        edns = self.message.edns if self.message is not None else None
        return edns.ede[0][0] if edns is not None and edns.ede else None


class Begun(NamedTuple):
    """A walk whose first packet was sent already: to which zone's which server, and what came of it."""

    cut: Cut
    address: Address
    got: Got


class Walker:
    """Walks the delegation tree; remembers cuts and replies."""

    def __init__(
        self,
        net: Network,
        servers: Servers,
        limits: Limits,
        *,
        hints: Mapping[bytes, Sequence[str]],
        stubs: Mapping[bytes, Sequence[Address]],
        minimise: bool = True,
        families: Sequence[Type] = FAMILIES,
    ) -> None:
        self.cuts = Cuts(limits.cuts)
        self.flights = Flights()
        self.limits = limits
        self.net = net
        self.servers = servers
        self.minimise = minimise
        self.doubted = 0  # delegations taken from zone files whose servers said nothing
        self._families = families
        self._replies: Memory[Walked] = Memory(limits.replies)
        self._inside: dict[bytes, bytes] = {}  # names that a zone has answered for, so no cut hides between: the zone
        roots = [(address, DNS_PORT) for addresses in hints.values() for address in addresses]
        v4 = [address for address in roots if ":" not in address[0]] if Type.A in families else []
        if ROOT not in stubs:
            self.cuts.add(Cut(ROOT, None, tuple(hints), v4 or roots, pinned=True))
        for zone, addresses in stubs.items():
            self.cuts.add(Cut(zone, None, (), addresses, pinned=True))

    async def walk(
        self, name: bytes, qtype: int, lookup: Lookup, avoid: frozenset[Address] = frozenset(),
        begun: Begun | None = None,
    ) -> Walked:  # fmt: skip
        """One reply to (name, qtype) from the zone that holds it; `avoid` names servers that are not to be asked.

        Raises `OutOfBudget`. A walk that would wait for itself ends as no-servers. One that has `begun` goes on there.
        """
        if begun is not None:
            return await self._walk((name, qtype), lookup, avoid, begun)
        if avoid:
            return await self._walk((name, qtype), lookup, avoid)
        key = (name, qtype)
        kept = self._replies.get(key) if qtype in SHARED else None
        if kept is not None:
            return kept
        flight = self.flights.begin(key, lookup)
        if flight is not None:  # nobody else is at it: the usual case, told apart here to spare a frame
            try:
                flight.result = walked = await self._walk(key, lookup, avoid)
            finally:
                self.flights.end(key, flight)
            return walked
        shared = await self.flights.share(key, lookup, self._walk)
        if shared is None:
            cut = self.cuts.closest(name, lookup.clock, above=qtype == Type.DS)
            return Walked(failure(Outcome.NO_SERVERS, cut.name), None, cut, None, None)
        return shared

    def whole(self, cut: Cut, name: bytes) -> bool:
        """Whether all of a name may be put to a zone's servers: nothing is left to be minimised.

        So it is for labels with an underscore before a name that the zone itself has answered for.
        """
        if not self.minimise or next_question(cut.name, name, 0) == name:
            return True
        base = name
        while base[1:2] == b"_":
            base = base[base[0] + 1 :]
        return self._inside.get(base) == cut.name

    def answered(self, name: bytes, zone: bytes) -> None:
        """Remember that the zone has answered for a name inside it."""
        if len(self._inside) >= self.limits.inside:
            self._inside.clear()
        self._inside[name] = zone

    async def _walk(
        self, key: tuple[bytes, int], lookup: Lookup, avoid: frozenset[Address] = frozenset(),
        begun: Begun | None = None,
    ) -> Walked:  # fmt: skip
        name, qtype = key
        cut = begun.cut if begun is not None else self.cuts.closest(name, lookup.clock, above=qtype == _DS)
        known, steps = 0, 0  # labels below which no cut hides; questions put on the way
        relied: Walked | None = None  # how the servers failed that a zone file names
        while True:
            minimise = self.minimise and steps < self.limits.minimised
            question = next_question(cut.name, name, known) if minimise and not self.whole(cut, name) else name
            final = question == name
            asked = qtype if final else _A
            walked = None if final else self._replies.get((question, asked))
            if walked is None:
                if final or avoid or begun is not None:
                    walked = await self._ask_zone(cut, question, asked, lookup, avoid, begun)
                else:
                    walked = await self._on_the_way(cut, question, lookup)
                begun = None
                steps += 1
            kind = walked.reading.kind
            if kind is _REFERRAL:
                cut, known = self._descend(cut, walked), 0
                if relied is not None and cut.name == relied.cut.name:
                    if set(cut.ns) == set(relied.cut.ns):  # the registry says what its file said: asked enough
                        cut.dead = relied.cut.dead
                        return relied._replace(cut=cut)
                    relied = None
                continue
            if kind is _FAILURE and cut.listed and cut.parent is not None and not avoid:  # the file may be old
                self.doubted += 1
                self.cuts.drop(cut)
                cut, known, relied = cut.parent, 0, walked
                continue
            walked = self.home(walked, question, asked)
            if not avoid and asked in SHARED:
                self._remember(question, asked, walked)
            if final:
                if kind is not _FAILURE and walked.cut.name != name:
                    self.answered(name, walked.cut.name)
                return walked
            if kind is _FAILURE or kind is _NXDOMAIN:  # a server that chokes on minimised names: ask it all
                known, steps = count(name), self.limits.minimised
            else:
                cut, known = walked.cut, count(question)

    async def _on_the_way(self, cut: Cut, question: bytes, lookup: Lookup) -> Walked:
        """A minimised question, put once for all look-ups that come to it at the same time: at a cold start, all do."""
        key = (cut.name, question)

        async def put(_: tuple[bytes, bytes], purse: Lookup) -> Walked:
            return await self._ask_zone(cut, question, _A, purse, frozenset())

        shared = await self.flights.share(key, lookup, put)
        return shared if shared is not None else await put(key, lookup)  # None: waiting would have closed a circle

    def _remember(self, name: bytes, qtype: int, walked: Walked) -> None:
        limits = self.limits
        if says_nothing(walked):  # nothing says how long (RFC 2308 section 5): not for the next look-up but one
            self._replies.put((name, qtype), walked, limits.unsaid_ttl)
            return
        self._replies.put((name, qtype), walked, min(max(walked.reading.ttl, limits.least_ttl), limits.most_ttl))

    def _descend(self, cut: Cut, walked: Walked) -> Cut:
        """The cut that a referral tells of."""
        message, child = walked.message, walked.reading.owner
        known = self.cuts.get(child)
        if known is not None or message is None:
            return known or cut
        names: list[bytes] = []
        seconds = self.limits.most_ttl
        for owner, rtype, rclass, ttl, rdata in message.authority:
            if rtype == Type.NS and owner == child and rclass == IN and rdata not in names:
                names.append(rdata)
                seconds = min(seconds, ttl)
        shuffle(names)
        del names[self.limits.name_servers :]
        glue, glued = glue_for(message.additional, names, cut.name, self._families)
        return self.cuts.add(
            Cut(
                child,
                cut,
                names,
                glue,
                unglued=[name for name in names if name not in glued],
                proof=proofs_among([*message.answer, *message.authority, *message.additional]),
                seconds=max(seconds, self.limits.least_ttl),
            )
        )

    def plant(self, above: Cut, child: bytes, records: Sequence[Record]) -> Cut | None:
        """Take a delegation from a registry's zone file, as if `above` had referred to it; None if it is known."""
        if self.cuts.get(child) is not None:
            return None
        names = [rdata for owner, rtype, _, _, rdata in records if rtype == Type.NS and owner == child]
        shuffle(names)
        del names[self.limits.name_servers :]
        glue, glued = glue_for(records, names, above.name, self._families)
        unglued = [name for name in names if name not in glued]
        seconds = self.limits.most_ttl
        cut = Cut(child, above, names, glue, unglued=unglued, proof=proofs_among(records), seconds=seconds)
        cut.listed = True
        return self.cuts.add(cut)

    def revive(self) -> None:
        """Forget failures, before a second look."""
        self.cuts.revive()
        self._replies.drop_if(lambda walked: walked.reading.kind is Kind.FAILURE)

    def forget_keys(self, zone: bytes) -> None:
        """Forget the replies that a zone's trust rests on, so that they are asked for anew."""
        self._replies.drop((zone, Type.DNSKEY))
        self._replies.drop((zone, Type.DS))

    def learn(self, above: Cut, apex: bytes) -> Cut:
        """A zone that hides behind its parent's servers: same servers, no word of DS yet."""
        known = self.cuts.get(apex)
        if known is not None:
            return known
        seconds = above.expires - trio.current_time()
        return self.cuts.add(Cut(apex, above, above.ns, above.glue, unglued=above.unglued, seconds=seconds))

    def home(self, walked: Walked, name: bytes, qtype: int) -> Walked:
        """Put a reply into the zone it comes from, which its SOA or its signer may show to be a deeper one."""
        reading, message, cut = walked.reading, walked.message, walked.cut
        if message is None or reading.kind is _FAILURE:
            return walked
        apex = reading.owner if reading.rtype == _SOA else signer_of(message, reading)
        if not apex or apex == cut.name or not is_below(apex, cut.name) or not is_below(name, apex):
            return walked
        if qtype == _DS and apex == name:  # the child's own word; DS is its parent's to give
            return walked
        return walked._replace(cut=self.learn(cut, apex))

    async def _ask_zone(
        self, cut: Cut, name: bytes, qtype: int, lookup: Lookup, avoid: frozenset[Address], begun: Begun | None = None
    ) -> Walked:
        """Put one question to a zone's servers, best first, until one of them says something."""
        failed = None
        if begun is None and cut.dead is not None and cut.dead[1] > lookup.clock:
            return Walked(failure(cut.dead[0], cut.name), None, cut, None, None)
        queue = self.servers.order([address for address in cut.glue if address not in avoid] if avoid else cut.glue)
        if begun is not None:
            queue.insert(0, begun.address)
        tried: list[Address] = []
        silent: list[Address] = []
        unglued = list(cut.unglued)
        empty = None
        while True:
            if not queue and len(tried) < self.limits.addresses:
                queue = await self._more_servers(cut, unglued, lookup, avoid)
            if not queue or len(tried) >= self.limits.addresses:
                break
            address = queue.pop(0)
            if address in tried:
                continue
            tried.append(address)
            first = begun.got if begun is not None and begun.address == address else None
            got = await ask(self.net, self.servers, address, name, qtype, lookup, self.limits, first)
            walked = understood(got, cut, address, name, qtype)
            if walked.reading.kind is not _FAILURE:
                cut.heard = True
                if walked.reading.kind is not _NODATA or empty is not None or not says_nothing(walked):
                    return walked
                empty = walked  # another server may know more
                continue
            cut.heard = cut.heard or walked.rtt is not None
            failed = _further(failed, walked)
            if walked.reading.outcome is Outcome.TIMEOUT:
                silent.append(address)
        if empty is not None:
            return empty
        for address in silent * (self.limits.rounds - 1):
            got = await ask(self.net, self.servers, address, name, qtype, lookup, self.limits)
            walked = understood(got, cut, address, name, qtype)
            if walked.reading.kind is not Kind.FAILURE:
                cut.heard = True
                return walked
            failed = _further(failed, walked)
        if failed is None:
            return Walked(failure(Outcome.NO_SERVERS, cut.name), None, cut, None, None)
        if failed.reading.outcome in _WITHOUT_REPLY and not (cut.heard or avoid or cut.pinned):
            # Nobody ever said a word for this zone: it need not be waited for at every question.
            cut.dead = (failed.reading.outcome, trio.current_time() + self.limits.dead_seconds)
        return failed

    async def _more_servers(
        self, cut: Cut, unglued: list[bytes], lookup: Lookup, avoid: frozenset[Address]
    ) -> list[Address]:
        """The addresses of the next name server that came without glue; empty when there is none left."""
        while unglued and len(cut.unglued) - len(unglued) < self.limits.unglued:
            ns = unglued.pop()
            if is_below(ns, cut.name) and not cut.glue:  # nobody below could say
                found = await self._from_above(ns, cut, lookup)
            else:
                found = await self._addresses(ns, lookup)
            if found:  # what another look-up put into the glue while we waited is news to us all the same
                cut.glue.extend(address for address in found if address not in cut.glue)
                if ns in cut.unglued:
                    cut.unglued.remove(ns)
            if usable := [address for address in found if address not in avoid]:
                return usable
        return []

    async def _addresses(self, ns: bytes, lookup: Lookup) -> list[Address]:
        """A name server's addresses: IPv4, or IPv6 if it has no other.

        It should not be an alias (RFC 2181 section 10.3), but some are, and resolvers follow.
        """
        if lookup.depth >= self.limits.depth:
            return []
        lookup.depth += 1
        try:
            for qtype in self._families:
                walked = await self.walk(ns, qtype, lookup)
                if walked.reading.kind is Kind.ANSWER:
                    return addresses_in(walked.reading)
                if walked.reading.kind is Kind.ALIAS:
                    return await self._addresses(walked.reading.target, lookup)
                if walked.reading.outcome is Outcome.NO_SERVERS:
                    return await self._from_above(ns, walked.cut, lookup)
                if walked.reading.kind is not Kind.NODATA:
                    break
        finally:
            lookup.depth -= 1
        return []

    async def _from_above(self, ns: bytes, cut: Cut, lookup: Lookup) -> list[Address]:
        """What the zones above say of a name server whose own zone cannot be reached: its glue, asked for."""
        above = cut.parent
        for _ in range(self.limits.asked_above):
            if above is None:
                break
            qtype = self._families[0]
            walked = await self._ask_zone(above, ns, qtype, lookup, frozenset())
            if walked.reading.kind is Kind.ALIAS and is_below(walked.reading.target, above.name):
                ns = walked.reading.target
                walked = await self._ask_zone(above, ns, qtype, lookup, frozenset())
            if walked.reading.kind is Kind.ANSWER:
                return addresses_in(walked.reading)
            if walked.reading.kind is Kind.REFERRAL and walked.message is not None:
                glue, _ = glue_for(walked.message.additional, [ns], above.name, self._families)
                if glue:
                    return glue
            above = above.parent
        return []


def understood(got: Got, cut: Cut, address: Address, name: bytes, qtype: int) -> Walked:
    """One server's reply, read."""
    message, outcome, rtt = got
    if message is None:
        return Walked(failure(outcome, cut.name), None, cut, None if rtt is None else address, rtt)
    return _new(Walked, (read(message, name, qtype, cut.name), message, cut, address, rtt))


def says_nothing(walked: Walked) -> bool:
    """Whether a reply claims NODATA with no record to show for it (RFC 2308 section 2.2, type 3)."""
    message = walked.message
    return walked.reading.kind is _NODATA and message is not None and not message.authority


def _further(first: Walked | None, second: Walked) -> Walked:
    """Of two failures, the one that came further (`Outcome` is in that order)."""
    if first is None:
        return second
    if _FURTHEST[first.reading.outcome] <= _FURTHEST[second.reading.outcome]:
        return first
    return second
