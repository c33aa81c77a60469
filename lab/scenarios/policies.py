"""Scenarios about policy files: one domain each, its MTA-STS record and its policy host, and where the way ends.

Truth is the row of ``policies`` (`row`) and the verdict: state, stage, cause, and whatever else a scenario is about.
In all of them the zone is signed and the MX hosts have TLSA, so that nothing else is at fault.
"""

from __future__ import annotations

import gzip
import ssl

from lab import breakage as b
from lab.peers import DEAF, FAR, REFUSING
from lab.pki import Leaf
from lab.scenarios.scenario import HOST, MAIL, Break, Classes, Scenario, Site, sound
from lab.web import (
    FOREVER,
    Web,
    alerting,
    drip,
    endless_body,
    endless_chunks,
    endless_headers,
    endless_hints,
    policy,
    raw,
    redirect,
)

RECORD = '\n_mta-sts TXT "v=STSv1; id=20261126"\n'
AT = "mta-sts A 45.98.0.1\n"
GOOD = "version: STSv1\nmode: enforce\nmx: mx.{}\nmax_age: 604800\n"
TWO = MAIL + "\n@ MX 20 mx2\nmx2 A 45.99.0.2\n_25._tcp.mx2 TLSA 3 1 1 " + "d4" * 32
USABLE: dict[str, object] = {"state": "usable", "stage": "ok", "cause": None, "rule": "STS-OK"}


def _ends(stage: str, cause: str, state: str = "failed", **more: object) -> dict[str, object]:
    return {"state": state, "stage": stage, "cause": cause, **more}


def _case(
    name: str, claim: str, web: Web | None, verdict: dict[str, object], *, records: str = MAIL, host: str = AT,
    txt: str = RECORD, sts: str = "valid", mail: str = "mx", dane: str = "full", row: dict[str, object] | None = None,
    broken: Break = sound, hosts: tuple[Site, ...] = (),
) -> Scenario:  # fmt: skip
    domain = f"w-{name}.org"
    return Scenario(
        claim=claim,
        domain=domain,
        sites=(*hosts, Site(apex=domain, records=records + txt + host, broken=broken)),
        classes=Classes("secure", mail, dane, sts),
        row={},
        web=web,
        policy=row or {},
        verdict=verdict,
    )


def _cert(name: str, claim: str, flaws: list[str], **leaf: object) -> Scenario:
    """A good policy behind a certificate."""
    domain = f"w-{name}.org"
    names = leaf.pop("names", (f"mta-sts.{domain}",))
    made = Leaf(names=names, **leaf)  # type: ignore[arg-type]
    verdict = _ends("certificate", flaws[0], rule="STS-CERTIFICATE") if flaws else USABLE
    web = Web(leaf=made, script=policy(GOOD.format(domain)))
    return _case(name, claim, web, {**verdict, "certificate": flaws, "mode": "enforce", "policy": True})


def _tls(name: str, claim: str, cause: str, *steps: bytes | float, state: str = "failed") -> Scenario:
    """Something else in the place of TLS."""
    return _case(name, claim, Web(instead=raw(*steps)), _ends("tls", cause, state, rule="STS-TLS", certificate=None))


def _http(name: str, claim: str, cause: str, script: object, state: str = "failed", **row: object) -> Scenario:
    """A good certificate, and trouble behind it."""
    web = Web(leaf=Leaf(names=(f"mta-sts.w-{name}.org",)), script=script)  # type: ignore[arg-type]
    return _case(name, claim, web, _ends("http", cause, state, rule="STS-HTTP", certificate=[], policy=None), row=row)


def _text(name: str, claim: str, text: str, verdict: dict[str, object], *, records: str = MAIL,
          media: str = "text/plain", dane: str = "full", mail: str = "mx") -> Scenario:  # fmt: skip
    """A policy's text, served as it should be; {} in it stands for the domain."""
    domain = f"w-{name}.org"
    web = Web(leaf=Leaf(names=(f"mta-sts.{domain}",)), script=policy(text.format(domain), media=media))
    return _case(name, claim, web, verdict, records=records, dane=dane, mail=mail)


def _syntax(name: str, claim: str, text: str, flaw: str, *, lenient: bool = False, **more: object) -> Scenario:
    """A text that the grammar refuses; `lenient`: some deployed sender takes it."""
    told = _ends("syntax", flaw, rule="STS-SYNTAX", policy=False, policy_lenient=lenient)
    return _text(name, claim, text, {**told, **more})


