"""Policies served by Debian's nginx: the good path over real sockets, and a name that it does not have."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trio
from cryptography.hazmat.primitives import serialization

from analysis.judge import registrable
from analysis.policy import Evidence, judge
from crawler.manners import Manners
from crawler.net import UdpTcpNetwork
from crawler.sockets import connect
from crawler.stages import domains, policies
from crawler.standards.pkix import read_store
from crawler.visiting import Visitor
from lab.pki import Leaf, Pki, good
from lab.scenarios import build
from lab.scenarios.scenario import MAIL, Classes, Scenario, Site
from tests.lab.census import resolver_in
from tests.real.servers import command, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.exchange import Silence
    from crawler.visited import Policy

NOW = int(time.time())
PKI = Pki(NOW)
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.nginx.org\r\nmax_age: 604800\r\n"
CONF = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off; ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} ssl default_server; server_name _; ssl_reject_handshake on; }}
  server {{
    listen 127.0.0.1:{port} ssl; server_name mta-sts.nginx.org;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
    location = /.well-known/mta-sts.txt {{ default_type text/plain; root {folder}; }}
    location / {{ return 301 https://elsewhere.example/; }}
  }}
}}
"""


class ToNginx(UdpTcpNetwork):
    """The real door; whatever address is meant, nginx is there."""

    def __init__(self, port: int) -> None:
        super().__init__(Manners.unlimited(), sockets=1, allow_special=True, visits=Manners.unlimited())
        self._nginx = port

    async def _opened(self, address: str, port: int, patience: float) -> trio.SocketStream | Silence:
        del address, port
        return await connect(("127.0.0.1", self._nginx), patience)


@contextmanager
def nginx(folder: Path, leaf: Leaf) -> Iterator[int]:
    port = free_port()
    (folder / ".well-known").mkdir()
    (folder / ".well-known" / "mta-sts.txt").write_bytes(POLICY)
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(b"".join(one.public_bytes(pem) for one in PKI.certificates(leaf)))
    key = PKI.key(leaf).private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key)
    (folder / "nginx.conf").write_text(CONF.format(folder=folder, port=port))
    for path in (folder, folder / ".well-known"):
        path.chmod(0o755)
    program = [command("nginx"), "-p", os.fspath(folder), "-c", os.fspath(folder / "nginx.conf")]
    with (folder / "log").open("w") as log, subprocess.Popen(program, stdout=log, stderr=log) as process:
        try:
            for _ in range(200):
                if process.poll() is not None:
                    pytest.fail((folder / "log").read_text())
                if _listens(port):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


async def fetched(port: int, domain: str = "nginx.org") -> Policy:
    site = Site(apex=domain, records=MAIL + '\n_mta-sts TXT "v=STSv1; id=1"\nmta-sts A 45.98.0.1\n')
    world = build([Scenario(claim="", domain=domain, sites=(site,), classes=Classes("", "", ""), row={})], NOW)
    resolver = resolver_in(world)
    async with ToNginx(port).running() as net:
        row = await domains.observe(domain, resolver, 1)
        assert row.mta_sts_txt == ("v=STSv1; id=1",)
        return await policies.observe(domain, resolver, Visitor(net=net), 1)


async def test_the_good_path(tmp_path: Path) -> None:
    with nginx(tmp_path, good("mta-sts.nginx.org")) as port:
        row = await fetched(port)
    assert (row.outcome, row.status, row.media_type, row.body) == ("fetched", 200, "text/plain", POLICY)
    assert row.tls_version == "TLSv1.3"
    assert row.chain == PKI.chain(good("mta-sts.nginx.org"))
    evidence = Evidence(
        domain="nginx.org", txt_outcome="answer", txt_security="secure", txt=("v=STSv1; id=1",), mail="mx",
        mx_security="secure", mx_hosts=[{"host": "mx.nginx.org", "target": "host"}],
        policy={name: getattr(row, name) for name in ("host", "outcome", "detail", "tls_version", "chain", "status",
                                                      "media_type", "body", "observed_at")},
    )  # fmt: skip
    verdict = judge(evidence, read_store(PKI.ca()), registrable)
    assert (verdict.state, verdict.mode, verdict.coverage) == ("usable", "enforce", "all")


async def test_a_name_that_nginx_does_not_have_is_an_alert(tmp_path: Path) -> None:
    with nginx(tmp_path, good("mta-sts.nginx.org")) as port:
        row = await fetched(port, "other.org")
    assert (row.outcome, row.detail) == ("tls-alert", "unrecognized_name")


async def test_an_rsa_certificate_without_its_intermediate(tmp_path: Path) -> None:
    leaf = Leaf(names=("mta-sts.nginx.org",), key="rsa", sent=("leaf",))
    with nginx(tmp_path, leaf) as port:
        row = await fetched(port)
    assert row.outcome == "fetched"
    assert row.chain == PKI.chain(leaf)
