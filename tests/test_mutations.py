"""The mutations are mutations still, and the tests notice; all of them: ``python -m tests.mutations`` (minutes)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations.__main__ import survivors
from tests.mutations.checks import MUTATIONS, Mutation

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mutation_takes_away_one_piece_of_source(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text(encoding="utf-8").count(mutation.before) == 1
    assert mutation.after != mutation.before
    assert all((ROOT / test).exists() for test in mutation.tests)


@pytest.mark.slow
def test_the_tests_notice_that_a_check_is_gone() -> None:
    """Two of them, for all take minutes; and one that changes nothing, which must live."""
    names = {"the signature is not checked", "a reply may come from any port"}
    chosen = [one for one in MUTATIONS if one.name in names]
    idle = Mutation("nothing", "crawler/exchange.py", "_HEADER = 12\n", "_HEADER = 6 + 6\n", ("tests/test_net.py",))
    assert survivors([*chosen, idle]) == ["nothing"]
