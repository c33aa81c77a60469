"""One GET over TLS, for a policy file: no redirect is followed, nothing is decoded (RFC 8461 section 3.3, RFC 9112).

A `TlsStream` in, a `Fetched` out. Status, three headers and the body as served are kept;
what they are worth is for ``analysis``. Bounded: `HEAD` octets of status line and headers,
`BODY` octets of body, and the caller's patience, whatever the server sends and however
slowly. We ask for no compression; a body that comes compressed all the same is kept as
it came. HTTP/1.1 by h11; caching (RFC 9111) is none of a measurer's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import h11
import trio

from crawler.standards.printable import printable
from crawler.tls import TlsBroken

if TYPE_CHECKING:
    from crawler.tls import TlsStream

HEAD = 32 * 1024
BODY = 64 * 1024  # what RFC 8461 section 3.3 suggests
_VALUE = 512  # octets of a header that are kept
_INFORMATIONAL = 8  # 1xx responses that we read past


class HttpOutcome(StrEnum):
    """How the exchange ended, in the order of how far it came."""

    CLOSED = "closed"  # before a whole response
    TIMEOUT = "timeout"
    TLS_BROKEN = "tls-broken"  # by an alert after the handshake (TLS 1.3 refuses so), or by octets that are no record
    MALFORMED = "malformed"  # not HTTP/1.1
    HEAD_TOO_LARGE = "head-too-large"
    BODY_TOO_LARGE = "body-too-large"
    DONE = "done"


@dataclass(slots=True, kw_only=True)
class Fetched:
    """What came of a GET."""

    outcome: HttpOutcome = HttpOutcome.TIMEOUT
    detail: str | None = None  # the alert, or what is malformed in h11's words
    status: int | None = None
    media_type: str | None = None  # Content-Type as sent
    location: str | None = None
    encoding: str | None = None  # Content-Encoding as sent
    body: bytes = b""  # at most `BODY` octets
    octets: int = 0  # of the body, as far as it was read


async def get(stream: TlsStream, host: str, path: str, agent: str, patience: float) -> Fetched:
    """Fetch one resource within `patience` seconds. What the world does wrong is in the outcome."""
    found, http, body = Fetched(), h11.Connection(h11.CLIENT, HEAD), bytearray()
    with trio.move_on_after(patience):
        try:
            await _exchange(stream, http, _request(host, path, agent), found, body)
        except h11.RemoteProtocolError as fault:
            _tell(fault, http, found)
        except TlsBroken as fault:
            found.outcome, found.detail = HttpOutcome.TLS_BROKEN, str(fault)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            found.outcome = HttpOutcome.CLOSED
    found.body = bytes(body[:BODY])
    return found


_TOO_LARGE = 431


def _tell(fault: h11.RemoteProtocolError, http: h11.Connection, found: Fetched) -> None:
    """What a response that h11 refuses is: cut off, too large, or none at all."""
    if http.trailing_data[1]:  # the end has come
        found.outcome = HttpOutcome.CLOSED
    elif fault.error_status_hint == _TOO_LARGE:
        found.outcome = HttpOutcome.HEAD_TOO_LARGE
    else:
        found.outcome = HttpOutcome.MALFORMED
        found.detail = printable(str(fault).partition(":")[0].encode()[:_VALUE])  # behind the colon stands the peer


def _request(host: str, path: str, agent: str) -> h11.Request:
    return h11.Request(
        method="GET",
        target=path,
        headers=[
            ("Host", host),
            ("User-Agent", agent),
            ("Accept", "text/plain"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ],
    )


async def _exchange(
    stream: TlsStream, http: h11.Connection, request: h11.Request, found: Fetched, body: bytearray
) -> None:
    """Request and response; what is known so far is in `found` and `body` whenever this ends."""
    await stream.send_all((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))
    informational = 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await stream.receive_some())
        elif isinstance(event, h11.InformationalResponse):
            informational += 1
            if informational > _INFORMATIONAL:
                found.outcome = HttpOutcome.MALFORMED
                found.detail = "too many informational responses"
                return
        elif isinstance(event, h11.Response):
            _read_head(event, found)
        elif isinstance(event, h11.Data):
            body += event.data
            found.octets = len(body)
            if found.octets > BODY:
                found.outcome = HttpOutcome.BODY_TOO_LARGE
                return
        elif isinstance(event, h11.EndOfMessage):
            found.outcome = HttpOutcome.DONE
            return
        else:  # the connection is closed, and nothing came
            found.outcome = HttpOutcome.CLOSED
            return


def _read_head(response: h11.Response, found: Fetched) -> None:
    headers: dict[bytes, bytes] = {}
    for name, value in response.headers:
        headers.setdefault(name, value)  # h11 has made the names lower case
    found.status = response.status_code
    found.media_type = _kept(headers.get(b"content-type"))
    found.location = _kept(headers.get(b"location"))
    found.encoding = _kept(headers.get(b"content-encoding"))


def _kept(value: bytes | None) -> str | None:
    return None if value is None else printable(value[:_VALUE])
