"""Three ways to the same states: walking ourselves, validating over Unbound, and taking Unbound's word.

The names are those of every hand-written scenario's zones, the 52 fault zones and the
canary's matrix among them, behind one server that has them all: what name servers do
wrong is no matter here, what is wrong with signatures is.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import trio

from analysis.warehouse import open_run
from crawler.cli import main
from crawler.manners import Manners
from crawler.net import open_network
from crawler.resolver.forward import ForwardingResolver, TrustingResolver
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors
from crawler.standards.names import from_text
from crawler.standards.security import Security
from crawler.standards.wire import Type
from lab import breakage
from lab.names import text
from lab.scenarios import SCENARIOS, build
from lab.scenarios.scenario import MAIL, NSEC, NSEC3
from lab.servers import serving_here
from lab.zones import Denial, Signing
from tests.real.servers import HOST, recursor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.resolver.answer import Answer
    from crawler.resolver.looking import Looking
    from lab.breakage import Breakage
    from lab.world import World

pytestmark = [pytest.mark.servers, pytest.mark.slow]

EVERYTHING = "192.0.2.255"
ASKED = (
    ("{}", Type.MX), ("{}", Type.DNSKEY), ("{}", Type.DS), ("mx.{}", Type.A), ("_25._tcp.mx.{}", Type.TLSA),
    ("_mta-sts.{}", Type.TXT), ("a.b.nope.{}", Type.A),
)  # fmt: skip
Questions = list[tuple[bytes, int]]
Answers = dict[tuple[bytes, int], "Answer"]


#: Where the three differ, and how: (walking, forwarding, trusting). docs/oracles.md argues each.
EXPLAINED = {
    "compact.org.": ("nxdomain secure", "nxdomain secure", "nodata secure"),  # Unbound 1.17 does not know NXNAME
    "mx-short.se.": ("answer bogus", "servfail indeterminate", "servfail indeterminate"),  # it drops the reply
    "alias-loop.org.": ("alias-loop indeterminate", "servfail indeterminate", "servfail indeterminate"),
    "alias-long.org.": ("alias-too-long indeterminate", "servfail indeterminate", "servfail indeterminate"),
}
#: Left out, for the states depend on more than the records: a revoked key under DS (see there), and effort.
APART = frozenset({"revoked.se", "long-wait.se", "budget.se"})


def zone_of(name: str) -> str:
    """The last two labels."""
    return ".".join(name.split(".")[-3:])


async def all_answers(resolver: Looking, questions: Questions) -> Answers:
    found: Answers = {}
    left = iter(questions)

    async def work() -> None:
        for name, qtype in left:
            found[name, qtype] = await resolver.resolve(name, qtype)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(work)
    return found


async def three_ways(lab: int, unbound: int, apexes: list[bytes], anchors: str, questions: Questions) -> list[Answers]:
    told = starting_anchors(anchors)
    async with open_network(Manners.unlimited(), allow_special=True) as net:
        stubs = {apex: [(HOST, lab)] for apex in apexes}
        walking = Resolver(net, hints={}, anchors=told, stubs=stubs)
        forwarding = ForwardingResolver(net, servers=[(HOST, unbound)], anchors=told)
        trusting = TrustingResolver(net, servers=[(HOST, unbound)])
        return [await all_answers(way, questions) for way in (walking, forwarding, trusting)]


def test_walking_forwarding_and_trusting_agree_on_every_state(tmp_path: Path) -> None:
    world = build(SCENARIOS, int(time.time()))
    world.everything(EVERYTHING)
    world.link()
    apexes = list(world.zones)
    names = sorted({text(apex).rstrip(".") for apex in apexes if apex != b"\0"} - APART)
    questions = [(from_text(name.format(zone)), int(qtype)) for zone in names for name, qtype in ASKED]
    assert len(questions) > 2_000
    with (
        serving_here(world, plain=EVERYTHING) as lab,
        recursor(tmp_path, world.anchors(), map(text, apexes), lab.port) as unbound,
    ):
        ways = trio.run(three_ways, lab.port, unbound, apexes, world.anchors(), questions)
    differing = {
        (text(question[0]), tuple(f"{answers[question].outcome} {answers[question].security}" for answers in ways))
        for question in questions
        if len({(answers[question].outcome, answers[question].security) for answers in ways}) > 1
    }
    unexplained = {(name, how) for name, how in differing if EXPLAINED.get(zone_of(name)) != how}
    assert unexplained == set()
    assert {zone_of(name) for name, _ in differing} <= EXPLAINED.keys()


#: What is wrong, or not, with the zones of a crowd: signing, whether the parent has DS, what is broken.
KINDS: tuple[tuple[Signing | None, bool, Callable[[], tuple[Breakage, ...]]], ...] = (
    (NSEC, True, tuple),
    (NSEC3, True, tuple),
    (Signing(denial=Denial.NSEC3, opt_out=True), True, tuple),
    (NSEC, False, tuple),  # an island
    (None, True, tuple),  # unsigned
    (NSEC, True, lambda: (breakage.expired(),)),
    (NSEC3, True, lambda: (breakage.ds_wrong_digest(),)),
    (NSEC, True, lambda: (breakage.corrupt_signatures("MX"),)),
    (NSEC3, True, lambda: (breakage.no_signatures("TLSA"),)),
)
CROWD = 2_000


def crowd() -> World:
    """Two thousand zones, of all kinds and under all four of the scenarios' top level domains."""
    world = build([], int(time.time()))
    for number in range(CROWD):
        signing, ds, broken = KINDS[number % len(KINDS)]
        tld = ("se", "org", "nl", "bd")[number // len(KINDS) % 4]
        world.zone(
            f"crowd{number}.{tld}", MAIL, servers={"ns1": f"45.80.{number >> 8}.{number & 255}"}, signing=signing,
            ds=ds, broken=broken(),
        )  # fmt: skip
    world.everything(EVERYTHING)
    world.link()
    return world


def test_two_thousand_names_have_the_same_states_three_ways(tmp_path: Path) -> None:
    world = crowd()
    apexes = list(world.zones)
    names = [text(apex).rstrip(".") for apex in apexes if b"crowd" in apex]
    asked = (("{}", Type.MX), ("_25._tcp.mx.{}", Type.TLSA), ("_mta-sts.{}", Type.TXT))
    questions = [(from_text(name.format(zone)), int(qtype)) for zone in names for name, qtype in asked]
    with (
        serving_here(world, plain=EVERYTHING) as lab,
        recursor(tmp_path, world.anchors(), map(text, apexes), lab.port) as unbound,
    ):
        ways = trio.run(three_ways, lab.port, unbound, apexes, world.anchors(), questions)
    differing = {
        text(question[0]): [f"{answers[question].outcome} {answers[question].security}" for answers in ways]
        for question in questions
        if len({(answers[question].outcome, answers[question].security) for answers in ways}) > 1
    }
    assert len(names) == CROWD
    assert differing == {}
    states = Counter(ways[0][question].security for question in questions)
    assert all(states[state] > 500 for state in (Security.SECURE, Security.INSECURE, Security.BOGUS)), states


@pytest.mark.parametrize(("options", "mode"), [((), "forward"), (("--trust-ad",), "trust-ad")])
def test_a_scan_by_way_of_a_recursive_server_says_so_under_its_figures(
    options: tuple[str, ...], mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = build([one for one in SCENARIOS if one.domain in {"nsec.org", "expired.se", "island.nl"}], int(time.time()))
    world.everything(EVERYTHING)
    world.link()
    out, names = tmp_path / "run", tmp_path / "names"
    names.write_text("nsec.org\nexpired.se\nnone-such.se\n")
    with (
        serving_here(world, plain=EVERYTHING) as lab,
        recursor(tmp_path, world.anchors(), map(text, world.zones), lab.port) as unbound,
    ):
        server = f"{HOST}:{unbound}"
        anchor = () if options else ("--trust-anchor", str(tmp_path / "anchors"))
        scan = ["scan", str(names), "--out", str(out), "--resolver", server, "--quiet", "--looks", "1"]
        with pytest.raises(SystemExit) as ended:
            main([*scan, *anchor, *options])
    assert ended.value.code == 0
    assert capsys.readouterr().out.endswith("accounted: 3 of 3 names\n")
    with open_run(out) as run:
        found = run.query(
            "select domain, zone, zone_security, mx.outcome, mail, len(name_servers) from domains order by 1"
        )
    assert found.rows == (
        ("expired.se", "expired.se", "bogus", "answer", "unknown", 1),
        ("none-such.se", "se", "secure", "nxdomain", "no-domain", 1),
        ("nsec.org", "nsec.org", "secure", "answer", "mx", 1),
    )
    with pytest.raises(SystemExit):
        main(["stats", str(out), "dnssec_states"])
    assert f"resolver: {mode} {server};" in capsys.readouterr().out
