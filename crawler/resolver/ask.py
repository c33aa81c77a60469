"""One question to one server: UDP, then TCP if it was cut short; EDNS, then plain DNS if the server chokes on it.

What servers are like is remembered here (`Servers`): their round-trip time, whether
they are silent, whether they bear EDNS (RFC 6891 section 7). Which server to ask
is ``iterate``; what the reply means is ``reply``.
"""

from __future__ import annotations

from collections import OrderedDict
from random import random
from typing import TYPE_CHECKING, NamedTuple

from crawler.net import Silence
from crawler.resolver.answer import Outcome
from crawler.standards.wire import Rcode, WireFault, decode, encode_query, usual_query

if TYPE_CHECKING:
    from crawler.net import Network
    from crawler.resolver.limits import Limits
    from crawler.resolver.memo import Lookup
    from crawler.standards.wire import Message

Address = tuple[str, int]  # IP address as text, port


class Habits:
    """What we remember of one server address."""

    __slots__ = ("bears", "edns", "rtt", "silent")

    def __init__(self) -> None:
        self.rtt = 0.0  # smoothed, seconds; 0 = never heard of
        self.silent = 0  # time-outs in a row
        self.edns = True  # ask with EDNS
        self.bears = False  # has answered with EDNS: then its silence is never EDNS's fault

    def heard(self, seconds: float) -> None:
        """A reply came after `seconds` (RFC 6298 section 2's smoothing, without the variance)."""
        seconds = seconds or 1e-6  # 0 would read as never heard of
        self.rtt = seconds if not self.rtt else 0.75 * self.rtt + 0.25 * seconds
        self.silent = 0


class Servers:
    """How to ask, and the round-trip memory of server addresses; bounded: the least recently used is forgotten."""

    def __init__(self, limit: int, *, recursive: bool = False, checking: bool = False) -> None:
        self._known: OrderedDict[Address, Habits] = OrderedDict()
        self._limit = limit
        self._rd = recursive
        self._cd = recursive and not checking

    def query(self, name: bytes, qtype: int, *, edns: bool = True) -> bytes:
        """A question as these servers want it; of a recursive one, its own checking is wanted only where told."""
        if edns and not self._rd:
            return usual_query(name, qtype)
        return encode_query(name, qtype, id=0, rd=self._rd, cd=self._cd, edns=edns)

    def of(self, address: Address) -> Habits:
        habits = self._known.get(address)
        if habits is None:
            habits = self._known[address] = Habits()
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(address)
        return habits

    def best(self, addresses: list[Address]) -> Address:
        """The first of `order`."""
        return min(addresses, key=self._badness)

    def order(self, addresses: list[Address]) -> list[Address]:
        """Best first: fewest recent time-outs, then the quickest, with a die thrown so that none is forgotten."""
        if len(addresses) < 2:
            return list(addresses)
        return sorted(addresses, key=self._badness)

    def _badness(self, address: Address) -> float:
        habits = self._known.get(address)
        if habits is None:
            return random() * 0.05
        return habits.silent * 2.0 + habits.rtt * (0.5 + random())


class Got(NamedTuple):
    """What came back: a message, or (message None) the outcome that says why not."""

    message: Message | None
    outcome: Outcome
    rtt: float | None


_SILENCES = {
    Silence.TIMEOUT: Outcome.TIMEOUT,
    Silence.UNREACHABLE: Outcome.UNREACHABLE,
}
_TC = 0x02  # in the third octet of the header
#: RCODEs by which servers that do not know EDNS answer it (RFC 6891 section 7; NOTIMP and BADVERS seen in the wild).
_EDNS_CHOKES = frozenset(map(int, (Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS)))
#: On every question's way: a member looked up in its enum costs ten times as much as a global (Python 3.11).
_ANSWER, _TIMEOUT, _TRUNCATED = Outcome.ANSWER, Outcome.TIMEOUT, Outcome.TRUNCATED
_new = tuple.__new__  # a named tuple's constructor without its frame


