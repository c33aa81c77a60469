"""The lab's servers: a world behind one loopback port, UDP and TCP, in processes of their own or in a thread.

The tunnel's prefix (`lab.network`) says which virtual server is meant. A process is handed a pickled callable that
makes the world, says on its standard output which port it has, and ends when its standard input does, so it never
outlives us. What a world raises is a mistake of the lab's: it is printed, the client hears nothing, and the end of
`serving` raises.
"""

from __future__ import annotations

import heapq
import json
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, Final

from lab.behaviours import Late, Outcome, Reset
from lab.network import PREFIX, address_of
from lab.world import Replies

HOST: Final = "127.0.0.1"
BUFFER: Final = 8 << 20
DRAIN: Final = 512  # datagrams in one go, before timers and connections have their turn
CONNECTIONS: Final = 2000
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST

Make = Callable[[], Replies]


class LabServersFault(Exception):
    """A server process did not start, or its world raised."""


@dataclass(slots=True)
class Serving:
    """Where the servers are, and at the end what they did."""

    port: int
    queries: int = 0  # known at the end
    cpu: float = 0.0  # seconds of all server processes, known at the end
    faults: int = 0


@dataclass(slots=True)
class _Connection:
    sock: socket.socket
    virtual: str | None = None
    data: bytes = b""


class Loop:
    """One world, one UDP and one TCP socket, until it is told to stop.

    Where `plain` is given there is no tunnel: the port is that one virtual server, for resolvers that know no tunnel.
    """

    def __init__(self, world: Replies, port: int = 0, *, shared: bool = False, plain: str | None = None) -> None:
        self.world = world
        self._plain = plain
        self.queries = self.faults = 0
        self._udp, self._tcp = bound(port, shared=shared)
        self.port: int = self._udp.getsockname()[1]
        self._late: list[tuple[float, int, Callable[[], None]]] = []
        self._connections: dict[int, _Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._udp, selectors.EVENT_READ, self._datagrams)
        self._selector.register(self._tcp, selectors.EVENT_READ, self._accept)

    def run(self, stop: int) -> None:
        """Serve until the file descriptor `stop` is readable (or at its end)."""
        self._selector.register(stop, selectors.EVENT_READ, None)
        try:
            while True:
                for key, _ in self._selector.select(self._pause()):
                    if key.data is None:
                        self._datagrams()  # what was sent before we were told is answered
                        return
                    key.data()
                while self._late and self._late[0][0] <= time.monotonic():
                    heapq.heappop(self._late)[2]()
        finally:
            self._close()

    def _pause(self) -> float | None:
        return max(0.0, self._late[0][0] - time.monotonic()) if self._late else None

    def _close(self) -> None:
        for connection in self._connections.values():
            connection.sock.close()
        self._udp.close()
        self._tcp.close()
        self._selector.close()

    def _ask(self, query: bytes, virtual: str, *, tcp: bool) -> Outcome:
        self.queries += 1
        try:
            return self.world.reply(query, virtual, tcp=tcp)
        except Exception:  # noqa: BLE001 - told at the end: `serving` raises
            self.faults += 1
            if self.faults <= 3:
                traceback.print_exc()
            return None

    def _datagrams(self) -> None:
        receive, send = self._udp.recvfrom, self._datagram_out
        with suppress(BlockingIOError):
            for _ in range(DRAIN):
                datagram, client = receive(65535)
                prefix = b"" if self._plain else datagram[:PREFIX]
                if len(prefix) < PREFIX and not self._plain:
                    continue
                virtual = self._plain or address_of(prefix)
                outcome = self._ask(datagram[len(prefix) :], virtual, tcp=False)
                if isinstance(outcome, bytes):
                    send(prefix + outcome, client)
                elif isinstance(outcome, Late):
                    self._later(outcome.seconds, send, prefix + outcome.reply, client)

    def _datagram_out(self, datagram: bytes, client: Any) -> None:
        with suppress(OSError):  # too long for a datagram, or our buffer is full: lost, as on any network
            self._udp.sendto(datagram, client)

    def _later(self, seconds: float, act: Callable[..., None], *args: Any) -> None:
        at = time.monotonic() + seconds
        heapq.heappush(self._late, (at, self.queries, lambda: act(*args)))

    def _accept(self) -> None:
        with suppress(OSError):
            sock, _ = self._tcp.accept()
            sock.setblocking(False)
            connection = _Connection(sock, self._plain)
            self._connections[id(connection)] = connection
            self._selector.register(sock, selectors.EVENT_READ, lambda: self._readable(connection))
            if len(self._connections) > CONNECTIONS:
                self._drop(next(iter(self._connections.values())))

    def _readable(self, connection: _Connection) -> None:
        try:
            more = connection.sock.recv(65535)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._drop(connection)
            return
        connection.data += more
        if connection.virtual is None and len(connection.data) >= PREFIX:
            connection.virtual = address_of(connection.data[:PREFIX])
            connection.data = connection.data[PREFIX:]
        while connection.virtual is not None and id(connection) in self._connections:
            size = int.from_bytes(connection.data[:2], "big") + 2
            if len(connection.data) < max(size, 2 + 1):
                break
            query, connection.data = connection.data[2:size], connection.data[size:]
            self._converse(connection, self._ask(query, connection.virtual, tcp=True))

    def _converse(self, connection: _Connection, outcome: Outcome) -> None:
        if isinstance(outcome, bytes):
            self._stream_out(connection, outcome)
        elif isinstance(outcome, Late):
            self._later(outcome.seconds, self._stream_out, connection, outcome.reply)
        elif isinstance(outcome, Reset):
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._drop(connection)

    def _stream_out(self, connection: _Connection, reply: bytes) -> None:
        """One message; a client that does not read 64 KiB at loopback is dropped."""
        if id(connection) not in self._connections:
            return
        message = len(reply).to_bytes(2, "big") + reply
        try:
            if connection.sock.send(message) < len(message):
                self._drop(connection)
        except OSError:
            self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        if self._connections.pop(id(connection), None) is not None:
            self._selector.unregister(connection.sock)
            connection.sock.close()


