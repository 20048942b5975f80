"""Pacing: how soon a stream's next note may come, and how late.

Conventions:
    Ticks are event ticks. What a stream owes as an accompaniment is not looked at here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from composer.encoding.events import UNLIMITED
from composer.encoding.struct_rows import Table


class Pacing(NamedTuple):
    """What bounds the time to the next note of one stream; see `composer.generation.limits`.

    Attributes:
        earliest: No onset before it.
        latest_first: No first onset after it.
        longest: Longest time without an onset.
        pace: Notes to a tick at least; 0 for none.
        hurry: Ticks to the next note at most where there are fewer.
        per_bar: Notes to a bar at most.
        rate: Notes to a tick at most, on the whole; 0 for none.
        burst: So many more.
        slow: Ticks to the next note at least where there are more.
    """

    earliest: int
    latest_first: int
    longest: int
    pace: float
    hurry: int
    per_bar: int
    rate: float
    burst: int
    slow: int

    @classmethod
    def of(cls, table: Table) -> list[Pacing]:
        """Of each stream of a table of limits."""
        hurry = np.ceil(1.5 / np.maximum(table["pace"], 1e-9)).astype(np.int64)
        burst = np.where(table["rate"] > 0, table["burst"], UNLIMITED)
        columns = [table[name] for name in ("earliest", "latest_first", "longest", "pace")]
        columns += [hurry, table["per_bar"], table["rate"], burst, table["slow_shift"]]
        # For a few streams, whole numbers in lists take less time than calls of NumPy.
        return [cls(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]

    def reach(self, clock: int, drawn: int, line: int) -> tuple[int, int]:
        """Fewest and most ticks to the next note.

        Args:
            clock: Onset of the last note.
            drawn: Notes generated so far.
            line: Ticks to the next bar line where this bar is full, else 0.
        """
        first = self.earliest - clock
        # The limit on silence is measured from the join for the first note, unless given notes
        # have led beyond it.
        late = drawn or clock > self.latest_first
        limit = self.longest if late else self.latest_first - clock
        if drawn + 1 < -self.pace * first:
            limit = min(limit, self.hurry)
        floor = max(first, line, self.slow if drawn > self.burst - self.rate * first else 0)
        return floor, max(limit, first)
