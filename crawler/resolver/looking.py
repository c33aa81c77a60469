"""What the stages look through, whoever walks and whoever validates behind it.

``resolve.Resolver`` walks and validates itself; those of ``forward`` let a recursive server
walk. All give the same answers in the same words, so that no stage needs to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from crawler.resolver.answer import Answer
    from crawler.resolver.ask import Address
    from crawler.standards.security import Reason, Security


class Zone(NamedTuple):
    """The zone that holds a name: its apex, its place in the chain of trust, its NS names as the parent gave them."""

    apex: bytes
    security: Security
    reason: Reason
    ns: tuple[bytes, ...]
    tries: int  # packets that it took to find this out
    glue: tuple[Address, ...] = ()  # the addresses of its servers as the parent gave them


class Looking(Protocol):
    """What the stages look through: a resolver of any kind."""

    sent: int

    @property
    def verifications(self) -> int:
        """Signatures checked cryptographically so far."""

    async def resolve(self, name: bytes, qtype: int) -> Answer:
        """Look one RRset up."""

    async def zone(self, name: bytes) -> Zone | None:
        """The zone that holds a name which was looked up before."""

    def revive(self) -> None:
        """Forget what failed, before a second look."""
