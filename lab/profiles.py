"""What a generated population looks like: every rate as a parameter, with the two profiles `GTLD` and `CC`.

Each number is either published or an assumption; assumptions are marked [A], and
tests vary them. Rates are shares of 1. Drawing from a profile is ``facts``.

A third profile, `ODD`, is like no population: what is rare is common in it, so that a few hundred names hold every
kind of thing that a million names of the others do. A fourth, `STS`, is what a list of MTA-STS domains is like.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lab.chance import Weighted, weighted


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rates of one kind of population; the parent of every share is named."""

    name: str
    era: int = 1  # see ``eras``
    moving: float = 0.05  # of names, at each layer in each later era: drawn anew [A]

    # mail
    absent: float = 0.004  # of names: NXDOMAIN at the registry [A]
    mx: float  # of names: any MX RRset (Schaumann 2023)
    null_mx: float  # of names: `0 .` alone
    null_mx_mixed: float = 0.0005  # of names: the null MX beside others [A]
    junk_mx: float  # of names: localhost, an address or a single label
    implicit: float = 0.75  # of names without MX: an address at the apex [A]
    hosts: Weighted[int]  # MX hosts per domain (11 stands for more than ten)
    self_hosted: float  # of MX domains
    head: tuple[float, ...]  # of MX domains that are not self-hosted: shares of the largest providers
    zipf: float = 1.1  # exponent of the tail of small providers
    providers: int = 4000  # mail providers in all [A]
    alias_host: float = 0.01  # of self-hosted MX domains: one host is a CNAME [A]
    dead_host: float = 0.01  # of self-hosted MX domains: one host has no address [A]
    ipv6: float = 0.4  # of self-hosted MX domains: hosts have AAAA [A]

    # DNSSEC
    signed: float  # of names: DS present
    islands: float  # of zones with DNSKEY: no DS
    bogus: float  # of names with DS
    bogus_kind: Weighted[str]
    unsupported: float = 0.001  # of names with DS: only algorithms or digests that nobody validates [A]
    algorithm: Weighted[int]  # 7 stands for 5 where the zone denies by NSEC
    nsec: float  # of signed zones; the others use NSEC3
    compact: float = 0.6  # of NSEC zones: compact denial (RFC 9824)
    iterations: Weighted[int]
    opt_out: float = 0.05  # of NSEC3 zones [A]

    # name servers
    lame: float  # of names: no server of the zone is of use
    lame_kind: Weighted[str]
    one_bad: float  # of names: one of several servers fails [A]
    own_dns: float = 0.15  # of names: servers within the zone itself [A]
    servers: Weighted[int]  # name servers per zone [A]

    # TLSA
    tlsa: float  # of MX domains: TLSA at one MX host or more
    tlsa_insecure: float  # of those: the MX RRset is insecure
    tlsa_partial: float  # of those: not at every host
    tlsa_head: tuple[float, ...]  # of TLSA domains: shares of the largest DANE providers; the rest is self-hosted
    tlsa_kind: Weighted[str]  # parameters, per RRset
    tlsa_ttl: Weighted[int]
    tlsa_servfail: float = 0.001  # of self-hosted TLSA domains
    ent_bug: float = 0.0005  # of self-hosted TLSA domains: `_tcp` answered with NXDOMAIN [A]

    # MTA-STS and TLSRPT records
    sts: float  # of MX domains
    sts_invalid: float = 0.005  # of records
    sts_flaw: Weighted[str]
    sts_alias: float = 0.2  # of records: reached by CNAME at a provider [A]
    sts_beside: float = 0.02  # of records: another TXT beside it [A]
    tlsrpt: float  # of MX domains
    tlsrpt_of_sts: float = 0.65  # of MX domains with an MTA-STS record
    tlsrpt_invalid: float = 0.01  # of records [A]
    dane_and_sts: float = 0.05  # of the largest DANE provider's domains: it sets up MTA-STS too [A]

    # mail servers
    mail_manner: Weighted[str]  # of addresses that are no large provider's: what they do before TLS [A]
    mail_misshown: float = 0.08  # of hosts of a domain's own: the certificate is not as it should be [A]
    mail_shown: Weighted[str]  # of those (Lee et al. 2020: 70 % stale; Ashiq et al. 2025)

    # policies
    policy_third_party: float = 0.53
    fetch_fails_self: float = 0.378
    fetch_fails_third: float = 0.049
    policy_mode: Weighted[str]
    policy_max_age: Weighted[int]
    policy_mx_mismatch: float = 0.027
    policy_mismatch: Weighted[str]  # of those
    policy_partial: float = 0.02  # of policies of domains with several mail hosts [A]
    fetch_self: Weighted[str]  # of fetches that fail, where the domain hosts its policy
    fetch_third: Weighted[str]  # likewise, where a provider does

    # what follows from the rest
    mx_kind: Weighted[str] = field(init=False)  # of names with MX
    island_of_unsigned: float = field(init=False)  # of names without DS, those with DNSKEY
    tlsa_of_signed: float = field(init=False)  # of MX domains with DS, those with TLSA
    tlsa_of_unsigned: float = field(init=False)  # of MX domains without DS, those at a provider with TLSA
    tlsrpt_without_sts: float = field(init=False)  # of MX domains without MTA-STS record, those with TLSRPT

    def __post_init__(self) -> None:
        special = {"null-mx": self.null_mx, "junk": self.junk_mx, "null-mx-mixed": self.null_mx_mixed}
        object.__setattr__(self, "mx_kind", weighted(special | {"mx": self.mx - sum(special.values())}))
        unsigned = 1 - self.signed
        odds = self.islands / (1 - self.islands)
        for name, share, whole in (
            ("island_of_unsigned", odds * self.signed, unsigned),
            ("tlsa_of_signed", self.tlsa * (1 - self.tlsa_insecure), self.signed),
            ("tlsa_of_unsigned", self.tlsa * self.tlsa_insecure, unsigned),
            ("tlsrpt_without_sts", self.tlsrpt - self.sts * self.tlsrpt_of_sts, 1 - self.sts),
        ):
            object.__setattr__(self, name, min(1.0, max(0.0, share / whole)) if whole else 0.0)


