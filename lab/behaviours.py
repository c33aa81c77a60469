"""What can be wrong with a server, whatever its zones say: silence, refusals, EDNS quirks, packets that are none.

A behaviour stands between the question and the honest reply (`Teller`), and may ask it or not; several stand in a
row. `Behaviour.only` narrows it to some questions. One that never made a difference is listed by `World.idle`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from lab import packet
from lab.names import ROOT, Type, is_below, type_of, wire
from lab.packet import AA, TC, Query, Response, write
from lab.surgery import Parts, Whole, flags_of, read, with_flags
from lab.zones import addresses


class Reset(StrEnum):
    """No reply, and the client's system notices."""

    REFUSED = "refused"  # TCP: nobody listens; over the tunnel it looks like `closed`
    CLOSED = "closed"  # TCP: closed before a reply
    UNREACHABLE = "unreachable"  # the network says so; over the tunnel it looks like silence


class Late(NamedTuple):
    """A reply, and how many seconds it takes."""

    reply: bytes
    seconds: float


Outcome = bytes | Late | Reset | None
Teller = Callable[[Query], Outcome]
Act = Callable[[Query, Teller], Outcome]


class Behaviour:
    """One quirk, and how often it showed."""

    __slots__ = ("_act", "_when", "fired", "name")

    def __init__(self, name: str, act: Act, when: Callable[[Query], bool] | None = None) -> None:
        self.name = name
        self.fired = 0
        self._act = act
        self._when = when

    def __repr__(self) -> str:
        return f"<Behaviour {self.name}>"

    def only(self, *types: str, below: str | None = None, at: str | None = None, tcp: bool | None = None) -> Behaviour:
        """The same, for these types, names, or this transport only."""
        wanted = frozenset(map(type_of, types))
        under, very = wire(below) if below else None, wire(at) if at else None
        before = self._when

        def when(query: Query) -> bool:
            return (
                (not wanted or query.type in wanted)
                and (under is None or is_below(query.name, under))
                and (very is None or query.name == very)
                and (tcp is None or query.tcp is tcp)
                and (before is None or before(query))
            )

        return Behaviour(self.name, self._act, when)

    def over(self, tell: Teller) -> Teller:
        """The teller that answers in this manner."""

        def told(query: Query) -> Outcome:
            if self._when is not None and not self._when(query):
                return tell(query)
            honest: list[Outcome] = []

            def ask(query: Query) -> Outcome:
                honest.append(tell(query))
                return honest[-1]

            outcome = self._act(query, ask)
            if not honest or outcome != honest[0]:
                self.fired += 1
            return outcome

        return told


def _instead(name: str, make: Callable[[Query], Outcome]) -> Behaviour:
    return Behaviour(name, lambda query, _: make(query))


def _altered(name: str, change: Callable[[Query, bytes], Outcome]) -> Behaviour:
    """A change of replies; silence and resets stay, and what is late stays late."""

    def act(query: Query, tell: Teller) -> Outcome:
        told = tell(query)
        if isinstance(told, Late):
            changed = change(query, told.reply)
            return told._replace(reply=changed) if isinstance(changed, bytes) else changed
        return change(query, told) if isinstance(told, bytes) else told

    return Behaviour(name, act)


def _rebuilt(name: str, change: Callable[[Query, Parts], None]) -> Behaviour:
    """A change of replies taken apart; a malformed one (made by another behaviour) stays as it is."""

    def act(query: Query, reply: bytes) -> bytes:
        parts = read(reply)
        if parts is None:
            return reply
        change(query, parts)
        return parts.write()

    return _altered(name, act)


# no answer


def silent() -> Behaviour:
    """Nothing comes back."""
    return _instead("silent", lambda _: None)


def unreachable() -> Behaviour:
    """No way there."""
    return _instead("unreachable", lambda _: Reset.UNREACHABLE)


def delayed(seconds: float) -> Behaviour:
    """The honest reply, late."""

    def act(query: Query, tell: Teller) -> Outcome:
        told = tell(query)
        if isinstance(told, bytes):
            return Late(told, seconds)
        return told._replace(seconds=told.seconds + seconds) if isinstance(told, Late) else told

    return Behaviour("delayed", act)


def tcp_refused() -> Behaviour:
    """Nobody listens on TCP."""
    return _instead("tcp-refused", lambda _: Reset.REFUSED).only(tcp=True)


