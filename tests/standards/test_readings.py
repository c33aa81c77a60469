"""Readings: two verdicts from one pass, and the choice among TXT records (RFC 8461 section 3.1, erratum 6285)."""

from __future__ import annotations

import pytest

from crawler.standards import mtasts
from crawler.standards.readings import MAX_PROBLEMS, Findings, Reading, RecordFlaw


def test_nothing_wrong_is_right_both_ways() -> None:
    reading = Findings(frozenset()).reading("value")
    assert (reading.strict, reading.lenient, reading.problem) == ("value", "value", None)


def test_what_is_forgiven_is_only_leniently_right() -> None:
    found = Findings({RecordFlaw.BAD_ID})
    found.add(RecordFlaw.BAD_ID, "id=a-b")
    reading = found.reading("value")
    assert (reading.strict, reading.lenient) == (None, "value")
    assert reading.problem is not None
    assert (reading.problem.flaw, reading.problem.line, reading.problem.text) == (RecordFlaw.BAD_ID, 0, "id=a-b")


def test_the_problem_told_is_the_one_that_nobody_forgives() -> None:
    found = Findings({RecordFlaw.BAD_ID})
    found.add(RecordFlaw.BAD_ID, "id=a-b")
    found.add(RecordFlaw.BAD_URI, "x", 3)
    reading: Reading[str] = found.reading(None)
    assert reading.problem is not None
    assert reading.problem.flaw is RecordFlaw.BAD_URI


def test_problems_are_bounded_and_the_refusal_is_not_lost() -> None:
    found = Findings({RecordFlaw.EMPTY_FIELD})
    for _ in range(1000):
        found.add(RecordFlaw.EMPTY_FIELD, "x" * 1000)
    found.add(RecordFlaw.BAD_URI, "late")
    reading: Reading[str] = found.reading(None)
    assert len(reading.problems) == MAX_PROBLEMS
    assert len(reading.problems[0].text) < 200
    assert reading.problem is not None
    assert reading.problem.text == "late"


@pytest.mark.parametrize(
    ("records", "strict", "lenient", "flaw"),
    [
        ([b"v=STSv1; id=1"], "1", "1", None),
        ([b"v=STSv1; id=1", b"v=spf1 -all", b""], "1", "1", None),  # others are dropped
        ([], None, None, RecordFlaw.NO_RECORD),
        ([b"v=spf1 -all"], None, None, RecordFlaw.NO_RECORD),
        ([b"v=STSv1"], None, None, RecordFlaw.NO_RECORD),  # the prefix has the semicolon in it
        ([b"v=STSv10; id=1"], None, None, RecordFlaw.NO_RECORD),
        ([b"V=STSV1; id=1"], None, None, RecordFlaw.NO_RECORD),  # case counts
        ([b" v=STSv1; id=1"], None, None, RecordFlaw.NO_RECORD),
        ([b"v=STSv1; id=1", b"v=STSv1; id=1"], None, None, RecordFlaw.SEVERAL_RECORDS),  # even if they agree
        ([b"v=STSv1; id=1", b"v=STSv1;"], None, None, RecordFlaw.SEVERAL_RECORDS),  # counted before they are read
        ([b"v=STSv1 ; id=1"], None, "1", RecordFlaw.SPACED_VERSION),  # by the ABNF yes, by the prefix no
        ([b"v=STSv1\t; id=1;;"], None, "1", RecordFlaw.SPACED_VERSION),
        ([b"v=STSv1; id=1", b"v=STSv1 ; id=2"], "1", "1", None),  # the second is dropped by the letter
        ([b"v=STSv1; id=1", b"v=STSv1; id=\xff"], None, "1", RecordFlaw.SEVERAL_RECORDS),  # some senders see one
        ([b"v=STSv1; id=\xff"], None, None, RecordFlaw.NOT_ASCII),
        ([b"v=STSv1; id=1;;"], None, "1", RecordFlaw.EMPTY_FIELD),
    ],
)
def test_exactly_one_record_must_be_left(
    records: list[bytes], strict: str | None, lenient: str | None, flaw: RecordFlaw | None
) -> None:
    reading = mtasts.read_records(records)
    assert (reading.strict and reading.strict.id) == strict
    assert (reading.lenient and reading.lenient.id) == lenient
    assert (reading.problem and reading.problem.flaw) == flaw
