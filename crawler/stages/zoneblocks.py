"""The lines of a registry's zone file a block at a time, as long as they are what registries write.

One record a line, the owner absolute, in class IN, TTL and class all there or all not: then types, owners and rdata
are columns, and a million delegations take two seconds. Whatever else a master file may hold (RFC 1035 section 5:
parentheses, quotes, comments, directives, names left out or relative) is no such block, and ``zonefile`` reads it line
by line; so is a block with anything wrong in it, for there each fault is told with its line. Both ways end alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from crawler.stages.entries import GLUE, ROWS, Owners
from crawler.stages.source import short_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawler.stages.source import Block

_NO_NAME_IS_AS_LONG = 1 << 30
_KEPT = ("NS", "DS")
_SPECIAL = (b'"', b"(", b")", b";", b"\\", b"$", b"@")
TTL = re.compile(r"\d+|(?:\d+[WDHMSwdhms])+", re.ASCII)


class Columns(NamedTuple):
    """What is kept of a block: each run of one owner's NS and DS records, and what the next line may lean on."""

    owners: Owners
    glue: pa.Table
    records: int
    last: str  # the owner of the last one, as written
    apex: str | None  # the owner of the first SOA


def columns(block: Block, known: Callable[[str], bool]) -> Columns | None:
    """The block's columns; None for one that is to be read line by line. `known` tells the types that there are."""
    data = block.data
    if not data.isascii() or any(mark in data for mark in _SPECIAL) or not short_lines(data):
        return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        if b"\r" in data:
            return None
    parts = _tabbed(data) or _worded(data)
    if parts is None:
        return None
    owners, rtypes, rdatas = parts
    told = rtypes.dictionary_encode()
    mnemonics = [mnemonic.upper() for mnemonic in told.dictionary.to_pylist()]
    if not (all(map(known, mnemonics)) and _every(pc.ends_with(owners, "."))):
        return None
    is_ns, is_ds, is_soa, is_sig = (_among(told.indices, mnemonics, word) for word in (*_KEPT, "SOA", "RRSIG"))
    apex = None
    if "SOA" in mnemonics:
        soa = pc.index(is_soa, True).as_py()
        if len(rdatas[soa].as_py().split()) < 7:
            return None
        apex = owners[soa].as_py()[:-1].lower()
    targets = pc.filter(rdatas, is_ns)
    if not _every(pc.ends_with(targets, ".")) or _blank_among(targets):
        return None
    ds_texts = pc.filter(rdatas, is_ds)
    ds = _ds(ds_texts)
    if ds is None:
        return None
    signatures = pc.filter(rdatas, is_sig)
    of_ds = pc.or_(pc.starts_with(signatures, "DS "), pc.starts_with(signatures, "ds "))
    if not _every(of_ds):
        of_ds = pc.starts_with(signatures, "DS ", ignore_case=True)  # five times as slow
        is_sig = pc.replace_with_mask(is_sig, is_sig, of_ds)
        signatures = pc.filter(signatures, of_ds)
    kinds = [(is_ns, (_lowered(targets),)), (is_ds, (ds, ds_texts)), (is_sig, (signatures,))]
    kept = pc.indices_nonzero(pc.or_(pc.or_(is_ns, is_ds), is_sig))
    of_kept = owners
    if len(kept) < len(owners):
        of_kept = owners.take(kept)
        kinds = [(mask.take(kept), values) for mask, values in kinds]
    at, lists = _runs(of_kept, kept, kinds)
    texts = owners.take(at)
    glue = GLUE.empty_table()
    if not {"A", "AAAA"}.isdisjoint(mnemonics):
        wanted = pc.or_(*(_among(told.indices, mnemonics, word) for word in ("A", "AAAA")))
        glue = _glue(block.first, owners, rdatas, wanted)
    found = Owners(pc.add(at.cast(pa.int64()), block.first), _lowered(texts), texts, *lists)
    return Columns(found, glue, len(owners), owners[-1].as_py(), apex)


def _glue(first: int, owners: pa.Array, rdatas: pa.Array, wanted: pa.Array) -> pa.Table:
    """Address records, whatever they are of."""
    at = pc.indices_nonzero(wanted)
    lines = pc.add(at.cast(pa.int64()), first)
    return pa.Table.from_arrays([lines, _lowered(owners.take(at)), rdatas.take(at)], schema=GLUE)


class _Shape(NamedTuple):
    """Where the words of a record stand: owner [TTL] [IN] type rdata."""

    ttl: int | None
    rclass: int | None
    rtype: int

    def fits(self, columns: Sequence[pa.Array]) -> bool:
        """Whether every TTL is one, and every class IN."""
        ttls = [] if self.ttl is None else _distinct(columns[self.ttl])  # of a registry, a few
        classes = [] if self.rclass is None else _distinct(columns[self.rclass])
        return all(map(TTL.fullmatch, ttls)) and all(rclass.upper() == "IN" for rclass in classes)


def _distinct(words: pa.Array) -> list[str]:
    """Each word once. The first few are sought one by one, for that is quicker than to hash all."""
    found: list[str] = []
    while len(words) and len(found) < 4:
        found.append(words[0].as_py())
        words = words.filter(pc.not_equal(words, words[0]))
    return [*found, *words.unique().to_pylist()]


def _among(indices: pa.Array, words: list[str], word: str) -> pa.Array:
    """Which of these words, by number, are this one."""
    wanted = [at for at, one in enumerate(words) if one == word]
    if not wanted:
        return pa.repeat(False, len(indices))
    if len(wanted) == 1:  # written in one way only, as nearly always
        return pc.equal(indices, pa.scalar(wanted[0], indices.type))
    return pc.is_in(indices, pa.array(wanted, indices.type))


