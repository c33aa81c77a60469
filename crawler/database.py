"""How DuckDB is opened everywhere: it fetches nothing, and draws no bars between the lines of a scan or a table."""

from __future__ import annotations

from contextlib import suppress

import duckdb

Setting = str | bool | int | float | list[str]

SETTINGS: dict[str, Setting] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def opened(**settings: Setting) -> duckdb.DuckDBPyConnection:
    """A database in memory, with these settings beside our own. Close it, or use it in a `with`."""
    return quiet(duckdb.connect(config=SETTINGS | settings))


def beside(base: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same database, for a result that is read while others are asked for."""
    return quiet(base.cursor())


def quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Without progress bars, which are a setting of the connection and not of the database.

    In Jupyter without ipywidgets, DuckDB has no bars and refuses even to be told so.
    """
    with suppress(duckdb.InvalidInputException):
        connection.execute("set enable_progress_bar = false")
    return connection
