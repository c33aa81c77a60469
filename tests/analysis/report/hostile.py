"""A run in which everything that comes from the network tries to be markup, a script or a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.visited import Endpoint, SmtpOutcome
from tests.analysis.rows import THEN, dane_host, domain, fetch, host, made, mailing, name, write

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.tables import Row

SCRIPT = "</script><script>document.documentElement.dataset.owned='yes'</script>"
IMAGE = "<img src=x onerror=\"document.documentElement.dataset.owned='yes'\">"
TEMPLATE = "{{ 7 * 7 }}{% raw %}"
MARKUP = (SCRIPT, IMAGE, TEMPLATE, "`code` | [x](javascript:alert(1)) \x1b[31m \u202e", '"><svg onload=alert(1)>')


def run(folder: Path) -> Path:
    """The run; its domains have DANE, MTA-STS and TLSRPT, so that every string has a place to be shown."""
    rows: list[Row] = []
    for at, text in enumerate(MARKUP):
        of = f"d{at}.example"
        rows += [
            name(of, rank=at + 1, tags=(text, f"sector:{text}"), source=text, text=text, weight=1.0),
            mailing(
                of, f"mx.{text}.host{at}.test", "mx.dane.example",
                mta_sts="answer secure", mta_sts_txt=(f"v=STSv1; id={text}", "v=STSv1; id=1"),
                tlsrpt="answer secure", tlsrpt_txt=(f"v=TLSRPTv1; rua=mailto:a@{text}.example",),
                name_servers=(f"ns.{text}.test",),
            ),
            host(f"mx.{text}.host{at}.test"),
            fetch(
                of, body=f"version: STSv1\nmode: enforce\nmx: {text}\nmax_age: 86400\n".encode(), octets=80,
                media_type=text, location=text, expanded=f"policy.{text}.test",
            ),
        ]  # fmt: skip
    rows += [dane_host("mx.dane.example"), domain("nomail.example")]
    made(folder, *rows)
    write(folder, Endpoint, [_talk(f"mx.{text}.host{at}.test", text) for at, text in enumerate(MARKUP)])
    write(folder, Endpoint, [_talk("mx.dane.example", SCRIPT)], part=1)
    return folder


def _talk(of: str, text: str) -> Endpoint:
    return Endpoint(
        endpoint=f"{of} 192.0.2.25", host=of, address="192.0.2.25", look=1, observed_at=THEN, sni=of,
        outcome=SmtpOutcome.NO_STARTTLS, code=250, text=text, banner=text, keywords=(text,), bare_lf=False, detail=text,
        tls_version=None, tls_cipher=None, chain=(), other_kind=None, other_outcome=None, other_chain=(), elapsed=0.1,
    )  # fmt: skip
