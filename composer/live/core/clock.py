"""Clock: what time it is, as an argument.

Conventions:
    Times are seconds on one monotonic clock with an arbitrary beginning. Nothing in
    `composer.live` asks any other: a change of the computer's date moves no note.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Something that says what time it is."""

    def now(self) -> float:
        """Seconds."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> float:
        """Seconds, from `time.perf_counter` (nanoseconds fine on every system)."""
        return time.perf_counter()
