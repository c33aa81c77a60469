r"""Figures as text: a table for people, CSV, JSON and Markdown for what comes after; and as Parquet.

Text may come from the network: in every form but JSON (whose own escapes are exact)
control, format and bidirectional characters are written as ``\uXXXX``, and in Markdown
whatever could be markup is escaped. CSV and JSON keep full precision, the others round.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.stats import Counted
from analysis.warehouse import Result

#: What no terminal and no page should get raw: controls, formats, surrogates, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PART = re.compile(r"(share(_\w+)?|wilson_\w+)")
_MARKUP = re.compile(r"[\\`*\[\]<>|#~&!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_WIDE = 100_000  # columns: a table on a pipe is never cut or folded


class Format(StrEnum):
    """How figures are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"
    PARQUET = "parquet"  # a file for each, never text


SUFFIX = {
    Format.TABLE: "txt", Format.CSV: "csv", Format.JSON: "json", Format.MARKDOWN: "md", Format.PARQUET: "parquet",
}  # fmt: skip


def clean(text: str) -> str:
    """The text with everything that could move a cursor or end a line written as an escape."""
    if text.isprintable():  # of all that is not safe, Python calls none printable
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def write(counted: Sequence[Counted], form: Format, facts: dict[str, str]) -> str:
    """All figures in one text; `facts` tell of the run: its folder, its resolver, its Public Suffix List's version."""
    match form:
        case Format.JSON:
            return _json(counted, facts)
        case Format.CSV:
            return "\n".join(_csv(one) for one in counted)
        case Format.MARKDOWN:
            return "\n".join(_markdown(one, facts) for one in counted)
        case Format.TABLE:
            tables = (f"{one.statistic.title}  [{one.statistic.name}]\n{table(one.result)}" for one in counted)
            return "\n".join((*tables, clean(footer(facts)) + "\n"))
        case Format.PARQUET:
            raise ValueError("Parquet is no text: `parquet` writes it")


def plain(result: Result, form: Format) -> str:
    """Rows alone, without a word about them."""
    match form:
        case Format.JSON:
            return json.dumps(result.records(), default=_text) + "\n"
        case Format.CSV:
            return rows_csv(result.columns, result.rows)
        case Format.MARKDOWN:
            return rows_markdown(result)
        case _:
            return table(result)


def parquet(one: Counted, path: Path) -> None:
    """A statistic as a file; enumerations are text, whole numbers 64 bits wide. Raises `OSError`."""
    columns = {name: [row[at] for row in one.result.rows] for at, name in enumerate(one.result.columns)}
    told = {
        b"dane-census.title": one.statistic.title.encode(),
        b"dane-census.definition": one.statistic.definition.encode(),
    }
    pq.write_table(pa.table(columns).replace_schema_metadata(told), path, compression="zstd")


def footer(facts: dict[str, str]) -> str:
    """Where the figures come from: who validated is part of what a DNSSEC state means."""
    return f"run {facts['run']}; resolver: {facts['resolver']}; Public Suffix List {facts['psl_version']}"


def table(result: Result) -> str:
    """Rows for people: aligned, numbers to the right, no colours, never cut."""
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, safe_box=True)
    for at, column in enumerate(result.columns):
        number = any(isinstance(row[at], int | float) for row in result.rows)
        drawn.add_column(Text(clean(column)), justify="right" if number else "left", no_wrap=True)
    for row in result.rows:
        drawn.add_row(*(Text(shown(column, value)) for column, value in zip(result.columns, row, strict=True)))
    target = StringIO()
    Console(file=target, width=_WIDE, color_system=None, force_terminal=False, force_jupyter=False).print(
        drawn, crop=False
    )
    lines = target.getvalue().replace("\u2500", "-").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def rows_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV (RFC 4180, with line feeds alone); null is the empty field."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if value is None else clean(_text(value)) for value in row])
    return target.getvalue()


def rows_markdown(result: Result) -> str:
    """Rows as a table of GitHub's Markdown."""
    numbers = [any(isinstance(row[at], int | float) for row in result.rows) for at in range(len(result.columns))]
    lines = [
        "| " + " | ".join(escaped(column) for column in result.columns) + " |",
        "|" + "|".join(" ---: " if number else " --- " for number in numbers) + "|",
    ]
    for row in result.rows:
        cells = (escaped(shown(column, value)) for column, value in zip(result.columns, row, strict=True))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _csv(one: Counted) -> str:
    name, result = one.statistic.name, one.result
    return rows_csv(("statistic", *result.columns), ((name, *row) for row in result.rows))


def _markdown(one: Counted, facts: dict[str, str]) -> str:
    told = one.statistic
    note = f"{escaped(told.definition)} Source: {escaped(told.source)}. RFC: {escaped(told.rfc)}."
    note += f" From {escaped(footer(facts))}."
    return f"## {escaped(told.title)} (`{told.name}`)\n\n{rows_markdown(one.result)}\n{note}\n"


def _json(counted: Sequence[Counted], facts: dict[str, str]) -> str:
    told = [
        {
            "name": one.statistic.name,
            "title": one.statistic.title,
            "grain": one.statistic.grain,
            "definition": one.statistic.definition,
            "source": one.statistic.source,
            "rfc": one.statistic.rfc,
            "columns": list(one.result.columns),
            "rows": one.result.records(),
        }
        for one in counted
    ]
    return json.dumps({**facts, "statistics": told}, indent=1, default=_text) + "\n"


def _text(value: object) -> str:
    """A value as CSV and JSON tell it, where they have no form of their own."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def shown(column: str, value: object) -> str:
    """A value as a person reads it; null is a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if _PART.fullmatch(column):
            return f"{100 * value:.2f} %"
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.4g}"
    return clean(_text(value))


def escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: "\\" + found[0], clean(text)).replace("\\<", "&lt;").replace("\\&", "&amp;")
