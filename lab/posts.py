"""The mail servers of a generated world: a pure function of their addresses and names.

What a server does before TLS hangs on its address alone, for that is all it knows by then; which certificate it shows
hangs on the name that is asked for (SNI). Providers are sound; a host of a domain's own may be stale, expired and so
on, by the rates of ``profiles`` (Lee et al. 2020 and 2022, Durumeric et al. 2015). What a measurer ought to find of
all this is ``effects``.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lab.behaviours import Reset
from lab.chance import draws
from lab.eras import drawn
from lab.mta import Mta
from lab.peers import Peer
from lab.pki import Leaf
from lab.providers import DANE_PROVIDERS, HOSTS, Provider, Trade, address4, address6, owner_of, provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.pki import Pki
    from lab.profiles import Profile

_SOUND_COMPANIES: Final = 50  # the largest mail providers, whose servers are kept well


class Manner(StrEnum):
    """What a mail server does before TLS."""

    SOUND = "sound"
    NO_STARTTLS = "no-starttls"
    TEMPORARY = "temporary"  # 421 for a greeting
    REJECTED = "rejected"  # 554 for a greeting
    REFUSED = "refused"  # the connection
    MUTE = "mute"  # no connection comes about


class Shown(StrEnum):
    """The certificate that a host shows."""

    SOUND = "sound"
    STALE = "stale"  # of a new key; the TLSA records are of the one before
    EXPIRED = "expired"
    SELF_SIGNED = "self-signed"
    OTHER_NAME = "other-name"


@lru_cache(8)
def _sound_places() -> frozenset[str]:
    companies = [provider(Trade.DANE, number) for number in range(1, DANE_PROVIDERS + 1)]
    companies += [provider(Trade.MAIL, number) for number in range(1, _SOUND_COMPANIES + 1)]
    found: set[str] = set()
    for company in companies:
        for host in (f"*.mx.{company.domain}", *(f"mx{index}.{company.domain}" for index in range(1, HOSTS + 1))):
            found |= {address4(host), address6(host)}
    return frozenset(found)


def manner_at(address: str, *, seed: int, profile: Profile) -> Manner:
    """What stands at an address."""
    if address in _sound_places():
        return Manner.SOUND
    return Manner(profile.mail_manner.pick(draws(f"{seed}|{profile.name}|manner", address)[0]))


def shown_by(host: str, *, seed: int, profile: Profile) -> Shown:
    """What a host of a domain's own shows, asked for by this name; a provider's is sound."""
    if owner_of(host) is not None:
        return Shown.SOUND
    u = drawn("shown", host, seed=seed, profile=profile)
    return Shown(profile.mail_shown.pick(u[1])) if u[0] < profile.mail_misshown else Shown.SOUND


def leaf_of(host: str, shown: Shown) -> Leaf:
    """The certificate for a host's name."""
    company = owner_of(host)
    if company is not None:
        return _company_leaf(company)
    more: dict[Shown, Leaf] = {
        Shown.STALE: Leaf(names=(host,), renewal=1),
        Shown.EXPIRED: Leaf(names=(host,), to_day=-1),
        Shown.SELF_SIGNED: Leaf(names=(host,), issuer="self", sent=("leaf",)),
        Shown.OTHER_NAME: Leaf(names=(f"server.of.{host}",)),
    }
    return more.get(shown) or Leaf(names=(host,))


def _company_leaf(company: Provider) -> Leaf:
    return Leaf(names=(company.domain, f"*.{company.domain}", f"*.mx.{company.domain}"))


def associations(kinds: str, host: str, shown: Shown, pki: Pki) -> list[bytes]:
    """The TLSA RRset of such parameters ("2 1 1, 3 1 1") at a host, as rdata."""
    if kinds == "malformed":
        return [b"\x03\x01"]
    leaf = Leaf(names=(host,)) if shown is Shown.STALE else leaf_of(host, shown)
    found: list[bytes] = []
    for index, kind in enumerate(kinds.split(", ")):
        above = kind[0] in "02"  # an issuer's
        of = Leaf(names=(host,)) if above and len(leaf.sent) == 1 else leaf
        if index and kind in kinds.split(", ")[:index]:
            of = Leaf(names=of.names, renewal=7)  # the same parameters again: the next key
        usage, selector, matching, data = pki.association(of, kind, of=int(above)).split()
        found.append(bytes((int(usage), int(selector), int(matching))) + bytes.fromhex(data))
    return found


def peer_at(
    address: str, shown: Callable[[str], Shown], pki: Pki, handler: Callable[[Mta, Pki], Peer],
    *, seed: int, profile: Profile,
) -> Peer:  # fmt: skip
    """The mail server at an address."""
    manner = manner_at(address, seed=seed, profile=profile)
    if manner is Manner.REFUSED:
        return Reset.REFUSED
    if manner is Manner.MUTE:
        return None
    said = {
        Manner.NO_STARTTLS: Mta(ehlo=b"250-mail\r\n250 SIZE\r\n"),
        Manner.TEMPORARY: Mta(greeting=b"421 4.3.2 not now\r\n"),
        Manner.REJECTED: Mta(greeting=b"554 5.7.1 not you\r\n"),
    }
    mta = said.get(manner) or Mta(find=lambda name: leaf_of(name, shown(name)))
    return handler(mta, pki)
