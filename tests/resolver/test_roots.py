"""Where the resolver starts: hints, anchors and stub options, good and bad."""

from __future__ import annotations

import pytest

from crawler.resolver.roots import StartFault, read_stub, starting_anchors, starting_hints
from crawler.standards.names import ROOT, from_text


def test_the_embedded_hints_are_the_thirteen_root_servers() -> None:
    hints = starting_hints()
    assert len(hints) == 13
    assert hints[from_text("a.root-servers.net")] == ["198.41.0.4", "2001:503:ba3e::2:30"]


def test_the_embedded_anchors_are_the_two_keys_of_the_root() -> None:
    anchors = starting_anchors()
    assert [(ds.tag, ds.algorithm, ds.digest_type) for ds in anchors[ROOT]] == [(20326, 8, 2), (38696, 8, 2)]
    assert list(anchors) == [ROOT]


def test_an_anchor_given_as_dnskey_is_the_ds_that_it_stands_for() -> None:
    """The root's key of 2017, and the DS that IANA publishes of it."""
    key = (
        ". IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN"
        "7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tar"
        "pVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnX"
        "GXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="
    )
    (ds,) = starting_anchors(key)[ROOT]
    assert ds in starting_anchors()[ROOT]


def test_several_anchors_are_kept_by_zone() -> None:
    text = "nl. DS 1 13 2 " + "00" * 32 + "\nse. DS 2 13 2 " + "11" * 32 + "\nnl. DS 3 13 2 " + "22" * 32
    anchors = starting_anchors(text)
    assert {owner: [ds.tag for ds in held] for owner, held in anchors.items()} == {
        from_text("nl"): [1, 3],
        from_text("se"): [2],
    }


@pytest.mark.parametrize("text", ["nl. DS 1 13 2 zz", "\0", "nl. A 192.0.2.1"])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(StartFault, match="trust anchor"):
        starting_anchors(text)


@pytest.mark.parametrize("text", ["", "nonsense", ". NS a."])
def test_what_is_no_hints_file_is_refused(text: str) -> None:
    with pytest.raises(StartFault, match="hints"):
        starting_hints(text)


@pytest.mark.parametrize(
    ("text", "zone", "where"),
    [
        ("nl=192.0.2.1", "nl", ("192.0.2.1", 53)),
        ("Example.NL.=192.0.2.1:5353", "example.nl", ("192.0.2.1", 5353)),
        ("nl=2001:db8::1", "nl", ("2001:db8::1", 53)),
        ("nl=[2001:DB8::1]:5353", "nl", ("2001:db8::1", 5353)),
        ("nl=[2001:db8::1]", "nl", ("2001:db8::1", 53)),
        (".=192.0.2.1", ".", ("192.0.2.1", 53)),
        ("=192.0.2.1", ".", ("192.0.2.1", 53)),  # nothing is the root
    ],
)
def test_good_stubs(text: str, zone: str, where: tuple[str, int]) -> None:
    assert read_stub(text) == (from_text(zone), where)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nl",  # no address
        "nl=",
        "nl=ns.example.nl",  # a name
        "nl=192.0.2.1:0",  # ports are 1 to 65535
        "nl=192.0.2.1:65536",
        "nl=192.0.2.1:x",
        "nl=192.0.2",
        "nl=[2001:db8::1",
        "nl=[2001:db8::1]5353",
        "nl=[2001:db8::1]:",
        "a..nl=192.0.2.1",  # no zone
        f"{'a' * 64}.nl=192.0.2.1",
    ],
)
def test_bad_stubs(text: str) -> None:
    with pytest.raises(StartFault, match="ZONE=ADDR"):
        read_stub(text)
