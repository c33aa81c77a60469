"""Stage ``endpoints``: what it sends, its patience, how it takes a hint. All else: tests/lab/test_talks.py."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio

from crawler.exchange import Silence
from crawler.manners import Limit, Manners
from crawler.stages import endpoints
from crawler.visited import SmtpOutcome
from crawler.visiting import Patience, Visitor
from lab.mta import EHLO, GREETING, Mta, handler, slowly
from lab.network import DirectNetwork
from lab.peers import in_memory
from lab.pki import Leaf, Pki, good
from lab.scenarios import build

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio.testing import MockClock

    from crawler.visited import Endpoint

HOST, ADDRESS = "mx.a.org", "45.96.9.1"
PKI = Pki(int(time.time()))


class Listening(DirectNetwork):
    """One mail server, whose every octet that comes in is written down."""

    def __init__(self, mta: Mta) -> None:
        super().__init__(build([]))
        self.mta = mta
        self.heard: list[bytes] = []
        self.told_off: list[tuple[str, int]] = []

    @asynccontextmanager
    async def connection(self, address: str, port: int, patience: float) -> AsyncIterator[trio.abc.Stream | Silence]:
        assert (address, port) == (ADDRESS, 25)
        heard = bytearray()

        class Tee(trio.abc.Stream):
            async def send_all(self, data: bytes | bytearray | memoryview) -> None:
                heard.extend(data)
                await stream.send_all(data)

            async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
                return await stream.receive_some(max_bytes)

            async def wait_send_all_might_not_block(self) -> None:
                await stream.wait_send_all_might_not_block()

            async def aclose(self) -> None:
                await stream.aclose()

        async with in_memory(handler(self.mta, PKI)) as stream:
            yield Tee()
        self.heard.append(bytes(heard))

    def displeased(self, address: str, port: int) -> None:
        self.told_off.append((address, port))


async def talk(net: Listening, *, promised: bool = False, reply: float = 30) -> Endpoint:
    visitor = Visitor(net=net, name="census.example", patience=Patience(reply=reply))
    return await endpoints.observe(endpoints.Target(HOST, ADDRESS, HOST, promised), visitor, 1)


async def test_no_more_is_said_than_the_dialogue_needs(autojump_clock: MockClock) -> None:
    net = Listening(Mta(ehlo=b"250 mail\r\n"))
    row = await talk(net)
    assert row.outcome is SmtpOutcome.NO_STARTTLS
    assert net.heard == [b"EHLO census.example\r\nQUIT\r\n"]


async def test_behind_starttls_nothing_is_said_in_plaintext(autojump_clock: MockClock) -> None:
    net = Listening(Mta(leaf=good(HOST)))
    await talk(net)
    (heard,) = net.heard
    assert heard.startswith(b"EHLO census.example\r\nSTARTTLS\r\n\x16\x03")
    assert b"QUIT" not in heard


@pytest.mark.parametrize(("promised", "conversations"), [(True, 2), (False, 1)])
async def test_a_second_conversation_only_where_records_are(
    promised: bool, conversations: int, autojump_clock: MockClock
) -> None:
    net = Listening(Mta(leaf=good(HOST), others=(Leaf(names=(HOST,), key="rsa"),)))
    row = await talk(net, promised=promised)
    assert len(net.heard) == conversations
    assert row.other_kind == ("rsa" if promised else None)
    assert row.other_chain == (PKI.chain(Leaf(names=(HOST,), key="rsa")) if promised else ())


@pytest.mark.parametrize(
    ("mta", "told"),
    [
        (Mta(greeting=b"421 busy\r\n"), True),
        (Mta(ehlo=b"421 closing\r\n"), True),
        (Mta(greeting=b"450 later\r\n"), False),
        (Mta(greeting=b"554 no\r\n"), False),
    ],
)
async def test_a_421_is_taken_as_a_hint(mta: Mta, told: bool, autojump_clock: MockClock) -> None:
    net = Listening(mta)
    await talk(net)
    assert net.told_off == ([(ADDRESS, 25)] if told else [])
    assert b"QUIT" in net.heard[0] or told, "who closes is not asked to close"


async def test_patience_is_for_each_reply_and_kept_exactly(autojump_clock: MockClock) -> None:
    row = await talk(Listening(Mta(greeting=slowly(GREETING * 9, 1.0))), reply=7)
    assert (row.outcome, row.elapsed) == (SmtpOutcome.GREETING_TIMEOUT, 7)
    slow = slowly(EHLO, 0.1)
    row = await talk(Listening(Mta(ehlo=slow, leaf=good(HOST))), reply=60)
    assert row.outcome is SmtpOutcome.TLS


async def test_who_was_told_off_comes_back_half_as_often(autojump_clock: MockClock) -> None:
    manners = Manners(per_address=Limit(10, 10))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(manners.run)
        line = await manners.wait(ADDRESS)
        manners.done(line)
        before = line.interval
        await trio.sleep(1)
        manners.slow_down(ADDRESS, trio.current_time())
        manners.slow_down("45.96.9.9", trio.current_time())  # never met: nothing to slow down
        assert line.interval == 2 * before
        nursery.cancel_scope.cancel()
