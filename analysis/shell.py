"""`dane-census sql RUN`: DuckDB over the views of a run, one statement or many, on a terminal, a pipe or a file.

What is typed is the user's own SQL and runs with the user's own rights; the run itself is read through views and never
written. Statements end in a semicolon. Lines that begin with a dot are the shell's own, as in DuckDB's: ``.help`` lists
them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import duckdb

from analysis.export import Format, plain
from analysis.warehouse import RunFault, fetched

if TYPE_CHECKING:
    from analysis.warehouse import Warehouse

PROMPT, MORE = "dane-census> ", "        ...> "
HELP = """\
A statement ends in a semicolon and may take several lines. The views are described in data/README.md; those of
`dane-census export` are here, too: openintel, and flat_domains, flat_hosts, flat_endpoints, flat_policies.
  .tables         the views and tables, with their columns' number
  .schema NAME    the columns of one
  .mode FORM      table, csv, json or markdown
  .help           this
  .quit           leave (or Ctrl-D)
"""
_TABLES = """
    select table_name as name, count(*) as columns from duckdb_columns()
    where not internal and schema_name = 'main' group by table_name order by table_name
"""
_SCHEMA = """
    select column_name as "column", data_type as type from duckdb_columns()
    where not internal and table_name = ? order by column_index
"""


class StatementFault(Exception):
    """A statement that DuckDB refuses; the text is DuckDB's, and says where."""


def statements(text: str) -> list[str]:
    """The statements of a text. Raises `StatementFault`."""
    try:
        return [one.query for one in duckdb.extract_statements(text)]
    except duckdb.Error as fault:
        raise StatementFault(str(fault)) from fault


def answer(warehouse: Warehouse, text: str, form: Format) -> Iterator[str]:
    """What each statement of a text comes to. Raises `StatementFault`."""
    for one in statements(text):
        try:
            result = fetched(warehouse.connection, one)
        except (duckdb.Error, RunFault) as fault:  # a statement that needs too much memory ends no session
            raise StatementFault(str(fault)) from fault
        if result.columns:
            yield plain(result, form)


class Shell:
    """Lines in, texts out: what a terminal shows between prompts."""

    def __init__(self, warehouse: Warehouse, form: Format = Format.TABLE) -> None:
        self._warehouse = warehouse
        self._form = form
        self._typed: list[str] = []

    @property
    def prompt(self) -> str:
        """What stands before the next line."""
        return MORE if self._typed else PROMPT

    def line(self, typed: str) -> Iterator[str]:
        """The answers that a line completes. Faults are told, and end nothing; ``.quit`` raises `EOFError`."""
        if typed.strip().startswith(".") and not self._typed:
            yield from self._dot(*typed.split())
            return
        if typed.strip() or self._typed:
            self._typed.append(typed)
        if typed.rstrip().endswith(";"):
            text = "\n".join(self._typed)
            self._typed.clear()
            try:
                yield from answer(self._warehouse, text, self._form)
            except StatementFault as fault:
                yield f"{fault}\n"

    def interrupted(self) -> None:
        """Ctrl-C: what was typed of a statement is gone."""
        self._typed.clear()

    def _dot(self, command: str, *words: str) -> Iterator[str]:
        if command in {".quit", ".exit"}:
            raise EOFError
        if command == ".tables":
            yield plain(self._warehouse.query(_TABLES), Format.TABLE)
        elif command == ".schema" and len(words) == 1:
            found = self._warehouse.query(_SCHEMA, words)
            yield plain(found, Format.TABLE) if found.rows else f"no table or view {words[0]}\n"
        elif command == ".mode" and len(words) == 1 and words[0] in set(Format) - {Format.PARQUET}:
            self._form = Format(words[0])
        else:
            yield HELP


def talk(warehouse: Warehouse, form: Format, lines: Iterable[str] | None = None) -> None:
    """A session on the terminal, with a history of lines where the system has one; or the lines given."""
    shell = Shell(warehouse, form)
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - it makes `input` know arrows and history

    print(f"{warehouse.run}: the views of a run in DuckDB {duckdb.__version__}; .help helps")
    given = iter(lines) if lines is not None else None
    while True:
        try:
            typed = next(given, None) if given is not None else input(shell.prompt)
            if typed is None:
                return
            for text in shell.line(typed):
                sys.stdout.write(text)
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            shell.interrupted()
            print()
