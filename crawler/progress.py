"""How far a run has come, told while it runs: a live line on a terminal, log lines on a pipe.

Everything goes to standard error, so that figures on standard output can be piped on.
Nothing here is kept; what a run did is in run.json.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from shutil import get_terminal_size
from typing import TextIO

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
    ) -> None:
        self._of = f"{title} " if title else ""  # where several runs tell at once
        self._out = sys.stderr if out is None else out
        self._quiet = quiet
        self._live = self._out.isatty() if live is None else live
        self._clock = clock
        self._begin("", 0, 0)

    def _begin(self, title: str, total: int, before: int) -> None:
        self._title, self._total, self._before = title, total, before
        self._count = 0
        self._words: Counter[str] = Counter()
        self._began = self._told = self._clock()

    def begin(self, title: str, total: int, before: int = 0) -> None:
        """A stage begins with `total` keys, of which `before` were done by an earlier run."""
        self._begin(title, total, before)
        self.tick()

    def count(self, word: str) -> None:
        """One row more, and what came out."""
        self._count += 1
        self._words[word] += 1

    def tick(self) -> None:
        """Called now and then; tells the state when it is time to."""
        now = self._clock()
        if not self._quiet and now - self._told >= (LIVE_EVERY if self._live else LOG_EVERY):
            self._told = now
            self._tell(self._state(now))

    def end(self) -> None:
        """The stage is over: its last state stays on the screen."""
        if not self._quiet:
            self._tell(self._state(self._clock()))
            if self._live:
                self._out.write("\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """A line for people, also when quiet: it is asked for, or needed."""
        if self._live and not self._quiet:
            self._out.write("\r\x1b[K")
        self._out.write(text + "\n")
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
        text = f"{self._of}{self._title}: {done:,} of {self._total:,} ({share:.0f} %), {rate:,.0f}/s"
        if left and rate:
            text += f", {_span(left / rate)} left"
        words = ", ".join(f"{word} {n:,}" for word, n in self._words.most_common(WORDS))
        return f"{text}; {words}" if words else text


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
