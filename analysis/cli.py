"""The commands over a finished or running scan: `dane-census stats`, `judge`, `compare`, `why`, `sql` and `export`;
`report` has a file of its own.

`mount` adds them to the command of ``crawler.cli``, which tells the user's faults in one
line with exit status 2. Figures go to standard output or, with ``--out``, one file each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from analysis import comparing, flat, rules, shell
from analysis import judge as judging
from analysis import stats as statistics
from analysis.explaining import Explained, explain, told
from analysis.export import SUFFIX, Format, clean, parquet, write
from analysis.report.cli import report
from analysis.stats import Counted
from analysis.warehouse import RunFault, open_run, write_classes
from crawler.standards.names import NameFault, domain


def stats(
    run: Annotated[Path | None, typer.Argument(metavar="RUN", help="The run's folder.")] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Statistics; `all` adds the breakdowns.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to write them.")] = Format.TABLE,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A folder: one file for each statistic.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="How many rows of the long lists.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Only the names and titles of the statistics.")] = False,
) -> None:
    """Adoption figures of a run, with what is not known of each."""
    if listing:
        for one in statistics.catalogue().values():
            typer.echo(f"{one.name:<18} {one.title}")
        return
    if run is None:
        raise typer.BadParameter("which run? give its folder")
    try:
        chosen = statistics.chosen(names or [])
        _told_where(form, out)
        with open_run(run) as warehouse:
            if top is not None:
                warehouse.connection.execute(f"set variable top = {top}")
            facts = warehouse.facts()
            counted = [statistics.count(warehouse, one) for one in chosen]
    except (RunFault, statistics.UnknownStatistic) as fault:
        raise typer.BadParameter(str(fault)) from fault
    if out is None:
        typer.echo(write(counted, form, facts), nl=False)
    else:
        _files(counted, form, facts, out)


def judge(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    diff: Annotated[bool, typer.Option("--diff", help="Only show what today's rules would move.")] = False,
) -> None:
    """Judge a run's evidence anew by today's rules, without a packet; keep verdicts and class tables with the run."""
    try:
        open_run(run).close()
        if not diff:
            typer.echo(f"{judging.write(run):,} verdicts by the rules of {rules.VERSION}")
            write_classes(run)
            return
        moved = judging.moved(run)
    except RunFault as fault:
        raise typer.BadParameter(str(fault)) from fault
    except OSError as fault:
        raise typer.BadParameter(f"{run}: {fault.strerror or fault}") from fault
    for one in moved:
        changes = (f"{key} {one['before'].get(key)} -> {one['now'].get(key)}" for key in one["before"] | one["now"])
        typer.echo(clean(f"{one['key']}: {'; '.join(changes)}"))
    typer.echo(f"{len(moved):,} verdicts move")


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of two runs or more, the oldest first.")
    ],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="This comparison; repeatable.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="How many rows of the long lists.")] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to write them.")] = Format.TABLE,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A folder: one file for each comparison.")] = None,
) -> None:
    """What has changed from the first run to the last, why, and who moved it."""
    try:
        chosen = comparing.chosen(only or [])
        _told_where(form, out)
        with comparing.compare(runs) as sides:
            if top is not None:
                sides.connection.execute(f"set variable top = {top}")
            facts, counted = sides.facts(), [sides.count(one) for one in chosen]
    except (RunFault, statistics.UnknownStatistic) as fault:
        raise typer.BadParameter(str(fault)) from fault
    if out is None:
        typer.echo(write(counted, form, facts), nl=False)
    else:
        _files(counted, form, facts, out)


def why(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    names: Annotated[list[str], typer.Argument(metavar="DOMAIN...", help="Domains of the run.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a JSON object for each domain.")] = False,
) -> int:
    """Explain domains of a finished run from its evidence: each step, each verdict, what to mend first."""
    try:
        with open_run(run) as warehouse:
            found = [explain(warehouse, _a_label(name)) for name in names]
    except RunFault as fault:
        raise typer.BadParameter(str(fault)) from fault
    if missing := [name for name, one in zip(names, found, strict=True) if one is None]:
        raise typer.BadParameter(f"{run}: has no {', '.join(map(clean, missing))}")
    return show([one for one in found if one is not None], as_json=as_json)


def _a_label(name: str) -> str:
    try:
        return domain(name)
    except NameFault:
        return name.lower()


def sql(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    command: Annotated[
        str | None, typer.Option("--command", "-c", metavar="SQL", help="These statements, and leave.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to write answers.")] = Format.TABLE,
) -> None:
    """DuckDB over the views of a run: a shell on a terminal; else the statements of --command or standard input."""
    if form is Format.PARQUET:
        raise typer.BadParameter("Parquet is no text: say `copy (select ...) to 'file.parquet'`")
    try:
        with open_run(run) as warehouse:
            flat.views(warehouse)
            if command is None and sys.stdin.isatty():
                shell.talk(warehouse, form)
                return
            for text in shell.answer(warehouse, sys.stdin.read() if command is None else command, form):
                typer.echo(text, nl=False)
    except (RunFault, shell.StatementFault) as fault:
        raise typer.BadParameter(str(fault)) from fault


def export_(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE...]", help="Flat tables; all but openintel if none.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the files.")] = Path("export"),
    form: Annotated[flat.Flat, typer.Option("--format", "-f", help="How to write them.")] = flat.Flat.CSV,
) -> None:
    """Flat tables of a run for spreadsheets, R and pandas; `openintel` has OpenINTEL's column names."""
    try:
        chosen = flat.chosen(names or [])
        out.mkdir(parents=True, exist_ok=True)
        with open_run(run) as warehouse:
            for one in chosen:
                path, rows = flat.write(warehouse, one, out, form)
                typer.echo(f"{path}: {rows:,} rows")
    except (RunFault, statistics.UnknownStatistic) as fault:
        raise typer.BadParameter(str(fault)) from fault
    except (OSError, duckdb.IOException) as fault:
        raise typer.BadParameter(f"{out}: {getattr(fault, 'strerror', None) or str(fault).splitlines()[0]}") from fault


def show(found: list[Explained], *, as_json: bool) -> int:
    """Prints what is explained; the exit status is that of the worst: findings, not known, protected."""
    if as_json:
        for one in found:
            typer.echo(json.dumps(one.record(), default=str))
    else:
        typer.echo("\n".join(told(one) for one in found), nl=False)
    return min((one.status for one in found), key=(1, 3, 0).index)


def mount(app: typer.Typer) -> None:
    """Add our commands to another app."""
    app.command()(stats)
    app.command()(judge)
    app.command()(compare)
    app.command()(why)
    app.command()(sql)
    app.command("export")(export_)
    app.command("report")(report)


def _told_where(form: Format, out: Path | None) -> None:
    if form is Format.PARQUET and out is None:
        raise typer.BadParameter("Parquet needs a folder: --out DIR")


def _files(counted: list[Counted], form: Format, facts: dict[str, str], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for one in counted:
            target = out / f"{one.statistic.name}.{SUFFIX[form]}"
            if form is Format.PARQUET:
                parquet(one, target)
            else:
                target.write_text(write([one], form, facts), encoding="utf-8")
    except OSError as fault:
        raise typer.BadParameter(f"{out}: {fault.strerror}") from fault
    typer.echo(f"{len(counted)} files in {out}")