def _shape(words: list[str]) -> _Shape:
    """The shape of a first line."""
    at, ttl, rclass = 1, None, None
    for _ in range(2):
        if at < len(words) and ttl is None and words[at][:1].isdecimal():
            ttl, at = at, at + 1
        elif at < len(words) and rclass is None and words[at].upper() == "IN":
            rclass, at = at, at + 1
    return _Shape(ttl, rclass, at)


_BETWEEN_TABS = pcsv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False)


def _tabbed(data: bytes) -> tuple[pa.Array, pa.Array, pa.Array] | None:
    """Owners, types and rdata of lines whose words, but for those of the rdata, stand between single tabs."""
    words = data[: data.index(b"\n")].decode().split("\t")
    shape = _shape(words)
    size = shape.rtype + 2
    if len(words) != size:
        return None
    heads = [str(at) for at in range(size)]
    try:
        read = pcsv.read_csv(
            pa.BufferReader(data),
            parse_options=_BETWEEN_TABS,
            read_options=pcsv.ReadOptions(use_threads=False, column_names=heads, block_size=2 * len(data)),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys(heads, pa.string()), check_utf8=False, null_values=[]
            ),
        )
    except pa.ArrowInvalid:  # a line with more columns, or fewer
        return None
    columns = [column.combine_chunks() for column in read.columns]
    if not shape.fits(columns) or not pc.min(pc.binary_length(columns[-1])).as_py():
        return None
    if _any(pc.ends_with(columns[-1], " ")):
        return None
    return columns[0], columns[-2], columns[-1]


def _worded(data: bytes) -> tuple[pa.Array, pa.Array, pa.Array] | None:
    """The same of lines whose words stand between any blanks."""
    data = data.replace(b"\t", b" ")
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    data = data.replace(b" \n", b"\n")
    if data[:1] in {b" ", b"\n"} or b"\n " in data or b"\n\n" in data:
        return None
    lines = pc.split_pattern(pa.array([data[:-1].decode()]), "\n").values
    shape = _shape(lines[0].as_py().split(" "))
    size = shape.rtype + 2
    parts = pc.split_pattern(lines, " ", max_splits=size - 1)
    if not _every(pc.equal(pc.list_value_length(parts), size)):
        return None
    columns = [pc.list_element(parts, at) for at in range(size)]
    return (columns[0], columns[-2], columns[-1]) if shape.fits(columns) else None


def _ds(rdatas: pa.Array) -> pa.Array | None:
    """Tag, algorithm and digest type of each DS record (RFC 4034 section 5.3); None if one of them is odd."""
    kind = ROWS.field("ds").type
    fields = [kind.value_type.field(at) for at in range(3)]
    if not len(rdatas):
        return pa.array([], kind.value_type)
    parts = pc.split_pattern(rdatas, " ", max_splits=3)
    if not _every(pc.equal(pc.list_value_length(parts), 4)):
        return None
    numbers = []
    for at, most in enumerate((65_536, 256, 256)):
        digits = pc.list_element(parts, at)
        if not _every(pc.ascii_is_decimal(digits)) or pc.max(pc.binary_length(digits)).as_py() > 5:
            return None
        number = digits.cast(pa.int32())
        if pc.max(number).as_py() >= most:
            return None
        numbers.append(number.cast(fields[at].type))
    return pa.StructArray.from_arrays(numbers, fields=fields)


_Kind = tuple[pa.Array, tuple[pa.Array, ...]]  # which of the records are of it, and columns of their values


def _runs(owners: pa.Array, kept: pa.Array, kinds: list[_Kind]) -> tuple[pa.Array, list[pa.Array]]:
    """Neighbours with one owner, together: where its first NS (else its first) record stands, and lists of values.

    The first kind is NS.
    """
    none = pa.array([0], pa.int32())
    ends = _run_ends(owners)
    first = pa.concat_arrays([none, ends])[:-1]
    names = pc.ascii_lower(owners.take(first))
    if _any(pc.equal(names[1:], names[:-1])):  # one owner, written in two ways
        ends = _run_ends(pc.ascii_lower(owners))
        first = pa.concat_arrays([none, ends])[:-1]
    last = pc.subtract(ends, 1)
    begins = [pa.concat_arrays([none, pc.cumulative_sum(mask.cast(pa.int32())).take(last)]) for mask, _ in kinds]
    lists = [
        pa.ListArray.from_arrays(offsets, values)
        for offsets, (_, columns) in zip(begins, kinds, strict=True)
        for values in columns
    ]
    at = kept.take(first)
    named = pc.greater(pc.list_value_length(lists[0]), 0)
    if _any(named):
        of_ns = kept.filter(kinds[0][0])
        at = pc.if_else(named, of_ns.take(pc.min_element_wise(begins[0][:-1], len(of_ns) - 1)), at)
    return at, lists


def _run_ends(texts: pa.Array) -> pa.Array:
    return pc.run_end_encode(texts).run_ends if len(texts) else pa.array([], pa.int32())


def _every(mask: pa.Array) -> bool:
    return bool(pc.all(mask, min_count=0).as_py())


def _blank_among(words: pa.Array) -> bool:
    """Whether a blank stands in any of them; tabs are gone by now. All at once, for most have none."""
    octets = words.buffers()[2]
    return octets is not None and b" " in octets.to_pybytes()


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())


def _lowered(names: pa.Array) -> pa.Array:
    """Absolute names in lower case, without the final dot."""
    return pc.binary_replace_slice(pc.ascii_lower(names), start=-1, stop=_NO_NAME_IS_AS_LONG, replacement="")
