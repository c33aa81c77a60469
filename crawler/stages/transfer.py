"""A zone by transfer (AXFR, RFC 5936), as the lines of a master file: `axfr://server[:port]/zone`.

So many records at a time, so that no zone is ever held whole. With a TSIG key (RFC 8945) every message is verified by
dnspython, and one that is not signed as it must be ends the transfer; without one, the lean decoder alone reads them.
What the lines mean is ``zonefile``. Whatever goes wrong is a `ListFault`, for whoever asked for the transfer.
"""

from __future__ import annotations

import re
import secrets
import struct
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring

from crawler.sockets import stream
from crawler.stages.source import Block, ListFault, Tally
from crawler.standards.dnssec import DnssecFault, read_rrsig
from crawler.standards.names import NameFault, domain, from_text, to_text
from crawler.standards.wire import IN, Rcode, Type, WireFault, decode

if TYPE_CHECKING:
    from crawler.sockets import TcpSocket
    from crawler.standards.wire import Message, Record

SCHEME = "axfr://"
PATIENCE = 60.0  # seconds for each message
BLOCK = 20_000  # records
_DS = int(Type.DS).to_bytes(2)
_UNSIGNED = 99  # messages in a row, between signed ones (RFC 8945 section 5.3.1)
_MESSAGES = 50_000_000  # more than any zone has
_KEY = re.compile(
    r'key\s+"?([^"\s{]+)"?\s*\{\s*algorithm\s+"?([\w-]+)"?\s*;\s*secret\s+"?([A-Za-z0-9+/=]+)"?\s*;\s*\}\s*;?', re.ASCII
)


class Where(NamedTuple):
    """Whom to ask for which zone."""

    host: str
    port: int
    zone: str


def place(text: str) -> Where:
    """`axfr://server[:port]/zone`. Raises `ListFault`."""
    match = re.fullmatch(r"axfr://(\[[0-9A-Fa-f:.]+\]|[^/:\[\]]+)(?::(\d{1,5}))?/([^/\s]+)", text)
    if match is None or int(match[2] or 53) > 65_535:
        raise ListFault(f"{text}: write axfr://server[:port]/zone")
    zone = match[3].rstrip(".").lower()
    try:
        domain(f"a.{zone}") if zone else ""
    except NameFault as fault:
        raise ListFault(f"{text}: {zone!r} is no zone ({fault.flaw})") from fault
    return Where(match[1].strip("[]"), int(match[2] or 53), zone)


