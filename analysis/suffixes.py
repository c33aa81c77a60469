"""The Public Suffix List as rows for DuckDB, and which list it is.

The list comes with the ``publicsuffixlist`` package and carries its own date. Only
its ICANN section is read (why: ``sql/view_50_registrable.sql``), and the matching is
SQL, so that a million mail hosts are one join. Rules are written as A-labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import publicsuffixlist

BEGIN, END = "// ===BEGIN ICANN DOMAINS===", "// ===END ICANN DOMAINS==="


class Rule(NamedTuple):
    """One line of the list: `co.uk` is a rule, `*.ck` the wildcard ck, `!www.ck` the exception www.ck."""

    name: str
    kind: str


def shipped() -> Path:
    """The file that the installed package brings."""
    return Path(publicsuffixlist.PSLFILE)


def version(lines: Iterable[str]) -> str:
    """The list's own date, or `undated`."""
    for line in lines:
        if line.startswith("// VERSION:"):
            return line.removeprefix("// VERSION:").strip()
        if line.startswith(BEGIN):
            break
    return "undated"


def rules(lines: Iterable[str]) -> Iterator[Rule]:
    """The rules of the ICANN section."""
    inside = False
    for line in lines:
        if line.startswith((BEGIN, END)):
            inside = line.startswith(BEGIN)
        text = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        if not inside or not text or text.startswith("//"):
            continue
        kind = "exception" if text.startswith("!") else "wildcard" if text.startswith("*.") else "rule"
        yield Rule(text.lstrip("!").removeprefix("*.").encode("idna").decode("ascii"), kind)
