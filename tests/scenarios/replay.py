"""Playing a script: canned servers in the place of the network, trio's mock clock in the place of time.

Everything goes through the crawler's own front door, `Resolver`, without QNAME
minimisation, for the canned replies lack the minimised names. A query that no entry
matches is never answered, and so is one whose canned reply is to another question.
"""

from __future__ import annotations

import random
import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING

import trio
from trio.testing import MockClock

from crawler.exchange import Counters, Network, Silence, answers, question_of
from crawler.resolver.iterate import FAMILIES
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import StartFault, starting_anchors, starting_hints
from crawler.standards.algorithms import SUPPORTED
from crawler.standards.names import ROOT, is_below
from crawler.standards.wire import Type, decode
from tests.scenarios.compare import differs
from tests.scenarios.old_signatures import OLD
from tests.scenarios.reader import Entry, Scenario, ScriptFault
from tests.scenarios.records import RecordFault, name_of

if TYPE_CHECKING:
    from crawler.resolver.answer import Answer
    from crawler.resolver.ask import Address
    from crawler.standards.keys import Ds
    from crawler.standards.wire import Message
    from tests.scenarios.reader import Step

_UDP_SIZE = 4096
_DO = 0x8000


class Canned(Network):
    """The servers of a script. `step` is the point of its time that ranges are held against."""

    def __init__(self, scenario: Scenario) -> None:
        self.counters = Counters()
        self.step = 0
        self._ranges = scenario.ranges[::-1]
        self._off = {version for version in (4, 6) if scenario.off(f"do-ip{version}")}
        self._loopback = scenario.off("do-not-query-localhost")

    async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        """Ask over UDP."""
        return await self._ask(query, address, patience, tcp=False)

    async def over_tcp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        """Ask over TCP."""
        return await self._ask(query, address, patience, tcp=True)

    async def _ask(self, query: bytes, address: str, patience: float, *, tcp: bool) -> bytes | Silence:
        self.sent_at = sent_at = trio.current_time()
        where = ip_address(address)
        if where.version in self._off or (where.is_loopback and not self._loopback):
            await trio.lowlevel.checkpoint()
            return Silence.UNREACHABLE
        entry = self._entry(decode(query), str(where), tcp=tcp)
        reply = b"" if entry is None else message(entry, query)
        delay = entry.sleep if entry is not None else 0.0
        silent = entry is None or "do_not_answer" in entry.adjust or delay >= patience
        if silent or not answers(reply, question_of(query)):
            await trio.sleep(patience)
            self.sent_at = sent_at
            return Silence.TIMEOUT
        await trio.sleep(delay)
        self.sent_at = sent_at
        return reply

    def _entry(self, query: Message, address: str, *, tcp: bool) -> Entry | None:
        """Later ranges first; in one, the first entry that matches."""
        for canned in self._ranges:
            if canned.first <= self.step <= canned.last and (not canned.addresses or address in canned.addresses):
                for entry in canned.entries:
                    if _matches(entry, query, tcp=tcp):
                        return entry
        return None


def _matches(entry: Entry, query: Message, *, tcp: bool) -> bool:
    assert query.question is not None
    name, qtype, qclass = query.question
    canned = entry.question
    edns = query.edns
    for word in entry.match:
        if word in {"TCP", "UDP"}:
            fits = tcp is (word == "TCP")
        elif word == "DO":
            fits = edns is not None and edns.do
        elif word == "noedns":
            fits = edns is None
        elif word == "RD":
            fits = False  # an iterative resolver sets neither RD nor CD nor AD
        elif canned is None:
            fits = word not in ("qname", "qtype", "question", "all", "subdomain")
        elif word == "qname":
            fits = name == canned.name
        elif word == "qtype":
            fits = qtype == canned.qtype
        elif word == "subdomain":
            fits = is_below(name, canned.name)
        elif word in ("question", "all"):
            fits = (name, qtype, qclass) == canned
        else:
            fits = True
        if not fits:
            return False
    return True


