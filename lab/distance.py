"""A world far away: every reply takes a round trip, some packets are lost, some servers are dead.

What is lost and who is dead follows from the questions and addresses alone, so that two runs meet the same.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from lab.behaviours import Late

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.behaviours import Outcome
    from lab.peers import Peer
    from lab.population import Population


class Far(NamedTuple):
    """How far away the world is."""

    title: str
    rtt: float = 0.0  # seconds
    loss: float = 0.0  # of packets
    dead: float = 0.0  # of servers


class Distant:
    """A world behind a long line, in which the root and one registry are always alive."""

    def __init__(self, make: Callable[[], Population], registry: str, far: Far) -> None:
        self.near = make()
        self.far = far
        zone = self.near.zone(registry)
        hosts = {} if zone is None else zone.hosts
        roots = (line.split()[-1] for line in self.near.hints().splitlines() if line.strip() and line[0] != ";")
        self._alive = frozenset([address for there in hosts.values() for address in there]) | frozenset(roots)
        self._asked: Counter[bytes] = Counter()

    def peer(self, address: str, port: int) -> Peer:
        """As `lab.world.Replies` has it."""
        return self.near.peer(address, port)

    def reply(self, query: bytes, server: str, *, tcp: bool) -> Outcome:
        """The same. Which packet is lost follows from the question and how often it has been put."""
        far = self.far
        if _share(server.encode()) < far.dead and server not in self._alive:
            return None
        self._asked[query[2:]] += 1
        lost = far.loss and _share(query[2:] + server.encode() + bytes((self._asked[query[2:]] & 255,))) < far.loss
        told = None if lost else self.near.reply(query, server, tcp=tcp)
        return Late(told, far.rtt) if isinstance(told, bytes) and far.rtt else told


def _share(what: bytes) -> float:
    """A number from nought to one that is always the same for the same thing."""
    return int.from_bytes(blake2b(what, digest_size=4).digest()) / 2**32
