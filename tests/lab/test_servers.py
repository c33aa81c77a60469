"""The crawler's own sockets reach the lab's servers through the tunnel, and hear what the world says."""

from __future__ import annotations

import socket
from functools import partial

import dns.message
import pytest
import trio
import trio.testing

from crawler.net import Network, Silence
from lab import behaviours
from lab.network import DirectNetwork, LabNetwork, address_of, prefix_of
from lab.servers import LabServersFault, Make, serving, serving_here
from lab.world import World
from lab.zones import Signing

ADDRESSES = {
    "good": "192.0.2.1", "six": "2001:db8::1", "silent": "192.0.2.2", "late": "192.0.2.3", "cut": "192.0.2.4",
    "refused": "192.0.2.5", "closed": "192.0.2.6", "stray": "192.0.2.7", "unreachable": "192.0.2.8",
}  # fmt: skip


def build(*, broken: bool = False) -> World:
    world = World()
    world.zone("nl", "@ MX 10 mx", servers={f"ns-{k}": v for k, v in ADDRESSES.items()}, signing=Signing())
    world.behave(ADDRESSES["silent"], behaviours.silent())
    world.behave(ADDRESSES["late"], behaviours.delayed(0.05))
    world.behave(ADDRESSES["cut"], behaviours.truncated())
    world.behave(ADDRESSES["refused"], behaviours.tcp_refused())
    world.behave(ADDRESSES["closed"], behaviours.tcp_closed())
    world.behave(ADDRESSES["stray"], behaviours.wrong_id())
    world.behave(ADDRESSES["unreachable"], behaviours.unreachable())
    if broken:
        world.reply = lambda *_, **__: 1 / 0  # type: ignore[assignment, method-assign]
    return world


QUERY = dns.message.make_query("nl", "MX", want_dnssec=True, payload=1232, id=0).to_wire()


async def heard(net: Network, kind: str, *, tcp: bool = False, patience: float = 0.3) -> str:
    """How a conversation goes, in a word."""
    ask = net.over_tcp if tcp else net.over_udp
    reply = await ask(QUERY, ADDRESSES[kind], 53, patience)
    if isinstance(reply, Silence):
        return reply.value
    message = dns.message.from_wire(reply)
    return "TC" if message.flags & 0x0200 else f"{len(message.answer)} RRsets"


UDP = {
    "good": "2 RRsets", "six": "2 RRsets", "silent": "timeout", "late": "2 RRsets", "cut": "TC", "refused": "2 RRsets",
    "stray": "timeout",
}  # fmt: skip
TCP = {
    "good": "2 RRsets", "six": "2 RRsets", "silent": "timeout", "late": "2 RRsets", "cut": "2 RRsets",
    "closed": "closed",
}  # fmt: skip


async def test_sockets_reach_every_virtual_address() -> None:
    with serving(build) as servers:
        async with LabNetwork(servers.port).running() as net:
            assert {kind: await heard(net, kind) for kind in UDP} == UDP
            assert {kind: await heard(net, kind, tcp=True) for kind in TCP} == TCP
            assert net.counters.strays == 1
    assert servers.queries == len(UDP) + len(TCP)
    assert servers.cpu > 0


async def test_in_process_the_same_is_heard(autojump_clock: trio.testing.MockClock) -> None:
    net = DirectNetwork(build())
    assert {kind: await heard(net, kind) for kind in UDP} == UDP
    assert {kind: await heard(net, kind, tcp=True) for kind in TCP} == TCP
    assert await heard(net, "refused", tcp=True) == "connection-refused"
    assert await heard(net, "unreachable") == "unreachable"
    assert net.asked[ADDRESSES["good"]] == 2
    assert net.counters.udp_sent == len(UDP) + 1
    assert net.counters.timeouts == 3


async def test_in_process_silence_costs_exactly_our_patience(autojump_clock: trio.testing.MockClock) -> None:
    net = DirectNetwork(build())
    for kind, cost in (("good", 0), ("silent", 2), ("late", 0.05), ("stray", 2)):
        start = trio.current_time()
        await heard(net, kind, patience=2)
        assert trio.current_time() - start == pytest.approx(cost)
        assert net.sent_at == start


async def test_several_processes_share_the_port() -> None:
    with serving(build, processes=2) as servers:
        async with LabNetwork(servers.port, sockets=16).running() as net:
            for _ in range(20):
                assert await heard(net, "good", patience=5) == "2 RRsets"
    assert servers.queries == 20


async def test_a_route_leads_to_a_real_server_without_a_tunnel() -> None:
    with serving_here(build(), plain=ADDRESSES["good"]) as real, serving_here(build()) as lab:
        routes = {ADDRESSES["good"]: ("127.0.0.1", real.port)}
        async with LabNetwork(lab.port, routes=routes).running() as net:
            assert await heard(net, "good") == "2 RRsets"
            assert await heard(net, "good", tcp=True) == "2 RRsets"
            assert await heard(net, "six") == "2 RRsets"
    assert (real.queries, lab.queries) == (2, 1)


def test_two_queries_on_one_connection_byte_by_byte() -> None:
    message = prefix_of(ADDRESSES["good"]) + 2 * (len(QUERY).to_bytes(2, "big") + QUERY)
    with serving_here(build()) as servers, socket.create_connection(("127.0.0.1", servers.port), 5) as sock:
        for octet in message:
            sock.sendall(bytes((octet,)))
        data = b""
        while len(data) < 4 or len(data) < 2 * (int.from_bytes(data[:2], "big") + 2):
            data += sock.recv(65535)
    size = int.from_bytes(data[:2], "big") + 2
    assert data[:size] == data[size:]


def send_one_query(make: Make) -> None:
    """And something too short for the tunnel, which is nobody's."""
    with serving(make) as servers, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(prefix_of("192.0.2.1") + QUERY, ("127.0.0.1", servers.port))
        sock.sendto(b"short", ("127.0.0.1", servers.port))


def test_a_world_that_raises_is_told_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LabServersFault, match="raised 1 times"):
        send_one_query(partial(build, broken=True))
    assert "ZeroDivisionError" in capfd.readouterr().err


def no_world() -> World:
    raise RuntimeError("nonsense")


def test_a_process_that_cannot_start_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LabServersFault, match="did not start"), serving(no_world):
        pass  # pragma: no cover
    assert "nonsense" in capfd.readouterr().err


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "::1", "0.0.0.0"])
def test_the_tunnel_keeps_addresses(address: str) -> None:
    assert address_of(prefix_of(address)) == address
