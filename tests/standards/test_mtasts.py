"""MTA-STS records, policies and patterns (RFC 8461 sections 3.1, 3.2 and 4.1): what is good, what is bad, and why."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.mtasts import (
    MAX_AGE,
    POLICY_FORGIVEN,
    Mode,
    PolicyFlaw,
    Record,
    admits,
    is_plain_text,
    pattern_flaw,
    read_policy,
    read_record,
    read_records,
)
from crawler.standards.readings import MAX_TEXT, RECORD_FORGIVEN, Reading, RecordFlaw
from tests.vectors import mtasts as vectors

HEAD = "version: STSv1\nmode: enforce\nmax_age: 86400\n"
GOOD = HEAD + "mx: mx.example.nl\n"

# ---- records ----


def good(text: str, identity: str) -> Record:
    reading = read_record(text.encode())
    assert reading.strict is not None, reading.problem
    assert reading.strict == reading.lenient
    assert reading.strict.id == identity
    assert not reading.problems
    return reading.strict


def bad(text: str, flaw: RecordFlaw) -> None:
    reading = read_record(text.encode())
    assert reading.strict is None
    assert reading.problem is not None
    assert reading.problem.flaw is flaw
    assert (reading.lenient is not None) is (flaw in RECORD_FORGIVEN)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("v=STSv1; id=20160831085700Z;", "20160831085700Z"),  # the RFC's own
        ("v=STSv1;id=a", "a"),
        ("v=STSv1 \t;\t id=a \t; \t", "a"),  # white space about each semicolon
        ("v=STSv1; id=" + "a" * 32, "a" * 32),
        ("v=STSv1; x.y-z_0=!:<>~; id=a", "a"),  # order is not significant, unknown fields are ignored
        ("v=STSv1; id=a; id=b", "a"),  # the first counts
        ("v=STSv1; id=a; ID=b", "a"),  # another name
    ],
)
def test_good_records(text: str, identity: str) -> None:
    good(text, identity)


def test_unknown_fields_are_kept() -> None:
    assert good("v=STSv1; x=1; id=a; y=2", "a").extensions == (("x", "1"), ("y", "2"))


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", RecordFlaw.VERSION),
        ("v=STSv2; id=a", RecordFlaw.VERSION),
        ("v=STSv12; id=a", RecordFlaw.VERSION),
        ("v=stsv1; id=a", RecordFlaw.VERSION),  # %s in the ABNF: case counts
        ("v = STSv1; id=a", RecordFlaw.VERSION),
        ("id=a; v=STSv1", RecordFlaw.VERSION),  # not in front
        (" v=STSv1; id=a", RecordFlaw.VERSION),
        ("v=STSv1", RecordFlaw.MISSING_ID),
        ("v=STSv1;", RecordFlaw.MISSING_ID),
        ("v=STSv1; id =a", RecordFlaw.MISSING_ID),  # a field of another name, and a bad one
        ("v=STSv1; x=1", RecordFlaw.MISSING_ID),
        ("v=STSv1; id=", RecordFlaw.EMPTY_ID),
        ("v=STSv1; id=a b=c", RecordFlaw.ID_SPACE),  # a semicolon is missing
        ("v=STSv1; id=a-b", RecordFlaw.BAD_ID),
        ("v=STSv1; id=2024=1", RecordFlaw.BAD_ID),
        ("v=STSv1; id=" + "a" * 33, RecordFlaw.BAD_ID),
        ("v=STSv1; id=a ", RecordFlaw.OUTER_SPACE),
        ("v=STSv1; id=a;;", RecordFlaw.EMPTY_FIELD),
        ("v=STSv1;; id=a", RecordFlaw.EMPTY_FIELD),
        ("v=STSv1; id=a; x", RecordFlaw.NOT_A_PAIR),
        ("v=STSv1; id=a; _x=1", RecordFlaw.EXTENSION_NAME),
        ("v=STSv1; id=a; " + "x" * 33 + "=1", RecordFlaw.EXTENSION_NAME),
        ("v=STSv1; id=a; x=", RecordFlaw.EXTENSION_VALUE),
        ("v=STSv1; id=a; x=1=2", RecordFlaw.EXTENSION_VALUE),
        ("v=STSv1; id=a; x=1 2", RecordFlaw.EXTENSION_VALUE),
        ("v=STSv1; id=a; x=é", RecordFlaw.NOT_ASCII),
        ("v=STSv1; id=" + "a" * MAX_TEXT, RecordFlaw.TOO_LARGE),
    ],
)
def test_bad_records(text: str, flaw: RecordFlaw) -> None:
    bad(text, flaw)


# ---- policies ----


@pytest.mark.parametrize(
    ("text", "mode", "max_age", "mx"),
    [
        (GOOD, Mode.ENFORCE, 86400, ["mx.example.nl"]),
        (GOOD.replace("\n", "\r\n"), Mode.ENFORCE, 86400, ["mx.example.nl"]),
        (GOOD.replace("\n", "\r\n", 2), Mode.ENFORCE, 86400, ["mx.example.nl"]),  # mixed: each term on its own
        (GOOD.rstrip(), Mode.ENFORCE, 86400, ["mx.example.nl"]),  # the last line need not end
        ("mx:*.example.nl \nmax_age:\t0\t\nmode:testing\nversion:STSv1", Mode.TESTING, 0, ["*.example.nl"]),
        ("version: STSv1\nmode: none\nmax_age: 31557600", Mode.NONE, MAX_AGE, []),  # none needs no mx
        (GOOD + "mode: none\nmax_age: x\nversion: STSv2\n", Mode.ENFORCE, 86400, ["mx.example.nl"]),  # first wins
        (GOOD + "x-note: a: b {é}\n", Mode.ENFORCE, 86400, ["mx.example.nl"]),  # unknown, and UTF-8
        (HEAD + "mx: xn--8ca.EXAMPLE\n", Mode.ENFORCE, 86400, ["xn--8ca.EXAMPLE"]),
        (HEAD + "mx: 192.0.2.1\n", Mode.ENFORCE, 86400, ["192.0.2.1"]),  # useless, and by the ABNF a Domain
        (GOOD.replace("86400", "0000086400"), Mode.ENFORCE, 86400, ["mx.example.nl"]),  # ten digits
    ],
)
def test_good_policies(text: str, mode: Mode, max_age: int, mx: list[str]) -> None:
    reading = read_policy(text.encode())
    assert reading.strict is not None, reading.problem
    assert reading.strict == reading.lenient
    assert (reading.strict.mode, reading.strict.max_age, list(reading.strict.mx)) == (mode, max_age, mx)


BAD_POLICIES = [
    (b"", PolicyFlaw.EMPTY, 1),
    (b"\r\n \n", PolicyFlaw.EMPTY, 1),
    (GOOD.encode() + b"x: " + b"a" * MAX_TEXT, PolicyFlaw.TOO_LARGE, 0),
    (GOOD.encode() + b"x: \xe9\n", PolicyFlaw.NOT_UTF8, 5),
    (b"\xef\xbb\xbf" + GOOD.encode(), PolicyFlaw.BYTE_ORDER_MARK, 1),
    (b"\n<!DOCTYPE html>\n<p>404", PolicyFlaw.HTML, 1),
    (HEAD + "\nmx: a.nl\n", PolicyFlaw.BLANK_LINE, 4),
    (GOOD + "\n", PolicyFlaw.BLANK_LINE, 5),  # one [sts-policy-term] may end the file, not two
    ("\n" + GOOD, PolicyFlaw.BLANK_LINE, 1),
    (HEAD + " mx: a.nl\n", PolicyFlaw.LEADING_SPACE, 4),
    (HEAD + "mx : a.nl\n", PolicyFlaw.SPACE_BEFORE_COLON, 4),
    (GOOD + "# a comment\n", PolicyFlaw.NOT_A_PAIR, 5),
    (GOOD + "#mx: a.nl\n", PolicyFlaw.EXTENSION_NAME, 5),
    (GOOD + ": a\n", PolicyFlaw.EXTENSION_NAME, 5),
    (GOOD + "x" * 33 + ": a\n", PolicyFlaw.EXTENSION_NAME, 5),
    (GOOD + "x:\n", PolicyFlaw.EXTENSION_VALUE, 5),
    (GOOD + "x: a\tb\n", PolicyFlaw.EXTENSION_VALUE, 5),
    (GOOD + "x: a\rb\n", PolicyFlaw.EXTENSION_VALUE, 5),  # a bare CR ends no line
    (GOOD.replace("STSv1", "stsv1"), PolicyFlaw.BAD_VERSION, 1),
    (GOOD.replace("enforce", "Enforce"), PolicyFlaw.BAD_MODE, 2),
    (GOOD.replace("enforce", "report"), PolicyFlaw.BAD_MODE, 2),  # of a draft
    (GOOD.replace("86400", "1d"), PolicyFlaw.BAD_MAX_AGE, 3),
    (GOOD.replace("86400", "-1"), PolicyFlaw.BAD_MAX_AGE, 3),
    (GOOD.replace("86400", "٣"), PolicyFlaw.BAD_MAX_AGE, 3),  # a digit, but not DIGIT
    (GOOD.replace("86400", "9" * 5000), PolicyFlaw.BAD_MAX_AGE, 3),
    (GOOD.replace("86400", "31557601"), PolicyFlaw.MAX_AGE_TOO_LARGE, 3),
    (GOOD.replace("86400", "00000086400"), PolicyFlaw.MAX_AGE_TOO_LARGE, 3),  # eleven digits
    (GOOD + "mx:\n", PolicyFlaw.MX_EMPTY, 5),
    (HEAD + "mx: a.nl, b.nl\n", PolicyFlaw.MX_SEVERAL, 4),
    (HEAD + "mx: é.nl\n", PolicyFlaw.MX_U_LABEL, 4),
    (HEAD + "mx: .a.nl\n", PolicyFlaw.MX_LEADING_DOT, 4),
    (HEAD + "mx: *.*.nl\n", PolicyFlaw.MX_STAR, 4),
    (HEAD + "mx: mx*.a.nl\n", PolicyFlaw.MX_STAR, 4),
    (HEAD + "mx: *\n", PolicyFlaw.MX_STAR, 4),
    (HEAD + "mx: a.nl.\n", PolicyFlaw.MX_FINAL_DOT, 4),
    (HEAD + "mx: -a.nl\n", PolicyFlaw.MX_SYNTAX, 4),
    (HEAD + "mx: a_b.nl\n", PolicyFlaw.MX_SYNTAX, 4),  # RFC 5321 section 4.1.2 has no underscore
    (HEAD + "mx: a..nl\n", PolicyFlaw.MX_SYNTAX, 4),
    (HEAD + "mx: " + "a" * 64 + ".nl\n", PolicyFlaw.MX_SYNTAX, 4),
    (HEAD + "mx: \u212a.nl:\n", PolicyFlaw.MX_SYNTAX, 4),
    ("mode: none\nmax_age: 1\n", PolicyFlaw.MISSING_VERSION, 0),
    ("version: STSv1\nmax_age: 1\nMode: none\nmx: a.nl\n", PolicyFlaw.MISSING_MODE, 0),  # names have a case
    ("version: STSv1\nmode: none\n", PolicyFlaw.MISSING_MAX_AGE, 0),
    (HEAD, PolicyFlaw.MISSING_MX, 0),
    (HEAD.replace("enforce", "testing") + "mx:", PolicyFlaw.MISSING_MX, 0),
]


@pytest.mark.parametrize(("text", "flaw", "line"), BAD_POLICIES)
def test_bad_policies(text: str | bytes, flaw: PolicyFlaw, line: int) -> None:
    reading = read_policy(text.encode() if isinstance(text, str) else text)
    assert reading.strict is None
    assert reading.problem is not None
    assert (reading.problem.flaw, reading.problem.line) == (flaw, line)
    assert (reading.lenient is not None) is (flaw in POLICY_FORGIVEN)


def test_every_flaw_of_a_policy_is_in_the_table() -> None:
    assert {flaw for _, flaw, _ in BAD_POLICIES} == set(PolicyFlaw)


def test_a_lenient_reading_cuts_max_age_to_a_year() -> None:
    lenient = read_policy(GOOD.replace("86400", "63072000").encode()).lenient
    assert lenient is not None
    assert lenient.max_age == MAX_AGE


def test_a_lenient_reading_keeps_patterns_that_admit_nothing() -> None:
    """Senders that look at no pattern before they match have a policy, and no host."""
    lenient = read_policy((HEAD + "mx: *.*.nl\nmx: b.nl\n").encode()).lenient
    assert lenient is not None
    assert lenient.mx == ("*.*.nl", "b.nl")


# ---- patterns ----


@pytest.mark.parametrize(
    ("pattern", "host", "admitted"),
    [
        ("mx.example.nl", "mx.example.nl", True),
        ("MX.example.NL", "mx.EXAMPLE.nl.", True),  # case and the final dot of the DNS count for nothing
        ("*.example.nl", "mx.example.nl", True),
        ("*.example.nl", "example.nl", False),  # the star is one label:
        ("*.example.nl", "a.mx.example.nl", False),  # not none, not two
        ("*.example.nl", ".example.nl", False),  # nor an empty one
        ("*.nl", "example.nl", True),  # no list of suffixes forbids it
        ("*", "nl", False),
        ("*.", "nl.", False),
        ("*.*.nl", "a.b.nl", False),
        ("m*.example.nl", "mx.example.nl", False),
        ("*.example.nl", "*.example.nl", False),  # a star in an MX record is no host
        (".example.nl", "mx.example.nl", False),
        ("", "", False),
        ("localhost", "localhost", True),
        ("*.é.nl", "mx.xn--9ca.nl", True),
        ("mx.xn--9ca.nl", "mx.É.nl", True),
        ("\U0001f31f.nl", "\U0001f31f.nl", False),  # IDNA 2008 has no such A-label
        ("a_b.nl", "a_b.nl", True),  # mail hosts with underscores are reached
        ("x." + "a." * 125 + "nl", "x." + "a." * 125 + "nl", False),  # 254 characters: no name
    ],
)
def test_a_star_is_exactly_one_label(pattern: str, host: str, admitted: bool) -> None:
    """RFC 8461 section 4.1."""
    assert admits(pattern, host) is admitted


def test_a_leading_dot_is_a_star_only_leniently() -> None:
    assert admits(".example.nl", "mx.example.nl", lenient=True)
    assert not admits(".example.nl", "a.mx.example.nl", lenient=True)
    assert not admits(".example.nl", "example.nl", lenient=True)
    assert not admits("..example.nl", "mx.example.nl", lenient=True)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("text/plain", True),
        (" Text/Plain ; charset=iso-8859-1; x=y", True),  # parameters are ignored (section 3.2)
        ("text/plain+x", False),
        ("text/html", False),
        ("", False),
    ],
)
def test_the_media_type_is_text_plain(value: str, plain: bool) -> None:
    assert is_plain_text(value) is plain


# ---- whatever comes ----

pieces = st.sampled_from(
    ["version: STSv1", "mode: enforce", "max_age: 1", "mx: a.nl", "mx:", ":", " ", "\r", "\n", "é"]
)
policies = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(pieces, st.text(max_size=8)), max_size=12).map(
        lambda parts: "\n".join(parts).encode("utf-8", "surrogatepass")
    ),
)
records = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(["v=STSv1", "id=a", "x=1", "", " ", "="]), st.text(max_size=8)), max_size=8).map(
        lambda parts: ";".join(parts).encode("utf-8", "surrogatepass")
    ),
)


def consistent(reading: Reading[Any]) -> None:
    if reading.strict is not None:
        assert reading.lenient == reading.strict
        assert not reading.problems
    else:
        assert reading.problem is not None
    for problem in reading.problems:
        assert isinstance(problem.flaw, PolicyFlaw | RecordFlaw)
        assert len(problem.text) < 200


@given(policies)
def test_any_policy_is_read_without_a_fault(body: bytes) -> None:
    reading = read_policy(body)
    consistent(reading)
    if reading.strict is not None:
        assert all(pattern_flaw(pattern) is None for pattern in reading.strict.mx)


@given(records)
def test_any_record_is_read_without_a_fault(record: bytes) -> None:
    consistent(read_record(record))


@given(st.lists(records, max_size=3))
def test_any_rrset_is_read_without_a_fault(rrset: list[bytes]) -> None:
    consistent(read_records(rrset))


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_any_pattern_is_matched_without_a_fault(pattern: str, host: str, lenient: bool) -> None:
    if admits(pattern, host):
        assert admits(pattern, host, lenient=True)
    admits(pattern, host, lenient=lenient)


@pytest.mark.parametrize(
    "line", [b"\n", b"mx: a-", b"mx: \xc3\xa9.nl\n", b"x:" + b"a." * 200 + b"!\n", b"mx: " + b"a" * 250]
)
def test_a_hostile_policy_of_64_kib_costs_little(line: bytes) -> None:
    body = (GOOD.encode() + line * (MAX_TEXT // len(line)))[:MAX_TEXT]
    before = time.process_time()
    read_policy(body.decode("utf-8", "ignore").encode())
    assert time.process_time() - before < 5  # seconds, on a slow machine too; far less as a rule


# ---- the ABNF once more, as one expression ----

RECORD_ABNF = re.compile(
    r"v=STSv1(?:[ \t]*;[ \t]*[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+)+(?:[ \t]*;[ \t]*)?"
).fullmatch
FIRST_ID = re.compile(r"[^;]*(?:;(?![ \t]*id=)[^;]*)*;[ \t]*id=[A-Za-z0-9]{1,32}[ \t]*(?:;|$)").match
FIELD_ABNF = (
    r"(?:mx:[ \t]*(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    r"|(?!mx:)[A-Za-z0-9][A-Za-z0-9_.-]{0,31}:[ \t]*[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?)[ \t]*"
)
POLICY_ABNF = re.compile(rf"{FIELD_ABNF}(?:\r?\n{FIELD_ABNF})*(?:\r?\n)?").fullmatch
REQUIRED_ONCE = (r"version:[ \t]*STSv1", r"mode:[ \t]*(?:testing|enforce|none)", r"max_age:[ \t]*[0-9]{1,10}")


def lines_with(*parts: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(parts), max_size=9).map("".join)


@given(lines_with("v=STSv1", ";", ";", " ", "\t", "id=a", "id=", "id=a-b", "x=1", "x", "=", "_y=2", " ;id=a"))
def test_a_strict_record_is_what_the_abnf_says(text: str) -> None:
    by_abnf = RECORD_ABNF(text) is not None and FIRST_ID(text) is not None
    assert (read_record(text.encode()).strict is not None) is by_abnf


@given(
    st.lists(
        st.sampled_from(
            [
                "version: STSv1",
                "version:STSv2",
                "mode:none ",
                "mode: enforce",
                "max_age: 1\t",
                "max_age: x",
                "mx: a.nl",
                "mx:*.b",
                "mx: *",
                "mx:",
                "x: y z",
                "x:",
                "x : y",
                " x: y",
                "é: 1",
                "x: é",
                "x: \ty",
                "",
                "\t",
                ":",
                "-x: 1",
            ]
        ).flatmap(lambda line: st.sampled_from([line + "\n", line + "\r\n", line + "\n", line])),
        max_size=6,
    ),
)
def test_a_strict_policy_is_what_the_abnf_says(lines: list[str]) -> None:
    """RFC 8461 section 3.2; that the first of each name counts is prose."""
    text = "version: STSv1\nmax_age: 1\nmode: none\n" + "".join(lines)
    reading = read_policy(text.encode())
    assert (reading.strict is not None) is (POLICY_ABNF(text) is not None), reading.problem
    read = read_policy("".join(lines).encode())
    if read.strict is not None:
        assert all(re.search(rf"(?m)^{field}[ \t]*\r?$", text) for field in REQUIRED_ONCE)
        assert read.strict.mx or read.strict.mode is Mode.NONE


# ---- what others have written ----


def test_the_vectors_of_others_agree_but_for_those_argued(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/mtasts-readings.md argues about each of them."""
    agreed, total = vectors.run(shared / "vectors/mtasts.json")
    argued = (Path(__file__).parents[2] / "docs/mtasts-readings.md").read_text(encoding="utf-8")
    lines = [line for line in capsys.readouterr().out.splitlines() if ": " in line and not line.startswith("not run")]
    assert agreed == total - len(lines)
    for line in lines:
        assert f"`{line.split(':')[0]}`" in argued, line
        assert "strict_rfc" not in line


def test_real_policies_parse_as_they_should(shared: Path) -> None:
    """28 policies of public repositories, and the text of a draft under such a name."""
    found = json.loads((shared / "data/policies/real-mta-sts-policies.json").read_text(encoding="utf-8"))
    verdicts = []
    for each in found:
        body = bytes.fromhex(each["hex"]) if each["hex"] else each["text"].encode()
        assert len(body) == each["bytes"]
        reading = read_policy(body)
        verdicts.append(reading.strict is not None)
        assert ("ok" if reading.strict is not None else "err") == each["strict_rfc"], each["repo"]
        if reading.strict is not None:
            written = [line.split()[1] for line in body.decode().splitlines() if line.startswith("mx:")]
            assert list(reading.strict.mx) == written
    assert verdicts.count(True) == 28
