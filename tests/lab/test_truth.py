"""Truths, written by hand for facts written by hand."""

from __future__ import annotations

import pytest

from lab.facts import Chain, Facts, Fault, Mail, OwnHost, Sts, TlsaFault, Tlsrpt, facts_of
from lab.profiles import CC, ODD
from lab.providers import Trade, provider
from lab.truth import HostState, MailClass, Totals, sum_up, totals, truth_of

DANE = provider(Trade.DANE, 1).host(1, "x.nl")
DANE_2 = provider(Trade.DANE, 1).host(2, "x.nl")
PLAIN = provider(Trade.MAIL, 1).host(1, "x.nl")  # unsigned, no TLSA
UNSIGNED_TLSA = provider(Trade.MAIL, 50).host(1, "x.nl")  # TLSA in an unsigned zone


def facts(
    chain: Chain = Chain.SECURE,
    *mx: str,
    own: tuple[OwnHost, ...] = (),
    mail: Mail = Mail.MX,
    fault: Fault | None = None,
) -> Facts:
    targets = mx or tuple(host.name for host in own)
    return Facts(
        domain="x.nl",
        chain=chain,
        mail=mail,
        mx=tuple((10 * i, host) for i, host in enumerate(targets, 1)),
        own_hosts=own,
        fault=fault,
    )


def own(name: str, tlsa: str = "3 1 1", **more: object) -> OwnHost:
    return OwnHost(f"{name}.x.nl", tlsa=tlsa, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chain", "sound", "lame"),
    [
        (Chain.SECURE, "secure", "indeterminate"),  # DS, and no DNSKEY to be had
        (Chain.UNSIGNED, "insecure", "insecure"),  # the parent's word is enough
        (Chain.ISLAND, "island", "insecure"),  # nobody sees its DNSKEY
        (Chain.UNSUPPORTED_ALGORITHM, "insecure-unsupported", "insecure-unsupported"),  # the DS tells it
        (Chain.UNSUPPORTED_DIGEST, "insecure-unsupported", "insecure-unsupported"),
        (Chain.EXPIRED, "bogus", "indeterminate"),
        (Chain.NO_DNSKEY, "bogus", "indeterminate"),
        (Chain.DS_MISMATCH, "bogus", "indeterminate"),
        (Chain.BAD_SIGNATURE, "bogus", "indeterminate"),
    ],
)
def test_the_zones_class_is_its_chains_unless_no_server_answers(chain: Chain, sound: str, lame: str) -> None:
    assert truth_of(facts(chain, PLAIN)).zone == sound
    assert truth_of(facts(chain, PLAIN, fault=Fault.SILENT)).zone == lame


