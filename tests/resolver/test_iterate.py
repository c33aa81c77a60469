"""Walking the tree: what exactly is asked of whom, what is not believed, and where hostile trees end."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver import ask
from crawler.resolver.limits import Limits
from crawler.resolver.resolve import Resolver
from crawler.standards.names import from_text
from lab import behaviours as b
from lab.behaviours import Behaviour
from lab.names import Type, wire
from lab.packet import Query, Response, write
from lab.scenarios.scenario import NSEC
from tests.resolver.worlds import BD, ORG, OTHER, OURS, ROOT_SERVER, SE, THIRD, Eyes, Watching, eyes_on, tops, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.testing import MockClock

    from lab.world import World

HOSTS = "@ MX 10 mx\nmx A 45.99.0.1\nmx AAAA 2600::1\n_25._tcp.mx TLSA 3 1 1 " + "d4" * 32
UNSIGNED = "answer insecure no-anchor"
FAILED = "indeterminate lookup-failed"


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """No die: servers never heard of are asked in the order of their glue, others by their round-trip time."""
    monkeypatch.setattr(ask, "random", lambda: 0.5)


def world_of(records: str = HOSTS, *addresses: str) -> World:
    """``example.se``, unsigned, on these servers."""
    world = tops()
    world.zone("example.se", records, servers={f"ns{n}": one for n, one in enumerate(addresses or (OURS,), 1)})
    return world


def plain(world: World, **options: object) -> Eyes:
    """A resolver without trust anchors: it asks for no keys."""
    return eyes_on(world, anchors={}, **options)


async def all_at_once(*looks: Callable[[], object], patience: float = 300) -> None:
    with trio.fail_after(patience):
        async with trio.open_nursery() as nursery:
            for look in looks:
                nursery.start_soon(look)  # type: ignore[arg-type]


# minimised questions (RFC 9156)


async def test_each_server_is_asked_for_one_label_more_than_it_is_known_to_have(autojump_clock: MockClock) -> None:
    eyes = plain(world_of())
    assert await eyes.told("example.se") == UNSIGNED
    assert eyes.net.questions() == [
        (ROOT_SERVER, "se", "A"),
        (SE, "example.se", "MX"),
        (OURS, "example.se", "MX"),
    ]


async def test_inside_a_zone_each_label_is_looked_at_once(autojump_clock: MockClock) -> None:
    eyes = plain(world_of("a.b.c TXT deep\nx.b.c TXT beside"))
    await eyes.look("a.b.c.example.se", "TXT")
    assert eyes.net.questions(OURS) == [
        (OURS, "c.example.se", "A"),
        (OURS, "b.c.example.se", "A"),
        (OURS, "a.b.c.example.se", "TXT"),
    ]
    await eyes.look("x.b.c.example.se", "TXT")
    assert eyes.net.questions(OURS)[3:] == [(OURS, "x.b.c.example.se", "TXT")]


async def test_a_label_that_begins_with_an_underscore_is_asked_for_with_all_that_is_before_it(
    autojump_clock: MockClock,
) -> None:
    eyes = plain(world_of())
    await eyes.look("_25._tcp.mx.example.se", "TLSA")
    assert eyes.net.questions(OURS) == [(OURS, "mx.example.se", "A"), (OURS, "_25._tcp.mx.example.se", "TLSA")]


async def test_a_minimised_question_is_answered_for_good(autojump_clock: MockClock) -> None:
    """The address that minimisation saw on its way to TLSA is the address."""
    eyes = plain(world_of())
    await eyes.look("_25._tcp.mx.example.se", "TLSA")
    assert (await eyes.look("mx.example.se", "A")).tries == 0


async def test_minimisation_can_be_left_out(autojump_clock: MockClock) -> None:
    eyes = plain(world_of(), minimise=False)
    await eyes.look("_25._tcp.mx.example.se", "TLSA")
    assert eyes.net.questions() == [(server, "_25._tcp.mx.example.se", "TLSA") for server in (ROOT_SERVER, SE, OURS)]


@pytest.mark.parametrize("rcode", [2, 3, 4, 5])
async def test_a_server_that_chokes_on_a_minimised_name_is_asked_for_all_of_it(
    autojump_clock: MockClock, rcode: int
) -> None:
    world = world_of("a.b.c TXT deep")
    world.behave(OURS, b.rcode(rcode).only(at="c.example.se"))
    eyes = plain(world)
    assert await eyes.told("a.b.c.example.se", "TXT") == UNSIGNED
    asked = [question[1:] for question in eyes.net.questions(OURS)]
    assert asked[0] == ("c.example.se", "A")
    assert asked[-1] == ("a.b.c.example.se", "TXT")
    assert ("b.c.example.se", "A") not in asked


async def test_once_a_server_choked_nothing_more_is_minimised_for_this_name(autojump_clock: MockClock) -> None:
    world = world_of("a.b.c TXT deep")
    world.behave(ROOT_SERVER, b.refused().only(at="se"))
    eyes = plain(world)
    assert await eyes.told("a.b.c.example.se", "TXT") == UNSIGNED
    assert eyes.net.questions(OURS) == [(OURS, "a.b.c.example.se", "TXT")]


async def test_no_more_than_ten_questions_are_minimised(autojump_clock: MockClock) -> None:
    """RFC 9156 section 2.3: root and TLD take two of them."""
    name = ".".join("abcdefghijklmnopqrst")
    eyes = plain(world_of(f"{name} TXT deep"))
    assert await eyes.told(f"{name}.example.se", "TXT") == UNSIGNED
    asked = [question[1] for question in eyes.net.questions(OURS)]
    assert asked == [name[38 - 2 * n :] + ".example.se" for n in range(8)] + [f"{name}.example.se"]


# bailiwick


async def test_glue_outside_the_referring_zone_is_not_believed(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("isp.org", servers={"ns1": OTHER})
    world.zone("example.se", HOSTS, servers={"ns1.isp.org": OTHER})
    world.behave(SE, b.poison("ns1.isp.org", "45.66.6.6"))
    eyes = plain(world)
    assert await eyes.told("example.se") == UNSIGNED
    assert "45.66.6.6" not in eyes.net.asked
    assert (ORG, "isp.org", "A") in eyes.net.questions()


async def test_glue_of_a_host_that_is_no_name_server_is_not_believed(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(SE, b.poison("mx.example.se", "45.66.6.6"))
    eyes = plain(world)
    await eyes.look("example.se")
    answer = await eyes.look("mx.example.se", "A")
    assert answer.rdata == (bytes((45, 99, 0, 1)),)
    world.behave(OURS, b.refused())
    assert await eyes.told("example.se") == f"refused {FAILED}"
    assert "45.66.6.6" not in eyes.net.asked


@pytest.mark.parametrize("section", ["answer", "authority", "additional"])
async def test_records_of_others_are_not_remembered(autojump_clock: MockClock, section: str) -> None:
    world = world_of()
    world.zone("victim.se", HOSTS, servers={"ns1": OTHER})
    world.behave(OURS, b.poison("mx.victim.se", "45.66.6.6", section=section))
    world.behave(OURS, b.poison_ns("victim.se", "ns.evil.se", "45.66.6.6"), b.poison_ns("se", "ns.se", "45.66.6.6"))
    eyes = plain(world)
    await eyes.look("example.se")
    await eyes.look("mx.example.se", "TXT")
    answer = await eyes.look("mx.victim.se", "A")
    assert answer.rdata == (bytes((45, 99, 0, 1)),)
    assert answer.server == OTHER
    assert "45.66.6.6" not in eyes.net.asked


def refers(child: str, host: str, address: str) -> Behaviour:
    """A server that answers nothing, but sends everybody elsewhere."""

    def act(query: Query, _: object) -> bytes:
        response = Response()
        response.authority = [(wire(child), Type.NS, 3600, wire(host))]
        response.additional = [(wire(host), Type.A, 3600, bytes(map(int, address.split("."))))]
        return write(query, response)

    return Behaviour("refers", act)


@pytest.mark.parametrize("child", [".", "se", "example.se", "victim.se", "org"])
async def test_a_referral_up_or_sideways_is_lame_and_not_followed(autojump_clock: MockClock, child: str) -> None:
    world = world_of()
    world.behave(OURS, refers(child, "ns.example.se", "45.66.6.6"))
    eyes = plain(world)
    assert await eyes.told("example.se") == f"lame {FAILED}"
    assert eyes.net.questions(OURS) == [(OURS, "example.se", "MX")]
    assert "45.66.6.6" not in eyes.net.asked


async def test_delegations_without_end_end_with_the_budget(autojump_clock: MockClock) -> None:
    """A server that delegates each label to itself."""

    def act(query: Query, _: object) -> bytes:
        response = Response()
        host = b"\2ns" + query.name
        response.authority = [(query.name, Type.NS, 3600, host)]
        response.additional = [(host, Type.A, 3600, bytes((45, 1, 0, 1)))]
        return write(query, response)

    world = world_of()
    world.behave(OURS, Behaviour("delegates", act))
    eyes = plain(world, limits=Limits(minimised=1000))
    answer = await eyes.look("a." * 110 + "example.se", "TXT")
    assert words(answer) == f"budget {FAILED}"
    assert answer.tries == 80 == len(eyes.net.log)


async def test_name_servers_of_another_zone_in_a_referral_are_not_asked(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(SE, b.poison_ns("victim.se", "ns.victim.se", "45.66.6.6"))
    world.behave(OURS, b.refused())
    eyes = plain(world)
    assert await eyes.told("example.se") == f"refused {FAILED}"
    assert "45.66.6.6" not in eyes.net.asked


# several servers


async def test_the_quicker_server_is_asked_once_both_are_known(autojump_clock: MockClock) -> None:
    world = world_of(HOSTS, OURS, OTHER)
    world.behave(OURS, b.delayed(0.5))
    world.behave(OTHER, b.delayed(0.1))
    eyes = plain(world)
    for number in range(6):
        await eyes.look(f"n{number}.example.se", "TXT")
    assert [server for server, _, _ in eyes.net.questions(OURS, OTHER)] == [OURS] + [OTHER] * 5
    assert trio.current_time() == pytest.approx(0.5 + 5 * 0.1)


async def test_a_server_that_was_silent_is_asked_last(autojump_clock: MockClock) -> None:
    world = world_of(HOSTS, OURS, OTHER)
    world.behave(OURS, b.silent())
    world.behave(OTHER, b.delayed(0.3))
    eyes = plain(world)
    for number in range(4):
        assert await eyes.told(f"n{number}.example.se", "TXT") == "nxdomain insecure no-anchor"
    assert eyes.net.asked[OURS] == 1
    assert trio.current_time() == pytest.approx(1.5 + 4 * 0.3)


async def test_each_server_is_tried_before_a_failure_is_told_and_the_furthest_counts(
    autojump_clock: MockClock,
) -> None:
    world = world_of(HOSTS, OURS, OTHER, THIRD)
    world.behave(OURS, b.unreachable())
    world.behave(OTHER, b.servfail())
    world.behave(THIRD, b.refused())
    eyes = plain(world)
    assert await eyes.told("example.se") == f"servfail {FAILED}"
    assert [server for server, _, _ in eyes.net.questions(OURS, OTHER, THIRD)] == [OURS, OTHER, THIRD]


async def test_no_more_servers_are_tried_than_the_limit(autojump_clock: MockClock) -> None:
    addresses = tuple(f"45.1.0.{n}" for n in range(1, 13))
    world = world_of(HOSTS, *addresses)
    for address in addresses:
        world.behave(address, b.refused())
    eyes = plain(world)
    assert await eyes.told("example.se") == f"refused {FAILED}"
    assert len(eyes.net.questions(*addresses)) == Limits().addresses == 8


async def test_a_deaf_server_costs_three_packets_and_seven_and_a_half_seconds(autojump_clock: MockClock) -> None:
    """Once, again with twice the patience, and again without EDNS."""
    world = world_of()
    world.behave(OURS, b.silent())
    eyes = plain(world)
    answer = await eyes.look("example.se")
    assert words(answer) == f"timeout {FAILED}"
    assert (answer.server, answer.rtt) == (None, None)
    assert [(asked.server, asked.edns) for asked in eyes.net.log[2:]] == [(OURS, True), (OURS, True), (OURS, False)]
    assert trio.current_time() == 1.5 + 3 + 3


async def test_two_deaf_servers_cost_twice_that(autojump_clock: MockClock) -> None:
    world = world_of(HOSTS, OURS, OTHER)
    world.behave(OURS, b.silent())
    world.behave(OTHER, b.silent())
    eyes = plain(world)
    await eyes.look("example.se")
    assert [server for server, _, _ in eyes.net.questions(OURS, OTHER)] == [OURS, OTHER, OURS, OURS, OTHER, OTHER]
    assert trio.current_time() == 15


async def test_a_deaf_zone_is_taken_as_dead_for_a_minute_without_a_packet(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(OURS, b.silent())
    eyes = plain(world)
    await eyes.look("example.se")
    began, packets = trio.current_time(), len(eyes.net.log)
    for name in ("example.se", "mx.example.se", "other.example.se"):
        assert await eyes.told(name, "TXT") == f"timeout {FAILED}"
    assert (trio.current_time(), len(eyes.net.log)) == (began, packets)
    world.server(OURS).behaviours.clear()
    await trio.sleep(60)
    assert await eyes.told("example.se", "TXT") == "nodata insecure no-anchor"


async def test_an_unreachable_zone_is_dead_too(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(OURS, b.unreachable())
    eyes = plain(world)
    for _ in range(3):
        assert await eyes.told("example.se") == f"unreachable {FAILED}"
    assert eyes.net.asked[OURS] == 1


async def test_a_zone_that_refuses_is_not_dead(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(OURS, b.refused())
    eyes = plain(world)
    for _ in range(3):
        await eyes.look("example.se")
    assert eyes.net.asked[OURS] == 3


async def test_a_top_level_domain_that_was_ever_heard_is_never_dead(autojump_clock: MockClock) -> None:
    """A minute without .se for one lost packet would make a million names unknown."""
    world = world_of()
    eyes = plain(world)
    await eyes.look("example.se")
    world.behave(SE, b.silent())
    assert await eyes.told("one.se") == f"timeout {FAILED}"
    world.server(SE).behaviours.clear()
    assert await eyes.told("two.se") == "nxdomain insecure no-anchor"


async def test_the_root_is_never_dead(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(ROOT_SERVER, b.silent())
    eyes = plain(world)
    assert await eyes.told("example.se") == f"timeout {FAILED}"
    world.server(ROOT_SERVER).behaviours.clear()
    assert await eyes.told("example.se") == UNSIGNED


async def test_a_zone_is_not_dead_for_a_question_that_left_servers_out(autojump_clock: MockClock) -> None:
    """One server lies, the other is deaf: the liar is still heard."""
    world = tops()
    world.zone("example.se", HOSTS, servers={"ns1": OURS, "ns2": OTHER}, signing=NSEC)
    world.behave(OURS, b.do_ignored().only("MX"))
    world.behave(OTHER, b.silent())
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer bogus signature-missing"
    assert await eyes.told("mx.example.se", "A") == "answer secure chain"


# name servers without glue


async def test_a_name_server_without_glue_is_looked_up(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("isp.org", servers={"ns1": OTHER})
    world.zone("example.se", HOSTS, servers={"ns1.isp.org": OTHER})
    eyes = plain(world)
    assert await eyes.told("example.se") == UNSIGNED
    assert eyes.net.questions()[2:] == [
        (ROOT_SERVER, "org", "A"),
        (ORG, "isp.org", "A"),
        (OTHER, "ns1.isp.org", "A"),
        (OTHER, "example.se", "MX"),
    ]


async def test_a_name_server_with_only_ipv6_is_asked_there(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("isp.org", servers={"ns1": OTHER}, records="ns6 AAAA 2600::53")
    world.zone("example.se", HOSTS, servers={"ns6.isp.org": "2600::53"})
    world.zone("glued.se", HOSTS, servers={"ns": "2600::54"})
    eyes = plain(world)
    assert (await eyes.look("example.se")).server == "2600::53"
    assert (await eyes.look("glued.se")).server == "2600::54"


async def test_ipv6_glue_is_left_alone_where_there_is_ipv4(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("example.se", HOSTS, servers={"ns": (OURS, "2600::53")})
    world.behave(OURS, b.refused())
    eyes = plain(world)
    assert await eyes.told("example.se") == f"refused {FAILED}"
    assert "2600::53" not in eyes.net.asked


async def test_all_who_wait_for_the_same_name_server_get_its_address(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("isp.org", servers={"ns1": OTHER})
    world.zone("example.se", "".join(f"mx{n} A 45.99.0.{n}\n" for n in range(20)), servers={"ns1.isp.org": OTHER})
    eyes = plain(world)
    told: list[str] = []

    async def look(number: int) -> None:
        told.append(await eyes.told(f"mx{number}.example.se", "A"))

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(look, number)
    assert told == [UNSIGNED] * 20
    assert eyes.net.questions().count((OTHER, "ns1.isp.org", "A")) == 1
    assert eyes.resolver._walker.cuts.closest(from_text("example.se"), 0).glue == [(OTHER, 53)]


@pytest.mark.parametrize(("zones", "told"), [(8, UNSIGNED), (9, f"no-servers {FAILED}")])
async def test_name_servers_that_need_others_are_followed_as_deep_as_the_limit(
    autojump_clock: MockClock, zones: int, told: str
) -> None:
    """Each zone's only name server is in the next zone, and only the last one has glue."""
    world = tops()
    tlds = ("se", "org")
    names = [f"z{n}.{tlds[n % 2]}" for n in range(zones + 1)]
    for here, there in pairwise(names):
        world.zone(here, HOSTS, servers={f"ns.{there}": OURS})
    world.zone(names[-1], HOSTS, servers={"ns": OURS})
    eyes = plain(world)
    assert await eyes.told("z0.se") == told


