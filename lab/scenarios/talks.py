"""Scenarios about what mail hosts say before TLS, or in its place, and what is odd and does no harm."""

from __future__ import annotations

import ssl

from lab.mta import EHLO, GREETING, READY, Mta, endless_banner, endless_line, late, slowly
from lab.peers import DEAF, FAR, REFUSING
from lab.scenarios.scenario import Scenario
from lab.scenarios.talking import VALID, case, leaf_for, said, senders
from lab.web import FOREVER, alert, raw

SCENARIOS: tuple[Scenario, ...] = (
    # connecting
    said("refused", "nobody listens", "refused", "unreachable", Mta(), at=REFUSING),
    said("deaf", "no answer to a connection", "timeout", "unreachable", Mta(), at=DEAF),
    said("far", "no way there", "unreachable", "unreachable", Mta(), at=FAR),
    # the greeting
    said("mute", "a connection, and no greeting", "greeting-timeout", "unreachable", Mta(greeting=raw(FOREVER))),
    said("slammed", "closed before the greeting", "greeting-closed", "unreachable", Mta(greeting=None)),
    said(
        "busy",
        "421: too busy",
        "greeting-4xx",
        "temporary",
        Mta(greeting=b"421 4.7.0 try later\r\n"),
        code=421,
        text="4.7.0 try later",
    ),
    said(
        "listed", "554: we are on a list", "greeting-5xx", "rejected", Mta(greeting=b"554 5.7.1 go away\r\n"), code=554
    ),
    said(
        "halves",
        "554 over three lines",
        "greeting-5xx",
        "rejected",
        Mta(greeting=b"554-no\r\n554-service\r\n554 here\r\n"),
        text="no service here",
    ),
    said(
        "ssh",
        "another protocol",
        "greeting-malformed",
        "rejected",
        Mta(greeting=b"SSH-2.0-OpenSSH_9.9\r\n"),
        code=None,
        text="SSH-2.0-OpenSSH_9.9",
    ),
    said("code", "a code that is none", "greeting-malformed", "rejected", Mta(greeting=b"999 what\r\n")),
    said("codes", "two codes in one reply", "greeting-malformed", "rejected", Mta(greeting=b"220-a\r\n554 b\r\n")),
    said("three", "354 for a greeting", "greeting-other-code", "rejected", Mta(greeting=b"354 go on\r\n"), code=354),
    said("binary", "octets of all kinds", "greeting-malformed", "rejected", Mta(greeting=bytes(range(256)) + b"\n")),
    said("endless", "a banner of ten megabytes", "greeting-too-long", "rejected", Mta(greeting=endless_banner)),
    said("line", "a line without end", "greeting-too-long", "rejected", Mta(greeting=endless_line)),
    said("drip", "an octet a second", "greeting-timeout", "unreachable", Mta(greeting=slowly(GREETING * 3, 5.0))),
    # EHLO
    said(
        "ehlo-502",
        "EHLO is not known: no STARTTLS either",
        "ehlo-5xx",
        "no-starttls",
        Mta(ehlo=b"502 what\r\n"),
        "plaintext",
    ),
    said("ehlo-421", "421 to EHLO", "ehlo-4xx", "temporary", Mta(ehlo=b"421 closing\r\n"), code=421),
    said("ehlo-closed", "closed after EHLO", "ehlo-closed", "unreachable", Mta(ehlo=None)),
    said("ehlo-mute", "no reply to EHLO", "ehlo-timeout", "unreachable", Mta(ehlo=raw(FOREVER))),
    said("ehlo-long", "an EHLO response without end", "ehlo-too-long", "rejected", Mta(ehlo=raw(b"250-X\r\n" * 400))),
    said("ehlo-odd", "251 to EHLO", "ehlo-other-code", "rejected", Mta(ehlo=b"251 hello\r\n")),
    said("ehlo-mixed", "no reply at all", "ehlo-malformed", "rejected", Mta(ehlo=b"hello there\r\n")),
    said(
        "none",
        "STARTTLS is not offered",
        "no-starttls",
        "no-starttls",
        Mta(ehlo=b"250-mail\r\n250 SIZE\r\n"),
        "plaintext",
        keywords=["SIZE"],
    ),
    said(
        "ehlo-one", "an EHLO response of one line", "no-starttls", "no-starttls", Mta(ehlo=b"250 mail\r\n"), "plaintext"
    ),
    # STARTTLS
    said("tls-454", "454: no TLS just now", "starttls-4xx", "temporary", Mta(starttls=b"454 not now\r\n"), code=454),
    said(
        "tls-554", "554: offered, and refused", "starttls-5xx", "no-starttls", Mta(starttls=b"554 no\r\n"), "plaintext"
    ),
    said("tls-closed", "closed at STARTTLS", "starttls-closed", "unreachable", Mta(starttls=None)),
    said("tls-mute", "no reply to STARTTLS", "starttls-timeout", "unreachable", Mta(starttls=raw(FOREVER))),
    said(
        "injection",
        "octets behind the 220 (CVE-2011-0411)",
        "starttls-injection",
        "rejected",
        Mta(starttls=raw(READY + b"250 injected\r\n")),
    ),
    # TLS
    said("no-tls", "closed where TLS would begin", "tls-closed", "tls-failed", Mta(), "plaintext"),
    said(
        "alert",
        "an alert",
        "tls-alert",
        "tls-failed",
        Mta(instead=lambda: alert(40)),
        "plaintext",
        detail="handshake_failure",
    ),
    said(
        "plain",
        "SMTP goes on in plaintext",
        "tls-not-tls",
        "tls-failed",
        Mta(instead=raw(b"220 still here\r\n" * 9)),
        "plaintext",
    ),
    said("hang", "silence where TLS would begin", "tls-timeout", "tls-failed", Mta(instead=raw(FOREVER)), "plaintext"),
    # what is odd, and does no harm
    case(
        "bare",
        "lines that end with LF alone",
        Mta(leaf=leaf_for("bare"), greeting=b"220 a\n", ehlo=EHLO.replace(b"\r", b""), starttls=b"220 b\n"),
        "3 1 1",
        {"outcome": "tls", "bare_lf": True},
        VALID,
        "valid",
        senders("encrypted", "authenticated"),
    ),
    case(
        "late",
        "a greeting after a while",
        Mta(leaf=leaf_for("late"), greeting=late(GREETING, 1.2)),
        "3 1 1",
        {"outcome": "tls"},
        VALID,
        "valid",
        senders("encrypted", "authenticated"),
    ),
    case(
        "bytes",
        "8-bit octets in the banner, kept readable",
        Mta(leaf=leaf_for("bytes"), greeting=b"220 caf\xe9 \x1b[2J\r\n"),
        "3 1 1",
        {"outcome": "tls", "banner": r"caf\233 \027[2J"},
        VALID,
        "valid",
        senders("encrypted", "authenticated"),
    ),
    case(
        "many-lines",
        "a greeting of many lines, a code alone",
        Mta(leaf=leaf_for("many-lines"), greeting=b"220-one\r\n220-two\r\n220\r\n"),
        "3 1 1",
        {"outcome": "tls", "banner": "one two "},
        VALID,
        "valid",
        senders("encrypted", "authenticated"),
    ),
    case(
        "lower",
        "keywords in lower case",
        Mta(leaf=leaf_for("lower"), ehlo=EHLO.lower()),
        "3 1 1",
        {"keywords": ["SIZE", "STARTTLS", "8BITMIME"]},
        VALID,
        "valid",
        senders("encrypted", "authenticated"),
    ),
    case(
        "old-tls",
        "TLS 1.0 alone",
        Mta(leaf=leaf_for("old-tls"), old=True, most=ssl.TLSVersion.TLSv1),
        "3 1 1",
        {"outcome": "tls", "tls_version": "TLSv1"},
        VALID,
        "valid",
        senders("encrypted", "authenticated"),
    ),
)
