"""What every table's columns are made of: the field with its words, and the nested value of a look-up.

A part of ``tables`` and ``visited``, which describe the tables themselves.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

import pyarrow as pa

from crawler.resolver.answer import Answer

UTC = pa.timestamp("us", "UTC")
TEXTS = pa.list_(pa.string())

_ALIAS = pa.struct([("target", pa.string()), ("security", pa.string())])
_DENIAL = pa.struct([("kind", pa.string()), ("iterations", pa.int32()), ("salt", pa.binary()), ("opt_out", pa.bool_())])

#: The nested value of every look-up: (field, Parquet type, words). The order is that of `Answer`.
ANSWER_FIELDS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("outcome", pa.string(), "how the look-up ended; only answer, nodata and nxdomain say something about the name"),
    ("security", pa.string(), "DNSSEC state: secure, insecure, bogus, indeterminate (RFC 4035 section 4.3)"),
    ("reason", pa.string(), "why it has that state"),
    ("ede", pa.int32(), "the Extended DNS Error code that means the same as the reason (RFC 8914), if there is one"),
    ("server_ede", pa.int32(), "the first Extended DNS Error code that the server itself sent, if any"),
    ("ttl", pa.int64(), "seconds; of the RRset, as the authoritative server gave it"),
    ("rdata", pa.list_(pa.binary()), "wire form, names uncompressed and in lower case, in the order of the reply"),
    ("alias", pa.list_(_ALIAS), "the CNAME and DNAME links that were followed, each with its own DNSSEC state"),
    ("wildcard", pa.bool_(), "the RRset was expanded from a wildcard (told by RRSIG labels, so only in signed zones)"),
    ("denial", _DENIAL, "what the zone sent to prove a negative answer: nsec, nsec3 or compact, and NSEC3 parameters"),
    ("observed_at", UTC, "UTC; when the reply came, or when we gave up"),
    ("rtt", pa.float32(), "seconds from the last packet sent to its reply; null without a reply"),
    ("server", pa.string(), "address of the name server that gave the reply; null without a reply"),
    ("size", pa.int32(), "octets of the DNS message that the answer was read from; null without one"),
    ("tcp", pa.bool_(), "that message came over TCP, for over UDP it was cut short (TC); null without one"),
    ("tries", pa.int32(), "packets sent for this look-up alone, referrals and validation included; 0 = from the cache"),
)
ANSWER = pa.struct([(name, kind) for name, kind, _ in ANSWER_FIELDS])
if tuple(name for name, _, _ in ANSWER_FIELDS) != Answer._fields:  # our own mistake, told at import
    raise TypeError("ANSWER_FIELDS and Answer differ")


def column(words: str, kind: pa.DataType, *, unit: str = "", rfc: str = "") -> Any:
    """A field of a table: its description, Parquet type, unit and the section it rests on."""
    return field(metadata={"words": words, "kind": kind, "unit": unit, "rfc": rfc})
