"""What the commands do once their options are read: a scan from lists to figures, a look-up, a table of names.

Nothing is written before lists and options are known to be good. What the user can mend
comes out as `ListFault`, `OptionFault` or `StoreFault`, also from inside a nursery.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, TypeVar

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import trio

from analysis import judge
from analysis.classes import WORTH
from analysis.warehouse import RunFault, write_classes
from crawler import __version__, outlook, runner
from crawler.crawl import Looks, announce, crawl_with
from crawler.fleet import Fleet
from crawler.optout import Watched
from crawler.progress import Progress
from crawler.resolver.answer import Answer
from crawler.scan import Pace, Session, accounted, figures, now, write_names
from crawler.session import Eyes, OptionFault, Options, Start, opened, prepare
from crawler.shards import MOST, WHOLE, Shard
from crawler.stages import names as names_stage
from crawler.stages.lists import Format
from crawler.stages.names import Names
from crawler.standards.names import NameFault, domain, from_text
from crawler.store import RUN, Store, StoreFault
from crawler.store import opened as opened_store
from crawler.tables import Domain
from crawler.visiting import Policies, Probe
from crawler.worker import Job

T = TypeVar("T")
NAMELESS = 10_000  # names that may be scanned without a contact
NAMES_A_WORKER = 2_000  # fewer are not worth a process of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A scan as it was asked for."""

    lists: list[str]
    out: Path
    form: Format = Format.AUTO
    origin: str | None = None
    tsig_key: str | None = None
    only_suffix: tuple[str, ...] = ()
    sample: int | None = None
    limit: int | None = None
    options: Options = Options()
    concurrency: int = 300
    looks: int = 2
    look_delay: float = 0.0
    per_server: bool = False
    zone_files: bool = True
    policies: Policies = Policies.ANNOUNCED
    probe: Probe = Probe.NONE
    ehlo: str = ""
    smtp_patience: float | None = None
    seed: int = 0
    contact: str = ""
    vantage: str = ""
    quiet: bool = False
    dry_run: bool = False
    log_json: bool = False
    workers: int | None = None  # processes; as many as cores, if nothing is said and there is enough to do
    shard: Shard = WHOLE
    arguments: tuple[str, ...] = ()  # as given, for `resume`

    def pace(self) -> Pace:
        """How the work is gone about."""
        return Pace(
            workers=self.concurrency, looks=self.looks, look_delay=self.look_delay, seed=self.seed, shard=self.shard
        )  # fmt: skip

    def processes(self, names: int) -> int:
        """How many workers the names are worth."""
        most = MOST // self.shard.of
        if self.workers is not None:
            return max(1, min(self.workers, most))
        return max(1, min(len(os.sched_getaffinity(0)), most, names // self.shard.of // NAMES_A_WORKER))


def run_scan(command: Command) -> bool:
    """The whole way; False if it was stopped before its end."""
    start = prepare(command.options)
    if command.per_server and start.resolvers:
        raise OptionFault("--per-server asks every name server itself: not together with --resolver")
    found = chosen(command, start.opt_out.names)
    if command.dry_run:
        for line in outlook.tell(
            found, start, outlook.Wish(command.policies, command.probe, command.contact, command.zone_files)
        ):
            print(line)
        return True
    if not command.contact and start.profile is None and not start.at_home and len(found) > NAMELESS:
        raise OptionFault(
            f"{len(found):,} names of other people's: say who you are by --contact, an address or page where one can"
            " ask and opt out (docs/ethics.md); --dry-run shows what would be sent"
        )
    _enough_descriptors(command, command.processes(len(found)))
    progress = Progress(quiet=command.quiet, log_json=command.log_json)
    identity = _input(found, command) | start.identity()
    with opened_store(command.out, identity, command.shard) as store:
        _begin(store, command, start)
        write_names(store, found, command.shard)
        if command.shard == WHOLE:
            _judge(store)  # no verdicts yet: whoever opens the folder by other means finds every table
        complete = plainly(partial(_crawl, command, start, store, found, progress))
        if command.shard == WHOLE:
            _judge(store, classes=complete and len(found) >= WORTH)
        if complete:
            store.note(complete=True, end=now())
        _tell(store, found, progress, command.shard, complete=complete)
        if complete and start.profile is not None and command.shard == WHOLE:
            from crawler import truth, worlds

            made = worlds.population(start, found, command.lists)()
            truth.check(made, found.domains(), command.out, talked=command.probe is not Probe.NONE)
        left_alone = Watched(start.opt_out, start.opt_out_file)
        left_alone.look(lambda _: None, anyway=True)  # it may have grown meanwhile
        print(accounted_for(store, command.shard, left_alone.names), flush=True)
    return complete


def _judge(store: Store, *, classes: bool = False) -> None:
    """Verdicts beside the evidence; troubles of the disk in one line, for the evidence is whole.

    `classes` are what statistics of a large run would make anew each time.
    """
    try:
        judge.write(store.folder)
        if classes:
            write_classes(store.folder)
    except OSError as error:
        again = f"`dane-census judge {store.folder}` makes them again"
        raise StoreFault(f"{store.folder}: verdicts cannot be written: {error.strerror or error}; {again}") from error
    except RunFault as fault:
        print(f"dane-census: class tables are not kept, statistics will make them anew: {fault}", file=sys.stderr)


def command_of(run: Path) -> tuple[list[str], str]:
    """The arguments and the folder that a scan was begun with; of shards, without `--shard`. Raises `OptionFault`."""
    try:
        books = [json.loads(book.read_bytes()) for book in (run / RUN, *sorted(run.glob("shard-*.json")))]
        told = next((book for book in books if "command" in book), books[0])["command"]
        arguments, folder = [str(one) for one in told["arguments"]], str(told["folder"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise OptionFault(f"{run}: no scan that could be resumed: its {RUN} does not tell its command") from fault
    if "--shard" in arguments:
        at = arguments.index("--shard")
        del arguments[at : at + 2]
    arguments = [one for one in arguments if not one.startswith("--shard=")]
    if not arguments or "-" in arguments:
        raise OptionFault(f"{run}: its list came from standard input: give the same command and the list again")
    if not Path(folder).is_dir():
        raise OptionFault(f"{run}: it was begun in {folder}, which is not there: give its command again")
    return arguments, folder


def chosen(command: Command, unwanted: Callable[[str], bool] | None = None) -> Names:
    """The names of the lists that are to be measured."""
    found = names_stage.read(command.lists, command.form, origin=command.origin, tsig=command.tsig_key)
    if unwanted is not None:
        found.leave_alone(unwanted)
    if command.only_suffix:
        found.only(command.only_suffix)
    if command.sample is not None:
        found.sample(command.sample, command.seed)
    if command.limit is not None:
        found.limit(command.limit)
    if not len(found):
        raise OptionFault(f"no name is left to measure: {found.left_out:,} left out")
    return found


def names_run(found: Names, command: Command) -> None:
    """The tables ``names`` and ``rejects`` alone, in a folder of their own."""
    with opened_store(command.out, _input(found, command) | {"resolver": "none"}) as store:
        store.note(version=__version__, start=now())
        write_names(store, found)
        store.note(end=now())


def _input(found: Names, command: Command) -> dict[str, Any]:
    """What must be the same for a folder to be taken up again."""
    return {
        "version": __version__,
        "input": [list(digest) for digest in found.digests],
        "format": command.form.value,
        "origin": command.origin,
        "limit": command.limit,
        **({} if command.zone_files else {"ask_registry": True}),
        **({"only_suffix": sorted(command.only_suffix)} if command.only_suffix else {}),
        **({"sample": [command.sample, command.seed]} if command.sample is not None else {}),
    }


def _begin(store: Store, command: Command, start: Start) -> None:
    if "start" in store.run:
        return
    options = command.options
    store.note(
        version=__version__,
        commit=_commit(),
        start=now(),
        complete=False,
        options={
            "concurrency": command.concurrency,
            "looks": command.looks,
            "look_delay": command.look_delay,
            "per_server": command.per_server,
            "zone_files": command.zone_files,
            "policies": command.policies.value,
            "probe": command.probe.value,
            "ehlo": command.ehlo if command.probe is not Probe.NONE else None,
            "seed": command.seed,
            "stubs": list(options.stubs),
            "lab": options.lab,
            "allow_special": options.allow_special,
            "opt_out": start.opt_out.sha256 if options.opt_out else None,
            "minimise": options.minimise,
            "prove_all": options.prove_all,
            "rate": start.rate,
            "server_rate": start.server_rate,
        },
        command={"arguments": list(command.arguments), "folder": os.getcwd()},  # noqa: PTH109 - as a text
        resolver=start.mode,
        contact=command.contact,
        vantage=command.vantage,
        hashes=start.hashes,
        publicsuffixlist=_version("publicsuffixlist"),
    )


async def _crawl(command: Command, start: Start, store: Store, found: Names, progress: Progress) -> bool:
    what = Looks(
        per_server=command.per_server,
        zone_files=command.zone_files,
        policies=command.policies,
        probe=command.probe,
        contact=command.contact,
        ehlo=command.ehlo,
        smtp_patience=command.smtp_patience,
    )
    processes = command.processes(len(found))
    if processes > 1:
        return await _crawl_together(command, start, store, found, progress, what, processes)
    async with _eyes(command, start, found) as eyes, braked(progress) as brake:
        return await crawl_with(eyes, command.pace(), store, progress, brake, what)


async def _crawl_together(
    command: Command, start: Start, store: Store, found: Names, progress: Progress, what: Looks, processes: int
) -> bool:
    """The same in several processes; a lab is served once for all of them."""
    with ExitStack() as stack:
        place = None
        if start.profile is not None:
            from crawler import worlds

            place = stack.enter_context(worlds.served(worlds.population(start, found, command.lists)))
        announce(place.ca if place is not None else start.ca, what, store, progress)
        job = Job(folder=store.folder, start=start, what=what, pace=command.pace(), place=place, tag=store.tag)
        team = Fleet(job, processes, progress)
        session = Session({"concurrency": command.concurrency, "looks": command.looks, **_shard(command.shard)})
        earlier = store.run.get("sessions", [])
        complete = False
        try:
            async with braked(progress, team.brake):
                complete = await team.crawl()
            store.note(accounts=what.accounts(store))
        finally:
            told = session.told(team.rows(), team.counters(), complete=complete, others=team.costs())
            store.note(sessions=[*earlier, told])
        return complete


def _shard(shard: Shard) -> dict[str, str]:
    return {"shard": str(shard)} if shard != WHOLE else {}


#: Files, pipes and the sockets of UDP, beside what each conversation takes.
_SPARE_DESCRIPTORS = 200


def _enough_descriptors(command: Command, processes: int) -> None:
    """Raises this process's limit as far as it may, for its workers, too; one clear line if that is not enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    concurrency = command.concurrency // processes
    streams = command.policies is not Policies.NONE or command.probe is not Probe.NONE
    wanted = _SPARE_DESCRIPTORS + (concurrency if streams else 0)
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise OptionFault(
                f"{concurrency:,} looks at once need {wanted:,} file descriptors in each process, and the limit is"
                f" {hard:,}: raise it (ulimit -n {wanted}), or give a smaller --concurrency"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _eyes(command: Command, start: Start, found: Names) -> AbstractAsyncContextManager[Eyes]:
    if start.profile is None:
        return opened(start)
    from crawler import worlds

    world = worlds.population(start, found, command.lists)
    return worlds.opened(world, minimise=start.minimise, unproved=start.unproved)


@asynccontextmanager
async def braked(progress: Progress, brake: runner.Brake | None = None) -> AsyncIterator[runner.Brake]:
    """A brake that Ctrl-C and SIGTERM press."""
    brake = brake or runner.Brake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.watch, brake, progress.say)
        yield brake
        nursery.cancel_scope.cancel()


def _tell(store: Store, found: Names, progress: Progress, shard: Shard, *, complete: bool) -> None:
    print(found.account)
    if found.left_out:
        print(f"left out by --only-suffix, --sample or --limit: {found.left_out:,}")
    for line in figures(store.run, accounted(store, shard)[0], store.size(Domain)):
        print(line)
    told = (f"{table} {done:,} of {keys:,}" for table, (done, keys) in store.run.get("accounts", {}).items())
    print(f"looked at: {', '.join(told)}")
    if not complete:
        progress.say(f"dane-census: stopped; the same command resumes in {store.folder}")
    elif shard != WHOLE:
        progress.say(
            f"dane-census: shard {shard} is done; once all are, `dane-census resume {store.folder}` does what is left"
            " (hosts that domains of several shards share), and judges"
        )


def accounted_for(store: Store, shard: Shard = WHOLE, unwanted: Callable[[str], bool] = lambda _: False) -> str:
    """The last line of a scan, counted on the disk."""
    done, measured = accounted(store, shard, unwanted)
    return f"accounted: {done:,} of {measured:,} names" + (f" of shard {shard}" if shard != WHOLE else "")


def plainly(main: Callable[[], Awaitable[T]]) -> T:
    """`trio.run`, with a lone exception taken out of the groups that nurseries wrap it in."""
    try:
        return trio.run(main)
    except BaseExceptionGroup as group:
        inner: BaseException = group
        while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:
            inner = inner.exceptions[0]
        if isinstance(inner, BaseExceptionGroup):
            raise
        raise inner from None


# --- one look-up -----------------------------------------------------------------------------------------------------


def question(name: str, rtype: str) -> tuple[bytes, int]:
    """A name and a type as people write them. Raises `OptionFault`."""
    try:
        wire = from_text(name if name.isascii() else domain(name))
    except NameFault as fault:
        raise OptionFault(f"{name!r} is no domain name: {fault.flaw}") from fault
    try:
        return wire, int(dns.rdatatype.from_text(rtype))
    except (dns.exception.DNSException, ValueError) as fault:
        raise OptionFault(f"{rtype!r} is no record type") from fault


def ask(name: bytes, rtype: int, options: Options) -> Answer:
    """One look-up through a resolver of its own."""
    start = prepare(options)

    async def main() -> Answer:
        async with opened(start) as eyes:
            return await eyes.resolver.resolve(name, rtype)

    return plainly(main)


def presented(rtype: int, rdata: bytes) -> str:
    """Rdata in presentation format; what dnspython cannot read, in the form of RFC 3597 section 5."""
    try:
        return dns.rdata.from_wire(
            dns.rdataclass.IN, dns.rdatatype.RdataType.make(rtype), rdata, 0, len(rdata)
        ).to_text()
    except (dns.exception.DNSException, ValueError):
        return f"\\# {len(rdata)} {rdata.hex()}"


def _version(distribution: str) -> str | None:
    try:
        return version_of(distribution)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit that is checked out where this file lies, if it is a checkout."""
    git = Path(__file__).parents[1] / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        return head if not head.startswith("ref: ") else (git / head[5:]).read_text().strip()
    except OSError:
        return None
