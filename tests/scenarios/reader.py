"""The ``.rpl`` script: configuration, ranges of canned replies, and the steps of the clients.

The format is that of Unbound's ``testbound`` and of Deckard, as far as an iterative,
validating resolver can be tested by it. What is not understood is kept by name in
`Scenario.unheeded` (configuration) or raises `ScriptFault` (everything that a verdict
could hang on); nothing else is raised.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import dns.name

from tests.scenarios.records import DEFAULT_TTL, Question, RecordFault, name_of, question, record

FLAGS = {"QR": 0x8000, "AA": 0x0400, "TC": 0x0200, "RD": 0x0100, "RA": 0x0080, "AD": 0x0020, "CD": 0x0010}
RCODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
)  # fmt: skip
SECTIONS = ("QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL")
#: Steps in which a client or the clock does something; TRAFFIC, TIMEOUT and NOTHING come of themselves on our clock.
STEPS = ("QUERY", "CHECK_ANSWER", "TIME_PASSES", "TRAFFIC", "TIMEOUT", "NOTHING")
_HEEDED = frozenset({
    "trust-anchor", "val-override-date", "val-override-timestamp", "fake-sha1", "module-config", "domain-insecure",
    "do-ip4", "do-ip6", "do-not-query-localhost",
})  # fmt: skip
#: What concerns caches, privacy, logs or clients of a resolver that answers others; Unbound's default zones, too.
_OF_NO_MATTER = frozenset({
    "access-control", "aggressive-nsec", "ede", "features", "fake-dsa", "harden-referral-path", "iter-scrub-ns",
    "iter-scrub-cname", "iter-scrub-promiscuous", "key-cache-size", "local-zone", "log-servfail", "max-global-quota",
    "minimal-responses", "msg-buffer-size", "msg-cache-size", "outbound-msg-retry", "qname-minimisation",
    "qname-minimisation-strict", "query-minimization", "rrset-cache-size", "rrset-roundrobin", "stub-first",
    "forward-first", "stub-prime", "stub-name", "target-fetch-policy", "trust-anchor-signaling", "verbosity",
})  # fmt: skip
_INDISPENSABLE = frozenset({"stub-host", "forward-host", "trust-anchor-file", "auto-trust-anchor-file", "zonefile"})
_QUIET = frozenset({"opcode"})  # our queries have no other


class ScriptFault(ValueError):
    """A script that cannot be read, or asks for what this player has not got."""


@dataclass(slots=True)
class Entry:
    """One message of the script, what it matches and how it is adjusted."""

    line: int
    match: set[str] = field(default_factory=set)
    adjust: set[str] = field(default_factory=set)
    flags: int = 0
    rcode: int = 0
    do: bool = False
    ede: int | None = None
    sleep: float = 0.0
    question: Question | None = None
    sections: tuple[list[bytes], list[bytes], list[bytes]] = field(default_factory=lambda: ([], [], []))
    raw: bytes | None = None  # HEX_ANSWER: the whole reply as octets
    options: bytes = b""  # HEX_EDNSDATA: the OPT record's rdata


@dataclass(slots=True)
class Range:
    """Canned replies of one server (or any), for the steps from `first` to `last`."""

    first: int
    last: int
    addresses: set[str] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Step:
    """Something that happens at a point of the script's time."""

    number: int
    kind: str
    line: int
    entry: Entry | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class Scenario:
    """A whole script."""

    title: str = ""
    settings: dict[str, list[str]] = field(default_factory=dict)
    zones: list[tuple[str, list[str]]] = field(default_factory=list)  # stub and forward zones: name, addresses
    ranges: list[Range] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def last(self, setting: str, default: str) -> str:
        """A setting's value, the last one given."""
        return self.settings.get(setting, [default])[-1]

    def unheeded(self) -> list[str]:
        """Settings that this player does not know, and that might matter."""
        return sorted(self.settings.keys() - _HEEDED - _OF_NO_MATTER)

    def off(self, setting: str) -> bool:
        return self.last(setting, "yes").lower() in ("no", "off", "false", "0")

    def date(self) -> float | None:
        """The time by which signatures are judged; None where the script wants times ignored."""
        text = self.last("val-override-date", "")
        if text == "-1":
            return None
        if re.fullmatch(r"\d{14}", text):
            return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S"))
        text = text or self.last("val-override-timestamp", "")
        if not text or text == "0":
            return time.time()
        if not text.isdigit():
            raise ScriptFault(f"no date: {text!r}")
        return float(text)


