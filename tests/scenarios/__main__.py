"""`python -m tests.scenarios PATH...`: replay ``.rpl`` files, or folders of them; exit status 1 if any fails."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.scenarios.reader import ScriptFault, read
from tests.scenarios.replay import play


def verdict(path: Path) -> list[str]:
    """What is wrong with one scenario; empty if it passes."""
    try:
        scenario = read(path)
        if unheeded := scenario.unheeded():
            print(f"{path.parent.name}/{path.name}: not heeded: {', '.join(unheeded)}", file=sys.stderr)
        return play(scenario)
    except ScriptFault as fault:
        return [f"the script: {fault}"]
    except Exception as fault:  # noqa: BLE001 - a bug of ours is one scenario's failure, and said
        return [f"we broke down: {type(fault).__name__}: {fault}"]


def scripts(paths: list[Path]) -> list[Path]:
    """The files themselves, and those in folders."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.rpl")) if path.is_dir() else [path]
    return found


def main(arguments: list[str]) -> int:
    """Replay; the last line says how many passed."""
    if not arguments:
        print("usage: python -m tests.scenarios PATH...", file=sys.stderr)
        return 2
    failed = 0
    paths = scripts([Path(argument) for argument in arguments])
    for path in paths:
        wrong = verdict(path)
        failed += bool(wrong)
        for line in wrong:
            print(f"{path.parent.name}/{path.name}: {line}")
    print(f"passed {len(paths) - failed}, failed {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
