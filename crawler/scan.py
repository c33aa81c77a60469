"""A scan: names, then domains, then the hosts, policies (and zones) they have, each key once a look; what it came to.

Every look at the domains is followed by the hosts and policies (and zones) that it named, so that a second look
at a passing failure comes as late as can be. What is to be done is read from the parts on the
disk, at the beginning and between stages: a scan that was stopped is thus taken up by the
same lines that began it.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import trio

from crawler import backlog, database, runner
from crawler.backlog import Backlog
from crawler.manners import network_of
from crawler.progress import Progress
from crawler.seeds import Seeds
from crawler.shards import WHOLE, Shard, Step, steps
from crawler.stages import domains, hosts
from crawler.stages import endpoints as on_endpoints
from crawler.stages import policies as on_policies
from crawler.stages import zones as on_zones
from crawler.stages.names import Names
from crawler.store import Store
from crawler.tables import TABLES, Delegation, Domain, Host, Name, Reject, Row, Zone
from crawler.visited import PASSING_FETCHES, PASSING_TALKS, Endpoint, Policy
from crawler.visiting import Policies, Probe, Visitor

if TYPE_CHECKING:
    from crawler.resolver.direct import Direct
    from crawler.resolver.looking import Looking

MEMORY = "256MB"  # for listing the keys of a stage

Observe = Callable[[str, int], Awaitable[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a scan goes about its work; nothing here changes what it finds."""

    workers: int = 300
    looks: int = 2
    look_delay: float = 0.0  # seconds between a look and the next one at what failed
    seed: int = 0  # of the order of keys: neighbours in a list are often neighbours at one operator
    shard: Shard = WHOLE  # whose keys these are
    part_rows: int = runner.PART_ROWS
    part_seconds: float = runner.PART_SECONDS


def _itself(key: str) -> str:
    return key


@dataclass(frozen=True, slots=True)
class Stage:
    """A table, the keys that belong into it, and how one of them is observed."""

    table: type[Domain] | type[Host] | type[Policy] | type[Endpoint] | type[Zone]
    keys: Callable[[Store], Iterable[str]]
    observe: Observe
    tally: Callable[[Row], str]
    passing: Collection[str] = ()  # words of a row's own outcome that a later look may see pass
    near: Callable[[str], str] = _itself  # keys with the same text here belong to one shard
    seeds: Seeds | None = None  # what zone files say of the keys, for a first look
    light: bool = False  # it waits for nothing but replies (`strands`)


