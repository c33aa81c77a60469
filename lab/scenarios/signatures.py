"""Scenarios about DNSSEC: chains that hold, chains that break, and denials."""

from __future__ import annotations

from lab import breakage as b
from lab.scenarios.scenario import HOST, KEY, MAIL, NSEC, NSEC3, Break, Classes, Scenario, Site
from lab.zones import Denial, Signing

SECURE = "answer secure chain"
FULL = Classes("secure", "mx", "full")
BOGUS = Classes("bogus", "unknown", "unknown", "unknown", "unknown")


def _zone_bogus(claim: str, name: str, reason: str, broken: Break, signing: Signing = NSEC) -> Scenario:
    """The whole zone is bogus for one reason, and so is all that is in it."""
    return Scenario(
        claim=claim,
        domain=f"{name}.se",
        sites=(Site(apex=f"{name}.se", signing=signing, broken=broken),),
        classes=BOGUS,
        row={"zone_security": "bogus", "zone_reason": reason, "mx": f"answer bogus {reason}", "mail": "unknown"},
        hosts={f"mx.{name}.se": {"a": f"answer bogus {reason}", "tlsa_base": "address-unknown"}},
    )


def _mx_bogus(claim: str, name: str, reason: str, broken: Break, signing: Signing = NSEC) -> Scenario:
    """Only the MX RRset is broken; the zone's chain and the host stand."""
    return Scenario(
        claim=claim,
        domain=f"{name}.se",
        sites=(Site(apex=f"{name}.se", signing=signing, broken=broken),),
        classes=Classes("secure", "unknown", "unknown"),
        row={"zone_security": "secure", "mx": f"answer bogus {reason}", "mail": "unknown"},
        hosts={f"mx.{name}.se": {"a": SECURE, "tlsa_initial": SECURE}},
    )


def _denial_bogus(claim: str, name: str, reason: str, broken: Break, signing: Signing = NSEC) -> Scenario:
    """Positive answers stand; the TXT denials prove nothing, so whether there is a policy is unknown.

    The further names see to it that the apex's own NSEC or NSEC3 is not the right one by chance.
    """
    others = "".join(f"{n} A 45.99.0.9\n" for n in range(20))
    return Scenario(
        claim=claim,
        domain=f"{name}.se",
        sites=(Site(apex=f"{name}.se", records=others + MAIL, signing=signing, broken=broken),),
        classes=Classes("secure", "mx", "full", "unknown", "unknown"),
        row={"mx": SECURE, "mta_sts": f"nxdomain bogus {reason}", "tlsrpt": f"nxdomain bogus {reason}"},
        hosts={f"mx.{name}.se": {"tlsa_initial": SECURE}},
    )


def _secure(claim: str, name: str, signing: Signing, denial: str = "nsec") -> Scenario:
    return Scenario(
        claim=claim,
        domain=f"{name}.org",
        sites=(Site(apex=f"{name}.org", signing=signing),),
        classes=FULL,
        row={
            "zone_security": "secure",
            "mx": SECURE,
            "mta_sts": "nxdomain secure chain",
            "denial_kind": denial,
        },
        hosts={f"mx.{name}.org": {"address_security": "secure", "tlsa_initial": SECURE}},
    )


def _insecure(claim: str, domain: str, reason: str, dnssec: str, site: Site) -> Scenario:
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(site,),
        classes=Classes(dnssec, "mx", "none"),
        row={
            "zone_security": "insecure",
            "zone_reason": reason,
            "mx": f"answer insecure {reason}",
            "mta_sts": f"nxdomain insecure {reason}",
        },
        hosts={f"mx.{domain}": {"address_security": "insecure", "tlsa_initial": f"answer insecure {reason}"}},
    )


