"""BIND's delv and Knot Resolver on the zones of every scenario: they say what we say, or docs/oracles.md tells why not.

Every difference belongs to a class that is written down here, and every class must be seen: an
explanation that explains nothing is taken out of the page.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest
import trio

from crawler.manners import Manners
from crawler.net import open_network
from crawler.resolver.forward import TrustingResolver
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors
from crawler.standards.names import from_text
from crawler.standards.wire import Type
from lab.names import text
from lab.scenarios import SCENARIOS, build
from lab.servers import serving_here
from tests.real.oracles import Delv, kresd
from tests.real.servers import HOST, recursor
from tests.real.test_forward import APART, ASKED, EVERYTHING, all_answers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.real.test_forward import Answers, Questions

pytestmark = [pytest.mark.servers, pytest.mark.slow]

WORKERS = 4  # processes of delv at once


class Explained(NamedTuple):
    """A class of differences: at which names, what we say, and what the other one says."""

    at: str  # a pattern of the whole name
    ours: str
    theirs: str


#: Knot Resolver 5.6 looks at every label below a cut for another one, and wants a proof that there is none.
NO_DENIAL = r"_25\._tcp\.mx\.(no-nsec3?|wrong-nsec3?|nsec-unsigned|nsec3-expired|ede-.*nsec3.*)\.se"
ITERATIONS = r"_25\._tcp\.mx\.(ede-nsec3-iter-\d+|iterations)\.se"
UNSIGNED = r"_mta-sts\.(ede-nsec3-rrsig-missing|nsec-unsigned)\.se"
ED448 = r".*bogus-d\da16n\d\.se"
KNOT = {
    "NXNAME": Explained(r".*compact\.org", "nxdomain secure", "nodata secure"),
    "short MX": Explained(r"mx-short\.se", "answer bogus", "servfail indeterminate"),
    "alias loop": Explained(r"mx\.alias-loop\.org", "alias-loop indeterminate", "servfail indeterminate"),
    "alias chain": Explained(r"mx\.alias-long\.org", "alias-too-long indeterminate", "servfail indeterminate"),
    "KeyTrap": Explained(r".*keytrap\.se", "answer bogus", "answer secure"),
    "KeyTrap, denials": Explained(r".*keytrap\.se", "nxdomain bogus", "nxdomain secure"),
    "Ed448": Explained(ED448, "answer bogus", "answer secure"),
    "Ed448, denials": Explained(ED448, "nxdomain bogus", "nxdomain secure"),
    "unsigned denial": Explained(UNSIGNED, "nxdomain bogus", "nxdomain secure"),
    "proof that there is no cut": Explained(NO_DENIAL, "answer secure", "answer bogus"),
    "iterations": Explained(r".*ede-nsec3-iter-\d+\.se", "nxdomain secure", "nxdomain insecure"),
    "iterations, no cut": Explained(ITERATIONS, "answer secure", "answer insecure"),
}
DELV = {
    "opt-out": Explained(r"_mta-sts\.(delegates\.org|own-opt-out\.se|nl)", "insecure", "secure"),
}


def unexplained(
    differing: Iterable[tuple[str, str, str]], classes: dict[str, Explained]
) -> tuple[set[object], set[str]]:
    """Differences (name, ours, theirs) that no class explains, and the classes that explained any."""
    left: set[object] = set()
    used: set[str] = set()
    for name, ours, theirs in differing:
        found = {
            key
            for key, one in classes.items()
            if (one.ours, one.theirs) == (ours, theirs) and re.fullmatch(one.at, name.rstrip("."))
        }
        used |= found
        if not found:
            left.add((name, ours, theirs))
    return left, used


async def two_ways(lab: int, knot: int, apexes: list[bytes], anchors: str, asked: Questions) -> tuple[Answers, Answers]:
    async with open_network(Manners.unlimited(), allow_special=True) as net:
        stubs = {apex: [(HOST, lab)] for apex in apexes}
        walking = Resolver(net, hints={}, anchors=starting_anchors(anchors), stubs=stubs)
        return await all_answers(walking, asked), await all_answers(
            TrustingResolver(net, servers=[(HOST, knot)]), asked
        )


def test_delv_and_knot_resolver_say_what_we_say_but_for_what_is_explained(tmp_path: Path) -> None:
    world = build(SCENARIOS, int(time.time()))
    world.everything(EVERYTHING)
    world.link()
    apexes, anchors = list(world.zones), world.anchors()
    zones = sorted({text(apex).rstrip(".") for apex in apexes if apex != b"\0"} - APART)
    asked = [(from_text(name.format(zone)), int(qtype)) for zone in zones for name, qtype in ASKED]
    with (
        serving_here(world, plain=EVERYTHING) as lab,
        recursor(tmp_path, anchors, map(text, apexes), lab.port) as unbound,
        kresd(tmp_path / "knot", anchors, unbound) as knot,
    ):
        ours, knots = trio.run(two_ways, lab.port, knot, apexes, anchors, asked)
        delv = Delv(tmp_path, anchors, unbound)
        few = [question for question in asked if question[1] in (Type.MX, Type.TXT)]  # a process each: two of seven
        with ThreadPoolExecutor(WORKERS) as pool:
            said = list(pool.map(lambda question: delv.state(text(question[0]), Type(question[1]).name), few))
    differing = [
        (text(one[0]), f"{ours[one].outcome} {ours[one].security}", f"{knots[one].outcome} {knots[one].security}")
        for one in asked
        if (ours[one].outcome, ours[one].security) != (knots[one].outcome, knots[one].security)
    ]
    assert unexplained(differing, KNOT) == (set(), set(KNOT))
    known = {"bogus": "failed", "indeterminate": "failed"}  # delv does not tell these two apart
    states = [known.get(ours[one].security, str(ours[one].security)) for one in few]
    assert {"secure", "insecure", "failed"} == set(states)
    apart = [(text(one[0]), state, told) for one, state, told in zip(few, states, said, strict=True) if state != told]
    assert unexplained(apart, DELV) == (set(), set(DELV))
