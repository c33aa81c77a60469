"""The names of mail providers as rows for DuckDB: ``data/providers.csv``, which carries its own date and its rules.

What the rules are for, and how far they reach, is told in ``sql/view_60_provider.sql``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

FILE = Path(__file__).parent / "data" / "providers.csv"


class Kind(StrEnum):
    """What a provider does with the mail that it takes."""

    MAILBOX = "mailbox"  # keeps it
    FILTER = "filter"  # hands it on to a mailbox elsewhere, which the MX does not show
    FORWARD = "forward"  # hands it on to anywhere
    HOSTING = "hosting"  # mailboxes beside web sites


class ProviderFault(ValueError):
    """A rule file that is none: our own mistake, or that of who wrote it anew."""


class Rule(NamedTuple):
    """A registrable name, and who stands behind it."""

    name: str
    provider: str
    kind: Kind


def version(lines: Iterable[str]) -> str:
    """The date in the file's head. Raises `ProviderFault`."""
    for line in lines:
        if found := re.fullmatch(r"# version (\d{4}-\d\d-\d\d)\s*", line):
            return found[1]
    raise ProviderFault("no line `# version YYYY-MM-DD`")


def rules(lines: Iterable[str]) -> Iterator[Rule]:
    """Every rule. Raises `ProviderFault` for a row that is none, and for a name that stands there twice."""
    seen: set[str] = set()
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    if next(rows, None) != ["name", "provider", "kind"]:
        raise ProviderFault("the columns are name,provider,kind")
    for row in rows:
        if len(row) != 3 or not all(row) or row[2] not in set(Kind) or row[0] != row[0].lower() or "." not in row[0]:
            raise ProviderFault(f"{','.join(row)}: no rule")
        if row[0] in seen:
            raise ProviderFault(f"{row[0]}: twice")
        seen.add(row[0])
        yield Rule(row[0], row[1], Kind(row[2]))


def table(path: Path = FILE) -> pa.Table:
    """The rows of `provider_rule`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found, dated = list(rules(lines)), version(lines)
    return pa.table(
        {
            "name": [rule.name for rule in found],
            "provider": [rule.provider for rule in found],
            "kind": [rule.kind.value for rule in found],
            "version": [dated] * len(found),
        }
    )
