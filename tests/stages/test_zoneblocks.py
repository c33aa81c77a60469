"""Blocks of a zone file read as columns come to what the same lines come to one by one, or are left to that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.stages import zonefile
from crawler.stages.entries import Zone
from crawler.stages.source import Block, Source
from crawler.stages.zoneblocks import Columns, columns

TABS = (
    "nl.\t3600\tIN\tSOA\tns1.dns.nl. hostmaster.nl. 1 2 3 4 5\n"
    "a.nl.\t3600\tin\tns\tNS1.x.nl.\n"
    "a.nl.\t3600\tin\tns\tns2.x.nl.\n"
    "a.nl.\t60\tIN\tds\t12 13 2 00ff\n"
    "a.nl.\t60\tIN\trrsig\tds 13 2 60 20260101000000 20250101000000 1 nl. abcd=\n"
    "B.nl.\t3600\tIN\tNS\tns1.x.nl.\n"
    "ns1.x.nl.\t3600\tIN\tA\t192.0.2.1\n"
    "c.nl.\t1h\tIN\tTYPE65534\tab\n"
)


def quick(text: str) -> Columns | None:
    return columns(Block(1, text.encode()), zonefile._known)


@pytest.mark.parametrize(
    "text",
    [
        TABS,
        TABS.replace("\n", "\r\n"),
        TABS.replace("\t", " "),
        TABS.replace("\t", "\t\t"),
        TABS.replace("\t", " \t "),
        TABS.replace("\n", "  \n"),
        TABS.replace("\tIN", "").replace("\tin", ""),
        TABS.replace("\t3600", "").replace("\t60", "").replace("\t1h", ""),
    ],
)
def test_what_registries_write_is_read_as_columns(text: str) -> None:
    found = quick(text)
    assert found is not None
    assert found.owners.owner.to_pylist() == ["a.nl", "b.nl"]
    assert found.owners.text.to_pylist() == ["a.nl.", "B.nl."]
    assert found.owners.line.to_pylist() == [2, 6]
    assert found.owners.ns.to_pylist() == [["ns1.x.nl", "ns2.x.nl"], ["ns1.x.nl"]]
    assert found.owners.ds.to_pylist() == [[{"key_tag": 12, "algorithm": 13, "digest_type": 2}], []]
    assert found.owners.ds_text.to_pylist() == [["12 13 2 00ff"], []]
    assert found.owners.signatures.to_pylist() == [["ds 13 2 60 20260101000000 20250101000000 1 nl. abcd="], []]
    assert found.glue.to_pylist() == [{"line": 7, "host": "ns1.x.nl", "address": "192.0.2.1"}]
    assert (found.records, found.last, found.apex) == (8, "c.nl.", "nl")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a IN NS b.nl.", "a relative owner"),
        ("a.nl. IN NS b", "a relative name server"),
        ("\tIN NS b.nl.", "the owner of the line before"),
        ("a.nl. IN NS b.nl. ; here", "a comment"),
        ("a.nl. IN DS 1 8 2 (ab", "a parenthesis"),
        ("a.nl. IN DS 1 8", "a DS record cut short"),
        ("a.nl. IN DS 1 RSASHA256 2 ab", "a mnemonic in a DS record"),
        ("a.nl. IN DS 65536 8 2 ab", "a tag of seventeen bits"),
        ("a.nl. IN DS 1 8 256 ab", "a digest type of nine bits"),
        ("a.nl. IN NS b.nl. c.nl.", "two names in one record"),
        ("a.nl. CH NS b.nl.", "another class"),
        ("a.nl. 60 IN NS b.nl.", "a TTL where the first line has none"),
        ("a.nl. IN NX b.nl.", "no type"),
        ("a.nl. IN SOA x. y. 1", "half an SOA"),
        ("a\\046b.nl. IN NS b.nl.", "an escape"),
        ("$ORIGIN nl.", "a directive"),
        ("@ IN NS b.nl.", "the origin"),
        ("", "an empty line"),
        ("b\u00fccher.nl. IN NS b.nl.", "what is not ASCII"),
        ("a.nl. IN NS " + "b" * 70_000 + ".", "a line that is too long"),
        ("a" * 70_000 + ".nl. IN NS b.nl.", "a line that is too long by its owner"),
    ],
)
def test_what_means_more_than_it_says_is_left_to_the_other_way(line: str, why: str) -> None:
    plain = "a.nl. IN NS b.nl.\n"
    assert quick(plain + plain) is not None
    assert quick(plain + line + "\n" + plain) is None, why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a.nl.\t60\tIN\tA\t", "no rdata"),
        ("a.nl.\t60\tIN\tNS\t", "no name server"),
        ("\t60\tIN\tNS\tb.nl.", "no owner"),
        ("a.nl.\t\tIN\tNS\tb.nl.", "no TTL"),
        ("a.nl.\t60\tIN", "half a record"),
    ],
)
def test_a_line_that_lacks_a_word_between_its_tabs_is_left_to_the_other_way(line: str, why: str) -> None:
    plain = "a.nl.\t60\tIN\tNS\tb.nl.\n"
    assert quick(plain + plain) is not None
    assert quick(plain + line + "\n" + plain) is None, why


def test_owners_of_one_zone_and_the_next_are_apart_only_where_they_are() -> None:
    found = quick("a.nl. NS x.\nA.nl. NS y.\nb.nl. NS x.\na.nl. NS z.\n")
    assert found is not None
    assert found.owners.owner.to_pylist() == ["a.nl", "b.nl", "a.nl"]
    assert found.owners.ns.to_pylist() == [["x", "y"], ["x"], ["z"]]


def test_ds_before_ns_stands_where_its_first_ns_does() -> None:
    found = quick("c.nl. DS 1 8 2 ab\nc.nl. NS x.\nd.nl. DS 1 8 2 ab\n")
    assert found is not None
    assert found.owners.line.to_pylist() == [2, 3]
    assert found.owners.ns.to_pylist() == [["x"], []]


def test_a_block_without_delegations_is_no_fault() -> None:
    found = quick("x.nl. A 192.0.2.1\n")
    assert found is not None
    assert found.owners.owner.to_pylist() == []


# --- both ways come to the same --------------------------------------------------------------------------------------

_owners = st.sampled_from(["nl.", "a.nl.", "A.NL.", "b.nl.", "x.b.nl.", "else.", "-odd.nl.", "c", "@", ""])
_records = st.sampled_from(
    [
        "NS ns1.x.",
        "ns NS2.x.",
        "NS rel",
        "DS 1 13 2 ab",
        "ds 70000 8 2 cd",
        "DS 2 8 1 00 11",
        "A 192.0.2.1",
        "aaaa ::1",
        "TXT x",
        "RRSIG DS 13 2 60 1 2 3 nl. ab",
        "rrsig ds 1",
        "RRSIG Ds 2",
        "RRSIG NS 1",
    ]
)
_between = st.sampled_from([" ", "\t", "\t\t"])
_heads = st.sampled_from(["", "60", "60 IN", "IN", "IN 60", "1h30m in", "CH"])


@st.composite
def zones(draw: st.DrawFn) -> str:
    """A few lines, now and then all of one make, now and then each of its own."""
    alike = draw(st.booleans())
    gap, head = draw(_between), draw(_heads)
    lines = []
    for _ in range(draw(st.integers(1, 12))):
        if not alike:
            gap, head = draw(_between), draw(_heads)
        owner = draw(_owners.filter(lambda o: o[-1:] == ".")) if alike else draw(_owners)
        lines.append(gap.join([owner, *head.split(), *draw(_records).split(" ", 1)]) + "\n")
    return "".join(lines)


def come_to(text: str, *, as_columns: bool, size: int) -> tuple[object, ...]:
    """What lines come to, read in blocks of so many: owners with their records, rejects, and the account."""
    lines = text.splitlines(keepends=True)
    blocks = [Block(at + 1, "".join(lines[at : at + size]).encode()) for at in range(0, len(lines), size)]
    source, zone = Source("zone"), Zone(origin="nl")
    with pytest.MonkeyPatch.context() as patch:
        if not as_columns:
            patch.setattr(zonefile, "columns", lambda *_: None)
        batches = list(zonefile.read(source, iter(blocks), zone))
    owners: dict[str, list[list[object]]] = {}
    for batch in batches:
        for row in batch.rows.to_pylist():
            kept = owners.setdefault(row["owner"] or row["domain"], [[], [], [], [], []])
            kept[0] += [(row["line"], row["text"] or row["domain"] + ".")] * bool(row["ns"])
            kept[1] += row["ns"]
            kept[2] += [tuple(ds.values()) for ds in row["ds"]]
            kept[3] += row["ds_text"]
            kept[4] += row["signatures"]
    found = {owner: (first[:1], *lists) for owner, (first, *lists) in owners.items()}
    glue = [tuple(row.values()) for batch in batches for row in batch.glue.to_pylist()]
    rejects = sorted({(r["owner"] or r["line"], r["why"]) for b in batches for r in b.rejects.to_pylist()}, key=str)
    return found, glue, rejects, source.tally, zone


@given(zones(), st.integers(1, 12))
def test_both_ways_come_to_the_same(text: str, size: int) -> None:
    assert come_to(text, as_columns=True, size=size) == come_to(text, as_columns=False, size=12)
