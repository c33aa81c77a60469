"""What a reading of a text by others gives: a strict value, a lenient one, and each flaw with its place.

A rule of a grammar is checked once. What breaks it is a `Problem`; a flaw is *forgiven*
if deployed senders use such a text all the same. The strict value is there if nothing
is wrong, the lenient one if all that is wrong is forgiven: so whatever is strictly
right is leniently right, with the same value.

Below that, the grammar that the TXT records of MTA-STS and of TLSRPT share: fields
``name=value`` between semicolons (RFC 8461 section 3.1, RFC 8460 section 3), and the
choice of one record out of several. Which flaws are forgiven, and on whose example, is
argued in docs/mtasts-readings.md. No text, however hostile, raises anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

T = TypeVar("T")

MAX_TEXT = 64 * 1024  # octets: the bound that RFC 8461 section 3.3 suggests for a policy; an RDATA is no longer
MAX_PROBLEMS = 32  # kept of one text; the rest is more of the same
MAX_QUOTED = 120  # characters of the text at fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a text."""

    flaw: StrEnum  # from the closed list of its kind of text
    line: int  # from 1; 0 = the text as a whole, as when something is missing
    text: str  # what stands there, cut short


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[T]):
    """What a text says, to who keeps to the letter and to who does not."""

    strict: T | None  # None = the grammar, with its errata, refuses the text
    lenient: T | None  # None = deployed senders refuse it too
    problems: tuple[Problem, ...]  # in the order of the text, the first `MAX_PROBLEMS`
    problem: Problem | None  # what explains the result best: the first that nobody forgives, else the first


class Findings:
    """The problems of one text, as they are found."""

    __slots__ = ("_forgiven", "_problems", "_refusal")

    def __init__(self, forgiven: Collection[StrEnum]) -> None:
        self._forgiven = forgiven
        self._problems: list[Problem] = []
        self._refusal: Problem | None = None

    def add(self, flaw: StrEnum, text: str, line: int = 0) -> None:
        """Note one more."""
        problem = Problem(flaw=flaw, line=line, text=text[:MAX_QUOTED])
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)
        if self._refusal is None and flaw not in self._forgiven:
            self._refusal = problem

    def reading(self, value: T | None) -> Reading[T]:
        """The two verdicts over what was read; `value` is None only after a flaw that is not forgiven."""
        first = self._problems[0] if self._problems else None
        return Reading(
            strict=value if first is None else None,
            lenient=value if self._refusal is None else None,
            problems=tuple(self._problems),
            problem=self._refusal or first,
        )


# ---- the grammar of the two TXT records ----


class RecordFlaw(StrEnum):
    """What is wrong with a TXT record, or with all of them together (RFC 8461 section 3.1, RFC 8460 section 3)."""

    NO_RECORD = "no-record"  # none begins with the version and a semicolon
    SPACED_VERSION = "spaced-version"  # the only one has white space before that semicolon (erratum 6285)
    SEVERAL_RECORDS = "several-records"  # more than one does
    TOO_LARGE = "too-large"  # beyond `MAX_TEXT`
    NOT_ASCII = "not-ascii"
    VERSION = "version"  # another one, or not in front
    OUTER_SPACE = "outer-space"  # after the last field, with no semicolon before it
    EMPTY_FIELD = "empty-field"  # two semicolons with nothing between
    NOT_A_PAIR = "not-a-pair"  # a field without "="
    EXTENSION_NAME = "extension-name"
    EXTENSION_VALUE = "extension-value"
    MISSING_ID = "missing-id"
    EMPTY_ID = "empty-id"
    BAD_ID = "bad-id"  # more than 32 characters, or others than letters and digits
    ID_SPACE = "id-space"  # white space within: most likely a semicolon is missing
    MISSING_RUA = "missing-rua"
    BAD_URI = "bad-uri"  # no URI of RFC 3986, or one with a bare "!"; also an empty place in the list
    OTHER_SCHEME = "other-scheme"  # a URI, but neither mailto nor https


