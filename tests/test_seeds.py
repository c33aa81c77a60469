"""A zone file is the list: its registry is not asked what the file says, and every verdict is the same."""

from __future__ import annotations

import struct
import tempfile
from typing import TYPE_CHECKING, Any

import pytest

from crawler import backlog
from crawler import seeds as seeding
from crawler.crawl import Looks, seeing
from crawler.resolver.forward import ForwardingResolver
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.scan import write_names
from crawler.seeds import Seeds
from crawler.session import Eyes
from crawler.stages import domains, names
from crawler.standards.names import ROOT, from_text
from crawler.standards.wire import Type
from crawler.store import StoreFault, opened
from crawler.tables import Delegation, Domain
from lab.export import explicit, export
from lab.listing import from_names, generate
from lab.names import wire
from lab.population import Population
from lab.profiles import CC
from tests.resolver.worlds import Watching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trio.testing import MockClock

    from crawler.standards.wire import Record


def everybody(_: str) -> bool:
    """Every key is this shard's."""
    return True


class Taking:
    """Stands for a resolver: keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[bytes, bytes, Sequence[Record]]] = []

    async def plant(self, zone: bytes, child: bytes, records: Sequence[Record]) -> bool:
        self.given.append((zone, child, records))
        return True


ZONE = """tr. 60 IN SOA a.tr. b. 1 2 3 4 5
tr. 60 IN NS a.tr.
a.tr. 60 IN A 192.0.2.1
one.tr. 60 IN NS ns.one.tr.
one.tr. 60 IN NS ns.else.example.
one.tr. 60 IN DS 4242 13 2 00FF 11
one.tr. 60 IN RRSIG DS 13 2 300 20260102030405 1700000000 77 tr. AAEC AwQ=
ns.one.tr. 60 IN A 192.0.2.2
ns.one.tr. 60 IN AAAA 2001:DB8::1
ns.else.example. 60 IN A 192.0.2.3
two.tr. 60 IN NS a.tr.
sub.two.tr. 60 IN NS a.tr.
odd.tr. 60 IN NS a.tr.
odd.tr. 60 IN DS 1 13 2 0g
"""


def kept(tmp_path: Path, zone: str = ZONE) -> Any:
    (tmp_path / "zone").write_text(zone)
    return opened(tmp_path / "run", {"x": 1}), names.read([str(tmp_path / "zone")])


async def test_what_a_zone_file_says_is_handed_over_as_a_referral_would_say_it(tmp_path: Path) -> None:
    folder, found = kept(tmp_path)
    taking = Taking()
    with folder as store:
        write_names(store, found)
        seeds = Seeds(taking)
        keys = ["two.tr", "nowhere.tr", "odd.tr", "sub.two.tr", "one.tr"]
        with backlog.opened(keys, (), "0") as left:
            seeds.begin(store, left, everybody)
            for key in left:
                await seeds.plant(key)
    given = {child: (zone, child, records) for zone, child, records in taking.given}
    assert given.keys() == {from_text("two.tr"), from_text("one.tr")}, (
        "one that another delegates, and one that is written oddly, are asked for"
    )
    zone, child, records = given[from_text("one.tr")]
    assert zone == from_text("tr")
    assert records == [
        (child, Type.NS, 1, 300, from_text("ns.one.tr")),
        (child, Type.NS, 1, 300, from_text("ns.else.example")),
        (child, Type.DS, 1, 300, struct.pack(">HBB", 4242, 13, 2) + b"\x00\xff\x11"),
        (
            child, Type.RRSIG, 1, 300,
            struct.pack(">HBBIIIH", Type.DS, 13, 2, 300, 1767323045, 1700000000, 77) + b"\x02tr\0" + bytes(range(5)),
        ),
        (from_text("ns.else.example"), Type.A, 1, 300, bytes((192, 0, 2, 3))),
        (from_text("ns.one.tr"), Type.A, 1, 300, bytes((192, 0, 2, 2))),
        (from_text("ns.one.tr"), Type.AAAA, 1, 300, bytes.fromhex("20010db8" + 23 * "0" + "1")),
    ]  # fmt: skip


async def test_keys_are_passed_over_by_whom_nobody_delegates(tmp_path: Path) -> None:
    """A domain that opted out is taken and not planted; what is left of an interrupted run begins in the middle."""
    folder, found = kept(tmp_path)
    taking = Taking()
    with folder as store:
        write_names(store, found)
        seeds = Seeds(taking)
        await seeds.plant("two.tr")
        with backlog.opened(["two.tr", "one.tr", "nowhere.tr"], (), "0") as left:
            first, second = (key for key in left if key != "nowhere.tr")
            seeds.begin(store, left, everybody)
            assert seeds.take(first) is not None
            await seeds.plant(second)
            assert [child for _, child, _ in taking.given] == [from_text(second)]
            seeds.stop()
            await seeds.plant(second)
            seeds.begin(store, left, everybody)
            await seeds.plant(second)  # the first has a row already
            seeds.begin(store, left, lambda key: key != second)
            await seeds.plant(second)
    assert [child for _, child, _ in taking.given] == [from_text(second)] * 2


@pytest.mark.parametrize("many", [0, 7, 1_000])
def test_many_delegations_come_in_the_order_of_their_keys_from_the_disk(
    many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "MANY", many)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lines = "".join(f"d{number}.tr. 60 IN NS ns.d{number}.tr.\nns.d{number}.tr. 60 IN A 192.0.2.{number % 250}\n"
                    for number in range(600))  # fmt: skip
    folder, found = kept(tmp_path, ZONE + lines)
    with folder as store:
        write_names(store, found)
        seeds = Seeds(Taking())
        with backlog.opened([f"d{number}.tr" for number in range(0, 900, 2)], (), "0") as left:
            seeds.begin(store, left, lambda key: not key.endswith("4.tr"))
            taken = {key: seeds.take(key) for key in left}
        for key, row in taken.items():
            assert (row is not None) == (int(key[1:-3]) < 600 and not key.endswith("4.tr")), key
            if row is not None:
                assert (row["domain"], row["ns"]) == (key, [f"ns.{key}"])
        seeds.stop()
    del found, seeds
    assert list(tmp_path.glob("dane-census-*")) == []


def test_no_room_for_delegations_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, found = kept(tmp_path)
    with folder as store:
        write_names(store, found)
        monkeypatch.setattr(seeding, "MANY", 0)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        with (
            backlog.opened(["one.tr"], (), "0") as left,
            pytest.raises(StoreFault, match=r"gone: No such file or directory; set TMPDIR"),
        ):
            Seeds(Taking()).begin(store, left, everybody)


async def test_behind_a_recursive_server_nobody_is_planted(autojump_clock: MockClock) -> None:
    """Whoever a zone file names is not to be asked in its place."""
    net = Watching(Population(generate(1, "se"), seed=1))
    resolver = ForwardingResolver(net, servers=[("192.0.2.53", 53)], anchors={})
    child, ns = from_text("one.tr"), from_text("ns.one.tr")
    records = [(child, int(Type.NS), 1, 60, ns), (ns, int(Type.A), 1, 60, b"abcd")]
    assert not await resolver.plant(from_text("tr"), child, records)
    await resolver.resolve(child, Type.MX)
    assert {server for server, _, _ in net.questions()} == {"192.0.2.53"}
    assert seeing(Eyes(resolver, net), Looks())[0].seeds is None
    walking = Eyes(Resolver(net, hints={ROOT: ["192.0.2.1"]}, anchors={}), net)
    assert seeing(walking, Looks())[0].seeds is not None
    assert seeing(walking, Looks(zone_files=False))[0].seeds is None


def test_lists_without_delegations_leave_the_table_empty(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.nl\n")
    with opened(tmp_path / "run", {"x": 1}) as store:
        write_names(store, names.read([str(tmp_path / "list")]))
        assert sum(table.num_rows for table in store.columns(Delegation, ["domain"])) == 0


async def looked_at(
    listed: Sequence[str], seeds: Seeds | None, net: Watching, resolver: Resolver
) -> tuple[dict[str, Domain], list[str]]:
    """A row for each name, and which of them the registry's servers were asked about."""
    rows = {}
    for name in listed:
        if seeds is not None:
            await seeds.plant(name)
        rows[name] = await domains.observe(name, resolver, 1)
    zone = await resolver.zone(from_text("se"))
    assert zone is not None
    there = {address for address, _ in zone.glue}
    asked = [name for server, name, _ in net.questions(*there) if name in rows]
    return rows, asked


