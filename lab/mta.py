"""SMTP servers of the lab: greeting, EHLO and STARTTLS as they should be, and every other way (RFC 5321, RFC 3207).

An `Mta` is what stands at one address: what it says at each step, and the certificates behind STARTTLS. Each thing said
is octets, a script of octets and pauses, or None: the connection is closed in its place. It takes no mail.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat

import trio

from lab.hello import Replayed, read_hello
from lab.peers import Handler, Script, play
from lab.pki import Leaf, Pki

Said = bytes | Script | None

GREETING = b"220 mail ESMTP\r\n"
EHLO = b"250-mail\r\n250-SIZE 10485760\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
READY = b"220 go ahead\r\n"
_COMMAND = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Mta:
    """One mail server."""

    leaf: Leaf | None = None  # behind STARTTLS; None: it has none, and fails where TLS would begin
    others: tuple[Leaf, ...] = ()  # of another kind of key, for clients that want it
    greeting: Said = GREETING
    ehlo: Said = EHLO
    starttls: Said = READY
    instead: Script | None = None  # in the place of TLS
    most: ssl.TLSVersion | None = None
    old: bool = False
    find: Callable[[str], Leaf] | None = None  # the leaf for the name that is asked for, in the place of `leaf`


def handler(mta: Mta, pki: Pki) -> Handler:
    """The server, as something that talks."""
    return partial(_serve, mta, pki)


async def _serve(mta: Mta, pki: Pki, stream: trio.abc.Stream) -> None:
    if not await _say(stream, mta.greeting):
        return
    if await _commands(stream, mta):
        if mta.instead is not None:
            await stream.receive_some(_COMMAND)
            await play(stream, mta.instead())
            return
        leaf = mta.leaf
        if mta.find is not None:
            head, name = await read_hello(stream)
            leaf, stream = mta.find(name) if name else None, Replayed(stream, head)
        if leaf is None:
            return
        context = pki.context(leaf, *mta.others, most=mta.most, least=mta.old)
        inside = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        await inside.do_handshake()
        await _commands(inside, mta)


async def _commands(stream: trio.abc.Stream, mta: Mta) -> bool:
    """Answer until the client is gone, or TLS is to begin."""
    buffer = b""
    while True:
        while b"\n" not in buffer:
            more = await stream.receive_some(_COMMAND)
            if not more or len(buffer) > _COMMAND:
                return False
            buffer += bytes(more)
        line, _, buffer = buffer.partition(b"\n")
        verb = line.strip().upper().partition(b" ")[0]
        if verb == b"QUIT":
            await stream.send_all(b"221 bye\r\n")
            return False
        said = {b"EHLO": mta.ehlo, b"STARTTLS": mta.starttls}.get(verb, b"502 not here\r\n")
        if not await _say(stream, said):
            return False
        if verb == b"STARTTLS" and isinstance(said, bytes) and said.startswith(b"220"):
            return True


async def _say(stream: trio.abc.Stream, said: Said) -> bool:
    """False where the connection is to be closed instead."""
    if said is None:
        return False
    await play(stream, (said,) if isinstance(said, bytes) else said())
    return True


def slowly(said: bytes, pause: float) -> Script:
    """An octet at a time."""
    return lambda: (step for octet in said for step in (bytes((octet,)), pause))


def late(said: bytes, pause: float) -> Script:
    """After a pause."""
    return lambda: (pause, said)


def _endless_banner() -> Iterator[bytes]:
    yield from repeat(b"220-" + b"x" * 996 + b"\r\n", 10_000)


def _endless_line() -> Iterator[bytes]:
    yield from repeat(b"220 " + b"x" * 65_532, 160)


endless_banner: Script = _endless_banner
endless_line: Script = _endless_line
