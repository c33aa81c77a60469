"""Debian's DNS servers, unprivileged and on loopback: NSD and Knot hold the zones, Unbound is the second opinion.

Each is a process of ours on a free port, with all its files in one temporary folder,
and is ended with the tests.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest

from tests.real.content import (
    BY_KNOT,
    BY_LDNS,
    CHILD,
    CHILDREN,
    KNOT_ADDRESS,
    NSD_ADDRESS,
    PLAIN,
    TOP,
    ZONES,
    Keys,
    body,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HOST = "127.0.0.1"
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_DAY = 86_400
_START = 20.0  # seconds a server may take before it counts as broken


def command(name: str) -> str:
    """The path of a server or tool; without it, its tests skip."""
    path = shutil.which(name, path=_PATH)
    if path is None:
        pytest.skip(f"{name} is not installed; `make servers` as root on Debian installs it")
    return path


def free_port() -> int:
    """A port that nobody has, neither over UDP nor over TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((HOST, 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind((HOST, port))
            except OSError:
                continue
            return port


def ask(port: int, name: str, rtype: str, *, cd: bool = False) -> dns.message.Message:
    """One question, over TCP (nothing is cut short there)."""
    query = dns.message.make_query(name, rtype, want_dnssec=True, flags=dns.flags.RD | (dns.flags.CD if cd else 0))
    return dns.query.tcp(query, HOST, port=port, timeout=10)


@contextmanager
def running(arguments: list[str], folder: Path, port: int, probe: str) -> Iterator[None]:
    """A server, from when it answers a question for `probe` with signatures or at all, to its end."""
    with (folder / "log").open("w") as log, subprocess.Popen(arguments, stdout=log, stderr=log, cwd=folder) as process:
        try:
            _wait(process, folder, port, probe)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], folder: Path, port: int, probe: str) -> None:
    give_up = time.monotonic() + _START
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if ask(port, probe, "SOA").answer:
                return
        except (OSError, EOFError, dns.exception.DNSException):
            pass
        time.sleep(0.05)  # another process starts: there is no clock to jump
    raise RuntimeError(f"{process.args!r} did not start: {(folder / 'log').read_text()[-2000:]}")


def _children(*zones: str) -> list[str]:
    return [f"{child}.{zone}.{TOP}" for zone in zones for child in CHILDREN]


def held_by_knot() -> list[str]:
    """The apexes of the zones that Knot serves; children are always served by the other one."""
    return [f"{zone}.{TOP}" for zone in BY_KNOT] + _children(*BY_LDNS, PLAIN)


def held_by_nsd() -> list[str]:
    """The apexes of the zones that NSD serves."""
    return [TOP, *(f"{zone}.{TOP}" for zone in (*BY_LDNS, PLAIN)), *_children(*BY_KNOT)]


# Knot


_KNOT = """\
server:
    rundir: "{folder}"
    listen: {host}@{port}
database:
    storage: "{folder}/db"
log:
  - target: stderr
    any: notice
policy:
{policies}
zone:
{zones}
"""


@contextmanager
def knot(folder: Path) -> Iterator[int]:
    """Knot with its zones, which it signs; gives its port."""
    knotd, port = command("knotd"), free_port()
    policies, zones = [], []
    (folder / "db").mkdir()
    for zone, keys in BY_KNOT.items():
        nsec3 = f"    nsec3: {_on(keys.nsec3)}\n    nsec3-iterations: {keys.iterations}\n    nsec3-salt-length: 0"
        out = f"    nsec3-opt-out: {_on(keys.opt_out)}"
        policies.append(f"  - id: {zone}\n    algorithm: {keys.algorithm.lower()}\n{nsec3}\n{out}")
        (folder / f"{zone}.zone").write_text(body(KNOT_ADDRESS))
        signing = f"    dnssec-signing: on\n    dnssec-policy: {zone}\n    zonefile-sync: -1\n    journal-content: none"
        zones.append(f'  - domain: {zone}.{TOP}\n    file: "{folder}/{zone}.zone"\n{signing}')
    (folder / "child.zone").write_text(CHILD.format(here=KNOT_ADDRESS))
    zones += [f'  - domain: {child}\n    file: "{folder}/child.zone"' for child in _children(*BY_LDNS, PLAIN)]
    text = _KNOT.format(folder=folder, host=HOST, port=port, policies="\n".join(policies), zones="\n".join(zones))
    (folder / "knot.conf").write_text(text)
    with running([knotd, "-c", str(folder / "knot.conf")], folder, port, f"{next(iter(BY_KNOT))}.{TOP}"):
        yield port


