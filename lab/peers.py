"""Services of the lab over TCP: who listens where, as values (HTTPS, SMTP).

A world tells for an address and a port a `Peer`: a handler that talks, a `Reset`, or None, which is silence. The same
handlers run in process, over streams in memory and on a virtual clock (`in_memory`), and behind a loopback port in a
process of their own (``streams``).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio
import trio.testing

from lab.behaviours import Reset

Handler = Callable[[trio.abc.Stream], Awaitable[None]]
Peer = Handler | Reset | None
#: What a scripted service does: octets to send, or seconds to wait.
Script = Callable[[], Iterable[bytes | float]]

#: Addresses at which nobody talks, whatever the port: see `nowhere`.
REFUSING, DEAF, FAR = "45.97.0.1", "45.97.0.2", "45.97.0.3"
_NOWHERE: Final[dict[str, Reset | None]] = {REFUSING: Reset.REFUSED, DEAF: None, FAR: Reset.UNREACHABLE}

GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, ssl.SSLError)


def nowhere(address: str) -> bool:
    """Whether it is one of those addresses; what happens there is `silence_at`."""
    return address in _NOWHERE


def silence_at(address: str) -> Reset | None:
    """What happens at an address where nobody talks."""
    return _NOWHERE[address]


async def play(stream: trio.abc.Stream, script: Iterable[bytes | float]) -> None:
    """Send and wait, as it is written."""
    for step in script:
        if isinstance(step, bytes):
            await stream.send_all(step)
        else:
            await trio.sleep(step)


async def talk(handler: Handler, stream: trio.abc.Stream) -> None:
    """Let a handler talk until it is done or the client is gone; then close."""
    with suppress(*GONE):
        await handler(stream)
    with suppress(*GONE):
        await stream.aclose()


@asynccontextmanager
async def in_memory(peer: Handler) -> AsyncIterator[trio.abc.Stream]:
    """A stream to a handler that runs as long as the block does."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk, peer, theirs)
        try:
            yield ours
        finally:
            nursery.cancel_scope.cancel()
