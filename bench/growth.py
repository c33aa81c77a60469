"""Whether a scan costs more a name the more names there are: ``python -m bench.growth --out FOLDER``.

The command itself scans 10,000, 100,000 and 1,000,000 names of a generated world with two workers, each into a folder
of its own below FOLDER, where a run that is complete already is only read: the whole takes a good hour, half of it for
the lab, which answers and signs on the same machine. CPU is that of the scan's processes, memory the most that one
worker had.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from lab.listing import generate

SIZES = (10_000, 100_000, 1_000_000)


def scanned(folder: Path, size: int, lab: str) -> list[dict[str, Any]]:
    """The sittings of a scan of so many names."""
    names, out = folder / f"names-{size}.txt", folder / str(size)
    if not names.exists():
        names.write_text("".join(f"{name}\n" for name in islice(generate(max(SIZES), "nl").names, size)))
    if not (out / "run.json").exists() or not json.loads((out / "run.json").read_text()).get("complete"):
        subprocess.run(
            [sys.executable, "-m", "crawler", "scan", str(names), "--lab", lab, "--workers", "2", "--looks", "3",
             "--seed", "1", "--out", str(out)],
            check=True,
        )  # fmt: skip
    told: list[dict[str, Any]] = json.loads((out / "run.json").read_text())["sessions"]
    return told


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where the runs are, and stay")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--lab", default="gtld:7", metavar="PROFILE[:SEED]")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"{'names':>10}{'seconds':>9}{'names/s':>9}{'queries':>9}{'verified':>9}{'us CPU':>8}{'MiB':>7}")
    for size in options.sizes:
        sittings = scanned(options.out, size, options.lab)
        seconds = sum(one["seconds"] for one in sittings)
        cpu = sum(one["cpu_seconds"] for one in sittings)
        sent = sum(one["counters"]["udp_sent"] + one["counters"]["tcp_sent"] for one in sittings)
        checked = sum(one["counters"]["verifications"] for one in sittings)
        memory = max(mib or 0 for one in sittings for mib in one.get("worker_memory_mib", [0]))
        print(
            f"{size:10,}{seconds:9,.0f}{size / seconds:9,.0f}{sent / size:9.2f}{checked / size:9.2f}"
            f"{cpu / size * 1e6:8,.0f}{memory:7,}"
        )
    print("zdns + Unbound (peers.md), DNS from one flat zone: 3.8 queries, 1,213 us a domain; massdns + Unbound: 857")


if __name__ == "__main__":
    main()
