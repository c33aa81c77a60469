"""What is true of one generated domain: a pure function of (seed, profile, domain name).

No fact needs another domain: what a name's providers are like follows from their own names (``providers``), how its
parent is signed from the suffix (``registries``). A zone file may fix the name servers and whether a DS exists
(`Given`). The zones made of facts are ``population``; what a measurer ought to find is ``truth``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from lab.chance import octets
from lab.eras import drawn
from lab.profiles import Profile
from lab.providers import Provider, address4, dane_provider, mail_provider, name_servers, provider_of
from lab.registries import is_signed


class Chain(StrEnum):
    """Where the chain of trust to a domain's zone ends, and why."""

    SECURE = "secure"
    UNSIGNED = "unsigned"
    ISLAND = "island"  # DNSKEY and signatures, no DS
    UNSUPPORTED_ALGORITHM = "unsupported-algorithm"  # every DS and DNSKEY of an algorithm that nobody validates
    UNSUPPORTED_DIGEST = "unsupported-digest"
    EXPIRED = "expired"  # every signature of the zone
    NO_DNSKEY = "no-dnskey"  # DS, but the zone has no DNSKEY
    DS_MISMATCH = "ds-mismatch"  # DS of a key that the zone does not have
    BAD_SIGNATURE = "bad-signature"  # every signature of the zone is spoilt


# tuples: a member is found by identity, without Enum's own slow hash
BOGUS: Final = (Chain.EXPIRED, Chain.NO_DNSKEY, Chain.DS_MISMATCH, Chain.BAD_SIGNATURE)
HAS_DS: Final = (Chain.SECURE, Chain.UNSUPPORTED_ALGORITHM, Chain.UNSUPPORTED_DIGEST, *BOGUS)


class Fault(StrEnum):
    """What a name server does instead of answering for the zone."""

    REFUSED = "refused"
    SILENT = "silent"
    SERVFAIL = "servfail"
    GARBAGE = "garbage"  # octets that are no DNS message
    UPWARD = "upward"  # a referral to the root


class Mail(StrEnum):
    """What the domain's MX RRset is, and what an address at the apex makes of its absence."""

    MX = "mx"
    NULL_MX = "null-mx"
    NULL_MX_MIXED = "null-mx-mixed"
    JUNK = "junk"  # localhost, an address or a single label, and nothing else
    IMPLICIT = "implicit"
    NONE = "none"


class Sts(StrEnum):
    """The TXT RRset at `_mta-sts` (RFC 8461 section 3.1)."""

    NONE = "none"
    VALID = "valid"
    BAD_ID = "bad-id"
    NO_ID = "no-id"
    BAD_VERSION = "bad-version"
    BAD_EXTENSION = "bad-extension"
    TWO_RECORDS = "two-records"


class Tlsrpt(StrEnum):
    """The TXT RRset at `_smtp._tls` (RFC 8460 section 3)."""

    NONE = "none"
    VALID = "valid"
    NO_RUA = "no-rua"


class TlsaFault(StrEnum):
    """What goes wrong when the TLSA RRset of a self-hosted host is asked for."""

    NONE = "none"
    SERVFAIL = "servfail"  # for TLSA alone; addresses are answered
    EMPTY_NON_TERMINAL = "empty-non-terminal"  # `_tcp` is answered with NXDOMAIN; the TLSA name itself is not


class OwnHost(NamedTuple):
    """A mail host in the domain's own zone."""

    name: str
    alias: str | None = None  # CNAME to this host
    addressed: bool = True
    ipv6: bool = False
    tlsa: str = ""  # parameters of the RRset; empty: none
    fault: TlsaFault = TlsaFault.NONE


class Given(NamedTuple):
    """What the input says of a domain, in place of what would be drawn."""

    ns: tuple[str, ...] = ()
    ds: tuple[int, ...] | None = None  # algorithms of its DS records; None: the input does not tell
    registry: str | None = None  # the zone that delegates it; None: the name without its first label
    home: bool = False  # other zones' name servers have their names in it, so it is sound
    parent: bool = False  # other names of the list are delegated from it, so it is signed as a registry of its name is
    apart: bool = False  # a listed name delegates it, from other servers: see `_servers`