def tcp_closed() -> Behaviour:
    """TCP connections are closed without a word."""
    return _instead("tcp-closed", lambda _: Reset.CLOSED).only(tcp=True)


def tcp_silent() -> Behaviour:
    """TCP connections are taken, and nothing is ever said."""
    return silent().only(tcp=True)


# another answer


def rcode(number: int, *, ede: tuple[int, str] | None = None) -> Behaviour:
    """An empty reply with this RCODE."""

    def make(query: Query) -> bytes:
        response = Response(number)
        response.ede = ede
        return write(query, response)

    return _instead(f"rcode-{number}", make)


def refused() -> Behaviour:
    """REFUSED to everything."""
    return rcode(packet.REFUSED)


def servfail() -> Behaviour:
    """SERVFAIL to everything."""
    return rcode(packet.SERVFAIL)


def notimp() -> Behaviour:
    """NOTIMP to everything."""
    return rcode(packet.NOTIMP)


def nxdomain() -> Behaviour:
    """NXDOMAIN without SOA or proof."""
    return rcode(packet.NXDOMAIN)


def empty() -> Behaviour:
    """NOERROR with nothing in it, not even a SOA record."""
    return _instead("empty", lambda query: write(query, Response(aa=True)))


def lame() -> Behaviour:
    """An upward referral: "ask the root"."""

    def make(query: Query) -> bytes:
        response = Response()
        response.authority = [(ROOT, Type.NS, 3600, wire(f"{letter}.root-servers.net")) for letter in "abc"]
        return write(query, response)

    return _instead("lame", make)


def not_authoritative() -> Behaviour:
    """The right answer, without the AA bit."""
    return _altered("not-authoritative", lambda _, reply: with_flags(reply, flags_of(reply) & ~AA))


def with_rcode(number: int) -> Behaviour:
    """The right sections under another RCODE (NXDOMAIN at an empty non-terminal, for one)."""
    return _altered("with-rcode", lambda _, reply: with_flags(reply, flags_of(reply) & ~15 | number))


def truncated() -> Behaviour:
    """TC in every reply over UDP, and nothing else."""

    def act(query: Query, _: bytes) -> bytes:
        bare = write(query, Response(aa=True))
        return with_flags(bare, flags_of(bare) | TC)

    return _altered("truncated", act).only(tcp=False)


# EDNS


def _edns(behaviour: Behaviour) -> Behaviour:
    """Only where the query has an OPT record."""
    return Behaviour(behaviour.name, behaviour._act, lambda query: query.edns is not None)  # noqa: SLF001


def formerr_on_edns() -> Behaviour:
    """FORMERR without OPT, as servers older than EDNS answer (RFC 6891 section 7)."""
    return _edns(_instead("formerr-on-edns", lambda query: write(query._replace(edns=None), Response(packet.FORMERR))))


def notimp_on_edns() -> Behaviour:
    """NOTIMP without OPT."""
    return _edns(_instead("notimp-on-edns", lambda query: write(query._replace(edns=None), Response(packet.NOTIMP))))


def edns_dropped() -> Behaviour:
    """Queries with OPT vanish."""
    return _edns(_instead("edns-dropped", lambda _: None))


def badvers() -> Behaviour:
    """BADVERS to EDNS version 0."""
    return _edns(_instead("badvers", lambda query: write(query, Response(packet.BADVERS))))


def no_opt() -> Behaviour:
    """The reply as if there had been no OPT record, but its signatures stay."""
    return _edns(_rebuilt("no-opt", lambda _, parts: parts.drop(Type.OPT)))


def do_ignored() -> Behaviour:
    """Answers as if signatures had not been asked for."""

    def act(query: Query, tell: Teller) -> Outcome:
        tell(query)  # the honest reply, to know whether signatures went missing
        plain = query.edns and query.edns._replace(flags=0)
        return tell(query._replace(edns=plain))

    behaviour = Behaviour("do-ignored", act)
    behaviour._when = lambda query: query.do  # noqa: SLF001
    return behaviour


def ede(code: int, text: str = "") -> Behaviour:
    """An Extended DNS Error added to what is said (RFC 8914)."""

    def act(query: Query, parts: Parts) -> None:
        parts.drop(Type.OPT)
        option = (15).to_bytes(2, "big") + (2 + len(text)).to_bytes(2, "big") + code.to_bytes(2, "big") + text.encode()
        parts.add("additional", _opt(query, option))

    return _edns(_rebuilt(f"ede-{code}", act))


