"""The lab's services in a process of their own: all addresses and ports of a world behind one loopback port.

Who listens where is ``peers``. The tunnel: 16 octets of address (as in ``lab.network``) and 2 of port from the client,
one octet back:
0 connected, 1 refused, 2 unreachable; silence sends none. What a handler raises is a mistake of the lab's, and told.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import trio

from lab.behaviours import Reset
from lab.network import PREFIX, address_of
from lab.peers import GONE, talk
from lab.servers import HOST, LabServersFault, Serving, finish, port_of, process
from lab.world import Replies

_HEAD: Final = PREFIX + 2
CONNECTED, REFUSED, UNREACHABLE = b"\0", b"\1", b"\2"


class Port:
    """One loopback port behind which all services of a world are.

    Where `plain` is given there is no tunnel: that port is served at every address that this machine has, for
    clients that know no tunnel (in a network namespace of their own, whose every address may be local).
    """

    def __init__(self, world: Replies, plain: int | None = None) -> None:
        self.world = world
        self.plain = plain
        self.connections = self.faults = 0

    async def run(self, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; tells its port once it listens."""
        host = HOST if self.plain is None else "0.0.0.0"  # noqa: S104 - in a namespace
        listeners = await trio.open_tcp_listeners(self.plain or 0, host=host, backlog=4_096)
        task_status.started(listeners[0].socket.getsockname()[1])
        await trio.serve_listeners(self._serve, listeners)

    async def _serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        try:
            await self._connect(stream)
        except GONE:
            pass
        except Exception:  # noqa: BLE001 - told at the end: `streaming` raises
            self.faults += 1
            if self.faults <= 3:
                traceback.print_exc()
        finally:
            stream.socket.close()

    async def _connect(self, stream: trio.SocketStream) -> None:
        if self.plain is not None:
            peer = self.world.peer(stream.socket.getsockname()[0], self.plain)
            if callable(peer):
                await talk(peer, stream)
            elif peer is None:
                await stream.receive_some(1)
            return
        head = b""
        while len(head) < _HEAD:
            more = await stream.receive_some(_HEAD - len(head))
            if not more:
                return
            head += more
        peer = self.world.peer(address_of(head[:PREFIX]), int.from_bytes(head[PREFIX:], "big"))
        if peer is None:
            await stream.receive_some(1)  # until the client goes away
        elif isinstance(peer, Reset):
            await stream.send_all(UNREACHABLE if peer is Reset.UNREACHABLE else REFUSED)
        else:
            await stream.send_all(CONNECTED)
            await talk(peer, stream)


@contextmanager
def streaming(make: Callable[[], Replies], plain: int | None = None) -> Iterator[Serving]:
    """The services of the world that `make` makes (it must pickle), in a process of their own."""
    with process("lab.streams") as child:
        assert child.stdin is not None
        pickle.dump((make, plain), child.stdin)
        child.stdin.flush()
        state = Serving(port_of(child))
        yield state
        finish(child, state)
    if state.faults:
        raise LabServersFault(f"the lab's services raised {state.faults} times, see above")


async def _main(world: Replies, plain: int | None) -> None:
    port = Port(world, plain)
    async with trio.open_nursery() as nursery:
        number = await nursery.start(port.run)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        await trio.to_thread.run_sync(partial(os.read, sys.stdin.fileno(), 1), abandon_on_cancel=True)
        nursery.cancel_scope.cancel()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps({"queries": port.connections, "cpu": cpu, "faults": port.faults}) + "\n")
        sys.stdout.flush()


def main() -> None:
    """A process of services."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, by closing our input
    make, plain = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
    trio.run(_main, make(), plain)


if __name__ == "__main__":
    main()
