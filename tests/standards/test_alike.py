"""Memory that were read before: never anything but what reading them again would give."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.resolver.reply import read as classify
from crawler.standards import alike, wire
from crawler.standards.alike import Memory
from crawler.standards.names import ROOT, from_text
from crawler.standards.wire import Fault, Message, Type, WireFault, decode

HERE = b"\xc0\x0c"
TYPES = (Type.MX, Type.NS, Type.A, Type.TXT, Type.SOA, Type.CNAME, Type.DNAME)
OPT = b"\0" + struct.pack(">HHIH", Type.OPT, 1232, 0x8000, 0)


def record(rtype: int, rdata: bytes, owner: bytes = HERE, ttl: int = 60, rclass: int = 1) -> bytes:
    return owner + struct.pack(">HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def reply(
    name: bytes, answer: list[bytes], authority: list[bytes], additional: list[bytes], flags: int = 0x8400
) -> bytes:
    counts = (1, len(answer), len(authority), len(additional))
    head = struct.pack(">HHHHHH", 7, flags, *counts) + name + struct.pack(">HH", Type.MX, 1)
    return head + b"".join(answer + authority + additional)


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> Memory:
    fresh = Memory()
    monkeypatch.setattr(wire, "_memory", fresh)
    monkeypatch.setattr(wire, "_known", fresh.get)
    return fresh


def read(*question: bytes) -> Message | Fault:
    try:
        return decode(*question)
    except WireFault as fault:
        return fault.fault


def same_as_ever(message: bytes, name: bytes) -> None:
    """What comes of it with whatever is remembered is what comes of it without; so is what the resolver makes of it."""
    found, fresh = read(message, name), read(message)
    if isinstance(found, Message) and isinstance(fresh, Message):
        for qtype in TYPES:
            assert classify(found, name, qtype, ROOT) == classify(fresh, name, qtype, ROOT)
        found = found._replace(rrset=None)
    assert found == fresh


def learnt(message: bytes, name: bytes, memory: Memory, count: int = 1) -> None:
    """A reply is kept when it comes the second time."""
    before = len(memory)
    same_as_ever(message, name)
    same_as_ever(message, name)
    assert len(memory) == before + count


A, B = from_text("aaaa.example.nl"), from_text("bbbb.example.nl")
OTHER = from_text("bbbb.exemple.nl")  # as long as the others
MX = record(Type.MX, b"\0\x0a\3mx1\xc0\x11")
NS = record(Type.NS, b"\3ns1\xc0\x11", b"\xc0\x11")
GLUE = record(Type.A, b"\xc0\0\2\1", b"\xc0\x3f")


def test_what_follows_another_question_alike_is_not_read_again(nothing_is_remembered: Memory) -> None:
    learnt(reply(A, [MX], [NS], [OPT]), A, nothing_is_remembered)
    first, second = decode(reply(A, [MX], [NS], [OPT]), A), decode(reply(B, [MX], [NS], [OPT]), B)
    assert second.authority is first.authority
    assert second.question == (B, Type.MX, 1)
    assert second.answer[0][0] == B
    same_as_ever(reply(B, [MX], [NS], [OPT]), B)


@pytest.mark.parametrize(
    ("name", "message", "why"),
    [
        (OTHER, reply(OTHER, [MX], [NS], [OPT]), "its pointer leads to another zone"),
        (B, reply(B, [MX], [], [NS, OPT]), "the same octets, counted as another section"),
        (B, reply(B, [MX], [NS, OPT], []), "an OPT record outside of the additional section"),
        (B, reply(B, [MX], [NS], [OPT, OPT]), "one record more"),
        (B, reply(B, [MX], [NS], [OPT])[:-1], "cut short"),
        (B, reply(B, [MX], [NS], [OPT]) + b"\0", "an octet too many"),
        (B, reply(B, [record(Type.MX, b"\0\x0a\4mx12\xc0\x11")], [NS], [OPT]), "it begins later"),
        (B, reply(B, [MX], [NS], [OPT], flags=0x8403), "another RCODE"),
        (B, reply(B, [MX], [NS], [OPT], flags=0x8600), "cut short, it says"),
        (B, reply(B, [record(Type.RRSIG, b"\0\x0a\3mx1\xc0\x11")], [NS], [OPT]), "signed"),
    ],
)
def test_a_reply_stands_for_others_only_where_reading_them_comes_to_the_same(
    name: bytes, message: bytes, why: str, nothing_is_remembered: Memory
) -> None:
    learnt(reply(A, [MX], [NS], [OPT]), A, nothing_is_remembered)
    same_as_ever(message, name)
    same_as_ever(message, name)


def test_a_pointer_into_the_answers_is_relied_upon_too(nothing_is_remembered: Memory) -> None:
    """The name server is the mail host: its address's owner points into the MX record."""
    at = 12 + len(A) + 4 + 12 + 2
    glue = record(Type.A, b"\xc0\0\2\1", struct.pack(">H", 0xC000 | at))
    learnt(reply(A, [MX], [], [glue, OPT]), A, nothing_is_remembered)
    other = record(Type.MX, b"\0\x0a\3mx2\xc0\x11")
    same_as_ever(reply(A, [other], [], [glue, OPT]), A)
    assert decode(reply(A, [other], [], [glue, OPT]), A).additional[0][0] == from_text("mx2.example.nl")