def read(path: Path) -> Scenario:
    """The script in a file. Raises `ScriptFault`."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return _Reader(lines).scenario()
    except (OSError, RecordFault) as fault:
        raise ScriptFault(str(fault)) from None


def _address(text: str) -> str:
    """An IP address as Python writes it, with its port if one is given: ``ADDR[@PORT]``."""
    host, at, port = text.partition("@")
    try:
        return f"{ip_address(host)}{at}{int(port) if at else ''}"
    except ValueError:
        raise ScriptFault(f"no address: {text!r}") from None


def bare(line: str, comment: str = ";") -> str:
    """A line without its comment; a mark inside quotes or behind a backslash begins none."""
    quoted = False
    for at, character in enumerate(line):
        if character == '"' and line[at - 1 : at] != "\\":
            quoted = not quoted
        elif character in comment and not quoted and line[at - 1 : at] != "\\":
            return line[:at].strip()
    return line.strip()


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = iter(enumerate(lines, 1))
        self._origin, self._ttl = dns.name.root, DEFAULT_TTL

    def scenario(self) -> Scenario:
        scenario = Scenario()
        self._settings(scenario)
        for number, line in self._useful():
            word, _, rest = line.partition(" ")
            if word == "SCENARIO_BEGIN":
                scenario.title = rest
            elif word == "SCENARIO_END":
                return scenario
            elif word == "RANGE_BEGIN":
                scenario.ranges.append(self._range(number, rest.split()))
            elif word == "STEP":
                scenario.steps.append(self._step(number, rest.split()))
            elif word == "ENTRY_BEGIN" and scenario.steps:  # on a line of its own below its STEP
                scenario.steps[-1].entry = self._entry(number)
            elif not self._directive(line):
                raise ScriptFault(f"line {number}: not understood: {line[:60]!r}")
        raise ScriptFault("no SCENARIO_END")

    def _useful(self) -> Iterator[tuple[int, str]]:
        for number, line in self._lines:
            if (whole := bare(line)) and not whole.startswith("#"):
                yield number, re.sub(r"\s+", " ", whole)

    # ---- the head ----

    def _settings(self, scenario: Scenario) -> None:
        """unbound.conf; Deckard also has a bare ``stub-addr`` that means the root."""
        zone: list[str] | None = None
        section = ""
        for _, line in self._lines:
            line = bare(line, ";#")
            if line.startswith("CONFIG_END"):
                return
            key, colon, value = line.partition(":")
            key, value = key.strip().lower(), value.strip().strip("\"'").strip()
            if not colon:
                continue
            if not value:
                section, zone = key, None
            elif section in ("stub-zone", "forward-zone") and key == "name":
                zone = []
                scenario.zones.append((value, zone))
            elif key in ("stub-addr", "forward-addr"):
                if zone is None:
                    zone = []
                    scenario.zones.append((".", zone))
                zone.append(_address(value))
            elif key in _INDISPENSABLE:
                raise ScriptFault(f"a setting that is not played here: {key}")
            else:
                scenario.settings.setdefault(key, []).append(value)
        raise ScriptFault("no CONFIG_END")

    # ---- the body ----

    def _range(self, number: int, words: list[str]) -> Range:
        if len(words) < 2 or not all(word.isdigit() for word in words[:2]):
            raise ScriptFault(f"line {number}: a range from where to where?")
        canned = Range(int(words[0]), int(words[1]), {_address(word) for word in words[2:3]})
        for at, line in self._useful():
            word, _, rest = line.partition(" ")
            if word == "RANGE_END":
                return canned
            if word == "ADDRESS":
                canned.addresses.update(_address(word) for word in rest.split()[:1])
            elif word == "ENTRY_BEGIN":
                canned.entries.append(self._entry(at))
            elif not self._directive(line):
                raise ScriptFault(f"line {at}: not understood: {line[:60]!r}")
        raise ScriptFault(f"line {number}: no RANGE_END")

    def _step(self, number: int, words: list[str]) -> Step:
        if len(words) < 2 or not words[0].isdigit():
            raise ScriptFault(f"line {number}: a step without number or deed")
        step = Step(int(words[0]), words[1].upper(), number)
        if step.kind not in STEPS:
            raise ScriptFault(f"line {number}: a step that is not played here: {step.kind}")
        if step.kind == "TIME_PASSES":
            try:
                step.seconds = float(words[3])
            except (IndexError, ValueError):
                raise ScriptFault(f"line {number}: how much time passes?") from None
        return step

    def _entry(self, number: int) -> Entry:
        entry = Entry(number)
        section = ""
        for at, line in self._useful():
            word, _, rest = line.partition(" ")
            if word == "ENTRY_END":
                return entry
            if word == "MATCH":
                self._match(at, entry, rest)
            elif word == "ADJUST":
                self._adjust(at, entry, rest)
            elif word == "REPLY":
                self._reply(at, entry, rest)
            elif word == "SECTION":
                section = rest.upper()
                if section not in SECTIONS:
                    raise ScriptFault(f"line {at}: no such section: {rest!r}")
            elif word == "HEX_ANSWER_BEGIN":
                entry.raw = self._hex("HEX_ANSWER_END")
            elif word == "HEX_EDNSDATA_BEGIN":
                entry.options = self._hex("HEX_EDNSDATA_END")
            elif word not in ("MANDATORY", "OPTIONAL") and not self._directive(line):
                self._record(at, entry, section, line)
        raise ScriptFault(f"line {number}: no ENTRY_END")

    def _record(self, number: int, entry: Entry, section: str, line: str) -> None:
        while line.count("(") > line.count(")"):
            _, more = next(self._useful(), (0, ")"))
            line += " " + more
        if '"' not in line:
            line = line.replace("(", " ").replace(")", " ")
        try:
            if section == "QUESTION":
                entry.question = question(line, self._origin)
            elif section:
                entry.sections[SECTIONS.index(section) - 1].append(record(line, self._origin, self._ttl))
            else:
                raise RecordFault(f"not understood: {line[:60]!r}")
        except RecordFault as fault:
            raise ScriptFault(f"line {number}: {fault}") from None

    @staticmethod
    def _match(number: int, entry: Entry, rest: str) -> None:
        for word in rest.split():
            key, _, value = word.partition("=")
            if key == "ede" and value:
                entry.ede = int(value) if value.isdigit() else None
            elif key in MATCHES:
                entry.match.add(key)
            else:
                raise ScriptFault(f"line {number}: MATCH {word} is not played here")
        entry.match -= _QUIET

    @staticmethod
    def _adjust(number: int, entry: Entry, rest: str) -> None:
        for word in rest.split():
            key, _, value = word.partition("=")
            if key in ("sleep", "packet_sleep") and value.isdigit():
                entry.sleep = float(value)
            elif key in ("copy_id", "copy_query", "do_not_answer"):
                entry.adjust.add(key)
            else:
                raise ScriptFault(f"line {number}: ADJUST {word} is not played here")

    @staticmethod
    def _reply(number: int, entry: Entry, rest: str) -> None:
        for word in rest.upper().split():
            if word in FLAGS:
                entry.flags |= FLAGS[word]
            elif word == "DO":
                entry.do = True
            elif word == "NOTIMPL":
                entry.rcode = RCODES.index("NOTIMP")
            elif word in RCODES:
                entry.rcode = RCODES.index(word)
            elif word != "QUERY":
                raise ScriptFault(f"line {number}: REPLY {word} is not played here")

    def _hex(self, end: str) -> bytes:
        digits = ""
        for number, line in self._useful():
            if line.startswith(end):
                return bytes.fromhex(digits)
            digits += line.replace(" ", "")
            if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
                raise ScriptFault(f"line {number}: not hexadecimal")
        raise ScriptFault(f"no {end}")

    def _directive(self, line: str) -> bool:
        """Master-file directives, anywhere."""
        word, _, rest = line.partition(" ")
        if word == "$ORIGIN":
            self._origin = name_of(rest)
        elif word == "$TTL" and rest.isdigit():
            self._ttl = int(rest)
        else:
            return False
        return True


#: Words of MATCH: the first line for canned replies, the second for what the client gets.
MATCHES = frozenset({
    "opcode", "qtype", "qname", "qcase", "subdomain", "question", "DO", "noedns", "TCP", "UDP",
    "all", "ttl", "rcode", "flags", "answer", "authority", "additional", "AD", "CD", "RD",
})  # fmt: skip
