"""One domain of a run, explained: what was found, each verdict with its rule, what senders get, what to mend first.

Everything is read from the views and verdicts of the run; nothing is judged here but which findings of ``advice``
hold.
`told` is the text for people, `Explained` the same for programs. Whatever came from the network is written through
``export.clean``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from analysis.advice import ADVICE, Advice, Weight
from analysis.export import clean
from analysis.rules import RULES
from analysis.warehouse import Warehouse

PROTECTED, FINDINGS, UNKNOWN = 0, 1, 3  # exit statuses
_SENDERS = {
    "plain": "knows neither", "dane": "knows DANE", "mta-sts": "knows MTA-STS", "both": "knows both",
}  # fmt: skip
_LACKING = {"none", "mx-insecure", "not-applicable", "unknown", "not-measured"}
_STOPPED = {"mismatch", "name-mismatch", "expired", "bad-path", "one-certificate"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of advice, and what it is about here."""

    advice: Advice
    where: str = ""


@dataclass(slots=True)
class Explained:
    """What a run knows of a domain: the rows of its views, and what follows."""

    domain: str
    classes: dict[str, Any]
    answers: dict[str, Any]
    hosts: list[dict[str, Any]]
    talks: list[dict[str, Any]]
    policy: dict[str, Any]
    effect: dict[str, Any]
    senders: dict[str, dict[str, Any]]
    findings: list[Finding] = field(default_factory=list)

    @property
    def status(self) -> int:
        """0 protected, 1 findings, 3 not known."""
        weights = {finding.advice.weight for finding in self.findings}
        if Weight.PROBLEM in weights:
            return FINDINGS
        return UNKNOWN if Weight.UNKNOWN in weights else PROTECTED

    def record(self) -> dict[str, Any]:
        """For programs: as JSON wants it."""
        return {
            "domain": self.domain, "status": {0: "protected", 1: "findings", 3: "unknown"}[self.status],
            "classes": self.classes, "mail_hosts": self.hosts, "conversations": self.talks, "policy": self.policy,
            "dane": self.effect, "senders": {name: one["outcome"] for name, one in self.senders.items()},
            "findings": [
                {"id": one.advice.id, "weight": one.advice.weight, "words": one.advice.words, "where": one.where,
                 "fix": one.advice.fix, "rfc": one.advice.rfc}
                for one in self.findings
            ],
        }  # fmt: skip


def explain(run: Warehouse, domain: str) -> Explained | None:
    """All of a domain; None if the run does not have it."""
    classes = _one(run, "select * exclude (tags) from domain_class where domain = ?", domain)
    if classes is None:
        return None
    answers = _one(run, _ANSWERS, domain) or {}
    hosts = run.query(_HOSTS, (domain,)).records()
    talks = run.query(_TALKS, (domain,)).records()
    policy = _one(run, _POLICY, domain) or {}
    effect = _one(run, "select published, usable, effective from dane_effect where domain = ?", domain) or {}
    senders = {row["sender"]: row for row in run.query(_SENDER, (domain,)).records()}
    found = Explained(domain, classes, answers, hosts, talks, policy, effect, senders)
    about: dict[str, list[str]] = {}
    for finding in _findings(found):
        about.setdefault(finding.advice.id, []).append(finding.where)
    found.findings = [
        Finding(advice, "; ".join(dict.fromkeys(filter(None, about[name]))))
        for name, advice in ADVICE.items()
        if name in about
    ]
    return found


