"""A generated world as master files for NSD: ``python -m lab LIST --out FOLDER``.

LIST is what a scan takes for ``--lab``: a plain list or a zone file. Written are the root,
the registries above the listed names (with exactly these delegations, so that their
denials are a real chain), each listed name's own zone, and ``zones.conf`` for nsd.conf.
The zones of mail providers and name servers are made only when they are asked for, and
are not written.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from lab.export import explicit, export
from lab.listing import from_list
from lab.names import wire
from lab.population import Population
from lab.profiles import PROFILES
from lab.zones import Zone


def zones(world: Population, names: Iterable[str]) -> Iterator[Zone]:
    """The listed zones, then the registries above them, the root last."""
    above: dict[str, set[str]] = {}
    for name in names:
        zone = world.zone(name)
        if zone is not None:
            yield zone
        while name:
            upper = name.partition(".")[2]
            above.setdefault(upper, set()).add(name)
            name = upper
    for apex in sorted(above, key=len, reverse=True):
        zone = world.zone(apex)
        if zone is not None:
            yield explicit(zone, map(wire, sorted(above[apex]))) if zone.lookup is not None else zone


def main() -> None:
    """Read the list, write the zones, say how many."""
    parser = argparse.ArgumentParser(
        prog="python -m lab", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("list", type=Path, metavar="LIST")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="gtld")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=None, help="only the first so many names")
    options = parser.parse_args()
    profile, now = PROFILES[options.profile], int(time.time())
    world = Population(from_list(options.list), profile=profile, seed=options.seed, now=now)
    written = export(zones(world, islice(world.names, options.limit)), options.out)
    print(f"{written:,} zones in {options.out}; include zones.conf in nsd.conf, with zonesdir: {options.out}")


if __name__ == "__main__":
    main()
