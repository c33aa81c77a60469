"""What our servers say, as dnspython reads it."""

from __future__ import annotations

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.world import World
from lab.zones import Denial, Signing

ROOT, TLD, LEAF, PLAIN = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
BIG = "\n".join(f'@ TXT "{"x" * 200}{i}"' for i in range(10))


def build(signing: Signing | None = None) -> World:
    world = World()
    world.zone(
        "leaf.nl",
        f"""
        @ MX 10 mx
        @ MX 20 mx.elsewhere.example.
        mx A 192.0.2.9
        alias CNAME mx
        out CNAME www.elsewhere.example.
        loop CNAME pool
        pool CNAME loop
        over CNAME www.plain.nl.
        *.wild TXT "w"
        b.ent A 192.0.2.8
        tree DNAME plain.nl.
        odd TYPE52 \\# 2 0301
        {BIG}
        """.replace("        ", ""),
        servers={"ns": LEAF}, signing=signing or Signing(),
    )  # fmt: skip
    world.zone("nl", servers={"ns1.dns.nl.": [TLD, "2001:db8::2"]}, signing=Signing(denial=Denial.NSEC3, opt_out=True))
    world.zone(".", servers={"a.root-servers.net.": ROOT}, signing=Signing())
    world.zone("plain.nl", "www A 192.0.2.7", servers={"ns": PLAIN, "ns.leaf.nl.": LEAF})
    return world


WORLD = build()


def tell(
    name: str, rtype: str, server: str = LEAF, *, do: bool = False, edns: bool = True, size: int = 1232,
    tcp: bool = False, world: World = WORLD,
) -> dns.message.Message:  # fmt: skip
    query = dns.message.make_query(name, rtype, want_dnssec=do, payload=size, use_edns=0 if edns else False)
    reply = world.reply(query.to_wire(), server, tcp=tcp)
    assert isinstance(reply, bytes)
    limit = 65535 if tcp else size if edns else 512
    assert len(reply) <= limit
    message = dns.message.from_wire(reply)
    assert query.is_response(message)
    return message


def texts(section: list[dns.rrset.RRset]) -> list[str]:
    return [f"{r.name} {dns.rdatatype.to_text(r.rdtype)} {rdata}" for r in section for rdata in r]


def test_a_referral_has_servers_glue_and_ds_and_no_aa() -> None:
    """RFC 4035 section 3.1.4."""
    message = tell("a.leaf.nl", "A", TLD, do=True)
    assert not message.flags & dns.flags.AA
    assert message.answer == []
    assert [dns.rdatatype.to_text(r.rdtype) for r in message.authority] == ["NS", "DS", "RRSIG"]
    assert texts(message.additional) == ["ns.leaf.nl. A 192.0.2.3"]


def test_glue_of_both_families_goes_along() -> None:
    assert texts(tell("nl", "SOA", ROOT).additional) == ["ns1.dns.nl. A 192.0.2.2", "ns1.dns.nl. AAAA 2001:db8::2"]


def test_an_insecure_referral_proves_that_there_is_no_ds() -> None:
    message = tell("www.plain.nl", "A", TLD, do=True)
    kinds = {dns.rdatatype.to_text(r.rdtype) for r in message.authority}
    assert kinds == {"NS", "NSEC3", "RRSIG"}


def test_ds_is_answered_by_the_parent() -> None:
    message = tell("leaf.nl", "DS", TLD)
    assert message.flags & dns.flags.AA
    assert len(message.answer) == 1


def test_ds_at_the_child_is_no_data_of_the_child() -> None:
    message = tell("leaf.nl", "DS", LEAF)
    assert [str(r.name) for r in message.authority] == ["leaf.nl."]


def test_names_of_others_are_refused() -> None:
    assert tell("example.com", "MX").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(
    ("name", "rtype", "answer"),
    [
        ("leaf.nl", "MX", ["leaf.nl. MX 10 mx.leaf.nl.", "leaf.nl. MX 20 mx.elsewhere.example."]),
        ("alias.leaf.nl", "A", ["alias.leaf.nl. CNAME mx.leaf.nl.", "mx.leaf.nl. A 192.0.2.9"]),
        ("alias.leaf.nl", "CNAME", ["alias.leaf.nl. CNAME mx.leaf.nl."]),
        ("out.leaf.nl", "A", ["out.leaf.nl. CNAME www.elsewhere.example."]),  # the client asks further
        ("loop.leaf.nl", "A", ["loop.leaf.nl. CNAME pool.leaf.nl.", "pool.leaf.nl. CNAME loop.leaf.nl."]),
        ("over.leaf.nl", "A", ["over.leaf.nl. CNAME www.plain.nl.", "www.plain.nl. A 192.0.2.7"]),  # same server
        ("x.wild.leaf.nl", "TXT", ['x.wild.leaf.nl. TXT "w"']),
        ("x.y.wild.leaf.nl", "TXT", ['x.y.wild.leaf.nl. TXT "w"']),
        ("www.tree.leaf.nl", "A", [
            "tree.leaf.nl. DNAME plain.nl.", "www.tree.leaf.nl. CNAME www.plain.nl.", "www.plain.nl. A 192.0.2.7",
        ]),
    ],
)  # fmt: skip
def test_answers(name: str, rtype: str, answer: list[str]) -> None:
    message = tell(name, rtype)
    assert texts(message.answer) == answer
    assert message.flags & dns.flags.AA
    assert message.rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("nope.leaf.nl", dns.rcode.NXDOMAIN),
        ("ent.leaf.nl", dns.rcode.NOERROR),  # something is below it
        ("wild.leaf.nl", dns.rcode.NOERROR),
        ("x.wild.leaf.nl", dns.rcode.NOERROR),  # the wildcard has no A
        ("mx.leaf.nl", dns.rcode.NOERROR),
        ("x.mx.leaf.nl", dns.rcode.NXDOMAIN),
    ],
)
def test_absence_comes_with_the_soa(name: str, rcode: dns.rcode.Rcode) -> None:
    """RFC 2308 section 2."""
    message = tell(name, "SRV")
    assert message.rcode() == rcode
    assert message.answer == []
    [soa] = message.authority
    assert (str(soa.name), soa.rdtype, soa.ttl) == ("leaf.nl.", dns.rdatatype.SOA, 300)


