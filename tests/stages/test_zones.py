"""Stage ``zones``: every address of every name server is asked, and what it says is kept apart from what others say."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import trio

from crawler.resolver.direct import Direct
from crawler.resolver.limits import Limits
from crawler.stages import zones
from crawler.stages.zones import digest, serial, signatures
from crawler.standards.names import from_text
from crawler.standards.wire import Message, Type
from crawler.tables import Reply, SignatureTimes, Zone, to_arrow
from lab import behaviours as b
from lab import breakage
from lab.scenarios.scenario import NSEC
from lab.zones import Zone as Made
from tests.resolver.worlds import OTHER, OURS, THIRD, Eyes, eyes_on, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

    from lab.world import World

DAY = 86_400


def example(records: str = "@ MX 10 mx", **more: object) -> World:
    world = tops()
    world.zone("example.se", records, servers={"ns1": OURS, "ns2": OTHER}, **more)  # type: ignore[arg-type]
    return world


async def look(eyes: Eyes, limits: Limits | None = None) -> Zone:
    row = await zones.observe("example.se", eyes.resolver, Direct(eyes.net, limits), 1)
    assert to_arrow(Zone, [row]).num_rows == 1  # every row fits its table
    return row


def of(row: Zone, address: str, rtype: str) -> Reply:
    (found,) = (reply for reply in row.replies if (reply.address, reply.rtype) == (address, rtype))
    return found


async def test_each_address_is_asked_for_soa_mx_and_dnskey(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example(signing=NSEC))
    row = await look(eyes)
    assert [(reply.name_server, reply.address, reply.rtype) for reply in row.replies] == [
        (f"ns{n}.example.se", address, rtype)
        for n, address in ((1, OURS), (2, OTHER))
        for rtype in ("SOA", "MX", "DNSKEY")
    ]
    assert all(reply.outcome == "answer" and reply.authoritative and reply.tries == 1 for reply in row.replies)
    assert (row.name_servers, row.without_address, row.left_out) == (("ns1.example.se", "ns2.example.se"), (), 0)
    assert row.queries == len(eyes.net.log)


async def test_another_copy_shows_in_serial_and_rrset_and_only_there(autojump_clock: MockClock) -> None:
    world = example()
    stale = Made("example.se", now=world.now)
    stale.soa(from_text("ns1.example.se"), serial=4_294_967_295)
    stale.text("@ MX 20 mx")
    world.server(OTHER).zones[stale.apex] = stale
    row = await look(eyes_on(world))
    assert [of(row, address, "SOA").serial for address in (OURS, OTHER)] == [1, 4_294_967_295]
    assert [of(row, address, "MX").rdata for address in (OURS, OTHER)] == [
        (b"\0\x0a" + from_text("mx.example.se"),),
        (b"\0\x14" + from_text("mx.example.se"),),
    ]
    assert of(row, OURS, "MX").rrset != of(row, OTHER, "MX").rrset
    assert of(row, OURS, "DNSKEY").outcome == of(row, OTHER, "DNSKEY").outcome == "nodata"
    assert of(row, OURS, "DNSKEY").rrset is None
    assert of(row, OURS, "MX").serial is None


async def test_the_order_of_records_is_no_difference(autojump_clock: MockClock) -> None:
    world = example("@ MX 10 mx\n@ MX 20 mx")
    turned = Made("example.se", now=world.now)
    turned.text("@ MX 20 mx\n@ MX 10 mx")
    world.server(OTHER).zones[turned.apex] = turned
    row = await look(eyes_on(world))
    assert of(row, OURS, "MX").rdata == of(row, OTHER, "MX").rdata
    assert of(row, OURS, "MX").rrset == of(row, OTHER, "MX").rrset


async def test_times_of_signatures_stand_beside_the_records(autojump_clock: MockClock) -> None:
    world = example(signing=NSEC)
    stale = Made("example.se", now=world.now, seed=world.seed, signing=NSEC).broken(breakage.expired("MX", days=30))
    stale.text("@ MX 10 mx")
    world.server(OTHER).zones[stale.apex] = stale
    row = await look(eyes_on(world))
    (fresh,), (old,) = of(row, OURS, "MX").signatures, of(row, OTHER, "MX").signatures
    assert fresh.inception < world.now < fresh.expiration
    assert old.inception < old.expiration < world.now
    assert (fresh.key_tag, fresh.algorithm) == (old.key_tag, old.algorithm)
    assert of(row, OURS, "MX").rrset == of(row, OTHER, "MX").rrset  # signatures are no part of the RRset


async def test_a_silent_server_is_asked_twice_and_spared_the_rest(autojump_clock: MockClock) -> None:
    world = example()
    world.behave(OTHER, b.silent())
    eyes = eyes_on(world)
    row = await look(eyes, Limits(silences_before_plain=9))
    assert [of(row, OTHER, rtype).outcome for rtype in ("SOA", "MX", "DNSKEY")] == ["timeout"] * 3
    assert [of(row, OTHER, rtype).tries for rtype in ("SOA", "MX", "DNSKEY")] == [2, 0, 0]
    assert of(row, OTHER, "SOA").authoritative is None
    assert of(row, OURS, "MX").outcome == "answer"


async def test_refusal_and_lameness_are_the_servers_own(autojump_clock: MockClock) -> None:
    world = example()
    world.behave(OURS, b.refused().only("MX"))
    world.behave(OTHER, b.not_authoritative().only("MX"), b.lame().only("SOA"))
    row = await look(eyes_on(world))
    assert (of(row, OURS, "MX").outcome, of(row, OTHER, "MX").outcome) == ("refused", "answer")
    assert of(row, OTHER, "MX").authoritative is False
    assert of(row, OTHER, "SOA").outcome == "lame"
    assert of(row, OTHER, "SOA").rdata == ()


async def test_an_address_that_only_glue_has_is_asked_and_a_name_without_address_is_told(
    autojump_clock: MockClock,
) -> None:
    world = tops()
    zone = world.zone("example.se", "@ MX 10 mx", servers={"ns1": OURS, "ns2": THIRD})
    world.link()
    zone.drop(from_text("ns2.example.se"), Type.A)  # it stays in se, as glue
    row = await look(eyes_on(world))
    assert row.without_address == ("ns2.example.se",)
    assert of(row, OURS, "MX").name_server == "ns1.example.se"
    assert of(row, THIRD, "MX").name_server is None
    assert of(row, THIRD, "MX").outcome == "answer"


async def test_a_crowd_of_name_servers_is_bounded_and_the_rest_counted(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("example.se", servers={f"ns{n}": tuple(f"45.1.{n}.{k}" for k in range(1, 6)) for n in range(20)})
    eyes = eyes_on(world)
    row = await look(eyes)
    assert len({reply.address for reply in row.replies}) == zones.ADDRESSES
    assert len(row.name_servers) == 13
    assert row.left_out == 13 * 5 - zones.ADDRESSES


async def test_name_servers_that_cannot_be_found_cost_one_look_ups_time_and_not_the_sum(
    autojump_clock: MockClock,
) -> None:
    world = tops()
    for n in range(6):
        world.zone(f"slow{n}.org", servers={"ns1": f"45.2.{n}.1"})
        world.behave(f"45.2.{n}.1", b.silent())
    world.zone(
        "example.se", servers={"ns1": OURS}, delegate_to={"ns1": OURS} | {f"ns.slow{n}.org.": () for n in range(6)}
    )
    alone = tops()
    alone.zone("slow0.org", servers={"ns1": "45.2.0.1"})
    alone.behave("45.2.0.1", b.silent())
    started = trio.current_time()
    await eyes_on(alone).look("ns.slow0.org", "A")
    one = trio.current_time() - started
    row = await look(eyes_on(world))
    assert row.without_address == tuple(f"ns.slow{n}.org" for n in range(6))
    assert one > 3
    assert row.elapsed <= 2 * one + 1  # A and AAAA


async def test_a_large_rrset_is_kept_as_its_digest(autojump_clock: MockClock) -> None:
    world = example("".join(f"@ MX {n} mx\n" for n in range(300)))
    row = await look(eyes_on(world))
    assert of(row, OURS, "MX").rdata == ()
    rdatas = sorted(n.to_bytes(2, "big") + from_text("mx.example.se") for n in range(300))
    assert of(row, OURS, "MX").rrset == digest(15, rdatas)
    assert of(row, OURS, "MX").tries == 2  # over TCP


async def test_a_zone_that_is_gone_has_a_row_and_no_reply(autojump_clock: MockClock) -> None:
    eyes = eyes_on(tops())
    row = await look(eyes)
    assert (row.name_servers, row.replies) == ((), ())


def test_the_digest_is_of_type_and_records() -> None:
    one, two = b"\0\x0a\1a\0", b"\0\x0b\1a\0"
    assert digest(15, (one,)) == hashlib.sha256(b"\0\x0f\0\5" + one).digest()
    assert len({digest(15, (one,)), digest(15, (one, two)), digest(16, (one,)), digest(15, (one + two,))}) == 4


def test_a_serial_needs_a_whole_soa() -> None:
    assert serial(b"\0\0" + b"\0\0\0\7" + bytes(16)) == 7
    assert serial(b"\0" + bytes(20)) is None  # two names and five numbers are 22 octets at least


def test_signatures_that_do_not_parse_or_are_not_ours_are_left_out() -> None:
    def rrsig(covered: int, tag: int) -> bytes:
        times = (2_000).to_bytes(4, "big") + (1_000).to_bytes(4, "big")
        return covered.to_bytes(2, "big") + b"\x0d\2\0\0\x0e\x10" + times + tag.to_bytes(2, "big") + b"\2se\0sig"

    owner, other = from_text("example.se"), from_text("other.se")
    answer = [
        (owner, int(Type.RRSIG), 1, 60, rrsig(15, 9)), (owner, int(Type.RRSIG), 1, 60, rrsig(15, 8)),
        (owner, int(Type.RRSIG), 1, 60, rrsig(6, 7)), (other, int(Type.RRSIG), 1, 60, rrsig(15, 6)),
        (owner, int(Type.RRSIG), 3, 60, rrsig(15, 5)), (owner, int(Type.RRSIG), 1, 60, rrsig(15, 4)[:15]),
    ]  # fmt: skip
    message = Message(0, 0x8400, 0, None, answer, [], [], None, 0)
    assert signatures(message, owner, 15) == (SignatureTimes(8, 13, 1_000, 2_000), SignatureTimes(9, 13, 1_000, 2_000))
