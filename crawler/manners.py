"""Manners: first cut, without limits (the limits follow; the interface stays)."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from ipaddress import ip_address
from typing import Self

import trio


@lru_cache(65_536)
def is_special(address: str) -> bool:
    """Whether IANA lists the address as special-purpose."""
    return not ip_address(address).is_global


class Line:
    """One server address."""

    __slots__ = ("address", "in_flight", "times", "worried")

    def __init__(self, address: str) -> None:
        self.address = address
        self.in_flight = 0
        self.worried = False
        self.times: deque[float] = deque()


class Manners:
    """Who may be asked how often."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self.busiest_address: str | None = None
        self.busiest_rate = 0

    @classmethod
    def unlimited(cls) -> Self:
        """No limit at all: for the lab and for benchmarks."""
        return cls()

    def admit(self, address: str, now: float) -> Line | None:
        """A turn right now, or None: then `wait`."""
        line = self._lines.get(address)
        if line is None:
            line = self._lines[address] = Line(address)
        line.in_flight += 1
        return line

    async def wait(self, address: str) -> Line:
        """A turn, when it comes."""
        raise NotImplementedError

    def done(self, line: Line) -> None:
        """Give the turn back."""
        line.in_flight -= 1

    def heard(self, line: Line, now: float) -> None:
        """The server answered."""

    def missed(self, line: Line, now: float) -> None:
        """The server did not answer."""

    def report(self, address: str, *, refused: bool) -> None:
        """The server said REFUSED."""

    async def run(self) -> None:
        """The usher."""
        await trio.sleep_forever()