def _cover(name: str, claim: str, patterns: str, coverage: str, *uncovered: tuple[str, str, str],
           records: str = MAIL, mail: str = "mx", dane: str = "full") -> Scenario:  # fmt: skip
    """Patterns against the mail hosts; {} stands for the domain in both."""
    domain = f"w-{name}.org"
    lines = "".join(f"mx: {pattern}\n" for pattern in patterns.split())
    told = [tuple(part.format(domain) for part in one) for one in uncovered]
    return _text(
        name,
        claim,
        f"version: STSv1\nmode: enforce\n{lines}max_age: 86400\n",
        {**USABLE, "coverage": coverage, "uncovered": told},
        records=records,
        mail=mail,
        dane=dane,
    )


SCENARIOS: tuple[Scenario, ...] = (
    # the good
    _text("enforce", "a policy as it should be", GOOD, {**USABLE, "mode": "enforce", "max_age": 604800,
          "coverage": "all", "plain_text": True, "policy_id": "20261126", "mx": ["mx.w-enforce.org"]}),
    _text("testing", "mode testing", GOOD.replace("enforce", "testing"), {**USABLE, "mode": "testing"}),
    _text("none", "mode none needs no mx", "version: STSv1\nmode: none\nmax_age: 86400\n", {**USABLE, "mode": "none"}),
    _text("crlf", "lines may end with CRLF (erratum 6253)", GOOD.replace("\n", "\r\n"), {**USABLE, "mode": "enforce"}),
    _text("unknown-key", "keys that nobody knows are ignored", GOOD + "future: yes\n", {**USABLE, "mode": "enforce"}),
    _text("twice", "of a field that comes twice, the first", GOOD + "mode: none\n", {**USABLE, "mode": "enforce"}),
    _text("media", "another media type is a finding, and no failure (a sender SHOULD look)", GOOD,
          {**USABLE, "plain_text": False}, media="text/html"),
    _case("chunked", "a chunked body", Web(leaf=Leaf(names=("mta-sts.w-chunked.org",)), script=raw(
          b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          b"2d\r\nversion: STSv1\nmode: none\nmax_age: 86400\nmore\r\n5\r\n: no\n\r\n0\r\n\r\n")),
          {**USABLE, "mode": "none"}),
    _case("http-1-0", "HTTP/1.0, where the end of the connection ends the body", Web(
          leaf=Leaf(names=("mta-sts.w-http-1-0.org",)),
          script=raw(b"HTTP/1.0 200 OK\r\n\r\nversion: STSv1\nmode: none\nmax_age: 1\n")), {**USABLE, "max_age": 1}),
    _case("hint", "an informational response before the final one", Web(
          leaf=Leaf(names=("mta-sts.w-hint.org",)),
          script=raw(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n"
                     b"version: STSv1\nmode: none\nmax_age: 864\n")), {**USABLE, "mode": "none"}),
    # the record
    _case("record-two", "two records are none, whatever the policy says (RFC 8461 section 3.1)", Web(
          leaf=Leaf(names=("mta-sts.w-record-two.org",)), script=policy(GOOD.format("w-record-two.org"))),
          _ends("record", "several-records", rule="STS-RECORD-INVALID", record=False, mode="enforce"),
          txt=RECORD + '_mta-sts TXT "v=STSv1; id=2"\n', sts="invalid"),
    _case("record-bogus", "a record that is bogus is not known", None,
          _ends("record", "lookup-failed", "unknown", rule="STS-RECORD-UNKNOWN", record=None), sts="unknown",
          broken=lambda: [b.expired("TXT").at("_mta-sts.w-record-bogus.org")]),
    # addresses
    _case("no-host", "no policy host", None, _ends("dns", "no-address", rule="STS-DNS-NO-ADDRESS"), host="",
          row={"outcome": "dns-no-address", "attempts": []}),
    _case("nowhere", "an alias that leads nowhere", None, _ends("dns", "no-address"),
          host="mta-sts CNAME not-there\n", row={"expanded": "not-there.w-nowhere.org"}),
    _case("bogus-host", "addresses that are bogus are none, and not known to be absent", None,
          _ends("dns", "failed", "unknown", rule="STS-DNS-UNKNOWN"), row={"outcome": "dns-failed"},
          broken=lambda: [b.expired("A").at("mta-sts.w-bogus-host.org")]),
    _case("delegated", "both names are aliases at a provider, the certificate is the domain's (RFC 8461 section 8.2)",
          Web(leaf=Leaf(names=("mta-sts.w-delegated.org",)), script=policy(GOOD.format("w-delegated.org"))),
          {**USABLE, "mode": "enforce"}, host="mta-sts CNAME customer.w-sts-provider.nl.\n",
          hosts=(Site(apex="w-sts-provider.nl", signing=None, records="customer A 45.98.0.9\n"),),
          row={"expanded": "customer.w-sts-provider.nl", "a": "answer insecure opt-out"}),
    _case("ipv6", "IPv6 alone", Web(leaf=Leaf(names=("mta-sts.w-ipv6.org",)), script=policy(GOOD.format("w-ipv6.org"))),
          USABLE, host="mta-sts AAAA 2600:3c00::98\n", row={"attempts": [("2600:3c00::98", "fetched")]}),
    # TCP
    _case("refused", "nobody listens", None, _ends("tcp", "refused", rule="STS-TCP"), host=f"mta-sts A {REFUSING}\n",
          row={"outcome": "tcp-refused", "attempts": [(REFUSING, "tcp-refused")]}),
    _case("deaf", "no answer: not known to be absent", None, _ends("tcp", "timeout", "unknown"),
          host=f"mta-sts A {DEAF}\n", row={"outcome": "tcp-timeout"}),
    _case("far", "no way there", None, _ends("tcp", "unreachable", "unknown"), host=f"mta-sts A {FAR}\n"),
    _case("second", "the second address serves where the first refuses",
          Web(leaf=Leaf(names=("mta-sts.w-second.org",)), script=policy(GOOD.format("w-second.org"))), USABLE,
          host=f"mta-sts A {REFUSING}\nmta-sts AAAA 2600:3c00::99\n",
          row={"attempts": [(REFUSING, "tcp-refused"), ("2600:3c00::99", "fetched")]}),
    # TLS
    _case("no-name", "an alert: no certificate for that name", Web(),
          _ends("tls", "alert unrecognized_name", rule="STS-TLS"), row={"detail": "unrecognized_name"}),
    _case("handshake", "an alert: no cipher", Web(instead=alerting(40)), _ends("tls", "alert handshake_failure")),
    _case("internal", "an alert: internal error", Web(instead=alerting(80)), _ends("tls", "alert internal_error")),
    _tls("plain", "HTTP without TLS", "not-tls", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    _tls("noise", "octets that are nothing", "not-tls", b"\x00" * 600),
    _tls("closed", "closed instead of a ServerHello", "closed"),
    _tls("mute", "a connection, and then nothing", "timeout", FOREVER, state="unknown"),
    _tls("half-hello", "half a ServerHello, and the end", "closed", b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"),
    _case("old", "TLS 1.0 alone, which no sender may speak (RFC 8461 section 7.2, RFC 8996)", Web(
          leaf=Leaf(names=("mta-sts.w-old.org",)), script=policy(GOOD.format("w-old.org")), old=True,
          most=ssl.TLSVersion.TLSv1), _ends("tls", "version TLSv1", mode="enforce"), row={"tls_version": "TLSv1"}),
    # certificates
    _cert("wildcard", "a wildcard for the leftmost label", [], names=("*.w-wildcard.org",)),
    _cert("second-name", "the second name of the SAN", [], names=("w-second-name.org", "mta-sts.w-second-name.org")),
    _cert("with-root", "the root is sent, too", [], sent=("leaf", "intermediate", "root")),
    _cert("stranger", "a stranger's certificate among them", [], sent=("leaf", "stranger", "intermediate")),
    _cert("rsa", "an RSA key", [], key="rsa"),
    _cert("deep-star", "the star stands for one label only", ["name-mismatch"], names=("*.org",)),
    _cert("other-name", "another name", ["name-mismatch"], names=("w-other-name.org",)),
    _cert("common-name", "the name in the CN alone (RFC 8461 section 3.3: DNS-ID)", ["name-mismatch"], san=False),
    _cert("expired", "expired yesterday", ["expired"], to_day=-1),
    _cert("early", "not yet valid", ["not-yet-valid"], from_day=1),
    _cert("self-signed", "self-signed", ["self-signed"], issuer="self", sent=("leaf",)),
    _cert("untrusted", "a root that nobody trusts", ["untrusted-root"], issuer="other",
          sent=("leaf", "intermediate", "root")),
    _cert("unknown-issuer", "the same, its root not sent", ["incomplete"], issuer="other"),
    _cert("incomplete", "the intermediate is missing", ["incomplete"], sent=("leaf",)),
    _cert("client", "for clients only", ["bad-path"], server=False),
    _cert("spoiled", "a signature that does not verify", ["bad-signature"], spoiled=True),
    _cert("three", "three at once", ["self-signed", "expired", "name-mismatch"], issuer="self", sent=("leaf",),
          to_day=-1, names=("localhost.localdomain",)),
    # HTTP
    _http("not-found", "404", "status 404", policy("no", status="404 Not Found"), outcome="http-status", status=404),
    _http("no-content", "204 is not 200", "status 204", raw(b"HTTP/1.1 204 No Content\r\n\r\n")),
    _http("sorry", "503", "server-error 503", policy("", status="503 Unavailable"),
          outcome="http-server-error"),
    _http("moved", "a redirect is recorded and not followed", "redirect 301", redirect("https://w-enforce.org/"),
          location="https://w-enforce.org/"),
    _http("loop", "a redirect to itself, once", "redirect 301", redirect("/.well-known/mta-sts.txt")),
    _http("drip", "an octet a second", "timeout", drip, "unknown", outcome="http-timeout", status=200),
    _http("headers", "headers without end", "head-too-large", endless_headers),
    _http("body", "a body of 10 GB", "body-too-large", endless_body, status=200),
    _http("chunks", "chunks of one octet without end", "body-too-large", endless_chunks),
    _http("hints", "informational responses without end", "malformed", endless_hints),
    _http("rubbish", "no HTTP inside TLS", "malformed", raw(b"220 mail ESMTP\r\n\r\n")),
    _http("cut", "a body that ends before its length", "closed", raw(
          b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nversion"), status=200, body=b"version"),
    _http("nothing", "the connection closed after the request", "closed", raw()),
    _http("thinking", "no response at all", "timeout", raw(FOREVER), "unknown"),
    # the text
    _case("gzip", "a compressed body that nobody asked for: kept as it came", Web(
          leaf=Leaf(names=("mta-sts.w-gzip.org",)), script=raw(
              b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(bytes(10**7)))),
          _ends("syntax", "not-utf8"), row={"encoding": "gzip", "outcome": "fetched"}),
    _syntax("html", "a page", "<!DOCTYPE html>\n<title>404</title>", "html"),
    _syntax("empty", "nothing", "", "empty"),
    _syntax("bom", "a byte order mark", "\ufeff" + GOOD, "byte-order-mark"),
    _syntax("no-version", "no version", "mode: none\nmax_age: 1\n", "missing-version"),
    _syntax("bad-mode", "a mode that is none", GOOD.replace("enforce", "enforced"), "bad-mode"),
    _syntax("no-age", "no max_age", "version: STSv1\nmode: none\n", "missing-max-age"),
    _syntax("no-mx", "no mx in mode enforce", "version: STSv1\nmode: enforce\nmax_age: 1\n", "missing-mx"),
    _syntax("long-age", "more than a year: cut to one by those who take it", GOOD.replace("604800", "63072000"),
            "max-age-too-large", lenient=True, max_age=31557600),
    _syntax("blank", "a blank line", GOOD.replace("mode", "\nmode"), "blank-line", lenient=True, mode="enforce"),
    _syntax("u-label", "a pattern in U-labels", GOOD + "mx: mx.b\u00fccher.example\n", "mx-u-label", lenient=True),
    _syntax("list", "two patterns on a line", GOOD.replace("mx: ", "mx: mx.a.org, "), "mx-several", lenient=True),
    # mail hosts
    _cover("star", "a star stands for one label", "*.{}", "all"),
    _cover("some", "one of two hosts", "mx.{}", "some", ("mx2.{}", "mx.{}", "labels"), records=TWO),
    _cover("labels", "other labels under the same registrable name", "old.mx.{}", "none",
           ("mx.{}", "old.mx.{}", "labels")),
    _cover("typo", "a slip of the pen", "mx.w-typ0.org", "none", ("mx.{}", "mx.w-typ0.org", "typo")),
    _cover("tld", "another TLD", "mx.w-tld.net", "none", ("mx.{}", "mx.w-tld.net", "tld")),
    _cover("sts-label", "the policy host as a pattern", "mta-sts.{}", "none", ("mx.{}", "mta-sts.{}", "mta-sts-label")),
    _cover("domain", "the provider before the last move", "aspmx.provider-of-old.example", "none",
           ("mx.{}", "aspmx.provider-of-old.example", "domain")),
    _cover("nearest", "of several patterns, the nearest is told", "a.example-one.com mx1.{}", "none",
           ("mx.{}", "mx1.{}", "labels")),
    _cover("null-mx", "a null MX has no host to cover", "mx.{}", "no-hosts", records="@ MX 0 .", mail="null-mx",
           dane="not-applicable"),
    _cover("implicit", "the domain itself, for want of an MX", "{}", "all", mail="implicit",
           records=HOST.replace("mx", "@", 1).replace("_25._tcp.mx", "_25._tcp")),
)  # fmt: skip
