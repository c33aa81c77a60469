"""The DNS job of a census on one signed zone: ours beside a validating Unbound, ``python -m bench.signed``.

The job of the peers' comparison: MX of each domain, A, AAAA and TLSA of each distinct mail
host (0.61 a domain), TXT at ``_mta-sts``. One flat zone, signed (P-256, NSEC) by Debian's
ldns-signzone, served by one NSD process; nothing but the zone's own key is trusted
(`--stub` and `--trust-anchor` do the same for a scan). Unbound, cold, with the same anchor
and the same stub, is asked the same questions by dnsperf, which sends and counts and decodes
nothing: what a census over Unbound would cost on top of that is not counted.

Printed: CPU of the whole process (microseconds a query and a domain), queries, signatures
verified, and how our CPU splits into input and output, decoding, cryptography, and the rest.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import trio

from bench.plain import _HERE, ONE_ZONE, free_port, nsd_with, wait_for
from crawler.manners import Manners
from crawler.net import Network, open_network
from crawler.resolver import ask as asking
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors
from crawler.runner import rare_collections
from crawler.standards import keys
from crawler.standards.names import from_text
from crawler.standards.security import Security
from crawler.standards.wire import Type

_ZONE = "bench"
_TASKS = 300
_SHARE = 0.61  # distinct mail hosts for each domain
_PEERS = (("zdns + Unbound (peers.md)", 54.3 + 67.0), ("massdns + Unbound (peers.md)", 15.1 + 70.6))
_PEERS_QUERIES = 383_549
ZDNS = 54.3 / _PEERS_QUERIES  # CPU seconds a query of zdns alone, in the first of these (peers.md)


class Job(NamedTuple):
    """What is asked: (name, type) in two waves, for hosts are known only after the MX records."""

    domains: list[str]
    hosts: list[str]

    def questions(self) -> Iterator[tuple[str, Type]]:
        """Every question, as dnsperf is to put them."""
        for domain in self.domains:
            yield domain, Type.MX
            yield f"_mta-sts.{domain}", Type.TXT
        for host in self.hosts:
            yield host, Type.A
            yield host, Type.AAAA
            yield f"_25._tcp.{host}", Type.TLSA


def job(count: int) -> Job:
    """So many domains; their hosts have an address, and every fifth a TLSA record."""
    hosts = [f"mx{number:06d}.{_ZONE}" for number in range(int(count * _SHARE))]
    return Job([f"d{number:07d}.{_ZONE}" for number in range(count)], hosts)


def write_zone(folder: Path, what: Job) -> None:
    """The zone, signed."""
    text = [f"$ORIGIN {_ZONE}.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\nns A 127.0.0.1\n"]
    for at, domain in enumerate(what.domains):
        text.append(f"{domain}. MX 10 {what.hosts[at % len(what.hosts)]}.\n")
    for at, host in enumerate(what.hosts):
        text.append(f"{host}. A 45.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}\n")
        if at % 5 == 0:
            text.append(f"_25._tcp.{host}. TLSA 3 1 1 {'d4' * 32}\n")
    (folder / "zone").write_text("".join(text))
    made = subprocess.run(
        ["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", _ZONE], cwd=folder, check=True, capture_output=True, text=True
    )
    subprocess.run(["ldns-signzone", "-f", "bench.zone", "zone", made.stdout.strip()], cwd=folder, check=True)


@contextmanager
def served(folder: Path, what: Job) -> Iterator[tuple[int, str]]:
    """NSD with that zone: its port, and the DS record of its key."""
    write_zone(folder, what)
    port = free_port()
    with nsd_with(folder, ONE_ZONE, [(_HERE, port)], what.domains[-1]):
        yield port, next(folder.glob("K*.ds")).read_text()


class Split:
    """CPU seconds inside some functions, themselves included in each other not at all."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def around(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time noted."""
        clock = time.perf_counter
        seconds = self.seconds
        seconds[name] = 0.0

        def timed(*given: Any, **named: Any) -> Any:
            start = clock()
            try:
                return work(*given, **named)
            finally:
                seconds[name] += clock() - start

        return timed


MakeResolver = Callable[[Network], Resolver]


class Ours(NamedTuple):
    """What our walk over the job came to."""

    cpu: float
    system: float  # of it in the kernel: sending and receiving
    wall: float
    queries: int
    verifications: int
    secure: int


def flat(port: int, ds: str) -> MakeResolver:
    """A resolver that knows the one zone and its key; a denial at `_mta-sts` decides nothing, as in a scan."""
    stubs = {from_text(_ZONE): [(_HERE, port)]}
    return partial(Resolver, hints={}, anchors=starting_anchors(ds), stubs=stubs, unproved={Type.TXT})


async def census(what: Job, make: MakeResolver) -> Ours:
    """Both waves by one resolver."""
    async with open_network(Manners.unlimited(), allow_special=True) as net:
        resolver = make(net)
        secure = 0

        async def look(name: str, qtype: Type) -> None:
            nonlocal secure
            answer = await resolver.resolve(from_text(name), qtype)
            secure += answer.security is Security.SECURE

        async def domain(name: str) -> None:
            await look(name, Type.MX)
            await look(f"_mta-sts.{name}", Type.TXT)

        async def host(name: str) -> None:
            await look(name, Type.A)
            await look(name, Type.AAAA)
            await look(f"_25._tcp.{name}", Type.TLSA)

        cpu, wall, system = time.process_time(), time.perf_counter(), os.times().system
        with rare_collections():
            await _all(what.domains, domain)
            await _all(what.hosts, host)
        sent = net.counters.udp_sent + net.counters.tcp_sent
        cpu, wall, system = time.process_time() - cpu, time.perf_counter() - wall, os.times().system - system
        return Ours(cpu, system, wall, sent, resolver.verifications, secure)


