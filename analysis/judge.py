"""The judge: verdicts from a run's evidence, as often as one likes, without a packet.

Reads the tables of a run and the CA store that lies beside them, writes ``policy_verdicts`` and
``endpoint_verdicts`` (one part each, replaced as a whole) into the same folder. What the rules
say is ``policy``, ``dane`` and ``rules``; what domains and countries come to is SQL.

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

import pyarrow as pa
import pyarrow.parquet as pq
from publicsuffixlist import PublicSuffixList

from analysis import dane, policy, rules
from analysis.verdicts import VERDICTS, EndpointVerdict, PolicyVerdict
from crawler import database
from crawler.standards import pkix
from crawler.tables import TABLES, schema, to_arrow

CA_STORE = "ca-store.pem"
PART = "part-000000.parquet"
BASIS = b"dane-census.basis"  # what the verdicts were made from, in the part's metadata
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
_CONVERSATIONS = """
    select e.endpoint, e.host, e.address, e.outcome, e.code, e.chain, e.other_chain, epoch_us(e.observed_at),
        case
            when h.address_security = 'insecure'
                and coalesce(h.a.alias[1].security, h.aaaa.alias[1].security) = 'secure'
                and len(h.tlsa_initial_set) > 0 and h.tlsa_initial.security = 'secure' then h.tlsa_initial_set
            when h.address_security <> 'secure' then []
            when len(h.tlsa_expanded_set) > 0 and h.tlsa_expanded.security = 'secure' then h.tlsa_expanded_set
            when len(h.tlsa_initial_set) > 0 and h.tlsa_initial.security = 'secure' then h.tlsa_initial_set
            else []
        end as records,
        e.sni,
        h.address_security = 'secure' and (
            coalesce(h.tlsa_expanded.outcome = 'answer' and h.tlsa_expanded.security = 'secure', false)
            or coalesce(h.tlsa_initial.outcome = 'answer' and h.tlsa_initial.security = 'secure', false)) as answered
    from endpoints as e left join hosts as h using (host)
    order by e.endpoint
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
    """What verdicts hang on: the rules, what is told, the parts of the evidence, the store."""
    parts = [f"{table}/{part.name}" for table in _READ for part in _parts(run, table)]
    store = run / CA_STORE
    digest = hashlib.sha256(store.read_bytes()).hexdigest() if store.is_file() else ""
    columns = [schema(kind).names for kind in VERDICTS.values()]
    return hashlib.sha256(json.dumps([rules.VERSION, columns, parts, digest]).encode()).hexdigest()


def fresh(run: Path, table: str = PolicyVerdict.TABLE) -> bool:
    """Whether the verdicts in the folder are those of today's rules over all of the evidence."""
    try:
        metadata = pq.read_schema(run / table / PART).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return metadata.get(BASIS) == basis(run).encode()


def verdicts(run: Path, table: str = PolicyVerdict.TABLE) -> pa.Table:
    """The verdicts of one kind on a run, made now."""
    kind = VERDICTS[table]
    batches = [to_arrow(kind, batch) for batch in _batched(_JUDGES[table](run))]
    return pa.concat_tables(batches) if batches else schema(kind).empty_table()


def write(run: Path) -> int:
    """Judge a run and keep the verdicts in its folder; how many there are."""
    total = 0
    for table in VERDICTS:
        made = verdicts(run, table)
        folder = run / table
        folder.mkdir(exist_ok=True)
        beside = folder / f"{PART}.tmp"
        metadata = (made.schema.metadata or {}) | {BASIS: basis(run).encode()}
        pq.write_table(made.replace_schema_metadata(metadata), beside, compression="zstd")
        beside.replace(folder / PART)
        total += made.num_rows
    return total


def moved(run: Path) -> list[dict[str, Any]]:
    """What a judgement of today moves: the key, and what differs as kept in the folder and as it is now."""
    return [one for table in VERDICTS for one in _moved(run, table)]


def _moved(run: Path, table: str) -> list[dict[str, Any]]:
    key = VERDICTS[table].KEY
    try:
        kept = {row[key]: row for row in pq.read_table(run / table / PART).to_pylist()}
    except (OSError, pa.ArrowInvalid):
        kept = {}
    found = []
    for row in verdicts(run, table).to_pylist():
        before = kept.pop(row[key], None) or {}
        differing = [name for name in row if name not in {key, "rules"} and before.get(name) != row[name]]
        if differing:
            was, now = {name: before.get(name) for name in differing}, {name: row[name] for name in differing}
            found.append({"key": row[key], "before": was, "now": now})
    return found + [{"key": gone, "before": {"rule": row["rule"]}, "now": {}} for gone, row in kept.items()]


def _parts(run: Path, table: str) -> list[Path]:
    return sorted((run / table).glob("*.parquet"))


@lru_cache(1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@lru_cache(65_536)
def registrable(name: str) -> str:
    """The registrable name of a host, by the ICANN section of the list; a public suffix stands for itself."""
    return _suffixes().privatesuffix(name) or name


_READ = ("domains", "hosts", "policies", "endpoints")


def _rows(run: Path, sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query over the latest looks of a run's tables."""
    with database.opened() as base:
        for table in _READ:
            parts = [str(part) for part in _parts(run, table)]
            if parts:
                base.read_parquet(parts).create_view(f"looks_{table}")
            else:
                base.register(f"looks_{table}", schema(TABLES[table]).empty_table())
            base.execute(_LATEST.format(table=table, key=TABLES[table].KEY))
        cursor = base.execute(sql)
        while rows := cursor.fetchmany(_BATCH):
            yield from rows


def _policies(run: Path) -> Iterator[PolicyVerdict]:
    store = store_of(run)
    for domain, outcome, security, txt, mail, mx_security, mx_hosts, fetched in _rows(run, _EVIDENCE):
        evidence = policy.Evidence(
            domain=domain, txt_outcome=outcome, txt_security=security, txt=txt, mail=mail, mx_security=mx_security,
            mx_hosts=mx_hosts, policy=fetched,
        )  # fmt: skip
        yield policy.judge(evidence, store, registrable)


def _endpoints(run: Path) -> Iterator[EndpointVerdict]:
    store = store_of(run)
    for endpoint, host, address, outcome, code, chain, other, at, records, base, answered in _rows(run, _CONVERSATIONS):
        evidence = dane.Evidence(
            endpoint=endpoint, host=host, address=address, outcome=outcome, code=code, chain=chain, other_chain=other,
            observed_at=at, records=records, base=base, answered=bool(answered),
        )  # fmt: skip
        yield dane.judge(evidence, store)


_JUDGES = {PolicyVerdict.TABLE: _policies, EndpointVerdict.TABLE: _endpoints}


def _batched(rows: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
