"""What is broken is broken, and what is not breaks the scenario."""

from __future__ import annotations

from collections.abc import Callable

import dns.dnssec
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from lab import breakage as k
from lab.breakage import Breakage, Unbroken
from lab.world import World
from lab.zones import Denial, Signing

SERVER = "192.0.2.53"
NSEC3 = Signing(denial=Denial.NSEC3)


def world(*faults: Breakage, signing: Signing | None = None) -> World:
    made = World()
    made.zone(".", servers={"a.root.": "192.0.2.1"}, signing=Signing())
    made.zone(
        "example.nl", "@ MX 10 mx\nmx A 192.0.2.1\n_25._tcp.mx TLSA 3 1 0 00", servers={"ns": SERVER},
        signing=signing or Signing(), broken=faults,
    )  # fmt: skip
    return made


def tell(made: World, name: str, rtype: str, server: str = SERVER) -> dns.message.Message:
    reply = made.reply(dns.message.make_query(name, rtype, want_dnssec=True).to_wire(), server, tcp=True)
    assert isinstance(reply, bytes)
    return dns.message.from_wire(reply)


@pytest.mark.parametrize(
    ("fault", "name", "rtype"),
    [
        (k.expired(), "example.nl", "MX"), (k.expired("MX"), "example.nl", "MX"), (k.inverted(), "mx.example.nl", "A"),
        (k.no_signatures("MX"), "example.nl", "MX"),
        (k.higher_ttl(86400, "MX"), "example.nl", "MX"), (k.signer("nl"), "example.nl", "MX"),
        (k.extra_keys(3), "example.nl", "DNSKEY"), (k.colliding_keys(5), "example.nl", "DNSKEY"),
        (k.no_dnskey(), "example.nl", "DNSKEY"), (k.bad_key(entry=True), "example.nl", "DNSKEY"),
        (k.no_denial(), "nope.example.nl", "A"), (k.denial_claims("TLSA"), "mx.example.nl", "AAAA"),
        (k.without("MX"), "example.nl", "MX"), (k.forgets_empty(), "_tcp.mx.example.nl", "TLSA"),
        (k.corrupt_signatures().at("mx.example.nl"), "mx.example.nl", "A"),
    ],
)  # fmt: skip
def test_a_breakage_changes_the_reply(fault: Breakage, name: str, rtype: str) -> None:
    broken = world(fault)
    assert tell(world(), name, rtype).to_text().split("\n")[1:] != tell(broken, name, rtype).to_text().split("\n")[1:]
    assert broken.idle() == []


@pytest.mark.parametrize(
    "fault", [k.nsec3_wrong_next(), k.nsec3_wrong_owner(), k.nsec3_wrong_salt(), k.nsec3_flags(2), k.nsec3_algorithm(6)]
)
@pytest.mark.parametrize("online", [False, True])
def test_an_nsec3_breakage_changes_the_proof(fault: Breakage, online: bool) -> None:
    signing = Signing(denial=Denial.NSEC3, online=online)
    honest, broken = world(signing=signing), world(fault, signing=signing)
    assert tell(honest, "nope.example.nl", "A").authority != tell(broken, "nope.example.nl", "A").authority


@pytest.mark.parametrize("fault", [k.ds_wrong_digest, k.ds_wrong_tag])
def test_a_ds_breakage_changes_the_parent(fault: Callable[[], Breakage]) -> None:
    honest, broken = (tell(w, "example.nl", "DS", "192.0.2.1") for w in (world(), world(fault())))
    assert honest.answer[0] != broken.answer[0]
    assert len(tell(world(k.ds_also(b"\0\1\x0d\2" + bytes(32))), "example.nl", "DS", "192.0.2.1").answer[0]) == 2
    [ds] = tell(world(k.ds_digest_type(200)), "example.nl", "DS", "192.0.2.1").answer[0]
    assert ds.digest_type == 200


def test_a_forgotten_empty_non_terminal_is_nxdomain_and_what_is_below_it_is_there() -> None:
    broken = world(k.forgets_empty(), signing=NSEC3)
    assert tell(broken, "_tcp.mx.example.nl", "TLSA").rcode() == dns.rcode.NXDOMAIN
    assert tell(broken, "_25._tcp.mx.example.nl", "TLSA").answer


def test_colliding_keys_share_the_tag() -> None:
    keys = tell(world(k.colliding_keys(9)), "example.nl", "DNSKEY").answer[0]
    assert len(keys) == 10
    assert len({dns.dnssec.key_id(key) for key in keys}) == 1


def test_short_signatures_cannot_be_read() -> None:
    with pytest.raises(dns.exception.FormError):
        tell(world(k.short_signatures()), "example.nl", "MX")


def test_a_breakage_that_breaks_nothing_is_an_error() -> None:
    with pytest.raises(Unbroken):
        tell(world(k.no_signatures(), k.no_signatures()), "example.nl", "MX")


def test_a_breakage_that_was_never_reached_is_told() -> None:
    broken = world(k.no_signatures("SRV"))
    tell(broken, "example.nl", "MX")
    assert broken.idle() == ["example.nl. no-signatures"]


def test_a_breakage_without_a_zone_still_breaks_ds_records() -> None:
    """As generated parents use it."""
    assert k.ds_wrong_digest().ds(None, (bytes(36),)) == (bytes(4) + b"\xff" * 32,)