def verdicts(row: Domain) -> tuple[object, ...]:
    """What a row says of its domain, whoever was asked for it; whether the absence of a DS is proved may differ."""
    how = {"no-ds-listed": "no-ds", "opt-out": "no-ds"}
    answers = [(a.outcome, a.security, how.get(a.reason, a.reason), sorted(a.rdata)) for a in (row.mx, row.mta_sts)]
    ds = (row.ds.outcome, row.ds.rdata and row.ds.security, sorted(row.ds.rdata)) if row.ds is not None else None
    return (
        row.zone, row.zone_security, how.get(row.zone_reason, row.zone_reason), row.name_servers, answers, ds,
        sorted(row.dnskey_set), row.mail, row.mx_hosts,
    )  # fmt: skip


async def test_every_verdict_is_the_same_and_the_registry_is_left_alone(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    listed = list(generate(250, "se").names)
    world = Population(from_names(listed), profile=CC, seed=7)
    zone = world.zone("se")
    assert zone is not None
    export([explicit(zone, map(wire, sorted(listed)))], tmp_path / "zones")
    (file,) = (tmp_path / "zones").glob("se.zone")
    seen = []
    with opened(tmp_path / "run", {"x": 1}) as store:
        write_names(store, names.read([str(file)]))
        for planting in (False, True):
            net = Watching(world)
            hints, anchors = starting_hints(world.hints()), starting_anchors(world.anchors())
            resolver = Resolver(net, hints=hints, anchors=anchors, now=lambda: world.now)
            seeds = Seeds(resolver) if planting else None
            with backlog.opened(listed, (), "0") as left:
                if seeds is not None:
                    seeds.begin(store, left, everybody)
                seen.append((*await looked_at(list(left), seeds, net, resolver), resolver.listed))
    (asked_rows, asked, none), (rows, hardly_asked, (taken, doubted)) = seen
    assert none == (0, 0)
    assert taken == 250
    for name, row in rows.items():
        assert verdicts(row) == verdicts(asked_rows[name])
    assert len(asked) >= 250
    assert len(hardly_asked) <= 2 * doubted < 40
    reasons = {row.zone_reason for row in rows.values()}
    assert {"chain", "no-ds-listed"} <= reasons
