"""Vectors of DANE, OpenSSL's danetest among them, read as RFC 7672 reads TLSA for SMTP.

What a vector expects is what OpenSSL found, but for the two places where SMTP
differs: usages 0 and 1 authenticate nobody (section 3.1.3), and DANE-EE looks at
no name (section 3.1.1). Compared are the usable records, whether the server is
authenticated, and the depth of the match. The time is ``now`` of the vector (ISO
8601), else of the file, else the clock's, as OpenSSL's own runner has it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.standards.tlsa import Outcome, Tlsa, Usage, authenticate, usable

Case = Mapping[str, Any]
#: Faults of the name, which DANE-EE does not have.
_NAME_FAULTS = {"X509_V_ERR_HOSTNAME_MISMATCH"}


def run(path: Path) -> tuple[int, int]:
    """Run a file; each disagreement is printed."""
    file = json.loads(path.read_text(encoding="utf-8"))
    clock = datetime.now(UTC)
    agreed = 0
    for case in file["cases"]:
        said = case.get("now") or file.get("now")
        differences = disagreements(case, datetime.fromisoformat(said).astimezone(UTC) if said else clock)
        agreed += not differences
        for difference in differences:
            print(f"{case['id']}: {difference}")
    return agreed, len(file["cases"])


def disagreements(case: Case, now: datetime) -> list[str]:
    """What is not as the vector has it."""
    records = [Tlsa(r["usage"], r["selector"], r["mtype"], bytes.fromhex(r["data"])) for r in case["tlsa"]]
    chain = [_der(pem) for pem in case["chain_pem"]]
    verdict = authenticate(records, chain, [case["base_domain"]], now)
    wanted_records = case["smtp_rfc7672"]["usable_records"]
    found = []
    if list(usable(records)) != wanted_records:
        found.append(f"usable are {list(usable(records))}, the vector has {wanted_records}")
    outcome, depths = expected(case)
    if verdict.outcome is not outcome:
        found.append(f"{outcome} expected ({case['expect']['verify_name']}), but {verdict}")
    elif outcome is Outcome.AUTHENTICATED and verdict.depth not in depths:
        found.append(f"depth {verdict.depth}, the vector has {sorted(depths)}")
    return found


def expected(case: Case) -> tuple[Outcome, set[int]]:
    """What OpenSSL's result becomes under RFC 7672, and the depths at which the match may be."""
    usable_records = set(case["smtp_rfc7672"]["usable_records"])
    if not case["tlsa"]:
        return Outcome.NONE, set()
    if not usable_records:
        return Outcome.UNUSABLE, set()
    expect = case["expect"]
    matched = [match for match in case["computed_raw_matches"] if match["record"] in usable_records]
    by_leaf = any(m["cert_depth"] == 0 and case["tlsa"][m["record"]]["usage"] == Usage.DANE_EE for m in matched)
    if expect["verify_name"] in _NAME_FAULTS and expect["match_depth"] == 0 and by_leaf:
        return Outcome.AUTHENTICATED, {0}
    if expect["verify_result"] != 0:
        return Outcome.FAILED, set()
    if all(record["usage"] in {Usage.DANE_TA, Usage.DANE_EE} for record in case["tlsa"]):
        return Outcome.AUTHENTICATED, {expect["match_depth"]}
    # OpenSSL may have matched one of the records that SMTP leaves out.
    depths = {match["cert_depth"] for match in matched}
    return (Outcome.AUTHENTICATED if depths else Outcome.FAILED), depths


def _der(pem: str) -> bytes:
    """The octets between the lines of dashes."""
    return base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
