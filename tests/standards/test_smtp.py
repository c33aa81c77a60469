"""The SMTP dialogue: fed whole, octet by octet and with a tail; every odd reply has an ending, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.printable import printable
from crawler.standards.smtp import KEPT, LINE, LINES, Dialogue, Ending, Step

GREETING = b"220 mx.example ESMTP\r\n"
EHLO = b"250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"
READY = b"220 go ahead\r\n"


def after(*replies: bytes, name: str = "me.example") -> Dialogue:
    said = Dialogue(name)
    for reply in replies:
        said.receive(reply)
    return said


def test_the_good_way() -> None:
    said = Dialogue("me.example")
    assert said.receive(GREETING) == b"EHLO me.example\r\n"
    assert said.receive(EHLO) == b"STARTTLS\r\n"
    assert said.receive(READY) == b""
    assert (said.ended, said.step, said.code) == (Ending.GOOD, Step.STARTTLS, 220)
    assert said.banner == "mx.example ESMTP"
    assert said.keywords == ("SIZE", "STARTTLS")
    assert not said.bare_lf


def test_octet_by_octet_is_the_same() -> None:
    said, sent = Dialogue("me.example"), b""
    for reply in (GREETING, EHLO, READY):
        for octet in reply:
            sent += said.receive(bytes((octet,)))
    assert sent == b"EHLO me.example\r\nSTARTTLS\r\n"
    assert said.ended is Ending.GOOD


@pytest.mark.parametrize(
    ("greeting", "ending"),
    [
        (b"220\r\n", None),  # a code alone
        (b"220-a\r\n220-b\r\n220 c\r\n", None),
        (b"220 \xe4\xf6\xfc\r\n", None),  # 8-bit octets
        (b"220 bare\n", None),
        (b"220-a\n220 b\r\n", None),
        (b"421 busy\r\n", Ending.TRANSIENT),
        (b"554-no\r\n554 go\r\n", Ending.PERMANENT),
        (b"250 ok\r\n", Ending.OTHER),
        (b"354 go on\r\n", Ending.OTHER),
        (b"220x\r\n", Ending.MALFORMED),  # neither a blank nor a hyphen
        (b"22 short\r\n", Ending.MALFORMED),
        (b"620 no such code\r\n", Ending.MALFORMED),
        (b"\r\n", Ending.MALFORMED),
        (b"220-a\r\n221 b\r\n", Ending.MALFORMED),  # two codes
        (b"220-a\r\nno code\r\n", Ending.MALFORMED),
        (b"HTTP/1.1 400 Bad Request\r\n", Ending.MALFORMED),
        (b"220 " + b"x" * (LINE + 1), Ending.TOO_LONG),  # no line end is awaited for ever
        (b"220 " + b"x" * (LINE + 1) + b"\r\n", Ending.TOO_LONG),
        (b"220-x\r\n" * (LINES + 1), Ending.TOO_LONG),
    ],
)
def test_greetings(greeting: bytes, ending: Ending | None) -> None:
    said = after(greeting)
    assert said.ended is ending
    assert said.step is (Step.EHLO if ending is None else Step.GREETING)


@pytest.mark.parametrize(
    ("ehlo", "ending", "keywords"),
    [
        (EHLO, None, ("SIZE", "STARTTLS")),
        (b"250-mx\r\n250 starttls\r\n", None, ("STARTTLS",)),
        (b"250-mx\r\n250-STARTTLS \r\n250 HELP\r\n", None, ("STARTTLS", "HELP")),
        (b"250-mx\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n", Ending.NOT_OFFERED, ("XSTARTTLS", "STARTTLSX")),
        (b"250 STARTTLS\r\n", Ending.NOT_OFFERED, ()),  # the first line is the domain, not a keyword
        (b"250-mx\r\n250-!odd\r\n250 STARTTLS\r\n", None, ("STARTTLS",)),
        (b"502 unknown\r\n", Ending.PERMANENT, ()),
        (b"450 later\r\n", Ending.TRANSIENT, ()),
        (b"220 what\r\n", Ending.OTHER, ()),
    ],
)
def test_ehlo(ehlo: bytes, ending: Ending | None, keywords: tuple[str, ...]) -> None:
    said = after(GREETING, ehlo)
    assert (said.ended, said.keywords) == (ending, keywords)


@pytest.mark.parametrize(
    ("reply", "ending"),
    [
        (READY, Ending.GOOD),
        (READY + b"250 injected\r\n", Ending.INJECTION),
        (READY + b"\x16\x03\x01", Ending.INJECTION),  # TLS does not begin on the server's side
        (b"454 not now\r\n", Ending.TRANSIENT),
        (b"503 no\r\n", Ending.PERMANENT),
        (b"250 ok\r\n", Ending.OTHER),
    ],
)
def test_starttls(reply: bytes, ending: Ending) -> None:
    assert after(GREETING, EHLO, reply).ended is ending


def test_what_comes_before_its_question_is_read_as_its_answer() -> None:
    """A server that talks ahead is not told from a quick one; only behind STARTTLS it matters."""
    assert after(GREETING + EHLO).step is Step.STARTTLS


def test_nothing_is_said_after_the_end() -> None:
    said = after(b"554 no\r\n")
    assert said.receive(GREETING) == b""
    assert said.code == 554


def test_texts_are_kept_short_and_printable() -> None:
    said = after(b"220-" + b"a" * 1000 + b"\r\n220 \x1b[2J\\\xff\r\n")
    assert len(said.banner) <= KEPT * 4
    assert said.banner.isprintable()
    assert printable(b"\x1b\\\xe9a") == "\\027\\092\\233a"


@given(st.lists(st.binary(max_size=100) | st.sampled_from([GREETING, EHLO, READY, b"220-", b"\n", b"\r"]), max_size=12))
def test_no_octets_raise_and_nothing_but_our_two_lines_is_sent(pieces: list[bytes]) -> None:
    said = Dialogue("me.example")
    sent = [said.receive(piece) for piece in pieces]
    assert b"".join(sent) in (b"", b"EHLO me.example\r\n", b"EHLO me.example\r\nSTARTTLS\r\n")
    again = Dialogue("me.example")
    again.receive(b"".join(pieces))
    assert again.ended is said.ended or said.ended in {Ending.GOOD, Ending.INJECTION}
