"""Music written down bar by bar, as segments and as events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.analysis.segment import Segment
from composer.encoding.events import DURATION_TICKS, Events, quantise
from composer.music.beat_grid import BEATS
from composer.music.timing import MetreMap

BEAT, BAR = 24, 96
Note = tuple[float, float, int, int]
"""(beat, beats long, part, pitch)."""


def quarters(*bars: Sequence[int], part: int = 0) -> list[Note]:
    """Bars of quarter notes, by their pitches; 0 rests."""
    return [
        (4.0 * number + beat, 1.0, part, pitch)
        for number, pitches in enumerate(bars)
        for beat, pitch in enumerate(pitches)
        if pitch
    ]


def segment(notes: list[Note], bars: int, programs: tuple[int, ...] = (0, 0)) -> Segment:
    """Notes in 4/4 as a segment of so many bars."""
    table = sorted(notes)
    rows = [
        [0, part, pitch, int(np.searchsorted(DURATION_TICKS, beats * BEAT)), 16]
        for _, beats, part, pitch in table
    ]
    onsets = np.array([round(beat * BEAT) for beat, *_ in table], dtype=np.int64)
    return Segment(
        np.array(rows, dtype=np.int64).reshape(-1, 5), onsets, programs, BAR, False, bars * BAR
    )


def events(
    notes: list[Note], programs: tuple[int, ...] = (0, 0), metre: tuple[int, int] = (4, 4)
) -> Events:
    """The same as events."""
    table = np.array(notes, dtype=float)
    return quantise(
        table[:, 0] * BEAT,
        table[:, 1] * BEAT,
        table[:, 2].astype(np.int64),
        table[:, 3].astype(np.int64),
        np.full(len(table), 80),
        programs,
        BEATS,
        MetreMap(((0, *metre),)),
    )