_ANSWERS = """
    select mx.outcome as mx_outcome, mx.security as mx_security, mx.reason as mx_reason, zone, zone_security,
        zone_reason, mta_sts.outcome as sts_outcome, mta_sts.security as sts_security, mta_sts_txt, tlsrpt_txt,
        list_transform(ds_set, lambda d: d.algorithm || '/' || d.digest_type) as ds
    from domains where domain = ?
"""
_HOSTS = """
    select m.preference, m.host, m.target, m.host_state::varchar as state, h.address_security, l.addresses,
        h.combination, h.place, h.ttl, h.hidden_node, m.has_address,
        coalesce(l.tlsa_expanded.reason, l.tlsa_initial.reason) as tlsa_reason
    from mail_route as m left join host_class as h using (host) left join hosts as l using (host)
    where m.domain = ? order by m.preference, m.host
"""
_TALKS = """
    select distinct v.host, v.address, v.contact::varchar as contact, p.state, v.dane, v.rule, v.reason, v.near_misses,
        v.certificate, v.issuer, e.outcome, e.code, e.text, e.tls_version
    from mail_route as m join endpoint_verdicts as v using (host) join endpoints as e using (endpoint)
    left join dane_pair as p on p.domain = m.domain and p.host = v.host and p.address = v.address
    where m.domain = ? order by v.host, v.address
"""
_POLICY = """
    select p.usable::varchar as usable, p.effective::varchar as effective, p.state, p.stage, p.cause, p.rule,
        p.record_flaw, p.policy_id, p.mode, p.max_age, p.coverage, p.uncovered, v.problems, v.mx, p.hosting, p.hosted_at
    from policy_class as p left join policy_verdicts as v using (domain) where p.domain = ?
"""
_SENDER = """
    select s.sender, s.outcome::varchar as outcome, min(h.host) as decides
    from sender as s left join sender_host as h on h.domain = s.domain and h.preference = s.preference
        and s.outcome::varchar = case s.sender when 'plain' then h.plain when 'dane' then h.dane
            when 'mta-sts' then h.mta_sts else h.both_ end
    where s.domain = ? group by all
"""


def _one(run: Warehouse, sql: str, domain: str) -> dict[str, Any] | None:
    rows = run.query(sql, (domain,)).records()
    return rows[0] if rows else None


def _findings(found: Explained) -> Iterator[Finding]:
    dnssec, mail = str(found.classes["dnssec_class"]), str(found.classes["mail_class"])
    if mail == "no-domain":
        yield Finding(ADVICE["NO-DOMAIN"])
        return
    if dnssec == "bogus":
        yield Finding(ADVICE["DNSSEC-BOGUS"], str(found.answers.get("zone_reason", "")))
    elif dnssec == "island":
        yield Finding(ADVICE["DNSSEC-ISLAND"])
    elif dnssec in {"indeterminate", "not-measured"}:
        yield Finding(ADVICE["NOT-SEEN"], f"DNSSEC: {found.answers.get('zone_reason', 'not measured')}")
    if mail in {"unknown", "not-measured"} and dnssec != "bogus":
        yield Finding(ADVICE["NOT-SEEN"], f"MX: {found.answers.get('mx_outcome', 'not measured')}")
    if found.classes["has_mail"]:
        yield from _of_mail(found)
        yield from _of_policy(found)
        if found.classes["tlsrpt_class"] in {"none", "invalid"}:
            yield Finding(ADVICE["TLSRPT-NONE"])


def _of_mail(found: Explained) -> Iterator[Finding]:
    named = [host for host in found.hosts if host["target"] in {"host", "implicit"}]
    if not named or all(host["has_address"] is False for host in named):
        yield Finding(ADVICE["MAIL-NO-HOST"])
    published, effective = str(found.effect["published"]), str(found.effect["effective"])
    if published == "partial":
        without = ", ".join(host["host"] for host in named if host["state"] in {"none", "unsigned", "no-address"})
        yield Finding(ADVICE["DANE-PARTIAL"], f"without: {without}")
    if published == "mx-insecure":
        yield Finding(ADVICE["DANE-MX-INSECURE"])
    if str(found.effect["usable"]) == "unusable-only":
        yield Finding(ADVICE["DANE-UNUSABLE"])
    for host in named:
        yield from _of_host(host)
    yield from _of_talks(found, published, effective)
    sure = published == "full" or str(found.policy.get("effective")) == "covered"
    open_ = {published, str(found.policy.get("usable"))} & {"unknown", "not-measured"}
    if not sure and not open_ and published != "partial":
        yield Finding(ADVICE["UNPROTECTED"])


