"""Lists of every packing and format become names, rejects and an account that adds up."""

from __future__ import annotations

import gzip
import io
import lzma
import random
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.stages import names
from crawler.stages.lists import Format, tell
from crawler.stages.source import ListFault
from crawler.tables import DsRecord, Rejection

GOV = Path(__file__).parents[3] / "shared/data/gov"


def read(folder: Path, data: bytes | str, *, name: str = "list.txt", origin: str | None = None) -> names.Names:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return names.read([str(path)], origin=origin)


def refusal(folder: Path, data: bytes) -> str:
    """Why the list is refused; empty if it is read, and then its account adds up."""
    try:
        read(folder, data).account.check()
    except ListFault as fault:
        return str(fault)
    return ""


def domains(found: names.Names) -> list[str]:
    return list(found.domains())


def test_a_plain_list_is_one_name_a_line(tmp_path: Path) -> None:
    found = read(tmp_path, "# a comment\nexample.nl\n\n  Example.SE.  # capital\r\nbücher.example\nexample.nl\n")
    assert domains(found) == ["example.nl", "example.se", "xn--bcher-kva.example"]
    row = next(found.rows())
    assert (row.text, row.source, row.line, row.copies) == ("example.nl", "list.txt", 2, 2)
    account = found.account
    assert (account.lines, account.blank, account.entries, account.names, account.repeats) == (6, 2, 4, 3, 1)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert domains(read(tmp_path, b"\xef\xbb\xbfexample.nl\n")) == ["example.nl"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"nl", Rejection.SINGLE_LABEL),
        (b"192.0.2.1", Rejection.ADDRESS),
        (b"a" * 64 + b".nl", Rejection.LABEL_TOO_LONG),
        (b"a..nl", Rejection.EMPTY_LABEL),
        (b"-a.nl", Rejection.BAD_HYPHEN),
        (b"a b.nl", Rejection.BAD_CHARACTER),
        (b"\xff\xfe.nl", Rejection.NOT_TEXT),
        (b"." + b"abcdefg." * 40 + b"nl", Rejection.EMPTY_LABEL),
        (b"abcdefg." * 40 + b"nl", Rejection.NAME_TOO_LONG),
        (b"x" * 70_000, Rejection.LINE_TOO_LONG),
        (b"x" * 700_000, Rejection.LINE_TOO_LONG),
    ],
)
def test_a_line_that_is_no_domain_is_a_reject_with_its_line_and_reason(
    tmp_path: Path, line: bytes, why: Rejection
) -> None:
    found = read(tmp_path, b"a.example\n" + line + b"\nb.example\n")
    assert domains(found) == ["a.example", "b.example"]
    (reject,) = found.rejects()
    assert (reject.line, reject.why) == (2, why)
    assert len(reject.text) <= 200
    assert reject.text.isprintable()


def test_rubbish_bytes_of_a_reject_are_written_as_hex(tmp_path: Path) -> None:
    assert read(tmp_path, b"a.example\n\xff\x01.nl\n").rejects().__next__().text == "\\xff\\x01.nl"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, lambda b: pa.compress(b, "zstd", asbytes=True)])
def test_the_packing_is_told_by_content_not_by_name(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    assert domains(read(tmp_path, pack(b"a.example\nb.example\n"))) == ["a.example", "b.example"]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, lambda b: pa.compress(b, "zstd", asbytes=True)])
def test_packed_data_cut_in_half_are_refused(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    rng = random.Random(1)
    packed = pack(b"".join(b"n%d.example\n" % rng.getrandbits(64) for _ in range(50_000)))
    with pytest.raises(ListFault, match="cut short"):
        read(tmp_path, packed[: len(packed) // 2])


def test_gzip_members_one_after_the_other_are_one_list(tmp_path: Path) -> None:
    assert domains(read(tmp_path, gzip.compress(b"a.example\n") + gzip.compress(b"b.example\n"))) == [
        "a.example",
        "b.example",
    ]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(b"a.example\n"))))
    found = names.read(["-"])
    assert next(found.rows()).source == "-"


