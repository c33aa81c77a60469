"""Stage ``hosts``: everything the DNS says of one mail host: addresses, aliases, TLSA (RFC 7672 section 2.2).

A host is looked up once, however many domains name it. TLSA is asked for even where a
sender must not ask (addresses not secure): published but unsigned is a statistic. An
alias is asked for under both names, its end first; the name as written is left out
only where the end already has a secure TLSA RRset, for then it cannot matter.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import trio

from crawler.resolver.answer import CONCLUSIVE, Outcome
from crawler.stages.domains import tries, unaskable
from crawler.standards.names import NameFault, from_text, join
from crawler.standards.rdata import address
from crawler.standards.security import Security, worst
from crawler.standards.wire import Type
from crawler.tables import Host, Target, TlsaBase, TlsaRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.resolver.answer import Answer
    from crawler.resolver.looking import Looking

_USABLE = (Security.SECURE, Security.INSECURE)
_TLSA_HEAD = 3  # octets before the certificate association data (RFC 6698 section 2.1)


def keys(mx_hosts: pa.ChunkedArray) -> list[str]:
    """The hosts among the column ``mx_hosts`` of domains that mail is sent to, each once."""
    records = mx_hosts.combine_chunks().flatten()
    wanted = pc.is_in(pc.struct_field(records, "target"), pa.array([Target.HOST.value, Target.IMPLICIT.value]))
    found: list[str] = pc.struct_field(records, "host").filter(wanted).unique().to_pylist()
    return found


async def observe(host: str, resolver: Looking, look: int) -> Host:
    """One look at one mail host (an A-label name without final dot)."""
    began, start = time.time_ns() // 1000, trio.current_time()
    name = from_text(host)
    a = await resolver.resolve(name, Type.A)
    if a.outcome is Outcome.NXDOMAIN:  # no type exists at a name that does not (RFC 8020 section 2)
        aaaa = a._replace(ttl=None, tries=0)
    else:
        aaaa = await resolver.resolve(name, Type.AAAA)
    found = addresses(a, aaaa)
    expanded = (a.alias or aaaa.alias)[-1].target if a.alias or aaaa.alias else host
    base = tlsa_base(host, expanded, found, a, aaaa)
    security = address_security(a, aaaa)
    at_end = at_host = None
    if base is TlsaBase.EXPANDED:
        at_end = await _tlsa(resolver, expanded)
    decided = at_end is not None and _secure(at_end) and security is Security.SECURE
    if base in (TlsaBase.INITIAL, TlsaBase.EXPANDED) and not decided:
        at_host = await _tlsa(resolver, host)
    end_set, host_set = tlsa_set(at_end), tlsa_set(at_host)
    holder = expanded if end_set else host if host_set else None
    node = await _tcp_node(resolver, holder) if holder is not None else None
    return Host(
        host=host,
        look=look,
        observed_at=began,
        a=a,
        aaaa=aaaa,
        addresses=found,
        expanded=expanded,
        address_security=security,
        tlsa_base=base,
        tlsa_expanded=at_end,
        tlsa_expanded_set=end_set,
        tlsa_initial=at_host,
        tlsa_initial_set=host_set,
        tlsa_malformed=_records(at_end) + _records(at_host) - len(end_set) - len(host_set),
        tcp_node=node,
        queries=tries(a, aaaa, at_end, at_host, node),
        elapsed=trio.current_time() - start,
    )


def addresses(a: Answer, aaaa: Answer) -> tuple[str, ...]:
    """The addresses that a sender may use: those of bogus or undecided answers are none (RFC 7672 section 2.1.2)."""
    return tuple(
        address(rdata)
        for answer in (a, aaaa)
        if answer.outcome is Outcome.ANSWER and answer.security in _USABLE
        for rdata in answer.rdata
    )


def address_security(a: Answer, aaaa: Answer) -> Security:
    """The worst state of the address RRsets that exist; of the denials or failures where none does."""
    existing = [answer.security for answer in (a, aaaa) if answer.outcome is Outcome.ANSWER]
    states = existing or [a.security, aaaa.security]
    return worst(states[0], states[-1])


def tlsa_base(host: str, expanded: str, found: tuple[str, ...], a: Answer, aaaa: Answer) -> TlsaBase:
    """Which names to ask for TLSA; none for a host without a usable address (RFC 7672 section 2.2.2)."""
    if found:
        return TlsaBase.EXPANDED if expanded != host else TlsaBase.INITIAL
    return TlsaBase.NO_ADDRESS if host_denied(a, aaaa) else TlsaBase.ADDRESS_UNKNOWN


def host_denied(a: Answer, aaaa: Answer) -> bool:
    """Whether it is believable that a host has no address, where none was found."""
    return all(answer.outcome in CONCLUSIVE and answer.security in _USABLE for answer in (a, aaaa))


def tlsa_set(answer: Answer | None) -> tuple[TlsaRecord, ...]:
    """The TLSA records that parse (RFC 6698 section 2.1)."""
    if answer is None or answer.outcome is not Outcome.ANSWER:
        return ()
    return tuple(TlsaRecord(r[0], r[1], r[2], r[3:]) for r in answer.rdata if len(r) > _TLSA_HEAD)


def _records(answer: Answer | None) -> int:
    return len(answer.rdata) if answer is not None and answer.outcome is Outcome.ANSWER else 0


def _secure(answer: Answer) -> bool:
    return answer.outcome is Outcome.ANSWER and answer.security is Security.SECURE


async def _tlsa(resolver: Looking, base: str) -> Answer:
    return await _at(resolver, (b"_tcp", b"_25"), base, Type.TLSA)


async def _tcp_node(resolver: Looking, base: str) -> Answer:
    """`_tcp` above TLSA records, which must exist as an empty non-terminal (RFC 8020 section 2)."""
    return await _at(resolver, (b"_tcp",), base, Type.A)


async def _at(resolver: Looking, path: Iterable[bytes], base: str, qtype: int) -> Answer:
    name = from_text(base)
    try:
        for label in path:
            name = join(label, name)
    except NameFault:
        return unaskable()
    return await resolver.resolve(name, qtype)
