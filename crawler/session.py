"""From options to a resolver that can be asked: files read, the door opened.

What is wrong with the options is told before anything is opened or written
(`prepare`); what `opened` gives is then sure to start. ``worlds`` does the same for a lab.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from crawler import optout
from crawler.manners import OVERALL, PER_ADDRESS, PER_NETWORK, Limit, Manners
from crawler.net import open_network
from crawler.optout import OptOut, Watched
from crawler.resolver.forward import ForwardingResolver, TrustingResolver
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import StartFault, read_server, read_stub, starting_anchors, starting_hints
from crawler.standards import pkix
from crawler.standards.anchors import root_anchors_text, root_hints_text
from crawler.standards.wire import Type
from crawler.visiting import Patience

if TYPE_CHECKING:
    from crawler.net import Network
    from crawler.resolver.ask import Address
    from crawler.resolver.looking import Looking
    from crawler.standards.keys import Ds

#: A scan asks for TXT at `_mta-sts` and `_smtp._tls` only: whether there is no record there is not bound to DNSSEC
#: (RFC 8461 section 3.1, RFC 8460 section 3), and a bogus denial leaves a sender without a policy as a good one does.
UNPROVED = frozenset({int(Type.TXT)})
PROFILES = ("gtld", "cc", "sts")
G = TypeVar("G")
T = TypeVar("T")


class OptionFault(Exception):
    """An option that cannot be; the text is one line for who gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What decides how names are looked up."""

    root_hints: str | None = None
    trust_anchor: str | None = None
    stubs: tuple[str, ...] = ()
    lab: str | None = None
    minimise: bool = True
    resolvers: tuple[str, ...] = ()
    trust_ad: bool = False
    ca_file: str | None = None
    opt_out: str | None = None
    allow_special: bool = False
    prove_all: bool = False
    rate: int | None = None
    server_rate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Options, read and found good."""

    hints: Mapping[bytes, Sequence[str]]
    anchors: Mapping[bytes, Sequence[Ds]]
    stubs: Mapping[bytes, Sequence[Address]]
    profile: str | None
    seed: int
    minimise: bool
    era: int = 1  # of the lab's world
    resolvers: Sequence[Address] = ()
    trust_ad: bool = False
    ca: str = ""  # the store of root certificates, as PEM; a lab brings its own
    opt_out: OptOut = OptOut()
    opt_out_file: str | None = None  # where that was read, and is read again while a scan runs
    allow_special: bool = False
    rate: int = int(OVERALL.rate)  # DNS queries a second to all servers together
    server_rate: int = int(PER_ADDRESS.rate)  # and to one address
    unproved: frozenset[int] = frozenset()  # types whose denials are not verified
    hashes: dict[str, str] = field(default_factory=dict)  # of the texts that hints and anchors were read from

    @property
    def mode(self) -> str:
        """Who walked and who validated, in one line: it stands under every figure."""
        if not self.resolvers:
            return "iterate"
        who = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.resolvers)
        return " ".join(("trust-ad" if self.trust_ad else "forward", *who))

    @property
    def at_home(self) -> bool:
        """Whether every server that is asked is on this machine: stubs alone, or a recursive one that has its own."""
        asked = [where for there in self.stubs.values() for where in there]
        return bool(asked) and all(ip_address(address).is_loopback for address, _ in asked)

    def identity(self) -> dict[str, Any]:
        """What two runs must have in common for their rows to be mixed."""
        return {
            "resolver": self.mode,
            "minimise": self.minimise,
            "unproved": sorted(self.unproved),
            "stubs": {zone.hex(): [list(where) for where in there] for zone, there in self.stubs.items()},
            "lab": None
            if self.profile is None
            else f"{self.profile}:{self.seed}" + (f"@{self.era}" if self.era > 1 else ""),
            **({} if self.profile else {name: self.hashes[name] for name in ("root_hints", "trust_anchors")}),
        }


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks: a resolver and the network below it, and who does not want to be looked at."""

    resolver: Looking
    net: Network
    patience: Patience = Patience()  # with services
    ca: str = ""  # PEM
    opt_out: Watched = field(default_factory=lambda: Watched(OptOut()))

    def packets(self) -> int:
        """DNS packets sent so far."""
        counters = self.net.counters
        return counters.udp_sent + counters.tcp_sent

    def counters(self) -> dict[str, Any]:
        """What went through the door, and what was computed."""
        found = asdict(self.net.counters) | {"verifications": self.resolver.verifications}
        if isinstance(self.resolver, Resolver):
            taken, doubted = self.resolver.listed
            found |= {"delegations_taken": taken, "delegations_doubted": doubted}
        return found


def prepare(options: Options) -> Start:
    """Reads what the options name. Raises `OptionFault`."""
    profile, seed, era = _lab(options.lab)
    if profile and (options.root_hints or options.trust_anchor or options.stubs):
        raise OptionFault("--lab brings its own root: not together with --root-hints, --trust-anchor or --stub")
    hints, anchors = _file("--root-hints", options.root_hints), _file("--trust-anchor", options.trust_anchor)
    if options.resolvers and (profile or options.root_hints or options.stubs):
        raise OptionFault("--resolver has another server walk: not together with --lab, --root-hints or --stub")
    if options.trust_ad and not options.resolvers:
        raise OptionFault("--trust-ad takes the word of a recursive server: say which by --resolver ADDR[:PORT]")
    if options.trust_ad and options.trust_anchor:
        raise OptionFault("--trust-ad does not validate here: not together with --trust-anchor")
    ca = "" if profile else _ca_store(options.ca_file)
    stubs: dict[bytes, list[Address]] = {}
    for text in options.stubs:
        zone, where = _told("--stub", read_stub, text)
        stubs.setdefault(zone, []).append(where)
    return Start(
        hints=_told(f"--root-hints {options.root_hints}", starting_hints, hints),
        anchors=_told(f"--trust-anchor {options.trust_anchor}", starting_anchors, anchors),
        stubs=stubs,
        profile=profile,
        seed=seed,
        era=era,
        minimise=options.minimise,
        resolvers=tuple(_told("--resolver", read_server, text) for text in options.resolvers),
        trust_ad=options.trust_ad,
        ca=ca,
        opt_out=_opt_out(options.opt_out),
        opt_out_file=options.opt_out,
        allow_special=options.allow_special,
        rate=options.rate or int(OVERALL.rate),
        server_rate=options.server_rate or int(PER_ADDRESS.rate),
        unproved=frozenset() if options.prove_all or options.resolvers else UNPROVED,
        hashes={
            "root_hints": _sha256(hints or root_hints_text()),
            "trust_anchors": _sha256(anchors or root_anchors_text()),
            **({"ca_store": pkix.read_store(ca).sha256} if ca else {}),
        },
    )


def _told(option: str, read: Callable[[G], T], given: G) -> T:
    """What an option's text says, or the one line that says what is wrong with it."""
    try:
        return read(given)
    except StartFault as fault:
        raise OptionFault(f"{option}: {' '.join(str(fault).split())}") from fault