def _of_host(host: dict[str, Any]) -> Iterator[Finding]:
    name = host["host"]
    if host["state"] == "unsigned":
        yield Finding(ADVICE["TLSA-UNSIGNED"], name)
    elif host["state"] in {"unknown", "not-measured"}:
        yield Finding(ADVICE["NOT-SEEN"], f"TLSA or addresses of {name}: {host['tlsa_reason'] or 'not measured'}")
    elif host["state"] == "secure":
        kinds = (host["combination"] or "").split(" + ")
        slips = [f"selector 0 ({kind})" for kind in kinds if kind.split(" ")[1:2] == ["0"]]
        slips += [f"TTL {host['ttl']:,}"] if host["ttl"] is not None and not 1_800 <= host["ttl"] <= 3_600 else []
        slips += [f"usage {kind[0]}" for kind in kinds if kind[:1] in {"0", "1"}]
        if slips:
            yield Finding(ADVICE["TLSA-ADVICE"], f"{name}: {', '.join(slips)}")
        if host["hidden_node"]:
            yield Finding(ADVICE["TLSA-HIDDEN"], name)


def _of_talks(found: Explained, published: str, effective: str) -> Iterator[Finding]:
    enforced = str(found.policy.get("usable")) == "enforce"
    for talk in found.talks:
        where = f"{talk['host']} at {talk['address']}"
        if talk["state"] in _STOPPED:
            near = f"; would match with another {', '.join(talk['near_misses'])}" if talk["near_misses"] else ""
            yield Finding(ADVICE["DANE-STOPS-MAIL"], f"{where}: {talk['reason']} ({talk['rule']}){near}")
        elif talk["state"] in {"no-starttls", "tls-failed"}:
            yield Finding(ADVICE["DANE-NO-STARTTLS"], where)
        elif talk["contact"] in {"no-starttls", "tls-failed"}:
            yield Finding(ADVICE["PLAINTEXT"], f"{where}: {talk['outcome']}")
        elif talk["contact"] in {"temporary", "unreachable", "not-tried"}:
            yield Finding(ADVICE["NOT-SEEN"], f"{where}: {talk['outcome']}")
        if enforced and talk["contact"] == "tls" and talk["certificate"]:
            yield Finding(ADVICE["STS-MX-CERTIFICATE"], f"{where}: {', '.join(talk['certificate'])}")
    if (not found.talks and (published in {"full", "partial"} or enforced)) or (
        effective == "untested" and published not in _LACKING
    ):
        yield Finding(ADVICE["NOT-TALKED"])


def _of_policy(found: Explained) -> Iterator[Finding]:
    policy = found.policy
    cause = " ".join(str(policy[key]) for key in ("stage", "cause") if policy.get(key) is not None)
    match str(policy.get("usable")):
        case "record-invalid":
            yield Finding(ADVICE["STS-RECORD"], str(policy["record_flaw"] or ""))
        case "not-retrieved":
            yield Finding(ADVICE["STS-FETCH"], cause)
        case "policy-invalid":
            slips = (f"line {one['line']}: {one['flaw']}" for one in policy["problems"] or ())
            yield Finding(ADVICE["STS-POLICY"], ", ".join(slips) or cause)
        case "testing":
            yield Finding(ADVICE["STS-TESTING"])
        case "unknown":
            yield Finding(ADVICE["NOT-SEEN"], f"MTA-STS: {cause or found.answers.get('sts_outcome')}")
    uncovered = ", ".join(f"{one['host']} (nearest: {one['pattern']})" for one in policy.get("uncovered") or ())
    if str(policy.get("effective")) == "would-lose-mail":
        yield Finding(ADVICE["STS-LOSES-MAIL"], uncovered)
    elif str(policy.get("effective")) == "partly-covered":
        yield Finding(ADVICE["STS-SOME-HOSTS"], uncovered)


# --- for people ------------------------------------------------------------------------------------------------------


