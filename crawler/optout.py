"""Who does not want to be measured: a file of domains and networks, one a line (design.md section 5).

A domain stands for itself and all below it; its entries in a list become rejects, `opted-out`. A network (or one
address) is sent no packet at all, be it a name server, a web server or a mail host: it is unreachable to us. Text
behind ``#`` is for people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from crawler.standards import names
from crawler.standards.names import NameFault


class OptOutFault(ValueError):
    """A line that is neither a domain nor a network; the message is one line."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """Domains and networks that are left alone."""

    domains: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    sha256: str = field(default="", compare=False)  # of the file

    def names(self, domain: str) -> bool:
        """Whether a domain (A-labels, lower case) or one above it is left alone."""
        while domain:
            if domain in self.domains:
                return True
            domain = domain.partition(".")[2]
        return False

    def holds(self, address: str) -> bool:
        """Whether an address is left alone."""
        if not self.networks:
            return False
        where = ip_address(address)
        return any(where in network for network in self.networks)


class Watched:
    """An opt-out file that may grow while a scan runs: what it says now, looked at again by `look`."""

    def __init__(self, found: OptOut, path: str | None = None) -> None:
        self.found = found
        self._path = path
        self._seen = self._stamp()

    def names(self, domain: str) -> bool:
        """See `OptOut.names`."""
        return self.found.names(domain)

    def holds(self, address: str) -> bool:
        """See `OptOut.holds`."""
        return self.found.holds(address)

    def look(self, say: Callable[[str], None], *, anyway: bool = False) -> bool:
        """Whether the file says something else now. One that cannot be read any more changes nothing, and is told."""
        stamp = self._stamp()
        if self._path is None or (stamp == self._seen and not anyway):
            return False
        self._seen = stamp
        try:
            self.found = read(Path(self._path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, OptOutFault) as fault:
            say(f"dane-census: {self._path}: {fault}; what it said before still holds")
            return False
        say(f"dane-census: {self._path} is read anew")
        return True

    def _stamp(self) -> tuple[int, int] | None:
        try:
            told = Path(self._path).stat() if self._path is not None else None
        except OSError:
            return None
        return None if told is None else (told.st_mtime_ns, told.st_size)


def read(text: str) -> OptOut:
    """The file's text. Raises `OptOutFault`."""
    domains: set[str] = set()
    networks: list[IPv4Network | IPv6Network] = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip().removesuffix(".")
        if not entry:
            continue
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            domains.add(_domain(entry, number))
    return OptOut(frozenset(domains), tuple(networks), hashlib.sha256(text.encode()).hexdigest())


def _domain(entry: str, number: int) -> str:
    try:
        return names.domain(entry) if "." in entry else names.domain(f"a.{entry}").removeprefix("a.")  # a TLD will do
    except NameFault as fault:
        raise OptOutFault(f"line {number}: {entry[:80]!r} is neither a domain nor a network ({fault.flaw})") from fault
