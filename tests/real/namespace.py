"""A machine of its own for tools that know no tunnel: the lab at ports 25 and 53 of every address, Unbound before it.

Run as root inside a network and mount namespace (``python -m tests.real.namespace JOB``); `within` does so. Every IPv4
address is local there, so posttls-finger talks to the lab's mail servers as it would to real ones.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from lab.names import text
from lab.servers import serving_here
from lab.streams import streaming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.world import World

Commands = dict[str, list[str]]  # a key of the caller's -> arguments
_ALL = "192.0.2.255"  # the one server that has all zones
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_PARALLEL = 8
_UNBOUND = """\
server:
  interface: 127.0.0.1
  port: 53
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  use-syslog: no
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor: "{anchor}"
  harden-below-nxdomain: no
  access-control: 127.0.0.0/8 allow
remote-control:
  control-enable: no
"""


def within(make: Callable[[], World], commands: Commands, folder: Path) -> dict[str, str]:
    """What each command says, standard output and error together, run beside the world that `make` makes."""
    for tool in ("unshare", "ip", "unbound"):
        if shutil.which(tool, path=PATH) is None:
            pytest.skip(f"{tool} is not installed")
    if os.geteuid() != 0:
        pytest.skip("not root: ports 25 and 53 need a network namespace")
    (folder / "job").write_bytes(pickle.dumps((make, commands)))
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions trust-ad edns0\n")
    inside = (
        "ip link set lo up && ip route add local 0.0.0.0/0 dev lo"
        f" && mount --bind {folder}/resolv.conf /etc/resolv.conf"
        f" && exec {sys.executable} -m tests.real.namespace {folder}/job"
    )
    done = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", inside],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=600,
        env=os.environ | {"PATH": PATH},
    )  # fmt: skip
    if "Operation not permitted" in done.stderr and not done.stdout:
        pytest.skip("no network namespaces here")
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout))


@contextmanager
def _recursor(world: World) -> Iterator[None]:
    with TemporaryDirectory() as name, serving_here(world, plain=_ALL) as serving:
        folder = Path(name)
        stubs = "".join(
            f'stub-zone:\n  name: "{text(apex)}"\n  stub-addr: 127.0.0.1@{serving.port}\n' for apex in world.zones
        )
        (folder / "conf").write_text(_UNBOUND.format(folder=folder, anchor=world.anchors().strip()) + stubs)
        with subprocess.Popen(["unbound", "-d", "-c", str(folder / "conf")], stderr=subprocess.DEVNULL) as process:
            try:
                time.sleep(1.0)  # another process starts: there is no clock to jump
                assert process.poll() is None, "unbound did not start"
                yield
            finally:
                process.terminate()


def _run(commands: Commands) -> dict[str, str]:
    """All of them, a few at once."""
    said: dict[str, str] = {}
    left = list(commands.items())
    while left:
        batch, left = left[:_PARALLEL], left[_PARALLEL:]
        started = [
            (key, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
            for key, command in batch
        ]
        for key, process in started:
            try:
                said[key] = process.communicate(timeout=60)[0].decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                process.kill()
                said[key] = "timed out"
    return said


def main(arguments: Sequence[str]) -> None:
    """Inside the namespace."""
    make, commands = pickle.loads(Path(arguments[0]).read_bytes())
    world = make()
    world.link()
    world.everything(_ALL)
    with _recursor(world), streaming(make, 25):
        sys.stdout.write(json.dumps(_run(commands)))


if __name__ == "__main__":
    main(sys.argv[1:])
