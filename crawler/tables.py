"""The tables: one dataclass each, its grain first, each field's words, unit and RFC beside it.

From here the Parquet schema (with every description in the field's metadata) and
the data dictionary in data/README.md are derived; nothing else describes a column.
The tables of services that were talked to are in ``visited``, and join these in `TABLES`.
Writing rows is ``store``; filling them is ``stages``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pyarrow as pa

from crawler.columns import ANSWER, TEXTS, UTC, column
from crawler.resolver.answer import Answer, Outcome
from crawler.visited import Endpoint, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Mail(StrEnum):
    """What a domain's MX RRset says about mail (RFC 5321 section 5.1, RFC 7505)."""

    MX = "mx"  # at least one MX that is not the null MX
    NULL_MX = "null-mx"  # exactly one `0 .`: no mail (RFC 7505 section 3)
    NULL_MX_MIXED = "null-mx-mixed"  # a null MX beside others, or with a preference: an error (RFC 7505 section 3)
    NO_MX = "no-mx"  # NODATA: the domain itself is its mail host if it has an address (implicit MX)
    NO_DOMAIN = "no-domain"  # NXDOMAIN
    UNKNOWN = "unknown"  # the look-up failed


class Target(StrEnum):
    """What kind of thing an MX names; only `host` and `implicit` are looked up as mail hosts."""

    HOST = "host"  # a host name of two labels or more
    IMPLICIT = "implicit"  # the domain itself, for want of an MX (RFC 5321 section 5.1)
    NULL = "null"  # the root name: no host
    ADDRESS = "address"  # an IP address written as a name
    LOCALHOST = "localhost"  # localhost, or below it (RFC 6761 section 6.3)
    SINGLE_LABEL = "single-label"  # a name of one label
    BAD_NAME = "bad-name"  # labels outside letters, digits, hyphen and underscore


class MxHost(NamedTuple):
    """One MX record, parsed."""

    preference: int
    host: str
    target: Target


class Glue(NamedTuple):
    """A name server's address in the zone file of the zone above."""

    host: str
    address: str


class DsRecord(NamedTuple):
    """One DS record without its digest (which stays in the answer's rdata)."""

    key_tag: int
    algorithm: int
    digest_type: int


class DnskeyRecord(NamedTuple):
    """One DNSKEY record without the key itself."""

    flags: int
    protocol: int
    algorithm: int
    key_tag: int
    bits: int | None


class TlsaRecord(NamedTuple):
    """One TLSA record, parsed (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching_type: int
    data: bytes


_MX_HOSTS = pa.list_(pa.struct([("preference", pa.int32()), ("host", pa.string()), ("target", pa.string())]))
_GLUE = pa.list_(pa.struct([("host", pa.string()), ("address", pa.string())]))
_DS_SET = pa.list_(pa.struct([("key_tag", pa.int32()), ("algorithm", pa.int16()), ("digest_type", pa.int16())]))
_DNSKEY_SET = pa.list_(
    pa.struct(
        [
            ("flags", pa.int32()),
            ("protocol", pa.int16()),
            ("algorithm", pa.int16()),
            ("key_tag", pa.int32()),
            ("bits", pa.int32()),
        ]
    )
)
_TLSA_SET = pa.list_(
    pa.struct([("usage", pa.int16()), ("selector", pa.int16()), ("matching_type", pa.int16()), ("data", pa.binary())])
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A domain to measure. Table ``names``; grain: domain."""

    TABLE: ClassVar[str] = "names"
    KEY: ClassVar[str] = "domain"

    domain: str = column("A-labels, lower case, no final dot", pa.string(), rfc="5890 section 2.3.2.1")
    text: str = column("the name as its line wrote it (first of the folded lines)", pa.string())
    source: str = column(
        "the list that it came from: file name without folders, or `-` for standard input", pa.string()
    )
    line: int = column("line number of its first appearance, from 1", pa.int64())
    copies: int = column("input entries folded into this row, this one included", pa.int64())
    rank: int | None = column("popularity rank, where the list gives one", pa.int64())
    weight: float | None = column(
        "how much the name counts, where the list says so: messages, users, traffic", pa.float64()
    )
    tags: tuple[str, ...] = column(
        "labels that the list gives; those of a column sector or country say so: `sector:health`", TEXTS
    )
    ns: tuple[str, ...] = column("name servers in the zone file; empty for other lists", TEXTS)
    ds: tuple[DsRecord, ...] = column("DS records in the zone file; empty for other lists", _DS_SET)


