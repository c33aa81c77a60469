"""The zone model: what is at which name, who answers, what is wrong (RFC 1034 section 4.2, RFC 4035 section 2).

A zone is *explicit* when all its names are known here, or *on line* when a callback tells what is at a name, so that
a top level domain of a million delegations costs nothing until it is asked. Both give nodes by name, and published
RRsets with their signatures, made when first asked. Denials are `lab.denial`; faults are `lab.breakage`; replies
`lab.authority`.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from lab.master import parse
from lab.names import ROOT, Name, Type, is_below, parent, text, wire
from lab.signer import Denial, Signer, Signing, ds_of

if TYPE_CHECKING:
    from lab.breakage import Breakage
    from lab.denial import Chain

__all__ = ["Denial", "Glue", "Node", "RRset", "Signing", "Zone", "addresses"]

SIGNATURES_KEPT: Final = 20_000
SOA_TTL: Final = 3600
TTL: Final = 3600
NEGATIVE_TTL: Final = 300


class RRset(NamedTuple):
    """Records of one type at one name; their rdata in wire form, names in it lower case and uncompressed."""

    ttl: int
    rdatas: tuple[bytes, ...]


class Glue(NamedTuple):
    """An address that a referral carries along."""

    name: Name
    rtype: int
    rrset: RRset


class Node(NamedTuple):
    """All RRsets at one name; none at all is an empty non-terminal. `glue` goes along with a delegation."""

    rrsets: dict[int, RRset]
    glue: tuple[Glue, ...] = ()

    @property
    def cut(self) -> bool:
        """Whether another zone begins here, seen from above."""
        return Type.NS in self.rrsets and Type.SOA not in self.rrsets


Lookup = Callable[[Name], Node | None]
Signed = tuple[RRset, tuple[bytes, ...]]


class Zone:
    """One zone. Give it records by `add`, `text` and `delegate`; then ask `find`, `publish` and `chain`."""

    def __init__(
        self, apex: str | Name, *, now: int, seed: bytes = b"lab", signing: Signing | None = None,
        lookup: Lookup | None = None,
    ) -> None:  # fmt: skip
        self.apex: Name = wire(apex) if isinstance(apex, str) else apex
        self.now = now
        self.seed = seed
        self.signing = signing
        self.lookup = lookup
        self.hosts: dict[Name, tuple[str, ...]] = {}  # its name servers and their addresses, as far as we were told
        self.breakages: list[Breakage] = []
        self.forgets_empty = False  # answers NXDOMAIN at empty non-terminals
        self._nodes: dict[Name, Node] = {self.apex: Node({})}
        self._ready = False
        self._signer: Signer | None = None
        self._chain: Chain | None = None
        self._signed: OrderedDict[tuple[Name, int, tuple[bytes, ...]], Signed] = OrderedDict()
        self.soa(wire("ns." + text(self.apex)) if self.apex != ROOT else wire("ns.invalid."))

    # what it holds

    def soa(self, server: Name, *, serial: int = 1, minimum: int = NEGATIVE_TTL) -> None:
        """Replace the SOA record."""
        contact = b"\x0ahostmaster" + (self.apex if len(self.apex) < 240 else ROOT)
        rdata = server + contact + struct.pack("!IIIII", serial, 14400, 3600, 1209600, minimum)
        self._at(self.apex).rrsets[Type.SOA] = RRset(SOA_TTL, (rdata,))

    def add(self, name: str | Name, rtype: int, *rdatas: bytes, ttl: int = TTL) -> None:
        """Add records to an RRset. A text name is absolute. Malformed rdata is yours to add."""
        owner = wire(name) if isinstance(name, str) else name
        if not is_below(owner, self.apex):
            raise ValueError(f"{text(owner)} is not in the zone {text(self.apex)}")
        rrsets = self._at(owner).rrsets
        old = rrsets.get(rtype)
        kept = old.rdatas if old else ()
        rrsets[rtype] = RRset(old.ttl if old else ttl, kept + tuple(r for r in rdatas if r not in kept))
        self._forget()

    def text(self, records: str) -> None:
        r"""Add records in master file format, relative to the apex; ``\# 2 0301`` gives any octets to any type."""
        for owner, ttl, rtype, rdata in parse(records, self.apex):
            if rtype == Type.SOA:
                self._at(owner).rrsets.pop(rtype, None)
            self.add(owner, rtype, rdata, ttl=ttl)

    def delegate(self, child: str | Name, servers: Iterable[Name], ds: Iterable[bytes] = (), ttl: int = TTL) -> None:
        """Cut off a child zone. Addresses of servers in this zone are added by themselves (`address`)."""
        owner = wire(child) if isinstance(child, str) else child
        self.add(owner, Type.NS, *servers, ttl=ttl)
        if records := tuple(ds):
            self.add(owner, Type.DS, *records, ttl=ttl)

    def address(self, host: Name, *values: str, ttl: int = TTL) -> None:
        """Give a host of this zone, or a server below one of its cuts, its addresses."""
        for rtype, rdata in addresses(values):
            self.add(host, rtype, rdata, ttl=ttl)

    def knows_address(self, host: Name) -> bool:
        """Whether a host already has one here."""
        node = self._nodes.get(host)
        return node is not None and (Type.A in node.rrsets or Type.AAAA in node.rrsets)

    def drop(self, name: str | Name, rtype: int | None = None) -> None:
        """Take an RRset, or a whole name, away again; it must have been there."""
        owner = wire(name) if isinstance(name, str) else name
        if rtype is None:
            del self._nodes[owner]
        else:
            del self._nodes[owner].rrsets[rtype]
        self._forget()

    def broken(self, *breakages: Breakage) -> Zone:
        """The same zone, with these things wrong in it."""
        self.breakages.extend(breakages)
        self._forget()
        return self

    def _at(self, name: Name) -> Node:
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = Node({})
        return node

    def _forget(self) -> None:
        self._ready = False
        self._chain = None
        self._signed.clear()

    # what it answers with

    def find(self, name: Name) -> Node | None:
        """What is at a name of this zone, or below a cut of it; None if there is nothing at it or under it."""
        if not self._ready:
            self._prepare()
        node = self._nodes.get(name)
        if node is None and self.lookup is not None:
            return self.lookup(name)
        return node

    def nodes(self) -> dict[Name, Node]:
        """All that is known without the callback, empty non-terminals too."""
        if not self._ready:
            self._prepare()
        return self._nodes

    def _prepare(self) -> None:
        """Fill in what follows from the rest: keys, empty non-terminals, glue."""
        self._ready = True
        nodes = self._nodes
        for name in [name for name, node in nodes.items() if not node.rrsets and name != self.apex]:
            del nodes[name]
        for name in list(nodes):
            step = name
            while step != self.apex and (step := parent(step)) not in nodes:
                nodes[step] = Node({})
        self._keys_at_the_apex(nodes[self.apex].rrsets)
        for name, node in nodes.items():
            if node.cut:
                nodes[name] = Node(node.rrsets, self._glue(node))
        for breakage in self.breakages:
            breakage.zone(self)

    def _keys_at_the_apex(self, rrsets: dict[int, RRset]) -> None:
        if self.signing is None:
            return
        rrsets.setdefault(Type.DNSKEY, RRset(TTL, tuple(key.rdata for key in self.signer.keys)))
        if self.signing.denial is Denial.NSEC3:
            parameters = struct.pack("!BBHB", 1, 0, self.signing.iterations, len(self.signing.salt))
            rrsets.setdefault(Type.NSEC3PARAM, RRset(0, (parameters + self.signing.salt,)))

    def _glue(self, node: Node) -> tuple[Glue, ...]:
        found = []
        for host in node.rrsets[Type.NS].rdatas:
            at = self._nodes.get(host)
            for rtype in (Type.A, Type.AAAA):
                if at is not None and (rrset := at.rrsets.get(rtype)) is not None:
                    found.append(Glue(host, rtype, rrset))  # noqa: PERF401 - flat is better
        return tuple(found)

    @property
    def signer(self) -> Signer:
        """Its keys; a zone without `signing` has none."""
        if self._signer is None:
            assert self.signing is not None, f"{text(self.apex)} is not signed"
            self._signer = Signer(self.apex, self.signing, self.seed, self.now)
        return self._signer

    @property
    def chain(self) -> Chain:
        """What proves absence here."""
        if self._chain is None:
            from lab.denial import chain_of

            self._chain = chain_of(self)
        return self._chain

    @property
    def negative_ttl(self) -> int:
        """RFC 2308 section 5, as RFC 9077 wants it for NSEC and NSEC3 too."""
        soa = self._nodes[self.apex].rrsets[Type.SOA]
        return min(soa.ttl, int.from_bytes(soa.rdatas[0][-4:], "big"))

    def ds(self) -> tuple[bytes, ...]:
        """The DS records that its parent ought to have, broken where that is asked; none for an unsigned zone."""
        made = ds_of(self.apex, self.signing, self.seed) if self.signing else ()
        for breakage in self.breakages:
            made = breakage.ds(self, made)
        return made

    def publish(self, owner: Name, rtype: int, rrset: RRset, *, signed: bool) -> Signed:
        """An RRset as it goes out, and its signatures (none if not wanted), with all that is broken in it."""
        if self.signing is None or not (signed or self.breakages):
            return rrset, ()
        key = (owner, rtype, rrset.rdatas)
        made = self._signed.get(key)
        if made is None:
            made = self._signed[key] = self._publish(owner, rtype, rrset)
            if len(self._signed) > SIGNATURES_KEPT:
                self._signed.popitem(last=False)
        else:
            self._signed.move_to_end(key)
        return made if signed else (made[0], ())

    def _publish(self, owner: Name, rtype: int, rrset: RRset) -> Signed:
        window = self.signer.window
        concerned = [b for b in self.breakages if b.concerns(owner, rtype)]
        for breakage in concerned:
            rrset = breakage.content(self, rrset)
            window = breakage.window(self, window)
        sigs = self.signer.sign(owner, rtype, rrset.ttl, rrset.rdatas, window) if rrset.rdatas else ()
        made = (rrset, sigs)
        for breakage in concerned:
            made = breakage.signed(self, made)
        return made


def addresses(values: Iterable[str]) -> list[tuple[int, bytes]]:
    """Type and rdata of presentation addresses."""
    return [_address(value) for value in values]


@lru_cache(65_536)
def _address(value: str) -> tuple[int, bytes]:
    address: IPv4Address | IPv6Address = ip_address(value)
    return (Type.A if address.version == 4 else Type.AAAA), address.packed
