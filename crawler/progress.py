"""How far a run has come, told while it runs: a live line on a terminal, log lines on a pipe, or lines of JSON.

Everything goes to standard error, so that figures on standard output can be piped on.
Nothing here is kept; what a run did is in run.json.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from shutil import get_terminal_size
from typing import Any, TextIO

LIVE_EVERY = 0.2  # seconds between two states of the live line
LOG_EVERY = 5.0  # seconds between two log lines
WORDS = 5  # outcomes told, the most frequent first


class Progress:
    """Counts rows, and tells the rate, what is left, and what came out."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        out: TextIO | None = None,
        live: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
        title: str = "",
        log_json: bool = False,
    ) -> None:
        self._of = f"{title} " if title else ""  # where several runs tell at once
        self._out = sys.stderr if out is None else out
        self._quiet = quiet
        self._json = log_json
        self._live = (self._out.isatty() if live is None else live) and not log_json
        self._clock = clock
        self.packets: Callable[[], int] = int  # sent so far, as whoever sends them counts
        self._begin("", 0, 0)

    def _begin(self, title: str, total: int, before: int) -> None:
        self._title, self._total, self._before = title, total, before
        self._count = 0
        self._words: Counter[str] = Counter()
        self._began = self._told = self._clock()
        self._sent = self.packets()

    def begin(self, title: str, total: int, before: int = 0) -> None:
        """A stage begins with `total` keys, of which `before` were done by an earlier run."""
        self._begin(title, total, before)
        self.tick()

    def count(self, word: str) -> None:
        """One row more, and what came out."""
        self._count += 1
        self._words[word] += 1

    def more(self, total: int, before: int) -> None:
        """A part of the stage has counted its keys."""
        self._total += total
        self._before += before

    def counted(self, words: Mapping[str, int]) -> None:
        """Several rows more."""
        self._count += sum(words.values())
        self._words.update(words)

    def tick(self) -> None:
        """Called now and then; tells the state when it is time to."""
        now = self._clock()
        if not self._quiet and now - self._told >= (LIVE_EVERY if self._live else LOG_EVERY):
            self._told = now
            self._tell(self._state(now))

    def end(self) -> None:
        """The stage is over: its last state stays on the screen."""
        if not self._quiet and self._total:
            self._tell(self._state(self._clock()))
            if self._live:
                self._out.write("\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """A line for people, also when quiet: it is asked for, or needed."""
        if self._live and not self._quiet:
            self._out.write("\r\x1b[K")
        self._out.write((_line({"message": text}) if self._json else text) + "\n")
        self._out.flush()

    def _tell(self, text: str) -> None:
        if self._live:
            width = get_terminal_size().columns - 1
            self._out.write("\r\x1b[K" + text[:width])
        else:
            self._out.write(text + "\n")
        self._out.flush()

    def _state(self, now: float) -> str:
        elapsed = now - self._began
        rate = self._count / elapsed if elapsed > 0 else 0.0
        done = self._before + self._count
        left = self._total - done
        share = 100 * done / self._total if self._total else 100.0
        queries = (self.packets() - self._sent) / elapsed if elapsed > 0 else 0.0
        if self._json:
            return _line({
                "stage": self._of + self._title, "done": done, "total": self._total, "per_second": round(rate, 1),
                "queries_per_second": round(queries, 1), "seconds_left": round(left / rate) if rate else None,
                "outcomes": dict(self._words),
            })  # fmt: skip
        text = f"{self._of}{self._title}: {done:,} of {self._total:,} ({share:.0f} %), {rate:,.0f}/s"
        if queries:
            text += f", {queries:,.0f} queries/s"
        if left and rate:
            text += f", {_span(left / rate)} left"
        words = ", ".join(f"{word} {n:,}" for word, n in self._words.most_common(WORDS))
        return f"{text}; {words}" if words else text


def _line(facts: dict[str, Any]) -> str:
    """A log line for programs."""
    return json.dumps({"time": datetime.now(UTC).isoformat(timespec="seconds"), **facts}, ensure_ascii=True)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
