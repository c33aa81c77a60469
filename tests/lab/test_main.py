"""A generated world is written as zones that NSD finds whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("zones")
    (made / "list.txt").write_text("".join(f"name-{n}.{tld}\n" for n in range(NAMES) for tld in ("nl", "se")))
    command = [sys.executable, "-m", "lab", str(made / "list.txt"), "--out", str(made / "out"), "--profile", "cc"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return made / "out"


def test_the_listed_zones_their_registries_and_the_root_are_written(folder: Path) -> None:
    written = {path.name for path in folder.glob("*.zone")}
    assert {"root.zone", "nl.zone", "se.zone"} < written
    listed = sum(name.startswith("name-") for name in written)
    assert NAMES * 2 * 0.9 < listed <= NAMES * 2  # a few names of a list do not exist
    assert (folder / "zones.conf").read_text().count("zonefile:") == len(written)


@pytest.mark.skipif(shutil.which("nsd-checkzone") is None, reason="nsd is not installed")
def test_nsd_takes_every_zone(folder: Path) -> None:
    for path in sorted(folder.glob("*.zone")):
        apex = "." if path.stem == "root" else path.stem
        done = subprocess.run(["nsd-checkzone", apex, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{path.name}: {done.stdout}{done.stderr}"
