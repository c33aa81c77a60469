"""Manners: how often, and how much at once, any server is asked.

Three gates stand before every query: one of the server's address, one of its
network (/24, or /48 of IPv6: servers of one operator stand together) and one of
all we do. Each has a rate and a number of queries in flight; a query goes when all
three let it, and takes of all three at once. Who must wait, waits first come first
served within an address, and addresses take turns. The net asks here before each
packet; nothing else can send.

The defaults, and why. `per_address` 100 a second, 50 in flight: half of what NSD,
left to itself, answers to one /24 (`rrl-ratelimit` 200), and a thousandth of what a
TLD's server can do. `per_network` 200 and 100: two servers' worth, for an operator's
name servers often share a /24. `overall` 5,000 and 4,000: what an ordinary uplink and
its connection tracking carry. Visits to other services (policies by HTTPS) have gates of
their own: `WEB_ADDRESS`, 20 connections to one address at once and 50 a second, for a
policy host may serve thousands of domains; and `MAIL_ADDRESS`, two conversations with one
mail server at once and four a second (zgrab2 allows twenty). A rate is the most that any one second sees (a
tenth of it may come as a burst); with workers side by side, each gets its part of it.

An address that does not answer, or answers REFUSED, for more than about one query
in five is asked half as often, down to an eighth; after five quiet seconds the rate
grows by a quarter again. What is remembered is bounded: an address that was idle
long enough to be as good as new is forgotten.

Special-purpose addresses (IANA registries, RFC 6890) are told here; net refuses them.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import lru_cache
from heapq import heappop, heappush
from ipaddress import ip_address, ip_network
from itertools import count
from math import inf
from typing import NamedTuple, Self

import trio

from crawler.strands import Waiter

_SECOND = 1.0
_UNLIMITED = 1 << 62
_BURST = 0.1  # of the rate
_ROUNDING = 1 + 1e-6  # intervals are that much longer, so that no second sees one query too many
_TROUBLE = 8.0  # at which a rate is halved: each failure counts one ...
_RELIEF = 0.25  # ... and each answer takes this off
_SLOWEST = 8.0  # times slower than allowed, at most
_CALM = 5.0  # seconds without a halving, after which a rate grows
_GROWTH = 1.25
_FORGIVEN = 60.0  # seconds after which even the slowest would have recovered
_STALE = 8  # moments over a second old that a line may keep before they are cleared away
_LOOKED_AT = 16  # lines, for each new address when there are many

#: The IANA special-purpose registries of 2025-10 without the entries that are globally reachable anycast
#: services; multicast; and the prefixes that embed an IPv4 address, which we would not get to judge.
_SPECIAL = tuple(
    ip_network(prefix)
    for prefix in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "::/32", "64:ff9b::/32", "100::/32", "2001::/32", "2001:2::/48", "2001:10::/28", "2001:20::/27",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8",
    )
)  # fmt: skip


@lru_cache(65_536)
def is_special(address: str) -> bool:
    """Whether an address is for special purposes, so that no public server can have it."""
    where = ip_address(address)
    return any(where in prefix for prefix in _SPECIAL)


def network_of(address: str) -> str:
    """The /24 or /48 that an address lies in."""
    return str(ip_network((address, 48 if ":" in address else 24), strict=False))


class Limit(NamedTuple):
    """What one gate lets through; the default is everything."""

    rate: float = inf  # queries in any one second; one and up
    in_flight: int = _UNLIMITED  # queries without an answer yet

    def part(self, workers: int) -> Limit:
        """The share of one of several workers (never less than one)."""
        return Limit(max(1.0, self.rate / workers), max(1, self.in_flight // workers))


PER_ADDRESS = Limit(100, 50)
PER_NETWORK = Limit(200, 100)
OVERALL = Limit(5_000, 4_000)
WEB_ADDRESS = Limit(50, 20)
WEB_NETWORK = Limit(200, 100)
MAIL_ADDRESS = Limit(4, 2)
MAIL_NETWORK = Limit(16, 8)


class _Gate:
    """A rate and a number in flight. The rate is kept as the time from which the next may go (GCRA)."""

    __slots__ = ("blocked", "free_at", "in_flight", "interval", "limit", "slack", "timed")

    def __init__(self, limit: Limit) -> None:
        burst = max(1, int(limit.rate * _BURST)) if limit.rate < inf else 1
        # a burst, then one every interval: that is `rate` in the first second, and no more in any other
        self.interval = _ROUNDING / (limit.rate - burst + 1)
        self.slack = (burst - 1) * self.interval
        self.limit = limit.in_flight
        self.in_flight = 0
        self.free_at = -inf
        self.blocked: deque[Line] | None = None  # lines that wait here, taking turns; made when somebody must
        self.timed = False  # the usher will come back


class _Network(_Gate):
    """A /24 or /48: a gate, as long as any of its addresses is remembered."""

    __slots__ = ("lines", "prefix")

    def __init__(self, limit: Limit, prefix: str) -> None:
        super().__init__(limit)
        self.prefix = prefix
        self.lines = 0


class Line(_Gate):
    """One server address: its own gate, those that it shares, and who waits."""

    __slots__ = (
        "address", "changed_at", "first", "full", "gates", "network", "parked", "times", "trouble", "waiting",
        "worried",
    )  # fmt: skip

    def __init__(self, limit: Limit, address: str, network: _Network | None, shared: list[_Gate]) -> None:
        super().__init__(limit)
        self.address = address
        self.network = network
        self.gates: tuple[_Gate, ...] = (self, *shared)
        self.full = self.interval  # the interval when nothing is amiss
        self.trouble = 0.0
        self.worried = False  # there was trouble: good answers are to be told, too
        self.changed_at = -inf  # when the rate was last halved or raised
        self.times: list[float] = []  # when it was asked, from `first` on within the last second; a deque is 0.6 kB
        self.first = 0
        self.waiting: deque[_Turn] | None = None
        self.parked = False  # among the `blocked` of some gate

    def idle(self, now: float) -> bool:
        """Whether nothing is lost by forgetting this line."""
        quiet = now - self.times[-1] if self.times else inf
        return not (self.in_flight or self.parked) and quiet > (_FORGIVEN if self.worried else 2 * _SECOND)


class _Turn(Waiter):
    """Who waits in a line."""

    __slots__ = ("line",)

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line = line

    def abort(self, raise_cancel: object) -> trio.lowlevel.Abort:
        """Cancelled while waiting: it holds nothing yet."""
        if self.line.waiting is not None:
            self.line.waiting.remove(self)
        return super().abort(raise_cancel)


class Manners:
    """Who may be asked now. `run` must be running wherever a limit can bind; one for each `trio.run`."""

    def __init__(
        self, *, per_address: Limit = PER_ADDRESS, per_network: Limit = PER_NETWORK, overall: Limit = OVERALL,
        remembered: int = 16_384,
    ) -> None:  # fmt: skip
        if min(per_address.rate, per_network.rate, overall.rate) < 1:
            raise ValueError("a rate below one query a second is not kept")
        self._per_address, self._per_network = per_address, per_network
        self._overall = None if overall == Limit() else _Gate(overall)
        self._remembered = remembered  # addresses kept before idle ones are looked for
        self._lines: OrderedDict[str, Line] = OrderedDict()
        self._networks: dict[str, _Network] = {}
        self._timers: list[tuple[float, int, _Gate]] = []
        self._timer_number = count()
        self._alarm = trio.CancelScope()
        self._parked = 0  # lines that wait at some gate
        self.waiting = 0  # tasks that wait for their turn
        self.busiest_address: str | None = None
        self.busiest_rate = 0  # most queries that any address saw within one second

    @classmethod
    def unlimited(cls) -> Self:
        """No limit at all: for the lab and for benchmarks."""
        return cls(per_address=Limit(), per_network=Limit(), overall=Limit())

    @classmethod
    def of_web(cls, among: int = 1) -> Self:
        """For web servers; of so many workers, the share of one."""
        address, network, overall = WEB_ADDRESS.part(among), WEB_NETWORK.part(among), OVERALL.part(among)
        return cls(per_address=address, per_network=network, overall=overall)

    @classmethod
    def of_mail(cls, among: int = 1) -> Self:
        """For mail servers, each of which is one worker's alone: only what goes out in all is divided."""
        return cls(per_address=MAIL_ADDRESS, per_network=MAIL_NETWORK, overall=OVERALL.part(among))

    def admit(self, address: str, now: float) -> Line | None:
        """A turn right now, or None: then `wait`. Every turn is given back by `done`."""
        line = self._lines.get(address) or self._remember(address, now)
        for gate in line.gates:
            if gate.free_at > now or gate.in_flight >= gate.limit or gate.blocked:
                return None
        self._go(line, now)
        return line

    async def wait(self, address: str) -> Line:
        """A turn, when it comes; cancelled, it was never asked for."""
        now = trio.current_time()
        line = self.admit(address, now)
        if line is not None:
            return line
        line = self._lines[address]
        turn = _Turn(line)
        if line.waiting is None:
            line.waiting = deque()
        line.waiting.append(turn)
        if not line.parked:
            self._park(line, self._shut(line, now, None) or line)
        self.waiting += 1
        try:
            await turn
        except GeneratorExit:  # a strand that is cancelled
            if turn.who is None:  # its turn had come
                self.done(line)
            raise
        finally:
            self.waiting -= 1
        return line

    def done(self, line: Line) -> None:
        """Give a turn back: the query was answered, or given up."""
        for gate in line.gates:
            gate.in_flight -= 1
        if self._parked:
            now = trio.current_time()
            for gate in line.gates:
                self._serve(gate, now)

    def missed(self, line: Line, now: float) -> None:
        """The server was silent, or REFUSED: if that becomes frequent, halve its rate."""
        line.worried = True
        line.trouble += 1
        if line.trouble >= _TROUBLE and now - line.changed_at >= _SECOND:
            line.trouble = 0.0
            line.interval = min(line.interval * 2, line.full * _SLOWEST)
            line.changed_at = now

    def slow_down(self, address: str, now: float) -> None:
        """The server asked us to go away: halve its rate at once, if it is known here."""
        line = self._lines.get(address)
        if line is not None:
            line.trouble = _TROUBLE
            self.missed(line, now)

    def heard(self, line: Line, now: float) -> None:
        """The server answered; to be told only while the line is worried."""
        line.trouble = max(0.0, min(line.trouble, _TROUBLE) - _RELIEF)
        steps = (now - line.changed_at) // _CALM if line.interval > line.full else 0
        if steps:
            line.interval = max(line.full, line.interval / _GROWTH ** min(steps, 100))
            line.changed_at = now
        line.worried = line.trouble > 0 or line.interval > line.full

    async def run(self) -> None:
        """The usher: comes back to each shut gate when its rate lets the next one through."""
        timers = self._timers
        while True:
            now = trio.current_time()
            while timers and timers[0][0] <= now:
                gate = heappop(timers)[2]
                gate.timed = False
                self._serve(gate, now)
            with trio.CancelScope(deadline=timers[0][0] if timers else inf) as self._alarm:
                await trio.sleep_forever()

    def _go(self, line: Line, now: float) -> None:
        """Take one turn of every gate, and note it; the report is exact, so it can be held against the cap."""
        for gate in line.gates:
            gate.in_flight += 1
            earliest = now - gate.slack
            gate.free_at = (gate.free_at if gate.free_at > earliest else earliest) + gate.interval  # noqa: FURB136 - slower
        times, first = line.times, line.first
        times.append(now)
        since = now - _SECOND
        while times[first] <= since:
            first += 1
        if first > _STALE and first * 2 > len(times):
            del times[:first]
            first = 0
        line.first = first
        if len(times) - first > self.busiest_rate:
            self.busiest_rate = len(times) - first
            self.busiest_address = line.address

    def _shut(self, line: Line, now: float, serving: _Gate | None) -> _Gate | None:
        """The gate at which a line must wait: one that is shut, or where others wait already."""
        for gate in line.gates:
            if gate.free_at > now or gate.in_flight >= gate.limit or (gate.blocked and gate is not serving):
                return gate
        return None

    def _park(self, line: Line, gate: _Gate) -> None:
        """Let a line wait at a gate. Whoever gives a turn back serves it; else the usher does, in time."""
        line.parked = True
        self._parked += 1
        if gate.blocked is None:
            gate.blocked = deque()
        gate.blocked.append(line)
        self._come_back(gate)

    def _serve(self, gate: _Gate, now: float) -> None:
        """While a gate is open, let the lines that wait at it go, one query each in turn."""
        while gate.blocked and gate.free_at <= now and gate.in_flight < gate.limit:
            line = gate.blocked.popleft()
            line.parked = False
            self._parked -= 1
            if not line.waiting:  # all were cancelled
                continue
            shut = self._shut(line, now, gate)
            if shut is None:
                self._go(line, now)
                line.waiting.popleft().wake(None)
            if line.waiting:
                self._park(line, shut or gate)
        self._come_back(gate)

    def _come_back(self, gate: _Gate) -> None:
        """See to it that a gate at which somebody waits is served when its time has come."""
        if gate.timed or not gate.blocked or gate.in_flight >= gate.limit:
            return
        gate.timed = True
        heappush(self._timers, (gate.free_at, next(self._timer_number), gate))
        self._alarm.deadline = min(self._alarm.deadline, gate.free_at)

    def _remember(self, address: str, now: float) -> Line:
        """Begin a line for an address; if there are many, forget some that are idle."""
        if len(self._lines) >= self._remembered:
            self._forget(now)
        network = None
        if self._per_network != Limit():
            prefix = network_of(address)
            network = self._networks.get(prefix)
            if network is None:
                network = self._networks[prefix] = _Network(self._per_network, prefix)
            network.lines += 1
        shared = [gate for gate in (network, self._overall) if gate is not None]
        line = self._lines[address] = Line(self._per_address, address, network, shared)
        return line

    def _forget(self, now: float) -> None:
        """Look at the lines not looked at for longest, and drop those that are as good as new."""
        for _ in range(min(_LOOKED_AT, len(self._lines))):
            address, line = next(iter(self._lines.items()))
            if not line.idle(now):
                self._lines.move_to_end(address)
                continue
            del self._lines[address]
            if line.network is not None:
                line.network.lines -= 1
                if not line.network.lines:
                    del self._networks[line.network.prefix]
