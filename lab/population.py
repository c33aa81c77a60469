"""The generated world: any number of names, and an internet around them that is made where it is asked.

Nothing is set up. A query's name tells its zones, a zone's facts tell its servers' addresses, and so whether the server
that was asked has the zone; the zone itself is built, and signed, for the reply, and kept in a bounded store. Above the
names lie signed and unsigned registries (``registries``), beside them providers (``providers``) and the homes of the
name servers that a zone file names (``listing``). What is not there does not exist; an address that nobody has refuses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple

from lab import behaviours, mta
from lab.behaviours import Behaviour, Outcome, Reset, Teller
from lab.building import (
    domain_zone,
    ds_records,
    home_signing,
    home_zone,
    provider_servers,
    provider_signing,
    provider_zone,
    registry_signing,
    registry_zone,
    server_addresses,
)
from lab.effects import effective, usable
from lab.facts import Facts, Fault, TlsaFault, facts_of
from lab.listing import NOTHING, Listing, from_list, from_names
from lab.names import ROOT, Name, Type, ancestors, is_below, labels, wire
from lab.packet import Query
from lab.peers import Peer, nowhere, silence_at
from lab.pki import Pki
from lab.posts import Shown, associations, peer_at, shown_by
from lab.profiles import GTLD, Profile
from lab.promises import Promise, promise_of, web_of
from lab.providers import TLDS, provider_of
from lab.registries import is_signed
from lab.signer import Signing, ds_of
from lab.truth import Totals, Truth, sum_up, truth_of
from lab.web import Web, handler
from lab.world import HTTPS, NOW, SMTP, Server
from lab.zones import Glue, Node, RRset, Zone, addresses

__all__ = ["Population"]

ZONES_KEPT: Final = 2000
_FAULTS: Final[dict[Fault, Callable[[], Behaviour]]] = {
    Fault.REFUSED: behaviours.refused,
    Fault.SILENT: behaviours.silent,
    Fault.SERVFAIL: behaviours.servfail,
    Fault.GARBAGE: behaviours.garbage,
    Fault.UPWARD: behaviours.lame,
}


class Site(NamedTuple):
    """A zone's place: its servers as the parent names them, its DS records there, and how to make it."""

    servers: tuple[str, ...]
    addresses: frozenset[str]
    ds: tuple[bytes, ...]
    make: Callable[[], Zone]
    facts: Facts | None = None  # of a measured domain


