"""What a scan would send, to whom, and how long that would take: `scan --dry-run`, before any packet.

Queries a name are what scans of generated worlds took (README); what is known beforehand is known from the list alone:
how many names each registry has, and, of zone files, which name servers serve them. Times are those below which the
politeness limits (``manners``) do not let a scan come; waiting for servers that are silent comes on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.visiting import Policies, Probe

if TYPE_CHECKING:
    from crawler.session import Start
    from crawler.stages.names import Names

OF_REGISTRY = 1.2  # queries a name: its referral, and DS now and then
SPARED = 1.1  # of these, of a name that a zone file delegates: the registry is asked where the file leads nowhere
OF_OWN = 7.6  # queries a name: MX, two TXT, DNSKEY, and A, AAAA and TLSA of its mail hosts
SERVERS = 4  # addresses over which a registry spreads its queries, at least
ANNOUNCING = 0.01  # names with an MTA-STS record, of all: at most, in what the surveys saw
TALKS = {Probe.NEEDED: 0.1, Probe.ALL: 1.0}  # conversations with mail hosts a name
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a scan, as far as it decides what is sent."""

    policies: Policies
    probe: Probe
    contact: str
    zone_files: bool = True  # delegations are taken from there


def tell(found: Names, start: Start, wish: Wish) -> Iterator[str]:
    """The outlook, line by line."""
    names = len(found)
    spared = found.signed()[0] if wish.zone_files and not start.resolvers else 0
    total = names * (OF_REGISTRY + OF_OWN) - spared * SPARED
    yield f"would look at {names:,} names; nothing is sent now"
    yield f"DNS: about {total:,.0f} queries, {total / names:.1f} a name; at most {start.rate:,} a second in all"
    if spared:
        yield f"  of {spared:,} names the zone file tells what their registries would (--ask-registry asks them)"
    seconds = [total / start.rate]
    if start.resolvers:
        yield f"all of them to {start.mode.partition(' ')[2]}, which asks the others"
    else:
        for zone, count, told in found.registries(SHOWN):
            queries = count * OF_REGISTRY - (told * SPARED if spared else 0)
            needed = queries / (SERVERS * start.server_rate)
            seconds.append(needed)
            rate = f"{start.server_rate:,} a second and address"
            yield f"  registry {zone}: about {queries:,.0f} queries, {_span(needed)} at {rate}"
        yield from _served(found, start, seconds)
    if wish.policies is not Policies.NONE:
        share = 1.0 if wish.policies is Policies.ALL else ANNOUNCING
        yield f"HTTPS: at most about {names * share:,.0f} policy files, one GET each"
    if wish.probe is not Probe.NONE:
        yield f"SMTP: about {names * TALKS[wish.probe]:,.0f} conversations as far as STARTTLS; no mail is offered"
    yield f"contact: {wish.contact or 'none given (--contact)'}"
    yield f"it cannot take less than about {_span(max(seconds))}"


def _served(found: Names, start: Start, seconds: list[float]) -> Iterator[str]:
    """The name servers that the zone file names, those with most names first; a name's queries go to one of its own."""
    for host, share in found.servers(SHOWN):
        needed = share * OF_OWN / start.server_rate
        seconds.append(needed)
        rate = f"{start.server_rate:,} a second"
        yield f"  name server {host}: about {share * OF_OWN:,.0f} queries, {_span(needed)} at {rate}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:,.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds / 3600:,.1f} h"
