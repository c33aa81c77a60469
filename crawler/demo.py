"""The demo: three synthetic internets, crawled from a list of names to the last verdict, and held against truth.

Two generated populations (gTLD and country-code rates) and the hand-written scenarios, each
a world with servers of its own and a run of its own. The truth is the lab's; the verdicts
are those of the views in ``analysis``; what differs is printed, and nothing is taken on trust.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio

from analysis import stats
from analysis.export import Format, write
from analysis.warehouse import Warehouse, open_run
from crawler import __version__, worlds
from crawler.command import braked, plainly
from crawler.crawl import Looks, crawl_with
from crawler.progress import Progress
from crawler.resolver.limits import Limits
from crawler.scan import Pace, accounted, figures, now, write_names
from crawler.session import UNPROVED
from crawler.stages import names as names_stage
from crawler.store import Store, opened
from crawler.truth import CLASSES, EFFECT, POLICY, Verdicts, compare, observed, written
from crawler.visiting import Probe
from lab.listing import generate
from lab.population import Population
from lab.profiles import PROFILES
from lab.scenarios import SCENARIOS, build
from lab.world import World

SEED = 1
TLDS = {"gtld": "com", "cc": "nl"}
SHOWN = (
    "resolvable", "mail_kinds", "dnssec_states", "host_states", "dane", "dane_effective", "mta_sts", "mta_sts_modes",
    "tlsrpt", "dane_mta_sts_levels",
)  # fmt: skip
WHAT = Looks(probe=Probe.NEEDED)
WORKERS = 60  # of each world: three worlds and their servers share this machine
#: A population has zones that are silent, and none that is late; who was missed by mistake gets a second look.
BRISK = Limits(first_patience=0.6, least_patience=0.5, most_patience=1.0, rounds=1)
#: Some scenarios are about lateness; one is about a look-up that uses up its time, which would be long.
PATIENT = Limits(seconds=15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One world of the demo: its names, how its servers make it, and what ought to be found."""

    title: str
    names: Iterable[str]
    make: Callable[[], Population | World]
    truth: Callable[[], Verdicts]
    shown: tuple[str, ...] = SHOWN
    limits: Limits = BRISK
    unproved: Collection[int] = UNPROVED
    looks: int = 2


@dataclass(frozen=True, slots=True)
class _Run:
    """A world and the folder that it is crawled into."""

    part: Part
    store: Store


@dataclass(slots=True)
class Sum:
    """What all worlds came to."""

    done: int = 0
    measured: int = 0
    equal: int = 0
    verdicts: int = 0

    def __str__(self) -> str:
        return (
            f"accounted: {self.done:,} of {self.measured:,} names;"
            f" truth: {self.equal:,} of {self.verdicts:,} verdicts as written"
        )

    @property
    def whole(self) -> bool:
        return self.done == self.measured and self.equal == self.verdicts


def run_demo(out: Path | None, names: int, *, quiet: bool = False) -> bool:
    """Whether every name is accounted for and every verdict as the lab wrote it."""
    total = Sum()
    with _folder(out) as folder, ExitStack() as stack:
        began, cpu = time.monotonic(), time.process_time()
        runs = [_Run(part, stack.enter_context(_opened(part, folder / part.title))) for part in parts(names)]
        if not plainly(partial(_crawl, runs, quiet)):
            print("dane-census: stopped before its end", file=sys.stderr)
            return False
        seconds, used = time.monotonic() - began, time.process_time() - cpu
        for run in runs:
            _judge(run, total)
        print("\n=== together")
        for line in figures({"sessions": [_together(runs, seconds, used)]}, total.done):
            print(line)
    print(total, flush=True)
    return total.whole