class Facts(NamedTuple):
    """One domain. Without `exists`, nothing else is of meaning."""

    domain: str
    exists: bool = True
    chain: Chain = Chain.UNSIGNED
    algorithm: int = 13
    nsec3: bool = True
    compact: bool = False  # RFC 9824, in place of the plain NSEC chain
    iterations: int = 0
    salt: bytes = b""
    opt_out: bool = False
    servers: tuple[str, ...] = ()
    fault: Fault | None = None  # of all its servers
    bad_server: Fault | None = None  # of the first of them alone
    mail: Mail = Mail.NONE
    mx: tuple[tuple[int, str], ...] = ()  # preference and target
    own_hosts: tuple[OwnHost, ...] = ()
    address: bool = False  # the apex has an A record
    sts: Sts = Sts.NONE
    sts_alias: bool = False  # `_mta-sts` is a CNAME to a provider
    sts_beside: bool = False  # another TXT stands beside the record
    tlsrpt: Tlsrpt = Tlsrpt.NONE
    tlsa_ttl: int = 3600


class _Post(NamedTuple):
    """The part of the facts that is about mail hosts."""

    mx: tuple[tuple[int, str], ...]
    own: tuple[OwnHost, ...] = ()
    both: bool = False  # at the provider that sets up MTA-STS too


_WITHOUT_HOSTS: Final = (Mail.NONE, Mail.IMPLICIT, Mail.NULL_MX, Mail.JUNK)
_SIGNABLE: Final = frozenset({5, 7, 8, 10, 13, 14, 15, 16})
_NOTHING: Final = Given()
_LONGEST: Final = 220  # a domain longer than this has no room for hosts of its own
_SALTS: Final = (0, 4, 8)
_ADDRESS_BESIDE_MX: Final = 0.9  # of domains with MX: an address at the apex, which nobody counts
_MX_KINDS: Final = {str(kind): kind for kind in Mail}


def facts_of(domain: str, *, seed: int, profile: Profile, given: Given = _NOTHING) -> Facts:
    """Everything that is true of the domain (A-labels, lower case, no final dot)."""
    if domain.startswith("lab-") and provider_of(domain):
        raise ValueError(f"{domain} belongs to a provider of the lab: it cannot be measured too")
    zone = drawn("zone", domain, seed=seed, profile=profile)
    sound = given.home or given.parent
    if zone[0] < profile.absent and given.ds is None and not sound:
        return Facts(domain=domain, exists=False)
    chain, algorithm, nsec3 = _chain(domain, profile, given, zone)
    fault, bad_server, servers = _servers(domain, profile, given, zone)
    mail, post, sts, tlsrpt, address, more = _mail(domain, seed, profile, chain)
    iterations = profile.iterations.pick(zone[7]) if nsec3 and not given.parent else 0
    return Facts(
        domain=domain,
        chain=chain,
        algorithm=5 if algorithm == 7 and not nsec3 else algorithm,  # 7 means "knows NSEC3" (RFC 5155 section 2)
        nsec3=nsec3,
        compact=algorithm == 13 and zone[6] < profile.compact and not nsec3 and not given.parent,
        iterations=iterations,
        salt=octets("salt", domain, _SALTS[int(zone[3] * 3)]) if iterations else b"",
        opt_out=nsec3 and zone[8] < profile.opt_out,
        servers=servers,
        fault=fault,
        bad_server=bad_server,
        mail=mail,
        mx=post.mx,
        own_hosts=post.own,
        address=address,
        sts=sts,
        sts_alias=sts is Sts.VALID and more[0] < profile.sts_alias,
        sts_beside=sts is not Sts.NONE and more[0] > 1 - profile.sts_beside,
        tlsrpt=tlsrpt,
        tlsa_ttl=profile.tlsa_ttl.pick(more[1]),
    )


