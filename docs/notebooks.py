"""Render the notebooks: run the percent files of ``notebooks/`` and keep what they show beside them as ipynb.

    python docs/notebooks.py --data data [--out FOLDER] [NAME...]

`--data` is a folder with the demo's runs (``demo/``), and ``before`` and ``after`` for the comparison. Nothing that
differs from one rendering to the next is kept but the figures: no times, cell ids by their order.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import jupytext
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
#: The run that each is rendered on, below the folder of data.
RUNS = {
    "adoption": "demo/cc-population",
    "why_dane_breaks": "demo/scenarios",
    "mta_sts_in_the_wild": "demo/scenarios",
    "two_runs_compared": "after",
}
SECONDS = 60  # for all cells of one


def read(path: Path) -> Any:
    """A percent file as a notebook without outputs; its cells are numbered."""
    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def render(path: Path, data: Path) -> Any:
    """The notebook with what its cells show; a cell that fails raises `CellExecutionError`."""
    notebook = read(path)
    there = Path(os.path.relpath(data, NOTEBOOKS))  # as the notebook tells it: no path of this machine
    os.environ["DANE_CENSUS_RUN"] = str(there / RUNS[path.stem])
    os.environ["DANE_CENSUS_BEFORE"] = str(there / "before")
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(NOTEBOOKS))
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> int:
    """Render all, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=NOTEBOOKS)
    options = parser.parse_args()
    for name in options.names or RUNS:
        notebook = render(NOTEBOOKS / f"{name}.py", options.data)
        target = options.out / f"{name}.ipynb"
        target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
