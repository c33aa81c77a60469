"""One domain's MTA-STS evidence, judged: record, fetch, certificate, text, and the mail hosts (RFC 8461).

Pure: evidence and a store in, a `PolicyVerdict` out. Texts are read by ``crawler.standards.mtasts``, chains by
``crawler.standards.pkix``, at the time of the look. Reading and writing tables is ``judge``.

A stage behind a failed one is judged all the same where there is evidence of it: a policy
behind a bad certificate has a mode, too. Only `state`, `stage` and `rule` say what counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analysis import rules
from analysis.rules import Stage
from analysis.verdicts import Coverage, Mismatch, PolicyVerdict, Problem, State, Uncovered
from crawler.standards import mtasts, pkix
from crawler.standards.mtasts import Policy, Record
from crawler.standards.readings import Reading
from crawler.visited import FetchOutcome

TYPO = 3  # edit distance up to which a pattern is a slip of the pen (Ashiq et al. 2025)
_UNCOVERED = 64
_QUOTED = 80
_KNOWN = frozenset({"secure", "insecure"})
#: Fetches that say nothing about the policy: whoever looks again, or from elsewhere, may see it.
_OPEN = frozenset({
    FetchOutcome.DNS_FAILED, FetchOutcome.TCP_NOT_TRIED, FetchOutcome.TCP_UNREACHABLE, FetchOutcome.TCP_TIMEOUT,
    FetchOutcome.TLS_TIMEOUT, FetchOutcome.HTTP_TIMEOUT,
})  # fmt: skip
_HTTP_200 = 200
_TOO_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})  # RFC 8461 section 7.2, RFC 8996
Registrable = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the tables hold of one domain that announces a policy, rightly or not."""

    domain: str
    txt_outcome: str
    txt_security: str
    txt: Sequence[str]
    mail: str
    mx_security: str
    mx_hosts: Sequence[Mapping[str, Any]]
    policy: Mapping[str, Any] | None  # of the row of table policies at its latest look; observed_at in microseconds


def judge(found: Evidence, store: pkix.Store | None, registrable: Registrable) -> PolicyVerdict:
    """The verdict on one domain."""
    record = mtasts.read_records([octets(text) for text in found.txt])
    known = found.txt_security in _KNOWN and found.txt_outcome == "answer"
    row = found.policy
    chain = _certificate(row, store)
    text = _policy(row)
    state, stage, cause, rule = _decide(found, record, known=known, chain=chain, text=text)
    policy = (text.strict or text.lenient) if text is not None else None
    coverage, uncovered = _coverage(policy, found, registrable)
    announced = record.strict or record.lenient
    return PolicyVerdict(
        domain=found.domain,
        rules=rules.VERSION,
        state=state,
        stage=stage,
        cause=cause,
        rule=rule,
        record=record.strict is not None if known else None,
        record_lenient=known and record.lenient is not None,
        record_flaw=str(record.problem.flaw) if record.problem is not None else None,
        policy_id=announced.id if announced is not None and known else None,
        certificate=tuple(map(str, chain.flaws)) if chain is not None else None,
        plain_text=mtasts.is_plain_text(row["media_type"] or "") if row and row["status"] is not None else None,
        policy=text.strict is not None if text is not None else None,
        policy_lenient=text is not None and text.lenient is not None,
        problems=_problems(text),
        mode=str(policy.mode) if policy is not None else None,
        max_age=policy.max_age if policy is not None else None,
        mx=tuple(map(clean, policy.mx)) if policy is not None else (),
        coverage=coverage,
        uncovered=uncovered,
    )


def _decide(
    found: Evidence,
    record: Reading[Record],
    *,
    known: bool,
    chain: pkix.Verdict | None,
    text: Reading[Policy] | None,
) -> tuple[State, Stage, str | None, str]:
    """The first stage that fails, in the order in which a sender meets them."""
    if not known:
        return State.UNKNOWN, Stage.RECORD, "lookup-failed", "STS-RECORD-UNKNOWN"
    if record.strict is None:
        return State.FAILED, Stage.RECORD, str(record.problem.flaw if record.problem else ""), "STS-RECORD-INVALID"
    if found.policy is None:
        return State.UNKNOWN, Stage.DNS, "not-fetched", "STS-NOT-FETCHED"
    outcome = FetchOutcome(found.policy["outcome"])
    stage = Stage(outcome.value.partition("-")[0]) if outcome is not FetchOutcome.FETCHED else Stage.OK
    if stage in _BEFORE_A_SESSION:
        state = State.UNKNOWN if outcome in _OPEN else State.FAILED
        return state, stage, _cause(found.policy, outcome), _BEFORE_A_SESSION[stage][state]
    if found.policy["tls_version"] in _TOO_OLD:
        return State.FAILED, Stage.TLS, f"version {found.policy['tls_version']}", "STS-TLS"
    if chain is None:
        return State.UNKNOWN, Stage.CERTIFICATE, "no-store", "STS-CERTIFICATE-UNKNOWN"
    if chain.flaws:
        return State.FAILED, Stage.CERTIFICATE, str(chain.flaws[0]), "STS-CERTIFICATE"
    if stage is Stage.HTTP:
        state = State.UNKNOWN if outcome in _OPEN else State.FAILED
        return state, stage, _cause(found.policy, outcome), "STS-HTTP"
    if text is None or text.strict is None:
        problem = text.problem if text is not None else None
        return State.FAILED, Stage.SYNTAX, str(problem.flaw if problem else ""), "STS-SYNTAX"
    return State.USABLE, Stage.OK, None, "STS-OK"