SCENARIOS: tuple[Scenario, ...] = (
    # chains that hold
    _secure("a sound zone with NSEC is secure", "nsec", NSEC),
    _secure("a sound zone with NSEC3 is secure", "nsec3", NSEC3, "nsec3"),
    _secure(
        "a compact denial says NXDOMAIN by NXNAME (RFC 9824)", "compact", Signing(denial=Denial.COMPACT), "compact"
    ),
    _secure("white lies are true denials (RFC 4470)", "lies", Signing(denial=Denial.NSEC, online=True)),
    _secure("a KSK and a ZSK", "split", Signing(split=True)),
    _secure("two algorithms at once", "two-algorithms", Signing(algorithms=(8, 13))),
    _secure("RSA/SHA-1 is validated still (docs/standards.md)", "rsasha1", Signing(algorithms=(5,))),
    _secure("RSA/SHA-256", "rsasha256", Signing(algorithms=(8,))),
    _secure("RSA/SHA-512", "rsasha512", Signing(algorithms=(10,))),
    _secure("P-384", "p384", Signing(algorithms=(14,))),
    _secure("Ed25519", "ed25519", Signing(algorithms=(15,))),
    _secure("Ed448", "ed448", Signing(algorithms=(16,))),
    _secure("a DS by SHA-384", "ds-sha384", Signing(digests=(4,))),
    # insecure by proof
    _insecure("no DS, proven by NSEC", "unsigned.se", "no-ds", "insecure", Site(apex="unsigned.se", signing=None)),
    _insecure("no DS, proven by NSEC3", "unsigned.org", "no-ds", "insecure", Site(apex="unsigned.org", signing=None)),
    _insecure(
        "an opt-out span covers it", "unsigned.nl", "opt-out", "insecure", Site(apex="unsigned.nl", signing=None)
    ),
    _insecure("an island: keys, but no DS", "island.se", "no-ds", "island", Site(apex="island.se", ds=False)),
    _insecure(
        "below an unsigned top level domain a DS has no worth", "signed.bd", "no-ds", "island", Site(apex="signed.bd")
    ),
    _insecure(
        "DS only for an algorithm that we do not validate",
        "gost.se",
        "unsupported-algorithm",
        "insecure-unsupported",
        Site(apex="gost.se", signing=Signing(claimed=12)),
    ),
    _insecure(
        "DS only with a digest that we do not know",
        "gost-digest.se",
        "unsupported-digest",
        "insecure-unsupported",
        Site(apex="gost-digest.se", broken=lambda: [b.ds_digest_type(3)]),
    ),
    Scenario(
        claim="more NSEC3 iterations than we compute: denials are insecure, positive answers are not (RFC 9276)",
        domain="iterations.se",
        sites=(Site(apex="iterations.se", signing=Signing(denial=Denial.NSEC3, iterations=200)),),
        classes=FULL,
        row={
            "zone_security": "secure",
            "mx": SECURE,
            "mta_sts": "nxdomain insecure nsec3-iterations",
            "nsec3_iterations": 200,
        },
    ),
    Scenario(
        claim="a zone's own opt-out makes its denials insecure (RFC 5155 section 9.2)",
        domain="own-opt-out.se",
        sites=(Site(apex="own-opt-out.se", signing=Signing(denial=Denial.NSEC3, opt_out=True)),),
        classes=FULL,
        row={"mx": SECURE, "mta_sts": "nxdomain insecure opt-out", "nsec3_opt_out": True},
    ),
    # bogus zones
    _zone_bogus("all signatures expired", "expired", "signature-expired", lambda: [b.expired()]),
    _zone_bogus("all signatures not yet valid", "early", "signature-not-yet-valid", lambda: [b.not_yet_valid()]),
    _zone_bogus("all signatures end before they begin", "inverted", "signature-inverted", lambda: [b.inverted()]),
    _zone_bogus("DS of no key: wrong digest", "ds-digest", "ds-mismatch", lambda: [b.ds_wrong_digest()]),
    _zone_bogus("DS of no key: wrong tag", "ds-tag", "ds-mismatch", lambda: [b.ds_wrong_tag()]),
    _zone_bogus("DS of another algorithm", "ds-algorithm", "ds-mismatch", lambda: [b.ds_algorithm(8)]),
    _zone_bogus("DS, and no DNSKEY", "no-dnskey", "dnskey-missing", lambda: [b.no_dnskey()]),
    _zone_bogus("keys without Zone Key flag", "no-flag", "no-zone-key", list, Signing(flags=0)),
    _zone_bogus("the key that DS names is revoked", "revoked", "revoked-key", list, Signing(flags=0x0180)),
    _zone_bogus(
        "DNSKEY unsigned",
        "dnskey-unsigned",
        "signature-missing",
        lambda: [b.no_signatures("DNSKEY")],
        Signing(split=True),
    ),
    _zone_bogus(
        "DNSKEY signature corrupt", "dnskey-corrupt", "signature-invalid", lambda: [b.corrupt_signatures("DNSKEY")]
    ),
    # bogus RRsets
    _mx_bogus("MX signature expired", "mx-expired", "signature-expired", lambda: [b.expired("MX")]),
    _mx_bogus("MX signature not yet valid", "mx-early", "signature-not-yet-valid", lambda: [b.not_yet_valid("MX")]),
    _mx_bogus("MX without signature", "mx-unsigned", "signature-missing", lambda: [b.no_signatures("MX")]),
    _mx_bogus("MX signature corrupt", "mx-corrupt", "signature-invalid", lambda: [b.corrupt_signatures("MX")]),
    _mx_bogus("MX signature cut short", "mx-short", "signature-malformed", lambda: [b.short_signatures("MX")]),
    _mx_bogus("MX signed by another zone", "mx-signer", "signature-malformed", lambda: [b.signer("se", "MX")]),
    _mx_bogus("MX signed by a key that is not there", "mx-tag", "signature-no-key", lambda: [b.signature_tag(1, "MX")]),
    _mx_bogus(
        "MX signed by an unknown algorithm alone",
        "mx-algorithm",
        "signature-unsupported",
        lambda: [b.signature_algorithm(200, "MX")],
    ),
    Scenario(
        claim="colliding keys cost no more than our limit (CVE-2023-50387)",
        domain="keytrap.se",
        sites=(Site(apex="keytrap.se", signing=Signing(split=True), broken=lambda: [b.colliding_keys(30)]),),
        classes=Classes("secure", "unknown", "unknown", "unknown", "unknown"),
        row={"zone_security": "secure", "mx": "answer bogus too-much-work", "mta_sts": "nxdomain bogus too-much-work"},
        hosts={"mx.keytrap.se": {"a": "answer bogus too-much-work", "tlsa_base": "address-unknown"}},
    ),
    # denials
    _denial_bogus("NXDOMAIN without NSEC", "no-nsec", "denial-missing", lambda: [b.no_denial()]),
    _denial_bogus("NXDOMAIN without NSEC3", "no-nsec3", "denial-missing", lambda: [b.no_denial()], NSEC3),
    _denial_bogus("NSEC of another name", "wrong-nsec", "denial-invalid", lambda: [b.wrong_denial()]),
    _denial_bogus("NSEC3 of another name", "wrong-nsec3", "denial-invalid", lambda: [b.wrong_denial()], NSEC3),
    _denial_bogus("NSEC3 with an empty span", "nsec3-next", "denial-invalid", lambda: [b.nsec3_wrong_next()], NSEC3),
    _denial_bogus("NSEC unsigned", "nsec-unsigned", "denial-unsigned", lambda: [b.no_signatures("NSEC")]),
    _denial_bogus("NSEC3 expired", "nsec3-expired", "signature-expired", lambda: [b.expired("NSEC3")], NSEC3),
    # wildcards
    Scenario(
        claim="TLSA by a wildcard is secure, and told to be one",
        domain="wildcard.se",
        sites=(Site(apex="wildcard.se", records=f"@ MX 10 mx\nmx A 45.99.0.1\n*._tcp.mx TLSA 3 1 1 {KEY}"),),
        classes=FULL,
        row={"mx": SECURE},
        hosts={"mx.wildcard.se": {"tlsa_initial": SECURE, "tlsa_initial.wildcard": True}},
    ),
    Scenario(
        claim="TLSA by a wildcard without the proof that nothing closer exists is bogus (RFC 4035 section 5.3.4)",
        domain="wildcard-unproven.se",
        sites=(
            Site(
                apex="wildcard-unproven.se",
                records=f"@ MX 10 mx\nmx A 45.99.0.1\nmx AAAA 2600::1\n*._tcp.mx TLSA 3 1 1 {KEY}\n"
                "_mta-sts TXT none\n_smtp._tls TXT none",
                broken=lambda: [b.no_denial()],
            ),
        ),
        classes=Classes("secure", "mx", "unknown"),
        row={"mx": SECURE},
        hosts={"mx.wildcard-unproven.se": {"tlsa_initial": "answer bogus wildcard-unproven"}},
    ),
    # zones that hide behind their parent's servers
    Scenario(
        claim="an unsigned child on its parent's servers is insecure, not bogus",
        domain="child.hides.se",
        sites=(
            Site(apex="hides.se", records="@ MX 0 ."),
            Site(apex="child.hides.se", signing=None, beside="hides.se"),
        ),
        classes=Classes("insecure", "mx", "none"),
        row={
            "zone": "child.hides.se",
            "zone_reason": "no-ds",
            "mx": "answer insecure no-ds",
            "mta_sts": "nxdomain insecure no-ds",
        },
        hosts={"mx.child.hides.se": {"a": "answer insecure no-ds", "tlsa_initial": "answer insecure no-ds"}},
    ),
    Scenario(
        claim="a signed child on its parent's servers is secure by its own keys",
        domain="child.shelters.se",
        sites=(Site(apex="shelters.se", records="@ MX 0 ."), Site(apex="child.shelters.se", beside="shelters.se")),
        classes=FULL,
        row={"zone": "child.shelters.se", "mx": SECURE, "ds": SECURE, "dnskey": SECURE},
        hosts={"mx.child.shelters.se": {"tlsa_initial": SECURE}},
    ),
    Scenario(
        claim="mail for a name inside a zone: no DS of its own is asked for",
        domain="dept.inside.se",
        sites=(Site(apex="inside.se", records="dept MX 10 mx.inside.se.\n" + HOST),),
        classes=FULL,
        row={"zone": "inside.se", "zone_security": "secure", "mx": SECURE, "ds": None, "dnskey": None},
        hosts={"mx.inside.se": {"tlsa_initial": SECURE}},
    ),
)