#: What deployed senders read past in a TXT record: docs/mtasts-readings.md says which.
RECORD_FORGIVEN = frozenset({
    RecordFlaw.OUTER_SPACE, RecordFlaw.EMPTY_FIELD, RecordFlaw.NOT_A_PAIR, RecordFlaw.EXTENSION_NAME,
    RecordFlaw.EXTENSION_VALUE, RecordFlaw.BAD_ID, RecordFlaw.OTHER_SCHEME, RecordFlaw.SPACED_VERSION,
})  # fmt: skip

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}").fullmatch
_VALUE = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+").fullmatch  # no "=", ";", SP or controls
WSP = " \t"


def record_text(record: bytes, found: Findings) -> str | None:
    """The record as text, if it is ASCII and of a size to be read."""
    if len(record) > MAX_TEXT:
        found.add(RecordFlaw.TOO_LARGE, "")
        return None
    if not record.isascii():
        found.add(RecordFlaw.NOT_ASCII, record[: MAX_QUOTED * 4].decode("utf-8", "replace"))
        return None
    return record.decode("ascii")


def record_fields(text: str, version: str, found: Findings) -> Iterator[tuple[str, str]]:
    """Each ``name=value`` after the version; a bare version has none.

    ``version 1*(delim field) [delim]`` with ``delim = *WSP ";" *WSP``: white space may stand
    after the last semicolon, but not after the last field.
    """
    head, *fields = text.split(";")
    if head.rstrip(WSP) != version:
        found.add(RecordFlaw.VERSION, head)
        return
    last = fields[-1] if fields else head
    if last.strip(WSP) and last[-1] in WSP:
        found.add(RecordFlaw.OUTER_SPACE, text[-MAX_QUOTED:])
    for at, field in enumerate(fields, 1):
        field = field.strip(WSP)
        name, equals, value = field.partition("=")
        if not field:
            if at < len(fields) or at == 1:
                found.add(RecordFlaw.EMPTY_FIELD, text)
        elif not equals:
            found.add(RecordFlaw.NOT_A_PAIR, field)
        else:
            yield name, value


def check_extension(name: str, value: str, found: Findings) -> None:
    """A field that is not ours to understand must still fit the grammar."""
    if not NAME(name):
        found.add(RecordFlaw.EXTENSION_NAME, f"{name}={value}"[:MAX_QUOTED])
    elif not _VALUE(value):
        found.add(RecordFlaw.EXTENSION_VALUE, f"{name}={value}"[:MAX_QUOTED])


def choose(records: Sequence[bytes], version: str, read: Callable[[bytes], Reading[T]]) -> Reading[T]:
    """The reading of an RRset: records not beginning with ``version;`` are dropped, exactly one must be left.

    Strictly, that is the test of the octets, and ``v=STSv1 ;`` does not pass it although the
    ABNF allows it (erratum 6285). Leniently, white space may stand before the semicolon, and
    records outside ASCII are dropped instead of counted.
    """
    prefix = version.encode()
    strictly = [record for record in records if record.startswith(prefix + b";")]
    spaced = re.compile(re.escape(prefix) + rb"[ \t]*;").match
    leniently = [record for record in records if spaced(record[:MAX_TEXT]) and record.isascii()]
    by_letter, by_custom = _only(strictly, read), _only(leniently, read)
    problems, problem = by_letter.problems, by_letter.problem
    if not strictly and by_custom.lenient is not None:
        found = Findings(RECORD_FORGIVEN)
        found.add(RecordFlaw.SPACED_VERSION, leniently[0].decode("ascii"))
        problem = found.reading(None).problem
        problems = (*found.reading(None).problems, *by_custom.problems)[:MAX_PROBLEMS]
    return Reading(
        strict=by_letter.strict,
        lenient=by_letter.lenient if by_custom.lenient is None else by_custom.lenient,
        problems=problems,
        problem=problem,
    )


def _only(records: Sequence[bytes], read: Callable[[bytes], Reading[T]]) -> Reading[T]:
    if len(records) == 1:
        return read(records[0])
    found = Findings(RECORD_FORGIVEN)
    quoted = b" | ".join(record[:MAX_QUOTED] for record in records[:2]).decode("ascii", "replace")
    found.add(RecordFlaw.SEVERAL_RECORDS if records else RecordFlaw.NO_RECORD, quoted)
    return found.reading(None)