_BEFORE_A_SESSION = {
    Stage.DNS: {State.UNKNOWN: "STS-DNS-UNKNOWN", State.FAILED: "STS-DNS-NO-ADDRESS"},
    Stage.TCP: dict.fromkeys(State, "STS-TCP"),
    Stage.TLS: dict.fromkeys(State, "STS-TLS"),
}


def _cause(row: Mapping[str, Any], outcome: FetchOutcome) -> str:
    """The outcome without its stage; an alert by its name, a status by its number."""
    word = outcome.value.partition("-")[2]
    if outcome is FetchOutcome.TLS_ALERT:
        return f"{word} {row['detail']}"
    if outcome in {FetchOutcome.HTTP_STATUS, FetchOutcome.HTTP_REDIRECT, FetchOutcome.HTTP_SERVER_ERROR}:
        return f"{word} {row['status']}"
    return word


def _certificate(row: Mapping[str, Any] | None, store: pkix.Store | None) -> pkix.Verdict | None:
    """The chain for the policy host, at the time of the look; None without a session or a store."""
    if row is None or row["tls_version"] is None or store is None:
        return None
    return pkix.judge(row["chain"], row["host"], store, datetime.fromtimestamp(row["observed_at"] / 1e6, UTC))


def _policy(row: Mapping[str, Any] | None) -> Reading[Policy] | None:
    """The text, if a whole body came with status 200."""
    if row is None or row["status"] != _HTTP_200 or row["outcome"] != FetchOutcome.FETCHED:
        return None
    return mtasts.read_policy(row["body"])


def _problems(text: Reading[Policy] | None) -> tuple[Problem, ...]:
    found = text.problems if text is not None else ()
    return tuple(Problem(str(one.flaw), one.line, clean(one.text)) for one in found)


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """A text of the network's without what could move a cursor or a reading direction, cut short."""
    return _CONTROL.sub("\ufffd", text[:_QUOTED])


_ESCAPED = re.compile(r"\\(\d{3})")


def octets(text: str) -> bytes:
    """The octets of a TXT record as the tables write it."""
    return _ESCAPED.sub(lambda match: chr(int(match[1]) & 0xFF), text).encode("latin-1", "replace")


# ---- mail hosts (section 4.1) ----


def _coverage(
    policy: Policy | None, found: Evidence, registrable: Registrable
) -> tuple[Coverage | None, tuple[Uncovered, ...]]:
    """Which mail hosts the patterns admit; the null MX is none."""
    if policy is None:
        return None, ()
    if found.mx_security not in _KNOWN or found.mail == "unknown":
        return Coverage.UNKNOWN, ()
    hosts = list(dict.fromkeys(one["host"] for one in found.mx_hosts if one["target"] != "null"))
    if not hosts or found.mail not in {"mx", "null-mx-mixed", "no-mx"}:
        return Coverage.NO_HOSTS, ()
    missed = [host for host in hosts if not any(mtasts.admits(pattern, host) for pattern in policy.mx)]
    if not missed:
        return Coverage.ALL, ()
    told = tuple(nearest(host, policy.mx, registrable) for host in missed[:_UNCOVERED])
    return (Coverage.NONE if len(missed) == len(hosts) else Coverage.SOME), told


def nearest(host: str, patterns: Iterable[str], registrable: Registrable) -> Uncovered:
    """The pattern that differs least from a host, and in what; an empty pattern where there is none."""
    told = [Uncovered(host, clean(pattern), mismatch(host, pattern, registrable)) for pattern in patterns]
    return min(
        told,
        key=lambda one: (_ORDER[one.kind], distance(host, one.pattern)),
        default=Uncovered(host, "", Mismatch.DOMAIN),
    )


_ORDER = {kind: place for place, kind in enumerate(Mismatch)}


def mismatch(host: str, pattern: str, registrable: Registrable) -> Mismatch:
    """In what a host differs from a pattern that does not admit it."""
    bare = pattern.lower().removeprefix("*.").strip(".")
    if bare.startswith("mta-sts."):
        return Mismatch.STS_LABEL
    ours, theirs = registrable(host), registrable(bare)
    if ours == theirs:
        return Mismatch.LABELS
    if ours.partition(".")[0] == theirs.partition(".")[0]:
        return Mismatch.TLD
    target = host.partition(".")[2] if pattern.startswith("*.") else host
    return Mismatch.TYPO if distance(target, bare) <= TYPO else Mismatch.DOMAIN


def distance(one: str, other: str) -> int:
    """The edit distance (Levenshtein) of two names, each cut at 253 characters."""
    one, other = one[:253], other[:253]
    above = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        line = [row]
        for column, right in enumerate(other, 1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (left != right)))
        above = line
    return above[-1]
