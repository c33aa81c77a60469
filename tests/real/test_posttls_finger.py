"""Two opinions of every scenario about mail hosts: posttls-finger through a validating Unbound, and openssl s_client.

`docs/dane-verdicts.md` argues each entry of `DIFFERENCES`. Scenarios whose outcome hangs on which of two equal
hosts or addresses is tried first are left out, and those that need a refusal, a time-out or a missing route at TCP.
"""

from __future__ import annotations

import re
import shutil
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lab.scenarios import SCENARIOS, Scenario, build
from lab.scenarios.scenario import ASSOCIATION, association
from tests.real.namespace import PATH, within

if TYPE_CHECKING:
    from pathlib import Path

    from lab.world import World

LEFT_OUT = {
    "m-refused.org",
    "m-deaf.org",
    "m-far.org",
    "m-none-first.org",
    "m-two.org",
    "m-down.org",
    "m-half-deaf.org",
}
ASKED = [one for one in SCENARIOS if one.effect and one.domain not in LEFT_OUT]
#: What posttls-finger says -> our word for the contact; the first that fits.
CONTACTS = (
    (r"TLS connection established", "tls"),
    (r"SSL_connect error", "tls-failed"),
    (r"SMTP service not available: 4|(?:EHLO|STARTTLS) rejected: 4", "temporary"),
    (r"SMTP service not available|EHLO rejected: [^5]", "rejected"),
    (r"(?:EHLO|STARTTLS) rejected: 5|^\s*$", "no-starttls"),
    (r"lost connection|timeout", "unreachable"),
)
DIFFERENCES = {
    "m-endless.org": ("rejected", "unreachable"),  # we stop reading, Postfix runs into its time limit
    "m-line.org": ("rejected", "unreachable"),
    "m-ehlo-long.org": ("rejected", "unreachable"),
    "m-ehlo-odd.org": ("rejected", "no-starttls"),  # Postfix takes any 2xx for EHLO's 250
    "m-injection.org": ("rejected", "tls-failed"),  # the octets behind the 220 are no ServerHello
    "m-old-tls.org": ("tls", "tls-failed"),  # Debian's OpenSSL no longer takes SHA-1 in TLS 1.0
}


def world(when: int) -> World:
    return build(ASKED, when)


def records_of(scenario: Scenario, made: World) -> list[str]:
    """The TLSA records of the first host, in presentation format."""
    text = ASSOCIATION.sub(partial(association, made), scenario.sites[-1].records)
    return re.findall(r"_25\._tcp\.(?:mx|real) TLSA (\d \d \d \S+)", text)


def s_client(scenario: Scenario, made: World) -> list[str]:
    """openssl's own DANE, told the records that a resolver would have found."""
    host, address = next(iter(scenario.judged)).split()
    base = str(scenario.endpoints.get(f"{host} {address}", {}).get("sni", host))
    records = [part for one in records_of(scenario, made) for part in ("-dane_tlsa_rrdata", one)]
    return ["openssl", "s_client", "-starttls", "smtp", "-connect", f"{address}:25", "-servername", base,
            "-dane_tlsa_domain", base, "-dane_ee_no_namechecks", *records]  # fmt: skip


#: With records that `openssl s_client` takes: not usages 0 and 1, which it lets authenticate (docs/dane-readings.md),
#: not malformed ones, and not the one whose certificate names the mail domain, of which it is not told.
BY_OPENSSL = [
    one for one in ASKED
    if next(iter(one.judged.values()), {}).get("dane") in {"authenticated", "failed"} and one.domain not in
    {"m-ee-beside-pkix.org", "m-ee-beside-bad.org", *DIFFERENCES}
]  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if shutil.which("posttls-finger", path=PATH) is None:
        pytest.skip("posttls-finger is not installed; `make servers` as root on Debian installs it")
    folder: Path = tmp_path_factory.mktemp("postfix")
    (folder / "main.cf").write_text(
        "compatibility_level = 3.6\ninet_protocols = ipv4\nsmtp_dns_support_level = dnssec\n"
        "smtp_tls_mandatory_protocols = >=TLSv1\nsmtp_tls_protocols = >=TLSv1\n"
    )
    start = ["env", f"MAIL_CONFIG={folder}", "posttls-finger", "-c", "-l", "dane", "-t", "5", "-T", "5"]
    make = partial(world, int(time.time()))
    commands = {one.domain: [*start, one.domain] for one in ASKED}
    made = make()
    commands |= {f"openssl {one.domain}": s_client(one, made) for one in BY_OPENSSL}
    return within(make, commands, folder)


def ours(scenario: Scenario) -> tuple[str, bool]:
    """Contact and authentication of the first host, as the scenario has them."""
    judged = next(iter(scenario.judged.values()), {})
    contact = str(judged.get("contact", "tls"))
    first_only = {
        "m-first-bad.org": False,
        "m-second-bad.org": True,
        "m-second-none.org": True,
        "m-second-down.org": True,
    }
    verified = first_only.get(scenario.domain, scenario.effect["dane"] == "authenticated" and bool(scenario.judged))
    return contact, verified or scenario.domain == "m-one-kind.org"  # it is shown the ECDSA certificate


@pytest.mark.parametrize("scenario", ASKED, ids=lambda s: s.claim)
def test_postfix_says_the_same(scenario: Scenario, said: dict[str, str]) -> None:
    text = said[scenario.domain]
    contact, verified = ours(scenario)
    theirs = next((word for pattern, word in CONTACTS if re.search(pattern, text)), text)
    if scenario.domain in DIFFERENCES:
        assert (contact, theirs) == DIFFERENCES[scenario.domain], text
        return
    assert theirs == contact, text
    assert ("Verified TLS connection established" in text) is verified, text


@pytest.mark.parametrize("scenario", BY_OPENSSL, ids=lambda s: s.claim)
def test_openssl_says_the_same(scenario: Scenario, said: dict[str, str]) -> None:
    text = said[f"openssl {scenario.domain}"]
    dane = next(iter(scenario.judged.values()))["dane"]
    assert ("Verify return code: 0 (ok)" in text) is (dane == "authenticated"), text[-3000:]
