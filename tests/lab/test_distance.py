"""A distant world is late, loses what it must, and is the same each time."""

from __future__ import annotations

from functools import partial

from crawler.standards.names import from_text
from crawler.standards.wire import Type, encode_query
from lab.behaviours import Late
from lab.distance import Distant, Far
from lab.listing import generate
from lab.population import Population

NAMES = generate(400, "nl")


def answers(far: Far) -> list[object]:
    """What servers of the names say of their MX, first the registry, then their own."""
    world = Distant(partial(Population, NAMES, seed=1), "nl", far)
    told: list[object] = []
    for name in NAMES.names:
        query = encode_query(from_text(name), Type.MX, id=1)
        site = world.near.site(name)
        servers = sorted(world.near.addresses(site.servers[0])) if site is not None else []
        told += [world.reply(query, server, tcp=False) for server in servers[:1]]
    return told


def test_near_is_as_it_is_and_far_is_late() -> None:
    near, far = answers(Far("near")), answers(Far("far", 0.1))
    assert [one for one in far if isinstance(one, bytes)] == []
    assert [one.reply for one in far if isinstance(one, Late)] == [one for one in near if isinstance(one, bytes)]
    assert {one.seconds for one in far if isinstance(one, Late)} == {0.1}


def test_packets_are_lost_and_servers_dead_in_the_share_that_is_told_and_always_the_same() -> None:
    near = answers(Far("near")).count(None)
    lossy = answers(Far("lossy", loss=0.2))
    assert 50 < lossy.count(None) - near < 110
    assert lossy == answers(Far("lossy", loss=0.2))
    assert answers(Far("dead", dead=0.2)).count(None) > near


def test_the_root_and_the_registry_are_alive() -> None:
    world = Distant(partial(Population, NAMES, seed=1), "nl", Far("dead", dead=1.0))
    query = encode_query(from_text("nl"), Type.SOA, id=1)
    zone = world.near.zone("nl")
    assert zone is not None
    registry = [address for there in zone.hosts.values() for address in there]
    root = next(line.split()[-1] for line in world.near.hints().splitlines() if " A " in line or "\tA\t" in line)
    assert all(isinstance(world.reply(query, server, tcp=False), bytes) for server in [*registry, root])
    assert world.reply(query, "192.0.2.1", tcp=False) is None
