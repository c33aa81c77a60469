"""What all tests stand on: reference data beside the checkout, and a hypothesis profile without the clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline, for other work may share the processor; a failing example is printed so that it can be kept.
settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference texts and data of the project, which are kept outside git, beside the checkout."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("../shared (reference data, kept beside the checkout) is not here")
    return path
