"""An exchange with a server, as the resolver sees it: a query out, a reply or a silence back.

What a `Network` must do is said here, once for the real one (``net``) and for those
of the lab, and so is which reply belongs to which question (RFC 5452 section 9.1).
Streams to other services (HTTPS, SMTP) go through the same door by `connection`. Nothing here opens a socket.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, TypeVar

from trio.lowlevel import checkpoint

from crawler.strands import in_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trio.abc import Stream

T = TypeVar("T")

_HEADER = 12
_BARE_OPT = 11  # octets of an OPT record without options (RFC 6891 section 6.1.2)
_BARE_RCODES = frozenset({1, 2, 4, 5})  # FORMERR, SERVFAIL, NOTIMP, REFUSED: may come without the question


class Silence(StrEnum):
    """Why there is no reply."""

    TIMEOUT = "timeout"  # nothing that matched came within our patience
    UNREACHABLE = "unreachable"  # our own system or the network says that nobody is there, or may be asked
    CONNECTION_REFUSED = "connection-refused"  # TCP only
    CLOSED = "closed"  # TCP only: closed or reset before a whole matching reply
    TOO_MANY = "too-many"  # our own cap: no id, port or file descriptor left


@dataclass(slots=True, kw_only=True)
class Counters:
    """What passed through the door since it was opened."""

    udp_sent: int = 0
    udp_received: int = 0  # replies that matched
    tcp_sent: int = 0
    tcp_received: int = 0
    connections: int = 0  # streams that were opened to services other than DNS
    timeouts: int = 0
    strays: int = 0  # messages that matched nothing
    bytes_out: int = 0
    bytes_in: int = 0  # of replies that matched
    busiest_address: str | None = None
    busiest_rate: int = 0  # most queries that one address saw in any one second


class Network(ABC):
    """What the resolver, and the stages that talk to services, need of the world.

    A query is handed in with id 0; what comes back carries whatever id the network drew.
    `patience` (seconds) runs from the moment the query goes out: waiting for our turn is
    not the server's fault. `sent_at` (trio's clock) is when the query went out whose
    result was returned last, and `heard_at`, where the network knows, when that came in:
    read both before the next checkpoint.
    """

    counters: Counters
    sent_at: float = -inf
    heard_at: float | None = None

    def forget_places(self) -> None:  # noqa: B027 - not every network remembers
        """Who is left alone has changed: what was remembered of addresses counts no more."""

    @abstractmethod
    async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        """Ask over UDP; one datagram out."""

    async def over_udp_read(
        self, query: bytes, address: str, port: int, patience: float, read: Callable[[bytes, bytes], T]
    ) -> T | Silence:
        """Ask over UDP, and have the reply read: what `read(reply, name)` makes of it comes back. It must not raise.

        A network that gets replies in batches reads a batch in one go, before it wakes who waits: what is done in one
        go stays in the processor's caches, and costs a third less. `name` is that of the question.
        """
        await in_task()
        reply = await self.over_udp(query, address, port, patience)
        self.heard_at = None
        return reply if isinstance(reply, Silence) else read(reply, question_of(query)[:-4])

    @abstractmethod
    async def over_tcp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        """Ask over a TCP connection of its own."""

    @asynccontextmanager
    async def connection(
        self, address: str, port: int, patience: float,  # noqa: ARG002 - for those that lead somewhere
    ) -> AsyncIterator[Stream | Silence]:  # fmt: skip
        """A TCP stream to a service, open until the block is left; or why there is none.

        Waiting for our turn is not counted; `patience` (seconds) is for connecting alone. What is read and
        written then, and for how long, is the caller's to bound. A network of name servers alone leads nowhere.
        """
        await checkpoint()
        yield Silence.UNREACHABLE

    def displeased(self, address: str, port: int) -> None:  # noqa: B027 - manners are for those that have some
        """The service asked us to go away (SMTP's 421): come back less often."""


def question_of(query: bytes) -> bytes:
    """The octets of the question section: name, type and class (RFC 1035 section 4.1.2)."""
    end = query.find(0, _HEADER) + 5
    if len(query) - end == (_BARE_OPT if query[11] else 0):  # else that octet was inside a label, or there are options
        return query[_HEADER:end]
    at = _HEADER
    while query[at]:
        at += query[at] + 1
    return query[_HEADER : at + 5]


def answers(reply: bytes, question: bytes) -> bool:
    """Whether `reply` is a response to `question`; id and addresses are matched elsewhere."""
    if len(reply) < _HEADER or not reply[2] & 0x80:
        return False
    if reply[4:6] == b"\0\1":
        if reply.startswith(question, _HEADER):
            return True
        asked = reply[_HEADER : _HEADER + len(question)]
        if len(asked) == len(question):
            return asked[-4:] == question[-4:] and asked.lower() == question.lower()
    bare = reply[4:6] == b"\0\0" or len(reply) == _HEADER  # some servers send a header alone, counts kept
    return bare and reply[3] & 0x0F in _BARE_RCODES
