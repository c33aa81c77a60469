"""What each statistic of a generated world has to say, counted from the lab's truths alone.

A statistic is a mapping from the key of a row (its first columns) to (numerator, denominator, unknown). Rows of the
unknown have a numerator alone. The definitions are those of data/README.md, written a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.truth import HostTruth, Truth

Figures = tuple[int, int | None, int | None]
Rows = dict[tuple[Any, ...], Figures]
UNKNOWN = frozenset({"unknown", "indeterminate", "not-measured"})
OPEN = UNKNOWN | {"untested", "temporary", "unreachable"}
MAIL = frozenset({"mx", "implicit", "null-mx-mixed"})
PUBLISHED = frozenset({"full", "partial"})


def has_mail(truth: Truth) -> bool | None:
    """None where the lab says that it cannot be known."""
    return None if truth.mail == "unknown" else truth.mail in MAIL


def usable_policy(truth: Truth) -> str:
    """The usable level of MTA-STS."""
    if truth.sts in {"none", "unknown"} or truth.policy is None:
        return str(truth.sts)
    state, stage, _, mode, *_ = truth.policy
    if state == "unknown":
        return "unknown"
    if stage == "record":
        return "record-invalid"
    if state == "failed":
        return "policy-invalid" if stage == "syntax" else "not-retrieved"
    return "off" if mode == "none" else str(mode)


def effective_policy(truth: Truth) -> str:
    """The effective level of MTA-STS."""
    level = usable_policy(truth)
    if level != "enforce" or truth.policy is None:
        return level
    return {"all": "covered", "some": "partly-covered", "none": "would-lose-mail"}[str(truth.policy.coverage)]


def shares(words: Iterable[str], *, open_: frozenset[str] = UNKNOWN, more: int = 0) -> Rows:
    """Each word's share of those that are known; `more` are unknown beside those that say so."""
    counts = Counter(words)
    unknown = sum(count for word, count in counts.items() if word in open_)
    known = counts.total() - unknown
    return {
        (word,): (count, None, None) if word in open_ else (count, known, unknown + more)
        for word, count in counts.items()
    }


def under(key: str, rows: Rows) -> Rows:
    """Rows with one more column in front."""
    return {(key, *rest): figures for rest, figures in rows.items()}


def mails(truths: Sequence[Truth]) -> tuple[list[Truth], int]:
    """Those with mail, and how many might have some."""
    return [one for one in truths if has_mail(one)], sum(has_mail(one) is None for one in truths)


def resolvable(truths: Sequence[Truth]) -> Rows:
    """The state of the MX look-up; an error is no state."""
    words = {"unknown": "unknown", "no-domain": "does-not-exist"}
    return shares(words.get(str(one.mail), "exists") for one in truths)


def mail_kinds(truths: Sequence[Truth]) -> Rows:
    """What names say about mail."""
    return shares(str(one.mail) for one in truths)


def dnssec_states(truths: Sequence[Truth]) -> Rows:
    """States of zones."""
    return shares(str(one.zone) for one in truths)


def dane(truths: Sequence[Truth]) -> Rows:
    """Published DANE over all hosts; names without mail have a numerator alone, too."""
    told = [str(one.dane) for one in truths if one.dane != "not-applicable"]
    none = len(truths) - len(told)
    return under("all hosts", shares(told) | ({("not-applicable",): (none, None, None)} if none else {}))


def dane_effective(truths: Sequence[Truth]) -> Rows:
    """The three levels."""
    mail, more = mails(truths)
    levels: Mapping[str, Callable[[Truth], object]] = {
        "published": lambda one: one.dane, "usable": lambda one: one.usable or one.dane,
        "effective": lambda one: one.effective or one.dane,
    }  # fmt: skip
    rows: Rows = {}
    for level, of in levels.items():
        rows |= under(level, shares((str(of(one)) for one in mail), open_=OPEN, more=more))
    return rows


def dane_fate(truths: Sequence[Truth]) -> Rows:
    """What comes of published DANE."""
    return shares((str(one.effective) for one in truths if one.dane in PUBLISHED), open_=OPEN)


