"""Taken up: what may come next in a reply that goes on with what the phrase had.

Figures are pairs of intervals between the highest notes of onsets, rhythms pairs of steps from
onset to onset (`composer.taste.traits`). What completes one is worth 1, what begins one half of it.

Conventions:
    Rows are the notes of a reply so far, as in `composer.encoding.events`. Worths are float32,
    0..1, over the classes of a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.segment import Segment
from composer.encoding.events import END, PART, PITCH, SHIFT, SHIFT_TICKS, SIZES
from composer.music.notes import DRUM_PROGRAM
from composer.taste.traits import cells_of, figures_of, rhythms_of

Floats = NDArray[np.float32]

_WIDEST: Final = 24
"""Semitones of an interval of a figure at most."""
_CELLS = cells_of(np.maximum(SHIFT_TICKS[:END], 1))
_CELLS[0] = -1  # a note of the same onset is no step


class Figures:
    """The figures of a phrase, as what may come next in a reply that takes them up."""

    def __init__(self, figures: Iterable[Sequence[int]], drums: frozenset[int]) -> None:
        """Of a phrase.

        Args:
            figures: Pairs of intervals between the highest notes of onsets.
            drums: Slots of drum kits, whose keys are no pitches.
        """
        self._drums = drums
        known = [pair for pair in figures if max(map(abs, pair)) <= _WIDEST]
        # What each interval is worth, counted from the pitch before: behind any, and behind one.
        self._begins: Floats = np.zeros(2 * SIZES[PITCH], dtype=np.float32)
        self._begins[[SIZES[PITCH] + first for first, _ in known]] = 0.5
        self._after = {first: self._begins.copy() for first, _ in known}
        for first, second in known:
            self._after[first][SIZES[PITCH] + second] = 1.0

    @classmethod
    def of(cls, phrase: Segment) -> Figures:
        """Those of a phrase."""
        kits = (slot for slot, program in enumerate(phrase.programs) if program == DRUM_PROGRAM)
        return cls(figures_of(phrase), frozenset(kits))

    def next(self, rows: Sequence[Sequence[int]], *, together: bool) -> Floats:
        """How much each pitch takes up the phrase as the next one, float32 [128], 0..1.

        Args:
            rows: The notes of the reply so far.
            together: Whether the next one begins with the last of them.
        """
        tops = self._tops(rows, together)
        if not tops:
            return np.zeros(SIZES[PITCH], dtype=np.float32)
        worth = self._begins
        if len(tops) > 1:
            worth = self._after.get(tops[0] - tops[1], worth)
        return worth[SIZES[PITCH] - tops[0] : 2 * SIZES[PITCH] - tops[0]]

    def _tops(self, rows: Sequence[Sequence[int]], together: bool) -> list[int]:
        """The highest pitches of the last two onsets before the next note's, the last first."""
        tops: list[int] = []
        top = -1
        for row in reversed(rows):
            if row[PART] not in self._drums:
                top = max(top, row[PITCH])
            if row[SHIFT]:
                if top >= 0 and not together:
                    tops.append(top)
                    if len(tops) == 2:
                        return tops
                together, top = False, -1
        return [*tops, top] if top >= 0 and not together else tops


class Rhythms:
    """The rhythms of a phrase, as what may come next in a reply that keeps to them."""

    def __init__(self, rhythms: Iterable[Sequence[int]]) -> None:
        """Of a phrase: pairs of steps, as `composer.taste.traits.cells_of` counts them."""
        pairs = list(rhythms)
        self._begins: Floats = np.where(np.isin(_CELLS, [a for a, _ in pairs]), 0.5, 0).astype("f4")
        self._after = {first: self._begins.copy() for first, _ in pairs}
        for first, second in pairs:
            self._after[first][second == _CELLS] = 1.0

    @classmethod
    def of(cls, phrase: Segment) -> Rhythms:
        """Those of a phrase."""
        return cls(rhythms_of(phrase))

    def next(self, rows: Sequence[Sequence[int]]) -> Floats:
        """How much each shift keeps to the phrase as the next one, float32 [END]."""
        shift = next((row[SHIFT] for row in reversed(rows[1:]) if row[SHIFT]), 0)
        return self._after.get(int(_CELLS[shift]), self._begins)