class Rejection(StrEnum):
    """Why an input entry is no domain to measure."""

    EMPTY = "empty"  # nothing left of the entry once blanks and the final dot are gone
    NOT_TEXT = "not-text"  # bytes that are no UTF-8, or control characters
    LINE_TOO_LONG = "line-too-long"  # more than 64 KiB without a line end
    LABEL_TOO_LONG = "label-too-long"  # over 63 octets (RFC 1035 section 2.3.4)
    NAME_TOO_LONG = "name-too-long"  # over 253 characters as text, 255 octets on the wire
    EMPTY_LABEL = "empty-label"  # two dots in a row, or a dot in front
    BAD_CHARACTER = "bad-character"  # outside letters, digits, hyphen, underscore
    BAD_HYPHEN = "bad-hyphen"  # a label that begins or ends with a hyphen
    IDNA = "idna"  # no A-label can be made of it (RFC 5891)
    ADDRESS = "address"  # an IP address
    SINGLE_LABEL = "single-label"  # a name of one label: a TLD, or no domain at all
    MALFORMED_RECORD = "malformed-record"  # a zone-file line that is no resource record, a CSV row that is none
    OPTED_OUT = "opted-out"  # a domain, and no wrong one: its owner does not want to be measured
    NO_DELEGATION = "no-delegation"  # a zone file's own apex, or an NS owner outside the zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """An input entry that is no domain. Table ``rejects``; grain: (source, line)."""

    TABLE: ClassVar[str] = "rejects"
    KEY: ClassVar[str] = "line"

    source: str = column("the list that it came from", pa.string())
    line: int = column("line number, from 1", pa.int64())
    text: str = column("the entry, cut at 200 characters, undecodable bytes written as \\xNN", pa.string())
    why: Rejection = column("why it is no domain to measure", pa.string())


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What a zone file says of a domain that the resolver takes from there. Table ``delegations``; grain: domain."""

    TABLE: ClassVar[str] = "delegations"
    KEY: ClassVar[str] = "domain"

    domain: str = column("A-labels, lower case, no final dot", pa.string())
    zone: str = column("apex of the zone whose file it is", pa.string())
    ns: tuple[str, ...] = column("its name servers", TEXTS)
    glue: tuple[Glue, ...] = column("addresses that the file has for them", _GLUE, rfc="9471")
    ds: tuple[str, ...] = column("rdata of its DS records, as written", TEXTS, rfc="4034 section 5.3")
    signatures: tuple[str, ...] = column("rdata of the RRSIG records that cover them, as written", TEXTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain at one look. Table ``domains``; grain: (domain, look)."""

    TABLE: ClassVar[str] = "domains"
    KEY: ClassVar[str] = "domain"

    domain: str = column("A-labels, lower case, no final dot", pa.string())
    look: int = column("1 = first look; 2 and up = a later look at a passing failure", pa.int16())
    observed_at: int = column("when the look began", UTC, unit="UTC")
    zone: str | None = column(
        "apex of the zone that answers for the domain; null if no delegation could be had", pa.string()
    )
    zone_security: str = column(
        "DNSSEC state of that zone, by its chain of trust alone", pa.string(), rfc="4035 section 4.3"
    )
    zone_reason: str = column("why the zone has that state", pa.string())
    name_servers: tuple[str, ...] = column("NS names of that zone as its parent gave them", TEXTS)
    ds: Answer | None = column(
        "DS RRset at the parent, mostly from the referral; null if the domain is no zone", ANSWER
    )
    ds_set: tuple[DsRecord, ...] = column("the DS records, parsed", _DS_SET, rfc="4034 section 5")
    dnskey: Answer | None = column("DNSKEY RRset at the apex; null if the domain is no zone", ANSWER)
    dnskey_set: tuple[DnskeyRecord, ...] = column("the DNSKEY records, parsed", _DNSKEY_SET, rfc="4034 section 2")
    denial_kind: str | None = column(
        "how the zone denies: nsec, nsec3, compact; null if no negative answer showed it", pa.string(), rfc="9824"
    )
    nsec3_iterations: int | None = column("additional hash iterations; null without NSEC3", pa.int32(), rfc="9276")
    nsec3_salt: bytes | None = column("null without NSEC3", pa.binary())
    nsec3_opt_out: bool | None = column("some NSEC3 record seen had the opt-out flag", pa.bool_(), rfc="5155 section 6")
    mx: Answer = column("MX RRset", ANSWER)
    mail: Mail = column("what the MX RRset says about mail", pa.string(), rfc="5321 section 5.1, 7505 section 3")
    mx_hosts: tuple[MxHost, ...] = column(
        "the MX records, parsed, in the order of the reply; for no-mx the domain itself, as implicit", _MX_HOSTS
    )
    mta_sts: Answer = column("TXT RRset at `_mta-sts`", ANSWER, rfc="8461 section 3.1")
    mta_sts_txt: tuple[str, ...] = column(
        "each TXT record, its strings joined; bytes outside printable ASCII and the backslash written as \\NNN", TEXTS
    )
    tlsrpt: Answer = column("TXT RRset at `_smtp._tls`", ANSWER, rfc="8460 section 3")
    tlsrpt_txt: tuple[str, ...] = column("as mta_sts_txt", TEXTS)
    queries: int = column(
        "packets sent while this row was made, shared look-ups counted for who came first", pa.int32()
    )
    elapsed: float = column("from the first question to the row", pa.float32(), unit="s")


