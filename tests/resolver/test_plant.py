"""Delegations from a registry's zone file: verified as a referral is, believed as far as they hold, else asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from crawler.standards.names import from_text
from crawler.standards.wire import Record, Type, decode, encode_query
from lab import behaviours as b
from lab.scenarios.scenario import NSEC
from lab.signer import Signing
from tests.resolver.worlds import BD, OTHER, OURS, SE, SECURE, THIRD, Eyes, eyes_on, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

    from lab.world import World

MAIL = "@ MX 10 mx\nmx A 45.2.0.1"
LISTED = "answer insecure no-ds-listed"


def example(signing: Signing | None = None, *, top: str = "se", address: str = OURS) -> World:
    world = tops()
    world.zone(f"example.{top}", MAIL, servers={f"ns1.example.{top}": address}, signing=signing)
    return world


def file_of(world: World, name: str = "example.se", server: str = SE) -> list[Record]:
    """What the registry's zone file would hold: what its referral holds, without the proof that there is no DS."""
    reply = world.reply(encode_query(from_text(name), Type.MX, id=1), server, tcp=False)
    assert isinstance(reply, bytes)
    message = decode(reply)
    kept = {Type.NS, Type.DS, Type.A, Type.AAAA}
    records = [*message.authority, *message.additional]
    return [r for r in records if r[1] in kept or (r[1] == Type.RRSIG and r[4][:2] == int(Type.DS).to_bytes(2))]


async def planted(world: World, records: list[Record], name: str = "example.se") -> Eyes:
    eyes = eyes_on(world)
    top = name.rpartition(".")[2]
    assert await eyes.resolver.plant(from_text(top), from_text(name), records)
    return eyes


def about(eyes: Eyes, name: str = "example.se", server: str = SE) -> list[str]:
    """The types of what the registry was asked about a name."""
    return [qtype for _, asked, qtype in eyes.net.questions(server) if asked.endswith(name)]


async def test_what_a_signed_delegation_says_need_not_be_asked(autojump_clock: MockClock) -> None:
    world = example(NSEC)
    eyes = await planted(world, file_of(world))
    assert await eyes.told("example.se") == SECURE
    assert await eyes.told("example.se", "DS") == SECURE
    assert await eyes.told("_mta-sts.example.se", "TXT") == "nxdomain secure chain"
    assert about(eyes) == []
    assert eyes.resolver.listed == (1, 0)


async def test_a_signed_delegation_stays_one_when_its_records_have_been_judged(autojump_clock: MockClock) -> None:
    """An alias goes the long way, which looks whether the file had no DS."""
    world = tops()
    world.zone("example.se", MAIL + "\nwww CNAME mx", servers={"ns1.example.se": OURS}, signing=NSEC)
    eyes = await planted(world, file_of(world))
    assert await eyes.told("example.se") == SECURE
    assert await eyes.told("www.example.se", "A") == SECURE
    assert about(eyes) == []
    assert eyes.resolver.listed == (1, 0)


async def test_its_ds_answer_has_the_ttl_of_the_file(autojump_clock: MockClock) -> None:
    world = example(NSEC)
    eyes = await planted(world, [(*r[:3], 77, r[4]) for r in file_of(world)])
    assert await eyes.told("example.se") == SECURE
    assert (await eyes.look("example.se", "DS")).ttl == 77


@pytest.mark.parametrize(
    "change",
    [
        lambda r: None if r[1] == Type.RRSIG else r,
        lambda r: (*r[:4], r[4][:-1] + bytes((r[4][-1] ^ 1,))) if r[1] == Type.RRSIG else r,
        lambda r: (*r[:4], r[4][:-1] + bytes((r[4][-1] ^ 1,))) if r[1] == Type.DS else r,
        lambda r: (*r[:4], r[4][:8] + b"\0\0\0\1" + r[4][12:]) if r[1] == Type.RRSIG else r,
    ],
    ids=["not signed", "signature damaged", "another digest", "expired"],
)
async def test_ds_that_no_signature_proves_is_asked_for(autojump_clock: MockClock, change: object) -> None:
    assert callable(change)
    world = example(NSEC)
    eyes = await planted(world, [made for r in file_of(world) if (made := change(r)) is not None])
    assert await eyes.told("example.se") == SECURE
    assert about(eyes) == ["DS"]


