"""TLS as a witness: shake hands with anybody, keep the certificate chain as it was sent (RFC 8446, RFC 5246).

Nothing is verified here: a handshake that verifies loses the chain of exactly those servers
that we want to know about, so certificates are judged offline (``standards/pkix``,
``standards/tlsa``). Old versions and weak ciphers are offered, too, for a server that
is seen with TLS 1.0 is a finding, and one that is not seen is none.

A `Stream` in, a `Handshake` out, which tells how far it came; the octets that follow are
read and written by `TlsStream`. Bounded: `MOST` octets before the handshake is done,
OpenSSL's own 100 kB for a chain, the caller's patience. No socket is opened here.
"""

from __future__ import annotations

import re
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from trio.abc import Stream

MOST = 512 * 1024  # octets that a server may send before the handshake is done
_READ = 16_384


class TlsOutcome(StrEnum):
    """How a handshake ended, in the order of how far it came."""

    CLOSED = "closed"  # before its end, by the server
    TIMEOUT = "timeout"
    NOT_TLS = "not-tls"  # what came is no TLS record
    TOO_MUCH = "too-much"  # more octets than any handshake has
    ALERT = "alert"  # the server refused by an alert, whose name stands beside
    FAILED = "failed"  # the two did not agree, or the server's messages make no sense
    DONE = "done"


class KeyKind(StrEnum):
    """Which certificate is asked for, where a server has several."""

    ANY = "any"
    RSA = "rsa"
    ECDSA = "ecdsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What a handshake showed."""

    outcome: TlsOutcome
    detail: str | None = None  # the alert's name (RFC 8446 section 6), or OpenSSL's word for what is wrong
    version: str | None = None  # TLSv1.3 ...
    cipher: str | None = None
    chain: tuple[bytes, ...] = ()  # certificates as sent, leaf first, DER


class TlsBroken(Exception):
    """The stream ended in the middle of a record, or by an alert; the text is the alert's name, or OpenSSL's word."""


