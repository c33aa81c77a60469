"""Delegations from zone files on their way into the resolver, each just before its domain is looked at.

A registry whose zone file is the list need not be asked what the file says: name servers, their addresses, DS and its
signatures (table ``delegations``). They come from the disk in the order in which the keys are taken, so that no zone is
ever in memory; the resolver verifies them as it would a referral, and asks where they lead nowhere (`Resolver.plant`).
A later look asks the registry: the file may be what is wrong. What was written oddly is left out, and asked for.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode
from calendar import timegm
from ipaddress import ip_address
from itertools import islice
from tempfile import TemporaryDirectory
from time import strptime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from crawler import database
from crawler.standards.names import NameFault, from_text
from crawler.standards.wire import IN, Record, Type
from crawler.tables import Delegation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawler.store import Store

MEMORY = "256MB"
BATCH = 2_048
_WANTED = pa.schema({"domain": pa.string(), "nth": pa.int64()})


class Plantable(Protocol):
    """A resolver that takes delegations."""

    async def plant(self, zone: bytes, child: bytes, records: Sequence[Record]) -> bool:
        """Whether it was taken."""


class Seeds:
    """What zone files say of the keys of a stage, handed to a resolver key by key."""

    def __init__(self, resolver: Plantable) -> None:
        self._resolver = resolver
        self._rows: Iterator[dict[str, Any]] = iter(())
        self._next: dict[str, Any] | None = None

    def begin(self, store: Store, keys: Iterable[str]) -> None:
        """These keys will be taken, in this order."""
        parts = [str(part) for part in store.parts(Delegation)]
        self._rows = _in_order(parts, keys) if parts else iter(())
        self._next = next(self._rows, None)

    def take(self, key: str) -> dict[str, Any] | None:
        """What the zone file says of the next key that is taken."""
        row = self._next
        if row is None or row["domain"] != key:
            return None
        self._next = next(self._rows, None)
        return row

    async def plant(self, key: str) -> None:
        """Let the resolver know of the next key that is taken what its zone file says."""
        row = self.take(key)
        if row is None:
            return
        try:
            zone, child, records = _read(row)
        except (NameFault, ValueError, struct.error, binascii.Error):
            return
        await self._resolver.plant(zone, child, records)


def _in_order(parts: list[str], keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The delegations of these keys, in their order; sorted outside of memory, where they do not fit into it."""
    with (
        TemporaryDirectory(prefix="dane-census-") as spill,
        database.opened(memory_limit=MEMORY, temp_directory=spill) as base,
    ):
        base.register("wanted", pa.RecordBatchReader.from_batches(_WANTED, _numbered(keys)))
        base.read_parquet(parts).create_view("delegations")
        rows = base.sql("select d.* from delegations d join wanted using (domain) order by nth")
        for batch in rows.to_arrow_reader(BATCH):
            yield from batch.to_pylist()


def _numbered(keys: Iterable[str]) -> Iterator[pa.RecordBatch]:
    source, nth = iter(keys), 0
    while batch := list(islice(source, BATCH)):
        yield pa.record_batch([pa.array(batch, pa.string()), pa.array(range(nth, nth + len(batch)))], schema=_WANTED)
        nth += len(batch)


def _read(row: dict[str, Any]) -> tuple[bytes, bytes, list[Record]]:
    """Zone, child, and the records that a referral would hold. Raises what odd texts raise."""
    child = from_text(row["domain"])
    signatures = [_rrsig(text) for text in row["signatures"]]
    ttl = int.from_bytes(signatures[0][4:8]) if signatures else 0  # without a signature, the registry is asked for DS
    records = [(child, int(Type.NS), IN, ttl, from_text(host or ".")) for host in row["ns"]]
    records += [(child, int(Type.DS), IN, ttl, _ds(text)) for text in row["ds"]]
    records += [(child, int(Type.RRSIG), IN, ttl, rdata) for rdata in signatures]
    for glue in row["glue"]:
        packed = ip_address(glue["address"]).packed
        rtype = Type.A if len(packed) == 4 else Type.AAAA
        records.append((from_text(glue["host"]), int(rtype), IN, ttl, packed))
    return from_text(row["zone"] or "."), child, records


def _ds(text: str) -> bytes:
    """RFC 4034 section 5.3: numbers, then the digest in hex, in pieces or not."""
    tag, algorithm, digest_type, *digest = text.split()
    return struct.pack(">HBB", int(tag), int(algorithm), int(digest_type)) + bytes.fromhex("".join(digest))


def _rrsig(text: str) -> bytes:
    """RFC 4034 section 3.2, over DS."""
    _, algorithm, labels, ttl, expiration, inception, tag, signer, *signature = text.split()
    numbers = (int(algorithm), int(labels), int(ttl), _moment(expiration), _moment(inception), int(tag))
    head = struct.pack(">HBBIIIH", Type.DS, *numbers)
    return head + from_text(signer) + b64decode("".join(signature), validate=True)


def _moment(text: str) -> int:
    """YYYYMMDDHHmmSS, or seconds since 1970 (RFC 4034 section 3.2); modulo 2^32."""
    return (timegm(strptime(text, "%Y%m%d%H%M%S")) if len(text) == 14 else int(text)) & 0xFFFFFFFF
