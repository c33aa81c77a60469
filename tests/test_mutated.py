"""Spoiled replies cost a row its reason, never us a traceback; the million is ``python -m tests.mutated``."""

from __future__ import annotations

import pytest

from tests.mutated.hammer import CAPTURES, Hammer, captured
from tests.mutated.spoil import spoiled_pairs

pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason=f"no captured responses at ../shared ({CAPTURES.name})")


async def test_nothing_but_the_fault_comes_out_of_spoiled_replies_whatever_they_reach() -> None:
    captures = captured()
    hammer = Hammer(captures)
    for wire, moment in spoiled_pairs(captures, seed=3, number=10_000):
        hammer.strike(wire, moment)
    tally = hammer.tally
    assert tally.replies == 10_000
    assert len(tally.faults) >= 7
    assert set(tally.kinds) == {"ANSWER", "ALIAS", "NODATA", "NXDOMAIN", "REFERRAL", "FAILURE"}
    assert len(tally.reasons) >= 15  # ... of the validator's
    assert tally.verifications > 100
