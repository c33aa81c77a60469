"""The 52 single-fault zones that extended-dns-errors.com shows resolvers, rebuilt: state, reason and EDE code of each.

The names are theirs. Their question is A at the zone's name; ours is MX, so "A alone" is MX alone here, and what is
wrong with NSEC3 shows in the denial of ``_mta-sts``. One thing is wrong in each zone and all else follows it: a
DNSKEY RRset that lost a key is signed again, the DS of a key without Zone Key flag is that key's. What each code
means is RFC 8914 section 4 (25 and 27: the registry, RFC 9276 section 3.2); ``docs/faults.md`` argues the choices.
"""

from __future__ import annotations

from lab import behaviours
from lab import breakage as b
from lab.behaviours import Behaviour
from lab.scenarios.scenario import NSEC3, Break, Classes, Scenario, Site, sound
from lab.zones import Denial, Signing

SECURE = "answer secure chain"
SPLIT = Signing(split=True)
ALL_SIGN = Signing(split=True, all_sign=True)
FULL = Classes("secure", "mx", "full")
UNANSWERED = Classes("indeterminate", "unknown", "unknown", "unknown", "unknown")


def _apex(name: str) -> str:
    return f"ede-{name}.se"


def _zone(name: str, reason: str, ede: int, broken: Break = sound, signing: Signing = SPLIT) -> Scenario:
    """The chain of trust ends above the zone's data: all in it is bogus, for one reason."""
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), signing=signing, broken=broken),),
        classes=Classes("bogus", "unknown", "unknown", "unknown", "unknown"),
        row={
            "zone_security": "bogus",
            "zone_reason": reason,
            "mx": f"answer bogus {reason}",
            "mx.ede": ede,
            "mta_sts": f"nxdomain bogus {reason}",
            "mta_sts.ede": ede,
        },
        hosts={f"mx.{_apex(name)}": {"a": f"answer bogus {reason}", "a.ede": ede}},
    )


def _data(name: str, reason: str, ede: int, broken: Break = sound, signing: Signing = SPLIT) -> Scenario:
    """The DNSKEY RRset is vouched for, and nothing that its ZSK should have signed verifies."""
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), signing=signing, broken=broken),),
        classes=Classes("secure", "unknown", "unknown", "unknown", "unknown"),
        row={
            "zone_security": "secure",
            "dnskey": SECURE,
            "mx": f"answer bogus {reason}",
            "mx.ede": ede,
            "mta_sts": f"nxdomain bogus {reason}",
            "mta_sts.ede": ede,
        },
        hosts={f"mx.{_apex(name)}": {"a": f"answer bogus {reason}"}},
    )


def _alone(name: str, reason: str, ede: int, broken: Break) -> Scenario:
    """Only the RRset that is asked for is wrong."""
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), signing=SPLIT, broken=broken),),
        classes=Classes("secure", "unknown", "unknown"),
        row={
            "zone_security": "secure",
            "mx": f"answer bogus {reason}",
            "mx.ede": ede,
            "mta_sts": "nxdomain secure chain",
        },
        hosts={f"mx.{_apex(name)}": {"a": SECURE, "tlsa_initial": SECURE}},
    )


def _denial(name: str, reason: str, ede: int, broken: Break) -> Scenario:
    """What exists is secure; what does not is not proved to be absent."""
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), signing=NSEC3, broken=broken),),
        classes=Classes("secure", "mx", "full", "unknown", "unknown"),
        row={"mx": SECURE, "mx.ede": None, "mta_sts": f"nxdomain bogus {reason}", "mta_sts.ede": ede},
        hosts={f"mx.{_apex(name)}": {"tlsa_initial": SECURE}},
    )


def _sound(
    name: str, signing: Signing, broken: Break = sound, *, denial: str = "chain", ede: int | None = None
) -> Scenario:
    """No fault that a validator has to mind: answers are secure; denials are, or say why they are only insecure."""
    state = "secure" if denial == "chain" else "insecure"
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), signing=signing, broken=broken),),
        classes=FULL,
        row={"mx": SECURE, "mx.ede": None, "mta_sts": f"nxdomain {state} {denial}", "mta_sts.ede": ede},
        hosts={f"mx.{_apex(name)}": {"a": SECURE, "tlsa_initial": SECURE}},
    )


