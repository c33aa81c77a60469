"""Chance without dice: uniform numbers that are a pure function of (seed, profile, stage, name).

Everything generated in the lab draws from here, so that a world needs no set-up and
is the same on every machine, in every order of asking. What is drawn is ``facts``.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from struct import Struct
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

DRAWS = 16  # uniform numbers of one call: one BLAKE2b block
_WORDS = Struct(f"<{DRAWS}I")
_SCALE = 2.0**-32


@lru_cache(maxsize=64)
def _base(stage: str) -> blake2b:
    return blake2b(stage.encode() + b"|", digest_size=64)


def draws(stage: str, name: str) -> tuple[float, ...]:
    """Sixteen independent numbers in [0, 1) that belong to this name at this stage."""
    state = _base(stage).copy()
    state.update(name.encode())
    return tuple([word * _SCALE for word in _WORDS.unpack(state.digest())])


def octets(stage: str, name: str, length: int) -> bytes:
    """Up to 64 random-looking octets that belong to this name: digests, salts, addresses."""
    state = _base(stage).copy()
    state.update(name.encode())
    return state.digest()[:length]


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """A closed choice: values with the upper bounds of their shares, which end at 1."""

    values: tuple[T, ...]
    bounds: tuple[float, ...]

    def pick(self, draw: float) -> T:
        """The value whose share the draw, in [0, 1), falls into."""
        return self.values[bisect_right(self.bounds, draw)]

    def share(self, value: T) -> float:
        """How often the value is picked."""
        at = self.values.index(value)
        return self.bounds[at] - (self.bounds[at - 1] if at else 0.0)


def weighted(shares: Mapping[T, float]) -> Weighted[T]:
    """A choice from relative shares, in whatever unit they are given."""
    total = sum(shares.values())
    bounds = [part / total for part in accumulate(shares.values())]
    return Weighted(tuple(shares), (*bounds[:-1], 1.0))