@dataclass(slots=True)
class Scan:
    """One scan under way: its folder, its stages, its pace."""

    store: Store
    stages: tuple[Stage, ...]  # the first one's rows hold the keys of the others
    pace: Pace
    progress: Progress
    brake: runner.Brake
    revive: Callable[[], None] = lambda: None  # forget passing failures: called before every later look
    unwanted: Callable[[str], bool] = lambda _: False  # a domain that has opted out meanwhile
    rows: dict[str, int] = field(default_factory=dict)  # written by this session, by table

    async def crawl(self) -> bool:
        """Everything that is not on the disk yet; False if it was stopped before."""
        with runner.rare_collections():
            return await self._looks()

    async def _looks(self) -> bool:
        for step in steps([stage.table.TABLE for stage in self.stages], self.pace.looks):
            if not await self.step(step):
                return False
        return True

    async def step(self, step: Step) -> bool:
        """One table at one look, as far as it is not on the disk; False if it was stopped before."""
        stage = next(stage for stage in self.stages if step.table == stage.table.TABLE)
        table, look = stage.table, step.look
        if look > 1 and stage is self.stages[0]:
            self.revive()
        if look == 1:
            keys = stage.keys(self.store)
        else:
            keys = self.store.passing(table, look - 1, domains.PASSING, stage.passing)
        seed = f"{self.pace.seed} {table.TABLE} {look}"
        with backlog.opened(filter(self._mine(stage), keys), self.store.seen(table, look), seed) as left:
            if not len(left):
                return True
            if look > 1 and not await self.due(table, look):
                return False
            return await self._observe(stage, look, left)

    async def due(self, table: type[Row], look: int) -> bool:
        """Wait until this look may begin, by the clock that the rows go by; False if we are stopped meanwhile."""
        before = self.store.latest(table, look - 1) if self.pace.look_delay else None
        wait = 0.0 if before is None else min(before - time.time(), 0.0) + self.pace.look_delay
        if wait > 0:
            self.progress.say(f"dane-census: waiting {wait:,.0f} s before look {look} at {table.TABLE}")
            with trio.move_on_after(wait):
                await self.brake.wait()
        return not self.brake.pressed

    def _mine(self, stage: Stage) -> Callable[[str], bool]:
        holds, near = self.pace.shard.holds, stage.near
        return holds if near is _itself else lambda key: holds(near(key))

    async def _observe(self, stage: Stage, look: int, left: Backlog) -> bool:
        table = stage.table
        title = table.TABLE if look == 1 else f"{table.TABLE}, look {look}"
        self.progress.begin(title, left.total, left.total - len(left))
        if stage.seeds is not None:
            stage.seeds.stop()
            if look == 1:
                stage.seeds.begin(self.store, left, self._mine(stage))

        def write(rows: list[Row]) -> None:
            self.store.write(table, rows)
            self.rows[table.TABLE] = self.rows.get(table.TABLE, 0) + len(rows)

        def wanted() -> Iterator[str]:
            """Keys, as they are taken: who has opted out by then is left alone, and has no row."""
            for key in left:
                if table is Domain and self.unwanted(key):
                    self.progress.count("opted-out")
                    if stage.seeds is not None:
                        stage.seeds.take(key)
                else:
                    yield key

        sink: runner.Sink[Row] = runner.Sink(write, rows=self.pace.part_rows, seconds=self.pace.part_seconds)

        async def observe(key: str) -> Row:
            return await stage.observe(key, look)

        try:
            return await runner.run(
                wanted(),
                observe,
                sink,
                workers=min(self.pace.workers, len(left)),
                brake=self.brake,
                progress=self.progress,
                tally=stage.tally,
                light=stage.light,
            )
        finally:
            self.progress.end()


_WHOSE = {Policies.ANNOUNCED: on_policies.ANNOUNCED, Policies.ALL: on_policies.ALL}


def stages(
    resolver: Looking, visitor: Visitor | None, policies: Policies = Policies.ANNOUNCED, direct: Direct | None = None,
    probe: Probe = Probe.NONE, seeds: Seeds | None = None,
) -> tuple[Stage, ...]:  # fmt: skip
    """The stages of a scan, looking through one resolver.

    A `visitor` fetches policy files and talks to mail hosts; with `direct`, every server of a zone is asked, too.
    With `seeds`, delegations are taken from zone files.
    """

    async def domain(key: str, look: int) -> Row:
        if seeds is not None:
            await seeds.plant(key)
        return await domains.observe(key, resolver, look)

    async def host(key: str, look: int) -> Row:
        return await hosts.observe(key, resolver, look)

    chosen = [
        Stage(Domain, names_in, domain, lambda row: str(getattr(row, "mail", "")), seeds=seeds, light=True),
        Stage(Host, hosts_in, host, lambda row: str(getattr(row, "tlsa_base", "")), light=True),
    ]
    if visitor is not None and policies in _WHOSE:
        chosen.append(_policies(resolver, visitor, _WHOSE[policies]))
    if visitor is not None and probe in _WHICH:
        chosen.append(_endpoints(visitor, _WHICH[probe]))
    if direct is not None:
        chosen.append(_zones(resolver, direct))
    return tuple(chosen)


def _policies(resolver: Looking, visitor: Visitor, whose: str) -> Stage:
    async def policy(key: str, look: int) -> Row:
        return await on_policies.observe(key, resolver, visitor, look)

    return Stage(
        Policy, partial(policies_in, whose=whose), policy, lambda row: str(getattr(row, "outcome", "")), PASSING_FETCHES
    )


_WHICH = {Probe.NEEDED: on_endpoints.NEEDED, Probe.ALL: on_endpoints.ALL}


