"""Which DNSSEC algorithms and digests we validate: a dated table, not code (RFC 8624, RFC 9904).

The table is ``data/dnssec-algorithms.csv``; its header says where it comes from.
What is not in the validated set makes a zone insecure, never bogus (RFC 4035
section 5.2). Another set can be handed to every function that takes one; the
cryptography itself is in ``keys``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from crawler.standards.keys import Key

Verifier = Callable[["Key", bytes, bytes], bool]


class Algorithm(NamedTuple):
    """One row of the table: a DNSKEY algorithm or a DS digest."""

    kind: str  # algorithm or digest
    number: int
    mnemonic: str
    validated: bool
    use: str  # the registry's "Use for DNSSEC Validation"
    implement: str  # the registry's "Implement for DNSSEC Validation"
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithms:
    """What a validation takes as supported.

    `verifiers` brings a check of one's own for an algorithm, called with the key, the signature
    and the data; without one, `Key.verify` checks.
    """

    numbers: frozenset[int]
    digests: frozenset[int]
    verifiers: Mapping[int, Verifier] = field(default_factory=dict)

    def supports(self, number: int) -> bool:
        """Whether signatures of this DNSKEY algorithm count."""
        return number in self.numbers

    def supports_digest(self, number: int) -> bool:
        """Whether DS records with this digest type count."""
        return number in self.digests


@lru_cache(maxsize=1)
def table() -> tuple[Algorithm, ...]:
    """The whole table, in its order."""
    text = files(__package__).joinpath("data/dnssec-algorithms.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Algorithm(
            row["kind"],
            int(row["number"]),
            row["mnemonic"],
            row["validated"] == "yes",
            row["use"],
            row["implement"],
            row["note"],
        )
        for row in rows
    )


def _validated(kind: str) -> frozenset[int]:
    return frozenset(row.number for row in table() if row.kind == kind and row.validated)


SUPPORTED = Algorithms(numbers=_validated("algorithm"), digests=_validated("digest"))

#: Number to mnemonic, for people.
ALGORITHMS: dict[int, str] = {row.number: row.mnemonic for row in table() if row.kind == "algorithm"}
DIGESTS: dict[int, str] = {row.number: row.mnemonic for row in table() if row.kind == "digest"}
