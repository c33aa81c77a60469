"""Each quirk shows on the wire as its name says, and only where it is asked to."""

from __future__ import annotations

from collections.abc import Callable

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from lab import behaviours as b
from lab.behaviours import Behaviour, Late, Outcome, Reset
from lab.world import World
from lab.zones import Signing

SERVER = "192.0.2.53"


def tell(
    *quirks: Behaviour, name: str = "example.nl", rtype: str = "MX", tcp: bool = False, edns: bool = True
) -> Outcome:
    world = World()
    strings = " ".join(['"' + "x" * 250 + '"'] * 6)
    records = f"@ MX 10 mx\nmx A 192.0.2.1\nbig TXT {strings}\na.ent A 192.0.2.2"
    world.zone("example.nl", records, servers={"ns": SERVER}, signing=Signing())
    world.behave(SERVER, *quirks)
    query = dns.message.make_query(name, rtype, want_dnssec=edns, payload=1232, id=4711)
    if not edns:
        query = dns.message.make_query(name, rtype, use_edns=False, id=4711)
    outcome = world.reply(query.to_wire(), SERVER, tcp=tcp)
    tell.idle = world.idle()  # type: ignore[attr-defined]
    return outcome


def read(outcome: Outcome) -> dns.message.Message:
    assert isinstance(outcome, bytes)
    return dns.message.from_wire(outcome)


@pytest.mark.parametrize(
    ("quirk", "rcode"),
    [
        (b.refused(), dns.rcode.REFUSED), (b.servfail(), dns.rcode.SERVFAIL), (b.notimp(), dns.rcode.NOTIMP),
        (b.nxdomain(), dns.rcode.NXDOMAIN), (b.badvers(), dns.rcode.BADVERS),
        (b.formerr_on_edns(), dns.rcode.FORMERR), (b.notimp_on_edns(), dns.rcode.NOTIMP),
        (b.with_rcode(3), dns.rcode.NXDOMAIN), (b.lame(), dns.rcode.NOERROR), (b.empty(), dns.rcode.NOERROR),
    ],
)  # fmt: skip
def test_rcodes(quirk: Behaviour, rcode: dns.rcode.Rcode) -> None:
    message = read(tell(quirk))
    assert message.rcode() == rcode
    assert bool(message.answer) is (quirk.name == "with-rcode")


@pytest.mark.parametrize("quirk", [b.formerr_on_edns, b.badvers, b.edns_dropped, b.no_opt, b.ede])
def test_edns_quirks_show_only_where_edns_is_used(quirk: Callable[..., Behaviour]) -> None:
    made = quirk(18) if quirk is b.ede else quirk()
    assert read(tell(made, edns=False)).answer
    assert made.fired == 0


def test_silence_and_resets() -> None:
    assert tell(b.silent()) is None
    assert tell(b.edns_dropped()) is None
    assert tell(b.unreachable()) is Reset.UNREACHABLE
    assert tell(b.tcp_refused(), tcp=True) is Reset.REFUSED
    assert tell(b.tcp_closed(), tcp=True) is Reset.CLOSED
    assert tell(b.tcp_silent(), tcp=True) is None
    assert isinstance(tell(b.tcp_refused(), tcp=False), bytes)


def test_delays_add_up() -> None:
    outcome = tell(b.delayed(2), b.delayed(1), b.not_authoritative())
    assert isinstance(outcome, Late)
    assert outcome.seconds == 3
    assert not read(outcome.reply).flags & dns.flags.AA


def test_truncated_always_over_udp_and_never_over_tcp() -> None:
    message = read(tell(b.truncated()))
    assert message.flags & dns.flags.TC
    assert message.answer == []
    assert read(tell(b.truncated(), tcp=True)).answer


def test_no_opt_takes_the_opt_alone() -> None:
    message = read(tell(b.no_opt()))
    assert message.edns == -1
    assert [r.rdtype for r in message.answer] == [dns.rdatatype.MX, dns.rdatatype.RRSIG]


