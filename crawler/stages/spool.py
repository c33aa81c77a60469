"""Entries on the disk while lists are read, and their folding: one row a domain, each list accounted for.

Lists may be far larger than memory, so what has been read lies in a folder of the system's for temporary files (TMPDIR)
until it is the tables of a run, and DuckDB, held to `MEMORY`, brings together what stands apart: repeats of a domain in
one list or several, and the records of one owner in a zone file. What is common is never touched twice: only domains
that occur more than once are grouped, the others pass as they are, in the order of their lines.
"""

from __future__ import annotations

import errno
import os
import shutil
import weakref
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler import database
from crawler.stages.entries import GLUE, REJECTS, ROWS
from crawler.stages.source import ListFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.stages.entries import Batch, Zone

MEMORY = 200  # MB
FILE_ROWS = 1 << 19  # of one file
PASS_ROWS = 1 << 24  # hashes of about so many are counted in memory
RANGE_ROWS = 1 << 16  # about so many are sorted, and joined with their addresses, in memory

_LINE_BITS = 40
_PACKED = pa.list_(pa.uint32())  # DS records: key tag, algorithm, digest type
_ABOVE_TYPE, _ABOVE_ALGORITHM = pa.scalar(8, pa.uint32()), pa.scalar(16, pa.uint32())


def _spooled(kind: pa.Schema) -> pa.Schema:
    """What lies on the disk of such a table: `place` is (list, line) as one number, in the order of both."""
    others = [pa.field(f.name, _PACKED) if f.name == "ds" else f for f in kind if f.name != "line"]
    return pa.schema([("place", pa.int64()), *others])


_GIVEN, _ADDRESSES, _REFUSED = map(_spooled, (ROWS, GLUE, REJECTS))

_REPEATED = ["tags.list.element", "ns.list.element", "why"]  # columns that say the same again and again

_BASE = """
create table lists (list smallint primary key, source text, tag text, zone boolean, apex text);
create table opted (place bigint primary key);
"""
_VIEWS = """
create or replace macro listed(place) as (place >> 40)::smallint;
create or replace macro lined(place) as place & ((1::bigint << 40) - 1);

create or replace view given as
select l.list, lined(place) as line, g.* replace (
        case when l.tag is null then g.tags else list_append(coalesce(g.tags, []), l.tag) end as tags,
        coalesce(g.text, case when l.zone then g.domain || '.' else g.domain end) as text,
        list_transform(g.ds, lambda d: {{
            'key_tag': (d >> 16)::usmallint, 'algorithm': ((d >> 8) & 255)::utinyint, 'digest_type': (d & 255)::utinyint
        }}) as ds),
    coalesce(g.owner, g.domain) as own, l.zone, l.apex, not l.zone or coalesce(len(g.ns) > 0, false) as entry,
    l.zone and coalesce(l.apex = coalesce(g.owner, g.domain)
        or (l.apex <> '' and not ends_with(coalesce(g.owner, g.domain), '.' || l.apex)), false) as outside
from read_parquet({rows}) g join lists l on l.list = listed(g.place);

create or replace view refused as
select l.list, lined(place) as line, r.*,
    l.zone and coalesce(l.apex = r.owner or (l.apex <> '' and not ends_with(r.owner, '.' || l.apex)), false) as outside
from read_parquet({rejects}) r join lists l on l.list = listed(r.place);

create or replace view glue as select distinct listed(place) as list, host, address from read_parquet({glue});
"""
#: Owners outside of their zone, and hashes (numbers take less memory than names) of domains in more than one row. Both
#: are rare, and where there are none, the statements below need not look at every row again.
_TWICE = """
create or replace view inside as select * from given where {inside};

create or replace table strangers as
select list, line, left(text, 200) as text, own from given where not {inside} and entry;

create or replace table perhaps (number ubigint);
"""
_PERHAPS = """
insert into perhaps
select hash(domain) as number from read_parquet({rows}) where hash(domain) % {passes} = {nth}
group by number having count(*) > 1;
"""
_MERGED = """
create or replace table twice as
select domain from inside where {some} and hash(domain) in (select number from perhaps)
group by domain having count(*) > 1;

create or replace table alike as
with rows as materialized (select * from inside semi join twice using (domain) where {some})
select list, domain, min(place) filter (entry) as place, arg_min(line, place) filter (entry) as line,
    arg_min(text, place) filter (entry) as text, null::bigint as rank, null::double as weight,
    any_value(tags) as tags, flatten(list(coalesce(ns, []) order by place)) as ns,
    flatten(list(coalesce(ds, []) order by place)) as ds,
    flatten(list(coalesce(ds_text, []) order by place)) as ds_text,
    flatten(list(coalesce(signatures, []) order by place)) as signatures
from rows where zone group by list, domain, own having bool_or(entry)
union all by name
select list, domain, place, line, text, rank, weight, tags, ns, ds, ds_text, signatures
from rows where not zone;

create or replace table merged as
select * replace (list_filter(tags, lambda tag, i: list_position(tags, tag) = i) as tags)
from (
    select domain, min(place) as place, arg_min(list, place) as list, arg_min(line, place) as line,
        arg_min(text, place) as text, count(*) as copies, min(rank) as rank, arg_min(weight, place) as weight,
        flatten(list(coalesce(tags, []) order by place)) as tags,
        arg_min(ns, place) filter (len(ns) > 0) as ns, arg_min(list, place) filter (len(ns) > 0) as told_by,
        arg_min(ds, place) filter (len(ds) > 0) as ds, arg_min(ds_text, place) filter (len(ns) > 0) as ds_text,
        arg_min(signatures, place) filter (len(ns) > 0) as signatures
    from alike group by domain
);
"""
_FOLDED = """
create or replace view folded as
select domain, text, list, line, 1::bigint as copies, rank, weight, tags, ns, ds, place,
    list as told_by, ds_text, signatures
from inside anti join twice using (domain) where entry
union all
select domain, text, list, line, copies, rank, weight, tags, ns, ds, place, told_by, ds_text, signatures from merged;

create or replace view turned_away as
select list, line, text, why from refused where owner is null
union all
select list, min(line), arg_min(text, line), case when bool_or(outside) then 'no-delegation' else any_value(why) end
from (
    select list, line, text, why, owner, outside from refused where owner is not null
    union all
    select list, line, text, 'no-delegation', own, true from strangers
) group by list, owner
union all
select list, line, left(text, 200), 'opted-out' from folded semi join opted using (place);
"""


