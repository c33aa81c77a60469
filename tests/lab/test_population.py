"""The generated world answers as its facts say, from wherever it is asked, and costs nothing until then."""

from __future__ import annotations

import gzip
import pickle
import time
import tracemalloc
from functools import partial
from pathlib import Path

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest

from lab import registries
from lab.facts import BOGUS, Chain, Facts, Fault, Given, Mail, Sts, TlsaFault, Tlsrpt
from lab.listing import Invented, from_list, from_names, generate
from lab.population import Population
from lab.profiles import CC, GTLD, ODD
from lab.providers import Trade, provider
from lab.registries import Style

ZONE_FILE = """\
;; Domain: gov.
gov.\t3600\tIN\tSOA\ta.ns.gov. dns.example.com. 1 3600 900 604800 300
gov.\t86400\tIN\tNS\ta.ns.gov.
one.gov.\t86400\tIN\tNS\tns1.one.gov.
one.gov.\t86400\tIN\tNS\tNS2.one.gov.
two.gov.\t86400\tIN\tNS\tlucy.ns.cloud.com.
two.gov.\t86400\tIN\tNS\tns1.one.gov.
two.gov.\t3600\tIN\tDS\t1234 8 2 8F5EE71A3AE5E23DD3970812B1895CB029FCAA310BC6052DBA626A429860795D
deep.ci.gov.\t86400\tIN\tNS\tdns1.county.co.uk.
deep.ci.gov.\t86400\tIN\tNS\tmissing
ns1.one.gov.\t3600\tIN\tA\t162.159.8.76
"""


def world(count: int = 400, *, tld: str = "nl", **more: object) -> Population:
    return Population(generate(count, tld), profile=ODD, **more)  # type: ignore[arg-type]


def ask(population: Population, name: str, rtype: str, host: str) -> dns.message.Message | None:
    """What the first address of a name server says; None for silence."""
    query = dns.message.make_query(name, rtype, want_dnssec=True, payload=4096)
    reply = population.reply(query.to_wire(), population.addresses(host)[0], tcp=True)
    return dns.message.from_wire(reply) if isinstance(reply, bytes) else None


def texts(message: dns.message.Message | None, rtype: str) -> set[str]:
    assert message is not None
    wanted = dns.rdatatype.from_text(rtype)
    return {rdata.to_text() for rrset in message.answer if rrset.rdtype == wanted for rdata in rrset}


def sound(population: Population) -> list[Facts]:
    """The measured names that exist and whose second name server answers."""
    return [f for f in map(population.facts, population.names) if f.exists and f.fault is None]


def test_replies_do_not_hang_on_what_was_asked_before() -> None:
    first, second = world(50), world(50)
    for facts in sound(first)[::-1]:
        ask(first, facts.domain, "MX", facts.servers[-1])
    for facts in sound(first)[:10]:
        host = facts.servers[-1]
        query = dns.message.make_query(facts.domain, "MX", want_dnssec=True, payload=4096, id=1).to_wire()
        at = first.addresses(host)[0]
        assert first.reply(query, at, tcp=True) == second.reply(query, at, tcp=True)


def test_mx_records_and_hosts_are_the_facts() -> None:
    population = world(200)
    for facts in sound(population):
        reply = ask(population, facts.domain, "MX", facts.servers[-1])
        expected = {f"{preference} {host.rstrip('.')}." for preference, host in facts.mx}
        assert texts(reply, "MX") == expected
        assert bool(expected) == (facts.mail not in (Mail.IMPLICIT, Mail.NONE))
        for host in facts.own_hosts:
            alias = texts(ask(population, host.name, "A", facts.servers[-1]), "CNAME")
            assert alias == ({f"{host.alias}."} if host.alias else set())


def test_policy_records_are_the_facts() -> None:
    population = world(150)
    for facts in sound(population):
        reply = ask(population, f"_mta-sts.{facts.domain}", "TXT", facts.servers[-1])
        found = [text for text in texts(reply, "TXT") if text.startswith('"v=STSv1')]
        if facts.sts_alias:
            assert texts(reply, "CNAME")
        else:
            assert len(found) == {Sts.NONE: 0, Sts.TWO_RECORDS: 2}.get(facts.sts, 1)
        reply = ask(population, f"_smtp._tls.{facts.domain}", "TXT", facts.servers[-1])
        assert any("rua=" in text for text in texts(reply, "TXT")) == (facts.tlsrpt is Tlsrpt.VALID)


