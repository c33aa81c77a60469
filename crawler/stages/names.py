"""The stage ``names``: lists in, domains to measure out, and an account of every line.

An entry is what somebody listed: a line of a plain list, a row of a CSV, a delegated owner
name of a master file. Each becomes the first line of a row of ``names``, is folded into
one as a repeat, or lands in ``rejects`` with its line and reason; so for every list
lines = blank + records + entries, and entries = names + repeats + rejects. `read` checks
both sums, and raises `ListFault` for a list with no domain in it.

Formats are read by ``lists``, repeats are folded by ``spool``; what a domain is, is decided by ``standards.names``.
Names stay on the disk: a list of ten million costs no more memory than one of a hundred thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from crawler.stages import lists
from crawler.stages.entries import Reading, gathered
from crawler.stages.lists import Format
from crawler.stages.source import Entry, ListFault, Source
from crawler.stages.spool import DELEGATIONS, OCCLUDED, Spool
from crawler.tables import Delegation, DsRecord, Name, Reject, Rejection, schema


@dataclass(slots=True)
class Account:
    """Where every line of a list went. Of a run: the sum over its lists."""

    lines: int = 0
    blank: int = 0  # empty lines, comments, the header, directives
    records: int = 0  # lines that belong to another line's entry, or to the zone itself
    entries: int = 0
    names: int = 0  # entries that are the first of their domain
    repeats: int = 0  # entries folded into an earlier one
    rejects: int = 0  # entries that are no domain

    def check(self) -> None:
        """A sum that does not hold is our own mistake."""
        if self.lines != self.blank + self.records + self.entries:
            raise RuntimeError(f"lines are missing: {self}")
        if self.entries != self.names + self.repeats + self.rejects:
            raise RuntimeError(f"entries are missing: {self}")

    def __add__(self, other: Account) -> Account:
        mine, theirs = asdict(self), asdict(other)
        return Account(**{key: mine[key] + theirs[key] for key in mine})

    def __str__(self) -> str:
        return (
            f"{self.lines:,} lines = {self.entries:,} entries + {self.records:,} other records"
            f" + {self.blank:,} blank or comment; {self.entries:,} entries = {self.names:,} names"
            f" + {self.repeats:,} repeats + {self.rejects:,} rejects"
        )


_COLUMNS = (
    "domain, text, source, line, copies, rank, weight, coalesce(tags, []) as tags, coalesce(ns, []) as ns,"
    " coalesce(ds, []) as ds"
)


#: Reasons of rejects, most frequent first, then as they came.
_WHY = "select why, count(*) as n from turned_away {of} group by why order by n desc, min(list), min(line)"


@dataclass(slots=True)
class Names:
    """What the lists hold: the domains in the order of their first lines, the rejects, the account."""

    spool: Spool = field(default_factory=Spool)
    account: Account = field(default_factory=Account)
    digests: list[tuple[str, str]] = field(default_factory=list)  # (list, SHA-256 of its unpacked octets)
    left_out: int = 0  # names beyond --limit, --only-suffix or --sample
    sampled: tuple[int, int, int] | None = None  # names before, names kept, seed
    _kept: list[tuple[str, list[Any]]] = field(default_factory=list)  # conditions, with their values
    _size: int = 0

    def __len__(self) -> int:
        return self._size

    def tables(self) -> Iterator[pa.Table]:
        """The rows of the table ``names``, in order, so many at a time as can be sorted in memory."""
        wanted, values = self._where("place >= ? and place < ?")
        sql = f"select {_COLUMNS} from folded join lists using (list) where {wanted} order by place"
        for begin, end in self.spool.begins():
            batches = list(self.spool.batches(sql, [*values, begin, end]))
            if batches:
                yield pa.Table.from_batches(batches).cast(schema(Name))

    def delegations(self) -> Iterator[pa.Table]:
        """The rows of the table ``delegations``: of those names that zone files delegate."""
        self.spool.ask(OCCLUDED)
        wanted, values = self._where("place >= ? and place < ?")
        for begin, end in self.spool.begins():
            batches = list(self.spool.batches(DELEGATIONS.format(wanted=wanted), [*values, begin, end]))
            if batches:
                yield pa.Table.from_batches(batches).cast(schema(Delegation))

    def rows(self) -> Iterator[Name]:
        """The same as objects: for few."""
        for table in self.tables():
            for row in table.to_pylist():
                told = {name: tuple(row[name]) for name in ("tags", "ns")}
                yield Name(**row | told | {"ds": tuple(DsRecord(**ds) for ds in row["ds"])})

    def domains(self) -> Iterator[str]:
        """The domains, in order."""
        for table in self.tables():
            yield from table["domain"].to_pylist()

    def reject_tables(self) -> Iterator[pa.Table]:
        """The rows of the table ``rejects``."""
        sql = "select source, line, text, why from turned_away join lists using (list) order by list, line"
        for batch in self.spool.batches(sql):
            yield pa.Table.from_batches([batch]).cast(schema(Reject))

    def rejects(self) -> Iterator[Reject]:
        """The same as objects: for few."""
        for table in self.reject_tables():
            for row in table.to_pylist():
                yield Reject(**row | {"why": Rejection(row["why"])})

    def reasons(self) -> str:
        """How many rejects for each reason, most frequent first."""
        return _reasons(self.spool.ask(_WHY.format(of="")))

    def tlds(self) -> Counter[str]:
        """How many names end in each top-level domain."""
        wanted, values = self._where()
        sql = f"select split_part(domain, '.', -1) as tld, count(*) as n from folded where {wanted} group by tld"
        return Counter(dict(self.spool.ask(sql, values)))

    def registries(self, most: int) -> list[tuple[str, int, int]]:
        """Domains with most names one label below, mostly registries'; how many these are, and zone files delegate."""
        wanted, values = self._where()
        sql = (
            "select substr(domain, strpos(domain, '.') + 1) as zone, count(*) as n, count(*) filter (len(ns) > 0)"
            f" from folded where {wanted} group by zone order by n desc, zone limit ?"
        )
        return [(zone, names, told) for zone, names, told in self.spool.ask(sql, [*values, most])]

    def servers(self, most: int) -> list[tuple[str, float]]:
        """The name servers that zone files name most, each with its names; a name of several is split among them."""
        wanted, values = self._where("len(ns) > 0")
        sql = (
            "select host, sum(share) as names from (select unnest(ns) as host, 1.0 / len(ns) as share from folded"
            f" where {wanted}) group by host order by names desc, host limit ?"
        )
        return [(host, float(names)) for host, names in self.spool.ask(sql, [*values, most])]

    def signed(self) -> tuple[int, int]:
        """(delegations in zone files, those of them with DS)."""
        wanted, values = self._where("len(ns) > 0")
        sql = f"select count(*), count(*) filter (len(ds) > 0) from folded where {wanted}"
        delegated, with_ds = self.spool.ask(sql, values)[0]
        return delegated, with_ds

    def leave_alone(self, unwanted: Callable[[str], bool]) -> None:
        """Makes rejects of the names that do not want to be measured; their repeats stay repeats."""
        ats = [
            at
            for batch in self.spool.batches("select domain, place from folded")
            for name, at in zip(*(column.to_pylist() for column in batch.columns), strict=True)
            if unwanted(name)
        ]
        if ats:
            self.spool.opt_out(ats)
            self.account.names -= len(ats)
            self.account.rejects += len(ats)
            self._keep("place not in (select place from opted)")
        self.account.check()

    def only(self, suffixes: Sequence[str]) -> None:
        """Keeps the names at or below one of these domains; the others are counted as left out."""
        wanted = [suffix.strip(".").lower() for suffix in suffixes]
        before = self._size
        self._keep(
            "exists (from unnest(?) s(suffix) where domain = suffix or ends_with(domain, '.' || suffix))", wanted
        )
        self.left_out += before - self._size

    def sample(self, size: int, seed: int) -> None:
        """Keeps so many names, each as likely as any other; which ones follows from the seed and the names alone."""
        before = self._size
        if size < before:
            wanted, values = self._where()
            drawn = "md5_number(? || ' ' || domain)"
            sql = f"select max(n) from (select {drawn} as n from folded where {wanted} order by n limit ?)"
            last = self.spool.one(sql, [str(seed), *values, size])
            self._keep(f"{drawn} <= ?::uhugeint", str(seed), str(last))
            self.sampled = (before, size, seed)
            self.left_out += before - self._size

    def limit(self, most: int) -> None:
        """Keeps the first `most` names; the others are counted as left out."""
        before = self._size
        if most < before:
            wanted, values = self._where()
            sql = f"select max(place) from (select place from folded where {wanted} order by place limit ?)"
            self._keep("place <= ?", self.spool.one(sql, [*values, most]))
            self.left_out += before - self._size

    def _where(self, *more: str) -> tuple[str, list[Any]]:
        """The condition that a name is kept, and its values; values of `more` are the caller's, and come last."""
        return (
            " and ".join([*(condition for condition, _ in self._kept), *more]) or "true",
            [value for _, values in self._kept for value in values],
        )

    def _keep(self, condition: str, *values: Any) -> None:
        self._kept.append((condition, list(values)))
        self.recount()

    def recount(self) -> None:
        """See how many are kept."""
        wanted, values = self._where()
        kept = bool(self._kept)
        self._size = (
            self.spool.one(f"select count(*) from folded where {wanted}", values) if kept else self.account.names
        )