def _endpoints(visitor: Visitor, which: str) -> Stage:
    targets: dict[str, on_endpoints.Target] = {}

    def keys(store: Store) -> Iterator[str]:
        for target in targets_in(store, which):
            key = f"{target.host} {target.address}"
            targets[key] = target
            yield key

    async def endpoint(key: str, look: int) -> Row:
        return await on_endpoints.observe(targets[key], visitor, look)

    def where(key: str) -> str:
        """A network's conversations are one shard's, whose limits are then the network's."""
        return network_of(key.rpartition(" ")[2])

    return Stage(Endpoint, keys, endpoint, lambda row: str(getattr(row, "outcome", "")), PASSING_TALKS, where)


def _zones(resolver: Looking, direct: Direct) -> Stage:
    async def zone(key: str, look: int) -> Row:
        return await on_zones.observe(key, resolver, direct, look)

    return Stage(Zone, zones_in, zone, lambda row: f"{len(getattr(row, 'replies', ()))} replies")


def names_in(store: Store) -> Iterator[str]:
    """The names to measure, from the table ``names``."""
    for part in store.columns(Name, ["domain"]):
        yield from part["domain"].to_pylist()


def hosts_in(store: Store) -> Iterator[str]:
    """The mail hosts that the domains name, each perhaps more than once: all of a country's need not be in memory."""
    for part in store.columns(Domain, ["mx_hosts"]):
        yield from hosts.keys(part["mx_hosts"])


def policies_in(store: Store, whose: str) -> Iterator[str]:
    """The domains whose policy is fetched."""
    return (row[0] for row in query(store, (Domain,), whose))


def targets_in(store: Store, which: str) -> Iterator[on_endpoints.Target]:
    """The conversations with mail hosts that there are to be."""
    sql = on_endpoints.KEYS.format(which=which, most=on_endpoints.ADDRESSES)
    return (on_endpoints.Target(*row) for row in query(store, (Domain, Host), sql))


def zones_in(store: Store) -> Iterator[str]:
    """The zones of the domains that are one."""
    return (row[0] for row in query(store, (Domain,), on_zones.KEYS))


def query(store: Store, tables: Iterable[type[Row]], sql: str) -> Iterator[Any]:
    """The rows of an SQL query over a run's tables; none if one of them has no part yet."""
    with (
        TemporaryDirectory(prefix="dane-census-") as spill,
        database.opened(memory_limit=MEMORY, threads=1, temp_directory=spill) as base,
    ):
        for table in tables:
            parts = [str(part) for part in store.parts(table)]
            if not parts:
                return
            base.read_parquet(parts).create_view(table.TABLE)
        cursor = base.execute(sql)
        while rows := cursor.fetchmany(10_000):
            yield from rows


def write_names(store: Store, names: Names, shard: Shard = WHOLE) -> None:
    """The tables ``names`` and ``rejects``; whole once run.json has their account. Rejects are the first shard's."""
    if "names" in store.run:
        return
    store.clear(Name)
    store.clear(Reject)
    store.clear(Delegation)
    for table in names.tables():
        store.write_table(Name, _own(table, shard))
    if shard.index == 1:
        for table in names.reject_tables():
            store.write_table(Reject, table)
    for table in names.delegations() if names.signed()[0] else ():
        store.write_table(Delegation, _own(table, shard))
    for kind in TABLES.values():
        store.lay(kind)
    sample = {}
    if names.sampled is not None:
        of, size, seed = names.sampled
        sample = {"sample": {"of": of, "size": size, "seed": seed, "weight": of / size}}
    store.note(names={"account": asdict(names.account), "measured": len(names), "left_out": names.left_out} | sample)


def _own(table: pa.Table, shard: Shard) -> pa.Table:
    """The rows of a shard's own keys."""
    if shard == WHOLE:
        return table
    return table.filter(pa.array(map(shard.holds, table["domain"].to_pylist()), pa.bool_()))


