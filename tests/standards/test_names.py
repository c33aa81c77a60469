"""Names: text to octets and back, entries of lists, the tree (RFC 1035, 4034 section 6.1, 5891; UTS 46)."""

from __future__ import annotations

import dns.name
import idna
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.standards.names import (
    ROOT,
    NameFault,
    NameFlaw,
    ancestors,
    canonical_key,
    count,
    domain,
    from_text,
    is_below,
    is_hostname,
    join,
    labels,
    parent,
    to_text,
)
from crawler.tables import Rejection

octet_labels = st.binary(min_size=1, max_size=63).map(bytes.lower)


@st.composite
def names(draw: st.DrawFn) -> bytes:
    """Any name that can be: up to 255 octets, any octets but upper case."""
    wire = ROOT
    for label in draw(st.lists(octet_labels, max_size=6)):
        if len(wire) + len(label) + 1 <= 255:
            wire = bytes((len(label),)) + label + wire
    return wire


def flaw_of_text(text: str) -> NameFlaw | None:
    try:
        from_text(text)
    except NameFault as fault:
        return fault.flaw
    return None


def flaw_of_entry(text: str) -> NameFlaw | None:
    try:
        domain(text)
    except NameFault as fault:
        return fault.flaw
    return None


def test_every_flaw_is_a_word_of_the_rejects_table() -> None:
    assert {flaw.value for flaw in NameFlaw} <= {why.value for why in Rejection}


# ---- presentation format ----


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (".", b"\0"),
        ("nl", b"\2nl\0"),
        ("Example.NL", b"\7example\2nl\0"),
        ("example.nl.", b"\7example\2nl\0"),
        (r"a\.b.nl", b"\3a.b\2nl\0"),
        (r"a\.b\.", b"\4a.b.\0"),  # the last dot is part of the label
        (r"a\\.nl", b"\2a\\\2nl\0"),
        (r"\000\255.nl", b"\2\0\xff\2nl\0"),
        (r"\065.nl", b"\1a\2nl\0"),  # lower case also when written as a number
        (r"\Q.nl", b"\1q\2nl\0"),
        (
            ".".join(["a" * 63] * 3 + ["b" * 61]),
            b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3d" + b"b" * 61 + b"\0",
        ),
    ],
)
def test_text_becomes_wire(text: str, wire: bytes) -> None:
    assert from_text(text) == wire


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", NameFlaw.EMPTY),
        ("..", NameFlaw.EMPTY_LABEL),
        ("a..b", NameFlaw.EMPTY_LABEL),
        (".a", NameFlaw.EMPTY_LABEL),
        (r"a\.b..", NameFlaw.EMPTY_LABEL),
        ("a" * 64, NameFlaw.LABEL_TOO_LONG),
        (".".join(["a" * 63] * 3 + ["b" * 62]), NameFlaw.NAME_TOO_LONG),
        ("a." * 128, NameFlaw.NAME_TOO_LONG),
        ("a." * 500_000, NameFlaw.NAME_TOO_LONG),  # refused before it costs anything
        ("é.nl", NameFlaw.BAD_CHARACTER),  # U-labels are for `domain`
        ("a\\", NameFlaw.BAD_CHARACTER),
        (r"\25", NameFlaw.BAD_CHARACTER),
        (r"\256", NameFlaw.BAD_CHARACTER),
    ],
)
def test_text_outside_the_format_has_a_flaw(text: str, flaw: NameFlaw) -> None:
    assert flaw_of_text(text) is flaw


@given(names())
def test_text_and_wire_go_round(name: bytes) -> None:
    assert from_text(to_text(name)) == name
    if name != ROOT:
        assert from_text(to_text(name) + ".") == name


@given(names())
def test_dnspython_reads_our_text_as_we_do(name: bytes) -> None:
    assert dns.name.from_text(to_text(name)).to_digestable() == name


@given(names())
def test_we_read_dnspythons_text_as_it_does(name: bytes) -> None:
    assert from_text(dns.name.from_wire(name, 0)[0].to_text()) == name


@given(st.text(alphabet=st.characters(max_codepoint=0x17F), max_size=300))
def test_any_text_gives_a_name_or_the_fault(text: str) -> None:
    if flaw_of_text(text) is None:
        name = from_text(text)
        assert len(name) <= 255
        assert name == name.lower()