async def ask(
    net: Network, servers: Servers, address: Address, name: bytes, qtype: int, lookup: Lookup, limits: Limits,
    got: Got | None = None,
) -> Got:  # fmt: skip
    """Put (name, qtype) to one server; every failure of the world is a value.

    `got` is what came of the first packet, where ``resolve`` has sent that already.
    """
    habits = servers.of(address)
    patience = _patience(habits, limits)
    query = servers.query(name, qtype, edns=habits.edns)
    if got is None:
        lookup.spend()
        sent = lookup.clock
        reply = await net.over_udp_read(query, address[0], address[1], patience, read_reply)
        got = received(net, habits, reply, sent, lookup.waited())
    if got.outcome is _TRUNCATED:
        got = await _over_tcp(net, address, query, patience, lookup)
    if habits.edns:
        if got.outcome is _TIMEOUT:
            if habits.silent == limits.silences_before_plain and not habits.bears:
                return await _perhaps_deaf(net, servers, habits, address, name, qtype, patience, lookup)
        elif got.message is not None and got.message.rcode in _EDNS_CHOKES:
            plain = await _plainly(net, servers, habits, address, name, qtype, patience, lookup)
            if plain.message is not None and plain.message.rcode not in _EDNS_CHOKES:
                return plain
            habits.edns = True  # it is not EDNS that it chokes on
    return got


def _patience(habits: Habits, limits: Limits) -> float:
    """Three round trips, within bounds; longer for a server that was silent before."""
    patience = max(limits.least_patience, habits.rtt * 3) if habits.rtt else limits.first_patience
    return min(patience * (1 << min(habits.silent, 2)), limits.most_patience)


def read_reply(reply: bytes, name: bytes) -> Message | Outcome:
    """What came over UDP; TRUNCATED if it was cut short, so that TCP must be tried (RFC 7766 section 5)."""
    if len(reply) > 2 and reply[2] & _TC:
        return _TRUNCATED
    try:
        return decode(reply, name)
    except WireFault:
        return Outcome.MALFORMED


def received(net: Network, habits: Habits, reply: Message | Outcome | Silence, sent: float, now: float) -> Got:
    """What a question over UDP came to, and what it tells of the server."""
    if isinstance(reply, Silence):
        if reply is Silence.TIMEOUT:
            habits.silent += 1
        return Got(None, _SILENCES.get(reply, Outcome.UNREACHABLE), None)
    went = net.sent_at  # waiting for our turn is not the server's slowness, nor is our own queue
    rtt = (net.heard_at or now) - (went if went > sent else sent)  # noqa: FURB136 - slower
    habits.heard(rtt)
    if isinstance(reply, Outcome):
        return Got(None, reply, rtt)
    if reply.edns is not None:
        habits.bears = True
    return _new(Got, (reply, _ANSWER, rtt))


async def _over_tcp(net: Network, address: Address, query: bytes, patience: float, lookup: Lookup) -> Got:
    """The same question over TCP."""
    lookup.spend()
    sent = lookup.clock
    reply = await net.over_tcp(query, address[0], address[1], patience * 2)
    rtt = lookup.waited() - max(sent, net.sent_at)
    if isinstance(reply, Silence) or (len(reply) > 2 and reply[2] & _TC):  # RFC 2181 section 9: such a reply is nothing
        return Got(None, Outcome.TRUNCATED, rtt)
    try:
        message = decode(reply)
    except WireFault:
        return Got(None, Outcome.MALFORMED, rtt)
    return Got(message._replace(tcp=True), Outcome.ANSWER, rtt)


async def _perhaps_deaf(
    net: Network, servers: Servers, habits: Habits, address: Address, name: bytes, qtype: int, patience: float,
    lookup: Lookup,
) -> Got:  # fmt: skip
    """Plain DNS for a silent server; if that is answered, EDNS once more, for the silence may have been lost packets.

    To take a lossy path for a server without EDNS would make every signed zone there bogus.
    """
    plain = await _plainly(net, servers, habits, address, name, qtype, patience, lookup)
    if plain.message is None:
        return plain
    habits.edns = True
    got = await _once(net, habits, address, servers.query(name, qtype), patience, lookup)
    if got.outcome is Outcome.TIMEOUT:
        habits.edns = habits.bears  # somebody else may have heard of it meanwhile
        return plain
    return got


async def _plainly(
    net: Network, servers: Servers, habits: Habits, address: Address, name: bytes, qtype: int, patience: float,
    lookup: Lookup,
) -> Got:  # fmt: skip
    """The same question without EDNS; a server that answers it is asked so from now on."""
    got = await _once(net, habits, address, servers.query(name, qtype, edns=False), patience, lookup)
    habits.edns = got.message is None
    return got


async def _once(net: Network, habits: Habits, address: Address, query: bytes, patience: float, lookup: Lookup) -> Got:
    """A query over UDP, and over TCP if its reply was cut short."""
    lookup.spend()
    sent = lookup.clock
    reply = await net.over_udp_read(query, address[0], address[1], patience, read_reply)
    got = received(net, habits, reply, sent, lookup.waited())
    if got.outcome is Outcome.TRUNCATED:
        got = await _over_tcp(net, address, query, patience, lookup)
    return got
