"""Vectors of fetching a policy, played in the lab: the web server that a vector describes, our stage, our judge."""

from __future__ import annotations

import time
from typing import Any

import trio
from trio.testing import MockClock

from analysis.judge import registrable
from analysis.policy import Evidence, judge
from analysis.rules import Stage
from analysis.verdicts import PolicyVerdict, State
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors, starting_hints
from crawler.stages import policies
from crawler.standards.pkix import read_store
from crawler.visiting import Visitor
from lab.network import DirectNetwork
from lab.pki import Leaf
from lab.scenarios import build
from lab.scenarios.scenario import Classes, Scenario, Site
from lab.web import Web, policy

DOMAIN = "vector.org"
_COLUMNS = (
    "host", "outcome", "detail", "tls_version", "chain", "status", "media_type", "body", "observed_at",
)  # fmt: skip
_WORDS = {Stage.RECORD: "none", Stage.DNS: "no_policy", Stage.SYNTAX: "policy_syntax"}


def verdict_on(told: dict[str, Any]) -> str:
    """What we say of a fetch, in the vectors' words: ok, none, no_policy, policy_syntax, fetch_error."""
    certified = told.get("cert") == "valid"
    name = f"mta-sts.{DOMAIN}" if certified else "mta-sts.somebody-else.org"
    status = {200: "200 OK", 301: "301 Moved", 404: "404 Not Found", 500: "500 Sorry"}.get(told.get("status", 200))
    head = f"Location: {told['location']}\r\n" if "location" in told else ""
    body = told.get("body", f"version: STSv1\nmode: none\nmx: {DOMAIN}\nmax_age: 1\n")
    there = "" if told.get("host") == "NXDOMAIN" else "mta-sts A 45.98.0.1\n"
    scenario = Scenario(
        claim="",
        domain=DOMAIN,
        sites=(Site(apex=DOMAIN, records=f'_mta-sts TXT "v=STSv1; id=1"\n{there}'),),
        classes=Classes("", "", ""),
        row={},
        web=Web(leaf=Leaf(names=(name,)), script=policy(body, status=status or "200 OK", head=head)),
    )
    judged = trio.run(_fetched, scenario, clock=MockClock(autojump_threshold=0))
    return "ok" if judged.state is State.USABLE else _WORDS.get(judged.stage, "fetch_error")


async def _fetched(scenario: Scenario) -> PolicyVerdict:
    world = build([scenario], int(time.time()))
    net = DirectNetwork(world)
    resolver = Resolver(
        net, hints=starting_hints(world.hints()), anchors=starting_anchors(world.anchors()), now=lambda: world.now
    )
    row = await policies.observe(DOMAIN, resolver, Visitor(net=net), 1)
    evidence = Evidence(
        domain=DOMAIN, txt_outcome="answer", txt_security="secure", txt=("v=STSv1; id=1",), mail="no-mx",
        mx_security="secure", mx_hosts=(), policy={column: getattr(row, column) for column in _COLUMNS},
    )  # fmt: skip
    return judge(evidence, read_store(world.ca()), registrable)
