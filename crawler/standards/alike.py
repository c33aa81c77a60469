"""Replies alike but for the name that was asked: what follows the question, remembered as it was read.

A few thousand mail providers answer for millions of domains, in the same octets but for the domain itself, to which
they point: RRset, name servers, OPT record. What such octets were read as stands for the same octets after another
question wherever reading them could come to nothing else: they begin at the same offset, and each pointer out of them
leads to the owner of a record, which is the name asked, or to an end of that name that both questions share.
Everything else is read by ``wire``, as ever.

Bounded in number and size, as it came and as it was read; what came once is not kept, for most comes once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.standards.wire import Edns, Message, Record

_IN = 1  # the class
_KEPT = 8_192  # replies
_LONGEST = 512  # octets after the question
_RECORDS_KEPT = 16  # of one reply
_WIDEST = 1_024  # octets of its names and rdata once they are read: a pointer of two can stand for 255
_ONCE = 16_384  # replies that came once, by their hash
_ASKED = 0xC00C  # a pointer to the name asked
_RECORDS = 12  # octets before them in a key: counts, type and class
_TO_QUESTION = _ASKED.to_bytes(2)
_POINTERS = re.compile(rb"(?=([\xc0\xc1].))", re.DOTALL)  # to where a question may be; they may overlap

Key = tuple[int, bytes]  # where the question's name ends; the counts of the header, and all that follows the name
Section = list[tuple[int, int, int, bytes]]  # records without their owner, the name that was asked


class Alike(NamedTuple):
    """All that follows a question, as it was read; sections that say nothing of the name asked are whole."""

    shared: tuple[tuple[int, bytes], ...]  # offsets in the name asked, and which name begins there
    qtype: int
    qclass: int
    answer: Section
    authority: list[Record]
    own_authority: Section | None
    additional: list[Record]
    rcode: int  # as far as the OPT record says it
    edns: Edns | None
    trailing: int  # octets
    rrset: tuple[int, tuple[bytes, ...], int] | None  # type, rdatas and TTL of the answers, if they are one RRset


class Memory:
    """A bounded memory of replies."""

    def __init__(self) -> None:
        self._kept: dict[Key, Alike] = {}
        self._once: set[int] = set()
        self.get = self._kept.get

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._kept)

    def keep(self, key: Key, asked: bytes, message: Message) -> None:
        """Remember what these octets were read as, if they came before and others can be like them."""
        if len(key[1]) > _LONGEST:
            return
        number = hash(key)
        if number not in self._once:
            if len(self._once) >= _ONCE:
                self._once.clear()
            self._once.add(number)
            return
        alike = _alike(key, asked, message)
        if alike is not None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = alike


def _alike(key: Key, asked: bytes, message: Message) -> Alike | None:
    """What would stand for others, or None."""
    question, octets = message.question, key[1]
    answer, own = _without_owner(message.answer, asked), _without_owner(message.authority, asked)
    if answer is None or question is None:
        return None
    owned = len(answer) + len(own or ())
    if octets.count(_TO_QUESTION) != owned or not _point_to_question(octets, owned):
        return None  # something else names the domain, or an owner names it otherwise
    records = [*message.answer, *message.authority, *message.additional]
    if len(records) > _RECORDS_KEPT or sum(len(record[0]) + len(record[4]) for record in records) > _WIDEST:
        return None
    shared = []
    for pointer in _POINTERS.findall(octets):  # what is none does no harm but to luck
        here = (pointer[0] << 8 | pointer[1]) - _ASKED
        if 0 < here < len(asked):
            shared.append((here, asked[here:]))
    return Alike(
        tuple(shared), question[1], question[2], answer, message.authority, own, message.additional,
        message.rcode & ~15, message.edns, message.trailing, _rrset(answer),
    )  # fmt: skip


def _point_to_question(octets: bytes, count: int) -> bool:
    """Whether the owners of the first so many records are pointers to the name asked."""
    at = _RECORDS
    for _ in range(count):
        if octets[at : at + 2] != _TO_QUESTION:
            return False
        at += 12 + int.from_bytes(octets[at + 10 : at + 12])
    return True


def _without_owner(records: list[Record], asked: bytes) -> Section | None:
    """The records of a section all of whose owners are the name asked."""
    section = []
    for owner, rtype, rclass, ttl, rdata in records:
        if owner != asked:
            return None
        section.append((rtype, rclass, ttl, rdata))
    return section


def _rrset(answer: Section) -> tuple[int, tuple[bytes, ...], int] | None:
    """The RRset that the answers are: one type, class IN, no record twice, the least of their TTLs; None if not."""
    first, _, least, _ = answer[0]
    rdatas: list[bytes] = []
    for rtype, rclass, ttl, rdata in answer:
        if rtype != first or rclass != _IN:
            return None
        if rdata not in rdatas:
            rdatas.append(rdata)
        least = min(least, ttl)
    return first, tuple(rdatas), least
