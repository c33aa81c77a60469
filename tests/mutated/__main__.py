"""``python -m tests.mutated [N] [--seed S] [--captures FILE]``: a million spoiled replies, and at what rate."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import trio

from tests.mutated.hammer import CAPTURES, Hammer, captured
from tests.mutated.spoil import spoiled_pairs

SAID = 100_000  # replies between two lines


async def run(path: Path, number: int, seed: int) -> None:
    captures = captured(path)
    hammer = Hammer(captures)
    began, cpu = time.perf_counter(), time.process_time()
    for wire, moment in spoiled_pairs(captures, seed, number):
        try:
            hammer.strike(wire, moment)
        except Exception:
            print(f"reply {hammer.tally.replies} of seed {seed}: {wire.hex()}", file=sys.stderr)
            raise
        if hammer.tally.replies % SAID == 0:
            print(
                f"{hammer.tally.replies:,} replies, {time.perf_counter() - began:,.0f} s", file=sys.stderr, flush=True
            )
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    tally = hammer.tally
    for title, counts in (("faults", tally.faults), ("kinds", tally.kinds), ("reasons", tally.reasons)):
        print(f"{title + ':':<9}" + ", ".join(f"{word} {times:,}" for word, times in counts.most_common()))
    print(f"{tally.replies:,} spoiled replies, {tally.verifications:,} verifications, no exception but the fault;"
          f" {number / wall:,.0f} replies/s, {cpu / number * 1e6:,.0f} us of CPU each")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutated", description=__doc__)
    parser.add_argument("number", type=int, nargs="?", default=1_000_000, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    options = parser.parse_args()
    if not options.captures.exists():
        sys.exit(f"{options.captures}: no captured replies there; give another place by --captures")
    trio.run(run, options.captures, options.number, options.seed)


if __name__ == "__main__":
    main()
