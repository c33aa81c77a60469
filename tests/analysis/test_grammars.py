"""The record grammars of SQL against those of Python: one reading of RFC 8461 section 3.1 and RFC 8460 section 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.policy import octets
from analysis.warehouse import Warehouse, open_run
from crawler.standards import mtasts, tlsrpt
from tests.analysis.rows import made, name

if TYPE_CHECKING:
    from collections.abc import Iterator

URIS = (
    "mailto:a@b.nl", "https://r.nl/x", "http://r.nl", "mailto:", "mailto:a", "mailto:@b", "mailto:a@", "mailto:a@b?c=d",
    "https://", "https://r.nl:8443", "https://[2001:db8::1]/", "https://u@r.nl", "HTTPS://R.NL", "tel:1", "x",
    "mailto:a@b!1m",    "mailto:a%40b@c.nl", "mailto:a@b/c", "https://r.nl?q#f", "",
)  # fmt: skip
PIECES = st.sampled_from(
    [";", "; ", " ;", ";;", " ", "\\009", "\\200", "\\092", ",", " , ", "=", "rua=", "id=", "x=y", "-x=y", "x=",
     "x=a b", "id=1", "id=20260101T000000", "id=a-b", f"id={'a' * 33}", "rua=mailto:a@b.nl", "ru", "v=TLSRPTv1", *URIS]
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_run(made(tmp_path_factory.mktemp("run"), name("a.example"))) as warehouse:
        yield warehouse


def tlsrpt_says(run: Warehouse, text: str) -> tuple[bool, bool]:
    """SQL's verdict and Python's."""
    sql = bool(run.query("select tlsrpt_grammar(?)", [text]).rows[0][0])
    return sql, tlsrpt.read_record(octets(text)).strict is not None


def sts_says(run: Warehouse, text: str) -> tuple[bool, bool]:
    sql = bool(run.query("select sts_grammar(?)", [text]).rows[0][0])
    return sql, mtasts.read_record(octets(text)).strict is not None


@pytest.mark.parametrize("uri", URIS)
def test_one_uri(uri: str, run: Warehouse) -> None:
    sql, python = tlsrpt_says(run, f"v=TLSRPTv1; rua={uri}")
    assert sql is python


@settings(max_examples=600, deadline=None)
@given(pieces=st.lists(PIECES, max_size=7))
def test_tlsrpt_records(pieces: list[str], run: Warehouse) -> None:
    sql, python = tlsrpt_says(run, "v=TLSRPTv1;" + "".join(pieces))
    assert sql is python


@settings(max_examples=600, deadline=None)
@given(pieces=st.lists(PIECES, max_size=7))
def test_mta_sts_records(pieces: list[str], run: Warehouse) -> None:
    sql, python = sts_says(run, "v=STSv1;" + "".join(pieces))
    assert sql is python