def test_several_lists_are_folded_into_one(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a.example\nb.example\n")
    (tmp_path / "two.csv").write_text("rank,domain,tags\n7,B.example,bank;large\n9,c.example,\n")
    found = names.read([str(tmp_path / "one"), str(tmp_path / "two.csv")])
    b = list(found.rows())[1]
    assert (b.domain, b.source, b.copies, b.rank, b.tags) == (
        "b.example",
        "one",
        2,
        7,
        ("list:one", "bank", "large", "list:two.csv"),
    )
    assert found.account.names == 3
    assert found.account.repeats == 1


# --- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rank", "tags"),
    [
        ("1,example.nl\n2,b.nl\n", 1, ()),  # Tranco
        ("Sector;Domain\nbank;example.nl\n", None, ("sector:bank",)),
        ("domain\trank\nexample.nl\t12\n", 12, ()),
        ("Domain name,Domain type,City\nexample.nl,City,Leiden\n", None, ("City",)),  # .gov
        ('GlobalRank,TldRank,Domain,TLD\n3,1,"example.nl",nl\n', 3, ()),
        ("domain\nexample.nl\n", None, ()),
        ("host,note\nexample.nl,\"two\nlines, and ''\"\n", None, ()),
        ("example.nl,bank\n", None, ()),
    ],
)
def test_csv_columns_are_found_in_any_order(tmp_path: Path, text: str, rank: int | None, tags: tuple[str, ...]) -> None:
    row = next(read(tmp_path, text).rows())
    assert (row.domain, row.rank, row.tags) == ("example.nl", rank, tags)


def test_every_line_of_a_csv_is_accounted_for(tmp_path: Path) -> None:
    found = read(tmp_path, 'domain,note\na.nl,x\n\n# c\n,empty\n"b.nl","1\n2"\nshort\n"c.nl"x,y\n')
    assert domains(found) == ["a.nl", "b.nl"]
    assert [r.why for r in found.rejects()] == ["empty", "single-label", "malformed-record"]
    account = found.account
    assert (account.lines, account.blank, account.records, account.entries) == (9, 3, 1, 5)


def test_a_quote_that_never_closes_is_refused_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(ListFault, match="quote of line 2"):
        read(tmp_path, 'domain\n"a.nl\nb.nl\n')
    with pytest.raises(ListFault, match="quote of line 2"):
        read(tmp_path, 'domain\n"a.nl\n' + "b.nl\n" * 1000)


# --- master files ----------------------------------------------------------------------------------------------------

ZONE = """\
$ORIGIN example.
$TTL 1h
@   IN SOA ns1 host ( 1 ; serial
        3600 900 604800
        300 )
    NS  ns1
    NS  ns2.other.
ns1 A 192.0.2.1
a       NS ns1
        NS ns.a
        3600 IN DS 1 8 2 ABCD
ns.a    IN 60 A 192.0.2.2
B.example. 2d IN NS NS.B.EXAMPLE.
b   DS  60485 RSASHA1 1 2BB183AF5F22588179A53B0A98631FAD1A292118
c   60  NS ns1
c   TXT "a ; b ( c" ; (
d.e NS ns1
x   IN  NOSUCHTYPE 1
y   NS
\tTYPE65280 \\# 1 00
outside.test. NS ns1
"""


def test_a_master_file_gives_its_delegations(tmp_path: Path) -> None:
    found = read(tmp_path, ZONE)
    rows = {row.domain: row for row in found.rows()}
    assert list(rows) == ["a.example", "b.example", "c.example", "d.e.example"]
    assert rows["a.example"].ns == ("ns1.example", "ns.a.example")
    assert rows["a.example"].ds == (DsRecord(1, 8, 2),)
    assert rows["a.example"].line == 9
    assert rows["b.example"].ns == ("ns.b.example",)
    assert rows["b.example"].ds == (DsRecord(60485, 5, 1),)
    assert sorted((r.line, r.why) for r in found.rejects()) == [
        (6, "no-delegation"),  # the apex
        (18, "malformed-record"),
        (19, "malformed-record"),
        (21, "no-delegation"),  # outside the zone
    ]
    account = found.account
    assert (account.lines, account.blank, account.entries, account.records) == (21, 2, 8, 11)


def test_a_tab_separated_export_in_lower_case_is_a_master_file(tmp_path: Path) -> None:
    text = "nl.\t3600\tin\tsoa\ta.nl. b.nl. 1 2 3 4 5\na.nl.\t3600\tin\tns\tns.x.net.\nb.nl.\t3600\tin\tns\tns.x.net.\n"
    assert domains(read(tmp_path, text)) == ["a.nl", "b.nl"]


