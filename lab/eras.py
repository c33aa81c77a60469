"""A world that goes on: in each era some names have changed in some layer, and nothing else has.

What a name is like at a layer (its zone, its mail, its hosts, its policy, its certificate) is drawn anew in the
era in which it moves, and stays so until it moves again: known transitions, for whoever compares two runs. The era is a
part of the profile, which goes wherever a draw is made; the first era is the world as it ever was.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from lab.chance import draws

if TYPE_CHECKING:
    from lab.profiles import Profile


def drawn(layer: str, name: str, *, seed: int, profile: Profile) -> tuple[float, ...]:
    """The numbers of a name at a layer, in the profile's era."""
    stage = _stage(seed, profile.name, layer)
    if profile.era > 1 and (era := _moved(stage, name, profile)) > 1:
        stage = _later(stage, era)
    return draws(stage, name)


def _moved(stage: str, name: str, profile: Profile) -> int:
    """The last era in which the name moved; 1 if it never did."""
    for era in range(profile.era, 1, -1):
        if draws(_later(stage, era) + "|moves", name)[0] < profile.moving:
            return era
    return 1


@lru_cache(maxsize=256)
def _stage(seed: int, profile: str, layer: str) -> str:
    return f"{seed}|{profile}|{layer}"


@lru_cache(maxsize=256)
def _later(stage: str, era: int) -> str:
    return f"{stage}|era {era}"
