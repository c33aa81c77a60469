"""Chains held against a store of roots: every flaw, alone and together, and OpenSSL's word beside ours."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.pkix import Flaw, StoreFault, judge, read_store
from lab.pki import Leaf, Pki, good

if TYPE_CHECKING:
    from pathlib import Path

NAME = "mta-sts.a.example"
NOW = int(time.time())
PKI = Pki(NOW)
STORE = read_store(PKI.ca())
THEN = datetime.fromtimestamp(NOW, UTC)

#: Leaf, what a client has against it, and whether `openssl verify` with the name takes it.
CASES: dict[str, tuple[Leaf, set[Flaw], bool]] = {
    "good": (good(NAME), set(), True),
    "wildcard": (Leaf(names=("*.a.example",)), set(), True),
    "upper case": (Leaf(names=("MTA-STS.A.Example",)), set(), True),
    "one of many names": (Leaf(names=("a.example", "www.a.example", NAME)), set(), True),
    "RSA": (Leaf(names=(NAME,), key="rsa"), set(), True),
    "root sent": (Leaf(names=(NAME,), sent=("leaf", "intermediate", "root")), set(), True),
    "no order": (Leaf(names=(NAME,), sent=("leaf", "root", "stranger", "intermediate")), set(), True),
    "another name": (Leaf(names=("a.example",)), {Flaw.NAME_MISMATCH}, False),
    "a star too high": (Leaf(names=("*.example",)), {Flaw.NAME_MISMATCH}, False),
    "a star too deep": (Leaf(names=("*.mta-sts.a.example",)), {Flaw.NAME_MISMATCH}, False),
    "CN alone": (Leaf(names=(NAME,), san=False), {Flaw.NAME_MISMATCH}, True),  # OpenSSL falls back to the CN
    "expired": (Leaf(names=(NAME,), to_day=-1), {Flaw.EXPIRED}, False),
    "early": (Leaf(names=(NAME,), from_day=1), {Flaw.NOT_YET_VALID}, False),
    "self-signed": (Leaf(names=(NAME,), issuer="self", sent=("leaf",)), {Flaw.SELF_SIGNED}, False),
    "unknown root": (
        Leaf(names=(NAME,), issuer="other", sent=("leaf", "intermediate", "root")), {Flaw.UNTRUSTED_ROOT}, False,
    ),
    "unknown issuer": (Leaf(names=(NAME,), issuer="other"), {Flaw.INCOMPLETE}, False),
    "no intermediate": (Leaf(names=(NAME,), sent=("leaf",)), {Flaw.INCOMPLETE}, False),
    "for clients": (Leaf(names=(NAME,), server=False), {Flaw.BAD_PATH}, False),
    "spoiled": (Leaf(names=(NAME,), spoiled=True), {Flaw.BAD_SIGNATURE}, False),
    "expired and another name": (Leaf(names=("b.example",), to_day=-1), {Flaw.EXPIRED, Flaw.NAME_MISMATCH}, False),
    "all at once": (
        Leaf(names=("b.example",), to_day=-1, issuer="self", sent=("leaf",)),
        {Flaw.SELF_SIGNED, Flaw.EXPIRED, Flaw.NAME_MISMATCH}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_flaw_is_told(case: str) -> None:
    leaf, flaws, _ = CASES[case]
    verdict = judge(PKI.chain(leaf), NAME, STORE, THEN)
    assert set(verdict.flaws) == flaws
    assert verdict.valid == (not flaws)
    assert list(verdict.flaws) == [flaw for flaw in Flaw if flaw in flaws], "the heaviest first"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")
@pytest.mark.parametrize("case", CASES)
def test_openssl_says_the_same(case: str, tmp_path: Path) -> None:
    """`openssl verify -verify_hostname`; the one difference is the CN, which RFC 8461 section 3.3 rules out."""
    leaf, flaws, theirs = CASES[case]
    files = []
    for number, der in enumerate(PKI.chain(leaf)):
        files.append(tmp_path / f"{number}.pem")
        made = subprocess.run(["openssl", "x509", "-inform", "der"], input=der, capture_output=True, check=True)
        files[-1].write_bytes(made.stdout)
    (tmp_path / "ca.pem").write_text(PKI.ca())
    (tmp_path / "sent.pem").write_bytes(b"".join(file.read_bytes() for file in files[1:]))
    command = ["openssl", "verify", "-CAfile", "ca.pem", "-no-CApath", "-no-CAstore", "-purpose", "sslserver",
               "-verify_hostname", NAME, "-attime", str(NOW)]  # fmt: skip
    untrusted = ["-untrusted", "sent.pem"] if files[1:] else []
    done = subprocess.run([*command, *untrusted, "0.pem"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode == 0) is theirs, done.stderr.decode()
    assert theirs == (not flaws) or case == "CN alone"


def test_time_is_the_time_of_the_look() -> None:
    chain = PKI.chain(good(NAME))
    assert judge(chain, NAME, STORE, THEN + timedelta(days=61)).flaws == (Flaw.EXPIRED,)
    assert judge(chain, NAME, STORE, THEN - timedelta(days=31)).flaws == (Flaw.NOT_YET_VALID,)


def test_a_root_of_the_store_may_be_a_servers_certificate() -> None:
    alone = Pki(NOW, b"alone")
    chain = alone.chain(Leaf(names=(NAME,), issuer="self", sent=("leaf",)))
    pem = subprocess.run(["openssl", "x509", "-inform", "der"], input=chain[0], capture_output=True, check=True).stdout
    assert judge(chain, NAME, read_store(pem.decode()), THEN).valid


@pytest.mark.parametrize(
    ("chain", "flaws"),
    [
        ((), (Flaw.NO_CERTIFICATE,)),
        ((b"",), (Flaw.UNREADABLE,)),
        ((b"\x30\x03\x02\x01\x01",), (Flaw.UNREADABLE,)),
        ((b"\x30" * 300_000,), (Flaw.UNREADABLE,)),
    ],
)
def test_what_is_no_certificate_is_told_so(chain: tuple[bytes, ...], flaws: tuple[Flaw, ...]) -> None:
    assert judge(chain, NAME, STORE, THEN).flaws == flaws


@given(st.lists(st.binary(max_size=200), max_size=4), st.integers(0, 2**32))
def test_no_chain_raises(more: list[bytes], cut: int) -> None:
    chain = list(PKI.chain(good(NAME)))
    torn = chain[0][: cut % len(chain[0])]
    judge([torn, *more], NAME, STORE, THEN)
    assert judge([chain[0], *more, chain[1]], NAME, STORE, THEN).valid, "rubbish between is no matter"


def test_the_stores_hash_is_that_of_its_certificates_in_any_order() -> None:
    other = Pki(NOW, b"other").ca()
    one = read_store(PKI.ca() + "# a comment\n" + other)
    assert one.sha256 == read_store(other + PKI.ca() + PKI.ca()).sha256
    assert one.sha256 != STORE.sha256
    assert (len(one), len(STORE)) == (2, 1)


@pytest.mark.parametrize(
    "text", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_store_without_certificates_is_refused(text: str) -> None:
    with pytest.raises(StoreFault):
        read_store(text)
