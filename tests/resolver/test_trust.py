"""The chain of trust and the judge: what is asked for it, what it costs, and what cannot talk it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver import ask
from crawler.resolver.limits import Limits
from crawler.resolver.roots import starting_anchors
from crawler.standards.names import from_text, to_text
from lab import behaviours as b
from lab import breakage
from lab.behaviours import Behaviour, Teller
from lab.names import Type, wire
from lab.packet import Query, Response, write
from lab.scenarios.scenario import MAIL, NSEC, NSEC3
from lab.surgery import read
from lab.zones import Signing
from tests.resolver.worlds import OTHER, OURS, ROOT_SERVER, SE, SECURE, THIRD, eyes_on, tops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio.testing import MockClock

    from lab.breakage import Breakage
    from lab.world import World

SPLIT = Signing(split=True)


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.5)


def signed(
    records: str = MAIL, *, addresses: Iterable[str] = (OURS,), signing: Signing | None = NSEC,
    broken: Iterable[Breakage] = (), ds: bool = True,
) -> World:  # fmt: skip
    """``example.se``, signed."""
    world = tops()
    servers = {f"ns{n}": one for n, one in enumerate(addresses, 1)}
    world.zone("example.se", records, servers=servers, signing=signing, broken=broken, ds=ds)
    return world


def altered(rtype: int, *sections: int) -> Behaviour:
    """A server that leaves these types out of its replies, with their signatures."""

    def act(query: Query, tell: Teller) -> bytes:
        told = tell(query)
        assert isinstance(told, bytes)
        parts = read(told)
        assert parts is not None
        covered = rtype.to_bytes(2, "big")
        for section in parts.sections:
            section[:] = [r for r in section if r[1] != rtype and not (r[1] == Type.RRSIG and r[4][:2] == covered)]
        return parts.write()

    return Behaviour("leaves-out", act)


def flipped(query: Query, tell: Teller) -> bytes:
    """The last octet of each DNSKEY changed: another key, and no signature fits it."""
    told = tell(query)
    assert isinstance(told, bytes)
    parts = read(told)
    assert parts is not None
    section = parts.sections[0]
    section[:] = [(*r[:4], r[4][:-1] + bytes((r[4][-1] ^ 1,))) if r[1] == Type.DNSKEY else r for r in section]
    return parts.write()


# anchors


async def test_without_an_anchor_all_is_insecure_and_no_key_is_asked_for(autojump_clock: MockClock) -> None:
    eyes = eyes_on(signed(), anchors={})
    assert await eyes.told("example.se") == "answer insecure no-anchor"
    assert {asked.qtype for asked in eyes.net.log} == {"A", "MX"}
    zone = await eyes.resolver.zone(from_text("example.se"))
    assert zone is not None
    assert (zone.security, zone.reason, zone.tries) == ("insecure", "no-anchor", 0)


async def test_an_anchor_that_no_key_matches_makes_all_below_it_bogus(autojump_clock: MockClock) -> None:
    world = signed()
    world.zone("example.bd", MAIL, servers={"ns": OTHER})
    eyes = eyes_on(world, anchors=starting_anchors())  # those of the real root
    assert await eyes.told("example.se") == "answer bogus anchor-mismatch"
    assert await eyes.told("example.bd") == "answer bogus anchor-mismatch"
    assert [asked.qtype for asked in eyes.net.log].count("DNSKEY") == 1


async def test_an_anchor_below_the_root_needs_nothing_above_it(autojump_clock: MockClock) -> None:
    world = signed()
    world.zone("example.org", MAIL, servers={"ns": OTHER}, signing=NSEC)
    anchors = starting_anchors("".join(f"se. DS {r[0] << 8 | r[1]} {r[2]} {r[3]} {r[4:].hex()}\n"
                                       for r in world.zones[wire("se")].ds()))  # fmt: skip
    eyes = eyes_on(world, anchors=anchors)
    assert await eyes.told("example.se") == SECURE
    assert (ROOT_SERVER, ".", "DNSKEY") not in eyes.net.questions()
    assert await eyes.told("example.org") == "answer insecure no-anchor"


async def test_of_several_anchors_the_nearest_counts(autojump_clock: MockClock) -> None:
    """An anchor for a zone goes before the DS of its parent, for better and worse."""
    world = signed(signing=None)
    own = "se. DS 1 13 2 " + "00" * 32
    eyes = eyes_on(world, anchors=starting_anchors(world.anchors() + own))
    assert await eyes.told("example.se") == "answer bogus anchor-mismatch"
    assert await eyes.told("nobody.org") == "nxdomain secure chain"


async def test_one_matching_anchor_of_two_is_enough(autojump_clock: MockClock) -> None:
    world = signed()
    eyes = eyes_on(world, anchors=starting_anchors(". DS 1 13 2 " + "00" * 32 + "\n" + world.anchors()))
    assert await eyes.told("example.se") == SECURE


# DS


async def test_ds_in_a_referral_is_not_asked_for(autojump_clock: MockClock) -> None:
    eyes = eyes_on(signed())
    answer = await eyes.look("example.se")
    assert answer.security == "secure"
    keys = [question for question in eyes.net.questions() if question[2] in ("DS", "DNSKEY")]
    assert sorted(keys) == sorted([
        (ROOT_SERVER, ".", "DNSKEY"),
        (SE, "se", "DNSKEY"),
        (OURS, "example.se", "DNSKEY"),
    ])  # fmt: skip
    assert answer.tries == 6
    ds = await eyes.look("example.se", "DS")
    assert (ds.outcome, ds.security, ds.tries, len(ds.rdata), ds.ttl) == ("answer", "secure", 0, 1, 3600)
    assert ds.server is None


@pytest.mark.parametrize("top", ["se", "org"])
async def test_the_proof_of_no_ds_in_a_referral_is_not_asked_for(autojump_clock: MockClock, top: str) -> None:
    world = tops()
    world.zone(f"example.{top}", MAIL, servers={"ns": OURS})
    eyes = eyes_on(world)
    assert await eyes.told(f"example.{top}") == "answer insecure no-ds"
    assert {question[2] for question in eyes.net.questions()} == {"A", "MX", "DNSKEY"}
    ds = await eyes.look(f"example.{top}", "DS")
    assert (ds.outcome, ds.security, ds.tries, ds.ttl) == ("nodata", "secure", 0, None)
    assert ds.denial is not None
    assert ds.denial.kind == {"se": "nsec", "org": "nsec3"}[top]


@pytest.mark.parametrize(
    ("name", "kept", "verdict"),
    [
        ("example.se", False, "answer secure chain"),
        ("plain.se", False, "answer insecure no-ds"),
        ("below.island.se", True, "answer insecure no-ds"),  # below an insecure zone: its DS is told as it came
        ("broken.se", True, "answer bogus ds-mismatch"),  # may be mended by the next look
    ],
)
async def test_records_of_a_referral_are_let_go_once_they_are_judged(
    autojump_clock: MockClock, name: str, kept: bool, verdict: str
) -> None:
    """And what they said is said again without them, also when the trust has run out and DS must be asked for."""
    world = signed()
    world.zone("plain.se", MAIL, servers={"ns": OURS})
    world.zone("island.se", MAIL, servers={"ns": OURS}, signing=NSEC, ds=False)
    world.zone("below.island.se", MAIL, servers={"ns": OTHER}, signing=NSEC)
    world.zone("broken.se", MAIL, servers={"ns": OURS}, signing=NSEC, broken=[breakage.ds_wrong_digest()])
    eyes = eyes_on(world)
    assert await eyes.told(name) == verdict
    cut = eyes.resolver._walker.cuts.get(wire(name))
    assert cut is not None
    assert bool(cut.proof) is kept
    ds = await eyes.look(name, "DS")
    assert cut.trust is not None
    cut.trust.expires = trio.current_time() - 1
    assert await eyes.told(name) == verdict
    again = await eyes.look(name, "DS")
    assert (again.outcome, again.security, again.reason, again.rdata) == (ds.outcome, ds.security, ds.reason, ds.rdata)


async def test_ds_is_asked_for_where_the_referral_lacks_it(autojump_clock: MockClock) -> None:
    world = signed()
    world.behave(SE, altered(Type.DS).only("A", "MX"))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == SECURE
    assert eyes.net.questions().count((SE, "example.se", "DS")) == 1


async def test_a_referral_robbed_of_its_proof_makes_nothing_insecure(autojump_clock: MockClock) -> None:
    """The DS left out, nobody proves its absence."""
    world = signed()
    world.behave(SE, altered(Type.DS))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer bogus denial-missing"


async def test_a_ds_whose_signature_is_spoiled_is_asked_for_and_then_bogus(autojump_clock: MockClock) -> None:
    world = signed()
    world.zones[wire("se")].broken(breakage.corrupt_signatures("DS"))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer bogus signature-invalid"
    assert (SE, "example.se", "DS") in eyes.net.questions()


async def test_ds_from_another_server_where_one_gives_it_without_signature(autojump_clock: MockClock) -> None:
    world = signed()
    world.zone("sub.example.se", MAIL, servers={"ns": THIRD}, signing=NSEC)
    world.server(OTHER).zones.update(world.server(SE).zones)
    world.zone("two.org", servers={"ns1": OURS, "ns2": OTHER}, signing=NSEC)
    world.zone("sub.two.org", MAIL, servers={"ns": THIRD}, signing=NSEC)
    world.behave(OURS, b.do_ignored().only("DS", "MX", "A"))
    eyes = eyes_on(world)
    assert await eyes.told("sub.two.org") == SECURE
    assert [asked.server for asked in eyes.net.log if asked.qtype == "DS"] == [OURS, OTHER]


async def test_the_childs_own_word_on_its_ds_is_not_taken(autojump_clock: MockClock) -> None:
    """Both zones on one server, which answers DS from the child (RFC 4035 section 3.1.4.1)."""
    world = signed()
    eyes = eyes_on(world)
    await eyes.look("example.se")
    await eyes.look("example.se", "DS")
    assert all(server == SE for server, name, qtype in eyes.net.questions() if (name, qtype) == ("example.se", "DS"))


# keys


async def test_keys_are_fetched_once_for_a_zone(autojump_clock: MockClock) -> None:
    eyes = eyes_on(signed())
    for number in range(20):
        assert await eyes.told(f"n{number}.example.se", "A") == "nxdomain secure chain"
    assert [asked.qtype for asked in eyes.net.log].count("DNSKEY") == 3
    assert (await eyes.look("example.se", "DNSKEY")).tries == 0


async def test_a_hundred_who_need_a_zones_keys_fetch_and_verify_them_once(autojump_clock: MockClock) -> None:
    world = signed()
    for address in (ROOT_SERVER, SE, OURS):
        world.behave(address, b.delayed(0.1))
    eyes = eyes_on(world)
    told: list[str] = []

    async def look(number: int) -> None:
        told.append(await eyes.told("mx.example.se", "A"))

    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(look, number)
    assert told == [SECURE] * 100
    assert len(eyes.net.log) == len(set(eyes.net.log))
    assert eyes.resolver.verifications == 6  # three key sets, two DS sets, and the address


async def test_keys_from_another_server_where_one_gives_wrong_ones(autojump_clock: MockClock) -> None:
    """Asked for as such, the DNSKEY RRset is the verified one, too, not the first that came."""
    world = signed(addresses=(OURS, OTHER))
    world.behave(OURS, Behaviour("flips", flipped).only("DNSKEY"))
    eyes = eyes_on(world)
    answer = await eyes.look("example.se", "DNSKEY")
    assert (answer.security, answer.server) == ("secure", OTHER)
    assert answer.rdata == world.zones[wire("example.se")].nodes()[wire("example.se")].rrsets[Type.DNSKEY].rdatas
    assert await eyes.told("example.se") == SECURE


async def test_keys_that_the_chain_did_not_verify_must_stand_on_their_own(autojump_clock: MockClock) -> None:
    """The chain is kept, the reply forgotten: what comes after is verified anew."""
    world = signed()
    eyes = eyes_on(world, limits=Limits(replies=1))
    assert await eyes.told("example.se", "DNSKEY") == SECURE
    assert await eyes.told("mx.example.se", "A") == SECURE
    world.behave(OURS, Behaviour("flips", flipped).only("DNSKEY"))
    assert (await eyes.look("example.se", "DNSKEY")).security == "bogus"


async def test_no_more_servers_are_asked_for_better_keys_than_the_limit(autojump_clock: MockClock) -> None:
    addresses = tuple(f"45.1.0.{n}" for n in range(1, 7))
    world = signed(addresses=addresses)
    for address in addresses:
        world.behave(address, Behaviour("flips", flipped).only("DNSKEY"))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer bogus ds-mismatch"
    assert [asked.qtype for asked in eyes.net.log if asked.server in addresses].count("DNSKEY") == 3


async def test_keys_that_could_not_be_had_are_asked_for_again_after_a_minute(autojump_clock: MockClock) -> None:
    world = signed()
    world.behave(OURS, b.refused().only("DNSKEY"))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer indeterminate chain-lookup-failed"
    world.server(OURS).behaviours.clear()
    assert await eyes.told("example.se") == "answer indeterminate chain-lookup-failed"
    await trio.sleep(61)
    assert await eyes.told("example.se") == SECURE


async def test_of_two_faults_that_of_the_first_server_is_told(autojump_clock: MockClock) -> None:
    world = signed(addresses=(OURS, OTHER))
    world.behave(OURS, Behaviour("flips", flipped).only("DNSKEY"))
    world.behave(OTHER, b.do_ignored().only("DNSKEY"))
    assert await eyes_on(world).told("example.se") == "answer bogus ds-mismatch"


# what cannot talk a zone down


def forged(owner: str, rtype: int, rdata: bytes, at: str) -> Behaviour:
    """An authoritative reply with one record in its authority section, to questions about one name."""

    def act(query: Query, _: object) -> bytes:
        response = Response(aa=rtype == Type.SOA)
        response.authority = [(wire(owner), rtype, 300, rdata)]
        return write(query, response)

    return Behaviour("forged", act).only("A", at=at)


SOA = b"\0\0" + bytes(16) + b"\0\0\1\x2c"
FORGED = {
    "signer": (),
    "soa": (forged("mx.example.se", Type.SOA, SOA, "mx.example.se"),),
    "referral": (forged("mx.example.se", Type.NS, wire("ns.evil.se"), "mx.example.se"),),
}


@pytest.mark.parametrize("how", FORGED)
@pytest.mark.parametrize("signing", [NSEC, NSEC3], ids=["nsec", "nsec3"])
async def test_a_zone_cut_that_only_a_reply_claims_makes_nothing_insecure(
    autojump_clock: MockClock, how: str, signing: Signing
) -> None:
    """Who can forge replies says that a zone begins at the host: no DS there, but no delegation either."""
    broken = [breakage.signer("mx.example.se", "A").at("mx.example.se")] if how == "signer" else []
    world = signed(signing=signing, broken=broken)
    world.zone("evil.se", servers={"ns": THIRD})
    world.server(THIRD).zones[wire("mx.example.se")] = world.zone(
        "mx.example.se", "@ A 45.66.6.6", servers={"ns.evil.se": THIRD}, delegated=False
    )
    world.behave(OURS, *FORGED[how])
    eyes = eyes_on(world)
    assert (await eyes.look("mx.example.se", "A")).security == "bogus"
    zone = await eyes.resolver.zone(from_text("mx.example.se"))
    assert zone is not None
    assert zone.security == "secure"


async def test_the_signer_of_a_neighbouring_insecure_zone_makes_nothing_insecure(autojump_clock: MockClock) -> None:
    world = signed(broken=[breakage.signer("sub.example.se", "A").at("mx.example.se")])
    world.zone("sub.example.se", MAIL, servers={"ns": OTHER})
    eyes = eyes_on(world)
    assert await eyes.told("sub.example.se") == "answer insecure no-ds"
    assert (await eyes.look("mx.example.se", "A")).security == "bogus"


async def test_a_child_cannot_deny_its_own_ds(autojump_clock: MockClock) -> None:
    """One server for both, which answers for DS out of the child (RFC 4035 section 3.1.4.1)."""
    world = signed()
    world.zone("sub.example.se", MAIL, servers={"ns1.example.se": OURS}, signing=NSEC)

    def act(query: Query, _: object) -> bytes:
        response = Response(aa=True)
        response.authority = [(wire("sub.example.se"), Type.SOA, 300, SOA)]
        return write(query, response)

    world.behave(OURS, Behaviour("of-the-child", act).only("DS", at="sub.example.se"))
    assert await eyes_on(world).told("sub.example.se") == "answer bogus denial-missing"


async def test_a_cut_that_was_none_does_not_stay(autojump_clock: MockClock) -> None:
    """One forged reply, and the next one is right."""
    world = signed()
    world.behave(OURS, *FORGED["soa"])
    eyes = eyes_on(world)
    assert (await eyes.look("mx.example.se", "A")).security == "bogus"
    world.server(OURS).behaviours.clear()
    assert await eyes.told("mx.example.se", "AAAA") == "nodata secure chain"
    zone = await eyes.resolver.zone(from_text("mx.example.se"))
    assert zone is not None
    assert to_text(zone.apex) == "example.se"
    await trio.sleep(301)  # the forged denial's own TTL
    assert await eyes.told("mx.example.se", "A") == SECURE


async def test_a_stub_zone_that_its_parent_denies_is_insecure_for_its_user_said_so(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("corp.se", MAIL, servers={"ns": OURS}, delegated=False)
    eyes = eyes_on(world, stubs={from_text("corp.se"): [(OURS, 53)]})
    assert await eyes.told("corp.se") == "answer insecure no-ds"


# what is verified once


@pytest.mark.parametrize("denial", [NSEC, NSEC3], ids=["nsec", "nsec3"])
async def test_a_denial_seen_before_costs_no_second_verification(autojump_clock: MockClock, denial: Signing) -> None:
    eyes = eyes_on(signed(signing=denial))
    assert await eyes.told("mx.example.se", "AAAA") == "nodata secure chain"
    before = eyes.resolver.verifications
    assert await eyes.told("mx.example.se", "TXT") == "nodata secure chain"
    assert eyes.resolver.verifications == before


async def test_a_verified_rrset_is_remembered_with_its_signatures(autojump_clock: MockClock) -> None:
    """The same records under another signature are verified anew."""
    world = signed("mx 60 A 45.99.0.1")
    eyes = eyes_on(world)
    assert await eyes.told("mx.example.se", "A") == SECURE
    await trio.sleep(61)
    world.zones[wire("example.se")].broken(breakage.corrupt_signatures("A"))
    assert await eyes.told("mx.example.se", "A") == "answer bogus signature-invalid"


async def test_what_was_verified_ends_with_its_signature(autojump_clock: MockClock) -> None:
    world = signed("mx 60 A 45.99.0.1", signing=Signing(expiration=4000))
    eyes = eyes_on(world)
    assert await eyes.told("mx.example.se", "A") == SECURE
    await trio.sleep(61)
    world.now += 4001  # the zone's signatures were made before
    assert await eyes.told("mx.example.se", "A") == "answer bogus signature-expired"
