"""`python -m tests.vectors KIND FILE.json`: run one file of vectors; exit status 1 if any disagrees.

KIND is the name of a module beside this one; its ``run`` prints the disagreements.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
KINDS = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main(arguments: list[str]) -> int:
    """Run; the last line says how many agreed."""
    if len(arguments) != 2 or arguments[0] not in KINDS:
        print(f"usage: python -m tests.vectors {{{','.join(KINDS)}}} FILE.json", file=sys.stderr)
        return 2
    kind, path = arguments
    try:
        agreed, total = importlib.import_module(f"tests.vectors.{kind}").run(Path(path))
    except (OSError, ValueError) as fault:  # no such file, or no JSON
        print(f"{path}: {fault}", file=sys.stderr)
        return 2
    print(f"agreed {agreed} of {total}")
    return 0 if agreed == total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
