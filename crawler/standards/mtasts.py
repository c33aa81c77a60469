"""MTA-STS: what a domain announces, what it promises, and which mail hosts it admits (RFC 8461).

Octets in, readings out: the TXT records at ``_mta-sts.<domain>`` (section 3.1), the
policy file that they announce (section 3.2), and its patterns against the name of a
mail host (section 4.1). Each text gives a strict and a lenient value and its flaws
(``readings``); docs/mtasts-readings.md argues what lenient means, rule by rule.

Fetching, caching, and the media type's weight are for the stage that fetches; whether
a policy covers a domain's mail hosts is for ``analysis``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crawler.standards import names
from crawler.standards.readings import (
    MAX_QUOTED,
    MAX_TEXT,
    NAME,
    RECORD_FORGIVEN,
    WSP,
    Findings,
    Reading,
    RecordFlaw,
    check_extension,
    choose,
    record_fields,
    record_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = "STSv1"
MAX_AGE = 31_557_600  # seconds: a year (section 3.2)

# ---- the TXT record (section 3.1) ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a TXT record announces (RFC 8461 section 3.1)."""

    id: str  # which policy: another id, another policy
    extensions: tuple[tuple[str, str], ...] = ()  # fields that RFC 8461 does not know, as they stand


_ID = re.compile(r"[A-Za-z0-9]{1,32}").fullmatch


def read_record(record: bytes) -> Reading[Record]:
    """One TXT record, its strings already joined without a space (RFC 8461 section 3.1)."""
    found = Findings(RECORD_FORGIVEN)
    text = record_text(record, found)
    if text is None:
        return found.reading(None)
    announced: str | None = None
    extensions = []
    for name, value in record_fields(text, f"v={VERSION}", found):
        if name == "id" and announced is None:
            announced = value
            _check_id(value, found)
        else:
            check_extension(name, value, found)  # a second id too: the first one counts (end of section 3.2)
            if name != "id":
                extensions.append((name, value))
    if announced is None:
        found.add(RecordFlaw.MISSING_ID, text)
        return found.reading(None)
    return found.reading(Record(id=announced, extensions=tuple(extensions)))


def _check_id(value: str, found: Findings) -> None:
    if not value:
        found.add(RecordFlaw.EMPTY_ID, "id=")
    elif len(value.split(None, 1)) > 1:
        found.add(RecordFlaw.ID_SPACE, f"id={value}"[:MAX_QUOTED])
    elif not _ID(value):
        found.add(RecordFlaw.BAD_ID, f"id={value}"[:MAX_QUOTED])


def read_records(records: Sequence[bytes]) -> Reading[Record]:
    """The TXT RRset of a name: exactly one record must be left after others are dropped."""
    return choose(records, f"v={VERSION}", read_record)


# ---- the policy file (section 3.2) ----


class Mode(StrEnum):
    """What a sender does with mail for a host that is not admitted (RFC 8461 section 5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


class PolicyFlaw(StrEnum):
    """What is wrong with a policy file (RFC 8461 section 3.2)."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"  # beyond 64 KiB (section 3.3)
    NOT_UTF8 = "not-utf8"
    BYTE_ORDER_MARK = "byte-order-mark"
    HTML = "html"  # a page, most likely one that says there is no such page
    BLANK_LINE = "blank-line"
    LEADING_SPACE = "leading-space"  # before a field's name
    SPACE_BEFORE_COLON = "space-before-colon"
    NOT_A_PAIR = "not-a-pair"  # a line without a colon
    EXTENSION_NAME = "extension-name"
    EXTENSION_VALUE = "extension-value"  # empty, or with control characters
    BAD_VERSION = "bad-version"
    BAD_MODE = "bad-mode"
    BAD_MAX_AGE = "bad-max-age"  # not digits alone
    MAX_AGE_TOO_LARGE = "max-age-too-large"  # more than a year, or more than ten digits (erratum 7282)
    MX_EMPTY = "mx-empty"
    MX_SEVERAL = "mx-several"  # more than one on a line
    MX_U_LABEL = "mx-u-label"  # not A-labels
    MX_LEADING_DOT = "mx-leading-dot"  # ".example.com": so drafts of the RFC wrote the star
    MX_STAR = "mx-star"  # a star that is not the whole leftmost label, or more than one
    MX_FINAL_DOT = "mx-final-dot"
    MX_SYNTAX = "mx-syntax"  # other than letters, digits, hyphens; empty or long labels
    MISSING_VERSION = "missing-version"
    MISSING_MODE = "missing-mode"
    MISSING_MAX_AGE = "missing-max-age"
    MISSING_MX = "missing-mx"  # and the mode is not none


