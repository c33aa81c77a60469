"""What a report tells, in which order, and how each figure is drawn: data, no drawing.

A figure is a statistic of the catalogue, perhaps some of its rows. Whatever is not here stands in the report's
appendix as a table, so that nothing that was counted is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from analysis.report import charts
from analysis.report.charts import Chart
from analysis.stats import only
from analysis.warehouse import Result

Draw = Callable[..., Chart]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A statistic that is drawn: which one, which of its rows, and how."""

    name: str
    statistic: str
    title: str
    draw: Draw
    where: Mapping[str, object] = field(default_factory=dict)

    def rows(self, result: Result) -> Result:
        """The rows that are drawn."""
        return only(result, self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report: a question, what to know before its answer, and figures."""

    name: str
    title: str
    words: str
    figures: tuple[Figure, ...]


def _bars(*labels: str) -> Draw:
    def draw(result: Result, *, name: str, title: str) -> Chart:
        return charts.bars(result, *labels, name=name, title=title)

    return draw


def _figure(statistic: str, title: str, draw: Draw, name: str = "", **where: object) -> Figure:
    return Figure(name=name or statistic, statistic=statistic, title=title, draw=draw, where=where)


_SENDERS = ("authenticated", "encrypted", "plaintext", "deferred", "unknown")
SECTIONS: tuple[Section, ...] = (
    Section(
        name="together",
        title="DANE and MTA-STS together",
        words="Domains with mail by what they publish, and by what is left of it once it has to be usable, and then "
        "effective: TLSA records that match the certificates shown, a policy in mode enforce that admits all mail "
        "hosts.",
        figures=(
            _figure(
                "dane_mta_sts", "As published: domains by DANE and by MTA-STS record",
                partial(charts.cross, across="mta_sts", down="dane"),
            ),
            _figure(
                "dane_mta_sts_levels", "At three levels",
                partial(
                    charts.stacks, bar="level", part="has", order=("both", "DANE only", "MTA-STS only", "neither")
                ),
            ),
        ),
    ),
    Section(
        name="senders",
        title="What a sender gets",
        words="Four kinds of sender at each domain with mail: one that takes any TLS, one that honours DANE, one that "
        "honours MTA-STS, and one that honours both. Known only where mail hosts were talked to.",
        figures=(
            _figure(
                "senders", "Outcome by kind of sender",
                partial(charts.stacks, bar="sender", part="outcome", order=_SENDERS),
            ),
        ),
    ),
    Section(
        name="dnssec",
        title="DNSSEC, the ground of DANE",
        words="The state of each name's zone by its own chain of trust, as RFC 4035 names the states. An island has "
        "keys and no DS.",
        figures=(
            _figure("dnssec_states", "State of the zone", _bars("class")),
            _figure("dnssec_algorithms", "Algorithms of DNSKEY RRsets", _bars("name"), "algorithms",
                    record="dnskey algorithm"),
            _figure("dnssec_reasons", "States and their reasons", _bars("security", "reason")),
        ),
    ),
    Section(
        name="dane",
        title="DANE, and why it fails",
        words="Full: the MX RRset and all mail hosts are secure and have TLSA. Partial: some hosts have. "
        "mx-insecure: hosts have TLSA, and the domain's own zone is not signed.",
        figures=(
            _figure("dane", "Published, over all mail hosts", _bars("class"), over="all hosts"),
            _figure("dane_fate", "What comes of it at port 25: why DANE fails", _bars("class")),
            _figure("dane_endpoints", "TLSA against the certificates shown, by endpoint", _bars("rule", "reason")),
            _figure("tlsa_parameters", "TLSA parameters, each host once", _bars("combination"), weight="host"),
            _figure("tlsa_advice", "What advice is not followed", _bars("finding")),
        ),
    ),
    Section(
        name="mta-sts",
        title="MTA-STS, and why policies fail",
        words="A domain has MTA-STS once its record is valid, its policy can be fetched over an authenticated "
        "connection and is valid, and then as far as its mode says.",
        figures=(
            _figure("mta_sts_effect", "What comes of a record", _bars("effective")),
            _figure("mta_sts_fetch", "Where the way to a policy ends: why policies fail",
                    _bars("hosting", "stage", "cause")),
            _figure("mta_sts_modes", "Modes, of all domains with mail", _bars("usable")),
            _figure("mta_sts_coverage", "How patterns fit the mail hosts", _bars("mode", "coverage", "mismatch")),
            _figure("tlsrpt_of", "Who asks for reports (TLSRPT)", _bars("population")),
        ),
    ),
    Section(
        name="who",
        title="Who decides",
        words="Few operators decide for many domains: mail providers by the name of their hosts, and the registries "
        "above.",
        figures=(
            _figure("mx_providers", "Mail providers", _bars("provider")),
            _figure("by_provider", "DANE by mail provider", _bars("provider"), "dane_by_provider", measure="dane",
                    level="published"),
            _figure("by_tld", "DANE by top-level domain", _bars("tld"), "dane_by_tld", measure="dane",
                    level="published"),
            _figure("by_tld", "MTA-STS by top-level domain", _bars("tld"), "mta_sts_share_by_tld",
                    measure="mta-sts", level="published"),
            _figure("by_rank", "DANE by popularity rank", _bars("rank_to"), "dane_by_rank", measure="dane",
                    level="published"),
            _figure("by_tag", "DANE by tag of the list", _bars("tag"), "dane_by_tag", measure="dane",
                    level="published"),
        ),
    ),
    Section(
        name="transport",
        title="TLS at the mail hosts",
        words="What conversations with mail hosts came to, and what their certificates are worth to the public PKI, "
        "which MTA-STS goes by and DANE does not.",
        figures=(
            _figure("smtp_contacts", "How far conversations came", _bars("outcome"), population="all endpoints"),
            _figure("ipv6", "IPv6", _bars("population", "property")),
            _figure("mx_certificates", "Certificates by the public PKI", _bars("flaw"), population="endpoints"),
        ),
    ),
)  # fmt: skip

#: Of a comparison: drawn and told if the report has one.
CHANGES = Section(
    name="change",
    title="Change since the earlier run",
    words="The same names in both runs. What moved for a reason that can be told has it beside it; states that are "
    "unknown in one of the runs are no change.",
    figures=(
        _figure("causes", "Why classes moved", _bars("subject", "direction", "cause")),
        _figure("events", "Providers whose domains moved together", _bars("subject", "direction", "cause", "who")),
        _figure("rollovers", "How TLSA followed changed certificates", _bars("changed", "behaviour")),
    ),
)

#: How the figures came about, and what they cannot say; data/README.md tells more.
METHOD: tuple[tuple[str, str], ...] = (
    ("One place, one moment", "Name servers and mail hosts answer by place, load and mood. A run is a snapshot from "
     "one vantage over hours; each row has the time of its look."),
    ("The list decides", "Shares are of the names given, once each, in use or parked. Lists of two kinds are not to be "
     "compared."),
    ("Unknown is not absent", "A look-up that failed, or whose answer is bogus or indeterminate, says nothing. It is "
     "in no numerator and no denominator, but between the bounds: the share if all unknown were no, and if all were "
     "yes."),
    ("DNSSEC is validated by us", "From the root's trust anchors, by RFC 4033 to 4035 and 5155; algorithms that we "
     "do not validate make a zone insecure, and are counted. With another resolver, the run's facts say so."),
    ("Published is not protected", "At the published level nothing is said of port 25. Where mail hosts were not "
     "talked to, effective levels are unknown."),
    ("A policy is fetched once", "From one place, without a cache. Senders may hold an older one (RFC 8461 section "
     "3.3). Revocation is not looked at."),
    ("Providers are told by names", "The registrable name of the best MX, a dated list of operators with several "
     "names, and addresses that many domains share. A filter in front hides the mailbox behind it."),
    ("One certificate of each kind", "Conversations see what a stranger is shown; a server of TLS 1.3 alone shows "
     "one."),
)  # fmt: skip
