"""Which names a generated world is made for: a list, a registry's zone file, or any number of invented ones.

The lab reads files by itself, and simply (the crawler's reader is what is tested): plain text with a name a line (of
comma-separated fields, the first that has a dot), or master files as registries publish them, each line with owner,
TTL, class and type (RFC 1035 section 5.1). Either may be gzipped. Of a zone file the world takes over the name servers,
which names have a DS and of which algorithm, and the glue addresses. Entries that are no domain name are skipped.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Protocol, overload

import idna

from lab.chance import octets
from lab.facts import Given

_RECORD = re.compile(r"(\S+)\s+\d+\s+IN\s+(NS|DS|A|AAAA|SOA)\s+(.*)", re.IGNORECASE)
_ANY_RECORD = re.compile(r"\S+\s+\d+\s+IN\s+[A-Za-z0-9]+\s")
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gob", "gov", "ltd", "ne", "net", "nhs", "or", "org"})
NOTHING: Final = Given()


class Names(Protocol):
    """A sequence of names that knows its members."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, name: object) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The names of a world, and what follows from them for the zones around."""

    names: Names
    suffixes: frozenset[str]  # zones above the names: TLDs, and whatever else lies between
    given: Mapping[str, Given] = field(default_factory=dict)  # only names of which the input says something
    homes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # zone -> name servers named in it
    between: frozenset[str] = frozenset()  # names without a zone above names with one
    glue: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # host -> addresses, as the zone file has them


class Invented(Sequence[str]):
    """A million names that take no room: each a function of its number, and told from others by it."""

    def __init__(self, count: int, tld: str) -> None:
        self.size = count
        self.tld = tld

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._name(number) for number in range(*index.indices(self.size))]
        if not -self.size <= index < self.size:
            raise IndexError(index)
        return self._name(index % self.size)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or not name.endswith(f".{self.tld}"):
            return False
        label = name[: -len(self.tld) - 1]
        digits = label.rpartition("-")[2]
        if not digits.isascii() or not digits.isdigit() or len(digits) > 12:
            return False
        return int(digits) < self.size and self._name(int(digits)) == name

    def _name(self, number: int) -> str:
        return f"{_word(number)}-{number}.{self.tld}"


@lru_cache(maxsize=4096)
def _word(number: int) -> str:
    """Something to pronounce: three syllables."""
    drawn = octets("word", str(number), 6)
    return "".join("bdfghklmnprstvwz"[drawn[i] % 16] + "aeiouy"[drawn[i + 3] % 6] for i in range(3))


def generate(count: int, tld: str) -> Listing:
    """So many invented names below a TLD, or below a suffix such as ``co.uk``."""
    return Listing(names=Invented(count, tld), suffixes=frozenset(_with_ancestors(tld)))


def from_names(names: Iterable[str]) -> Listing:
    """A list. Names above others of the list delegate them; what lies between and is not listed is a registry's."""
    kept = dict.fromkeys(names)
    suffixes: set[str] = set()
    given: dict[str, Given] = {}
    for name in kept:
        for above in _ancestors(name):
            if above in kept:
                given[above] = given.get(above, NOTHING)._replace(parent=True)
                given[name] = given.get(name, NOTHING)._replace(apart=True)
            else:
                suffixes.add(above)
    return Listing(names=kept, suffixes=frozenset(suffixes), given=given)


def from_list(path: str | Path) -> Listing:
    """A file: whatever it is."""
    lines = list(_lines(Path(path)))
    if any(_ANY_RECORD.match(line) for line in lines[:200]):
        return _from_zone(lines)
    return from_names(name for line in lines if (name := _entry(line)))


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        for raw in file:
            if (line := raw.decode("utf-8", "replace").strip()) and line[0] not in "#;":
                yield line


def _entry(line: str) -> str | None:
    """The name in a line of a list, or nothing."""
    text = line
    if "," in line:
        text = next((part for part in line.split(",") if "." in part), "")
    text = text.strip().strip('"').rstrip(".").lower()
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode()
        except idna.IDNAError:
            return None
    if len(text) > 253 or not _NAME.fullmatch(text):
        return None
    return None if text.rpartition(".")[2].isdigit() else text


def _from_zone(lines: Iterable[str]) -> Listing:
    """A registry's zone file: its delegations, and nothing else of it."""
    zone = _Delegations()
    for line in lines:
        if found := _RECORD.match(line):
            zone.read(found[1].rstrip(".").lower(), found[2].upper(), found[3])
    return zone.listing()


class _Delegations:
    """What has been read of a zone file."""

    def __init__(self) -> None:
        self.origin = ""
        self.ns: dict[str, dict[str, None]] = {}
        self.ds: dict[str, list[int]] = {}
        self.glue: dict[str, list[str]] = {}

    def read(self, owner: str, rtype: str, rdata: str) -> None:
        """One record; a name server of one label is nowhere, and is left out."""
        if rtype == "SOA":
            self.origin = owner
        elif rtype == "NS":
            host = rdata.split(maxsplit=1)[0].rstrip(".").lower()
            servers = self.ns.setdefault(owner, {})
            if _NAME.fullmatch(host):
                servers[host] = None
        elif rtype == "DS":
            self.ds.setdefault(owner, []).append(int(rdata.split()[1]))
        else:
            self.glue.setdefault(owner, []).append(str(ip_address(rdata.split(maxsplit=1)[0])))

    def listing(self) -> Listing:
        """All names but the apex, each with its servers; homes of servers that others need are sound."""
        self.ns.pop(self.origin, None)
        given = {
            name: Given(ns=tuple(servers), ds=tuple(self.ds.get(name, ())), registry=self.origin)
            for name, servers in self.ns.items()
        }
        homes: dict[str, dict[str, None]] = {}
        for name, servers in self.ns.items():
            for host in servers:
                home = self._home(host)
                homes.setdefault(home, {})[host] = None
                if home in given and home != name:
                    given[home] = given[home]._replace(home=True)
        suffixes = {*_with_ancestors(self.origin), *(home.rpartition(".")[2] for home in homes)}
        between = self._between(given) | {above for home in homes for above in _ancestors(home) if above not in given}
        return Listing(
            names=dict.fromkeys(self.ns),
            suffixes=frozenset(suffixes),
            given=given,
            homes={home: tuple(hosts) for home, hosts in homes.items()},
            between=frozenset(between - suffixes - set(homes)),
            glue={host: tuple(addresses) for host, addresses in self.glue.items()},
        )

    def _between(self, given: dict[str, Given]) -> set[str]:
        """Names above delegations; a delegation below another one is the other's."""
        found: set[str] = set()
        for name in list(given):
            inner = [above for above in _ancestors(name) if above.endswith(f".{self.origin}")]
            for above in reversed(inner):
                if above in given:
                    given[above] = given[above]._replace(parent=True)
                    given[name] = given[name]._replace(registry=above, ds=None)
                else:
                    found.add(above)
        return found

    def _home(self, host: str) -> str:
        """The zone that a name server's name lies in: a listed one, or what one would register."""
        for above in (host, *_ancestors(host)):
            if above in self.ns:
                return above
        labels = host.split(".")
        deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
        return ".".join(labels[-3:] if deep else labels[-2:])


def _ancestors(name: str) -> Iterator[str]:
    """Without the name itself and the root, from below."""
    while "." in name:
        name = name.partition(".")[2]
        yield name


def _with_ancestors(name: str) -> tuple[str, ...]:
    return (name, *_ancestors(name))
