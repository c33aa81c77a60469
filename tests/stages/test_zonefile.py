"""How a zone file is cut before it is read: where the blocks end, and that nothing is lost or counted twice there.

What a zone file means is in ``test_names`` and ``test_zoneblocks``.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.stages.source import Block, Line, Tally, blocks
from crawler.stages.zonefile import MOST_OF_AN_OWNER, _unbroken
from crawler.tables import Rejection

LINE = st.builds(
    lambda owner, rest: f"{owner}{rest}\n".encode(),
    st.sampled_from(("a.nl.", "b.nl.", "A.nl.", "", "; note", "(", "c.nl")),
    st.sampled_from(("\tNS\tns.a.nl.", " 60 IN DS 1 13 2 aa", "", " ", "\t")),
)


def cut(data: bytes, *at: int) -> list[Block | Line]:
    """The blocks of these octets, had they come in pieces that end there."""
    edges = [0, *sorted(at), len(data)]
    pieces = (data[begin:end] for begin, end in pairwise(edges) if begin < end)
    return list(_unbroken(blocks(pieces, Tally())))


@given(st.lists(LINE, max_size=30), st.lists(st.integers(0, 600), max_size=6))
def test_each_line_is_there_once_under_its_number(lines: list[bytes], at: list[int]) -> None:
    data = b"".join(lines)
    number = 1
    together = b""
    for piece in cut(data, *(edge for edge in at if edge < len(data))):
        assert isinstance(piece, Block)
        assert piece.first == number
        assert piece.data.endswith(b"\n")
        number += piece.data.count(b"\n")
        together += piece.data
    assert together == data


A, B, C = b"a.nl.\tNS\tx.\n", b"b.nl.\tNS\tx.\n", b"c.nl.\tNS\tx.\n"


@pytest.mark.parametrize(
    ("pieces", "want", "why"),
    [
        ([A + B, B + C], [A, B + B, C], "b's records come together"),
        ([A + B, C], [A, B, C], "b was whole, which nobody could know"),
        ([A + A, A + B], [A + A, A, B], "one owner alone is not held back, however many there are"),
        ([A + b"  NS y.\n", B], [A + b"  NS y.\n", B], "a line without owner is read with what stands before it"),
        ([A + b"@ NS y.\n", B], [A, b"@ NS y.\n", B], "a relative owner is one, too"),
        ([A + b"\n", B], [A + b"\n", B], "an empty line has none"),
        ([A + b"; a note\n", B], [A + b"; a note\n", B], "nor has a comment"),
        ([A + b"b.nl.extra\n", B], [A + b"b.nl.extra\n", B], "nor has a line of one word"),
        ([A + B * MOST_OF_AN_OWNER, B], [A, B * (MOST_OF_AN_OWNER + 1)], "so many are still looked back for"),
        ([A + B * 200, B], [A + B * 200, B], "more are left to the spool, which brings together what it must"),
    ],
)  # fmt: skip
def test_a_block_ends_where_an_owners_records_do(pieces: list[bytes], want: list[bytes], why: str) -> None:
    found = [piece.data for piece in _unbroken(blocks(iter(pieces), Tally())) if isinstance(piece, Block)]
    assert found == want, why


def test_a_line_that_is_too_long_comes_in_its_place() -> None:
    found = list(_unbroken(iter([Block(1, A + B), (3, "x", Rejection.LINE_TOO_LONG), Block(4, B)])))
    assert found == [Block(1, A), Block(2, B), (3, "x", Rejection.LINE_TOO_LONG), Block(4, B)]
