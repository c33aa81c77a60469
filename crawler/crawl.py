"""One process's part of a scan: from eyes to stages, and what a sitting cost.

``command`` runs it for a scan of one process, ``worker`` for one of several, ``demo`` for each of its worlds.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trio

from analysis.judge import CA_STORE
from crawler.resolver.direct import Direct
from crawler.resolver.forward import ForwardingResolver
from crawler.resolver.resolve import Resolver
from crawler.scan import Scan, Session, Stage, accounts, stages
from crawler.seeds import Seeds
from crawler.shards import WHOLE
from crawler.visiting import Policies, Probe, Visitor

if TYPE_CHECKING:
    from crawler.progress import Progress
    from crawler.runner import Brake
    from crawler.scan import Pace
    from crawler.session import Eyes
    from crawler.store import Store


HEED_EVERY = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What a scan looks at beside domains and hosts."""

    per_server: bool = False
    zone_files: bool = True  # delegations are taken from there, not asked for
    policies: Policies = Policies.ANNOUNCED
    probe: Probe = Probe.NONE
    contact: str = ""
    ehlo: str = ""
    smtp_patience: float | None = None

    def name(self) -> str:
        """Who we are in EHLO."""
        return self.ehlo or our_name()

    def accounts(self, store: Store) -> dict[str, list[int]]:
        """How much of what is to be looked at has a row."""
        return accounts(store, self.policies, self.probe, zones=self.per_server)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it fills, in the order of the stages."""
        wanted = {"policies": self.policies is not Policies.NONE, "endpoints": self.probe is not Probe.NONE}
        wanted["zones"] = self.per_server
        return ("domains", "hosts", *(table for table, there in wanted.items() if there))


def seeing(eyes: Eyes, what: Looks) -> tuple[Stage, ...]:
    """The stages of a scan through these eyes."""
    patience = eyes.patience if what.smtp_patience is None else replace(eyes.patience, reply=what.smtp_patience)
    visitor = Visitor(net=eyes.net, contact=what.contact, name=what.name(), patience=patience)
    direct = Direct(eyes.net) if what.per_server else None
    walker = eyes.resolver if isinstance(eyes.resolver, Resolver) else None
    if isinstance(walker, ForwardingResolver):  # somebody else walks
        walker = None
    seeds = Seeds(walker) if what.zone_files and walker is not None else None
    return stages(eyes.resolver, visitor, what.policies, direct, what.probe, seeds)


def announce(ca: str, what: Looks, store: Store, progress: Progress) -> None:
    """What is kept and told before the first packet."""
    if ca:
        store.keep(CA_STORE, ca)
    elif what.policies is not Policies.NONE or what.probe is not Probe.NONE:
        progress.say("dane-census: this system has no store of root certificates; without --ca-file none is judged")
    if what.probe is not Probe.NONE:
        progress.say(f"dane-census: talking to mail hosts on port 25 as {what.name()}")


async def heed(eyes: Eyes, progress: Progress) -> None:
    """Looks at the opt-out file now and then, for as long as a scan runs."""
    while True:
        await trio.sleep(HEED_EVERY)
        if eyes.opt_out.look(progress.say):
            eyes.net.forget_places()


async def crawl_with(eyes: Eyes, pace: Pace, store: Store, progress: Progress, brake: Brake, what: Looks) -> bool:
    """Everything that is left of a scan; what this sitting cost is noted whatever happens."""
    announce(eyes.ca, what, store, progress)
    chosen = seeing(eyes, what)
    progress.packets = eyes.packets
    scan = Scan(store, chosen, pace, progress, brake, eyes.resolver.revive, eyes.opt_out.names)
    shard = {"shard": str(pace.shard)} if pace.shard != WHOLE else {}
    session = Session({"concurrency": pace.workers, "looks": pace.looks, **shard})
    earlier = store.run.get("sessions", [])
    complete = False
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(heed, eyes, progress)
            complete = await scan.crawl()
            nursery.cancel_scope.cancel()
        store.note(accounts=what.accounts(store))
    finally:
        store.note(sessions=[*earlier, session.told(scan.rows, eyes.counters(), complete=complete)])
    return complete


def our_name() -> str:
    """The name of this machine, as EHLO wants one (RFC 5321 section 4.1.1.1)."""
    name = platform.node().lower()
    return name if "." in name and name.isascii() and name.isprintable() and " " not in name else "dane-census.invalid"
