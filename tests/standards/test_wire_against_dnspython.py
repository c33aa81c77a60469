"""Random messages, both ways: what dnspython writes we read as it does, what we ask it reads as we meant.

Where the two may differ is a closed list, `differences.Difference`; here, on
well-formed messages, they may not differ at all.
"""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rrset
import pytest
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.standards.rdata import READERS
from crawler.standards.wire import Type, WireFault, decode, encode_query
from tests.standards.differences import Difference, compare

LABELS = st.one_of(st.sampled_from([b"a", b"B", b"mx", b"Example", b"NL", b"_25"]), st.binary(min_size=1, max_size=63))


def wire_name(labels: list[bytes]) -> bytes:
    """As many of the labels, from the right, as a name can hold."""
    wire = b"\0"
    for label in reversed(labels):
        if len(wire) + len(label) + 1 <= 255:
            wire = bytes((len(label),)) + label + wire
    return wire


NAMES = st.lists(LABELS, max_size=5).map(wire_name)  # any octets, any case


def octets(*sizes: int) -> st.SearchStrategy[bytes]:
    return st.sampled_from(sizes).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def joined(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(b"".join)


STRINGS = st.lists(st.binary(max_size=255).map(lambda s: bytes((len(s),)) + s), min_size=1, max_size=3).map(b"".join)
ONE_STRING = st.binary(max_size=20).map(lambda s: bytes((len(s),)) + s)

#: Uncompressed rdata of each type that we know and dnspython looks into, names in any case.
RDATA: dict[Type, st.SearchStrategy[bytes]] = {
    Type.A: octets(4),
    Type.AAAA: octets(16),
    Type.NS: NAMES,
    Type.CNAME: NAMES,
    Type.PTR: NAMES,
    Type.DNAME: NAMES,
    Type.SOA: joined(NAMES, NAMES, octets(20)),
    Type.RP: joined(NAMES, NAMES),
    Type.MX: joined(octets(2), NAMES),
    Type.AFSDB: joined(octets(2), NAMES),
    Type.RT: joined(octets(2), NAMES),
    Type.KX: joined(octets(2), NAMES),
    Type.PX: joined(octets(2), NAMES, NAMES),
    Type.SRV: joined(octets(6), NAMES),
    Type.NAPTR: joined(octets(4), ONE_STRING, ONE_STRING, ONE_STRING, NAMES),
    Type.TXT: STRINGS,
    Type.HINFO: joined(ONE_STRING, ONE_STRING),
    Type.DS: joined(octets(2), st.just(b"\x0d\2"), octets(32)),
    Type.DNSKEY: joined(st.just(b"\1\1\3\x0d"), octets(64)),
    Type.RRSIG: joined(st.just(b"\0\1\x0d\2"), octets(14), NAMES, octets(64)),
    Type.NSEC: joined(NAMES, st.sampled_from([b"\0\1\x40", b"\0\6\x40\1\0\0\0\3", b""])),
    Type.NSEC3: joined(st.just(b"\1\0\0\0\0\x14"), octets(20), st.just(b"\0\1\x40")),
    Type.TLSA: joined(st.just(b"\3\1\1"), octets(32)),
}
RDATAS = st.sampled_from(sorted(RDATA)).flatmap(lambda rtype: st.tuples(st.just(rtype), RDATA[rtype]))
UNKNOWN = st.tuples(st.integers(65280, 65534), st.binary(max_size=40))
OPTIONS: st.SearchStrategy[list[dns.edns.Option]] = st.lists(
    st.one_of(
        st.builds(
            dns.edns.EDEOption, st.integers(0, 65535), st.none() | st.text(max_size=20).filter(lambda t: "\0" not in t)
        ),
        st.builds(dns.edns.GenericOption, st.integers(65001, 65534), st.binary(max_size=20)),
    ),
    max_size=3,
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message written, and compressed, by dnspython."""
    message = dns.message.QueryMessage(id=draw(st.integers(0, 65535)))
    message.flags = dns.flags.Flag(draw(st.integers(0, 65535)) & 0x87F0)
    qname = dns.name.from_wire(draw(NAMES), 0)[0]
    message.question.append(dns.rrset.RRset(qname, RdataClass.IN, RdataType.make(draw(st.sampled_from(sorted(Type))))))
    for section in (message.answer, message.authority, message.additional):
        for rtype, rdata in draw(st.lists(st.one_of(RDATAS, UNKNOWN), max_size=4)):
            owner = draw(st.one_of(st.just(qname), NAMES.map(lambda wire: dns.name.from_wire(wire, 0)[0])))
            rrset = dns.rrset.RRset(owner, RdataClass.IN, RdataType.make(rtype))
            rrset.add(
                dns.rdata.from_wire(RdataClass.IN, RdataType.make(rtype), rdata, 0, len(rdata)),
                draw(st.integers(0, 2**31 - 1)),
            )
            section.append(rrset)
    if draw(st.booleans()):
        flags = dns.flags.DO if draw(st.booleans()) else 0
        message.use_edns(draw(st.integers(0, 3)), flags, draw(st.integers(512, 65535)), options=draw(OPTIONS))
    message.set_rcode(Rcode.make(draw(st.integers(0, 4095 if message.edns >= 0 else 15))))
    return message.to_wire(max_size=65535)


def test_every_type_that_dnspython_looks_into_as_we_do_is_drawn() -> None:
    old = {Type.MD, Type.MF, Type.MB, Type.MG, Type.MR, Type.MINFO, Type.SIG, Type.NXT}  # mere octets to dnspython
    assert set(READERS) - RDATA.keys() == old


@settings(max_examples=400)
@given(messages())
def test_what_dnspython_writes_we_read_as_it_does(wire: bytes) -> None:
    assert compare(wire) is None


@given(messages())
def test_extended_errors_and_options_are_those_of_dnspython(wire: bytes) -> None:
    theirs, ours = dns.message.from_wire(wire), decode(wire).edns
    if ours is None:
        assert theirs.edns < 0
        return
    assert list(ours.options) == [(int(option.otype), option.to_wire()) for option in theirs.options]
    errors = [option for option in theirs.options if isinstance(option, dns.edns.EDEOption)]
    assert list(ours.ede) == [(int(error.code), error.text or "") for error in errors]


@settings(max_examples=300)
@given(messages(), st.data())
def test_a_spoiled_message_differs_only_in_known_ways(wire: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(wire)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2) | st.just(b"\xc0\x0c"))
    if spoiled:
        assert compare(bytes(spoiled)) is not Difference.UNEXPLAINED


@given(messages(), st.integers(0))
def test_a_message_cut_anywhere_gives_whole_records_or_the_fault(wire: bytes, cut: int) -> None:
    whole = decode(wire)
    try:
        part = decode(wire[: cut % (len(wire) + 1)])
    except WireFault:
        return
    assert part.tc or part.trailing == 0
    assert part.answer == whole.answer[: len(part.answer)]
    assert part.additional == whole.additional[: len(part.additional)]


@given(
    NAMES.map(bytes.lower),
    st.sampled_from([Type.A, Type.MX, Type.TLSA, Type.DNSKEY]) | st.integers(256, 65535),
    st.integers(0, 65535),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 65535),
)
def test_dnspython_reads_our_query_as_we_meant_it(
    name: bytes, qtype: int, id: int, rd: bool, cd: bool, do: bool, udp_size: int
) -> None:
    query = dns.message.from_wire(encode_query(name, qtype, id=id, rd=rd, cd=cd, do=do, udp_size=udp_size))
    assert query.id == id
    assert query.opcode() == 0
    assert query.flags == (dns.flags.RD if rd else 0) | (dns.flags.CD if cd else 0)
    assert [(q.name.to_digestable(), q.rdtype, q.rdclass) for q in query.question] == [(name, qtype, 1)]
    assert (query.edns, query.payload, query.ednsflags, query.options) == (0, udp_size, dns.flags.DO if do else 0, ())
    assert not query.answer + query.authority + query.additional


@pytest.mark.parametrize("rd", [False, True])
def test_dnspython_reads_our_query_without_edns(rd: bool) -> None:
    query = dns.message.from_wire(encode_query(b"\2nl\0", Type.SOA, id=1, rd=rd, edns=False))
    assert query.edns == -1
    assert query.question[0].to_text() == "nl. IN SOA"
