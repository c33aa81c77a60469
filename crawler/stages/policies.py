"""Stage ``policies``: the policy file of a domain that announces one, fetched by HTTPS (RFC 8461 section 3.3).

Addresses of ``mta-sts.<domain>`` through our resolver, one TLS session, one GET. No
certificate is verified on the way: the chain is kept as sent, and the body is asked for
whatever the certificate says, so that one row tells all that is wrong. Verdicts (the
public PKI, the policy's text, its patterns) are ``analysis``.

A further address is tried where the one before gave no TLS session, IPv4 first. What this
does not see: other addresses of a host whose first one answers, and what a server tells
clients elsewhere. A sender caches policies (section 3.3); a census does not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from crawler.exchange import Silence
from crawler.https import Fetched, HttpOutcome, get
from crawler.resolver.answer import Outcome
from crawler.stages.domains import tries, unaskable
from crawler.stages.hosts import addresses, host_denied
from crawler.standards.names import NameFault, from_text, join
from crawler.standards.wire import Type
from crawler.tls import Handshake, TlsOutcome, handshake
from crawler.visited import Attempt, FetchOutcome, Policy

if TYPE_CHECKING:
    from crawler.resolver.looking import Looking
    from crawler.visiting import Visitor

#: Whoever publishes what looks like a record, good or not: senders differ in what they take.
ANNOUNCED = """
    select distinct domain from domains where len(list_filter(mta_sts_txt, lambda t: starts_with(t, 'v=STSv1'))) > 0
"""
#: Every domain that exists, announced or not.
ALL = "select distinct domain from domains where mail <> 'no-domain'"
PORT = 443
PATH = "/.well-known/mta-sts.txt"
ADDRESSES = 8  # of one host that are tried


@dataclass(slots=True, kw_only=True)
class _Visit:
    """The furthest that any address let us come."""

    outcome: FetchOutcome
    shown: Handshake | None = None
    fetched: Fetched | None = None


async def observe(domain: str, resolver: Looking, visitor: Visitor, look: int) -> Policy:
    """One look at the policy of one domain (an A-label name without final dot)."""
    began, start = time.time_ns() // 1000, trio.current_time()
    host = f"mta-sts.{domain}"
    try:
        name = join(b"mta-sts", from_text(domain))
    except NameFault:
        a = aaaa = unaskable()
    else:
        a = await resolver.resolve(name, Type.A)
        nothing = a.outcome is Outcome.NXDOMAIN  # no type exists at a name that does not (RFC 8020 section 2)
        aaaa = a._replace(ttl=None, tries=0) if nothing else await resolver.resolve(name, Type.AAAA)
    attempts: list[Attempt] = []
    missing = FetchOutcome.DNS_NO_ADDRESS if host_denied(a, aaaa) else FetchOutcome.DNS_FAILED
    best = _Visit(outcome=missing)
    for address in addresses(a, aaaa)[:ADDRESSES]:
        visit = await _visit(address, host, visitor)
        attempts.append(Attempt(address, visit.outcome))
        if best.outcome is missing or _PLACE[visit.outcome] > _PLACE[best.outcome]:
            best = visit
        if visit.shown is not None and visit.shown.outcome is TlsOutcome.DONE:
            break
    shown, fetched = best.shown, best.fetched or Fetched()
    return Policy(
        domain=domain,
        look=look,
        observed_at=began,
        host=host,
        a=a,
        aaaa=aaaa,
        expanded=(a.alias or aaaa.alias)[-1].target if a.alias or aaaa.alias else host,
        attempts=tuple(attempts),
        outcome=best.outcome,
        detail=fetched.detail or (shown.detail if shown is not None else None),
        tls_version=shown.version if shown is not None else None,
        tls_cipher=shown.cipher if shown is not None else None,
        chain=shown.chain if shown is not None else (),
        status=fetched.status,
        media_type=fetched.media_type,
        location=fetched.location,
        encoding=fetched.encoding,
        body=fetched.body,
        octets=fetched.octets,
        queries=tries(a, aaaa),
        elapsed=trio.current_time() - start,
    )


_PLACE = {outcome: place for place, outcome in enumerate(FetchOutcome)}
_TCP = {
    Silence.TIMEOUT: FetchOutcome.TCP_TIMEOUT,
    Silence.UNREACHABLE: FetchOutcome.TCP_UNREACHABLE,
    Silence.CONNECTION_REFUSED: FetchOutcome.TCP_REFUSED,
    Silence.CLOSED: FetchOutcome.TCP_CLOSED,
    Silence.TOO_MANY: FetchOutcome.TCP_NOT_TRIED,
}
_TLS = {
    TlsOutcome.CLOSED: FetchOutcome.TLS_CLOSED,
    TlsOutcome.TIMEOUT: FetchOutcome.TLS_TIMEOUT,
    TlsOutcome.NOT_TLS: FetchOutcome.TLS_NOT_TLS,
    TlsOutcome.TOO_MUCH: FetchOutcome.TLS_TOO_MUCH,
    TlsOutcome.ALERT: FetchOutcome.TLS_ALERT,
    TlsOutcome.FAILED: FetchOutcome.TLS_FAILED,
}
_HTTP = {
    HttpOutcome.CLOSED: FetchOutcome.HTTP_CLOSED,
    HttpOutcome.TIMEOUT: FetchOutcome.HTTP_TIMEOUT,
    HttpOutcome.TLS_BROKEN: FetchOutcome.HTTP_TLS_BROKEN,
    HttpOutcome.MALFORMED: FetchOutcome.HTTP_MALFORMED,
    HttpOutcome.HEAD_TOO_LARGE: FetchOutcome.HTTP_HEAD_TOO_LARGE,
    HttpOutcome.BODY_TOO_LARGE: FetchOutcome.HTTP_BODY_TOO_LARGE,
}


async def _visit(address: str, host: str, visitor: Visitor) -> _Visit:
    """Connect, shake hands, ask: as far as it goes."""
    patience = visitor.patience
    async with visitor.net.connection(address, PORT, patience.connect) as stream:
        if isinstance(stream, Silence):
            return _Visit(outcome=_TCP[stream])
        shown, inside = await handshake(stream, host, patience.handshake)
        if inside is None:
            return _Visit(outcome=_TLS[shown.outcome], shown=shown)
        fetched = await get(inside, host, PATH, visitor.agent, patience.fetch)
        return _Visit(outcome=fetch_outcome(fetched), shown=shown, fetched=fetched)


def fetch_outcome(fetched: Fetched) -> FetchOutcome:
    """The word for an exchange: a status other than 200 weighs more than how its body ended (RFC 8461 section 3.3)."""
    status = fetched.status
    if status is None or (status == _OK and fetched.outcome is not HttpOutcome.DONE):
        return _HTTP[fetched.outcome]
    if status == _OK:
        return FetchOutcome.FETCHED
    kinds = {3: FetchOutcome.HTTP_REDIRECT, 5: FetchOutcome.HTTP_SERVER_ERROR}
    return kinds.get(status // 100, FetchOutcome.HTTP_STATUS)


_OK = 200
