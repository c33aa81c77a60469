"""The one door to the network: DNS over UDP and TCP (RFC 1035 section 4.2, RFC 7766, RFC 5452), streams to services.

Nothing else in `crawler` opens a socket, and nothing leaves here without its turn
from `manners`. A query goes out of a socket picked at random, under a random id; a
reply counts only if it comes back to that socket, from that address and port, under
that id, and repeats the question (RFC 5452 section 9.1). Everything else that comes
in is counted as a stray, and wakes nobody.

What the world does wrong comes back as a `Silence`; nothing that it sends can raise.
Whether a reply decodes, is cut short (TC) or makes sense is the resolver's business,
and so are retries. Deadlines are `deadlines`. ICMP errors are not read: a port that
is closed looks like silence. The ports of the sockets stay for the life of a
network, so whoever has seen them must guess the id and the socket (16 bits and 3);
who needs better than that signs the zone.
"""

from __future__ import annotations

import selectors
import socket
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Self, TypeVar

import trio

from crawler.datagrams import BATCH
from crawler.deadlines import Deadlines
from crawler.exchange import Counters, Network, Silence, answers, question_of
from crawler.manners import Line, Manners, is_special
from crawler.sockets import Exchange, Random, UdpSocket, connect, descriptors, meaning, open_sockets
from crawler.strands import checkpoint, in_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection

    from trio.abc import Stream

    from crawler.datagrams import SocketAddress

__all__ = ["Counters", "Network", "Silence", "UdpTcpNetwork", "canonical", "open_network"]

T = TypeVar("T")

_OUTSTANDING = 16_384  # per socket: a quarter of the ids, so a free one is found at once
_DRAIN = 16  # batches read from one socket in one go, before other tasks have their turn
_HEADER = 12
_STRAY_MESSAGES = 8  # messages on one TCP connection that do not answer the question
_REFUSED = 5  # the RCODE
_SMTP = 25
STREAMS = 10_000  # to services, at once; half of the file descriptors that we may have, if that is less


def _as_it_is(reply: bytes, name: bytes) -> bytes:  # noqa: ARG001 - a reader
    return reply