def test_do_ignored_takes_the_signatures_alone() -> None:
    message = read(tell(b.do_ignored()))
    assert message.edns == 0
    assert [r.rdtype for r in message.answer] == [dns.rdatatype.MX]


def test_ede_and_echoed_options() -> None:
    [option] = read(tell(b.ede(18, "Prohibited"))).options
    assert isinstance(option, dns.edns.EDEOption)
    assert (option.code, option.text) == (18, "Prohibited")
    assert read(tell(b.echoes_options())).options[0].otype == 65001
    [option] = read(tell(b.rcode(5, ede=(20, "")))).options
    assert isinstance(option, dns.edns.EDEOption)


@pytest.mark.parametrize("quirk", [b.garbage(), b.cut_short(), b.compression_loop(), b.counts_lie()])
def test_malformed_replies_have_the_right_question_and_do_not_decode(quirk: Behaviour) -> None:
    outcome = tell(quirk)
    assert isinstance(outcome, bytes)
    assert outcome[:2] == (4711).to_bytes(2, "big")
    assert outcome[12:].startswith(b"\7example\2nl\0\0\x0f\0\1")
    with pytest.raises((dns.exception.DNSException, ValueError)):
        dns.message.from_wire(outcome)


def test_strays() -> None:
    assert read(tell(b.wrong_question())).question[0].rdtype != dns.rdatatype.MX
    assert read(tell(b.wrong_id())).id != 4711
    assert read(tell(b.no_question())).question == []
    upper = tell(b.upper_case())
    assert isinstance(upper, bytes)
    assert b"\7EXAMPLE\2NL\0\0\x0f\0\1" in upper


def test_oversize_and_padded_replies_exceed_what_we_take() -> None:
    for quirk, name, rtype in ((b.oversize(), "big.example.nl", "TXT"), (b.padded(3000), "example.nl", "MX")):
        outcome = tell(quirk, name=name, rtype=rtype)
        assert isinstance(outcome, bytes)
        assert len(outcome) > 1232
        assert read(outcome).answer


@pytest.mark.parametrize("section", ["answer", "authority", "additional"])
@pytest.mark.parametrize(("name", "rtype"), [("example.nl", "MX"), ("nope.example.nl", "A"), ("example.nl", "SOA")])
def test_poison_goes_into_any_section_of_any_reply(section: str, name: str, rtype: str) -> None:
    honest = read(tell(name=name, rtype=rtype))
    message = read(tell(b.poison("www.bank.example", "203.0.113.66", section=section), name=name, rtype=rtype))
    assert "www.bank.example." in [str(r.name) for r in getattr(message, section)]
    assert message.authority[: len(honest.authority)] == honest.authority
    assert message.answer[: len(honest.answer)] == honest.answer


def test_poison_ns_is_a_delegation_with_glue() -> None:
    message = read(tell(b.poison_ns("bank.example", "ns.evil.example", "203.0.113.66")))
    assert [str(r.name) for r in message.authority] == ["bank.example."]
    assert [str(r.name) for r in message.additional] == ["ns.evil.example."]


def test_a_behaviour_can_be_narrowed() -> None:
    assert read(tell(b.servfail().only("TLSA"))).answer
    assert read(tell(b.servfail().only(below="other.nl"))).answer
    assert read(tell(b.with_rcode(3).only(at="ent.example.nl"), name="ent.example.nl")).rcode() == dns.rcode.NXDOMAIN
    assert read(tell(b.servfail().only("MX", below="nl", tcp=False))).rcode() == dns.rcode.SERVFAIL


def test_a_behaviour_that_never_shows_is_told() -> None:
    tell(b.servfail().only("TLSA"), b.not_authoritative())
    assert tell.idle == [f"{SERVER} rcode-2"]  # type: ignore[attr-defined]
