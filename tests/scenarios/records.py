"""Records in the script's text to octets: well-formed ones by dnspython, those broken on purpose by hand.

A record is ``owner [TTL] [class] type rdata``, names without a final dot are absolute.
Rdata that dnspython refuses is built raw: ``\\# length hex`` (RFC 3597 section 5) as
it stands, DS, DNSKEY and RRSIG with whatever digest, key or signature is written,
none included. No name is compressed.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import re
import struct
import time
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.dnssectypes import Algorithm

DEFAULT_TTL = 3600
_CLASSES = ("IN", "CH", "HS", "ANY", "NONE")
_TIME = re.compile(r"(\d+)([smhdw]?)", re.IGNORECASE)


class RecordFault(ValueError):
    """A line that is no record."""


class Question(NamedTuple):
    """What is asked: wire-form name in lower case, type, class."""

    name: bytes
    qtype: int
    qclass: int

    @property
    def wire(self) -> bytes:
        return self.name + struct.pack("!HH", self.qtype, self.qclass)


def question(line: str, origin: dns.name.Name = dns.name.root) -> Question:
    """``name [class] type``, in either order."""
    owner, _, rclass, rtype, rest = _split(line, origin, DEFAULT_TTL)
    if rest:
        raise RecordFault(f"more than a question: {line!r}")
    return Question((owner.to_wire() or b"\0").lower(), rtype, rclass)


def record(line: str, origin: dns.name.Name = dns.name.root, ttl: int = DEFAULT_TTL) -> bytes:
    """One record as it goes on the wire."""
    owner, seconds, rclass, rtype, rest = _split(line, origin, ttl)
    rdata = _rdata(rclass, rtype, rest, origin)
    return (owner.to_wire() or b"\0") + struct.pack("!HHIH", rtype, rclass, seconds, len(rdata)) + rdata


def name_of(text: str, origin: dns.name.Name = dns.name.root) -> dns.name.Name:
    """A name of the script; one without a final dot is below the origin, which is the root."""
    try:
        return dns.name.from_text(text, origin)
    except (dns.exception.DNSException, UnicodeError) as fault:
        raise RecordFault(f"no name: {text!r}: {fault}") from None


def _split(line: str, origin: dns.name.Name, ttl: int) -> tuple[dns.name.Name, int, int, int, str]:
    owner, _, rest = (
        line.strip().partition(" ") if "\t" not in line else re.sub(r"\s+", " ", line.strip()).partition(" ")
    )
    rclass = 1
    while rest := rest.strip():
        word, _, after = rest.partition(" ")
        if word.upper() in _CLASSES and (after or word.upper() != "ANY"):  # at the end, ANY is the type
            rclass = int(dns.rdataclass.from_text(word))
        elif match := _TIME.fullmatch(word):
            ttl = int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2].lower()]
        else:
            rest = after
            break
        rest = after
    else:
        raise RecordFault(f"no type: {line!r}")
    try:
        rtype = int(dns.rdatatype.from_text(word))
    except (dns.exception.DNSException, ValueError):
        raise RecordFault(f"unknown type {word!r}: {line!r}") from None
    return name_of(owner, origin), ttl & 0xFFFFFFFF, rclass, rtype, rest.strip()


def _rdata(rclass: int, rtype: int, text: str, origin: dns.name.Name) -> bytes:
    if text.startswith("\\#"):
        return _generic(text)
    try:
        rclass = 1 if rclass in (3, 4) else rclass  # dnspython writes Chaos addresses in another way
        parsed = dns.rdata.from_text(
            dns.rdataclass.RdataClass(rclass), dns.rdatatype.RdataType(rtype), text, origin=origin, relativize=False
        )
        return parsed.to_wire(origin=origin) or b""
    except (dns.exception.DNSException, ValueError) as fault:
        try:
            return _BY_HAND[rtype](text.split(), origin)
        except (KeyError, IndexError, ValueError, struct.error, OverflowError, dns.exception.DNSException):
            raise RecordFault(f"rdata cannot be read: {text[:60]!r}: {fault}") from None


def _generic(text: str) -> bytes:
    """RFC 3597 section 5; the length written is not held against the octets."""
    words = text.split()
    try:
        return bytes.fromhex("".join(words[2:]))
    except ValueError as fault:
        raise RecordFault(f"rdata cannot be read: {text[:60]!r}: {fault}") from None


def _octets(words: list[str]) -> bytes:
    """Base64, as far as it goes."""
    text = re.sub(r"[^A-Za-z0-9+/]", "", "".join(words))
    text = text[:-1] if len(text) % 4 == 1 else text
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as fault:
        raise RecordFault(str(fault)) from None


def _hexadecimal(words: list[str]) -> bytes:
    text = "".join(words)
    return bytes.fromhex(text[: len(text) // 2 * 2])


def _algorithm(word: str) -> int:
    return int(Algorithm.from_text(word))


def _moment(word: str) -> int:
    """A time of an RRSIG (RFC 4034 section 3.2): fourteen digits, or seconds since 1970."""
    return calendar.timegm(time.strptime(word, "%Y%m%d%H%M%S")) if len(word) == 14 else int(word)


def _ds(words: list[str], origin: dns.name.Name) -> bytes:
    return struct.pack("!HBB", int(words[0]), _algorithm(words[1]), int(words[2])) + _hexadecimal(words[3:])


def _dnskey(words: list[str], origin: dns.name.Name) -> bytes:
    return struct.pack("!HBB", int(words[0]), int(words[1]), _algorithm(words[2])) + _octets(words[3:])


def _rrsig(words: list[str], origin: dns.name.Name) -> bytes:
    covered, algorithm, labels, ttl, expiration, inception, tag, signer, *signature = words
    head = struct.pack(
        "!HBBIIIH",
        int(dns.rdatatype.from_text(covered)),
        _algorithm(algorithm),
        int(labels),
        int(ttl),
        _moment(expiration),
        _moment(inception),
        int(tag),
    )
    return head + (name_of(signer, origin).to_wire() or b"\0") + _octets(signature)


_BY_HAND = {43: _ds, 46: _rrsig, 48: _dnskey, 59: _ds, 60: _dnskey}
