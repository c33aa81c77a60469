"""The tree of known zone cuts: who serves a zone, what its parent said of its DS, and whether its keys are trusted.

The hot, shared thing of a crawl. Bounded: a cut that no one asked for lately is
forgotten, except the root and the stub zones. Filling a cut is ``iterate`` (from
referrals) and ``validate`` (trust).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import trio

from crawler.standards.names import ROOT
from crawler.standards.security import Security
from crawler.standards.wire import Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.resolver.answer import Outcome
    from crawler.resolver.ask import Address
    from crawler.resolver.trust import Trust
    from crawler.standards.wire import Record


_PASSING = (Security.INDETERMINATE, Security.BOGUS)  # states that another look may see pass


class Cut:
    """One zone, seen from above: its servers, and the parent's word about its keys.

    `proof` holds the DS, NSEC, NSEC3 and RRSIG records of the referral, whether they
    prove anything or not, until the chain has `judged` them. A cut is `listed` while it
    stands as a registry's zone file has it.
    """

    __slots__ = (
        "dead",
        "expires",
        "glue",
        "heard",
        "listed",
        "name",
        "ns",
        "parent",
        "pinned",
        "proof",
        "trust",
        "unglued",
    )

    def __init__(
        self,
        name: bytes,
        parent: Cut | None,
        ns: Sequence[bytes],
        glue: Sequence[Address],
        *,
        unglued: Sequence[bytes] = (),
        proof: Sequence[Record] = (),
        seconds: float = float("inf"),
        pinned: bool = False,
    ) -> None:
        self.name = name
        self.parent = parent
        self.ns = tuple(ns)
        self.glue = list(glue)
        self.unglued = list(unglued)
        self.proof = tuple(proof)
        self.expires = trio.current_time() + seconds
        self.pinned = pinned
        self.listed = False
        self.trust: Trust | None = None
        self.heard = False  # some server has answered for this zone, if only to refuse
        self.dead: tuple[Outcome, float] | None = None  # all servers are silent; until when that is believed

    @property
    def unsigned_by_list(self) -> bool:
        """A zone file has it, without DS."""
        return self.listed and not any(record[1] == Type.DS for record in self.proof)

    def judged(self, trust: Trust) -> None:
        """Keep what the chain found; the records that it rests on can go, for what they say stands in its word on DS.

        Not so below an insecure zone, whose DS is taken as it came, and not where the next look may find otherwise.
        """
        self.trust = trust
        if trust.ds is not None and trust.security not in _PASSING and not self.listed:
            self.proof = ()

    def doubt(self) -> None:
        """The zone file is not believed in what it says of DS: the registry is to be asked."""
        self.listed = False
        self.trust = None
        self.proof = ()


class Cuts:
    """Zone cuts by name; at most `limit` besides the pinned ones."""

    def __init__(self, limit: int) -> None:
        self._known: OrderedDict[bytes, Cut] = OrderedDict()
        self._limit = limit

    def add(self, cut: Cut) -> Cut:
        """Remember a cut, in place of an older one of the same name (unless that one is pinned)."""
        held = self._known.get(cut.name)
        if held is not None and held.pinned:
            return held
        self._known[cut.name] = cut
        if len(self._known) > self._limit:
            self._forget()
        return cut

    def get(self, name: bytes) -> Cut | None:
        """The cut at exactly this name, if it is known and has not run out."""
        cut = self._known.get(name)
        if cut is None:
            return None
        if cut.expires < trio.current_time():
            del self._known[name]
            return None
        return cut

    def closest(self, name: bytes, now: float, *, above: bool = False) -> Cut:
        """The deepest known cut at or above the name; strictly above it for `above` (where DS lives)."""
        if above and name != ROOT:
            name = name[name[0] + 1 :]
        known = self._known
        while True:
            cut = known.get(name)
            if cut is not None and cut.expires >= now:
                known.move_to_end(name)
                return cut
            if name == ROOT:
                raise LookupError("no root hints")  # our own mistake: the resolver pins the root
            name = name[name[0] + 1 :]

    def drop(self, cut: Cut) -> None:
        """Forget a cut that turned out to be none."""
        if self._known.get(cut.name) is cut:
            del self._known[cut.name]

    def revive(self) -> None:
        """Forget which zones were silent, bogus or could not be judged: they get another chance."""
        for cut in self._known.values():
            cut.dead = None
            if cut.trust is not None and cut.trust.security in _PASSING:
                cut.trust = None

    def _forget(self) -> None:
        for name, cut in self._known.items():
            if not cut.pinned:
                del self._known[name]
                return

    def __len__(self) -> int:
        return len(self._known)
