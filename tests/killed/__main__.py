"""A scan of a small lab world in a process that can be killed at any moment.

Reads folders from standard input, one a line; for each it forks a scan into that folder, prints its process id, waits,
and prints how it ended. All imports are made once, before the first fork, and no thread runs here.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import trio

from crawler.crawl import Looks, crawl_with
from crawler.progress import Progress
from crawler.runner import Brake
from crawler.scan import Pace, write_names
from crawler.session import Eyes
from crawler.stages.names import from_texts
from crawler.store import opened
from crawler.visiting import Policies, Probe
from lab.chance import weighted
from lab.listing import generate
from lab.network import DirectNetwork
from lab.population import Population
from lab.profiles import ODD
from tests.lab.census import resolver_in

NAMES = 10
#: Everything goes wrong there but silence, which would take real time.
HASTY = replace(
    ODD,
    lame_kind=weighted({"refused": 1, "servfail": 1, "garbage": 1, "upward": 1}),
    fetch_self=weighted({kind: 1 for kind in ODD.fetch_self.values if kind != "silent"}),
    fetch_third=weighted({kind: 1 for kind in ODD.fetch_third.values if kind != "silent"}),
    mail_manner=weighted({kind: 1 for kind in ODD.mail_manner.values if kind != "mute"}),
)
WHAT = Looks(policies=Policies.ANNOUNCED, probe=Probe.NONE, ehlo="census.example")


def scan(folder: Path) -> None:
    """What a scan does between its options and its figures."""
    world = Population(generate(NAMES, "se"), profile=HASTY, seed=3)
    found = from_texts("generated", world.names)
    with opened(folder, {"kind": "killed"}) as store:
        write_names(store, found)
        pace = Pace(workers=8, part_rows=4)
        quiet = Progress(quiet=True, out=io.StringIO())

        async def main() -> None:
            eyes = Eyes(resolver_in(world), DirectNetwork(world), ca=world.ca())
            assert await crawl_with(eyes, pace, store, quiet, Brake(), WHAT)

        trio.run(main)
        store.note(complete=True)


def main() -> None:
    """Fork, tell, wait, tell; until there is nothing more to do."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                scan(Path(line.strip()))
                status = 0
            except BaseException:  # noqa: BLE001 - told, for nobody above catches it
                traceback.print_exc()
            finally:
                os._exit(status)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, ended = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
