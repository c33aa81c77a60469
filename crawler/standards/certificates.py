"""What a certificate says: its key, names, dates and rights, sliced from the DER as sent (RFC 5280 section 4).

`read` never fails: octets that are no certificate become a `Certificate` with a
`flaw`, for a mail server may send anything, and DANE-EE with the whole
certificate is content with the octets alone. The key (SubjectPublicKeyInfo) is
a slice, since encoding it anew changes some keys, and with them their digests.
One extension that cannot be read spoils the certificate for paths
(`Flaw.EXTENSION`), not for its key and its names.

Who signed whom, and what a path may be, is ``paths``; which record matches is
``tlsa``. `admits` compares reference names as RFC 7672 section 3.2.3 asks.
Left out: IP addresses, mail addresses and SRV names in the SAN, revocation,
policies, weak algorithms; name constraints other than on DNS names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from crawler.standards import der

LARGEST = 1 << 18  # octets of one certificate; those of mail servers have one to three thousand
_NAMES = 4096  # names that are read from one SAN


class Flaw(StrEnum):
    """Why octets are no certificate that a path can be built of."""

    TOO_LARGE = "too-large"
    NOT_DER = "not-der"  # no SEQUENCE of the three parts, or one does not read
    EXTENSION = "extension"  # one of the extensions that decide a path does not read, or comes twice


class KeyUsage(StrEnum):
    """The bits of the extension that decide here, by their place (RFC 5280 section 4.2.1.3)."""

    DIGITAL_SIGNATURE = "digital-signature"
    KEY_ENCIPHERMENT = "key-encipherment"
    KEY_AGREEMENT = "key-agreement"
    CERT_SIGN = "cert-sign"


_USAGE_BITS = {
    0: KeyUsage.DIGITAL_SIGNATURE, 2: KeyUsage.KEY_ENCIPHERMENT, 4: KeyUsage.KEY_AGREEMENT, 5: KeyUsage.CERT_SIGN,
}  # fmt: skip
_NEVER = datetime.min.replace(tzinfo=UTC)

CanonicalName = tuple[tuple[tuple[bytes, str], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as sent; with `flaw` set, what could be read before it."""

    der: bytes  # as sent
    flaw: Flaw | None = None
    spki: bytes = b""  # SubjectPublicKeyInfo, DER as sent; empty if it could not be found
    version: int = 1
    subject: CanonicalName = ()  # for comparing only (RFC 5280 section 7.1)
    issuer: CanonicalName = ()
    not_before: datetime = _NEVER  # UTC
    not_after: datetime = _NEVER  # UTC, inclusive
    dns_names: tuple[str, ...] = ()  # dNSName of the SAN, lower case, as written otherwise
    common_names: tuple[str, ...] = ()  # of the subject
    ca: bool | None = None  # basicConstraints; None without the extension
    path_length: int | None = None
    key_usage: frozenset[KeyUsage] | None = None  # None without the extension: all is allowed
    purposes: frozenset[bytes] | None = None  # extended key usage, OIDs in DER; None without the extension
    permitted: tuple[str, ...] | None = None  # DNS subtrees of nameConstraints; None: any name
    excluded: tuple[str, ...] = ()
    unknown_critical: tuple[bytes, ...] = ()  # OIDs in DER of critical extensions that nothing here reads

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same name (RFC 5280 section 3.2)."""
        return self.subject == self.issuer


def read(octets: bytes) -> Certificate:
    """A certificate, whatever the octets are."""
    if len(octets) > LARGEST:
        return Certificate(der=octets, flaw=Flaw.TOO_LARGE)
    draft = _Draft()
    try:
        _read_body(octets, draft)
    except der.DerFault:
        draft.flaw = Flaw.NOT_DER
    for element in draft.extensions:
        try:
            _read_extension(element, draft)
        except der.DerFault:
            draft.flaw = draft.flaw or Flaw.EXTENSION
    return draft.certificate(octets)


@dataclass(slots=True)
class _Draft:
    """What has been read so far."""

    flaw: Flaw | None = None
    values: dict[str, object] = field(default_factory=dict)
    extensions: list[der.Element] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    unknown: list[bytes] = field(default_factory=list)

    def certificate(self, octets: bytes) -> Certificate:
        values = self.values | {"unknown_critical": tuple(self.unknown)}
        return Certificate(der=octets, flaw=self.flaw, **values)  # type: ignore[arg-type]


def _read_body(octets: bytes, draft: _Draft) -> None:
    """Certificate and TBSCertificate (RFC 5280 section 4.1)."""
    parts = list(der.elements(der.only(octets, der.SEQUENCE).content))
    if [part.tag for part in parts] != [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING]:
        raise der.DerFault(0, "not the three parts of a certificate")
    fields = list(der.elements(parts[0].content))
    values = draft.values
    if fields and fields[0].tag == 0xA0:
        values["version"] = der.number(der.only(fields.pop(0).content, der.INTEGER)) + 1
    if len(fields) < 6 or [element.tag for element in fields[1:6]] != [der.SEQUENCE] * 5:
        raise der.DerFault(0, "not the fields of a certificate")
    _serial, _algorithm, issuer, validity, subject, spki = fields[:6]
    values["spki"] = spki.whole
    for rest in fields[6:]:
        if rest.tag == 0xA3:
            draft.extensions = list(der.elements(der.only(rest.content, der.SEQUENCE).content))
    values["issuer"], values["subject"] = _name(issuer), _name(subject)
    values["common_names"] = tuple(
        text for part in _name(subject, folded=False) for kind, text in part if kind == b"\x55\x04\x03"
    )
    not_before, not_after = _exactly(list(der.elements(validity.content)), 2)
    values["not_before"], values["not_after"] = der.time(not_before), der.time(not_after)


def _exactly(found: list[der.Element], count: int) -> list[der.Element]:
    if len(found) != count:
        raise der.DerFault(0, f"{len(found)} elements, not {count}")
    return found


_ENCODINGS = {0x0C: "utf-8", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}


def _name(element: der.Element, *, folded: bool = True) -> CanonicalName:
    """A distinguished name; folded, so that equal names of RFC 5280 section 7.1 are equal values."""
    parts = []
    for part in der.elements(element.content):
        pairs = []
        for pair in der.elements(part.content):
            kind, value = _exactly(list(der.elements(pair.content)), 2)
            text = value.content.decode(_ENCODINGS.get(value.tag, "latin-1"), "backslashreplace")
            pairs.append((kind.content, " ".join(text.split()).casefold() if folded else text))
        parts.append(tuple(sorted(pairs)))
    return tuple(parts)


# ---- extensions (RFC 5280 section 4.2) ----

# Read by nobody, but harmless to a path as it is judged here: the two key
# identifiers, policies and their constraints, where lists of revoked ones are.
_HARMLESS = {b"\x55\x1d" + bytes((number,)) for number in (14, 18, 31, 32, 33, 35, 36, 54)}


def _read_extension(element: der.Element, draft: _Draft) -> None:
    """One extension; a critical one that is unknown is noted (RFC 5280 section 4.2)."""
    fields = list(der.elements(element.content))
    critical = len(fields) == 3 and fields[1].tag == der.BOOLEAN and fields[1].content != b"\0"
    if len(fields) not in {2, 3} or fields[0].tag != der.OID or fields[-1].tag != der.OCTET_STRING:
        raise der.DerFault(0, "no extension")
    oid, content = fields[0].content, fields[-1].content
    if oid in draft.seen:
        raise der.DerFault(0, "an extension twice")
    draft.seen.add(oid)
    reader = _EXTENSIONS.get(oid)
    if reader is not None:
        draft.values |= reader(content)
    elif critical and oid not in _HARMLESS:
        draft.unknown.append(oid)


def _basic_constraints(content: bytes) -> dict[str, object]:
    fields = list(der.elements(der.only(content, der.SEQUENCE).content))
    ca = False
    if fields and fields[0].tag == der.BOOLEAN:
        ca = fields.pop(0).content != b"\0"
    length = der.number(fields.pop(0)) if fields else None
    if fields:
        raise der.DerFault(0, "more than basicConstraints")
    return {"ca": ca, "path_length": length}


def _key_usage(content: bytes) -> dict[str, object]:
    bits = der.only(content, der.BIT_STRING).content[1:3]
    value = int.from_bytes(bits.ljust(2, b"\0"))
    return {"key_usage": frozenset(usage for bit, usage in _USAGE_BITS.items() if value & (0x8000 >> bit))}


def _purposes(content: bytes) -> dict[str, object]:
    return {"purposes": frozenset(oid.content for oid in der.elements(der.only(content, der.SEQUENCE).content))}


def _alternative_names(content: bytes) -> dict[str, object]:
    found: list[str] = []
    for name in der.elements(der.only(content, der.SEQUENCE).content):
        if name.tag == 0x82 and len(found) < _NAMES:
            found.append(name.content.decode("latin-1").lower())
    return {"dns_names": tuple(found)}


def _name_constraints(content: bytes) -> dict[str, object]:
    """The DNS subtrees (RFC 5280 section 4.2.1.10); `permitted` is None if none of them is a DNS name."""
    trees: dict[int, list[str]] = {0xA0: [], 0xA1: []}
    for group in der.elements(der.only(content, der.SEQUENCE).content):
        for subtree in der.elements(group.content):
            base = next(der.elements(subtree.content), None)
            if base is None or group.tag not in trees:
                raise der.DerFault(0, "no subtree")
            if base.tag == 0x82:
                trees[group.tag].append(base.content.decode("latin-1").lower())
    return {"permitted": tuple(trees[0xA0]) or None, "excluded": tuple(trees[0xA1])}


_EXTENSIONS = {
    b"\x55\x1d\x0f": _key_usage,
    b"\x55\x1d\x11": _alternative_names,
    b"\x55\x1d\x13": _basic_constraints,
    b"\x55\x1d\x1e": _name_constraints,
    b"\x55\x1d\x25": _purposes,
}

# ---- names ----


def presented(certificate: Certificate) -> tuple[str, ...]:
    """The names of a server: the SAN's; only without any DNS name there the subject's CN (RFC 7672 section 3.2.3)."""
    return certificate.dns_names or tuple(name.lower() for name in certificate.common_names)


_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*").fullmatch


def admits(pattern: str, name: str) -> bool:
    """Whether a presented name is the reference name; ``*`` stands for exactly the first label, above two or more."""
    pattern, name = pattern.lower(), name.lower().removesuffix(".")
    if not _HOST(pattern):
        return False
    if not pattern.startswith("*."):
        return pattern == name
    first, _, rest = name.partition(".")
    return bool(first) and pattern[2:] == rest and "." in rest


def admitted(certificate: Certificate, references: Iterable[str]) -> bool:
    """Whether a certificate presents one of the reference names."""
    names = presented(certificate)
    return any(admits(pattern, reference) for reference in references for pattern in names)
