"""`python -m tests.totals`: see the package."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis.warehouse import open_run
from lab.listing import generate
from lab.population import Population
from lab.profiles import PROFILES
from tests.totals.compare import differences
from tests.totals.expected import by_name

TLD = "nl"


def main() -> int:
    """Crawl, count twice, and say what differs; exit status 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="cc")
    parser.add_argument("--names", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    names = list(generate(options.names, TLD).names)
    with tempfile.TemporaryDirectory() as scratch:
        listed, out = Path(scratch) / "names.txt", Path(scratch) / "run"
        listed.write_text("\n".join(names) + "\n")
        lab = f"{options.profile}:{options.seed}"
        command = ("scan", str(listed), "--lab", lab, "--out", str(out), "--smtp", "--workers", "2", "--quiet")
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "crawler", *command], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - begun
        world = Population(generate(options.names, TLD), profile=PROFILES[options.profile], seed=options.seed)
        wanted = by_name([world.truth(name) for name in names], TLD)
        with open_run(out) as run:
            found = list(differences(run, wanted))
    for name, key, seen, figures in found[:20]:
        print(f"DIFFERS: {name} {key}: counted {seen}, expected {figures}")
    rows = sum(map(len, wanted.values()))
    print(f"{options.profile}: {len(names):,} names in {seconds:.0f} s; {rows - len(found)} of {rows} rows of "
          f"{len(wanted)} statistics as the lab's truth has them")  # fmt: skip
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