# ---- entries of lists ----


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("example.nl", "example.nl"),
        ("EXAMPLE.NL.", "example.nl"),
        (" example.nl\r\n", "example.nl"),
        ("\ufeffexample.nl", "example.nl"),  # a byte order mark is nothing to UTS 46
        ("_dmarc.example.nl", "_dmarc.example.nl"),
        ("a--b.nl", "a--b.nl"),  # in DNS, whatever IDNA says of its hyphens
        ("123.com", "123.com"),
        ("foo.123", "foo.123"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("MÜNCHEN.DE", "xn--mnchen-3ya.de"),
        ("straße.de", "xn--strae-oqa.de"),  # not transitional: ß is itself
        ("_dmarc.münchen.de", "_dmarc.xn--mnchen-3ya.de"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),  # the ideographic full stop parts labels
        ("ｅｘａｍｐｌｅ.nl", "example.nl"),  # full width
        ("\u212aelvin.nl", "kelvin.nl"),  # the Kelvin sign is a k
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("XN--I-7IQ.ws", "xn--i-7iq.ws"),  # an emoji registered before IDNA 2008: it is in the zone, so we ask
        ("xn--zzzzzz.nl", "xn--zzzzzz.nl"),
        ("a" * 63 + ".nl", "a" * 63 + ".nl"),
        (".".join(["a" * 63] * 3 + ["b" * 61]), ".".join(["a" * 63] * 3 + ["b" * 61])),  # 253 characters
    ],
)
def test_an_entry_becomes_its_domain(entry: str, expected: str) -> None:
    assert domain(entry) == expected


@pytest.mark.parametrize(
    ("entry", "flaw"),
    [
        ("", NameFlaw.EMPTY),
        (" \t", NameFlaw.EMPTY),
        (".", NameFlaw.EMPTY),
        ("a\x00b.nl", NameFlaw.NOT_TEXT),
        ("a\udcffb.nl", NameFlaw.NOT_TEXT),  # what surrogateescape makes of a byte that is no UTF-8
        ("a\tb.nl", NameFlaw.NOT_TEXT),
        ("a" * 64 + ".nl", NameFlaw.LABEL_TOO_LONG),
        ("ü" * 60 + ".nl", NameFlaw.LABEL_TOO_LONG),
        ("ü" * 300 + ".nl", NameFlaw.LABEL_TOO_LONG),
        (".".join(["a" * 63] * 3 + ["b" * 62]), NameFlaw.NAME_TOO_LONG),
        ("a." * 5000 + "nl", NameFlaw.NAME_TOO_LONG),
        ("ü" * 5000 + ".nl", NameFlaw.NAME_TOO_LONG),
        ("a..nl", NameFlaw.EMPTY_LABEL),
        (".example.nl", NameFlaw.EMPTY_LABEL),
        ("example.nl..", NameFlaw.EMPTY_LABEL),
        ("\u00ad.nl", NameFlaw.EMPTY_LABEL),  # a soft hyphen alone is nothing
        ("*.example.nl", NameFlaw.BAD_CHARACTER),
        ("a b.nl", NameFlaw.BAD_CHARACTER),
        ("user@example.nl", NameFlaw.BAD_CHARACTER),
        ("https://example.nl/", NameFlaw.BAD_CHARACTER),
        (r"a\.b.nl", NameFlaw.BAD_CHARACTER),
        ("-a.nl", NameFlaw.BAD_HYPHEN),
        ("a-.nl", NameFlaw.BAD_HYPHEN),
        ("a.nl-", NameFlaw.BAD_HYPHEN),
        ("a.-nl", NameFlaw.BAD_HYPHEN),
        ("a.b.-x", NameFlaw.BAD_HYPHEN),  # by way of a plain beginning
        ("-ü.nl", NameFlaw.BAD_HYPHEN),
        ("☃.net", NameFlaw.IDNA),
        ("i❤.ws", NameFlaw.IDNA),
        ("1אב.com", NameFlaw.IDNA),  # Bidi rule (RFC 5893)
        ("ab--ü.nl", NameFlaw.IDNA),  # RFC 5891 section 4.2.3.1
        ("a\u200db.nl", NameFlaw.IDNA),  # a joiner without its context (RFC 5892 appendix A)
        ("192.0.2.1", NameFlaw.ADDRESS),
        ("192.0.2.1.", NameFlaw.ADDRESS),
        ("[192.0.2.1]", NameFlaw.ADDRESS),
        ("256.1.1.1", NameFlaw.ADDRESS),  # meant as one
        ("1.2", NameFlaw.ADDRESS),
        ("１９２.0.2.1", NameFlaw.ADDRESS),
        ("2001:db8::1", NameFlaw.ADDRESS),
        ("[IPv6:2001:db8::1]", NameFlaw.ADDRESS),
        ("nl", NameFlaw.SINGLE_LABEL),
        ("nl.", NameFlaw.SINGLE_LABEL),
        ("localhost", NameFlaw.SINGLE_LABEL),
    ],
)
def test_what_is_no_domain_has_a_flaw(entry: str, flaw: NameFlaw) -> None:
    assert flaw_of_entry(entry) is flaw


@given(st.text(max_size=80))
def test_any_entry_gives_a_domain_or_the_fault(entry: str) -> None:
    if flaw_of_entry(entry) is None:
        found = domain(entry)
        assert domain(found) == found
        assert to_text(from_text(found)) == found
        assert is_hostname(from_text(found))


