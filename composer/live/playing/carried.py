"""Carried: what the next notes have to know of the ones before, beside the network's state.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from typing import TypedDict

from composer.analysis.repetition import RepetitionTracker
from composer.generation.stream import Stream


class Told(TypedDict):
    """What a stream is told."""

    tracker: RepetitionTracker
    copied_ticks: int
    suspended: int


class Carried:
    """What is carried from stream to stream: the bars, and how recall stands."""

    def __init__(self) -> None:
        """Nothing was played."""
        self._tracker = RepetitionTracker()
        self._copying: int | None = None  # tick since when every note was the expected one
        self._suspended_until = 0

    def begin(self, *, anew: bool) -> None:
        """Another reply begins; anew if it has nothing to do with the last one."""
        self._tracker = RepetitionTracker()
        if anew:
            self._copying, self._suspended_until = None, 0

    def told(self, clock: int) -> Told:
        """What a stream is told that begins at a tick."""
        copied = 0 if self._copying is None else max(clock - self._copying, 0)
        suspended = max(self._suspended_until - clock, 0)
        return Told(tracker=self._tracker, copied_ticks=copied, suspended=suspended)

    def take(self, stream: Stream, clock: int) -> None:
        """A stream has ended with an onset at a tick."""
        self._tracker = stream.tracker
        self._copying = clock - stream.copied_ticks if stream.copied_ticks else None
        self._suspended_until = clock + stream.suspended if stream.settings.recall else 0
