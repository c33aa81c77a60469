"""The dated table of algorithms and digests."""

from __future__ import annotations

from crawler.standards.algorithms import ALGORITHMS, DIGESTS, SUPPORTED, table


def test_each_number_stands_once_and_in_order() -> None:
    for kind in ("algorithm", "digest"):
        numbers = [row.number for row in table() if row.kind == kind]
        assert numbers == sorted(set(numbers))
    assert {row.kind for row in table()} == {"algorithm", "digest"}


def test_what_must_not_be_used_is_not_validated_and_what_must_be_implemented_is() -> None:
    for row in table():
        if "MUST NOT" in (row.use, row.implement):
            assert not row.validated, row
        if row.implement == "MUST":
            assert row.validated, row
        supports = SUPPORTED.supports if row.kind == "algorithm" else SUPPORTED.supports_digest
        assert supports(row.number) is row.validated


def test_retired_and_unknown_numbers_are_told_apart() -> None:
    assert [row.number for row in table() if "retired" in row.note and row.validated] == [5, 7]
    assert not SUPPORTED.supports(99)
    assert ALGORITHMS[13] == "ECDSAP256SHA256"
    assert DIGESTS[4] == "SHA-384"
