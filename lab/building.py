"""Zones of the generated population: facts become records, keys and faults.

Each function makes one zone from values alone; where zones lie and who is asked is ``population``.
Mail host records are RFC 5321 section 5.1 and RFC 6698 section 2, policy records RFC 8461 section 3.1 and
RFC 8460 section 3. How a zone is signed and broken, ``lab.zones`` and ``lab.breakage`` do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lab import breakage
from lab.breakage import Breakage
from lab.chance import draws, octets
from lab.facts import BOGUS, HAS_DS, Chain, Facts, OwnHost, Sts, TlsaFault, Tlsrpt
from lab.names import Type, wire
from lab.promises import Promise, policy_address
from lab.providers import HOSTS, Provider, Trade, address4, address6
from lab.registries import Style, algorithm, style
from lab.signer import Denial, Signing, ds_of
from lab.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.zones import Lookup

UNASSIGNED_ALGORITHM: Final = 18  # nobody validates it
UNASSIGNED_DIGEST: Final = 200
STS_HOST: Final = "_mta-sts.lab-dane-1.net"  # where customers' aliases lead
_RSA_BITS: Final = {5: 1024, 7: 1024, 8: 2048, 10: 2048}
_DENIALS: Final = {Style.NSEC: Denial.NSEC, Style.NSEC3: Denial.NSEC3, Style.OPT_OUT: Denial.NSEC3}


# how zones are signed


def signing_of(facts: Facts) -> Signing | None:
    """How the domain's zone is signed, sound or not."""
    if facts.chain is Chain.UNSIGNED:
        return None
    denial = Denial.NSEC3 if facts.nsec3 else Denial.COMPACT if facts.compact else Denial.NSEC
    return Signing(
        algorithms=(facts.algorithm,),
        denial=denial,
        iterations=facts.iterations,
        salt=facts.salt,
        opt_out=facts.opt_out,
        rsa_bits=_RSA_BITS.get(facts.algorithm, 2048),
        claimed=UNASSIGNED_ALGORITHM if facts.chain is Chain.UNSUPPORTED_ALGORITHM else None,
        digests=(UNASSIGNED_DIGEST,) if facts.chain is Chain.UNSUPPORTED_DIGEST else (2,),
    )


def breakages_of(facts: Facts) -> list[Breakage]:
    """What is wrong inside the domain's zone."""
    found = [_BREAKAGES[facts.chain]()] if facts.chain in BOGUS else []
    if any(host.fault is TlsaFault.EMPTY_NON_TERMINAL for host in facts.own_hosts):
        found.append(breakage.forgets_empty())
    return found


_BREAKAGES: Final = {
    Chain.EXPIRED: breakage.expired,
    Chain.NO_DNSKEY: breakage.no_dnskey,
    Chain.DS_MISMATCH: breakage.ds_wrong_digest,
    Chain.BAD_SIGNATURE: breakage.corrupt_signatures,
}


def ds_records(facts: Facts, seed: bytes) -> tuple[bytes, ...]:
    """The domain's DS records, for its parent; the zone itself need not exist yet."""
    signing = signing_of(facts)
    if signing is None or facts.chain not in HAS_DS:
        return ()
    made = ds_of(wire(facts.domain), signing, seed)
    for broken in breakages_of(facts):
        made = broken.ds(None, made)
    return made


@lru_cache(maxsize=8192)
def provider_signing(company: Provider) -> Signing | None:
    """How a provider signs its own zone."""
    if not company.signed:
        return None
    denial = Denial.NSEC3 if company.nsec3 else Denial.NSEC
    return Signing(algorithms=(company.algorithm,), denial=denial)


@lru_cache(maxsize=8192)
def registry_signing(suffix: str) -> Signing | None:
    """How a registry signs; the root, which is the empty suffix, by RSA and NSEC."""
    if not suffix:
        return Signing(algorithms=(8,), denial=Denial.NSEC, split=True)
    kind = style(suffix)
    if kind is Style.UNSIGNED:
        return None
    return Signing(algorithms=(algorithm(suffix),), denial=_DENIALS[kind], opt_out=kind is Style.OPT_OUT)


# what zones hold


def own_addresses(host: str, ipv6: bool) -> tuple[str, ...]:
    """The addresses of a host that no zone file gives."""
    return (address4(host), address6(host)) if ipv6 else (address4(host),)


@lru_cache(maxsize=65536)
def server_addresses(host: str) -> tuple[str, ...]:
    """The addresses of a name server that no zone file gives: half of them have IPv6."""
    return own_addresses(host, draws("server", host)[0] < 0.5)


Associate = Callable[[str, str], list[bytes]]  # parameters and host -> TLSA rdata


def domain_zone(facts: Facts, promise: Promise | None, associate: Associate, seed: bytes, now: int) -> Zone:
    """The zone of a measured domain, without its delegations and the servers that others name in it."""
    domain, apex = facts.domain, wire(facts.domain)
    zone = _begin(domain, facts.servers, signing_of(facts), seed, now)
    if facts.mx:
        zone.add(apex, Type.MX, *[mx_rdata(preference, target) for preference, target in facts.mx])
    if facts.address:
        zone.address(apex, address4(domain))
    for host in facts.own_hosts:
        _mail_host(zone, host, associate, facts.tlsa_ttl)
    if facts.sts_alias:
        zone.add(f"_mta-sts.{domain}", Type.CNAME, wire(STS_HOST))
    elif facts.sts is not Sts.NONE:
        texts = sts_texts(facts.sts, domain) + (["v=spf1 -all"] if facts.sts_beside else [])
        zone.add(f"_mta-sts.{domain}", Type.TXT, *map(txt_rdata, texts))
    if promise is not None and promise.third is not None:
        zone.add(f"mta-sts.{domain}", Type.CNAME, wire(promise.third))
    elif promise is not None and (where := policy_address(domain, promise)) is not None:
        zone.address(wire(f"mta-sts.{domain}"), where)
    if facts.tlsrpt is not Tlsrpt.NONE:
        zone.add(f"_smtp._tls.{domain}", Type.TXT, txt_rdata(tlsrpt_text(facts.tlsrpt, domain)))
    return zone.broken(*breakages_of(facts))


