"""What DANE comes to at port 25, told from the facts of a generated domain alone (RFC 7672 section 2.2).

The lab's own reading, as in ``truth``: nothing of the crawler or the analysis is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lab.building import own_addresses
from lab.posts import Manner, Shown, manner_at, shown_by
from lab.providers import owner_of

if TYPE_CHECKING:
    from lab.facts import Facts, OwnHost
    from lab.profiles import Profile
    from lab.truth import Truth

_STATES: Final = {
    Manner.NO_STARTTLS: "no-starttls",
    Manner.TEMPORARY: "temporary",
    Manner.REJECTED: "rejected",
    Manner.REFUSED: "unreachable",
    Manner.MUTE: "unreachable",
}
#: Of several states, the one that is worst for a sender comes first.
_ORDER: Final = (
    "mismatch", "name-mismatch", "expired", "no-starttls", "rejected", "tls-only",
)  # fmt: skip
_OPEN: Final = ("temporary", "unreachable")  # nothing is known of such an address


class Place(NamedTuple):
    """Where a mail host is, and under which name it is asked for."""

    addresses: tuple[str, ...]
    base: str


def effective(facts: Facts, truth: Truth, *, seed: int, profile: Profile) -> str:
    """The effective DANE class of the domain."""
    if truth.dane not in {"full", "partial"}:
        return str(truth.dane)
    hosts = []
    for host in {one.host: one for one in truth.hosts if one.state == "secure"}.values():
        place = place_of(host.host, facts)
        shown = dane_of(host.tlsa, shown_by(place.base, seed=seed, profile=profile))
        manners = [manner_at(address, seed=seed, profile=profile) for address in place.addresses]
        hosts.append([_STATES.get(manner, shown) for manner in manners])
    known = [[state for state in states if state not in _OPEN] for states in hosts]
    sound = [bool(states) and set(states) == {"valid"} for states in known]
    wrong = any(set(states) - {"valid"} for states in known)
    if any(sound) and (wrong or truth.dane == "partial"):
        return "partial-hosts"
    if not wrong:
        lost = {state for states, told in zip(hosts, known, strict=True) if not told for state in states}
        return next((word for word in _OPEN if word in lost), "valid")
    if any("valid" in states for states in known):
        return "partial-addresses"
    return min((state for states in known for state in states), key=_ORDER.index)


def usable(truth: Truth) -> str:
    """The class at the usable level: records that no sender can use do not count (RFC 7672 section 3.1)."""
    if truth.dane not in {"full", "partial"}:
        return str(truth.dane)
    hosts = {one.host: one.tlsa for one in truth.hosts if one.state == "secure"}
    good = [host for host, kinds in hosts.items() if dane_of(kinds, Shown.SOUND) != "tls-only"]
    if not good:
        return "unusable-only"
    return "full" if truth.dane == "full" and len(good) == len(hosts) else "partial"


def dane_of(kinds: str, shown: Shown) -> str:
    """What records of these parameters make of a certificate."""
    usages = {kind[0] for kind in kinds.split(", ")} if kinds != "malformed" else set()
    if not usages & {"2", "3"}:
        return "tls-only"
    if "3" in usages and shown is not Shown.STALE:
        return "valid"  # neither dates nor names count
    if "2" not in usages:
        return "mismatch"
    words = {Shown.EXPIRED: "expired", Shown.OTHER_NAME: "name-mismatch", Shown.SELF_SIGNED: "mismatch"}
    return words.get(shown, "valid")  # a new key of the same issuer is good


def place_of(host: str, facts: Facts) -> Place:
    """Where a mail host of a domain is."""
    own = {one.name: one for one in facts.own_hosts}
    here: OwnHost | None = own.get(host)
    if here is not None and here.alias is not None:
        return place_of(here.alias, facts)
    if here is not None:
        return Place(own_addresses(here.name, here.ipv6), here.name)
    company = owner_of(host)
    if company is None:
        raise ValueError(f"{host} is neither the domain's own host nor a provider's")
    return Place(own_addresses(f"*.mx.{company.domain}" if company.per_customer else host, company.ipv6), host)
