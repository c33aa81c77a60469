"""The door itself, over real sockets on loopback."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from crawler.datagrams import Letter, Outbox
from crawler.manners import Limit, Manners
from crawler.net import Silence, UdpTcpNetwork, canonical, open_network
from crawler.strands import Crew

QUERY = bytes.fromhex("000000000001000000000001") + b"\7example\2nl\0\0\x0f\0\1" + b"\0\0\x29\4\xd0\0\0\x80\0\0\0"
HERE = "127.0.0.1"
PATIENT = 20.0  # never reached
BRIEF = 0.15

Udp = Callable[[trio.socket.SocketType, bytes, tuple[str, int]], Awaitable[None]]
Tcp = Callable[[trio.SocketStream], Awaitable[None]]


def open_here(*, sockets: int = 8, connections: int = 256) -> AbstractAsyncContextManager[UdpTcpNetwork]:
    return open_network(Manners.unlimited(), allow_special=True, sockets=sockets, connections=connections)


def reply_to(query: bytes) -> bytes:
    return query[:2] + b"\x84\0" + query[4:]


@asynccontextmanager
async def udp_server(respond: Udp) -> AsyncIterator[int]:
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        await sock.bind((HERE, 0))

        async def serve() -> None:
            while True:
                query, client = await sock.recvfrom(4096)
                await respond(sock, query, client)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            yield sock.getsockname()[1]
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def tcp_server(converse: Tcp) -> AsyncIterator[int]:
    async def one(stream: trio.SocketStream) -> None:
        try:
            await converse(stream)
        except trio.BrokenResourceError:
            return

    async with trio.open_nursery() as nursery:
        listeners: list[trio.SocketListener] = await nursery.start(
            partial(trio.serve_tcp, one, 0, host=HERE), name="server"
        )
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def echo(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
    await sock.sendto(reply_to(query), client)


async def deaf(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
    return


def nothing_pending(net: UdpTcpNetwork) -> bool:
    return not len(net._deadlines) and not any(one.outstanding for one in net._udp4 + net._udp6)


# --- UDP


async def test_a_reply_comes_back_and_is_counted() -> None:
    async with udp_server(echo) as port, open_here() as net:
        reply = await net.over_udp(QUERY, HERE, port, PATIENT)
        assert isinstance(reply, bytes)
        assert reply[2:] == reply_to(QUERY)[2:]
        counters = net.counters
        assert (counters.udp_sent, counters.udp_received, counters.strays, counters.timeouts) == (1, 1, 0, 0)
        assert counters.bytes_out == counters.bytes_in == len(QUERY)
        assert (counters.busiest_address, counters.busiest_rate) == (HERE, 1)
        assert nothing_pending(net)


async def test_ids_and_ports_vary() -> None:
    seen = set[tuple[bytes, int]]()

    async def note(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
        seen.add((query[:2], client[1]))
        await echo(sock, query, client)

    async with udp_server(note) as port, open_here() as net:
        for _ in range(200):
            await net.over_udp(QUERY, HERE, port, PATIENT)
    assert len({number for number, _ in seen}) > 190
    assert len({port for _, port in seen}) == 8  # all of the sockets


async def test_silence_costs_our_patience_and_no_more() -> None:
    async with udp_server(deaf) as port, open_here() as net:
        started = trio.current_time()
        assert await net.over_udp(QUERY, HERE, port, BRIEF) is Silence.TIMEOUT
        assert BRIEF <= trio.current_time() - started < BRIEF + 0.2
        assert started <= net.sent_at <= started + 0.1
        assert net.counters.timeouts == 1
        assert nothing_pending(net)


async def test_a_reply_that_comes_too_late_is_a_stray() -> None:
    asked = list[tuple[trio.socket.SocketType, bytes, tuple[str, int]]]()

    async def dawdle(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
        asked.append((sock, query, client))
        if len(asked) == 2:
            await echo(*asked[0])
            await echo(*asked[1])

    async with udp_server(dawdle) as port, open_here(sockets=1) as net:
        assert await net.over_udp(QUERY, HERE, port, BRIEF) is Silence.TIMEOUT
        assert isinstance(await net.over_udp(QUERY, HERE, port, PATIENT), bytes)
        assert net.counters.strays == 1


def _wrong_id(query: bytes) -> bytes:
    return bytes([query[0] ^ 1]) + reply_to(query)[1:]


@pytest.mark.parametrize(
    "forge",
    [
        _wrong_id,
        lambda query: reply_to(query).replace(b"example", b"exampel"),
        lambda query: reply_to(query).replace(b"\0\x0f\0\1", b"\0\x10\0\1"),
        lambda query: query,  # our own query, reflected
        lambda query: query[:2] + b"\x84\0" + bytes(8),  # NOERROR without a question
        lambda query: query[:11],
        lambda query: b"",
        lambda query: os.urandom(512),
    ],
)
async def test_a_forgery_takes_nothing_away_from_the_true_reply(forge: Callable[[bytes], bytes]) -> None:
    async def both(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
        await sock.sendto(forge(query), client)
        await echo(sock, query, client)

    async with udp_server(both) as port, open_here() as net:
        reply = await net.over_udp(QUERY, HERE, port, PATIENT)
        assert isinstance(reply, bytes)
        assert reply[2:] == reply_to(QUERY)[2:]
        assert net.counters.strays == 1


@pytest.mark.parametrize("other", [(HERE, 0), ("127.0.0.9", None)])  # another port; another address, the same port
async def test_a_reply_from_elsewhere_is_a_stray(other: tuple[str, int | None]) -> None:
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:

        async def misdirect(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
            await elsewhere.sendto(reply_to(query), client)

        async with udp_server(misdirect) as port, open_here() as net:
            await elsewhere.bind((other[0], port if other[1] is None else other[1]))
            assert await net.over_udp(QUERY, HERE, port, BRIEF) is Silence.TIMEOUT
            assert net.counters.strays == 1


async def test_a_refusal_may_come_without_the_question() -> None:
    async def refuse(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
        await sock.sendto(query[:2] + b"\x80\5" + bytes(8), client)

    async with udp_server(refuse) as port, open_here() as net:
        reply = await net.over_udp(QUERY, HERE, port, PATIENT)
        assert isinstance(reply, bytes)
        assert reply[3] == 5


async def test_a_reply_cut_short_is_handed_on_as_it_is() -> None:
    async def cut(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
        await sock.sendto(query[:2] + b"\x86\0" + query[4:], client)  # TC: the resolver's business

    async with udp_server(cut) as port, open_here() as net:
        reply = await net.over_udp(QUERY, HERE, port, PATIENT)
        assert isinstance(reply, bytes)
        assert reply[2] == 0x86


async def test_cancelled_leaves_nothing_behind() -> None:
    manners = Manners(per_address=Limit(in_flight=3))
    async with udp_server(deaf) as port, open_network(manners, allow_special=True) as net:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(net.over_udp, QUERY, HERE, port, PATIENT)
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert len(net._deadlines) == 3  # the others wait for their turn
            nursery.cancel_scope.cancel()
        assert nothing_pending(net)
        assert manners.waiting == 0
        assert manners._lines[HERE].in_flight == 0


async def test_cancelled_strands_leave_nothing_behind() -> None:
    manners = Manners(per_address=Limit(in_flight=3))
    async with udp_server(deaf) as port, open_network(manners, allow_special=True) as net:

        async def work() -> None:
            await net.over_udp(QUERY, HERE, port, PATIENT)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(Crew().run, work, 10)
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert len(net._deadlines) == 3
            nursery.cancel_scope.cancel()
        assert nothing_pending(net)
        assert manners.waiting == 0
        assert manners._lines[HERE].in_flight == 0


async def test_strands_ask_over_udp_and_tcp_and_find_no_addresses_as_tasks_do() -> None:
    got = list[bytes | Silence]()

    async def converse(stream: trio.SocketStream) -> None:
        await stream.send_all(framed(reply_to(await read_query(stream))))

    async with udp_server(echo) as port, tcp_server(converse) as tcp_port, open_here() as net:

        async def work() -> None:
            got.append(await net.over_udp(QUERY, HERE, port, PATIENT))
            got.append(await net.over_tcp(QUERY, HERE, tcp_port, PATIENT))
            got.append(await net.over_udp(QUERY, "no address", port, PATIENT))

        await Crew().run(work, 20)
        assert nothing_pending(net)
    assert sum(isinstance(reply, bytes) for reply in got) == 40
    assert got.count(Silence.UNREACHABLE) == 20


async def test_an_answered_exchange_is_used_again_and_no_other() -> None:
    async with udp_server(echo) as port, udp_server(deaf) as silent, open_here() as net:
        for _ in range(5):
            assert isinstance(await net.over_udp(QUERY, HERE, port, PATIENT), bytes)
        [spare] = net._spare
        assert await net.over_udp(QUERY, HERE, silent, 0.01) is Silence.TIMEOUT
        assert net._spare == []
        assert isinstance(await net.over_udp(QUERY, HERE, port, PATIENT), bytes)
        assert net._spare != [spare]
        with trio.move_on_after(0.01):
            await net.over_udp(QUERY, HERE, silent, PATIENT)
        assert net._spare == []  # what was cancelled may still lie among the post
        assert nothing_pending(net)


async def test_thousands_in_flight_each_get_their_own_reply() -> None:
    wrong = 0

    async def ask(number: int) -> None:
        nonlocal wrong
        label = b"%07d" % number
        reply = await net.over_udp(QUERY.replace(b"example", label), HERE, port, PATIENT)
        wrong += not (isinstance(reply, bytes) and label in reply)

    async with udp_server(echo) as port, open_here() as net:
        async with trio.open_nursery() as nursery:
            for number in range(4_000):
                nursery.start_soon(ask, number)
        assert wrong == 0
        assert net.counters.udp_received == 4_000
        assert nothing_pending(net)


async def test_full_sockets_are_our_own_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.net._OUTSTANDING", 2)
    async with udp_server(deaf) as port, open_here(sockets=2) as net, trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(net.over_udp, QUERY, HERE, port, PATIENT)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert await net.over_udp(QUERY, HERE, port, PATIENT) is Silence.TOO_MANY
        nursery.cancel_scope.cancel()


class Clogged(Outbox):
    """Takes a datagram only at the second try."""

    def __init__(self, why: type[OSError]) -> None:
        self.why, self.tries = why, 0

    def send(self, sock: socket.socket, letters: Sequence[Letter]) -> tuple[int, int]:
        self.tries += 1
        if self.tries == 1:
            raise self.why
        return super().send(sock, letters)


class Refusing(Outbox):
    """The system will not send what is for one address."""

    def send(self, sock: socket.socket, letters: Sequence[Letter]) -> tuple[int, int]:
        if letters[0].target[0] == "127.0.0.2":
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return super().send(sock, letters)


async def test_a_datagram_that_cannot_go_out_is_told_at_once_and_stops_nobody_elses() -> None:
    results = dict[str, list[bytes | Silence]]()

    async def ask(address: str) -> None:
        results.setdefault(address, []).append(await net.over_udp(QUERY, address, port, PATIENT))

    async with udp_server(echo) as port, open_here(sockets=1) as net:
        net._udp4[0].outbox = Refusing()
        async with trio.open_nursery() as nursery:
            for address in (HERE, "127.0.0.2", "127.0.0.2", HERE, "127.0.0.2"):
                nursery.start_soon(ask, address)
        assert results["127.0.0.2"] == [Silence.UNREACHABLE] * 3
        assert all(isinstance(reply, bytes) for reply in results[HERE])
        assert net.counters.udp_sent == 2
        assert nothing_pending(net)


async def test_a_query_cancelled_before_the_post_is_not_sent() -> None:
    async with udp_server(deaf) as port, open_here() as net:
        with trio.CancelScope() as scope:
            scope.cancel()
            await net.over_udp(QUERY, HERE, port, PATIENT)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert net.counters.udp_sent == 0
        assert nothing_pending(net)


@pytest.mark.parametrize("why", [BlockingIOError, InterruptedError])
async def test_a_full_send_buffer_is_waited_for_and_a_signal_is_no_fault(why: type[OSError]) -> None:
    async with udp_server(echo) as port, open_here(sockets=1) as net:
        net._udp4[0].outbox = clogged = Clogged(why)
        assert isinstance(await net.over_udp(QUERY, HERE, port, PATIENT), bytes)
        assert clogged.tries == 2


@pytest.mark.parametrize(
    "address",
    ["", "x", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "::g", "fe80::1%lo", "a\0b", "localhost", "é:"],
)
async def test_what_is_no_address_is_unreachable(address: str) -> None:
    async with open_here() as net:
        assert await net.over_udp(QUERY, address, 53, PATIENT) is Silence.UNREACHABLE
        assert await net.over_tcp(QUERY, address, 53, PATIENT) is Silence.UNREACHABLE
        assert net.counters.udp_sent == 0


async def test_special_addresses_are_not_asked_unless_allowed() -> None:
    async with udp_server(echo) as port, open_network(allowed=[HERE]) as net:
        assert await net.over_udp(QUERY, "127.0.0.2", port, PATIENT) is Silence.UNREACHABLE
        assert await net.over_tcp(QUERY, "127.0.0.2", port, PATIENT) is Silence.UNREACHABLE
        assert isinstance(await net.over_udp(QUERY, HERE, port, PATIENT), bytes)  # a stub, say


async def test_a_machine_without_ipv6_finds_it_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    class OnlyIpv4(socket.socket):
        def __init__(self, family: int = -1, kind: int = -1, proto: int = -1, fileno: int | None = None) -> None:
            if family == socket.AF_INET6:
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(family, kind, proto, fileno)

    monkeypatch.setattr(socket, "socket", OnlyIpv4)
    async with open_here() as net:
        assert await net.over_udp(QUERY, "::1", 53, PATIENT) is Silence.UNREACHABLE


@pytest.mark.parametrize(
    ("written", "read"),
    [("2001:DB8:0:0::1", "2001:db8::1"), ("192.0.2.1", "192.0.2.1"), ("::FFFF:192.0.2.1", "::ffff:192.0.2.1")],
)
def test_an_address_has_one_spelling(written: str, read: str) -> None:
    assert canonical(written) == read


async def test_the_network_does_not_wrap_what_its_user_raises() -> None:
    with pytest.raises(KeyError):
        async with open_here():
            raise KeyError


async def test_closing_the_network_strands_nobody() -> None:
    results = list[bytes | Silence]()

    async def ask(net: UdpTcpNetwork, port: int) -> None:
        results.append(await net.over_udp(QUERY, HERE, port, PATIENT))

    async with udp_server(deaf) as port, trio.open_nursery() as outer, open_here() as net:
        outer.start_soon(ask, net, port)
        await trio.testing.wait_all_tasks_blocked(0.01)
    assert results == [Silence.TIMEOUT]


# --- TCP


async def read_query(stream: trio.SocketStream) -> bytes:
    received = b""
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2]):
        received += await stream.receive_some()
    return received[2:]


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2) + message


async def ask_tcp(converse: Tcp, patience: float = PATIENT) -> tuple[bytes | Silence, UdpTcpNetwork]:
    async with tcp_server(converse) as port, open_here() as net:
        return await net.over_tcp(QUERY, HERE, port, patience), net


async def test_over_tcp_byte_by_byte() -> None:
    async def dribble(stream: trio.SocketStream) -> None:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in framed(reply_to(await read_query(stream)) + bytes(100)):
            await stream.send_all(bytes([octet]))

    reply, net = await ask_tcp(dribble)
    assert isinstance(reply, bytes)
    assert reply[2:] == reply_to(QUERY)[2:] + bytes(100)
    assert (net.counters.tcp_sent, net.counters.tcp_received) == (1, 1)


async def test_over_tcp_a_reply_of_64_kib() -> None:
    async def long(stream: trio.SocketStream) -> None:
        await stream.send_all(framed(reply_to(await read_query(stream)).ljust(65_535, b"\0")))

    reply, _ = await ask_tcp(long)
    assert len(reply) == 65_535


async def test_over_tcp_only_the_reply_to_the_question_counts() -> None:
    async def strays_first(stream: trio.SocketStream) -> None:
        query = await read_query(stream)
        await stream.send_all(framed(reply_to(query).replace(b"example", b"exampel")) + framed(b"") + framed(query))
        await stream.send_all(framed(_wrong_id(query)) + framed(reply_to(query)))

    reply, net = await ask_tcp(strays_first)
    assert isinstance(reply, bytes)
    assert b"example" in reply
    assert net.counters.strays == 4


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\x20", b"\xff\xff" + bytes(100)])  # the length promises more
async def test_over_tcp_an_early_end_is_closed(sent: bytes) -> None:
    async def break_off(stream: trio.SocketStream) -> None:
        await read_query(stream)
        await stream.send_all(sent)

    reply, _ = await ask_tcp(break_off)
    assert reply is Silence.CLOSED


async def test_over_tcp_endless_strays_end() -> None:
    async def babble(stream: trio.SocketStream) -> None:
        while True:
            await stream.send_all(framed(bytes(12)) * 100)

    reply, net = await ask_tcp(babble)
    assert reply is Silence.CLOSED
    assert net.counters.strays == 8


async def test_over_tcp_a_reset_is_closed() -> None:
    async def reset(stream: trio.SocketStream) -> None:
        await read_query(stream)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        stream.socket.close()

    reply, _ = await ask_tcp(reset)
    assert reply is Silence.CLOSED


async def test_over_tcp_silence_costs_our_patience() -> None:
    async def hold(stream: trio.SocketStream) -> None:
        await trio.sleep_forever()

    started = trio.current_time()
    reply, net = await ask_tcp(hold, BRIEF)
    assert reply is Silence.TIMEOUT
    assert BRIEF <= trio.current_time() - started < BRIEF + 0.3
    assert net.counters.timeouts == 1


async def test_over_tcp_a_server_that_drips_costs_our_patience_and_no_more() -> None:
    """Each octet is an event, and none of them buys the server more time."""

    async def drip(stream: trio.SocketStream) -> None:
        await stream.send_all(b"\xff\xff")
        while True:
            await stream.send_all(b"\0")
            await trio.sleep(BRIEF / 20)

    started = trio.current_time()
    reply, _ = await ask_tcp(drip, BRIEF)
    assert reply is Silence.TIMEOUT
    assert BRIEF <= trio.current_time() - started < BRIEF + 0.3


async def test_over_tcp_a_closed_port_refuses() -> None:
    with socket.socket() as unheard:  # bound and not listening
        unheard.bind((HERE, 0))
        async with open_here() as net:
            reply = await net.over_tcp(QUERY, HERE, unheard.getsockname()[1], PATIENT)
    assert reply is Silence.CONNECTION_REFUSED


async def test_over_tcp_connections_are_capped() -> None:
    at_once = most = 0

    async def count(stream: trio.SocketStream) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        query = await read_query(stream)
        await trio.testing.wait_all_tasks_blocked(0.005)
        at_once -= 1
        await stream.send_all(framed(reply_to(query)))

    async with tcp_server(count) as port, open_here(connections=2) as net, trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(net.over_tcp, QUERY, HERE, port, PATIENT)
    assert most == 2
    assert net.counters.tcp_received == 8


# --- a subclass with a prefix, as the lab has it


class Tunnel(UdpTcpNetwork):
    port = 0

    def _outbound(self, address: str, port: int) -> tuple[tuple[str, int], bytes]:
        return (HERE, self.port), socket.inet_aton(address)

    def _inbound(self, datagram: bytes, source: tuple[object, ...]) -> tuple[tuple[str, int], int]:
        return (socket.inet_ntoa(datagram[:4].ljust(4, b"\0")), 53), 4


async def test_a_tunnel_shows_its_own_addresses() -> None:
    async def relay(sock: trio.socket.SocketType, query: bytes, client: tuple[str, int]) -> None:
        await sock.sendto(query[:4] + reply_to(query[4:]), client)

    async with udp_server(relay) as port, Tunnel(Manners.unlimited()).running() as net:
        net.port = port
        reply = await net.over_udp(QUERY, "9.9.9.9", 53, PATIENT)
        assert isinstance(reply, bytes)
        assert reply[2:] == reply_to(QUERY)[2:]


# --- streams to services ---------------------------------------------------------------------------------------------


async def test_a_stream_carries_octets_and_is_closed_with_its_block() -> None:
    async def echo(stream: trio.SocketStream) -> None:
        await stream.send_all(bytes(await stream.receive_some(100)).upper())
        assert await stream.receive_some(1) == b""  # the client's end

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with trio.open_nursery() as nursery, open_network(sockets=1, allow_special=True) as net:
        nursery.start_soon(trio.serve_listeners, echo, listeners)
        port = listeners[0].socket.getsockname()[1]
        async with net.connection("127.0.0.1", port, 5) as stream:
            assert not isinstance(stream, Silence)
            await stream.send_all(b"hello")
            assert await stream.receive_some(100) == b"HELLO"
        with pytest.raises(trio.ClosedResourceError):
            await stream.send_all(b"too late")
        assert net.counters.connections == 1
        nursery.cancel_scope.cancel()


async def test_nobody_at_a_port_refuses() -> None:
    async with open_network(sockets=1, allow_special=True) as net, net.connection("127.0.0.1", 1, 5) as stream:
        assert stream is Silence.CONNECTION_REFUSED


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.1", "fe80::1", "::ffff:8.8.8.8", "224.0.0.1", "nonsense"])
async def test_special_addresses_are_not_connected_to(address: str, autojump_clock: MockClock) -> None:
    async with open_network(sockets=1) as net, net.connection(address, 443, 5) as stream:
        assert stream is Silence.UNREACHABLE
        assert net.counters.connections == 0


async def test_a_connection_that_nobody_takes_costs_our_patience(autojump_clock: MockClock) -> None:
    class Deaf(UdpTcpNetwork):
        async def _opened(self, address: str, port: int, patience: float) -> trio.SocketStream | Silence:
            del address, port
            with trio.move_on_after(patience):
                await trio.sleep_forever()
            return Silence.TIMEOUT

    async with Deaf(Manners.unlimited(), sockets=1, allow_special=True).running() as net:
        async with net.connection("127.0.0.1", 443, 7) as stream:
            assert stream is Silence.TIMEOUT
        assert trio.current_time() == 7


async def test_visits_wait_for_their_turn_and_give_it_back(autojump_clock: MockClock) -> None:
    """At most two at once to one address, each ten seconds long: five take thirty."""

    class Slow(UdpTcpNetwork):
        async def _opened(self, address: str, port: int, patience: float) -> trio.SocketStream | Silence:
            del address, port, patience
            await trio.sleep(10)
            return Silence.TIMEOUT

    async def visit(net: UdpTcpNetwork) -> None:
        async with net.connection("127.0.0.1", 443, 60):
            pass

    visits = Manners(per_address=Limit(100, 2))
    async with Slow(Manners.unlimited(), sockets=1, allow_special=True, visits=visits).running() as net:
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(visit, net)
        assert trio.current_time() == pytest.approx(30, abs=0.1)