class TlsaBase(StrEnum):
    """Which names were asked for TLSA (RFC 7672 section 2.2.2)."""

    INITIAL = "initial"  # the MX target as written, which is no alias
    EXPANDED = "expanded"  # the alias' end, then the target as written
    NO_ADDRESS = "no-address"  # neither A nor AAAA: no TLSA look-up can matter, none was made
    ADDRESS_UNKNOWN = "address-unknown"  # the address look-ups failed: none was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A distinct MX target at one look. Table ``hosts``; grain: (host, look)."""

    TABLE: ClassVar[str] = "hosts"
    KEY: ClassVar[str] = "host"

    host: str = column("MX target: A-labels, lower case, no final dot", pa.string())
    look: int = column("1 = first look; 2 and up = a later look at a passing failure", pa.int16())
    observed_at: int = column("when the look began", UTC, unit="UTC")
    a: Answer = column("A RRset, aliases followed", ANSWER)
    aaaa: Answer = column("AAAA RRset, aliases followed", ANSWER)
    addresses: tuple[str, ...] = column("all addresses, IPv4 first, as text", TEXTS, rfc="5952")
    expanded: str = column("the name at the end of the alias chain; the host itself without aliases", pa.string())
    address_security: str = column(
        "the worst state of the address RRsets that exist, aliases included; if none exists, of the denials",
        pa.string(),
    )
    tlsa_base: TlsaBase = column("which names were asked for TLSA", pa.string(), rfc="7672 section 2.2.2")
    tlsa_expanded: Answer | None = column("TLSA at `_25._tcp` of the alias' end; null if the host is no alias", ANSWER)
    tlsa_expanded_set: tuple[TlsaRecord, ...] = column(
        "the TLSA records there, parsed", _TLSA_SET, rfc="6698 section 2.1"
    )
    tlsa_initial: Answer | None = column("TLSA at `_25._tcp` of the host as written; null if it was not asked", ANSWER)
    tlsa_initial_set: tuple[TlsaRecord, ...] = column(
        "the TLSA records there, parsed", _TLSA_SET, rfc="6698 section 2.1"
    )
    tlsa_malformed: int = column("TLSA records whose rdata is too short to parse", pa.int32())
    tcp_node: Answer | None = column(
        "`_tcp` below the name that has TLSA records: NXDOMAIN here is the empty-non-terminal fault; null if not asked",
        ANSWER,
        rfc="8020 section 2",
    )
    queries: int = column(
        "packets sent while this row was made, shared look-ups counted for who came first", pa.int32()
    )
    elapsed: float = column("from the first question to the row", pa.float32(), unit="s")