def _on(state: bool) -> str:
    return "on" if state else "off"


def ds_of(port: int, apex: str) -> list[str]:
    """The DS records for what a server publishes as its key-signing keys; waits until it has signed."""
    give_up = time.monotonic() + _START
    while time.monotonic() < give_up:
        reply = ask(port, apex, "DNSKEY")
        for rrset in reply.answer:
            if rrset.rdtype == dns.rdatatype.DNSKEY:
                keys = [key for key in rrset if key.flags & 1]
                return [dns.dnssec.make_ds(rrset.name, key, "SHA256").to_text() for key in keys]
        time.sleep(0.05)
    raise RuntimeError(f"{apex} has no keys")


# ldns and NSD


def sign(folder: Path, apex: str, records: str, keys: Keys) -> list[str]:
    """Sign a zone into `folder`/`apex`.zone by ldns; gives its DS records."""
    bits = ["-b", "2048"] if keys.algorithm.startswith("RSA") else []
    generated = [_ldns(folder, "ldns-keygen", *kind, "-a", keys.algorithm, *bits, f"{apex}.") for kind in (("-k",), ())]
    unsigned = folder / f"{apex}.unsigned"
    unsigned.write_text(f"$ORIGIN {apex}.\n{records}")
    now = int(time.time())
    options = ["-i", str(now + keys.days[0] * _DAY), "-e", str(now + keys.days[1] * _DAY)]
    if keys.nsec3:
        options += ["-n", "-t", str(keys.iterations), *(["-s", keys.salt] if keys.salt else [])]
        options += ["-p"] if keys.opt_out else []
    _ldns(folder, "ldns-signzone", *options, "-o", apex, "-f", f"{apex}.zone", unsigned.name, *generated)
    return [(folder / f"{generated[0]}.ds").read_text().split("DS", 1)[1].strip()]


