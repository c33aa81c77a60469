"""What replies mean, one by one: hand-made messages, no network."""

from __future__ import annotations

import struct

import pytest

from crawler.resolver.answer import Outcome
from crawler.resolver.reply import Kind, Reading, next_question, read
from crawler.standards.names import from_text, to_text
from crawler.standards.wire import Message, Rcode, Type, decode, encode_query
from lab.packet import Record, Response, read_query, write

ZONE = "example.nl"


def soa(zone: str, *, ttl: int = 3600, minimum: int = 300) -> Record:
    return record(zone, "SOA", b"\0\0" + struct.pack("!5I", 1, 2, 3, 4, minimum), ttl)


def record(owner: str, rtype: str, rdata: bytes | str, ttl: int = 3600) -> Record:
    return from_text(owner), Type[rtype], ttl, from_text(rdata) if isinstance(rdata, str) else rdata


def message(
    *answer: Record, authority: tuple[Record, ...] = (), rcode: int = 0, aa: bool = True, name: str = "mx.example.nl"
) -> Message:
    response = Response(rcode, aa=aa)
    response.answer, response.authority = list(answer), list(authority)
    return decode(write(read_query(encode_query(from_text(name), Type.A, id=0), tcp=True), response))


def reading(
    *answer: Record, authority: tuple[Record, ...] = (), rcode: int = 0, aa: bool = True,
    name: str = "mx.example.nl", qtype: Type = Type.A, zone: str = ZONE,
) -> Reading:  # fmt: skip
    whole = message(*answer, authority=authority, rcode=rcode, aa=aa, name=name)
    return read(whole, from_text(name), qtype, from_text(zone))


def kind(*answer: Record, **how: object) -> tuple[Kind, Outcome, str]:
    found = reading(*answer, **how)  # type: ignore[arg-type]
    return found.kind, found.outcome, to_text(found.owner)


A1, A2 = b"\x2d\x63\0\1", b"\x2d\x63\0\2"
FAILED = Kind.FAILURE
LAME = (Kind.FAILURE, Outcome.LAME, ZONE)


def test_an_rrset_is_a_set_in_the_order_of_the_reply_with_the_least_ttl() -> None:
    """RFC 2181 sections 5 and 5.2."""
    found = reading(*(record("mx.example.nl", "A", rdata, ttl) for rdata, ttl in ((A2, 90), (A1, 60), (A2, 90))))
    assert found == Reading(Kind.ANSWER, Outcome.ANSWER, from_text("mx.example.nl"), Type.A, (A2, A1), 60)


def test_the_ttl_is_that_of_the_first_record_where_it_is_the_least() -> None:
    found = reading(*(record("mx.example.nl", "A", rdata, ttl) for rdata, ttl in ((A2, 30), (A1, 60))))
    assert found.ttl == 30


def test_an_answer_needs_no_aa() -> None:
    assert kind(record("mx.example.nl", "A", A1), aa=False)[0] is Kind.ANSWER


def test_records_of_another_name_or_type_are_no_answer() -> None:
    others = record("evil.nl", "A", A1), record("mx.example.nl", "TXT", b"\1a"), record("evil.nl", "CNAME", "nl")
    assert kind(*others)[0] is Kind.NODATA


def test_a_cname_is_an_alias_unless_it_was_asked_for() -> None:
    alias = record("mx.example.nl", "CNAME", "in.provider.nl")
    found = reading(alias, record("in.provider.nl", "A", A1))
    assert (found.kind, to_text(found.target), found.rtype) == (Kind.ALIAS, "in.provider.nl", Type.CNAME)
    assert reading(alias, qtype=Type.CNAME).kind is Kind.ANSWER


def test_a_dname_above_the_name_moves_what_is_below_it() -> None:
    """RFC 6672 section 2.2; the CNAME that comes along is not needed and not believed."""
    found = reading(record(ZONE, "DNAME", "provider.nl"), record("mx.example.nl", "CNAME", "evil.nl"))
    assert (found.kind, to_text(found.owner), to_text(found.target)) == (Kind.ALIAS, ZONE, "mx.provider.nl")


@pytest.mark.parametrize(
    ("owner", "zone"),
    [
        ("mx.example.nl", ZONE),  # a DNAME does not move its own name
        ("x.example.nl", ZONE),  # nor what is beside it
        ("nl", ZONE),  # and this server has no say above its zone
    ],
)
def test_a_dname_elsewhere_moves_nothing(owner: str, zone: str) -> None:
    assert kind(record(owner, "DNAME", "provider.nl"), zone=zone)[0] is Kind.NODATA


