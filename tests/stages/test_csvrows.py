"""CSV rows as columns and one by one: what goes which way, and that both come to the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.stages import csvrows
from crawler.stages.csvrows import Layout, read
from crawler.stages.source import Block, ListFault, Source

TAGGED = Layout(",", header=False, domain=1, rank=0, tags=((2, ""), (3, "sector:")))
PLAIN = "1,a.nl,x;y,bank\n2,b.nl,,\n"


def quick(text: str, columns: Layout = TAGGED, *, header: bool = False) -> list[tuple[object, ...]] | None:
    """The rows of a block that is read as columns."""
    batch = csvrows._plain(Block(1, text.encode()), columns, header=header)
    if batch is None:
        return None
    return [(row["line"], row["domain"], row["rank"], row["tags"]) for row in batch.rows.to_pylist()]


def test_plain_rows_are_read_as_columns() -> None:
    wanted = [(1, "a.nl", 1, ["x", "y", "sector:bank"]), (2, "b.nl", 2, [])]
    assert quick(PLAIN) == wanted
    assert quick(PLAIN.replace("\n", "\r\n")) == wanted
    assert quick(PLAIN.replace(",", "\t"), TAGGED._replace(delimiter="\t")) == wanted
    assert quick(PLAIN.replace("a.nl", " a.nl ").replace("2,b", " 2 ,b")) == wanted
    assert quick("rank,domain,tags,sector\n" + PLAIN, header=True) == [(at + 1, *rest) for at, *rest in wanted]
    assert quick(PLAIN, TAGGED._replace(rank=None, tags=())) == [(1, "a.nl", None, None), (2, "b.nl", None, None)]


@pytest.mark.parametrize(
    ("rank", "read"),
    [
        ("7", 7),
        ("007", 7),
        ("", None),
        ("x", None),
        ("-1", None),
        ("1.5", None),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
    ],
)
def test_a_rank_is_a_whole_number_that_fits(rank: str, read: int | None) -> None:
    assert quick(f"{rank},a.nl,,\n") == [(1, "a.nl", read, [])]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('3,"c.nl",,', "a quote"),
        ("3,c.nl,,#", "what may be a comment"),
        ("", "an empty line"),
        ("3,c.nl,", "a row with a cell less"),
        ("3,c.nl,,,", "a row with a cell more"),
        ("3,,,", "no domain"),
        ("3, ,,", "a blank domain"),
        ("3,b\u00fccher.nl,,", "what is not ASCII"),
        ("3,c\r.nl,,", "a carriage return in a row"),
        ("3,c\0.nl,,", "a control character"),
        ("3,c.nl,," + "x" * 65_540, "a line that is too long, whatever its domain"),
    ],
)
def test_what_is_not_plain_is_read_row_by_row(row: str, why: str) -> None:
    assert quick(PLAIN + PLAIN) is not None
    assert quick(PLAIN + row + "\n" + PLAIN) is None, why


def test_weights_and_too_many_labels_are_read_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quick(PLAIN, TAGGED._replace(weight=0)) is None
    assert quick("domain\n", TAGGED._replace(domain=0, rank=None, tags=()), header=True) is None  # nothing but a header
    assert quick("a,b\n") is None  # columns that are not there
    monkeypatch.setattr(csvrows, "MOST_LABELS", 1)
    assert quick(PLAIN) is None


def come_to(text: str, columns: Layout, *, as_columns: bool, size: int) -> tuple[Any, ...]:
    """Entries, rejects and the account of a list that is read in blocks of so many lines."""
    lines = text.splitlines(keepends=True)
    blocks = [Block(at + 1, "".join(lines[at : at + size]).encode()) for at in range(0, len(lines), size)]
    source = Source("list")
    with pytest.MonkeyPatch.context() as patch:
        if not as_columns:
            patch.setattr(csvrows, "_plain", lambda *_, **__: None)
        try:
            batches = list(read(source, iter(blocks), columns))
        except ListFault as fault:
            return (str(fault),)
    rows = [
        (row["line"], row["text"], row["domain"], row["rank"], row["weight"], row["tags"] or [])
        for batch in batches for row in batch.rows.to_pylist()
    ]  # fmt: skip
    rejects = [tuple(row.values()) for batch in batches for row in batch.rejects.to_pylist()]
    return sorted(rows), sorted(rejects), source.tally


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_only_the_first_row_of_a_list_is_its_header(size: int) -> None:
    text = "rank,domain\n1,a.nl\n2,b.nl\n3,c.nl\n"
    rows, rejects, tally = come_to(text, Layout(",", True, 1, 0, ()), as_columns=True, size=size)
    assert rows == [(at + 1, None, name, at, None, []) for at, name in enumerate(("a.nl", "b.nl", "c.nl"), 1)]
    assert rejects == []
    assert (tally.blank, tally.entries) == (1, 3)


@pytest.mark.parametrize("octets", [65_535, 65_536, 65_537])
def test_a_line_that_is_too_long_is_a_reject_either_way(octets: int) -> None:
    row = "a.nl," + "x" * (octets - 5)
    ways = [
        come_to(f"b.nl,\n{row}\n", Layout(",", False, 0, None, ()), as_columns=way, size=2) for way in (True, False)
    ]
    assert ways[0] == ways[1]
    assert len(ways[0][1]) == (octets > 65_536)


_CELLS = st.sampled_from(
    [
        "a.nl", "B.nl", "x;y", "y|y", "", " ", " c.nl ", "12", "0.5", "https://d.nl/", "-e.nl", "\u00e9.nl", '"q"',
        '"q\n"', "#", '"',
    ]
)  # fmt: skip


@given(
    st.lists(st.lists(_CELLS, min_size=2, max_size=4), min_size=1, max_size=12),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.integers(1, 12),
)
def test_both_ways_come_to_the_same(
    cells: list[list[str]], delimiter: str, header: bool, even: bool, weight: int | None, size: int
) -> None:
    width = len(cells[0])
    rows = [(row * 2)[:width] if even else row for row in cells]
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    columns = Layout(delimiter, header, 0, 1, ((1, ""), (width - 1, "sector:")), weight)
    assert come_to(text, columns, as_columns=True, size=size) == come_to(text, columns, as_columns=False, size=12)