async def test_a_second_chance_does_not_go_to_the_same_server_under_another_name(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("isp.org", "", servers={"ns1": OTHER})
    names = {"ns8.isp.org": "45.1.0.8", "ns9.isp.org": "45.1.0.8"}
    world.zone("example.se", HOSTS, servers=names, signing=NSEC)
    world.behave("45.1.0.8", b.do_ignored().only("MX"))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer bogus signature-missing"
    assert eyes.net.questions().count(("45.1.0.8", "example.se", "MX")) == 1


async def test_a_server_under_two_names_does_not_hide_a_third(autojump_clock: MockClock) -> None:
    """Two name servers of one address that refuses, and a good one, none of them with glue."""
    world = tops()
    world.zone("isp.org", "ns8 A 45.1.0.8\nns9 A 45.1.0.8", servers={"ns1": OTHER})
    there = {"ns8.isp.org": "45.1.0.8", "ns9.isp.org": "45.1.0.8", "ns1.isp.org": OTHER}
    world.zone("example.se", HOSTS, servers=there)
    world.behave("45.1.0.8", b.refused())
    for _ in range(8):  # the names are shuffled
        eyes = plain(world)
        assert await eyes.told("example.se") == UNSIGNED
        assert eyes.net.asked.get("45.1.0.8", 0) <= 1


async def test_a_delegation_to_many_names_costs_what_four_of_them_cost(autojump_clock: MockClock) -> None:
    """NXNSAttack (CVE-2020-12662): each name would cost the victim two questions."""
    world = world_of()
    world.zone("attack.se", servers={"ns": OTHER}, delegate_to={f"ns{n}.gone{n}.org": () for n in range(40)})
    eyes = plain(world)
    answer = await eyes.look("attack.se")
    assert words(answer) == f"no-servers {FAILED}"
    assert len(eyes.net.questions(ORG)) == 2 * Limits().unglued == 8
    assert answer.tries == 3 + 8  # root, se, root again for org


async def test_the_budget_of_one_look_up_holds_for_all_that_it_sets_off(autojump_clock: MockClock) -> None:
    """Each of the four names needs four others, and each of these ..."""
    world = tops()
    for level in range(6):
        for n in range(4):
            deeper = {f"ns{m}.z{level + 1}{m}.org": () for m in range(4)} if level < 5 else {"ns.gone.org": ()}
            world.zone(f"z{level}{n}.org", servers={"ns": OTHER}, delegate_to=deeper)
    world.zone("attack.se", servers={"ns": OTHER}, delegate_to={f"ns{m}.z0{m}.org": () for m in range(4)})
    eyes = plain(world)
    answer = await eyes.look("attack.se")
    assert answer.outcome in ("no-servers", "budget")
    assert answer.tries == len(eyes.net.log) <= 80


@pytest.mark.parametrize("together", [False, True])
async def test_name_servers_in_each_others_zones_are_no_servers_and_nobody_waits_for_ever(
    autojump_clock: MockClock, together: bool
) -> None:
    world = tops()
    world.zone("a.se", HOSTS, servers={"ns.b.org": OURS})
    world.zone("b.org", HOSTS, servers={"ns.a.se": OTHER})
    eyes = plain(world)
    told: list[str] = []

    async def look(name: str) -> None:
        told.append(await eyes.told(name))

    if together:
        await all_at_once(*(lambda name=name: look(name) for name in ("a.se", "b.org") * 3))
    else:
        await look("a.se")
        await look("b.org")
    assert set(told) == {f"no-servers {FAILED}"}
    assert trio.current_time() == 0


async def test_a_name_server_inside_its_own_zone_without_glue_is_no_server(autojump_clock: MockClock) -> None:
    world = world_of()
    world.zone("glueless.se", HOSTS, servers={"ns": OTHER}, delegate_to={"ns.glueless.se": ()})
    eyes = plain(world)
    assert await eyes.told("glueless.se") == f"no-servers {FAILED}"


# shared work


async def test_a_hundred_who_ask_the_same_send_each_question_once(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(OURS, b.delayed(0.2))
    eyes = plain(world)
    told: list[str] = []

    async def look() -> None:
        told.append(await eyes.told("example.se"))

    await all_at_once(*[look] * 100)
    assert told == [UNSIGNED] * 100
    assert [question[1:] for question in eyes.net.questions()] == [
        ("se", "A"),
        ("example.se", "MX"),
        ("example.se", "MX"),
    ]
    assert eyes.resolver.sent == 3


async def test_a_hundred_who_go_the_same_way_ask_for_it_once(autojump_clock: MockClock) -> None:
    """At a cold start every look-up comes to the root with the same minimised question."""
    world = world_of()
    eyes = plain(world)

    async def look(number: int) -> None:
        await eyes.told(f"none{number}.se")

    await all_at_once(*[partial(look, number) for number in range(100)])
    on_the_way = [question[1:] for question in eyes.net.questions() if question[1:] == ("se", "A")]
    assert len(on_the_way) == 1
    assert eyes.resolver.sent == len(eyes.net.questions()) == 101


async def test_when_the_one_who_asks_is_cancelled_another_goes_on(autojump_clock: MockClock) -> None:
    world = world_of()
    world.behave(OURS, b.delayed(1.0))
    eyes = plain(world)
    told: list[str] = []

    async def look() -> None:
        told.append(await eyes.told("example.se"))

    async with trio.open_nursery() as nursery:
        with trio.move_on_after(0.5):
            async with trio.open_nursery() as impatient:
                impatient.start_soon(look)
                await trio.testing.wait_all_tasks_blocked()
                nursery.start_soon(look)
                nursery.start_soon(look)
    assert told == [UNSIGNED] * 2
    assert trio.current_time() == 1.5
    assert eyes.net.asked[OURS] == 2


async def test_who_runs_out_of_time_takes_nobody_along(autojump_clock: MockClock) -> None:
    """One comes by a slow alias, and its time ends while another waits for the same question."""
    world = world_of("slow CNAME mx.other.se.")
    world.behave(OURS, b.delayed(1.4), b.truncated())  # 2.8 seconds
    silent = ("45.1.1.1", "45.1.1.2")
    world.zone("other.se", HOSTS, servers={"ns1": silent[0], "ns2": silent[1], "ns3": OTHER})
    for address in silent:
        world.behave(address, b.silent())
    eyes = plain(world, limits=Limits(seconds=5))
    told: dict[str, str] = {}

    async def look(name: str, after: float) -> None:
        await trio.sleep(after)
        told[name] = await eyes.told(name, "A")

    await all_at_once(lambda: look("slow.example.se", 0), lambda: look("mx.other.se", 3))
    assert told == {"slow.example.se": f"deadline {FAILED}", "mx.other.se": UNSIGNED}
    assert trio.current_time() == pytest.approx(2.8 + 3)


# budgets and stubs


async def test_a_look_up_that_used_up_its_packets_says_so(autojump_clock: MockClock) -> None:
    eyes = plain(world_of(), limits=Limits(queries=2))
    answer = await eyes.look("example.se")
    assert words(answer) == f"budget {FAILED}"
    assert (answer.tries, len(eyes.net.log), eyes.resolver.sent) == (2, 2, 2)
    assert await eyes.told("example.se") == UNSIGNED  # what was learned on the way is kept


async def test_a_look_up_that_used_up_its_time_says_so(autojump_clock: MockClock) -> None:
    world = world_of(HOSTS, OURS, OTHER, THIRD)
    for address in (OURS, OTHER, THIRD):
        world.behave(address, b.silent())
    eyes = plain(world, limits=Limits(seconds=4))
    assert await eyes.told("example.se") == f"deadline {FAILED}"
    assert trio.current_time() == 4.5  # a packet that is out is waited for


async def test_a_stub_zone_is_asked_at_its_own_address_and_port(autojump_clock: MockClock) -> None:
    world = world_of()
    eyes = plain(world, stubs={from_text("example.se"): [(OURS, 5353)]})
    assert await eyes.told("mx.example.se", "A") == UNSIGNED
    assert await eyes.told("example.se") == UNSIGNED
    assert eyes.net.ports == {(OURS, 5353)}
    assert ROOT_SERVER not in eyes.net.asked


async def test_names_beside_a_stub_zone_go_the_usual_way(autojump_clock: MockClock) -> None:
    world = world_of()
    world.zone("sub.example.se", HOSTS, servers={"ns": OTHER})
    world.zone("example.bd", HOSTS, servers={"ns": THIRD})
    eyes = plain(world, stubs={from_text("example.se"): [(OURS, 5353)]})
    await eyes.look("sub.example.se")
    await eyes.look("example.bd")
    assert eyes.net.ports == {(OURS, 5353), (OTHER, 53), (ROOT_SERVER, 53), (BD, 53), (THIRD, 53)}


async def test_a_delegation_is_kept_for_its_ttl(autojump_clock: MockClock) -> None:
    eyes = plain(world_of())
    await eyes.look("example.se")
    await trio.sleep(3600)
    await eyes.look("example.se", "TXT")
    assert eyes.net.asked[SE] == 1
    await trio.sleep(1)
    await eyes.look("example.se", "SOA")
    assert eyes.net.asked[SE] == 2


async def test_a_delegation_without_ttl_is_kept_for_a_minute(autojump_clock: MockClock) -> None:
    """Or a zone would cost its parent a question for each of its names."""
    world = world_of()
    world.link()
    node = world.zones[wire("se")].nodes()[wire("example.se")]
    node.rrsets[Type.NS] = node.rrsets[Type.NS]._replace(ttl=0)
    eyes = plain(world)
    for qtype in ("MX", "TXT", "SOA"):
        await eyes.look("example.se", qtype)
        await trio.sleep(25)
    assert eyes.net.asked[SE] == 1
    await eyes.look("example.se")
    assert eyes.net.asked[SE] == 2


async def test_a_reply_is_kept_for_a_day_at_most(autojump_clock: MockClock) -> None:
    world = world_of("mx 604800 A 45.99.0.1")
    eyes = plain(world, stubs={from_text("example.se"): [(OURS, 53)]})
    await eyes.look("mx.example.se", "A")
    await trio.sleep(86_400)
    assert (await eyes.look("mx.example.se", "A")).tries == 0
    await trio.sleep(1)
    assert (await eyes.look("mx.example.se", "A")).tries == 1


async def test_no_more_name_servers_of_a_delegation_are_looked_at_than_the_limit(autojump_clock: MockClock) -> None:
    world = world_of(HOSTS, *(f"45.1.0.{n}" for n in range(1, 31)))
    eyes = plain(world)
    await eyes.look("example.se")
    zone = await eyes.resolver.zone(from_text("example.se"))
    assert zone is not None
    assert len(zone.ns) == Limits().name_servers == 13


async def test_the_roots_ipv6_addresses_are_left_alone_where_it_has_others(autojump_clock: MockClock) -> None:
    world = tops()
    hints = {from_text("a.root-servers.net"): ["2001:503:ba3e::2:30", ROOT_SERVER]}
    net = Watching(world)
    resolver = Resolver(net, hints=hints, anchors={})
    assert (await resolver.resolve(from_text("gone.se"), 15)).outcome == "nxdomain"
    assert "2001:503:ba3e::2:30" not in net.asked
    world.server("2001:503:ba3e::2:30").zones.update(world.server(ROOT_SERVER).zones)
    only = Resolver(net, hints={from_text("a.root-servers.net"): ["2001:503:ba3e::2:30"]}, anchors={})
    assert (await only.resolve(from_text("gone.se"), 15)).outcome == "nxdomain"


async def test_what_a_question_without_some_servers_came_to_is_not_remembered(autojump_clock: MockClock) -> None:
    """One server lies, the other refuses: the second chance failed, and the first answer stands, also later."""
    world = tops()
    world.zone("example.se", HOSTS, servers={"ns1": OURS, "ns2": OTHER}, signing=NSEC)
    world.behave(OURS, b.do_ignored().only("A"))
    world.behave(OTHER, b.refused().only("A"))
    eyes = eyes_on(world)
    assert await eyes.told("mx.example.se", "A") == "answer bogus signature-missing"
    assert await eyes.told("mx.example.se", "A") == "answer bogus signature-missing"
