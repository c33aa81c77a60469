"""Denials that decide nothing are taken as they come, if one says so: no verification, never *secure*."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.resolver.answer import Outcome
from crawler.session import UNPROVED, Options, prepare
from crawler.stages import domains
from crawler.standards.security import Reason, Security
from crawler.standards.wire import Type
from lab import breakage as b
from lab.scenarios.scenario import MAIL, NSEC, NSEC3
from lab.world import World
from tests.resolver.worlds import OURS, eyes_on, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

    from lab.signer import Signing


def world(signing: Signing, *broken: b.Breakage, records: str = MAIL) -> World:
    made = tops()
    made.zone("a.se", records, servers={"ns1": OURS}, signing=signing, broken=broken)
    return made


@pytest.mark.parametrize("signing", [NSEC, NSEC3], ids=["nsec", "nsec3"])
async def test_a_denial_of_that_type_costs_no_verification(signing: Signing, autojump_clock: MockClock) -> None:
    eyes = eyes_on(world(signing), unproved={Type.TXT})
    await eyes.look("a.se")
    before = eyes.resolver.verifications
    answer = await eyes.look("_mta-sts.a.se", "TXT")
    assert (answer.outcome, answer.security, answer.reason) == (
        Outcome.NXDOMAIN, Security.INSECURE, Reason.DENIAL_UNPROVED,
    )  # fmt: skip
    assert eyes.resolver.verifications == before
    assert answer.denial is not None, "how the zone denies is still told"
    other = await eyes.look("_25._tcp.none.a.se", "TLSA")
    assert other.reason is Reason.CHAIN, "all other denials are proved"


async def test_a_record_that_is_there_is_verified_all_the_same(autojump_clock: MockClock) -> None:
    there = MAIL + '\n_mta-sts TXT "v=STSv1; id=1"'
    assert await eyes_on(world(NSEC, records=there), unproved={Type.TXT}).told("_mta-sts.a.se", "TXT") == (
        "answer secure chain"
    )
    broken = b.expired("TXT").at("_mta-sts.a.se")
    assert await eyes_on(world(NSEC, broken, records=there), unproved={Type.TXT}).told("_mta-sts.a.se", "TXT") == (
        "answer bogus signature-expired"
    )


async def test_in_a_zone_that_is_bogus_nothing_is_taken(autojump_clock: MockClock) -> None:
    answer = await eyes_on(world(NSEC, b.ds_wrong_digest()), unproved={Type.TXT}).look("_mta-sts.a.se", "TXT")
    assert answer.security is Security.BOGUS


async def test_a_bogus_denial_is_no_policy_with_and_without_proof(autojump_clock: MockClock) -> None:
    """Without: no record. With: bogus, so unknown. A sender has no policy either way (RFC 8461 section 3.1)."""
    for unproved, words in (({Type.TXT}, "nxdomain insecure denial-unproved"), ((), "nxdomain bogus denial-missing")):
        eyes = eyes_on(world(NSEC, b.no_denial()), unproved=unproved)
        await eyes.look("a.se")
        assert await eyes.told("_mta-sts.a.se", "TXT") == words


async def test_the_stage_keeps_what_was_said(autojump_clock: MockClock) -> None:
    row = await domains.observe("a.se", eyes_on(world(NSEC), unproved=UNPROVED).resolver, 1)
    assert {row.mta_sts.reason, row.tlsrpt.reason} == {Reason.DENIAL_UNPROVED}
    assert row.denial_kind == "nsec"


def test_a_scan_says_whether_it_proves_everything() -> None:
    assert prepare(Options()).identity()["unproved"] == [int(Type.TXT)]
    assert prepare(Options(prove_all=True)).identity()["unproved"] == []
    assert prepare(Options(resolvers=("127.0.0.1",))).identity()["unproved"] == [], "there, all is verified"