#: Delegations as zone files tell them. One below another one is that one's to make, whatever the file says of it.
DELEGATIONS = """
with told as (
    select domain, apex as zone, told_by, ns, coalesce(ds_text, []) as ds, coalesce(signatures, []) as signatures, place
    from folded join lists on lists.list = told_by
    where len(ns) > 0 and apex is not null and {wanted} and domain not in (select domain from occluded)
),
found as (
    select domain, list({{'host': t.host, 'address': g.address}} order by t.host, g.address) as glue
    from (select domain, told_by, unnest(ns) as host from told) as t
    join glue as g on g.list = t.told_by and g.host = t.host
    group by domain
)
select domain, zone, ns, coalesce(glue, []) as glue, ds, signatures from told left join found using (domain)
order by place
"""
OCCLUDED = """
create or replace table occluded as
with deep as (
    select domain, string_split(domain, '.') as labels from folded join lists on lists.list = told_by
    where len(ns) > 0 and ends_with(domain, '.' || apex) and strpos(left(domain, -length(apex) - 1), '.') > 0
)
select distinct domain
from (
    select domain,
        unnest(list_transform(range(2, len(labels)), lambda nth: list_aggregate(labels[nth:], 'string_agg', '.')))
            as above
    from deep
)
semi join (select domain as above from folded where len(ns) > 0) using (above);
"""


@dataclass(slots=True)
class Counted:
    """What became of the entries of one list."""

    entries: int = 0  # of a zone file: its owners with NS records
    names: int = 0
    repeats: int = 0
    rejects: int = 0


