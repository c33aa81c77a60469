"""``python -m tests.mutations [WORD...]``: mutants made, tests run, survivors told."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutations.checks import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
COPIED = ("crawler", "analysis", "lab", "bench", "docs", "tests", "notebooks", "data", "pyproject.toml", "README.md")


def copied(target: Path) -> Path:
    """The tree, as far as tests need it, in a folder of its own."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            skipped = shutil.ignore_patterns("__pycache__", "*.parquet")
            shutil.copytree(source, target / name, ignore=skipped)
        elif source.exists():
            shutil.copy(source, target / name)
    return target


def passes(tree: Path, tests: Iterable[str]) -> bool:
    """Whether these tests pass in the tree as it is."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode not in (0, 1):
        raise SystemExit(f"pytest could not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def killed(tree: Path, mutation: Mutation) -> bool:
    """Whether the tests notice that the check is gone; the tree is put right again."""
    file = tree / mutation.file
    sound = file.read_text(encoding="utf-8")
    if sound.count(mutation.before) != 1:
        raise SystemExit(f"{mutation.name}: {mutation.file} does not have its piece of source once")
    file.write_text(sound.replace(mutation.before, mutation.after), encoding="utf-8")
    try:
        return not passes(tree, mutation.tests)
    finally:
        file.write_text(sound, encoding="utf-8")


def survivors(mutations: Sequence[Mutation]) -> list[str]:
    """The names of those that no test noticed; each is told as it is tried."""
    lived = []
    with tempfile.TemporaryDirectory(prefix="dane-census-mutations-") as folder:
        tree = copied(Path(folder))
        if not passes(tree, sorted({test for mutation in mutations for test in mutation.tests})):
            raise SystemExit("the tests fail with every check in place: mend that first")
        for mutation in mutations:
            began = time.perf_counter()
            noticed = killed(tree, mutation)
            if not noticed:
                lived.append(mutation.name)
            print(
                f"{'killed' if noticed else 'LIVES '}  {time.perf_counter() - began:5.1f} s  {mutation.name}",
                flush=True,
            )
    return lived


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD")
    options = parser.parse_args()
    chosen = [one for one in MUTATIONS if not options.words or any(word in one.name for word in options.words)]
    lived = survivors(chosen)
    print(f"{len(chosen) - len(lived)} of {len(chosen)} mutants killed" + "".join(f"\nlives: {name}" for name in lived))
    sys.exit(1 if lived else 0)


if __name__ == "__main__":
    main()
