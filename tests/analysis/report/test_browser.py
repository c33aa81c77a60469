"""The report in a real browser without a network: charts are drawn, nothing errs, nothing strange runs.

A screenshot is kept in ``build/report.png``, for whoever wants to look.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.report import page
from analysis.report.telling import drawn, tell
from tests.analysis.report.hostile import run

pytestmark = pytest.mark.servers
KEPT = Path(__file__).resolve().parents[3] / "build" / "report.png"
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--disable-background-networking")


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium; `make servers` as root on Debian installs it")
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("report")
    report = tell(run(folder / "after"), run(folder / "before"))
    path = folder / "report.html"
    path.write_text(page.html(report), encoding="utf-8")
    return path, len(list(drawn(report.parts)))


def opened(browser: str, path: Path, *more: str) -> tuple[str, str]:
    """Standard output, and what the console said."""
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--v=0",
        f"--user-data-dir={path.parent / 'profile'}", "--virtual-time-budget=60000", *OFFLINE, *more, path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=240)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_all_charts_are_drawn_and_nothing_errs(browser: str, file: tuple[Path, int]) -> None:
    path, charts = file
    dom, console = opened(browser, path, "--dump-dom")
    told = re.search(r"<html[^>]*>", dom)
    assert told is not None
    assert f'data-drawn="{charts}"' in told[0]
    assert 'data-faults="0"' in told[0]
    assert 'data-ready="yes"' in told[0]
    assert "data-owned" not in told[0]  # what the hostile run would have set
    assert console == ""
    assert len(re.findall(r"<svg[^>]*role=\"img\"", dom)) == charts


def test_a_script_that_got_past_the_escaping_would_not_run(browser: str, file: tuple[Path, int]) -> None:
    """A wall behind the wall: the policy knows the page's own two scripts by their hashes."""
    owned = "document.documentElement.dataset.owned = 1"
    path = file[0].with_name("spoiled.html")
    text, end, rest = file[0].read_text(encoding="utf-8").rpartition("</body>")
    spoiled = f'<script>{owned}</script><img src="data:," onerror="{owned}">'
    path.write_text(text + spoiled + end + rest, encoding="utf-8")
    dom, console = opened(browser, path, "--dump-dom")
    told = re.search(r"<html[^>]*>", dom)
    assert told is not None
    assert "data-owned" not in told[0]
    assert f'data-drawn="{file[1]}"' in told[0]
    assert console.count("Content Security Policy") >= 2


def test_without_scripts_the_pictures_stand(browser: str, file: tuple[Path, int]) -> None:
    """In a frame that may run no script; told by the picture, once with the charts and once without."""
    sizes: list[int] = []
    for words in ("visible", "hidden"):
        page_, frame = file[0].with_name(f"{words}.html"), file[0].with_name(f"frame-{words}.html")
        text = file[0].read_text(encoding="utf-8")
        page_.write_text(text.replace("</style>", f"img {{ visibility: {words} }}</style>", 1), encoding="utf-8")
        frame.write_text(f'<iframe sandbox src="{page_.name}" width="1100" height="3200" style="border: 0"></iframe>')
        shot = frame.with_suffix(".png")
        opened(browser, frame, "--window-size=1150,3250", f"--screenshot={shot}")
        sizes.append(len(shot.read_bytes()))
    assert sizes[0] > sizes[1] + 20_000  # octets: the charts


@pytest.mark.parametrize("size", ["1100,3200", "390,3200"])
def test_it_has_a_face_on_a_desk_and_on_a_phone(browser: str, file: tuple[Path, int], size: str) -> None:
    shot = file[0].parent / f"{size}.png"
    opened(browser, file[0], f"--window-size={size}", f"--screenshot={shot}")
    octets = shot.read_bytes()
    assert octets.startswith(b"\x89PNG")
    assert len(octets) > 40_000  # a blank page of this size has a tenth of it
    if size.startswith("1100"):
        KEPT.parent.mkdir(exist_ok=True)
        shutil.copy(shot, KEPT)