#: What deployed senders read past in a policy: docs/mtasts-readings.md says which.
POLICY_FORGIVEN = frozenset({
    PolicyFlaw.BLANK_LINE, PolicyFlaw.LEADING_SPACE, PolicyFlaw.SPACE_BEFORE_COLON, PolicyFlaw.NOT_A_PAIR,
    PolicyFlaw.EXTENSION_NAME, PolicyFlaw.EXTENSION_VALUE, PolicyFlaw.MAX_AGE_TOO_LARGE, PolicyFlaw.MX_EMPTY,
    PolicyFlaw.MX_SEVERAL, PolicyFlaw.MX_U_LABEL, PolicyFlaw.MX_LEADING_DOT, PolicyFlaw.MX_STAR,
    PolicyFlaw.MX_FINAL_DOT, PolicyFlaw.MX_SYNTAX,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a domain promises about its mail hosts (RFC 8461 section 3.2)."""

    mode: Mode
    max_age: int  # seconds that a sender may keep it; a lenient reading cuts it to `MAX_AGE`
    mx: tuple[str, ...]  # patterns as written; in a lenient reading some may admit no host at all
    extensions: tuple[tuple[str, str], ...] = ()  # fields that RFC 8461 does not know, first of each name


class _Draft:
    """The fields of a policy while its lines are read."""

    __slots__ = ("fields", "found", "mx")

    def __init__(self) -> None:
        self.found = Findings(POLICY_FORGIVEN)
        self.fields: dict[str, str] = {}  # the first of each name counts
        self.mx: list[str] = []


def read_policy(body: bytes) -> Reading[Policy]:
    """A policy file as served; lines end with LF or CRLF (erratum 6253), the last one with either or nothing."""
    draft = _Draft()
    found = draft.found
    text = _policy_text(body, found)
    if text is None:
        return found.reading(None)
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        _read_line(line.removesuffix("\r"), number, draft)
    fields = draft.fields
    for name, flaw in _REQUIRED.items():
        if name not in fields:
            found.add(flaw, "")
    mode = next((mode for mode in Mode if mode == fields.get("mode")), None)
    if not draft.mx and mode is not Mode.NONE:
        found.add(PolicyFlaw.MISSING_MX, "")
    digits = fields.get("max_age", "")
    if mode is None or not _DIGITS(digits):
        return found.reading(None)
    return found.reading(
        Policy(
            mode=mode,
            max_age=min(int(digits), MAX_AGE),
            mx=tuple(draft.mx),
            extensions=tuple((name, value) for name, value in fields.items() if name not in _REQUIRED),
        )
    )


_REQUIRED = {
    "version": PolicyFlaw.MISSING_VERSION,
    "mode": PolicyFlaw.MISSING_MODE,
    "max_age": PolicyFlaw.MISSING_MAX_AGE,
}
_DIGITS = re.compile(r"[0-9]{1,20}").fullmatch  # leniently what fits 64 bits or so; ten by the ABNF
_EXTENSION_VALUE = re.compile(r"[^\x00-\x1f\x7f]+").fullmatch


def _policy_text(body: bytes, found: Findings) -> str | None:
    """The body as text, unless it is none to be read line by line."""
    if len(body) > MAX_TEXT:
        found.add(PolicyFlaw.TOO_LARGE, body[:MAX_QUOTED].decode("utf-8", "replace"))
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        line = body.count(b"\n", 0, fault.start) + 1
        found.add(PolicyFlaw.NOT_UTF8, body.split(b"\n")[line - 1].decode("utf-8", "replace"), line)
        return None
    whole = (
        (PolicyFlaw.EMPTY, not text.strip()),
        (PolicyFlaw.BYTE_ORDER_MARK, text.startswith("\ufeff")),
        (PolicyFlaw.HTML, text.lstrip().startswith("<")),
    )
    for flaw, applies in whole:
        if applies:
            found.add(flaw, text[:MAX_QUOTED], 1)
            return None
    return text


def _read_line(line: str, number: int, draft: _Draft) -> None:
    """One field, or what stands in its place."""
    found = draft.found
    if not line.strip(WSP):
        found.add(PolicyFlaw.BLANK_LINE, line, number)
        return
    name, colon, value = line.partition(":")
    if not colon:
        found.add(PolicyFlaw.NOT_A_PAIR, line, number)
        return
    if name.strip(WSP):  # else the name is empty, and no more is to be said of it
        if name[0] in WSP:
            found.add(PolicyFlaw.LEADING_SPACE, line, number)
        if name[-1] in WSP:
            found.add(PolicyFlaw.SPACE_BEFORE_COLON, line, number)
    name, value = name.strip(WSP), value.strip(WSP)
    if name == "mx":
        flaw = pattern_flaw(value)
        if value:
            draft.mx.append(value)
    else:
        flaw = _field_flaw(name, value, first=name not in draft.fields)
        draft.fields.setdefault(name, value)
    if flaw is not None:
        found.add(flaw, line, number)


def _field_flaw(name: str, value: str, *, first: bool) -> PolicyFlaw | None:
    """What is wrong with a field other than mx; a repeated one is ignored if it is a field at all."""
    if first and name == "version":
        return None if value == VERSION else PolicyFlaw.BAD_VERSION
    if first and name == "mode":
        return None if value in set(Mode) else PolicyFlaw.BAD_MODE
    if first and name == "max_age":
        if not _DIGITS(value):
            return PolicyFlaw.BAD_MAX_AGE
        return PolicyFlaw.MAX_AGE_TOO_LARGE if len(value) > 10 or int(value) > MAX_AGE else None
    if not NAME(name):
        return PolicyFlaw.EXTENSION_NAME
    return None if _EXTENSION_VALUE(value) else PolicyFlaw.EXTENSION_VALUE


# ---- patterns and hosts (sections 3.2 and 4.1) ----

# Domain of RFC 5321 section 4.1.2, its labels within the limits of RFC 1035 section 2.3.4
_DOMAIN = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE | re.ASCII,
).fullmatch
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*").fullmatch  # mail hosts with underscores are reached


def _is_domain(text: str) -> bool:
    return len(text) <= 253 and _DOMAIN(text) is not None


def pattern_flaw(pattern: str) -> PolicyFlaw | None:
    """What keeps a text from being ``["*."] Domain``."""
    rest = pattern.removeprefix("*.")
    if _is_domain(rest):
        return None
    flaws = (
        (PolicyFlaw.MX_EMPTY, not pattern),
        (PolicyFlaw.MX_SEVERAL, any(sign in pattern for sign in ", \t;")),
        (PolicyFlaw.MX_STAR, "*" in rest),
        (PolicyFlaw.MX_LEADING_DOT, pattern.startswith(".") and pattern_flaw(f"*{pattern}") is None),
        (PolicyFlaw.MX_FINAL_DOT, _is_domain(rest.removesuffix("."))),
        (PolicyFlaw.MX_U_LABEL, not rest.isascii() and _host(rest) is not None),
    )
    return next((flaw for flaw, applies in flaws if applies), PolicyFlaw.MX_SYNTAX)


def admits(pattern: str, host: str, *, lenient: bool = False) -> bool:
    """Whether a pattern of a policy admits a mail host; a star is exactly one label (RFC 8461 section 4.1).

    U-labels on either side are compared as A-labels. Leniently a leading dot is a star too.
    """
    if lenient and pattern.startswith("."):
        pattern = f"*{pattern}"
    name = _host(host)
    rest = _host(pattern.removeprefix("*."))
    if name is None or rest is None:
        return False
    if pattern.startswith("*."):
        return name.partition(".")[2] == rest
    return name == rest


def _host(text: str) -> str | None:
    """A host's name in A-labels, lower case, no final dot; None if it is no such name. One label will do."""
    if not text.isascii():
        try:  # in front, a label more: what is wanted here is a name of any length
            text = names.domain(f"a.{text}").removeprefix("a.")
        except names.NameFault:
            return None
    text = text.removesuffix(".").lower()
    return text if len(text) <= 253 and _HOST(text) else None


def is_plain_text(content_type: str) -> bool:
    """Whether a Content-Type is what RFC 8461 section 3.2 asks for: ``text/plain``, any parameters."""
    return content_type.partition(";")[0].strip(WSP).lower() == "text/plain"