@pytest.mark.parametrize("rcode", [Rcode.NOERROR, Rcode.YXDOMAIN])
def test_a_dname_that_makes_a_name_too_long_is_told(rcode: int) -> None:
    """RFC 6672 section 2.2: YXDOMAIN."""
    long = ".".join(["a" * 63] * 3 + ["b" * 56, "nl"])
    assert kind(record(ZONE, "DNAME", long), rcode=rcode)[:2] == (FAILED, Outcome.ALIAS_TOO_LONG)
    assert kind(record(ZONE, "DNAME", ".".join(["a" * 63] * 3 + ["b" * 55, "nl"])))[0] is Kind.ALIAS  # 255 octets fit


def test_yxdomain_without_a_dname_means_nothing() -> None:
    assert kind(rcode=Rcode.YXDOMAIN)[:2] == (FAILED, Outcome.BAD_RCODE)


@pytest.mark.parametrize(
    ("rcode", "outcome"),
    [
        (1, Outcome.FORMERR),
        (2, Outcome.SERVFAIL),
        (4, Outcome.NOTIMP),
        (5, Outcome.REFUSED),
        (9, Outcome.LAME),  # NOTAUTH
        (8, Outcome.BAD_RCODE),
        (16, Outcome.BAD_RCODE),  # BADVERS; the answer beside any such code does not count
    ],
)
def test_each_failing_rcode_has_its_outcome(rcode: int, outcome: Outcome) -> None:
    assert kind(record("mx.example.nl", "A", A1), rcode=rcode) == (FAILED, outcome, ZONE)


def test_nodata_tells_its_zone_and_the_lesser_of_two_ttls() -> None:
    """RFC 2308 section 5."""
    assert reading(authority=(soa(ZONE, ttl=3600, minimum=300),)).ttl == 300
    assert reading(authority=(soa(ZONE, ttl=60, minimum=300),)).ttl == 60
    assert kind(authority=(soa("mx.example.nl"),)) == (Kind.NODATA, Outcome.NODATA, "mx.example.nl")
    assert kind(authority=(soa(ZONE),), aa=False) == (Kind.NODATA, Outcome.NODATA, ZONE)


@pytest.mark.parametrize("zone", ["nl", "other.nl", "www.example.nl"])
def test_the_soa_of_another_zone_makes_no_denial(zone: str) -> None:
    assert kind(authority=(soa(zone),), aa=False) == LAME
    assert kind(authority=(soa(zone),)) == (Kind.NODATA, Outcome.NODATA, ZONE)
    assert kind(authority=(soa(zone),), rcode=3) == (Kind.NXDOMAIN, Outcome.NXDOMAIN, ZONE)


def test_a_referral_goes_down_towards_the_name() -> None:
    ns = record("sub.example.nl", "NS", "ns.provider.nl")
    how = {"name": "mx.sub.example.nl", "authority": (ns,), "aa": False}
    assert kind(**how) == (Kind.REFERRAL, Outcome.LAME, "sub.example.nl")
    assert kind(**how | {"authority": (ns, soa(ZONE))})[0] is Kind.NODATA


@pytest.mark.parametrize("child", [".", "nl", ZONE, "sub.example.nl", "other.nl"])
def test_a_referral_up_or_sideways_or_to_itself_is_lame(child: str) -> None:
    assert kind(authority=(record(child, "NS", "ns.provider.nl"),), aa=False) == LAME


def test_a_referral_instead_of_an_answer_about_ds_is_a_denial_of_an_old_server() -> None:
    ns = record("sub.example.nl", "NS", "ns.provider.nl")
    found = kind(name="sub.example.nl", authority=(ns,), aa=False, qtype=Type.DS)
    assert found == (Kind.NODATA, Outcome.NODATA, ZONE)
    assert kind(name="mx.sub.example.nl", authority=(ns,), aa=False, qtype=Type.DS)[0] is Kind.REFERRAL


def test_an_empty_reply_is_nodata_only_with_authority() -> None:
    assert kind() == (Kind.NODATA, Outcome.NODATA, ZONE)
    assert kind(aa=False) == LAME


@pytest.mark.parametrize(
    ("zone", "name", "known", "asked"),
    [
        (".", "mx.example.nl", 0, "nl"),
        ("nl", "mx.example.nl", 0, "example.nl"),
        ("nl", "mx.example.nl", 2, "mx.example.nl"),  # no zone cut at example.nl
        ("example.nl", "mx.example.nl", 0, "mx.example.nl"),
        ("nl", "nl", 0, "nl"),
        (".", "a.b.c.d.e", 3, "b.c.d.e"),
        ("example.nl", "_25._tcp.mx.example.nl", 0, "mx.example.nl"),
        ("example.nl", "_25._tcp.mx.example.nl", 3, "_25._tcp.mx.example.nl"),  # RFC 9156 section 2.3
        ("example.nl", "_mta-sts.example.nl", 0, "_mta-sts.example.nl"),
        ("example.nl", "mx._spf.example.nl", 0, "mx._spf.example.nl"),
    ],
)
def test_one_label_more_is_asked_for_but_never_an_underscore_alone(
    zone: str, name: str, known: int, asked: str
) -> None:
    assert to_text(next_question(from_text(zone), from_text(name), known)) == asked
