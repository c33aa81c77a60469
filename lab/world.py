"""The world: which zone lives on which server address, and how each server behaves.

Hand-written worlds call `World.zone` for each zone, parents and children in any order: delegations, glue and DS
records follow by themselves before the first reply. Generated worlds put a `Server` with a finder at their addresses,
or hand in a `locate` that makes servers when they are first asked. `World.reply` is all that the network sees, and
never raises on what a client sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Protocol

from lab import mta
from lab.authority import Finder, answer, deepest
from lab.behaviours import Behaviour, Late, Outcome, Reset, Teller
from lab.breakage import Breakage
from lab.mta import Mta
from lab.names import ROOT, Name, Type, ancestors, is_below, parent, text, wire
from lab.packet import FORMERR, QR, PacketFault, Query, read_query, write
from lab.peers import Peer, nowhere, silence_at
from lab.pki import Pki
from lab.web import Web, handler
from lab.zones import Lookup, Signing, Zone, addresses

__all__ = ["Late", "Outcome", "Replies", "Reset", "Server", "World"]

HTTPS: Final = 443
SMTP: Final = 25
NOW: Final = 1_790_000_000  # 2026-09-21, the time of a world that was told no other


class Replies(Protocol):
    """What the lab's networks and servers need of a world."""

    def peer(self, address: str, port: int) -> Peer:
        """Who listens at an address and port other than the DNS's."""

    def reply(self, query: bytes, server: str, *, tcp: bool) -> Outcome:
        """The octets that the server at an address sends back; None is silence."""


@dataclass(slots=True, kw_only=True)
class Server:
    """One address: its zones and its manners."""

    zones: dict[Name, Zone] = field(default_factory=dict)
    finder: Finder | None = None  # for zones beyond counting
    behaviours: list[Behaviour] = field(default_factory=list)

    def find(self, name: Name) -> Zone | None:
        """The deepest zone here that a name is in."""
        zone = deepest(self.zones, name) if self.zones else None
        if self.finder is None:
            return zone
        other = self.finder(name)
        return other if zone is None or (other is not None and len(other.apex) > len(zone.apex)) else zone

    def reply(self, message: bytes, *, tcp: bool) -> Outcome:
        """Read, answer, write; the behaviours stand between, the first one outermost."""
        try:
            query = read_query(message, tcp=tcp)
        except PacketFault:
            return _complaint(message)
        if not self.behaviours:
            return write(query, answer(query, self.find))
        tell: Teller = self._tell
        for behaviour in reversed(self.behaviours):
            tell = behaviour.over(tell)
        return tell(query)

    def _tell(self, query: Query) -> Outcome:
        return write(query, answer(query, self.find))


def _complaint(message: bytes) -> bytes | None:
    """FORMERR to what is no query but has a header; nothing to what has none, or is itself a reply."""
    if len(message) < 12 or message[2] & 0x80:
        return None
    flags = QR | int.from_bytes(message[2:4], "big") & 0x7900 | FORMERR
    return message[:2] + flags.to_bytes(2, "big") + bytes(8)


