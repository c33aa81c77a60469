"""Our `Answer` against the script's message: RCODE, AD, the answer's RRset and the aliases on the way, EDE.

An answer that is bogus or indeterminate is what a stub resolver sees as SERVFAIL
(RFC 4035 section 5.5), unless it set CD; so is every failure to find one. AD is
compared where the client could see it (RFC 6840 section 5.7: it set DO or AD), or the
script has it set. RRSIGs, TTLs and the order of records are not compared, nor is what
an answer carries besides its answer.
"""

from __future__ import annotations

from typing import NamedTuple

from crawler.resolver.answer import Answer, Outcome
from crawler.resolver.limits import Limits
from crawler.standards.names import MAX_NAME, is_below, to_text
from crawler.standards.security import Reason, Security
from crawler.standards.wire import Rcode, Record, Type, WireFault, decode
from tests.scenarios.reader import FLAGS, Entry, ScriptFault


class Told(NamedTuple):
    """What a client is told, as far as it is compared."""

    rcode: int
    ad: bool | None  # None: not to be compared
    aliases: tuple[str, ...] | None
    rdatas: frozenset[bytes] | None
    ede: int | None

    def __str__(self) -> str:
        words = [Rcode(self.rcode).name]
        if self.ad is not None:
            words.append("AD" if self.ad else "no AD")
        if self.ede is not None:
            words.append(f"ede={self.ede}")
        if self.aliases:
            words.append("-> " + " -> ".join(self.aliases))
        if self.rdatas is not None:
            words.append("{" + ", ".join(sorted(rdata.hex() for rdata in self.rdatas)) + "}")
        return " ".join(words)


_BOGUS = 6  # EDE: "validation ended in the Bogus state" (RFC 8914 section 4.7), whatever the cause
_RCODES = {Outcome.ANSWER: Rcode.NOERROR, Outcome.NODATA: Rcode.NOERROR, Outcome.NXDOMAIN: Rcode.NXDOMAIN}


def differs(query: Entry, expected: Entry, answer: Answer, reply: bytes) -> str | None:
    """None if we say what the script says; else both, for people. `reply` is the script's message as octets."""
    wanted = _wanted(query, expected, reply)
    got = _got(answer, wanted, query.question.qtype if query.question else 0, checking=not query.flags & FLAGS["CD"])
    if got == wanted:
        return None
    return f"expected {wanted}; got {got} ({answer.outcome} {answer.security} {answer.reason})"


def _wanted(query: Entry, expected: Entry, reply: bytes) -> Told:
    everything = "all" in expected.match
    ad = None
    if everything or "flags" in expected.match:
        visible = query.do or query.flags & FLAGS["AD"]
        ad = True if expected.flags & FLAGS["AD"] else False if visible and expected.rcode != Rcode.SERVFAIL else None
        if query.flags & FLAGS["CD"] and not ad:
            ad = None
    if query.question is None or expected.rcode == Rcode.SERVFAIL or not (everything or "answer" in expected.match):
        return Told(expected.rcode, ad, None, None, expected.ede)
    try:
        records = decode(reply).answer
    except WireFault as fault:
        raise ScriptFault(f"line {expected.line}: the answer to compare with does not decode: {fault}") from None
    aliases, rdatas = _chain(records, query.question.name, query.question.qtype)
    return Told(expected.rcode, ad, aliases, rdatas, expected.ede)


def _chain(records: list[Record], name: bytes, qtype: int) -> tuple[tuple[str, ...], frozenset[bytes]]:
    """The targets of the aliases from the name on, and the RRset at their end."""
    aliases: list[str] = []
    while len(aliases) <= len(records):
        rdatas = frozenset(rdata for owner, rtype, _, _, rdata in records if owner == name and rtype == qtype)
        target = None if rdatas else _target(records, name)
        if target is None:
            return tuple(aliases), rdatas
        aliases.append(to_text(target))
        name = target
    return tuple(aliases), frozenset()


def _target(records: list[Record], name: bytes) -> bytes | None:
    for owner, rtype, _, _, rdata in records:
        if rtype == Type.CNAME and owner == name:
            return rdata
    for owner, rtype, _, _, rdata in records:
        if rtype == Type.DNAME and owner != name and is_below(name, owner):
            target = name[: len(name) - len(owner)] + rdata
            return target if len(target) <= MAX_NAME else None
    return None


def _got(answer: Answer, wanted: Told, qtype: int, *, checking: bool) -> Told:
    believed = not checking or answer.security in (Security.SECURE, Security.INSECURE)
    if qtype == Type.RRSIG and answer.reason is Reason.SIGNATURE_MISSING:
        believed = True  # signatures are never signed (RFC 4035 section 2.2)
    rcode = _RCODES.get(answer.outcome, Rcode.SERVFAIL) if believed else Rcode.SERVFAIL
    if answer.outcome is Outcome.ALIAS_TOO_LONG and len(answer.alias) <= Limits().aliases:
        rcode = Rcode.YXDOMAIN  # not too many aliases, but one whose name is too long (RFC 6672 section 2.2)
    ede = answer.ede
    if wanted.ede == _BOGUS and answer.security is Security.BOGUS:
        ede = _BOGUS  # what we say is more precise
    return Told(
        rcode,
        None if wanted.ad is None else answer.security is Security.SECURE,
        None if wanted.aliases is None else tuple(alias.target for alias in answer.alias),
        None if wanted.rdatas is None else frozenset(answer.rdata),
        None if wanted.ede is None else ede,
    )
