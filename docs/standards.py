"""Writes docs/standards.md: which section of which RFC is read where, and which test cites it.

The index comes from the code alone: from every docstring and comment, and from the `rfc` of every column. What a
test proves is not known here; only whether it names the section. ``python docs/standards.py`` writes the file, and
``tests/test_house.py`` sees that it is fresh.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "standards.md"
CODE = ("crawler", "analysis", "lab")
TESTS = ("tests",)

TITLES = {
    1034: "Domain names: concepts",
    1035: "Domain names: specification",
    1123: "Requirements for hosts",
    1952: "gzip",
    1982: "Serial number arithmetic",
    2136: "Dynamic update",
    2181: "Clarifications to the DNS",
    2308: "Negative caching",
    3110: "RSA keys in the DNS",
    3225: "The DO bit",
    3403: "NAPTR",
    3597: "Unknown RR types",
    3696: "Checking names",
    4033: "DNSSEC: introduction",
    4034: "DNSSEC: resource records",
    4035: "DNSSEC: protocol",
    4343: "Case insensitivity",
    4470: "Minimally covering NSEC",
    4509: "SHA-256 in DS records",
    4592: "Wildcards",
    4648: "Base encodings",
    5011: "Automated updates of trust anchors",
    5155: "NSEC3",
    5321: "SMTP",
    5452: "Resilience against forged answers",
    5702: "RSA with SHA-2 in DNSSEC",
    5890: "IDNA: definitions",
    5891: "IDNA: protocol",
    5892: "IDNA: code points",
    5893: "IDNA: right-to-left scripts",
    5952: "IPv6 text representation",
    6298: "Retransmission timer",
    6563: "A6 is history",
    6604: "RCODE along a CNAME chain",
    6605: "ECDSA in DNSSEC",
    6672: "DNAME",
    6698: "DANE: TLSA",
    6761: "Special-use domain names",
    6840: "DNSSEC: clarifications",
    6890: "Special-purpose addresses",
    6891: "EDNS(0)",
    7208: "SPF",
    7505: "Null MX",
    7672: "DANE for SMTP",
    7766: "DNS over TCP",
    8020: "NXDOMAIN: nothing underneath",
    8080: "EdDSA in DNSSEC",
    8109: "Priming",
    8198: "Aggressive use of denials",
    8460: "SMTP TLS reporting",
    8461: "MTA-STS",
    8624: "DNSSEC algorithms (obsoleted by 9904)",
    8878: "Zstandard",
    8914: "Extended DNS errors",
    9077: "TTL of denials",
    9156: "QNAME minimisation",
    9276: "NSEC3 parameters",
    9471: "Glue is needed",
    9619: "One question a message",
    9718: "Publication of the root's trust anchors",
    9824: "Compact denial of existence",
    9904: "DNSSEC algorithm recommendations",
    9905: "SHA-1 retired in DNSSEC",
}

# "RFC 7672 section 2.1.3, 2.2 and 3", or in a column's `rfc`: "5321 section 5.1, 7505 section 3"
_SECTIONS = r"(?:[ ,]*sections?\s+(?P<sections>[A-Z]?\d+(?:\.\d+)*(?:(?:\s*,\s*|\s+and\s+)\d\d?(?:\.\d+)*(?![\d]))*))?"
_CITED = re.compile(r"(?:RFCs?\s+|(?<=[,;(] )|(?<=^))(?P<rfc>[1-9]\d{3})\b" + _SECTIONS)
_ONE = re.compile(r"[A-Z]?\d+(?:\.\d+)*")


_HEAD = ("| section | code | tests | status |", "|---|---|---|---|")


class Citation(NamedTuple):
    """One mention of a section (or of a whole RFC, section '')."""

    rfc: int
    section: str
    where: str


def citations(text: str) -> Iterator[tuple[int, str]]:
    """Each (RFC, section) that a text speaks of."""
    flat = re.sub(r"\s*\n\s*(?:#\s*)?", " ", text)
    for found in _CITED.finditer(flat):
        number = int(found["rfc"])
        if number not in TITLES and not found[0].startswith("RFC"):
            continue  # a bare number that is no RFC
        for section in _ONE.findall(found["sections"] or "") or [""]:
            yield number, section


def _scopes(tree: ast.Module) -> list[tuple[int, int, str]]:
    """First line, last line and dotted name of every class and function, the innermost last."""
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((child.lineno, child.end_lineno or child.lineno, prefix + child.name))
                visit(child, f"{prefix}{child.name}.")
            else:
                visit(child, prefix)

    visit(tree, "")
    return found


def in_file(path: Path) -> Iterator[Citation]:
    """What one source file cites, with the function or class around it."""
    text = path.read_text(encoding="utf-8")
    scopes = _scopes(ast.parse(text))
    name = path.relative_to(ROOT).as_posix()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.COMMENT, tokenize.STRING) or token.string[0] in "fF":
            continue  # f-strings are tokens of another kind from Python 3.12 on
        line = token.start[0]
        around = [scope for first, last, scope in scopes if first <= line <= last]
        where = f"{name}:{around[-1]}" if around else name
        for number, section in citations(token.string.strip("#\"' \n")):
            yield Citation(number, section, where)


def collect(folders: tuple[str, ...]) -> dict[tuple[int, str], set[str]]:
    """All citations below some folders, by RFC and section."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for cited in in_file(path):
                found[cited.rfc, cited.section].add(cited.where)
    return found


def _order(key: tuple[int, str]) -> tuple[int, list[tuple[int, str]]]:
    rfc, section = key
    return rfc, [(int(part), "") if part.isdigit() else (0, part) for part in section.split(".") if part]


def page() -> str:
    """The whole of docs/standards.md."""
    code, tests = collect(CODE), collect(TESTS)
    lines = [
        "# Which standard is read where",
        "",
        "Generated by `make docs` from the citations in the code and in the tests; do not edit. Status: **tested** = a",
        "test names the section; *module* = the module that reads it has a test file, which does not name the section;",
        "blank = neither. A test that names a section which the code does not is listed, too.",
    ]
    last = None
    for key in sorted(code.keys() | tests.keys(), key=_order):
        rfc, section = key
        if rfc != last:
            lines += ["", f"## RFC {rfc}: {TITLES[rfc]}" if rfc in TITLES else f"## RFC {rfc}", "", *_HEAD]
            last = rfc
        places = tests[key] or {mirror for place in code[key] if (mirror := mirror_of(place))}
        status = "**tested**" if tests[key] else "*module*" if places else ""
        lines.append(f"| {section or 'as a whole'} | {_cell(code[key])} | {_cell(places)} | {status} |")
    return "\n".join(lines) + "\n"


def mirror_of(place: str) -> str | None:
    """The test file of a module, if there is one: crawler/standards/wire.py has tests/standards/test_wire.py."""
    path = Path(place.partition(":")[0])
    folder = Path(*path.parts[1:-1]) if path.parts[0] == "crawler" else path.parent
    mirror = Path("tests") / folder / f"test_{path.name}"
    return mirror.as_posix() if (ROOT / mirror).exists() else None


def _cell(places: set[str]) -> str:
    return "<br>".join(f"`{place}`" for place in sorted(places))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
