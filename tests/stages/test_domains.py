"""Stage ``domains``: what one look at a domain asks, and what the row makes of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.resolver.answer import Answer, Denial, Outcome
from crawler.stages import domains
from crawler.stages.domains import mail_route, target, texts, unaskable
from crawler.standards.names import from_text
from crawler.standards.printable import printable
from crawler.standards.security import Reason, Security
from crawler.tables import Domain, Mail, MxHost, Target, to_arrow
from lab import behaviours as b
from lab import breakage
from lab.scenarios.scenario import MAIL, NSEC, NSEC3
from lab.zones import Denial as By
from lab.zones import Signing
from tests.resolver.worlds import OURS, Eyes, eyes_on, tops

if TYPE_CHECKING:
    from trio.testing import MockClock

    from lab.world import World


def mx(*hosts: str, outcome: Outcome = Outcome.ANSWER, security: Security = Security.SECURE) -> Answer:
    rdata = tuple(n.to_bytes(2, "big") + from_text(host) for n, host in enumerate(hosts))
    reason = {Security.SECURE: Reason.CHAIN, Security.BOGUS: Reason.SIGNATURE_EXPIRED}.get(security, Reason.NO_DS)
    return unaskable()._replace(outcome=outcome, security=security, reason=reason, rdata=rdata)


async def look(eyes: Eyes, domain: str = "example.se") -> Domain:
    return await domains.observe(domain, eyes.resolver, 1)


def example(records: str = MAIL, signing: Signing | None = NSEC, *broken: breakage.Breakage) -> World:
    world = tops()
    world.zone("example.se", records, servers={"ns1": OURS}, signing=signing, broken=broken)
    return world


# pure parts


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("mx.example.nl", Target.HOST),
        ("_mx.example.nl", Target.HOST),  # an underscore is no host name by the book, but resolves and gets mail
        ("xn--bcher-kva.example", Target.HOST),
        (".", Target.NULL),
        ("localhost", Target.LOCALHOST),
        ("mail.localhost", Target.LOCALHOST),
        ("localhost.nl", Target.HOST),
        ("192.0.2.1", Target.ADDRESS),
        ("2001:db8::1", Target.ADDRESS),
        ("host.123", Target.ADDRESS),  # no TLD is all digits
        ("123.nl", Target.HOST),
        ("mail", Target.SINGLE_LABEL),
        ("a~b.nl", Target.BAD_NAME),
        ("-a.nl", Target.HOST),  # no host name by the book either
        ("a\\032b.nl", Target.BAD_NAME),
        ("*.nl", Target.BAD_NAME),
    ],
)
def test_what_an_mx_names(host: str, kind: Target) -> None:
    assert target(from_text(host)) is kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (mx("mx.example.nl"), Mail.MX),
        (mx("."), Mail.NULL_MX),
        (mx(".", "mx.example.nl"), Mail.NULL_MX_MIXED),
        (mx(".", "."), Mail.NULL_MX_MIXED),  # RFC 7505 section 3: exactly one
        (mx(outcome=Outcome.NODATA), Mail.NO_MX),
        (mx(outcome=Outcome.NXDOMAIN), Mail.NO_DOMAIN),
        (mx(outcome=Outcome.NODATA, security=Security.INSECURE), Mail.NO_MX),
        (mx("mx.example.nl", security=Security.BOGUS), Mail.UNKNOWN),
        (mx("mx.example.nl", security=Security.INDETERMINATE), Mail.UNKNOWN),
        (mx(outcome=Outcome.NODATA, security=Security.BOGUS), Mail.UNKNOWN),
        (mx(outcome=Outcome.NXDOMAIN, security=Security.BOGUS), Mail.UNKNOWN),
        (mx(outcome=Outcome.TIMEOUT, security=Security.INDETERMINATE), Mail.UNKNOWN),
    ],
)
def test_what_an_mx_answer_says_about_mail(answer: Answer, kind: Mail) -> None:
    """What is bogus or undecided is a failed look-up, never absence (RFC 7672 section 2.1.2)."""
    assert mail_route("example.se", answer)[0] is kind


def test_the_domain_is_its_own_host_only_where_mx_is_truly_absent() -> None:
    absent = mx(outcome=Outcome.NODATA)
    assert mail_route("example.se", absent)[1] == (MxHost(0, "example.se", Target.IMPLICIT),)
    assert mail_route("example.se", mx(outcome=Outcome.NODATA, security=Security.BOGUS))[1] == ()
    assert mail_route("example.se", mx(outcome=Outcome.NXDOMAIN))[1] == ()
    assert mail_route("example.se", mx(outcome=Outcome.SERVFAIL, security=Security.INDETERMINATE))[1] == ()


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"v=STSv1; id=1;", "v=STSv1; id=1;"),
        (b"", ""),
        (b"a\\b", "a\\092b"),
        (b"caf\xc3\xa9", "caf\\195\\169"),
        (b"a\tb\0\x7f", "a\\009b\\000\\127"),
        (b'"quoted"', '"quoted"'),
    ],
)
def test_text_is_kept_readable_and_nothing_is_lost(octets: bytes, text: str) -> None:
    assert printable(octets) == text
    assert text.isascii()


def test_strings_are_joined_and_rubbish_is_passed_over() -> None:
    assert texts([b"\2ab\1c", b"\5ab", b"\0"]) == ("abc", "")


# a look


async def test_a_look_at_a_signed_domain_asks_for_mx_two_policies_and_the_keys(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example())
    row = await look(eyes)
    asked = sorted((name, qtype) for server, name, qtype in eyes.net.questions(OURS))
    assert asked == [
        ("_mta-sts.example.se", "TXT"),
        ("_smtp._tls.example.se", "TXT"),
        ("example.se", "DNSKEY"),
        ("example.se", "MX"),
    ]
    assert row.queries == len(eyes.net.log) == eyes.resolver.sent
    assert (row.zone, row.zone_security, row.zone_reason) == ("example.se", "secure", "chain")
    assert row.name_servers == ("ns1.example.se",)
    assert [(ds.algorithm, ds.digest_type) for ds in row.ds_set] == [(13, 2)]
    assert [(key.flags, key.protocol, key.algorithm, key.bits) for key in row.dnskey_set] == [(257, 3, 13, 256)]
    assert row.ds_set[0].key_tag == row.dnskey_set[0].key_tag
    assert row.denial_kind == "nsec"
    assert to_arrow(Domain, [row]).num_rows == 1


async def test_below_a_name_that_does_not_exist_nothing_is_asked(autojump_clock: MockClock) -> None:
    """RFC 8020 section 2."""
    eyes = eyes_on(tops())
    row = await look(eyes, "gone.org")
    assert {asked.qtype for asked in eyes.net.log} == {"A", "MX", "DNSKEY"}
    assert row.mail is Mail.NO_DOMAIN
    assert (row.mta_sts.outcome, row.mta_sts.security, row.mta_sts.tries, row.mta_sts.ttl) == (
        "nxdomain", "secure", 0, None,
    )  # fmt: skip
    assert (row.zone, row.ds, row.dnskey, row.dnskey_set, row.mx_hosts) == ("org", None, None, (), ())
    assert row.denial_kind == "nsec3"


async def test_an_alias_to_a_name_that_does_not_exist_is_no_missing_domain_above_its_policies(
    autojump_clock: MockClock,
) -> None:
    eyes = eyes_on(example("child CNAME gone\n_mta-sts.child TXT here"))
    row = await look(eyes, "child.example.se")
    assert (row.mx.outcome, row.mta_sts.outcome) == ("nxdomain", "answer")


async def test_a_name_inside_a_zone_has_no_ds_and_no_keys_of_its_own(autojump_clock: MockClock) -> None:
    eyes = eyes_on(example("dept MX 10 mx\nmx A 45.99.0.1"))
    row = await look(eyes, "dept.example.se")
    assert (row.zone, row.zone_security, row.ds, row.dnskey) == ("example.se", "secure", None, None)


async def test_nsec3_parameters_are_those_of_the_denial(autojump_clock: MockClock) -> None:
    signing = Signing(denial=By.NSEC3, iterations=7, salt=b"\xaa\xbb", opt_out=True)
    row = await look(eyes_on(example(signing=signing)))
    assert (row.denial_kind, row.nsec3_iterations, row.nsec3_salt, row.nsec3_opt_out) == ("nsec3", 7, b"\xaa\xbb", True)


def test_opt_out_is_told_if_any_denial_has_it() -> None:
    plain, out = Denial("nsec3", 0, b"", False), Denial("nsec3", 0, b"", True)
    answers = [unaskable()._replace(denial=denial) for denial in (None, plain, out)]
    assert domains._denial(*answers) == out
    assert domains._denial(answers[1]) == plain
    assert domains._denial(answers[0]) is None


async def test_an_unsigned_zone_has_an_empty_key_set(autojump_clock: MockClock) -> None:
    row = await look(eyes_on(example(signing=None)))
    assert row.ds is not None
    assert row.dnskey is not None
    assert (row.ds.outcome, row.ds.security, row.dnskey.outcome, row.dnskey.security) == (
        "nodata", "secure", "nodata", "insecure",
    )  # fmt: skip
    assert (row.ds_set, row.dnskey_set, row.denial_kind) == ((), (), None)


async def test_an_island_shows_its_keys(autojump_clock: MockClock) -> None:
    world = tops()
    world.zone("island.se", MAIL, servers={"ns": OURS}, signing=NSEC3, ds=False)
    row = await look(eyes_on(world), "island.se")
    assert (row.zone_security, len(row.dnskey_set), row.ds_set, row.denial_kind) == ("insecure", 1, (), "nsec3")


async def test_records_of_a_key_set_that_do_not_parse_are_left_out(autojump_clock: MockClock) -> None:
    row = await look(eyes_on(example("@ DNSKEY \\# 2 0101\n@ MX 0 .", None)))
    assert row.dnskey is not None
    assert (len(row.dnskey.rdata), row.dnskey_set) == (1, ())


async def test_a_look_takes_as_long_as_its_silences(autojump_clock: MockClock) -> None:
    world = example(signing=None)
    world.behave(OURS, b.delayed(0.5))
    row = await look(eyes_on(world))
    assert row.elapsed == trio.current_time() == pytest.approx(4 * 0.5)


async def test_a_domain_with_no_room_for_policy_names_is_not_asked_for_them(autojump_clock: MockClock) -> None:
    labels = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 50])
    eyes = eyes_on(example(f"{labels} MX 0 ."))
    row = await look(eyes, f"{labels}.example.se")
    assert (row.mail, row.mta_sts.outcome, row.mta_sts.tries) == (Mail.NULL_MX, "bad-name", 0)
