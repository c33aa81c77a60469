"""Handshakes with servers of the lab: what is shown, how far it comes, and at what price."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

import pytest
import trio

from crawler.tls import MOST, KeyKind, TlsBroken, TlsOutcome, alert_of, handshake, word_of
from lab.peers import in_memory
from lab.pki import Leaf, Pki, good
from lab.web import FOREVER, Web, alert, handler, policy, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio.testing import MockClock

    from crawler.tls import Handshake
    from lab.peers import Script

NAME = "mta-sts.a.example"
PKI = Pki(int(time.time()))


async def shown(web: Web, kind: KeyKind = KeyKind.ANY, patience: float = 5, name: str = NAME) -> Handshake:
    async with in_memory(handler(lambda _: web, PKI)) as stream:
        found, _ = await handshake(stream, name, patience, kind)
        return found


@pytest.mark.parametrize(
    "leaf",
    [
        good(NAME),
        Leaf(names=(NAME,), issuer="self", sent=("leaf",), from_day=-1000, to_day=-900),
        Leaf(names=("other.example",), sent=("leaf", "stranger", "root", "intermediate")),
        Leaf(names=(NAME,), sent=("leaf", "leaf")),
        Leaf(names=(NAME,), spoiled=True),
    ],
    ids=["good", "self-signed and expired", "others among them", "twice", "spoiled"],
)
async def test_the_chain_is_kept_as_sent_whatever_it_is_worth(leaf: Leaf, autojump_clock: MockClock) -> None:
    found = await shown(Web(leaf=leaf))
    assert found.outcome is TlsOutcome.DONE
    assert found.chain == PKI.chain(leaf)
    assert found.version == "TLSv1.3"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
async def test_old_versions_are_seen(version: ssl.TLSVersion, autojump_clock: MockClock) -> None:
    found = await shown(Web(leaf=good(NAME), most=version, old=True))
    assert (found.outcome, found.version) == (TlsOutcome.DONE, version.name.replace("_", "."))


async def test_one_kind_of_key_is_asked_for_by_ciphers_of_tls_1_2(autojump_clock: MockClock) -> None:
    rsa = Web(leaf=Leaf(names=(NAME,), key="rsa"))
    assert (await shown(rsa, KeyKind.RSA)).version == "TLSv1.2"
    refused = await shown(rsa, KeyKind.ECDSA)
    assert refused.outcome is not TlsOutcome.DONE
    assert refused.chain == ()
    ecdsa = await shown(Web(leaf=good(NAME)), KeyKind.ECDSA)
    assert ecdsa.chain == PKI.chain(good(NAME))


def _flood() -> Iterator[bytes | float]:
    """Handshake records that never make a message whole: a ServerHello announced with sixteen million octets."""
    yield b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(16_380)
    while True:
        yield b"\x16\x03\x03\x40\x00" + bytes(16_384)


@pytest.mark.parametrize(
    ("script", "outcome", "detail"),
    [
        (lambda: alert(40), TlsOutcome.ALERT, "handshake_failure"),
        (lambda: alert(70), TlsOutcome.ALERT, "protocol_version"),
        (lambda: alert(112), TlsOutcome.ALERT, "unrecognized_name"),
        (raw(b"SSH-2.0-OpenSSH_9.9\r\n"), TlsOutcome.NOT_TLS, "wrong-version-number"),
        (raw(b"\x16\x03\x03\xff\xff" + bytes(100)), TlsOutcome.NOT_TLS, None),  # a record longer than any
        (raw(), TlsOutcome.CLOSED, None),
        (raw(b"\x16\x03\x03"), TlsOutcome.CLOSED, None),
        (raw(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"), TlsOutcome.FAILED, None),  # a ServerHello with nothing in it
        (_flood, TlsOutcome.FAILED, None),
    ],
    ids=["no cipher", "version", "name", "ssh", "long record", "closed", "torn", "empty hello", "flood"],
)
async def test_what_a_server_sends_instead_has_a_name(
    script: Script, outcome: TlsOutcome, detail: str | None, autojump_clock: MockClock
) -> None:
    found = await shown(Web(instead=script))
    assert found.outcome is outcome
    assert detail is None or found.detail == detail
    assert trio.current_time() < 1


async def test_a_mute_server_costs_exactly_our_patience(autojump_clock: MockClock) -> None:
    start = trio.current_time()
    assert (await shown(Web(instead=raw(FOREVER)), patience=7)).outcome is TlsOutcome.TIMEOUT
    assert trio.current_time() - start == 7


async def test_octets_that_never_make_a_handshake_are_cut_off(autojump_clock: MockClock) -> None:
    """Warnings are read past by OpenSSL for a while; whatever it is, no handshake has so many octets."""
    heartbeat = b"\x15\x03\x03\x00\x02\x01\x5a"  # user_canceled, a warning
    found = await shown(Web(instead=raw(*[heartbeat * 2_000] * (MOST // 14_000 + 2))))
    assert found.outcome in {TlsOutcome.TOO_MUCH, TlsOutcome.FAILED}


@pytest.mark.parametrize(
    "name", ["", ".a.example", "a" * 300, "mta-sts." + "b" * 64 + ".example", "mta-sts.ex_ample.nl"]
)
async def test_a_name_that_cannot_be_sent_is_not_sent(name: str, autojump_clock: MockClock) -> None:
    async with in_memory(handler(lambda _: None, PKI)) as stream:
        found, _ = await handshake(stream, name, 5)
    assert found.outcome is TlsOutcome.ALERT


async def test_what_follows_is_read_and_an_alert_in_it_is_told(autojump_clock: MockClock) -> None:
    async with in_memory(handler(lambda _: Web(leaf=good(NAME), script=policy("x")), PKI)) as stream:
        _, inside = await handshake(stream, NAME, 5)
        assert inside is not None
        await inside.send_all(b"GET / HTTP/1.1\r\n\r\n")
        assert (await inside.receive_some()).startswith(b"HTTP/1.1 200 OK")
        assert await inside.receive_some() == b""
    async with in_memory(handler(lambda _: Web(leaf=good(NAME), script=raw(FOREVER)), PKI)) as stream:
        _, inside = await handshake(stream, NAME, 5)
        assert inside is not None
        inside._in.write(b"\x17\x03\x03\x00\x20" + bytes(32))  # a record that was not encrypted by our peer
        with pytest.raises(TlsBroken, match="decryption-failed-or-bad-record-mac"):
            await inside.receive_some()


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "handshake_failure"),
        ("TLSV1_ALERT_INTERNAL_ERROR", "internal_error"),
        ("TLSV1_UNRECOGNIZED_NAME", "unrecognized_name"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "certificate_required"),
        ("WRONG_VERSION_NUMBER", None),
        ("TLSV1_SOMETHING_NEW", None),  # a word that is not in the registry is no alert's name
        (None, None),
    ],
)
def test_alerts_have_their_names_from_the_registry(reason: str | None, name: str | None) -> None:
    fault = ssl.SSLError(1, "what OpenSSL says")
    fault.reason = reason  # type: ignore[assignment]
    assert alert_of(fault) == name
    assert word_of(fault) == (reason or "SSLError").lower().replace("_", "-")
