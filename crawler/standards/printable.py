r"""Octets of the network as the tables write them: readable, and harmless to a terminal.

Printable ASCII stands for itself; every other octet, and the backslash, is written by its decimal number
(``\027``), as in master files (RFC 1035 section 5.1). ``analysis.policy.octets`` is the way back.
"""

from __future__ import annotations

_TEXTS = {octet: chr(octet) if 32 <= octet < 127 and octet != 92 else f"\\{octet:03d}" for octet in range(256)}


def printable(octets: bytes) -> str:
    """The text of some octets; at most four characters for each."""
    if octets.isascii() and b"\\" not in octets and (text := octets.decode()).isprintable():
        return text
    return "".join(map(_TEXTS.__getitem__, octets))