def read(
    paths: Sequence[str], form: Format = Format.AUTO, *, origin: str | None = None, tsig: str | None = None
) -> Names:
    """All lists, folded into one; a list that cannot be read, or has no domain in it, raises `ListFault`.

    Of several lists, each name has as tags those that it is in: `list:` and the list's name.
    """
    tagged = len(paths) > 1
    return _folded([(source := Source(path), lists.read(source, form, origin, tsig)) for path in paths], tagged=tagged)


def from_texts(where: str, texts: Iterable[str]) -> Names:
    """Names that come from no file: `where` stands for the list, a name's number for its line."""
    source = Source(where)

    def entries() -> Iterator[Entry]:
        for number, text in enumerate(texts, 1):
            source.digested(text.encode() + b"\n")
            source.tally.lines = source.tally.entries = number
            yield Entry(number, text)

    return _folded([(source, Reading(gathered(entries())))], may_be_empty=True)


def _folded(listed: Sequence[tuple[Source, Reading]], *, tagged: bool = False, may_be_empty: bool = False) -> Names:
    names = Names()
    spool = names.spool
    for source, reading in listed:
        spool.begin(source.name, f"list:{source.name}" if tagged else None, reading.zone)
        for batch in reading.batches:
            spool.add(batch)
        names.digests.append((source.name, source.digest))
    for number, ((source, reading), counted) in enumerate(zip(listed, spool.fold(), strict=True)):
        tally = source.tally
        if reading.zone is not None:  # its owners with NS records are entries, which only the whole file tells
            tally.records -= counted.entries
            tally.entries += counted.entries
        account = Account(
            tally.lines, tally.blank, tally.records, tally.entries, counted.names, counted.repeats, counted.rejects
        )
        account.check()
        if not may_be_empty:
            _refuse_empty(spool, source, number, account)
        names.account += account
    names.account.check()
    names.recount()
    return names


def _refuse_empty(spool: Spool, source: Source, number: int, account: Account) -> None:
    if account.names + account.repeats:
        return
    if not account.entries:
        raise ListFault(f"{source.name}: empty: no domain in it ({account.lines:,} lines)")
    reasons = _reasons(spool.ask(_WHY.format(of="where list = ?"), [number]))
    line, text = spool.ask("select line, text from turned_away where list = ? order by line limit 1", [number])[0]
    raise ListFault(
        f"{source.name}: no domain in it: all {account.entries:,} entries rejected"
        f" ({reasons}), the first on line {line}: {text[:60]!r}"
    )


def _reasons(counts: Iterable[tuple[Any, ...]]) -> str:
    return ", ".join(f"{why} {n:,}" for why, n in counts)