def test_tlsa_records_and_their_failures_are_the_facts() -> None:
    population = world(250)
    kinds = set()
    for facts in sound(population):
        for host in facts.own_hosts:
            if host.alias:
                continue
            if host.tlsa == "malformed" and host.fault is not TlsaFault.SERVFAIL:
                with pytest.raises(dns.exception.FormError):  # dnspython wants three octets at least
                    ask(population, f"_25._tcp.{host.name}", "TLSA", facts.servers[-1])
                continue
            reply = ask(population, f"_25._tcp.{host.name}", "TLSA", facts.servers[-1])
            assert reply is not None
            if host.fault is TlsaFault.SERVFAIL:
                assert reply.rcode() == dns.rcode.SERVFAIL
                addresses = texts(ask(population, host.name, "A", facts.servers[-1]), "A")
                assert addresses  # the addresses are there
                continue
            found = [" ".join(text.split()[:3]) for text in texts(reply, "TLSA")]
            assert sorted(found) == sorted(host.tlsa.split(", ") if host.tlsa else [])
            node = ask(population, f"_tcp.{host.name}", "A", facts.servers[-1])
            assert node is not None
            hidden = any(other.fault is TlsaFault.EMPTY_NON_TERMINAL for other in facts.own_hosts)  # the server's fault
            if host.tlsa and not facts.compact:
                assert (node.rcode() == dns.rcode.NXDOMAIN) == hidden
            kinds.add((host.fault, host.tlsa))
    assert len(kinds) > 10


def test_a_providers_hosts_have_addresses_and_the_dane_ones_tlsa() -> None:
    population = world(1)
    for trade, number in ((Trade.DANE, 1), (Trade.DANE, 2), (Trade.MAIL, 1), (Trade.MAIL, 2), (Trade.MAIL, 50)):
        company = provider(trade, number)
        host = company.host(1, "customer.nl")
        servers = f"ns2.{company.domain}"
        assert texts(ask(population, host, "A", servers), "A")
        assert bool(texts(ask(population, f"_25._tcp.{host}", "TLSA", servers), "TLSA")) == bool(company.tlsa)


FAULTS = {Fault.REFUSED: dns.rcode.REFUSED, Fault.SERVFAIL: dns.rcode.SERVFAIL, Fault.UPWARD: dns.rcode.NOERROR}


def test_servers_of_a_lame_zone_fail_all_of_them_and_only_for_it() -> None:
    population = world()
    seen = set()
    for facts in map(population.facts, population.names):
        if facts.fault is None:
            continue
        seen.add(facts.fault)
        for host in facts.servers:
            if facts.fault is Fault.GARBAGE:
                with pytest.raises(dns.exception.DNSException):
                    ask(population, facts.domain, "MX", host)
                continue
            reply = ask(population, facts.domain, "MX", host)
            assert reply is None if facts.fault is Fault.SILENT else reply is not None
            assert reply is None or (reply.rcode() == FAULTS[facts.fault] and not reply.answer)
    assert seen == set(Fault)


def test_one_bad_server_of_several_leaves_the_others_well() -> None:
    population = world()
    found = [facts for facts in sound(population) if facts.bad_server in FAULTS]
    assert found
    for facts in found:
        assert facts.bad_server is not None
        bad, well = (ask(population, facts.domain, "SOA", host) for host in facts.servers[:2])
        assert bad is not None
        assert bad.rcode() == FAULTS[facts.bad_server]
        assert not bad.answer
        assert texts(well, "SOA")


def test_what_is_not_there_is_nxdomain_and_a_server_refuses_what_it_has_not() -> None:
    population = world()
    absent = [f.domain for f in map(population.facts, population.names) if not f.exists]
    assert absent
    for name in (absent[0], "not-in-the-list.nl", "nope.lab-mail-1.net", "toplevel"):
        host = {"nl": "a.lab-registry.nl", "net": "ns1.lab-mail-1.net"}.get(name.rpartition(".")[2], "a.lab-registry")
        reply = ask(population, name, "MX", host)
        assert reply is not None
        assert reply.rcode() == dns.rcode.NXDOMAIN, name
    refusal = ask(population, "example.com", "MX", "ns1.lab-mail-1.net")
    assert refusal is not None
    assert refusal.rcode() == dns.rcode.REFUSED


def chain_holds(population: Population, facts: Facts) -> bool:
    """Whether dnspython finds a chain from the anchor to the domain's MX RRset, or its SOA where there is none."""
    trusted = {rdata.split(" IN DS ")[1].strip() for rdata in population.anchors().splitlines()}
    above = [".", f"{facts.domain.rpartition('.')[2]}.", f"{facts.domain}."]
    hosts = ["b.lab-registry", f"b.lab-registry.{above[1]}".rstrip("."), facts.servers[-1]]
    for index, (zone, host) in enumerate(zip(above, hosts, strict=True)):
        keys, signatures = signed(ask(population, zone, "DNSKEY", host), "DNSKEY")
        if keys is None or not trusted & {dns.dnssec.make_ds(zone, key, "SHA256").to_text() for key in keys}:
            return False
        name = dns.name.from_text(zone)
        if not valid(keys, signatures, {name: keys}, population.now):
            return False
        if index < 2:
            ds, signatures = signed(ask(population, above[index + 1], "DS", host), "DS")
            if ds is None or not valid(ds, signatures, {name: keys}, population.now):
                return False
            trusted = {record.to_text() for record in ds}
        else:
            answer, signatures = signed(ask(population, zone, "SOA", host), "SOA")
            return answer is not None and valid(answer, signatures, {name: keys}, population.now)
    raise AssertionError("the loop ends at the domain")