def test_the_same_octets_elsewhere_are_read_anew(nothing_is_remembered: Memory) -> None:
    """A pointer to the mail host in the answer leads one octet before it where the question is one octet longer."""
    longer = from_text("aaaaa.example.nl")
    answer = record(Type.MX, b"\0\0\3mx1\2nl\0")
    glue = record(Type.A, b"\xc0\0\2\1", struct.pack(">H", 0xC000 | 12 + len(A) + 4 + 12 + 2))
    learnt(reply(A, [answer], [], [glue, OPT]), A, nothing_is_remembered)
    same_as_ever(reply(longer, [answer], [], [glue, OPT]), longer)
    assert decode(reply(longer, [answer], [], [glue, OPT]), longer).additional[0][0] == ROOT


def test_what_was_cut_short_stands_for_nothing(nothing_is_remembered: Memory) -> None:
    cut, whole = (reply(A, [MX], [NS], [OPT], flags)[:-15] for flags in (0x8600, 0x8400))
    learnt(cut, A, nothing_is_remembered, 0)
    assert read(whole, A) is Fault.TRUNCATED


def test_memory_is_bounded(nothing_is_remembered: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_KEPT", 5)
    monkeypatch.setattr(alike, "_ONCE", 7)
    for number in range(60):
        message = reply(A, [MX], [record(Type.NS, b"\3ns1\xc0\x11", ttl=number)], [OPT])
        same_as_ever(message, A)
        same_as_ever(message, A)
        assert len(nothing_is_remembered) <= 5
    long = reply(A, [MX], [record(Type.TXT, b"\xff" + b"x" * 255) for _ in range(3)], [OPT])
    for _ in range(3):
        same_as_ever(long, A)
    assert all(len(octets) <= 512 for _, octets in nothing_is_remembered)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([record(Type.A, bytes([192, 0, 2, n])) for n in range(17)], "many records"),
        (
            [record(Type.MX, b"\0\1" + (b"\x3f" + b"x" * 63) * 3 + b"\0"),
             *(record(Type.MX, bytes([n, 2, 0xC0, 12 + len(A) + 4 + 14])) for n in range(6))],
            "few octets that stand for many",
        ),
    ],
)  # fmt: skip
def test_what_grows_when_it_is_read_is_not_kept(answer: list[bytes], why: str, nothing_is_remembered: Memory) -> None:
    assert len(reply(A, answer, [], [OPT])) < 512
    learnt(reply(A, answer, [], [OPT]), A, nothing_is_remembered, 0)


def test_what_came_once_is_not_kept(nothing_is_remembered: Memory) -> None:
    same_as_ever(reply(A, [MX], [NS], [OPT]), A)
    assert len(nothing_is_remembered) == 0


