"""Mail and DNS providers of the generated population: invented companies, all of whose names begin with ``lab-``.

Three kinds: ``lab-mail-<n>`` (mail, no TLSA worth the name), ``lab-dane-<n>`` (mail, signed, TLSA at every host)
and ``lab-dns-<n>`` (name servers). Number 1 is the largest. Everything about a provider follows from its number, so
nothing is kept. No provider is ever broken: what is wrong with a domain is wrong in its own zone (``facts``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lab.chance import Weighted, draws, weighted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.profiles import Profile

DNS_PROVIDERS: Final = 400
DANE_PROVIDERS: Final = 20
HOSTS: Final = 20  # mx1 ... mx20 exist at every provider
TLDS: Final = ("com", "net", "org", "nl", "se", "ch", "de", "cz")  # all of them signed (``registries``)
_DOMAIN = re.compile(r"lab-(mail|dane|dns)-([1-9]\d{0,4})\.([a-z]+)")
_TLSA = weighted({"3 1 1": 86, "3 0 1": 6, "2 1 1, 3 1 1": 4, "2 1 1": 3, "3 1 2": 1})


class Trade(StrEnum):
    """What a provider sells."""

    MAIL = "mail"
    DANE = "dane"
    DNS = "dns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One company: its domain, and what holds for all of its hosts."""

    trade: Trade
    number: int
    domain: str
    signed: bool
    nsec3: bool
    algorithm: int
    per_customer: bool  # each customer gets host names of its own, by a wildcard in the provider's zone
    tlsa: str  # parameters of the RRset at every mail host; empty: none
    ipv6: bool

    def host(self, index: int, customer: str) -> str:
        """The mail host number `index`, from 1, that this customer's MX names."""
        if not self.per_customer:
            return f"mx{index}.{self.domain}"
        label = "c-" + customer.replace(".", "-").replace("_", "-")[:50].rstrip("-")
        return f"{label}.mx.{self.domain}" if index == 1 else f"{label}-{index}.mx.{self.domain}"


@lru_cache(maxsize=8192)
def provider(trade: Trade, number: int) -> Provider:
    """The company with this number."""
    u_signed, u_tlsa, u_nsec3, u_ipv6, u_algorithm, *_ = draws("provider", f"{trade}-{number}")
    dane = trade is Trade.DANE
    tlsa = ("3 1 1" if number <= 3 else _TLSA.pick(u_tlsa)) if dane else ""
    if trade is Trade.MAIL and number % 97 == 50:
        tlsa = "3 1 1"  # published, in a zone that nobody signed
    return Provider(
        trade=trade,
        number=number,
        domain=f"lab-{trade}-{number}.{TLDS[number % len(TLDS)]}",
        signed=dane or (u_signed < 0.15 and not tlsa and number > 2),
        nsec3=u_nsec3 < 0.6,
        algorithm=8 if u_algorithm < 0.25 else 13,
        per_customer=number % 7 == 2 and trade is not Trade.DNS,
        tlsa=tlsa,
        ipv6=dane or u_ipv6 < 0.5,
    )


@lru_cache(maxsize=65536)
def provider_of(domain: str) -> Provider | None:
    """The provider that owns this registrable name, if one does."""
    found = _DOMAIN.fullmatch(domain)
    if found is None:
        return None
    made = provider(Trade(found[1]), int(found[2]))
    return made if made.domain == domain else None


def owner_of(host: str) -> Provider | None:
    """The provider whose zone holds this host name."""
    return provider_of(".".join(host.rsplit(".", 2)[-2:]))


@lru_cache(maxsize=64)
def _shares(head: tuple[float, ...], exponent: float, total: int) -> Weighted[int]:
    """Written shares for the largest, then a tail whose n-th is worth n to the power of -exponent."""
    tail = {n: n**-exponent for n in range(len(head) + 1, total + 1)}
    scale = (1 - sum(head)) / sum(tail.values()) if tail else 0.0
    return weighted(dict(enumerate(head, 1)) | {n: share * scale for n, share in tail.items()})


def mail_provider(profile: Profile, draw: float) -> Provider:
    """The provider of a domain without TLSA."""
    return provider(Trade.MAIL, _shares(profile.head, profile.zipf, profile.providers).pick(draw))


def dane_provider(profile: Profile, draw: float) -> Provider | None:
    """The provider of a domain with TLSA; None for one that runs its own hosts."""
    rest = 1 - sum(profile.tlsa_head)
    number = _shares((*profile.tlsa_head, rest), 1.0, len(profile.tlsa_head) + 1).pick(draw)
    return provider(Trade.DANE, number) if number <= len(profile.tlsa_head) else None


def name_servers(draw: float, count: int) -> tuple[str, ...]:
    """Names of the servers of a domain whose zone lies at a DNS provider."""
    return _name_servers(_shares((), 1.1, DNS_PROVIDERS).pick(draw), count)


@lru_cache(maxsize=4096)
def _name_servers(number: int, count: int) -> tuple[str, ...]:
    domain = provider(Trade.DNS, number).domain
    return tuple([f"ns{index}.{domain}" for index in range(1, count + 1)])


@lru_cache(maxsize=65536)
def address4(host: str) -> str:
    """A host's IPv4 address: global unicast, in no special-purpose block (RFC 6890)."""
    first, second, third, fourth, *_ = draws("ipv4", host)
    return f"{_FIRST[int(first * len(_FIRST))]}.{int(second * 256)}.{int(third * 256)}.{1 + int(fourth * 254)}"


@lru_cache(maxsize=65536)
def address6(host: str) -> str:
    """A host's IPv6 address, out of 2a00::/12."""
    d = [int(draw * 65536) for draw in draws("ipv6", host)]
    return f"2a0{d[0] % 16:x}:{d[1] | 1:x}:{d[2] | 1:x}:{d[3] | 1:x}::{d[4] | 1:x}"


def _outside(skipped: Iterable[int]) -> tuple[int, ...]:
    return tuple(octet for octet in range(1, 224) if octet not in set(skipped))


# whole first octets with a special-purpose block in them are left out
_FIRST: Final = _outside((10, 100, 127, 169, 172, 192, 198, 203))