_BOGUS = weighted({"expired": 66, "no-dnskey": 14.5, "ds-mismatch": 14.5, "bad-signature": 5})
_LAME = weighted({"refused": 40, "silent": 40, "servfail": 15, "garbage": 2.5, "upward": 2.5})
_ITERATIONS = weighted({0: 50, 1: 25, 5: 10, 10: 10, 50: 2, 100: 2, 500: 1})  # not 101 to 150: validators differ
_SERVERS = weighted({2: 70, 3: 12, 4: 18})
# population of RRsets: DANE-EE 90.6, DANE-TA 4.6, both 4.4 %, SHA-512 below 2, PKIX usages below 1 (Lee 2022) [A]
_TLSA_KIND = weighted(
    {
        "3 1 1": 82,
        "3 0 1": 7,
        "2 1 1, 3 1 1": 4,
        "2 1 1": 3,
        "2 0 1": 1.5,
        "3 1 2": 1.2,
        "1 1 1": 0.5,
        "0 0 1": 0.2,
        "3 1 1, 3 1 1": 0.3,
        "malformed": 0.3,
    }
)
_TLSA_TTL = weighted({300: 10, 3600: 60, 14400: 15, 86400: 13, 604800: 2})
# top 1, 3, 5, 10, 20 of the DANE providers: 32, 45, 54, 71, 87 % (dane-users 2023-04)
_TLSA_HEAD = (0.32, 0.07, 0.06, 0.05, 0.04) + (0.034,) * 5 + (0.016,) * 10
_STS_FLAW = weighted({"bad-id": 61, "no-id": 20, "bad-version": 16, "bad-extension": 1.5, "two-records": 1.5})
_MANNER = weighted({"sound": 95, "no-starttls": 3, "temporary": 0.6, "rejected": 0.2, "refused": 0.8, "mute": 0.4})
_SHOWN = weighted({"stale": 45, "expired": 15, "self-signed": 25, "other-name": 15})
# without the fall of one registrar's pages that fills a quarter of the paper's self-hosted cell (Ashiq et al. 2025) [A]
_FETCH_SELF = weighted(
    {
        "name-mismatch": 329, "expired": 10, "self-signed": 7, "alert": 2, "not-tls": 1, "untrusted": 0.5,
        "incomplete": 0.5, "refused": 4, "silent": 2, "unreachable": 1.6, "not-found": 11, "server-error": 2,
        "redirect": 1.5, "cut-off": 0.5, "no-address": 1.7, "html": 1.2, "no-mode": 0.5, "bad-version": 0.5,
    }
)  # fmt: skip
_FETCH_THIRD = weighted(
    {
        "alert": 16, "self-signed": 8, "expired": 15, "not-found": 5, "server-error": 1.5, "redirect": 1,
        "html": 1.5, "no-mode": 0.7, "bad-version": 0.6,
    }
)  # fmt: skip
_POLICY_MISMATCH = weighted({"domain": 1.5, "labels": 1.07, "typo": 0.09, "tld": 0.01, "mta-sts-label": 0.03})
_MODE = weighted({"enforce": 45, "testing": 48, "none": 7})
_MAX_AGE = weighted({86400: 30, 604800: 40, 1209600: 5, 2419200: 5, 31557600: 15, -1: 1, 3600: 4})

