"""How services are visited: whose, how patiently, and in whose name.

Values only; the door is ``net``, the conversations are ``stages``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crawler import __version__

if TYPE_CHECKING:
    from crawler.exchange import Network


class Probe(StrEnum):
    """Which mail hosts are talked to."""

    NEEDED = "needed"  # those with secure TLSA records, and those of domains that announce an MTA-STS policy
    ALL = "all"
    NONE = "none"


class Policies(StrEnum):
    """Whose policy files are fetched."""

    ANNOUNCED = "announced"  # of domains with a TXT record that begins as MTA-STS records do
    ALL = "all"  # of every domain that exists
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds for each step of a visit; RFC 8461 section 3.3 suggests a minute in all for a policy."""

    connect: float = 10.0
    handshake: float = 15.0
    fetch: float = 30.0
    reply: float = 30.0  # of SMTP, each; RFC 5321 section 4.5.3.2 would have a sender wait for five minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What it takes to visit a service."""

    net: Network
    contact: str = ""
    name: str = "dane-census.invalid"  # who we are in EHLO
    patience: Patience = Patience()

    @property
    def agent(self) -> str:
        """The User-Agent: who we are, and whom to write to."""
        return f"dane-census/{__version__}" + (f" ({self.contact})" if self.contact else "")
