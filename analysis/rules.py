"""The rules that verdicts name: ids that stay, with what each one means and the section it rests on.

Data only. ``judge`` applies them; every verdict row carries the id of the rule that fired and
the version of all of them. The version changes with every change of meaning, in ``judge`` or in
what it reads texts and chains by (``standards``), so that verdicts of two versions are not mixed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

VERSION = "2026-11-27"


class Stage(StrEnum):
    """Where the way to a usable MTA-STS policy ends (Ashiq et al. 2025, section 4), in that order."""

    RECORD = "record"  # no valid record: whatever lies behind it, no sender asks for it
    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    CERTIFICATE = "certificate"
    HTTP = "http"
    SYNTAX = "syntax"
    OK = "ok"


class Rule(NamedTuple):
    """One rule: when it fires, and what it rests on."""

    id: str
    words: str
    rfc: str


RULES = {
    rule.id: rule
    for rule in (
        Rule("STS-RECORD-UNKNOWN", "the TXT look-up failed, or its answer is bogus or undecided", "8461 section 3.1"),
        Rule("STS-RECORD-INVALID", "not exactly one record, or it breaks the grammar", "8461 section 3.1"),
        Rule("STS-NOT-FETCHED", "the record is valid, and no fetch was made", "8461 section 3.3"),
        Rule("STS-DNS-UNKNOWN", "the policy host's addresses could not be had", "8461 section 3.3"),
        Rule("STS-DNS-NO-ADDRESS", "the policy host has no address", "8461 section 3.3"),
        Rule("STS-TCP", "no address of the policy host takes a connection", "8461 section 3.3"),
        Rule("STS-TLS", "no TLS session, or one below TLS 1.2", "8461 sections 3.3 and 7.2, 8996"),
        Rule("STS-CERTIFICATE", "the public PKI does not vouch for the policy host", "8461 section 3.3, 9525"),
        Rule("STS-CERTIFICATE-UNKNOWN", "no store of root certificates to judge by", "8461 section 3.3"),
        Rule("STS-HTTP", "no status 200 with a whole body of at most 64 KiB", "8461 section 3.3"),
        Rule("STS-SYNTAX", "the body breaks the grammar of policies", "8461 section 3.2"),
        Rule("STS-OK", "record, fetch and text are good", "8461 section 3"),
        Rule("DANE-EE-MATCH", "a DANE-EE record is of the leaf", "7672 section 3.1.1"),
        Rule("DANE-TA-MATCH", "a good path to an anchor that a DANE-TA record names", "7672 section 3.1.2"),
        Rule("DANE-TA-NAME", "a good path to an anchor, and no reference name in the leaf", "7672 section 3.2"),
        Rule("DANE-TA-PATH", "an anchor, and no good path to it", "7671 section 5.2"),
        Rule("DANE-NO-MATCH", "usable records, and none matches", "7672 section 2.2"),
        Rule("DANE-NO-CERTIFICATE", "the server showed no certificate", "7672 section 2.2"),
        Rule("DANE-UNUSABLE", "no usable record: TLS is a must, authentication is not asked", "7672 section 2.2"),
        Rule("DANE-NO-RECORD", "no secure TLSA record", "7672 section 2.2"),
        Rule("DANE-TLS-FAILED", "records, and no TLS session came of STARTTLS", "7672 section 2.2"),
        Rule("DANE-NO-STARTTLS", "records, and no STARTTLS: no delivery", "7672 section 2.2"),
        Rule("DANE-TEMPORARY", "records, and the host said 4xx", "5321 section 4.2.1"),
        Rule("DANE-REJECTED", "records, and the host turned us away or spoke no SMTP", "5321 section 4.2.1"),
        Rule("DANE-UNREACHABLE", "records, and no conversation", "5321 section 5.1"),
        Rule("DANE-NOT-TRIED", "records, and our own limits kept us away", "5321 section 5.1"),
    )
}