GTLD = Profile(
    name="gtld",
    mx=0.44,
    null_mx=0.01,
    junk_mx=0.0075,
    hosts=weighted({1: 45, 2: 30, 3: 5, 4: 3, 5: 15, 6: 0.8, 8: 0.7, 10: 0.4, 11: 0.1}),
    self_hosted=0.231,
    head=(0.34, 0.14, 0.135, 0.047, 0.02, 0.018, 0.016, 0.015, 0.0105, 0.01, 0.01, 0.0074, 0.0073, 0.0073, 0.0068),
    signed=0.05,
    islands=0.30,
    bogus=0.006,
    bogus_kind=_BOGUS,
    algorithm=weighted({13: 65, 8: 27, 10: 2, 7: 3, 14: 1, 15: 2}),
    nsec=0.40,
    iterations=_ITERATIONS,
    lame=0.05,
    lame_kind=_LAME,
    one_bad=0.03,
    servers=_SERVERS,
    tlsa=0.01,
    tlsa_insecure=0.19,
    tlsa_partial=0.05,
    tlsa_head=_TLSA_HEAD,
    tlsa_kind=_TLSA_KIND,
    tlsa_ttl=_TLSA_TTL,
    sts=0.001,
    sts_flaw=_STS_FLAW,
    tlsrpt=0.001,
    mail_manner=_MANNER,
    mail_shown=_SHOWN,
    policy_mode=_MODE,
    policy_max_age=_MAX_AGE,
    policy_mismatch=_POLICY_MISMATCH,
    fetch_self=_FETCH_SELF,
    fetch_third=_FETCH_THIRD,
)

CC = Profile(
    name="cc",
    mx=0.70,
    null_mx=0.02,
    junk_mx=0.002,
    hosts=weighted({1: 60, 2: 30, 3: 6, 4: 3, 5: 1}),
    self_hosted=0.25,
    head=(0.12, 0.10, 0.08, 0.06, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02),  # local hosters [A]
    signed=0.60,
    islands=0.03,
    bogus=0.003,
    bogus_kind=_BOGUS,
    algorithm=weighted({13: 75, 8: 22, 7: 2, 15: 1}),
    nsec=0.15,
    iterations=_ITERATIONS,
    lame=0.02,
    lame_kind=_LAME,
    one_bad=0.01,
    servers=_SERVERS,
    tlsa=0.12,
    tlsa_insecure=0.10,
    tlsa_partial=0.15,
    tlsa_head=_TLSA_HEAD,
    tlsa_kind=_TLSA_KIND,
    tlsa_ttl=_TLSA_TTL,
    sts=0.001,
    sts_flaw=_STS_FLAW,
    tlsrpt=0.001,
    mail_manner=_MANNER,
    mail_shown=_SHOWN,
    policy_mode=_MODE,
    policy_max_age=_MAX_AGE,
    policy_mismatch=_POLICY_MISMATCH,
    fetch_self=_FETCH_SELF,
    fetch_third=_FETCH_THIRD,
)

