"""The lab in the place of the network: a world in a process of its own, and a resolver that starts at its root.

The only module of the crawler, with ``demo``, that knows of ``lab``; both are imported when
a lab is asked for. The world's signatures are made for the time at which it is opened.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from crawler.resolver.limits import Limits
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.session import UNPROVED, Eyes, Start
from crawler.stages.names import Names
from crawler.visiting import Patience
from lab.listing import Listing, from_list, from_names
from lab.network import LabNetwork
from lab.population import Population
from lab.profiles import PROFILES
from lab.servers import serving
from lab.streams import streaming
from lab.world import World


def population(start: Start, found: Names, paths: Sequence[str]) -> Callable[[], Population]:
    """A maker of the world that holds these names; a zone file gives it its name servers and DS, too."""
    assert start.profile is not None
    profile = replace(PROFILES[start.profile], era=start.era)
    return partial(Population, listing(found, paths), profile=profile, seed=start.seed, now=int(time.time()))


def listing(found: Names, paths: Sequence[str]) -> Listing:
    """What the world is made for: the one zone file as the lab reads it, else the names."""
    delegated, _ = found.signed()
    if delegated and len(paths) == 1 and paths[0] != "-":
        return from_list(Path(paths[0]))
    return from_names(found.domains())


#: A generated world is on this machine, and nobody in it answers late: silence is soon told.
NEAR = Limits(first_patience=0.8, least_patience=0.5, most_patience=1.5, seconds=30.0)

NEAR_SERVICES = Patience(connect=1.5, handshake=2.0, fetch=3.0, reply=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a world is served, for other processes to look at it."""

    port: int
    services: int
    hints: str
    anchors: str
    ca: str


@contextmanager
def served(make: Callable[[], Population | World]) -> Iterator[Place]:
    """A world in processes of its own."""
    world = make()
    with serving(make) as servers, streaming(make) as services:
        yield Place(
            port=servers.port, services=services.port, hints=world.hints(), anchors=world.anchors(), ca=world.ca()
        )


@asynccontextmanager
async def looking(place: Place, start: Start) -> AsyncIterator[Eyes]:
    """A resolver in a world that is served already."""
    hints, anchors = starting_hints(place.hints), starting_anchors(place.anchors)
    async with LabNetwork(place.port, services=place.services).running() as net:
        resolver = Resolver(
            net, hints=hints, anchors=anchors, minimise=start.minimise, limits=NEAR, unproved=start.unproved
        )
        yield Eyes(resolver, net, NEAR_SERVICES, place.ca)


@asynccontextmanager
async def opened(
    make: Callable[[], Population | World],
    *,
    minimise: bool = True,
    limits: Limits = NEAR,
    unproved: Collection[int] = UNPROVED,
) -> AsyncIterator[Eyes]:
    """A resolver whose root, keys and network are the world's; its servers run until the block is left."""
    world = make()
    hints, anchors = starting_hints(world.hints()), starting_anchors(world.anchors())
    with serving(make) as servers, streaming(make) as services:
        async with LabNetwork(servers.port, services=services.port).running() as net:
            resolver = Resolver(net, hints=hints, anchors=anchors, minimise=minimise, limits=limits, unproved=unproved)
            yield Eyes(resolver, net, NEAR_SERVICES, world.ca())