def records(truths: Sequence[Truth], of: Callable[[Truth], object]) -> Rows:
    """A policy record over all names and over those with mail."""
    mail, more = mails(truths)
    return under("names", shares(str(of(one)) for one in truths)) | under(
        "with mail", shares((str(of(one)) for one in mail), more=more)
    )


def mta_sts_modes(truths: Sequence[Truth]) -> Rows:
    """The usable level over the domains with mail."""
    mail, more = mails(truths)
    return shares((usable_policy(one) for one in mail), more=more)


def mta_sts_effect(truths: Sequence[Truth]) -> Rows:
    """The effective level over those with a valid record."""
    mail, _ = mails(truths)
    return shares(effective_policy(one) for one in mail if one.sts == "valid")


def cross(truths: Sequence[Truth]) -> Rows:
    """DANE against MTA-STS, as published."""
    mail, more = mails(truths)
    counts = Counter((str(one.dane), str(one.sts)) for one in mail)
    unknown = sum(count for pair, count in counts.items() if set(pair) & UNKNOWN)
    known = counts.total() - unknown
    return {
        pair: (count, None, None) if set(pair) & UNKNOWN else (count, known, unknown + more)
        for pair, count in counts.items()
    }


def _answers(truth: Truth) -> dict[tuple[str, str], bool | None]:
    """The twelve questions of ``measured``; absent where a question does not apply."""
    mail = has_mail(truth)
    told: dict[tuple[str, str], bool | None] = {("mail", ""): mail}
    if truth.zone != "no-domain":
        told["dnssec", ""] = None if truth.zone in UNKNOWN else truth.zone == "secure"
    if mail is False:
        return told
    levels = ("published", "usable", "effective")
    dane_words = (truth.dane, truth.usable or truth.dane, truth.effective or truth.dane)
    for level, word, good in zip(levels, dane_words, (PUBLISHED, PUBLISHED, {"valid"}), strict=True):
        told["dane", level] = None if word in OPEN else str(word) in good
    sts = (str(truth.sts), usable_policy(truth), effective_policy(truth))
    for level, word, good in zip(levels, sts, ({"valid"}, {"enforce", "testing"}, {"covered"}), strict=True):
        told["mta-sts", level] = None if word in UNKNOWN else word in good
    told["tlsrpt", "published"] = None if truth.tlsrpt in UNKNOWN else truth.tlsrpt == "valid"
    for level in levels:
        both = {told["dane", level], told["mta-sts", level]}
        told["either", level] = True if True in both else None if None in both else False
    return told if mail else {key: value if key[0] in {"mail", "dnssec"} else None for key, value in told.items()}


def adoption(truths: Sequence[Truth], key: str) -> Rows:
    """A breakdown with one group."""
    counts: dict[tuple[str, str], Counter[bool | None]] = {}
    for one in truths:
        for question, answer in _answers(one).items():
            counts.setdefault(question, Counter())[answer] += 1
    return {(key, *q): (c[True], c[True] + c[False], c[None]) for q, c in counts.items()}


def levels(truths: Sequence[Truth]) -> Rows:
    """Which of the two a domain with mail has, at three levels."""
    mail, more = mails(truths)
    names = {(True, True): "both", (True, False): "DANE only", (False, True): "MTA-STS only", (False, False): "neither"}
    rows: Rows = {}
    for level in ("published", "usable", "effective"):
        pairs = [(told["dane", level], told["mta-sts", level]) for told in map(_answers, mail)]
        words = ("unknown" if None in pair else names[bool(pair[0]), bool(pair[1])] for pair in pairs)
        rows |= under(level, shares(words, more=more))
    return rows


def tlsrpt_of(truths: Sequence[Truth]) -> Rows:
    """TLSRPT among populations of the domains with mail."""
    mail, _ = mails(truths)
    groups = {
        "with mail": mail, "MTA-STS": [one for one in mail if one.sts == "valid"],
        "DANE": [one for one in mail if one.dane in PUBLISHED],
        "both": [one for one in mail if one.sts == "valid" and one.dane in PUBLISHED],
    }  # fmt: skip
    rows: Rows = {}
    for name, group in groups.items():
        unknown = sum(one.tlsrpt in UNKNOWN for one in group)
        if group:
            rows[name,] = (sum(one.tlsrpt == "valid" for one in group), len(group) - unknown, unknown)
    return rows


