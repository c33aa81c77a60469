"""What is told of a run under way: for people on a terminal and on a pipe, and for programs."""

from __future__ import annotations

import io
import json

from crawler.progress import Progress


class Clock:
    """Time as the test wants it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(log_json: bool = False, parts: int = 1) -> tuple[str, Clock]:
    """A stage of ten keys, two of them done before, four done in ten seconds with 40 packets."""
    out, clock, packets = io.StringIO(), Clock(), [100]
    progress = Progress(out=out, live=False, clock=clock, log_json=log_json)
    progress.packets = lambda: packets[0]
    progress.begin("domains", 0 if parts > 1 else 10, 0 if parts > 1 else 2)
    if parts > 1:
        progress.more(6, 2)
        progress.more(4, 0)
        progress.counted({"mx": 3, "unknown": 1})
    else:
        for word in ("mx", "mx", "unknown", "mx"):
            progress.count(word)
    clock.now, packets[0] = 10.0, 140
    progress.tick()
    progress.say("a word")
    return out.getvalue(), clock


def test_a_log_line_has_counts_rates_outcomes_and_what_is_left() -> None:
    text, _ = told()
    assert text == "domains: 6 of 10 (60 %), 0/s, 4 queries/s, 10 s left; mx 3, unknown 1\na word\n"


def test_the_parts_of_several_workers_add_up() -> None:
    assert told(parts=2)[0] == told()[0]


def test_lines_of_json_say_the_same() -> None:
    state, word = map(json.loads, told(log_json=True)[0].splitlines())
    assert {key: state[key] for key in state if key != "time"} == {
        "stage": "domains", "done": 6, "total": 10, "per_second": 0.4, "queries_per_second": 4.0, "seconds_left": 10,
        "outcomes": {"mx": 3, "unknown": 1},
    }  # fmt: skip
    assert word["message"] == "a word"
    assert state["time"].endswith("+00:00")


def test_a_stage_without_keys_is_not_worth_a_line() -> None:
    out = io.StringIO()
    progress = Progress(out=out, live=False, clock=Clock())
    progress.begin("hosts, look 2", 0)
    progress.end()
    assert out.getvalue() == ""
