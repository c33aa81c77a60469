"""What scenarios about mail hosts are made of: a domain, a host or two, TLSA records of what they show, and the truth.

One domain each, in a signed zone, mostly with one host `mx` at an address of its own. Truth is the row of
``endpoints``, the verdict on it, the effective class of the domain, and what each kind of sender gets.
"""

from __future__ import annotations

from itertools import count

from lab.mta import Mta
from lab.pki import Leaf
from lab.scenarios.scenario import Classes, Scenario, Site
from lab.web import Web, policy

_NUMBER = count(1)
Row = dict[str, object]
VALID: Row = {"contact": "tls", "dane": "authenticated"}
#: What may be otherwise in an hour: nobody can say what a sender gets then.
PASSING = ("temporary", "unreachable")
NO_TALK: Row = {"dane": None, "reason": None}


def new_address() -> str:
    number = next(_NUMBER)
    return f"45.96.{number >> 8}.{number & 255}"


def senders(plain: str, dane: str, sts: str | None = None, both: str | None = None) -> dict[str, str]:
    return {"plain": plain, "dane": dane, "mta-sts": sts or plain, "both": both or dane}


def case(
    name: str, claim: str, mta: Mta, tlsa: str, row: Row, judged: Row, effective: str, gets: dict[str, str],
    *, at: str | None = None, dane: str = "full", extra: str = "", sts: str = "none", web: Web | None = None,
) -> Scenario:  # fmt: skip
    """One host. `tlsa`: the records, one a line, `$` for the host's address; `row`: of its endpoint."""
    address, domain = at or new_address(), f"m-{name}.org"
    lines = "".join(f"_25._tcp.mx TLSA {line}\n" for line in associated(tlsa, address))
    records = f"@ MX 10 mx\nmx A {address}\n{lines}{extra}"
    key = f"mx.{domain} {address}"
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(Site(apex=domain, records=records),),
        classes=Classes("secure", "mx", dane, sts),
        row={},
        web=web,
        mtas={address: mta},
        endpoints={key: row},
        judged={key: judged},
        effect={"effective": effective, **gets},
    )


def associated(tlsa: str, address: str) -> list[str]:
    """Records one by one: see `scenario.ASSOCIATION`; what begins with `=` stands as it is."""
    parts = filter(None, (part.strip() for part in tlsa.split(",")))
    return [one[1:] if one.startswith("=") else f"$[{one} {address}]" for one in parts]


def leaf_for(name: str, **more: object) -> Leaf:
    return Leaf(**{"names": (f"mx.m-{name}.org",)} | more)  # type: ignore[arg-type]


def good(name: str, claim: str, tlsa: str, **judged: object) -> Scenario:
    leaf = judged.pop("leaf", leaf_for(name))
    return case(name, claim, Mta(leaf=leaf), tlsa, {"outcome": "tls"}, {**VALID, **judged}, "valid",  # type: ignore[arg-type]
                 senders("encrypted", "authenticated"))  # fmt: skip


def bad(name: str, claim: str, tlsa: str, effective: str, **judged: object) -> Scenario:
    leaf = judged.pop("leaf", leaf_for(name))
    return case(name, claim, Mta(leaf=leaf), tlsa, {"outcome": "tls"}, {"contact": "tls", "dane": "failed", **judged},  # type: ignore[arg-type]
                 effective, senders("encrypted", "deferred"))  # fmt: skip


def said(name: str, claim: str, outcome: str, effective: str, mta: Mta, plain: str = "deferred", *,
          at: str | None = None, **row: object) -> Scenario:  # fmt: skip
    """A conversation that ends before TLS; the host has TLSA records of a certificate that nobody sees."""
    gets = senders("unknown", "unknown") if effective in PASSING else senders(plain, "deferred")
    contact = {"no-starttls": "no-starttls", "tls-failed": "tls-failed"}.get(effective, effective)
    return case(name, claim, mta, f"=3 1 1 {'ab' * 32}", {"outcome": outcome, **row}, {"contact": contact, **NO_TALK},
                 effective, gets, at=at)  # fmt: skip


def two_hosts(name: str, claim: str, first: Mta, second: Mta, tlsa: str, other: str, effective: str,
              gets: dict[str, str], *, dane: str = "full", equal: bool = False) -> Scenario:  # fmt: skip
    """Two hosts, with records each."""
    one, two, domain = new_address(), new_address(), f"m-{name}.org"
    lines = [f"_25._tcp.mx TLSA {line}" for line in associated(tlsa, one)]
    lines += [f"_25._tcp.mx2 TLSA {line}" for line in associated(other, two)]
    records = "\n".join([f"@ MX 10 mx\n@ MX {10 if equal else 20} mx2\nmx A {one}\nmx2 A {two}", *lines])
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(Site(apex=domain, records=records),),
        classes=Classes("secure", "mx", dane),
        row={},
        mtas={one: first, two: second},
        endpoints={f"mx.{domain} {one}": {"host": f"mx.{domain}"}, f"mx2.{domain} {two}": {"host": f"mx2.{domain}"}},
        effect={"effective": effective, **gets},
    )


def with_policy(name: str, claim: str, mta: Mta, tlsa: str, mode: str, pattern: str, effective: str,
                gets: dict[str, str], dane: str = "full") -> Scenario:  # fmt: skip
    """One host, and an MTA-STS policy."""
    domain = f"m-{name}.org"
    text = f"version: STSv1\nmode: {mode}\nmx: {pattern.format(domain)}\nmax_age: 86400\n"
    return case(name, claim, mta, tlsa, {"outcome": "tls"}, {"contact": "tls"}, effective, gets, dane=dane,
                 sts="valid",
                 extra='_mta-sts TXT "v=STSv1; id=1"\nmta-sts A 45.98.0.1\n',
                 web=Web(leaf=Leaf(names=(f"mta-sts.{domain}",)), script=policy(text)))  # fmt: skip
