"""What can be said to an administrator: findings with stable ids, what each one means, and what mends it.

Data only, in the order in which things should be mended: what stops mail or breaks a promise first, what is missing
next, advice last. ``explaining`` finds which of them hold for a domain.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Weight(StrEnum):
    """How much a finding matters."""

    PROBLEM = "problem"  # mail is stopped, or a protection that is promised or missing does not protect
    ADVICE = "advice"  # it works, and could be better
    UNKNOWN = "unknown"  # it could not be seen from here; not a fault by itself


class Advice(NamedTuple):
    """One finding."""

    id: str
    weight: Weight
    words: str
    fix: str
    rfc: str


_P, _A, _U = Weight.PROBLEM, Weight.ADVICE, Weight.UNKNOWN

ADVICE = {
    one.id: one
    for one in (
        Advice(
            "NO-DOMAIN", _P,
            "The name does not exist.",
            "Register it, or ask for the right one.",
            "2308 section 2.1",
        ),
        Advice(
            "DNSSEC-BOGUS", _P,
            "The zone's DNSSEC is broken: who validates gets no answer, and sends no mail.",
            "Mend the signatures or keys, or have the DS records removed until they are mended.",
            "4035 section 5",
        ),
        Advice(
            "DANE-STOPS-MAIL", _P,
            "The mail host shows a certificate that its TLSA records do not name: senders that know DANE do not "
            "deliver to it.",
            "Publish TLSA records of the certificate in use; add those of the next one at least two TTLs before it "
            "is put to use.",
            "7672 section 2.2, 7671 section 8.1",
        ),
        Advice(
            "DANE-NO-STARTTLS", _P,
            "The mail host has TLSA records and offers no TLS: senders that know DANE do not deliver to it.",
            "Switch STARTTLS on, or remove the TLSA records.",
            "7672 section 2.2",
        ),
        Advice(
            "DANE-UNUSABLE", _P,
            "None of the TLSA records is one that SMTP senders can use.",
            "Publish records with usage 3 (or 2), selector 1 and matching type 1: `3 1 1`.",
            "7672 section 3.1",
        ),
        Advice(
            "STS-LOSES-MAIL", _P,
            "The policy says enforce and admits none of the mail hosts: senders that heed MTA-STS do not deliver.",
            "Name the mail hosts in the policy's mx lines and change the record's id.",
            "8461 section 4.1",
        ),
        Advice(
            "STS-MX-CERTIFICATE", _P,
            "The policy says enforce, and the public PKI does not vouch for a mail host's certificate: senders that "
            "heed MTA-STS do not deliver to it.",
            "Have a certificate of a public authority that names the host.",
            "8461 section 4.2",
        ),
        Advice(
            "STS-SOME-HOSTS", _P,
            "The policy says enforce and does not admit every mail host.",
            "Name all mail hosts in the policy's mx lines and change the record's id.",
            "8461 section 4.1",
        ),
        Advice(
            "MAIL-NO-HOST", _P,
            "No mail host has an address: nobody can deliver.",
            "Give the mail hosts addresses, or publish a null MX if there is to be no mail.",
            "5321 section 5.1",
        ),
        Advice(
            "STS-RECORD", _P,
            "The MTA-STS record is not valid, so there is no policy.",
            "Publish exactly one TXT record at _mta-sts: `v=STSv1; id=20260101;`.",
            "8461 section 3.1",
        ),
        Advice(
            "STS-FETCH", _P,
            "The policy is announced and cannot be had.",
            "Serve it at https://mta-sts.<domain>/.well-known/mta-sts.txt, with a certificate for that name, status "
            "200 and no redirect.",
            "8461 section 3.3",
        ),
        Advice(
            "STS-POLICY", _P,
            "The policy file is not a valid policy.",
            "Write version, mode, max_age and mx lines as the RFC has them.",
            "8461 section 3.2",
        ),
        Advice(
            "DANE-MX-INSECURE", _P,
            "Mail hosts have TLSA records, and the domain itself is not signed: senders do not look at them.",
            "Sign the domain's own zone and have its DS record published.",
            "7672 section 2.2.1",
        ),
        Advice(
            "DANE-PARTIAL", _P,
            "Some mail hosts have TLSA records and others do not: an attacker picks the others.",
            "Publish TLSA records for every mail host, or remove the hosts that cannot have any.",
            "7672 section 2.2",
        ),
        Advice(
            "TLSA-UNSIGNED", _P,
            "A mail host has TLSA records that are not signed: they count for nothing.",
            "Sign the zone of the mail host's name and of its addresses.",
            "7672 section 2.2.2",
        ),
        Advice(
            "DNSSEC-ISLAND", _P,
            "The zone is signed and its parent has no DS record: nobody can validate it.",
            "Give the DS record to the registrar.",
            "4035 section 5.2",
        ),
        Advice(
            "PLAINTEXT",
            _P,
            "A mail host takes mail without TLS only: whoever sits between reads it.",
            "Switch STARTTLS on.",
            "3207",
        ),
        Advice(
            "UNPROTECTED", _P,
            "Nothing protects mail on its way here from who sits between: neither DANE nor an enforced MTA-STS "
            "policy.",
            "Publish TLSA records if the zones are signed; else an MTA-STS policy.",
            "7672 section 1.3, 8461 section 1",
        ),
        Advice(
            "STS-TESTING", _A,
            "The policy is in mode testing: it is reported on, and protects nothing.",
            "Read the reports, then change the mode to enforce and the record's id.",
            "8461 section 5",
        ),
        Advice(
            "TLSA-ADVICE", _A,
            "TLSA records that work and do not follow the advice.",
            "Prefer `3 1 1`, with a TTL from 1,800 to 3,600 seconds.",
            "7671 sections 4 and 8",
        ),
        Advice(
            "TLSA-HIDDEN", _A,
            "The name server says that _tcp below the mail host does not exist, though there are records below it: "
            "resolvers that minimise names lose them.",
            "Update the name server.",
            "8020 section 2",
        ),
        Advice(
            "TLSRPT-NONE", _A,
            "Nobody is told when TLS to this domain fails: there is no valid TLSRPT record.",
            "Publish a TXT record at _smtp._tls: `v=TLSRPTv1; rua=mailto:...`.",
            "8460 section 3",
        ),
        Advice(
            "NOT-SEEN", _U,
            "Something could not be seen from here, and is not judged.",
            "Look again later, or from elsewhere.",
            "7672 section 2.1.2",
        ),
        Advice(
            "NOT-TALKED", _U,
            "Nobody was talked to at port 25: whether certificates match is not known.",
            "Ask again with --smtp, from where port 25 is open.",
            "7672 section 3",
        ),
    )
}  # fmt: skip