@lru_cache(65_536)
def canonical(address: str) -> str | None:
    """The address as the system writes it, or None if it is none (scoped ones are none, too)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, address))
    except (OSError, ValueError):  # ValueError: a NUL or other characters that no address has
        return None


class UdpTcpNetwork(Network):
    """The real network. Open it by `open_network`; a subclass (the lab's) by `running`."""

    def __init__(
        self, manners: Manners, *, sockets: int = 8, connections: int = 256,
        allow_special: bool = False, allowed: Collection[str] = (), visits: Manners | None = None,
        mail: Manners | None = None, shunned: Callable[[str], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        self.manners = manners
        self.visits = visits or Manners.of_web()
        self.mail = mail or visits or Manners.of_mail()
        self._counters = Counters()
        self._now = trio.current_time  # replaced by the clock itself once there is one: a quarter of the price
        self._sockets = sockets
        self._udp4: list[UdpSocket] = []
        self._udp6: list[UdpSocket] = []
        self._random = Random()
        self._deadlines = Deadlines()
        self._spare: list[Exchange] = []  # answered ones, to be used again
        self._postman: trio.lowlevel.Task | None = None  # where it sleeps for want of post
        self._connections = trio.CapacityLimiter(connections)
        self._streams = trio.CapacityLimiter(max(1, min(STREAMS, descriptors() // 2)))
        self._allow_special = allow_special
        self._allowed = frozenset(filter(None, map(canonical, allowed)))
        self._shunned = shunned
        self._tunnel = type(self) is not UdpTcpNetwork  # every datagram has a prefix
        self._place = lru_cache(65_536)(self._askable)

    @property
    def counters(self) -> Counters:  # type: ignore[override]
        """The counters as they stand."""
        self._counters.busiest_address = self.manners.busiest_address
        self._counters.busiest_rate = self.manners.busiest_rate
        return self._counters

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Open the sockets, start the readers; at the end, stop and close them."""
        held: Exception | None = None
        self._now = trio.lowlevel.current_clock().current_time
        self._udp4 = open_sockets(socket.AF_INET, self._sockets)
        try:
            self._udp6 = open_sockets(socket.AF_INET6, self._sockets)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._deadlines.run)
                nursery.start_soon(self.manners.run)
                nursery.start_soon(self.visits.run)
                if self.mail is not self.visits:
                    nursery.start_soon(self.mail.run)
                nursery.start_soon(self._post)
                nursery.start_soon(self._read)
                try:
                    yield self
                except Exception as fault:  # noqa: BLE001 - raised below, outside of our nursery's group
                    held = fault
                nursery.cancel_scope.cancel()
        finally:
            for one in self._udp4 + self._udp6:
                one.sock.close()
                for exchange in list(one.outstanding.values()):
                    exchange.expire()  # nobody will answer it any more
            self._udp4, self._udp6 = [], []
        if held is not None:
            raise held

    def _outbound(self, address: str, port: int) -> tuple[SocketAddress, bytes]:
        """Where a query for `address` really goes, and what precedes it.

        The prefix goes before each datagram, and once at the start of a TCP connection,
        before the first length; over TCP nothing precedes what the server sends.
        """
        return (address, port), b""

    def _inbound(self, datagram: bytes, source: SocketAddress) -> tuple[SocketAddress, int]:
        """Who really sent a datagram (as `_outbound` was asked for it), and where its message starts.

        Only subclasses are asked: here there is no prefix.
        """
        del datagram
        return source, 0

    def _askable(self, address: str) -> str | None:
        """The address as the system writes it; None if it is none, or one that may not, or will not, be asked."""
        where = canonical(address)
        if where is not None and self._shunned(where):
            return None
        if where is None or self._allow_special or not is_special(where) or where in self._allowed:
            return where
        return None

    def forget_places(self) -> None:
        self._place.cache_clear()

    async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        return await self.over_udp_read(query, address, port, patience, _as_it_is)

    async def over_udp_read(
        self, query: bytes, address: str, port: int, patience: float, read: Callable[[bytes, bytes], T]
    ) -> T | Silence:
        where = self._place(address)
        if where is None:
            await checkpoint()
            return Silence.UNREACHABLE
        now = self._now()
        manners = self.manners
        line = manners.admit(where, now)
        if line is None:
            line = await manners.wait(where)
            now = self._now()
        try:
            sent = self._send(query, where, port, now + patience, read)
            if not isinstance(sent, Exchange):
                await checkpoint()
                return sent
            result: T | Silence = await sent
            self.sent_at = now
            self.heard_at = heard = sent.heard_at
            if heard is not None:  # it was sent and answered: nobody holds it any more
                self._spare.append(sent)
            if heard is None or sent.refused or line.worried:
                self._tell(line, result, refused=sent.refused)
            return result
        finally:
            manners.done(line)

    def _tell(self, line: Line, result: object, *, refused: bool) -> None:
        """Let manners know how the server took it."""
        if result is Silence.TIMEOUT:
            self._counters.timeouts += 1
            self.manners.missed(line, self._now())
        elif refused:
            self.manners.missed(line, self._now())
        elif line.worried and not isinstance(result, Silence):
            self.manners.heard(line, self._now())

    def _send(
        self, query: bytes, address: str, port: int, deadline: float, read: Callable[[bytes, bytes], object]
    ) -> Exchange | Silence:
        """Give one datagram to the postman."""
        asked = address, port
        target, prefix = self._outbound(address, port) if self._tunnel else (asked, b"")
        number = self._random.draw()
        sockets = self._udp6 if ":" in target[0] else self._udp4
        one = sockets[(number >> 16) % len(sockets)] if sockets else None
        if one is None or len(one.outstanding) >= _OUTSTANDING:
            one = next((other for other in sockets if len(other.outstanding) < _OUTSTANDING), None)
            if one is None:
                return Silence.TOO_MANY if sockets else Silence.UNREACHABLE
        outstanding = one.outstanding
        number &= 0xFFFF
        while number in outstanding:
            number = self._random.draw() & 0xFFFF
        exchange = self._spare.pop() if self._spare else Exchange()
        exchange.outstanding = outstanding
        exchange.id = number
        exchange.asked = asked
        exchange.question = question_of(query)
        exchange.read = read
        exchange.refused = False
        exchange.heard_at = None
        exchange.datagram = prefix + number.to_bytes(2) + query[2:]
        exchange.target = target
        outstanding[number] = exchange
        one.post.append(exchange)
        if self._postman is not None:
            trio.lowlevel.reschedule(self._postman)
            self._postman = None
        self._deadlines.add(exchange, deadline)
        return exchange

    async def _post(self) -> None:
        """Send what has gathered while the other tasks ran, in one go, for ever.

        One by one, each datagram wakes a server that had gone to sleep, which costs both
        machines more than the sending (a third of our CPU, seen against NSD on loopback).
        """
        counters = self._counters
        while True:
            busy = [one for one in self._udp4 + self._udp6 if one.post]
            if not busy:
                self._postman = trio.lowlevel.current_task()
                await trio.lowlevel.wait_task_rescheduled(self._no_post)
            for one in busy:
                outstanding = one.outstanding
                while post := [letter for letter in one.post if outstanding.get(letter.id) is letter]:  # not given up
                    try:
                        sent, octets = one.outbox.send(one.sock, post)
                    except (BlockingIOError, InterruptedError):
                        one.post = post
                        await trio.lowlevel.wait_writable(one.sock)
                    except OSError as fault:
                        post[0].fail(meaning(fault))
                        one.post = post[1:]
                    else:
                        one.post = post[sent:]
                        counters.udp_sent += sent
                        counters.bytes_out += octets
                one.post = []

    def _no_post(self, _: object) -> trio.lowlevel.Abort:
        self._postman = None
        return trio.lowlevel.Abort.SUCCEEDED

    async def _read(self) -> None:
        """Take for ever what has come, read it, wake whom it is for.

        Each step is done for all that has come before the next one begins (see `Network.over_udp_read`).
        All sockets are watched through one selector, so that they make one batch.
        """
        with selectors.DefaultSelector() as selector:
            for one in self._udp4 + self._udp6:
                selector.register(one.sock, selectors.EVENT_READ, one)
            while True:
                await trio.lowlevel.wait_readable(selector)
                now = self._now()
                batch: list[tuple[Exchange, bytes]] = []
                for key, _ in selector.select(0):
                    self._drain(key.data, batch)
                results = [exchange.read(reply, exchange.question[:-4]) for exchange, reply in batch]
                for (exchange, _), result in zip(batch, results, strict=True):
                    exchange.heard_at = now
                    exchange.wake(result)

    def _drain(self, one: UdpSocket, batch: list[tuple[Exchange, bytes]]) -> None:
        """What has come to one socket, with the query that it answers; what answers none is a stray."""
        waiting, through = one.outstanding, self._tunnel
        strays = octets = 0
        before = len(batch)
        for _ in range(_DRAIN):
            taken = one.inbox.take(one.sock)
            for reply, source in taken:
                if through:
                    source, start = self._inbound(reply, source)
                    reply = reply[start:]
                exchange = waiting.get(reply[0] << 8 | reply[1]) if len(reply) >= _HEADER else None
                if exchange is None or exchange.asked != source or not answers(reply, exchange.question):
                    strays += 1
                    continue
                del waiting[exchange.id]
                octets += len(reply)
                if reply[3] & 0x0F == _REFUSED:
                    exchange.refused = True
                batch.append((exchange, reply))
            if len(taken) < BATCH:
                break
        counters = self._counters
        counters.strays += strays
        counters.udp_received += len(batch) - before
        counters.bytes_in += octets

    async def over_tcp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        await in_task()
        where = self._place(address)
        if where is None:
            await trio.lowlevel.checkpoint()
            return Silence.UNREACHABLE
        line = self.manners.admit(where, self._now()) or await self.manners.wait(where)
        try:
            async with self._connections:
                started = self._now()
                result = await self._converse(query, where, port, patience)
            self.sent_at = started
            self._tell(line, result, refused=isinstance(result, bytes) and result[3] & 0x0F == _REFUSED)
            return result
        finally:
            self.manners.done(line)

    async def _converse(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        """Connect, ask, read, close: all within our patience."""
        target, prefix = self._outbound(address, port)
        message = (self._random.draw() & 0xFFFF).to_bytes(2) + query[2:]
        try:
            with (
                trio.move_on_after(patience),
                trio.socket.socket(socket.AF_INET6 if ":" in target[0] else socket.AF_INET) as sock,
            ):
                await sock.connect(target)
                stream = trio.SocketStream(sock)
                self._counters.tcp_sent += 1
                self._counters.bytes_out += len(message) + 2
                await stream.send_all(prefix + len(message).to_bytes(2) + message)
                return await self._tcp_reply(stream, message)
        except trio.BrokenResourceError:
            return Silence.CLOSED
        except OSError as fault:
            return meaning(fault)
        return Silence.TIMEOUT

    @asynccontextmanager
    async def connection(self, address: str, port: int, patience: float) -> AsyncIterator[Stream | Silence]:
        await in_task()
        where = self._place(address)
        if where is None:
            await trio.lowlevel.checkpoint()
            yield Silence.UNREACHABLE
            return
        visits = self.mail if port == _SMTP else self.visits
        line = visits.admit(where, self._now()) or await visits.wait(where)
        try:
            async with self._streams:
                stream = await self._opened(where, port, patience)
                if isinstance(stream, Silence):
                    yield stream
                    return
                self._counters.connections += 1
                try:
                    yield stream
                finally:
                    stream.socket.close()
        finally:
            visits.done(line)

    def displeased(self, address: str, port: int) -> None:
        where = canonical(address)
        if where is not None:
            (self.mail if port == _SMTP else self.visits).slow_down(where, self._now())

    async def _opened(self, address: str, port: int, patience: float) -> trio.SocketStream | Silence:
        """A stream to a service; a subclass may lead it elsewhere."""
        try:
            return await connect((address, port), patience)
        except OSError as fault:
            return meaning(fault)

    async def _tcp_reply(self, stream: trio.SocketStream, message: bytes) -> bytes | Silence:
        """The first message on the connection that answers ours."""
        buffer = bytearray()
        for _ in range(_STRAY_MESSAGES):
            head = await _take(stream, buffer, 2)
            reply = head and await _take(stream, buffer, int.from_bytes(head))
            if reply is None:
                break
            if reply[:2] == message[:2] and answers(reply, question_of(message)):
                self._counters.tcp_received += 1
                self._counters.bytes_in += len(reply) + 2
                return reply
            self._counters.strays += 1
        return Silence.CLOSED


async def _take(stream: trio.SocketStream, buffer: bytearray, count: int) -> bytes | None:
    """The next `count` octets of a stream; None if it ends before."""
    while len(buffer) < count:
        more = await stream.receive_some()
        if not more:
            return None
        buffer += more
    taken = bytes(buffer[:count])
    del buffer[:count]
    return taken


@asynccontextmanager
async def open_network(
    manners: Manners | None = None, sockets: int = 8, *, connections: int = 256,
    allow_special: bool = False, allowed: Collection[str] = (), visits: Manners | None = None,
    mail: Manners | None = None, shunned: Callable[[str], bool] = lambda _: False,
) -> AsyncIterator[UdpTcpNetwork]:  # fmt: skip
    """Open the door.

    Special-purpose addresses (loopback, private, documentation ...) are unreachable
    unless `allow_special` is set, or the address is among `allowed` (stubs are).
    """
    net = UdpTcpNetwork(
        manners or Manners(), sockets=sockets, connections=connections, allow_special=allow_special, allowed=allowed,
        visits=visits, mail=mail, shunned=shunned,
    )  # fmt: skip
    async with net.running():
        yield net
