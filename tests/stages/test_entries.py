"""Names told to be plain all at once are those that are told to be so one by one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.stages.entries import GLUE, Owners, _of_one_zone, delegated, domains
from crawler.standards.names import domain


@pytest.mark.parametrize(
    ("names", "plain", "why"),
    [
        (["a.nl.", "b-c.nl.", "x.y.nl.", "_a.nl.", "1.nl."], True, "labels of one zone"),
        (["xn--bcher-kva.nl."], True, "an A-label"),
        (["a.nl.", "b.se."], False, "two zones"),
        (["nl.", "a.nl."], False, "the zone itself"),
        (["a.nl.", "nl."], False, "the zone itself, later"),
        (["a.nl.", ".nl."], False, "an empty label at the beginning"),
        (["a.nl.", "a..nl."], False, "an empty label inside"),
        (["-a.nl."], False, "a label that begins with a hyphen, the first"),
        (["a.nl.", "-a.nl."], False, "a label that begins with a hyphen, a later one"),
        (["a-.nl."], False, "a label that ends with a hyphen"),
        (["a.nl.", "a b.nl."], False, "a blank"),
        (["a.nl.", "A.nl."], False, "what is not in lower case"),
        (["a.nl.", "\u00e9.nl."], False, "what is not ASCII"),
        (["a.nl.", "b.nl"], False, "a name without its final dot"),
        (["a.1l.", "b.1l."], False, "a top label that begins with a digit"),
        (["a.nl.", "b" * 63 + ".nl."], False, "a name that may hold a label that is too long"),
        (["..", "a.."], False, "no top label"),
        (["."], False, "the root"),
        ([""], False, "nothing"),
        ([], False, "no names at all"),
    ],
)
def test_plain_names_of_one_zone_are_told_at_once(names: list[str], plain: bool, why: str) -> None:
    assert _of_one_zone(pa.array(names, pa.string())) is plain, why


@given(st.lists(st.text("ab-_1.", max_size=8).map(lambda head: head + ".nl."), max_size=6))
def test_what_is_told_at_once_is_what_is_told_one_by_one(names: list[str]) -> None:
    texts = pa.array(names, pa.string())
    if _of_one_zone(texts):
        assert domains(texts, domain) == (pa.array([name[:-1] for name in names], pa.string()), [])


def test_a_slice_of_names_is_judged_without_what_stands_beside_it() -> None:
    names = pa.array(["-.nl.", "a.nl.", "b.nl.", "!.nl."])
    lists = pa.array([[], []], pa.list_(pa.string()))
    ds = pa.array([[], []], pa.list_(pa.struct({"key_tag": pa.uint16(), "algorithm": pa.uint8(),
                                               "digest_type": pa.uint8()})))  # fmt: skip
    told = Owners(pa.array([2, 3]), pa.array(["a.nl", "b.nl"]), names[1:3], lists, ds, lists, lists)
    batch = delegated(told, GLUE.empty_table())
    assert batch.rows["domain"].to_pylist() == ["a.nl", "b.nl"]
    assert batch.rejects.num_rows == 0
