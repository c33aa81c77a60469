"""The stage ``names``: lists in, domains to measure out, and an account of every line.

An entry is what somebody listed: a line of a plain list, a row of a CSV, a delegated owner
name of a master file. Each becomes the first line of a row of ``names``, is folded into
one as a repeat, or lands in ``rejects`` with its line and reason; so for every list
lines = blank + records + entries, and entries = names + repeats + rejects. `read` checks
both sums, and raises `ListFault` for a list with no domain in it.

Formats are read by ``lists``; what a domain is, is decided by ``standards.names``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

from crawler.stages import lists
from crawler.stages.lists import Format
from crawler.stages.source import Entry, Junk, ListFault, Source, printable
from crawler.standards.names import NameFault, domain
from crawler.tables import DsRecord, Name, Reject, Rejection


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


@dataclass(slots=True)
class _Found:
    """A domain, while its repeats are still being folded in."""

    text: str
    source: str
    line: int
    copies: int
    rank: int | None
    weight: float | None
    tags: tuple[str, ...]
    ns: tuple[str, ...]
    ds: tuple[DsRecord, ...]


@dataclass(slots=True)
class Names:
    """What the lists hold: the domains in the order of their first lines, the rejects, the account."""

    found: dict[str, _Found] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    digests: list[tuple[str, str]] = field(default_factory=list)  # (list, SHA-256 of its unpacked octets)
    left_out: int = 0  # names beyond --limit, --only-suffix or --sample
    sampled: tuple[int, int, int] | None = None  # names before, names kept, seed

    def __len__(self) -> int:
        return len(self.found)

    def rows(self) -> Iterator[Name]:
        """The rows of the table ``names``."""
        for domain_, one in self.found.items():
            yield Name(
                domain=domain_,
                text=one.text,
                source=one.source,
                line=one.line,
                copies=one.copies,
                rank=one.rank,
                weight=one.weight,
                tags=one.tags,
                ns=one.ns,
                ds=one.ds,
            )

    def tlds(self) -> Counter[str]:
        """How many names end in each top-level domain."""
        return Counter(name.rpartition(".")[2] for name in self.found)

    def signed(self) -> tuple[int, int]:
        """(delegations in zone files, those of them with DS)."""
        delegated = [one for one in self.found.values() if one.ns]
        return len(delegated), sum(bool(one.ds) for one in delegated)

    def leave_alone(self, unwanted: Callable[[str], bool]) -> None:
        """Makes rejects of the names that do not want to be measured; their repeats stay repeats."""
        for name in [name for name in self.found if unwanted(name)]:
            one = self.found.pop(name)
            self.rejects.append(Reject(source=one.source, line=one.line, text=one.text, why=Rejection.OPTED_OUT))
            self.account.names -= 1
            self.account.rejects += 1
        self.account.check()

    def only(self, suffixes: Sequence[str]) -> None:
        """Keeps the names at or below one of these domains; the others are counted as left out."""
        wanted = tuple(suffix.strip(".").lower() for suffix in suffixes)
        below = tuple(f".{suffix}" for suffix in wanted)
        kept = {name: one for name, one in self.found.items() if name.endswith(below) or name in wanted}
        self.left_out += len(self.found) - len(kept)
        self.found = kept

    def sample(self, size: int, seed: int) -> None:
        """Keeps so many names, each as likely as any other; which ones follows from the seed and the names alone."""
        if size < len(self.found):
            by_chance = sorted(self.found, key=lambda name: hashlib.blake2b(f"{seed} {name}".encode()).digest())
            chosen = set(by_chance[:size])
            self.sampled = (len(self.found), size, seed)
            self.left_out += len(self.found) - size
            self.found = {name: one for name, one in self.found.items() if name in chosen}

    def limit(self, most: int) -> None:
        """Keeps the first `most` names; the others are counted as left out."""
        self.left_out += max(0, len(self.found) - most)
        self.found = dict(islice(self.found.items(), most))


def read(
    paths: Sequence[str], form: Format = Format.AUTO, *, origin: str | None = None, tsig: str | None = None
) -> Names:
    """All lists, folded into one; a list that cannot be read, or has no domain in it, raises `ListFault`.

    Of several lists, each name has as tags those that it is in: `list:` and the list's name.
    """
    names = Names()
    for path in paths:
        source = Source(path)
        tag = f"list:{source.name}" if len(paths) > 1 else ""
        account = _fold(names, source, _tagged(lists.read(source, form, origin, tsig), tag))
        account.check()
        _refuse_empty(names, source, account)
        names.account += account
        names.digests.append((source.name, source.digest))
    names.account.check()
    return names


def _tagged(entries: Iterable[Entry | Junk], tag: str) -> Iterable[Entry | Junk]:
    if not tag:
        return entries
    return (one if isinstance(one, Junk) else one._replace(tags=(*one.tags, tag)) for one in entries)


def from_texts(where: str, texts: Iterable[str]) -> Names:
    """Names that come from no file: `where` stands for the list, a name's number for its line."""
    names, source, digest = Names(), Source(where), hashlib.sha256()

    def entries() -> Iterator[Entry]:
        for number, text in enumerate(texts, 1):
            digest.update(text.encode() + b"\n")
            source.tally.lines = source.tally.entries = number
            yield Entry(number, text)

    names.account = _fold(names, source, entries())
    names.account.check()
    names.digests.append((where, digest.hexdigest()))
    return names


