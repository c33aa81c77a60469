"""Zones by transfer: from a real NSD with and without a TSIG key, and from servers that send what they should not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from crawler.stages import names, transfer
from crawler.stages.source import ListFault
from crawler.tables import Rejection
from tests.real.servers import HOST, command, free_port, running

SECRET = "c2VjcmV0IG9mIGEgdGVzdCwgbm90IG9mIGFueWJvZHk="
KEY = f'key "census." {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'
ZONE = """\
$ORIGIN tr.
$TTL 3600
@ SOA ns hostmaster 7 3600 900 604800 300
@ NS ns
ns A 192.0.2.1
one NS ns.one
ns.one A 192.0.2.2
two NS ns.elsewhere.example.
two NS ns.one
two DS 4242 13 2 8F5EE71A3AE5E23DD3970812B1895CB029FCAA310BC6052DBA626A429860795D
two TXT "a text; with \\" signs"
"""
CONFIG = """\
server:
  ip-address: {host}@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
remote-control:
  control-enable: no
key:
  name: "census."
  algorithm: hmac-sha256
  secret: "{secret}"
zone:
  name: "tr."
  zonefile: "zone"
  provide-xfr: 127.0.0.1 {key}
"""


@pytest.fixture(scope="module", params=["NOKEY", "census."])
def nsd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, bool]]:
    """Where the zone is to be had, and whether a key is wanted; many names, so that it takes many messages."""
    folder, port = tmp_path_factory.mktemp("nsd"), free_port()
    many = "".join(f"n{n} NS ns.one\n" for n in range(5_000))
    (folder / "zone").write_text(ZONE + many)
    (folder / "nsd.conf").write_text(
        CONFIG.format(host=HOST, port=port, folder=folder, secret=SECRET, key=request.param)
    )
    with running([command("nsd"), "-d", "-c", str(folder / "nsd.conf")], folder, port, "tr."):
        yield f"axfr://{HOST}:{port}/tr", request.param != "NOKEY"


def test_a_zone_comes_over_with_its_delegations(nsd: tuple[str, bool], tmp_path: Path) -> None:
    where, keyed = nsd
    (tmp_path / "key").write_text(KEY)
    found = names.read([where], tsig=str(tmp_path / "key") if keyed else None)
    assert list(found.domains())[-2:] == ["two.tr", "one.tr"] or {"one.tr", "two.tr", "n4999.tr"} <= set(
        found.domains()
    )
    assert len(found) == 5_002
    (two,) = (row for row in found.rows() if row.domain == "two.tr")
    assert set(two.ns) == {"ns.elsewhere.example", "ns.one.tr"}
    assert [tuple(ds) for ds in two.ds] == [(4242, 13, 2)]
    assert [(reject.text, reject.why) for reject in found.rejects()] == [("tr.", Rejection.NO_DELEGATION)]
    assert found.account.lines == found.account.records + found.account.entries


def test_without_its_key_a_zone_is_refused(nsd: tuple[str, bool], tmp_path: Path) -> None:
    where, keyed = nsd
    if not keyed:
        pytest.skip("this server gives the zone to all")
    with pytest.raises(ListFault, match="no transfer: "):
        names.read([where])
    (tmp_path / "key").write_text(KEY.replace("c2Vj", "AAAA"))
    with pytest.raises(ListFault, match=r"TSIG|no transfer"):
        names.read([where], tsig=str(tmp_path / "key"))


@contextmanager
def sending(*messages: bytes, silent: bool = False) -> Iterator[str]:
    """A server that answers a question with these octets, ids set right, and ends."""
    with socket.create_server((HOST, 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as peer:
                size = int.from_bytes(peer.recv(2), "big")
                asked = peer.recv(size)
                for message in messages:
                    wire = asked[:2] + message[2:]
                    peer.sendall(len(wire).to_bytes(2, "big") + wire)
                if silent:
                    peer.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"axfr://{HOST}:{listening.getsockname()[1]}/tr"
        thread.join()


def message(*records: str, rcode: int = 0) -> bytes:
    query = dns.message.make_query("tr.", dns.rdatatype.AXFR, id=1)
    reply = dns.message.make_response(query)
    reply.set_rcode(dns.rcode.Rcode(rcode))
    for record in records:
        owner, ttl, _, rtype, *rdata = record.split()
        reply.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", rtype, " ".join(rdata)))
    return reply.to_wire()


SOA = "tr. 60 IN SOA ns.tr. h.tr. 1 2 3 4 5"
#: A reply whose only answer is an SOA of two root names and nothing else.
SHORT = bytes.fromhex("000084000001000100000000") + b"\2tr\0\0\xfc\0\1" + b"\xc0\x0c\0\6\0\1\0\0\0\x3c\0\2" + b"\0\0"
BAD: dict[str, tuple[tuple[bytes, ...], str]] = {
    "the end is missing": ((message(SOA, "a.tr. 60 IN NS ns.b.tr."),), "cut short"),
    "no SOA in front": ((message("a.tr. 60 IN NS ns.b.tr.", SOA),), "does not begin with the zone's SOA"),
    "another zone's SOA": ((message(SOA.replace("tr. 60", "xx. 60", 1)),), "does not begin with the zone's SOA"),
    "refused": ((message(rcode=5),), "no transfer: REFUSED"),
    "not there": ((message(rcode=9),), "no transfer: NOTAUTH"),
    "empty": ((message(),), "the reply is empty"),
    "no message": ((b"\0\1abc",), "no DNS message"),
    "an SOA too short to be one": ((SHORT,), "rdata-malformed"),
    "a question instead": ((dns.message.make_query("tr.", "SOA", id=1).to_wire(),), "no reply to our question"),
    "nothing": ((), "cut short"),
}


@pytest.mark.parametrize(("messages", "words"), BAD.values(), ids=BAD)
def test_what_is_no_transfer_is_one_line(messages: tuple[bytes, ...], words: str) -> None:
    with sending(*messages) as where, pytest.raises(ListFault) as told:
        names.read([where])
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_an_unsigned_reply_is_not_taken_where_a_key_was_given(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"census:{SECRET}")
    with sending(message(SOA, "a.tr. 60 IN NS ns.b.tr.", SOA)) as where, pytest.raises(ListFault, match="TSIG"):
        names.read([where], tsig=str(tmp_path / "key"))


def test_a_server_that_is_silent_or_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PATIENCE", 0.05)
    with sending(silent=True) as where, pytest.raises(ListFault, match=r"no reply in time|timed out"):
        names.read([where])
    with pytest.raises(ListFault, match="refused"):
        names.read([f"axfr://{HOST}:{free_port()}/tr"])


@pytest.mark.parametrize(
    "text", ["axfr://", "axfr://host", "axfr://host/", "axfr://host:99999/nl", "axfr://ho st/-x", "axfr://a:b:c/nl"]
)
def test_a_place_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ListFault):
        transfer.place(text)


@pytest.mark.parametrize(
    ("text", "host", "port", "zone"),
    [
        ("axfr://192.0.2.1/NL.", "192.0.2.1", 53, "nl"),
        ("axfr://[2001:db8::1]:5353/co.uk", "2001:db8::1", 5353, "co.uk"),
        ("axfr://ns.example/se", "ns.example", 53, "se"),
    ],
)
def test_places(text: str, host: str, port: int, zone: str) -> None:
    assert transfer.place(text) == (host, port, zone)


@pytest.mark.parametrize(
    "text", ["", "a:b:c:d", "moon:census:c2Vj", "census:not base64!", 'key "k" { algorithm hmac-md6; secret "c2Vj"; };']
)
def test_a_key_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(ListFault):
        transfer.read_key(str(tmp_path / "key"))
    with pytest.raises(ListFault, match="No such file"):
        transfer.read_key(str(tmp_path / "none"))
