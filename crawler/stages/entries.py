"""Entries of lists as columns: what was listed, and which domain each of them is.

A list of ten million names is never ten million objects: readers hand over batches, of which the ordinary entries are
told to be domains a batch at a time, and only the odd ones (``standards.names`` decides) one by one. Folding batches
into one row a domain is ``spool``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from crawler.stages.source import Entry, Junk, printable
from crawler.standards.names import NameFault, domain
from crawler.tables import Name, Rejection, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BATCH = 1 << 16  # entries of a reader that has them one by one

_NAME = schema(Name)
_TEXTS, _DS = _NAME.field("ns").type, _NAME.field("ds").type

#: An accepted entry. `text` is null where it is the domain itself (of a zone file: with a final dot), `owner` (zone
#: files: the owner name in lower case, whatever domain it is) where it is the domain.
ROWS = pa.schema(
    {
        "line": pa.int64(), "text": pa.string(), "domain": pa.string(), "owner": pa.string(), "rank": pa.int64(),
        "weight": pa.float64(), "tags": _TEXTS, "ns": _TEXTS, "ds": _DS, "ds_text": _TEXTS, "signatures": _TEXTS,
    }
)  # fmt: skip
#: An address record of a zone file: a name server's, mostly.
GLUE = pa.schema({"line": pa.int64(), "host": pa.string(), "address": pa.string()})
#: An entry that is no domain; `owner` is null but for owners in a zone file, which count once.
REJECTS = pa.schema({"line": pa.int64(), "text": pa.string(), "why": pa.string(), "owner": pa.string()})


class Batch(NamedTuple):
    """Some entries of a list, as `ROWS`, `REJECTS` and, of a zone file, `GLUE`."""

    rows: pa.Table
    rejects: pa.Table
    glue: pa.Table = GLUE.empty_table()


@dataclass(slots=True)
class Zone:
    """What is known of a zone file once it has been read to its end."""

    apex: str | None = None  # the owner of its first SOA
    origin: str | None = None  # what stands in for it


class Reading(NamedTuple):
    """A list being read: its batches, and for a zone file what of it is known at the end."""

    batches: Iterator[Batch]
    zone: Zone | None = None


# What `_PLAIN_DOMAIN` of ``standards.names`` says of names so short that no label is too long; a final dot may stand.
_PLAIN = r"^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z](?:[a-z0-9_-]*[a-z0-9_])?\.?$"
_SHORT = 63


def listed(lines: pa.Array, texts: pa.Array, **more: pa.Array) -> Batch:
    """A batch of entries; `more` are further columns of `ROWS`."""
    found, why = domains(texts, _meant)
    return _batch(found, why, {"line": lines, "text": texts, **more})


class Owners(NamedTuple):
    """Owners of NS and DS records in a zone file, as columns; each with its records as they were found together."""

    line: pa.Array  # of the first NS record, or of the first record where there is none
    owner: pa.Array  # in lower case, without the final dot
    text: pa.Array  # as it is written there
    ns: pa.Array
    ds: pa.Array
    ds_text: pa.Array  # the rdata of DS as written
    signatures: pa.Array  # the rdata of RRSIG records that cover DS, as written


def delegated(owners: Owners, glue: pa.Table) -> Batch:
    """A batch of a zone file's owners with their NS and DS records; one without NS is no entry, and never a reject."""
    lower = pc.ascii_lower(owners.text)
    if _of_one_zone(lower):
        return _batch(owners.owner, [], owners._asdict(), usual=lower)._replace(glue=glue)
    found, why = domains(owners.text, domain)
    batch = _batch(found, why, owners._asdict(), end=".")._replace(glue=glue)
    if batch.rejects.num_rows:
        named = pc.greater(pc.list_value_length(pc.filter(owners.ns, pc.is_null(found))), 0)
        batch = batch._replace(rejects=batch.rejects.filter(named))
    return batch


_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_OF_NAMES = _LETTERS + b"0123456789_-."


def _of_one_zone(names: pa.Array) -> bool:
    """Whether all are absolute names below one and the same top label, and plain: one after the other, they are labels.

    What `_PLAIN` tells of each name is so told of all in a few passes over their octets. `names` is no slice of others.
    """
    if not len(names) or pc.max(pc.binary_length(names)).as_py() > _SHORT:
        return False
    top = names[0].as_py()[:-1].rpartition(".")[2].encode()
    if top[:1] not in _LETTERS or not pc.all(pc.ends_with(names, b".%b." % top)).as_py():
        return False
    octets = names.buffers()[2][: pc.sum(pc.binary_length(names)).as_py()].to_pybytes()
    return (
        octets[:1] not in b"-."
        and not any(pair in octets for pair in (b"..", b".-", b"-."))
        and not octets.translate(None, _OF_NAMES)
    )


