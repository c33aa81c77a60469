"""A run's folder opens as it lies: odd names, missing parts, rubbish; and without us, in bare DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from analysis import judge
from analysis.stats import ORDER
from analysis.suffixes import BEGIN, END, Rule, rules, version
from analysis.verdicts import VERDICTS
from analysis.warehouse import SQL, RunFault, open_run, view_files
from crawler.standards.names import NameFault
from crawler.standards.names import domain as a_label
from crawler.tables import TABLES, Delegation, Row, Zone
from crawler.visited import Endpoint, Policy
from tests.analysis.rows import dane_host, host, made, mailing, name, write
from tests.analysis.test_stats import OF_POLICIES, OF_TALKS

ICANN = PublicSuffixList(only_icann=True)


@pytest.mark.parametrize("folder", ["plain", "with space", "it's", "a,b", "star*", "[x]", "q?", "ünï", "semi;colon"])
def test_any_folder_name_opens(tmp_path: Path, folder: str) -> None:
    run = made(tmp_path / folder, mailing("a.example", "mx.example"), dane_host("mx.example"))
    made(tmp_path / "starry", mailing("other.example", "mx.example"))  # what `star*` would match as a pattern
    with open_run(run) as warehouse:
        assert warehouse.query("select domain, dane_class from domain_class").rows == (("a.example", "full"),)


def test_a_run_that_has_names_alone_is_all_not_measured(tmp_path: Path) -> None:
    with open_run(made(tmp_path, name("a.example"), name("b.example"))) as run:
        assert run.query("select dane_class, count(*) from domain_class group by all").rows == (("not-measured", 2),)
        assert run.query("from host_class").rows == ()


def test_opening_writes_nothing_into_the_run(tmp_path: Path) -> None:
    folder = made(tmp_path, mailing("a.example", "mx.example"))
    before = sorted(folder.rglob("*"))
    with open_run(folder) as run:
        run.query("from provider")
    assert sorted(folder.rglob("*")) == before


def test_unfinished_parts_are_not_read(tmp_path: Path) -> None:
    folder = made(tmp_path, name("a.example"))
    (folder / "names" / "part-9.parquet.tmp").write_bytes(b"half")
    with open_run(folder) as run:
        assert run.query("select count(*) from names").rows == ((1,),)


def test_no_extension_is_ever_fetched(tmp_path: Path) -> None:
    with open_run(made(tmp_path, name("a.example"))) as run:
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"):
            assert run.query("select value from duckdb_settings() where name = ?", [setting]).rows == (("false",),)


def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "rubbish" / "names").mkdir(parents=True)
    (tmp_path / "rubbish" / "names" / "part-0.parquet").write_bytes(b"not parquet")
    (tmp_path / "empty").mkdir()
    (tmp_path / "old").mkdir()
    made(tmp_path / "old", name("a.example"))
    part = (tmp_path / "old" / "names" / "part-0.parquet").as_posix()
    with duckdb.connect() as base:
        base.execute(f"copy (select * exclude (rank) from '{part}') to '{part}.new' (format parquet)")
    Path(part + ".new").replace(part)
    for folder, words in {
        "nowhere": "no such folder",
        "empty": "no names",
        "rubbish": "not a Parquet",
        "old": "rank",
    }.items():
        with pytest.raises(RunFault, match=words) as told:
            open_run(tmp_path / folder)
        assert "\n" not in str(told.value)


def test_the_same_files_run_in_bare_duckdb_from_inside_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documented `cat view_*.sql name.sql | duckdb` does, statement for statement."""
    made(tmp_path, mailing("a.example", "mx1.host.co.uk"), dane_host("mx1.host.co.uk"), name("b.example"))
    (tmp_path / "rejects").mkdir()
    with duckdb.connect() as base:  # the bare shell needs a part of every table
        here = (tmp_path / "names" / "part-0.parquet").as_posix()
        base.execute(
            f"copy (select source, line, text, 'empty' as why from '{here}' limit 0) "
            f"to '{tmp_path.as_posix()}/rejects/part-0.parquet' (format parquet)"
        )
    write(tmp_path, Delegation, [])
    write(tmp_path, Zone, [])
    write(tmp_path, Policy, [])
    write(tmp_path, Endpoint, [])
    judge.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    views = "\n".join(file.read_text() for file in view_files())
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as bare:
        bare.execute(views)
        for statistic in ORDER:
            rows = bare.execute((SQL / f"{statistic}.sql").read_text()).fetchall()
            assert rows or statistic in OF_POLICIES + OF_TALKS, statistic  # nobody was visited here
        fallback = bare.execute("select domain, version from registrable where name = 'mx1.host.co.uk'").fetchall()
    assert fallback == [("co.uk", None)]  # no list was loaded: the last two labels, and it says so
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([*TABLES, *VERDICTS])


