"""What can be wrong inside a signed zone: each a small change at one stage of publishing it.

A breakage that changes nothing when its turn comes raises `Unbroken`; one whose turn never comes is listed by
`World.idle`. So no scenario passes because what it breaks was whole. Wrong servers, as opposed to wrong zones, are
`lab.behaviours`. Keys without the Zone Key flag, revoked ones and unsupported algorithms are no breakage but
`Signing` fields, for DS and RRSIG must go along with them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lab.keys import ENTRY_POINT, signing_key
from lab.names import Name, Type, is_below, type_of, wire

if TYPE_CHECKING:
    from lab.denial import Span
    from lab.zones import RRset, Signed, Zone

DAY = 86400


class Unbroken(Exception):
    """A breakage left everything as it was."""


class Stage(StrEnum):
    """Where in publishing a change happens."""

    ZONE = "zone"  # once, before anything is asked: what it holds
    CONTENT = "content"  # an RRset, before it is signed
    WINDOW = "window"  # inception and expiration of its signatures
    SIGNED = "signed"  # RRset and signatures, after
    DS = "ds"  # what the parent is given
    PROOF = "proof"  # the NSEC or NSEC3 records that a negative reply carries


Change = Callable[["Zone", Any], Any]


class Breakage:
    """One thing wrong, and how often it was."""

    __slots__ = ("_below", "_change", "_stage", "_types", "fired", "name")

    def __init__(self, name: str, stage: Stage, change: Change, types: tuple[str, ...] = ()) -> None:
        self.name = name
        self.fired = 0
        self._stage = stage
        self._change = change
        self._types = frozenset(map(type_of, types)) if types else None
        self._below: Name | None = None

    def __repr__(self) -> str:
        return f"<Breakage {self.name}>"

    def at(self, name: str) -> Breakage:
        """Only of RRsets at this name and below."""
        narrowed = Breakage(f"{self.name} at {name}", self._stage, self._change)
        narrowed._types, narrowed._below = self._types, wire(name)
        return narrowed

    def concerns(self, owner: Name, rtype: int) -> bool:
        """Whether an RRset is meant."""
        if self._types is not None and int(rtype) not in self._types:
            return False
        return self._below is None or is_below(owner, self._below)

    def zone(self, zone: Zone) -> None:
        """Before anything is asked."""
        if self._stage is Stage.ZONE:
            self._change(zone, None)
            self.fired += 1

    def content(self, zone: Zone, rrset: RRset) -> RRset:
        """Before signing."""
        changed: RRset = self._apply(Stage.CONTENT, zone, rrset)
        return changed

    def window(self, zone: Zone, window: tuple[int, int]) -> tuple[int, int]:
        """The signatures' times."""
        changed: tuple[int, int] = self._apply(Stage.WINDOW, zone, window)
        return changed

    def signed(self, zone: Zone, signed: Signed) -> Signed:
        """After signing."""
        changed: Signed = self._apply(Stage.SIGNED, zone, signed)
        return changed

    def ds(self, zone: Zone | None, rdatas: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """For the parent; generated parents call this themselves, without a zone."""
        changed: tuple[bytes, ...] = self._apply(Stage.DS, zone, rdatas)
        return changed

    def proof(self, zone: Zone, spans: list[Span]) -> list[Span]:
        """For a negative reply."""
        changed: list[Span] = self._apply(Stage.PROOF, zone, spans)
        return changed

    def _apply(self, stage: Stage, zone: Zone | None, value: Any) -> Any:
        if stage is not self._stage:
            return value
        changed = self._change(zone, value)  # type: ignore[arg-type]
        if changed == value:
            raise Unbroken(self.name)
        self.fired += 1
        return changed


# times


def expired(*types: str, days: int = 30) -> Breakage:
    """Signatures that ended days ago."""
    return Breakage(
        "expired", Stage.WINDOW, lambda zone, _: (zone.now - (days + 30) * DAY, zone.now - days * DAY), types
    )


def not_yet_valid(*types: str, days: int = 30) -> Breakage:
    """Signatures that begin days from now."""
    return Breakage(
        "not-yet-valid", Stage.WINDOW, lambda zone, _: (zone.now + days * DAY, zone.now + (days + 30) * DAY), types
    )


def inverted(*types: str) -> Breakage:
    """Signatures that end before they begin."""
    return Breakage("inverted", Stage.WINDOW, lambda _, window: window[::-1], types)


# signatures


def _signatures(name: str, change: Callable[[Zone, bytes], bytes], types: tuple[str, ...]) -> Breakage:
    def all_of_them(zone: Zone, signed: Signed) -> Signed:
        return signed[0], tuple(change(zone, sig) for sig in signed[1])

    return Breakage(name, Stage.SIGNED, all_of_them, types)


def no_signatures(*types: str) -> Breakage:
    """RRSIG records left out."""
    return Breakage("no-signatures", Stage.SIGNED, lambda _, signed: (signed[0], ()), types)


def corrupt_signatures(*types: str) -> Breakage:
    """The last octet of each signature flipped."""
    return _signatures("corrupt-signatures", lambda _, sig: sig[:-1] + bytes((sig[-1] ^ 0xFF,)), types)


def short_signatures(*types: str) -> Breakage:
    """RRSIG rdata that ends within its fixed fields: no DNS software can read it."""
    return _signatures("short-signatures", lambda _, sig: sig[:9], types)


def signature_tag(tag: int, *types: str) -> Breakage:
    """RRSIG records that point to a key which is not there."""
    return _signatures("signature-tag", lambda _, sig: sig[:16] + tag.to_bytes(2, "big") + sig[18:], types)


def signature_algorithm(number: int, *types: str) -> Breakage:
    """RRSIG records under another algorithm number."""
    return _signatures("signature-algorithm", lambda _, sig: sig[:2] + bytes((number,)) + sig[3:], types)


def signature_labels(by: int, *types: str) -> Breakage:
    """RRSIG records that count their labels wrongly."""
    return _signatures("signature-labels", lambda _, sig: sig[:3] + bytes((sig[3] + by & 0xFF,)) + sig[4:], types)


def signer(name: str, *types: str) -> Breakage:
    """RRSIG records that name another zone as their signer."""

    def renamed(zone: Zone, sig: bytes) -> bytes:
        return sig[:18] + wire(name) + sig[18 + len(zone.apex) :]

    return _signatures("signer", renamed, types)


def _entry_signatures(name: str, change: Callable[[bytes], bytes | None]) -> Breakage:
    """Of the RRSIG records over DNSKEY only those by the key that DS names (where `Signing.all_sign` made others)."""

    def changed(zone: Zone, signed: Signed) -> Signed:
        tags = {key.tag.to_bytes(2, "big") for key in zone.signer.entry}
        sigs = [change(sig) if sig[16:18] in tags else sig for sig in signed[1]]
        return signed[0], tuple(sig for sig in sigs if sig is not None)

    return Breakage(name, Stage.SIGNED, changed, ("DNSKEY",))


def no_entry_signature() -> Breakage:
    """The KSK's signature over the keys left out; the ZSK's stays."""
    return _entry_signatures("no-entry-signature", lambda _: None)


def corrupt_entry_signature() -> Breakage:
    """The KSK's signature over the keys with its last octet flipped; the ZSK's is right."""
    return _entry_signatures("corrupt-entry-signature", lambda sig: sig[:-1] + bytes((sig[-1] ^ 0xFF,)))


def altered_content(*types: str) -> Breakage:
    """One bit of each record flipped after it was signed: of its last octet, or its second where a name ends it."""

    def flip(rdata: bytes) -> bytes:
        at = 1 if rdata.endswith(b"\0") and len(rdata) > 1 else len(rdata) - 1
        return rdata[:at] + bytes((rdata[at] ^ 1,)) + rdata[at + 1 :]

    def flipped(_: Zone, signed: Signed) -> Signed:
        return signed[0]._replace(rdatas=tuple(map(flip, signed[0].rdatas))), signed[1]

    return Breakage("altered-content", Stage.SIGNED, flipped, types)


def higher_ttl(ttl: int, *types: str) -> Breakage:
    """A TTL above the one that was signed (RFC 4035 section 5.3.3 cuts it down)."""
    return Breakage("higher-ttl", Stage.SIGNED, lambda _, signed: (signed[0]._replace(ttl=ttl), signed[1]), types)


# keys


def _keys(name: str, keep: Callable[[bytes], bytes | None]) -> Breakage:
    def changed(_: Zone, rrset: RRset) -> RRset:
        return rrset._replace(rdatas=tuple(made for r in rrset.rdatas if (made := keep(r)) is not None))

    return Breakage(name, Stage.CONTENT, changed, ("DNSKEY",))


def _entry(rdata: bytes) -> bool:
    return bool(rdata[1] & ENTRY_POINT)


def no_dnskey() -> Breakage:
    """Signed, with DS above, and no DNSKEY record at all; the denials say so too."""
    return Breakage("no-dnskey", Stage.ZONE, lambda zone, _: zone.nodes()[zone.apex].rrsets.pop(Type.DNSKEY))


def no_ksk() -> Breakage:
    """The key that DS points to left out (of a split key set)."""
    return _keys("no-ksk", lambda rdata: None if _entry(rdata) else rdata)


def no_zsk() -> Breakage:
    """The key that signs the data left out (of a split key set)."""
    return _keys("no-zsk", lambda rdata: rdata if _entry(rdata) else None)


def bad_key(*, entry: bool) -> Breakage:
    """The KSK's or ZSK's public octets altered."""

    def flipped(rdata: bytes) -> bytes:
        return rdata[:-1] + bytes((rdata[-1] ^ 0xFF,)) if _entry(rdata) is entry else rdata

    return _keys("bad-key", flipped)


def zsk_algorithm(number: int) -> Breakage:
    """The ZSK under another algorithm number; its signatures keep theirs."""
    return _keys("zsk-algorithm", lambda r: r if _entry(r) else r[:3] + bytes((number,)) + r[4:])


def extra_keys(count: int) -> Breakage:
    """More keys than needed, of nobody."""

    def more(zone: Zone, rrset: RRset) -> RRset:
        made = (signing_key(zone.seed, b"stranger", 13, role, 256, 0).rdata for role in range(count))
        return rrset._replace(rdatas=rrset.rdatas + tuple(made))

    return Breakage("extra-keys", Stage.CONTENT, more, ("DNSKEY",))


def colliding_keys(count: int) -> Breakage:
    """Keys that share the tag of the zone's own and come first: KeyTrap's (CVE-2023-50387)."""

    def more(zone: Zone, rrset: RRset) -> RRset:
        made = []
        for number in range(1, count + 1):
            key = bytearray(zone.signer.zone_keys[0].rdata)
            key[4:6] = (int.from_bytes(key[4:6], "big") + number & 0xFFFF).to_bytes(2, "big")
            key[6:8] = (int.from_bytes(key[6:8], "big") - number & 0xFFFF).to_bytes(2, "big")
            made.append(bytes(key))
        return rrset._replace(rdatas=(*made, *rrset.rdatas))

    return Breakage("colliding-keys", Stage.CONTENT, more, ("DNSKEY",))


# DS


def _each_ds(name: str, change: Callable[[bytes], bytes]) -> Breakage:
    return Breakage(name, Stage.DS, lambda _, rdatas: tuple(map(change, rdatas)))


def ds_wrong_digest() -> Breakage:
    """DS records whose digest is of nothing."""
    return _each_ds("ds-wrong-digest", lambda rdata: rdata[:4] + bytes(o ^ 0xFF for o in rdata[4:]))


def ds_wrong_tag() -> Breakage:
    """DS records whose key tag is of no key."""
    return _each_ds("ds-wrong-tag", lambda r: struct.pack("!H", int.from_bytes(r[:2], "big") + 1 & 0xFFFF) + r[2:])


def ds_algorithm(number: int) -> Breakage:
    """DS records with another algorithm than the key's."""
    return _each_ds("ds-algorithm", lambda rdata: rdata[:2] + bytes((number,)) + rdata[3:])


def ds_digest_type(number: int) -> Breakage:
    """DS records with another digest type than the digest's."""
    return _each_ds("ds-digest-type", lambda rdata: rdata[:3] + bytes((number,)) + rdata[4:])


def ds_also(*rdatas: bytes) -> Breakage:
    """More DS records beside the right ones."""
    return Breakage("ds-also", Stage.DS, lambda _, right: (*right, *rdatas))


# denials


def no_denial() -> Breakage:
    """Negative replies without NSEC or NSEC3 records."""
    return Breakage("no-denial", Stage.PROOF, lambda _, __: [])


def wrong_denial() -> Breakage:
    """Negative replies with a denial of something else: the apex's own record."""
    return Breakage("wrong-denial", Stage.PROOF, lambda zone, _: [zone.chain.match(zone.apex)])


def partial_denial() -> Breakage:
    """Negative replies that lack the last of their records."""
    return Breakage("partial-denial", Stage.PROOF, lambda _, spans: spans[:-1])


def _nsec3(name: str, change: Callable[[Span], Span]) -> Breakage:
    return Breakage(name, Stage.PROOF, lambda _, spans: [change(s) if s.rtype == Type.NSEC3 else s for s in spans])


def nsec3_wrong_next() -> Breakage:
    """NSEC3 records whose span is empty: next follows the owner at once. Signed as such."""

    def cut(span: Span) -> Span:
        from lab.denial import nsec3_start

        at = 5 + span.rdata[4]
        start = nsec3_start(span)
        after = ((start + 1) % (1 << 160)).to_bytes(20, "big")
        if span.rdata[at + 1 : at + 21] == after:  # on line already that narrow: make it wrong the other way
            after = (start - 1 & (1 << 160) - 1).to_bytes(20, "big")
        return span._replace(rdata=span.rdata[: at + 1] + after + span.rdata[at + 21 :])

    return _nsec3("nsec3-wrong-next", cut)


def nsec3_wrong_owner() -> Breakage:
    """NSEC3 records at hashes of nothing."""
    return _nsec3("nsec3-wrong-owner", lambda s: s._replace(owner=s.owner[:1] + s.owner[1:33][::-1] + s.owner[33:]))


def nsec3_wrong_salt() -> Breakage:
    """NSEC3 records that give a salt their hashes were not made with."""
    return _nsec3("nsec3-wrong-salt", lambda s: s._replace(rdata=_resalted(s.rdata)))


def _resalted(rdata: bytes) -> bytes:
    return rdata[:4] + b"\x02\xba\xad" + rdata[5 + rdata[4] :]


def nsec3param_salt() -> Breakage:
    """An NSEC3PARAM record with a salt that the chain was not made with; the chain is right."""

    def resalt(zone: Zone, _: None) -> None:
        rrsets = zone.nodes()[zone.apex].rrsets
        right = rrsets[Type.NSEC3PARAM]
        rrsets[Type.NSEC3PARAM] = right._replace(rdatas=tuple(map(_resalted, right.rdatas)))

    return Breakage("nsec3param-salt", Stage.ZONE, resalt)


def nsec3_flags(flags: int) -> Breakage:
    """NSEC3 records with flags that mean nothing, or that their zone does not live up to."""
    return _nsec3("nsec3-flags", lambda s: s._replace(rdata=s.rdata[:1] + bytes((flags,)) + s.rdata[2:]))


def nsec3_algorithm(number: int) -> Breakage:
    """NSEC3 records under a hash algorithm that does not exist."""
    return _nsec3("nsec3-algorithm", lambda s: s._replace(rdata=bytes((number,)) + s.rdata[1:]))


def denial_claims(*types: str) -> Breakage:
    """NSEC or NSEC3 records whose bitmap also claims types that are not there."""

    def claimed(_: Zone, spans: list[Span]) -> list[Span]:
        from lab.denial import with_types

        return [with_types(span, tuple(map(type_of, types))) for span in spans]

    return Breakage("denial-claims", Stage.PROOF, claimed)


# content


def forgets_empty() -> Breakage:
    """NXDOMAIN at empty non-terminals, as some servers answer; where signed, with the proofs of one that does so."""

    def forget(zone: Zone, _: None) -> None:
        zone.forgets_empty = True

    return Breakage("forgets-empty", Stage.ZONE, forget)


def without(rtype: str, name: str | None = None) -> Breakage:
    """An RRset left out, wherever it should be (NSEC3PARAM, for one)."""

    def drop(zone: Zone, _: None) -> None:
        del zone.nodes()[wire(name) if name else zone.apex].rrsets[type_of(rtype)]

    return Breakage(f"without-{rtype}", Stage.ZONE, drop)
