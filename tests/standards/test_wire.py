"""Messages by hand: what is read, what is refused and why, and how long it may take (RFC 1035, 3597, 6891, 8914)."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.wire import Edns, Fault, Record, Type, WireFault, decode, encode_query, split_txt

NAME = b"\7example\2nl\0"  # stands at octet 12 as the question, so a pointer to it is C0 0C
QUESTION = NAME + struct.pack(">HH", Type.MX, 1)
HERE = b"\xc0\x0c"


def message(
    answer: tuple[bytes, ...] = (),
    additional: tuple[bytes, ...] = (),
    *,
    authority: tuple[bytes, ...] = (),
    flags: int = 0x8400,
    question: bytes = QUESTION,
    questions: int = 1,
) -> bytes:
    counts = (questions, len(answer), len(authority), len(additional))
    return struct.pack(">HHHHHH", 7, flags, *counts) + question + b"".join(answer + authority + additional)


def record(rtype: int, rdata: bytes, owner: bytes = HERE, ttl: int = 60, rclass: int = 1) -> bytes:
    return owner + struct.pack(">HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def opt(options: bytes = b"", ttl: int = 0x8000, owner: bytes = b"\0") -> bytes:
    return record(Type.OPT, options, owner, ttl, 1232)


def fault_of(wire: bytes) -> Fault | None:
    try:
        decode(wire)
    except WireFault as fault:
        return fault.fault
    return None


# ---- what is read ----


def test_a_reply_is_plain_tuples() -> None:
    reply = decode(
        message(
            (record(Type.MX, b"\0\x0a\3MX1" + HERE), record(Type.MX, b"\0\x14\3mx2\7Example\2BE\0")),
            (record(Type.A, b"\xc0\0\2\1", b"\3mx1" + HERE), opt()),
            authority=(record(Type.NS, b"\3ns1" + HERE),),
        )
    )
    assert reply.id == 7
    assert reply.question == (NAME, Type.MX, 1)
    assert reply.answer == [
        (NAME, 15, 1, 60, b"\0\x0a\3mx1" + NAME),
        (NAME, 15, 1, 60, b"\0\x14\3mx2\7example\2be\0"),
    ]
    assert reply.authority == [(NAME, 2, 1, 60, b"\3ns1" + NAME)]
    assert reply.additional == [(b"\3mx1" + NAME, 1, 1, 60, b"\xc0\0\2\1")]
    assert reply.edns == Edns(0, 1232, True, (), ())
    assert reply.trailing == 0


def test_flags_are_told_apart() -> None:
    for flag, name in ((0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0080, "ra"), (0x0020, "ad")):
        reply = decode(message(flags=flag))
        assert [n for n in ("qr", "aa", "tc", "ra", "ad") if getattr(reply, n)] == [name]
    assert decode(message(flags=0x2800)).opcode == 5
    assert decode(message(flags=0x8003)).rcode == 3


def test_the_opt_record_extends_the_rcode() -> None:
    reply = decode(message((), (opt(ttl=0x01_02_0000),), flags=0x8003))
    assert reply.rcode == 16 + 3
    assert reply.edns == Edns(2, 1232, False, (), ())


def test_a_message_may_lack_question_and_opt() -> None:
    reply = decode(message(question=b"", questions=0, flags=0x8005))
    assert (reply.question, reply.edns, reply.rcode) == (None, None, 5)


def test_extended_errors_are_read_and_every_option_is_kept() -> None:
    nsid = b"\0\3\0\2ns"
    ede = b"\0\x0f\0\7\0\7ouch\0"  # some end the text with a NUL
    bad_utf8 = b"\0\x0f\0\3\0\6\xff"
    short = b"\0\x0f\0\1\0"  # no code in it: kept as an option only
    edns = decode(message((), (opt(nsid + ede + bad_utf8 + short),))).edns
    assert edns is not None
    assert edns.ede == ((7, "ouch"), (6, "\ufffd"))
    assert edns.options == ((3, b"ns"), (15, b"\0\7ouch\0"), (15, b"\0\6\xff"), (15, b"\0"))


def test_a_ttl_with_its_top_bit_set_is_zero() -> None:
    """RFC 2181 section 8."""
    for ttl, read in ((0x7FFFFFFF, 0x7FFFFFFF), (0x80000000, 0), (0xFFFFFFFF, 0)):
        assert decode(message((record(Type.A, b"\1\2\3\4", ttl=ttl),))).answer[0][3] == read


def test_octets_after_the_message_are_counted() -> None:
    wire = message((record(Type.A, b"\1\2\3\4"),))
    reply = decode(wire + b"junk")
    assert reply.trailing == 4
    assert reply.answer == decode(wire).answer


def test_a_cut_message_with_tc_gives_its_whole_records() -> None:
    """RFC 2181 section 9: it is asked again over TCP, and no fault of the server."""
    whole, cut = record(Type.A, b"\1\2\3\4"), record(Type.A, b"\1\2\3\5")
    for size in range(len(cut)):
        wire = message((whole, cut), flags=0x8200)
        reply = decode(wire[: len(wire) - len(cut) + size])
        assert reply.tc
        assert reply.answer == [(NAME, 1, 1, 60, b"\1\2\3\4")]


LOWER, UPPER = b"\1a" + NAME, b"\1A" + HERE  # the same name, as it comes out and as it goes in


@pytest.mark.parametrize(
    ("rtype", "sent", "read"),
    [
        (Type.NS, UPPER, LOWER),
        (Type.MD, UPPER, LOWER),
        (Type.MF, UPPER, LOWER),
        (Type.CNAME, UPPER, LOWER),
        (Type.MB, UPPER, LOWER),
        (Type.MG, UPPER, LOWER),
        (Type.MR, UPPER, LOWER),
        (Type.PTR, UPPER, LOWER),
        (Type.DNAME, UPPER, LOWER),
        (Type.SOA, UPPER + UPPER + b"S" * 20, LOWER + LOWER + b"S" * 20),
        (Type.MINFO, UPPER + UPPER, LOWER + LOWER),
        (Type.RP, UPPER + UPPER, LOWER + LOWER),
        (Type.MX, b"AA" + UPPER, b"AA" + LOWER),
        (Type.AFSDB, b"AA" + UPPER, b"AA" + LOWER),
        (Type.RT, b"AA" + UPPER, b"AA" + LOWER),
        (Type.KX, b"AA" + UPPER, b"AA" + LOWER),
        (Type.PX, b"AA" + UPPER + UPPER, b"AA" + LOWER + LOWER),
        (Type.SRV, b"AABBCC" + UPPER, b"AABBCC" + LOWER),
        (Type.NAPTR, b"AABB\1S\0\2XY" + UPPER, b"AABB\1S\0\2XY" + LOWER),
        (Type.SIG, b"S" * 18 + UPPER + b"SIG", b"S" * 18 + LOWER + b"SIG"),
        (Type.NXT, UPPER + b"BITS", LOWER + b"BITS"),
        (Type.RRSIG, b"S" * 18 + b"\1A\0SIG", b"S" * 18 + b"\1a\0SIG"),
        (Type.RRSIG, b"S" * 18 + UPPER + b"SIG", b"S" * 18 + UPPER + b"SIG"),  # RFC 4034 section 3.1.7 forbids it
        (Type.RRSIG, b"S" * 18 + b"\5ABC", b"S" * 18 + b"\5ABC"),  # too short: for who reads it
        (Type.RRSIG, b"", b""),
        (Type.NSEC, b"\1A\0\0\1\x40", b"\1A\0\0\1\x40"),  # RFC 6840 section 5.1: its case stays
        (Type.TXT, b"\1A", b"\1A"),
        (Type.HTTPS, b"\0\1\1A\0", b"\0\1\1A\0"),
        (65280, UPPER, UPPER),  # unknown types are never looked into (RFC 3597 section 4)
        (65280, b"", b""),
    ],
)
def test_rdata_comes_out_canonical(rtype: int, sent: bytes, read: bytes) -> None:
    """RFC 4034 section 6.2, RFC 3597 section 4."""
    assert decode(message((record(rtype, sent),))).answer == [(NAME, rtype, 1, 60, read)]


# ---- what is refused ----

LONG = b"\x3f" + b"a" * 63
BAD = [
    (Fault.HEADER, b""),
    (Fault.HEADER, b"\0" * 11),
    (Fault.QUESTIONS, message(question=QUESTION * 2, questions=2)),
    (Fault.QUESTIONS, message(question=b"", questions=65535)),
    (Fault.TRUNCATED, message(question=b"")),  # a count that lies
    (Fault.TRUNCATED, message(question=NAME)),
    (Fault.TRUNCATED, message(question=NAME[:-1])),
    (Fault.TRUNCATED, message(question=b"\xc0", questions=1)),
    (Fault.TRUNCATED, message((record(Type.A, b"\1\2\3\4")[:-1],))),
    (Fault.TRUNCATED, message((record(Type.TXT, b"\3abc")[:-1],))),
    (Fault.TRUNCATED, message((HERE,))),
    (Fault.TRUNCATED, message((b"\0",))),
    (Fault.POINTER, message(question=b"\xc0\x0c\0\1\0\1")),  # to itself
    (Fault.POINTER, message(question=b"\xc0\x0e\xc0\x0c\0\1\0\1")),  # forward, and back
    (Fault.POINTER, message(question=b"\xff\xff\0\1\0\1")),
    (Fault.POINTER, message((record(Type.A, b"\1\2\3\4", b"\xc0\x00"),))),  # into the header
    (Fault.POINTER, message((record(Type.A, b"\1\2\3\4", b"\xc0\x0b"),))),
    (Fault.POINTER, message(question=b"\1a\xc0\x0c\0\1\0\1")),  # into the name that it is in
    (Fault.POINTER, message((record(Type.TXT, b"\3\1a\2"), record(Type.TXT, b"", b"\1z\xc0\x29")))),
    (Fault.LABEL_TYPE, message(question=b"\x40\0\0\1\0\1")),
    (Fault.LABEL_TYPE, message(question=b"\1a\x80\0\0\1\0\1")),
    (Fault.LABEL_TYPE, message((record(Type.NS, b"\x41" + HERE),))),
    (Fault.NAME_TOO_LONG, message(question=LONG * 4 + b"\0\0\1\0\1")),
    (Fault.NAME_TOO_LONG, message((record(Type.NS, LONG * 3 + b"\x3d" + b"a" * 61 + HERE),))),
    (Fault.RDATA_MALFORMED, message((record(Type.A, b"\1\2\3"),))),
    (Fault.RDATA_MALFORMED, message((record(Type.A, b""),))),
    (Fault.RDATA_MALFORMED, message((record(Type.AAAA, b"\1" * 17),))),
    (Fault.RDATA_MALFORMED, message((record(Type.NS, HERE + b"\0"),))),
    (Fault.RDATA_MALFORMED, message((record(Type.NS, b"\3ns"),))),  # the name runs out of the message, too
    (Fault.RDATA_MALFORMED, message((record(Type.NS, b"\3ns"),), flags=0x8200)),  # which TC does not excuse
    (Fault.RDATA_MALFORMED, message((record(Type.NS, b""), record(Type.A, b"\1\2\3\4")))),
    (Fault.RDATA_MALFORMED, message((record(Type.MX, b"\0"), record(Type.A, b"\1\2\3\4")))),
    (Fault.RDATA_MALFORMED, message((record(Type.MX, b"\0\1" + HERE + b"\0"),))),
    (Fault.RDATA_MALFORMED, message((record(Type.SOA, HERE + HERE + b"S" * 19),))),
    (Fault.RDATA_MALFORMED, message((record(Type.SOA, HERE), record(Type.A, b"\1\2\3\4")))),
    (Fault.RDATA_MALFORMED, message((record(Type.NAPTR, b"AABB\1S\0"), record(Type.A, b"\1\2\3\4")))),
    (Fault.RDATA_MALFORMED, message((record(Type.NAPTR, b"AABB\1S\0\0"), record(Type.A, b"\1\2\3\4")))),
    (Fault.RDATA_MALFORMED, message((record(Type.NAPTR, b"AABB\1S\0\0" + HERE + b"\0"),))),
    (Fault.OPT_REPEATED, message((), (opt(), opt()))),
    (Fault.OPT_MISPLACED, message((opt(),))),
    (Fault.OPT_MISPLACED, message(authority=(opt(),))),
    (Fault.OPT_MISPLACED, message((), (opt(owner=HERE),))),
    (Fault.OPT_MALFORMED, message((), (opt(b"\0\3\0"),))),
    (Fault.OPT_MALFORMED, message((), (opt(b"\0\3\0\1"),))),
    (Fault.OPT_MALFORMED, message((), (opt(b"\0\3\0\2x"), record(Type.A, b"\1\2\3\4")))),
]


@pytest.mark.parametrize(("fault", "wire"), BAD)
def test_what_is_malformed_has_its_fault(fault: Fault, wire: bytes) -> None:
    assert fault_of(wire) is fault


def chain(pointers: int) -> bytes:
    """A TXT that holds a name and pointers each to the one before, and a record whose owner is the last of them."""
    start = 12 + len(QUESTION) + 12
    links = [start, *range(start + 3, start + 1 + 2 * pointers, 2)]
    blob = b"\1a\0" + b"".join(struct.pack(">H", 0xC000 | link) for link in links[:pointers])
    last = start + 3 + 2 * (pointers - 1)
    return message((record(Type.TXT, blob), record(Type.TXT, b"", struct.pack(">H", 0xC000 | last))))


def test_a_name_takes_127_pointers_and_no_more() -> None:
    assert decode(chain(126)).answer[1][0] == b"\1a\0"
    assert fault_of(chain(127 + 1)) is Fault.POINTER_CHAIN


def test_every_fault_is_reached_here() -> None:
    assert {fault for fault, _ in BAD} | {Fault.POINTER_CHAIN} == set(Fault)


def test_a_name_of_255_octets_is_taken() -> None:
    name = LONG * 3 + b"\x3d" + b"a" * 61 + b"\0"
    assert len(name) == 255
    question = decode(message(question=name + b"\0\1\0\1")).question
    assert question == (name, 1, 1)


def test_every_beginning_of_a_message_is_truncated() -> None:
    wire = message((record(Type.MX, b"\0\x0a\3mx1" + HERE), record(Type.RRSIG, b"S" * 18 + NAME)), (opt(),))
    assert fault_of(wire) is None
    for size in range(len(wire)):
        assert fault_of(wire[:size]) is (Fault.HEADER if size < 12 else Fault.TRUNCATED)


def worst_labels() -> bytes:
    """Rdata full of long names, and as many owners as there is room for, each pointing at a new place in it."""
    blob = (b"\1a" * 126 + b"\0\0") * 63
    start = 12 + 11
    places = [at for at in range(start, min(start + len(blob), 0x4000)) if (at - start) % 254 % 2 == 0]
    records = [record(Type.TXT, blob, b"\0"), *(record(Type.TXT, b"", struct.pack(">H", 0xC000 | at)) for at in places)]
    return message(tuple(records[:4000]), question=b"", questions=0)


def worst_chain() -> bytes:
    """Rdata full of pointers to pointers, read from the far end in steps just within the bound."""
    start, links = 12 + 11, 8000
    blob = b"\1a\0" + b"".join(
        struct.pack(">H", 0xC000 | (start if link == 0 else start + 1 + 2 * link)) for link in range(links)
    )
    steps = (struct.pack(">H", 0xC000 | (start + 3 + 2 * link)) for link in range(120, links, 120))
    records = [record(Type.TXT, blob, b"\0"), *(record(Type.TXT, b"", owner) for owner in steps)]
    return message(tuple(records), question=b"", questions=0)


@pytest.mark.parametrize("wire", [worst_labels(), worst_chain(), message(question=b"\1a" * 32_000)])
def test_the_worst_messages_take_bounded_time(wire: bytes) -> None:
    assert len(wire) < 65_536
    begin = time.process_time()
    fault_of(wire)
    assert time.process_time() - begin < 1.0  # measured: 40 ms


@given(st.binary(max_size=600))
def test_any_octets_give_a_message_or_the_fault(wire: bytes) -> None:
    fault_of(wire)


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.lists(
        st.one_of(
            st.sampled_from([HERE, NAME, b"\0", opt(), b"\xc0", b"\3ns1", b"\0\1\0\1", b"\x40", b"\xc0\x2a"]),
            st.sampled_from(sorted(Type)).map(lambda rtype: struct.pack(">HHIH", rtype, 1, 60, 6)),
            st.binary(max_size=8),
        ),
        max_size=20,
    ),
)
def test_octets_that_look_like_records_give_a_message_or_the_fault(
    flags: int, counts: list[int], pieces: list[bytes]
) -> None:
    fault_of(struct.pack(">HHHHHH", 0, flags, 1, *counts) + QUESTION + b"".join(pieces))


# ---- queries ----


def test_a_query_is_as_rfc_1035_and_6891_write_it() -> None:
    assert encode_query(NAME, Type.MX, id=0x1234).hex(" ", -4) == (
        "12340000 00010000 00000001 07657861 6d706c65 026e6c00 000f0001 00002904 d0000080 000000"
    )


def test_a_query_reads_back() -> None:
    query = decode(encode_query(NAME, Type.TLSA, id=9, rd=True, cd=True, do=False, udp_size=4096))
    assert (query.id, query.flags, query.question) == (9, 0x0110, (NAME, Type.TLSA, 1))
    assert query.edns == Edns(0, 4096, False, (), ())
    assert decode(encode_query(NAME, Type.A, id=9, edns=False)).edns is None


# ---- TXT ----


@pytest.mark.parametrize(
    ("rdata", "text"), [(b"\2ab\1c", b"abc"), (b"\0", b""), (b"", b""), (b"\xff" + b"x" * 255, b"x" * 255)]
)
def test_strings_are_joined_without_a_space(rdata: bytes, text: bytes) -> None:
    assert split_txt(rdata) == text


@pytest.mark.parametrize("rdata", [b"\1", b"\2a", b"\1ab", b"\0\1"])
def test_a_string_that_overruns_is_malformed(rdata: bytes) -> None:
    with pytest.raises(WireFault) as caught:
        split_txt(rdata)
    assert caught.value.fault is Fault.RDATA_MALFORMED


def test_records_are_of_the_type_they_are_said_to_be() -> None:
    answer: list[Record] = decode(message((record(Type.A, b"\1\2\3\4"),))).answer
    assert type(answer[0]) is tuple
