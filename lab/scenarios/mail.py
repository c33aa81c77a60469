"""Scenarios about mail: MX and what it names, hosts and their aliases, TLSA, policy records."""

from __future__ import annotations

from lab import breakage as b
from lab.scenarios.scenario import HOST, KEY, MAIL, NSEC3, Classes, Scenario, Site

SECURE = "answer secure chain"
NONE = "nodata secure chain"
NO_NAME = "nxdomain secure chain"
#: A mail provider's zone in which everything is right.
PROVIDER = HOST.replace("mx", "in") + f"\nin2 A 45.99.0.2\n_25._tcp.in2 TLSA 2 1 1 {KEY}\nbare A 45.99.0.3\n"


def _txt(claim: str, name: str, records: str, sts: str, report: str, /, **row: object) -> Scenario:
    return Scenario(
        claim=claim,
        domain=f"{name}.org",
        sites=(Site(apex=f"{name}.org", records=MAIL + records),),
        classes=Classes("secure", "mx", "full", sts, report),
        row={"mx": SECURE, **row},
    )


def _no_mail(claim: str, name: str, records: str, classes: Classes, mail: str, mx: str, **row: object) -> Scenario:
    return Scenario(
        claim=claim,
        domain=f"{name}.org",
        sites=(Site(apex=f"{name}.org", records=records),),
        classes=classes,
        row={"mail": mail, "mx": mx, **row},
    )


def _host(claim: str, name: str, records: str, dane: str, **row: object) -> Scenario:
    """One mail host, `mx`, in a signed zone."""
    return Scenario(
        claim=claim,
        domain=f"{name}.org",
        sites=(Site(apex=f"{name}.org", records="@ MX 10 mx\n" + records),),
        classes=Classes("secure", "mx", dane),
        row={"mx": SECURE},
        hosts={f"mx.{name}.org": row},
    )


