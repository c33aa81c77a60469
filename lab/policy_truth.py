"""What a measurer ought to find of a domain's MTA-STS policy, told from its facts alone (RFC 8461).

The lab's own reading, as in ``truth``: nothing of the crawler or the analysis is used. The order of the stages is that
in which a sender meets them: record, addresses, connection, TLS, certificate, HTTP, text.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lab.facts import BOGUS, Facts, Sts
from lab.promises import Cover, Fetch, Promise, patterns


class PolicyTruth(NamedTuple):
    """The verdict on a domain with something like a record."""

    state: str  # usable, failed, unknown
    stage: str  # where the way to the policy ends
    cause: str | None
    mode: str | None  # of the policy, if anybody gets one to read, whatever is wrong before it
    max_age: int | None
    coverage: str | None


_RECORD: Final = {
    Sts.BAD_ID: "bad-id",
    Sts.NO_ID: "missing-id",
    Sts.BAD_VERSION: "no-record",  # v=STSv1.0 is no record of version 1
    Sts.BAD_EXTENSION: "extension-name",
    Sts.TWO_RECORDS: "several-records",
}
#: state, stage and cause of what goes wrong on the way
_FETCH: Final = {
    Fetch.NO_ADDRESS: ("failed", "dns", "no-address"),
    Fetch.REFUSED: ("failed", "tcp", "refused"),
    Fetch.SILENT: ("unknown", "tcp", "timeout"),
    Fetch.UNREACHABLE: ("unknown", "tcp", "unreachable"),
    Fetch.ALERT: ("failed", "tls", "alert unrecognized_name"),
    Fetch.NOT_TLS: ("failed", "tls", "not-tls"),
    Fetch.NAME_MISMATCH: ("failed", "certificate", "name-mismatch"),
    Fetch.EXPIRED: ("failed", "certificate", "expired"),
    Fetch.SELF_SIGNED: ("failed", "certificate", "self-signed"),
    Fetch.UNTRUSTED: ("failed", "certificate", "untrusted-root"),
    Fetch.INCOMPLETE: ("failed", "certificate", "incomplete"),
    Fetch.NOT_FOUND: ("failed", "http", "status 404"),
    Fetch.SERVER_ERROR: ("failed", "http", "server-error 503"),
    Fetch.REDIRECT: ("failed", "http", "redirect 301"),
    Fetch.CUT_OFF: ("failed", "http", "closed"),
    Fetch.HTML: ("failed", "syntax", "html"),
    Fetch.NO_MODE: ("failed", "syntax", "missing-mode"),
    Fetch.BAD_VERSION: ("failed", "syntax", "bad-version"),
}
#: A body comes, and it is a policy, but nobody may believe it.
_READ_ALL_THE_SAME: Final = (
    Fetch.SOUND, Fetch.NAME_MISMATCH, Fetch.EXPIRED, Fetch.SELF_SIGNED, Fetch.UNTRUSTED, Fetch.INCOMPLETE,
)  # fmt: skip


def policy_truth(facts: Facts, promise: Promise | None) -> PolicyTruth | None:
    """None where no verdict is due: no record, or no server that would show one."""
    if promise is None or facts.fault is not None:
        return None
    if facts.chain in BOGUS:  # neither the record nor the host's addresses may be believed
        return PolicyTruth("unknown", "record", "lookup-failed", None, None, None)
    readable = promise.fetch in _READ_ALL_THE_SAME and promise.max_age >= 0
    text = (promise.mode, promise.max_age, _coverage(promise)) if readable else (None, None, None)
    if facts.sts is not Sts.VALID:
        return PolicyTruth("failed", "record", _RECORD[facts.sts], *text)
    if promise.max_age < 0 and promise.fetch in (Fetch.SOUND, Fetch.NO_MODE):  # told before what is missing
        return PolicyTruth("failed", "syntax", "bad-max-age", *text)
    if promise.fetch is not Fetch.SOUND:
        return PolicyTruth(*_FETCH[promise.fetch], *text)
    if any("_" in pattern for pattern in patterns(facts, promise)):
        return PolicyTruth("failed", "syntax", "mx-syntax", *text)
    return PolicyTruth("usable", "ok", None, *text)


def _coverage(promise: Promise) -> str:
    return {Cover.ALL: "all", Cover.SOME: "some"}.get(promise.cover, "none")