def signed(message: dns.message.Message | None, rtype: str) -> tuple[dns.rrset.RRset | None, dns.rrset.RRset | None]:
    assert message is not None
    wanted = dns.rdatatype.from_text(rtype)
    found = next((rrset for rrset in message.answer if rrset.rdtype == wanted), None)
    return found, next((rrset for rrset in message.answer if rrset.rdtype == dns.rdatatype.RRSIG), None)


def valid(
    rrset: dns.rrset.RRset,
    signatures: dns.rrset.RRset | None,
    keys: dict[dns.name.Name, dns.rrset.RRset],
    now: int,
) -> bool:
    policy = dns.dnssec.allow_all_policy
    try:
        dns.dnssec.validate(rrset, signatures, keys, now=now, policy=policy)  # type: ignore[arg-type]
    except dns.exception.ValidationFailure:
        return False
    return True


def test_chains_of_trust_hold_where_the_facts_say_and_nowhere_else() -> None:
    """dnspython judges, which shares nothing with the lab's signer but the RFCs."""
    population = world(150, tld="se", seed=3)
    checked = set()
    for facts in sound(population):
        if facts.chain is Chain.UNSIGNED or facts.chain in (Chain.UNSUPPORTED_ALGORITHM, Chain.UNSUPPORTED_DIGEST):
            continue
        checked.add(facts.chain)
        assert chain_holds(population, facts) == (facts.chain is Chain.SECURE), facts
    assert checked == {Chain.SECURE, Chain.ISLAND, *BOGUS}


def test_registries_of_every_style_answer_for_a_missing_name() -> None:
    suffixes: dict[Style, str] = {}
    for number in range(1000):
        suffixes.setdefault(registries.style(f"tld{number}"), f"tld{number}")
    assert set(suffixes) == set(Style)
    for style, suffix in suffixes.items():
        population = world(10, tld=suffix)
        reply = ask(population, f"missing.{suffix}", "MX", f"a.lab-registry.{suffix}")
        assert reply is not None
        assert reply.rcode() == dns.rcode.NXDOMAIN
        kinds = {rrset.rdtype for rrset in reply.authority}
        proof = {Style.NSEC: "NSEC", Style.UNSIGNED: "SOA"}.get(style, "NSEC3")
        assert dns.rdatatype.from_text(proof) in kinds
        assert (dns.rdatatype.RRSIG in kinds) == (style is not Style.UNSIGNED)


def test_a_million_names_cost_nothing_until_they_are_asked() -> None:
    tracemalloc.start()
    try:
        start = time.perf_counter()
        population = Population(generate(1_000_000, "com"), profile=GTLD)
        names = Invented(1_000_000, "com")
        assert ask(population, names[765_432], "MX", "a.lab-registry.com") is not None
        assert time.perf_counter() - start < 1
        first, _ = tracemalloc.get_traced_memory()
        for number in range(0, 1_000_000, 10_000):
            ask(population, names[number], "MX", "a.lab-registry.com")
        last, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert first < 4_000_000
    assert last - first < 2_000_000
    assert len(population) == 1_000_000


def test_a_world_can_be_made_again_in_another_process(gov: Path) -> None:
    for make in (partial(Population, from_list(gov), profile=ODD), partial(Population, generate(9, "nl"), seed=4)):
        here, there = make(), pickle.loads(pickle.dumps(make))()
        assert list(map(here.truth, here.names)) == list(map(there.truth, there.names))
        assert here.anchors() == there.anchors()


def test_zones_are_kept_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.population.ZONES_KEPT", 20)
    population = world(100)
    for facts in sound(population):
        ask(population, facts.domain, "MX", facts.servers[-1])
    assert len(population._zones) == 20


def test_invented_names_know_each_other() -> None:
    names = Invented(1000, "co.uk")
    assert len(set(names)) == 1000
    assert all(name in names for name in names)
    assert names[-1] == names[999]
    assert names[2:4] == [names[2], names[3]]
    for stranger in (f"{names[3]}x", names[3].replace("-3.", "-4."), "1000.co.uk", "-3.co.uk", "x.nl", 3):
        assert stranger not in names
    assert Invented(2000, "co.uk")[1500] not in names
    with pytest.raises(IndexError):
        names[1000]