async def _all(keys: Iterable[str], one: Callable[[str], Awaitable[None]]) -> None:
    left = iter(keys)

    async def work() -> None:
        for key in left:
            await one(key)

    async with trio.open_nursery() as nursery:
        for _ in range(_TASKS):
            nursery.start_soon(work)


def split(what: Job, make: MakeResolver) -> tuple[Ours, dict[str, float]]:
    """Once more, with a clock around the codec and cryptography."""
    clocks = Split()
    inside = (
        (asking, "decode", "codec"),
        (asking, "usual_query", "encoding"),
        (keys.Key, "verify", "cryptography"),
    )
    kept = [getattr(owner, name) for owner, name, _ in inside]
    for (owner, name, title), work in zip(inside, kept, strict=True):
        setattr(owner, name, clocks.around(title, work))
    try:
        return trio.run(census, what, make), clocks.seconds
    finally:
        for (owner, name, _), work in zip(inside, kept, strict=True):
            setattr(owner, name, work)


_UNBOUND = """server:
  interface: {here}@{port}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  so-rcvbuf: 4m
  outgoing-range: 4096
  num-queries-per-thread: 2048
  module-config: "validator iterator"
  trust-anchor-file: "{folder}/anchor"
  msg-cache-size: 256m
  rrset-cache-size: 512m
  do-not-query-localhost: no
{more}
remote-control:
  control-enable: no
"""
_STUB = """  qname-minimisation: no
stub-zone:
  name: "bench."
  stub-addr: {here}@{nsd}"""


def unbound(folder: Path, what: Job, ds: str, more: str) -> tuple[float, float]:
    """CPU seconds of a cold Unbound, with this anchor and `more` in its configuration; and of dnsperf, which asks."""
    port = free_port()
    (folder / "anchor").write_text(ds)
    (folder / "unbound.conf").write_text(_UNBOUND.format(here=_HERE, port=port, folder=folder, more=more))
    questions = folder / "job"
    questions.write_text("".join(f"{name} {qtype.name}\n" for name, qtype in what.questions()))
    server = subprocess.Popen(["unbound", "-d", "-c", str(folder / "unbound.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_for((_HERE, port), server, f"ns.{_ZONE}", folder / "none", Type.A)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = _cpu_of(server.pid)
        command = ["dnsperf", "-s", _HERE, "-p", str(port), "-d", str(questions), "-n", "1", "-c", "4", "-T", "1",
                   "-q", "200", "-D", "-t", "5", "-b", "4096"]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        if "Queries lost:         0" not in done.stdout:
            print(*(line for line in done.stdout.splitlines() if "lost" in line), "(dnsperf to Unbound)")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        sender = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return _cpu_of(server.pid) - began, sender
    finally:
        server.terminate()
        server.wait()


def _cpu_of(pid: int) -> float:
    """User and system seconds of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print what each way costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=20_000)
    options = parser.parse_args()
    tools = ("nsd", "dnsperf", "unbound", "ldns-signzone", "ldns-keygen")
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        sys.exit(f"bench.signed needs {', '.join(missing)} (Debian: apt install nsd dnsperf unbound ldnsutils)")
    what = job(options.domains)
    asked = sum(1 for _ in what.questions())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, what) as (port, ds):
            ours = trio.run(census, what, flat(port, ds))
            _, clocks = split(what, flat(port, ds))
            validator, sender = unbound(folder, what, ds, _STUB.format(here=_HERE, nsd=port))
    show(ours, clocks, asked, len(what.domains), validator, sender)
    print(f"ours / (zdns + Unbound): {ours.cpu / asked / (_PEERS[0][1] / _PEERS_QUERIES):.2f} (target 0.50)")


def show(ours: Ours, clocks: dict[str, float], asked: int, domains: int, validator: float, sender: float) -> None:
    """The table."""
    print(f"{asked:,} questions about {domains:,} domains; {ours.secure:,} answers secure; {ours.wall:.1f} s")
    print(f"a domain: {ours.queries / domains:.2f} queries, {ours.verifications / domains:.2f} verifications")
    codec = clocks["codec"] + clocks["encoding"]
    rows: Sequence[tuple[str, float]] = (
        ("ours, validated", ours.cpu / asked),
        ("  of it I/O (system calls)", ours.system / asked),
        ("  of it codec", codec / asked),
        ("  of it cryptography", clocks["cryptography"] / asked),
        ("  of it logic (the rest)", (ours.cpu - ours.system - codec - clocks["cryptography"]) / asked),
        ("Unbound, cold (this run)", validator / asked),
        ("dnsperf, which asks it", sender / asked),
        *((title, seconds / _PEERS_QUERIES) for title, seconds in _PEERS),
    )
    print(f"{'CPU':<30}{'us a query':>12}")
    for title, seconds in rows:
        print(f"{title:<30}{seconds * 1e6:12.1f}")


if __name__ == "__main__":
    main()
