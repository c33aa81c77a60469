"""A run in parts: which keys are a shard's, and how a run is gone through step by step.

A shard is a pure function of the key, so that every process (a worker of this machine, a job of an array on another)
finds its own keys without being told, and a key's row is made by one of them only. Who runs shards is ``fleet``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

MOST = 20  # more could not share what one server address may be asked (`manners.WEB_ADDRESS`)


class ShardFault(ValueError):
    """A text that names no shard; the message is one line."""


class WorkersFault(Exception):
    """Shards that could not be ended, through a bug of ours; the text is for people, the traceback of each."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the keys, counted from 1."""

    index: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"

    def holds(self, key: str) -> bool:
        """Whether the key is this shard's."""
        return self.of == 1 or crc32(key.encode()) % self.of == self.index - 1

    def own(self, keys: Iterable[str]) -> Iterable[str]:
        """Those of the keys that are this shard's."""
        return keys if self.of == 1 else filter(self.holds, keys)

    def part(self, index: int, of: int) -> Shard:
        """The index-th of so many parts of this shard; all parts of all shards hold each key once."""
        return Shard((index - 1) * self.of + self.index, self.of * of)


WHOLE = Shard()


def read(text: str) -> Shard:
    """`i/n`, i from 1 to n. Raises `ShardFault`."""
    match = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text)
    if match is None or int(match[1]) > int(match[2]):
        raise ShardFault(f"{text}: write i/n, with i from 1 to n")
    if int(match[2]) > MOST:
        raise ShardFault(f"{text}: more than {MOST} shards cannot share what one server may be asked")
    return Shard(int(match[1]), int(match[2]))


class Step(NamedTuple):
    """One table at one look."""

    table: str
    look: int


def steps(tables: Sequence[str], looks: int) -> Iterator[Step]:
    """The steps of a run, in order: a look at the first table's keys, then all looks at what that one named."""
    first, *behind = tables
    for look in range(1, looks + 1):
        yield Step(first, look)
        for table in behind:
            for earlier in range(1, look + 1):
                yield Step(table, earlier)
