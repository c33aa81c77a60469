"""The rules that no linter knows: who may import whom, one door, sizes, headers, and docs that are true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer.main

from crawler import cli
from crawler.resolver.answer import Outcome
from crawler.standards.security import Reason, Security
from crawler.tables import Mail, Rejection, Target, TlsaBase
from docs.standards import PAGE, page
from lab.scenarios import SCENARIOS

if TYPE_CHECKING:
    from enum import StrEnum
ROOT = Path(__file__).resolve().parent.parent
OURS = ("crawler", "analysis", "lab", "bench")

#: Floors, the ground first: what a part of the house may import of ours, besides itself. The longest name that fits
#: counts. `exchange`, `manners` and `deadlines` are parts of the door.
DOOR = {"crawler.manners", "crawler.deadlines", "crawler.exchange", "crawler.sockets", "crawler.datagrams"}
MAY_IMPORT: dict[str, set[str]] = {
    "crawler.standards": set(),
    "crawler.strands": set(),
    "crawler.deadlines": {"crawler.strands"},
    "crawler.manners": {"crawler.strands"},
    "crawler.exchange": {"crawler.strands"},
    "crawler.datagrams": set(),
    "crawler.sockets": {"crawler.deadlines", "crawler.exchange", "crawler.datagrams"},
    "crawler.net": DOOR | {"crawler.strands"},
    "crawler.resolver.answer": {"crawler.standards"},
    "crawler.resolver": {"crawler.standards", "crawler.net", "crawler.strands"},
    "crawler.columns": {"crawler.resolver.answer"},
    "crawler.visited": {"crawler.columns", "crawler.resolver.answer"},
    "crawler.tables": {"crawler.columns", "crawler.visited", "crawler.resolver.answer", "crawler.standards"},
    "crawler.optout": {"crawler.standards"},
    "crawler.visiting": {"crawler.exchange"},
    "crawler.tls": set(),
    "crawler.https": {"crawler.tls", "crawler.standards"},
    "crawler.stages": {
        "crawler.resolver", "crawler.tables", "crawler.visited", "crawler.standards", "crawler.exchange",
        "crawler.visiting", "crawler.tls", "crawler.https", "crawler.database",
    },
    "crawler.stages.transfer": {"crawler.stages", "crawler.sockets", "crawler.standards"},
    "crawler.store": {
        "crawler.columns", "crawler.tables", "crawler.resolver.answer", "crawler.standards", "crawler.shards",
    },
    "crawler.shards": set(),
    "crawler.database": set(),
    "crawler.backlog": {"crawler.store"},
    "crawler.seeds": {"crawler.standards", "crawler.tables", "crawler.store", "crawler.backlog"},
    "crawler.progress": set(),
    "crawler.outlook": {"crawler.session", "crawler.stages", "crawler.visiting"},
    "crawler.runner": {"crawler.store", "crawler.tables", "crawler.progress", "crawler.strands"},
    "crawler.scan": {
        "crawler.runner", "crawler.progress", "crawler.stages", "crawler.store", "crawler.tables", "crawler.resolver",
        "crawler.visited", "crawler.visiting", "crawler.manners", "crawler.shards", "crawler.seeds",
        "crawler.database", "crawler.backlog",
    },
    "crawler.crawl": {
        "crawler.seeds",
        "crawler.scan", "crawler.session", "crawler.store", "crawler.progress", "crawler.runner", "crawler.shards",
        "crawler.visiting", "crawler.resolver", "analysis.judge",
    },
    "crawler.worker": {
        "crawler.crawl", "crawler.scan", "crawler.session", "crawler.store", "crawler.progress", "crawler.runner",
        "crawler.shards", "crawler.worlds",
    },
    "crawler.fleet": {"crawler.worker", "crawler.runner", "crawler.shards", "crawler.store", "crawler.progress"},
    "crawler.session": {
        "crawler.net", "crawler.resolver", "crawler.stages", "crawler.standards", "crawler.worlds", "crawler.visiting",
        "crawler.optout", *DOOR,
    },
    "crawler.worlds": {"crawler", "lab"},
    "crawler.truth": {"crawler", "analysis", "lab"},
    "crawler.command": {"crawler", "analysis", "lab"},
    "crawler.checking": {"crawler", "analysis"},
    "crawler.demo": {"crawler", "analysis", "lab"},
    "crawler.cli": {"crawler", "analysis", "lab"},
    "crawler.__main__": {"crawler.cli"},
    "crawler": set(),
    "analysis.cli": {"analysis", "crawler.cli", "crawler.store", "crawler.tables", "crawler.standards"},
    "analysis": {"crawler.database", "crawler.columns", "crawler.tables", "crawler.visited", "crawler.standards"},
    "lab": {"crawler.net"} | DOOR,
    "bench": {"crawler", "analysis", "lab"},
}  # fmt: skip
#: What opens sockets or starts programs; in `crawler`, only the door has any of it. `tls` speaks TLS in memory.
DOORS = re.compile(
    r"^(socket|ssl|asyncio|select|selectors|http\.client|urllib\.request|smtplib|subprocess|multiprocessing"
    r"|dns\.(query|asyncquery|resolver|asyncresolver)"
    r"|trio\.(socket|open_tcp\w*|open_ssl\w*|open_unix\w*|serve_\w+|SocketStream|SocketListener|run_process))(\.|$)"
)
LONGEST_FILE, LONGEST_FUNCTION = 450, 60


def sources(*folders: str) -> list[Path]:
    """Our Python files below some folders."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    """The dotted name of a module of ours."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that a module imports, also late or for its types only; and each `trio.x` it uses."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "trio":
            yield f"trio.{node.attr}"


