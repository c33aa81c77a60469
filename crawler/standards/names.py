"""Domain names: the wire form that we think in, and the text that people write (RFC 1035, RFC 4343, RFC 5891).

Inside, a name is `bytes`: wire form, lower case, uncompressed, with the root's
octet at the end. Text appears at the edges only: `from_text` and `to_text` are
the presentation format of RFC 1035 section 5.1; `domain` reads one entry of a
list as people write it, U-labels included, and refuses what is no domain to
measure. A name outside the rules raises `NameFault`, and nothing else.

A label that already begins with ``xn--`` is taken as it stands: registries hold
A-labels that IDNA 2008 would not make (emoji, IDNA 2003), and they answer all
the same. Names in messages are read by ``rdata``; public suffixes are no
business of this module.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import idna

if TYPE_CHECKING:
    from collections.abc import Iterator

Name = bytes
ROOT: Name = b"\0"

MAX_LABEL = 63  # octets (RFC 1035 section 2.3.4)
MAX_NAME = 255  # octets on the wire, which is 253 characters of plain text
_LONGEST_TEXT = 1024  # characters; 255 octets all written as \\DDD are fewer, and UTS 46 shortens no real name so far


class NameFlaw(StrEnum):
    """Why a text is no name; the same words as in ``tables.Rejection``."""

    EMPTY = "empty"
    NOT_TEXT = "not-text"  # control characters, or what was no UTF-8
    LABEL_TOO_LONG = "label-too-long"
    NAME_TOO_LONG = "name-too-long"
    EMPTY_LABEL = "empty-label"
    BAD_CHARACTER = "bad-character"
    BAD_HYPHEN = "bad-hyphen"
    IDNA = "idna"
    ADDRESS = "address"
    SINGLE_LABEL = "single-label"


class NameFault(ValueError):
    """A text, or a label, that makes no name; `flaw` reaches the data, the message is for people."""

    def __init__(self, flaw: NameFlaw, text: str) -> None:
        super().__init__(f"{flaw}: {text[:80]!r}")
        self.flaw = flaw


# ---- presentation format (RFC 1035 section 5.1) ----

_LENGTH = tuple(bytes((n,)) for n in range(MAX_LABEL + 1))
_PREFIX: tuple[Any, ...] = (None, *_LENGTH[1:])  # nothing can be put after the first
_PLAIN_TEXT = 253  # characters without escapes, of a name that cannot be too long
_PIECE = re.compile(r"\\(\d{3})|\\(\D)|([^\\.]+)|(\.)", re.DOTALL)
_PLAIN_LABEL = re.compile(rb"[!#%&'*+,\-/0-9:<=>?\[\]^_`a-z{|}~]+")


def from_text(text: str) -> Name:
    r"""The name that a text in presentation format writes: ``Example.nl``, ``a\.b.nl.``, ``.``; always lower case."""
    if len(text) <= _PLAIN_TEXT and text.isascii() and "\\" not in text:
        wire = b""
        try:
            for part in text.lower().encode().split(b"."):
                wire += _PREFIX[len(part)] + part
        except (IndexError, TypeError):  # a label too long, or empty, as after a final dot
            return _from_any_text(text)
        return wire + ROOT
    return _from_any_text(text)


def _from_any_text(text: str) -> Name:
    """The same, for any text, with what is wrong with it."""
    if not text:
        raise NameFault(NameFlaw.EMPTY, text)
    if text == ".":
        return ROOT
    if not text.isascii():
        raise NameFault(NameFlaw.BAD_CHARACTER, text)
    if len(text) > _LONGEST_TEXT:
        raise NameFault(NameFlaw.NAME_TOO_LONG, text)
    if "\\" in text:
        parts = _unescape(text)
    else:
        parts = text.lower().encode().split(b".")
        if not parts[-1]:
            parts.pop()
    return _build(parts, text)


def _build(parts: list[bytes], text: str) -> Name:
    """Labels put together, within the limits of RFC 1035 section 2.3.4."""
    wire = b""
    for part in parts:
        size = len(part)
        if not 0 < size <= MAX_LABEL:
            raise NameFault(NameFlaw.LABEL_TOO_LONG if part else NameFlaw.EMPTY_LABEL, text)
        wire += _LENGTH[size] + part
    if len(wire) >= MAX_NAME:
        raise NameFault(NameFlaw.NAME_TOO_LONG, text)
    return wire + ROOT


def _unescape(text: str) -> list[bytes]:
    r"""The labels of a text with ``\DDD`` and ``\X`` escapes, lower case."""
    labels: list[bytes] = []
    label = bytearray()
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:  # a backslash at the end, or before one or two digits
            raise NameFault(NameFlaw.BAD_CHARACTER, text)
        at = piece.end()
        number, escaped, run, _dot = piece.groups()
        if number is not None:
            if int(number) > 255:
                raise NameFault(NameFlaw.BAD_CHARACTER, text)
            label.append(int(number))
        elif escaped or run:
            label += (escaped or run).encode()
        else:
            labels.append(bytes(label).lower())
            label.clear()
    if not text.endswith(".") or label:
        labels.append(bytes(label).lower())
    return labels


_PLAIN_NAME = re.compile(rb"[a-z0-9_.-]+").fullmatch


@lru_cache(maxsize=65536)
def to_text(name: Name) -> str:
    r"""The presentation format, without the final dot ("." for the root); odd octets as ``\DDD``."""
    if name == ROOT:
        return "."
    if b"." not in name:  # else a dot inside a label, or a label of 46 octets
        text = bytearray(name[1:-1])
        at, end = name[0], len(text)
        while at < end:
            size = text[at]
            text[at] = 0x2E
            at += size + 1
        if _PLAIN_NAME(text):
            return text.decode()
    return ".".join([_label_text(label) for label in labels(name)])


def _label_text(label: bytes) -> str:
    if _PLAIN_LABEL.fullmatch(label):
        return label.decode()
    return "".join(chr(octet) if _PLAIN_LABEL.match(bytes((octet,))) else f"\\{octet:03}" for octet in label)


# ---- entries of lists ----

# Two labels or more of letters, digits, hyphen and underscore; the last one begins
# with a letter, so that no IPv4 address passes. Possessive: nothing to try again.
# no possessive quantifiers: Python before 3.11.5 takes "a.-x" for a match of a possessive group
_PLAIN_DOMAIN = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)+[a-z][a-z0-9_-]{0,62}(?<!-)").fullmatch
_LDH = re.compile(r"[a-z0-9_-]+").fullmatch
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)+").fullmatch
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]").search


def domain(text: str) -> str:
    """The domain that one entry of a list means: A-labels, lower case, no final dot.

    U-labels are mapped by UTS 46 (not transitional), then held against IDNA 2008 (RFC 5891 section 4.2).
    """
    lower = text.lower()
    if _PLAIN_DOMAIN(lower) and len(lower) < MAX_NAME - 1:
        return lower
    return _odd_domain(text)


def _odd_domain(text: str) -> str:
    """`domain` for all that the pattern of plain names does not take."""
    text = text.strip(" \t\r\n")
    if _CONTROL(text):
        raise NameFault(NameFlaw.NOT_TEXT, text)
    if len(text) > _LONGEST_TEXT:
        raise NameFault(NameFlaw.NAME_TOO_LONG, text)
    mapped = (text.lower() if text.isascii() else _uts46(text)).removesuffix(".")
    if not mapped:
        raise NameFault(NameFlaw.EMPTY, text)
    if _is_address(mapped):
        raise NameFault(NameFlaw.ADDRESS, text)
    parts = [_a_label(label, text) for label in mapped.split(".")]
    result = ".".join(parts)
    if len(result) > MAX_NAME - 2:
        raise NameFault(NameFlaw.NAME_TOO_LONG, text)
    if len(parts) == 1:
        raise NameFault(NameFlaw.SINGLE_LABEL, text)
    return result


def _uts46(text: str) -> str:
    """UTS 46 mapping; the dots of other scripts become full stops."""
    try:
        return idna.uts46_remap(text, std3_rules=False)
    except (idna.IDNAError, UnicodeError):
        raise NameFault(NameFlaw.IDNA, text) from None


def _is_address(text: str) -> bool:
    """An IPv4 or IPv6 address, bare or in brackets; a name of digits alone is one written wrongly (RFC 1123 2.1)."""
    bare = text.strip("[]")
    if _NUMBERS(bare):
        return True
    try:
        ipaddress.ip_address(bare.removeprefix("ipv6:"))
    except ValueError:
        return False
    return True


def _a_label(label: str, text: str) -> str:
    """One label as it goes on the wire."""
    if not label:
        raise NameFault(NameFlaw.EMPTY_LABEL, text)
    if label.isascii() and not _LDH(label):
        raise NameFault(NameFlaw.BAD_CHARACTER, text)
    if label[0] == "-" or label[-1] == "-":
        raise NameFault(NameFlaw.BAD_HYPHEN, text)
    if not label.isascii() and len(label) <= MAX_LABEL:  # longer ones have no A-label either way
        try:
            idna.check_label(label)
            label = "xn--" + label.encode("punycode").decode()
        except (idna.IDNAError, UnicodeError):
            raise NameFault(NameFlaw.IDNA, text) from None
    if len(label) > MAX_LABEL:
        raise NameFault(NameFlaw.LABEL_TOO_LONG, text)
    return label


# ---- the tree ----


def labels(name: Name) -> tuple[bytes, ...]:
    """The labels, leftmost first, without the root's."""
    found = []
    at = 0
    while size := name[at]:
        at += 1
        found.append(name[at : at + size])
        at += size
    return tuple(found)


