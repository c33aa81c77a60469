"""What the lab wrote against what a run found: every verdict of every name, one by one.

The truth is the lab's, from its facts alone; the verdicts are those of the views in
``analysis``. Neither shares code with the other, and this module only puts them side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from analysis.warehouse import Warehouse, open_run
from lab.population import Population

DIFFERENCES = 20  # lines at most
CLASSES = ("dnssec", "mail", "dane", "mta_sts", "tlsrpt")
#: Verdicts on a policy, with the column of ``policy_verdicts`` that holds each.
POLICY = {
    "policy": "state", "policy stage": "stage", "policy cause": "cause", "policy mode": "mode",
    "policy max_age": "max_age", "policy coverage": "coverage",
}  # fmt: skip
USABLE, EFFECT = "DANE usable", "DANE effective"
_POLICIES = "select domain, state, stage, cause, mode, max_age, coverage from policy_verdicts"  # as in `POLICY`

Verdicts = Mapping[tuple[str, str], str]  # (whose, which verdict) -> the verdict


def compare(truth: Verdicts, found: Verdicts) -> int:
    """How many verdicts are as written; those that are not are printed."""
    wrong = sorted((key, word, found.get(key, "missing")) for key, word in truth.items() if found.get(key) != word)
    for (whose, verdict), written, seen in wrong[:DIFFERENCES]:
        print(f"DIFFERS: {whose}: {verdict} is written {written}, observed {seen}")
    print(f"truth: {len(truth) - len(wrong):,} of {len(truth):,} verdicts as written")
    return len(truth) - len(wrong)


def observed(warehouse: Warehouse) -> dict[tuple[str, str], str]:
    """Every verdict of a run, as the views give it."""
    verdicts: dict[tuple[str, str], str] = {}
    classes = "select domain, dnssec_class, mail_class, dane_class, sts_class, tlsrpt_class from domain_class"
    for domain, *words in warehouse.query(classes).rows:
        verdicts |= {(domain, verdict): str(word) for verdict, word in zip(CLASSES, words, strict=True)}
    effects = "select domain, usable, effective from dane_effect where published in ('full', 'partial')"
    for domain, usable, effective in warehouse.query(effects).rows:
        verdicts |= {(domain, USABLE): str(usable), (domain, EFFECT): str(effective)}
    for domain, *words in warehouse.query(_POLICIES).rows:
        verdicts |= {(domain, verdict): str(word) for verdict, word in zip(POLICY, words, strict=True)}
    for host, state, combination in warehouse.query("select host, host_state, combination from host_class").rows:
        verdicts[host, "TLSA state"] = str(state)
        verdicts[host, "TLSA parameters"] = combination or "none"
    return verdicts


def written(world: Population, names: Iterable[str], *, talked: bool = False) -> Verdicts:
    """Every verdict on these names of a generated world, and on their mail hosts; `talked`: these were talked to."""
    verdicts: dict[tuple[str, str], str] = {}
    for truth in map(world.truth, names):
        words = (truth.zone, truth.mail, truth.dane, truth.sts, truth.tlsrpt)
        verdicts |= {(truth.domain, verdict): str(word) for verdict, word in zip(CLASSES, words, strict=True)}
        if truth.dane in {"full", "partial"}:
            verdicts[truth.domain, USABLE] = str(truth.usable)
            if talked:
                verdicts[truth.domain, EFFECT] = str(truth.effective)
        if truth.policy is not None:
            verdicts |= {(truth.domain, v): str(word) for v, word in zip(POLICY, truth.policy, strict=True)}
        for host in truth.hosts:
            verdicts[host.host, "TLSA state"] = str(host.state)
            verdicts[host.host, "TLSA parameters"] = _combination(host.tlsa)
    return verdicts


def _combination(kinds: str) -> str:
    """The lab's list of parameters in the words of the statistics: distinct, sorted, the malformed left out."""
    if not kinds:
        return "none"
    parsed = {kind for kind in kinds.split(", ") if kind != "malformed"}
    return " + ".join(sorted(parsed)) or "malformed only"


def check(world: Population, names: Iterable[str], run: Path, *, talked: bool = False) -> None:
    """Prints how many verdicts on the names of a finished run are as the lab wrote them."""
    with open_run(run) as warehouse:
        compare(written(world, names, talked=talked), observed(warehouse))
