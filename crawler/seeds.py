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
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from time import strptime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from crawler.backlog import told
from crawler.standards.names import NameFault, from_text
from crawler.standards.wire import IN, Record, Type
from crawler.tables import Delegation, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.backlog import Backlog
    from crawler.store import Store

MANY = 1 << 16  # delegations in memory
BATCH = 2_048
_COLUMNS = [field.name for field in schema(Delegation)]


class Plantable(Protocol):
    """A resolver that takes delegations."""

    async def plant(self, zone: bytes, child: bytes, records: Sequence[Record]) -> bool:
        """Whether it was taken."""


class Seeds:
    """What zone files say of the keys of a stage, handed to a resolver key by key."""

    def __init__(self, resolver: Plantable) -> None:
        self._resolver = resolver
        self._place: Callable[[str], bytes] = str.encode
        self._rows: Iterator[dict[str, Any]] = iter(())
        self._next: dict[str, Any] | None = None

    def begin(self, store: Store, keys: Backlog, mine: Callable[[str], bool]) -> None:
        """These keys will be taken, in this order; delegations of others than `mine` need not be kept at hand.

        Raises `StoreFault` where there is no room for them on the disk.
        """
        self._place = keys.place
        self._rows = _in_order(store, keys.place, mine)
        self._next = next(self._rows, None)

    def stop(self) -> None:
        """Keys will be taken of which no zone file is to be believed."""
        self._rows, self._next = iter(()), None

    def take(self, key: str) -> dict[str, Any] | None:
        """What the zone file says of the next key that is taken."""
        if self._next is None:  # no zone file, mostly
            return None
        place = self._place(key)
        while self._next is not None and self._next["place"] < place:  # of a key that has a row already
            self._next = next(self._rows, None)
        row = self._next
        return row if row is not None and row["domain"] == key else None

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


def _in_order(store: Store, place: Callable[[str], bytes], mine: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    """Delegations by their places; more than `MANY` lie on the disk meanwhile, in files by the first octet of these."""
    held: list[pa.Table] = []
    size = 0
    with ExitStack() as stack:
        folder: Path | None = None
        with told():
            for part in store.columns(Delegation, _COLUMNS):
                held.append(_placed(part, place, mine))
                size += held[-1].num_rows
                if size > MANY:
                    folder = folder or Path(stack.enter_context(TemporaryDirectory(prefix="dane-census-")))
                    _spread(held, folder)
                    held, size = [], 0
            if folder is not None and held:
                _spread(held, folder)
        for tables in (held,) if folder is None else map(_gathered, (folder / str(octet) for octet in range(256))):
            if tables:
                for batch in pa.concat_tables(tables).sort_by("place").to_batches(BATCH):
                    yield from batch.to_pylist()


def _placed(part: pa.Table, place: Callable[[str], bytes], mine: Callable[[str], bool]) -> pa.Table:
    """The delegations that are ours, with their places."""
    own = part.filter(pa.array(map(mine, part["domain"].to_pylist()), pa.bool_()))
    return own.append_column("place", pa.array(map(place, own["domain"].to_pylist()), pa.binary()))


def _spread(tables: list[pa.Table], folder: Path) -> None:
    rows = pa.concat_tables(tables).sort_by("place")
    runs = pc.run_end_encode(pc.binary_slice(rows["place"].combine_chunks(), 0, 1))
    begin = 0
    for octet, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        with (folder / str(octet[0])).open("ab") as file, pa.ipc.new_stream(file, rows.schema) as stream:
            stream.write_table(rows.slice(begin, end - begin))
        begin = end


def _gathered(path: Path) -> list[pa.Table]:
    """What was written into one file, piece by piece."""
    tables = []
    if path.exists():
        with pa.OSFile(str(path)) as file:
            while file.tell() < file.size():
                tables.append(pa.ipc.open_stream(file).read_all())
    return tables


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
