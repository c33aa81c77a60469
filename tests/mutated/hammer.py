"""A spoiled reply's way: decoded, read as each kind of question, judged under keys that the captures themselves hold.

The only exception that may come out is the decoder's `WireFault`. What each step came to is
counted, so that a test can see that the hammer reaches what it is meant to reach.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crawler.resolver.cuts import Cut
from crawler.resolver.iterate import Walked
from crawler.resolver.limits import Limits
from crawler.resolver.reply import read
from crawler.resolver.trust import Trust
from crawler.resolver.validate import Judge
from crawler.standards.algorithms import SUPPORTED
from crawler.standards.dnssec import verify_keys
from crawler.standards.keys import DnssecFault, Key, ds_of, read_key
from crawler.standards.names import ROOT, ancestors
from crawler.standards.security import Reason
from crawler.standards.wire import Type, WireFault, decode

CAPTURES = Path(__file__).parents[3] / "shared" / "data" / "captures" / "dns-responses.jsonl.gz"
Capture = tuple[bytes, float]  # the message, and when it was captured (seconds since 1970)


def captured(path: Path = CAPTURES) -> list[Capture]:
    """The captured replies."""
    with gzip.open(path, "rt") as lines:
        return [(base64.b64decode(told["wire"]), float(told["ts"])) for told in map(json.loads, lines)]


@dataclass(slots=True)
class Tally:
    """What so many replies came to."""

    replies: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    verifications: int = 0


class Hammer:
    """Takes replies through decode, classify and validate. To be used inside a trio run, for cuts have ages."""

    def __init__(self, captures: Iterable[Capture]) -> None:
        self.tally = Tally()
        self._keys: dict[bytes, dict[bytes, Key]] = {}
        self._moment = 0.0
        self._judge = Judge(Limits(), algorithms=SUPPORTED, now=lambda: self._moment)
        for wire, _ in captures:
            self._learn(wire)

    def _learn(self, wire: bytes) -> None:
        """The keys of every zone: enough to verify what the zone signed."""
        for owner, rtype, _, _, rdata in decode(wire).answer:
            if rtype == Type.DNSKEY:
                try:
                    self._keys.setdefault(owner, {})[rdata] = read_key(rdata)
                except DnssecFault:
                    continue

    def strike(self, wire: bytes, moment: float) -> None:
        """One reply, as the answer to its own question; raises whatever is our mistake."""
        self._moment = moment
        self.tally.replies += 1
        try:
            message = decode(wire)
        except WireFault as fault:
            self.tally.faults[fault.fault] += 1
            return
        name, qtype = message.question[:2] if message.question is not None else (b"\7example\2nl\0", int(Type.MX))
        for zone in self._zones(name):
            keys = tuple(self._keys.get(zone, {}).values())
            cut = Cut(zone, None, (), ())
            reading = read(message, name, qtype, zone)
            walked = Walked(reading, message, cut, ("192.0.2.1", 53), 0.01)
            for trust in (Trust(Reason.CHAIN, keys), Trust(Reason.NO_DS)):
                judgement = self._judge.judge(walked, name, qtype, trust)
                self.tally.reasons[judgement.reason] += 1
                word = self._judge.ds_in_reply(name, walked, trust)
                self.tally.reasons[word.reason] += 1
                self._judge.ds_in_referral(name, zone, message.answer + message.authority, trust)
            if qtype == Type.DNSKEY:
                ds_set = [ds_of(zone, key) for key in keys[:4]]
                sigs = self._judge.signatures(walked, name, Type.DNSKEY)
                verdict = verify_keys(zone, reading.rdatas, sigs, ds_set, moment)
                self.tally.reasons[verdict.reason] += 1
            self.tally.kinds[reading.kind.name] += 1
        self.tally.verifications = self._judge.verifications

    def _zones(self, name: bytes) -> Iterator[bytes]:
        """The zone with keys that is deepest above the name, and the root."""
        for zone in ancestors(name):
            if zone in self._keys and zone != ROOT:
                yield zone
                break
        yield ROOT