def _together(runs: list[_Run], seconds: float, cpu: float) -> dict[str, Any]:
    """All sittings as one: they shared the process and its time."""
    sessions = [run.store.run["sessions"][-1] for run in runs]
    rows: Counter[str] = Counter()
    counters: Counter[str] = Counter()
    for session in sessions:
        rows.update(session["rows"])
        counters.update({key: n for key, n in session["counters"].items() if isinstance(n, int)})
    counters.pop("busiest_rate", None)
    return {"seconds": seconds, "cpu_seconds": cpu, "rows": rows, "counters": counters}


def parts(names: int) -> Iterator[Part]:
    """Both profiles with half of the generated names each, then the scenarios."""
    half = (names + 1) // 2
    when = int(time.time())
    for profile, tld in TLDS.items():
        make = partial(Population, generate(half, tld), profile=PROFILES[profile], seed=SEED, now=when)
        world = make()
        yield Part(
            title=f"{profile}-population",
            names=world.names,
            make=make,
            truth=partial(written, world, world.names, talked=True),
        )
    yield Part(
        title="scenarios",
        names=[scenario.domain for scenario in SCENARIOS],
        make=partial(scenario_world, when),
        truth=_scenario_truth,
        shown=(),
        limits=PATIENT,
        unproved=(),  # some scenarios are about denials at these names
        looks=1,
    )


def scenario_world(when: int) -> World:
    """The world of all hand-written scenarios; a function of its own, so that it can be sent to a process."""
    return build(SCENARIOS, when)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with TemporaryDirectory(prefix="dane-census-demo-") as folder:
        yield Path(folder)


@contextmanager
def _opened(part: Part, folder: Path) -> Iterator[Store]:
    found = names_stage.from_texts(part.title, part.names)
    with opened(folder, {"version": __version__, "demo": part.title, "input": found.digests}) as store:
        store.note(version=__version__, start=now(), complete=False, resolver="iterate")
        write_names(store, found)
        yield store


async def _crawl(runs: list[_Run], quiet: bool) -> bool:
    """All worlds at once: most of the time goes into waiting for servers that are silent on purpose."""
    said = Progress(quiet=quiet)
    complete: list[bool] = []

    async def crawl(run: _Run) -> None:
        progress = Progress(quiet=quiet, live=False, title=run.part.title)
        async with worlds.opened(run.part.make, limits=run.part.limits, unproved=run.part.unproved) as eyes:
            done = await crawl_with(
                eyes, Pace(workers=WORKERS, looks=run.part.looks, seed=SEED), run.store, progress, brake, WHAT
            )
        run.store.note(complete=done, end=now())
        complete.append(done)

    async with braked(said) as brake, trio.open_nursery() as nursery:
        for run in runs:
            nursery.start_soon(crawl, run)
    return all(complete)


def _judge(run: _Run, total: Sum) -> None:
    """Prints the figures of one world and holds its verdicts against the truth."""
    print(f"\n=== {run.part.title}")
    done, measured = accounted(run.store)
    with open_run(run.store.folder) as warehouse:
        _show(warehouse, run.store.folder, run.part.shown)
        truth = run.part.truth()
        total.equal += compare(truth, observed(warehouse))
        total.verdicts += len(truth)
    total.done += done
    total.measured += measured


def _show(warehouse: Warehouse, folder: Path, shown: tuple[str, ...]) -> None:
    if shown:
        counted = [stats.count(warehouse, one) for one in stats.chosen(list(shown))]
        facts = {"run": folder.name, "resolver": warehouse.resolver(), "psl_version": warehouse.psl_version()}
        print("\n" + write(counted, Format.TABLE, facts))


def _scenario_truth() -> Verdicts:
    verdicts = {
        (scenario.domain, verdict): word
        for scenario in SCENARIOS
        for verdict, word in zip(CLASSES, scenario.classes, strict=True)
    }
    for scenario in SCENARIOS:
        if scenario.classes.dane in {"full", "partial"} and scenario.effect:
            verdicts[scenario.domain, EFFECT] = str(scenario.effect["effective"])
        for verdict, column in POLICY.items():
            if column in scenario.verdict:
                verdicts[scenario.domain, verdict] = str(scenario.verdict[column])
    return verdicts
