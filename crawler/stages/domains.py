"""Stage ``domains``: everything the DNS says about a domain's mail, in four to six questions.

MX, the zone's DS and DNSKEY, TXT at ``_mta-sts`` and ``_smtp._tls``. Evidence only:
whether a TXT record is a valid MTA-STS record, or an MX set is covered by DANE, is
``analysis``. Hosts named by the MX set are ``hosts``.

Below a name that does not exist nothing exists (RFC 8020 section 2): the TXT look-ups
of such a domain repeat the MX look-up's word and cost no packet.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import trio

from crawler.resolver.answer import CONCLUSIVE, Answer, Outcome
from crawler.standards.dnssec import DnssecFault, read_ds, read_key
from crawler.standards.names import ROOT, NameFault, count, from_text, is_below, is_hostname, join, labels, to_text
from crawler.standards.printable import printable
from crawler.standards.security import Reason, Security
from crawler.standards.wire import Type, WireFault, split_txt
from crawler.tables import DnskeyRecord, Domain, DsRecord, Mail, MxHost, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.resolver.answer import Denial
    from crawler.resolver.looking import Looking

#: Outcomes that a later look may see pass (design.md, second look). REFUSED is how some servers say that we ask
#: too much; it and LAME are also what is kept of a zone whose one server says so while another was silent: that one may
#: answer later.
PASSING = frozenset(
    {
        Outcome.TIMEOUT,
        Outcome.SERVFAIL,
        Outcome.REFUSED,
        Outcome.LAME,
        Outcome.UNREACHABLE,
        Outcome.TRUNCATED,
        Outcome.NO_SERVERS,
        Outcome.BUDGET,
        Outcome.DEADLINE,
        Outcome.MALFORMED,
    }
)
_BROKEN = frozenset({Security.BOGUS, Security.INDETERMINATE})
#: On every row's way: a member looked up in its enum costs ten times as much as a global (Python 3.11).
_ANSWER, _NODATA = Outcome.ANSWER, Outcome.NODATA
_SECURE, _INSECURE = Security.SECURE, Security.INSECURE
_LOCALHOST = from_text("localhost")


async def observe(domain: str, resolver: Looking, look: int) -> Domain:
    """One look at one domain (an A-label name without final dot)."""
    began, start = time.time_ns() // 1000, trio.current_time()
    name = from_text(domain)
    mx = await resolver.resolve(name, Type.MX)
    if mx.outcome is Outcome.NXDOMAIN and not mx.alias:
        mta_sts = tlsrpt = mx._replace(ttl=None, tries=0)
        asked = None
    else:
        mta_sts = await _below(resolver, (b"_mta-sts",), name)
        tlsrpt = await _below(resolver, (b"_tls", b"_smtp"), name)
        asked = await resolver.resolve(name, Type.DNSKEY)
    zone = await resolver.zone(name)
    own = zone is not None and zone.apex == name
    ds = await resolver.resolve(name, Type.DS) if own else None
    dnskey = asked if own else None
    denial = _denial(mx, mta_sts, tlsrpt)
    mail, hosts = mail_route(domain, mx)
    return Domain(
        domain=domain,
        look=look,
        observed_at=began,
        zone=to_text(zone.apex) if zone is not None else None,
        zone_security=zone.security if zone is not None else Security.INDETERMINATE,
        zone_reason=zone.reason if zone is not None else Reason.CHAIN_LOOKUP_FAILED,
        name_servers=tuple(sorted(map(to_text, zone.ns))) if zone is not None else (),
        ds=ds,
        ds_set=_ds_set(ds.rdata) if ds is not None else (),
        dnskey=dnskey,
        dnskey_set=_dnskey_set(dnskey.rdata) if dnskey is not None else (),
        denial_kind=denial.kind if denial is not None else None,
        nsec3_iterations=denial.iterations if denial is not None else None,
        nsec3_salt=denial.salt if denial is not None else None,
        nsec3_opt_out=denial.opt_out if denial is not None else None,
        mx=mx,
        mail=mail,
        mx_hosts=hosts,
        mta_sts=mta_sts,
        mta_sts_txt=texts(mta_sts.rdata),
        tlsrpt=tlsrpt,
        tlsrpt_txt=texts(tlsrpt.rdata),
        queries=tries(mx, mta_sts, tlsrpt, asked, ds) + (zone.tries if zone is not None else 0),
        elapsed=trio.current_time() - start,
    )


def tries(*answers: Answer | None) -> int:
    """Packets that these answers took, together."""
    return sum(answer.tries for answer in answers if answer is not None)


async def _below(resolver: Looking, path: tuple[bytes, ...], name: bytes) -> Answer:
    """TXT below a domain, which a very long domain has no room for."""
    try:
        for label in path:
            name = join(label, name)
    except NameFault:
        return unaskable()
    return await resolver.resolve(name, Type.TXT)


def unaskable() -> Answer:
    """The answer to a question whose name would be too long to put."""
    return Answer(
        outcome=Outcome.BAD_NAME,
        security=Security.INDETERMINATE,
        reason=Reason.LOOKUP_FAILED,
        ede=None,
        server_ede=None,
        ttl=None,
        rdata=(),
        alias=(),
        wildcard=False,
        denial=None,
        observed_at=time.time_ns() // 1000,
        rtt=None,
        server=None,
        size=None,
        tcp=None,
        tries=0,
    )


def mail_route(domain: str, mx: Answer) -> tuple[Mail, tuple[MxHost, ...]]:
    """What an MX answer says about mail, and its records, parsed; the domain itself where there is none.

    A bogus or undecided answer is a failed look-up (RFC 7672 section 2.1.2), whatever records came with it.
    """
    rdatas = mx.rdata  # below: of ordinary size they are kept, for a few thousand RRsets serve most domains
    said, hosts = _kept_mx_set(rdatas) if len(rdatas) <= _ORDINARY else _read_mx_set(rdatas)
    outcome = mx.outcome
    if outcome is _ANSWER and (mx.security is _INSECURE or mx.security is _SECURE):
        return said, hosts
    if outcome not in CONCLUSIVE or mx.security in _BROKEN:
        return Mail.UNKNOWN, hosts
    if outcome is _NODATA:
        return Mail.NO_MX, (MxHost(0, domain, Target.IMPLICIT),)
    return Mail.NO_DOMAIN, hosts


def _read_mx_set(rdatas: tuple[bytes, ...]) -> tuple[Mail, tuple[MxHost, ...]]:
    hosts = tuple(map(_mx_host, rdatas))
    if not any(rdata[2:] == ROOT for rdata in rdatas):
        return Mail.MX, hosts
    return Mail.NULL_MX if rdatas == (_NULL_MX,) else Mail.NULL_MX_MIXED, hosts


_ORDINARY = 8  # records
_NULL_MX = b"\0\0" + ROOT  # RFC 7505 section 3
_kept_mx_set = lru_cache(8_192)(_read_mx_set)


def _mx_host(rdata: bytes) -> MxHost:
    """One MX record, parsed (RFC 1035 section 3.3.9)."""
    host = to_text(rdata[2:])
    plain = _PLAIN_HOST(host) and not host.endswith("localhost")
    kind = Target.HOST if plain else target(rdata[2:])
    return MxHost(rdata[0] << 8 | rdata[1], host, kind)


#: What nearly every MX names: two labels or more of ordinary characters, the last one beginning with a letter.
_PLAIN_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9_-]*").fullmatch


def target(host: bytes) -> Target:
    """What kind of thing an MX names (RFC 5321 section 5.1 wants a host name; see `Target`)."""
    if host == ROOT:
        return Target.NULL
    if is_below(host, _LOCALHOST):
        return Target.LOCALHOST
    parts = labels(host)
    if parts[-1].isdigit() or b":" in host:  # no TLD is all digits (RFC 3696 section 2)
        return Target.ADDRESS
    if not is_hostname(host):
        return Target.BAD_NAME
    return Target.HOST if count(host) > 1 else Target.SINGLE_LABEL


def texts(rdatas: Iterable[bytes]) -> tuple[str, ...]:
    r"""TXT records as printable text, odd octets and the backslash as ``\NNN`` (RFC 1035 section 5.1)."""
    found = []
    for rdata in rdatas:
        try:
            joined = split_txt(rdata)
        except WireFault:
            continue  # the octets stay in the answer's rdata
        found.append(printable(joined))
    return tuple(found)


def _denial(*answers: Answer) -> Denial | None:
    """How the zone denies, from the first negative answer that shows it; opt-out if any of them has the flag."""
    shown = [answer.denial for answer in answers if answer.denial is not None]
    if not shown:
        return None
    if any(denial.opt_out for denial in shown):
        return shown[0]._replace(opt_out=True)
    return shown[0]


def _ds_set(rdatas: Iterable[bytes]) -> tuple[DsRecord, ...]:
    records = []
    for rdata in rdatas:
        try:
            ds = read_ds(rdata)
        except DnssecFault:
            continue
        records.append(DsRecord(ds.tag, ds.algorithm, ds.digest_type))
    return tuple(records)


def _dnskey_set(rdatas: Iterable[bytes]) -> tuple[DnskeyRecord, ...]:
    records = []
    for rdata in rdatas:
        try:
            key = read_key(rdata)
        except DnssecFault:
            continue
        records.append(DnskeyRecord(key.flags, key.protocol, key.algorithm, key.tag, key.bits))
    return tuple(records)
