"""Rows out of thin air, for tests of what carries rows and does not look into them."""

from __future__ import annotations

from typing import Any

from crawler.resolver.answer import Answer, Outcome
from crawler.standards.security import Reason, Security
from crawler.tables import Domain, Host, Mail, MxHost, Target, TlsaBase


def answer(outcome: Outcome = Outcome.NODATA, security: Security = Security.INSECURE, **other: Any) -> Answer:
    """An answer of no particular interest."""
    reason = Reason.NO_DS if security is Security.INSECURE else Reason.LOOKUP_FAILED
    return Answer(
        outcome,
        security,
        reason,
        None,
        None,
        None,
        (),
        (),
        False,
        None,
        1_790_000_000_000_000,
        None,
        None,
        None,
        None,
        1,
    )._replace(**other)


def domain_row(name: str, look: int = 1, outcome: Outcome = Outcome.ANSWER, host: str | None = None) -> Domain:
    """A domain whose MX look-up ended so."""
    failed = Security.INDETERMINATE if outcome is Outcome.TIMEOUT else Security.INSECURE
    return Domain(
        domain=name,
        look=look,
        observed_at=1_790_000_000_000_000,
        zone=name,
        zone_security=Security.INSECURE,
        zone_reason=Reason.NO_DS,
        name_servers=("ns." + name,),
        ds=answer(),
        ds_set=(),
        dnskey=None,
        dnskey_set=(),
        denial_kind=None,
        nsec3_iterations=None,
        nsec3_salt=None,
        nsec3_opt_out=None,
        mx=answer(outcome, failed),
        mail=Mail.UNKNOWN if outcome is Outcome.TIMEOUT else Mail.MX,
        mx_hosts=(MxHost(10, host or f"mx.{name}", Target.HOST),) if outcome is Outcome.ANSWER else (),
        mta_sts=answer(),
        mta_sts_txt=(),
        tlsrpt=answer(),
        tlsrpt_txt=(),
        queries=3,
        elapsed=0.5,
    )


def host_row(name: str, look: int = 1) -> Host:
    """A host with nothing to it."""
    return Host(
        host=name,
        look=look,
        observed_at=1_790_000_000_000_000,
        a=answer(),
        aaaa=answer(),
        addresses=(),
        expanded=name,
        address_security=Security.INSECURE,
        tlsa_base=TlsaBase.NO_ADDRESS,
        tlsa_expanded=None,
        tlsa_expanded_set=(),
        tlsa_initial=None,
        tlsa_initial_set=(),
        tlsa_malformed=0,
        tcp_node=None,
        queries=2,
        elapsed=0.1,
    )