def read_key(path: str) -> dns.tsig.Key:
    """A TSIG key as `tsig-keygen` writes it, or `[algorithm:]name:secret`. Raises `ListFault`."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ListFault(f"{path}: {getattr(error, 'strerror', None) or 'no text'}") from error
    match = _KEY.search(text)
    if match is not None:
        name, algorithm, secret = match.groups()
    else:
        parts = text.split(":")
        if len(parts) not in {2, 3}:
            raise ListFault(f"{path}: no TSIG key: write what tsig-keygen prints, or algorithm:name:secret")
        algorithm, name, secret = parts if len(parts) == 3 else ("hmac-sha256", *parts)
    try:
        ring = dns.tsigkeyring.from_text({name: (algorithm, secret)})
    except (dns.exception.DNSException, ValueError) as error:
        raise ListFault(f"{path}: no TSIG key that can be used ({type(error).__name__})") from error
    key: dns.tsig.Key = next(iter(ring.values()))
    try:
        dns.tsig.get_context(key)  # type: ignore[no-untyped-call]
    except NotImplementedError as error:
        raise ListFault(f"{path}: TSIG algorithm {algorithm} is not known") from error
    return key


def blocks(text: str, tally: Tally, key: dns.tsig.Key | None = None) -> Iterator[Block]:
    """The records of a zone as numbered lines, many at a time."""
    records = (_line(record) for record in _records(text, place(text), key))
    while lines := list(islice(records, BLOCK)):
        first, tally.lines = tally.lines + 1, tally.lines + len(lines)
        yield Block(first, "".join(lines).encode())


def _line(record: Record) -> str:
    """A record as a line; of types that ``zonefile`` only counts, a dot stands for the rdata."""
    owner, rtype, _, ttl, rdata = record
    head = f"{_dotted(owner)} {ttl} IN"
    if rtype == Type.NS:
        return f"{head} NS {_dotted(rdata)}\n"
    if rtype == Type.DS and len(rdata) > 4:
        tag, algorithm, digest = struct.unpack_from(">HBB", rdata)
        return f"{head} DS {tag} {algorithm} {digest} {rdata[4:].hex()}\n"
    if rtype == Type.SOA:
        return f"{head} SOA . . {' '.join(map(str, struct.unpack('>5I', rdata[-20:])))}\n"
    if rtype == Type.RRSIG and rdata[:2] == _DS:
        with suppress(DnssecFault):
            signature = read_rrsig(rdata)
            told = " ".join(map(str, struct.unpack_from(">BBIIIH", rdata, 2)))
            return f"{head} RRSIG DS {told} {_dotted(signature.signer)} {b64encode(signature.signature).decode()}\n"
    if (rtype == Type.A and len(rdata) == 4) or (rtype == Type.AAAA and len(rdata) == 16):
        return f"{head} {Type(rtype).name} {ip_address(rdata)}\n"
    return f"{head} TYPE{rtype} .\n"


def _dotted(name: bytes) -> str:
    text = to_text(name)
    return text if text.endswith(".") else text + "."


def _records(text: str, where: Where, key: dns.tsig.Key | None) -> Iterator[Record]:
    """Every record between the two SOA records, the first of them included (RFC 5936 section 2.2)."""
    apex = from_text(where.zone) if where.zone else b"\0"
    query = dns.message.make_query(dns.name.from_wire(apex, 0)[0], dns.rdatatype.AXFR, id=secrets.randbelow(65_536))
    if key is not None:
        query.use_tsig(key)
    try:
        with closing(stream(where.host, where.port, PATIENCE)) as sock:
            wire = query.to_wire()
            sock.sendall(len(wire).to_bytes(2, "big") + wire)
            begun = False
            for message, vouched in _messages(text, sock, query, key):
                for record in message.answer:
                    owner, rtype, rclass, _, _ = record
                    if rclass != IN:
                        continue
                    if not begun and (rtype != Type.SOA or owner != apex):
                        raise ListFault(f"{text}: what the server sends does not begin with the zone's SOA")
                    if begun and rtype == Type.SOA and owner == apex:
                        if not vouched:
                            raise ListFault(f"{text}: the last message is not signed by the TSIG key")
                        return
                    begun = True
                    yield record
    except OSError as error:
        raise ListFault(f"{text}: {error.strerror or 'no reply in time'}") from error


def _messages(
    text: str, sock: TcpSocket, query: dns.message.Message, key: dns.tsig.Key | None
) -> Iterator[tuple[Message, bool]]:
    """Each message, and whether it is vouched for: signed, where a key was given (RFC 8945 section 5.3.1)."""
    context, unsigned = None, 0
    for _ in range(_MESSAGES):
        wire = _exactly(text, sock, int.from_bytes(_exactly(text, sock, 2), "big"))
        if key is not None:
            try:
                checked = dns.message.from_wire(
                    wire,
                    keyring=key,
                    request_mac=query.mac,
                    xfr=True,
                    tsig_ctx=context,
                    multi=True,
                    ignore_trailing=True,
                )
            except (dns.exception.DNSException, ValueError) as error:
                raise ListFault(f"{text}: the reply is not signed by the TSIG key ({type(error).__name__})") from error
            context, unsigned = checked.tsig_ctx, 0 if checked.had_tsig else unsigned + 1
            if context is None or unsigned > _UNSIGNED:
                raise ListFault(f"{text}: the reply is not signed by the TSIG key")
        try:
            message = decode(wire)
        except WireFault as fault:
            raise ListFault(f"{text}: what the server sends is no DNS message ({fault})") from fault
        if message.id != query.id or not message.flags & 0x8000:
            raise ListFault(f"{text}: what the server sends is no reply to our question")
        if message.rcode != Rcode.NOERROR:
            named = {int(code): code.name for code in Rcode}
            raise ListFault(f"{text}: no transfer: {named.get(message.rcode, message.rcode)}")
        if not message.answer:
            raise ListFault(f"{text}: no transfer: the reply is empty")
        yield message, not unsigned


def _exactly(text: str, sock: TcpSocket, size: int) -> bytes:
    got = bytearray()
    while len(got) < size:
        more = sock.recv(size - len(got))
        if not more:
            raise ListFault(f"{text}: cut short: the server ended before the zone's last SOA")
        got += more
    return bytes(got)
