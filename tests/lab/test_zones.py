"""Zones hold what they are given; worlds tie them together by themselves."""

from __future__ import annotations

import pytest

from lab.names import Type, text, wire
from lab.world import World
from lab.zones import Signing, Zone

NOW = 1_790_000_000


def test_text_is_relative_to_the_apex_and_octets_are_taken_as_they_are() -> None:
    zone = Zone("Example.NL", now=NOW)
    zone.text(
        "@ 60 MX 10 Mail\nMail A 192.0.2.1\n_25._tcp.mail 120 IN TYPE52 \\# 3 03 0101\nabs.example.nl. TLSA \\# 0"
    )
    nodes = zone.nodes()
    assert nodes[wire("example.nl")].rrsets[Type.MX] == (60, (b"\0\x0a\4mail\7example\2nl\0",))
    assert nodes[wire("_25._tcp.mail.example.nl")].rrsets[Type.TLSA] == (120, (b"\3\1\1",))
    assert nodes[wire("abs.example.nl")].rrsets[Type.TLSA].rdatas == (b"",)
    assert nodes[wire("_tcp.mail.example.nl")].rrsets == {}  # an empty non-terminal


def test_octets_of_another_length_than_said_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="holds 1 octets"):
        Zone("nl", now=NOW).text("a TLSA \\# 2 03")


def test_a_name_outside_the_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not in the zone"):
        Zone("nl", now=NOW).add("example.de", Type.A, bytes(4))
    with pytest.raises(ValueError, match="not in the zone"):
        Zone("nl", now=NOW).add("xnl", Type.A, bytes(4))  # label boundaries count


def test_an_rrset_is_signed_once_and_again_after_a_change() -> None:
    zone = Zone("nl", now=NOW, signing=Signing())
    zone.text("a A 192.0.2.1")
    rrset = zone.nodes()[wire("a.nl")].rrsets[Type.A]
    first = zone.publish(wire("a.nl"), Type.A, rrset, signed=True)
    assert zone.publish(wire("a.nl"), Type.A, rrset, signed=True) is first
    zone.text("a A 192.0.2.2")
    assert len(zone.nodes()[wire("a.nl")].rrsets[Type.A].rdatas) == 2
    assert zone.publish(wire("a.nl"), Type.A, rrset, signed=True) is not first


def test_children_and_parents_may_come_in_any_order_and_late() -> None:
    world = World()
    world.zone("b.a.nl", servers={"ns.a.nl": "192.0.2.1"}, signing=Signing())
    world.zone("nl", servers={"ns": "192.0.2.2"}, signing=Signing())
    world.zone("a.nl", servers={"ns": "192.0.2.1"}, signing=Signing(), ds=False)
    world.link()
    nodes = world.zones[wire("nl")].nodes()
    assert [text(glue.name) for glue in nodes[wire("a.nl")].glue] == ["ns.a.nl."]
    assert Type.DS not in nodes[wire("a.nl")].rrsets
    assert Type.DS in world.zones[wire("a.nl")].nodes()[wire("b.a.nl")].rrsets
    world.zone("late.nl", servers={"ns": "192.0.2.3"})
    world.link()
    assert wire("late.nl") in world.zones[wire("nl")].nodes()


def test_a_delegation_may_name_other_servers_than_the_zone_does() -> None:
    world = World()
    world.zone("nl", servers={"ns": "192.0.2.2"})
    world.zone("a.nl", servers={"ns": "192.0.2.3"}, delegate_to={"old": "192.0.2.4"})
    world.zone("b.nl", servers={"ns": "192.0.2.3"}, delegated=False)
    world.link()
    nodes = world.zones[wire("nl")].nodes()
    assert nodes[wire("a.nl")].rrsets[Type.NS].rdatas == (wire("old.a.nl"),)
    assert wire("b.nl") not in nodes
    assert world.addresses() == ["192.0.2.2", "192.0.2.3"]
