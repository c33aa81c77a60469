"""The name that a TLS client asks for, read out of its first record before any TLS is spoken (RFC 8446, RFC 6066).

A server of the lab must know who is meant before it decides to speak TLS at all: some servers answer with rubbish, or
an alert, or nothing. `Replayed` gives the octets that were read to whoever speaks TLS after all.
"""

from __future__ import annotations

import trio


async def read_hello(stream: trio.abc.Stream) -> tuple[bytes, str | None]:
    """The first record's octets, whole if it is a handshake, and the server name in it."""
    data = b""
    while len(data) < 5 or (data[0] == 22 and len(data) < 5 + int.from_bytes(data[3:5], "big")):
        more = await stream.receive_some(16_384)
        if not more:
            break
        data += bytes(more)
    return data, server_name(data)


def server_name(record: bytes) -> str | None:
    """The host name of the server_name extension (RFC 6066 section 3); None if there is none to be found."""
    try:
        if record[0] != 22 or record[5] != 1:
            return None
        at = 5 + 4 + 2 + 32  # record, handshake, version, random
        at += 1 + record[at]  # session id
        at += 2 + int.from_bytes(record[at : at + 2], "big")  # ciphers
        at += 1 + record[at]  # compression
        end = at + 2 + int.from_bytes(record[at : at + 2], "big")
        at += 2
        while at + 4 <= end:
            kind, size = int.from_bytes(record[at : at + 2], "big"), int.from_bytes(record[at + 2 : at + 4], "big")
            if kind == 0:
                length = int.from_bytes(record[at + 7 : at + 9], "big")
                return record[at + 9 : at + 9 + length].decode("ascii").lower()
            at += 4 + size
    except (IndexError, UnicodeDecodeError):
        pass
    return None


class Replayed(trio.abc.Stream):
    """A stream whose beginning was read already."""

    def __init__(self, stream: trio.abc.Stream, head: bytes) -> None:
        self._stream = stream
        self._head = head

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """First what was read before."""
        if not self._head:
            return await self._stream.receive_some(max_bytes)
        await trio.lowlevel.checkpoint()
        size = max_bytes or len(self._head)
        given, self._head = self._head[:size], self._head[size:]
        return given

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As it is."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """As it is."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """As it is."""
        await self._stream.aclose()
