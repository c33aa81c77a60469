"""What the records of a referral say: addresses of servers, proofs about DS, and whose signature a reply bears.

Pure. The same is read out of a registry's zone file (`Walker.plant`), which holds what its referrals would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.standards.names import is_below
from crawler.standards.rdata import address
from crawler.standards.wire import IN, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.resolver.ask import Address
    from crawler.resolver.reply import Reading
    from crawler.standards.wire import Message, Record

DNS_PORT = 53
_PROOFS = (Type.DS, Type.NSEC, Type.NSEC3)
_OCTETS = {Type.A: 4, Type.AAAA: 16}
_RRSIG = int(Type.RRSIG)
_PROOF_BYTES = tuple(int(rtype).to_bytes(2, "big") for rtype in _PROOFS)


def proofs_among(records: Iterable[Record]) -> tuple[Record, ...]:
    """The records that may prove something of a DS: DS, NSEC, NSEC3 and their signatures."""
    return tuple(r for r in records if r[1] in _PROOFS or (r[1] == _RRSIG and r[4][:2] in _PROOF_BYTES))


def glue_for(
    records: Sequence[Record], names: list[bytes], zone: bytes, families: Sequence[Type]
) -> tuple[list[Address], set[bytes]]:
    """Addresses for name servers, from the additional section, inside the bailiwick; IPv6 only for want of IPv4."""
    v4: list[Address] = []
    v6: list[Address] = []
    glued: set[bytes] = set()
    for owner, rtype, rclass, _, rdata in records:
        if rtype in families and owner in names and rclass == IN and is_below(owner, zone):
            (v4 if rtype == Type.A else v6).append((address(rdata), DNS_PORT))
            glued.add(owner)
    return v4 or v6, glued


def addresses_in(reading: Reading) -> list[Address]:
    """The addresses that an A or AAAA RRset holds."""
    size = _OCTETS.get(Type(reading.rtype))
    return [(address(rdata), DNS_PORT) for rdata in reading.rdatas if len(rdata) == size]


def signer_of(message: Message, reading: Reading) -> bytes:
    """Whose signature a positive RRset bears: the signer field of the first RRSIG over it; else nobody's."""
    for section in (message.answer, message.authority, message.additional):
        for owner, rtype, _, _, rdata in section:
            if rtype == _RRSIG and owner == reading.owner and rdata[:2] == reading.rtype.to_bytes(2, "big"):
                return _first_name(rdata, 18)
    return b""


def _first_name(rdata: bytes, start: int) -> bytes:
    """The uncompressed name that starts here, or nothing if it does not end."""
    at = start
    while at < len(rdata):
        if rdata[at] == 0:
            return rdata[start : at + 1]
        at += rdata[at] + 1
    return b""