@pytest.fixture
def gov(tmp_path: Path) -> Path:
    path = tmp_path / "gov.txt"
    path.write_text(ZONE_FILE)
    return path


def test_a_zone_file_gives_servers_ds_and_glue(gov: Path) -> None:
    population = Population(zone_file=gov, profile=ODD)
    assert list(population.names) == ["one.gov", "two.gov", "deep.ci.gov"]
    one, two, deep = map(population.facts, population.names)
    assert one.servers == ("ns1.one.gov", "ns2.one.gov")
    assert one.chain in (Chain.UNSIGNED, Chain.ISLAND)
    assert two.chain not in (Chain.UNSIGNED, Chain.ISLAND)
    assert two.algorithm == 8
    assert deep.servers == ("dns1.county.co.uk",)  # one label is nowhere
    assert population.addresses("ns1.one.gov") == ("162.159.8.76",)
    reply = ask(population, "two.gov", "MX", "a.lab-registry.gov")
    assert reply is not None
    glue = {(str(rrset.name), str(rdata)) for rrset in reply.additional for rdata in rrset}
    assert ("ns1.one.gov.", "162.159.8.76") in glue


def test_a_domain_that_houses_others_name_servers_is_sound_and_has_their_addresses(gov: Path) -> None:
    population = Population(zone_file=gov, profile=ODD)
    assert population.listing.given["one.gov"] == Given(
        ns=("ns1.one.gov", "ns2.one.gov"), ds=(), registry="gov", home=True
    )
    assert not population.listing.given["two.gov"].home
    assert texts(ask(population, "ns1.one.gov", "A", "ns1.one.gov"), "A") == {"162.159.8.76"}
    assert texts(ask(population, "ns2.one.gov", "A", "ns1.one.gov"), "A")


def test_name_servers_elsewhere_have_a_zone_and_a_way_to_it(gov: Path) -> None:
    population = Population(zone_file=gov, profile=ODD)
    for host, home in (("lucy.ns.cloud.com", "cloud.com"), ("dns1.county.co.uk", "county.co.uk")):
        tld = home.rpartition(".")[2]
        referral = ask(population, host, "A", f"a.lab-registry.{tld}")
        assert referral is not None
        assert {str(rrset.name) for rrset in referral.authority if rrset.rdtype == dns.rdatatype.NS} == {f"{home}."}
        assert texts(ask(population, host, "A", f"ns1.lab-home.{home}"), "A") == set(population.addresses(host)[:1])


def test_a_name_between_a_registry_and_a_delegation_exists_and_is_empty(gov: Path) -> None:
    population = Population(zone_file=gov, profile=ODD)
    between = ask(population, "ci.gov", "MX", "a.lab-registry.gov")
    assert between is not None
    assert (between.rcode(), between.answer) == (dns.rcode.NOERROR, [])
    below = ask(population, "deep.ci.gov", "MX", "a.lab-registry.gov")
    assert below is not None
    assert any(str(rrset.name) == "deep.ci.gov." for rrset in below.authority)


def test_listed_names_above_listed_names_delegate_them() -> None:
    listing = from_names(["ci.example.us", "example.us", "a.b.uk"])
    assert listing.suffixes == {"us", "uk", "b.uk"}
    population = Population(listing, profile=ODD)
    parent = population.facts("example.us")
    assert (parent.exists, parent.fault) == (True, None)
    child = population.facts("ci.example.us")
    assert not set(child.servers) & set(parent.servers)
    reply = ask(population, "ci.example.us", "NS", parent.servers[-1])
    assert reply is not None
    assert {str(rdata) for rrset in reply.authority for rdata in rrset if rrset.rdtype == dns.rdatatype.NS} == {
        f"{server}." for server in child.servers
    }
    referral = ask(population, "a.b.uk", "MX", "a.lab-registry.uk")
    assert referral is not None
    assert any(str(rrset.name) == "b.uk." for rrset in referral.authority)


@pytest.mark.parametrize("packed", [False, True])
def test_a_plain_list_is_read_line_by_line(tmp_path: Path, packed: bool) -> None:
    text = "# a list\nExample.NL.\n\n1,ranked.nl,shop\nbücher.example.de\nlocalhost\n192.0.2.1\n-bad.nl\nexample.nl\n"
    path = tmp_path / ("list.txt.gz" if packed else "list.txt")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert list(from_list(path).names) == ["example.nl", "ranked.nl", "xn--bcher-kva.example.de"]


def test_totals_are_those_of_the_truths() -> None:
    population = Population(generate(500, "nl"), profile=CC)
    total = population.totals()
    assert total.names == 500
    for name in population.names:
        truth = population.truth(name)
        total.zone[truth.zone] -= 1
        total.dane[truth.dane] -= 1
    assert set(total.zone.values()) | set(total.dane.values()) == {0}