def test_without_an_soa_the_apex_is_the_ns_owner_above_all_others(tmp_path: Path) -> None:
    found = read(tmp_path, "gov. 1 IN NS a.\nx.gov. 1 IN NS a.\ny.gov. 1 IN NS a.\n")
    assert domains(found) == ["x.gov", "y.gov"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a. 1 IN SOA b. c. (1 2 3\n4 5\nb.a. 1 IN NS c.\n", "parenthesis of line 1"),
        ("a. 1 IN SOA b. c. 1 2 3 4 5\nb.a. 1 IN NS c.exa", "line 2, the last, has no line end"),
        ("a. 1 IN SOA b. c. 1 2 3 4 5\nb.a. 1 IN NS c\n", "relative"),
        ("$ORIGIN a.\n$INCLUDE other\n", "INCLUDE is not followed"),
        ("$ORIGIN a.\n$GENERATE 1-9 a$ NS b\n", "GENERATE is not followed"),
    ],
)
def test_a_master_file_cut_short_or_not_whole_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ListFault, match=message):
        read(tmp_path, text)


def test_an_origin_given_from_outside_makes_relative_names_whole(tmp_path: Path) -> None:
    assert domains(read(tmp_path, "$TTL 1\n@ NS ns\nb NS ns.c\n", origin="Example.")) == ["b.example"]


@given(st.integers(0, len(ZONE)))
def test_a_master_file_cut_anywhere_is_refused_or_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert "\n" not in refusal(folder, ZONE[:cut].encode())


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_accounted_for(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for prefix in (b"", b"domain,rank\n", b"$ORIGIN nl.\n", b"a.example\n"):
        assert "\n" not in refusal(folder, prefix + data)


# --- telling, and the real thing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("example.nl\nb.nl\n", Format.PLAIN),
        ("", Format.PLAIN),
        ("; c\n\nnl. 1 IN SOA a. b. 1 2 3 4 5\n", Format.ZONE),
        ("@ SOA a. b. (\n", Format.ZONE),
        ("1,a.nl\n", Format.CSV),
        ("domain\na.nl\n", Format.CSV),
    ],
)
def test_the_format_is_told_from_the_first_lines(head: str, form: Format) -> None:
    assert tell(head) is form


@pytest.mark.skipif(not GOV.exists(), reason="the real lists of ../shared/data are not here")
def test_the_whole_gov_zone_is_read_and_accounted_for() -> None:
    found = names.read([str(GOV / "gov.txt")])
    assert len(found) == 16_536  # 16,537 owners of NS, the apex among them:
    assert [(r.text, r.why) for r in found.rejects()] == [("gov.", "no-delegation")]
    assert sum(len(row.ns) for row in found.rows()) == 43_953 - 4
    assert sum(bool(row.ds) for row in found.rows()) == 2_069


@pytest.mark.skipif(not GOV.exists(), reason="the real lists of ../shared/data are not here")
def test_the_gov_registrants_carry_their_kind_as_a_tag() -> None:
    found = names.read([str(GOV / "current-full.csv")])
    assert len(found) == 16_539
    assert next(found.rows()).tags == ("City",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://www.Example.nl/path?x=1", "www.example.nl"),
        ("http://user:word@example.nl:8080/", "example.nl"),
        ("HTTPS://bücher.example", "xn--bcher-kva.example"),
        ("postmaster@example.nl", "example.nl"),
        ("mailto:postmaster@example.nl?subject=x", "example.nl"),
        ('"odd @ one"@example.nl', "example.nl"),
        ("example.nl/path", "example.nl"),
        ("example.nl", "example.nl"),
    ],
)
def test_of_a_url_or_a_mail_address_the_domain_is_taken(tmp_path: Path, text: str, wanted: str) -> None:
    found = read(tmp_path, f"other.nl\n{text}\n")
    assert domains(found) == ["other.nl", wanted]
    assert {row.domain: row.text for row in found.rows()}[wanted] == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://192.0.2.1/", Rejection.ADDRESS),
        ("https://[2001:db8::1]/", Rejection.ADDRESS),
        ("https://[broken/", Rejection.MALFORMED_RECORD),
        ("https:///path", Rejection.EMPTY),
        ("postmaster@", Rejection.EMPTY),
        ("postmaster@localhost", Rejection.SINGLE_LABEL),
        ("/path", Rejection.BAD_CHARACTER),
        ("2001:db8::1", Rejection.ADDRESS),
    ],
)
def test_a_url_or_an_address_without_a_domain_is_a_reject(tmp_path: Path, text: str, why: Rejection) -> None:
    found = read(tmp_path, f"other.nl\n{text}\n")
    assert [(reject.line, reject.text, reject.why) for reject in found.rejects()] == [(2, text, why)]


