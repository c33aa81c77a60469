"""The statistics: one .sql file each, with a header that says what it counts.

A header is the comment lines at the top of a file, ``-- field: text``, continued by
``--   text``. Every field of `FIELDS` is there; ``docs`` and ``data/README.md`` print them.
Statistics read the views alone and fetch small tables: the counting is DuckDB's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.warehouse import SQL, Result, Warehouse

FIELDS = ("name", "title", "grain", "definition", "source", "rfc")
#: The order in which they are told: the list, mail, DNSSEC, TLSA, DANE, MTA-STS, both, who, and the run itself.
ORDER = (
    "names",
    "resolvable",
    "mail_kinds",
    "mx_targets",
    "mx_hosts_per_domain",
    "dnssec_states",
    "dnssec_reasons",
    "dnssec_algorithms",
    "dnssec_key_sizes",
    "denial",
    "host_states",
    "ipv6",
    "tlsa_share",
    "tlsa_parameters",
    "tlsa_ttl",
    "empty_non_terminals",
    "dane",
    "dane_ratio",
    "dane_effective",
    "dane_fate",
    "smtp_contacts",
    "dane_endpoints",
    "dane_by_host_size",
    "dane_by_operator",
    "tlsa_rollover",
    "tlsa_advice",
    "mx_certificates",
    "mx_issuers",
    "mta_sts",
    "mta_sts_by_tld",
    "mta_sts_records",
    "mta_sts_fetch",
    "mta_sts_modes",
    "mta_sts_max_age",
    "mta_sts_coverage",
    "mta_sts_effect",
    "mta_sts_loss",
    "mta_sts_hosting",
    "mta_sts_ids",
    "tlsrpt",
    "tlsrpt_of",
    "tlsrpt_destinations",
    "dane_mta_sts",
    "dane_mta_sts_levels",
    "senders",
    "mx_providers",
    "mx_concentration",
    "distinct_things",
    "lookup_outcomes",
    "response_sizes",
    "second_looks",
    "name_servers",
    "run_quality",
)


#: Adoption by groups of names; long, so that they come only when named, or with `all`.
BREAKDOWNS = (
    "by_tld",
    "by_rank",
    "by_rank_bin",
    "by_tag",
    "by_sector",
    "by_provider",
    "by_dns_operator",
    "by_weight",
)
EVERYTHING = "all"
#: Columns of a share that only a sample has; of a whole list they are left out.
INTERVAL = ("wilson_low", "wilson_high")


class HeaderFault(ValueError):
    """An .sql file whose header is not whole: our own mistake."""


class UnknownStatistic(LookupError):
    """A name that no statistic has; the message is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One .sql file: its header, and what DuckDB runs."""

    name: str
    title: str
    grain: str
    definition: str
    source: str
    rfc: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A statistic and what it came to in one run."""

    statistic: Statistic
    result: Result


def read(path: Path) -> Statistic:
    """An .sql file, statistic or view, by its header."""
    text = path.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    field = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if opened := re.fullmatch(r"-- (\w+): (.+)", line):
            field = opened[1]
            if field in found:
                raise HeaderFault(f"{path.name}: {field} twice")
            found[field] = opened[2]
        elif field and (more := re.fullmatch(r"--   (\S.*)", line)):
            found[field] += " " + more[1]
        else:
            raise HeaderFault(f"{path.name}: {line!r} is no line of a header")
    if tuple(found) != FIELDS:
        raise HeaderFault(f"{path.name}: has {', '.join(found)}; wanted {', '.join(FIELDS)}")
    if found["name"] != path.stem:
        raise HeaderFault(f"{path.name}: calls itself {found['name']}")
    return Statistic(sql=text, **found)


def catalogue() -> dict[str, Statistic]:
    """Every statistic by its name, in the order of `ORDER` and `BREAKDOWNS`."""
    plain = {name: read(SQL / f"{name}.sql") for name in ORDER}
    return plain | {name: read(SQL / "by" / f"{name}.sql") for name in BREAKDOWNS}


def chosen(names: list[str]) -> list[Statistic]:
    """The statistics of these names, or all but the breakdowns; raises `UnknownStatistic`."""
    known = catalogue()
    if EVERYTHING in names:
        return list(known.values())
    if unknown := [name for name in names if name not in known]:
        raise UnknownStatistic(f"no statistic {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names or ORDER]


def count(warehouse: Warehouse, statistic: Statistic) -> Counted:
    """Ask one statistic of an open run."""
    result = warehouse.query(statistic.sql)
    return Counted(statistic=statistic, result=result if warehouse.sampled() else without(result, INTERVAL))


def only(result: Result, where: Mapping[str, object]) -> Result:
    """The rows whose columns have these values."""
    at = {result.columns.index(column): value for column, value in where.items()}
    rows = tuple(row for row in result.rows if all(row[place] == value for place, value in at.items()))
    return Result(columns=result.columns, rows=rows)


def without(result: Result, columns: tuple[str, ...]) -> Result:
    """The result less some columns, if it has them."""
    kept = [at for at, column in enumerate(result.columns) if column not in columns]
    if len(kept) == len(result.columns):
        return result
    rows = tuple(tuple(row[at] for at in kept) for row in result.rows)
    return Result(columns=tuple(result.columns[at] for at in kept), rows=rows)