def message(entry: Entry, query: bytes = b"\0\0") -> bytes:
    """An entry as octets, in reply to a query."""
    if entry.raw is not None:
        return query[:2] + entry.raw[2:]
    asked = entry.question.wire if entry.question is not None else b""
    if "copy_query" in entry.adjust and len(query) > 12:
        asked = question_of(query)
    sections = [list(section) for section in entry.sections]
    if entry.do or entry.options:
        sections[2].append(b"\0" + struct.pack("!HHIH", 41, _UDP_SIZE, _DO, len(entry.options)) + entry.options)
    counts = struct.pack("!HHHHH", entry.flags | entry.rcode, bool(asked), *(len(section) for section in sections))
    return query[:2] + counts + asked + b"".join(record for section in sections for record in section)


def play(scenario: Scenario) -> list[str]:
    """What differs, one line each; empty if the script is satisfied. Raises `ScriptFault`."""
    random.seed(0)  # the resolver throws dice for the order of servers
    return trio.run(_play, scenario, clock=MockClock(autojump_threshold=0))


async def _play(scenario: Scenario) -> list[str]:
    net = Canned(scenario)
    resolver = _resolver(scenario, net)
    differences: list[str] = []
    answered: list[tuple[Entry, Answer]] = []
    for at, step in enumerate(scenario.steps):
        if step.kind == "TIME_PASSES":
            await trio.sleep(step.seconds)
        elif step.kind == "QUERY":
            entry = _entry_of(step)
            if entry.question is None:
                raise ScriptFault(f"line {step.line}: a query without question")
            later = scenario.steps[at + 1 :]
            net.step = later[0].number if later else step.number
            answer = await resolver.resolve(entry.question.name, entry.question.qtype)
            answered.append((entry, answer))
        elif step.kind == "CHECK_ANSWER":
            expected = _entry_of(step)
            query, answer = _taken(answered, expected, step)
            difference = differs(query, expected, answer, message(expected))
            if difference:
                differences.append(f"step {step.number}: {difference}")
    return differences


def _entry_of(step: Step) -> Entry:
    if step.entry is None:
        raise ScriptFault(f"line {step.line}: a step without entry")
    return step.entry


def _taken(answered: list[tuple[Entry, Answer]], expected: Entry, step: Step) -> tuple[Entry, Answer]:
    """The answer that a check is about: to its question, else the oldest that is left."""
    for number, (query, _) in enumerate(answered):
        if query.question == expected.question:
            return answered.pop(number)
    if not answered:
        raise ScriptFault(f"line {step.line}: nothing was asked that could be checked")
    return answered.pop(0)


def _resolver(scenario: Scenario, net: Network) -> Resolver:
    hints: dict[bytes, list[str]] = {}
    stubs: dict[bytes, list[Address]] = {}
    for zone, addresses in scenario.zones:
        name = _wire(zone)
        for address in addresses:
            host, _, port = address.partition("@")
            if name == ROOT:
                hints.setdefault(ROOT, []).append(host)
            else:
                stubs.setdefault(name, []).append((host, int(port or 53)))
    date = scenario.date()
    return Resolver(
        net,
        hints=hints or starting_hints(),
        anchors=_anchors(scenario),
        stubs=stubs,
        now=lambda: date or 0.0,
        heed_times=date is not None,
        algorithms=OLD if "fake-sha1" in scenario.settings and not scenario.off("fake-sha1") else SUPPORTED,
        minimise=False,
        families=[family for family, digit in ((Type.A, 4), (Type.AAAA, 6)) if not scenario.off(f"do-ip{digit}")]
        or FAMILIES,
    )


def _wire(text: str) -> bytes:
    try:
        return (name_of(text).to_wire() or b"\0").lower()
    except RecordFault as fault:
        raise ScriptFault(str(fault)) from None


def _anchors(scenario: Scenario) -> dict[bytes, list[Ds]]:
    """Trust anchors; none of an iterator alone; an empty list where the script declares a domain insecure."""
    anchors: dict[bytes, list[Ds]] = {}
    lines = scenario.settings.get("trust-anchor", [])
    if lines and "validator" in scenario.last("module-config", "validator iterator"):
        try:
            anchors = starting_anchors("\n".join(lines))
        except StartFault as fault:
            raise ScriptFault(str(fault)) from None
    for text in scenario.settings.get("domain-insecure", []):
        anchors[_wire(text)] = []
    return anchors
