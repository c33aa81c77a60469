"""The lab's own replies taken apart and put together again, for behaviours that change them (RFC 1035 section 4.1).

Only what `lab.packet` writes is read here: names in rdata are unpacked for the types that it compresses.
"""

from __future__ import annotations

import struct

from lab.names import Name, Type
from lab.packet import COMPRESSED, put_name, put_rdata

_SECTIONS = {"answer": 0, "authority": 1, "additional": 2}
_FIXED = struct.Struct("!HHIH")

Whole = tuple[Name, int, int, int, bytes]  # owner, type, class, ttl, rdata


class Parts:
    """Header, question, and three lists of records."""

    __slots__ = ("flags", "id", "question", "sections")

    def __init__(self, number: int, flags: int, question: bytes, sections: list[list[Whole]]) -> None:
        self.id = number
        self.flags = flags
        self.question = question
        self.sections = sections

    def drop(self, rtype: int) -> None:
        """Take the records of a type out of all sections."""
        for section in self.sections:
            section[:] = [record for record in section if record[1] != rtype]

    def add(self, section: str, record: Whole) -> None:
        """Append a record."""
        self.sections[_SECTIONS[section]].append(record)

    def write(self) -> bytes:
        """Octets again."""
        counts = [len(section) for section in self.sections]
        out = bytearray(struct.pack("!HHHHHH", self.id, self.flags, bool(self.question), *counts) + self.question)
        offsets: dict[bytes, int] = {}
        for section in self.sections:
            for owner, rtype, rclass, ttl, rdata in section:
                put_name(out, owner, offsets)
                if rtype in COMPRESSED:
                    put_rdata(out, rtype, ttl, rdata, offsets)
                else:
                    out += _FIXED.pack(rtype, rclass, ttl, len(rdata)) + rdata
        return bytes(out)


def read(reply: bytes) -> Parts | None:
    """Take a reply apart; None if it is malformed."""
    try:
        number, flags, questions, *counts = struct.unpack_from("!HHHHHH", reply)
        at = 12
        for _ in range(questions):
            at = _name(reply, at)[1] + 4
        question = reply[12:at]
        sections: list[list[Whole]] = []
        for count in counts:
            section = []
            for _ in range(count):
                record, at = _record(reply, at)
                section.append(record)
            sections.append(section)
    except (struct.error, IndexError, ValueError):
        return None
    return Parts(number, flags, question, sections)


def _record(reply: bytes, at: int) -> tuple[Whole, int]:
    owner, at = _name(reply, at)
    rtype, rclass, ttl, size = _FIXED.unpack_from(reply, at)
    start, end = at + 10, at + 10 + size
    if end > len(reply):
        raise ValueError("cut short")
    rdata = reply[start:end]
    if rtype == Type.MX:
        rdata = reply[start : start + 2] + _name(reply, start + 2)[0]
    elif rtype == Type.SOA:
        server, middle = _name(reply, start)
        contact, after = _name(reply, middle)
        rdata = server + contact + reply[after:end]
    elif rtype in COMPRESSED:
        rdata = _name(reply, start)[0]
    return (owner, rtype, rclass, ttl, rdata), end


def _name(reply: bytes, at: int) -> tuple[Name, int]:
    """A name unpacked, and where the octets after it begin."""
    found, after, limit = b"", None, at
    while size := reply[at]:
        if size >= 0xC0:
            after = after or at + 2
            at = int.from_bytes(reply[at : at + 2], "big") & 0x3FFF
            if at >= limit:
                raise ValueError("a pointer forwards")
            limit = at
        else:
            found += reply[at : at + size + 1]
            at += size + 1
    return found + b"\0", after or at + 1


def flags_of(reply: bytes) -> int:
    """The second 16 bits of the header."""
    return int.from_bytes(reply[2:4], "big")


def with_flags(reply: bytes, flags: int) -> bytes:
    """The reply under other flags."""
    return reply[:2] + flags.to_bytes(2, "big") + reply[4:]