def told(found: Explained) -> str:
    """The text for people: a paragraph for each layer, what senders get, then what to mend, most pressing first."""
    lines = [found.domain, *(f"  {title:<9} {clean(text)}" for title, text in _layers(found))]
    if found.senders and found.classes["has_mail"]:
        lines += ["", "  What a sender gets that"]
        for name, words in _SENDERS.items():
            one = found.senders.get(name)
            if one is not None:
                by = f", decided by {clean(one['decides'])}" if one["decides"] else ""
                lines.append(f"    {words:<15} {one['outcome']}{by}")
    lines += ["", f"  {_verdict(found)}"]
    for number, finding in enumerate(found.findings, 1):
        advice = finding.advice
        where = f" [{clean(finding.where)}]" if finding.where else ""
        lines.append(f"    {number}. {advice.words}{where}")
        lines.append(f"       {advice.weight}, {advice.id}, RFC {advice.rfc}. {advice.fix}")
    return "\n".join(lines) + "\n"


def _verdict(found: Explained) -> str:
    problems = sum(one.advice.weight is Weight.PROBLEM for one in found.findings)
    if found.status == FINDINGS:
        return f"To be mended ({problems} problem{'s' if problems != 1 else ''}), the most pressing first:"
    if found.status == UNKNOWN:
        return "Not everything could be seen:"
    if not found.classes["has_mail"]:
        return "No mail is received here: nothing to protect."
    return "Protected." if not found.findings else "Protected. It could be better:"


def _layers(found: Explained) -> Iterator[tuple[str, str]]:
    classes, answers = found.classes, found.answers
    ds = f"; DS of algorithm/digest {', '.join(answers['ds'])}" if answers.get("ds") else ""
    yield "DNSSEC", f"{classes['dnssec_class']} ({classes['dnssec_reason'] or 'not measured'}){ds}"
    mx = f"; its MX RRset is {answers['mx_security']} ({answers['mx_reason']})" if answers else ""
    yield "Mail", f"{classes['mail_class']}{mx}"
    for host in found.hosts:
        addresses = ", ".join(host["addresses"] or ()) or "no address"
        if host["target"] not in {"host", "implicit"}:
            yield "Host", f"{host['preference']} {host['host'] or '.'}: {host['target']}, no host"
            continue
        yield "Host", f"{host['preference']} {host['host']}: {addresses} ({host['address_security']})"
        records = f"{host['combination']}, TTL {host['ttl']}" if host["combination"] else "none"
        yield "", f"TLSA {records}: {host['state']}"
        for talk in found.talks:
            if talk["host"] == host["host"]:
                yield "", f"port 25 at {talk['address']}: {_talk(talk)}"
    effect = found.effect
    yield "DANE", f"published {effect['published']}, usable {effect['usable']}, at port 25 {effect['effective']}"
    yield from _policy_told(found)


def _talk(talk: dict[str, Any]) -> str:
    said = f" {talk['code']} {talk['text'][:60]}" if talk["code"] is not None and talk["contact"] != "tls" else ""
    if talk["contact"] != "tls":
        return f"{talk['outcome']}{said}"
    rule = RULES.get(talk["rule"])
    dane = f"; DANE: {rule.words} ({rule.id}, RFC {rule.rfc})" if rule is not None and talk["dane"] else ""
    pki = "vouched for" if talk["certificate"] == [] else ", ".join(talk["certificate"] or ("not judged",))
    return f"{talk['tls_version']}, certificate of {talk['issuer']}; by the public PKI: {pki}{dane}"


def _policy_told(found: Explained) -> Iterator[tuple[str, str]]:
    policy, answers = found.policy, found.answers
    rule = RULES.get(str(policy.get("rule")))
    text = str(policy.get("usable", "unknown"))
    if rule is not None:
        text += f": {rule.words} ({rule.id}, RFC {rule.rfc})"
    yield "MTA-STS", text
    for txt in answers.get("mta_sts_txt") or ():
        yield "", f"TXT {txt[:200]}"
    if policy.get("mode"):
        hosted = f", hosted by {policy['hosted_at']}" if policy["hosted_at"] else ""
        yield "", f"mode {policy['mode']}, max_age {policy['max_age']}, mx {', '.join(policy['mx'] or ())}{hosted}"
    yield "TLSRPT", str(found.classes["tlsrpt_class"])
