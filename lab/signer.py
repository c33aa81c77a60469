"""Signatures over one zone's RRsets, made when asked (RFC 4034 section 3.1.8.1, RFC 4035 section 2.2).

The signer knows keys, windows and octets; which RRsets a zone has, and what is broken in them, `lab.zones` knows.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from lab.keys import ENTRY_POINT, ZONE_KEY, SigningKey, signing_key
from lab.names import Name, Type, count

DAY: Final = 86400


class Denial(StrEnum):
    """How a zone proves that something is not there."""

    NSEC = "nsec"  # RFC 4034 section 4; on line, RFC 4470
    NSEC3 = "nsec3"  # RFC 5155; on line, its section 7.2.9 kind of white lies
    COMPACT = "compact"  # RFC 9824: one NSEC at the very name, whatever is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How a zone is signed. Times are seconds relative to the world's now."""

    algorithms: tuple[int, ...] = (13,)
    denial: Denial = Denial.NSEC
    iterations: int = 0
    salt: bytes = b""
    opt_out: bool = False
    online: bool = False  # deny by white lies also where all names are known
    split: bool = False  # a KSK and a ZSK per algorithm; otherwise one key does both
    all_sign: bool = False  # the ZSK, too, signs the DNSKEY RRset
    rsa_bits: int = 2048
    zsk_bits: int | None = None  # where the ZSK's size differs
    flags: int = ZONE_KEY  # of all keys, SEP aside: 0 is no zone key, 0x0180 is revoked
    zsk_flags: int | None = None  # where the ZSK's differ
    claimed: int | None = None  # publish the keys under this algorithm number
    digests: tuple[int, ...] = (2,)  # digest types of the DS records in the parent
    inception: int = -DAY
    expiration: int = 14 * DAY


class Signer:
    """The keys of one zone, and what they make."""

    __slots__ = ("apex", "entry", "keys", "signing", "window", "zone_keys")

    def __init__(self, apex: Name, signing: Signing, seed: bytes, now: int) -> None:
        self.apex = apex
        self.signing = signing
        self.window = (now + signing.inception, now + signing.expiration)
        self.keys = _keys(apex, signing, seed)
        self.entry = tuple(key for key in self.keys if key.flags & ENTRY_POINT)
        self.zone_keys = tuple(key for key in self.keys if not key.flags & ENTRY_POINT) or self.entry

    def sign(
        self, owner: Name, rtype: int, ttl: int, rdatas: tuple[bytes, ...], window: tuple[int, int] | None = None
    ) -> tuple[bytes, ...]:
        """RRSIG rdata, one per algorithm. `owner` is the wildcard itself where one is to be expanded."""
        body = rrset_octets(owner, rtype, ttl, rdatas)
        inception, expiration = window or self.window
        made = []
        above = self.keys if self.signing.all_sign else self.entry
        for key in above if rtype == Type.DNSKEY else self.zone_keys:
            head = struct.pack(
                "!HBBIIIH", rtype, key.algorithm, count(owner), ttl, expiration & 0xFFFFFFFF, inception & 0xFFFFFFFF,
                key.tag,
            ) + self.apex  # fmt: skip
            made.append(head + key.sign(head + body))
        return tuple(made)


def _keys(apex: Name, signing: Signing, seed: bytes) -> tuple[SigningKey, ...]:
    found = []
    zsk_flags = signing.flags if signing.zsk_flags is None else signing.zsk_flags
    for algorithm in signing.algorithms:
        found.append(signing_key(seed, apex, algorithm, 0, signing.flags | ENTRY_POINT, signing.rsa_bits))
        if signing.split:
            found.append(signing_key(seed, apex, algorithm, 1, zsk_flags, signing.zsk_bits or signing.rsa_bits))
    if signing.claimed is not None:
        found = [key.claimed(signing.claimed) for key in found]
    return tuple(found)


def rrset_octets(owner: Name, rtype: int, ttl: int, rdatas: tuple[bytes, ...]) -> bytes:
    """What a signature covers after its own head: the RRset in canonical form and order (RFC 4034 section 6)."""
    head = owner + struct.pack("!HHI", rtype, 1, ttl)
    return b"".join([head + len(rdata).to_bytes(2, "big") + rdata for rdata in sorted(set(rdatas))])


def ds_rdata(apex: Name, dnskey: bytes, tag: int, algorithm: int, digest_type: int) -> bytes:
    """RFC 4034 section 5.1.4; an unassigned digest type gets SHA-256's octets."""
    digest = {1: "sha1", 2: "sha256", 4: "sha384"}.get(digest_type, "sha256")
    return struct.pack("!HBB", tag, algorithm, digest_type) + hashlib.new(digest, apex + dnskey).digest()


@lru_cache(maxsize=65536)
def ds_of(apex: Name, signing: Signing, seed: bytes) -> tuple[bytes, ...]:
    """The DS records that belong into the parent of a zone, without making the zone."""
    return tuple(
        ds_rdata(apex, key.rdata, key.tag, key.algorithm, digest)
        for key in _keys(apex, signing, seed)
        if key.flags & ENTRY_POINT
        for digest in signing.digests
    )
