"""The plain MX path against NSD, beside dnsperf in the same run: ``python -m bench.plain``.

One unsigned zone, two MX records a name, served by one NSD process of Debian on
loopback. dnsperf (C; it sends and counts, no more) is the yardstick of what asking
costs at all; the ratio to it, and not the microseconds, can be compared between
machines. Both ask the same questions with EDNS and DO, one after the other, so that
they share no core with each other; CPU is user and system time of the whole process.

Two paths of ours are measured, each in its turn: `door`, the questions through the network
and the replies decoded; and `rows`, the whole way that a scan takes: resolver, answer, row,
Parquet (zstd) on the disk. The first round begins with nothing in its memories; a long scan is like the others.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import trio

from crawler.manners import Manners
from crawler.net import Network, open_network
from crawler.resolver.ask import read_reply
from crawler.resolver.resolve import Resolver
from crawler.runner import rare_collections
from crawler.stages.domains import mail_route
from crawler.standards.names import from_text
from crawler.standards.wire import Message, Type, decode, encode_query, usual_query
from crawler.strands import Crew
from crawler.tables import Domain, schema

_HERE = "127.0.0.1"
_PATIENCE = 2.0  # seconds
_TASKS = 100  # questions at once, ours and dnsperf's: what they hold stays in the caches of one core
_PART_ROWS = 10_000
RRSETS = 6_007  # that the names of the zone have between them
_NO_ROOT = {from_text("none.invalid"): [_HERE]}  # nothing asks the root: the zone is a stub

#: CPU microseconds a query of others on the same path, and what dnsperf took on that machine (peers.md).
_PEERS = (
    ("a bare trio client, header only", 13.0, 13.0), ("aiodns (c-ares)", 69.0, 69.0), ("zdns 2.1", 75.0, 100.0),
    ("trio + dnspython", 460.0, 485.0),
)  # fmt: skip
_PEERS_DNSPERF, _PEERS_BARE = 3.9, 13.0

_ZONE_HEAD = """$ORIGIN bench.
$TTL 3600
@ SOA ns hostmaster 1 3600 900 604800 300
@ NS ns
ns A 127.0.0.1
"""

_SERVER = """server:
{listen}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  logfile: "{folder}/nsd.log"
  xfrdir: "{folder}"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  receive-buffer-size: 4194304
remote-control:
  control-enable: no
