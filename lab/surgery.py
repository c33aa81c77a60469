"""The lab's own replies taken apart and put together again, for behaviours that change them (RFC 1035 section 4.1).

Records stay octets, compression pointers included: sections may be added to at their end or lose records, and pointers go on
pointing right as long as nothing before the target changes its length. So records are dropped only behind all others.
"""

from __future__ import annotations

import struct

_SECTIONS = {"answer": 0, "authority": 1, "additional": 2}


class Parts:
    """Header, question, and three lists of records."""

    __slots__ = ("_sections", "flags", "id", "question")

    def __init__(self, number: int, flags: int, question: bytes, sections: list[list[tuple[int, bytes]]]) -> None:
        self.id = number
        self.flags = flags
        self.question = question
        self._sections = sections

    def drop(self, rtype: int) -> None:
        """Take the records of a type out of the additional section."""
        self._sections[2] = [record for record in self._sections[2] if record[0] != rtype]

    def tail(self, record: bytes) -> None:
        """Append a record to the additional section."""
        self._sections[2].append((-1, record))

    def insert(self, section: str, record: bytes) -> None:
        """Append a record (without pointers) to a section, pointers behind it moved along."""
        index = _SECTIONS[section]
        where = 12 + len(self.question) + sum(len(r) for part in self._sections[: index + 1] for _, r in part)
        for part in self._sections[index + 1 :]:
            part[:] = [(rtype, _moved(octets, where, len(record))) for rtype, octets in part]
        self._sections[index].append((-1, record))

    def write(self) -> bytes:
        """Octets again."""
        counts = [len(part) for part in self._sections]
        head = struct.pack("!HHHHHH", self.id, self.flags, bool(self.question), *counts)
        return head + self.question + b"".join(octets for part in self._sections for _, octets in part)


def _moved(record: bytes, where: int, by: int) -> bytes:
    """A record whose owner's pointer, if it points behind `where`, points `by` further."""
    at = 0
    while record[at] and record[at] < 0xC0:
        at += record[at] + 1
    if record[at] < 0xC0:
        return record
    target = int.from_bytes(record[at : at + 2], "big") & 0x3FFF
    if target < where:
        return record
    return record[:at] + (0xC000 | target + by).to_bytes(2, "big") + record[at + 2 :]


def read(reply: bytes) -> Parts | None:
    """Take a reply apart; None if it is malformed."""
    try:
        number, flags, questions, *counts = struct.unpack_from("!HHHHHH", reply)
        at = 12
        for _ in range(questions):
            at = _after_name(reply, at) + 4
        question = reply[12:at]
        sections: list[list[tuple[int, bytes]]] = []
        for count in counts:
            part = []
            for _ in range(count):
                fixed = _after_name(reply, at)
                rtype, size = struct.unpack_from("!HxxxxxxH", reply, fixed)
                end = fixed + 10 + size
                if end > len(reply):
                    return None
                part.append((rtype, reply[at:end]))
                at = end
            sections.append(part)
    except (struct.error, IndexError):
        return None
    return Parts(number, flags, question, sections)


def _after_name(reply: bytes, at: int) -> int:
    while size := reply[at]:
        if size >= 0xC0:
            return at + 2
        at += size + 1
    return at + 1


def flags_of(reply: bytes) -> int:
    """The second 16 bits of the header."""
    return int.from_bytes(reply[2:4], "big")


def with_flags(reply: bytes, flags: int) -> bytes:
    """The reply under other flags."""
    return reply[:2] + flags.to_bytes(2, "big") + reply[4:]
