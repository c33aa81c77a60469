"""What we write as master files, other people's tools find whole: the chain of denials, every signature, the syntax."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.export import explicit, export, file_name
from lab.names import Type, wire
from lab.zones import Denial, Node, RRset, Signing, Zone

NOW = 1_790_000_000

RECORDS = """
@ NS ns.example.
@ MX 10 mx
mx A 192.0.2.1
_25._tcp.mx TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
*.wild TXT "x"
a.b.c.ent A 192.0.2.2
insecure NS ns.insecure
ns.insecure A 192.0.2.3
secure NS ns.example.
secure DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
deep.insecure2 NS ns.example.
broken TYPE52 \\# 2 0301
odd\\032one TXT "a \\"quoted\\" text"
tree DNAME other.example.
"""
SIGNINGS = {
    "nsec": Signing(),
    "nsec3": Signing(denial=Denial.NSEC3, iterations=3, salt=b"\xab"),
    "optout": Signing(denial=Denial.NSEC3, opt_out=True),
    "rsa": Signing(algorithms=(8,), split=True, rsa_bits=1024),
    "ed448": Signing(algorithms=(16,)),
}


def build(signing: Signing | None) -> Zone:
    zone = Zone("zone.example", now=NOW, signing=signing)
    zone.text(RECORDS)
    return zone


def written(zone: Zone, folder: Path) -> Path:
    assert export([zone], folder) == 1
    return folder / file_name(zone.apex)


@pytest.mark.servers
@pytest.mark.parametrize("signing", SIGNINGS.values(), ids=SIGNINGS)
def test_ldns_finds_every_signature_and_the_chain_whole(signing: Signing, tmp_path: Path) -> None:
    if shutil.which("ldns-verify-zone") is None:
        pytest.skip("ldns-verify-zone (ldnsutils) is not installed")
    zone = build(signing)
    zone.drop("broken.zone.example")  # ldns refuses TLSA rdata that makes no sense
    path = written(zone, tmp_path)
    out = subprocess.run(
        ["ldns-verify-zone", "-V", "2", "-t", "20260921141320", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert out.returncode == 0, out.stdout + out.stderr


@pytest.mark.servers
@pytest.mark.parametrize("signing", [None, *SIGNINGS.values()], ids=["unsigned", *SIGNINGS])
def test_nsd_takes_the_zone(signing: Signing | None, tmp_path: Path) -> None:
    if shutil.which("nsd-checkzone") is None:
        pytest.skip("nsd-checkzone (nsd) is not installed")
    zone = build(signing)
    zone.drop("broken.zone.example")
    path = written(zone, tmp_path)
    out = subprocess.run(
        ["nsd-checkzone", "zone.example", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert out.returncode == 0, out.stdout + out.stderr


def test_a_zone_on_line_is_written_with_the_names_it_is_given(tmp_path: Path) -> None:
    known = {wire("a.zone.example"): Node({Type.TXT: RRset(60, (b"\x01x",))})}
    online = Zone("zone.example", now=NOW, signing=Signing(denial=Denial.COMPACT), lookup=known.get)
    online.add("zone.example", Type.NS, wire("ns.example"))
    text = written(explicit(online, [wire("a.zone.example"), wire("b.zone.example")]), tmp_path).read_text()
    assert 'a.zone.example.\t60\tIN\tTXT\t"x"\n' in text
    assert "b.zone.example" not in text
    assert "zone.example.\t300\tIN\tNSEC\ta.zone.example. NS SOA RRSIG NSEC DNSKEY\n" in text
    assert text.count("\tSOA\t") == 1


def test_rdata_that_makes_no_sense_is_written_as_octets(tmp_path: Path) -> None:
    assert "broken.zone.example.\t3600\tIN\tTLSA\t\\# 2 0301\n" in written(build(None), tmp_path).read_text()


def test_no_name_of_a_zone_leaves_the_folder() -> None:
    assert file_name(b"\x04../x\x02nl\0") == "%5c.%5c.%2fx.nl.zone"
    assert file_name(b"\0") == "root.zone"
