"""The judge, check by check: replies that are wrong in one thing, and what judging may cost.

Most of what the judge says is told by the scenarios of the lab; here is what these cannot show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver import ask, validate
from crawler.resolver.answer import Denial
from crawler.resolver.limits import Limits
from crawler.standards.names import from_text
from lab import behaviours as b
from lab import breakage
from lab.behaviours import Behaviour, Teller
from lab.denial import Span
from lab.names import Type, wire
from lab.packet import Query
from lab.scenarios.scenario import MAIL, NSEC, NSEC3
from lab.surgery import Parts, read
from lab.zones import Signing
from tests.resolver.worlds import OTHER, OURS, SE, SECURE, eyes_on, tops

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.testing import MockClock

    from lab.surgery import Whole
    from lab.world import World

HOST = "mx 60 A 45.99.0.1\nother 60 A 45.99.0.2"


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.5)


def signed(records: str = HOST, signing: Signing = NSEC, *broken: breakage.Breakage) -> World:
    world = tops()
    world.zone("example.se", records, servers={"ns1": OURS}, signing=signing, broken=broken)
    return world


def rewritten(change: Callable[[Parts], None]) -> Behaviour:
    """A server whose replies are changed by hand."""

    def act(query: Query, tell: Teller) -> bytes:
        told = tell(query)
        assert isinstance(told, bytes)
        parts = read(told)
        assert parts is not None
        change(parts)
        return parts.write()

    return Behaviour("rewritten", act)


def instead(world: World, name: str) -> Behaviour:
    """What the server says of one name, with the owner of its records changed to the name that was asked."""

    def act(query: Query, tell: Teller) -> bytes:
        told = tell(query._replace(name=wire(name)))
        assert isinstance(told, bytes)
        parts = read(told)
        assert parts is not None
        answer = parts.sections[0]
        answer[:] = [(query.name, *record[1:]) if record[0] == wire(name) else record for record in answer]
        parts.question = query.question
        return parts.write()

    return Behaviour("instead", act)


def section_moved(parts: Parts) -> None:
    answer, authority, additional = parts.sections
    for section in (answer, authority):
        additional.extend(record for record in section if record[1] == Type.RRSIG)
        section[:] = [record for record in section if record[1] != Type.RRSIG]


def unsigned(parts: Parts) -> None:
    parts.drop(Type.RRSIG)


# what is remembered as verified


async def test_a_verified_rrset_is_not_verified_under_another_name(autojump_clock: MockClock) -> None:
    """The same records and signatures replayed at a neighbour's name."""
    world = signed()
    world.behave(OURS, instead(world, "mx.example.se").only("A", at="other.example.se"))
    eyes = eyes_on(world)
    assert await eyes.told("mx.example.se", "A") == SECURE
    assert (await eyes.look("other.example.se", "A")).security == "bogus"


async def test_other_records_are_not_verified_by_a_signature_seen_before(autojump_clock: MockClock) -> None:
    world = signed()
    eyes = eyes_on(world)
    assert await eyes.told("mx.example.se", "A") == SECURE
    await trio.sleep(61)

    def changed(parts: Parts) -> None:
        answer = parts.sections[0]
        answer[:] = [(*r[:4], bytes((45, 66, 6, 6))) if r[1] == Type.A else r for r in answer]

    world.behave(OURS, rewritten(changed).only("A"))
    assert await eyes.told("mx.example.se", "A") == "answer bogus signature-invalid"


async def test_no_more_is_remembered_as_verified_than_the_limit(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "_VERIFIED_LIMIT", 5)
    world = signed("".join(f"n{n} A 45.99.0.{n}\n" for n in range(30)))
    eyes = eyes_on(world)
    held = []
    for number in range(30):
        assert await eyes.told(f"n{number}.example.se", "A") == SECURE
        trust = eyes.resolver._walker.cuts.closest(from_text("example.se"), 0).trust
        assert trust is not None
        held.append(len(trust.verified))
    assert max(held) == 5


async def test_the_key_set_that_the_chain_verified_costs_nothing_again(autojump_clock: MockClock) -> None:
    eyes = eyes_on(signed())
    await eyes.look("mx.example.se", "A")
    before = eyes.resolver.verifications
    assert await eyes.told("example.se", "DNSKEY") == SECURE
    assert eyes.resolver.verifications == before


async def test_each_alias_of_a_long_reply_costs_one_verification(autojump_clock: MockClock) -> None:
    """The server puts the whole chain into one reply; signatures of other owners are not tried."""
    eyes = eyes_on(signed("".join(f"a{n} CNAME a{n + 1}\n" for n in range(10)) + "a10 A 45.99.0.1"))
    await eyes.look("example.se", "SOA")
    before = eyes.resolver.verifications
    assert await eyes.told("a0.example.se", "A") == SECURE
    assert eyes.resolver.verifications - before == 11


# where records stand


async def test_signatures_count_in_whatever_section_they_stand(autojump_clock: MockClock) -> None:
    world = signed()
    world.behave(OURS, rewritten(section_moved).only("A", "AAAA"))
    eyes = eyes_on(world)
    assert await eyes.told("mx.example.se", "A") == SECURE
    assert await eyes.told("mx.example.se", "AAAA") == "nodata secure chain"