@asynccontextmanager
async def opened(start: Start, *, among: int = 1) -> AsyncIterator[Eyes]:
    """The resolver and the real network below it; of so many that share what servers may be asked."""
    allowed = [address for there in start.stubs.values() for address, _ in there]
    opt_out = Watched(start.opt_out, start.opt_out_file)
    shunned, special = opt_out.holds, start.allow_special
    visits, mail = Manners.of_web(among), Manners.of_mail(among)
    if start.resolvers:
        here = [address for address, _ in start.resolvers]
        async with open_network(
            _manners_at_home(among), allowed=here, shunned=shunned, allow_special=special, visits=visits, mail=mail
        ) as net:
            yield Eyes(_recursive(start, net), net, ca=start.ca, opt_out=opt_out)
        return
    async with open_network(
        _manners(start, among), allowed=allowed, shunned=shunned, allow_special=special, visits=visits, mail=mail
    ) as net:
        resolver = Resolver(
            net,
            hints=start.hints,
            anchors=start.anchors,
            stubs=start.stubs,
            minimise=start.minimise,
            unproved=start.unproved,
        )
        yield Eyes(resolver, net, ca=start.ca, opt_out=opt_out)


def _recursive(start: Start, net: Network) -> Looking:
    """A recursive server walks: validated here, or believed."""
    if start.trust_ad:
        return TrustingResolver(net, servers=start.resolvers)
    return ForwardingResolver(net, servers=start.resolvers, anchors=start.anchors)


def _manners(start: Start, among: int) -> Manners:
    """What DNS servers may be asked: so much an address, twice as much a network, and so much in all."""
    times = max(1.0, start.server_rate / PER_ADDRESS.rate)
    address = Limit(start.server_rate, int(PER_ADDRESS.in_flight * times))
    network = Limit(2 * start.server_rate, int(PER_NETWORK.in_flight * times))
    overall = Limit(start.rate, max(OVERALL.in_flight, start.rate))
    return Manners(per_address=address.part(among), per_network=network.part(among), overall=overall.part(among))


def _manners_at_home(among: int) -> Manners:
    """A recursive server of one's own is asked as fast as all others together: its manners protect them."""
    whole = OVERALL.part(among)
    return Manners(per_address=whole, per_network=Limit(), overall=whole)


def _lab(text: str | None) -> tuple[str | None, int, int]:
    if text is None:
        return None, 0, 1
    match = re.fullmatch(r"([a-z]+)(?::(\d{1,18}))?(?:@([1-9]\d?))?", text)
    if match is None or match[1] not in PROFILES:
        raise OptionFault(f"--lab {text}: write PROFILE[:SEED][@ERA], where PROFILE is {', '.join(PROFILES)}")
    return match[1], int(match[2] or 1), int(match[3] or 1)


def _file(option: str, path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise OptionFault(f"{option} {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise OptionFault(f"{option} {path}: no text") from error


def _opt_out(path: str | None) -> OptOut:
    try:
        return optout.read(_file("--opt-out", path) or "")
    except optout.OptOutFault as fault:
        raise OptionFault(f"--opt-out {path}: {fault}") from fault


#: Where systems keep the roots that they trust: Debian, Red Hat, Alpine and BSD, openSUSE.
_CA_STORES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)  # fmt: skip


def _ca_store(path: str | None) -> str:
    """The text of the CA store: the one named, else the system's; empty if the system has none."""
    if path is None:
        path = next((found for found in _CA_STORES if Path(found).is_file()), None)
        if path is None:
            return ""
    text = _file("--ca-file", path) or ""
    try:
        pkix.read_store(text)
    except pkix.StoreFault as fault:
        raise OptionFault(f"--ca-file {path}: {fault}") from fault
    return text


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
