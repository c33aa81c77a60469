"""What all tests stand on: reference data beside the checkout, the demo's runs, hypothesis without the clock."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from crawler.demo import run_demo

ROOT = Path(__file__).resolve().parent.parent

#: Files that take minutes. A file is one worker's (pytest-xdist): begun last, each would leave the other cores idle.
LONG = ("test_killed.py", "test_mutations.py", "test_notebooks.py", "test_warehouse.py")

# No deadline, for other work may share the processor; a failing example is printed so that it can be kept.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others in their order."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference texts and data of the project, which are kept outside git, beside the checkout."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("../shared (reference data, kept beside the checkout) is not here")
    return path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's runs, small: two populations of 30 names and all scenarios. What it printed is in ``said``."""
    folder = tmp_path_factory.mktemp("demo")
    said = StringIO()
    with redirect_stdout(said):
        assert run_demo(folder / "demo", 60, quiet=True)
    (folder / "said").write_text(said.getvalue(), encoding="utf-8")
    return folder
