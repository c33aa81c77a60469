"""Datagrams by the batch and one by one: the same octets from the same addresses, and no room beside the slots."""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from crawler import datagrams
from crawler.datagrams import BATCH, CALLS, LONGEST, LONGEST_SENT, BatchInbox, BatchOutbox, Inbox, Outbox, boxes

FAMILIES = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
needs_calls = pytest.mark.skipif(CALLS is None, reason="this system has no recvmmsg and sendmmsg")


@dataclass
class Note:
    datagram: bytes
    target: datagrams.SocketAddress


@dataclass
class Pair:
    """Two sockets, and how they send and take."""

    ours: socket.socket
    theirs: socket.socket
    inbox: Inbox
    outbox: Outbox

    def addressed(self, *contents: bytes) -> list[Note]:
        return [Note(content, self.theirs.getsockname()[:2]) for content in contents]

    def all_taken(self, count: int) -> list[tuple[bytes, datagrams.SocketAddress]]:
        """What comes to them, until so many have."""
        taken: list[tuple[bytes, datagrams.SocketAddress]] = []
        while len(taken) < count and select.select([self.theirs], [], [], 5)[0]:
            taken += self.inbox.take(self.theirs)
        return taken


@pytest.fixture(params=["one by one", pytest.param("by the batch", marks=needs_calls)])
def batched(request: pytest.FixtureRequest) -> bool:
    by_the_batch: bool = request.param == "by the batch"
    return by_the_batch


@pytest.fixture(params=list(FAMILIES), ids=["IPv4", "IPv6"])
def pair(request: pytest.FixtureRequest, batched: bool) -> Iterator[Pair]:
    family: socket.AddressFamily = request.param
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(closing(socket.socket(family, socket.SOCK_DGRAM))) for _ in range(2))
        for sock in (ours, theirs):
            sock.setblocking(False)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                sock.bind((FAMILIES[family], 0))
            except OSError:
                pytest.skip("this machine has no such addresses")
        inbox, outbox = (BatchInbox(family), BatchOutbox(family)) if batched else (Inbox(), Outbox())
        yield Pair(ours, theirs, inbox, outbox)


def sent(pair: Pair, notes: list[Note]) -> tuple[int, int]:
    went = octets = 0
    while went < len(notes):
        more, size = pair.outbox.send(pair.ours, notes[went:])
        assert more > 0
        went, octets = went + more, octets + size
    return went, octets


def test_what_was_sent_is_taken_in_order_with_who_sent_it(pair: Pair) -> None:
    contents = [b"x" * (number % 7) + b"%d" % number for number in range(BATCH + 10)]
    assert sent(pair, pair.addressed(*contents)) == (len(contents), sum(map(len, contents)))
    taken = pair.all_taken(len(contents))
    assert [octets for octets, _ in taken] == contents
    assert {source for _, source in taken} == {pair.ours.getsockname()[:2]}


def test_each_datagram_has_its_own_sender(pair: Pair) -> None:
    here = pair.theirs.getsockname()[:2]
    with closing(socket.socket(pair.ours.family, socket.SOCK_DGRAM)) as other:
        other.bind((here[0], 0))
        for sock in (pair.ours, other, other, pair.ours):
            sock.sendto(b"from %d" % sock.getsockname()[1], here)
        taken = pair.all_taken(4)
        assert [source for _, source in taken] == [
            sock.getsockname()[:2] for sock in (pair.ours, other, other, pair.ours)
        ]
        assert all(octets == b"from %d" % source[1] for octets, source in taken)


def test_nothing_has_come_is_nothing(pair: Pair) -> None:
    assert pair.inbox.take(pair.theirs) == []


def test_a_take_is_a_batch_at_the_most_and_less_is_all(pair: Pair) -> None:
    sent(pair, pair.addressed(*[b"x"] * (BATCH + 1)))
    assert select.select([pair.theirs], [], [], 5)[0]
    assert len(pair.inbox.take(pair.theirs)) == BATCH
    assert len(pair.inbox.take(pair.theirs)) == 1


@pytest.mark.parametrize("size", [0, 1, 11, 512, 1232, LONGEST - 1, LONGEST, LONGEST + 1, 9_000])
def test_a_datagram_of_any_size_touches_no_other(pair: Pair, size: int) -> None:
    """Too long, it is cut where our room ends; an empty one is one, too."""
    long = bytes(range(256)) * (size // 256 + 1)
    here = pair.theirs.getsockname()[:2]
    for content in (b"before", long[:size], b"after", b""):
        pair.ours.sendto(content, here)
    assert [octets for octets, _ in pair.all_taken(4)] == [b"before", long[: min(size, LONGEST)], b"after", b""]


def test_each_goes_to_its_own_address(pair: Pair) -> None:
    with closing(socket.socket(pair.ours.family, socket.SOCK_DGRAM)) as other:
        other.bind((pair.theirs.getsockname()[0], 0))
        other.settimeout(5)
        notes = [*pair.addressed(b"one"), Note(b"two", other.getsockname()[:2]), *pair.addressed(b"three")]
        sent(pair, notes)
        assert other.recv(10) == b"two"
        assert [octets for octets, _ in pair.all_taken(2)] == [b"one", b"three"]


def test_an_error_is_that_of_the_first_and_the_next_ones_go(pair: Pair) -> None:
    """A broadcast that nobody allowed us, or IPv4 on a socket of IPv6 alone, between two that go."""
    nowhere = "255.255.255.255" if pair.ours.family == socket.AF_INET else "::ffff:192.0.2.1"
    good = pair.addressed(b"one", b"two")
    left = [good[0], Note(b"never", (nowhere, 9)), good[1]]
    faults = []
    while left:
        try:
            count, _ = pair.outbox.send(pair.ours, left)
        except OSError as fault:
            faults.append(fault.errno)
            count = 1
        left = left[count:]
    assert len(faults) == 1
    assert faults[0] in {errno.EACCES, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EHOSTUNREACH, errno.EINVAL}
    assert [octets for octets, _ in pair.all_taken(2)] == [b"one", b"two"]


@needs_calls
def test_what_is_too_long_to_send_is_our_mistake_and_overwrites_nothing() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        box = BatchOutbox(socket.AF_INET)
        with pytest.raises(ValueError, match="1025 octets"):
            box.send(sock, [Note(b"x" * (LONGEST_SENT + 1), ("127.0.0.1", 9))])
        assert not any(box._slots.octets)


@needs_calls
def test_a_full_buffer_is_no_fault() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock, pytest.MonkeyPatch.context() as patch:
        patch.setattr(datagrams, "_sendmmsg", lambda *_: -1)
        patch.setattr("ctypes.get_errno", lambda: errno.EAGAIN)
        with pytest.raises(BlockingIOError):
            BatchOutbox(socket.AF_INET).send(sock, [Note(b"x", ("127.0.0.1", 9))])


@pytest.mark.parametrize(
    "address", [("192.0.2.1", 53), ("255.0.255.0", 65_535), ("2001:db8::1", 53), ("::ffff:1.2.3.4", 1), ("::", 0)]
)
def test_addresses_come_back_as_they_were_written(address: tuple[str, int]) -> None:
    written = datagrams._write_address(address)
    assert len(written) == (28 if ":" in address[0] else 16)
    assert datagrams._read_address(written) == address


def test_a_system_without_the_calls_has_boxes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "CALLS", None)
    inbox, outbox = boxes(socket.AF_INET)
    assert (type(inbox), type(outbox)) == (Inbox, Outbox)
