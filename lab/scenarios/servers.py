"""Scenarios about name servers: what they refuse, lose, mangle and do not know."""

from __future__ import annotations

from lab import behaviours as b
from lab import breakage
from lab.scenarios.scenario import HOST, KEY, MAIL, Classes, Make, Scenario, Site, sound

SECURE = "answer secure chain"
PLAIN = "answer insecure no-ds"
UNKNOWN = Classes("insecure", "unknown", "unknown", "unknown", "unknown")


def _fails(claim: str, name: str, outcome: str, *servers: Make) -> Scenario:
    """An unsigned domain none of whose servers says anything of use: every look-up ends so, and nothing is absent."""
    failed = f"{outcome} indeterminate lookup-failed"
    return Scenario(
        claim=claim,
        domain=f"{name}.se",
        sites=(Site(apex=f"{name}.se", signing=None, servers=servers),),
        classes=UNKNOWN,
        row={
            "zone_security": "insecure",
            "mx": failed,
            "mail": "unknown",
            "mx_hosts": [],
            "mta_sts": failed,
            "tlsrpt": failed,
            "ds": "nodata secure chain",
        },
    )


def _copes(claim: str, name: str, *servers: Make, records: str = MAIL) -> Scenario:
    """An unsigned domain that is measured all the same."""
    return Scenario(
        claim=claim,
        domain=f"{name}.se",
        sites=(Site(apex=f"{name}.se", signing=None, servers=servers, records=records),),
        classes=Classes("insecure", "mx", "none"),
        row={"mx": PLAIN, "mta_sts": "nxdomain insecure no-ds"},
        hosts={f"mx.{name}.se": {"a": PLAIN, "tlsa_initial": PLAIN, "aaaa": "nodata insecure no-ds"}},
    )


def _stays_secure(claim: str, name: str, *servers: Make, records: str = MAIL) -> Scenario:
    """A signed domain that is secure all the same."""
    return Scenario(
        claim=claim,
        domain=f"{name}.se",
        sites=(Site(apex=f"{name}.se", servers=servers, records=records),),
        classes=Classes("secure", "mx", "full"),
        row={"zone_security": "secure", "mx": SECURE, "mta_sts": "nxdomain secure chain"},
        hosts={f"mx.{name}.se": {"a": SECURE, "tlsa_initial": SECURE}},
    )


