"""What each generated domain promises by MTA-STS, and how its policy host keeps it: a pure function of its name.

Rates are Ashiq et al. 2025 as ``profiles`` has them: who hosts the policy, at which stage fetching fails and why, mode,
max_age, and whether the patterns admit the mail hosts. What HTTPS servers then do is `web_of`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from lab.eras import drawn
from lab.facts import Facts, Sts
from lab.peers import DEAF, FAR, REFUSING
from lab.pki import Leaf, good
from lab.profiles import Profile
from lab.providers import Trade, address4, mail_provider, provider
from lab.web import Web, alerting, policy, raw, redirect


class Fetch(StrEnum):
    """What is wrong on the way to the policy file."""

    SOUND = "sound"
    NO_ADDRESS = "no-address"
    REFUSED = "refused"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    ALERT = "alert"  # the server has no certificate for the name, and says so
    NOT_TLS = "not-tls"
    NAME_MISMATCH = "name-mismatch"
    EXPIRED = "expired"
    SELF_SIGNED = "self-signed"
    UNTRUSTED = "untrusted"
    INCOMPLETE = "incomplete"
    NOT_FOUND = "not-found"
    SERVER_ERROR = "server-error"
    REDIRECT = "redirect"
    CUT_OFF = "cut-off"
    HTML = "html"
    NO_MODE = "no-mode"
    BAD_VERSION = "bad-version"


class Cover(StrEnum):
    """How the patterns differ from the mail hosts."""

    ALL = "all"
    SOME = "some"
    LABELS = "labels"
    TYPO = "typo"
    TLD = "tld"
    STS_LABEL = "mta-sts-label"
    DOMAIN = "domain"


class Promise(NamedTuple):
    """One domain's policy. Only for domains with something like a record."""

    third: str | None  # the name that `mta-sts.` is an alias of, at a provider
    fetch: Fetch
    mode: str
    max_age: int  # -1: no number
    cover: Cover


_PLACES: Final = {Fetch.REFUSED: REFUSING, Fetch.SILENT: DEAF, Fetch.UNREACHABLE: FAR}
_NO_HOST: Final = frozenset({"unknown", "null-mx", "none", "junk"})


def promise_of(facts: Facts, *, seed: int, profile: Profile) -> Promise | None:
    """What the domain promises; None without a record."""
    if not facts.exists or facts.sts is Sts.NONE:
        return None
    u = drawn("promise", facts.domain, seed=seed, profile=profile)
    third = u[0] < profile.policy_third_party
    failing = profile.fetch_fails_third if third else profile.fetch_fails_self
    kinds = profile.fetch_third if third else profile.fetch_self
    fetch = Fetch(kinds.pick(u[2])) if u[1] < failing else Fetch.SOUND
    company = mail_provider(profile, u[3])
    if company.trade is not Trade.MAIL:
        company = provider(Trade.MAIL, 1)
    label = facts.domain.replace(".", "-").replace("_", "-")[:50].strip("-")
    return Promise(
        third=f"{label}.sts.{company.domain}" if third and fetch not in (*_PLACES, Fetch.NO_ADDRESS) else None,
        fetch=fetch,
        mode=profile.policy_mode.pick(u[4]),
        max_age=profile.policy_max_age.pick(u[5]),
        cover=_cover(facts, profile, u[6], u[7]),
    )


def _cover(facts: Facts, profile: Profile, u_miss: float, u_kind: float) -> Cover:
    if u_miss < profile.policy_mx_mismatch:
        return Cover(profile.policy_mismatch.pick(u_kind))
    hosts = {target for _, target in facts.mx if target != "."}
    if u_miss > 1 - profile.policy_partial and len(hosts) > 1:
        return Cover.SOME
    return Cover.ALL


def policy_address(domain: str, promise: Promise) -> str | None:
    """Where the policy host of the domain's own zone is; None for one that has no address."""
    if promise.fetch is Fetch.NO_ADDRESS:
        return None
    return _PLACES.get(promise.fetch) or address4(f"mta-sts.{domain}")


def patterns(facts: Facts, promise: Promise) -> tuple[str, ...]:
    """The policy's mx lines. A domain without mail hosts promises its own name."""
    hosts = [target for _, target in sorted(facts.mx) if target != "."] or [facts.domain]
    if promise.cover is Cover.SOME:
        return (hosts[0],)
    if promise.cover is Cover.ALL:
        return tuple(dict.fromkeys(hosts))
    first = hosts[0]
    head, _, tail = first.rpartition(".")
    return {
        Cover.LABELS: (f"relay-of-old.{first}",),
        Cover.TYPO: (f"{head}x.{tail}",),
        Cover.TLD: (f"{head}.{'org' if tail != 'org' else 'net'}",),
        Cover.STS_LABEL: (f"mta-sts.{facts.domain}",),
        Cover.DOMAIN: ("elsewhere-altogether.example-hosting.com",),
    }[promise.cover]


def web_of(facts: Facts, promise: Promise) -> Web:
    """What an HTTPS server shows who asks for the policy host by name."""
    name = f"mta-sts.{facts.domain}"
    text = _text(facts, promise)
    leaf = _LEAVES.get(promise.fetch, good)(name)
    if promise.fetch is Fetch.ALERT:
        return Web(instead=alerting(112))
    if promise.fetch is Fetch.NOT_TLS:
        return Web(instead=raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    scripts = {
        Fetch.NOT_FOUND: policy("not here", status="404 Not Found"),
        Fetch.SERVER_ERROR: policy("sorry", status="503 Service Unavailable"),
        Fetch.REDIRECT: redirect(f"https://www.{facts.domain}/"),
        Fetch.CUT_OFF: raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nversion: STSv1\n"),
        Fetch.HTML: policy("<!doctype html><title>Welcome</title>", media="text/html"),
    }
    return Web(leaf=leaf, script=scripts.get(promise.fetch) or policy(text))


def _text(facts: Facts, promise: Promise) -> str:
    version = "STSv2" if promise.fetch is Fetch.BAD_VERSION else "STSv1"
    mode = "" if promise.fetch is Fetch.NO_MODE else f"mode: {promise.mode}\n"
    age = "soon" if promise.max_age < 0 else str(promise.max_age)
    mx = "".join(f"mx: {pattern}\n" for pattern in patterns(facts, promise))
    return f"version: {version}\n{mode}{mx}max_age: {age}\n"


_LEAVES: Final = {
    Fetch.NAME_MISMATCH: lambda name: Leaf(names=(name.removeprefix("mta-sts."),)),
    Fetch.EXPIRED: lambda name: Leaf(names=(name,), to_day=-1),
    Fetch.SELF_SIGNED: lambda name: Leaf(names=(name,), issuer="self", sent=("leaf",)),
    Fetch.UNTRUSTED: lambda name: Leaf(names=(name,), issuer="other", sent=("leaf", "intermediate", "root")),
    Fetch.INCOMPLETE: lambda name: Leaf(names=(name,), sent=("leaf",)),
}