"""
ONE_ZONE = 'zone:\n  name: "bench."\n  zonefile: "bench.zone"\n'


def free_port() -> int:
    """A UDP port that nobody has right now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind((_HERE, 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def nsd(folder: Path, names: Sequence[str]) -> Iterator[int]:
    """NSD with a zone of these names, on the port that is handed out."""
    port = free_port()
    records = (
        f"{name}. MX 10 mx1.h{at % RRSETS}.bench.\n{name}. MX 20 mx2.h{at % RRSETS}.bench.\n"
        for at, name in enumerate(names)
    )
    (folder / "bench.zone").write_text(_ZONE_HEAD + "".join(records))
    with nsd_with(folder, ONE_ZONE, [(_HERE, port)], names[-1]):
        yield port


@contextmanager
def nsd_with(
    folder: Path, zones: str, listen: Sequence[tuple[str, int]], sample: str, qtype: Type = Type.MX, seconds: int = 30
) -> Iterator[None]:
    """One process of NSD with the zone clauses of its configuration, once it answers for the sample."""
    lines = "\n".join(f"  ip-address: {address}@{port}" for address, port in listen)
    (folder / "nsd.conf").write_text(_SERVER.format(listen=lines, folder=folder) + zones)
    server = subprocess.Popen(["nsd", "-d", "-c", str(folder / "nsd.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_for(listen[0], server, sample, folder / "nsd.log", qtype, seconds)
        yield
    finally:
        server.terminate()
        server.wait()


def wait_for(
    where: tuple[str, int], server: subprocess.Popen[bytes], name: str, log: Path, qtype: Type = Type.MX,
    seconds: int = 30,
) -> None:  # fmt: skip
    """Ask until the server answers; give up after so many seconds."""
    query = encode_query(from_text(name), qtype, id=1, rd=qtype is not Type.MX)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(0.1)
        for _ in range(seconds * 10):
            if server.poll() is not None:
                sys.exit(f"nsd ended: {log.read_text()[-500:] if log.exists() else 'without a word'}")
            try:
                sock.sendto(query, where)
                if decode(sock.recv(4096)).answer:
                    return
            except OSError:
                time.sleep(0.1)
    sys.exit("nsd does not answer")


def dnsperf(folder: Path, names: Sequence[str], port: int) -> float:
    """CPU seconds that dnsperf takes for these questions."""
    (folder / "questions").write_text("".join(f"{name} MX\n" for name in names))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["dnsperf", "-s", _HERE, "-p", str(port), "-d", str(folder / "questions"), "-n", "1", "-c", "8", "-T", "1",
         "-q", str(_TASKS), "-D", "-t", "2", "-b", "4096"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "Queries lost:         0" not in done.stdout:
        print(*(line for line in done.stdout.splitlines() if "lost" in line), "(dnsperf)")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


async def bare(names: Sequence[str], net: Network, port: int, folder: Path) -> int:  # noqa: ARG001
    """The least that a trio client can do: one socket, replies told by their id; returns how many had RCODE 0."""
    right, left, waiting = 0, iter(enumerate(names)), dict[int, trio.lowlevel.Task]()
    end = b"\0" + encode_query(b"\0", Type.MX, id=0)[13:]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.bind((_HERE, 0))

        async def read() -> None:
            nonlocal right
            while True:
                await trio.lowlevel.wait_readable(sock)
                with suppress(BlockingIOError):
                    while True:
                        reply, _ = sock.recvfrom(4096)
                        right += reply[3] & 15 == 0
                        trio.lowlevel.reschedule(waiting.pop(reply[0] << 8 | reply[1]))

        async def ask() -> None:
            for number, name in left:
                labels = b"".join(bytes((len(label),)) + label for label in name.encode().split(b"."))
                id = number & 0xFFFF
                waiting[id] = trio.lowlevel.current_task()
                sock.sendto(id.to_bytes(2) + b"\0\0\0\1\0\0\0\0\0\1" + labels + end, (_HERE, port))
                await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            async with trio.open_nursery() as asking:
                for _ in range(_TASKS):
                    asking.start_soon(ask)
            nursery.cancel_scope.cancel()
    return right


async def door(names: Sequence[str], net: Network, port: int, folder: Path) -> int:  # noqa: ARG001
    """Question and decoded reply, nothing else; returns how many got their two MX records."""
    right = 0

    async def one(name: str) -> None:
        nonlocal right
        reply = await net.over_udp_read(usual_query(from_text(name), Type.MX), _HERE, port, _PATIENCE, read_reply)
        right += isinstance(reply, Message) and len(reply.answer) == 2

    await _all(names, one)
    return right


_ROW = pa.schema([schema(Domain).field(column) for column in ("domain", "mx", "mail", "mx_hosts")])


async def rows(names: Sequence[str], net: Network, port: int, folder: Path) -> int:
    """The resolver's answers as rows in Parquet; returns how many rows hold two MX records."""
    resolver = Resolver(net, hints=_NO_ROOT, anchors={}, stubs={from_text("bench"): [(_HERE, port)]})
    kept: list[tuple[object, ...]] = []
    parts: list[Path] = []

    async def one(name: str) -> None:
        mx = await resolver.resolve(from_text(name), Type.MX)
        kept.append((name, mx, *mail_route(name, mx)))
        if len(kept) == _PART_ROWS:
            write()

    def write() -> None:
        columns = [pa.array(cells, f.type) for cells, f in zip(zip(*kept, strict=True), _ROW, strict=True)]
        parts.append(folder / f"part-{len(parts)}.parquet")
        pq.write_table(pa.Table.from_arrays(columns, schema=_ROW), parts[-1], compression="zstd")
        kept.clear()

    await _all(names, one)
    if kept:
        write()
    hosts = pq.read_table(parts, columns=["mx_hosts"])["mx_hosts"]
    right: int = pc.sum(pc.equal(pc.list_value_length(hosts), 2)).as_py()  # without objects: it is in what is measured
    return right


async def _all(names: Sequence[str], one: Callable[[str], Awaitable[None]]) -> None:
    left = iter(names)

    async def work() -> None:
        for name in left:
            await one(name)

    await Crew().run(work, _TASKS)


Drive = Callable[[Sequence[str], Network, int, Path], Awaitable[int]]


async def ours(drive: Drive, names: Sequence[str], port: int, folder: Path) -> tuple[float, float, int]:
    """CPU seconds, wall seconds, and how many were answered rightly."""
    async with open_network(Manners.unlimited(), allow_special=True) as net:
        cpu, wall = time.process_time(), time.perf_counter()
        with rare_collections():  # as a scan does
            right = await drive(names, net, port, folder)
        return time.process_time() - cpu, time.perf_counter() - wall, right


def _line(title: str, took: Sequence[float], rest: str) -> None:
    """What each took, and ours beside the yardsticks."""
    cells = "".join(f"{one:8.1f}" for one in (*took, took[3] / took[0], took[3] / took[1]))
    print(f"{title:>16}{cells}{rest}", flush=True)


def main() -> None:
    """Print what each costs, round by round and the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if missing := [tool for tool in ("nsd", "dnsperf") if shutil.which(tool) is None]:
        sys.exit(f"bench.plain needs {' and '.join(missing)} (Debian: apt install nsd dnsperf)")
    names = [f"n{number:07d}.bench" for number in range(options.names)]
    scale = 1e6 / len(names)
    heads = ("dnsperf", "bare", "door", "rows")
    print(
        f"{'CPU us a query':>16}" + "".join(f"{head:>8}" for head in (*heads, "x dnsp.", "x bare", "rows/s", "right"))
    )
    best = [float("inf")] * len(heads)
    with tempfile.TemporaryDirectory() as folder, nsd(Path(folder), names) as port:
        for number in range(options.rounds):
            theirs = dnsperf(Path(folder), names, port)
            least, _, counted = trio.run(ours, bare, names, port, Path(folder))
            at_door, _, _ = trio.run(ours, door, names, port, Path(folder))
            in_rows, wall, right = trio.run(ours, rows, names, port, Path(folder))
            took = [seconds * scale for seconds in (theirs, least, at_door, in_rows)]
            best = [min(pair) for pair in zip(best, took, strict=True)]
            _line(f"round {number + 1}", took, f"{len(names) / wall:8,.0f}{right:8,}")
            if counted < len(names):
                print(f"the bare client got {counted:,} answers of {len(names):,}")
    _line("best", best, f"   ({os.cpu_count()} cores)")
    by_dnsperf, by_bare = best[3] / best[0] * _PEERS_DNSPERF, best[3] / best[1] * _PEERS_BARE
    print(f"in microseconds of the peers' machine: {by_dnsperf:.1f} by dnsperf, {by_bare:.1f} by the bare client")
    print(f"on the machine of peers.md, where dnsperf took {_PEERS_DNSPERF} us (aims: 35 us, so 9.0 times; 20 us):")
    for title, least, most in _PEERS:
        spread = f"{least:.0f}" if least == most else f"{least:.0f}-{most:.0f}"
        print(f"{title:>34}{spread:>8} us, {most / _PEERS_DNSPERF:.1f} times dnsperf, "
              f"{most / _PEERS_DNSPERF / (best[2] / best[0]):.1f} times ours")  # fmt: skip


if __name__ == "__main__":
    main()
