"""Endings that were read before: never anything but what reading them again would give."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.standards import endings, wire
from crawler.standards.endings import Ending, Endings
from crawler.standards.names import from_text
from crawler.standards.wire import Fault, Message, Type, WireFault, decode

HERE = b"\xc0\x0c"
OPT = b"\0" + struct.pack(">HHIH", Type.OPT, 1232, 0x8000, 0)


def record(rtype: int, rdata: bytes, owner: bytes = HERE, ttl: int = 60) -> bytes:
    return owner + struct.pack(">HHIH", rtype, 1, ttl, len(rdata)) + rdata


def reply(
    name: bytes, answer: list[bytes], authority: list[bytes], additional: list[bytes], flags: int = 0x8400
) -> bytes:
    counts = (1, len(answer), len(authority), len(additional))
    head = struct.pack(">HHHHHH", 7, flags, *counts) + name + struct.pack(">HH", Type.MX, 1)
    return head + b"".join(answer + authority + additional)


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> Endings:
    fresh = Endings()
    monkeypatch.setattr(wire, "_endings", fresh)
    monkeypatch.setattr(wire, "_known_ending", fresh.get)
    return fresh


def read(*question: bytes) -> Message | Fault:
    try:
        return decode(*question)
    except WireFault as fault:
        return fault.fault


def same_as_ever(message: bytes, name: bytes) -> None:
    """What comes of it with whatever is remembered is what comes of it without."""
    assert read(message, name) == read(message)


def learnt(message: bytes, name: bytes, memory: Endings) -> None:
    """An ending is kept when it comes the second time."""
    before = len(memory)
    same_as_ever(message, name)
    same_as_ever(message, name)
    assert len(memory) == before + 1


A, B = from_text("aaaa.example.nl"), from_text("bbbb.example.nl")
OTHER = from_text("bbbb.exemple.nl")  # as long as the others
MX = record(Type.MX, b"\0\x0a\3mx1\xc0\x11")
NS = record(Type.NS, b"\3ns1\xc0\x11", b"\xc0\x11")
GLUE = record(Type.A, b"\xc0\0\2\1", b"\xc0\x3f")


def test_the_same_ending_of_another_reply_is_not_read_again(nothing_is_remembered: Endings) -> None:
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
def test_an_ending_stands_only_where_reading_it_comes_to_the_same(
    name: bytes, message: bytes, why: str, nothing_is_remembered: Endings
) -> None:
    learnt(reply(A, [MX], [NS], [OPT]), A, nothing_is_remembered)
    same_as_ever(message, name)
    same_as_ever(message, name)


def test_a_pointer_into_the_answers_is_relied_upon_too(nothing_is_remembered: Endings) -> None:
    """The name server is the mail host: its address's owner points into the MX record."""
    at = 12 + len(A) + 4 + 12 + 2
    glue = record(Type.A, b"\xc0\0\2\1", struct.pack(">H", 0xC000 | at))
    learnt(reply(A, [MX], [], [glue, OPT]), A, nothing_is_remembered)
    other = record(Type.MX, b"\0\x0a\3mx2\xc0\x11")
    same_as_ever(reply(A, [other], [], [glue, OPT]), A)
    assert decode(reply(A, [other], [], [glue, OPT]), A).additional[0][0] == from_text("mx2.example.nl")


def test_memory_is_bounded(nothing_is_remembered: Endings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "_KEPT", 5)
    monkeypatch.setattr(endings, "_ONCE", 7)
    for number in range(60):
        message = reply(A, [MX], [record(Type.NS, b"\3ns1\xc0\x11", ttl=number)], [OPT])
        same_as_ever(message, A)
        same_as_ever(message, A)
        assert len(nothing_is_remembered) <= 5
    long = reply(A, [MX], [record(Type.TXT, b"\xff" + b"x" * 255) for _ in range(3)], [OPT])
    for _ in range(3):
        same_as_ever(long, A)
    assert all(len(octets) <= 512 for _, octets in nothing_is_remembered)


def test_what_came_once_is_not_kept() -> None:
    memory = Endings()
    memory.keep((30, OPT), Ending(0, 1, (), [], [], 0, None, 0), {})
    assert memory.get((30, OPT)) is None


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
