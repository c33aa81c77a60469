"""A real MTA: Debian's Postfix with an RSA and an ECDSA certificate, over real sockets, its records judged."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from analysis.dane import Evidence, judge
from crawler.manners import Manners
from crawler.net import UdpTcpNetwork
from crawler.sockets import connect
from crawler.stages import endpoints
from crawler.standards.pkix import read_store
from crawler.visiting import Visitor
from lab.pki import Leaf, Pki, good
from tests.real.namespace import PATH
from tests.real.servers import command, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trio

    from crawler.exchange import Silence
    from crawler.visited import Endpoint

HOST = "mx.real.org"
PKI = Pki(int(time.time()))
ECDSA, RSA = good(HOST), Leaf(names=(HOST,), key="rsa")
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.real.org
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
smtpd_relay_restrictions = reject
smtpd_tls_security_level = {level}
smtpd_tls_chain_files = {folder}/chain.pem
alias_maps =
maillog_file = {folder}/log
maillog_file_prefixes = /tmp
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
postlog unix-dgram n - n - 1 postlogd
"""


class ToPostfix(UdpTcpNetwork):
    """The real door; whatever address is meant, Postfix is there."""

    def __init__(self, port: int) -> None:
        super().__init__(Manners.unlimited(), sockets=1, allow_special=True, visits=Manners.unlimited())
        self._postfix = port

    async def _opened(self, address: str, port: int, patience: float) -> trio.SocketStream | Silence:
        del address, port
        return await connect(("127.0.0.1", self._postfix), patience)


def _pem(leaf: Leaf) -> bytes:
    pem = serialization.Encoding.PEM
    key = PKI.key(leaf).private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key + b"".join(one.public_bytes(pem) for one in PKI.certificates(leaf))


@contextmanager
def postfix(level: str = "may") -> Iterator[int]:
    if os.geteuid() != 0:
        pytest.skip("not root: Postfix does not start")
    program = command("postfix")
    folder, port = Path(tempfile.mkdtemp(prefix="dane-census-")), free_port()  # pytest's folders are closed to others
    try:
        folder.chmod(0o755)
        for name in ("conf", "spool", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "chain.pem").write_bytes(_pem(ECDSA) + _pem(RSA))
        (folder / "conf/main.cf").write_text(_MAIN.format(folder=folder, level=level))
        (folder / "conf/master.cf").write_text(_MASTER.format(port=port))
        run = [program, "-c", os.fspath(folder / "conf")]
        paths = os.environ | {"PATH": PATH}
        done = subprocess.run([*run, "start"], capture_output=True, check=False, env=paths, timeout=60)
        if done.returncode != 0:
            pytest.skip(f"Postfix does not start here: {done.stderr.decode()[-200:]}")
        try:
            yield port
        finally:
            subprocess.run([*run, "stop"], capture_output=True, check=False, env=paths, timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def talked(port: int, *, promised: bool = True) -> Endpoint:
    async with ToPostfix(port).running() as net:
        target = endpoints.Target(HOST, "192.0.2.25", HOST, promised)
        return await endpoints.observe(target, Visitor(net=net, name="census.example"), 1)


async def test_both_certificates_are_seen_and_their_records_match() -> None:
    with postfix() as port:
        row = await talked(port)
    assert (row.outcome, row.code, row.banner) == ("tls", 220, "mx.real.org ESMTP Postfix")
    assert {"STARTTLS", "PIPELINING", "8BITMIME"} <= set(row.keywords)
    assert (row.other_kind, row.other_outcome) == ("rsa", "tls")
    assert (row.chain, row.other_chain) == (PKI.chain(ECDSA), PKI.chain(RSA))
    records = []
    for leaf in (ECDSA, RSA):
        data = bytes.fromhex(PKI.association(leaf, "3 1 1").split()[3])
        records.append({"usage": 3, "selector": 1, "matching_type": 1, "data": data})
    for known, other in ((records, "authenticated"), (records[:1], "failed")):
        evidence = Evidence(
            endpoint=row.endpoint, host=HOST, address=row.address, outcome=row.outcome, code=row.code, chain=row.chain,
            other_chain=row.other_chain, observed_at=row.observed_at, records=known, base=HOST,
        )  # fmt: skip
        verdict = judge(evidence, read_store(PKI.ca()))
        assert (verdict.dane, verdict.other_dane) == ("authenticated", other)
        assert (verdict.certificate, verdict.scheme) == ((), None)


async def test_postfix_without_tls_offers_no_starttls() -> None:
    with postfix("none") as port:
        row = await talked(port)
    assert (row.outcome, row.code, row.chain, row.other_kind) == ("no-starttls", 250, (), None)
