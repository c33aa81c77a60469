"""The rule file of mail providers: what stands in it is well formed, dated, and told once."""

from __future__ import annotations

import pytest

from analysis.providers import FILE, Kind, ProviderFault, rules, table, version

LINES = FILE.read_text(encoding="utf-8").splitlines()


def test_the_shipped_rules_are_whole() -> None:
    found = list(rules(LINES))
    assert len(found) > 50
    assert version(LINES).startswith("20")
    assert table().num_rows == len(found)
    assert {rule.kind for rule in found} == set(Kind)


@pytest.mark.parametrize(
    "lines",
    [
        ["name,provider"],  # a column short
        ["name,provider,kind", "a.example,A"],
        ["name,provider,kind", "a.example,A,moon"],  # no kind
        ["name,provider,kind", "A.example,A,filter"],  # DNS names are written lower case here
        ["name,provider,kind", "com,A,filter"],  # no registrable name
        ["name,provider,kind", "a.example,,filter"],
        ["name,provider,kind", "a.example,A,filter", "a.example,B,filter"],  # twice
    ],
)
def test_bad_rules_are_refused(lines: list[str]) -> None:
    with pytest.raises(ProviderFault):
        list(rules(lines))


def test_a_file_without_a_date_is_refused() -> None:
    with pytest.raises(ProviderFault, match="version"):
        version(["# version yesterday"])