def echoes_options() -> Behaviour:
    """Options of the query come back, known or not."""

    def act(query: Query, parts: Parts) -> None:
        parts.drop(Type.OPT)
        sent = query.edns.options if query.edns else b""
        parts.add("additional", _opt(query, sent or b"\xfd\xe9\x00\x02hi"))  # a local-use one, where the query had none

    return _edns(_rebuilt("echoes-options", act))


def _opt(query: Query, options: bytes) -> Whole:
    return (ROOT, Type.OPT, packet.UDP_SIZE, query.edns.flags & packet.DO if query.edns else 0, options)


# packets that are none


GARBAGE: Final = bytes(range(0x80, 0x100))


def garbage() -> Behaviour:
    """Header and question are fine, the rest is octets."""

    def act(query: Query, _: bytes) -> bytes:
        return query.id.to_bytes(2, "big") + b"\x84\0\0\1\0\2\0\0\0\0" + query.question + GARBAGE

    return _altered("garbage", act)


def cut_short(octets: int = 5) -> Behaviour:
    """The last octets are missing."""
    return _altered("cut-short", lambda query, reply: reply[: max(12 + len(query.question), len(reply) - octets)])


def compression_loop() -> Behaviour:
    """The answer's owner name is a pointer to itself."""

    def act(query: Query, _: bytes) -> bytes:
        head = query.id.to_bytes(2, "big") + b"\x84\0\0\1\0\1\0\0\0\0" + query.question
        return head + (0xC000 | len(head)).to_bytes(2, "big") + b"\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"

    return _altered("compression-loop", act)


def counts_lie() -> Behaviour:
    """The header promises more answers than there are."""
    return _altered("counts-lie", lambda _, reply: reply[:6] + b"\xff\xff" + reply[8:])


def wrong_question() -> Behaviour:
    """The question that comes back is another one: what net takes for a stray."""

    def act(query: Query, reply: bytes) -> bytes:
        other = query.question[:-4] + (query.type ^ 1).to_bytes(2, "big") + query.question[-2:]
        return reply[:12] + other + reply[12 + len(other) :]

    return _altered("wrong-question", act)


def no_question() -> Behaviour:
    """An empty question section, whatever the RCODE."""

    def act(_: Query, parts: Parts) -> None:
        parts.question = b""

    return _rebuilt("no-question", act)


def wrong_id() -> Behaviour:
    """Another id: a stray."""
    return _altered("wrong-id", lambda _, reply: bytes((reply[0] ^ 0xFF, reply[1])) + reply[2:])


def upper_case() -> Behaviour:
    """The question comes back in capitals: the same name (RFC 4343)."""
    return _altered("upper-case", lambda q, reply: reply[:12] + _upper(q.question) + reply[12 + len(q.question) :])


def _upper(question: bytes) -> bytes:
    name, at = bytearray(question[:-4]), 0
    while size := name[at]:
        name[at + 1 : at + 1 + size] = name[at + 1 : at + 1 + size].upper()
        at += size + 1
    return bytes(name) + question[-4:]


def oversize() -> Behaviour:
    """Replies over UDP as long as they come, whatever the client said it takes."""

    def act(query: Query, tell: Teller) -> Outcome:
        tell(query)  # the honest reply, to know whether it would have been cut
        return tell(query._replace(tcp=True))

    return Behaviour("oversize", act, lambda query: not query.tcp)


def padded(octets: int) -> Behaviour:
    """Replies filled up with records in the additional section that nobody asked for, beyond any size."""

    def act(_query: Query, parts: Parts) -> None:
        for _ in range(octets // 220 + 1):
            parts.add("additional", (wire("filler"), Type.TXT, 1, 60, b"\xc8" + b"x" * 200))

    return _rebuilt("padded", act)


def poison(name: str, address: str, *, section: str = "additional") -> Behaviour:
    """An address record of somebody else's name added to every reply."""
    return _rebuilt("poison", lambda _, parts: parts.add(section, _address(name, address)))


def poison_ns(zone: str, host: str, address: str) -> Behaviour:
    """A delegation of somebody else's zone to us added to every reply."""

    def act(_: Query, parts: Parts) -> None:
        parts.add("authority", (wire(zone), Type.NS, 1, 3600, wire(host)))
        parts.add("additional", _address(host, address))

    return _rebuilt("poison-ns", act)


def _address(name: str, address: str) -> Whole:
    [(rtype, rdata)] = addresses([address])
    return wire(name), rtype, 1, 3600, rdata