@pytest.mark.parametrize("name", ["leaf.nl", "alias.leaf.nl", "x.wild.leaf.nl", "nope.leaf.nl", "ent.leaf.nl"])
@pytest.mark.parametrize("denial", Denial)
def test_every_rrset_of_a_signed_reply_validates(name: str, denial: Denial) -> None:
    world = build(Signing(denial=denial))
    keys: dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset] = {
        dns.name.from_text("leaf.nl"): tell("leaf.nl", "DNSKEY", world=world).answer[0]
    }
    message = tell(name, "A", do=True, world=world)
    checked = 0
    for section in (message.answer, message.authority):
        plain = [r for r in section if r.rdtype != dns.rdatatype.RRSIG]
        for rrset in plain:
            sigs = message.get_rrset(section, rrset.name, rrset.rdclass, dns.rdatatype.RRSIG, rrset.rdtype)
            assert sigs is not None
            dns.dnssec.validate(rrset, sigs, keys, now=world.now)
            checked += 1
    assert checked


def test_compact_denial_is_noerror_unless_the_client_knows_better() -> None:
    """RFC 9824 section 2 and 5.1."""
    world = build(Signing(denial=Denial.COMPACT))
    assert tell("nope.leaf.nl", "A", do=True, world=world).rcode() == dns.rcode.NOERROR
    assert tell("nope.leaf.nl", "A", world=world).rcode() == dns.rcode.NXDOMAIN
    query = dns.message.make_query("nope.leaf.nl", "A", want_dnssec=True)
    query.ednsflags |= 0x4000
    reply = world.reply(query.to_wire(), LEAF, tcp=False)
    assert isinstance(reply, bytes)
    assert dns.message.from_wire(reply).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(("edns", "size"), [(False, 512), (True, 512), (True, 1232)])
def test_what_does_not_fit_is_cut_and_said_to_be(edns: bool, size: int) -> None:
    message = tell("leaf.nl", "TXT", edns=edns, size=size)
    assert message.flags & dns.flags.TC
    assert message.answer == []
    assert len(tell("leaf.nl", "TXT", tcp=True).answer[0]) == 10


def test_opt_goes_with_opt_and_do_with_do() -> None:
    assert tell("leaf.nl", "MX", edns=False).edns == -1
    assert tell("leaf.nl", "MX", do=False).ednsflags == 0
    assert tell("leaf.nl", "MX", do=True).ednsflags & dns.flags.DO


def test_the_case_of_the_question_comes_back() -> None:
    query = dns.message.make_query("LeaF.Nl", "MX")
    reply = WORLD.reply(query.to_wire(), LEAF, tcp=False)
    assert isinstance(reply, bytes)
    assert b"LeaF" in reply


def test_a_newer_edns_gets_badvers() -> None:
    query = dns.message.make_query("leaf.nl", "MX", use_edns=1)
    reply = WORLD.reply(query.to_wire(), LEAF, tcp=False)
    assert isinstance(reply, bytes)
    assert dns.message.from_wire(reply).rcode() == dns.rcode.BADVERS


def test_nobody_lives_at_an_unknown_address() -> None:
    assert WORLD.reply(dns.message.make_query(".", "NS").to_wire(), "203.0.113.1", tcp=False) is None


def test_hints_and_anchors_are_those_of_the_root() -> None:
    assert WORLD.hints() == ". 3600000 IN NS a.root-servers.net.\na.root-servers.net. 3600000 IN A 192.0.2.1\n"
    [anchor] = WORLD.anchors().splitlines()
    [key] = tell(".", "DNSKEY", ROOT).answer[0]
    assert anchor == f". 3600 IN DS {dns.dnssec.make_ds(dns.name.root, key, 'SHA256')}"


@given(st.binary(max_size=80), st.booleans())
def test_no_octets_whatever_raise(octets: bytes, tcp: bool) -> None:
    WORLD.reply(octets, LEAF, tcp=tcp)


@given(st.data())
def test_no_spoiled_query_raises(data: st.DataObject) -> None:
    query = bytearray(dns.message.make_query("x.wild.leaf.nl", "TXT", want_dnssec=True).to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        query[data.draw(st.integers(0, len(query) - 1))] = data.draw(st.integers(0, 255))
    reply = WORLD.reply(bytes(query), LEAF, tcp=False)
    if reply is not None:
        assert isinstance(reply, bytes)
        assert reply[:2] == query[:2]


def test_what_is_no_query_gets_formerr_and_what_is_a_reply_nothing() -> None:
    assert WORLD.reply(b"\x12\x34\0\0\0\5" + bytes(6), LEAF, tcp=False) == b"\x12\x34\x80\1" + bytes(8)
    assert WORLD.reply(b"\x12\x34\x80\0\0\1" + bytes(6), LEAF, tcp=False) is None
    assert WORLD.reply(b"\x12", LEAF, tcp=False) is None