def count(name: Name) -> int:
    """How many labels, the root's not counted (as the Labels field of an RRSIG counts, RFC 4034 section 3.1.3)."""
    total = at = 0
    while size := name[at]:
        at += size + 1
        total += 1
    return total


def parent(name: Name) -> Name:
    """The name without its leftmost label; the root is its own parent."""
    return name[name[0] + 1 :] or ROOT


def ancestors(name: Name) -> Iterator[Name]:
    """The name itself first, then each parent, the root last."""
    while name != ROOT:
        yield name
        name = name[name[0] + 1 :]
    yield ROOT


def is_below(name: Name, ancestor: Name) -> bool:
    """Whether a name is an ancestor itself or lies below it."""
    if name == ancestor:
        return True
    if not name.endswith(ancestor):
        return False
    rest = len(name) - len(ancestor)
    at = 0
    while at < rest:  # equal octets could begin inside a label
        at += name[at] + 1
    return at == rest


def canonical_key(name: Name) -> tuple[bytes, ...]:
    """A key that sorts names in canonical order (RFC 4034 section 6.1)."""
    return labels(name)[::-1]


def join(label: bytes, name: Name) -> Name:
    """The name with one more label in front."""
    size = len(label)
    if not 0 < size <= MAX_LABEL:
        raise NameFault(NameFlaw.LABEL_TOO_LONG if label else NameFlaw.EMPTY_LABEL, repr(label))
    if size + 1 + len(name) > MAX_NAME:
        raise NameFault(NameFlaw.NAME_TOO_LONG, f"{label!r} in front of {to_text(name)}")
    return _LENGTH[size] + label.lower() + name


_HOST_LABEL = re.compile(rb"[a-z0-9_-]+").fullmatch


def is_hostname(name: Name) -> bool:
    """Letters, digits, hyphen and underscore only, and not the root.

    Underscores are against RFC 952, but mail hosts with them exist and are reached.
    """
    return name != ROOT and all(_HOST_LABEL(label) for label in labels(name))
