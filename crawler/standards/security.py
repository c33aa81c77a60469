"""The four DNSSEC states, the closed list of reasons for them, and their EDE codes (RFC 4035 section 4.3, RFC 8914).

Only vocabulary lives here. Finding the reason is the work of ``dnssec`` and
``denial`` (pure) and of ``resolver/validate`` (which walks the chain of trust).
"""

from __future__ import annotations

from enum import StrEnum


class Security(StrEnum):
    """What the chain of trust says of an RRset (RFC 4035 section 4.3)."""

    SECURE = "secure"  # signed, and the chain reaches a trust anchor
    INSECURE = "insecure"  # a parent proves that no usable DS exists
    BOGUS = "bogus"  # ought to be signed, and the proof fails
    INDETERMINATE = "indeterminate"  # what would decide it could not be had


#: From best to worst: an alias chain is as good as its worst link.
ORDER = (Security.SECURE, Security.INSECURE, Security.INDETERMINATE, Security.BOGUS)
_RANK = {state: rank for rank, state in enumerate(ORDER)}


def worst(first: Security, second: Security) -> Security:
    """The worse of two states: the security of a chain of RRsets (RFC 7672 section 2.1.3)."""
    return first if _RANK[first] >= _RANK[second] else second


class Reason(StrEnum):
    """Why an RRset or a zone has its state; each reason belongs to exactly one state (`STATE`)."""

    # secure
    CHAIN = "chain"  # every link verified, from a trust anchor down
    REPORTED_SECURE = "reported-secure"  # the trusted resolver set the AD bit (only with --trust-ad)
    # insecure
    NO_DS = "no-ds"  # the parent proves that the delegation has no DS (RFC 4035 section 5.2)
    NO_DS_LISTED = "no-ds-listed"  # the registry's zone file has no DS, and the zone's servers send no signatures
    OPT_OUT = "opt-out"  # an NSEC3 opt-out span covers the delegation (RFC 5155 section 8.9)
    UNSUPPORTED_ALGORITHM = "unsupported-algorithm"  # DS records only for algorithms we do not validate
    UNSUPPORTED_DIGEST = "unsupported-digest"  # DS records only with digests we do not validate
    NSEC3_ITERATIONS = "nsec3-iterations"  # more iterations than we compute (RFC 9276 section 3.2)
    DENIAL_UNPROVED = "denial-unproved"  # a denial that decides nothing, taken as it came (docs/performance.md)
    NO_ANCHOR = "no-anchor"  # no trust anchor at or above the name
    REPORTED_INSECURE = "reported-insecure"  # the trusted resolver answered without it (only with --trust-ad)
    # bogus
    DS_MISMATCH = "ds-mismatch"  # no DNSKEY matches a usable DS
    ANCHOR_MISMATCH = "anchor-mismatch"  # no DNSKEY of the anchor's zone matches the trust anchor
    DNSKEY_MISSING = "dnskey-missing"  # DS exists, the zone answers that it has no DNSKEY
    NO_ZONE_KEY = "no-zone-key"  # the matching DNSKEY lacks the Zone Key flag or protocol 3 (RFC 4034 section 2.1)
    REVOKED_KEY = "revoked-key"  # the matching DNSKEY is revoked (RFC 5011 section 2.1)
    SIGNATURE_MISSING = "signature-missing"  # an RRset without RRSIG in a secure zone; DNSKEY: by a key that DS names
    SIGNATURE_EXPIRED = "signature-expired"
    SIGNATURE_NOT_YET_VALID = "signature-not-yet-valid"
    SIGNATURE_INVERTED = "signature-inverted"  # expires before its inception
    SIGNATURE_INVALID = "signature-invalid"  # the cryptographic check fails
    SIGNATURE_NO_KEY = "signature-no-key"  # no DNSKEY of the zone has the RRSIG's tag and algorithm
    SIGNATURE_MALFORMED = "signature-malformed"  # RRSIG rdata cut short, wrong labels, or wrong signer
    SIGNATURE_UNSUPPORTED = "signature-unsupported"  # signed only by algorithms we do not validate, in a secure zone
    WILDCARD_UNPROVEN = "wildcard-unproven"  # expanded from a wildcard without proof that nothing closer exists
    DENIAL_MISSING = "denial-missing"  # a negative answer without NSEC or NSEC3
    DENIAL_UNSIGNED = "denial-unsigned"  # NSEC or NSEC3 without RRSIG
    DENIAL_INVALID = "denial-invalid"  # NSEC or NSEC3 verified, but they do not prove what was answered
    TOO_MUCH_WORK = "too-much-work"  # more colliding keys, signatures or proofs than we try (KeyTrap, CVE-2023-50387)
    REPORTED_BOGUS = "reported-bogus"  # the trusted resolver says so (only with --trust-ad)
    # indeterminate
    LOOKUP_FAILED = "lookup-failed"  # the RRset itself could not be had
    CHAIN_LOOKUP_FAILED = "chain-lookup-failed"  # a DS or DNSKEY on the way could not be had


