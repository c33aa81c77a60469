"""All statistics over a country's run: seconds, memory, and the slowest, for ten million domains.

No crawl of that size is needed: a small census of the lab is multiplied. Each copy has names of its own (domains, and
the hosts and policy hosts below them) under one of 50 made-up TLDs, with a rank and a tag; providers and their hosts
stay what they are, and so serve all copies. Verdicts are multiplied with the evidence, for judging is a job of its own
(``dane-census judge``). The class tables are made, as a scan does at its end, and
then all statistics, each in a process of its own that may have 2 threads and 4 GiB.

    python -m bench.country --domains 10000000 --keep /tmp/country
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from analysis import judge
from analysis.stats import catalogue, count
from analysis.verdicts import VERDICTS
from analysis.warehouse import open_run, write_classes
from lab.listing import generate

BASE = 10_000
LIMIT = "3GB"  # for DuckDB, which may use a little more; the process may have 4 GiB
TLD = "nl"
#: What is renamed in each table: plain columns, and the lists that a column may be.
RENAMED: dict[str, dict[str, str]] = {
    "names": {
        "domain": "f(domain, k)", "text": "f(domain, k)", "rank": "k * {base} + line",
        "tags": "['sector:' || (hash(domain, k) % 5)::varchar]",
    },
    "domains": {
        "domain": "f(domain, k)", "zone": "f(zone, k)",
        "name_servers": "list_transform(name_servers, lambda n: f(n, k))",
        "mx_hosts": "list_transform(mx_hosts, lambda m: "
        "{{'preference': m.preference, 'host': f(m.host, k), 'target': m.target}})",
    },
    "hosts": {"host": "f(host, k)", "expanded": "f(expanded, k)"},
    "policies": {"domain": "f(domain, k)", "host": "f(host, k)", "expanded": "f(expanded, k)"},
    "endpoints": {"endpoint": "f(host, k) || ' ' || address", "host": "f(host, k)", "sni": "f(sni, k)"},
    "policy_verdicts": {"domain": "f(domain, k)"},
    "endpoint_verdicts": {
        "endpoint": "f(host, k) || ' ' || address", "host": "f(host, k)",
        "names": "list_transform(names, lambda n: f(n, k))",
    },
}  # fmt: skip
#: Providers' rows are not multiplied: their names are the same in every copy.
OWN = {"hosts": "host", "endpoints": "host", "endpoint_verdicts": "host"}
MACROS = f"""
create macro own(name) as ends_with(name, '.{TLD}') and not contains(name, 'lab-');
create macro f(name, k) as case
    when k = 0 or not own(name) then name else substr(name, 1, len(name) - {len(TLD) + 1}) || '-' || k || '.t' || k % 50
end;
"""


def crawled(folder: Path) -> Path:
    """A census of the lab, conversations included."""
    names = folder / "names.txt"
    names.write_text("\n".join(generate(BASE, TLD).names) + "\n")
    out = folder / "base"
    command = ("scan", str(names), "--lab", "cc:7", "--out", str(out), "--smtp", "--probe", "all", "--quiet")
    subprocess.run([sys.executable, "-m", "crawler", *command], check=True, stdout=subprocess.DEVNULL)
    return out


def multiplied(base: Path, out: Path, times: int) -> None:
    """A run of so many copies of another."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("run.json", judge.CA_STORE):
        if (base / name).is_file():
            shutil.copy(base / name, out / name)
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        for table in sorted(path.name for path in base.iterdir() if path.is_dir()):
            _copies(connection, base, out, table, times)
    for table in VERDICTS:  # the basis tells the verdicts' parts of the evidence, which are now other ones
        with duckdb.connect() as connection:
            part = next((out / table).glob("*.parquet"))
            connection.execute(
                f"copy (from read_parquet('{part}')) to '{out / table / judge.PART}' "
                f"(format parquet, compression zstd, kv_metadata {{'{judge.BASIS.decode()}': '{judge.basis(out)}'}})"
            )
            part.unlink()


def _copies(connection: duckdb.DuckDBPyConnection, base: Path, out: Path, table: str, times: int) -> None:
    (out / table).mkdir(exist_ok=True)
    renamed = ", ".join(f"{new.format(base=BASE)} as {old}" for old, new in RENAMED.get(table, {}).items())
    copies = f"range({times if table in RENAMED else 1}) as c(k)"
    only = f"where k = 0 or own({OWN[table]})" if table in OWN else ""
    chosen = f"* exclude k replace ({renamed})" if renamed else "* exclude k"
    connection.execute(
        f"copy (select {chosen} from read_parquet('{base / table}/*.parquet'), {copies} {only}) "
        f"to '{out / table / 'part-1.parquet'}' (format parquet, compression zstd)"
    )


def peak() -> int:
    """MiB that this process held at most. getrusage would count what the parent held before."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024


def prepared(run: Path) -> None:
    """The class tables of a run: seconds and memory."""
    begun = time.perf_counter()
    write_classes(run, memory=LIMIT)
    print(json.dumps({"seconds": time.perf_counter() - begun, "memory": peak()}))


def counted(run: Path) -> None:
    """All statistics, in this process: what each took, and what the process held at most."""
    begun = time.perf_counter()
    took: dict[str, float] = {}
    with open_run(run, memory=LIMIT) as warehouse:
        warehouse.connection.execute("set threads = 2")
        took["(opening: the class tables)"] = time.perf_counter() - begun
        names = warehouse.query("select count(*) from names").rows[0][0]
        for statistic in catalogue().values():
            start = time.perf_counter()
            count(warehouse, statistic)
            took[statistic.name] = time.perf_counter() - start
    seconds = time.perf_counter() - begun
    print(json.dumps({"names": names, "seconds": seconds, "memory": peak(), "took": took}))


def main() -> None:
    """Make the run, count it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the base and the run")
    parser.add_argument("--slowest", type=int, default=3)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        counted(options.count)
        return
    if options.prepare:
        prepared(options.prepare)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        base = folder / "base" if (folder / "base" / "run.json").is_file() else crawled(folder)
        run = folder / f"run-{options.domains}"
        if not run.is_dir():
            multiplied(base, run, options.domains // BASE)
        octets = sum(path.stat().st_size for path in run.rglob("*.parquet"))
        made, told = (
            json.loads(
                subprocess.run(
                    [sys.executable, "-m", "bench.country", what, str(run)], check=True, stdout=subprocess.PIPE
                ).stdout
            )
            for what in ("--prepare", "--count")
        )
        print(
            f"{told['names']:,} domains, {octets / 2**20:,.0f} MiB of Parquet: {len(told['took']) - 1} statistics in "
            f"{told['seconds']:.1f} s (target 60 for 10,000,000), {told['memory']:,} MiB at most (target 4,096); "
            f"class tables, which a scan makes at its end, took {made['seconds']:.1f} s and {made['memory']:,} MiB"
        )
        for name, seconds in sorted(told["took"].items(), key=lambda item: -item[1])[: options.slowest]:
            print(f"  {seconds:7.2f} s  {name}")


if __name__ == "__main__":
    main()