def domains(texts: pa.Array, meant: Callable[[str], str]) -> tuple[pa.Array, list[str]]:
    """The domain of each text, null for what is none, and the reason of each of those, in order."""
    lower = pc.ascii_lower(texts)
    odd = pc.invert(pc.and_(pc.match_substring_regex(lower, _PLAIN), pc.less_equal(pc.binary_length(lower), _SHORT)))
    if pc.any(pc.ends_with(lower, ".")).as_py():
        lower = pc.utf8_rtrim(lower, ".")  # of those that matched, one dot
    if not pc.any(odd).as_py():
        return lower, []
    told: list[str | None] = []
    why: list[str] = []
    for text in pc.filter(texts, odd).to_pylist():
        try:
            told.append(meant(text))
        except NameFault as fault:
            told.append(None)
            why.append(fault.flaw.value)
        except ValueError:
            told.append(None)
            why.append(Rejection.MALFORMED_RECORD.value)
    return pc.replace_with_mask(lower, odd, pa.array(told, pa.string())), why


def _batch(
    found: pa.Array, why: list[str], columns: dict[str, pa.Array], end: str = "", usual: pa.Array | None = None
) -> Batch:
    """Texts that are the domain and `end`, and owners that are the domain, are left out: nearly all.

    `usual` is the domains with that end, for callers that have them.
    """
    rejects = REJECTS.empty_table()
    if why:
        bad = pc.is_null(found)
        texts = [printable(text) for text in pc.filter(columns["text"], bad).to_pylist()]
        owners = pc.filter(columns["owner"], bad) if "owner" in columns else pa.nulls(len(why), pa.string())
        rejects = pa.Table.from_arrays(
            [pc.filter(columns["line"], bad), pa.array(texts), pa.array(why), owners], schema=REJECTS
        )
        good = pc.invert(bad)
        columns = {name: pc.filter(column, good) for name, column in columns.items()}
        found = pc.filter(found, good)
    if usual is None:
        usual = pc.binary_join_element_wise(found, end, "") if end else found
    for name, alike in (("text", usual), ("owner", found)):
        if name in columns:
            columns[name] = _unusual(columns[name], alike)
    columns["domain"] = found
    size = len(found)
    cells = [columns[f.name] if f.name in columns else pa.nulls(size, f.type) for f in ROWS]
    return Batch(pa.Table.from_arrays(cells, schema=ROWS), rejects)


def _unusual(texts: pa.Array, usual: pa.Array) -> pa.Array:
    """Null where a text is what it usually is."""
    if texts is usual:
        return pa.nulls(len(texts), pa.string())
    alike = pc.equal(texts, usual)
    if pc.all(alike, min_count=0).as_py():
        return pa.nulls(len(texts), pa.string())
    return pc.if_else(alike, pa.scalar(None, pa.string()), texts)


def _meant(text: str) -> str:
    return domain(bare(text) if "@" in text or "/" in text or ":" in text else text)


def bare(text: str) -> str:
    """The domain of a URL or of a mail address; any other text as it is. Raises `ValueError` for a URL that is none."""
    if "/" in text or text.lower().startswith("mailto:"):
        if "://" not in text and not text.lower().startswith("mailto:"):
            return text if text.startswith("/") else text.partition("/")[0].partition(":")[0]
        parts = urlsplit(text)
        if parts.scheme.lower() == "mailto":
            return parts.path.partition("?")[0].rpartition("@")[2]
        return parts.hostname or ""
    return text.rpartition("@")[2] if "@" in text else text


def gathered(entries: Iterable[Entry | Junk]) -> Iterator[Batch]:
    """Batches of entries that come one by one."""
    kept: list[Entry] = []
    junk: list[Junk] = []
    for entry in entries:
        if isinstance(entry, Junk):
            junk.append(entry)
        else:
            kept.append(entry)
        if len(kept) + len(junk) >= BATCH:
            yield together(kept, junk)
            kept, junk = [], []
    if kept or junk:
        yield together(kept, junk)


def together(entries: list[Entry], junk: list[Junk]) -> Batch:
    """One batch of entries and of what is known to be none."""
    columns: dict[str, Any] = dict(zip(Entry._fields, zip(*entries, strict=True), strict=True)) if entries else {}
    columns = {name: pa.array(columns.get(name, ()), ROWS.field(name).type) for name in Entry._fields}
    batch = listed(columns.pop("line"), columns.pop("text"), **columns)
    return batch._replace(rejects=pa.concat_tables([batch.rejects, junked(junk)])) if junk else batch


def junked(junk: list[Junk]) -> pa.Table:
    """What is known to be no domain before its name is looked at, as `REJECTS`."""
    cells = [
        [one.line for one in junk],
        [one.text for one in junk],
        [one.why.value for one in junk],
        [None] * len(junk),
    ]
    return pa.Table.from_arrays(
        [pa.array(column, f.type) for column, f in zip(cells, REJECTS, strict=True)], schema=REJECTS
    )