def _begin(
    domain: str, servers: Iterable[str], signing: Signing | None, seed: bytes, now: int, lookup: Lookup | None = None
) -> Zone:
    zone = Zone(wire(domain), now=now, seed=seed, signing=signing, lookup=lookup)
    hosts = [wire(server) for server in servers]
    zone.soa(hosts[0])
    zone.add(zone.apex, Type.NS, *hosts)
    return zone


def _mail_host(zone: Zone, host: OwnHost, associate: Associate, ttl: int) -> None:
    if host.alias is not None:
        zone.add(host.name, Type.CNAME, wire(host.alias))
        return
    if host.addressed:
        zone.address(wire(host.name), *own_addresses(host.name, host.ipv6))
    if host.tlsa:
        zone.add(f"_25._tcp.{host.name}", Type.TLSA, *associate(host.tlsa, host.name), ttl=ttl)


def provider_zone(company: Provider, associate: Associate, seed: bytes, now: int) -> Zone:
    """A provider's zone: its servers, and its mail hosts with their TLSA."""
    zone = _begin(company.domain, provider_servers(company), provider_signing(company), seed, now)
    for index in range(1, 5):
        host = f"ns{index}.{company.domain}"
        zone.address(wire(host), *server_addresses(host))
    if company.trade is Trade.DNS:
        return zone
    for name in [f"*.mx.{company.domain}"] if company.per_customer else _shared_hosts(company):
        zone.address(wire(name), *own_addresses(name, company.ipv6))
        if company.tlsa:
            # one wildcard answers for hosts and TLSA names of all customers (RFC 4592 section 2.1.1)
            owner = name if company.per_customer else f"_25._tcp.{name}"
            zone.add(owner, Type.TLSA, *associate(company.tlsa, f"mx1.{company.domain}"))
    if company.trade is Trade.MAIL:  # policy hosts of customers
        zone.address(wire(f"*.sts.{company.domain}"), address4(f"sts.{company.domain}"))
    if company.trade is Trade.DANE and STS_HOST.endswith(company.domain):
        zone.add(STS_HOST, Type.TXT, txt_rdata("v=STSv1; id=20260101T000000;"))
    zone.add(zone.apex, Type.MX, mx_rdata(10, company.host(1, company.domain)))
    return zone


def provider_servers(company: Provider) -> tuple[str, ...]:
    """The servers of the provider's own zone."""
    return (f"ns1.{company.domain}", f"ns2.{company.domain}")


def _shared_hosts(company: Provider) -> list[str]:
    return [f"mx{index}.{company.domain}" for index in range(1, HOSTS + 1)]


def home_zone(domain: str, servers: Iterable[str], seed: bytes, now: int) -> Zone:
    """A zone that is there only because name servers have their names in it."""
    return _begin(domain, servers, home_signing(domain), seed, now)


@lru_cache(maxsize=65536)
def home_signing(domain: str) -> Signing | None:
    """Some of these are signed; nothing hangs on it but the chain of their servers' addresses."""
    return Signing() if draws("home", domain)[0] < 0.2 else None


def registry_zone(suffix: str, servers: Iterable[str], seed: bytes, now: int, lookup: Lookup) -> Zone:
    """A TLD or suffix, or the root: whatever is delegated from it comes by `lookup`."""
    zone = _begin(suffix, servers, registry_signing(suffix), seed, now, lookup)
    for host in servers:
        zone.address(wire(host), *server_addresses(host))
    return zone


# records


def mx_rdata(preference: int, target: str) -> bytes:
    """RFC 1035 section 3.3.9."""
    return preference.to_bytes(2, "big") + wire(target)


def txt_rdata(text: str) -> bytes:
    """RFC 1035 section 3.3.14, in as few strings as it takes."""
    raw = text.encode("ascii")
    parts = [raw[at : at + 255] for at in range(0, len(raw), 255)]
    return b"".join(bytes((len(part),)) + part for part in parts)


def sts_texts(sts: Sts, domain: str) -> list[str]:
    """The records at `_mta-sts`, each wrong in its own way (RFC 8461 section 3.1)."""
    stamp = octets("sts", domain, 6).hex()
    good = f"v=STSv1; id={stamp};"
    return {
        Sts.VALID: [good],
        Sts.BAD_ID: [f"v=STSv1; id={stamp[:4]}-{stamp[4:6]}-{stamp[6:8]};"],
        Sts.NO_ID: ["v=STSv1;"],
        Sts.BAD_VERSION: [f"v=STSv1.0; id={stamp};"],
        Sts.BAD_EXTENSION: [f"v=STSv1; id={stamp}; -bad=1;"],
        Sts.TWO_RECORDS: [good, f"v=STSv1; id={stamp}0;"],
    }[sts]


def tlsrpt_text(tlsrpt: Tlsrpt, domain: str) -> str:
    """The record at `_smtp._tls` (RFC 8460 section 3)."""
    if tlsrpt is Tlsrpt.NO_RUA:
        return "v=TLSRPTv1;"
    return f"v=TLSRPTv1; rua=mailto:tlsrpt@{domain}"
