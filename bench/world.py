"""A whole crawl of a generated world, names to Parquet: ``python -m bench.world [N]``.

For each profile, N invented names (5,000 unless told) are crawled as ``dane-census scan
--lab`` crawls them: one look, the lab's servers in a process of their own behind real
sockets. CPU is user and system time of the whole crawler process, from the first question
to the last row on the disk, the servers' not counted; each profile has a process of its
own, so that peak memory is its own, too. The lab answers without delay but its silent
servers: names/s is what one core can do, not what politeness allows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import trio

from crawler import runner
from crawler.progress import Progress
from crawler.scan import Pace, Scan, accounted, stages, write_names
from crawler.stages import names as names_stage
from crawler.store import Store, opened
from crawler.worlds import NEAR
from crawler.worlds import opened as opened_world
from lab.listing import generate
from lab.population import Population
from lab.profiles import PROFILES

TLDS = {"cc": "nl", "gtld": "com"}


class Cost(NamedTuple):
    """What a crawl came to; CPU and wall time in seconds, memory in MiB."""

    done: int
    hosts: int
    queries: int
    verifications: int
    cpu: float
    wall: float
    memory: int


async def crawl(make: partial[Population], store: Store, workers: int) -> Cost:
    """One look at everything."""
    async with opened_world(make, limits=NEAR) as eyes:
        resolver = eyes.resolver
        pace = Pace(workers=workers, looks=1)
        scan = Scan(store, stages(resolver, None), pace, Progress(quiet=True), runner.Brake())
        cpu, wall = time.process_time(), time.perf_counter()
        await scan.crawl()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        done, _ = accounted(store)
        sent = eyes.net.counters.udp_sent + eyes.net.counters.tcp_sent
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return Cost(done, scan.rows.get("hosts", 0), sent, resolver.verifications, cpu, wall, memory)


def measure(profile: str, count: int, workers: int) -> Cost:
    """A crawl of so many names of a profile, into a folder that is thrown away."""
    make = partial(Population, generate(count, TLDS[profile]), profile=PROFILES[profile], seed=1, now=int(time.time()))
    found = names_stage.from_texts(profile, make().names)
    with TemporaryDirectory(prefix="dane-census-bench-") as folder, opened(Path(folder), {"bench": profile}) as store:
        write_names(store, found)
        return trio.run(crawl, make, store, workers)


def main() -> None:
    """Print what each profile cost, a domain and in all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", type=int, nargs="?", default=5_000, metavar="N")
    parser.add_argument("--workers", type=int, default=Pace().workers)
    parser.add_argument("--profile", choices=sorted(TLDS), action="append", help="both unless told")
    options = parser.parse_args()
    print(f"{'a domain:':<10}{'queries':>9}{'verif.':>9}{'us CPU':>9}{'hosts':>8}{'names/s':>10}{'MiB':>7}{'done':>9}")
    for profile in options.profile or TLDS:
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            cost: Cost = alone.apply(measure, (profile, options.names, options.workers))
        each = max(1, cost.done)
        print(f"{profile:<10}{cost.queries / each:9.2f}{cost.verifications / each:9.2f}{cost.cpu / each * 1e6:9,.0f}"
              f"{cost.hosts / each:8.2f}{cost.done / cost.wall:10,.0f}{cost.memory:7,}{cost.done:9,}")  # fmt: skip


if __name__ == "__main__":
    main()
