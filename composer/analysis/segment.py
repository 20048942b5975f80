"""Passage: notes on the events' clock, and what can be counted in them.

Conventions:
    Rows are int [notes, 5] as in `composer.encoding.events`; onsets are event ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import LOOK_BACK
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    TICKS_PER_BEAT,
)
from composer.music.keys import sounding_time
from composer.music.notes import DRUM_PROGRAM

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PLACES = 16
"""Places in the bar that the rhythm is counted in."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Notes on the events' clock.

    Attributes:
        rows: Int [notes, 5].
        onsets: Int [notes], counted from a bar line.
        programs: Of each slot.
        bar: Ticks of a bar.
        free: Whether it is in free time.
        length: Ticks from that bar line to its end.
    """

    rows: Ints
    onsets: Ints
    programs: tuple[int, ...]
    bar: int
    free: bool
    length: int

    @cached_property
    def pitch_classes(self) -> Floats:
        """Share of each pitch class, by sounding time up to two beats, [12]."""
        drums = np.array(self.programs)[self.rows[:, PART]] == DRUM_PROGRAM
        tones = self.rows[~drums]
        durations = DURATION_TICKS[tones[:, DURATION]]
        return _shares(sounding_time(tones[:, PITCH], durations, 2 * TICKS_PER_BEAT))

    @cached_property
    def rhythm(self) -> Floats:
        """Share of onsets in each place of the bar; in free time of gaps by length, [16]."""
        if self.free:
            gaps = np.diff(self.onsets)
            places = np.minimum(np.log2(np.maximum(gaps, 1)) * 2, PLACES - 1).astype(np.int64)
        else:
            places = (self.onsets % self.bar) * PLACES // self.bar
        return _shares(np.bincount(places, minlength=PLACES)[:PLACES].astype(np.float64))

    @property
    def density(self) -> float:
        """Notes per tick."""
        return len(self.rows) / max(self.length, 1)

    @cached_property
    def bars(self) -> list[frozenset[tuple[int, int, int]]]:
        """The notes of each bar: (tick in the bar, slot, pitch)."""
        count = max(-(-self.length // self.bar), 1)
        bars: list[set[tuple[int, int, int]]] = [set() for _ in range(count)]
        for onset, row in zip(self.onsets.tolist(), self.rows.tolist(), strict=True):
            index = min(onset // self.bar, count - 1)
            bars[index].add((onset - index * self.bar, row[PART], row[PITCH]))
        return [frozenset(bar) for bar in bars]

    @property
    def repeats(self) -> int:
        """Most bars in a row that each repeat one of the bars shortly before."""
        most = now = 0
        for index, bar in enumerate(self.bars):
            before = self.bars[max(index - LOOK_BACK, 0) : index]
            now = now + 1 if bar and bar in before else 0
            most = max(most, now)
        return most

    @property
    def silence(self) -> int:
        """Longest time without a sounding note, in ticks, from its beginning to its end."""
        if not len(self.rows):
            return self.length
        ends = np.maximum.accumulate(self.onsets + DURATION_TICKS[self.rows[:, DURATION]])
        gaps = np.concatenate(
            [[self.onsets[0]], self.onsets[1:] - ends[:-1], [self.length - ends[-1]]]
        )
        return int(gaps.max())


def _shares(counts: Floats) -> Floats:
    return counts / max(float(counts.sum()), 1e-9)
