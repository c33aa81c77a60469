"""Two more opinions: BIND's delv, asked name by name, and Knot Resolver, a server. Both validate for themselves.

Unbound walks for them (`servers.recursor`): told by CD to leave the checking to others, it
passes on whatever the zones say.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.real.servers import HOST, command, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KRESD = """\
net.listen('{host}', {port}, {{ kind = 'dns' }})
net.ipv6 = false
trust_anchors.remove('.')
trust_anchors.add_file('{folder}/anchors', true)
policy.add(policy.all(policy.FORWARD('{host}@{upstream}')))
cache.size = 20 * MB
"""
#: What delv says first of an answer -> its state. It tells no bogus answer from one that could not be had.
_DELV = {
    "; fully validated": "secure",
    "; unsigned answer": "insecure",
    "; negative response, fully validated": "secure",
    "; negative response, unsigned answer": "insecure",
}


@contextmanager
def kresd(folder: Path, anchors: str, upstream: int) -> Iterator[int]:
    """Knot Resolver in front of a recursive server; gives its port."""
    server, port = command("kresd"), free_port()
    folder.mkdir()
    (folder / "anchors").write_text(anchors)
    (folder / "conf").write_text(_KRESD.format(host=HOST, port=port, folder=folder, upstream=upstream))
    with running([server, "-n", "-c", str(folder / "conf"), str(folder)], folder, port, "."):
        yield port


class Delv:
    """BIND's validator, one process a question."""

    def __init__(self, folder: Path, anchors: str, upstream: int) -> None:
        self._keys = folder / "bind.keys"
        ds = (line.split()[4:] for line in anchors.splitlines())
        lines = "".join(f'"." static-ds {tag} {algorithm} {kind} "{digest}";' for tag, algorithm, kind, digest in ds)
        self._keys.write_text(f"trust-anchors {{ {lines} }};\n")
        self._start = [command("delv"), f"@{HOST}", "-p", str(upstream), "-a", str(self._keys), "+root=."]

    def state(self, name: str, rtype: str) -> str:
        """`secure`, `insecure` or `failed`, or what it said that is none of these."""
        done = subprocess.run([*self._start, name, rtype], capture_output=True, text=True, check=False, timeout=60)
        for line in done.stdout.splitlines():
            if line in _DELV:
                return _DELV[line]
        return "failed" if "resolution failed" in done.stdout + done.stderr else (done.stdout + done.stderr)[:200]
