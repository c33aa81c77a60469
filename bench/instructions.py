"""Python's instructions a question on the plain path, function by function: ``python -m bench.instructions``.

The clock of a shared machine goes wrong by a third; this count does not. Each instruction of the interpreter is
traced, from the question to the row in Parquet, which takes seconds a thousand questions and tells nothing of time: a
call into C (the system, Arrow, OpenSSL) counts as one. One instruction is 8 to 20 ns, by ``bench.plain``.

`--alike N` puts as many questions for every RRset: the world has few mail providers, and answers that are alike are
read once. With 1, each RRset comes once.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import TYPE_CHECKING, Any

import trio

from bench import plain
from crawler.manners import Manners
from crawler.net import open_network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_DRIVES = {"bare": plain.bare, "door": plain.door, "rows": plain.rows}


class Count:
    """Instructions and calls, by function."""

    def __init__(self) -> None:
        self.instructions = Counter[CodeType]()
        self.calls = Counter[CodeType]()

    def enter(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG002 - as `sys.settrace` calls
        """A function begins, or a coroutine goes on."""
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self.calls[frame.f_code] += 1
        return self._step

    def _step(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG002
        if event == "opcode":
            self.instructions[frame.f_code] += 1
        return self._step


async def answered(drive: plain.Drive, names: Sequence[str], port: int, folder: Path) -> int:
    """How many are answered rightly."""
    async with open_network(Manners.unlimited(), allow_special=True) as net:
        return await drive(names, net, port, folder)


def counted(drive: plain.Drive, names: Sequence[str], port: int, folder: Path) -> Count:
    """What a drive takes for these names, trio's own part among it."""
    count = Count()
    sys.settrace(count.enter)
    try:
        right = trio.run(answered, drive, names, port, folder)
    finally:
        sys.settrace(None)
    if right != len(names):
        sys.exit(f"{right:,} answers of {len(names):,}")
    return count


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drive", choices=_DRIVES, nargs="?", default="rows")
    parser.add_argument("--names", type=int, default=1_600)
    parser.add_argument("--alike", type=int, default=8)
    parser.add_argument("--lines", type=int, default=30)
    options = parser.parse_args()
    if shutil.which("nsd") is None:
        sys.exit("bench.instructions needs nsd (Debian: apt install nsd)")
    apart = options.names // options.alike  # questions until an RRset comes again
    zone = [f"n{number:07d}.bench" for number in range(plain.RRSETS * options.alike)]
    names = [zone[at % apart + at // apart * plain.RRSETS] for at in range(apart * options.alike)]
    with TemporaryDirectory() as folder, plain.nsd(Path(folder), zone) as port:
        count = counted(_DRIVES[options.drive], names, port, Path(folder))
    print(f"{options.drive}: {count.instructions.total() / len(names):,.0f} instructions a question")
    print(f"{'a question':>12}{'calls':>8}{'a call':>8}")
    for code, steps in count.instructions.most_common(options.lines):
        calls = count.calls[code]
        where = f"{Path(code.co_filename).name}:{code.co_qualname}"
        print(f"{steps / len(names):12.1f}{calls / len(names):8.2f}{steps / max(1, calls):8.1f}  {where}")


if __name__ == "__main__":
    main()
