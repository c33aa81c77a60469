"""One question to one server that is named, whatever the others say: for who wants to know whether they agree.

No walking, no aliases, no judgement: the reply of that server alone, classified (``reply``).
A server that was silent is asked once more, for a lost packet is no opinion. How its EDNS
is borne and when TCP is needed is ``ask``'s, as everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler.resolver.answer import Outcome
from crawler.resolver.ask import Servers, ask
from crawler.resolver.limits import Limits
from crawler.resolver.memo import Lookup, OutOfBudget, used_up
from crawler.resolver.reply import failure, read

if TYPE_CHECKING:
    from crawler.net import Network
    from crawler.resolver.ask import Address
    from crawler.resolver.reply import Reading
    from crawler.standards.wire import Message

QUERIES = 8  # packets for one question: two rounds, each with EDNS, without, and over TCP
SECONDS = 30.0


class Told(NamedTuple):
    """What one server said of one question."""

    reading: Reading
    message: Message | None
    rtt: float | None
    tries: int  # packets


class Direct:
    """Asks single servers, and remembers what they are like."""

    def __init__(self, net: Network, limits: Limits | None = None) -> None:
        self._net = net
        self.limits = limits or Limits()
        self._servers = Servers(self.limits.servers)

    async def ask(self, address: Address, zone: bytes, qtype: int) -> Told:
        """An RRset at a zone's apex, as this server has it. Every failure of the world is an `Outcome`."""
        lookup = Lookup(QUERIES, SECONDS)
        try:
            for _ in range(self.limits.rounds):
                got = await ask(self._net, self._servers, address, zone, qtype, lookup, self.limits)
                if got.outcome is not Outcome.TIMEOUT:
                    break
        except OutOfBudget as spent:
            return Told(failure(used_up(spent), zone), None, None, lookup.sent)
        if got.message is None:
            return Told(failure(got.outcome, zone), None, got.rtt, lookup.sent)
        return Told(read(got.message, zone, qtype, zone), got.message, got.rtt, lookup.sent)
