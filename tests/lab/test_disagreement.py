"""Servers of one zone that differ: what `--per-server` observes, and what the statistics make of it, is as written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from analysis.stats import catalogue
from analysis.warehouse import open_run
from crawler.cli import main
from crawler.resolver.answer import Outcome
from crawler.resolver.direct import Direct
from crawler.stages import zones
from crawler.tables import Reply, SignatureTimes, Zone
from lab.network import DirectNetwork
from lab.scenarios import SCENARIOS, build, disagreement
from tests.analysis.rows import THEN, made, name
from tests.lab import census

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock


WRITTEN = [scenario for scenario in SCENARIOS if scenario.agreement]


async def test_agreement_is_as_written(tmp_path: Path, autojump_clock: MockClock) -> None:
    world = build(WRITTEN, int(time.time()))  # signatures are held against the moment of the look
    resolver, direct = census.resolver_in(world), Direct(DirectNetwork(world))
    rows = [await zones.observe(scenario.domain, resolver, direct, 1) for scenario in WRITTEN]
    with open_run(made(tmp_path / "all", name("a.example"), *rows)) as run:
        classes = run.query("select zone, subject, agreement from zone_class").rows
        found = {(zone, subject): agreement for zone, subject, agreement in classes}
    ten = {scenario.domain for scenario in disagreement.SCENARIOS}
    with open_run(made(tmp_path / "ten", name("a.example"), *(row for row in rows if row.zone in ten))) as run:
        counted = run.query(catalogue()["name_servers"].sql).records()
    assert found == {(one.domain, what): word for one in WRITTEN for what, word in one.agreement.items()}
    assert {len(one.agreement) for one in WRITTEN} == {6}
    # counted by hand from the ten scenarios
    told = {(r["subject"], r["agreement"]): (r["numerator"], r["denominator"], r["unknown"]) for r in counted}
    assert told["MX", "differ"] == (2, 9, 1)
    assert told["MX", "agree"] == (6, 9, 1)
    assert told["serial", "differ"] == (1, 8, 2)
    assert told["dates", "nothing"] == (3, 8, 2)
    assert told["signed", "one-server"] == (1, 8, 2)
    assert told["SOA", "unknown"] == (2, None, None)
    assert len(told) == len(counted) == 30


def test_a_denial_without_signatures_beside_it_is_no_lack_of_signatures(tmp_path: Path) -> None:
    """One of two servers has no MX: that is told of MX, and signatures are compared where there are records."""

    def said(address: str, rtype: str, *rdata: bytes) -> Reply:
        outcome = Outcome.ANSWER if rdata else Outcome.NODATA
        signed = (SignatureTimes(1, 13, 0, 2**32 - 1),) if rdata else ()
        rrset = rdata[0] if rdata else None
        return Reply("ns.a.example", address, rtype, outcome, True, None, rrset, rdata, 60, signed, 0.1, 1)

    replies = (
        said("192.0.2.1", "SOA", b"s"), said("192.0.2.1", "MX", b"m"), said("192.0.2.1", "DNSKEY", b"k"),
        said("192.0.2.2", "SOA", b"s"), said("192.0.2.2", "MX"), said("192.0.2.2", "DNSKEY", b"k"),
    )  # fmt: skip
    row = Zone(
        zone="a.example", look=1, observed_at=THEN, name_servers=("ns.a.example",), without_address=(), left_out=0,
        replies=replies, queries=6, elapsed=0.1,
    )  # fmt: skip
    with open_run(made(tmp_path, name("a.example"), row)) as run:
        assert dict(run.query("select subject, agreement from zone_class").rows) == {
            "SOA": "agree", "serial": "nothing", "MX": "differ", "DNSKEY": "agree", "signed": "agree", "dates": "agree",
        }  # fmt: skip


def test_a_scan_asks_every_server_where_it_is_told_to_and_later_if_it_is_told_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, out = tmp_path / "list", tmp_path / "run"
    listed.write_text("".join(f"d{n}.example-list.com\n" for n in range(3)) + "lab-one.com\nlab-two.com\n")
    counts = []
    for options in ((), ("--per-server",), ("--per-server",)):
        with pytest.raises(SystemExit) as ended:
            main(["scan", str(listed), "--out", str(out), "--lab", "gtld", "--looks", "1", "--quiet", *options])
        assert ended.value.code == 0
        assert capsys.readouterr().out.endswith("accounted: 5 of 5 names\n")
        with open_run(out) as run:
            counts.append(run.query("select count(*), count(distinct zone) from zone_looks").rows[0])
            own = run.query("select count(*) from domains where zone = domain").rows[0][0]
            fewest = run.query("select min(len(replies)) from zone_looks").rows[0][0]
    assert counts == [(0, 0), (own, own), (own, own)]
    assert own > 0
    assert fewest >= 3


@pytest.mark.parametrize("agreement", ["agree", "differ", "one-server", "nothing", "unknown"])
def test_every_word_of_agreement_is_in_a_written_truth(agreement: str) -> None:
    assert any(agreement in scenario.agreement.values() for scenario in WRITTEN)
