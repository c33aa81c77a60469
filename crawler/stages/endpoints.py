"""Stage ``endpoints``: mail hosts, as far as STARTTLS and what they show behind it (RFC 3207, RFC 7672 section 8.1).

One conversation with each address of a host: greeting, EHLO with our name, STARTTLS, a
handshake with the TLSA base domain as SNI that verifies nothing, QUIT. Where the host has TLSA
records, a second one asks for the other kind of certificate (RSA or ECDSA), since a
sender may be shown either. No mail is offered, and nothing behind TLS is looked at.

Evidence only: whether the chain is the one that TLSA records promise is ``analysis``. What
this does not see: servers of TLS 1.3 alone show one certificate; hosts that answer strangers
otherwise than senders they know; what a greeting after five minutes would have been, unless
one has that patience.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from crawler.exchange import Silence
from crawler.standards import certificates
from crawler.standards.smtp import Dialogue, Ending
from crawler.tls import Handshake, KeyKind, TlsOutcome, TlsStream, handshake
from crawler.visited import Endpoint, SmtpOutcome

if TYPE_CHECKING:
    from trio.abc import Stream

    from crawler.visiting import Visitor

PORT = 25
_READ = 4_096
_GOODBYE = 2.0  # seconds for QUIT and what comes of it
_BUSY = 421  # service not available, closing (RFC 5321 section 3.8)

#: The endpoints of a run: host, address, SNI, and whether the host has TLSA records. `{which}` restricts the hosts.
KEYS = """
    with latest as (
        select *, row_number() over (partition by host order by look desc) as nth from hosts
    ),
    promised as (
        select *,
            address_security = 'secure' and tlsa_expanded.outcome = 'answer'
                and tlsa_expanded.security = 'secure' as at_end,
            (address_security = 'secure' or coalesce(a.alias[1].security, aaaa.alias[1].security) = 'secure')
                and tlsa_initial.outcome = 'answer' and tlsa_initial.security = 'secure' as at_host
        from latest where nth = 1
    ),
    announced as (
        select distinct unnest(mx_hosts).host as host from domains
        where len(list_filter(mta_sts_txt, lambda t: starts_with(t, 'v=STSv1'))) > 0
    )
    select host, unnest(addresses[1:{most}]) as address,
        case when at_end then expanded else host end as sni, coalesce(at_end or at_host, false) as promised
    from promised
    where {which}
    order by host, address
"""
ALL = "true"
NEEDED = "coalesce(at_end or at_host, false) or host in (from announced)"
ADDRESSES = 32  # of one host that are talked to


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to talk to."""

    host: str
    address: str
    sni: str
    promised: bool  # the host has secure TLSA records: look for a second certificate


@dataclass(slots=True, kw_only=True)
class _Talk:
    """What one conversation came to."""

    outcome: SmtpOutcome
    said: Dialogue
    shown: Handshake | None = None


async def observe(target: Target, visitor: Visitor, look: int) -> Endpoint:
    """One look at one address of one mail host."""
    began, start = time.time_ns() // 1000, trio.current_time()
    talk = await _converse(target, visitor, KeyKind.ANY)
    other = _other_kind(talk) if target.promised else None
    second = await _converse(target, visitor, other) if other is not None else None
    shown = talk.shown
    return Endpoint(
        endpoint=f"{target.host} {target.address}",
        host=target.host,
        address=target.address,
        look=look,
        observed_at=began,
        sni=target.sni,
        outcome=talk.outcome,
        code=talk.said.code,
        text=talk.said.text,
        banner=talk.said.banner,
        keywords=talk.said.keywords,
        bare_lf=talk.said.bare_lf,
        detail=shown.detail if shown is not None else None,
        tls_version=shown.version if shown is not None else None,
        tls_cipher=shown.cipher if shown is not None else None,
        chain=shown.chain if shown is not None else (),
        other_kind=other,
        other_outcome=second.outcome if second is not None else None,
        other_chain=second.shown.chain if second is not None and second.shown is not None else (),
        elapsed=trio.current_time() - start,
    )


