"""What a second worker brings: the same scan by one process and by two, against NSD on the same machine.

A flat signed zone (`signed`) is scanned by the command itself, with one worker and with two; seconds are those of the
sitting, CPU is of all processes of the scan. NSD and the scan share the cores, so that the most a second worker can
bring is told beside: (cores x CPU of the scan alone) / (CPU of the scan and of NSD). Needs NSD and ldns.

    python -m bench.scale --domains 20000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.signed import job, served


def scanned(folder: Path, names: Path, port: int, anchor: Path, workers: int) -> dict[str, Any]:
    """What one sitting told of itself."""
    out = folder / f"run-{workers}"
    subprocess.run(
        [sys.executable, "-m", "crawler", "scan", str(names), "--out", str(out), "--stub", f"bench=127.0.0.1:{port}",
         "--trust-anchor", str(anchor), "--workers", str(workers), "--rate", "1000000", "--server-rate", "1000000",
         "--policies", "none", "--quiet", "--looks", "1"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    told: dict[str, Any] = json.loads((out / "run.json").read_text())["sessions"][-1]
    return told


def nsd_cpu() -> float:
    """CPU seconds of all NSD processes so far."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if (entry / "comm").read_text().startswith("nsd"):
                    total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            except OSError:
                continue
    return total


def main() -> None:
    """Print both scans and what they make of each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    what = job(options.domains)
    with tempfile.TemporaryDirectory() as name, served(Path(name), what) as (port, ds):
        folder = Path(name)
        (folder / "list.txt").write_text("\n".join(what.domains) + "\n")
        (folder / "anchor").write_text(ds)
        print(f"{'':>8}{'workers':>9}{'seconds':>9}{'names/s':>9}{'us/name':>9}{'NSD us':>8}{'MiB':>6}")
        ratios = []
        for number in range(1, options.rounds + 1):
            seconds = {}
            for workers in (1, 2):
                round_ = folder / f"round-{number}"
                round_.mkdir(exist_ok=True)
                before = nsd_cpu()
                told = scanned(round_, folder / "list.txt", port, folder / "anchor", workers)
                server = nsd_cpu() - before
                seconds[workers] = told["seconds"]
                cpu, each = told["cpu_seconds"], 1e6 / options.domains
                memory = max([told["peak_memory_mib"], *told.get("worker_memory_mib", [])])
                print(
                    f"{'round ' + str(number):>8}{workers:>9}{told['seconds']:9.1f}"
                    f"{options.domains / told['seconds']:9,.0f}{cpu * each:9,.0f}{server * each:8,.0f}{memory:6}"
                )
            ratios.append(seconds[1] / seconds[2])
            most = min(2.0, (os.cpu_count() or 1) * cpu / (cpu + server))
            print(f"{'':>8}two workers: {ratios[-1]:.2f} times the throughput; the cores allow {most:.2f}")
        print(f"best {max(ratios):.2f}, median {sorted(ratios)[len(ratios) // 2]:.2f}  ({os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
