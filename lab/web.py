"""HTTPS servers of the lab: policy files served well, and every way of serving them badly.

A `Web` is what one name shows: a certificate, and a script of octets and pauses that follows the request; or, in the
place of TLS, a script of its own. Which name is meant is told by SNI, so one address may hold them all.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Final

import trio

from lab.hello import Replayed, read_hello
from lab.peers import Handler, Script, play
from lab.pki import Leaf, Pki

REQUEST: Final = 8_192  # octets of a request that are read
FOREVER: Final = 1e9  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What a server shows for one name."""

    leaf: Leaf | None = None  # None: an unrecognized_name alert, unless `instead` says otherwise
    script: Script = tuple  # after the request
    instead: Script | None = None  # in the place of TLS, once the client has spoken
    most: ssl.TLSVersion | None = None
    old: bool = False  # speaks TLS 1.0 and 1.1, too


Find = Callable[[str], Web | None]


def handler(find: Find, pki: Pki) -> Handler:
    """A server that holds all names that `find` finds."""
    return partial(_serve, find, pki)


async def _serve(find: Find, pki: Pki, stream: trio.abc.Stream) -> None:
    head, name = await read_hello(stream)
    web = find(name) if name is not None else None
    if web is None or web.leaf is None or web.instead is not None:
        await play(stream, web.instead() if web is not None and web.instead is not None else alert(112))
        return
    context = pki.context(web.leaf, most=web.most, least=web.old)
    inside = trio.SSLStream(Replayed(stream, head), context, server_side=True, https_compatible=True)
    await inside.do_handshake()
    request = b""
    while b"\r\n\r\n" not in request and len(request) < REQUEST:
        more = await inside.receive_some(REQUEST)
        if not more:
            return
        request += more
    await play(inside, web.script())
    with trio.move_on_after(1):
        await inside.aclose()


# what follows a request


def policy(text: str, *, media: str = "text/plain", status: str = "200 OK", head: str = "") -> Script:
    """A response with this body; line ends as they stand in the text."""
    return partial(_response, text.encode("utf-8", "surrogateescape"), media, status, head)


def _response(body: bytes, media: str, status: str, head: str) -> Iterable[bytes]:
    kind = f"Content-Type: {media}\r\n" if media else ""
    return (f"HTTP/1.1 {status}\r\n{kind}Content-Length: {len(body)}\r\n{head}\r\n".encode() + body,)


def raw(*steps: bytes | float) -> Script:
    """These octets and pauses."""
    return lambda: steps


def redirect(where: str) -> Script:
    """To another place, which must not be followed (RFC 8461 section 3.3)."""
    return policy("elsewhere", status="301 Moved Permanently", head=f"Location: {where}\r\n")


def _drip() -> Iterator[bytes | float]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(1000):
        yield b"x"
        yield 1.0


def _endless_headers() -> Iterator[bytes | float]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from repeat(b"X-More: " + b"y" * 1000 + b"\r\n", 1_000_000)


def _endless_body() -> Iterator[bytes | float]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10737418240\r\n\r\n"
    yield from repeat(b"# " + b"z" * 16_382, 655_360)


def _endless_chunks() -> Iterator[bytes | float]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"1\r\nq\r\n" * 1000, 1_000_000)


def _endless_hints() -> Iterator[bytes | float]:
    yield from repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n", 1_000_000)


drip: Script = _drip
endless_headers: Script = _endless_headers
endless_body: Script = _endless_body
endless_chunks: Script = _endless_chunks
endless_hints: Script = _endless_hints


# in the place of TLS


def alert(number: int) -> tuple[bytes, ...]:
    """A fatal alert (RFC 8446 section 6)."""
    return (b"\x15\x03\x03\x00\x02\x02" + bytes((number,)),)


def alerting(number: int) -> Script:
    """A server that refuses by an alert."""
    return lambda: alert(number)
