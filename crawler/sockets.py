"""The sockets behind the one door, the questions that went out of each, and chance to make them hard to guess.

A part of ``net``, which alone may use it: who may be asked when, and what a reply means
to whom, is there. RFC 5452 section 4: random ports and ids, enough of both.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from crawler.datagrams import boxes
from crawler.deadlines import Timed
from crawler.exchange import Silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.datagrams import Inbox, Outbox, SocketAddress

_RECEIVE_BUFFER = 4 * 1024 * 1024  # octets; the default loses answers when thousands are in flight

#: Errors of the system that say: nobody can be reached there, or nobody may be asked.
UNREACHABLE = frozenset(
    {
        errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN,
        errno.EPERM, errno.EACCES, errno.EINVAL, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL,
    }
)  # fmt: skip


#: Errors of the system that say: no more of these for you.
_TOO_MANY = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

TcpSocket = socket.socket  # as `stream` makes it


def stream(host: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection that waits: for zone transfers, before a scan begins. Raises `OSError`."""
    return socket.create_connection((host, port), timeout=seconds)


def meaning(fault: OSError) -> Silence:
    """What an error of the operating system means for a query or a connection."""
    if fault.errno in UNREACHABLE:
        return Silence.UNREACHABLE
    if fault.errno in _TOO_MANY:
        return Silence.TOO_MANY
    if isinstance(fault, ConnectionRefusedError):
        return Silence.CONNECTION_REFUSED
    return Silence.TIMEOUT if fault.errno == errno.ETIMEDOUT else Silence.CLOSED


class Exchange(Timed):
    """One UDP query on its way, from the moment it has an id. `UdpTcpNetwork._send` fills it in, and uses it again."""

    __slots__ = ("asked", "datagram", "heard_at", "id", "outstanding", "question", "read", "refused", "target")

    outstanding: dict[int, Exchange]  # of that socket
    id: int
    asked: tuple[str, int]  # address and port
    question: bytes
    read: Callable[[bytes, bytes], object]
    refused: bool
    heard_at: float | None
    datagram: bytes
    target: SocketAddress

    def fail(self, silence: Silence) -> None:
        """It could not be sent."""
        del self.outstanding[self.id]
        self.wake(silence)

    def expire(self) -> None:
        del self.outstanding[self.id]
        self.wake(Silence.TIMEOUT)

    def abort(self, raise_cancel: object) -> trio.lowlevel.Abort:
        """The waiting task is cancelled: nothing of it stays behind."""
        del self.outstanding[self.id]
        return super().abort(raise_cancel)


class UdpSocket:
    """One of our sockets and the queries that went out of it."""

    __slots__ = ("inbox", "outbox", "outstanding", "post", "sock")

    def __init__(self, family: socket.AddressFamily, inbox: Inbox, outbox: Outbox) -> None:
        self.inbox, self.outbox = inbox, outbox  # shared with the others of its family
        self.post: list[Exchange] = []  # to be sent
        self.outstanding: dict[int, Exchange] = {}
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.sock.setblocking(False)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if family == socket.AF_INET6:
                self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104 - replies only
        except BaseException:
            self.sock.close()
            raise


def open_sockets(family: socket.AddressFamily, count: int) -> list[UdpSocket]:
    """The sockets of one family; none if the machine does not have it."""
    opened: list[UdpSocket] = []
    inbox, outbox = boxes(family)
    try:
        while len(opened) < count:
            opened.append(UdpSocket(family, inbox, outbox))
    except OSError as fault:
        for one in opened:
            one.sock.close()
        if fault.errno not in UNREACHABLE:
            raise
        return []
    return opened


def descriptors() -> int:
    """How many files and sockets this process may have open, once it has asked for all that it may get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in {soft, resource.RLIM_INFINITY}:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return soft if soft != resource.RLIM_INFINITY else 1 << 20


async def connect(target: SocketAddress, patience: float) -> trio.SocketStream | Silence:
    """A TCP connection; the caller closes it. Raises `OSError` for what is not silence."""
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    sock = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        with trio.move_on_after(patience):
            await sock.connect(target)
            return trio.SocketStream(sock)
    except BaseException:
        sock.close()
        raise
    sock.close()
    return Silence.TIMEOUT


class Random:
    """Numbers of the system's generator, drawn in bulk (a call for each costs a microsecond)."""

    __slots__ = ("_pool",)

    def __init__(self) -> None:
        self._pool: list[int] = []

    def draw(self) -> int:
        """32 bits: the lower half makes an id, the upper half picks a socket."""
        try:
            return self._pool.pop()
        except IndexError:
            self._pool = array("I", os.urandom(8_192)).tolist()
            return self._pool.pop()
