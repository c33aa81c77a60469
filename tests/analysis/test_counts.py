"""Small statistics of hosts: how many a domain has, how many different things there are, and IPv6; counted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analysis.stats import catalogue, count
from analysis.warehouse import Warehouse, open_run
from crawler.tables import Mail, Row, Target
from tests.analysis.rows import answer, dane_host, domain, fetch, host, implicit, made, mailing, name

SIX = {"aaaa": "answer secure", "addresses": ("192.0.2.1", "2001:db8::1")}
ROWS: list[Row] = [
    mailing("a.nl", (10, "mx.six.example"), (10, "mx.four.example"), (20, "mx.six.example")),
    mailing("b.nl", "mx.six.example"),
    mailing("c.nl", (10, "mx.lost.example"), (10, "localhost", Target.LOCALHOST)),
    mailing("d.nl", "mx.only.example"),
    implicit("e.nl"),
    domain("f.nl"),  # a null MX
    domain("g.nl", mx="timeout", mail=Mail.UNKNOWN, mx_hosts=()),
    name("h.nl"),  # not measured
    dane_host("mx.six.example", **SIX),
    host("mx.four.example", addresses=("192.0.2.2",)),
    host("mx.lost.example", aaaa="timeout", addresses=("192.0.2.3",)),
    host("mx.only.example", a=answer("nodata secure"), aaaa="answer secure", addresses=("2001:db8::2",)),
    host("e.nl", addresses=("192.0.2.1",)),
    fetch("a.nl", aaaa="answer secure", body=b"one"),
    fetch("b.nl", body=b"one"),
    fetch("c.nl", aaaa="timeout", body=b"two"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_run(made(tmp_path_factory.mktemp("run"), *ROWS)) as run:
        yield run


def told(run: Warehouse, statistic: str) -> dict[tuple[object, ...], tuple[object, ...]]:
    return {row[:2]: row[2:5] for row in count(run, catalogue()[statistic]).result.rows}


def test_hosts_are_counted_once_and_preferences_too(run: Warehouse) -> None:
    assert told(run, "mx_hosts_per_domain") == {
        ("hosts", "1"): (2, 4, 2), ("hosts", "2"): (2, 4, 2), ("preferences", "1"): (3, 4, 2),
        ("preferences", "2"): (1, 4, 2),
    }  # fmt: skip


def test_ipv6_that_could_not_be_looked_up_is_unknown(run: Warehouse) -> None:
    assert told(run, "ipv6") == {
        ("mail hosts", "ipv6"): (2, 4, 1),
        ("mail hosts", "ipv6 alone"): (1, 4, 1),
        ("domains with mail", "at some host"): (3, 4, 3),  # c.nl: its one host is open; g.nl, h.nl
        ("domains with mail", "at all hosts"): (2, 5, 2),  # c.nl has junk beside, so not all whatever the host has
        ("policy hosts", "ipv6"): (1, 2, 1),
    }


def test_different_things(run: Warehouse) -> None:
    assert dict(row for row in count(run, catalogue()["distinct_things"]).result.rows) == {
        "mail hosts": 5,
        "registrable names of mail hosts": 5,
        "addresses of mail hosts": 5,
        "TLSA RRsets": 1,
        "leaf certificates of mail hosts": 0,
        "name-server sets": 7,
        "policy hosts": 3,
        "policy bodies": 2,
    }