SCENARIOS: tuple[Scenario, ...] = (
    # what MX says
    Scenario(
        claim="a name that is not delegated has no DNS below it, and no packet is spent on that",
        domain="nobody.org",
        sites=(),
        classes=Classes("no-domain", "no-domain", "not-applicable", "none", "none"),
        row={"mail": "no-domain", "zone": "org", "mx": NO_NAME, "mta_sts": NO_NAME, "mta_sts.tries": 0, "ds": None},
    ),
    _no_mail(
        "null MX (RFC 7505)", "null", "@ MX 0 .", Classes("secure", "null-mx", "not-applicable"), "null-mx", SECURE
    ),
    Scenario(
        claim="null MX beside another is an error, and the other is measured",
        domain="null-mixed.org",
        sites=(Site(apex="null-mixed.org", records=MAIL + "@ MX 0 ."),),
        classes=Classes("secure", "null-mx-mixed", "full"),
        row={"mail": "null-mx-mixed"},
        hosts={"mx.null-mixed.org": {"tlsa_initial": SECURE}},
    ),
    Scenario(
        claim="no MX, but an address: the domain is its own mail host (RFC 5321 section 5.1)",
        domain="implicit.org",
        sites=(Site(apex="implicit.org", records=f"@ A 45.99.0.1\n_25._tcp TLSA 3 1 1 {KEY}"),),
        classes=Classes("secure", "implicit", "full"),
        row={"mail": "no-mx", "mx": NONE, "mx_hosts": [(0, "implicit.org", "implicit")]},
        hosts={"implicit.org": {"a": SECURE, "tlsa_initial": SECURE}},
    ),
    Scenario(
        claim="no MX and no address: no mail",
        domain="no-mail.org",
        sites=(Site(apex="no-mail.org", records="www A 45.99.0.1"),),
        classes=Classes("secure", "no-mail", "not-applicable"),
        row={"mail": "no-mx", "mx": NONE},
        hosts={"no-mail.org": {"a": NONE, "aaaa": NONE, "tlsa_base": "no-address", "tlsa_initial": None}},
    ),
    Scenario(
        claim="junk in MX is told apart and not looked up",
        domain="junk.org",
        sites=(
            Site(
                apex="junk.org",
                records="@ MX 1 localhost.\n@ MX 2 192.0.2.1.\n@ MX 3 mailhost.\n@ MX 4 not~a~host.org.\n"
                "@ MX 5 mail.localhost.",
            ),
        ),
        classes=Classes("secure", "mx", "none"),
        row={
            "mail": "mx",
            "mx_hosts": [
                (1, "localhost", "localhost"),
                (2, "192.0.2.1", "address"),
                (3, "mailhost", "single-label"),
                (4, "not~a~host.org", "bad-name"),
                (5, "mail.localhost", "localhost"),
            ],
        },
    ),
    Scenario(
        claim="a domain whose policy names would be too long to ask for",
        domain=".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 52, "long.org")),
        sites=(Site(apex="long.org", records=".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 52)) + " MX 0 ."),),
        classes=Classes("secure", "null-mx", "not-applicable", "unknown", "unknown"),
        row={"mx": SECURE, "mta_sts": "bad-name indeterminate lookup-failed"},
    ),
    # DANE, published
    Scenario(
        claim="one of two hosts has TLSA: partial",
        domain="partial.org",
        sites=(Site(apex="partial.org", records=MAIL + "@ MX 20 mx2\nmx2 A 45.99.0.2"),),
        classes=Classes("secure", "mx", "partial"),
        row={"mx": SECURE},
        hosts={"mx.partial.org": {"tlsa_initial": SECURE}, "mx2.partial.org": {"tlsa_initial": NO_NAME}},
    ),
    Scenario(
        claim="TLSA at the provider, MX not signed: mx-insecure",
        domain="customer.nl",
        sites=(
            Site(apex="provider.org", records=PROVIDER),
            Site(apex="customer.nl", signing=None, records="@ MX 10 in.provider.org.\n@ MX 20 in2.provider.org."),
        ),
        classes=Classes("insecure", "mx", "mx-insecure"),
        row={"mx": "answer insecure opt-out"},
        hosts={"in.provider.org": {"tlsa_initial": SECURE}, "in2.provider.org": {"tlsa_initial": SECURE}},
    ),
    Scenario(
        claim="MX signed, the provider without TLSA: none",
        domain="no-tlsa.org",
        sites=(Site(apex="no-tlsa.org", records="@ MX 10 bare.provider.org."),),
        classes=Classes("secure", "mx", "none"),
        row={"mx": SECURE},
        hosts={"bare.provider.org": {"a": SECURE, "tlsa_initial": NO_NAME, "tlsa_initial_set": []}},
    ),
    Scenario(
        claim="a host whose zone is unsigned: its TLSA is asked for, and no protection",
        domain="unsigned-host.org",
        sites=(
            Site(apex="plain-provider.nl", signing=None, records=PROVIDER),
            Site(apex="unsigned-host.org", records="@ MX 10 in.plain-provider.nl."),
        ),
        classes=Classes("secure", "mx", "none"),
        row={"mx": SECURE},
        hosts={"in.plain-provider.nl": {"address_security": "insecure", "tlsa_initial": "answer insecure opt-out"}},
    ),
    Scenario(
        claim="TLSA unknown at one host, secure at the other: full or partial is unknown",
        domain="half-known.org",
        sites=(
            Site(
                apex="half-known.org",
                records=MAIL + f"@ MX 20 mx2\nmx2 A 45.99.0.2\n_25._tcp.mx2 TLSA 3 1 1 {KEY}",
                broken=lambda: [b.expired("TLSA").at("_25._tcp.mx2.half-known.org")],
            ),
        ),
        classes=Classes("secure", "mx", "unknown"),
        row={"mx": SECURE},
        hosts={"mx2.half-known.org": {"tlsa_initial": "answer bogus signature-expired"}},
    ),
    _host("a host without address", "no-host-address", "mx TXT nothing", "none",
          tlsa_base="no-address", a=NONE, tlsa_initial=None),
    _host("a host that does not exist", "no-host", "", "none", tlsa_base="no-address", a=NO_NAME),
    Scenario(
        claim="a host whose addresses are bogus has none to use (RFC 7672 section 2.1.2)",
        domain="bogus-address.org",
        sites=(Site(apex="bogus-address.org", broken=lambda: [b.expired("A").at("mx.bogus-address.org")]),),
        classes=Classes("secure", "mx", "unknown"),
        row={"mx": SECURE},
        hosts={
            "mx.bogus-address.org": {
                "a": "answer bogus signature-expired",
                "addresses": [],
                "tlsa_base": "address-unknown",
            }
        },
    ),
    _host("IPv6 alone", "ipv6", f"mx AAAA 2600:3c00::1\n_25._tcp.mx TLSA 3 1 1 {KEY}", "full",
          a=NONE, aaaa=SECURE, addresses=["2600:3c00::1"], tlsa_initial=SECURE),
    # aliases
    _host("an aliased host: TLSA at the alias' end comes first", "alias",
          "mx CNAME real\n" + HOST.replace("mx", "real"), "full",
          expanded="real.alias.org", address_security="secure", tlsa_base="expanded", tlsa_expanded=SECURE,
          tlsa_initial=None),
    _host("an aliased host: TLSA only at the name as written", "alias-initial",
          f"mx CNAME real\nreal A 45.99.0.1\n_25._tcp.mx TLSA 3 1 1 {KEY}", "full",
          tlsa_expanded=NO_NAME, tlsa_initial=SECURE),
    Scenario(
        claim="a secure alias into an unsigned zone: only the name as written can have TLSA (RFC 7672 section 2.2.2)",
        domain="alias-out.org",
        sites=(Site(apex="alias-out.org",
                    records=f"@ MX 10 mx\nmx CNAME bare.plain-provider.nl.\n_25._tcp.mx TLSA 3 1 1 {KEY}"),),
        classes=Classes("secure", "mx", "full"),
        row={"mx": SECURE},
        hosts={"mx.alias-out.org": {"a": "answer insecure opt-out", "address_security": "insecure",
                                    "expanded": "bare.plain-provider.nl", "tlsa_initial": SECURE}},
    ),
    _host("TLSA by alias", "tlsa-alias", f"mx A 45.99.0.1\n_25._tcp.mx CNAME _tlsa\n_tlsa TLSA 3 1 1 {KEY}", "full",
          tlsa_initial=SECURE),
    _host("TLSA by alias that leads nowhere", "tlsa-nowhere", "mx A 45.99.0.1\n_25._tcp.mx CNAME _tlsa", "none",
          tlsa_initial=NO_NAME),
    _host("a DNAME above TLSA", "dname", f"mx A 45.99.0.1\n_tcp.mx DNAME _dane\n_25._dane TLSA 3 1 1 {KEY}", "full",
          tlsa_initial=SECURE),
    _host("an alias loop", "alias-loop", "mx CNAME a\na CNAME b\nb CNAME mx", "unknown",
          **{"a.outcome": "alias-loop", "tlsa_base": "address-unknown"}),
    _host("more aliases than we follow", "alias-long",
          "mx CNAME a0\n" + "".join(f"a{n} CNAME a{n + 1}\n" for n in range(13)) + "a13 A 45.99.0.1", "unknown",
          **{"a.outcome": "alias-too-long", "tlsa_base": "address-unknown"}),
    # TLSA rdata
    _host("usages 0 and 1 are recorded as they are", "pkix-usages",
          f"mx A 45.99.0.1\n_25._tcp.mx TLSA 0 0 1 {KEY}\n_25._tcp.mx TLSA 1 1 1 {KEY}", "full",
          tlsa_initial=SECURE, tlsa_initial_set=[(0, 0, 1, bytes.fromhex(KEY)), (1, 1, 1, bytes.fromhex(KEY))]),
    _host("a TLSA record too short to have fields is counted", "tlsa-short",
          r"mx A 45.99.0.1" + "\n" + r"_25._tcp.mx TLSA \# 2 0301", "full",
          tlsa_initial=SECURE, tlsa_malformed=1, tlsa_initial_set=[]),
    # policy records
    _txt("a valid MTA-STS record and a valid TLSRPT record", "sts",
         '_mta-sts TXT "v=STSv1; id=20260101T000000;"\n_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@sts.org"',
         "valid", "valid", mta_sts=SECURE, mta_sts_txt=["v=STSv1; id=20260101T000000;"]),
    _txt("strings of one TXT record are joined without a blank", "sts-split",
         '_mta-sts TXT "v=STSv1; i" "d=1"\n_smtp._tls TXT "v=TLSRPTv1;rua=" "https://r.org/"', "valid", "valid",
         mta_sts_txt=["v=STSv1; id=1"]),
    _txt("two MTA-STS records are none (RFC 8461 section 3.1)", "sts-two",
         '_mta-sts TXT "v=STSv1; id=1"\n_mta-sts TXT "v=STSv1; id=2"', "invalid", "none"),
    _txt("other TXT records beside do not count", "sts-other",
         '_mta-sts TXT "v=STSv1; id=1"\n_mta-sts TXT "v=spf1 -all"', "valid", "none"),
    _txt("no id", "sts-no-id", '_mta-sts TXT "v=STSv1;"', "invalid", "none"),
    _txt("an id of 33 characters", "sts-long-id", f'_mta-sts TXT "v=STSv1; id={"a" * 33}"', "invalid", "none"),
    _txt("an id with a hyphen", "sts-bad-id", '_mta-sts TXT "v=STSv1; id=2026-01-01"', "invalid", "none"),
    _txt("another version is not ours", "sts-v2", '_mta-sts TXT "v=STSv2; id=1"', "none", "none"),
    _txt("a TLSRPT record without rua", "tlsrpt-no-rua", '_smtp._tls TXT "v=TLSRPTv1;"', "none", "invalid"),
    _txt("octets outside ASCII are kept readable", "txt-octets", '_mta-sts TXT "\\200<b>"', "none", "none",
         mta_sts_txt=["\\200<b>"]),
    Scenario(
        claim="policy names delegated by CNAME (RFC 8461 section 8.2)",
        domain="delegates.org",
        sites=(
            Site(apex="policies.nl", signing=None, records='_mta-sts.customer TXT "v=STSv1; id=1"'),
            Site(apex="delegates.org", signing=NSEC3, records=MAIL + "_mta-sts CNAME _mta-sts.customer.policies.nl."),
        ),
        classes=Classes("secure", "mx", "full", "valid", "none"),
        row={"mta_sts": "answer insecure opt-out", "mta_sts.alias": [("_mta-sts.customer.policies.nl", "secure")]},
    ),
)  # fmt: skip