ODD = replace(
    CC,
    name="odd",
    absent=0.05,
    mx=0.80,
    null_mx=0.03,
    null_mx_mixed=0.05,
    junk_mx=0.05,
    hosts=weighted({1: 30, 2: 30, 3: 20, 5: 10, 11: 10}),
    self_hosted=0.6,
    head=(),
    zipf=0.1,
    providers=100,
    alias_host=0.3,
    dead_host=0.2,
    signed=0.7,
    islands=0.2,
    bogus=0.12,
    bogus_kind=weighted({"expired": 1, "no-dnskey": 1, "ds-mismatch": 1, "bad-signature": 1}),
    unsupported=0.08,
    algorithm=weighted({13: 30, 8: 20, 10: 10, 7: 15, 14: 10, 15: 15}),
    nsec=0.5,
    iterations=weighted({0: 30, 1: 20, 10: 15, 100: 15, 500: 20}),
    opt_out=0.3,
    lame=0.10,
    lame_kind=weighted({"refused": 1, "silent": 1, "servfail": 1, "garbage": 1, "upward": 1}),
    one_bad=0.3,
    own_dns=0.4,
    tlsa=0.6,
    tlsa_insecure=0.3,
    tlsa_partial=0.3,
    tlsa_head=(0.05,) * 10,
    tlsa_kind=weighted(dict.fromkeys(_TLSA_KIND.values, 1)),
    tlsa_servfail=0.1,
    ent_bug=0.1,
    sts=0.5,
    sts_invalid=0.6,
    sts_flaw=weighted(dict.fromkeys(_STS_FLAW.values, 1)),
    sts_beside=0.2,
    tlsrpt=0.5,
    tlsrpt_invalid=0.3,
    mail_manner=weighted(dict.fromkeys(_MANNER.values, 1) | {"sound": 4}),
    mail_misshown=0.6,
    mail_shown=weighted(dict.fromkeys(_SHOWN.values, 1)),
    fetch_fails_self=0.6,
    fetch_fails_third=0.6,
    fetch_self=weighted(dict.fromkeys(_FETCH_SELF.values, 1)),
    fetch_third=weighted(dict.fromkeys(_FETCH_THIRD.values, 1)),
    policy_mx_mismatch=0.4,
    policy_mismatch=weighted(dict.fromkeys(_POLICY_MISMATCH.values, 1)),
    policy_partial=0.5,
)

#: Every name has a record, faults are common: what a list of known MTA-STS domains is like, to exercise every class.
STS = replace(
    GTLD,
    name="sts",
    absent=0.005,
    mx=0.97,
    sts=1.0,
    sts_invalid=0.06,
    sts_flaw=weighted(dict.fromkeys(_STS_FLAW.values, 1)),
    lame=0.01,
    fetch_fails_self=0.378,
    fetch_fails_third=0.2,
    fetch_self=weighted({kind: 8 if kind != "name-mismatch" else 100 for kind in _FETCH_SELF.values}),
    policy_mx_mismatch=0.1,
    policy_mismatch=weighted({"domain": 4, "labels": 3, "typo": 1, "tld": 1, "mta-sts-label": 1}),
    policy_partial=0.1,
    tlsrpt=0.65,
)

PROFILES = {profile.name: profile for profile in (GTLD, CC, ODD, STS)}
