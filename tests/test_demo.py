"""The demo is the whole way, and says so only if it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.truth import compare


@pytest.mark.slow
def test_every_name_is_accounted_for_and_every_verdict_is_as_written(demo: Path) -> None:
    last = (demo / "said").read_text(encoding="utf-8").splitlines()[-1]
    names, verdicts = last.removeprefix("accounted: ").split("; truth: ")
    done, _, measured = names.removesuffix(" names").split()
    equal, _, written = verdicts.removesuffix(" verdicts as written").split()
    assert done == measured
    assert equal == written
    assert {path.name for path in (demo / "demo").iterdir()} == {"gtld-population", "cc-population", "scenarios"}


def test_a_verdict_that_differs_or_is_missing_is_counted_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    truth = {("a.nl", "dane"): "full", ("a.nl", "mail"): "mx", ("b.nl", "dane"): "none"}
    found = {("a.nl", "dane"): "none", ("a.nl", "mail"): "mx", ("c.nl", "dane"): "full"}
    assert compare(truth, found) == 1
    assert capsys.readouterr().out.splitlines() == [
        "DIFFERS: a.nl: dane is written full, observed none",
        "DIFFERS: b.nl: dane is written none, observed missing",
        "truth: 1 of 3 verdicts as written",
    ]