class Population:
    """A world made of a profile: `reply`, `hints`, `anchors` for the network; `facts`, `truth`, `totals` for tests."""

    def __init__(
        self,
        names: Listing | Iterable[str] = (),
        *,
        profile: Profile = GTLD,
        seed: int = 1,
        zone_file: str | Path | None = None,
        now: int = NOW,
    ) -> None:
        if zone_file is not None:
            names = from_list(zone_file)
        self.listing = names if isinstance(names, Listing) else from_names(names)
        self.profile = profile
        self.seed = seed
        self.now = now
        self._key = b"population %d" % seed
        self._pki: Pki | None = None
        tlds = {suffix for suffix in self.listing.suffixes if "." not in suffix}
        self._suffixes = self.listing.suffixes | tlds.union(TLDS)
        self._pinned: dict[str, Zone] = {}
        self._last: tuple[tuple[str, Name], str | None] = (("", ROOT), None)
        self._zones: OrderedDict[str, Zone] = OrderedDict()
        self.site: Callable[[str], Site | None] = lru_cache(maxsize=20_000)(self._site)

    # what is true

    @property
    def names(self) -> Iterator[str]:
        """All measured names, in the order of the list."""
        return iter(self.listing.names)

    def __len__(self) -> int:
        return len(self.listing.names)

    def facts(self, domain: str) -> Facts:
        """What is true of a measured name."""
        return facts_of(
            domain, seed=self.seed, profile=self.profile, given=self.listing.given.get(domain, NOTHING)
        )  # fmt: skip

    def truth(self, domain: str) -> Truth:
        """What ought to be found of it."""
        facts = self.facts(domain)
        truth = truth_of(facts, promise_of(facts, seed=self.seed, profile=self.profile))
        reached = effective(facts, truth, seed=self.seed, profile=self.profile)
        return truth._replace(usable=usable(truth), effective=reached)

    def totals(self) -> Totals:
        """What ought to be counted over all of them."""
        return sum_up(map(self.truth, self.names))

    # the world

    def reply(self, query: bytes, server: str, *, tcp: bool) -> Outcome:
        """What the server at this address sends back."""
        manner = Behaviour("as the facts say", partial(self._answer, server))
        return Server(finder=partial(self._find, server), behaviours=[manner]).reply(query, tcp=tcp)

    def hints(self) -> str:
        """The root servers, as a master file."""
        lines = []
        for host in _registry_servers(""):
            lines.append(f". 3600000 IN NS {host}.")
            lines += [f"{host}. 3600000 IN {'AAAA' if ':' in v else 'A'} {v}" for v in self.addresses(host)]
        return "\n".join(lines) + "\n"

    def anchors(self) -> str:
        """The root's DS records."""
        signing = registry_signing("")
        assert signing is not None
        return "".join(
            f". 3600 IN DS {rdata[0] << 8 | rdata[1]} {rdata[2]} {rdata[3]} {rdata[4:].hex()}\n"
            for rdata in ds_of(ROOT, signing, self._key)
        )

    def addresses(self, host: str) -> tuple[str, ...]:
        """Where a name server is: as the zone file says, or as its name does."""
        return self.listing.glue.get(host) or server_addresses(host)

    def zone(self, apex: str) -> Zone | None:
        """The zone of this name (the root is the empty one), if there is one."""
        kept = self._pinned.get(apex) or self._zones.get(apex)
        if kept is not None:
            return kept
        site = self.site(apex)
        if site is None:
            return None
        zone = site.make()
        zone.hosts = {wire(host): self.addresses(host) for host in site.servers}
        if apex in self._suffixes or not apex:
            self._pinned[apex] = zone
            return zone
        self._zones[apex] = zone
        if len(self._zones) > ZONES_KEPT:
            self._zones.popitem(last=False)
        return zone

    def serves(self, apex: str, server: str) -> bool:
        """Whether the zone is delegated to a server at this address."""
        site = self.site(apex)
        return site is not None and server in site.addresses

    def _apex(self, server: str, name: Name) -> str | None:
        """The deepest zone that holds the name and is delegated to this server; asked twice for most queries."""
        asked, apex = self._last
        if asked == (server, name):
            return apex
        apex = next(
            (at for step in ancestors(name) if (at := _plain(step)) is not None and self.serves(at, server)), None
        )
        self._last = (server, name), apex
        return apex

    def _find(self, server: str, name: Name) -> Zone | None:
        apex = self._apex(server, name)
        return None if apex is None else self.zone(apex)

    def _answer(self, server: str, query: Query, tell: Teller) -> Outcome:
        """The honest reply, or what the faults of the zone that is asked make of it."""
        apex = self._apex(server, query.name)
        site = None if apex is None else self.site(apex)
        if site is not None and site.facts is not None:
            for behaviour in self._manners(site, site.facts, server):
                tell = behaviour.over(tell)
        return tell(query)

    def _manners(self, site: Site, facts: Facts, server: str) -> list[Behaviour]:
        """What a server of the zone does wrong, the outermost last."""
        found = [
            behaviours.servfail().only("TLSA", at=f"_25._tcp.{host.name}")
            for host in facts.own_hosts
            if host.fault is TlsaFault.SERVFAIL
        ]
        if facts.fault is not None:
            found.append(_FAULTS[facts.fault]())
        elif facts.bad_server is not None:
            first, *others = site.servers
            sound = {address for host in others for address in self.addresses(host)}
            if server in self.addresses(first) and server not in sound:
                found.append(_FAULTS[facts.bad_server]())
        return found

    # where zones are

    def _site(self, apex: str) -> Site | None:
        """What is at a name, if a zone is: a measured domain, a registry, a provider, or a home of name servers."""
        if not apex:
            make = partial(registry_zone, "", _registry_servers(""), self._key, self.now, partial(self._below, ROOT))
            return self._placed(_registry_servers(""), (), make)
        if apex in self.listing.names:
            return self._domain_site(apex)
        if apex in self._suffixes:
            return self._registry_site(apex)
        if (company := provider_of(apex)) is not None:
            make = partial(provider_zone, company, self._associate, self._key, self.now)
            return self._placed(provider_servers(company), self._ds(apex, provider_signing(company)), make)
        if apex in self.listing.homes:
            servers = (f"ns1.lab-home.{apex}", f"ns2.lab-home.{apex}")
            ds = self._ds(apex, home_signing(apex)) if is_signed(apex.rpartition(".")[2]) else ()
            return self._placed(servers, ds, partial(self._home, apex, servers))
        return None

    def _domain_site(self, apex: str) -> Site | None:
        facts = self.facts(apex)
        if not facts.exists:
            return None
        return self._placed(facts.servers, ds_records(facts, self._key), partial(self._domain, facts), facts)

    def _registry_site(self, apex: str) -> Site:
        servers, name = _registry_servers(apex), wire(apex)
        ds = self._ds(apex, registry_signing(apex))
        return self._placed(servers, ds, partial(self._registry, apex, servers, name))

    def _placed(
        self, servers: tuple[str, ...], ds: tuple[bytes, ...], make: Callable[[], Zone], facts: Facts | None = None
    ) -> Site:
        where = frozenset(address for host in servers for address in self.addresses(host))
        return Site(servers, where, ds, make, facts)

    def _ds(self, apex: str, signing: Signing | None) -> tuple[bytes, ...]:
        return ds_of(wire(apex), signing, self._key) if signing is not None else ()

    def _registry(self, apex: str, servers: tuple[str, ...], name: Name) -> Zone:
        zone = registry_zone(apex, servers, self._key, self.now, partial(self._below, name))
        return self._housed(zone, self.listing.homes.get(apex, ()))

    def _home(self, apex: str, servers: tuple[str, ...]) -> Zone:
        zone = home_zone(apex, servers, self._key, self.now)
        return self._housed(zone, (*servers, *self.listing.homes[apex]))

    # its services

    @property
    def pki(self) -> Pki:
        """The authorities of this world, made when they are first wanted."""
        if self._pki is None:
            self._pki = Pki(self.now, self._key)
        return self._pki

    def ca(self) -> str:
        """The root certificates that clients trust, as PEM."""
        return self.pki.ca()

    def promise(self, domain: str) -> Promise | None:
        """What a measured name promises by MTA-STS."""
        return promise_of(self.facts(domain), seed=self.seed, profile=self.profile)

    def peer(self, address: str, port: int) -> Peer:
        """Who listens there: policy hosts at every address, but for those at which nobody talks."""
        if nowhere(address):
            return silence_at(address)
        if port == SMTP:
            return peer_at(address, self.shown, self.pki, mta.handler, seed=self.seed, profile=self.profile)
        return handler(self._web, self.pki) if port == HTTPS else Reset.REFUSED

    def shown(self, host: str) -> Shown:
        """The certificate that a mail host shows."""
        return shown_by(host, seed=self.seed, profile=self.profile)

    def _associate(self, kinds: str, host: str) -> list[bytes]:
        return associations(kinds, host, self.shown(host), self.pki)

    def _web(self, name: str) -> Web | None:
        domain = name.removeprefix("mta-sts.")
        if domain == name or domain not in self.listing.names:
            return None
        facts = self.facts(domain)
        promise = promise_of(facts, seed=self.seed, profile=self.profile)
        return None if promise is None else web_of(facts, promise)

    def _domain(self, facts: Facts) -> Zone:
        """A measured domain's zone; one that has others of the list below it finds them when it is asked."""
        zone = domain_zone(facts, self.promise(facts.domain), self._associate, self._key, self.now)
        if self.listing.given.get(facts.domain, NOTHING).parent:
            zone.lookup = partial(self._below, zone.apex)
        own = [host for host in facts.servers if host.endswith(f".{facts.domain}")]
        return self._housed(zone, (*own, *self.listing.homes.get(facts.domain, ())))

    def _housed(self, zone: Zone, hosts: Iterable[str]) -> Zone:
        """The zone with the addresses of these name servers in it."""
        for host in dict.fromkeys(hosts):
            zone.address(wire(host), *self.addresses(host))
        return zone

    def _below(self, apex: Name, name: Name) -> Node | None:
        """What a registry has at a name: a delegation, nothing with something below it, or nothing."""
        plain = _plain(name)
        if plain is None:
            return None
        site = self.site(plain)
        if site is None:
            return Node({}) if plain in self.listing.between else None
        rrsets = {Type.NS: RRset(3600, tuple(map(wire, site.servers)))}
        if site.ds:
            rrsets[Type.DS] = RRset(3600, site.ds)
        return Node(rrsets, tuple(self._glue(apex, site.servers)))

    def _glue(self, apex: Name, servers: Iterable[str]) -> Iterator[Glue]:
        """The addresses of all servers below the registry, of siblings too (RFC 9471 section 3)."""
        for server in servers:
            host = wire(server)
            if is_below(host, apex):
                found: dict[int, list[bytes]] = {}
                for rtype, rdata in addresses(self.addresses(server)):
                    found.setdefault(rtype, []).append(rdata)
                for rtype, rdatas in found.items():
                    yield Glue(host, rtype, RRset(3600, tuple(rdatas)))


def _registry_servers(suffix: str) -> tuple[str, ...]:
    return tuple(f"{letter}.lab-registry.{suffix}".rstrip(".") for letter in "ab")


@lru_cache(maxsize=65536)
def _plain(name: Name) -> str | None:
    """A name as the population writes it; None where it cannot be one of its own."""
    parts = labels(name)
    try:
        plain = b".".join(parts).decode("ascii")
    except UnicodeDecodeError:
        return None
    return plain if plain.count(".") == max(0, len(parts) - 1) else None
