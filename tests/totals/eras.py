"""Two lists through a lab world that goes on: the matrices of `dane-census compare` against the lab's own truth.

    python -m tests.totals.eras ../shared/data/nu/nu-2024-04-30.txt.gz ../shared/data/nu/nu-2026-08-22.txt.gz

scans the first list in era 1 and the second in era 2 of one world, and compares for each name of both lists the classes
before and after, and who gained and lost DANE, with what the lab knows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.comparing import Comparison, compare
from crawler.stages import names as names_stage
from lab.listing import from_list
from lab.population import Population
from lab.profiles import PROFILES

if TYPE_CHECKING:
    from lab.truth import Truth

Matrices = dict[str, Counter[tuple[str, str]]]
SURE = frozenset({"full", "partial", "mx-insecure", "none", "not-applicable"})
HAS = frozenset({"full", "partial"})


def expected(truths: Iterable[tuple[Truth, Truth]]) -> Matrices:
    """How many names go from which class to which; `moved` has those that gained or lost DANE."""
    found: Matrices = {name: Counter() for name in ("dnssec", "mail", "dane", "tlsrpt", "moved")}
    for one, other in truths:
        found["dnssec"][str(one.zone), str(other.zone)] += 1
        found["mail"][str(one.mail), str(other.mail)] += 1
        found["dane"][str(one.dane), str(other.dane)] += 1
        found["tlsrpt"][str(one.tlsrpt), str(other.tlsrpt)] += 1
        if {one.dane, other.dane} <= SURE and (one.dane in HAS) != (other.dane in HAS):
            found["moved"]["dane", "lost" if one.dane in HAS else "gained"] += 1
    return found


def counted(sides: Comparison) -> Matrices:
    """The same from a comparison."""
    found: Matrices = {name: Counter() for name in ("dnssec", "mail", "dane", "tlsrpt", "moved")}
    for subject, before, after, n in sides.query(
        "select subject, before, after, count(*) from state group by all"
    ).rows:
        if subject in found:
            found[subject][before, after] = n
    for direction, n in sides.query("select direction, count(*) from move where subject = 'dane' group by all").rows:
        found["moved"]["dane", direction] = n
    return found


def main() -> int:
    """Scan twice, compare, and say what differs; exit status 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--profile", choices=PROFILES, default="cc")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the runs, and goes on with them")
    options = parser.parse_args()
    profile = PROFILES[options.profile]
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        worlds, names = [], []
        for era, path in enumerate((options.before, options.after), 1):
            begun = time.perf_counter()
            lab = f"{options.profile}:{options.seed}@{era}"
            # four looks: what a busy machine loses by chance is not what is compared here
            command = (
                "scan", str(path), "--lab", lab, "--out", str(folder / f"era-{era}"), "--workers", "2", "--looks", "4",
                "--quiet",
            )  # fmt: skip
            subprocess.run([sys.executable, "-m", "crawler", *command], check=True)
            worlds.append(Population(from_list(path), profile=replace(profile, era=era), seed=options.seed))
            names.append(set(names_stage.read([str(path)]).domains()))
            print(f"era {era}: {len(names[-1]):,} names in {time.perf_counter() - begun:.0f} s", flush=True)
        both = sorted(names[0] & names[1])
        wanted = expected((worlds[0].truth(name), worlds[1].truth(name)) for name in both)
        with compare([folder / "era-1", folder / "era-2"]) as sides:
            found = counted(sides)
    wrong = 0
    for subject, cells in wanted.items():
        for cell in sorted(cells.keys() | found[subject].keys()):
            if cells[cell] != found[subject][cell]:
                wrong += 1
                print(f"DIFFERS: {subject} {cell}: counted {found[subject][cell]}, expected {cells[cell]}")
    total = sum(len(cells) for cells in wanted.values())
    moved = ", ".join(f"{word} {n:,}" for (_, word), n in sorted(wanted["moved"].items()))
    print(f"{len(both):,} names in both; {total - wrong} of {total} cells as the lab's truth has them; DANE {moved}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
