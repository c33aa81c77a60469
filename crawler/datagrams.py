"""Datagrams by the batch: many in one call into the system, where it has that (`recvmmsg` and `sendmmsg` of Linux).

A part of ``net``, which alone may use it. A datagram that is sent or taken alone costs a call, and an address made
from text or into it; in a batch, there is one call for all, and addresses come from a memory. Where the system's
library has no such calls, datagrams go one by one, and nobody sees a difference. The sockets are ``sockets``.

The system writes into our memory here. What it may touch is laid out once, before the first call, and is never
moved: `BATCH` slots of one size, an address beside each, and headers that lead there and nowhere else.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

SocketAddress = tuple[Any, ...]  # (host, port) or (host, port, flow, scope), as the socket module has it

BATCH = 64  # datagrams a call
LONGEST = 4_096  # octets of a datagram that we read: over three times what EDNS asks for
LONGEST_SENT = 1_024  # octets of one that we send: a question has no more than 300, whatever stands before it
_ADDRESS = 32  # octets kept for a socket address; one of IPv4 has 16, one of IPv6 28
_BESIDE = 64  # octets between slots: were they a power of two apart, they would push each other out of the caches


class Letter(Protocol):
    """What is to be sent."""

    datagram: bytes
    target: SocketAddress


class Inbox:
    """Takes what has come, a datagram at a time."""

    def __init__(self) -> None:
        self._room = memoryview(bytearray(LONGEST))  # taking each out of here costs less than room for each

    def take(self, sock: socket.socket) -> list[tuple[bytes, SocketAddress]]:
        """What has come, up to a batch, each with host and port of who sent it; if there are fewer, that was all.

        An error of the system is that of an earlier datagram of ours, which is nobody's reply: nothing has come.
        """
        taken: list[tuple[bytes, SocketAddress]] = []
        with suppress(OSError):
            while len(taken) < BATCH:
                size, source = sock.recvfrom_into(self._room)
                taken.append((bytes(self._room[:size]), source[:2]))
        return taken


class Outbox:
    """Sends a datagram at a time."""

    def send(self, sock: socket.socket, letters: Sequence[Letter]) -> tuple[int, int]:
        """Send the first of these, as many as go at once, a batch at the most: how many went, and their octets.

        Raises `OSError` for the very first of them: `BlockingIOError` if there is no room for it now.
        """
        first = letters[0]
        return 1, sock.sendto(first.datagram, first.target)


# ---- by the batch ----


class _Vector(ctypes.Structure):
    """iovec: where octets are, and how many."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """msghdr: an address, and what goes there or came from there."""

    _fields_ = (
        ("address", ctypes.c_void_p), ("address_size", ctypes.c_uint), ("vectors", ctypes.c_void_p),
        ("vectors_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Counted(ctypes.Structure):
    """mmsghdr: the same, and how many octets went or came."""

    _fields_ = (("header", _Header), ("size", ctypes.c_uint))


_WIDTH = ctypes.sizeof(_Counted) // ctypes.sizeof(ctypes.c_uint)  # of one of these, and where its count is
_SIZE = _Counted.size.offset // ctypes.sizeof(ctypes.c_uint)


class _Slots:
    """Room for a batch of datagrams and their addresses, and the headers that lead there."""

    def __init__(self, size: int, family: socket.AddressFamily) -> None:
        self.stride = size + _BESIDE
        self.octets = memoryview(bytearray(BATCH * self.stride))
        self.addresses = memoryview(bytearray(BATCH * _ADDRESS))
        self.address_size = 28 if family == socket.AF_INET6 else 16
        vectors, headers = (_Vector * BATCH)(), (_Counted * BATCH)()
        octets_at = ctypes.addressof(ctypes.c_char.from_buffer(self.octets))
        addresses_at = ctypes.addressof(ctypes.c_char.from_buffer(self.addresses))
        for at, (vector, counted) in enumerate(zip(vectors, headers, strict=True)):
            vector.base, vector.size = octets_at + at * self.stride, size
            header = counted.header
            header.address, header.address_size = addresses_at + at * _ADDRESS, self.address_size
            header.vectors, header.vectors_count = ctypes.addressof(vector), 1
        self.headers_at = ctypes.addressof(headers)
        self.came = memoryview(headers).cast("B").cast("I")  # at each `_SIZE`: octets
        self.to_go = memoryview(vectors).cast("B").cast("L")  # every second one: octets; Linux has its sizes as longs


class BatchInbox(Inbox):
    """Takes a batch at a time, from the sockets of one family."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self._slots = _Slots(LONGEST, family)

    def take(self, sock: socket.socket) -> list[tuple[bytes, SocketAddress]]:
        slots = self._slots
        count = _recvmmsg(sock.fileno(), slots.headers_at, BATCH, socket.MSG_DONTWAIT, None)
        octets, addresses, came = slots.octets, slots.addresses, slots.came
        stride, width = slots.stride, slots.address_size
        taken: list[tuple[bytes, SocketAddress]] = []
        here = there = 0
        for at in range(_SIZE, count * _WIDTH, _WIDTH):  # of -1: none
            source = _read_address(bytes(addresses[there : there + width]))
            taken.append((bytes(octets[here : here + came[at]]), source))
            here += stride
            there += _ADDRESS
        return taken


