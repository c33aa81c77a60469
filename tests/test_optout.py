"""Whoever opted out is not measured: domains become rejects, networks get no packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from crawler.exchange import Silence
from crawler.net import open_network
from crawler.optout import OptOut, OptOutFault, Watched, read
from crawler.progress import Progress
from crawler.runner import Brake
from crawler.scan import Pace, Scan, Stage, accounted, names_in, write_names
from crawler.stages import names
from crawler.standards.names import from_text
from crawler.standards.wire import Type, usual_query
from crawler.store import opened
from crawler.tables import Domain, Rejection, Row
from tests.rows import domain_row

if TYPE_CHECKING:
    from pathlib import Path

FILE = read(
    "example.nl  # asked by mail\n\n# all of it:\nb\u00fccher.example.\n45.1.0.0/16\n2600:3c00::/32\n198.51.100.7\n"
)


@pytest.mark.parametrize(
    ("domain", "left_alone"),
    [
        ("example.nl", True),
        ("www.example.nl", True),  # and what is below
        ("nl", False),
        ("myexample.nl", False),
        ("xn--bcher-kva.example", True),  # U-labels in the file
    ],
)
def test_a_domain_stands_for_all_below_it(domain: str, left_alone: bool) -> None:
    assert FILE.names(domain) is left_alone


@pytest.mark.parametrize(
    ("address", "left_alone"),
    [("45.1.2.3", True), ("45.2.0.1", False), ("2600:3c00::1", True), ("198.51.100.7", True), ("198.51.100.8", False)],
)
def test_networks(address: str, left_alone: bool) -> None:
    assert FILE.holds(address) is left_alone


def test_a_line_that_is_neither_is_told_with_its_number() -> None:
    with pytest.raises(OptOutFault, match=r"^line 2: "):
        read("a.example\nnot a domain\n")


def test_every_entry_is_still_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a.example\nwww.example.nl\nwww.example.nl\nb.example\n")
    found = names.read([str(path)])
    found.leave_alone(FILE.names)
    assert list(found.domains()) == ["a.example", "b.example"]
    assert [(one.line, one.text, one.why) for one in found.rejects()] == [(2, "www.example.nl", Rejection.OPTED_OUT)]
    assert (found.account.names, found.account.repeats, found.account.rejects) == (2, 1, 1)


async def test_no_packet_goes_to_a_network_that_opted_out() -> None:
    query = bytes(12) + b"\0\0\x02\0\x01"
    async with open_network(sockets=1, shunned=FILE.holds) as net:
        assert await net.over_udp(query, "45.1.0.1", 53, 1) is Silence.UNREACHABLE
        assert await net.over_tcp(query, "45.1.0.1", 53, 1) is Silence.UNREACHABLE
        async with net.connection("45.1.0.1", 25, 1) as stream:
            assert stream is Silence.UNREACHABLE
        assert (net.counters.udp_sent, net.counters.tcp_sent, net.counters.connections) == (0, 0, 0)


def test_a_file_that_grows_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "out"
    said: list[str] = []
    path.write_text("a.nl\n")
    watched = Watched(read("a.nl\n"), str(path))
    assert not watched.look(said.append)
    path.write_text("a.nl\nb.nl\n192.0.2.0/24\n")
    assert watched.look(said.append)
    assert (watched.names("www.b.nl"), watched.holds("192.0.2.7"), watched.holds("198.51.100.7")) == (True, True, False)
    assert not watched.look(said.append)
    assert len(said) == 1


def test_a_file_that_cannot_be_read_any_more_changes_nothing_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("a.nl\n")
    watched = Watched(read("a.nl\n"), str(path))
    said: list[str] = []
    path.write_text("not a name!\n")
    assert not watched.look(said.append)
    path.unlink()
    assert not watched.look(said.append)
    assert watched.names("a.nl")
    assert len(said) == 2
    assert all("still holds" in line for line in said)


def test_without_a_file_nothing_is_watched() -> None:
    watched = Watched(OptOut())
    assert not watched.look(print)
    assert not watched.holds("192.0.2.7")


async def test_a_network_that_opts_out_is_sent_nothing_any_more(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("a.nl\n")
    watched = Watched(read("a.nl\n"), str(path))
    async with open_network(allow_special=True, shunned=watched.holds) as net:
        query = usual_query(from_text("a.nl"), Type.MX)
        await net.over_udp(query, "127.0.0.1", 9, 0.01)
        sent = net.counters.udp_sent
        assert sent == 1
        path.write_text("a.nl\n127.0.0.0/8\n")
        assert watched.look(lambda _: None)
        net.forget_places()
        assert await net.over_udp(query, "127.0.0.1", 9, 0.01) is Silence.UNREACHABLE
        assert net.counters.udp_sent == sent


async def test_a_domain_that_opts_out_while_a_scan_runs_has_no_row_and_is_not_missed(tmp_path: Path) -> None:
    gone: set[str] = set()

    async def observe(key: str, look: int) -> Row:
        await trio.lowlevel.checkpoint()
        gone.update({"c.nl", "d.nl"})
        return domain_row(key, look)

    with opened(tmp_path / "run", {}) as store:
        write_names(store, names.from_texts("here", ["a.nl", "b.nl", "c.nl", "d.nl"]))
        stage = Stage(Domain, names_in, observe, lambda _: "")
        pace = Pace(workers=1, looks=1, seed=4)
        scan = Scan(store, (stage,), pace, Progress(quiet=True), Brake(), unwanted=gone.__contains__)
        assert await scan.crawl()
        done, measured = accounted(store, unwanted=gone.__contains__)
    assert done == measured
    assert 2 <= done <= 3  # the first one may have been looked at before it opted out
