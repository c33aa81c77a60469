"""DuckDB is quiet and fetches nothing, on every connection, and where it cannot be told so."""

from __future__ import annotations

from typing import cast

import duckdb

from crawler import database

SETTING = "select current_setting('{}')"


def test_no_connection_draws_bars_or_fetches_extensions() -> None:
    with database.opened(memory_limit="100MB") as base:
        for connection in (base, database.beside(base)):
            for name in ("enable_progress_bar", "autoinstall_known_extensions", "autoload_known_extensions"):
                assert connection.execute(SETTING.format(name)).fetchone() == (False,), name


def test_another_connection_sees_the_same_tables() -> None:
    with database.opened() as base:
        base.execute("create table one as select 1 as n")
        assert database.beside(base).execute("select n from one").fetchall() == [(1,)]


def test_where_duckdb_has_no_bars_it_need_not_be_told() -> None:
    """In Jupyter without ipywidgets it refuses the setting."""

    class Jupyter:
        def execute(self, sql: str) -> None:
            raise duckdb.InvalidInputException(f"{sql}: required package 'ipywidgets' is missing")

    there = cast("duckdb.DuckDBPyConnection", Jupyter())
    assert database.quiet(there) is there
