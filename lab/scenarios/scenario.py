"""What a scenario is, and the world that all of them live in.

The world has a signed root and four top level domains: ``se`` (NSEC), ``org`` (NSEC3),
``nl`` (NSEC3 with opt-out), all signed, and ``bd``, unsigned. Each site gets server
addresses of its own, so that what one server does wrong is no other scenario's matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from lab.behaviours import Behaviour
from lab.breakage import Breakage
from lab.mta import Mta
from lab.names import Type, wire
from lab.web import Web
from lab.world import World
from lab.zones import Denial, Signing, Zone

KEY = "d4" * 32  # the digest in TLSA records: its certificate does not matter before port 25
HOST = f"""
mx A 45.99.0.1
_25._tcp.mx TLSA 3 1 1 {KEY}
"""
MAIL = "@ MX 10 mx" + HOST  # one mail host, with TLSA
NSEC = Signing(denial=Denial.NSEC)
NSEC3 = Signing(denial=Denial.NSEC3)


class Classes(NamedTuple):
    """What the statistics must make of a domain."""

    dnssec: str
    mail: str
    dane: str
    mta_sts: str = "none"
    tlsrpt: str = "none"


Make = Callable[[], Iterable[Behaviour]]
Break = Callable[[], Iterable[Breakage]]


def sound() -> tuple[()]:
    """Nothing wrong."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A zone as one of its servers has it, which is not as the others have it."""

    records: str = MAIL
    serial: int = 1  # that of the others is 1
    broken: Break = sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One zone and its servers. Behaviours and breakages count what they did, so each world makes its own."""

    apex: str
    records: str = MAIL
    signing: Signing | None = NSEC
    broken: Break = sound
    servers: tuple[Make, ...] = (sound,)  # what each of its servers does wrong
    ds: bool = True
    delegate_to: Mapping[str, str | tuple[str, ...]] | None = None
    beside: str | None = None  # served by that site's servers, and by no others
    copies: Mapping[int, Copy] = field(default_factory=dict)  # what single servers have instead, by number from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A claim, what must be there for it, and what the tables must say."""

    claim: str
    domain: str
    sites: tuple[Site, ...]
    classes: Classes
    row: Mapping[str, object]  # of table domains: column -> value
    hosts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # of table hosts: host -> column -> value
    agreement: Mapping[str, str] = field(default_factory=dict)  # of view zone_class: subject -> agreement
    web: Web | None = None  # what the policy host shows, at whatever address
    mtas: Mapping[str, Mta] = field(default_factory=dict)  # mail servers, by address
    endpoints: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # "host address" -> column -> value
    judged: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # of table endpoint_verdicts, likewise
    effect: Mapping[str, object] = field(default_factory=dict)  # of view dane_effect: column -> value
    policy: Mapping[str, object] = field(default_factory=dict)  # of table policies: column -> value
    verdict: Mapping[str, object] = field(default_factory=dict)  # of table policy_verdicts: column -> value


def build(scenarios: Iterable[Scenario], now: int | None = None) -> World:
    """A world in which all these scenarios hold at once."""
    world = World() if now is None else World(now=now)
    world.zone(".", servers={"a.root-servers.net.": "198.41.0.4"}, signing=NSEC)
    world.zone("se", servers={"ns1": "192.36.144.107"}, signing=NSEC)
    world.zone("org", servers={"ns1": "199.19.56.1"}, signing=NSEC3)
    world.zone("nl", servers={"ns1": "194.0.28.53"}, signing=Signing(denial=Denial.NSEC3, opt_out=True))
    world.zone("bd", servers={"ns1": "209.58.24.3"})
    homes: dict[str, dict[str, str]] = {}  # the name servers of each site
    for scenario in scenarios:
        if scenario.web is not None:
            world.webs[f"mta-sts.{scenario.domain}"] = scenario.web
        world.mtas.update(scenario.mtas)
        for site in scenario.sites:
            homes[site.apex] = dict(homes[site.beside]) if site.beside is not None else _addresses(site, len(homes) + 1)
            _settle(world, site, homes[site.apex])
    return world


def _addresses(site: Site, number: int) -> dict[str, str]:
    return {f"ns{n}.{site.apex}": f"45.{number >> 8}.{number & 255}.{n}" for n in range(1, len(site.servers) + 1)}


def _settle(world: World, site: Site, addresses: Mapping[str, str]) -> None:
    world.zone(
        site.apex,
        ASSOCIATION.sub(partial(association, world), site.records),
        servers=addresses,
        signing=site.signing,
        broken=site.broken(),
        ds=site.ds,
        delegate_to=site.delegate_to,
    )
    if site.beside is None:
        for make, address in zip(site.servers, addresses.values(), strict=True):
            world.behave(address, *make())
    for number, copy in site.copies.items():
        zone = _copied(world, site, copy, addresses)
        world.server(list(addresses.values())[number - 1]).zones[zone.apex] = zone


#: In records: `$[3 1 1 ADDRESS]` is the TLSA record for the certificate of the mail server there, `$[2 1 1/1 ADDRESS]`
#: for the second one that it sends, `$[3 1 1+1 ADDRESS]` for its next key, `$[3 1 1* ADDRESS]` for its certificate of
#: the other kind, `$[3 1 1~0 ADDRESS]` the first under another selector.
ASSOCIATION = re.compile(r"\$\[(\d \d \d)(?:/(\d)|\+(\d)|~(\d)|(\*))? ([0-9a-f.:]+)\]")


def association(world: World, match: re.Match[str]) -> str:
    """The TLSA record that such a token stands for."""
    kind, depth, renewal, selector, other, address = match.groups()
    mta = world.mtas[address]
    leaf = mta.others[0] if other else mta.leaf
    assert leaf is not None
    made = world.pki.association(replace(leaf, renewal=int(renewal or leaf.renewal)), kind, of=int(depth or 0))
    return made if selector is None else f"{made[:2]}{selector}{made[3:]}"


def _copied(world: World, site: Site, copy: Copy, addresses: Mapping[str, str]) -> Zone:
    """The same zone with the same keys and servers, but for what the copy says."""
    zone = Zone(site.apex, now=world.now, seed=world.seed, signing=site.signing)
    zone.hosts = {wire(host): (address,) for host, address in addresses.items()}
    zone.soa(next(iter(zone.hosts)), serial=copy.serial)
    zone.add(zone.apex, Type.NS, *zone.hosts)
    for host, values in zone.hosts.items():
        zone.address(host, *values)
    zone.text(copy.records)
    return zone.broken(*copy.broken())