def under(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def part_of(name: str) -> str:
    """The entry of `MAY_IMPORT` that a module belongs to."""
    return max((part for part in MAY_IMPORT if under(name, part)), key=len)


def tracked() -> list[Path]:
    """Files that are committed, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("path", sources(*OURS), ids=name_of)
def test_imports_point_down_only(path: Path) -> None:
    name = name_of(path)
    part = part_of(name)
    assert part != "crawler" or name == "crawler", f"{name} has no place in MAY_IMPORT"
    for other in imported(path):
        if other.split(".")[0] not in OURS or under(other, part):
            continue
        allowed = any(under(other, floor) for floor in MAY_IMPORT[part]) or other == "crawler.__version__"
        assert allowed, f"{name} may not import {other}"


@pytest.mark.parametrize("path", sources("crawler"), ids=name_of)
def test_there_is_one_door_to_the_network(path: Path) -> None:
    opens = sorted({name for name in imported(path) if DOORS.match(name)})
    if name_of(path) == "crawler.tls":
        opens = [name for name in opens if name != "ssl" or re.search(r"\bwrap_socket\b", path.read_text("utf-8"))]
    if name_of(path) in {"crawler.fleet", "crawler.worker"}:  # a scan's own processes
        opens = [name for name in opens if not name.startswith("multiprocessing")]
    assert not opens or name_of(path) in {"crawler.net", "crawler.sockets", "crawler.datagrams"}, (
        f"{opens} belong behind crawler/net.py"
    )


@pytest.mark.parametrize("path", sources(*OURS, "tests", "docs"), ids=name_of)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "manager", "misc"}, "a name that says nothing"
    assert (ast.get_docstring(tree_of(path)) or "").strip(), "no header"


@pytest.mark.parametrize("path", sources(*OURS), ids=name_of)
def test_files_and_functions_fit_a_reader(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    long = {
        node.name: size
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert not long


def test_no_committed_file_names_a_registry_or_a_place_of_ours() -> None:
    """Pins carry hashes and no addresses; nobody else's machine has our folders."""
    registries = (r"pypi\.org", r"pythonhosted\.org", r"--(?:extra-)?index-url", r"--find-links")
    words = re.compile("|".join([*registries, r"(?<![\w.~*}/-])/(?:work|farm|home|opt|root)/\w"]))
    found = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in {".gz", ".parquet", ".png"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in words.finditer(text)]
        if path.name.startswith("requirements"):
            assert not re.search(r"https?:|file:/", text), path.name
    assert not found


def test_every_pin_has_a_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-notebooks.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        pins = [line for line in lines if line and not line.lstrip().startswith("#")]
        assert pins
        assert all("==" in line and "--hash=sha256:" in line for line in pins)


VOCABULARIES = (Outcome, Security, Reason, Mail, Target, TlsaBase)  # what a scan of the lab can find


def words_of(value: object) -> Iterator[str]:
    """Every word of a written truth, however it is nested."""
    if isinstance(value, str):
        yield from value.split()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from words_of(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from words_of(inner)


@cache
def named_in(*folders: str) -> set[str]:
    """`Enum.MEMBER` wherever a file names one, this file apart."""
    return {
        f"{node.value.id}.{node.attr}"
        for path in sources(*folders)
        if path not in (Path(__file__), ROOT / "crawler/standards/security.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("member", [m for kind in VOCABULARIES for m in kind], ids=str)
def test_every_word_that_the_tables_can_hold_is_in_some_written_truth(member: StrEnum) -> None:
    """Of a scenario, whose truth is held against the stages by tests/lab/test_scenarios.py; or else a test names it."""
    name = f"{type(member).__name__}.{member.name}"
    written = {word for scenario in SCENARIOS for truth in (scenario.row, scenario.hosts) for word in words_of(truth)}
    assert member.value in written or name in named_in("tests")


@pytest.mark.parametrize("member", list(Rejection), ids=str)
def test_every_reason_to_reject_is_in_some_test(member: Rejection) -> None:
    """By its own name, by that of the flaw of a name that it stands for, or as the word in the table."""
    constants = (n.value for n in ast.walk(tree_of(ROOT / "tests/stages/test_names.py")) if isinstance(n, ast.Constant))
    assert named_in("tests") & {f"Rejection.{member.name}", f"NameFlaw.{member.name}"} or member.value in constants


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["ruff check .", "mypy"])
def test_the_linters_have_nothing_to_say(tool: str) -> None:
    """Their settings are in pyproject.toml; `make check` is the same."""
    done = subprocess.run([sys.executable, "-m", *tool.split()], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def documents() -> list[Path]:
    return [ROOT / name for name in ("README.md", "CONTRIBUTING.md") if (ROOT / name).exists()]


def commands_in(text: str) -> Iterator[str]:
    """Each line of a fenced block, and each code span, of a Markdown text."""
    for block in re.findall(r"(?ms)^```\w*\n(.*?)^```", text):
        yield from (line.removeprefix("$ ") for line in block.splitlines())
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"(?ms)^```.*?^```", "", text))


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for line in commands_in(document.read_text(encoding="utf-8")):
        if match := re.match(r"make ([a-z]+)", line):
            assert match[1] in targets, line


@cache
def options_of_commands() -> dict[str, set[str]]:
    """The options of every command of `dane-census`."""
    cli._mount()
    group = typer.main.get_command(cli.app)
    commands = getattr(group, "commands", {})
    return {name: {option for one in command.params for option in one.opts} for name, command in commands.items()}


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_command_and_option_that_is_named_exists(document: Path) -> None:
    """A README that runs is a README that is read twice."""
    commands = options_of_commands()
    for line in commands_in(document.read_text(encoding="utf-8")):
        match = re.match(r"(?:\.venv/bin/)?dane-census ([a-z][\w-]*)(.*)", line)
        if match is None:
            continue
        assert match[1] in commands, line
        used = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", match[2].partition("#")[0])) - {"--help"}
        assert used <= commands[match[1]], f"{line}: no option {sorted(used - commands[match[1]])}"


def test_the_index_of_standards_is_fresh() -> None:
    """`make docs` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
