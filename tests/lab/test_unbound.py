"""Unbound judges the lab: what we sign validates, what we break does not. It shares no code with us at all."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lab import breakage
from lab.names import Type, text, wire
from lab.servers import serving_here
from lab.world import World
from lab.zones import Denial, Node, RRset, Signing, Zone

pytestmark = pytest.mark.servers

RECORDS = """
@ MX 10 mx
mx A 192.0.2.1
_25._tcp.mx TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
*.wild TXT "x"
alias CNAME mx
into CNAME x.wild
sub.deep.ent A 192.0.2.2
tree DNAME other
mx.other A 192.0.2.3
"""
KINDS = {  # Debian's Unbound 1.17 takes Ed448 for unsupported, so that is dnspython's to judge (test_signer.py)
    "nsec": Signing(),
    "nsec3": Signing(denial=Denial.NSEC3, salt=b"\xab\xcd", iterations=5),
    "optout": Signing(denial=Denial.NSEC3, opt_out=True),
    "whitensec": Signing(online=True),
    "whitensec3": Signing(denial=Denial.NSEC3, online=True),
    "whiteoptout": Signing(denial=Denial.NSEC3, online=True, opt_out=True),
    "compact": Signing(denial=Denial.COMPACT),
    "split": Signing(split=True),
    "rsa5": Signing(algorithms=(5,), rsa_bits=1024),
    "rsa7": Signing(algorithms=(7,), denial=Denial.NSEC3, rsa_bits=1024),
    "rsa8": Signing(algorithms=(8,), split=True, zsk_bits=1024),
    "rsa10": Signing(algorithms=(10,), rsa_bits=1280),
    "p384": Signing(algorithms=(14,)),
    "ed25519": Signing(algorithms=(15,)),
    "both": Signing(algorithms=(8, 13), split=True, digests=(2, 4)),
}
NAMES = [
    ("{}", "MX"), ("{}", "TXT"), ("mx.{}", "A"), ("mx.{}", "AAAA"), ("_25._tcp.mx.{}", "TLSA"), ("_tcp.mx.{}", "TLSA"),
    ("a.wild.{}", "TXT"), ("a.wild.{}", "A"), ("a.b.wild.{}", "TXT"), ("alias.{}", "A"), ("into.{}", "TXT"),
    ("nope.{}", "A"), ("a.b.c.nope.{}", "A"), ("ent.{}", "A"), ("!.{}", "A"), ("zzz.{}", "MX"), ("mx.tree.{}", "A"),
]  # fmt: skip


def build() -> World:
    world = World(now=int(time.time()))
    world.zone(".", servers={"a.root-servers.net.": "192.0.2.250"}, signing=Signing())
    world.zone("test", servers={"ns.test.": "192.0.2.251"}, signing=Signing(denial=Denial.NSEC3, opt_out=True))
    for kind, signing in KINDS.items():
        child = f"{kind}.test"
        world.zone(child, RECORDS, servers={"ns": "192.0.2.252"}, signing=signing)
        world.zone(f"unsigned.{child}", "@ MX 10 mx\nmx A 192.0.2.9", servers={"ns": "192.0.2.253"})
    world.everything("192.0.2.255")
    return world


def ask(world: World, tmp_path: Path, questions: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What unbound-host says of each: secure, insecure, BOGUS ..."""
    if shutil.which("unbound-host") is None:
        pytest.skip("unbound-host is not installed")
    with serving_here(world, plain="192.0.2.255") as serving:
        config = tmp_path / "unbound.conf"
        world.link()
        config.write_text(
            f"""server:
            do-not-query-localhost: no
            module-config: "validator iterator"
            root-hints: ""
            trust-anchor: "{world.anchors().strip()}"
            local-zone: "test." nodefault
            harden-below-nxdomain: no
            """
            + "".join(
                f'stub-zone:\n  name: "{text(apex)}"\n  stub-addr: 127.0.0.1@{serving.port}\n' for apex in world.zones
            )
        )
        found = {}
        for name, rtype in questions:
            out = subprocess.run(
                ["unbound-host", "-C", config, "-v", "-t", rtype, name],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert not out.stderr, out.stderr
            found[name, rtype] = ",".join(sorted(set(re.findall(r"\((secure|insecure|BOGUS)", out.stdout))))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_everything_we_sign_is_secure_to_unbound(kind: str, tmp_path: Path) -> None:
    questions = [(name.format(f"{kind}.test"), rtype) for name, rtype in NAMES]
    found = ask(build(), tmp_path, questions)
    opted_out = {"optout", "whiteoptout"}  # RFC 5155 section 6: what an opt-out span covers is not proved to be absent
    wrong = {q: said for q, said in found.items() if said != "secure"}
    if kind in opted_out:
        wrong = {q: said for q, said in wrong.items() if said != "insecure"}
    assert not wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_delegation_without_ds_is_insecure_to_unbound(kind: str, tmp_path: Path) -> None:
    [said] = ask(build(), tmp_path, [(f"unsigned.{kind}.test", "MX")]).values()
    assert said == "insecure"


BROKEN = {
    "expired": breakage.expired(),
    "future": breakage.not_yet_valid(),
    "inverted": breakage.inverted(),
    "nosigs": breakage.no_signatures("MX"),
    "corrupt": breakage.corrupt_signatures("MX"),
    "tag": breakage.signature_tag(1, "MX"),
    "sigalgorithm": breakage.signature_algorithm(8, "MX"),
    "labels": breakage.signature_labels(1, "MX"),
    "signer": breakage.signer("test", "MX"),
    "altered": breakage.altered_content("MX"),
    "nokey": breakage.no_dnskey(),
    "noksk": breakage.no_ksk(),
    "nozsk": breakage.no_zsk(),
    "badksk": breakage.bad_key(entry=True),
    "badzsk": breakage.bad_key(entry=False),
    "dsdigest": breakage.ds_wrong_digest(),
    "dstag": breakage.ds_wrong_tag(),
    "dsalgorithm": breakage.ds_algorithm(8),
}
BROKEN_DENIALS = {
    "none": breakage.no_denial(),
    "wrong": breakage.wrong_denial(),
    "partial": breakage.partial_denial(),
    "next": breakage.nsec3_wrong_next(),
    "owner": breakage.nsec3_wrong_owner(),
    "salt": breakage.nsec3_wrong_salt(),
    "algorithm": breakage.nsec3_algorithm(2),
    "unsigned": breakage.no_signatures("NSEC3"),
}


def broken(kinds: dict[str, breakage.Breakage], signing: Signing) -> World:
    world = World(now=int(time.time()))
    world.zone(".", servers={"a.root-servers.net.": "192.0.2.250"}, signing=Signing())
    world.zone("test", servers={"ns.test.": "192.0.2.251"}, signing=Signing())
    for kind, fault in kinds.items():
        world.zone(f"{kind}.test", RECORDS, servers={"ns": "192.0.2.252"}, signing=signing, broken=[fault])
    world.everything("192.0.2.255")
    return world


def test_each_breakage_of_answers_is_bogus_to_unbound(tmp_path: Path) -> None:
    world = broken(BROKEN, Signing(split=True))
    found = ask(world, tmp_path, [(f"{kind}.test", "MX") for kind in BROKEN])
    assert {q[0]: said for q, said in found.items() if said != "BOGUS"} == {}
    assert world.idle() == []


def test_each_breakage_of_denials_is_bogus_to_unbound(tmp_path: Path) -> None:
    world = broken(BROKEN_DENIALS, Signing(denial=Denial.NSEC3))
    found = ask(world, tmp_path, [(f"nope.{kind}.test", "MX") for kind in BROKEN_DENIALS])
    assert {q[0]: said for q, said in found.items() if said != "BOGUS"} == {}
    assert world.idle() == []


@pytest.mark.parametrize("denial", Denial)
@pytest.mark.parametrize("opt_out", [False, True])
def test_a_zone_made_on_line_proves_all_it_says_to_unbound(denial: Denial, opt_out: bool, tmp_path: Path) -> None:
    signing = Signing(denial=denial, opt_out=opt_out)
    world = World(now=int(time.time()))
    child = Zone("signed.test", now=world.now, signing=signing)
    nodes = {
        wire("plain.test"): Node({Type.NS: RRset(60, (wire("ns.plain.test"),))}),
        wire("signed.test"): Node({Type.NS: RRset(60, (wire("ns.signed.test"),)), Type.DS: RRset(60, child.ds())}),
        wire("a.ent.test"): Node({Type.TXT: RRset(60, (b"\x01x",))}),
        wire("ent.test"): Node({}),
    }
    child.text("@ NS ns\nns A 192.0.2.254")
    world.zone(".", servers={"a.root-servers.net.": "192.0.2.250"}, signing=Signing())
    world.zone("test", servers={"ns.test.": "192.0.2.251"}, signing=signing, lookup=nodes.get)
    world.zones[child.apex] = child
    world.zone("plain.test", "@ TXT x", servers={"ns": "192.0.2.253"})
    world.everything("192.0.2.255")
    expected = {
        ("a.ent.test", "TXT"): "secure", ("a.ent.test", "A"): "secure", ("ent.test", "A"): "secure",
        ("signed.test", "NS"): "secure", ("plain.test", "TXT"): "insecure",
        ("nope.test", "A"): "insecure" if opt_out and denial is Denial.NSEC3 else "secure",
    }  # fmt: skip
    assert ask(world, tmp_path, list(expected)) == expected
