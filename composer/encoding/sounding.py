"""Sounding: which lengths would let a note end together with others that sound.

In free time lengths are known to a hundredth of a second, and on a piano one in four is decided by
no key: the pedal comes up, and all that it held ends. A network that is told of the last note of
each part alone cannot know when; of the notes that sound it can be told when they end.

Conventions:
    B streams; int64. Ends are event ticks; lengths are classes of duration. Only of music in free
    time is anything told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    NO_DURATION,
    Events,
    Rows,
    Ticks,
    nearest_duration,
)

Ints = NDArray[np.int64]

SOUNDING = 16
"""Notes whose ends are remembered: those that end last."""
_LONGEST = int(DURATION_TICKS[-1])
_CLASS_OF = np.append(nearest_duration(np.arange(_LONGEST + 1)), NO_DURATION)
"""Class of a note that ends in so many ticks; last, of one that has ended."""
_CLASS_OF[0] = NO_DURATION


def ends_of(rows: Rows, onsets: Ticks) -> Ints:
    """When the notes end that do so last, [16], in no order; 0 where there are fewer."""
    ends = np.sort(onsets + DURATION_TICKS[rows[:, DURATION]])[-SOUNDING:]
    return np.pad(ends, (SOUNDING - len(ends), 0))


def hear(ends: Ints, onset: Ints, durations: Ints) -> None:
    """Take in one more note of each stream, in place.

    Args:
        ends: [B, 16], as from `ends_of`.
        onset: Of the notes, [B].
        durations: Classes, [B].
    """
    streams, first = np.arange(len(ends)), ends.argmin(axis=1)
    end = onset + DURATION_TICKS.take(durations)
    ends[streams, first] = np.maximum(ends[streams, first], end)


def lengths(ends: Ints, onset: Ints) -> Ints:
    """The length with which a note on an onset would end with each that sounds, [B, 16].

    Args:
        ends: [B, 16].
        onset: [B].

    Returns:
        Classes, `NO_DURATION` for those that have ended.
    """
    left = ends - onset[:, None]
    return _CLASS_OF.take(np.where(left > 0, left, 0), mode="clip")


def lengths_before(events: Events) -> NDArray[np.int16]:
    """`lengths` before each note of a piece in free time, int16 [notes, 16]."""
    onsets = events.onsets
    found = np.empty((len(onsets), SOUNDING), dtype=np.int16)
    ends = np.zeros((1, SOUNDING), dtype=np.int64)
    durations = events.rows[:, DURATION].astype(np.int64)
    for index in range(len(onsets)):
        here = slice(index, index + 1)
        found[here] = lengths(ends, onsets[here])
        hear(ends, onsets[here], durations[here])
    return found
