"""What binds the time of a scan where servers are far away, the rate caps or waiting: ``python -m bench.distance``.

A generated world answers after a round trip of 20 or 100 ms, loses one packet in a hundred, and three servers in a
hundred are dead (the root's and the registry's are not). It is scanned with the default manners and limits of a real
scan. No scan can be faster than the caps allow: beside the seconds stands the least that the address asked most, and
all queries together, can take under theirs. A ratio near one says that waiting costs nothing: others are asked
meanwhile.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio

from crawler import runner
from crawler.manners import OVERALL, PER_ADDRESS, Manners
from crawler.progress import Progress
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.scan import Pace, Scan, accounted, stages, write_names
from crawler.stages import names as names_stage
from crawler.store import Store, opened
from lab.distance import Distant, Far
from lab.listing import generate
from lab.network import LabNetwork
from lab.population import Population
from lab.profiles import PROFILES
from lab.servers import serving

ROWS = (
    Far("near"),
    Far("20 ms", 0.02),
    Far("100 ms", 0.1),
    Far("100 ms, 1 % lost", 0.1, 0.01),
    Far("100 ms, 1 % lost, 3 % dead", 0.1, 0.01, 0.03),
)


class Counting(LabNetwork):
    """Counts how often each address is asked."""

    def __init__(self, port: int, **options: Any) -> None:
        super().__init__(port, **options)
        self.asked: Counter[str] = Counter()

    def _outbound(self, address: str, port: int) -> tuple[tuple[Any, ...], bytes]:
        self.asked[address] += 1
        return super()._outbound(address, port)


async def crawl(make: partial[Distant], store: Store, workers: int) -> tuple[float, float, float]:
    """Wall seconds, the least that the caps allow, and queries."""
    world = make().near
    hints, anchors = starting_hints(world.hints()), starting_anchors(world.anchors())
    with serving(make) as servers:
        async with Counting(servers.port, manners=Manners()).running() as net:
            resolver = Resolver(net, hints=hints, anchors=anchors)
            scan = Scan(
                store, stages(resolver, None), Pace(workers=workers, looks=1), Progress(quiet=True), runner.Brake()
            )
            began = time.perf_counter()
            await scan.crawl()
            wall = time.perf_counter() - began
    most = net.asked.most_common(1)[0][1]
    least = max(most / PER_ADDRESS.rate, net.asked.total() / OVERALL.rate)
    return wall, least, net.asked.total()


def distant(count: int, far: Far, now: int) -> partial[Distant]:
    """A maker of the world of so many names."""
    near = partial(Population, generate(count, "nl"), profile=PROFILES["cc"], seed=1, now=now)
    return partial(Distant, near, "nl", far)


def main() -> None:
    """Print a row for each distance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=Pace().workers)
    options = parser.parse_args()
    print(f"{'':>28}{'seconds':>9}{'caps: s':>9}{'ratio':>7}{'names/s':>9}{'queries':>9}{'done':>8}")
    for far in ROWS:
        make = distant(options.names, far, int(time.time()))
        found = names_stage.from_texts("generated", generate(options.names, "nl").names)
        with TemporaryDirectory() as folder, opened(Path(folder), {"bench": far.title}) as store:
            write_names(store, found)
            wall, least, queries = trio.run(crawl, make, store, options.workers)
            done, _ = accounted(store)
        print(
            f"{far.title:>28}{wall:9.1f}{least:9.1f}{wall / least:7.2f}{options.names / wall:9,.0f}"
            f"{queries / options.names:9.2f}{done:8,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
