"""TLSRPT: where a domain wants reports of failed TLS to go (RFC 8460 section 3).

The TXT records at ``_smtp._tls.<domain>`` in, a reading out (``readings``: strict,
lenient, and each flaw). The grammar is that of MTA-STS records with ``rua`` in the
place of ``id``. Reports themselves (section 4) are no business of a census.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.standards.readings import (
    MAX_QUOTED,
    RECORD_FORGIVEN,
    WSP,
    Findings,
    Reading,
    RecordFlaw,
    check_extension,
    choose,
    record_fields,
    record_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = "TLSRPTv1"

# RFC 3986 section 3, less "," "!" and ";", which must be encoded here. For the two schemes that
# are supported, at least an address or a host is asked for.
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<rest>(?:[A-Za-z0-9._~:/?#\[\]@$&'()*+=-]|%[0-9A-Fa-f]{2})*)"
).fullmatch
_NEEDS = {
    "mailto": re.compile(r"[^@/?#]+@[^@/?#]+(?:\?.*)?").fullmatch,
    "https": re.compile(r"//(?:[^/?#@]*@)?(?:[^/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?(?:[/?#].*)?").fullmatch,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Where reports go."""

    rua: tuple[tuple[str, ...], ...]  # one tuple for each rua field, one text for each URI, encoded as it stands
    extensions: tuple[tuple[str, str], ...] = ()  # fields that RFC 8460 does not know, as they stand

    @property
    def uris(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(uri for group in self.rua for uri in group)


def read_record(record: bytes) -> Reading[Record]:
    """One TXT record, its strings already joined without a space (RFC 8460 section 3)."""
    found = Findings(RECORD_FORGIVEN)
    text = record_text(record, found)
    if text is None:
        return found.reading(None)
    rua = []
    extensions = []
    for name, value in record_fields(text, f"v={VERSION}", found):
        if name == "rua":  # may come again: the ABNF does not limit it, and no sentence of RFC 8460 does
            rua.append(_uris(value, found))
        else:
            check_extension(name, value, found)
            extensions.append((name, value))
    if not rua:
        found.add(RecordFlaw.MISSING_RUA, text)
        return found.reading(None)
    return found.reading(Record(rua=tuple(rua), extensions=tuple(extensions)))


def _uris(value: str, found: Findings) -> tuple[str, ...]:
    """The URIs of one rua field: a comma between them, white space about it."""
    uris = tuple(uri.strip(WSP) for uri in value.split(","))
    for uri in uris:
        match = _URI(uri)
        scheme = match["scheme"].lower() if match else ""
        needs = _NEEDS.get(scheme)
        if match is None or (needs is not None and not needs(match["rest"])):
            found.add(RecordFlaw.BAD_URI, uri[:MAX_QUOTED])
        elif needs is None:
            found.add(RecordFlaw.OTHER_SCHEME, uri[:MAX_QUOTED])
    return uris


def read_records(records: Sequence[bytes]) -> Reading[Record]:
    """The TXT RRset of a name: exactly one record must be left after others are dropped."""
    return choose(records, f"v={VERSION}", read_record)
