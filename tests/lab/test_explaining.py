"""Lab domains of different fates, explained as the administrator who must mend them would want it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from analysis.advice import ADVICE, Weight
from analysis.explaining import Explained, explain, told
from analysis.warehouse import open_run
from crawler.cli import main
from crawler.standards.names import domain as a_label
from lab.scenarios import SCENARIOS, build
from tests.analysis.rows import domain, made, mailing
from tests.lab.test_talks import TALKING, keep, observe

if TYPE_CHECKING:
    from pathlib import Path

    from trio.testing import MockClock

#: The first label of a scenario's domain -> exit status, what is to be mended, and what the text must say.
FATES: dict[str, tuple[int, list[str], list[str]]] = {
    "m-ee-key": (0, ["TLSRPT-NONE"], ["Protected. It could be better:", "a DANE-EE record is of the leaf"]),
    "m-stale": (1, ["DANE-STOPS-MAIL", "TLSRPT-NONE"], ["knows DANE      deferred", "(DANE-NO-MATCH)"]),
    "m-selector": (1, ["DANE-STOPS-MAIL", "TLSA-ADVICE", "TLSRPT-NONE"], ["would match with another selector"]),
    "m-none": (1, ["DANE-NO-STARTTLS", "TLSRPT-NONE"], ["offers no TLS", "Switch STARTTLS on, or remove the TLSA"]),
    "m-ta-name": (1, ["DANE-STOPS-MAIL", "TLSRPT-NONE"], ["DANE-TA-NAME"]),
    "m-pkix": (1, ["DANE-UNUSABLE", "TLSA-ADVICE", "TLSRPT-NONE"], ["usage 1"]),
    "m-second-none": (1, ["DANE-PARTIAL", "TLSRPT-NONE"], ["without: "]),
    "m-busy": (3, ["TLSRPT-NONE", "NOT-SEEN"], ["Not everything could be seen:", "greeting-4xx"]),
    "m-no-tlsa": (1, ["UNPROTECTED", "TLSRPT-NONE"], ["neither DANE nor an enforced MTA-STS policy"]),
    "m-sts-only": (0, ["TLSRPT-NONE"], ["knows MTA-STS   authenticated", "STS-OK, RFC 8461"]),
    "m-sts-bad-cert": (1, ["STS-MX-CERTIFICATE", "TLSRPT-NONE"], ["expired"]),
    "m-sts-not-admitted": (1, ["STS-LOSES-MAIL", "UNPROTECTED", "TLSRPT-NONE"], ["admits none of the mail hosts"]),
}


async def explained(folder: Path) -> dict[str, Explained]:
    """Every scenario about mail hosts."""
    world = build(TALKING, int(time.time()))
    keep(folder, [await observe(scenario, world) for scenario in TALKING], world.ca())
    with open_run(folder) as run:
        found = {one.domain.partition(".")[0]: explain(run, one.domain) for one in TALKING}
    return {name: one for name, one in found.items() if one is not None}


def agrees_with_the_effective_classes(explained: dict[str, Explained]) -> None:
    """Who is authenticated is never called unprotected, and who is stopped is told so."""
    effective = {one.domain.partition(".")[0]: str(one.effect["effective"]) for one in TALKING}
    for name, one in explained.items():
        ids = {finding.advice.id for finding in one.findings}
        if effective[name] == "valid":
            assert not ids & {"DANE-STOPS-MAIL", "DANE-NO-STARTTLS", "UNPROTECTED", "DANE-UNUSABLE"}, name
        if effective[name] in {"mismatch", "name-mismatch", "expired", "bad-path", "partial-certificates"}:
            assert "DANE-STOPS-MAIL" in ids, name
        if effective[name] in {"no-starttls", "tls-failed"}:
            assert "DANE-NO-STARTTLS" in ids, name
        json.dumps(one.record(), default=str)
        assert all(character.isprintable() or character == "\n" for character in told(one)), name


async def test_each_fate_is_told_with_what_mends_it(autojump_clock: MockClock, tmp_path: Path) -> None:
    found = await explained(tmp_path)
    assert len(found) == len(TALKING)
    seen = {name: (one.status, [finding.advice.id for finding in one.findings]) for name, one in found.items()}
    assert {name: seen[name] for name in FATES} == {name: (status, ids) for name, (status, ids, _) in FATES.items()}
    for name, (_, _, words) in FATES.items():
        text = told(found[name])
        assert [word for word in words if word not in text] == []
        assert text.startswith(f"{name}.")
    agrees_with_the_effective_classes(found)


async def test_scenarios_of_the_dns_can_be_explained(autojump_clock: MockClock, tmp_path: Path) -> None:
    """Whatever the world does wrong, there is a text, and not knowing is never called protected."""
    others = [one for one in SCENARIOS if not one.effect and one.web is None][::3]
    world = build(others, int(time.time()))
    keep(tmp_path, [await observe(one, world) for one in others], world.ca())
    with open_run(tmp_path) as run:
        for one in others:
            found = explain(run, one.domain)
            assert found is not None
            assert told(found)
            if str(found.classes["mail_class"]) == "unknown":
                assert found.status != 0, one.domain


def test_hostile_texts_do_not_reach_a_terminal(tmp_path: Path) -> None:
    txt = ("v=STSv1; id=\x1b[31m\u202e1;",)
    run = made(tmp_path, mailing("a.example", "mx.example", mta_sts="answer secure", mta_sts_txt=txt))
    with open_run(run) as opened:
        found = explain(opened, "a.example")
        assert found is not None
        text = told(found)
    assert "\\u001b[31m\\u202e1" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_why_explains_a_row_and_says_which_it_has_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(made(tmp_path, domain("xn--bcher-kva.example"), domain("b.example", mx="timeout", mx_hosts=())))
    with pytest.raises(SystemExit) as end:
        main(["why", run, "B\u00fccher.example"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"{a_label('bücher.example')}\n")
    with pytest.raises(SystemExit) as end:
        main(["why", run, "c.example"])
    assert end.value.code == 2
    assert "has no c.example" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        main(["why", run, "xn--bcher-kva.example", "--json"])
    assert json.loads(capsys.readouterr().out)["status"] == "protected"


def test_every_piece_of_advice_is_whole() -> None:
    for name, one in ADVICE.items():
        assert one.id == name
        assert one.words.endswith(".")
        assert one.fix.endswith(".")
        assert one.rfc[:4].isdecimal()
    assert [one.weight for one in ADVICE.values()] == sorted(
        (one.weight for one in ADVICE.values()), key=list(Weight).index
    )


@pytest.mark.slow
def test_check_looks_now_and_its_status_tells(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["check", "--lab", "cc:1", "gikera-10.nl", "synuke-0.nl", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["domain"] for line in lines] == ["gikera-10.nl", "synuke-0.nl"]
    assert end.value.code == 1
    assert {finding["id"] for finding in lines[0]["findings"]} == {"NOT-TALKED", "TLSRPT-NONE"}
    with pytest.raises(SystemExit) as end:
        main(["check", "not a domain"])
    assert end.value.code == 2
