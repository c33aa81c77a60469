"""Facts are a pure function of (seed, profile, name), and their shares are the profile's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from ipaddress import ip_address
from math import sqrt

import pytest

from lab import registries
from lab.facts import BOGUS, HAS_DS, Chain, Facts, Fault, Given, Mail, Sts, TlsaFault, Tlsrpt, facts_of
from lab.profiles import CC, GTLD, ODD, Profile
from lab.providers import (
    HOSTS,
    Trade,
    address4,
    address6,
    dane_provider,
    mail_provider,
    owner_of,
    provider,
    provider_of,
)
from lab.registries import Style

COUNT = 20_000
PROFILES = pytest.mark.parametrize("profile", [GTLD, CC], ids=lambda profile: profile.name)


@lru_cache
def population(profile: Profile) -> list[Facts]:
    return [facts_of(f"name-{number}.com", seed=1, profile=profile) for number in range(COUNT)]


def test_the_same_name_has_the_same_facts_in_every_order_of_asking() -> None:
    names = [f"name-{number}.com" for number in range(300)]
    there = [facts_of(name, seed=1, profile=ODD) for name in names]
    back = [facts_of(name, seed=1, profile=ODD) for name in reversed(names)]
    assert there == back[::-1]


def test_facts_do_not_hang_on_this_process_or_machine() -> None:
    # written down once: another hash seed, version or machine must find the same
    facts = facts_of("hoogeveen.nl", seed=1, profile=CC)
    assert (facts.chain, facts.algorithm, facts.servers, facts.mx) == (
        Chain.SECURE,
        8,
        ("ns1.lab-dns-51.nl", "ns2.lab-dns-51.nl"),
        ((10, "mail.hoogeveen.nl"),),
    )


def test_another_seed_or_profile_makes_another_population() -> None:
    names = [f"name-{number}.com" for number in range(300)]
    first = [facts_of(name, seed=1, profile=CC) for name in names]
    assert first != [facts_of(name, seed=2, profile=CC) for name in names]
    assert first != [facts_of(name, seed=1, profile=GTLD) for name in names]


def test_varying_one_rate_leaves_the_rest_of_a_population_alone() -> None:
    names = [f"name-{number}.com" for number in range(300)]
    changed = replace(CC, lame=0.5)
    for name in names:
        before, after = facts_of(name, seed=1, profile=CC), facts_of(name, seed=1, profile=changed)
        assert before._replace(fault=None, bad_server=None) == after._replace(fault=None, bad_server=None)


def is_mx(facts: Facts) -> bool:
    return facts.mail in (Mail.MX, Mail.NULL_MX_MIXED)


def has_tlsa(facts: Facts) -> bool:
    hosts = {host.name: host.tlsa for host in facts.own_hosts}
    return is_mx(facts) and any(
        (hosts[host] if host in hosts else (company := owner_of(host)) and company.trade is Trade.DANE)
        for _, host in facts.mx
        if host != "."
    )


Test = Callable[[Facts], bool]
SHARES: list[tuple[str, Callable[[Profile], float], Test, Test]] = [
    # name, the rate, of which names, and those that have it
    ("absent", lambda p: p.absent, lambda _: True, lambda f: not f.exists),
    ("mx", lambda p: p.mx, lambda f: f.exists, lambda f: f.mail not in (Mail.IMPLICIT, Mail.NONE)),
    ("null", lambda p: p.null_mx, lambda f: f.exists, lambda f: f.mail is Mail.NULL_MX),
    ("junk", lambda p: p.junk_mx, lambda f: f.exists, lambda f: f.mail is Mail.JUNK),
    ("mixed", lambda p: p.null_mx_mixed, lambda f: f.exists, lambda f: f.mail is Mail.NULL_MX_MIXED),
    (
        "implicit",
        lambda p: p.implicit,
        lambda f: f.exists and f.mail in (Mail.IMPLICIT, Mail.NONE),
        lambda f: f.mail is Mail.IMPLICIT,
    ),
    ("signed", lambda p: p.signed, lambda f: f.exists, lambda f: f.chain in HAS_DS),
    (
        "islands",
        lambda p: p.islands,
        lambda f: f.exists and f.chain is not Chain.UNSIGNED,
        lambda f: f.chain is Chain.ISLAND,
    ),
    ("bogus", lambda p: p.bogus, lambda f: f.chain in HAS_DS, lambda f: f.chain in BOGUS),
    ("algorithm 13", lambda p: p.algorithm.share(13), lambda f: f.exists, lambda f: f.algorithm == 13),
    ("nsec", lambda p: p.nsec, lambda f: f.exists, lambda f: not f.nsec3),
    (
        "iterations 0",
        lambda p: p.iterations.share(0),
        lambda f: f.exists and f.nsec3,
        lambda f: f.iterations == 0,
    ),
    ("lame", lambda p: p.lame, lambda f: f.exists, lambda f: f.fault is not None),
    (
        "silent",
        lambda p: p.lame_kind.share("silent"),
        lambda f: f.fault is not None,
        lambda f: f.fault is Fault.SILENT,
    ),
    ("one bad", lambda p: p.one_bad * (1 - p.lame), lambda f: f.exists, lambda f: f.bad_server is not None),
    ("own servers", lambda p: p.own_dns, lambda f: f.exists, lambda f: f.servers[0] == f"ns1.{f.domain}"),
    ("tlsa", lambda p: p.tlsa, is_mx, has_tlsa),
    ("tlsa, MX insecure", lambda p: p.tlsa_insecure, has_tlsa, lambda f: f.chain not in HAS_DS),
    ("mta-sts", lambda p: p.sts, lambda f: is_mx(f) and not has_tlsa(f), lambda f: f.sts is not Sts.NONE),
    ("tlsrpt", lambda p: p.tlsrpt, lambda f: is_mx(f) and not has_tlsa(f), lambda f: f.tlsrpt is not Tlsrpt.NONE),
]


@PROFILES
@pytest.mark.parametrize(("rate", "among", "having"), [row[1:] for row in SHARES], ids=[row[0] for row in SHARES])
def test_shares_are_the_profiles(profile: Profile, rate: Callable[[Profile], float], among: Test, having: Test) -> None:
    whole = [facts for facts in population(profile) if among(facts)]
    share = rate(profile)
    found = sum(map(having, whole))
    assert abs(found - share * len(whole)) <= 4.5 * sqrt(len(whole) * share * (1 - share)) + 2


@PROFILES
def test_hosts_a_domain_and_the_largest_provider_are_the_profiles(profile: Profile) -> None:
    plain = [f for f in population(profile) if f.mail is Mail.MX and not has_tlsa(f)]
    single = sum(len(facts.mx) == 1 for facts in plain)
    share = profile.hosts.share(1)
    assert abs(single - share * len(plain)) <= 4.5 * sqrt(len(plain) * share * (1 - share))
    foreign = [f for f in plain if not f.own_hosts]
    largest = sum(owner_of(f.mx[0][1]) == mail_provider(profile, 0.0) for f in foreign)
    share = profile.head[0]
    assert abs(largest - share * len(foreign)) <= 4.5 * sqrt(len(foreign) * share * (1 - share))


def test_the_odd_profile_holds_every_kind_of_everything() -> None:
    names = [facts_of(f"name-{number}.com", seed=1, profile=ODD) for number in range(1000)]
    assert {facts.chain for facts in names} == set(Chain)
    assert {facts.fault for facts in names} == {None, *Fault}
    assert {facts.mail for facts in names} == set(Mail)
    assert {facts.sts for facts in names} == set(Sts)
    assert {facts.tlsrpt for facts in names} == set(Tlsrpt)
    assert {host.fault for facts in names for host in facts.own_hosts} == set(TlsaFault)
    assert {facts.algorithm for facts in names} == {5, 7, 8, 10, 13, 14, 15}


def test_no_domain_below_an_unsigned_registry_has_a_ds() -> None:
    suffix = next(f"tld{n}" for n in range(1000) if registries.style(f"tld{n}") is Style.UNSIGNED)
    chains = {facts_of(f"name-{n}.{suffix}", seed=1, profile=CC).chain for n in range(500)}
    assert chains == {Chain.UNSIGNED, Chain.ISLAND}


def test_algorithm_5_signs_only_zones_with_nsec_and_7_only_with_nsec3() -> None:
    """RFC 5155 section 2."""
    names = [facts_of(f"name-{number}.com", seed=1, profile=ODD) for number in range(1000)]
    assert {facts.nsec3 for facts in names if facts.algorithm == 5} == {False}
    assert {facts.nsec3 for facts in names if facts.algorithm == 7} == {True}


def test_what_the_input_says_is_not_drawn() -> None:
    for number in range(300):
        name = f"name-{number}.gov"
        told = facts_of(name, seed=1, profile=ODD, given=Given(ns=("a.example.com", "b.example.com"), ds=(8,)))
        assert told.exists
        assert told.servers == ("a.example.com", "b.example.com")
        assert (told.chain in HAS_DS, told.algorithm) == (True, 8)
        assert facts_of(name, seed=1, profile=ODD, given=Given(ds=())).chain in (Chain.UNSIGNED, Chain.ISLAND)


def test_zones_that_others_lean_on_are_sound() -> None:
    for number in range(300):
        for given in (Given(home=True, ds=(13,)), Given(home=True), Given(parent=True)):
            facts = facts_of(f"name-{number}.com", seed=1, profile=ODD, given=given)
            assert facts.exists
            assert (facts.fault, facts.bad_server) == (None, None)
            assert facts.chain in (Chain.SECURE, Chain.UNSIGNED, Chain.ISLAND)


def test_a_provider_of_the_lab_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="provider of the lab"):
        facts_of(provider(Trade.MAIL, 1).domain, seed=1, profile=CC)


def test_providers_follow_from_their_names() -> None:
    for trade in Trade:
        for number in (1, 2, 17, 50):
            company = provider(trade, number)
            assert provider_of(company.domain) == company
            assert owner_of(company.host(1, "example.nl")) == company
    assert provider_of("lab-mail-1.cz") is None  # number 1 is under net
    assert provider_of("lab-mail-01.net") is None
    assert provider_of("example.net") is None


def test_the_largest_dane_providers_have_the_published_shares() -> None:
    # dane-users 2023-04: top 1, 3, 5, 10, 20
    taken = [dane_provider(CC, (draw + 0.5) / 1000) for draw in range(1000)]
    numbers = [company.number if company else 0 for company in taken]
    for top, share in ((1, 320), (3, 450), (5, 540), (10, 710), (20, 870)):
        assert abs(sum(0 < number <= top for number in numbers) - share) <= 2


def test_all_hosts_that_customers_name_exist_at_their_provider() -> None:
    most = max(
        len(f.mx)
        for profile in (GTLD, ODD)
        for f in (facts_of(f"n-{i}.com", seed=1, profile=profile) for i in range(3000))
    )
    assert 10 < most <= HOSTS


def test_addresses_are_global_unicast() -> None:
    for number in range(2000):
        for address in (address4(f"host{number}"), address6(f"host{number}")):
            assert ip_address(address).is_global
            assert str(ip_address(address)) == address
