"""Scenarios about conversations with mail hosts: what they say, the certificate they show, and what TLSA makes of it.

One domain each, in a signed zone, mostly with one host `mx` at an address of its own. Truth is the row of
``endpoints``, the verdict on it, the effective class of the domain, and what each kind of sender gets.
"""

from __future__ import annotations

import ssl
from itertools import count

from lab.mta import EHLO, GREETING, READY, Mta, endless_banner, endless_line, late, slowly
from lab.peers import DEAF, FAR, REFUSING
from lab.pki import Leaf
from lab.scenarios.scenario import Classes, Scenario, Site
from lab.web import FOREVER, Web, alert, policy, raw

_NUMBER = count(1)
Row = dict[str, object]
VALID: Row = {"contact": "tls", "dane": "authenticated"}
NO_TALK: Row = {"dane": None, "reason": None}


def _address() -> str:
    number = next(_NUMBER)
    return f"45.96.{number >> 8}.{number & 255}"


def _senders(plain: str, dane: str, sts: str | None = None, both: str | None = None) -> dict[str, str]:
    return {"plain": plain, "dane": dane, "mta-sts": sts or plain, "both": both or dane}


def _case(
    name: str, claim: str, mta: Mta, tlsa: str, row: Row, judged: Row, effective: str, senders: dict[str, str],
    *, at: str | None = None, dane: str = "full", extra: str = "", sts: str = "none", web: Web | None = None,
) -> Scenario:  # fmt: skip
    """One host. `tlsa`: the records, one a line, `$` for the host's address; `row`: of its endpoint."""
    address, domain = at or _address(), f"m-{name}.org"
    lines = "".join(f"_25._tcp.mx TLSA {line}\n" for line in _lines(tlsa, address))
    records = f"@ MX 10 mx\nmx A {address}\n{lines}{extra}"
    key = f"mx.{domain} {address}"
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(Site(apex=domain, records=records),),
        classes=Classes("secure", "mx", dane, sts),
        row={},
        web=web,
        mtas={address: mta},
        endpoints={key: row},
        judged={key: judged},
        effect={"effective": effective, **senders},
    )


def _lines(tlsa: str, address: str) -> list[str]:
    """Records one by one: see `scenario.ASSOCIATION`; what begins with `=` stands as it is."""
    parts = filter(None, (part.strip() for part in tlsa.split(",")))
    return [one[1:] if one.startswith("=") else f"$[{one} {address}]" for one in parts]


def _leaf(name: str, **more: object) -> Leaf:
    return Leaf(**{"names": (f"mx.m-{name}.org",)} | more)  # type: ignore[arg-type]


def _good(name: str, claim: str, tlsa: str, **judged: object) -> Scenario:
    leaf = judged.pop("leaf", _leaf(name))
    return _case(name, claim, Mta(leaf=leaf), tlsa, {"outcome": "tls"}, {**VALID, **judged}, "valid",  # type: ignore[arg-type]
                 _senders("encrypted", "authenticated"))  # fmt: skip


def _bad(name: str, claim: str, tlsa: str, effective: str, **judged: object) -> Scenario:
    leaf = judged.pop("leaf", _leaf(name))
    return _case(name, claim, Mta(leaf=leaf), tlsa, {"outcome": "tls"}, {"contact": "tls", "dane": "failed", **judged},  # type: ignore[arg-type]
                 effective, _senders("encrypted", "deferred"))  # fmt: skip


def _said(name: str, claim: str, outcome: str, effective: str, mta: Mta, plain: str = "deferred", *,
          at: str | None = None, **row: object) -> Scenario:  # fmt: skip
    """A conversation that ends before TLS; the host has TLSA records of a certificate that nobody sees."""
    contact = {"no-starttls": "no-starttls", "tls-failed": "tls-failed"}.get(effective, effective)
    return _case(name, claim, mta, f"=3 1 1 {'ab' * 32}", {"outcome": outcome, **row}, {"contact": contact, **NO_TALK},
                 effective, _senders(plain, "deferred"), at=at)  # fmt: skip


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTED = ("leaf", "intermediate", "root")

