"""How quickly lists are read, and in how much memory: ``python -m bench.lists --names 10000000``.

Four lists of invented names: one name a line; `rank,domain`, as popularity lists are; a zone file as large registries
write theirs (two NS records a name, one in 25 with DS); and one of a registry that signs (two NS, every second name
with DS and its RRSIG). `dane-census names` reads each in a process of its own, folds repeats and counts; its wall
time, CPU and peak memory are those of the whole command, its start and its counts of TLDs and DS included. The last
column is of reading and folding alone, which is what a scan begins with. The yardstick is dnspython's zone reader on
the beginning of the third list, in the same run.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.zone

from crawler.stages import names as names_stage

_PLENTY = 100_000  # names for dnspython, which takes 30 s for them
_SIGNATURE = "13 2 3600 20261215000000 20261120000000 34112"


def plain(names: int) -> Iterator[str]:
    """One name a line."""
    drawn = random.Random(1)
    for number in range(names):
        yield f"{drawn.getrandbits(28):x}-{number}.nl\n"


def ranked(names: int) -> Iterator[str]:
    """Rank and name."""
    for number, name in enumerate(plain(names), 1):
        yield f"{number},{name}"


def registry(names: int) -> Iterator[str]:
    """A zone in which one name in 25 has a DS record."""
    drawn = random.Random(2)
    yield from _apex("com")
    for number in range(names):
        owner, operator = f"{drawn.getrandbits(28):x}-{number}.com.", drawn.randrange(500)
        yield f"{owner}\t172800\tin\tns\tns1.dns{operator}.com.\n{owner}\t172800\tin\tns\tns2.dns{operator}.net.\n"
        if number % 25 == 0:
            yield f"{owner}\t86400\tin\tds\t{number % 65536} 13 2 {drawn.getrandbits(256):064x}\n"


def signing(names: int) -> Iterator[str]:
    """A zone in which every second name has a DS record, signed."""
    drawn = random.Random(3)
    yield from _apex("nl")
    for number in range(names):
        owner, operator = f"{drawn.getrandbits(28):x}-{number}.nl.", drawn.randrange(500)
        yield f"{owner}\t3600\tin\tns\tns1.dns{operator}.nl.\n{owner}\t3600\tin\tns\tns2.dns{operator}.net.\n"
        if number % 2:
            yield f"{owner}\t3600\tin\tds\t{number % 65536} 13 2 {drawn.getrandbits(256):064x}\n"
            yield f"{owner}\t3600\tin\trrsig\tds {_SIGNATURE} nl. {'A' * 86}==\n"


def _apex(zone: str) -> Iterator[str]:
    yield f"{zone}.\t3600\tin\tsoa\tns1.dns.{zone}. hostmaster.{zone}. 1 3600 600 2419200 600\n"
    yield f"{zone}.\t3600\tin\tns\tns1.dns.{zone}.\n"


def read(path: Path) -> tuple[float, float, float]:
    """Wall and CPU seconds, and MiB, of `dane-census names` on a list."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "crawler", "names", str(path)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"dane-census names failed on {path}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def folded(path: Path) -> float:
    """Seconds of reading and folding alone."""
    command = [sys.executable, "-m", "bench.lists", "--read", str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def dnspython(path: Path) -> float:
    """Names a second."""
    began = time.perf_counter()
    zone = dns.zone.from_file(str(path), origin="com.", relativize=False)
    return len(zone.nodes) / (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read is not None:
        began = time.perf_counter()
        names_stage.read([str(options.read)])
        print(time.perf_counter() - began)
        return
    lists: tuple[tuple[str, Callable[[int], Iterator[str]]], ...] = (
        ("plain", plain), ("CSV", ranked), ("zone file", registry), ("zone file, signed", signing)
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_text("".join(registry(_PLENTY)))
        yardstick = dnspython(path)
        path.write_text("a.nl\n")
        start, _, base = read(path)
        print(f"{options.names:,} names; {os.cpu_count()} cores; the command alone: {start:.1f} s, {base:.0f} MiB")
        print(f"{'':>20}{'MB':>8}{'s':>8}{'CPU s':>8}{'names/s':>12}{'MiB':>6}{'read/s':>12}")
        for title, lines in lists:
            with path.open("w") as file:
                file.writelines(lines(options.names))
            wall, cpu, memory = read(path)
            size = path.stat().st_size / 1e6
            print(f"{title:>20}{size:8,.0f}{wall:8.1f}{cpu:8.1f}{options.names / wall:12,.0f}{memory:6,.0f}"
                  f"{options.names / folded(path):12,.0f}", flush=True)  # fmt: skip
        print(f"{'dnspython':>20}{'':8}{'':8}{'':8}{yardstick:12,.0f}   (the zone file's first {_PLENTY:,} names)")


if __name__ == "__main__":
    main()
