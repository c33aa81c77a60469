"""`dane-census check`: a scan of a few names, in a folder that is thrown away, explained at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from analysis.explaining import Explained, explain
from analysis.warehouse import open_run
from crawler.command import Command, run_scan
from crawler.session import OptionFault
from crawler.standards.names import NameFault, domain

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(names: Sequence[str], command: Command) -> list[Explained]:
    """Each name, looked at now and explained, in the order in which they were given. Raises `OptionFault`."""
    wanted = list(dict.fromkeys(map(_domain, names)))
    with TemporaryDirectory(prefix="dane-census-") as name, _unsaid():
        folder = Path(name)
        (folder / "names.txt").write_text("\n".join(wanted) + "\n", encoding="ascii")
        done = run_scan(replace(command, lists=[str(folder / "names.txt")], out=folder / "run", workers=1))
        if not done:
            raise KeyboardInterrupt
        with open_run(folder / "run") as run:
            return [found for one in wanted if (found := explain(run, one)) is not None]


def _domain(text: str) -> str:
    try:
        return domain(text)
    except NameFault as fault:
        raise OptionFault(f"{text!r} is no domain to check: {fault.flaw}") from fault


@contextmanager
def _unsaid() -> Iterator[None]:
    """What a scan tells of its costs is not what was asked for."""
    with redirect_stdout(StringIO()):
        yield
