"""Stage ``zones``: every name server address of a zone asked for SOA, MX and DNSKEY at its apex (`--per-server`).

The look-ups of ``domains`` take the first good answer, as a mail server's resolver does;
whether the others would have said the same is seen here. Evidence only: what counts as
disagreement is ``analysis``. The state of each reply in the chain of trust is not judged;
the times of its signatures stand beside it.

Addresses are those that the NS names have today and those that the parent's glue gives. An
IPv6 address is unreachable from a place without IPv6, which says nothing about the server.
A zone that is transferred in this very second differs for a moment, too: a serial alone is
no fault, and a second run tells.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import trio

from crawler.resolver.answer import CONCLUSIVE, Answer, Outcome
from crawler.stages.domains import tries
from crawler.stages.hosts import addresses
from crawler.standards.dnssec import DnssecFault, read_rrsig
from crawler.standards.names import from_text, to_text
from crawler.standards.wire import IN, Type, WireFault
from crawler.tables import Reply, SignatureTimes, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.resolver.ask import Address
    from crawler.resolver.direct import Direct, Told
    from crawler.resolver.looking import Looking
    from crawler.standards.wire import Message

KEYS = "select distinct zone from domains where zone = domain"
ASKED = (Type.SOA, Type.MX, Type.DNSKEY)
ADDRESSES = 26  # of one zone; what is above is counted, not asked
SIGNATURES = 16  # of one RRset that are kept
OCTETS = 4_096  # of one RRset's rdata that are kept; a larger one is told by its digest
_PORT = 53
_SERIAL = -20  # where an SOA's five numbers begin (RFC 1035 section 3.3.13)
_SILENT = frozenset({Outcome.TIMEOUT, Outcome.UNREACHABLE})

Named = dict["Address", str | None]  # address -> name server; None where only glue knows it


async def observe(zone: str, resolver: Looking, direct: Direct, look: int) -> Zone:
    """One look at all servers of one zone (an A-label name without final dot)."""
    began, start = time.time_ns() // 1000, trio.current_time()
    apex = from_text(zone)
    soa = await resolver.resolve(apex, Type.SOA)  # the delegation is known after this
    held = await resolver.zone(apex)
    own = held is not None and held.apex == apex
    names = sorted(held.ns) if held is not None and own else []  # the walker has bounded their number
    glue = held.glue if held is not None and own else ()
    found, without, spent = await _located(names, glue, resolver)
    chosen = list(found)[:ADDRESSES]
    replies = await _each(apex, chosen, found, direct)
    return Zone(
        zone=zone,
        look=look,
        observed_at=began,
        name_servers=tuple(map(to_text, names)),
        without_address=tuple(without),
        left_out=len(found) - len(chosen),
        replies=tuple(replies),
        queries=soa.tries + (held.tries if held is not None else 0) + spent + sum(reply.tries for reply in replies),
        elapsed=trio.current_time() - start,
    )


async def _located(names: Sequence[bytes], glue: Iterable[Address], resolver: Looking) -> tuple[Named, list[str], int]:
    """Addresses with their name servers, the names that have none, and the packets that it took."""
    looked: dict[bytes, tuple[Answer, Answer]] = {}

    async def one(name: bytes) -> None:
        looked[name] = await resolver.resolve(name, Type.A), await resolver.resolve(name, Type.AAAA)

    async with trio.open_nursery() as nursery:  # a hostile zone's names may each take a look-up's whole time
        for name in names:
            nursery.start_soon(one, name)
    found: Named = {}
    without: list[str] = []
    for name in names:
        here = addresses(*looked[name])
        for text in here:
            found.setdefault((text, _PORT), to_text(name))
        if not here:
            without.append(to_text(name))
    for address in glue:
        found.setdefault(address, None)
    return found, without, sum(tries(*both) for both in looked.values())


async def _each(apex: bytes, chosen: Sequence[Address], found: Named, direct: Direct) -> list[Reply]:
    """All addresses at once, the questions to each one after the other; in the order of the addresses."""
    said: dict[Address, list[Reply]] = {}

    async def one(address: Address) -> None:
        said[address] = await _server(apex, address, found[address], direct)

    async with trio.open_nursery() as nursery:
        for address in chosen:
            nursery.start_soon(one, address)
    return [reply for address in chosen for reply in said[address]]


async def _server(apex: bytes, address: Address, name: str | None, direct: Direct) -> list[Reply]:
    """What one address says; one that is silent to the first question is spared the others."""
    first = await direct.ask(address, apex, ASKED[0])
    told = [first]
    for qtype in ASKED[1:]:
        silent = first.reading.outcome in _SILENT
        told.append(first._replace(tries=0) if silent else await direct.ask(address, apex, qtype))
    return [_reply(apex, address, name, qtype, one) for qtype, one in zip(ASKED, told, strict=True)]


def _reply(apex: bytes, address: Address, name: str | None, qtype: Type, told: Told) -> Reply:
    reading, message = told.reading, told.message
    known = message is not None and reading.outcome in CONCLUSIVE
    rdatas = tuple(sorted(reading.rdatas)) if known else ()
    return Reply(
        name_server=name,
        address=address[0],
        rtype=qtype.name,
        outcome=reading.outcome,
        authoritative=message.aa if message is not None else None,
        serial=serial(rdatas[0]) if qtype == Type.SOA and reading.rtype == Type.SOA and rdatas else None,
        rrset=digest(reading.rtype, rdatas) if rdatas else None,
        rdata=rdatas if sum(map(len, rdatas)) <= OCTETS else (),
        ttl=reading.ttl if rdatas else None,
        signatures=signatures(message, apex, reading.rtype) if message is not None and rdatas else (),
        rtt=told.rtt,
        tries=told.tries,
    )


def serial(soa: bytes) -> int | None:
    """The serial of an SOA record (RFC 1035 section 3.3.13)."""
    return int.from_bytes(soa[_SERIAL : _SERIAL + 4], "big") if len(soa) >= -_SERIAL + 2 else None


def digest(rtype: int, rdatas: Iterable[bytes]) -> bytes:
    """SHA-256 over type and records, canonical and in canonical order (RFC 4034 sections 6.2 and 6.3); no TTL."""
    told = hashlib.sha256(rtype.to_bytes(2, "big"))
    for rdata in rdatas:
        told.update(len(rdata).to_bytes(2, "big") + rdata)
    return told.digest()


def signatures(message: Message, owner: bytes, covered: int) -> tuple[SignatureTimes, ...]:
    """The signatures that came with an RRset, in the order of their keys; those that do not parse are left out."""
    found: set[SignatureTimes] = set()
    for name, rtype, rclass, _, rdata in message.answer:
        if rtype != Type.RRSIG or rclass != IN or name != owner or int.from_bytes(rdata[:2], "big") != covered:
            continue
        try:
            one = read_rrsig(rdata)
        except (DnssecFault, WireFault):
            continue
        found.add(SignatureTimes(one.tag, one.algorithm, one.inception, one.expiration))
    return tuple(sorted(found)[:SIGNATURES])
