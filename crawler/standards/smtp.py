"""The SMTP dialogue as far as STARTTLS, without a socket (RFC 5321 sections 4.2 and 4.3, RFC 3207).

Octets in, commands out. `Dialogue` is fed what the server sends and says what to send next,
until it `ended`: at the 220 to STARTTLS, after which TLS begins, or wherever else. What is
expected stands in `STEPS`; everything else that a server may do is an `Ended` with the step at
which it happened. Nothing raises. Read leniently, for a mail server that others reach must
be seen by us: lines may end with LF alone, replies may hold 8-bit octets, a code may stand
alone. Bounded: `LINE` octets of a line, `LINES` of a reply.

Time-outs and closed connections are told by who has the socket. Left out: everything behind
STARTTLS; HELO, for a server that knows no EHLO offers no STARTTLS; LMTP, CHUNKING and the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from crawler.standards.printable import printable

LINE = 4_096  # octets; RFC 5321 section 4.5.3.1.5 has 512
LINES = 256
KEPT = 512  # characters of a reply's text
_KEYWORDS = 64


class Step(StrEnum):
    """Where the dialogue is."""

    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"


class Ending(StrEnum):
    """How it ended there."""

    GOOD = "good"  # the last step's reply was the one that is wanted: TLS may begin
    TRANSIENT = "4xx"
    PERMANENT = "5xx"
    OTHER = "other-code"  # neither what is wanted nor an error
    MALFORMED = "malformed"  # no reply of RFC 5321 section 4.2
    TOO_LONG = "too-long"
    NOT_OFFERED = "not-offered"  # EHLO was answered, STARTTLS is not among its keywords
    INJECTION = "injection"  # octets behind the 220 to STARTTLS: not protected, not to be read (CVE-2011-0411)


@dataclass(frozen=True, slots=True)
class Expected:
    """One step: what we say, and which codes let us go on."""

    step: Step
    command: str
    codes: frozenset[int]


STEPS = (
    Expected(Step.GREETING, "", frozenset({220})),
    Expected(Step.EHLO, "EHLO {}", frozenset({250})),
    Expected(Step.STARTTLS, "STARTTLS", frozenset({220})),
)

_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?$", re.DOTALL).match
_KEYWORD = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*").match


@dataclass(slots=True)
class Dialogue:
    """One conversation from the greeting on. `name` is who we are."""

    name: str
    at: int = 0  # the step whose reply is awaited
    ended: Ending | None = None
    code: int | None = None  # of the last whole reply
    text: str = ""  # of the last reply, its lines joined by a blank; printable, cut
    banner: str = ""  # of the greeting
    keywords: tuple[str, ...] = ()  # of the EHLO response (RFC 5321 section 4.1.1.1), upper case
    bare_lf: bool = False  # some line ended so
    _buffer: bytearray = field(default_factory=bytearray)
    _lines: list[bytes] = field(default_factory=list)
    _codes: set[bytes] = field(default_factory=set)

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self.ended is not None

    @property
    def step(self) -> Step:
        """The step whose reply is awaited, or ended it."""
        return STEPS[self.at].step

    def receive(self, data: bytes) -> bytes:
        """Take in what came; what is to be sent now, nothing if more is awaited or it ended."""
        sent = b""
        if not self.over:
            self._buffer += data
        while not self.over:
            end = self._buffer.find(b"\n")
            if end < 0 or end > LINE:
                if max(end, len(self._buffer)) > LINE:
                    self._keep()
                    self.ended = Ending.TOO_LONG
                break
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self.bare_lf |= not line.endswith(b"\r")
            if self._last(line.removesuffix(b"\r")):
                sent += self._reply()
        return sent

    def _last(self, line: bytes) -> bool:
        """Take one line of a reply; whether it was the last one."""
        match = _REPLY(line)
        self._lines.append(line[4:] if match else line)
        if match is None or len(self._codes | {match[1]}) > 1:
            self._keep()
            self.ended = Ending.MALFORMED
        elif len(self._lines) > LINES:
            self._keep()
            self.ended = Ending.TOO_LONG
        else:
            self._codes.add(match[1])
            return match[2] != b"-"
        return False

    def _reply(self) -> bytes:
        """A whole reply is there: go on, or end."""
        self.code = int(self._codes.pop())
        expected = STEPS[self.at]
        lines = self._keep()
        if expected.step is Step.GREETING:
            self.banner = self.text
        if self.code not in expected.codes:
            kinds = {4: Ending.TRANSIENT, 5: Ending.PERMANENT}
            self.ended = kinds.get(self.code // 100, Ending.OTHER)
            return b""
        if expected.step is Step.EHLO:
            found = (_KEYWORD(line) for line in lines[1:])
            self.keywords = tuple(match[0].decode().upper() for match in found if match)[:_KEYWORDS]
            if "STARTTLS" not in self.keywords:
                self.ended = Ending.NOT_OFFERED
                return b""
        if expected.step is Step.STARTTLS:
            self.ended = Ending.INJECTION if self._buffer else Ending.GOOD
            return b""
        self.at += 1
        return STEPS[self.at].command.format(self.name).encode("ascii", "replace") + b"\r\n"

    def _keep(self) -> list[bytes]:
        """The lines of the reply, which are done with; their text is kept."""
        lines, self._lines = self._lines, []
        self._codes.clear()
        self.text = printable((b" ".join(lines) or bytes(self._buffer))[:KEPT])
        return lines
