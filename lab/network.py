"""The lab in the place of the network: by real sockets through the tunnel, or in process on whatever clock trio has.

The tunnel: lab servers listen on one loopback port; each datagram, and the start of each TCP connection, is preceded
by 16 octets, the virtual server's address (IPv4 as ::ffff:a.b.c.d), and replies by the same. So every address of the
world is reachable without root rights, and the crawler's own socket code is what runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

import trio

from crawler.manners import Manners
from crawler.net import Counters, Network, Silence, UdpTcpNetwork, canonical
from crawler.sockets import connect
from lab.behaviours import Late, Outcome, Reset
from lab.peers import in_memory
from lab.world import Replies

PREFIX: Final = 16
_BARE: Final = frozenset((1, 2, 4, 5))  # RCODEs that may come without the question
_CONNECTED: Final = b"\0"
_SAID: Final = {b"\1": Silence.CONNECTION_REFUSED, b"\2": Silence.UNREACHABLE}
_MAPPED: Final = bytes(10) + b"\xff\xff"
_RESETS: Final = {
    Reset.REFUSED: Silence.CONNECTION_REFUSED,
    Reset.CLOSED: Silence.CLOSED,
    Reset.UNREACHABLE: Silence.UNREACHABLE,
}


@lru_cache(maxsize=65536)
def prefix_of(address: str) -> bytes:
    """An address as the tunnel writes it."""
    packed = ip_address(address).packed
    return packed if len(packed) == 16 else _MAPPED + packed


@lru_cache(maxsize=65536)
def address_of(prefix: bytes) -> str:
    """And back."""
    mapped = IPv6Address(prefix).ipv4_mapped
    return str(mapped if mapped is not None else IPv6Address(prefix))


class LabNetwork(UdpTcpNetwork):
    """The crawler's network, its datagrams bent into the tunnel.

    `routes` lead to real servers on loopback, without a tunnel: virtual address -> (host, port).
    Use it as `async with LabNetwork(port).running() as net`.
    """

    def __init__(
        self, port: int, *, routes: Mapping[str, tuple[str, int]] | None = None, manners: Manners | None = None,
        sockets: int = 8, connections: int = 256, services: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            manners or Manners.unlimited(), sockets=sockets, connections=connections, allow_special=True,
            visits=Manners.unlimited(),
        )  # fmt: skip
        self._lab = ("127.0.0.1", port)
        self._services = services  # the port of ``lab.streams``; without it, nobody listens anywhere
        self._routes = dict(routes or {})
        self._back = {there: virtual for virtual, there in self._routes.items()}

    async def _opened(self, address: str, port: int, patience: float) -> trio.SocketStream | Silence:
        if self._services is None:
            return Silence.CONNECTION_REFUSED
        with trio.move_on_after(patience):
            stream = await connect(("127.0.0.1", self._services), patience)
            if isinstance(stream, Silence):
                return stream
            try:
                await stream.send_all(prefix_of(address) + port.to_bytes(2, "big"))
                said = bytes(await stream.receive_some(1))
            except BaseException:
                stream.socket.close()
                raise
            if said == _CONNECTED:
                return stream
            stream.socket.close()
            return _SAID.get(said, Silence.CLOSED)
        return Silence.TIMEOUT

    def _outbound(self, address: str, port: int) -> tuple[tuple[Any, ...], bytes]:  # noqa: ARG002
        route = self._routes.get(address)
        return (route, b"") if route is not None else (self._lab, prefix_of(address))

    def _inbound(self, datagram: bytes, source: tuple[Any, ...]) -> tuple[tuple[Any, ...], int]:
        if source == self._lab and len(datagram) >= PREFIX:
            return (address_of(datagram[:PREFIX]), 53), PREFIX
        return (self._back.get(source, source[0]), 53), 0


def repeats(query: bytes, reply: bytes) -> bool:
    """Whether a reply is to this query, by the rules of `crawler.net`: id and question, errors even without one."""
    at = 12
    while query[at]:
        at += query[at] + 1
    question = query[12 : at + 5]
    if reply[:2] != query[:2] or len(reply) < 12 or not reply[2] & 0x80:
        return False
    if reply[4:6] == b"\0\0" or len(reply) == 12:
        return reply[3] & 15 in _BARE
    return reply[4:6] == b"\0\1" and reply[12 : at + 5].lower() == question.lower()


class DirectNetwork(Network):
    """No sockets: the world is asked in process. Silence takes all our patience on trio's clock; nothing else does."""

    def __init__(self, world: Replies) -> None:
        self.world = world
        self.counters = Counters()
        self.asked: dict[str, int] = {}  # queries by server address

    async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:  # noqa: ARG002
        """Ask over UDP."""
        self.counters.udp_sent += 1
        reply = await self._ask(query, address, patience, tcp=False)
        if isinstance(reply, bytes):
            self.counters.udp_received += 1
        return reply

    async def over_tcp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:  # noqa: ARG002
        """Ask over TCP."""
        self.counters.tcp_sent += 1
        reply = await self._ask(query, address, patience, tcp=True)
        if isinstance(reply, bytes):
            self.counters.tcp_received += 1
        return reply

    @asynccontextmanager
    async def connection(self, address: str, port: int, patience: float) -> AsyncIterator[trio.abc.Stream | Silence]:
        """A stream in memory to whoever listens there."""
        where = canonical(address)
        peer = Reset.UNREACHABLE if where is None else self.world.peer(where, port)
        if peer is None:
            await trio.sleep(patience)
            yield Silence.TIMEOUT
        elif isinstance(peer, Reset):
            await trio.lowlevel.checkpoint()
            yield _RESETS[peer]
        else:
            self.counters.connections += 1
            async with in_memory(peer) as stream:
                yield stream

    async def _ask(self, query: bytes, address: str, patience: float, *, tcp: bool) -> bytes | Silence:
        where = canonical(address)
        if where is None:
            return Silence.UNREACHABLE
        self.sent_at = sent_at = trio.current_time()
        self.counters.bytes_out += len(query)
        self.asked[where] = self.asked.get(where, 0) + 1
        reply = await self._wait(self.world.reply(query, where, tcp=tcp), patience, tcp=tcp)
        self.sent_at = sent_at
        if isinstance(reply, bytes) and not repeats(query, reply):
            self.counters.strays += 1
            await trio.sleep_until(sent_at + patience)
            reply = Silence.TIMEOUT
        if isinstance(reply, bytes):
            self.counters.bytes_in += len(reply)
        elif reply is Silence.TIMEOUT:
            self.counters.timeouts += 1
        return reply

    @staticmethod
    async def _wait(outcome: Outcome, patience: float, *, tcp: bool) -> bytes | Silence:
        if isinstance(outcome, Late):
            if outcome.seconds < patience:
                await trio.sleep(outcome.seconds)
                return outcome.reply
            outcome = None
        if outcome is None or (isinstance(outcome, Reset) and outcome is not Reset.UNREACHABLE and not tcp):
            await trio.sleep(patience)
            return Silence.TIMEOUT
        await trio.lowlevel.checkpoint()
        return _RESETS[outcome] if isinstance(outcome, Reset) else outcome


__all__ = ["PREFIX", "DirectNetwork", "LabNetwork", "address_of", "prefix_of"]