_RSA_OID, _EC_OID = bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06072a8648ce3d0201")


def _other_kind(talk: _Talk) -> KeyKind | None:
    """The kind of key that the shown leaf is not of."""
    if talk.shown is None or not talk.shown.chain:
        return None
    spki = certificates.read(talk.shown.chain[0]).spki[:64]
    if _RSA_OID in spki:
        return KeyKind.ECDSA
    return KeyKind.RSA if _EC_OID in spki else None


_CONNECT = {
    Silence.TIMEOUT: SmtpOutcome.TIMEOUT,
    Silence.UNREACHABLE: SmtpOutcome.UNREACHABLE,
    Silence.CONNECTION_REFUSED: SmtpOutcome.REFUSED,
    Silence.CLOSED: SmtpOutcome.CLOSED,
    Silence.TOO_MANY: SmtpOutcome.NOT_TRIED,
}
_TLS = {
    TlsOutcome.CLOSED: SmtpOutcome.TLS_CLOSED,
    TlsOutcome.TIMEOUT: SmtpOutcome.TLS_TIMEOUT,
    TlsOutcome.NOT_TLS: SmtpOutcome.TLS_NOT_TLS,
    TlsOutcome.TOO_MUCH: SmtpOutcome.TLS_TOO_MUCH,
    TlsOutcome.ALERT: SmtpOutcome.TLS_ALERT,
    TlsOutcome.FAILED: SmtpOutcome.TLS_FAILED,
    TlsOutcome.DONE: SmtpOutcome.TLS,
}


async def _converse(target: Target, visitor: Visitor, kind: KeyKind) -> _Talk:
    said = Dialogue(visitor.name)
    async with visitor.net.connection(target.address, PORT, visitor.patience.connect) as stream:
        if isinstance(stream, Silence):
            return _Talk(outcome=_CONNECT[stream], said=said)
        outcome = await _talk(stream, said, visitor.patience.reply)
        if said.code == _BUSY:
            visitor.net.displeased(target.address, PORT)
        if outcome is not None:
            await _say_goodbye(stream, said)
            return _Talk(outcome=outcome, said=said)
        shown, inside = await handshake(stream, target.sni, visitor.patience.handshake, kind)
        if inside is not None:
            await _quit(inside)
        return _Talk(outcome=_TLS[shown.outcome], said=said, shown=shown)


async def _talk(stream: Stream, said: Dialogue, patience: float) -> SmtpOutcome | None:
    """The dialogue up to the 220 of STARTTLS: None if that came, else how it ended; `patience` seconds a reply."""
    while not said.over:
        step = said.step
        closed = False
        with trio.move_on_after(patience) as scope:
            closed = not await _reply(stream, said)
        if closed:
            return SmtpOutcome(f"{said.step}-closed")
        if scope.cancelled_caught:
            return SmtpOutcome(f"{step}-timeout")
    if said.ended is Ending.GOOD:
        return None
    if said.ended is Ending.NOT_OFFERED:
        return SmtpOutcome.NO_STARTTLS
    return SmtpOutcome(f"{said.step}-{said.ended}")


async def _reply(stream: Stream, said: Dialogue) -> bool:
    """Read until the dialogue takes a step, or ends; False if the stream does before."""
    step = said.step
    try:
        while not said.over and said.step is step:
            data = bytes(await stream.receive_some(_READ))
            if not data:
                return False
            command = said.receive(data)
            if command:
                await stream.send_all(command)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return False
    return True


async def _say_goodbye(stream: Stream, said: Dialogue) -> None:
    """QUIT, where somebody listens who speaks SMTP (RFC 5321 section 4.1.1.10)."""
    if said.code is None or said.code == _BUSY or said.ended in {Ending.INJECTION, Ending.TOO_LONG, Ending.MALFORMED}:
        return
    with trio.move_on_after(_GOODBYE), suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await stream.send_all(b"QUIT\r\n")
        await stream.receive_some(_READ)


async def _quit(inside: TlsStream) -> None:
    with trio.move_on_after(_GOODBYE), suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await inside.send_all(b"QUIT\r\n")
        await inside.say_goodbye()
