"""How replies end, remembered: the authority and additional sections that many replies have to the octet.

A server ends each of its answers for one zone alike: the NS RRset, addresses, the OPT record. What such octets
were read as is kept, and stands for the same octets in another message where reading them could come to nothing
else: they begin at the same offset, count the same records, and every pointer out of them leads to a name that
is there, too. Everything else is read by ``wire``, as ever.

Bounded in number and size; an ending is kept when it comes the second time, for most come once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.standards.rdata import Seen
    from crawler.standards.wire import Edns, Record

_KEPT = 1_024  # endings
_LONGEST = 512  # octets
_ONCE = 8_192  # endings that came once, by their hash
_POINTER = 0xC000


class Ending(NamedTuple):
    """All that comes after the answers of a reply, as it was read."""

    authorities: int  # records, as the header counts them
    additionals: int
    relied: tuple[tuple[int, bytes], ...]  # pointers out of here, and the names that they led to
    authority: list[Record]
    additional: list[Record]
    rcode: int  # the upper bits, in their place
    edns: Edns | None
    trailing: int  # octets


Key = tuple[int, bytes]  # where it begins, and its octets


class Endings:
    """A bounded memory of endings."""

    def __init__(self) -> None:
        self._kept: dict[Key, Ending] = {}
        self._once: set[int] = set()
        self.get = self._kept.get

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._kept)

    def keep(self, key: Key, ending: Ending, seen: Seen) -> None:
        """Remember what these octets were read as, if they came before; `seen` are the names of their message."""
        if len(key[1]) > _LONGEST:
            return
        number = hash(key)
        if number not in self._once:
            if len(self._once) >= _ONCE:
                self._once.clear()
            self._once.add(number)
            return
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[key] = ending._replace(relied=_relied(key, seen))


def _relied(key: Key, seen: Seen) -> tuple[tuple[int, bytes], ...]:
    """Every pair of octets that may be a pointer to a name before the ending; what is none does no harm but to luck."""
    at, octets = key
    found = {}
    for first, second in pairwise(octets):
        pointer = first << 8 | second
        if _POINTER <= pointer < _POINTER + at and (name := seen.get(pointer)) is not None:
            found[pointer] = name
    return tuple(found.items())