def _chain(domain: str, profile: Profile, given: Given, u: tuple[float, ...]) -> tuple[Chain, int, bool]:
    """The chain of trust, the algorithm, and whether the zone denies by NSEC3."""
    algorithm, nsec3 = profile.algorithm.pick(u[4]), u[5] >= profile.nsec
    if given.parent:
        return Chain.SECURE if is_signed(domain) else Chain.UNSIGNED, 13, nsec3
    signed = u[1] < profile.signed if given.ds is None else bool(given.ds)
    if not signed:
        return Chain.ISLAND if u[2] < profile.island_of_unsigned else Chain.UNSIGNED, algorithm, nsec3
    if not is_signed(domain.partition(".")[2] if given.registry is None else given.registry):
        return Chain.ISLAND, algorithm, nsec3
    if given.ds and (known := [number for number in given.ds if number in _SIGNABLE]):
        algorithm = max(known)
    return _sound_or_not(profile, given, u), algorithm, nsec3


def _sound_or_not(profile: Profile, given: Given, u: tuple[float, ...]) -> Chain:
    if given.home:
        return Chain.SECURE
    if u[2] < profile.bogus:
        return Chain(profile.bogus_kind.pick(u[3]))
    if u[2] < profile.bogus + profile.unsupported:
        return Chain.UNSUPPORTED_ALGORITHM if u[3] < 0.5 else Chain.UNSUPPORTED_DIGEST
    return Chain.SECURE


def _servers(
    domain: str, profile: Profile, given: Given, u: tuple[float, ...]
) -> tuple[Fault | None, Fault | None, tuple[str, ...]]:
    """What is wrong with all servers, what with the first of them, and their names.

    A server that has a zone and the one above, and is silent about the lower, hides that there is a zone at all.
    """
    servers = given.ns
    if not servers:
        count = profile.servers.pick(u[15])
        if (u[13] < profile.own_dns or given.apart) and len(domain) < _LONGEST:
            servers = tuple([f"ns{index}.{domain}" for index in range(1, count + 1)])
        else:
            servers = name_servers(u[14], count)
    if given.home or given.parent:
        return None, None, servers
    if u[9] < profile.lame:
        return Fault(profile.lame_kind.pick(u[10])), None, servers
    if u[11] < profile.one_bad and len(servers) > 1:
        return None, Fault(profile.lame_kind.pick(u[12])), servers
    return None, None, servers


def _mail(
    domain: str, seed: int, profile: Profile, chain: Chain
) -> tuple[Mail, _Post, Sts, Tlsrpt, bool, tuple[float, ...]]:
    """What the domain says about mail and its policies, whether its apex has an address, and two draws to spare."""
    u = drawn("mail", domain, seed=seed, profile=profile)
    mail, address = _mail_kind(profile, u[0], u[1])
    if mail in _WITHOUT_HOSTS:
        return mail, _Post(_fixed_mx(domain, mail, u[2])), Sts.NONE, Tlsrpt.NONE, address, u[14:]
    post = _post(domain, profile, chain, drawn("hosts", domain, seed=seed, profile=profile))
    if mail is Mail.NULL_MX_MIXED:
        post = post._replace(mx=((0, "."), *post.mx))
    sts, tlsrpt = _policies(profile, post.both, u)
    return mail, post, sts, tlsrpt, address, u[14:]


def _mail_kind(profile: Profile, u: float, u_address: float) -> tuple[Mail, bool]:
    """The kind of MX RRset, and whether the apex has an address, which makes an absent one an implicit one."""
    if u >= profile.mx:
        address = u_address < profile.implicit
        return (Mail.IMPLICIT if address else Mail.NONE), address
    return _MX_KINDS[profile.mx_kind.pick(u / profile.mx)], u_address < _ADDRESS_BESIDE_MX


def _fixed_mx(domain: str, mail: Mail, u: float) -> tuple[tuple[int, str], ...]:
    """The MX RRset of a domain that has no mail host in the DNS."""
    if mail is Mail.NULL_MX:
        return ((0, "."),)
    if mail is Mail.JUNK:
        return ((10, "localhost" if u < 0.6 else address4(domain) if u < 0.9 else "mail"),)
    return ()