async def test_denials_of_another_zone_are_passed_over(autojump_clock: MockClock) -> None:
    """NSEC records of the parent in the place of ours: as good as none."""
    world = signed()
    parents: list[Whole] = []

    def stolen(parts: Parts) -> None:
        parents.extend(r for r in parts.sections[1] if r[0] == wire("se") and r[1] in (Type.NSEC, Type.RRSIG))

    def replaced(parts: Parts) -> None:
        parts.drop(Type.NSEC)
        parts.drop(Type.RRSIG)
        parts.sections[1].extend(parents)

    world.behave(SE, rewritten(stolen).only(at="gone.se"))
    world.behave(OURS, rewritten(replaced).only("TXT"))
    eyes = eyes_on(world)
    assert await eyes.told("gone.se", "TXT") == "nxdomain secure chain"
    assert parents
    assert await eyes.told("mx.example.se", "TXT") == "nodata bogus denial-missing"


async def test_an_nsec_expanded_from_a_wildcard_denies_nothing(autojump_clock: MockClock) -> None:
    """The wildcard's own NSEC, at the name that was asked: its signature holds there, what it says does not."""
    world = signed("mx A 45.99.0.1\n* TXT any\nz A 45.99.0.9")
    eyes = eyes_on(world)
    found: list[Whole] = []

    def kept(parts: Parts) -> None:
        own = wire("*.example.se")
        found.extend(r for r in parts.sections[1] if r[0] == own and r[1] in (Type.NSEC, Type.RRSIG))

    def forged(parts: Parts) -> None:
        parts.sections[1][:] = [r for r in parts.sections[1] if r[1] == Type.SOA]
        parts.sections[1].extend((wire("mx.example.se"), *r[1:]) for r in found)
        parts.sections[0].clear()

    world.behave(OURS, rewritten(kept).only("AAAA", at="*.example.se"))
    world.behave(OURS, rewritten(forged).only("A", at="mx.example.se"))
    assert await eyes.told("*.example.se", "AAAA") == "nodata secure chain"
    assert len(found) == 2
    answer = await eyes.look("mx.example.se", "A")
    assert (answer.outcome, answer.security) == ("nodata", "bogus")


async def test_no_more_denial_records_are_verified_than_the_limit(autojump_clock: MockClock) -> None:
    """A reply stuffed with NSEC3 records, each with a signature of its own."""

    def stuffed(zone: object, spans: list[Span]) -> list[Span]:
        return [*spans, *others]

    world = signed("".join(f"n{n} A 45.99.0.{n}\n" for n in range(60)), NSEC3)
    chain = world.zones[wire("example.se")].chain
    others = [span for n in range(60) if (span := chain.match(wire(f"n{n}.example.se"))) is not None]
    world.zones[wire("example.se")].broken(breakage.Breakage("stuffed", breakage.Stage.PROOF, stuffed))
    eyes = eyes_on(world)
    await eyes.look("example.se", "SOA")
    before = eyes.resolver.verifications
    await eyes.look("gone.example.se", "TXT")
    assert eyes.resolver.verifications - before <= Limits().negative_nsecs


# what is told beside the verdict


@pytest.mark.parametrize(
    ("flaw", "reason"), [(breakage.no_signatures, "denial-unsigned"), (breakage.expired, "signature-expired")]
)
async def test_how_a_zone_denies_is_told_where_the_proof_fails_too(
    autojump_clock: MockClock, flaw: Callable[[str], breakage.Breakage], reason: str
) -> None:
    answer = await eyes_on(signed(HOST, NSEC, flaw("NSEC"))).look("mx.example.se", "TXT")
    assert (answer.security, answer.reason) == ("bogus", reason)
    assert answer.denial == Denial("nsec", None, None, None)


# DS


async def test_a_referral_whose_proof_proves_nothing_leads_to_the_question(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("example.se", MAIL, servers={"ns1": OURS})
    world.behave(SE, rewritten(unsigned).only("A", "MX"))
    eyes = eyes_on(world)
    assert await eyes.told("example.se") == "answer insecure no-ds"
    assert (SE, "example.se", "DS") in eyes.net.questions()


async def test_a_ds_record_too_short_to_read_does_not_hide_a_good_one(autojump_clock: MockClock) -> None:
    world = signed(HOST, NSEC, breakage.ds_also(b"\1\2"))
    assert await eyes_on(world).told("mx.example.se", "A") == SECURE


async def test_of_two_bogus_words_on_ds_the_first_is_told(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("two.org", servers={"ns1": OURS, "ns2": OTHER}, signing=NSEC)
    world.zone("sub.two.org", MAIL, servers={"ns": "45.1.0.9"}, signing=NSEC)
    world.behave(OURS, b.do_ignored().only("DS", "MX", "A"))
    world.behave(OTHER, b.nxdomain().only("DS"))
    assert await eyes_on(world).told("sub.two.org") == "answer bogus signature-missing"


async def test_an_insecure_denial_of_a_secure_zone_is_no_reason_to_ask_another_server(
    autojump_clock: MockClock,
) -> None:
    world = tops()
    servers = {"ns1": OURS, "ns2": OTHER}
    world.zone("example.se", HOST, servers=servers, signing=Signing(denial=NSEC3.denial, opt_out=True))
    eyes = eyes_on(world)
    for name in ("gone.example.se", "lost.example.se"):  # first with the chain unknown, then with it known
        answer = await eyes.look(name, "TXT")
        assert (answer.outcome, answer.security, answer.reason) == ("nxdomain", "insecure", "opt-out")
        assert [asked.name for asked in eyes.net.log if asked.server in (OURS, OTHER)].count(name) == 1
