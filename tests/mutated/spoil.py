"""How replies are spoiled: a few octets changed, cut, put in or doubled; pointers and counts more than others."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def spoiled(wires: Sequence[bytes], seed: int, number: int) -> Iterator[bytes]:
    """So many spoiled messages."""
    for wire, _ in spoiled_pairs([(wire, None) for wire in wires], seed, number):
        yield wire


def spoiled_pairs(wires: Sequence[tuple[bytes, T]], seed: int, number: int) -> Iterator[tuple[bytes, T]]:
    """The same, each with what belongs to the message that it was made of."""
    chance = random.Random(seed)
    for _ in range(number):
        sound, belongs = chance.choice(wires)
        wire = bytearray(sound)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            _spoil(wire, chance)
        yield bytes(wire), belongs


def _spoil(wire: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(wire))
    match chance.randrange(8):
        case 0:
            wire[at] = chance.randrange(256)
        case 1:
            wire[at] ^= 1 << chance.randrange(8)
        case 2:
            del wire[max(at, 12) :]
        case 3:
            wire[at:at] = chance.randbytes(chance.choice((1, 2, 11)))
        case 4:
            wire[at : at + 2] = (0xC000 | chance.choice((12, chance.randrange(len(wire) + 2)))).to_bytes(2)
        case 5:
            wire[chance.randrange(4, 12)] ^= chance.choice((1, 2, 3, 255))
        case 6:
            wire[2] ^= 2  # TC
        case 7:
            wire += wire[at:]
