"""The zones above the measured names: which TLDs and suffixes are signed, and how each of them denies.

A pure function of the suffix. A few well-known TLDs are written down, so that every kind is there in every
world; the others are drawn. What is delegated from them is ``population``.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from lab.chance import draws, weighted


class Style(StrEnum):
    """How a registry signs and denies."""

    NSEC = "nsec"  # RFC 4034 section 4
    NSEC3 = "nsec3"  # RFC 5155, every delegation in the chain
    OPT_OUT = "opt-out"  # RFC 5155 section 6: unsigned delegations stand in no record
    UNSIGNED = "unsigned"


_KNOWN = {
    "com": Style.OPT_OUT,
    "net": Style.OPT_OUT,
    "org": Style.OPT_OUT,
    "nl": Style.OPT_OUT,
    "ch": Style.OPT_OUT,
    "de": Style.OPT_OUT,
    "gov": Style.NSEC3,
    "cz": Style.NSEC3,
    "se": Style.NSEC,
    "nu": Style.NSEC,
}
_TLD = weighted({Style.OPT_OUT: 70, Style.NSEC3: 15, Style.NSEC: 10, Style.UNSIGNED: 5})
_BELOW = weighted({Style.OPT_OUT: 30, Style.NSEC3: 25, Style.NSEC: 25, Style.UNSIGNED: 20})


@lru_cache(maxsize=65536)
def style(suffix: str) -> Style:
    """How the zone of a suffix is signed; below an unsigned one nothing can be signed to any use."""
    if known := _KNOWN.get(suffix):
        return known
    above = suffix.partition(".")[2]
    if above and style(above) is Style.UNSIGNED:
        return Style.UNSIGNED
    return (_BELOW if above else _TLD).pick(draws("registry", suffix)[0])


def is_signed(suffix: str) -> bool:
    """Whether a chain of trust reaches the zone of this suffix; the root (the empty suffix) has one."""
    return not suffix or style(suffix) is not Style.UNSIGNED


def algorithm(suffix: str) -> int:
    """The registry's DNSSEC algorithm: mostly 13, some 8 (RFC 8624 section 3.1)."""
    return 8 if draws("registry", suffix)[1] < 0.3 else 13
