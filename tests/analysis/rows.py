"""Small runs by hand: an `Answer` in one word, a row in one line, a run's folder in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from crawler.resolver.answer import CONCLUSIVE, Answer, Denial, Outcome
from crawler.standards.security import EDE, STATE, Reason, Security
from crawler.tables import (
    DnskeyRecord,
    Domain,
    DsRecord,
    Host,
    Mail,
    MxHost,
    Name,
    Reject,
    Rejection,
    Row,
    Target,
    TlsaBase,
    TlsaRecord,
    Zone,
    to_arrow,
)
from crawler.visited import Attempt, FetchOutcome, Policy

THEN = 1_790_000_000_000_000
#: The four states in short, with a reason that each can have.
REASONS = {
    "secure": Reason.CHAIN,
    "insecure": Reason.NO_DS,
    "bogus": Reason.SIGNATURE_EXPIRED,
    "indeterminate": Reason.CHAIN_LOOKUP_FAILED,
}


def answer(words: str, *, ttl: int = 3600, tries: int = 1, denial: Denial | None = None) -> Answer:
    """`answer secure`, `nodata insecure`, `answer bogus` ...; a failure needs one word: `timeout`."""
    outcome, _, state = words.partition(" ")
    conclusive = Outcome(outcome) in CONCLUSIVE
    reason = REASONS[state or "secure"] if conclusive else Reason.LOOKUP_FAILED
    return Answer(
        outcome=Outcome(outcome),
        security=STATE[reason],
        reason=reason,
        ede=EDE.get(reason),
        server_ede=None,
        ttl=ttl if conclusive else None,
        rdata=(),
        alias=(),
        wildcard=False,
        denial=denial,
        observed_at=THEN,
        rtt=0.01 if conclusive else None,
        server="192.0.2.53" if conclusive else None,
        size=120 if conclusive else None,
        tcp=False if conclusive else None,
        tries=tries,
    )


def name(domain: str, **more: Any) -> Name:
    """A name of the list."""
    values: dict[str, Any] = {
        "domain": domain, "text": domain, "source": "list.txt", "line": 1, "copies": 1, "rank": None,
        "weight": None, "tags": (), "ns": (), "ds": (),
    }  # fmt: skip
    return Name(**values | more)


def reject(text: str, why: Rejection, **more: Any) -> Reject:
    """An entry that is no domain."""
    values: dict[str, Any] = {"source": "list.txt", "line": 1, "text": text, "why": why}
    return Reject(**values | more)


def mx(*hosts: str | tuple[int, str] | tuple[int, str, Target]) -> tuple[MxHost, ...]:
    """MX records: a host alone has preference 10 and is a host."""
    made = []
    for entry in hosts:
        if isinstance(entry, str):
            made.append(MxHost(10, entry, Target.HOST))
        else:
            preference, host, *target = entry
            made.append(MxHost(preference, host, target[0] if target else Target.HOST))
    return tuple(made)


def domain(of: str, *, zone: Reason = Reason.CHAIN, **more: Any) -> Domain:
    """A signed domain without mail (a null MX), MTA-STS and TLSRPT, but for what `more` says; words are answers."""
    values: dict[str, Any] = {
        "domain": of, "look": 1, "observed_at": THEN, "zone": of, "zone_security": STATE[zone], "zone_reason": zone,
        "name_servers": (f"ns.{of}",), "ds": "answer secure", "ds_set": (DsRecord(1, 13, 2),),
        "dnskey": "answer secure", "dnskey_set": (DnskeyRecord(257, 3, 13, 1, 256),), "denial_kind": "nsec",
        "nsec3_iterations": None,
        "nsec3_salt": None, "nsec3_opt_out": None, "mx": "answer secure", "mail": Mail.NULL_MX,
        "mx_hosts": mx((0, "", Target.NULL)), "mta_sts": "nxdomain secure", "mta_sts_txt": (),
        "tlsrpt": "nxdomain secure", "tlsrpt_txt": (), "queries": 8, "elapsed": 0.1,
    }  # fmt: skip
    return Domain(**_answered(values | more))


def mailing(of: str, *hosts: str | tuple[int, str] | tuple[int, str, Target], **more: Any) -> Domain:
    """A signed domain with these MX records."""
    return domain(of, **{"mail": Mail.MX, "mx_hosts": mx(*hosts)} | more)


def implicit(of: str, **more: Any) -> Domain:
    """A signed domain that has no MX and is looked at as its own mail host."""
    return mailing(of, (0, of, Target.IMPLICIT), **{"mail": Mail.NO_MX, "mx": "nodata secure"} | more)


def host(of: str, **more: Any) -> Host:
    """A host with a secure IPv4 address and no TLSA, but for what `more` says; words stand for answers."""
    values: dict[str, Any] = {
        "host": of, "look": 1, "observed_at": THEN, "a": "answer secure", "aaaa": "nodata secure",
        "addresses": ("192.0.2.25",), "expanded": of, "address_security": Security.SECURE,
        "tlsa_base": TlsaBase.INITIAL, "tlsa_expanded": None, "tlsa_expanded_set": (),
        "tlsa_initial": "nxdomain secure", "tlsa_initial_set": (), "tlsa_malformed": 0, "tcp_node": None, "queries": 3,
        "elapsed": 0.1,
    }  # fmt: skip
    return Host(**_answered(values | more))


def tlsa(*combinations: str) -> tuple[TlsaRecord, ...]:
    """TLSA records such as `3 1 1`, with data of the digest's length."""
    made = []
    for combination in combinations:
        usage, selector, matching = map(int, combination.split())
        made.append(TlsaRecord(usage, selector, matching, b"\xab" * (64 if matching == 2 else 32)))
    return tuple(made)


