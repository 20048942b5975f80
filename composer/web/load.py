"""Load: the share of one processor that a process has taken of late.

Conventions:
    Seconds, of the clocks that are handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SPAN: Final = 1.0
"""Seconds over which a share is taken at least, however often it is asked for."""


class Load:
    """Of the process that it is made in, all threads counted."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.process_time,
    ) -> None:
        """Nothing is known yet.

        Args:
            clock: Says the moment.
            spent: Says how much processor time the process has had.
        """
        self._clock, self._spent = clock, spent
        self._since = clock(), spent()
        self._share = 0.0

    def share(self) -> float:
        """The share, 1 for a whole processor; that before, where a second is not over yet."""
        moment, spent = self._clock(), self._spent()
        before, spent_before = self._since
        if moment - before >= SPAN:
            self._share = (spent - spent_before) / (moment - before)
            self._since = moment, spent
        return self._share
