"""A recursive server's word, taken as it is; what it says comes from a table of replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dns.edns
import dns.flags
import dns.message
import dns.rrset
import pytest
import trio

from crawler.exchange import Counters, Network, Silence
from crawler.resolver.answer import Outcome
from crawler.resolver.forward import TrustingResolver
from crawler.standards.names import from_text
from crawler.standards.security import Reason, Security
from crawler.standards.wire import Type

if TYPE_CHECKING:
    from trio.testing import MockClock

SERVER, OTHER = ("192.0.2.53", 53), ("192.0.2.54", 53)
SOA = "example.nl. 300 IN SOA ns.example.nl. h.example.nl. 1 2 3 4 300"


class Said(NamedTuple):
    """One reply of the server."""

    records: tuple[str, ...] = ()
    rcode: str = "NOERROR"
    ad: bool = False
    ede: int | None = None
    authority: tuple[str, ...] = ()


def rrset(line: str) -> dns.rrset.RRset:
    """One record of a master file."""
    name, ttl, rclass, rtype, rdata = line.split(None, 4)
    return dns.rrset.from_text(name, int(ttl), rclass, rtype, rdata)


class Server(Network):
    """Says what stands under (name, type, CD); a list is said one by one, the last of it for ever."""

    def __init__(self, table: dict[tuple[str, str, bool], Said | list[Said]], *, deaf: frozenset[str] = frozenset()):
        self.counters = Counters()
        self.table = table
        self.deaf = deaf
        self.asked: list[tuple[str, str, bool]] = []

    async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        self.sent_at = trio.current_time()
        if address in self.deaf:
            await trio.sleep(patience)
            return Silence.TIMEOUT
        await trio.lowlevel.checkpoint()
        asked = dns.message.from_wire(query)
        assert asked.flags & dns.flags.RD
        assert asked.ednsflags & dns.flags.DO
        question = asked.question[0]
        key = (str(question.name), question.rdtype.name, bool(asked.flags & dns.flags.CD))
        self.asked.append(key)
        said = self.table.get(key, Said(rcode="SERVFAIL"))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        reply = dns.message.make_response(asked, recursion_available=True)
        reply.set_rcode(dns.rcode.from_text(said.rcode))
        reply.flags |= dns.flags.AD if said.ad else 0
        reply.answer = list(map(rrset, said.records))
        reply.authority = list(map(rrset, said.authority))
        options: list[dns.edns.Option] = []
        if said.ede is not None:
            options.append(dns.edns.EDEOption(dns.edns.EDECode(said.ede)))
        reply.use_edns(0, dns.flags.DO, 1232, options=options)
        return reply.to_wire()

    async def over_tcp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
        raise AssertionError("nothing here is cut short")


MX = Said(("example.nl. 300 IN MX 10 mx.example.nl.",))
CHECKED, UNCHECKED = ("example.nl.", "MX", False), ("example.nl.", "MX", True)


@pytest.mark.parametrize(
    ("table", "outcome", "security", "reason"),
    [
        ({CHECKED: MX._replace(ad=True)}, Outcome.ANSWER, Security.SECURE, Reason.REPORTED_SECURE),
        ({CHECKED: MX}, Outcome.ANSWER, Security.INSECURE, Reason.REPORTED_INSECURE),
        ({CHECKED: Said(authority=(SOA,), ad=True)}, Outcome.NODATA, Security.SECURE, Reason.REPORTED_SECURE),
        (
            {CHECKED: Said(rcode="NXDOMAIN", authority=(SOA,))},
            Outcome.NXDOMAIN, Security.INSECURE, Reason.REPORTED_INSECURE,
        ),
        # SERVFAIL that CD turns into an answer is bogus, by the server's own reason where it gives one
        ({CHECKED: Said(rcode="SERVFAIL"), UNCHECKED: MX}, Outcome.ANSWER, Security.BOGUS, Reason.REPORTED_BOGUS),
        (
            {CHECKED: Said(rcode="SERVFAIL", ede=7), UNCHECKED: MX},
            Outcome.ANSWER, Security.BOGUS, Reason.SIGNATURE_EXPIRED,
        ),
        # ... but not one that has passed by the time it is asked again
        (
            {CHECKED: [Said(rcode="SERVFAIL"), MX._replace(ad=True)], UNCHECKED: MX},
            Outcome.ANSWER, Security.SECURE, Reason.REPORTED_SECURE,
        ),
        # the server says that it could not decide
        (
            {CHECKED: Said(rcode="SERVFAIL", ede=5), UNCHECKED: MX},
            Outcome.SERVFAIL, Security.INDETERMINATE, Reason.LOOKUP_FAILED,
        ),
        # nothing can be had: a failed look-up, never absence, never insecure
        ({}, Outcome.SERVFAIL, Security.INDETERMINATE, Reason.LOOKUP_FAILED),
        ({CHECKED: Said(rcode="REFUSED")}, Outcome.REFUSED, Security.INDETERMINATE, Reason.LOOKUP_FAILED),
    ],
)  # fmt: skip
async def test_what_the_server_says_is_what_we_say(
    table: dict[tuple[str, str, bool], Said | list[Said]], outcome: Outcome, security: Security, reason: Reason,
    autojump_clock: MockClock,
) -> None:  # fmt: skip
    answer = await TrustingResolver(Server(table), servers=[SERVER]).resolve(from_text("example.nl"), Type.MX)
    assert (answer.outcome, answer.security, answer.reason) == (outcome, security, reason)


async def test_each_link_of_an_alias_chain_without_ad_is_asked_for_alone(autojump_clock: MockClock) -> None:
    """RFC 7672 section 2.1.3: a secure first link to an insecure end is not the same as an insecure first link."""
    cname, there = "mx.example.nl. 300 IN CNAME mx.example.org.", "mx.example.org. 300 IN A 192.0.2.1"
    server = Server(
        {
            ("mx.example.nl.", "A", False): Said((cname, there)),
            ("mx.example.nl.", "CNAME", False): Said((cname,), ad=True),
        }
    )
    answer = await TrustingResolver(server, servers=[SERVER]).resolve(from_text("mx.example.nl"), Type.A)
    assert [tuple(link) for link in answer.alias] == [("mx.example.org", Security.SECURE)]
    assert (answer.security, answer.rdata) == (Security.INSECURE, (bytes((192, 0, 2, 1)),))


async def test_the_zone_is_told_by_the_soa_record_of_a_denial(autojump_clock: MockClock) -> None:
    server = Server(
        {
            ("www.example.nl.", "SOA", False): Said(authority=(SOA,), ad=True),
            ("example.nl.", "NS", False): Said(("example.nl. 300 IN NS ns.example.nl.",), ad=True),
        }
    )
    zone = await TrustingResolver(server, servers=[SERVER]).zone(from_text("www.example.nl"))
    assert zone is not None
    assert (zone.apex, zone.security, zone.ns) == (
        from_text("example.nl"), Security.SECURE, (from_text("ns.example.nl"),)
    )  # fmt: skip


async def test_where_one_server_is_silent_another_answers(autojump_clock: MockClock) -> None:
    server = Server({CHECKED: MX._replace(ad=True)}, deaf=frozenset({SERVER[0]}))
    resolver = TrustingResolver(server, servers=[SERVER, OTHER])
    for _ in range(3):
        answer = await resolver.resolve(from_text("example.nl"), Type.MX)
        assert answer.security is Security.SECURE
        assert answer.server == OTHER[0]


async def test_a_lost_packet_is_no_answer_lost(autojump_clock: MockClock) -> None:
    class Lossy(Server):
        async def over_udp(self, query: bytes, address: str, port: int, patience: float) -> bytes | Silence:
            if not self.asked:
                self.asked.append(CHECKED)
                await trio.sleep(patience)
                return Silence.TIMEOUT
            return await super().over_udp(query, address, port, patience)

    answer = await TrustingResolver(Lossy({CHECKED: MX}), servers=[SERVER]).resolve(from_text("example.nl"), Type.MX)
    assert (answer.outcome, answer.tries) == (Outcome.ANSWER, 2)
    assert trio.current_time() == 5


async def test_a_server_that_never_answers_is_a_time_out_in_bounded_time(autojump_clock: MockClock) -> None:
    resolver = TrustingResolver(Server({}, deaf=frozenset({SERVER[0]})), servers=[SERVER])
    answer = await resolver.resolve(from_text("example.nl"), Type.MX)
    assert (answer.outcome, answer.security) == (Outcome.TIMEOUT, Security.INDETERMINATE)
    assert trio.current_time() == 25  # 5 s, twice as long, and once more without EDNS
