"""Other people's scenarios pass, except those that docs/scenarios.md argues about; the player says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scenarios.__main__ import main, scripts, verdict

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "scenarios"
PAGE = ROOT / "docs" / "scenarios.md"
LEAST = 156  # of 166
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/scenarios is not there")


def argued() -> set[str]:
    """The scenarios in the page's table of failures."""
    return set(re.findall(r"^\| `(\w+/[\w.-]+\.rpl)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


@needs_shared
def test_exactly_those_fail_that_the_page_argues_about() -> None:
    paths = scripts([SHARED / "unbound", SHARED / "deckard"])
    failed = {f"{path.parent.name}/{path.name}" for path in paths if verdict(path)}
    assert failed == argued()
    assert len(paths) - len(failed) >= LEAST


# ---- the player itself ----

HEAD = """
server:
stub-zone:
    name: "."
    stub-addr: 193.0.14.129  # the root
CONFIG_END
SCENARIO_BEGIN ours
"""
REFERRAL = """
RANGE_BEGIN 0 100
    ADDRESS 193.0.14.129
ENTRY_BEGIN
MATCH opcode subdomain
ADJUST copy_id copy_query
REPLY QR NOERROR
SECTION QUESTION
example. IN NS
SECTION AUTHORITY
example. IN NS ns1.example.
example. CH NS ns3.example.
SECTION ADDITIONAL
ns1.example. IN A 192.0.2.4
ns3.example. CH A 192.0.2.6
ENTRY_END
RANGE_END
"""
STEPS = """
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD DO
SECTION QUESTION
www.example. IN A
ENTRY_END
STEP 10 CHECK_ANSWER
ENTRY_BEGIN
MATCH all
REPLY QR RD RA {rcode}
SECTION QUESTION
www.example. IN A
SECTION ANSWER
{answer}
ENTRY_END
SCENARIO_END
"""


def canned(reply: str, *records: str, match: str = "opcode qtype qname", steps: str = "0 100") -> str:
    """One server that has one answer."""
    lines = "\n".join(records)
    return f"""
RANGE_BEGIN {steps}
    ADDRESS 192.0.2.4
ENTRY_BEGIN
MATCH {match}
ADJUST copy_id
REPLY {reply}
SECTION QUESTION
www.example. IN A
SECTION ANSWER
{lines}
ENTRY_END
RANGE_END
"""


def played(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "ours.rpl"
    path.write_text(text, encoding="utf-8")
    return verdict(path)


def checked(tmp_path: Path, servers: str, rcode: str = "NOERROR", answer: str = "") -> list[str]:
    return played(tmp_path, HEAD + REFERRAL + servers + STEPS.format(rcode=rcode, answer=answer))


def test_an_answer_that_is_as_written_passes(tmp_path: Path) -> None:
    servers = canned("QR AA NOERROR", "www.example. A 192.0.2.1")
    assert checked(tmp_path, servers, "NOERROR", "www.example. IN A 192.0.2.1") == []


def test_a_difference_is_told_with_both_sides(tmp_path: Path) -> None:
    servers = canned("QR AA NOERROR", "www.example. A 192.0.2.1")
    (told,) = checked(tmp_path, servers, "NOERROR", "www.example. IN A 192.0.2.2")
    assert told.startswith("step 10: expected NOERROR no AD {c0000202}; got NOERROR no AD {c0000201}")


def test_a_later_range_is_looked_at_first(tmp_path: Path) -> None:
    servers = canned("QR AA NOERROR", "www.example. A 192.0.2.1") + canned("QR AA NOERROR", "www.example. A 192.0.2.2")
    assert checked(tmp_path, servers, "NOERROR", "www.example. IN A 192.0.2.2") == []


def test_the_step_that_counts_is_the_next_one(tmp_path: Path) -> None:
    servers = canned("QR AA NOERROR", "www.example. A 192.0.2.1", steps="10 10")
    assert checked(tmp_path, servers, "NOERROR", "www.example. IN A 192.0.2.1") == []


def test_a_reply_to_another_question_is_silence(tmp_path: Path) -> None:
    servers = canned("QR AA NOERROR", "www.example. A 192.0.2.1", match="opcode").replace(
        "www.example. IN A", "x. IN A"
    )
    assert checked(tmp_path, servers, "SERVFAIL") == []


def test_an_answer_cut_short_over_tcp_too_is_none(tmp_path: Path) -> None:
    """RFC 2181 section 9."""
    assert checked(tmp_path, canned("QR AA TC NOERROR", "www.example. A 192.0.2.1"), "SERVFAIL") == []


def test_records_of_another_class_are_no_answer(tmp_path: Path) -> None:
    servers = canned("QR AA NOERROR", "www.example. CH A 192.0.2.9", "www.example. IN A 192.0.2.1")
    assert checked(tmp_path, servers, "NOERROR", "www.example. IN A 192.0.2.1") == []


def test_an_alias_beside_other_data_counts_if_it_comes_first(tmp_path: Path) -> None:
    """RFC 1034 section 3.6.2 forbids the mixture."""
    alias, data = "www.example. CNAME elsewhere.", "www.example. A 192.0.2.1"
    assert checked(tmp_path, canned("QR AA NOERROR", data, alias), "NOERROR", data) == []
    assert checked(tmp_path, canned("QR AA NOERROR", alias, data), "SERVFAIL") == []


def test_unsigned_data_behind_an_alias_is_asked_for_again(tmp_path: Path) -> None:
    """RFC 2181 section 5.4.1: only the alias is surely authoritative."""
    servers = canned("QR AA NOERROR", "www.example. CNAME a.example.", "a.example. A 192.0.2.1")
    assert checked(tmp_path, servers, "SERVFAIL") == []  # a.example is never answered


def test_yxdomain_with_an_answer_is_no_answer(tmp_path: Path) -> None:
    """RFC 6672 section 2.2: it is about an alias that leads too far."""
    assert checked(tmp_path, canned("QR AA YXDOMAIN", "www.example. A 192.0.2.1"), "SERVFAIL") == []


def test_a_dname_that_makes_too_long_a_name_is_yxdomain(tmp_path: Path) -> None:
    long = ".".join(["l" * 63] * 3 + ["l" * 61])
    assert checked(tmp_path, canned("QR AA YXDOMAIN", f"example. DNAME {long}."), "YXDOMAIN") == []


def test_an_empty_reply_sends_us_to_another_server_once(tmp_path: Path) -> None:
    """RFC 2308 section 2.2: nothing shows that the server knows; of several, one may."""
    both = REFERRAL.replace("ns1.example. IN A 192.0.2.4", "ns1.example. IN A 192.0.2.4\nns1.example. IN A 192.0.2.5")
    empty, full = canned("QR AA NOERROR"), canned("QR AA NOERROR", "www.example. A 192.0.2.1")
    check = STEPS.format(rcode="NOERROR", answer="www.example. A 192.0.2.1")
    assert played(tmp_path, HEAD + both + empty + full.replace("192.0.2.4", "192.0.2.5") + check) == []
    check = STEPS.format(rcode="NOERROR", answer="")
    assert played(tmp_path, HEAD + both + empty + empty.replace("192.0.2.4", "192.0.2.5") + check) == []
    assert checked(tmp_path, empty) == []


def test_without_ipv4_a_server_is_reached_by_its_other_address(tmp_path: Path) -> None:
    head = HEAD.replace("server:", "server:\n    do-ip4: no").replace("193.0.14.129", "2001:db8::1")
    world = (REFERRAL + canned("QR AA NOERROR", "www.example. A 192.0.2.1")).replace("193.0.14.129", "2001:db8::1")
    world = world.replace("IN A 192.0.2.4", "IN A 192.0.2.4\nns1.example. IN AAAA 2001:db8::4")
    world = world.replace("ADDRESS 192.0.2.4", "ADDRESS 2001:DB8:0::4")
    check = STEPS.format(rcode="NOERROR", answer="www.example. A 192.0.2.1")
    assert played(tmp_path, head + world + check) == []


def test_a_name_server_inside_its_own_zone_without_glue_is_asked_for_above(tmp_path: Path) -> None:
    """The parent may know what it forgot to send; it may even be an alias (RFC 2181 section 10.3)."""
    forgetful = REFERRAL.replace("ns1.example. IN A 192.0.2.4\n", "")
    above = canned("QR AA NOERROR", "ns1.example. CNAME ns9.example.", "ns9.example. A 192.0.2.4")
    above = above.replace("www.example. IN A", "ns1.example. IN A").replace("ADDRESS 192.0.2.4", "ADDRESS 193.0.14.129")
    second = above.replace("ns1.example. IN A", "ns9.example. IN A").replace("ns1.example. CNAME ns9.example.\n", "")
    below = canned("QR AA NOERROR", "www.example. A 192.0.2.1")
    check = STEPS.format(rcode="NOERROR", answer="www.example. A 192.0.2.1")
    assert played(tmp_path, HEAD + forgetful + above + second + below + check) == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("", "no CONFIG_END"),
        ("CONFIG_END\n", "no SCENARIO_END"),
        ("CONFIG_END\nwhat is this\nSCENARIO_END\n", "line 2: not understood: 'what is this'"),
        ("CONFIG_END\nSTEP 1 CHECK_OUT_QUERY\nSCENARIO_END\n", "a step that is not played here: CHECK_OUT_QUERY"),
        ("CONFIG_END\nSTEP 1 CHECK_ANSWER\nSCENARIO_END\n", "a step without entry"),
        ("stub-addr: nowhere\nCONFIG_END\nSCENARIO_END\n", "no address: 'nowhere'"),
        ("val-override-date: soon\nCONFIG_END\nSCENARIO_END\n", "no date: 'soon'"),
        (HEAD + "RANGE_BEGIN 0 1\nENTRY_BEGIN\nMATCH magic\n", "MATCH magic is not played here"),
        (HEAD + "RANGE_BEGIN 0 1\nENTRY_BEGIN\nSECTION ANSWER\na. NOTYPE b\n", "unknown type 'NOTYPE'"),
        (HEAD + "RANGE_BEGIN 0 1\nENTRY_BEGIN\nSECTION ANSWER\na. A b\n", "rdata cannot be read: 'b'"),
    ],
)
def test_a_script_that_cannot_be_played_says_why(tmp_path: Path, wrong: str, why: str) -> None:
    (told,) = played(tmp_path, wrong)
    assert told.startswith("the script: ")
    assert why in told


def test_the_command_counts_and_its_status_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = canned("QR AA NOERROR", "www.example. A 192.0.2.1") + STEPS.format(
        rcode="NOERROR", answer="www.example. A 192.0.2.1"
    )
    (tmp_path / "good.rpl").write_text(HEAD + REFERRAL + good)
    assert main([str(tmp_path / "good.rpl")]) == 0
    assert capsys.readouterr().out == "passed 1, failed 0\n"
    (tmp_path / "bad.rpl").write_text("nothing")
    assert main([str(tmp_path)]) == 1
    *told, last = capsys.readouterr().out.splitlines()
    assert told == [f"{tmp_path.name}/bad.rpl: the script: no CONFIG_END"]
    assert last == "passed 1, failed 1"