def _insecure(name: str, dnssec: str, reason: str, ede: int | None, site: Site) -> Scenario:
    """Nothing that we could validate: as if it were not signed."""
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(site,),
        classes=Classes(dnssec, "mx", "none"),
        row={
            "zone_security": "insecure",
            "zone_reason": reason,
            "mx": f"answer insecure {reason}",
            "mx.ede": ede,
            "mta_sts": f"nxdomain insecure {reason}",
        },
        hosts={f"mx.{_apex(name)}": {"address_security": "insecure", "tlsa_initial": f"answer insecure {reason}"}},
    )


def _ds_only(name: str, reason: str, ede: int, broken: Break) -> Scenario:
    """Only DS records that no validator knows (RFC 4035 section 5.2)."""
    return _insecure(name, "insecure-unsupported", reason, ede, Site(apex=_apex(name), broken=broken))


def _claimed(name: str, number: int) -> Scenario:
    """Keys, signatures and DS of an algorithm that must not be validated (RFC 8624 section 3.1, RFC 9904)."""
    site = Site(apex=_apex(name), signing=Signing(split=True, claimed=number))
    return _insecure(name, "insecure-unsupported", "unsupported-algorithm", 1, site)


def _unanswered(name: str, server_ede: int | None) -> Scenario:
    """A signed zone of which nothing can be had: no state can be told, for the DS says only that it ought to be signed.

    REFUSED to everybody and REFUSED to us are one thing to us, but for the code that the server may add.
    """
    ede = None if server_ede is None else (server_ede, "")

    def refuses() -> list[Behaviour]:
        return [behaviours.rcode(5, ede=ede)]

    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), servers=(refuses,)),),
        classes=UNANSWERED,
        row={
            "zone_security": "indeterminate",
            "zone_reason": "chain-lookup-failed",
            "ds": SECURE,
            "mx": "refused indeterminate lookup-failed",
            "mx.ede": 22,
            "mx.server_ede": server_ede,
        },
    )


def _nowhere(name: str, address: str) -> Scenario:
    """A signed zone, delegated to a server at an address for documentation: nobody is there (RFC 5737, RFC 3849)."""
    return Scenario(
        claim=f"extended-dns-errors.com: {name}",
        domain=_apex(name),
        sites=(Site(apex=_apex(name), servers=(sound,), delegate_to={f"ns1.{_apex(name)}": address}),),
        classes=UNANSWERED,
        row={
            "zone_security": "indeterminate",
            "zone_reason": "chain-lookup-failed",
            "ds": SECURE,
            "mx.security": "indeterminate",
            "mx.reason": "lookup-failed",
            "mx.ede": 22,
            "mx.server_ede": None,
        },
    )


def _iterations(number: int) -> Signing:
    return Signing(denial=Denial.NSEC3, iterations=number)