def _fold(names: Names, source: Source, entries: Iterable[Entry | Junk]) -> Account:
    found, rejects, where = names.found, names.rejects, source.name
    known, rejected, repeats = len(found), len(rejects), 0
    for entry in entries:
        if isinstance(entry, Junk):
            rejects.append(Reject(source=where, line=entry.line, text=entry.text, why=entry.why))
            continue
        line, text, rank, tags, ns, ds, weight = entry
        try:
            name = domain(lists.bare(text) if "@" in text or "/" in text or ":" in text else text)
        except (NameFault, ValueError) as fault:
            why = Rejection(fault.flaw.value) if isinstance(fault, NameFault) else Rejection.MALFORMED_RECORD
            rejects.append(Reject(source=where, line=line, text=printable(text), why=why))
            continue
        earlier = found.get(name)
        if earlier is None:
            found[name] = _Found(text, where, line, 1, rank, weight, tags, ns, ds)
        else:
            repeats += 1
            _merge(earlier, entry)
    tally = source.tally
    return Account(
        tally.lines,
        tally.blank,
        tally.records,
        tally.entries,
        len(found) - known,
        repeats,
        len(rejects) - rejected,
    )


def _merge(earlier: _Found, entry: Entry) -> None:
    """A repeat adds what the first one did not say; the better rank wins."""
    earlier.copies += 1
    if entry.rank is not None:
        earlier.rank = entry.rank if earlier.rank is None else min(earlier.rank, entry.rank)
    earlier.weight = entry.weight if earlier.weight is None else earlier.weight
    if entry.tags:
        earlier.tags = tuple(dict.fromkeys(earlier.tags + entry.tags))
    earlier.ns = earlier.ns or entry.ns
    earlier.ds = earlier.ds or entry.ds


def _refuse_empty(names: Names, source: Source, account: Account) -> None:
    if account.names + account.repeats:
        return
    if not account.entries:
        raise ListFault(f"{source.name}: empty: no domain in it ({account.lines:,} lines)")
    reasons = reasons_of(names.rejects[-account.rejects :])
    first = names.rejects[-account.rejects]
    raise ListFault(
        f"{source.name}: no domain in it: all {account.entries:,} entries rejected"
        f" ({reasons}), the first on line {first.line}: {first.text[:60]!r}"
    )


def reasons_of(rejects: Iterable[Reject]) -> str:
    """How many rejects for each reason, most frequent first."""
    return ", ".join(f"{why} {n:,}" for why, n in Counter(str(r.why) for r in rejects).most_common())
