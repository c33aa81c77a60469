"""Stage ``hosts``: which names are asked for TLSA, in which order, and what counts as an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.resolver.answer import Alias, Answer, Outcome
from crawler.stages import hosts
from crawler.stages.domains import unaskable
from crawler.stages.hosts import address_security, addresses, tlsa_base, tlsa_set
from crawler.standards.security import Security
from crawler.tables import Host, TlsaBase, TlsaRecord, to_arrow
from lab import behaviours as b
from lab import breakage
from lab.scenarios.scenario import KEY, NSEC
from lab.zones import Signing
from tests.resolver.worlds import OTHER, OURS, Eyes, eyes_on, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

    from lab.world import World

V4, V6 = bytes((45, 99, 0, 1)), bytes.fromhex("2600" + "0" * 27 + "1")
SECURE, INSECURE, BOGUS, UNDECIDED = Security.SECURE, Security.INSECURE, Security.BOGUS, Security.INDETERMINATE
TLSA = f"TLSA 3 1 1 {KEY}"


def answer(outcome: Outcome = Outcome.NODATA, security: Security = SECURE, *rdata: bytes) -> Answer:
    return unaskable()._replace(outcome=outcome, security=security, rdata=rdata)


def found(security: Security = SECURE, *rdata: bytes) -> Answer:
    return answer(Outcome.ANSWER, security, *(rdata or (V4,)))


NONE, GONE = answer(), answer(Outcome.NXDOMAIN)
FAILED = answer(Outcome.TIMEOUT, UNDECIDED)


def example(records: str, signing: Signing | None = NSEC) -> World:
    world = tops()
    world.zone("example.se", records, servers={"ns1": OURS}, signing=signing)
    return world


async def look(eyes: Eyes, host: str = "mx.example.se") -> Host:
    return await hosts.observe(host, eyes.resolver, 1)


def asked_for_tlsa(eyes: Eyes) -> list[str]:
    return [asked.name for asked in eyes.net.log if asked.qtype == "TLSA"]


# pure parts


def test_addresses_are_those_that_a_sender_may_use_ipv4_first() -> None:
    assert addresses(found(), found(INSECURE, V6)) == ("45.99.0.1", "2600::1")
    assert addresses(found(BOGUS), found(SECURE, V6)) == ("2600::1",)
    assert addresses(found(UNDECIDED), NONE) == ()
    assert addresses(FAILED, GONE) == ()


@pytest.mark.parametrize(
    ("a", "aaaa", "security"),
    [
        (found(), found(SECURE, V6), SECURE),
        (found(), found(INSECURE, V6), INSECURE),
        (found(INSECURE), NONE, INSECURE),
        (NONE, found(), SECURE),
        (found(), FAILED, SECURE),  # of the RRsets that exist
        (found(BOGUS), found(SECURE, V6), BOGUS),
        (NONE, NONE, SECURE),
        (NONE, FAILED, UNDECIDED),
        (FAILED, answer(security=BOGUS), BOGUS),
    ],
)
def test_the_security_of_addresses_is_the_worst_of_those_that_exist(a: Answer, aaaa: Answer, security: str) -> None:
    assert address_security(a, aaaa) == security


@pytest.mark.parametrize(
    ("a", "aaaa", "base"),
    [
        (found(), NONE, TlsaBase.INITIAL),
        (FAILED, found(SECURE, V6), TlsaBase.INITIAL),  # one address is enough to send to
        (NONE, NONE, TlsaBase.NO_ADDRESS),
        (GONE, GONE, TlsaBase.NO_ADDRESS),
        (answer(security=INSECURE), NONE, TlsaBase.NO_ADDRESS),
        (NONE, FAILED, TlsaBase.ADDRESS_UNKNOWN),
        (NONE, answer(security=BOGUS), TlsaBase.ADDRESS_UNKNOWN),
        (found(BOGUS), NONE, TlsaBase.ADDRESS_UNKNOWN),
        (found(UNDECIDED), found(BOGUS), TlsaBase.ADDRESS_UNKNOWN),
    ],
)
def test_a_host_without_usable_address_is_not_asked_for_tlsa(a: Answer, aaaa: Answer, base: TlsaBase) -> None:
    """RFC 7672 section 2.2.2."""
    assert tlsa_base("mx.nl", "mx.nl", addresses(a, aaaa), a, aaaa) is base


def test_an_alias_with_an_address_is_expanded() -> None:
    a = found()._replace(alias=(Alias("in.nl", SECURE),))
    assert tlsa_base("mx.nl", "in.nl", addresses(a, NONE), a, NONE) is TlsaBase.EXPANDED


def test_tlsa_records_need_their_three_fields_and_some_data() -> None:
    """RFC 6698 section 2.1."""
    records = found(SECURE, b"\3\1\1" + b"d" * 32, b"\3\1\1", b"\3\1", b"", b"\xff\xff\xffx")
    assert tlsa_set(records) == (TlsaRecord(3, 1, 1, b"d" * 32), TlsaRecord(255, 255, 255, b"x"))
    assert tlsa_set(None) == tlsa_set(NONE) == tlsa_set(FAILED) == ()


# a look


async def test_a_look_at_a_host_asks_for_addresses_tlsa_and_the_node_above_it(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example(f"mx A 45.99.0.1\nmx AAAA 2600::1\n_25._tcp.mx {TLSA}"))
    row = await look(eyes)
    assert [question[1:] for question in eyes.net.questions(OURS) if question[2] != "DNSKEY"] == [
        ("mx.example.se", "A"),
        ("mx.example.se", "AAAA"),
        ("_25._tcp.mx.example.se", "TLSA"),
        ("_tcp.mx.example.se", "A"),
    ]
    assert (row.addresses, row.address_security, row.tlsa_base) == (("45.99.0.1", "2600::1"), "secure", "initial")
    assert (row.tlsa_expanded, len(row.tlsa_initial_set), row.tlsa_malformed) == (None, 1, 0)
    assert row.tcp_node is not None
    assert row.tcp_node.outcome == "nodata"
    assert row.queries == len(eyes.net.log)
    assert to_arrow(Host, [row]).num_rows == 1


async def test_the_node_above_tlsa_is_not_asked_for_where_there_is_none(autojump_clock: MockClock) -> None:
    row = await look(eyes_on(example("mx A 45.99.0.1")))
    assert (row.tlsa_base, row.tcp_node, row.tlsa_initial_set) == ("initial", None, ())


async def test_a_host_that_does_not_exist_is_asked_for_once(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example("@ MX 0 ."))
    row = await look(eyes, "gone.example.se")
    assert [question[1:] for question in eyes.net.questions(OURS) if question[2] != "DNSKEY"] == [
        ("gone.example.se", "A")
    ]
    assert (row.aaaa.outcome, row.aaaa.tries, row.tlsa_base, row.tlsa_initial) == ("nxdomain", 0, "no-address", None)


async def test_an_alias_is_asked_for_under_its_end_alone_where_that_is_secure(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example(f"mx CNAME real\nreal A 45.99.0.1\n_25._tcp.real {TLSA}\n_25._tcp.mx {TLSA}"))
    row = await look(eyes)
    assert asked_for_tlsa(eyes) == ["_25._tcp.real.example.se"]
    assert (row.expanded, row.tlsa_base, row.tlsa_initial) == ("real.example.se", "expanded", None)


async def test_an_alias_without_tlsa_at_its_end_is_asked_for_as_written_too(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example(f"mx CNAME real\nreal A 45.99.0.1\n_25._tcp.mx {TLSA}"))
    row = await look(eyes)
    assert asked_for_tlsa(eyes) == ["_25._tcp.real.example.se", "_25._tcp.mx.example.se"]
    assert (len(row.tlsa_expanded_set), len(row.tlsa_initial_set)) == (0, 1)


async def test_tlsa_at_an_insecure_end_does_not_settle_it(autojump_clock: MockClock) -> None:
    world = example(f"mx CNAME in.plain.org.\n_25._tcp.mx {TLSA}")
    world.zone("plain.org", f"in A 45.99.0.1\n_25._tcp.in {TLSA}", servers={"ns": OTHER})
    eyes = eyes_on(world)
    row = await look(eyes)
    assert asked_for_tlsa(eyes) == ["_25._tcp.in.plain.org", "_25._tcp.mx.example.se"]
    assert (len(row.tlsa_expanded_set), len(row.tlsa_initial_set), row.address_security) == (1, 1, "insecure")


async def test_secure_tlsa_behind_an_insecure_alias_does_not_settle_it(autojump_clock: MockClock) -> None:
    """The end is in a signed zone, but nobody vouches for the way there (RFC 7672 section 2.2.2)."""
    world = example("mx CNAME in.signed.org.", None)
    world.zone("signed.org", f"in A 45.99.0.1\n_25._tcp.in {TLSA}", servers={"ns": OTHER}, signing=NSEC)
    eyes = eyes_on(world)
    row = await look(eyes)
    assert row.tlsa_expanded is not None
    assert (row.tlsa_expanded.security, row.address_security) == ("secure", "insecure")
    assert asked_for_tlsa(eyes) == ["_25._tcp.in.signed.org", "_25._tcp.mx.example.se"]


async def test_a_host_without_usable_address_costs_no_tlsa_question(autojump_clock: MockClock) -> None:
    world = example(f"mx A 45.99.0.1\n_25._tcp.mx {TLSA}")
    world.zones[b"\7example\2se\0"].broken(breakage.expired("A"))
    eyes = eyes_on(world)
    row = await look(eyes)
    assert asked_for_tlsa(eyes) == []
    assert (row.addresses, row.tlsa_base) == ((), "address-unknown")


async def test_tlsa_is_asked_for_where_a_sender_must_not_ask(autojump_clock: MockClock) -> None:
    """Published but unsigned is a statistic."""
    row = await look(eyes_on(example(f"mx A 45.99.0.1\n_25._tcp.mx {TLSA}", None)))
    assert row.tlsa_initial is not None
    assert (row.address_security, row.tlsa_initial.security, len(row.tlsa_initial_set)) == ("insecure", "insecure", 1)


async def test_records_too_short_are_counted(autojump_clock: MockClock) -> None:
    row = await look(eyes_on(example(f"mx A 45.99.0.1\n_25._tcp.mx {TLSA}\n_25._tcp.mx TLSA \\# 3 030101")))
    assert (len(row.tlsa_initial_set), row.tlsa_malformed) == (1, 1)


async def test_a_host_with_no_room_for_the_tlsa_name_is_not_asked_for_it(autojump_clock: MockClock) -> None:
    labels = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 46])
    row = await look(eyes_on(example(f"{labels} A 45.99.0.1")), f"{labels}.example.se")
    assert row.tlsa_initial is not None
    assert (row.tlsa_base, row.tlsa_initial.outcome) == ("initial", "bad-name")


@pytest.mark.parametrize("minimise", [True, False])
async def test_a_hidden_node_is_seen_whether_we_minimise_or_not(minimise: bool, autojump_clock: MockClock) -> None:
    """Both names are asked whole (RFC 9156 section 2.3 lets us skip underscore labels), so the figures are alike."""
    world = example(f"mx A 45.99.0.1\n_25._tcp.mx {TLSA}")
    world.behave(OURS, b.with_rcode(3).only(at="_tcp.mx.example.se"))
    row = await look(eyes_on(world, minimise=minimise))
    assert row.tlsa_initial is not None
    assert row.tcp_node is not None
    assert (row.tlsa_initial.outcome, row.tcp_node.outcome) == ("answer", "nxdomain")
