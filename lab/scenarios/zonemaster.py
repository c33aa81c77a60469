"""Zonemaster's faults of MX (test case Zone09), rebuilt: what each zone's mail comes to, and how the tables show it.

Zonemaster asks every server and tells what it finds of each; a census asks as a sender does,
and finds what the first server that answers has. Which servers differ is `--per-server`'s to
say (`agreement`). Zonemaster's zones that are the root, a TLD or below ``arpa`` are left out,
for those are no domains to measure; its two kinds of mixed TTL are here, though no fault of mail.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab import behaviours as b
from lab.scenarios.disagreement import ALIKE, TWO
from lab.scenarios.scenario import HOST, MAIL, Classes, Copy, Make, Scenario, Site, sound

PLAIN = "answer insecure no-ds"
ONE_MX = {"mx": PLAIN, "mail": "mx"}
NOT_ALL_TOLD = dict.fromkeys(("MX", "signed", "dates"), "unknown")
MAIL_FOUND = Classes("insecure", "mx", "none")
TWO_MX = MAIL + "@ MX 20 mx2\nmx2 A 45.99.0.2\n"


def _zone(
    tag: str, name: str, claim: str, row: Mapping[str, object], agreement: Mapping[str, str], /, *,
    records: str = MAIL, classes: Classes = MAIL_FOUND, servers: tuple[Make, ...] = TWO, other: Copy | None = None,
) -> Scenario:  # fmt: skip
    """An unsigned zone with two servers; `other` is the second one's copy."""
    domain = f"z09-{name}.org"
    site = Site(apex=domain, records=records, signing=None, servers=servers, copies={2: other} if other else {})
    return Scenario(
        claim=f"Zonemaster's {tag}: {claim}", domain=domain, sites=(site,), classes=classes, row=row,
        agreement=ALIKE | dict(agreement),
    )  # fmt: skip


def _mx(behaviour: b.Behaviour) -> b.Behaviour:
    return behaviour.only("MX")


#: What a domain has depends on whom one happens to ask, so it is in no world whose servers are asked by chance.
BY_CHANCE = _zone(
    "INCONSISTENT_MX",
    "inconsistent",
    "one server has MX, the other has none",
    ONE_MX,
    {"MX": "differ"},
    other=Copy(records=HOST),
)

SCENARIOS: tuple[Scenario, ...] = (
    _zone("NO_RESPONSE_MX_QUERY", "one-silent", "one server does not answer for MX, the other does",
          ONE_MX, NOT_ALL_TOLD, servers=(lambda: [_mx(b.silent())], sound)),
    _zone("NO_SERVERS_MX_RESPONSE", "all-silent", "no server answers: unknown, never no mail",
          {"mx": "timeout indeterminate lookup-failed", "mail": "unknown", "mx_hosts": []}, NOT_ALL_TOLD,
          classes=Classes("insecure", "unknown", "unknown", "unknown", "unknown"),
          servers=(lambda: [_mx(b.silent())], lambda: [_mx(b.silent())])),
    _zone("UNEXPECTED_RCODE_MX", "rcode", "one server says SERVFAIL, the other that there is no MX",
          {"mx": "nodata insecure no-ds", "mail": "no-mx"}, NOT_ALL_TOLD, records=HOST,
          classes=Classes("insecure", "no-mail", "not-applicable"), servers=(lambda: [_mx(b.servfail())], sound)),
    _zone("NON_AUTH_MX_RESPONSE", "non-auth", "an answer without the AA bit is an answer (some servers forget it)",
          ONE_MX, {}, servers=(lambda: [_mx(b.not_authoritative())], sound)),
    _zone("INCONSISTENT_MX_DATA (1)", "data-1", "one server has two MX records, the other one of them",
          ONE_MX, {"MX": "differ"}, records=TWO_MX, other=Copy()),
    _zone("INCONSISTENT_MX_DATA (2)", "data-2", "the same host under another preference",
          ONE_MX, {"MX": "differ"}, other=Copy(records="@ MX 20 mx" + HOST)),
    _zone("INCONSISTENT_MX_DATA (3)", "data-3", "the same two hosts in another order",
          ONE_MX, {"MX": "differ"}, records=TWO_MX, other=Copy(records=TWO_MX.replace("MX 20", "MX 5"))),
    _zone("MIXED-TTL (1)", "ttl-1", "the same MX under another TTL is the same MX",
          ONE_MX, {}, other=Copy(records="@ 60 MX 10 mx" + HOST)),
    _zone("NULL_MX_WITH_OTHER_MX", "null-other", "the null MX beside another",
          {"mx": PLAIN, "mail": "null-mx-mixed"}, {}, records=MAIL + "@ MX 0 .",
          classes=Classes("insecure", "null-mx-mixed", "none")),
    _zone("NULL_MX_NON_ZERO_PREF", "null-pref", "a null MX with a preference is none (RFC 7505 section 3)",
          {"mx": PLAIN, "mail": "null-mx-mixed", "mx_hosts": [(10, ".", "null")]}, {}, records="@ MX 10 .",
          classes=Classes("insecure", "null-mx-mixed", "none")),
    _zone("VALID_NULL_MX", "null", "a null MX as it should be",
          {"mx": PLAIN, "mail": "null-mx"}, {}, records="@ MX 0 .",
          classes=Classes("insecure", "null-mx", "not-applicable")),
    _zone("MISSING_MAIL_EXCHANGE", "none", "no MX, and no address at the name",
          {"mx": "nodata insecure no-ds", "mail": "no-mx"}, {}, records=HOST,
          classes=Classes("insecure", "no-mail", "not-applicable")),
    _zone("MX_DATA", "sound", "nothing is wrong", ONE_MX, {}),
)  # fmt: skip