def _hosts(truths: Sequence[Truth]) -> dict[str, HostTruth]:
    return {host.host: host for one in truths for host in one.hosts}


def host_states(truths: Sequence[Truth]) -> Rows:
    """Distinct mail hosts by what they publish; a domain without MX is asked about as its own host."""
    states = {host: str(told.state) for host, told in _hosts(truths).items()}
    states |= {one.domain: "none" for one in truths if one.mail == "implicit"}
    states |= {one.domain: "no-address" for one in truths if one.mail == "no-mail"}
    return shares(states.values())


def parameters(truths: Sequence[Truth]) -> Rows:
    """Sets of TLSA parameters, each host once."""
    found: Counter[str] = Counter()
    for host in _hosts(truths).values():
        if host.tlsa:
            kinds = sorted({kind for kind in host.tlsa.split(", ") if kind != "malformed"})
            found[" + ".join(kinds) or "malformed only"] += 1
    unknown = sum(host.state in UNKNOWN and not host.tlsa for host in _hosts(truths).values())
    return {("host", kinds): (count, found.total(), unknown) for kinds, count in found.items()}


def record_flaws(truths: Sequence[Truth]) -> Rows:
    """What is wrong with records, of those that could be read."""
    told = [one.policy for one in truths if one.policy is not None]
    lost = sum(state == "unknown" and stage == "record" for state, stage, *_ in told)
    read = [policy for policy in told if not (policy.state == "unknown" and policy.stage == "record")]
    words = Counter(str(policy.cause) if policy.stage == "record" else "(good)" for policy in read)
    return {(word,): (count, len(read), lost) for word, count in words.items()}


def ages(truths: Sequence[Truth]) -> Rows:
    """How long usable policies may be kept."""
    day, bands = 86_400, ("to a week", "to two weeks", "to a month")
    found: Counter[tuple[str, str]] = Counter()
    for policy in (one.policy for one in truths if one.policy is not None and one.policy.state == "usable"):
        age = policy.max_age or 0
        ends = zip((7 * day, 14 * day, 31 * day), bands, strict=True)
        band = next((name for end, name in ends if age <= end), "below a year" if age < 31_557_600 else "a year")
        band = "below a day" if age < day else "a day" if age == day else band
        found[str(policy.mode), band] += 1
    return {key: (count, sum(n for (mode, _), n in found.items() if mode == key[0]), 0) for key, count in found.items()}


def by_name(truths: Sequence[Truth], tld: str) -> dict[str, Rows]:
    """Every statistic that the truth decides.

    `dane_ratio` is none of them: whether the denial of an implicit MX is secure hangs on the zone's NSEC3 iterations
    (RFC 9276 section 3.2), which a `Truth` does not tell.
    """
    sts_records = [one for one in truths if has_mail(one) and one.sts in {"valid", "invalid"}]
    mail, more = mails(truths)
    unsure = more + sum(one.sts in UNKNOWN for one in mail)
    return {
        "resolvable": resolvable(truths),
        "mail_kinds": mail_kinds(truths),
        "dnssec_states": dnssec_states(truths),
        "host_states": host_states(truths),
        "tlsa_parameters": parameters(truths),
        "dane": dane(truths),
        "dane_effective": dane_effective(truths),
        "dane_fate": dane_fate(truths),
        "mta_sts": records(truths, lambda one: one.sts),
        "mta_sts_by_tld": {(tld,): (len(sts_records), len(mail) + more - unsure, unsure)},
        "mta_sts_modes": mta_sts_modes(truths),
        "mta_sts_effect": mta_sts_effect(truths),
        "mta_sts_records": record_flaws(truths),
        "mta_sts_max_age": ages(truths),
        "tlsrpt": records(truths, lambda one: one.tlsrpt),
        "tlsrpt_of": tlsrpt_of(truths),
        "dane_mta_sts": cross(truths),
        "dane_mta_sts_levels": levels(truths),
        "by_tld": adoption(truths, tld),
        "by_weight": adoption(truths, "name"),
    }
