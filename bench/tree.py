"""The DNS job of a census on a real tree of zones, one zone a domain: ``python -m bench.tree [--domains N]``.

The job of `bench.signed`, asked of a root, a registry below it and one signed zone for each
domain, in which its mail host lives. All zones are master files, made and signed by the lab
(P-256; the root RSA; the registry with NSEC3), and served by Debian's NSD: one process for the
root, one for the registry, one with all other zones for twenty operators of name servers.
Both sides begin cold and know the root's address and key and nothing else: ours, and an
Unbound with its defaults, which dnsperf asks the same questions. So a domain costs its share of
the walk: referral, DS, the zone's DNSKEY.

Name servers want port 53: the bench goes into a network namespace of its own, for which it
needs root or a kernel that lets users have namespaces.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import trio

from bench.plain import nsd_with
from bench.signed import ZDNS, Job, census, show, split, unbound
from crawler.resolver.resolve import Resolver
from crawler.resolver.roots import starting_anchors
from crawler.standards.names import ROOT, from_text
from crawler.standards.wire import Type
from lab.export import export, presented
from lab.names import wire
from lab.signer import Denial, Signing, ds_of
from lab.zones import Zone

_TLD = "bench"
_ROOT_AT, _REGISTRY_AT = "127.53.0.1", "127.53.0.2"
_OPERATORS = 20
_SHARE = 0.61  # distinct mail hosts for each domain, as in the peers' comparison
_TLSA_EVERY = 5
_SEED = b"bench.tree"
_ROOT_SIGNING = Signing(algorithms=(8,), split=True)
_REGISTRY_SIGNING = Signing(denial=Denial.NSEC3)
_SIGNING = Signing()


def job(count: int) -> Job:
    """So many domains; the first 61 % have a mail host of their own, the others use one of those."""
    domains = [f"d{number:07d}.{_TLD}" for number in range(count)]
    return Job(domains, [f"mx.{domain}" for domain in domains[: max(1, int(count * _SHARE))]])


def operator_at(number: int) -> str:
    """Where an operator's name server answers."""
    return f"127.53.1.{number + 1}"


def operated(what: Job, now: int) -> Iterator[Zone]:
    """The operators' own zones, then one for each domain."""
    for number in range(_OPERATORS):
        zone = _zone(f"op{number}.{_TLD}", number, now)
        zone.address(wire(f"ns.op{number}.{_TLD}"), operator_at(number))
        yield zone
    for at, domain in enumerate(what.domains):
        zone = _zone(domain, at % _OPERATORS, now)
        zone.add(domain, Type.MX, b"\0\x0a" + wire(what.hosts[at % len(what.hosts)]))
        if at < len(what.hosts):
            zone.address(wire(what.hosts[at]), f"45.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}")
            if at % _TLSA_EVERY == 0:
                zone.add(f"_25._tcp.{what.hosts[at]}", Type.TLSA, b"\x03\x01\x01" + b"\xd4" * 32)
        yield zone


def _zone(name: str, operator: int, now: int) -> Zone:
    zone = Zone(name, now=now, seed=_SEED, signing=_SIGNING)
    zone.add(name, Type.NS, wire(f"ns.op{operator}.{_TLD}"))
    return zone


def registry(what: Job, now: int) -> Zone:
    """The registry's zone: a delegation with DS for every zone below it."""
    zone = Zone(_TLD, now=now, seed=_SEED, signing=_REGISTRY_SIGNING)
    zone.add(_TLD, Type.NS, wire(f"ns.{_TLD}"))
    zone.address(wire(f"ns.{_TLD}"), _REGISTRY_AT)
    children = {f"op{number}.{_TLD}": number for number in range(_OPERATORS)}
    children |= {domain: at % _OPERATORS for at, domain in enumerate(what.domains)}
    for child, operator in children.items():
        zone.delegate(child, [wire(f"ns.op{operator}.{_TLD}")], ds_of(wire(child), _SIGNING, _SEED))
    for number in range(_OPERATORS):
        zone.address(wire(f"ns.op{number}.{_TLD}"), operator_at(number))
    return zone


def root(now: int) -> Zone:
    """The root, with the one registry below it."""
    zone = Zone(ROOT, now=now, seed=_SEED, signing=_ROOT_SIGNING)
    zone.add(ROOT, Type.NS, wire("ns.root"))
    zone.address(wire("ns.root"), _ROOT_AT)
    zone.delegate(_TLD, [wire(f"ns.{_TLD}")], ds_of(wire(_TLD), _REGISTRY_SIGNING, _SEED))
    zone.address(wire(f"ns.{_TLD}"), _REGISTRY_AT)
    return zone


def run(domains: int) -> None:
    """Inside the namespace: make the tree, serve it, ask it both ways."""
    what, now = job(domains), int(time.time())
    hints: Mapping[bytes, Sequence[str]] = {from_text("ns.root"): [_ROOT_AT]}
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="dane-census-bench-") as name, ExitStack() as serving:
        folder = Path(name)
        served_by = (
            ("root", [root(now)], [_ROOT_AT], "ns.root"),
            ("registry", [registry(what, now)], [_REGISTRY_AT], f"ns.{_TLD}"),
            ("operators", operated(what, now), list(map(operator_at, range(_OPERATORS))), what.hosts[-1]),
        )
        written = sum(export(zones, folder / part) for part, zones, _, _ in served_by)
        for part, _, addresses, sample in served_by:
            zones, listen = (folder / part / "zones.conf").read_text(), [(address, 53) for address in addresses]
            serving.enter_context(nsd_with(folder / part, zones, listen, sample, Type.A, seconds=600))
        print(f"{written:,} zones signed, written and loaded in {time.perf_counter() - began:.0f} s")
        (folder / "hints").write_text(f". 3600000 NS ns.root.\nns.root. 3600000 A {_ROOT_AT}\n")
        anchors = "".join(f". DS {presented(Type.DS, rdata)}\n" for rdata in ds_of(ROOT, _ROOT_SIGNING, _SEED))
        make = partial(Resolver, hints=hints, anchors=starting_anchors(anchors), unproved={Type.TXT})
        ours = trio.run(census, what, make)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        _, clocks = split(what, make)
        validator, sender = unbound(folder, what, anchors, f'  root-hints: "{folder}/hints"')
    asked = sum(1 for _ in what.questions())
    show(ours, clocks, asked, len(what.domains), validator, sender)
    with_zdns = ours.cpu / (validator + ZDNS * asked)
    print(f"ours / Unbound of this run: {ours.cpu / validator:.2f}; with zdns (peers.md) in front: {with_zdns:.2f}")
    print(f"memory, of making the zones, too: {memory:,} MiB")


def main() -> None:
    """Go into a namespace, and run there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=10_000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        run(options.domains)
        return
    if missing := [tool for tool in ("nsd", "dnsperf", "unbound", "unshare", "ip") if shutil.which(tool) is None]:
        sys.exit(f"bench.tree needs {', '.join(missing)} (Debian: apt install nsd dnsperf unbound iproute2)")
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        sys.exit("bench.tree needs a network namespace of its own, for port 53: run it as root")
    inside = f'ip link set lo up && exec "{sys.executable}" -m bench.tree --inside --domains {options.domains}'
    sys.exit(subprocess.run([*unshare, "sh", "-c", inside], check=False).returncode)


if __name__ == "__main__":
    main()