@pytest.mark.parametrize(
    ("what", "given", "dane"),
    [
        ("all hosts", facts(Chain.SECURE, DANE, DANE_2), "full"),
        ("one of two, the other without", facts(Chain.SECURE, DANE, PLAIN), "partial"),
        ("one of two, the other unsigned", facts(Chain.SECURE, DANE, UNSIGNED_TLSA), "partial"),
        ("none", facts(Chain.SECURE, PLAIN), "none"),
        ("TLSA that nobody signed", facts(Chain.SECURE, UNSIGNED_TLSA), "none"),
        ("MX unsigned", facts(Chain.UNSIGNED, DANE, PLAIN), "mx-insecure"),
        ("MX on an island", facts(Chain.ISLAND, DANE), "mx-insecure"),
        ("MX by an unknown algorithm", facts(Chain.UNSUPPORTED_ALGORITHM, DANE), "mx-insecure"),
        ("MX unsigned, and nothing there", facts(Chain.UNSIGNED, PLAIN), "none"),
        ("MX bogus", facts(Chain.EXPIRED, DANE), "unknown"),
        ("no server", facts(Chain.SECURE, DANE, fault=Fault.REFUSED), "unknown"),
        ("own hosts, all", facts(own=(own("a"), own("b"))), "full"),
        ("own hosts, one without", facts(own=(own("a"), own("b", ""))), "partial"),
        ("own host, one without address", facts(own=(own("a"), own("b", "", addressed=False))), "partial"),
        ("own host in an unsigned zone", facts(Chain.UNSIGNED, own=(own("a"),)), "none"),
        ("TLSA fails", facts(own=(own("a", fault=TlsaFault.SERVFAIL),)), "unknown"),
        ("TLSA fails at one of two", facts(own=(own("a", fault=TlsaFault.SERVFAIL), own("b"))), "unknown"),
        (
            "TLSA fails at one, one has none, one is fine: already not all",
            facts(own=(own("a", fault=TlsaFault.SERVFAIL), own("b"), own("c", ""))),
            "partial",
        ),
        (
            "TLSA fails at one, the other has none",
            facts(own=(own("a", fault=TlsaFault.SERVFAIL), own("b", ""))),
            "unknown",
        ),
        (
            "the empty non-terminal hides, the TLSA does not",
            facts(own=(own("a", fault=TlsaFault.EMPTY_NON_TERMINAL),)),
            "full",
        ),
        ("malformed TLSA is TLSA", facts(own=(own("a", "malformed"),)), "full"),
        ("null MX", facts(mail=Mail.NULL_MX)._replace(mx=((0, "."),)), "not-applicable"),
        ("null MX beside a host", facts(mail=Mail.NULL_MX_MIXED)._replace(mx=((0, "."), (10, DANE))), "full"),
        ("localhost", facts(Chain.SECURE, "localhost", mail=Mail.JUNK), "none"),
        ("no MX, an address", facts(mail=Mail.IMPLICIT)._replace(address=True), "none"),
        ("no MX, no address", facts(mail=Mail.NONE), "not-applicable"),
        ("no MX, no address, bogus: not even that is known", facts(Chain.EXPIRED, mail=Mail.NONE), "unknown"),
        ("no domain", Facts(domain="x.nl", exists=False), "not-applicable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_dane_as_published(what: str, given: Facts, dane: str) -> None:
    """RFC 7672 section 2.2."""
    assert truth_of(given).dane == dane


@pytest.mark.parametrize(
    ("given", "mail"),
    [
        (facts(Chain.SECURE, PLAIN), "mx"),
        (facts(Chain.SECURE, "localhost", mail=Mail.JUNK), "mx"),  # an MX RRset is there, whatever it names
        (facts(mail=Mail.NULL_MX)._replace(mx=((0, "."),)), "null-mx"),
        (facts(mail=Mail.NULL_MX_MIXED)._replace(mx=((0, "."), (10, PLAIN))), "null-mx-mixed"),
        (facts(mail=Mail.IMPLICIT), "implicit"),
        (facts(mail=Mail.NONE), "no-mail"),
        (Facts(domain="x.nl", exists=False), "no-domain"),
        (facts(Chain.BAD_SIGNATURE, PLAIN), "unknown"),  # bogus is as good as no answer (RFC 7672 section 2.1.2)
        (facts(Chain.SECURE, PLAIN, fault=Fault.GARBAGE), "unknown"),
    ],
)
def test_mail_class(given: Facts, mail: str) -> None:
    assert truth_of(given).mail == mail


@pytest.mark.parametrize(
    ("chain", "alias", "state"),
    [
        (Chain.SECURE, DANE, "secure"),
        (Chain.UNSIGNED, DANE, "unsigned"),  # the alias itself is not signed (RFC 7672 section 2.1.3)
        (Chain.SECURE, UNSIGNED_TLSA, "unsigned"),
        (Chain.SECURE, PLAIN, "none"),
        (Chain.SECURE, "end.x.nl", "secure"),
        (Chain.ISLAND, "end.x.nl", "unsigned"),
        (Chain.EXPIRED, DANE, "unknown"),
        (Chain.EXPIRED, "end.x.nl", "unknown"),
    ],
)
def test_a_host_behind_an_alias_is_as_good_as_the_worst_link(chain: Chain, alias: str, state: str) -> None:
    hosts = (OwnHost("a.x.nl", alias=alias), own("end"))
    (host,) = truth_of(facts(chain, "a.x.nl", own=hosts)).hosts
    assert (host.host, host.state) == ("a.x.nl", state)


@pytest.mark.parametrize(
    ("sts", "verdict"),
    [
        (Sts.NONE, "none"),
        (Sts.VALID, "valid"),
        (Sts.BAD_ID, "invalid"),
        (Sts.NO_ID, "invalid"),
        (Sts.BAD_VERSION, "invalid"),
        (Sts.BAD_EXTENSION, "invalid"),
        (Sts.TWO_RECORDS, "invalid"),
    ],
)
def test_mta_sts_record(sts: Sts, verdict: str) -> None:
    given = facts(Chain.UNSIGNED, PLAIN)._replace(sts=sts)
    assert truth_of(given).sts == verdict
    assert truth_of(given._replace(chain=Chain.EXPIRED)).sts == "unknown"
    assert truth_of(given._replace(fault=Fault.SILENT)).sts == "unknown"


@pytest.mark.parametrize(
    ("tlsrpt", "verdict"), [(Tlsrpt.NONE, "none"), (Tlsrpt.VALID, "valid"), (Tlsrpt.NO_RUA, "invalid")]
)
def test_tlsrpt_record(tlsrpt: Tlsrpt, verdict: str) -> None:
    assert truth_of(facts(Chain.UNSIGNED, PLAIN)._replace(tlsrpt=tlsrpt)).tlsrpt == verdict


def test_the_provider_is_that_of_the_best_preference() -> None:
    assert truth_of(facts(Chain.SECURE, PLAIN, DANE)).provider == provider(Trade.MAIL, 1).domain
    assert truth_of(facts(own=(own("a"),))).provider == "x.nl"
    assert truth_of(facts(Chain.SECURE, "localhost", mail=Mail.JUNK)).provider is None
    mixed = facts(mail=Mail.NULL_MX_MIXED)._replace(mx=((0, "."), (10, DANE)))
    assert truth_of(mixed).provider == provider(Trade.DANE, 1).domain


def test_totals_add_up_however_the_list_is_cut() -> None:
    names = [f"name-{number}.com" for number in range(600)]
    whole = totals(names, seed=1, profile=ODD)
    parts = [totals(names[start : start + 150], seed=1, profile=ODD) for start in range(0, 600, 150)]
    added = Totals()
    for part in parts:
        added = added + part
    assert added == whole
    assert whole.names == 600
    for counter in (whole.zone, whole.mail, whole.dane, whole.sts, whole.tlsrpt):
        assert counter.total() == 600
    with_mail = [MailClass.MX, MailClass.NULL_MX_MIXED, MailClass.IMPLICIT]
    assert whole.cross.total() == sum(whole.mail[kind] for kind in with_mail)
    assert set(whole.providers.values()) != {0}


def test_hosts_of_many_domains_are_counted_once_in_the_parameters() -> None:
    both = [truth_of(facts(Chain.SECURE, DANE)), truth_of(facts(Chain.UNSIGNED, DANE)._replace(domain="y.nl"))]
    assert dict(sum_up(both).combinations) == {"3 1 1": 1}
    odd = [truth_of(facts(own=(own("a", "malformed"), own("b", "2 1 1, 3 1 1"), own("c", "3 1 1, 3 1 1"))))]
    assert dict(sum_up(odd).combinations) == {"malformed only": 1, "2 1 1 + 3 1 1": 1, "3 1 1": 1}


def test_every_generated_name_has_a_truth() -> None:
    for number in range(2000):
        for profile in (CC, ODD):
            truth = truth_of(facts_of(f"name-{number}.se", seed=3, profile=profile))
            assert len(truth.hosts) == len({host.host for host in truth.hosts})
            assert all(host.state in HostState for host in truth.hosts)
