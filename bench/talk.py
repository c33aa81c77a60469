"""What a conversation with a mail host costs: probes a second, CPU a probe, and memory with thousands in flight.

``python -m bench.talk`` talks to every host of a world of good ones, through the same stage as a scan: greeting, EHLO,
STARTTLS, handshake, QUIT, and a second handshake for the other kind of key where TLSA records are (half of the hosts).
``--flight N`` has that many conversations hang at once. CPU is that of our whole process; the lab has its own.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import trio

from crawler.stages import endpoints
from crawler.visiting import Patience, Visitor
from lab.mta import GREETING, Mta, late
from lab.network import LabNetwork
from lab.pki import Leaf
from lab.scenarios import build
from lab.streams import streaming
from lab.world import World

if TYPE_CHECKING:
    from crawler.visited import Endpoint


def address(number: int) -> str:
    """Where the host with this number is."""
    return f"45.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def world(count: int, hang: float, now: int) -> World:
    """A mail server at each address; with `hang`, it greets that much later."""
    made = build([], now)
    for number in range(count):
        leaf = Leaf(names=(f"mx{number}.bench.bd",))
        made.mtas[address(number)] = Mta(leaf=leaf, greeting=late(GREETING, hang) if hang else GREETING)
    return made


def ours(count: int, workers: int, hang: float = 0.0) -> None:
    """Talk to them all, and print what it cost."""
    make = partial(world, count, hang, int(time.time()))
    found: list[Endpoint] = []

    async def main(services: int) -> None:
        patience = Patience(connect=60, handshake=120, reply=hang * 3 if hang else 60)
        async with LabNetwork(0, services=services).running() as net:
            visitor = Visitor(net=net, patience=patience)
            left = iter(range(count))

            async def work() -> None:
                for number in left:
                    host = f"mx{number}.bench.bd"
                    target = endpoints.Target(host, address(number), host, number % 2 == 0 and not hang)
                    row = await endpoints.observe(target, visitor, 1)
                    found.append(row)

            async with trio.open_nursery() as nursery:
                for _ in range(workers):
                    nursery.start_soon(work)

    with streaming(make) as services:
        wall, cpu = time.perf_counter(), time.process_time()
        trio.run(main, services.port)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    kinds = ", ".join(f"{kind} {n:,}" for kind, n in Counter(one.outcome.value for one in found).items())
    seconds = sum(one.other_kind is not None for one in found)
    print(
        f"{count:,} endpoints, {seconds:,} of them twice, {workers:,} in flight ({kinds}): {count / wall:,.0f}/s,"
        f" {cpu / (count + seconds) * 1e6:,.0f} us of CPU a conversation; {memory} MiB"
    )


def main() -> int:
    """The figures."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--hosts", type=int, default=2_000)
    options.add_argument("--workers", type=int, default=300)
    options.add_argument("--flight", type=int, default=0)
    given = options.parse_args()
    if given.flight:
        ours(given.flight, given.flight, hang=30.0)
    else:
        ours(given.hosts, given.workers)
    return 0


if __name__ == "__main__":
    from bench import talk  # so that what is sent to the lab's processes has a module that they can import

    sys.exit(talk.main())
