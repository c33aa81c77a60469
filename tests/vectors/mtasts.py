"""MTA-STS and TLSRPT vectors: facts of others' test tables, held against both of our readings.

``strict_rfc`` must be our strict verdict. What a source asserts (``expect``) must be our
strict verdict too, unless the vector says that source and RFC differ, or gives no
``strict_rfc``: then the strict or the lenient verdict will do, for sources disagree
among themselves. A source's ``none`` and ``err`` are both "no usable record"; a lenient
reading may never refuse what the strict one takes, nor read it otherwise.

Vectors of fetching are played in the lab, if they say what a server does; those of caching, which is none of
a census' business, are told and not run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.standards import mtasts, tlsrpt, wire
from crawler.standards.readings import Reading
from tests.vectors import fetching

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Ours(NamedTuple):
    """What we say of one vector: both verdicts in the vectors' words, what was read, and why."""

    strict: str
    lenient: str
    fields: dict[str, Any]
    why: str = ""


REFUSALS = {"none", "err", "no_policy", "policy_syntax", "fetch_error"}


def fields_of(value: object) -> dict[str, Any]:
    """What was read, in the vectors' words."""
    if isinstance(value, mtasts.Record):
        return {"version": mtasts.VERSION, "id": value.id, "extensions": listed(value.extensions)}
    if isinstance(value, tlsrpt.Record):
        return {"rua": listed(value.rua), "extensions": listed(value.extensions)}
    if isinstance(value, mtasts.Policy):
        return {
            "version": mtasts.VERSION, "mode": value.mode.value, "max_age": value.max_age,
            "mx": list(value.mx), "extensions": listed(value.extensions),
        }  # fmt: skip
    return {}


def listed(rows: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    return [list(row) for row in rows]


def ours(reading: Reading[Any]) -> Ours:
    assert reading.strict is None or reading.strict == reading.lenient, "strictly right must be leniently right"
    return Ours(
        "err" if reading.strict is None else "ok",
        "err" if reading.lenient is None else "ok",
        fields_of(reading.lenient),
        reading.problem.flaw if reading.problem else "",
    )


def joined(strings: list[str]) -> bytes:
    """The strings of one TXT record, by way of its RDATA."""
    octets = [string.encode() for string in strings]
    return wire.split_txt(b"".join(bytes((len(each),)) + each for each in octets))


def rrset(vector: dict[str, Any], read: Callable[[list[bytes]], Reading[Any]]) -> Ours:
    if vector.get("rcode", "NOERROR") not in {"NOERROR", "NXDOMAIN"}:
        return Ours("temperror", "temperror", {})  # no RRset: the resolver's outcome stands, and nothing is read
    return ours(read([joined(strings) for strings in vector["input"]]))


def mx_match(vector: dict[str, Any]) -> Ours:
    host, patterns = vector["input"]["mx"], vector["input"]["patterns"]
    strict, lenient = (
        "match" if any(mtasts.admits(pattern, host, lenient=how) for pattern in patterns) else "no"
        for how in (False, True)
    )
    return Ours(strict, lenient, {})


def policy_struct(vector: dict[str, Any]) -> Ours:
    """A policy given as values is written as a file."""
    rows = vector["input"] | {"mx": None}
    lines = [f"{name}: {value}" for name, value in rows.items() if value is not None]
    lines += [f"mx: {pattern}" for pattern in vector["input"].get("mx", [])]
    return ours(mtasts.read_policy("\n".join(lines).encode()))


def content_type(vector: dict[str, Any]) -> Ours:
    verdict = "ok" if mtasts.is_plain_text(vector["input"]) else "err"
    return Ours(verdict, verdict, {})


def concatenation(vector: dict[str, Any]) -> Ours | None:
    if vector["input"] is None:
        return None
    return Ours("ok", "ok", {"joined": joined(vector["input"]).decode()})


def fetch(vector: dict[str, Any]) -> Ours | None:
    """Played in the lab (`fetching`); a scenario that is named and not described is not."""
    told = vector["input"]
    if "cert" not in told:
        return None
    verdict = fetching.verdict_on(told)
    body = ours(mtasts.read_policy(told["body"].encode())) if "body" in told else None
    return Ours(verdict, verdict, body.fields if body else {}, body.why if body else "")


KINDS: dict[str, Callable[[dict[str, Any]], Ours | None]] = {
    "sts_record": lambda vector: ours(mtasts.read_record(vector["input"].encode())),
    "sts_txt_rrset": lambda vector: rrset(vector, mtasts.read_records),
    "sts_policy": lambda vector: ours(mtasts.read_policy(vector["input"].encode())),
    "sts_policy_struct": policy_struct,
    "sts_fetch": fetch,
    "mx_match": mx_match,
    "content_type": content_type,
    "txt_concat": concatenation,
    "tlsrpt_record": lambda vector: ours(tlsrpt.read_record(vector["input"].encode())),
    "tlsrpt_txt_rrset": lambda vector: rrset(vector, tlsrpt.read_records),
}


def same(asserted: str, verdict: str) -> bool:
    return asserted == verdict or (asserted in REFUSALS and verdict in REFUSALS)


def disagreements(vector: dict[str, Any], said: Ours) -> list[str]:
    """Where what we say is not what the vector says."""
    wrong = []
    strict, expect = vector.get("strict_rfc"), vector["expect"]
    if strict is not None and not same(strict, said.strict):
        wrong.append(f"strict_rfc {strict}, ours {said.strict}")
    free = strict is None or vector.get("conflict", False)
    accepted = (said.strict, said.lenient) if free else (said.strict,)
    if expect != "unspecified" and not any(same(expect, verdict) for verdict in accepted):
        wrong.append(f"expect {expect}, ours strict {said.strict}, lenient {said.lenient}")
    wrong += [
        f"{name} {value!r}, ours {said.fields.get(name)!r}"
        for name, value in vector["fields"].items()
        if said.fields.get(name) != value
    ]
    return wrong


def run(path: Path) -> tuple[int, int]:
    """How many of the vectors agree, and of how many; each disagreement is printed."""
    agreed = total = 0
    left_out: dict[str, int] = {}
    for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
        kind = KINDS.get(vector["kind"])
        said = kind(vector) if kind else None
        if said is None:
            left_out[vector["kind"]] = left_out.get(vector["kind"], 0) + 1
            continue
        wrong = disagreements(vector, said)
        total += 1
        agreed += not wrong
        for line in wrong:
            print(f"{vector['id']}: {line}{f' ({said.why})' if said.why else ''}; {vector['why'] or vector['source']}")
    if left_out:
        print("not run:", ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items())))
    return agreed, total