class World:
    """A synthetic internet."""

    def __init__(
        self, *, now: int = NOW, seed: bytes = b"lab", locate: Callable[[str], Server | None] | None = None
    ) -> None:
        self.now = now
        self.seed = seed
        self.servers: dict[str, Server] = {}
        self.zones: dict[Name, Zone] = {}
        self.webs: dict[str, Web] = {}  # by the name that a client asks for, at every address
        self.mtas: dict[str, Mta] = {}  # by address
        self._locate = locate
        self._pki: Pki | None = None
        self._orders: list[_Order] = []

    # making it

    def zone(
        self, apex: str, records: str = "", *, servers: Mapping[str, str | Iterable[str]],
        signing: Signing | None = None, broken: Iterable[Breakage] = (), lookup: Lookup | None = None,
        ds: bool = True, delegated: bool = True, delegate_to: Mapping[str, str | Iterable[str]] | None = None,
    ) -> Zone:  # fmt: skip
        """Add a zone and serve it. `servers`: host name -> address(es), relative names are the zone's own.

        `ds=False` makes it an island. `delegated=False` leaves it out of its parent; `delegate_to` names other servers
        there than it names itself (its own keep serving it).
        """
        zone = Zone(apex, now=self.now, seed=self.seed, signing=signing, lookup=lookup)
        hosts = _hosts(servers, zone.apex)
        zone.hosts = hosts
        zone.soa(next(iter(hosts), zone.apex))
        zone.add(zone.apex, Type.NS, *hosts)
        zone.text(records)
        zone.broken(*broken)
        self.zones[zone.apex] = zone
        for host in hosts:
            for address in hosts[host]:
                self.server(address).zones[zone.apex] = zone
        above = hosts if delegate_to is None else _hosts(delegate_to, zone.apex)
        self._orders.append(_Order(zone, above, ds, delegated))
        return zone

    def server(self, address: str) -> Server:
        """The server at an address, made if there is none."""
        return self.servers.setdefault(str(ip_address(address)), Server())

    def behave(self, address: str, *behaviours: Behaviour) -> None:
        """Make a server misbehave; the first behaviour has the last word."""
        self.server(address).behaviours.extend(behaviours)

    def everything(self, address: str) -> None:
        """Put a server at an address that has all zones: for resolvers that are told of one server only."""
        self.server(address).finder = lambda name: deepest(self.zones, name)

    def link(self) -> None:
        """Delegate what was added since the last time. Happens by itself before a reply."""
        orders, self._orders = self._orders, []
        for order in orders:
            for host, values in {**order.zone.hosts, **order.above}.items():
                self._settle(host, values, order)
        for order in orders:
            if order.delegated and order.zone.apex != ROOT:
                self._delegate(order)

    def _settle(self, host: Name, values: tuple[str, ...], order: _Order) -> None:
        """Give a name server its addresses in the zone that it belongs to, and in those above, as glue."""
        apex = order.zone.apex
        hidden = not order.delegated and is_below(host, apex)
        for step in ancestors(host):
            if hidden and not is_below(step, apex):
                break
            zone = self.zones.get(step)
            if zone is not None and zone.lookup is None and not zone.knows_address(host):
                zone.address(host, *values)

    def _delegate(self, order: _Order) -> None:
        apex = order.zone.apex
        above = deepest(self.zones, parent(apex))
        if above is None or above.lookup is not None:
            return
        above.delegate(apex, order.above, order.zone.ds() if order.ds else ())

    # asking it

    @property
    def pki(self) -> Pki:
        """The authorities of this world, made when they are first wanted."""
        if self._pki is None:
            self._pki = Pki(self.now, self.seed)
        return self._pki

    def ca(self) -> str:
        """The root certificates that clients trust, as PEM."""
        return self.pki.ca()

    def peer(self, address: str, port: int) -> Peer:
        """Who listens there: web servers at every address but those at which nobody talks, mail servers at theirs."""
        if nowhere(address):
            return silence_at(address)
        if port == SMTP and address in self.mtas:
            return mta.handler(self.mtas[address], self.pki)
        return handler(self.webs.get, self.pki) if port == HTTPS else Reset.REFUSED

    def reply(self, query: bytes, server: str, *, tcp: bool) -> Outcome:
        """What the server at this address sends back; None where nobody is, or nobody answers."""
        if self._orders:
            self.link()
        host = self.servers.get(server)
        if host is None:
            host = self._locate(server) if self._locate else None
            if host is None:
                return None
        return host.reply(query, tcp=tcp)

    def hints(self) -> str:
        """The root servers, as a master file."""
        lines = []
        for host, values in self.zones[ROOT].hosts.items():
            lines.append(f". 3600000 IN NS {text(host)}")
            kinds = ["A" if rtype == Type.A else "AAAA" for rtype, _ in addresses(values)]
            lines += [f"{text(host)} 3600000 IN {kind} {value}" for kind, value in zip(kinds, values, strict=True)]
        return "\n".join(lines) + "\n"

    def anchors(self) -> str:
        """The root's DS records; no line if the root is not signed."""
        root = self.zones[ROOT]
        return "".join(f". 3600 IN DS {r[0] << 8 | r[1]} {r[2]} {r[3]} {r[4:].hex()}\n" for r in root.ds())

    def addresses(self) -> list[str]:
        """Every server address known so far."""
        return list(self.servers)

    def idle(self) -> list[str]:
        """What was asked to be wrong and never was: a scenario with anything here proves nothing."""
        unused = [f"{text(zone.apex)} {b.name}" for zone in self.zones.values() for b in zone.breakages if not b.fired]
        return unused + [
            f"{address} {b.name}" for address, server in self.servers.items() for b in server.behaviours if not b.fired
        ]


@dataclass(frozen=True, slots=True)
class _Order:
    """A delegation still to be made."""

    zone: Zone
    above: dict[Name, tuple[str, ...]]
    ds: bool
    delegated: bool


def _hosts(servers: Mapping[str, str | Iterable[str]], apex: Name) -> dict[Name, tuple[str, ...]]:
    found = {}
    for host, values in servers.items():
        relative = "." not in host and apex != ROOT
        name = wire(f"{host}.{text(apex)}" if relative else host)
        found[name] = (values,) if isinstance(values, str) else tuple(values)
    return found
