"""What the commands do once their options are read: a scan from lists to figures, a look-up, a table of names.

Nothing is written before lists and options are known to be good. What the user can mend
comes out as `ListFault`, `OptionFault` or `StoreFault`, also from inside a nursery.
"""

from __future__ import annotations

import platform
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
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
from crawler import __version__, runner
from crawler.progress import Progress
from crawler.resolver.answer import Answer
from crawler.resolver.direct import Direct
from crawler.scan import Pace, Scan, Session, accounted, accounts, figures, now, stages, write_names
from crawler.session import Eyes, OptionFault, Options, Start, opened, prepare
from crawler.stages import names as names_stage
from crawler.stages.lists import Format
from crawler.stages.names import Names
from crawler.standards.names import NameFault, domain, from_text
from crawler.store import Store, StoreFault
from crawler.store import opened as opened_store
from crawler.visiting import Policies, Probe, Visitor

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A scan as it was asked for."""

    lists: list[str]
    out: Path
    form: Format = Format.AUTO
    origin: str | None = None
    limit: int | None = None
    options: Options = Options()
    concurrency: int = 300
    looks: int = 2
    per_server: bool = False
    policies: Policies = Policies.ANNOUNCED
    probe: Probe = Probe.NONE
    ehlo: str = ""
    smtp_patience: float | None = None
    seed: int = 0
    contact: str = ""
    vantage: str = ""
    quiet: bool = False

    def pace(self) -> Pace:
        """How the work is gone about."""
        return Pace(workers=self.concurrency, looks=self.looks, seed=self.seed)


def run_scan(command: Command) -> bool:
    """The whole way; False if it was stopped before its end."""
    start = prepare(command.options)
    if command.per_server and start.resolvers:
        raise OptionFault("--per-server asks every name server itself: not together with --resolver")
    found = names_stage.read(command.lists, command.form, origin=command.origin)
    found.leave_alone(start.opt_out.names)
    if command.limit is not None:
        found.limit(command.limit)
    progress = Progress(quiet=command.quiet)
    identity = _input(found, command.form, command.origin, command.limit) | start.identity()
    with opened_store(command.out, identity) as store:
        _begin(store, command, start)
        write_names(store, found)
        _judge(store)  # no verdicts yet: whoever opens the folder by other means finds every table
        complete = plainly(partial(_crawl, command, start, store, found, progress))
        _judge(store)
        if complete:
            store.note(complete=True, end=now())
        _tell(store, found, progress, complete=complete)
        if complete and start.profile is not None:
            from crawler import truth, worlds

            made = worlds.population(start, found, command.lists)()
            truth.check(made, found.found, command.out, talked=command.probe is not Probe.NONE)
        print(accounted_for(store), flush=True)
    return complete


def _judge(store: Store) -> None:
    """Verdicts beside the evidence; troubles of the disk in one line, for the evidence is whole."""
    try:
        judge.write(store.folder)
    except OSError as error:
        again = f"`dane-census judge {store.folder}` makes them again"
        raise StoreFault(f"{store.folder}: verdicts cannot be written: {error.strerror or error}; {again}") from error


def names_run(out: Path, found: Names, form: Format, origin: str | None, limit: int | None) -> None:
    """The tables ``names`` and ``rejects`` alone, in a folder of their own."""
    with opened_store(out, _input(found, form, origin, limit) | {"resolver": "none"}) as store:
        store.note(version=__version__, start=now())
        write_names(store, found)
        store.note(end=now())


def _input(found: Names, form: Format, origin: str | None, limit: int | None) -> dict[str, Any]:
    """What must be the same for a folder to be taken up again."""
    return {
        "version": __version__,
        "input": [list(digest) for digest in found.digests],
        "format": form.value,
        "origin": origin,
        "limit": limit,
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
            "per_server": command.per_server,
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
        },
        resolver=start.mode,
        contact=command.contact,
        vantage=command.vantage,
        hashes=start.hashes,
        publicsuffixlist=_version("publicsuffixlist"),
    )


async def _crawl(command: Command, start: Start, store: Store, found: Names, progress: Progress) -> bool:
    async with _eyes(command, start, found) as eyes, braked(progress) as brake:
        what = Looks(
            per_server=command.per_server,
            policies=command.policies,
            probe=command.probe,
            contact=command.contact,
            ehlo=command.ehlo,
            smtp_patience=command.smtp_patience,
        )
        return await crawl_with(eyes, command.pace(), store, progress, brake, what)


def _eyes(command: Command, start: Start, found: Names) -> AbstractAsyncContextManager[Eyes]:
    if start.profile is None:
        return opened(start)
    from crawler import worlds

    world = worlds.population(start, found, command.lists)
    return worlds.opened(world, minimise=start.minimise, unproved=start.unproved)


@asynccontextmanager
async def braked(progress: Progress) -> AsyncIterator[runner.Brake]:
    """A brake that Ctrl-C and SIGTERM press."""
    brake = runner.Brake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.watch, brake, progress.say)
        yield brake
        nursery.cancel_scope.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What a scan looks at beside domains and hosts."""

    per_server: bool = False
    policies: Policies = Policies.ANNOUNCED
    probe: Probe = Probe.NONE
    contact: str = ""
    ehlo: str = ""
    smtp_patience: float | None = None


async def crawl_with(
    eyes: Eyes, pace: Pace, store: Store, progress: Progress, brake: runner.Brake, what: Looks
) -> bool:
    """Everything that is left of a scan; what this sitting cost is noted whatever happens."""
    patience = eyes.patience if what.smtp_patience is None else replace(eyes.patience, reply=what.smtp_patience)
    visitor = Visitor(net=eyes.net, contact=what.contact, name=what.ehlo or our_name(), patience=patience)
    direct = Direct(eyes.net) if what.per_server else None
    if eyes.ca:
        store.keep(judge.CA_STORE, eyes.ca)
    elif what.policies is not Policies.NONE or what.probe is not Probe.NONE:
        progress.say("dane-census: this system has no store of root certificates; without --ca-file none is judged")
    if what.probe is not Probe.NONE:
        progress.say(f"dane-census: talking to mail hosts on port 25 as {visitor.name}")
    chosen = stages(eyes.resolver, visitor, what.policies, direct, what.probe)
    scan = Scan(store, chosen, pace, progress, brake, eyes.resolver.revive)
    session = Session({"concurrency": pace.workers, "looks": pace.looks})
    earlier = store.run.get("sessions", [])
    complete = False
    try:
        complete = await scan.crawl()
        store.note(accounts=accounts(store, chosen[1:]))
    finally:
        store.note(sessions=[*earlier, session.told(scan.rows, eyes.counters(), complete=complete)])
    return complete


def our_name() -> str:
    """The name of this machine, as EHLO wants one (RFC 5321 section 4.1.1.1)."""
    name = platform.node().lower()
    return name if "." in name and name.isascii() and name.isprintable() and " " not in name else "dane-census.invalid"


def _tell(store: Store, found: Names, progress: Progress, *, complete: bool) -> None:
    print(found.account)
    if found.left_out:
        print(f"left out by --limit: {found.left_out:,}")
    for line in figures(store.run, accounted(store)[0]):
        print(line)
    told = (f"{table} {done:,} of {keys:,}" for table, (done, keys) in store.run.get("accounts", {}).items())
    print(f"looked at: {', '.join(told)}")
    if not complete:
        progress.say(f"dane-census: stopped; the same command resumes in {store.folder}")


def accounted_for(store: Store) -> str:
    """The last line of a scan, counted on the disk."""
    done, measured = accounted(store)
    return f"accounted: {done:,} of {measured:,} names"


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
