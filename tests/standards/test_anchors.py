"""Trust anchors and root hints, ours and a user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.standards.anchors import read_anchors, read_hints, root_anchors_text, root_hints_text
from crawler.standards.dnssec import DnssecFault, DnssecFlaw, Ds, Key, ds_of
from crawler.standards.names import ROOT, from_text

DS = "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
KEY = "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="


def test_the_embedded_anchors_are_the_two_root_keys() -> None:
    anchors = read_anchors(root_anchors_text())
    assert [(owner, anchor.tag) for owner, anchor in anchors] == [(ROOT, 20326), (ROOT, 38696)]


def test_the_embedded_anchors_match_the_published_keys(shared: Path) -> None:
    keys = read_anchors((shared / "data" / "root" / "root.key").read_text())
    assert [ds_of(owner, key) for owner, key in keys if isinstance(key, Key)] == [
        ds for _, ds in read_anchors(root_anchors_text())
    ]


def test_the_embedded_hints_are_the_thirteen_servers(shared: Path) -> None:
    hints = read_hints(root_hints_text())
    assert len(hints) == 13
    assert hints[from_text("k.root-servers.net")] == ["193.0.14.129", "2001:7fd::1"]
    assert hints == read_hints((shared / "data" / "root" / "root.hints").read_text())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f". IN DS {DS}", [Ds]),
        (f"Example.NL. 3600 IN DS {DS} ; words", [Ds]),
        (f"example.nl IN 3600 DS {DS}\n\n; words\nexample.nl. DNSKEY {KEY}\n", [Ds, Key]),
        (f"example.nl. DNSKEY {KEY.replace(' 13 ', ' ECDSAP256SHA256 (')} )", [Key]),
        ("example.nl. DNSKEY (\n257 3 13 ; words\nGojIhhXUN/u4 )", [Key]),
        ("example.nl. DS 43791 RSASHA1 1 ( 81ee8835\n 6df3c307 )", [Ds]),
        ("example.nl. DS 1 8 2 aa", [Ds]),  # of odd length: matches nothing, but is read
    ],
)
def test_ds_and_dnskey_lines_are_read(text: str, kinds: list[type]) -> None:
    anchors = read_anchors(text)
    assert [type(anchor) for _, anchor in anchors] == kinds
    assert {owner for owner, _ in anchors} <= {ROOT, from_text("example.nl")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no DS or DNSKEY"),
        ("; nothing", "no DS or DNSKEY"),
        (f". IN DS {DS}\nexample.nl. A 192.0.2.1", "line 2"),
        ("$INCLUDE /etc/passwd", "line 1"),
        (f"a..b. DS {DS}", "line 1"),
        ("\n. CH DS 1 8 2 aa", "line 2"),
        (". DS 65536 8 2 aa", "line 1"),
        (". DS 1 256 2 aa", "line 1"),
        (". DS 1 NOSUCH 2 aa", "line 1"),
        (". DS 1 8 2 xx", "line 1"),
        (". DNSKEY 257 3 8 %", "line 1"),
        (". DS ( 1 8 2 aa", "not closed"),
        ("\0\xff", "line 1"),
    ],
)
def test_a_line_that_is_no_anchor_is_a_fault_with_its_number(text: str, words: str) -> None:
    with pytest.raises(DnssecFault, match=words) as raised:
        read_anchors(text)
    assert raised.value.flaw is DnssecFlaw.ANCHOR


@pytest.mark.parametrize("text", ["", "\0", ". NS a.", "a. A 192.0.2.1", ". NS a.\na. A 1.2.3", "nonsense"])
def test_hints_without_a_server_that_has_an_address_are_a_fault(text: str) -> None:
    with pytest.raises(DnssecFault) as raised:
        read_hints(text)
    assert raised.value.flaw is DnssecFlaw.HINTS


def test_hints_keep_only_the_roots_servers() -> None:
    text = ". NS A.x.\n. NS b.x.\na.x. A 192.0.2.1\na.x. AAAA 2001:db8::1\nc.x. A 192.0.2.3"
    assert read_hints(text) == {from_text("a.x"): ["192.0.2.1", "2001:db8::1"]}