async def test_without_ds_an_unsigned_zone_is_insecure_by_the_file(autojump_clock: MockClock) -> None:
    world = example()
    eyes = await planted(world, file_of(world))
    assert await eyes.told("example.se") == LISTED
    assert await eyes.told("example.se", "DS") == "nodata insecure no-ds-listed"
    assert await eyes.told("nothing.example.se") == "nxdomain insecure no-ds-listed"
    zone = await eyes.resolver.zone(from_text("example.se"))
    assert zone is not None
    assert (zone.security, zone.reason) == ("insecure", "no-ds-listed")
    assert about(eyes) == []


async def test_without_ds_a_zone_that_sends_signatures_is_asked_for(autojump_clock: MockClock) -> None:
    """It has got its DS since the file was made; so the file's silence is taken for those alone that could not be."""
    world = example(NSEC)
    records = [r for r in file_of(world) if r[1] not in {Type.DS, Type.RRSIG}]
    eyes = await planted(world, records)
    assert await eyes.told("example.se") == SECURE
    assert await eyes.told("_mta-sts.example.se", "TXT") == "nxdomain secure chain"
    assert about(eyes) == ["DS"]
    assert eyes.resolver.listed == (1, 1)


async def test_ds_of_keys_that_are_gone_is_asked_for_again(autojump_clock: MockClock) -> None:
    old, new = example(replace(NSEC, algorithms=(8,))), example(NSEC)
    eyes = await planted(new, file_of(old))
    assert await eyes.told("example.se") == SECURE
    assert about(eyes) == ["DS"]


async def test_ds_of_a_zone_that_has_given_up_signing_is_asked_for_again(autojump_clock: MockClock) -> None:
    eyes = await planted(example(), file_of(example(NSEC)))
    assert await eyes.told("example.se") == "answer insecure no-ds"
    assert about(eyes) == ["DS"]


async def test_servers_that_have_moved_are_asked_for(autojump_clock: MockClock) -> None:
    """The old ones are silent, or refuse."""
    for manner in (b.silent(), b.refused()):
        old, new = example(NSEC, address=OTHER), example(NSEC)
        new.behave(OTHER, manner)
        records = [r for r in file_of(old) if r[1] != Type.NS] + [
            (from_text("example.se"), int(Type.NS), 1, 60, from_text("old.example.se"))
        ]
        records = [(from_text("old.example.se"), *r[1:]) if r[1] == Type.A else r for r in records]
        eyes = await planted(new, records)
        assert await eyes.told("example.se") == SECURE
        assert eyes.resolver.listed == (1, 1)


async def test_servers_that_are_silent_are_not_asked_twice_because_of_the_file(autojump_clock: MockClock) -> None:
    world = example(NSEC)
    world.behave(OURS, b.silent())
    records = file_of(world)
    plain, eyes = eyes_on(world), await planted(world, records)
    assert await plain.told("example.se") == await eyes.told("example.se") == "timeout indeterminate lookup-failed"
    assert await plain.told("example.se", "TXT") == await eyes.told("example.se", "TXT")
    assert len(eyes.net.questions(OURS)) == len(plain.net.questions(OURS))
    assert len(about(eyes)) == 1


async def test_glue_outside_of_the_zone_is_no_word_of_its_registry(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("example.se", MAIL, servers={"ns.else.org": OURS})
    world.zone("else.org", "ns A 45.1.0.1", servers={"ns.else.org": OURS})
    lie = (from_text("ns.else.org"), int(Type.A), 1, 60, bytes((45, 1, 0, 3)))
    eyes = await planted(world, [*file_of(world), lie])
    assert await eyes.told("example.se") == LISTED
    assert eyes.net.questions(THIRD) == []


async def test_below_an_unsigned_registry_nothing_is_proved_either_way(autojump_clock: MockClock) -> None:
    world = example(top="bd")
    eyes = await planted(world, file_of(world, "example.bd", BD), "example.bd")
    assert await eyes.told("example.bd") == "answer insecure no-ds"
    assert await eyes.told("example.bd", "DS") == "nodata insecure no-ds"
    assert about(eyes, "example.bd", BD) == []


async def test_only_what_the_zone_itself_delegates_is_taken(autojump_clock: MockClock) -> None:
    world = example()
    records = file_of(world)
    eyes = await planted(world, records)
    plant = eyes.resolver.plant
    assert not await plant(from_text("se"), from_text("example.se"), records), "it is known"
    assert not await plant(from_text("se"), from_text("www.example.se"), records), "it is another zone's"
    assert not await plant(from_text("org"), from_text("other.se"), records), "it is not below"
    before = len(eyes.net.log)
    for _ in range(3):
        assert not await plant(from_text("nowhere.org"), from_text("a.nowhere.org"), records)
    assert len(eyes.net.log) - before <= 3, "a zone that is not there is looked for once"
