"""Every word that the tables can hold is reached by some scenario: a word nobody has seen is a word nobody has tested.

All scenarios live in one world here and are crawled at once, so this also shows that none needs a world of its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from crawler.resolver import ask
from crawler.resolver.answer import Outcome
from crawler.stages import names
from crawler.standards.names import from_text
from crawler.standards.security import Reason, Security
from crawler.standards.wire import Type
from crawler.tables import Mail, Rejection, Target, TlsaBase
from lab.scenarios import SCENARIOS, build
from tests.lab import census
from tests.resolver.worlds import eyes_on

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum
    from pathlib import Path

    from trio.testing import MockClock

    from crawler.tables import Domain, Host

Words = dict[type, set[str]]  # kept apart by vocabulary, for two of them may share a word
VOCABULARIES: tuple[type[StrEnum], ...] = (Outcome, Reason, Security, Mail, Target, TlsaBase)

#: What one world with its own anchors cannot show, and where it is shown instead.
ELSEWHERE: dict[Reason, str] = {
    Reason.NO_ANCHOR: "a resolver without anchors: below, and tests/resolver/test_trust.py",
    Reason.ANCHOR_MISMATCH: "a resolver with another root's anchors: below, and tests/resolver/test_trust.py",
    Reason.DENIAL_UNPROVED: "only in a scan without --prove-all: tests/resolver/test_unproved.py",
    Reason.NO_DS_LISTED: "only where a zone file is the list: tests/resolver/test_plant.py",
    Reason.REPORTED_SECURE: "only with --trust-ad: tests/resolver/test_forward.py",
    Reason.REPORTED_INSECURE: "only with --trust-ad: tests/resolver/test_forward.py",
    Reason.REPORTED_BOGUS: "only with --trust-ad: tests/resolver/test_forward.py",
}


def words_of(rows: Iterable[Domain | Host]) -> Words:
    """Every word in some rows, by vocabulary."""
    found: Words = defaultdict(set)

    def add(value: object) -> None:
        if isinstance(value, VOCABULARIES):
            found[type(value)].add(value)
        elif isinstance(value, tuple):  # an `Answer` is one, too
            for part in value:
                add(part)

    for row in rows:
        for field in fields(row):
            add(getattr(row, field.name))
    return found


async def test_every_word_is_reached_by_some_scenario(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "random", lambda: 0.0)  # the broken one of two servers comes first
    world = build(SCENARIOS)
    found, looked = await census.crawl(census.resolver_in(world), [scenario.domain for scenario in SCENARIOS])
    words = words_of([*found, *looked])
    missing = {word for vocabulary in VOCABULARIES for word in set(vocabulary) - words[vocabulary]}
    assert missing == set(ELSEWHERE)


async def test_what_other_anchors_would_say_is_reached_with_other_anchors(autojump_clock: MockClock) -> None:
    mx = from_text("nsec.org")
    none = await eyes_on(build(SCENARIOS), anchors={}).resolver.resolve(mx, Type.MX)
    assert none.reason is Reason.NO_ANCHOR
    real = await eyes_on(build(SCENARIOS), anchors=None).resolver.resolve(mx, Type.MX)
    assert real.reason is Reason.ANCHOR_MISMATCH


def test_every_rejection_is_reached_by_some_line(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    lines = (
        b"a.example\n", b".\n", b"\xff\xfe.nl\n", b"a" * 64 + b".nl\n", b"abcdefg." * 40 + b"nl\n",
        b"a..nl\n", b"a b.nl\n", b"-a.nl\n", "\u0378.nl\n".encode(), b"192.0.2.1\n", b"nl\n", b"x" * 70_000,
    )  # fmt: skip
    listed.write_bytes(b"".join(lines))
    zone = tmp_path / "nl.zone"
    head = "$ORIGIN nl.\n@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns.example.\n"
    zone.write_text(head + "a NS ns.example.\nb NS\n")
    found = {reject.why for path in (listed, zone) for reject in names.read([str(path)]).rejects()}
    assert found == set(Rejection) - {Rejection.OPTED_OUT}  # which is no fault of a line: tests/test_optout.py
