"""Lateness: how long after their moment the last notes left, as a histogram.

Conventions:
    Seconds. A figure is the upper edge of its bin; bins widen by a fiftieth from one to the
    next, from 10 microseconds to 2 seconds.
"""

from __future__ import annotations

import math
from collections import deque

WINDOW = 8192
"""Notes that are counted: the last ones."""
_FIRST, _LAST, _RATIO = 1e-5, 2.0, 1.02
_BINS = math.ceil(math.log(_LAST / _FIRST, _RATIO)) + 2


class Lateness:
    """The last notes' lateness, ready to be asked for at any time."""

    def __init__(self, window: int = WINDOW) -> None:
        """Nothing played yet.

        Args:
            window: Notes that are counted.
        """
        self._counts = [0] * _BINS
        self._recent: deque[int] = deque()
        self._window = window

    def add(self, seconds: float) -> None:
        """A note left so long after its moment; less than nothing is nothing."""
        place = 0
        if seconds > _FIRST:
            place = min(math.ceil(math.log(seconds / _FIRST, _RATIO)), _BINS - 1)
        if len(self._recent) >= self._window:
            self._counts[self._recent.popleft()] -= 1
        self._recent.append(place)
        self._counts[place] += 1

    def quantile(self, share: float) -> float:
        """Seconds that this share of the notes was late at most; 0 before the first note."""
        left = share * len(self._recent)
        for place, count in enumerate(self._counts):
            left -= count
            if left < 0:
                return _FIRST * _RATIO**place if place else 0.0
        return 0.0

    def figures(self) -> tuple[float, float]:
        """Median and 99 %."""
        return self.quantile(0.5), self.quantile(0.99)
