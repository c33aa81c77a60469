"""Which message is a reply to which question (RFC 5452 section 9.1)."""

from __future__ import annotations

import pytest

from crawler.exchange import answers, question_of

HEAD = bytes.fromhex("000000000001000000000001")
QUESTION = b"\7example\2nl\0\0\x0f\0\1"


def reply(flags: bytes = b"\x84\0", count: bytes = b"\0\1", rest: bytes = QUESTION) -> bytes:
    return b"\0\0" + flags + count + bytes(6) + rest


@pytest.mark.parametrize(
    "question",
    [QUESTION, b"\0\0\2\0\1", b"\3a\0b\2nl\0\0\1\0\1"],  # ordinary, the root, a label with a NUL in it
)
def test_the_question_ends_where_its_labels_end(question: bytes) -> None:
    assert question_of(HEAD + question + b"\0\0\x29" + bytes(8)) == question


@pytest.mark.parametrize(
    ("message", "fits"),
    [
        (reply(), True),
        (reply(rest=QUESTION + b"more"), True),
        (reply(rest=b"\7eXAMPLE\2nL\0\0\x0f\0\1"), True),  # names compare without case (RFC 4343)
        (reply(rest=b"\7exampel\2nl\0\0\x0f\0\1"), False),  # another name
        (reply(rest=b"\7example\2nl\0\0\x10\0\1"), False),  # another type
        (reply(rest=b"\7example\2nl\0\0\x2f\0\1"), False),  # 0x2f is no upper case of 0x0f, and types have none
        (reply(rest=b"\7example\2nl\0\0\x0f\0\3"), False),  # another class
        (reply(rest=QUESTION[:-1]), False),  # cut off in the question
        (reply(flags=b"\4\0"), False),  # a query, not a response
        (reply(count=b"\0\2"), False),  # two questions
        (reply(flags=b"\x84\1", count=b"\0\0", rest=b""), True),  # FORMERR without the question
        (reply(flags=b"\x84\1", rest=b""), True),  # FORMERR: the header alone, the count as we sent it
        (reply(flags=b"\x84\2", count=b"\0\0", rest=b""), True),  # SERVFAIL
        (reply(flags=b"\x84\4", count=b"\0\0", rest=b""), True),  # NOTIMP
        (reply(flags=b"\x84\5", count=b"\0\0", rest=b""), True),  # REFUSED
        (reply(flags=b"\x84\0", count=b"\0\0", rest=b""), False),  # NOERROR must repeat the question
        (reply(flags=b"\x84\3", count=b"\0\0", rest=b""), False),  # and so must NXDOMAIN
        (reply()[:11], False),
        (b"", False),
    ],
)
def test_a_reply_repeats_the_question(message: bytes, fits: bool) -> None:
    assert answers(message, QUESTION) is fits


def test_types_that_differ_only_as_letters_do_stay_apart() -> None:
    https, unassigned = QUESTION[:-4] + b"\0\x41\0\1", QUESTION[:-4] + b"\0\x61\0\1"
    assert not answers(reply(rest=unassigned), https)