def dane_host(of: str, *combinations: str, **more: Any) -> Host:
    """A host with secure TLSA: `3 1 1` if nothing is said."""
    return host(of, **{"tlsa_initial": "answer secure", "tlsa_initial_set": tlsa(*combinations or ("3 1 1",))} | more)


def fetch(of: str, **more: Any) -> Policy:
    """A policy fetched from an address of its own, with a chain of the caller's, but for what `more` says."""
    values: dict[str, Any] = {
        "domain": of, "look": 1, "observed_at": THEN, "host": f"mta-sts.{of}", "a": "answer secure",
        "aaaa": "nodata secure", "expanded": f"mta-sts.{of}", "outcome": FetchOutcome.FETCHED, "detail": None,
        "attempts": (Attempt(f"45.98.{ord(of[0])}.1", FetchOutcome.FETCHED),), "tls_version": "TLSv1.3",
        "tls_cipher": "TLS_AES_256_GCM_SHA384", "chain": (), "status": 200, "media_type": "text/plain",
        "location": None, "encoding": None, "body": b"", "octets": 0, "queries": 2, "elapsed": 0.2,
    }  # fmt: skip
    return Policy(**_answered(values | more))


def made(folder: Path, *rows: Row) -> Path:
    """A run's folder with these rows; a table without rows has no part. A domain without a name row gets one."""
    named = {row.domain for row in rows if isinstance(row, Name)}
    missing = [
        name(row.domain) for row in rows if isinstance(row, Domain) and row.domain not in named and row.look == 1
    ]
    for table in (Name, Reject, Domain, Host, Policy, Zone):
        chosen = [row for row in [*rows, *missing] if isinstance(row, table)]
        if chosen:
            write(folder, table, chosen)
    return folder


def write(folder: Path, table: type[Row], rows: Sequence[Row], part: int = 0) -> None:
    """One part of a table."""
    (folder / table.TABLE).mkdir(parents=True, exist_ok=True)
    pq.write_table(to_arrow(table, rows), folder / table.TABLE / f"part-{part}.parquet")


def _answered(values: dict[str, Any]) -> dict[str, Any]:
    kept = ("ds", "dnskey", "mx", "mta_sts", "tlsrpt", "a", "aaaa", "tlsa_expanded", "tlsa_initial", "tcp_node")
    return {key: answer(value) if key in kept and isinstance(value, str) else value for key, value in values.items()}