def _ldns(folder: Path, tool: str, *arguments: str) -> str:
    done = subprocess.run([command(tool), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{tool} {arguments}: {done.stderr}")
    return done.stdout.strip()


_LOST = (("_mta-sts", "TXT"), ("null", "MX"), ("alias", "CNAME"))


def tamper(path: Path) -> None:
    """Break a signed zone here and there: a changed address, a lost signature, a lost denial."""
    kept = []
    for line in path.read_text().splitlines():
        owner, _, _, rtype, *rdata = [*line.split(), "", "", "", ""]
        label = owner.split(".")[0]
        if (label, rtype) == ("leaf", "A"):
            line = line.replace("192.0.2.9", "192.0.2.99")
        lost_signature = rtype == "RRSIG" and (label, rdata[0]) in _LOST
        lost_denial = rtype == "NSEC" and label == "null"
        if not lost_signature and not lost_denial:
            kept.append(line)
    path.write_text("\n".join(kept) + "\n")


_NSD = """\
server:
    ip-address: {host}@{port}
    username: ""
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    xfrdir: "{folder}"
    cookie-secret-file: "{folder}/cookies"
    rrl-ratelimit: 0
    server-count: 1
remote-control:
    control-enable: no
"""


@contextmanager
def nsd(folder: Path, knot_port: int) -> Iterator[int]:
    """NSD with `test.` and all that Knot does not hold; gives its port."""
    server, port = command("nsd"), free_port()
    delegations = [f"{zone} DS {ds}" for zone in BY_KNOT for ds in ds_of(knot_port, f"{zone}.{TOP}")]
    for zone, keys in BY_LDNS.items():
        made = sign(folder, f"{zone}.{TOP}", body(NSD_ADDRESS), keys)
        delegations += [f"{zone} DS {ds}" for ds in _published(zone, made)]
    for zone in ("tampered", "tampered3"):
        tamper(folder / f"{zone}.{TOP}.zone")
    (folder / f"{PLAIN}.{TOP}.zone").write_text(body(NSD_ADDRESS))
    for zone in ZONES:
        delegations.append(f"{zone} NS ns.{zone}\nns.{zone} A {KNOT_ADDRESS if zone in BY_KNOT else NSD_ADDRESS}")
    head = "\n".join(body(NSD_ADDRESS).splitlines()[:4])
    ds = sign(folder, TOP, "\n".join([head, *delegations, ""]), Keys("ECDSAP256SHA256"))
    (folder / "anchor").write_text(f"{TOP}. 3600 IN DS {ds[0]}\n")
    text = _NSD.format(host=HOST, port=port, folder=folder)
    for apex in held_by_nsd():
        path = folder / f"{apex}.zone"
        if not path.exists():
            path.write_text(CHILD.format(here=NSD_ADDRESS))
        text += f'zone:\n    name: "{apex}"\n    zonefile: "{path}"\n'
    (folder / "nsd.conf").write_text(text)
    with running([server, "-d", "-c", str(folder / "nsd.conf")], folder, port, TOP):
        yield port


def _published(zone: str, ds: list[str]) -> list[str]:
    """The DS records that `test.` publishes for a zone, wrong where that is the point."""
    tag, algorithm, kind, digest = ds[0].split(maxsplit=3)
    return {
        "island": [],
        "strange": [f"{tag} {algorithm} {kind} {'0' * 64}"],
        "exotic": [f"{tag} 250 {kind} {digest}"],
    }.get(zone, ds)


# Unbound


_UNBOUND = """\
server:
    interface: {host}@{port}
    outgoing-interface: {host}
    do-ip6: no
    do-not-query-localhost: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    num-threads: 1
    module-config: "validator iterator"
    trust-anchor-file: "{anchor}"
    local-zone: "{top}." nodefault
    qname-minimisation: no
    aggressive-nsec: no
    cache-max-negative-ttl: 1
    ratelimit: 0
remote-control:
    control-enable: no
stub-zone:
    name: "."
    stub-addr: {host}@{dead}
"""


@contextmanager
def unbound(folder: Path, anchor: Path, ports: dict[str, int]) -> Iterator[int]:
    """Unbound, validating from `test.`, with a stub for each zone; nothing of it leaves loopback. Gives its port."""
    server, port = command("unbound"), free_port()
    text = _UNBOUND.format(host=HOST, port=port, folder=folder, anchor=anchor, top=TOP, dead=free_port())
    for zone, where in ports.items():
        text += f'stub-zone:\n    name: "{zone}."\n    stub-addr: {HOST}@{where}\n'
    (folder / "unbound.conf").write_text(text)
    with running([server, "-d", "-p", "-c", str(folder / "unbound.conf")], folder, port, TOP):
        yield port


@contextmanager
def recursor(folder: Path, anchors: str, apexes: Iterable[str], lab: int) -> Iterator[int]:
    """Unbound over a lab world behind one port, told of each of its zones. Gives its port."""
    server, port = command("unbound"), free_port()
    (folder / "anchors").write_text(anchors)
    text = _UNBOUND.partition("stub-zone:")[0]
    text = text.format(host=HOST, port=port, folder=folder, anchor=folder / "anchors", top="test")
    text += "server:\n    ede: yes\n    outgoing-range: 512\n    num-queries-per-thread: 512\n"
    for apex in apexes:
        text += f'stub-zone:\n    name: "{apex}"\n    stub-addr: {HOST}@{lab}\n'
    (folder / "unbound.conf").write_text(text)
    with running([server, "-d", "-p", "-c", str(folder / "unbound.conf")], folder, port, "."):
        yield port
