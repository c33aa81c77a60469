"""The front door: aliases to their end, second chances, hidden zones, and what an `Answer` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver import ask
from crawler.resolver.answer import Alias, Denial
from crawler.resolver.limits import Limits
from crawler.standards.names import from_text, to_text
from crawler.standards.security import Security
from lab import behaviours as b
from lab import breakage
from lab.scenarios.scenario import MAIL, NSEC, NSEC3
from lab.zones import Denial as By
from lab.zones import Signing
from tests.resolver.worlds import ORG, OTHER, OURS, SECURE, THIRD, eyes_on, tops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio.testing import MockClock

    from lab.world import World


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.5)


def example(records: str = MAIL, *, addresses: Iterable[str] = (OURS,), signing: Signing | None = NSEC) -> World:
    """``example.se``, signed."""
    world = tops()
    servers = {f"ns{n}": one for n, one in enumerate(addresses, 1)}
    world.zone("example.se", records, servers=servers, signing=signing)
    return world


# aliases


async def test_aliases_are_followed_and_each_link_judged(autojump_clock: MockClock) -> None:
    """The whole is as secure as its worst link (RFC 7672 section 2.1.3)."""
    world = example("mx CNAME in.plain.org.")
    world.zone("plain.org", "in CNAME in.signed.org.", servers={"ns": OTHER})
    world.zone("signed.org", "in A 45.99.0.1", servers={"ns": THIRD}, signing=NSEC)
    answer = await eyes_on(world).look("mx.example.se", "A")
    assert (answer.outcome, answer.security, answer.reason) == ("answer", "insecure", "no-ds")
    assert answer.alias == (Alias("in.plain.org", Security.SECURE), Alias("in.signed.org", Security.INSECURE))
    assert answer.rdata == (bytes((45, 99, 0, 1)),)


async def test_a_bogus_link_makes_the_whole_bogus(autojump_clock: MockClock) -> None:
    world = example("mx CNAME real\nreal A 45.99.0.1")
    world.zones[from_text("example.se")].broken(breakage.expired("CNAME"))
    answer = await eyes_on(world).look("mx.example.se", "A")
    assert (answer.outcome, answer.security, answer.reason) == ("answer", "bogus", "signature-expired")
    assert answer.alias == (Alias("real.example.se", Security.BOGUS),)


async def test_a_failure_behind_a_secure_alias_is_indeterminate(autojump_clock: MockClock) -> None:
    world = example("mx CNAME in.plain.org.")
    world.zone("plain.org", "", servers={"ns": OTHER})
    world.behave(OTHER, b.refused())
    answer = await eyes_on(world).look("mx.example.se", "A")
    assert (answer.outcome, answer.security, answer.reason) == ("refused", "indeterminate", "lookup-failed")
    assert len(answer.alias) == 1


async def test_nothing_at_the_end_of_an_alias_is_told_with_the_alias(autojump_clock: MockClock) -> None:
    answer = await eyes_on(example("mx CNAME gone\nempty CNAME mxonly\nmxonly MX 0 .")).look("mx.example.se", "A")
    assert (answer.outcome, answer.security, len(answer.alias)) == ("nxdomain", "secure", 1)


@pytest.mark.parametrize(
    ("records", "links"),
    [("mx CNAME mx", 1), ("mx CNAME a\na CNAME mx", 2), ("mx CNAME a\na CNAME b\nb CNAME c\nc CNAME a", 4)],
)
async def test_an_alias_loop_is_told_once_it_closes(autojump_clock: MockClock, records: str, links: int) -> None:
    eyes = eyes_on(example(records))
    answer = await eyes.look("mx.example.se", "A")
    assert (answer.outcome, answer.security, answer.reason) == ("alias-loop", "indeterminate", "lookup-failed")
    assert len(answer.alias) == links
    assert answer.rdata == ()
    asked = [question for question in eyes.net.questions(OURS) if question[2] == "A"]
    assert len(asked) == 1, "the first reply holds the whole signed chain"


async def test_as_many_aliases_are_followed_as_the_limit_and_no_more(autojump_clock: MockClock) -> None:
    records = "".join(f"a{n} CNAME a{n + 1}\n" for n in range(20)) + "a20 A 45.99.0.1"
    eyes = eyes_on(example(records))
    assert await eyes.told("a8.example.se", "A") == SECURE
    answer = await eyes.look("a7.example.se", "A")
    assert (answer.outcome, answer.security, len(answer.alias)) == ("alias-too-long", "indeterminate", 13)


async def test_a_loop_in_a_bogus_zone_stays_bogus(autojump_clock: MockClock) -> None:
    world = example("mx CNAME mx")
    world.zones[from_text("example.se")].broken(breakage.corrupt_signatures("CNAME"))
    answer = await eyes_on(world).look("mx.example.se", "A")
    assert (answer.outcome, answer.security, answer.reason) == ("alias-loop", "bogus", "signature-invalid")


async def test_a_dname_is_followed_and_judged_by_its_own_signature(autojump_clock: MockClock) -> None:
    world = example("old DNAME new\n*.new TXT any\nmx.new A 45.99.0.1")
    eyes = eyes_on(world)
    answer = await eyes.look("mx.old.example.se", "A")
    assert (answer.outcome, answer.security) == ("answer", "secure")
    assert answer.alias == (Alias("mx.new.example.se", Security.SECURE),)
    world = example("old DNAME new\nmx.new A 45.99.0.1")
    world.zones[from_text("example.se")].broken(breakage.no_signatures("DNAME"))
    assert (await eyes_on(world).look("mx.old.example.se", "A")).reason == "signature-missing"


async def test_a_dname_that_makes_a_name_too_long_is_told(autojump_clock: MockClock) -> None:
    long = ".".join(["a" * 63, "b" * 63, "c" * 50])
    eyes = eyes_on(example(f"old DNAME {long}"))
    name = ".".join(["x" * 63, "y" * 20, "old", "example.se"])
    answer = await eyes.look(name, "A")
    assert (answer.outcome, answer.security) == ("alias-too-long", "indeterminate")


async def test_the_alias_itself_can_be_asked_for(autojump_clock: MockClock) -> None:
    answer = await eyes_on(example("mx CNAME real\nreal A 45.99.0.1")).look("mx.example.se", "CNAME")
    assert (answer.security, answer.alias, answer.rdata) == ("secure", (), (from_text("real.example.se"),))


# second chances


@pytest.mark.parametrize("first", [b.do_ignored, b.nxdomain, b.empty])
async def test_a_bogus_answer_of_one_server_is_not_the_last_word(autojump_clock: MockClock, first: object) -> None:
    world = example(addresses=(OURS, OTHER))
    world.behave(OURS, first().only("MX"))  # type: ignore[operator]
    answer = await eyes_on(world).look("example.se")
    assert (answer.outcome, answer.security, answer.server) == ("answer", "secure", OTHER)


async def test_a_bogus_answer_of_all_is_told_as_the_first_one_gave_it_and_costs_two_more(
    autojump_clock: MockClock,
) -> None:
    addresses = tuple(f"45.1.0.{n}" for n in range(1, 6))
    world = example(addresses=addresses)
    world.behave(addresses[0], b.nxdomain().only("MX"))
    for address in addresses[1:]:
        world.behave(address, b.do_ignored().only("MX"))
    eyes = eyes_on(world)
    answer = await eyes.look("example.se")
    assert (answer.outcome, answer.security, answer.reason) == ("nxdomain", "bogus", "denial-missing")
    assert answer.server == addresses[0]
    mx = [asked.server for asked in eyes.net.log if asked.qtype == "MX" and asked.server in addresses]
    assert len(mx) == len(set(mx)) == 3


async def test_a_zone_that_is_bogus_as_a_whole_is_not_asked_again(autojump_clock: MockClock) -> None:
    world = example(addresses=(OURS, OTHER))
    world.zones[from_text("example.se")].broken(breakage.ds_wrong_digest())
    eyes = eyes_on(world)
    assert (await eyes.look("example.se")).reason == "ds-mismatch"
    asked = eyes.net.questions(OURS, OTHER)
    assert [qtype for _, _, qtype in asked].count("MX") == 1


async def test_where_the_others_fail_the_bogus_answer_stands(autojump_clock: MockClock) -> None:
    world = example(addresses=(OURS, OTHER))
    world.behave(OURS, b.do_ignored().only("MX"))
    world.behave(OTHER, b.refused().only("MX"))
    assert await eyes_on(world).told("example.se") == "answer bogus signature-missing"


# zones that hide behind their parent's servers


@pytest.mark.parametrize("signing", [NSEC, NSEC3], ids=["nsec", "nsec3"])
async def test_an_unsigned_zone_on_its_parents_servers_is_found_and_insecure(
    autojump_clock: MockClock, signing: Signing
) -> None:
    world = example("@ MX 0 .", signing=signing)
    world.zone("deep.child.example.se", MAIL, servers={"ns1.example.se": OURS})
    eyes = eyes_on(world)
    assert await eyes.told("deep.child.example.se") == "answer insecure no-ds"
    assert await eyes.told("mx.deep.child.example.se", "TXT") == "nodata insecure no-ds"
    zone = await eyes.resolver.zone(from_text("mx.deep.child.example.se"))
    assert zone is not None
    assert (to_text(zone.apex), zone.security, zone.reason) == ("deep.child.example.se", "insecure", "no-ds")


async def test_below_a_hidden_signed_zone_a_hidden_unsigned_one(autojump_clock: MockClock) -> None:
    world = example("@ MX 0 .")
    servers = {"ns1.example.se": OURS}
    world.zone("b.example.se", "@ MX 0 .", servers=servers, signing=NSEC3)
    world.zone("a.b.example.se", MAIL, servers=servers)
    eyes = eyes_on(world)
    assert await eyes.told("a.b.example.se") == "answer insecure no-ds"
    assert await eyes.told("b.example.se") == SECURE


async def test_a_bogus_hidden_zone_is_bogus(autojump_clock: MockClock) -> None:
    world = example("@ MX 0 .")
    world.zone("b.example.se", MAIL, servers={"ns1.example.se": OURS}, signing=NSEC, broken=[breakage.no_dnskey()])
    world.zone("a.b.example.se", MAIL, servers={"ns1.example.se": OURS})
    assert (await eyes_on(world).look("a.b.example.se")).security == "bogus"


async def test_a_missing_signature_is_no_sign_of_a_zone(autojump_clock: MockClock) -> None:
    """No delegation at or above the name: the RRset ought to be signed."""
    world = example()
    world.zones[from_text("example.se")].broken(breakage.no_signatures("A"))
    assert await eyes_on(world).told("mx.example.se", "A") == "answer bogus signature-missing"


async def test_no_more_labels_are_looked_at_for_a_hidden_zone_than_the_limit(autojump_clock: MockClock) -> None:
    name = ".".join("abcdefghijkl")
    world = example(f"{name} TXT deep")
    world.zones[from_text("example.se")].broken(breakage.no_signatures("TXT"))
    eyes = eyes_on(world)
    assert (await eyes.look(f"{name}.example.se", "TXT")).reason == "signature-missing"
    assert len({asked for asked in eyes.net.questions(OURS) if asked[2] == "DS"}) == Limits().hidden_cuts


# what an answer holds


async def test_an_answer_says_whence_and_what_it_cost(autojump_clock: MockClock) -> None:
    world = example()
    world.behave(OURS, b.delayed(0.25))
    eyes = eyes_on(world)
    answer = await eyes.look("example.se")
    assert (answer.server, answer.ttl) == (OURS, 3600)
    assert answer.rtt == pytest.approx(0.25)
    assert answer.tries == len(eyes.net.log) == eyes.resolver.sent
    assert answer.observed_at == world.now * 1_000_000
    assert (answer.ede, answer.server_ede, answer.wildcard, answer.denial) == (None, None, False, None)
    again = await eyes.look("example.se")
    assert again.tries == 1  # the chain is kept, MX is not: a second look must look


async def test_a_denial_says_how_the_zone_denies(autojump_clock: MockClock) -> None:
    signing = Signing(denial=By.NSEC3, iterations=5, salt=b"\xab\xcd")
    answer = await eyes_on(example(signing=signing)).look("gone.example.se", "A")
    assert (answer.outcome, answer.security, answer.ttl) == ("nxdomain", "secure", 300)
    assert answer.denial == Denial("nsec3", 5, b"\xab\xcd", False)


async def test_how_an_island_denies_is_told_too(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("island.se", MAIL, servers={"ns": OURS}, signing=NSEC, ds=False)
    answer = await eyes_on(world).look("gone.island.se", "A")
    assert (answer.security, answer.denial) == ("insecure", Denial("nsec", None, None, None))


async def test_a_compact_denial_says_that_the_name_does_not_exist(autojump_clock: MockClock) -> None:
    """RFC 9824 section 3: NOERROR, and NXNAME in the bitmap."""
    answer = await eyes_on(example(signing=Signing(denial=By.COMPACT))).look("gone.example.se", "A")
    assert (answer.outcome, answer.security) == ("nxdomain", "secure")
    assert answer.denial == Denial("compact", None, None, None)


async def test_the_ede_code_of_the_reason_stands_beside_that_of_the_server(autojump_clock: MockClock) -> None:
    world = example()
    world.zones[from_text("example.se")].broken(breakage.expired("MX"))
    world.behave(OURS, b.ede(18, "prohibited"))
    answer = await eyes_on(world).look("example.se")
    assert (answer.ede, answer.server_ede) == (7, 18)


async def test_a_wildcard_is_told(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example("* TXT any"))
    assert (await eyes.look("some.example.se", "TXT")).wildcard is True
    assert (await eyes.look("*.example.se", "TXT")).wildcard is False


async def test_a_wildcard_whose_denial_is_unsigned_is_told_so(autojump_clock: MockClock) -> None:
    world = example("* TXT any")
    world.zones[from_text("example.se")].broken(breakage.no_signatures("NSEC"))
    answer = await eyes_on(world).look("some.example.se", "TXT")
    assert (answer.security, answer.reason, answer.wildcard) == ("bogus", "denial-unsigned", True)


async def test_the_zone_of_a_name_is_known_after_a_look_at_it(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example())
    await eyes.look("example.se")
    zone = await eyes.resolver.zone(from_text("_mta-sts.example.se"))
    assert zone is not None
    assert (to_text(zone.apex), zone.security, list(map(to_text, zone.ns))) == (
        "example.se", "secure", ["ns1.example.se"],
    )  # fmt: skip
    assert zone.tries == 0
    gone = await eyes.resolver.zone(from_text("gone.org"))
    assert gone is not None
    assert to_text(gone.apex) == "."  # nobody has asked about org yet


async def test_a_zone_whose_keys_cannot_be_had_within_the_budget_is_none(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example(), limits=Limits(queries=4))
    assert (await eyes.look("example.se")).outcome == "budget"
    poor = eyes_on(example(), limits=Limits(queries=1))
    assert (await poor.look("example.se")).outcome == "budget"
    assert await poor.resolver.zone(from_text("example.se")) is None
    assert ORG not in eyes.net.asked


async def test_two_look_ups_at_once_share_the_chain(autojump_clock: MockClock) -> None:
    world = example()
    world.behave(OURS, b.delayed(0.1))
    eyes = eyes_on(world)
    told: list[str] = []

    async def look(qtype: str) -> None:
        told.append(await eyes.told("example.se", qtype))

    async with trio.open_nursery() as nursery:
        for qtype in ("MX", "SOA", "NS", "TXT"):
            nursery.start_soon(look, qtype)
    assert sorted(told) == [SECURE] * 3 + ["nodata secure chain"]
    assert [asked.qtype for asked in eyes.net.log].count("DNSKEY") == 3