@pytest.mark.parametrize(
    ("answer", "authority", "additional", "kept", "why"),
    [
        ([record(Type.MX, b"\0\x0a\2mx\7example\2nl\0")], [record(Type.NS, b"\2ns\2nl\0")], [OPT], 1,
         "the domain owns its records, and nothing else is said of it: as large hosters answer"),
        ([record(Type.A, b"\xc0\0\2\1"), record(Type.A, b"\xc0\0\2\2")], [], [OPT], 1, "no name in it at all"),
        ([record(Type.MX, b"\0\x0a\xc0\x0c")], [], [OPT], 0, "the domain is its own mail host"),
        ([record(Type.MX, b"\0\x0a\4mail\xc0\x0c")], [], [OPT], 0, "the mail host lies below the domain"),
        ([MX], [record(Type.NS, b"\3ns1\xc0\x0c")], [OPT], 0, "the name server lies below the domain"),
        ([MX], [record(Type.NS, b"\2ns\0"), record(Type.NS, b"\2ns\0", b"\xc0\x11")], [OPT], 0, "owners of two kinds"),
        ([MX], [], [record(Type.A, b"\xc0\0\2\1"), OPT], 0, "the domain's own address is added"),
        ([record(Type.A, b"\xc0\0\2\1", A)], [], [OPT], 0, "the domain is written out"),
        ([record(Type.MX, b"\0\1\xc0\x0c", A), record(Type.MX, b"\0\2\2mx\0")], [], [OPT], 0,
         "the domain is written out once, and named elsewhere as often"),
        ([record(Type.MX, b"\0\1\xc0\x0c", b"\4aaaa\xc0\x11"), record(Type.MX, b"\0\2\2mx\0")], [], [OPT], 0,
         "its first label is written out"),
        ([record(Type.TXT, b"\3\xc0\x0c!")], [], [OPT], 0, "what looks like a pointer to the domain"),
        ([record(Type.CNAME, b"\5other\xc0\x11")], [], [OPT], 1, "an alias"),
        ([record(Type.MX, b"\0\1\2mx\0", ttl=9), record(Type.MX, b"\0\1\2mx\0", ttl=7)], [], [OPT], 1, "twice"),
        ([MX, record(Type.TXT, b"\1a")], [], [OPT], 1, "two RRsets"),
        ([record(Type.MX, b"\0\x0a\2mx\0", rclass=3)], [], [OPT], 1, "another class"),
    ],
)  # fmt: skip
def test_what_is_kept_stands_for_every_domain(
    answer: list[bytes], authority: list[bytes], additional: list[bytes], kept: int, why: str,
    nothing_is_remembered: Memory,
) -> None:  # fmt: skip
    learnt(reply(A, answer, authority, additional), A, nothing_is_remembered, kept)
    for name in (B, OTHER, from_text("c.d.e.f.g.h.i.k"), from_text("aaaaaaaaaaaaaaa")):
        assert len(name) == len(A)
        for _ in range(3):
            same_as_ever(reply(name, answer, authority, additional), name)


def test_a_hosters_domains_are_read_once(nothing_is_remembered: Memory) -> None:
    rest = [record(Type.MX, b"\0\x0a\2mx\7example\2nl\0")], [record(Type.NS, b"\2ns\7example\2nl\0")], [OPT]
    learnt(reply(from_text("one.nl"), *rest), from_text("one.nl"), nothing_is_remembered)
    two = from_text("two.se")
    message = decode(reply(two, *rest), two)
    assert message.rrset == (Type.MX, (b"\0\x0a" + from_text("mx.example.nl"),), 60)
    assert [record[0] for record in message.answer + message.authority] == [two, two]


labels = st.sampled_from(
    [b"\1a", b"\1b", b"\2aa", b"\xc0\x0c", b"\xc0\x0e", b"\xc0\x20", b"\xc0\x30", b"\0", b"\xc1\x02"]
)
names = st.lists(labels, min_size=1, max_size=3).map(b"".join)
records = st.builds(
    record,
    st.sampled_from([Type.MX, Type.NS, Type.A, Type.TXT, Type.SOA, Type.OPT, Type.CNAME]),
    names | st.binary(max_size=6),
    names,
    st.sampled_from([0, 60, 1 << 31]),
)


@settings(max_examples=400)
@given(st.data())
def test_whatever_comes_is_read_as_if_nothing_were_remembered(data: st.DataObject) -> None:
    """A few questions, answers and endings in every combination, again and again, well formed or not."""
    asked = data.draw(
        st.lists(
            st.sampled_from([from_text(n) for n in ("a.b", "b.b", "b.a", "aa.b", "a.a.b")]), min_size=2, max_size=3
        )
    )
    answers = data.draw(st.lists(st.lists(records, min_size=1, max_size=2), min_size=2, max_size=3))
    tails = data.draw(
        st.lists(st.tuples(st.lists(records, max_size=2), st.lists(records, max_size=2)), min_size=1, max_size=2)
    )
    for _ in range(3):
        for name in asked:
            for answer in answers:
                for authority, additional in tails:
                    same_as_ever(reply(name, answer, authority, [*additional, OPT]), name)
