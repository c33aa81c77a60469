"""Real responses, read by dnspython and by us: each difference has a class, and the counts are known.

The 18,747 responses (Zonemaster's recorded tests, 2015-2025) are not part of the
repository; they lie beside it. What the classes mean: docs/wire-differences.md.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from crawler.standards.wire import WireFault, decode
from tests.mutated.spoil import spoiled
from tests.standards.differences import Difference, compare

ROOT = Path(__file__).parents[2]
CAPTURES = ROOT.parent / "shared" / "data" / "captures" / "dns-responses.jsonl.gz"

pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason=f"no captured responses at ../shared ({CAPTURES.name})")


@pytest.fixture(scope="module")
def captures() -> list[bytes]:
    with gzip.open(CAPTURES, "rt") as lines:
        return [base64.b64decode(json.loads(line)["wire"]) for line in lines]


def test_captured_responses_decode_as_in_dnspython_but_for_the_known_differences(captures: list[bytes]) -> None:
    copies = Counter(wire[2:] for wire in captures)  # many are the same but for the id
    found: Counter[Difference] = Counter()
    for wire, number in copies.items():
        if (difference := compare(b"id" + wire)) is not None:
            found[difference] += number
    assert (len(captures), len(copies)) == (18_747, 6_453)
    assert found == {Difference.RDATA_NOT_LOOKED_INTO: 9}  # DS digests of the wrong length for their type


def test_every_captured_response_decodes(captures: list[bytes]) -> None:
    for wire in captures:
        message = decode(wire)
        assert (message.id, message.trailing) == (int.from_bytes(wire[:2]), 0)


def test_spoiled_responses_differ_only_in_known_ways(captures: list[bytes]) -> None:
    wires = spoiled(captures, seed=1, number=5_000)
    assert [wire.hex() for wire in wires if compare(wire) is Difference.UNEXPLAINED] == []


def test_spoiled_responses_raise_only_the_fault(captures: list[bytes]) -> None:
    faults = set()
    for wire in spoiled(captures, seed=2, number=40_000):
        try:
            decode(wire)
        except WireFault as fault:
            faults.add(fault.fault)
    assert len(faults) >= 7  # the spoiling reaches most of them