def _policies(profile: Profile, both: bool, u: tuple[float, ...]) -> tuple[Sts, Tlsrpt]:
    """The MTA-STS and TLSRPT records of a domain with mail hosts."""
    sts, tlsrpt = Sts.NONE, Tlsrpt.NONE
    if u[3] < (profile.dane_and_sts if both else profile.sts):
        sts = Sts(profile.sts_flaw.pick(u[5])) if u[4] < profile.sts_invalid else Sts.VALID
    if u[6] < (profile.tlsrpt_of_sts if sts is not Sts.NONE else profile.tlsrpt_without_sts):
        tlsrpt = Tlsrpt.NO_RUA if u[7] < profile.tlsrpt_invalid else Tlsrpt.VALID
    return sts, tlsrpt


def _post(domain: str, profile: Profile, chain: Chain, u: tuple[float, ...]) -> _Post:
    """Who takes the domain's mail: a provider with TLSA, one without, or hosts of its own, likewise."""
    count = profile.hosts.pick(u[0])
    if count > 10:
        count += int(u[12] * 9)
    room = len(domain) < _LONGEST
    if u[1] < (profile.tlsa_of_signed if chain in HAS_DS else profile.tlsa_of_unsigned):
        partial = u[4] < profile.tlsa_partial
        count = max(2, count) if partial else count
        company = dane_provider(profile, u[3])
        if company is None and room:
            return _own_with_tlsa(domain, profile, count, partial, u)
        company = company or dane_provider(profile, 0.0)
        assert company is not None
        mx = _provider_mx(company, domain, count, u[11] < 0.2)
        if partial:
            backup = mail_provider(profile, u[12]).host(1, domain)
            mx = (*mx[:-1], (mx[-1][0] + 10, backup))
        return _Post(mx, both=company.number == 1)
    if u[2] < profile.self_hosted and room:
        return _own_without_tlsa(domain, profile, count, u)
    return _Post(_provider_mx(mail_provider(profile, u[3]), domain, count, u[11] < 0.2))


def _provider_mx(company: Provider, domain: str, count: int, equal: bool) -> tuple[tuple[int, str], ...]:
    return tuple([(10 if equal else 10 * index, company.host(index, domain)) for index in range(1, count + 1)])


def _names(domain: str, count: int) -> list[str]:
    return [f"mail.{domain}"] if count == 1 else [f"mx{index}.{domain}" for index in range(1, count + 1)]


def _own_with_tlsa(domain: str, profile: Profile, count: int, partial: bool, u: tuple[float, ...]) -> _Post:
    """Hosts in the domain's own zone, all with TLSA; of a partial set, the last without."""
    kind, ipv6 = profile.tlsa_kind.pick(u[5]), u[10] < profile.ipv6
    hosts = [OwnHost(name, ipv6=ipv6, tlsa=kind) for name in _names(domain, count)]
    if partial:
        hosts[-1] = hosts[-1]._replace(tlsa="")
    if u[6] < profile.tlsa_servfail:
        hosts[0] = hosts[0]._replace(fault=TlsaFault.SERVFAIL)
    elif u[6] < profile.tlsa_servfail + profile.ent_bug:
        hosts[0] = hosts[0]._replace(fault=TlsaFault.EMPTY_NON_TERMINAL)
    mx = tuple((10 * index, host.name) for index, host in enumerate(hosts, 1))
    if u[7] < profile.alias_host and hosts[0].fault is TlsaFault.NONE:
        end = hosts[0]._replace(name=f"host.{domain}")
        hosts[0] = OwnHost(hosts[0].name, alias=end.name)
        hosts.append(end)
    return _Post(mx, tuple(hosts))


def _own_without_tlsa(domain: str, profile: Profile, count: int, u: tuple[float, ...]) -> _Post:
    """Hosts in the domain's own zone: now and then an alias of a provider's host, or a name without address."""
    hosts = [OwnHost(name, ipv6=u[10] < profile.ipv6) for name in _names(domain, count)]
    if u[7] < profile.alias_host:
        company = dane_provider(profile, u[3]) if u[8] < 0.3 else mail_provider(profile, u[3])
        end = company.host(1, domain) if company else f"host.{domain}"
        hosts[0] = OwnHost(hosts[0].name, alias=end)
        if company is None:
            hosts.append(OwnHost(end))
    elif u[9] < profile.dead_host:
        hosts[-1] = OwnHost(hosts[-1].name, addressed=False)
    return _Post(tuple([(10 * index, name) for index, name in enumerate(_names(domain, count), 1)]), tuple(hosts))