class BatchOutbox(Outbox):
    """Sends a batch at a time, from the sockets of one family."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self._slots = _Slots(LONGEST_SENT, family)

    def send(self, sock: socket.socket, letters: Sequence[Letter]) -> tuple[int, int]:
        slots = self._slots
        octets, addresses, to_go = slots.octets, slots.addresses, slots.to_go
        stride, width = slots.stride, slots.address_size
        here = there = 0
        at = 1
        for letter in letters[:BATCH]:
            datagram = letter.datagram
            to_go[at] = size = len(datagram)
            if size > LONGEST_SENT:
                raise ValueError(f"a datagram of {size} octets")  # our own mistake: no question is so long
            octets[here : here + size] = datagram
            addresses[there : there + width] = _write_address(letter.target)
            here += stride
            there += _ADDRESS
            at += 2
        count = _sendmmsg(sock.fileno(), slots.headers_at, at // 2, socket.MSG_DONTWAIT)
        if count < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return count, sum(to_go[1 : 2 * count : 2])


@lru_cache(16_384)
def _write_address(address: SocketAddress) -> bytes:
    """sockaddr_in or sockaddr_in6 of a host and a port."""
    host, port = address[:2]
    if ":" in host:
        where = socket.inet_pton(socket.AF_INET6, host)
        return struct.pack("=HHI16sI", socket.AF_INET6, socket.htons(port), 0, where, 0)
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_pton(socket.AF_INET, host))


@lru_cache(16_384)
def _read_address(octets: bytes) -> SocketAddress:
    """Host and port of a sockaddr_in or sockaddr_in6."""
    port = int.from_bytes(octets[2:4])
    if len(octets) == 28:
        return socket.inet_ntop(socket.AF_INET6, octets[8:24]), port
    return socket.inet_ntop(socket.AF_INET, octets[4:8]), port


def _calls() -> tuple[Any, Any] | None:
    """The system's `recvmmsg` and `sendmmsg`, if the system's library has both."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    receive, send = getattr(library, "recvmmsg", None), getattr(library, "sendmmsg", None)
    if receive is None or send is None:
        return None
    receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    send.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    return receive, send


CALLS = _calls()
_recvmmsg: Any
_sendmmsg: Any
_recvmmsg, _sendmmsg = CALLS or (None, None)


def boxes(family: socket.AddressFamily) -> tuple[Inbox, Outbox]:
    """Those for the sockets of one family, as good as the system has them."""
    if CALLS is None:
        return Inbox(), Outbox()
    return BatchInbox(family), BatchOutbox(family)