DANE: tuple[Scenario, ...] = (
    # DANE-EE
    _good("ee-key", "3 1 1 of the key", "3 1 1", rule="DANE-EE-MATCH", depth=0, scheme=None),
    _good("ee-cert", "3 0 1 of the certificate", "3 0 1"),
    _good("ee-512", "3 1 2", "3 1 2"),
    _good("ee-full", "3 1 0, the key itself", "3 1 0"),
    _good("ee-whole", "3 0 0, the certificate itself", "3 0 0"),
    _good(
        "ee-expired",
        "an expired certificate is no matter for DANE-EE (RFC 7672 section 3.1.1)",
        "3 1 1",
        leaf=_leaf("ee-expired", to_day=-1),
        certificate=["expired"],
    ),
    _good(
        "ee-name",
        "another name is no matter for DANE-EE",
        "3 1 1",
        leaf=_leaf("ee-name", names=("other.example",)),
        certificate=["name-mismatch"],
    ),
    _good(
        "ee-self",
        "nor is a self-signed one",
        "3 1 1",
        leaf=_leaf("ee-self", issuer="self", sent=("leaf",)),
        certificate=["self-signed"],
    ),
    _good("ee-old", "TLS 1.0 is TLS for DANE", "3 1 1"),
    _good("ee-next", "the current key and the next one", "3 1 1, 3 1 1+1", scheme="current+next"),
    _good("ee-next-only-second", "the matching record comes second", "3 1 1+1, 3 1 1", record=1, scheme="current+next"),
    _good("ee-issuer", "the current key and its issuer", "3 1 1, 2 1 1/1", scheme="current+issuer"),
    _good(
        "ee-beside-pkix",
        "usages 0 and 1 beside a good record do not count",
        "3 1 1, 1 1 1+1, 0 0 1/1",
        records=3,
        usable=1,
    ),
    _good(
        "ee-beside-bad",
        "a record of the wrong length beside a good one is dropped",
        r"3 1 1, =\# 5 030101abcd",
        records=2,
        usable=1,
    ),
    _good(
        "ee-agility",
        "of two digests only the stronger counts, and it matches (RFC 7671 section 9)",
        f"3 1 2, =3 1 1 {'00' * 32}",
    ),
    _bad(
        "ee-agility-fails",
        "the weaker digest matches, the stronger does not: no match",
        f"3 1 1, =3 1 2 {'00' * 64}",
        "mismatch",
        rule="DANE-NO-MATCH",
        near_misses=["outweighed"],
    ),
    # DANE-TA
    _good("ta-key", "2 1 1 of the intermediate", "2 1 1/1", rule="DANE-TA-MATCH", depth=1),
    _good("ta-cert", "2 0 1 of the intermediate", "2 0 1/1"),
    _good("ta-root", "the root, which is sent", "2 1 1/2", leaf=_leaf("ta-root", sent=ROOTED), depth=2),
    _good("ta-whole", "2 0 0: the anchor comes from the DNS, and the server sends it, too", "2 0 0/1"),
    _good(
        "ta-untrusted",
        "a CA that nobody else trusts",
        "2 1 1/1",
        leaf=_leaf("ta-untrusted", issuer="other"),
        certificate=["incomplete"],
    ),
    _good("ta-star", "a wildcard name", "2 1 1/1", leaf=_leaf("ta-star", names=("*.m-ta-star.org",))),
    _good(
        "ta-order", "a chain in no order", "2 1 1/2", leaf=_leaf("ta-order", sent=("leaf", "stranger", "intermediate"))
    ),
    _bad(
        "ta-not-sent",
        "the root is pinned and not sent",
        "=2 1 1 " + "cd" * 32,
        "mismatch",
        leaf=_leaf("ta-not-sent", sent=("leaf",)),
        rule="DANE-NO-MATCH",
        near_misses=["not-sent"],
    ),
    _bad(
        "ta-expired",
        "dates count under DANE-TA",
        "2 1 1/1",
        "expired",
        leaf=_leaf("ta-expired", to_day=-1),
        rule="DANE-TA-PATH",
        reason="expired",
    ),
    _bad(
        "ta-early", "not yet valid", "2 1 1/1", "bad-path", leaf=_leaf("ta-early", from_day=2), reason="not-yet-valid"
    ),
    _bad(
        "ta-name",
        "names count under DANE-TA",
        "2 1 1/1",
        "name-mismatch",
        leaf=_leaf("ta-name", names=("other.example", "*.example")),
        rule="DANE-TA-NAME",
        names=["other.example", "*.example"],
    ),
    _bad(
        "ta-client",
        "a certificate for clients",
        "2 1 1/1",
        "bad-path",
        leaf=_leaf("ta-client", server=False),
        reason="purpose",
    ),
    _bad(
        "ta-spoiled",
        "a signature that does not verify",
        "2 1 1/1",
        "bad-path",
        leaf=_leaf("ta-spoiled", spoiled=True),
        reason="signature",
    ),
    _case(
        "ta-domain",
        "under DANE-TA the mail domain's own name will do, the MX being secure (RFC 7672 section 3.2.2)",
        Mta(leaf=_leaf("ta-domain", names=("m-ta-domain.org",))),
        "2 1 1/1",
        {"outcome": "tls"},
        {"rule": "DANE-TA-NAME", "names": ["m-ta-domain.org"]},
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    # mismatches and near misses
    _bad(
        "stale",
        "the key was changed, the record was not",
        "3 1 1+1",
        "mismatch",
        rule="DANE-NO-MATCH",
        near_misses=[],
        certificate=[],
    ),
    _bad("usage", "2 1 1 of the leaf", "2 1 1", "mismatch", near_misses=["usage"]),
    _bad("usage-ee", "3 1 1 of the issuer", "3 1 1/1", "mismatch", near_misses=["usage"]),
    _bad("selector", "the digest of the key under selector 0", "3 1 1~0", "mismatch", near_misses=["selector"]),
    _bad("empty", "the digest of nothing", f"=3 1 1 {EMPTY}", "mismatch", near_misses=["empty-digest"]),
    # nothing usable
    _case(
        "pkix",
        "usages 0 and 1 alone: TLS is a must, authentication is not asked (RFC 7672 section 3.1.3)",
        Mta(leaf=_leaf("pkix")),
        "1 1 1, 0 0 1/1",
        {"outcome": "tls"},
        {"dane": "unusable", "rule": "DANE-UNUSABLE", "records": 2, "usable": 0},
        "tls-only",
        _senders("encrypted", "encrypted"),
    ),
    _case(
        "malformed",
        "a digest of the wrong length alone: likewise",
        Mta(leaf=_leaf("malformed")),
        r"=\# 5 030101abcd",
        {"outcome": "tls"},
        {"dane": "unusable"},
        "tls-only",
        _senders("encrypted", "encrypted"),
    ),
    _case(
        "no-tlsa",
        "no record: nothing to hold it against",
        Mta(leaf=_leaf("no-tlsa")),
        "",
        {"outcome": "tls", "other_kind": None},
        {"contact": "tls", "dane": None, "rule": "DANE-NO-RECORD"},
        "none",
        _senders("encrypted", "encrypted"),
        dane="none",
    ),
    # two kinds of certificate
    _case(
        "both-kinds",
        "an RSA and an ECDSA certificate, a record of each",
        Mta(leaf=_leaf("both-kinds"), others=(_leaf("both-kinds", key="rsa"),)),
        "3 1 1, 3 1 1*",
        {"outcome": "tls", "other_kind": "rsa", "other_outcome": "tls"},
        {**VALID, "other_dane": "authenticated", "scheme": None},
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    _case(
        "one-kind",
        "a record of the ECDSA certificate alone: who is shown the RSA one is lost",
        Mta(leaf=_leaf("one-kind"), others=(_leaf("one-kind", key="rsa"),)),
        "3 1 1",
        {"outcome": "tls", "other_kind": "rsa", "other_outcome": "tls"},
        {"dane": "authenticated", "other_dane": "failed"},
        "partial-certificates",
        _senders("encrypted", "deferred"),
    ),
    _case(
        "tls-1-2",
        "TLS 1.2 alone, no second certificate",
        Mta(leaf=_leaf("tls-1-2"), most=ssl.TLSVersion.TLSv1_2),
        "3 1 1",
        {"outcome": "tls", "tls_version": "TLSv1.2", "other_kind": "rsa", "other_chain": []},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
)

TALKS: tuple[Scenario, ...] = (
    # connecting
    _said("refused", "nobody listens", "refused", "unreachable", Mta(), at=REFUSING),
    _said("deaf", "no answer to a connection", "timeout", "unreachable", Mta(), at=DEAF),
    _said("far", "no way there", "unreachable", "unreachable", Mta(), at=FAR),
    # the greeting
    _said("mute", "a connection, and no greeting", "greeting-timeout", "unreachable", Mta(greeting=raw(FOREVER))),
    _said("slammed", "closed before the greeting", "greeting-closed", "unreachable", Mta(greeting=None)),
    _said(
        "busy",
        "421: too busy",
        "greeting-4xx",
        "temporary",
        Mta(greeting=b"421 4.7.0 try later\r\n"),
        code=421,
        text="4.7.0 try later",
    ),
    _said(
        "listed", "554: we are on a list", "greeting-5xx", "rejected", Mta(greeting=b"554 5.7.1 go away\r\n"), code=554
    ),
    _said(
        "halves",
        "554 over three lines",
        "greeting-5xx",
        "rejected",
        Mta(greeting=b"554-no\r\n554-service\r\n554 here\r\n"),
        text="no service here",
    ),
    _said(
        "ssh",
        "another protocol",
        "greeting-malformed",
        "rejected",
        Mta(greeting=b"SSH-2.0-OpenSSH_9.9\r\n"),
        code=None,
        text="SSH-2.0-OpenSSH_9.9",
    ),
    _said("code", "a code that is none", "greeting-malformed", "rejected", Mta(greeting=b"999 what\r\n")),
    _said("codes", "two codes in one reply", "greeting-malformed", "rejected", Mta(greeting=b"220-a\r\n554 b\r\n")),
    _said("three", "354 for a greeting", "greeting-other-code", "rejected", Mta(greeting=b"354 go on\r\n"), code=354),
    _said("binary", "octets of all kinds", "greeting-malformed", "rejected", Mta(greeting=bytes(range(256)) + b"\n")),
    _said("endless", "a banner of ten megabytes", "greeting-too-long", "rejected", Mta(greeting=endless_banner)),
    _said("line", "a line without end", "greeting-too-long", "rejected", Mta(greeting=endless_line)),
    _said("drip", "an octet a second", "greeting-timeout", "unreachable", Mta(greeting=slowly(GREETING * 3, 5.0))),
    # EHLO
    _said(
        "ehlo-502",
        "EHLO is not known: no STARTTLS either",
        "ehlo-5xx",
        "no-starttls",
        Mta(ehlo=b"502 what\r\n"),
        "plaintext",
    ),
    _said("ehlo-421", "421 to EHLO", "ehlo-4xx", "temporary", Mta(ehlo=b"421 closing\r\n"), code=421),
    _said("ehlo-closed", "closed after EHLO", "ehlo-closed", "unreachable", Mta(ehlo=None)),
    _said("ehlo-mute", "no reply to EHLO", "ehlo-timeout", "unreachable", Mta(ehlo=raw(FOREVER))),
    _said("ehlo-long", "an EHLO response without end", "ehlo-too-long", "rejected", Mta(ehlo=raw(b"250-X\r\n" * 400))),
    _said("ehlo-odd", "251 to EHLO", "ehlo-other-code", "rejected", Mta(ehlo=b"251 hello\r\n")),
    _said("ehlo-mixed", "no reply at all", "ehlo-malformed", "rejected", Mta(ehlo=b"hello there\r\n")),
    _said(
        "none",
        "STARTTLS is not offered",
        "no-starttls",
        "no-starttls",
        Mta(ehlo=b"250-mail\r\n250 SIZE\r\n"),
        "plaintext",
        keywords=["SIZE"],
    ),
    _said(
        "ehlo-one", "an EHLO response of one line", "no-starttls", "no-starttls", Mta(ehlo=b"250 mail\r\n"), "plaintext"
    ),
    # STARTTLS
    _said("tls-454", "454: no TLS just now", "starttls-4xx", "temporary", Mta(starttls=b"454 not now\r\n"), code=454),
    _said(
        "tls-554", "554: offered, and refused", "starttls-5xx", "no-starttls", Mta(starttls=b"554 no\r\n"), "plaintext"
    ),
    _said("tls-closed", "closed at STARTTLS", "starttls-closed", "unreachable", Mta(starttls=None)),
    _said("tls-mute", "no reply to STARTTLS", "starttls-timeout", "unreachable", Mta(starttls=raw(FOREVER))),
    _said(
        "injection",
        "octets behind the 220 (CVE-2011-0411)",
        "starttls-injection",
        "rejected",
        Mta(starttls=raw(READY + b"250 injected\r\n")),
    ),
    # TLS
    _said("no-tls", "closed where TLS would begin", "tls-closed", "tls-failed", Mta(), "plaintext"),
    _said(
        "alert",
        "an alert",
        "tls-alert",
        "tls-failed",
        Mta(instead=lambda: alert(40)),
        "plaintext",
        detail="handshake_failure",
    ),
    _said(
        "plain",
        "SMTP goes on in plaintext",
        "tls-not-tls",
        "tls-failed",
        Mta(instead=raw(b"220 still here\r\n" * 9)),
        "plaintext",
    ),
    _said("hang", "silence where TLS would begin", "tls-timeout", "tls-failed", Mta(instead=raw(FOREVER)), "plaintext"),
    # what is odd, and does no harm
    _case(
        "bare",
        "lines that end with LF alone",
        Mta(leaf=_leaf("bare"), greeting=b"220 a\n", ehlo=EHLO.replace(b"\r", b""), starttls=b"220 b\n"),
        "3 1 1",
        {"outcome": "tls", "bare_lf": True},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    _case(
        "late",
        "a greeting after twenty seconds",
        Mta(leaf=_leaf("late"), greeting=late(GREETING, 20.0)),
        "3 1 1",
        {"outcome": "tls"},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    _case(
        "bytes",
        "8-bit octets in the banner, kept readable",
        Mta(leaf=_leaf("bytes"), greeting=b"220 caf\xe9 \x1b[2J\r\n"),
        "3 1 1",
        {"outcome": "tls", "banner": r"caf\233 \027[2J"},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    _case(
        "many-lines",
        "a greeting of many lines, a code alone",
        Mta(leaf=_leaf("many-lines"), greeting=b"220-one\r\n220-two\r\n220\r\n"),
        "3 1 1",
        {"outcome": "tls", "banner": "one two "},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    _case(
        "lower",
        "keywords in lower case",
        Mta(leaf=_leaf("lower"), ehlo=EHLO.lower()),
        "3 1 1",
        {"keywords": ["SIZE", "STARTTLS", "8BITMIME"]},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
    _case(
        "old-tls",
        "TLS 1.0 alone",
        Mta(leaf=_leaf("old-tls"), old=True, most=ssl.TLSVersion.TLSv1),
        "3 1 1",
        {"outcome": "tls", "tls_version": "TLSv1"},
        VALID,
        "valid",
        _senders("encrypted", "authenticated"),
    ),
)


def _hosts(name: str, claim: str, first: Mta, second: Mta, tlsa: str, other: str, effective: str,
           senders: dict[str, str], *, dane: str = "full", equal: bool = False) -> Scenario:  # fmt: skip
    """Two hosts, with records each."""
    one, two, domain = _address(), _address(), f"m-{name}.org"
    lines = [f"_25._tcp.mx TLSA {line}" for line in _lines(tlsa, one)]
    lines += [f"_25._tcp.mx2 TLSA {line}" for line in _lines(other, two)]
    records = "\n".join([f"@ MX 10 mx\n@ MX {10 if equal else 20} mx2\nmx A {one}\nmx2 A {two}", *lines])
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(Site(apex=domain, records=records),),
        classes=Classes("secure", "mx", dane),
        row={},
        mtas={one: first, two: second},
        endpoints={f"mx.{domain} {one}": {"host": f"mx.{domain}"}, f"mx2.{domain} {two}": {"host": f"mx2.{domain}"}},
        effect={"effective": effective, **senders},
    )


def _sts(name: str, claim: str, mta: Mta, tlsa: str, mode: str, pattern: str, effective: str,
         senders: dict[str, str], dane: str = "full") -> Scenario:  # fmt: skip
    """One host, and an MTA-STS policy."""
    domain = f"m-{name}.org"
    text = f"version: STSv1\nmode: {mode}\nmx: {pattern.format(domain)}\nmax_age: 86400\n"
    return _case(name, claim, mta, tlsa, {"outcome": "tls"}, {"contact": "tls"}, effective, senders, dane=dane,
                 sts="valid",
                 extra='_mta-sts TXT "v=STSv1; id=1"\nmta-sts A 45.98.0.1\n',
                 web=Web(leaf=Leaf(names=(f"mta-sts.{domain}",)), script=policy(text)))  # fmt: skip


BOTH: tuple[Scenario, ...] = (
    _hosts(
        "first-bad",
        "the first host does not match, the second does: mail goes on to it",
        Mta(leaf=_leaf("first-bad")),
        Mta(leaf=_leaf("first-bad", names=("mx2.m-first-bad.org",))),
        "3 1 1+1",
        "3 1 1",
        "partial-hosts",
        _senders("encrypted", "authenticated"),
    ),
    _hosts(
        "second-bad",
        "the second host does not match",
        Mta(leaf=_leaf("second-bad")),
        Mta(leaf=_leaf("second-bad")),
        "3 1 1",
        "3 1 1+1",
        "partial-hosts",
        _senders("encrypted", "authenticated"),
    ),
    _hosts(
        "second-none",
        "the second host has no records",
        Mta(leaf=_leaf("second-none")),
        Mta(leaf=_leaf("second-none")),
        "3 1 1",
        "",
        "partial-hosts",
        _senders("encrypted", "authenticated"),
        dane="partial",
    ),
    _hosts(
        "none-first",
        "of two equal hosts, one without records: a sender may meet it",
        Mta(leaf=_leaf("none-first")),
        Mta(leaf=_leaf("none-first")),
        "3 1 1",
        "",
        "partial-hosts",
        _senders("encrypted", "encrypted"),
        dane="partial",
        equal=True,
    ),
    _hosts(
        "down",
        "the first host is down, the second takes the mail in plaintext",
        Mta(greeting=None),
        Mta(leaf=None, ehlo=b"250 mail\r\n"),
        "",
        "",
        "none",
        _senders("plaintext", "plaintext"),
        dane="none",
    ),
    Scenario(
        claim="two addresses of one host show two certificates",
        domain="m-two.org",
        sites=(
            Site(
                apex="m-two.org",
                records="@ MX 10 mx\nmx A 45.96.255.1\nmx A 45.96.255.2\n_25._tcp.mx TLSA $[3 1 1 45.96.255.1]",
            ),
        ),
        classes=Classes("secure", "mx", "full"),
        row={},
        mtas={"45.96.255.1": Mta(leaf=_leaf("two")), "45.96.255.2": Mta(leaf=_leaf("two", renewal=5))},
        judged={"mx.m-two.org 45.96.255.1": VALID, "mx.m-two.org 45.96.255.2": {"dane": "failed"}},
        effect={"effective": "partial-addresses", **_senders("encrypted", "deferred")},
    ),
    Scenario(
        claim="an aliased host: TLSA and SNI are those of the alias' end (RFC 7672 section 2.2.2)",
        domain="m-alias.org",
        sites=(
            Site(
                apex="m-alias.org",
                records="@ MX 10 mx\nmx CNAME real\nreal A 45.96.255.3\n_25._tcp.real TLSA $[3 1 1 45.96.255.3]",
            ),
        ),
        classes=Classes("secure", "mx", "full"),
        row={},
        mtas={"45.96.255.3": Mta(leaf=_leaf("alias"))},
        endpoints={"mx.m-alias.org 45.96.255.3": {"sni": "real.m-alias.org", "outcome": "tls"}},
        judged={"mx.m-alias.org 45.96.255.3": VALID},
        effect={"effective": "valid", **_senders("encrypted", "authenticated")},
    ),
    _sts(
        "sts-only",
        "MTA-STS alone: enforce, admitted, a good certificate",
        Mta(leaf=_leaf("sts-only")),
        "",
        "enforce",
        "mx.{}",
        "none",
        _senders("encrypted", "encrypted", "authenticated", "authenticated"),
        dane="none",
    ),
    _sts(
        "sts-bad-cert",
        "MTA-STS alone: the host's certificate has expired",
        Mta(leaf=_leaf("sts-bad-cert", to_day=-1)),
        "",
        "enforce",
        "mx.{}",
        "none",
        _senders("encrypted", "encrypted", "deferred", "deferred"),
        dane="none",
    ),
    _sts(
        "sts-not-admitted",
        "MTA-STS alone: the host is not admitted",
        Mta(leaf=_leaf("sts-not-admitted")),
        "",
        "enforce",
        "mx9.{}",
        "none",
        _senders("encrypted", "encrypted", "deferred", "deferred"),
        dane="none",
    ),
    _sts(
        "sts-testing",
        "mode testing holds nobody up",
        Mta(leaf=_leaf("sts-testing", to_day=-1)),
        "",
        "testing",
        "mx9.{}",
        "none",
        _senders("encrypted", "encrypted"),
        dane="none",
    ),
    _sts(
        "sts-and-dane",
        "both, and both good",
        Mta(leaf=_leaf("sts-and-dane")),
        "3 1 1",
        "enforce",
        "mx.{}",
        "valid",
        _senders("encrypted", "authenticated", "authenticated", "authenticated"),
    ),
    _sts(
        "dane-wins",
        "DANE holds, the certificate is nothing for MTA-STS: who knows both delivers (RFC 8461 section 2)",
        Mta(leaf=_leaf("dane-wins", issuer="self", sent=("leaf",))),
        "3 1 1",
        "enforce",
        "mx.{}",
        "valid",
        _senders("encrypted", "authenticated", "deferred", "authenticated"),
    ),
    _sts(
        "dane-loses",
        "DANE fails, MTA-STS holds: it must not override (RFC 8461 section 2)",
        Mta(leaf=_leaf("dane-loses")),
        "3 1 1+1",
        "enforce",
        "mx.{}",
        "mismatch",
        _senders("encrypted", "deferred", "authenticated", "deferred"),
    ),
)

SCENARIOS: tuple[Scenario, ...] = (*DANE, *TALKS, *BOTH)
