"""What attacks on a resolver cost with our bounds, and what they would cost without: docs/attacks.md has the table.

Costs are counted, not timed: packets sent, signatures verified, SHA-1 computations. Each
attack is run twice, the second time with the bound that binds it lifted; if that changed
nothing, the bound would bind nothing. Spoofing and poisoning are held in ``test_net``
(id, port, question) and ``test_iterate`` (bailiwick, additional records).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from crawler.resolver import ask
from crawler.resolver.limits import Limits
from crawler.standards import denial, dnssec, nsec3
from crawler.standards.wire import Type
from lab import breakage
from lab.behaviours import Behaviour
from lab.packet import Query, Response, write
from lab.scenarios.scenario import MAIL
from lab.zones import Denial, Signing
from tests.resolver.worlds import OTHER, OURS, eyes_on, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

    from lab.world import World

PAGE = Path(__file__).parents[2] / "docs" / "attacks.md"
ENDLESS = 10**9


class Cost(NamedTuple):
    """What one look-up came to."""

    outcome: str  # and reason
    packets: int
    verifications: int
    hashings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack: its world, the question that sets it off, and how its bound is lifted."""

    name: str
    world: Callable[[], World]
    question: tuple[str, str]
    limits: Mapping[str, Any] = field(default_factory=dict)  # of the lifted run
    constants: Mapping[tuple[Any, str], int] = field(default_factory=dict)  # of the lifted run: (module, name)
    defaults: Mapping[tuple[Any, str], int] = field(default_factory=dict)  # of the lifted run: (function, argument)
    bound: Cost
    lifted: Cost


def keytrap() -> World:
    """RRSIG after RRSIG that fits key after key, and none that verifies (CVE-2023-50387)."""
    world = tops()
    world.zone(
        "attack.se", MAIL, servers={"ns": OURS}, signing=Signing(split=True), broken=[breakage.colliding_keys(30)]
    )
    return world


def nxns() -> World:
    """Forty name servers of forty zones that do not exist (CVE-2020-12662)."""
    world = tops()
    world.zone("attack.se", servers={"ns": OTHER}, delegate_to={f"ns{n}.gone{n}.org": () for n in range(40)})
    return world


def aliases() -> World:
    """Sixty aliases, each in a zone of its own."""
    world = tops()
    for n in range(60):
        world.zone(f"a{n}.se", f"mx CNAME mx.a{n + 1}.se.", servers={"ns": OURS}, signing=None)
    world.zone("a60.se", MAIL, servers={"ns": OURS}, signing=None)
    return world


def iterations() -> World:
    """NSEC3 with as many iterations as an old zone may have (RFC 9276 section 3.2)."""
    world = tops()
    world.zone("attack.se", MAIL, servers={"ns": OURS}, signing=Signing(denial=Denial.NSEC3, iterations=500))
    return world


def encloser() -> World:
    """A name of very many labels, each of which may be the closest encloser (CVE-2023-50868)."""
    world = tops()
    world.zone("attack.se", MAIL, servers={"ns": OURS}, signing=Signing(denial=Denial.NSEC3, iterations=150))
    return world


def delegating() -> World:
    """A server that delegates each label to itself."""

    def act(query: Query, _: object) -> bytes:
        response = Response()
        host = b"\2ns" + query.name
        response.authority = [(query.name, Type.NS, 3600, host)]
        response.additional = [(host, Type.A, 3600, bytes((45, 1, 0, 1)))]
        return write(query, response)

    world = tops()
    world.zone("attack.se", MAIL, servers={"ns": OURS}, signing=None)
    world.behave(OURS, Behaviour("delegates", act))
    return world


DEEP = "a." * 100 + "attack.se"
ATTACKS = (
    Attack(
        name="KeyTrap: 31 keys of one tag",
        world=keytrap, question=("attack.se", "MX"), constants={(dnssec, "KEYS_PER_TAG"): ENDLESS},
        defaults={(dnssec.verify_rrset, "limit"): ENDLESS},
        bound=Cost("answer too-much-work", 7, 5, 0), lifted=Cost("answer chain", 7, 36, 0),
    ),
    Attack(
        name="NXNSAttack: 40 name servers that do not exist",
        world=nxns, question=("attack.se", "MX"),
        limits={"unglued": ENDLESS, "name_servers": ENDLESS, "queries": ENDLESS},
        bound=Cost("no-servers lookup-failed", 11, 0, 0), lifted=Cost("no-servers lookup-failed", 83, 0, 0),
    ),
    Attack(
        name="60 aliases through 60 zones",
        world=aliases, question=("mx.a0.se", "A"), limits={"aliases": ENDLESS, "queries": ENDLESS},
        bound=Cost("alias-too-long lookup-failed", 29, 16, 0), lifted=Cost("answer no-ds", 125, 64, 0),
    ),
    Attack(
        name="NSEC3 with 500 iterations",
        world=iterations, question=("nope.attack.se", "MX"), constants={(nsec3, "HASHINGS"): ENDLESS},
        defaults={(denial.prove_nxdomain, "max_iterations"): ENDLESS},
        bound=Cost("nxdomain nsec3-iterations", 6, 8, 0), lifted=Cost("nxdomain chain", 6, 8, 1503),
    ),
    Attack(
        name="NSEC3, 150 iterations, a name of 102 labels",
        world=encloser, question=(DEEP, "MX"), constants={(nsec3, "HASHINGS"): ENDLESS},
        bound=Cost("nxdomain too-much-work", 7, 8, 4077), lifted=Cost("nxdomain chain", 7, 8, 15402),
    ),
    Attack(
        name="a server that delegates each of 102 labels",
        world=delegating, question=(DEEP, "MX"), limits={"minimised": ENDLESS, "queries": ENDLESS},
        bound=Cost("lame lookup-failed", 12, 0, 0), lifted=Cost("lame lookup-failed", 103, 0, 0),
    ),
)  # fmt: skip


async def cost(attack: Attack, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> Cost:
    """One look-up by a fresh resolver."""
    world = attack.world()
    hashed = 0
    sha1 = hashlib.sha1

    class Counting:
        """`hashlib`, as far as ``nsec3`` uses it."""

        @staticmethod
        def sha1(data: bytes) -> Any:
            nonlocal hashed
            hashed += 1
            return sha1(data)

    monkeypatch.setattr(nsec3, "hashlib", Counting)
    nsec3.nsec3_hash.cache_clear()
    eyes = eyes_on(world, limits=limits)
    answer = await eyes.look(*attack.question)
    return Cost(
        f"{answer.outcome} {answer.reason}",
        len(eyes.net.log),
        eyes.resolver.verifications,
        hashed,
    )


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_costs_what_the_bound_lets_it_cost(
    attack: Attack, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.5)
    found = await cost(attack, Limits(), monkeypatch)
    for (module, name), value in attack.constants.items():
        monkeypatch.setattr(module, name, value)
    for (function, name), value in attack.defaults.items():
        monkeypatch.setitem(function.__kwdefaults__, name, value)
    lifted = await cost(attack, Limits(**attack.limits), monkeypatch)
    assert found == attack.bound
    assert lifted == attack.lifted
    assert found != lifted, "the bound binds nothing"


def test_the_page_says_what_the_attacks_cost() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    told = [row for row in rows if len(row) == 9 and row[1].isdigit()]
    assert told == [
        [
            attack.name,
            *map(str, attack.bound[1:]),
            attack.bound.outcome,
            *map(str, attack.lifted[1:]),
            attack.lifted.outcome,
        ]
        for attack in ATTACKS
    ]
