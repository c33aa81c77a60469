"""TLSRPT records (RFC 8460 section 3): what is good, what is bad, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.readings import RECORD_FORGIVEN, RecordFlaw
from crawler.standards.tlsrpt import read_record, read_records


@pytest.mark.parametrize(
    ("text", "uris"),
    [
        ("v=TLSRPTv1;rua=mailto:reports@example.com", ["mailto:reports@example.com"]),  # the RFC's own
        ("v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", ["https://reporting.example.com/v1/tlsrpt"]),
        ("v=TLSRPTv1; rua=mailto:a@b.nl \t,\t https://b.nl;", ["mailto:a@b.nl", "https://b.nl"]),
        ("v=TLSRPTv1; rua=mailto:a@b.nl; rua=mailto:c@b.nl", ["mailto:a@b.nl", "mailto:c@b.nl"]),  # 1*(field)
        ("v=TLSRPTv1 ; x=1; rua=MAILTO:a%21%2c%3B@b.nl?subject=x", ["MAILTO:a%21%2c%3B@b.nl?subject=x"]),
        ("v=TLSRPTv1; rua=https://u@[2001:db8::1]:443/x?y#z", ["https://u@[2001:db8::1]:443/x?y#z"]),
    ],
)
def test_good_records(text: str, uris: list[str]) -> None:
    reading = read_record(text.encode())
    assert reading.strict is not None, reading.problem
    assert reading.strict == reading.lenient
    assert list(reading.strict.uris) == uris


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("v=TLSRPTv2; rua=mailto:a@b.nl", RecordFlaw.VERSION),
        ("v=TLSRPTv1", RecordFlaw.MISSING_RUA),
        ("v=TLSRPTv1; x=1", RecordFlaw.MISSING_RUA),
        ("v=TLSRPTv1; RUA=mailto:a@b.nl", RecordFlaw.MISSING_RUA),  # %s"rua=": case counts
        ("v=TLSRPTv1; rua=", RecordFlaw.BAD_URI),
        ("v=TLSRPTv1; rua=a@b.nl", RecordFlaw.BAD_URI),  # no scheme
        ("v=TLSRPTv1; rua=mailto:", RecordFlaw.BAD_URI),
        ("v=TLSRPTv1; rua=mailto:b.nl", RecordFlaw.BAD_URI),  # no address
        ("v=TLSRPTv1; rua=mailto://a@b.nl", RecordFlaw.BAD_URI),
        ("v=TLSRPTv1; rua=mailto:a@b.nl!10m", RecordFlaw.BAD_URI),  # a size, as in DMARC: "!" must be encoded
        ("v=TLSRPTv1; rua=mailto:a@b.nl,", RecordFlaw.BAD_URI),
        ("v=TLSRPTv1; rua=mailto:a@b.nl mailto:c@b.nl", RecordFlaw.BAD_URI),  # a comma is missing
        ("v=TLSRPTv1; rua=https:///x", RecordFlaw.BAD_URI),
        ("v=TLSRPTv1; rua=https://b.nl/%zz", RecordFlaw.BAD_URI),
        ("v=TLSRPTv1; rua=http://b.nl/", RecordFlaw.OTHER_SCHEME),
        ("v=TLSRPTv1; rua=mailto:a@b.nl;;", RecordFlaw.EMPTY_FIELD),
        ("v=TLSRPTv1; rua=mailto:a@b.nl ", RecordFlaw.OUTER_SPACE),
        ("v=TLSRPTv1; rua=mailto:a@b.nl; x", RecordFlaw.NOT_A_PAIR),
        ("v=TLSRPTv1; rua=mailto:a@b.nl; x=", RecordFlaw.EXTENSION_VALUE),
        ("v=TLSRPTv1; rua=mailto:a@b.nl; 1%=a", RecordFlaw.EXTENSION_NAME),
        ("v=TLSRPTv1; rua=mailto:é@b.nl", RecordFlaw.NOT_ASCII),
    ],
)
def test_bad_records(text: str, flaw: RecordFlaw) -> None:
    reading = read_record(text.encode())
    assert reading.strict is None
    assert reading.problem is not None
    assert reading.problem.flaw is flaw
    assert (reading.lenient is not None) is (flaw in RECORD_FORGIVEN)


def test_only_one_record_may_be_left() -> None:
    mine, other = b"v=TLSRPTv1; rua=mailto:a@b.nl", b"v=spf1 -all"
    assert read_records([mine, other]).strict is not None
    two = read_records([mine, mine]).problem
    none = read_records([other]).problem
    assert two is not None
    assert none is not None
    assert (two.flaw, none.flaw) == (RecordFlaw.SEVERAL_RECORDS, RecordFlaw.NO_RECORD)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=60).map(lambda text: f"v=TLSRPTv1; rua=mailto:{text}".encode("utf-8", "replace")),
        st.text("mailto:@./,;! %[]#?hps=", max_size=40).map(lambda text: f"v=TLSRPTv1;rua={text}".encode()),
    )
)
def test_any_record_is_read_without_a_fault(record: bytes) -> None:
    reading = read_record(record)
    if reading.strict is None:
        assert reading.problem is not None
    else:
        assert reading.strict == reading.lenient
        assert reading.strict.uris
    read_records([record, record])
