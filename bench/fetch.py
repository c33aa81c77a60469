"""What a policy costs: fetches a second and CPU a fetch, beside postfix-mta-sts-resolver on the same lab.

``python -m bench.fetch`` fetches every policy of a world of good ones, through the same stage as a scan: TXT is not
asked, addresses are. With ``--peer`` (as root, for ports 53 and 443 in a network namespace of its own) the library
of postfix-mta-sts-resolver does its job on the same names: TXT and policy. With ``--flight N`` that many fetches hang
at once, and memory and file descriptors are told. CPU is that of the client's whole process; the lab has its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import trio

from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import policies
from crawler.visiting import Patience, Visitor
from lab.names import Type, wire
from lab.network import LabNetwork
from lab.pki import Leaf
from lab.scenarios import build
from lab.servers import serving
from lab.streams import streaming
from lab.web import Web, policy, raw
from lab.world import World

if TYPE_CHECKING:
    from crawler.visited import Policy

SERVER = "127.0.0.53"  # the one server that has all zones, for clients that know no tunnel
TEXT = "version: STSv1\nmode: enforce\nmx: mx.{}\nmax_age: 604800\n"
PEER = ["postfix-mta-sts-resolver==1.5.1"]


def names(count: int) -> list[str]:
    """The domains: all in one zone, so that DNS costs the least."""
    return [f"n{number}.bench.bd" for number in range(count)]


def world(count: int, hang: float, now: int) -> World:
    """An unsigned zone with a record and a policy host for each domain; with `hang`, responses come that much later."""
    made = build([], now)
    zone = made.zone("bench.bd", servers={"ns1.bench.bd": "45.1.1.1"})
    for number, domain in enumerate(names(count)):
        zone.add(f"_mta-sts.{domain}", Type.TXT, b"\x0ev=STSv1; id=1;")
        zone.address(wire(f"mta-sts.{domain}"), f"45.98.{number >> 8 & 255}.{number & 255}")
        made.webs[f"mta-sts.{domain}"] = Web(
            leaf=Leaf(names=(f"mta-sts.{domain}",)),
            script=raw(hang) if hang else policy(TEXT.format(domain)),
        )
    made.everything(SERVER)
    return made


def ours(count: int, workers: int, hang: float = 0.0) -> list[Policy]:
    """Fetch them all, and print what it cost."""
    now = int(time.time())
    make = partial(world, count, hang, now)
    found: list[Policy] = []

    held = make()

    async def main(port: int, services: int) -> None:
        patience = Patience(connect=60, handshake=120, fetch=hang * 3 if hang else 60)
        async with LabNetwork(port, services=services).running() as net:
            resolver = Resolver(net, hints=starting_hints(held.hints()), anchors=starting_anchors(held.anchors()))
            visitor = Visitor(net=net, patience=patience)
            left = iter(names(count))

            async def work() -> None:
                for domain in left:
                    row = await policies.observe(domain, resolver, visitor, 1)
                    found.append(row)

            async with trio.open_nursery() as nursery:
                for _ in range(workers):
                    nursery.start_soon(work)

    with serving(make) as servers, streaming(make) as services:
        wall, cpu = time.perf_counter(), time.process_time()
        trio.run(main, servers.port, services.port)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    kinds = ", ".join(f"{kind} {n:,}" for kind, n in Counter(one.outcome.value for one in found).items())
    print(
        f"dane-census: {count:,} fetches, {workers:,} in flight ({kinds}): {count / wall:,.0f}/s,"
        f" {cpu / count * 1e6:,.0f} us of CPU a fetch = {count / cpu:,.0f} a second and core; {memory} MiB",
        flush=True,
    )
    return found


def peer(count: int, workers: int) -> int:
    """The other library, in an environment and a network of its own; 1 if it cannot be had."""
    with TemporaryDirectory(prefix="dane-census-bench-") as folder:
        python = Path(folder) / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", Path(folder) / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", *PEER], check=True)
        inside = (
            "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && echo nameserver 127.0.0.1 >resolv.conf"
            " && mount --bind resolv.conf /etc/resolv.conf && cd - >/dev/null && exec"
            f" {sys.executable} -m bench.fetch --inside {python} --names {count} --workers {workers}"
        )
        return subprocess.run(["unshare", "-n", "-m", "sh", "-c", f"cd {folder} && {inside}"], check=False).returncode


def inside(python: str, count: int, workers: int) -> int:
    """In the namespace: the lab at its real ports, and the other library against it."""
    from lab.servers import Loop

    make = partial(world, count, 0.0, int(time.time()))
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        Loop(make(), 53, plain=SERVER).run(reading)
        os._exit(0)
    with TemporaryDirectory() as folder, streaming(make, 443):
        ca = Path(folder) / "ca.pem"
        ca.write_text(make().ca())
        done = subprocess.run(
            [python, Path(__file__).with_name("peer_fetch.py"), str(count), str(workers)],
            env={**os.environ, "SSL_CERT_FILE": str(ca)}, check=False,
        )  # fmt: skip
    os.close(writing)
    os.waitpid(child, 0)
    return done.returncode


def main() -> int:
    """The figures."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--names", type=int, default=2_000)
    options.add_argument("--workers", type=int, default=300)
    options.add_argument("--peer", action="store_true")
    options.add_argument("--flight", type=int, default=0)
    options.add_argument("--inside", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.inside:
        return inside(given.inside, given.names, given.workers)
    if given.flight:
        ours(given.flight, given.flight, hang=60.0)
        return 0
    ours(given.names, given.workers)
    return peer(given.names, given.workers) if given.peer else 0


if __name__ == "__main__":
    from bench import fetch  # so that what is sent to the lab's processes has a module that they can import

    sys.exit(fetch.main())
