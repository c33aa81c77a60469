"""The command `dane-census`: scan, resume, names, lookup, demo, stats, version.

Figures go to standard output, progress and trouble to standard error. What the user can
mend is one line and exit status 2; a run that Ctrl-C ended is 130; a bug of ours is a
traceback. Everything heavy is imported late, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler import __version__
from crawler.session import OptionFault, Options
from crawler.shards import MOST, WHOLE, Shard, ShardFault, WorkersFault
from crawler.shards import read as read_shard
from crawler.stages.lists import Format
from crawler.stages.source import ListFault
from crawler.store import StoreFault
from crawler.visiting import Policies, Probe

if TYPE_CHECKING:
    from crawler.resolver.answer import Answer
    from crawler.stages.names import Names

USER_FAULTS = (ListFault, StoreFault, OptionFault)
INTERRUPTED = 130
UNEQUAL = 1
CRASHED = 70

_arguments: list[str] = []  # as given: what `resume` gives again

app = typer.Typer(
    name="dane-census",
    help="Measures how whole countries secure e-mail transport: DANE for SMTP and MTA-STS.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Lists = Annotated[
    list[str],
    typer.Argument(metavar="LIST...", help="Lists, CSV, Parquet, zone files, axfr://server/zone; - is standard input."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="What the lists are, if it cannot be told.")]
Origin = Annotated[str | None, typer.Option(help="The zone, for master files with relative names and no $ORIGIN.")]
TsigKey = Annotated[
    str | None, typer.Option(metavar="FILE", help="The TSIG key of a zone transfer, as tsig-keygen prints it.")
]
OnlySuffix = Annotated[list[str] | None, typer.Option(metavar="DOMAIN", help="Only names at or below it; repeatable.")]
Sample = Annotated[int | None, typer.Option(min=1, help="Only so many names, drawn by --seed.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N names.")]
Hints = Annotated[str | None, typer.Option(metavar="FILE", help="Root hints instead of the embedded ones.")]
Anchor = Annotated[str | None, typer.Option(metavar="FILE", help="Trust anchors (DS or DNSKEY lines).")]
Stub = Annotated[
    list[str] | None, typer.Option(metavar="ZONE=ADDR[:PORT]", help="Ask this server for this zone; repeatable.")
]
Lab = Annotated[
    str | None,
    typer.Option(
        metavar="PROFILE[:SEED][@ERA]",
        help="A synthetic internet: gtld, cc or sts; in a later era, some of it has changed.",
    ),
]
Recursive = Annotated[
    list[str] | None, typer.Option("--resolver", metavar="ADDR[:PORT]", help="A recursive server walks; repeatable.")
]
TrustAd = Annotated[bool, typer.Option("--trust-ad", help="Take that server's AD bit instead of validating here.")]
NoQmin = Annotated[bool, typer.Option("--no-qmin", help="Send whole names to every server (no RFC 9156).")]
CaFile = Annotated[str | None, typer.Option(metavar="FILE", help="Root certificates (PEM) instead of the system's.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


Out = Annotated[Path, typer.Option("--out", "-o", help="The run's folder; the same command resumes.")]
Concurrency = Annotated[int, typer.Option(min=1, max=20_000, help="Names looked at at once.")]
LooksOption = Annotated[int, typer.Option(min=1, max=9, help="Looks at failures that may pass.")]
LookDelay = Annotated[
    float, typer.Option(min=0, max=604_800, metavar="SECONDS", help="Wait so long before a later look.")
]
PerServer = Annotated[bool, typer.Option("--per-server", help="Also ask every server of each zone.")]
AskRegistry = Annotated[
    bool, typer.Option("--ask-registry", help="Ask registries for delegations, also for those that a zone file tells.")
]
PoliciesOption = Annotated[Policies, typer.Option(help="Whose MTA-STS policy files are fetched.")]
OptOutFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="Domains and networks to leave alone, one a line.")
]
AllowSpecial = Annotated[
    bool, typer.Option("--allow-special-addresses", help="Also send packets to private and documentation addresses.")
]
ProveAll = Annotated[
    bool, typer.Option("--prove-all", help="Verify denials of policy records, too (which decide nothing).")
]
Smtp = Annotated[bool, typer.Option("--smtp", help="Also talk to mail hosts, as far as STARTTLS (port 25).")]
ProbeOption = Annotated[Probe, typer.Option(help="With --smtp: which mail hosts.")]
Ehlo = Annotated[str, typer.Option(metavar="NAME", help="With --smtp: who we are; else this machine's name.")]
SmtpPatience = Annotated[
    float | None, typer.Option(min=1, max=600, help="With --smtp: seconds for each reply (30; RFC 5321 has 300).")
]
Workers = Annotated[
    int | None, typer.Option(min=1, max=MOST, help="Processes; as many as cores if there is enough to do.")
]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only this part of the names; all parts share --out.")
]
Rate = Annotated[int | None, typer.Option(min=MOST, help="DNS queries a second to all servers together (5,000).")]
ServerRate = Annotated[
    int | None,
    typer.Option(min=MOST, help="DNS queries a second to one server address (100; to its network twice that)."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent to whom.")]
LogJson = Annotated[bool, typer.Option("--log-json", help="Progress as lines of JSON.")]
Seed = Annotated[int, typer.Option(help="Of the order in which names are asked for.")]
Contact = Annotated[str, typer.Option(help="Who runs this: in run.json, HTTPS and, by --ehlo, SMTP.")]
Vantage = Annotated[str, typer.Option(help="Where it runs; kept in run.json.")]


@app.command()
def scan(
    lists: Lists,
    out: Out,
    form: FormatOption = Format.AUTO,
    origin: Origin = None,
    tsig_key: TsigKey = None,
    only_suffix: OnlySuffix = None,
    sample: Sample = None,
    limit: Limit = None,
    root_hints: Hints = None,
    trust_anchor: Anchor = None,
    stub: Stub = None,
    lab: Lab = None,
    no_qmin: NoQmin = False,
    resolver: Recursive = None,
    trust_ad: TrustAd = False,
    concurrency: Concurrency = 300,
    looks: LooksOption = 2,
    look_delay: LookDelay = 0.0,
    per_server: PerServer = False,
    ask_registry: AskRegistry = False,
    policies: PoliciesOption = Policies.ANNOUNCED,
    ca_file: CaFile = None,
    opt_out: OptOutFile = None,
    allow_special: AllowSpecial = False,
    prove_all: ProveAll = False,
    smtp: Smtp = False,
    probe: ProbeOption = Probe.NEEDED,
    ehlo: Ehlo = "",
    smtp_patience: SmtpPatience = None,
    workers: Workers = None,
    shard: ShardOption = None,
    rate: Rate = None,
    server_rate: ServerRate = None,
    seed: Seed = 0,
    contact: Contact = "",
    vantage: Vantage = "",
    quiet: Quiet = False,
    dry_run: DryRun = False,
    log_json: LogJson = False,
) -> int:
    """Look up every name of the lists, its mail hosts and its MTA-STS policy, into a folder of Parquet tables."""
    from crawler.command import Command, run_scan

    command = Command(
        lists=lists, out=out, form=form, origin=origin, limit=limit,
        tsig_key=tsig_key, only_suffix=tuple(only_suffix or ()), sample=sample,
        options=replace(
            _options(root_hints, trust_anchor, stub, lab, no_qmin=no_qmin, resolver=resolver, trust_ad=trust_ad),
            ca_file=ca_file, opt_out=opt_out, allow_special=allow_special, prove_all=prove_all,
            rate=rate, server_rate=server_rate,
        ),
        concurrency=concurrency, looks=looks, look_delay=look_delay, seed=seed, workers=workers, shard=_shard(shard),
        zone_files=not ask_registry, per_server=per_server, policies=policies,
        probe=probe if smtp else Probe.NONE, smtp_patience=smtp_patience,
        ehlo=_host_name(ehlo), contact=contact, vantage=vantage,
        quiet=quiet, dry_run=dry_run, log_json=log_json, arguments=tuple(_arguments),
    )  # fmt: skip
    return 0 if run_scan(command) else INTERRUPTED


def _shard(text: str | None) -> Shard:
    try:
        return WHOLE if text is None else read_shard(text)
    except ShardFault as fault:
        raise typer.BadParameter(f"--shard {fault}") from fault


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a scan that was stopped.")],
    quiet: Quiet = False,
) -> int:
    """Go on with a scan where it stopped: the same as its own command again."""
    from crawler.command import command_of

    arguments, folder = command_of(run)
    os.chdir(folder)
    return int(app([*arguments, *(["--quiet"] if quiet else [])], prog_name="dane-census", standalone_mode=False) or 0)


def _host_name(text: str) -> str:
    """A name for EHLO, which goes into a line of a protocol."""
    from crawler.standards.names import NameFault, from_text, is_hostname

    try:
        if text and not (text.isascii() and is_hostname(from_text(text))):
            raise typer.BadParameter(f"--ehlo {text}: not a host name")
    except NameFault as fault:
        raise typer.BadParameter(f"--ehlo {text}: {fault.flaw}") from fault
    return text


@app.command()
def names(
    lists: Lists,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Also write the tables names and rejects.")] = None,
    form: FormatOption = Format.AUTO,
    origin: Origin = None,
    tsig_key: TsigKey = None,
    only_suffix: OnlySuffix = None,
    sample: Sample = None,
    limit: Limit = None,
    seed: Seed = 0,
) -> int:
    """Show what would be scanned: counts, repeats, rejects by reason, TLDs, the signed share."""
    from crawler.command import Command, chosen, names_run

    command = Command(
        lists=lists, out=out or Path(), form=form, origin=origin, limit=limit, tsig_key=tsig_key, sample=sample,
        only_suffix=tuple(only_suffix or ()), seed=seed,
    )  # fmt: skip
    found = chosen(command)
    if out is not None:
        names_run(found, command)
    _show_names(found)
    return 0


def _show_names(found: Names) -> None:
    account = found.account
    typer.echo(str(account))
    tlds = found.tlds()
    typer.echo(f"TLDs: {len(tlds):,}: " + ", ".join(f"{tld} {n:,}" for tld, n in tlds.most_common(10)))
    delegated, signed = found.signed()
    if delegated:
        typer.echo(f"signed (DS in the zone file): {signed:,} of {delegated:,} ({100 * signed / delegated:.2f} %)")
    if account.rejects:
        typer.echo(f"rejects: {found.reasons()}")
        for reject in islice(found.rejects(), 5):
            typer.echo(f"  {reject.source} line {reject.line}: {reject.why}: {reject.text[:60]}")
    if found.left_out:
        typer.echo(f"left out by --only-suffix, --sample or --limit: {found.left_out:,}")
    typer.echo(f"names + repeats + rejects = {account.entries:,} entries; to scan: {len(found):,}")


@app.command()
def lookup(
    name: Annotated[str, typer.Argument(help="A domain name; U-labels are taken.")],
    rtype: Annotated[str, typer.Argument(metavar="TYPE", help="MX, TLSA, TXT, A ... or TYPE52.")],
    root_hints: Hints = None,
    trust_anchor: Anchor = None,
    stub: Stub = None,
    no_qmin: NoQmin = False,
    resolver: Recursive = None,
    trust_ad: TrustAd = False,
) -> int:
    """Look one name up and explain the answer: outcome, DNSSEC state, reason, records."""
    from crawler.command import ask, question

    wire, number = question(name, rtype)
    answer = ask(
        wire,
        number,
        replace(
            _options(root_hints, trust_anchor, stub, None, no_qmin=no_qmin, resolver=resolver, trust_ad=trust_ad),
            prove_all=True,
        ),
    )
    _show_answer(name, rtype.upper(), answer, number)
    return 0


def _show_answer(name: str, rtype: str, answer: Answer, number: int) -> None:
    from crawler.command import presented

    typer.echo(f"{name} {rtype}")
    facts: list[tuple[str, Any]] = [
        ("outcome", answer.outcome),
        ("security", f"{answer.security} ({answer.reason})"),
        ("EDE", answer.ede),
        ("server's EDE", answer.server_ede),
        ("TTL", answer.ttl),
        ("wildcard", "expanded" if answer.wildcard else None),
        ("denial", answer.denial),
        ("server", answer.server),
        ("round trip", None if answer.rtt is None else f"{answer.rtt * 1000:.1f} ms"),
        ("packets", answer.tries),
    ]
    for title, value in facts:
        if value is not None:
            typer.echo(f"  {title:<13}{value}")
    for link in answer.alias:
        typer.echo(f"  {'alias':<13}{link.target} ({link.security})")
    for rdata in answer.rdata:
        typer.echo(f"  {rtype:<13}{presented(number, rdata)}")


@app.command()
def check(
    names: Annotated[list[str], typer.Argument(metavar="DOMAIN...", help="Domains; U-labels are taken.")],
    smtp: Smtp = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a JSON object for each domain.")] = False,
    ehlo: Ehlo = "",
    root_hints: Hints = None,
    trust_anchor: Anchor = None,
    stub: Stub = None,
    lab: Lab = None,
    resolver: Recursive = None,
    ca_file: CaFile = None,
    allow_special: AllowSpecial = False,
) -> int:
    """Look at a few domains and explain them: each step, each verdict, what senders get, what to mend first.

    Exit status: 0 protected, 1 findings, 2 usage, 3 not everything could be seen.
    """
    from analysis.cli import show
    from crawler.checking import check as look
    from crawler.command import Command

    options = _options(root_hints, trust_anchor, stub, lab, no_qmin=False, resolver=resolver, trust_ad=False)
    command = Command(
        lists=[], out=Path(), options=replace(options, ca_file=ca_file, allow_special=allow_special), quiet=True,
        probe=Probe.ALL if smtp else Probe.NONE, ehlo=_host_name(ehlo),
    )  # fmt: skip
    return show(look(names, command), as_json=as_json)


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Keep the run here.")] = None,
    names: Annotated[int, typer.Option(min=1, help="Generated names.")] = 2_000,
    quiet: Quiet = False,
) -> int:
    """Crawl a synthetic internet and hold every verdict against its known truth."""
    from crawler.demo import run_demo

    return 0 if run_demo(out, names, quiet=quiet) else UNEQUAL


@app.command()
def version() -> int:
    """Print the version."""
    typer.echo(f"dane-census {__version__}")
    return 0


def _options(
    root_hints: str | None, trust_anchor: str | None, stub: list[str] | None, lab: str | None, *, no_qmin: bool,
    resolver: list[str] | None, trust_ad: bool,
) -> Options:  # fmt: skip
    return Options(
        root_hints=root_hints,
        trust_anchor=trust_anchor,
        stubs=tuple(stub or ()),
        lab=lab,
        minimise=not no_qmin,
        resolvers=tuple(resolver or ()),
        trust_ad=trust_ad,
    )


def main(arguments: list[str] | None = None) -> None:
    """The command; ends the process with its exit status."""
    _mount()
    usage = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    try:
        given = sys.argv[1:] if arguments is None else arguments
        _arguments[:] = given if given[:1] != ["resume"] else []
        status = app(given or ["--help"], prog_name="dane-census", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        _complain("stopped")
        status = INTERRUPTED
    except WorkersFault as fault:  # a bug of ours: told with its key, the other shards went on
        sys.stderr.write(f"{fault}\ndane-census: a fault of ours, not yours; what is written is whole\n")
        status = CRASHED
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        status = 0
    except Exception as error:
        if not isinstance(error, (usage, *USER_FAULTS)):
            raise
        _complain(getattr(error, "format_message", error.__str__)().removeprefix("Invalid value: "))
        status = 2
    sys.exit(status if isinstance(status, int) else 0)


def _complain(text: str) -> None:
    sys.stderr.write(f"dane-census: {' '.join(text.split())}\n")


def _mount() -> None:
    """The commands of ``analysis``, which stands above the crawler and is not imported by it elsewhere."""
    try:
        from analysis import cli
    except ModuleNotFoundError as error:
        if error.name not in {"analysis", "analysis.cli"}:
            raise
        return
    cli.mount(app)