#: The state that each reason stands for.
STATE: dict[Reason, Security] = {
    Reason.CHAIN: Security.SECURE,
    Reason.REPORTED_SECURE: Security.SECURE,
    Reason.REPORTED_INSECURE: Security.INSECURE,
    Reason.NO_DS: Security.INSECURE,
    Reason.NO_DS_LISTED: Security.INSECURE,
    Reason.OPT_OUT: Security.INSECURE,
    Reason.UNSUPPORTED_ALGORITHM: Security.INSECURE,
    Reason.UNSUPPORTED_DIGEST: Security.INSECURE,
    Reason.NSEC3_ITERATIONS: Security.INSECURE,
    Reason.DENIAL_UNPROVED: Security.INSECURE,
    Reason.NO_ANCHOR: Security.INSECURE,
    Reason.LOOKUP_FAILED: Security.INDETERMINATE,
    Reason.CHAIN_LOOKUP_FAILED: Security.INDETERMINATE,
} | {
    reason: Security.BOGUS
    for reason in (
        Reason.DS_MISMATCH,
        Reason.ANCHOR_MISMATCH,
        Reason.DNSKEY_MISSING,
        Reason.NO_ZONE_KEY,
        Reason.REVOKED_KEY,
        Reason.SIGNATURE_MISSING,
        Reason.SIGNATURE_EXPIRED,
        Reason.SIGNATURE_NOT_YET_VALID,
        Reason.SIGNATURE_INVERTED,
        Reason.SIGNATURE_INVALID,
        Reason.SIGNATURE_NO_KEY,
        Reason.SIGNATURE_MALFORMED,
        Reason.SIGNATURE_UNSUPPORTED,
        Reason.WILDCARD_UNPROVEN,
        Reason.DENIAL_MISSING,
        Reason.DENIAL_UNSIGNED,
        Reason.DENIAL_INVALID,
        Reason.TOO_MUCH_WORK,
        Reason.REPORTED_BOGUS,
    )
}

#: The Extended DNS Error code that says the same (RFC 8914 section 4; 27 from RFC 9276). Absent: no code says it.
EDE: dict[Reason, int] = {
    Reason.UNSUPPORTED_ALGORITHM: 1,
    Reason.UNSUPPORTED_DIGEST: 2,
    Reason.NSEC3_ITERATIONS: 27,
    Reason.DS_MISMATCH: 9,
    Reason.ANCHOR_MISMATCH: 9,
    Reason.DNSKEY_MISSING: 9,
    Reason.NO_ZONE_KEY: 11,
    Reason.REVOKED_KEY: 9,
    Reason.SIGNATURE_MISSING: 10,
    Reason.SIGNATURE_EXPIRED: 7,
    Reason.SIGNATURE_NOT_YET_VALID: 8,
    Reason.SIGNATURE_INVERTED: 25,
    Reason.SIGNATURE_INVALID: 6,
    Reason.SIGNATURE_NO_KEY: 9,
    Reason.SIGNATURE_MALFORMED: 6,
    Reason.SIGNATURE_UNSUPPORTED: 1,
    Reason.WILDCARD_UNPROVEN: 12,
    Reason.DENIAL_MISSING: 12,
    Reason.DENIAL_UNSIGNED: 10,
    Reason.DENIAL_INVALID: 12,
    Reason.TOO_MUCH_WORK: 6,
    Reason.REPORTED_BOGUS: 6,
    Reason.LOOKUP_FAILED: 22,
    Reason.CHAIN_LOOKUP_FAILED: 5,
}