SCENARIOS: tuple[Scenario, ...] = (
    # the two controls
    _sound("valid", SPLIT),
    _insecure("unsigned", "insecure", "no-ds", None, Site(apex=_apex("unsigned"), signing=None)),
    # DS
    _insecure("no-ds", "island", "no-ds", None, Site(apex=_apex("no-ds"), ds=False)),
    _zone("ds-bad-tag", "ds-mismatch", 9, lambda: [b.ds_wrong_tag()]),
    _zone("ds-bad-key-algo", "ds-mismatch", 9, lambda: [b.ds_algorithm(8)]),
    _ds_only("ds-unassigned-key-algo", "unsupported-algorithm", 1, lambda: [b.ds_algorithm(100)]),
    _ds_only("ds-reserved-key-algo", "unsupported-algorithm", 1, lambda: [b.ds_algorithm(200)]),
    _ds_only("ds-unassigned-digest-algo", "unsupported-digest", 2, lambda: [b.ds_digest_type(100)]),
    _zone("ds-bogus-digest-value", "ds-mismatch", 9, lambda: [b.ds_wrong_digest()]),
    # RRSIG
    _zone("rrsig-exp-all", "signature-expired", 7, lambda: [b.expired()]),
    _alone("rrsig-exp-a", "signature-expired", 7, lambda: [b.expired("MX")]),
    _zone("rrsig-not-yet-all", "signature-not-yet-valid", 8, lambda: [b.not_yet_valid()]),
    _alone("rrsig-not-yet-a", "signature-not-yet-valid", 8, lambda: [b.not_yet_valid("MX")]),
    _zone("rrsig-no-all", "signature-missing", 10, lambda: [b.no_signatures()]),
    _alone("rrsig-no-a", "signature-missing", 10, lambda: [b.no_signatures("MX")]),
    _zone("rrsig-exp-before-all", "signature-inverted", 25, lambda: [b.inverted()]),
    _alone("rrsig-exp-before-a", "signature-inverted", 25, lambda: [b.inverted("MX")]),
    # NSEC3
    _denial("nsec3-missing", "denial-missing", 12, lambda: [b.no_denial()]),
    _denial("bad-nsec3-hash", "denial-invalid", 12, lambda: [b.nsec3_wrong_owner()]),
    _denial("bad-nsec3-next", "denial-invalid", 12, lambda: [b.nsec3_wrong_next()]),
    _denial("bad-nsec3-rrsig", "signature-invalid", 6, lambda: [b.corrupt_signatures("NSEC3")]),
    _denial("nsec3-rrsig-missing", "denial-unsigned", 10, lambda: [b.no_signatures("NSEC3")]),
    _sound("nsec3param-missing", NSEC3, lambda: [b.without("NSEC3PARAM")]),
    _sound("bad-nsec3param-salt", NSEC3, lambda: [b.nsec3param_salt()]),
    _denial("no-nsec3param-nsec3", "denial-missing", 12, lambda: [b.without("NSEC3PARAM"), b.no_denial()]),
    _sound("nsec3-iter-1", _iterations(1)),
    _sound("nsec3-iter-51", _iterations(51)),
    _sound("nsec3-iter-101", _iterations(101)),
    _sound("nsec3-iter-151", _iterations(151), denial="nsec3-iterations", ede=27),
    _sound("nsec3-iter-200", _iterations(200), denial="nsec3-iterations", ede=27),
    # DNSKEY
    _data("no-zsk", "signature-no-key", 9, lambda: [b.no_zsk()]),
    _data("bad-zsk", "signature-no-key", 9, lambda: [b.bad_key(entry=False)]),
    _zone("no-ksk", "ds-mismatch", 9, lambda: [b.no_ksk()]),
    _zone("bad-ksk", "ds-mismatch", 9, lambda: [b.bad_key(entry=True)]),
    _zone("no-rrsig-ksk", "signature-missing", 10, lambda: [b.no_entry_signature()], ALL_SIGN),
    _zone("bad-rrsig-ksk", "signature-invalid", 6, lambda: [b.corrupt_entry_signature()], ALL_SIGN),
    _zone("no-rrsig-dnskey", "signature-missing", 10, lambda: [b.no_signatures("DNSKEY")], ALL_SIGN),
    _zone("bad-rrsig-dnskey", "signature-invalid", 6, lambda: [b.corrupt_signatures("DNSKEY")], ALL_SIGN),
    _data("no-dnskey-256", "no-zone-key", 11, signing=Signing(split=True, zsk_flags=0)),
    _zone("no-dnskey-257", "no-zone-key", 11, signing=Signing(split=True, flags=0, zsk_flags=0x0100)),
    _zone("no-dnskey-256-257", "no-zone-key", 11, signing=Signing(split=True, flags=0)),
    _data("bad-zsk-algo", "signature-no-key", 9, lambda: [b.zsk_algorithm(8)]),
    _data("unassigned-zsk-algo", "signature-no-key", 9, lambda: [b.zsk_algorithm(100)]),
    _data("reserved-zsk-algo", "signature-no-key", 9, lambda: [b.zsk_algorithm(200)]),
    # algorithms
    _sound("ed448", Signing(algorithms=(16,), split=True)),
    _claimed("rsamd5", 1),
    _claimed("dsa", 3),
    # name servers
    _nowhere("v4-doc", "192.0.2.53"),
    _nowhere("v6-doc", "2001:db8::53"),
    _unanswered("allow-query-none", None),
    _unanswered("allow-query-localhost", 18),
    _unanswered("not-auth", 20),
)
