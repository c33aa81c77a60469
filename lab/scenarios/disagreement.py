"""Scenarios about name servers of one zone that do not say the same; what `--per-server` must make of it.

The domains' own verdicts stay what they were: a resolver that finds one good answer has it.
"""

from __future__ import annotations

from lab import behaviours as b
from lab import breakage
from lab.scenarios.scenario import HOST, MAIL, NSEC, Classes, Copy, Make, Scenario, Site, sound
from lab.signer import Signing

TWO: tuple[Make, ...] = (sound, sound)
UNSIGNED = Classes("insecure", "mx", "none")
SIGNED = Classes("secure", "mx", "full")
#: What an unsigned zone with two servers comes to where nothing is wrong; it has no DNSKEY, and both say so.
ALIKE = {"SOA": "agree", "serial": "agree", "MX": "agree", "DNSKEY": "agree", "signed": "agree", "dates": "nothing"}
ALL_ALIKE = ALIKE | {"dates": "agree"}


def _scenario(
    claim: str, name: str, agreement: dict[str, str], *, signing: Signing | None = None,
    servers: tuple[Make, ...] = TWO, copies: dict[int, Copy] | None = None,
) -> Scenario:  # fmt: skip
    domain = f"{name}.se"
    state = "insecure no-ds" if signing is None else "secure chain"
    site = Site(apex=domain, records=MAIL, signing=signing, servers=servers, copies=copies or {})
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(site,),
        classes=UNSIGNED if signing is None else SIGNED,
        row={"mx": f"answer {state}", "zone_security": state.partition(" ")[0]},
        hosts={f"mx.{domain}": {"a": f"answer {state}", "tlsa_initial": f"answer {state}"}},
        agreement=agreement,
    )


def _all(word: str) -> dict[str, str]:
    return dict.fromkeys(ALIKE, word)


SCENARIOS: tuple[Scenario, ...] = (
    _scenario("two servers that agree", "agreeing", ALIKE),
    _scenario("two servers that agree, signed", "agreeing-signed", ALL_ALIKE, signing=NSEC),
    _scenario("one server is behind: another serial, the same mail", "behind",
              ALIKE | {"SOA": "differ", "serial": "differ"}, copies={2: Copy(serial=0)}),
    _scenario("one server has another MX under the same serial", "other-mx", ALIKE | {"MX": "differ"},
              copies={2: Copy(records="@ MX 20 mx" + HOST)}),
    _scenario("one server's copy has run out of date: its signatures are expired", "half-expired",
              ALL_ALIKE | {"dates": "differ"}, signing=NSEC, copies={1: Copy(broken=lambda: [breakage.expired()])}),
    _scenario("one server's copy is signed for a time to come", "half-early", ALL_ALIKE | {"dates": "differ"},
              signing=NSEC, copies={1: Copy(broken=lambda: [breakage.not_yet_valid()])}),
    _scenario("one server leaves the signatures out", "half-bare", ALL_ALIKE | {"signed": "differ"}, signing=NSEC,
              servers=(lambda: [b.do_ignored()], sound)),
    _scenario("one server refuses: whether they agree is not known", "one-refuses", _all("unknown"),
              servers=(lambda: [b.refused()], sound)),
    _scenario("one server is silent, the other two differ all the same", "one-silent",
              _all("unknown") | {"MX": "differ"},
              servers=(sound, sound, lambda: [b.silent()]), copies={2: Copy(records="@ MX 20 mx" + HOST)}),
    _scenario("one server alone cannot disagree", "lonely", _all("one-server"), signing=NSEC, servers=(sound,)),
)  # fmt: skip
