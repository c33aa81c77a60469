"""One GET: every response has an outcome, within time and size, and nothing is decoded or followed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from crawler.https import BODY, HEAD, Fetched, HttpOutcome, get
from crawler.tls import handshake
from lab import web
from lab.peers import in_memory
from lab.pki import Pki, good
from lab.web import FOREVER, Web, handler, policy, raw

if TYPE_CHECKING:
    from lab.peers import Script

HOST = "mta-sts.a.example"
PKI = Pki(int(time.time()))
OK = b"HTTP/1.1 200 OK\r\n"


async def fetched(script: Script, patience: float = 10) -> Fetched:
    async with in_memory(handler(lambda _: Web(leaf=good(HOST), script=script), PKI)) as stream:
        _, inside = await handshake(stream, HOST, 5)
        assert inside is not None
        return await get(inside, HOST, "/.well-known/mta-sts.txt", "dane-census/test", patience)


@pytest.mark.parametrize(
    ("steps", "outcome", "status", "body"),
    [
        ((OK + b"Content-Length: 3\r\n\r\nabc",), HttpOutcome.DONE, 200, b"abc"),
        ((OK + b"\r\nabc",), HttpOutcome.DONE, 200, b"abc"),  # the end of the connection is the end of the body
        ((OK, b"Content-", b"Length: 3", b"\r\n\r\na", b"b", b"c"), HttpOutcome.DONE, 200, b"abc"),
        (
            (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",),
            HttpOutcome.DONE,
            200,
            b"abc",
        ),
        ((OK + b"Content-Length: 3\r\n\r\nabcdef",), HttpOutcome.DONE, 200, b"abc"),  # what is behind it is not read
        ((b"HTTP/1.1 404 Nope\r\nContent-Length: 2\r\n\r\nno",), HttpOutcome.DONE, 404, b"no"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + OK + b"\r\n",), HttpOutcome.DONE, 200, b""),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" * 20,), HttpOutcome.MALFORMED, None, b""),
        ((OK + b"Content-Length: 3\r\n\r\nab",), HttpOutcome.CLOSED, 200, b"ab"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",), HttpOutcome.CLOSED, 200, b"ab"),
        ((), HttpOutcome.CLOSED, None, b""),
        ((b"HTT",), HttpOutcome.CLOSED, None, b""),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), HttpOutcome.MALFORMED, 200, b""),
        ((OK + b"Content-Length: -1\r\n\r\n",), HttpOutcome.MALFORMED, None, b""),
        ((OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",), HttpOutcome.MALFORMED, None, b""),
        ((b"HTTP/2 200 OK\r\n\r\n",), HttpOutcome.MALFORMED, None, b""),
        ((b"\x00\x01\x02\r\n\r\n",), HttpOutcome.MALFORMED, None, b""),
        ((OK + b"X: " + b"y" * HEAD,), HttpOutcome.HEAD_TOO_LARGE, None, b""),
        ((OK + b"Content-Length: %d\r\n\r\n" % BODY + b"z" * BODY,), HttpOutcome.DONE, 200, b"z" * BODY),
        ((OK + b"\r\n" + b"z" * (BODY + 1),), HttpOutcome.BODY_TOO_LARGE, 200, b"z" * BODY),
        ((OK, FOREVER), HttpOutcome.TIMEOUT, None, b""),
        ((OK + b"Content-Length: 3\r\n\r\nab", FOREVER), HttpOutcome.TIMEOUT, 200, b"ab"),
    ],
)
async def test_every_response_has_its_outcome(
    steps: tuple[bytes | float, ...], outcome: HttpOutcome, status: int | None, body: bytes, autojump_clock: MockClock
) -> None:
    found = await fetched(raw(*steps))
    assert (found.outcome, found.status, found.body) == (outcome, status, body)


@pytest.mark.parametrize(
    "script", [web.drip, web.endless_headers, web.endless_body, web.endless_chunks, web.endless_hints]
)
async def test_hostile_servers_end_in_time_and_size(script: Script, autojump_clock: MockClock) -> None:
    found = await fetched(script, patience=30)
    assert trio.current_time() <= 30
    assert len(found.body) <= BODY
    assert found.outcome is not HttpOutcome.DONE


async def test_headers_are_kept_short_printable_and_the_first_counts(autojump_clock: MockClock) -> None:
    head = (
        "Location: /\u00ff\\\r\nLocation: /second\r\nContent-Encoding: gzip\r\n"
        f"Content-Type: {'t' * 600}\r\nContent-Length: 0\r\n\r\n"
    )
    found = await fetched(raw(b"HTTP/1.1 302 Found\r\n" + head.encode("latin-1")))
    assert found.location == "/\\255\\092"
    assert found.encoding == "gzip"
    assert found.media_type == "t" * 512
    assert found.outcome is HttpOutcome.DONE


async def test_what_is_malformed_is_told_without_the_peers_words(autojump_clock: MockClock) -> None:
    found = await fetched(raw(b"\x1b[31mEVIL\r\n\r\n"))
    assert found.detail == "illegal status line"


async def test_one_request_with_who_we_are(autojump_clock: MockClock) -> None:
    asked = b""

    async def serve(stream: trio.abc.Stream) -> None:
        nonlocal asked
        inside = trio.SSLStream(stream, PKI.context(good(HOST)), server_side=True)
        asked += await inside.receive_some(4096)
        await inside.send_all(OK + b"Content-Length: 0\r\n\r\n")
        asked += await inside.receive_some(4096)

    async with in_memory(serve) as stream:
        _, inside = await handshake(stream, HOST, 5)
        assert inside is not None
        await get(inside, HOST, "/.well-known/mta-sts.txt", "dane-census/1 (mailto:me@a.example)", 5)
        await stream.aclose()
    lines = asked.decode().split("\r\n")
    assert lines[0] == "GET /.well-known/mta-sts.txt HTTP/1.1"
    assert {"Host: mta-sts.a.example", "User-Agent: dane-census/1 (mailto:me@a.example)"} <= set(lines)
    assert asked.count(b"GET ") == 1


async def test_a_policy_of_the_lab_comes_as_it_was_written(autojump_clock: MockClock) -> None:
    found = await fetched(policy("version: STSv1\r\nmode: none\r\nmax_age: 1\r\n"))
    assert found.body == b"version: STSv1\r\nmode: none\r\nmax_age: 1\r\n"
    assert found.media_type == "text/plain"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([OK, b"\r\n", b"Transfer-Encoding: chunked\r\n"]), max_size=6))
def test_no_octets_raise(steps: list[bytes]) -> None:
    async def main() -> Fetched:
        return await fetched(raw(*steps))

    found = trio.run(main, clock=MockClock(autojump_threshold=0))
    assert found.outcome in HttpOutcome