@lru_cache(8)
def context(kind: KeyKind = KeyKind.ANY) -> ssl.SSLContext:
    """Offers everything that OpenSSL still has, but for anonymous ciphers; for one kind of key, up to TLS 1.2 only.

    In TLS 1.3 the cipher does not tell the certificate, and the standard library has no
    say about signature algorithms, so a server of TLS 1.3 alone shows one certificate.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # we know that they are old: that is what we look for
        made.minimum_version = ssl.TLSVersion.TLSv1
    made.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    if kind is not KeyKind.ANY:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(f"a{kind.upper()}:!aNULL:!eNULL:@SECLEVEL=0")
    return made


class TlsStream:
    """The octets inside TLS; `handshake` makes it."""

    def __init__(self, stream: Stream, name: str | None, kind: KeyKind) -> None:
        self._stream = stream
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(kind).wrap_bio(self._in, self._out, server_hostname=name)
        self.received = 0  # octets on the wire

    async def send_all(self, data: bytes) -> None:
        """Raises `trio.BrokenResourceError` if nobody takes them."""
        self.tls.write(data)
        await self._flush()

    async def receive_some(self) -> bytes:
        """What has come, at least one octet; nothing at the end. Raises `TlsBroken`, `trio.BrokenResourceError`."""
        while True:
            try:
                data = self.tls.read(_READ)
            except ssl.SSLWantReadError:
                await self.more()
            except ssl.SSLError as fault:
                if isinstance(fault, ssl.SSLZeroReturnError | ssl.SSLEOFError):
                    return b""
                raise TlsBroken(alert_of(fault) or word_of(fault)) from fault
            else:
                return data

    async def more(self) -> None:
        """Send what is due, and take in what has come."""
        await self._flush()
        data = await self._stream.receive_some(_READ)
        if data:
            self.received += len(data)
            self._in.write(data)
        else:
            self._in.write_eof()

    async def _flush(self) -> None:
        if self._out.pending:
            await self._stream.send_all(self._out.read())

    async def say_goodbye(self) -> None:
        """Send close_notify, and the alert that our side may have; nobody waits for an answer."""
        with suppress(ssl.SSLError, ValueError):
            self.tls.unwrap()
        await self._flush()


async def handshake(
    stream: Stream, name: str | None, patience: float, kind: KeyKind = KeyKind.ANY
) -> tuple[Handshake, TlsStream | None]:
    """Shake hands within `patience` seconds, with the name as SNI (none if it cannot be sent as such)."""
    try:
        inside = TlsStream(stream, name, kind)
    except (ValueError, ssl.SSLError):  # not a name for SNI (RFC 6066 section 3): too long, a dot in front
        inside = TlsStream(stream, None, kind)
    outcome, detail = TlsOutcome.TIMEOUT, None
    with trio.move_on_after(patience):
        try:
            outcome, detail = await _shake(inside)
            if outcome is TlsOutcome.FAILED:
                await inside.say_goodbye()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            outcome = TlsOutcome.CLOSED if outcome is TlsOutcome.TIMEOUT else outcome
    if outcome is not TlsOutcome.DONE:
        return Handshake(outcome=outcome, detail=detail), None
    cipher = inside.tls.cipher()
    done = Handshake(
        outcome=outcome,
        version=inside.tls.version(),
        cipher=cipher[0] if cipher else None,
        chain=chain_as_sent(inside.tls),
    )
    return done, inside


async def _shake(inside: TlsStream) -> tuple[TlsOutcome, str | None]:
    while True:
        try:
            inside.tls.do_handshake()
        except ssl.SSLWantReadError:
            if inside.received > MOST:
                return TlsOutcome.TOO_MUCH, None
            await inside.more()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):  # the second for any end, before Python 3.11.4
            return TlsOutcome.CLOSED, None
        except ssl.SSLError as fault:
            return _reading(fault)
        else:
            return TlsOutcome.DONE, None


_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST"})
_NO_RECORD = frozenset({"RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_RECORD", "BAD_RECORD_TYPE"})


def _reading(fault: ssl.SSLError) -> tuple[TlsOutcome, str | None]:
    alert = alert_of(fault)
    if alert is not None:
        return TlsOutcome.ALERT, alert
    word = word_of(fault)
    reason = fault.reason or ""
    if reason == "UNEXPECTED_EOF_WHILE_READING":
        return TlsOutcome.CLOSED, None
    return (TlsOutcome.NOT_TLS if reason in _NOT_TLS | _NO_RECORD else TlsOutcome.FAILED), word


#: RFC 8446 section 6 and RFC 5246 section 7.2; the key is OpenSSL's word for having received it.
_ALERTS = {
    word.upper(): word
    for word in (
        "close_notify", "unexpected_message", "bad_record_mac", "decryption_failed", "record_overflow",
        "decompression_failure", "handshake_failure", "no_certificate", "bad_certificate", "unsupported_certificate",
        "certificate_revoked", "certificate_expired", "certificate_unknown", "illegal_parameter", "unknown_ca",
        "access_denied", "decode_error", "decrypt_error", "export_restriction", "protocol_version",
        "insufficient_security", "internal_error", "inappropriate_fallback", "user_cancelled", "no_renegotiation",
        "missing_extension", "unsupported_extension", "certificate_unobtainable", "unrecognized_name",
        "bad_certificate_status_response", "bad_certificate_hash_value", "unknown_psk_identity",
        "certificate_required", "no_application_protocol",
    )
}  # fmt: skip
_RECEIVED = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(.+)").fullmatch


def alert_of(fault: ssl.SSLError) -> str | None:
    """The name of the alert that the server sent, if that is what happened."""
    match = _RECEIVED(fault.reason or "")
    return _ALERTS.get(match[1]) if match is not None else None


def word_of(fault: ssl.SSLError) -> str:
    """OpenSSL's word, in lower case; never the peer's text."""
    return (fault.reason or type(fault).__name__).lower().replace("_", "-")[:64]


def chain_as_sent(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Every certificate that the server sent, in its order, whether one needs it or not."""
    public: Any = getattr(tls, "get_unverified_chain", None)
    if public is not None:  # Python 3.13
        return tuple(public())
    inner: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - the only way there is on 3.11 and 3.12
    return tuple(certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ())


_DER = 2  # _ssl.ENCODING_DER