class Session:
    """One sitting of a run, as run.json keeps it: when, how long, what it cost."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._start = now()
        self._clock, self._cpu = time.monotonic(), time.process_time()

    def told(
        self, rows: dict[str, int], counters: dict[str, Any], *, complete: bool, others: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The session as it stands; `others` are the costs of other processes, whose CPU counts here."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        more = dict(others or {})
        elsewhere = more.pop("cpu_seconds", 0.0)
        return (
            self._facts
            | more
            | {
                "start": self._start,
                "end": now(),
                "seconds": round(time.monotonic() - self._clock, 3),
                "cpu_seconds": round(time.process_time() - self._cpu + elsewhere, 3),
                "peak_memory_mib": usage.ru_maxrss // 1024,
                "complete": complete,
                "rows": dict(rows),
                "counters": counters,
            }
        )


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def figures(run: dict[str, Any], measured: int, written: int = 0) -> list[str]:
    """What a run cost, over all its sessions: time, packets and CPU a domain.

    A session that was killed has noted nothing. So where more rows of domains are `written` than the others made,
    costs a domain are those of the rows that are told of, and it is said.
    """
    sessions: list[dict[str, Any]] = run.get("sessions", [])
    seconds = sum(one["seconds"] for one in sessions)
    cpu = sum(one["cpu_seconds"] for one in sessions)
    sent = sum(one["counters"].get(key, 0) for one in sessions for key in ("udp_sent", "tcp_sent"))
    checked = sum(one["counters"].get("verifications", 0) for one in sessions)
    rows = {
        t: sum(one["rows"].get(t, 0) for one in sessions)
        for t in ("domains", "hosts", "policies", "endpoints", "zones")
    }
    told = min(1.0, rows["domains"] / written) if written else 1.0
    each = max(1.0, measured * told)
    policies = f" {rows['policies']:,} at policies," if rows["policies"] else ""
    policies += f" {rows['endpoints']:,} at endpoints," if rows["endpoints"] else ""
    zones = f" {rows['zones']:,} at all servers of a zone," if rows["zones"] else ""
    lines = [
        f"{rows['domains']:,} looks at domains, {rows['hosts']:,} at hosts,{policies}{zones} in {seconds:,.1f} s"
        f" ({measured * told / seconds if seconds else 0:,.0f} domains/s)",
        f"per domain: {sent / each:.2f} queries, {checked / each:.2f} verifications, {cpu / each * 1e6:,.0f} us of CPU",
    ]
    if told < 1:
        lines.append(
            f"costs are those of {rows['domains']:,} of {written:,} rows of domains: who was killed could not note any"
        )
    planted = sum(one["counters"].get("delegations_taken", 0) for one in sessions)
    if planted:
        doubted = sum(one["counters"].get("delegations_doubted", 0) for one in sessions)
        lines.append(
            f"delegations taken from zone files: {planted:,}, of which {doubted:,} were asked for all the same:"
            f" {planted - doubted:,} queries to registries saved"
        )
    busiest = max((one["counters"].get("busiest_rate") or 0 for one in sessions), default=0)
    if busiest:
        shared = any(
            one.get("workers", 1) > 1 for one in sessions
        )  # then the sum of what each worker asked one at most
        lines.append(f"most queries that one address saw in one second: {'at most ' if shared else ''}{busiest:,}")
    return lines


def accounts(store: Store, policies: Policies, probe: Probe, *, zones: bool) -> dict[str, list[int]]:
    """Of each stage behind the domains: how many of its keys have a row, and how many there are, as on the disk."""
    asked: list[tuple[type[Row], Iterable[str]]] = [(Host, hosts_in(store))]
    if policies in _WHOSE:
        asked.append((Policy, policies_in(store, _WHOSE[policies])))
    if probe in _WHICH:
        asked.append((Endpoint, (f"{one.host} {one.address}" for one in targets_in(store, _WHICH[probe]))))
    if zones:
        asked.append((Zone, zones_in(store)))
    found = {}
    for table, keys in asked:
        with backlog.opened(keys, store.seen(table, 1), table.TABLE) as left:
            found[table.TABLE] = [left.total - len(left), left.total]
    return found


def accounted(store: Store, shard: Shard = WHOLE, unwanted: Callable[[str], bool] = lambda _: False) -> tuple[int, int]:
    """(names with a row in ``domains``, names to measure), counted on the disk; of one shard, if told.

    Names that opted out while the scan ran and have no row are not to be measured any more.
    """
    with backlog.opened(filter(shard.holds, names_in(store)), store.seen(Domain, 1), Domain.TABLE) as left:
        return left.total - len(left), left.total - sum(map(unwanted, left))