@dataclass(slots=True)
class _Files:
    """Parquet files of one kind, so many rows in each."""

    folder: Path
    kind: str
    schema: pa.Schema
    paths: list[str] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)  # the `place` of every `RANGE_ROWS`-th row, about
    rows: int = 0  # of all files
    held: int = 0  # of the file that is open
    writer: pq.ParquetWriter | None = None
    waiting: list[pa.Table] = field(default_factory=list)  # until they are `RANGE_ROWS`: each write costs what it costs
    waited: int = 0  # rows of these

    def add(self, table: pa.Table, number: int) -> None:
        place = pc.add(table["line"], number << _LINE_BITS)
        others = [_packed(table[f.name]) if f.type == _PACKED else table[f.name] for f in list(self.schema)[1:]]
        self.waiting.append(pa.Table.from_arrays([place, *others], schema=self.schema))
        self.waited += table.num_rows
        if self.waited >= RANGE_ROWS:
            self._write()

    def _write(self) -> None:
        rows = pa.concat_tables(self.waiting)
        self.waiting, self.waited = [], 0
        if self.writer is None:
            path = str(self.folder / f"{self.kind}-{len(self.paths):06d}.parquet")
            self.writer = pq.ParquetWriter(
                path, self.schema, compression="lz4", use_dictionary=_REPEATED, write_statistics=["place"]
            )
            self.paths.append(path)
            self.held = 0
        self.edges += rows["place"][::RANGE_ROWS].to_pylist()
        self.writer.write_table(rows, row_group_size=RANGE_ROWS)
        self.held += rows.num_rows
        self.rows += rows.num_rows
        if self.held >= FILE_ROWS:
            self._end()

    def _end(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def close(self) -> None:
        """What waits is written; of nothing, there is one file without rows."""
        if self.waiting or not self.paths:
            self.waiting = self.waiting or [self.schema.empty_table()]
            self._write()
        self._end()


def _named(ns: pa.ChunkedArray) -> int:
    """How many have name servers."""
    return int(pc.sum(pc.greater(pc.list_value_length(ns), 0), min_count=0).as_py())


def _packed(ds: pa.ChunkedArray) -> pa.ChunkedArray:
    """Each DS record as one number."""
    return pa.chunked_array([_packed_chunk(chunk) for chunk in ds.chunks], _PACKED)


def _packed_chunk(ds: pa.ListArray) -> pa.ListArray:
    tag, algorithm, digest_type = (part.cast(pa.uint32()) for part in ds.values.flatten())
    low = pc.bit_wise_or(pc.shift_left(algorithm, _ABOVE_TYPE), digest_type)
    number = pc.bit_wise_or(pc.shift_left(tag, _ABOVE_ALGORITHM), low)
    mask = ds.is_null() if ds.null_count else None
    return pa.ListArray.from_arrays(ds.offsets, number, type=_PACKED, mask=mask)


class Spool:
    """Entries of several lists, added batch by batch, then folded. Its folder goes when it does."""

    def __init__(self) -> None:
        try:
            self._folder = Path(mkdtemp(prefix="dane-census-"))
        except OSError as error:
            raise _no_room(error) from error
        self._end = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._rows = _Files(self._folder, "rows", _GIVEN)
        self._rejects = _Files(self._folder, "rejects", _REFUSED)
        self._glue = _Files(self._folder, "glue", _ADDRESSES)
        self._lists: list[tuple[str, str | None, Zone | None]] = []
        self._entries: Counter[int] = Counter()  # rows of each list; of a zone file, those with NS records
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._base: duckdb.DuckDBPyConnection | None = None
        self._memory = MEMORY

    def begin(self, source: str, tag: str | None, zone: Zone | None) -> None:
        """The batches that follow are of this list."""
        self._lists.append((source, tag, zone))

    def add(self, batch: Batch) -> None:
        """Raises `ListFault` where the disk is full."""
        self._settle()
        self._writing = self._writer.submit(self._write, batch, len(self._lists) - 1)

    def _write(self, batch: Batch, number: int) -> None:
        if batch.rows.num_rows:
            self._rows.add(batch.rows, number)
            of_zone = self._lists[number][2] is not None
            self._entries[number] += _named(batch.rows["ns"]) if of_zone else batch.rows.num_rows
        if batch.rejects.num_rows:
            self._rejects.add(batch.rejects, number)
        if batch.glue.num_rows:
            self._glue.add(batch.glue, number)

    def _settle(self) -> None:
        """Wait for the batch that is being written, while the next one was read."""
        try:
            if self._writing is not None:
                self._writing.result()
        except OSError as error:
            raise _no_room(error) from error

    def fold(self) -> list[Counted]:
        """One row a domain; of each list, what became of its entries. Call it once, when all is added."""
        self._settle()
        self._writer.shutdown()
        try:
            for files in (self._rows, self._rejects, self._glue):
                files.close()
        except OSError as error:
            raise _no_room(error) from error
        pa.default_memory_pool().release_unused()  # what blocks took is DuckDB's to take now
        self._base = database.opened(memory_limit=f"{MEMORY}MB", temp_directory=str(self._folder))
        self._run(_BASE)
        self._run(
            _VIEWS.format(
                rows=_quoted(self._rows.paths), rejects=_quoted(self._rejects.paths), glue=_quoted(self._glue.paths)
            )
        )
        rows = [(n, source, tag, zone is not None, zone.apex if zone else None) for n, (source, tag, zone) in
                enumerate(self._lists)]  # fmt: skip
        self._base.executemany("insert into lists values (?, ?, ?, ?, ?)", rows)
        for number, (_, _, zone) in enumerate(self._lists):
            if zone is not None and zone.apex is None:
                apex = self._top(number) or zone.origin
                self._base.execute("update lists set apex = ? where list = ?", [apex, number])
        zones = any(zone is not None for _, _, zone in self._lists)
        self._run(_TWICE.format(inside="not outside" if zones else "true"))
        passes = 1 + self._rows.rows // PASS_ROWS
        for nth in range(passes):
            self._run(_PERHAPS.format(rows=_quoted(self._rows.paths), passes=passes, nth=nth))
        some = self.one("select count(*) > 0 from perhaps")
        for sql in (_MERGED, _FOLDED):
            self._run(sql.replace("{some}", "true" if some else "false"))
        return self._counted(some)

    def _top(self, number: int) -> str | None:
        """Of a zone file without SOA: the NS owner that all other NS owners are below, if there is one."""
        owners = (
            f"(select own, place from given where entry and list = {number}"
            f" union all select owner, place from refused where owner is not null and list = {number})"
        )
        shortest = self.one(f"select own from {owners} order by length(own), place limit 1")
        distinct = self.one(f"select count(distinct own) from {owners}")
        if not distinct or distinct < 2:
            return None
        sql = f"select count(*) from {owners} where own <> ? and ? <> '' and not ends_with(own, '.' || ?)"
        return None if self.one(sql, [shortest] * 3) else shortest

    def _counted(self, repeated: bool) -> list[Counted]:
        """Of each list, what became of its entries."""
        lone = self._entries - self._by_list("strangers")
        if repeated:
            lone -= self._by_list("inside semi join twice using (domain) where entry")
        alike, first = self._by_list("alike"), self._by_list("merged")
        rejects = self._by_list("turned_away")
        owners = self._by_list(
            "(select list, own from strangers union select list, owner from refused where owner is not null)"
        )
        return [
            Counted(
                entries=lone[number] + alike[number] + owners[number] if zone is not None else 0,
                names=lone[number] + first[number],
                repeats=alike[number] - first[number],
                rejects=rejects[number],
            )
            for number, (_, _, zone) in enumerate(self._lists)
        ]

    def _by_list(self, rows: str) -> Counter[int]:
        return Counter(dict(self.ask(f"select list, count(*) from {rows} group by list")))

    def begins(self) -> list[tuple[int, int]]:
        """Ranges of `place`, half open, that hold no more rows than can be sorted in memory."""
        edges = [0, *sorted(set(self._rows.edges)), 1 << 62]
        return list(pairwise(edges))

    def one(self, sql: str, values: list[Any] | None = None) -> Any:
        """The one value that a query has."""
        rows = self._run(sql, values)
        return rows[0][0] if rows else None

    def ask(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query that has few."""
        return self._run(sql, values)

    def batches(self, sql: str, values: list[Any] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a query that has many."""
        with self._telling():
            yield from database.beside(self._folded).sql(sql, params=values).to_arrow_reader(1 << 16)

    def opt_out(self, ats: list[int]) -> None:
        """Names, by where they stand, that are not to be measured."""
        if ats:
            self._folded.register("unwanted", pa.table({"place": pa.array(ats, pa.int64())}))
            self._run("insert into opted select place from unwanted")
            self._folded.unregister("unwanted")

    def _run(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of statements that may be begun anew: with more memory, where a list so long needs it."""
        with self._telling():
            while True:
                try:
                    done = self._folded.execute(sql, values) if values is not None else self._folded.execute(sql)
                    return done.fetchall()
                except duckdb.OutOfMemoryException:
                    if 2 * self._memory > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20:
                        raise
                self._memory *= 2
                self._folded.execute(f"set memory_limit = '{self._memory}MB'")

    @property
    def _folded(self) -> duckdb.DuckDBPyConnection:
        assert self._base is not None, "not folded yet"
        return self._base

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Troubles of the disk, and of memory, in one line."""
        try:
            yield
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            told = str(error).splitlines()[0]
            raise ListFault(f"the lists cannot be folded in {self._folder.parent} (TMPDIR): {told}") from error


def _quoted(paths: list[str]) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


def _no_room(error: OSError) -> ListFault:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} or "No space" in str(error)
    told = "the disk is full" if full else error.strerror or str(error)
    return ListFault(f"no place for what is read of the lists: {told}; set TMPDIR to a folder with more room")
