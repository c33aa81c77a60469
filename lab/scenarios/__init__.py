"""Hand-written scenarios: a domain built, broken on purpose, and its truth beside it, all in one world.

The truth is written by hand, never computed, and in the words of the tables: a column's
name and what it must hold. An answer is written ``outcome security reason``. The classes
(`Classes`) are the words of the statistics. Scenarios by kind: ``signatures`` (DNSSEC of
zones and RRsets), ``servers`` (what name servers do), ``mail`` (MX, hosts, TLSA, records),
``policies`` (policy files and their hosts), ``talks`` (what mail hosts say), ``matches`` (what
they show, and DANE), ``disagreement`` (servers of one zone that differ). Catalogues of others,
rebuilt: ``zonemaster`` (its faults of MX), ``faults`` (extended-dns-errors.com), ``canary``
(rootcanary's matrix).
"""

from __future__ import annotations

from lab.scenarios import canary, disagreement, faults, mail, matches, policies, servers, signatures, talks, zonemaster
from lab.scenarios.scenario import Classes, Scenario, Site, build

SCENARIOS: tuple[Scenario, ...] = (
    *signatures.SCENARIOS,
    *servers.SCENARIOS,
    *mail.SCENARIOS,
    *policies.SCENARIOS,
    *talks.SCENARIOS,
    *matches.SCENARIOS,
    *disagreement.SCENARIOS,
    *zonemaster.SCENARIOS,
    *faults.SCENARIOS,
    *canary.SCENARIOS,
)

__all__ = ["SCENARIOS", "Classes", "Scenario", "Site", "build"]