def bound(port: int, *, shared: bool) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same loopback port."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for sock in (udp, tcp):
            sock.setblocking(False)
            if shared:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            udp.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        try:
            udp.bind((HOST, port))
            tcp.bind((HOST, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            if port:
                raise
            continue
        tcp.listen(1024)
        return udp, tcp


@contextmanager
def serving(make: Make, *, processes: int = 1) -> Iterator[Serving]:
    """The world that `make` makes (it must pickle), served by processes of its own that share one port."""
    with ExitStack() as stack:
        started: list[subprocess.Popen[bytes]] = []
        state = Serving(0)
        for _ in range(processes):
            child = stack.enter_context(process("lab.servers"))
            started.append(child)
            pickle.dump((make, state.port, processes > 1), _pipe(child.stdin))
            _pipe(child.stdin).flush()
            state.port = state.port or port_of(child)
        for child in started[1:]:
            port_of(child)
        yield state
        for child in started:
            finish(child, state)
    if state.faults:
        raise LabServersFault(f"the lab's world raised {state.faults} times, see above")


@contextmanager
def process(module: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the lab, which ends with the block."""
    paths = os.pathsep.join([os.getcwd(), *filter(None, sys.path)])  # noqa: PTH109 - as sys.path has it
    child = subprocess.Popen(  # noqa: S603 - a module of ours
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    try:
        yield child
    finally:
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                _pipe(pipe).close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def port_of(child: subprocess.Popen[bytes]) -> int:
    """Where it listens, as it says first of all."""
    line = _pipe(child.stdout).readline()
    if not line:
        raise LabServersFault("a lab server process did not start, see above")
    return int(line)


def finish(child: subprocess.Popen[bytes], state: Serving) -> None:
    """End a process and take its account."""
    _pipe(child.stdin).close()
    line = _pipe(child.stdout).readline()
    if not line:
        raise LabServersFault("a lab server process died, see above")
    account = json.loads(line)
    state.queries += account["queries"]
    state.cpu += account["cpu"]
    state.faults += account["faults"]


@contextmanager
def serving_here(world: Replies, *, plain: str | None = None) -> Iterator[Serving]:
    """The same in a thread of ours: for a world that does not pickle, or whose counters are wanted."""
    loop = Loop(world, plain=plain)
    reading, writing = os.pipe()
    thread = threading.Thread(target=loop.run, args=(reading,), name="lab servers")
    thread.start()
    state = Serving(loop.port)
    try:
        yield state
    finally:
        os.close(writing)
        thread.join()
        os.close(reading)
        state.queries, state.faults = loop.queries, loop.faults
    if state.faults:
        raise LabServersFault(f"the lab's world raised {state.faults} times, see above")


def main() -> None:
    """A server process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, by closing our input
    make, port, shared = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
    loop = Loop(make(), port, shared=shared)
    sys.stdout.write(f"{loop.port}\n")
    sys.stdout.flush()
    loop.run(sys.stdin.fileno())
    usage = resource.getrusage(resource.RUSAGE_SELF)
    account = {"queries": loop.queries, "cpu": usage.ru_utime + usage.ru_stime, "faults": loop.faults}
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(account) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