class SignatureTimes(NamedTuple):
    """One signature of an RRset: by which key, and from when to when (RFC 4034 section 3.1.5)."""

    key_tag: int
    algorithm: int
    inception: int
    expiration: int


class Reply(NamedTuple):
    """What one server address said of one RRset at a zone's apex."""

    name_server: str | None
    address: str
    rtype: str
    outcome: Outcome
    authoritative: bool | None
    serial: int | None
    rrset: bytes | None
    rdata: tuple[bytes, ...]
    ttl: int | None
    signatures: tuple[SignatureTimes, ...]
    rtt: float | None
    tries: int


_REPLIES = pa.list_(
    pa.struct(
        [
            ("name_server", pa.string()),
            ("address", pa.string()),
            ("rtype", pa.string()),
            ("outcome", pa.string()),
            ("authoritative", pa.bool_()),
            ("serial", pa.int64()),
            ("rrset", pa.binary()),
            ("rdata", pa.list_(pa.binary())),
            ("ttl", pa.int64()),
            (
                "signatures",
                pa.list_(
                    pa.struct(
                        [
                            ("key_tag", pa.int32()),
                            ("algorithm", pa.int16()),
                            ("inception", pa.int64()),
                            ("expiration", pa.int64()),
                        ]
                    )
                ),
            ),
            ("rtt", pa.float32()),
            ("tries", pa.int32()),
        ]
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone as each of its name servers tells it. Table ``zones`` (only with --per-server); grain: (zone, look)."""

    TABLE: ClassVar[str] = "zones"
    KEY: ClassVar[str] = "zone"

    zone: str = column("apex of a domain that is a zone: A-labels, lower case, no final dot", pa.string())
    look: int = column("1 = first look; failures here are findings and get no later one", pa.int16())
    observed_at: int = column("when the look began", UTC, unit="UTC")
    name_servers: tuple[str, ...] = column(
        "NS names as the parent gave them, at most 13; empty if it could not be asked", TEXTS
    )
    without_address: tuple[str, ...] = column("those for which no address could be had", TEXTS)
    left_out: int = column("addresses beyond 26, which were not asked", pa.int32())
    replies: tuple[Reply, ...] = column(
        "SOA, MX and DNSKEY at the apex from each address: name_server (null where only the parent's glue has the"
        " address), outcome of this server alone, authoritative (AA bit), serial (of the SOA), rrset (SHA-256 of type"
        " and canonical records, without TTL), rdata (in canonical order; empty above 4,096 octets), ttl, signatures"
        " (inception and expiration in seconds since 1970, modulo 2^32), rtt (s), tries (packets; 0 = spared, for it"
        " was silent to SOA)",
        _REPLIES,
        rfc="4034 sections 3.1.5 and 6.3",
    )
    queries: int = column("packets sent while this row was made", pa.int32())
    elapsed: float = column("from the first question to the row", pa.float32(), unit="s")


Row = Name | Reject | Delegation | Domain | Host | Policy | Endpoint | Zone
TABLES: dict[str, type[Row]] = {
    table.TABLE: table for table in (Name, Reject, Delegation, Domain, Host, Policy, Endpoint, Zone)
}


def schema(table: type[Any]) -> pa.Schema:
    """The Parquet schema of a table; each field carries its words, unit and RFC as metadata, the table its grain."""
    columns = [
        pa.field(
            f.name,
            f.metadata["kind"],
            metadata={k: f.metadata[k] for k in ("words", "unit", "rfc") if f.metadata[k]},
        )
        for f in fields(table)
    ]
    return pa.schema(columns, metadata={"table": table.TABLE, "grain": (table.__doc__ or "").split("\n")[0]})


def to_arrow(table: type[Any], rows: Sequence[Any]) -> pa.Table:
    """Rows as an Arrow table: one pass a column, no object a cell."""
    layout = schema(table)
    get: Callable[[Any], Iterable[Any]] = attrgetter(*layout.names)
    columns = zip(*map(get, rows), strict=True) if rows else ((),) * len(layout)
    return pa.Table.from_arrays(
        [pa.array(cells, f.type) for cells, f in zip(columns, layout, strict=True)], schema=layout
    )
