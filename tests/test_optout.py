"""Whoever opted out is not measured: domains become rejects, networks get no packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.exchange import Silence
from crawler.net import open_network
from crawler.optout import OptOutFault, read
from crawler.stages import names
from crawler.tables import Rejection

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
    assert list(found.found) == ["a.example", "b.example"]
    assert [(one.line, one.text, one.why) for one in found.rejects] == [(2, "www.example.nl", Rejection.OPTED_OUT)]
    assert (found.account.names, found.account.repeats, found.account.rejects) == (2, 1, 1)


async def test_no_packet_goes_to_a_network_that_opted_out() -> None:
    query = bytes(12) + b"\0\0\x02\0\x01"
    async with open_network(sockets=1, shunned=FILE.holds) as net:
        assert await net.over_udp(query, "45.1.0.1", 53, 1) is Silence.UNREACHABLE
        assert await net.over_tcp(query, "45.1.0.1", 53, 1) is Silence.UNREACHABLE
        async with net.connection("45.1.0.1", 25, 1) as stream:
            assert stream is Silence.UNREACHABLE
        assert (net.counters.udp_sent, net.counters.tcp_sent, net.counters.connections) == (0, 0, 0)