u_labels = st.text(st.characters(categories=("Ll", "Lo", "Mn", "Nd", "Lu")), min_size=1, max_size=20)


@given(st.lists(u_labels, min_size=2, max_size=4))
def test_u_labels_become_what_the_idna_package_says(parts: list[str]) -> None:
    entry = ".".join(parts)
    try:
        expected = idna.encode(entry, uts46=True).decode()
    except idna.IDNAError:
        expected = None
    assume(expected is None or not expected.replace(".", "").isdigit())
    if expected is not None:
        assert domain(entry) == expected
    elif not any(label.startswith("xn--") for label in entry.lower().split(".")):
        assert flaw_of_entry(entry) is not None


@given(st.from_regex(r"([a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?\.){1,5}[a-z]{2,10}", fullmatch=True))
def test_plain_names_stay_as_they_are(entry: str) -> None:
    assert domain(entry) == entry
    assert domain(entry.upper()) == entry
    assert domain(entry + ".") == entry


# ---- the tree ----


def test_the_tree_of_a_name() -> None:
    name = from_text("a.bc.nl")
    assert labels(name) == (b"a", b"bc", b"nl")
    assert count(name) == 3
    assert parent(name) == from_text("bc.nl")
    assert list(ancestors(name)) == [name, from_text("bc.nl"), from_text("nl"), ROOT]


def test_the_root_is_its_own_parent_and_only_ancestor() -> None:
    assert parent(ROOT) == ROOT
    assert list(ancestors(ROOT)) == [ROOT]
    assert labels(ROOT) == ()
    assert count(ROOT) == 0
    assert to_text(ROOT) == "."


@pytest.mark.parametrize(
    ("name", "ancestor", "below"),
    [
        (b"\1a\2nl\0", b"\2nl\0", True),
        (b"\2nl\0", b"\2nl\0", True),
        (b"\2nl\0", b"\0", True),
        (b"\0", b"\0", True),
        (b"\0", b"\2nl\0", False),
        (b"\3xnl\0", b"\2nl\0", False),
        (b"\4x\2nl\0", b"\2nl\0", False),  # the same octets, but inside a label
    ],
)
def test_below_means_on_a_label_boundary(name: bytes, ancestor: bytes, below: bool) -> None:
    assert is_below(name, ancestor) is below


@given(names(), names())
def test_below_agrees_with_the_ancestors(name: bytes, other: bytes) -> None:
    assert is_below(name, other) is (other in set(ancestors(name)))


def test_canonical_order_is_that_of_rfc_4034_section_6_1() -> None:
    in_order = ["example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example"]
    in_order += [r"\001.z.example", "*.z.example", r"\200.z.example"]
    wires = [from_text(text) for text in in_order]
    assert sorted(set(wires), key=canonical_key) == wires


@given(st.lists(names(), max_size=8))
def test_canonical_order_agrees_with_dnspython(many: list[bytes]) -> None:
    theirs = sorted(dns.name.from_wire(name, 0)[0] for name in many)
    assert sorted(many, key=canonical_key) == [name.to_digestable() for name in theirs]


def test_join_puts_a_label_in_front() -> None:
    assert join(b"_25", from_text("mx.nl")) == from_text("_25.mx.nl")
    assert join(b"A", ROOT) == b"\1a\0"


@pytest.mark.parametrize(
    ("label", "name", "flaw"),
    [
        (b"", b"\2nl\0", NameFlaw.EMPTY_LABEL),
        (b"a" * 64, b"\2nl\0", NameFlaw.LABEL_TOO_LONG),
        (b"ab", (b"\x01a" * 126) + b"\0", NameFlaw.NAME_TOO_LONG),
    ],
)
def test_join_keeps_the_limits(label: bytes, name: bytes, flaw: NameFlaw) -> None:
    with pytest.raises(NameFault) as caught:
        join(label, name)
    assert caught.value.flaw is flaw
    assert join(b"a", (b"\x01a" * 126) + b"\0") == (b"\x01a" * 127) + b"\0"  # 255 octets are allowed


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("mx.example.nl", True),
        ("_dmarc.example.nl", True),
        ("1.nl", True),
        (".", False),
        ("*.nl", False),
        (r"a\.b.nl", False),
        (r"a\032b.nl", False),
        (r"\195\169.nl", False),
    ],
)
def test_host_names_are_letters_digits_hyphens_underscores(text: str, host: bool) -> None:
    assert is_hostname(from_text(text)) is host


@given(names())
def test_the_tree_of_any_name_fits_together(name: bytes) -> None:
    assert count(name) == len(labels(name)) == len(list(ancestors(name))) - 1
    rebuilt = ROOT
    for label in reversed(labels(name)):
        rebuilt = join(label, rebuilt)
    assert rebuilt == name
