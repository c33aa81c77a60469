"""All benchmarks, one after the other: ``python -m bench``, or ``make bench``; each also runs alone.

They take a quarter of an hour, want a machine with nothing else to do, and print ratios where a
yardstick runs beside ours; `plain`, `signed` and `tree` need Debian's servers and say so if they must.
"""

from __future__ import annotations

import subprocess
import sys

_ALL = ("wire", "net", "plain", "signed", "tree", "world", "fetch", "talk", "country", "lists")


def main() -> int:
    """Run each in a process of its own, so that none inherits the other's memory; the worst exit status."""
    worst = 0
    for name in _ALL:
        print(f"--- bench.{name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
