"""Before any packet: what would be sent to whom, and who must say who they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler import command
from crawler.command import Command, run_scan
from crawler.outlook import Wish, tell
from crawler.session import OptionFault, Options, prepare
from crawler.stages.names import from_texts, read
from crawler.visiting import Policies, Probe

ZONE = """\
zz. 60 IN SOA ns.zz. h.zz. 1 2 3 4 5
zz. 60 IN NS ns.zz.
a.zz. 60 IN NS ns.big.example.
b.zz. 60 IN NS ns.big.example.
b.zz. 60 IN NS ns.small.example.
"""


def outlook(found: object, *, zone_files: bool = True, **options: object) -> list[str]:
    wish = Wish(Policies.ANNOUNCED, Probe.NONE, "me@example.org", zone_files)
    return list(tell(found, prepare(Options(**options)), wish))  # type: ignore[arg-type]


def test_queries_are_counted_by_registry() -> None:
    found = from_texts("here", [*(f"n{n}.nl" for n in range(100_000)), "a.co.uk", "b.co.uk"])
    lines = outlook(found)
    assert lines[0] == "would look at 100,002 names; nothing is sent now"
    assert lines[1] == "DNS: about 880,018 queries, 8.8 a name; at most 5,000 a second in all"
    assert lines[2] == "  registry nl: about 120,000 queries, 5 min at 100 a second and address"
    assert lines[3] == "  registry co.uk: about 2 queries, 0 s at 100 a second and address"
    assert lines[-2:] == ["contact: me@example.org", "it cannot take less than about 5 min"]


def test_queries_are_counted_by_the_name_servers_of_a_zone_file(tmp_path: Path) -> None:
    (tmp_path / "zz").write_text(ZONE)
    lines = outlook(read([str(tmp_path / "zz")]), server_rate=20)
    assert "  name server ns.big.example: about 11 queries, 1 s at 20 a second" in lines
    assert "  name server ns.small.example: about 4 queries, 0 s at 20 a second" in lines


def test_what_a_zone_file_tells_is_not_asked_of_its_registry(tmp_path: Path) -> None:
    (tmp_path / "zz").write_text(ZONE)
    found = read([str(tmp_path / "zz")])
    spared, asked = outlook(found), outlook(found, zone_files=False)
    assert "  of 2 names the zone file tells what their registries would (--ask-registry asks them)" in spared
    assert spared[1].startswith("DNS: about 15 queries, 7.7 a name")
    assert asked[1].startswith("DNS: about 18 queries, 8.8 a name")
    assert len(asked) == len(spared) - 1


def test_a_recursive_server_is_asked_everything() -> None:
    lines = outlook(from_texts("here", ["a.nl"]), resolvers=("192.0.2.53",))
    assert "all of them to 192.0.2.53:53, which asks the others" in lines
    assert not [line for line in lines if "registry" in line]


def listed(folder: Path, count: int) -> str:
    (folder / "list.txt").write_text("".join(f"n{n}.nl\n" for n in range(count)))
    return str(folder / "list.txt")


def test_a_dry_run_leaves_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = Command(lists=[listed(tmp_path, 20_000)], out=tmp_path / "run", dry_run=True, probe=Probe.ALL)
    assert run_scan(scan)
    out = capsys.readouterr().out
    assert "SMTP: about 20,000 conversations" in out
    assert "contact: none given (--contact)" in out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("count", "options", "contact", "wanted"),
    [
        (10_001, Options(), "", True),
        (10_000, Options(), "", False),
        (10_001, Options(), "me@example.org", False),
        (10_001, Options(lab="cc"), "", False),  # nobody's names
        (10_001, Options(stubs=("nl=127.0.0.1:5300",)), "", False),  # our own server
        (10_001, Options(stubs=("nl=192.0.2.1",)), "", True),
    ],
)
def test_who_scans_many_names_of_others_says_who_they_are(
    tmp_path: Path, count: int, options: Options, contact: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Begun(Exception):
        pass

    def begun(*_: object) -> None:
        raise Begun

    monkeypatch.setattr(command, "opened_store", begun)
    scan = Command(lists=[listed(tmp_path, count)], out=tmp_path / "run", options=options, contact=contact)
    with pytest.raises(OptionFault if wanted else Begun) as told:
        run_scan(scan)
    assert not wanted or "--contact" in str(told.value)
