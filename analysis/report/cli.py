"""The command `dane-census report`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analysis.report import page, text
from analysis.report.drawing import DrawingFault
from analysis.report.telling import tell
from analysis.warehouse import RunFault


class Form(StrEnum):
    """What a report is."""

    HTML = "html"  # one file that opens offline
    MD = "md"  # Markdown
    FIGURES = "figures"  # a folder: each chart as SVG, PNG and CSV


_DEFAULT = {Form.HTML: Path("report.html"), Form.MD: Path("report.md"), Form.FIGURES: Path("figures")}


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    other: Annotated[
        Path | None, typer.Option("--compare", metavar="RUN", help="An earlier run: tell what has changed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file; a folder for figures. [default: report.html]")
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="html, md, or figures (SVG, PNG, CSV). [default: by --out, or html]")
    ] = None,
) -> None:
    """A report of a run: headline figures with bounds, causes, providers, method; one file that opens offline."""
    form = form or (Form.MD if out is not None and out.suffix == ".md" else Form.HTML)
    target = out or _DEFAULT[form]
    try:
        _check(target, form)
        told = tell(run, other)
        if form is Form.FIGURES:
            target.mkdir(parents=True, exist_ok=True)
            typer.echo(f"{target}: {len(page.files(told, target))} files")
            return
        content = page.html(told) if form is Form.HTML else text.markdown(told)
        beside = target.with_name(f".{target.name}.tmp")
        beside.write_text(content, encoding="utf-8")
        beside.replace(target)
    except (RunFault, DrawingFault) as fault:
        raise typer.BadParameter(str(fault)) from fault
    except OSError as fault:
        raise typer.BadParameter(f"{target}: {fault.strerror}") from fault
    typer.echo(f"{target}: {target.stat().st_size // 1024:,} KiB")


def _check(target: Path, form: Form) -> None:
    """Tell of a place that cannot be written before anything is counted."""
    if form is not Form.FIGURES and target.is_dir():
        raise typer.BadParameter(f"{target}: a folder; give a file, such as {target / _DEFAULT[form].name}")
    if form is not Form.FIGURES and not target.absolute().parent.is_dir():
        raise typer.BadParameter(f"{target.parent}: no such folder")
