"""What one question and its answer cost at the door: ``python -m bench.net``.

A responder in a process of its own turns each query into a reply; we count the CPU
time of this whole process (user and system; the asking tasks included) per query.
Beside it, in each round, the two system calls alone: the floor under any client. On a
shared machine the best round counts, for other work can only add.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import time
from multiprocessing.connection import Connection

import trio

from crawler.manners import Limit, Manners
from crawler.net import Network, Silence, open_network

_QUERY = bytes.fromhex("000000000001000000000001") + b"\7example\2nl\0" + bytes.fromhex("000f0001") + bytes(11)


def respond(ready: Connection) -> None:
    """Answer every datagram with itself, marked as a response, for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        sock.bind(("127.0.0.1", 0))
        ready.send(sock.getsockname()[1])
        recvfrom, sendto = sock.recvfrom, sock.sendto
        while True:
            query, client = recvfrom(2048)
            sendto(query[:2] + b"\x84\0" + query[4:], client)


async def _ask(net: Network, port: int, times: int) -> int:
    lost = 0
    for _ in range(times):
        lost += isinstance(await net.over_udp(_QUERY, "127.0.0.1", port, 2.0), Silence)
    return lost


async def round_trips(manners: Manners, port: int, queries: int, tasks: int) -> tuple[float, float, int]:
    """CPU and wall seconds for so many queries by so many tasks, and how many were lost."""
    lost = 0

    async def ask() -> None:
        nonlocal lost
        lost += await _ask(net, port, queries // tasks)

    async with open_network(manners, allow_special=True) as net:
        cpu, wall = time.process_time(), time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(ask)
        return time.process_time() - cpu, time.perf_counter() - wall, lost


def system_calls(port: int, queries: int) -> float:
    """CPU seconds of sending and receiving alone, from one socket, in a loop."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        server = ("127.0.0.1", port)
        started = time.process_time()
        for _ in range(queries // 50):
            for _ in range(50):
                sock.sendto(_QUERY, server)
            for _ in range(50):
                sock.recvfrom(4096)
        return time.process_time() - started


def never_binding() -> Manners:
    """Limits at every gate, all out of reach: what keeping them costs."""
    plenty = Limit(1e7, 1_000_000)
    return Manners(per_address=plenty, per_network=plenty, overall=plenty)


def main() -> None:
    """Print CPU per query and queries per second, without limits and with limits that never bind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    responder = multiprocessing.Process(target=respond, args=(theirs,), daemon=True)
    responder.start()
    port: int = ours.recv()
    scale = 1e6 / options.queries
    rows: list[tuple[float, float, float]] = []
    print(f"{'us CPU a query:':<16}{'system calls':>14}{'no limits':>12}{'limits':>10}{'queries/s':>12}{'lost':>6}")
    for number in range(options.rounds):
        floor = system_calls(port, options.queries) * scale
        free, wall, lost = trio.run(round_trips, Manners.unlimited(), port, options.queries, options.tasks)
        held, _, more = trio.run(round_trips, never_binding(), port, options.queries, options.tasks)
        rows.append((floor, free * scale, held * scale))
        costs = f"{floor:14.1f}{free * scale:12.1f}{held * scale:10.1f}"
        print(f"{f'round {number + 1}':<16}{costs}{options.queries / wall:12,.0f}{lost + more:6}")
    floor, free, held = (min(column) for column in zip(*rows, strict=True))
    print(f"{'best':<16}{floor:14.1f}{free:12.1f}{held:10.1f}")
    responder.terminate()
    responder.join()


if __name__ == "__main__":
    main()
