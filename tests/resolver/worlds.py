"""What the resolver's tests stand on: small worlds, and a network that writes down every question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.net import Silence
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.standards.names import from_text
from crawler.standards.wire import Type
from lab.names import text
from lab.network import DirectNetwork
from lab.packet import read_query
from lab.scenarios import build

if TYPE_CHECKING:
    from crawler.resolver.answer import Answer
    from lab.population import Population
    from lab.world import World

ROOT_SERVER, SE, ORG, BD = "198.41.0.4", "192.36.144.107", "199.19.56.1", "209.58.24.3"
OURS, OTHER, THIRD = "45.1.0.1", "45.1.0.2", "45.1.0.3"  # servers of the zones under test
SECURE, INSECURE = "answer secure chain", "answer insecure no-ds"


class Asked(NamedTuple):
    """One question as it went out."""

    server: str
    name: str
    qtype: str
    tcp: bool = False
    edns: bool = True


class Watching(DirectNetwork):
    """The world in process, and a record of what it was asked."""

    def __init__(self, world: World | Population) -> None:
        super().__init__(world)
        self.log: list[Asked] = []
        self.ports: set[tuple[str, int]] = set()

    async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        self.ports.add((address, port))
        return await super().over_udp(query, address, port, patience)

    async def _ask(self, query: bytes, address: str, patience: float, *, tcp: bool) -> bytes | Silence:
        put = read_query(query, tcp=tcp)
        name = text(put.name).rstrip(".") or "."
        self.log.append(Asked(address, name, Type(put.type).name, tcp, put.edns is not None))
        return await super()._ask(query, address, patience, tcp=tcp)

    def questions(self, *servers: str) -> list[tuple[str, str, str]]:
        """Server, name and type of each question, of these servers only where some are named."""
        return [asked[:3] for asked in self.log if not servers or asked.server in servers]


class Eyes(NamedTuple):
    """A resolver on a world, and what it sends."""

    resolver: Resolver
    net: Watching

    async def look(self, name: str, qtype: str = "MX") -> Answer:
        return await self.resolver.resolve(from_text(name), Type[qtype])

    async def told(self, name: str, qtype: str = "MX") -> str:
        return words(await self.look(name, qtype))


def words(answer: Answer) -> str:
    """An answer as the scenarios write it."""
    return f"{answer.outcome} {answer.security} {answer.reason}"


def eyes_on(world: World, **options: Any) -> Eyes:
    """A fresh resolver whose root, keys and clock are the world's; None for anchors means the real root's."""
    net = Watching(world)
    if options.setdefault("anchors", starting_anchors(world.anchors())) is None:
        options["anchors"] = starting_anchors()
    resolver = Resolver(net, hints=starting_hints(world.hints()), now=lambda: world.now, **options)
    return Eyes(resolver, net)


def tops() -> World:
    """A signed root, ``se`` (NSEC), ``org`` (NSEC3), ``nl`` (opt-out) and unsigned ``bd``; nothing below them."""
    return build([])