def parquet(folder: Path, **columns: object) -> names.Names:
    pq.write_table(pa.table(columns), folder / "list.parquet")
    return names.read([str(folder / "list.parquet")])


def test_parquet_is_read_by_its_columns(tmp_path: Path) -> None:
    found = parquet(
        tmp_path, Rank=[1, 2, None, 4], other=["x"] * 4, Domain_Name=["a.nl", "b.nl", None, "A.nl"],
        sector=["bank", None, "x", "shop"], tags=[["t1", "t2"], [], None, ["t1"]],
    )  # fmt: skip
    rows = {row.domain: row for row in found.rows()}
    assert (rows["a.nl"].rank, rows["a.nl"].tags, rows["a.nl"].copies) == (
        1,
        ("sector:bank", "t1", "t2", "sector:shop"),
        2,
    )
    assert (rows["b.nl"].rank, rows["b.nl"].tags) == (2, ())
    assert [(reject.line, reject.why) for reject in found.rejects()] == [(3, Rejection.EMPTY)]
    assert (found.account.lines, found.account.entries) == (4, 4)


@pytest.mark.parametrize(
    ("told", "weight"),
    [
        ("12.5", 12.5),
        ("0", 0.0),
        ("1e6", 1e6),
        ("-1", None),  # no weight
        ("many", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_a_weight_is_a_number_from_nought_up(tmp_path: Path, told: str, weight: float | None) -> None:
    found = read(tmp_path, f"domain,messages\na.nl,{told}\na.nl,3\n")
    assert [row.weight for row in found.rows()] == [
        3.0 if weight is None else weight
    ]  # a repeat says what was not said
    parquet_ = parquet(tmp_path, domain=["b.nl"], traffic=[told])
    assert [row.weight for row in parquet_.rows()] == [weight]


def test_parquet_without_a_column_of_domains_or_cut_in_half_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListFault, match="no column domain"):
        parquet(tmp_path, what=["a.nl"])
    parquet(tmp_path, domain=["a.nl"] * 1000)
    whole = (tmp_path / "list.parquet").read_bytes()
    assert "cannot be read" in refusal(tmp_path, whole[: len(whole) // 2])


def test_names_of_several_lists_tell_which_ones_they_are_in(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("a.nl\nb.nl\n")
    (tmp_path / "two.csv").write_text("domain,sector\nb.nl,bank\nc.nl,shop\n")
    found = names.read([str(tmp_path / "one.txt"), str(tmp_path / "two.csv")])
    assert {row.domain: row.tags for row in found.rows()} == {
        "a.nl": ("list:one.txt",), "b.nl": ("list:one.txt", "sector:bank", "list:two.csv"),
        "c.nl": ("sector:shop", "list:two.csv"),
    }  # fmt: skip


def test_only_names_below_a_suffix(tmp_path: Path) -> None:
    found = read(tmp_path, "a.gov.nl\ngov.nl\nb.nl\nxgov.nl\nc.se\n")
    found.only(["GOV.nl.", "se"])
    assert domains(found) == ["a.gov.nl", "gov.nl", "c.se"]
    assert found.left_out == 2


def test_a_sample_is_drawn_by_its_seed_and_every_name_is_as_likely(tmp_path: Path) -> None:
    listed = "".join(f"n{n}.nl\n" for n in range(200))
    counts = dict.fromkeys((f"n{n}.nl" for n in range(200)), 0)
    whole = read(tmp_path, listed)
    for seed in range(200):
        found = replace(whole, _kept=[])
        found.sample(50, seed)
        assert len(found) == 50
        for name in found.domains():
            counts[name] += 1
    assert found.sampled == (200, 50, 199)
    assert found.left_out == 150
    assert 25 < min(counts.values()) <= max(counts.values()) < 77  # 50 on average, 6 the deviation
    again = read(tmp_path, "".join(sorted(listed.splitlines(keepends=True), reverse=True)))
    again.sample(50, 199)
    assert set(again.domains()) == set(found.domains())


# --- lists larger than memory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 7, 1 << 19])
@pytest.mark.parametrize("chunk", [40, 300, 1 << 21])
def test_lists_come_to_the_same_however_they_are_cut_into_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, rows: int
) -> None:
    """Blocks end anywhere, also between the records of one owner; files of the spool hold a row or all."""
    zone = "tr. 60 IN SOA a. b. 1 2 3 4 5\ntr. 60 IN NS a.tr.\n" + "".join(
        f"d{n}.tr. 60 IN NS a.tr.\nd{n}.tr. 60 IN NS b.tr.\nd{n}.tr. 60 IN DS {n} 13 2 ab\n" for n in range(20)
    )
    zone += "".join(f"d{n}.tr. 60 IN DS {n} 8 2 cd\nd{n}.tr. 60 IN NS c.tr.\n" for n in range(0, 20, 3))
    zone += 'd1.tr. 60 IN TXT "odd"\nelse.where. 60 IN NS a.tr.\n-bad.tr. 60 IN NS a.tr.\n-bad.tr. 60 IN DS 1 8 2 ab\n'
    plain = "".join(f"{name}\n" for name in ("d3.tr", "x.nl", "-no.nl", "x.nl", "D19.TR", "zz.nl"))
    for name, text in (("z", zone), ("p", plain)):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("crawler.stages.source.CHUNK", chunk)
    monkeypatch.setattr("crawler.stages.lists.HEAD", 30)
    monkeypatch.setattr("crawler.stages.spool.FILE_ROWS", rows)
    monkeypatch.setattr("crawler.stages.spool.RANGE_ROWS", rows)
    monkeypatch.setattr("crawler.stages.spool.PASS_ROWS", rows)
    found = names.read([str(tmp_path / "p"), str(tmp_path / "z")])
    all_rows = list(found.rows())
    assert [row.domain for row in all_rows[:4]] == ["d3.tr", "x.nl", "d19.tr", "zz.nl"]
    assert [row.domain for row in all_rows[4:]] == [f"d{n}.tr" for n in range(19) if n != 3]
    three, four = all_rows[0], next(row for row in all_rows if row.domain == "d4.tr")
    assert (three.text, three.copies, three.ns) == ("d3.tr", 2, ("a.tr", "b.tr", "c.tr"))
    assert three.ds == (DsRecord(3, 13, 2), DsRecord(3, 8, 2))
    assert three.tags == ("list:p", "list:z")
    assert (four.text, four.line, four.ns, four.ds) == ("d4.tr.", 15, ("a.tr", "b.tr"), (DsRecord(4, 13, 2),))
    assert [(r.source, r.line, r.text, r.why.value) for r in found.rejects()] == [
        ("p", 3, "-no.nl", "bad-hyphen"),
        ("z", 2, "tr.", "no-delegation"),
        ("z", 78, "else.where.", "no-delegation"),
        ("z", 79, "-bad.tr.", "bad-hyphen"),
    ]
    account = found.account
    assert (account.lines, account.entries, account.records) == (86, 29, 57)
    assert (account.names, account.repeats, account.rejects) == (22, 3, 4)
    ((host, share),) = found.servers(1)
    assert host == "a.tr"
    assert share == pytest.approx(13 / 2 + 7 / 3)
    assert found.signed() == (20, 20)


def test_a_full_disk_under_the_lists_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(ListFault, match="TMPDIR"):
        read(tmp_path, "a.nl\n")


def test_what_was_read_of_lists_goes_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = read(tmp_path, "a.nl\n")
    assert list(tmp_path.glob("dane-census-*"))
    del found
    assert not list(tmp_path.glob("dane-census-*"))


def test_a_list_for_which_memory_does_not_suffice_is_given_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.stages.spool.MEMORY", 1)
    found = read(tmp_path, "".join(f"d{number % 40_000}.nl\n" for number in range(60_000)))
    assert (len(found), found.account.repeats) == (40_000, 20_000)


def test_more_memory_than_there_is_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.stages.spool.MEMORY", 1)
    monkeypatch.setattr("os.sysconf", lambda name: 1 << 20 if name == "SC_PHYS_PAGES" else 1)
    data = "".join(f"d{number % 40_000}.nl\n" for number in range(60_000)).encode()
    assert "cannot be folded" in refusal(tmp_path, data)