SCENARIOS: tuple[Scenario, ...] = (
    # servers that say nothing of use
    _fails("REFUSED to all", "refused", "refused", lambda: [b.refused()], lambda: [b.refused()]),
    _fails("SERVFAIL to all", "servfail", "servfail", lambda: [b.servfail()]),
    _fails("NOTIMP to all", "notimp", "notimp", lambda: [b.notimp()]),
    _fails("FORMERR, with EDNS and without", "formerr", "formerr", lambda: [b.rcode(1)]),
    _fails("an RCODE that has no business here", "rcode", "bad-rcode", lambda: [b.rcode(8)]),
    _fails("an upward referral is lame", "lame", "lame", lambda: [b.lame()]),
    _fails("NOTAUTH is lame", "notauth", "lame", lambda: [b.rcode(9)]),
    _fails("silence", "silent", "timeout", lambda: [b.silent()], lambda: [b.silent()]),
    _fails("no way there", "unreachable", "unreachable", lambda: [b.unreachable()]),
    _fails("octets that are no message", "garbage", "malformed", lambda: [b.garbage()]),
    _fails("a compression loop", "loop", "malformed", lambda: [b.compression_loop()]),
    _fails("counts that lie", "counts", "malformed", lambda: [b.counts_lie()]),
    _fails("a message cut short", "cut", "malformed", lambda: [b.cut_short()]),
    _fails("another question answered", "question", "timeout", lambda: [b.wrong_question()]),
    _fails("replies with a wrong id", "id", "timeout", lambda: [b.wrong_id()]),
    _fails(
        "truncated, and nobody listens on TCP", "tcp-refused", "truncated", lambda: [b.truncated(), b.tcp_refused()]
    ),
    _fails("truncated, and TCP says nothing", "tcp-silent", "truncated", lambda: [b.truncated(), b.tcp_silent()]),
    _fails("of several failures the one that came furthest is told", "mixed", "servfail",
           lambda: [b.silent()], lambda: [b.servfail()], lambda: [b.refused()]),
    Scenario(
        claim="name servers that have no address",
        domain="no-address.se",
        sites=(Site(apex="no-address.se", signing=None, delegate_to={"ns1.nowhere.org": ()}),),
        classes=UNKNOWN,
        row={"mx": "no-servers indeterminate lookup-failed", "zone_security": "insecure"},
    ),
    Scenario(
        claim="an EDE code that the server sent is kept",
        domain="ede.se",
        sites=(Site(apex="ede.se", signing=None, servers=(lambda: [b.rcode(2, ede=(23, "no route"))],)),),
        classes=UNKNOWN,
        row={"mx": "servfail indeterminate lookup-failed", "mx.server_ede": 23, "mx.ede": 22},
    ),
    Scenario(
        claim="a signed zone whose DNSKEY cannot be had is indeterminate, never insecure",
        domain="no-keys.se",
        sites=(Site(apex="no-keys.se", servers=(lambda: [b.refused().only("DNSKEY")],)),),
        classes=Classes("indeterminate", "unknown", "unknown", "unknown", "unknown"),
        row={
            "zone_security": "indeterminate",
            "zone_reason": "chain-lookup-failed",
            "mx": "answer indeterminate chain-lookup-failed",
            "mail": "unknown",
        },
        hosts={"mx.no-keys.se": {"tlsa_base": "address-unknown"}},
    ),
    Scenario(
        claim="a signed zone that is silent: DS is known, the rest is not",
        domain="silent-signed.se",
        sites=(Site(apex="silent-signed.se", servers=(lambda: [b.silent()],)),),
        classes=Classes("indeterminate", "unknown", "unknown", "unknown", "unknown"),
        row={
            "zone_security": "indeterminate",
            "ds": SECURE,
            "mx": "timeout indeterminate lookup-failed",
            "dnskey": "timeout indeterminate lookup-failed",
        },
    ),
    # servers that can be coped with
    _copes("FORMERR on EDNS: asked again without", "old", lambda: [b.formerr_on_edns()]),
    _copes("NOTIMP on EDNS: asked again without", "older", lambda: [b.notimp_on_edns()]),
    _copes("BADVERS to version 0: asked again without", "badvers", lambda: [b.badvers()]),
    _copes("queries with EDNS vanish: asked again without", "edns-lost", lambda: [b.edns_dropped()]),
    _copes("no AA bit: the answer counts", "no-aa", lambda: [b.not_authoritative().only("MX")]),
    _copes("the question comes back in capitals", "capitals", lambda: [b.upper_case()]),
    _copes("options echoed", "echo", lambda: [b.echoes_options()]),
    _copes("one of two refuses", "half-refused", lambda: [b.refused()], sound),
    _copes("one of two is silent", "half-silent", lambda: [b.silent()], sound),
    _copes("one of two is lame", "half-lame", lambda: [b.lame()], sound),
    _copes("a slow server", "slow", lambda: [b.delayed(0.3)]),
    _copes("somebody else's address in every reply is not believed", "poison",
           lambda: [b.poison("mx.nsec.se", "45.99.9.9"), b.poison_ns("se", "evil.poison.se", "45.99.9.9")]),
    _stays_secure("truncated, and TCP works", "tcp", lambda: [b.truncated()]),
    _stays_secure("larger than our UDP size: fetched over TCP", "large", sound,
                  records=MAIL + "".join(f"@ MX {n} mx\n" for n in range(20, 90))),
    _stays_secure("larger than our UDP size, and sent over UDP all the same", "oversize", lambda: [b.oversize()],
                  records=MAIL + "".join(f"@ MX {n} mx\n" for n in range(20, 90))),
    _stays_secure("no OPT in replies", "no-opt", lambda: [b.no_opt()]),
    _stays_secure("one of two forgets the signatures: the other is asked", "half-dnssec",
                  lambda: [b.do_ignored()], sound),
    _stays_secure("one of two silent costs nothing but time", "half-silent-signed", lambda: [b.silent()], sound),
    Scenario(
        claim="a signed zone whose only server ignores DO is bogus",
        domain="no-do.se",
        sites=(Site(apex="no-do.se", servers=(lambda: [b.do_ignored()],)),),
        classes=Classes("bogus", "unknown", "unknown", "unknown", "unknown"),
        row={"zone_security": "bogus", "zone_reason": "signature-missing", "mx": "answer bogus signature-missing"},
    ),
    Scenario(
        claim="NXDOMAIN at an empty non-terminal (RFC 8020): the minimised question is not believed, TLSA is found",
        domain="empty.se",
        sites=(Site(apex="empty.se", records="@ MX 10 mx.sub\nmx.sub A 45.99.0.1\n_25._tcp.mx.sub TLSA 3 1 1 " + KEY,
                    servers=(lambda: [b.with_rcode(3).only(at="sub.empty.se"),
                                      b.with_rcode(3).only(at="_tcp.mx.sub.empty.se")],)),),
        classes=Classes("secure", "mx", "full"),
        row={"mx": SECURE},
        hosts={"mx.sub.empty.se": {"tlsa_initial": SECURE, "tcp_node.outcome": "nxdomain"}},
    ),
    Scenario(
        claim="NXDOMAIN at _tcp, with proof: the zone denies an empty non-terminal that has TLSA below it",
        domain="forgets.se",
        sites=(Site(apex="forgets.se", broken=lambda: [breakage.forgets_empty()]),),
        classes=Classes("secure", "mx", "full"),
        row={"mx": SECURE},
        hosts={"mx.forgets.se": {"tlsa_initial": SECURE, "tcp_node.outcome": "nxdomain"}},
    ),
    Scenario(
        claim="SERVFAIL to TLSA alone: whether there is DANE is unknown (RFC 7672 section 2.2)",
        domain="tlsa-servfail.se",
        sites=(Site(apex="tlsa-servfail.se", servers=(lambda: [b.servfail().only("TLSA")],)),),
        classes=Classes("secure", "mx", "unknown"),
        row={"mx": SECURE},
        hosts={"mx.tlsa-servfail.se": {"a": SECURE, "tlsa_initial": "servfail indeterminate lookup-failed"}},
    ),
    Scenario(
        claim="silence to TXT alone: whether there is a policy is unknown",
        domain="txt-silent.se",
        sites=(Site(apex="txt-silent.se", servers=(lambda: [b.silent().only("TXT")],)),),
        classes=Classes("secure", "mx", "full", "unknown", "unknown"),
        row={"mx": SECURE, "mta_sts": "timeout indeterminate lookup-failed"},
        hosts={"mx.txt-silent.se": {"tlsa_initial": SECURE}},
    ),
    Scenario(
        claim="a chain of aliases through slow zones uses up the look-up's time",
        domain="long-wait.se",
        sites=(
            Site(apex="long-wait.se", signing=None, records="@ MX 10 mx\nmx CNAME mx.long-wait-1.se."),
            *(
                Site(apex=f"long-wait-{n}.se", records=f"mx CNAME mx.long-wait-{n + 1}.se.",
                     servers=(lambda: [b.delayed(1.3), b.truncated()],))
                for n in range(1, 12)
            ),
            Site(apex="long-wait-12.se", records=HOST),
        ),
        classes=Classes("insecure", "mx", "unknown"),
        row={"mx": PLAIN},
        hosts={"mx.long-wait.se": {"a.outcome": "deadline", "a.security": "indeterminate"}},
    ),
    Scenario(
        claim="a chain of aliases through zones whose servers mostly refuse uses up the look-up's packets",
        domain="budget.se",
        sites=(
            Site(apex="budget.se", signing=None, records="@ MX 10 mx\nmx CNAME mx.budget-1.se."),
            *(
                Site(apex=f"budget-{n}.se", records=f"mx CNAME mx.budget-{n + 1}.se.",
                     servers=(*(lambda: [b.refused()],) * 7, lambda: [b.truncated()]))
                for n in range(1, 12)
            ),
            Site(apex="budget-12.se", records=HOST),
        ),
        classes=Classes("insecure", "mx", "unknown"),
        row={"mx": PLAIN},
        hosts={"mx.budget.se": {"a.outcome": "budget", "a.security": "indeterminate", "tlsa_base": "address-unknown"}},
    ),
)  # fmt: skip