def test_view_files_stand_in_the_order_of_their_names() -> None:
    assert [file.stem for file in view_files()] == sorted(file.stem for file in view_files())


def registrable(tmp_path: Path, *names: str) -> dict[str, str]:
    rows: list[Row] = [mailing("x.example", *names), *(host(one) for one in names)]
    with open_run(made(tmp_path, *rows)) as run:
        return dict(run.query("select name, domain from registrable").rows)


LABELS = [
    "www",
    "a",
    "b-1",
    "co",
    "uk",
    "com",
    "ck",
    "kawasaki",
    "city",
    "jp",
    "kobe",
    "nl",
    "unlisted",
    "xn--p1ai",
    "mm",
    "gov",
]


@settings(max_examples=15)
@given(
    names=st.lists(st.lists(st.sampled_from(LABELS), min_size=2, max_size=6).map(".".join), unique=True, max_size=80)
)
def test_the_registrable_name_is_the_list_s_own(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The join in SQL against the package's walk, on names full of wildcards, exceptions and unlisted ends."""
    found = registrable(tmp_path_factory.mktemp("run"), *names)
    for one in names:
        assert found[one] == (ICANN.privatesuffix(one) or one)


def test_the_list_s_published_vectors_hold(tmp_path: Path) -> None:
    """Of the vectors at publicsuffix.org: those of names that can be a mail host, under ICANN suffixes."""
    wanted: dict[str, str] = {}
    for line in Path(PSLFILE).with_name("test_psl.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("checkPublicSuffix('"):
            continue
        asked, expected = (part.strip(" '\"") for part in line[len("checkPublicSuffix(") : line.rindex(")")].split(","))
        try:
            one = a_label(asked)
            wanted[one] = one if expected == "null" else a_label(expected)
        except NameFault:
            continue
    wanted = {one: expected for one, expected in wanted.items() if not one.endswith(("blogspot.com", "uk.com"))}
    found = registrable(tmp_path, *wanted)
    assert {one: found[one] for one in wanted} == wanted
    assert len(wanted) >= 50


def test_only_the_icann_section_is_read_and_the_list_is_dated() -> None:
    text = [
        "// VERSION: 2026-01-01",
        "early",
        BEGIN,
        "// x",
        "com",
        "*.ck",
        "!www.ck",
        "中国 // note",
        "",
        END,
        "github.io",
    ]
    assert version(text) == "2026-01-01"
    assert list(rules(text)) == [
        Rule("com", "rule"),
        Rule("ck", "wildcard"),
        Rule("www.ck", "exception"),
        Rule("xn--fiqs8s", "rule"),
    ]
    assert version([BEGIN, "// VERSION: too late"]) == "undated"


def test_another_list_can_be_given(tmp_path: Path) -> None:
    psl = tmp_path / "psl.dat"
    psl.write_text(f"// VERSION: mine\n{BEGIN}\nexample\nb.example\n{END}\n", encoding="utf-8")
    run = made(tmp_path / "run", mailing("x.example", "mx.a.b.example"))
    with open_run(run, psl=psl) as warehouse:
        assert warehouse.psl_version() == "mine"
        assert warehouse.query("select domain from registrable where name = 'mx.a.b.example'").rows == (
            ("a.b.example",),
        )
