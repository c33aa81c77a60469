"""The judge: verdicts from a run's evidence, as often as one likes, without a packet.

Reads the tables of a run and the CA store that lies beside them, writes ``policy_verdicts``
(one part, replaced as a whole) into the same folder. What the rules say is ``policy`` and
``rules``; what domains and countries come to is SQL.

Verdicts in the folder are *fresh* if they were made by these rules from these parts and this
store; else whoever opens the run judges anew in memory, and the folder stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from publicsuffixlist import PublicSuffixList

from analysis import rules
from analysis.policy import Evidence, judge
from analysis.verdicts import PolicyVerdict
from crawler.standards import pkix
from crawler.tables import TABLES, schema, to_arrow

CA_STORE = "ca-store.pem"
_PART = "part-000000.parquet"
_BASIS = b"dane-census.basis"  # what the verdicts were made from, in the part's metadata
_BATCH = 2_000

_EVIDENCE = """
    select d.domain, d.mta_sts.outcome, d.mta_sts.security, d.mta_sts_txt, d.mail, d.mx.security, d.mx_hosts,
        case when p.domain is not null then {
            host: p.host, outcome: p.outcome, detail: p.detail, tls_version: p.tls_version, chain: p.chain,
            status: p.status, media_type: p.media_type, body: p.body, observed_at: epoch_us(p.observed_at)
        } end
    from domains as d left join policies as p using (domain)
    where len(list_filter(d.mta_sts_txt, lambda t: starts_with(t, 'v=STSv1'))) > 0 or p.domain is not null
    order by d.domain
"""
_LATEST = """
    create view {table} as select * exclude nth from (
        select *, row_number() over (partition by {key} order by look desc) as nth from looks_{table}
    ) where nth = 1
"""


def store_of(run: Path) -> pkix.Store | None:
    """The root certificates that a run's chains are judged by; None if the run kept none."""
    try:
        return pkix.read_store((run / CA_STORE).read_text(encoding="ascii", errors="replace"))
    except (OSError, pkix.StoreFault):
        return None


def basis(run: Path) -> str:
    """What verdicts hang on: the rules, the parts of the evidence, the store."""
    parts = [f"{table}/{part.name}" for table in ("domains", "policies") for part in _parts(run, table)]
    store = run / CA_STORE
    digest = hashlib.sha256(store.read_bytes()).hexdigest() if store.is_file() else ""
    return hashlib.sha256(json.dumps([rules.VERSION, parts, digest]).encode()).hexdigest()


def fresh(run: Path) -> bool:
    """Whether the verdicts in the folder are those of today's rules over all of the evidence."""
    try:
        metadata = pq.read_schema(run / PolicyVerdict.TABLE / _PART).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return metadata.get(_BASIS) == basis(run).encode()


def verdicts(run: Path) -> pa.Table:
    """The verdicts on a run's policies, made now."""
    batches = [to_arrow(PolicyVerdict, batch) for batch in _batched(_judged(run))]
    return pa.concat_tables(batches) if batches else schema(PolicyVerdict).empty_table()


def write(run: Path) -> int:
    """Judge a run and keep the verdicts in its folder; how many there are."""
    made = verdicts(run)
    folder = run / PolicyVerdict.TABLE
    folder.mkdir(exist_ok=True)
    beside = folder / f"{_PART}.tmp"
    metadata = (made.schema.metadata or {}) | {_BASIS: basis(run).encode()}
    pq.write_table(made.replace_schema_metadata(metadata), beside, compression="zstd")
    beside.replace(folder / _PART)
    return int(made.num_rows)


def moved(run: Path) -> list[dict[str, Any]]:
    """What a judgement of today moves: domain, state, rule and cause as kept in the folder and as they are now."""
    try:
        kept = {row["domain"]: row for row in pq.read_table(run / PolicyVerdict.TABLE / _PART).to_pylist()}
    except (OSError, pa.ArrowInvalid):
        kept = {}
    found = []
    for row in verdicts(run).to_pylist():
        before = kept.pop(row["domain"], None)
        differing = {key: (before or {}).get(key) for key in _COMPARED if (before or {}).get(key) != row[key]}
        if differing:
            found.append({"domain": row["domain"], "before": differing, "now": {key: row[key] for key in differing}})
    return found + [{"domain": domain, "before": {"state": row["state"]}, "now": {}} for domain, row in kept.items()]


_COMPARED = ("state", "stage", "cause", "rule", "record", "certificate", "policy", "mode", "max_age", "coverage")


def _parts(run: Path, table: str) -> list[Path]:
    return sorted((run / table).glob("*.parquet"))


@lru_cache(1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@lru_cache(65_536)
def registrable(name: str) -> str:
    """The registrable name of a host, by the ICANN section of the list; a public suffix stands for itself."""
    return _suffixes().privatesuffix(name) or name


def _judged(run: Path) -> Iterator[PolicyVerdict]:
    store = store_of(run)
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as base:
        for table in ("domains", "policies"):
            parts = [str(part) for part in _parts(run, table)]
            if parts:
                base.read_parquet(parts).create_view(f"looks_{table}")
            else:
                base.register(f"looks_{table}", schema(TABLES[table]).empty_table())
            base.execute(_LATEST.format(table=table, key=TABLES[table].KEY))
        cursor = base.execute(_EVIDENCE)
        while rows := cursor.fetchmany(_BATCH):
            for domain, outcome, security, txt, mail, mx_security, mx_hosts, policy in rows:
                evidence = Evidence(
                    domain=domain, txt_outcome=outcome, txt_security=security, txt=txt, mail=mail,
                    mx_security=mx_security, mx_hosts=mx_hosts, policy=policy,
                )  # fmt: skip
                yield judge(evidence, store, registrable)


def _batched(rows: Iterable[PolicyVerdict]) -> Iterator[list[PolicyVerdict]]:
    batch: list[PolicyVerdict] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
