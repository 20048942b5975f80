"""Garbage: Python's search for cycles of objects, kept out of the way of the music.

With hundreds of sessions a search of the newest objects takes 10 ms, and of all 50. What a
session leaves behind is not part of any cycle, so that nothing is lost by waiting for a
pause.

Conventions:
    Moments and lengths are seconds.
"""

from __future__ import annotations

import gc
import math
from types import TracebackType

STILL, SELDOM = 0.5, 60.0
"""Seconds for which nothing is due, and from one search to the next."""


class RareCollection:
    """While this lasts, Python searches for cycles only when it is asked to."""

    def __init__(self) -> None:
        self._collected = -math.inf
        self._prepared = self._usual = False

    def prepare(self) -> None:
        """Search once, and leave out what there is by now: 40 ms that no message should meet."""
        gc.collect()
        gc.freeze()
        self._prepared = True

    def pause(self, now: float, wait: float) -> None:
        """Nothing is due for `wait` seconds: search, if it is time to."""
        if wait > STILL and now - self._collected > SELDOM:
            self._collected = now
            gc.collect()

    def __enter__(self) -> RareCollection:
        if not self._prepared:
            self.prepare()
        self._usual = gc.isenabled()
        gc.disable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        gc.unfreeze()
        self._prepared = False
        if self._usual:
            gc.enable()
