"""What binds the time of a scan where servers are far away, the rate caps or waiting: ``python -m bench.distance``.

A generated world answers after a round trip of 20 or 100 ms, loses one packet in a hundred, and three servers in a
hundred are dead (the root's and the registry's are not). It is scanned with the default manners and limits of a real
scan. No scan can be faster than the caps allow: beside the seconds of each stage stands the least that the address
asked most in it, and all its queries together, can take under theirs. A ratio near one says that waiting costs
nothing: others are asked meanwhile. The last hundredth of a stage's keys is told apart: it waits for servers that are
silent (the profile has some at any distance), for as long as that takes, however long the list is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
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


@dataclass(slots=True)
class Part:
    """A stage: when it began, when all but the last hundredth of its keys were done, when it ended; in seconds."""

    title: str
    total: int
    began: float
    most: float = 0.0
    ended: float = 0.0
    caps: float = 0.0  # the least that they allow
    queries: int = 0
    done: int = 0


class Timed(Progress):
    """Notes when each stage is how far."""

    def __init__(self, net: Counting) -> None:
        super().__init__(quiet=True)
        self._net = net
        self.parts: list[Part] = []

    def begin(self, title: str, total: int, before: int = 0) -> None:
        del before
        self.parts.append(Part(title, total, time.perf_counter()))
        self._net.asked.clear()

    def count(self, word: str) -> None:
        del word
        part = self.parts[-1]
        part.done += 1
        if part.done == max(1, part.total * 99 // 100):
            part.most = time.perf_counter()

    def end(self) -> None:
        part, asked = self.parts[-1], self._net.asked
        part.ended = time.perf_counter()
        part.queries = asked.total()
        part.caps = max(asked.most_common(1)[0][1] / PER_ADDRESS.rate, part.queries / OVERALL.rate)


async def crawl(make: partial[Distant], store: Store, workers: int) -> list[Part]:
    """The stages of a scan."""
    world = make().near
    hints, anchors = starting_hints(world.hints()), starting_anchors(world.anchors())
    with serving(make) as servers:
        async with Counting(servers.port, manners=Manners()).running() as net:
            resolver = Resolver(net, hints=hints, anchors=anchors)
            timed = Timed(net)
            scan = Scan(store, stages(resolver, None), Pace(workers=workers, looks=1), timed, runner.Brake())
            await scan.crawl()
    return timed.parts


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
    print(f"{'':>28}{'':>9}{'caps: s':>9}{'99 %: s':>9}{'ratio':>7}{'last 1 %: s':>13}{'keys/s':>8}{'queries':>9}")
    for far in ROWS:
        make = distant(options.names, far, int(time.time()))
        found = names_stage.from_texts("generated", generate(options.names, "nl").names)
        with TemporaryDirectory() as folder, opened(Path(folder), {"bench": far.title}) as store:
            write_names(store, found)
            parts = trio.run(crawl, make, store, options.workers)
            done, wanted = accounted(store)
        if done < wanted:
            sys.exit(f"{far.title}: {done:,} of {wanted:,} names have a row")
        for part in parts:
            most, last = part.most - part.began, part.ended - part.most
            where = far.title if part is parts[0] else ""
            print(f"{where:>28}{part.title:>9}{part.caps:9.1f}{most:9.1f}{most / part.caps:7.2f}{last:13.1f}"
                  f"{part.total / (most + last):8,.0f}{part.queries / part.total:9.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
