"""Voices: parts that sing one above the other, and do not cross.

Conventions:
    B streams, G of them guided; ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import DURATION_TICKS, PITCH, SIZES
from composer.encoding.running_features import Context

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PITCHES = np.arange(SIZES[PITCH])


@dataclass(frozen=True, slots=True)
class Voices:
    """Parts of which each lies above the next.

    Attributes:
        slots: From the highest to the lowest.
    """

    slots: tuple[int, ...]

    def narrowed(
        self, allowed: Bools, context: Context, rows: Ints, parts: Ints, onsets: Ints
    ) -> Bools:
        """Pitches that cross no voice that sounds, bool [G, 128]; all where none is left.

        Args:
            allowed: What may sound otherwise.
            context: Of all streams before the note.
            rows: Which streams of it these are, [G].
            parts: That play the note, [G].
            onsets: Of it, [G].
        """
        last = context.last[rows][:, list(self.slots)]
        heard = context.heard[rows][:, list(self.slots)]
        lengths = DURATION_TICKS.take(last[..., 1], mode="clip")
        sounding = (heard >= 0) & (heard + lengths > onsets[:, None])
        own = np.array(self.slots) == parts[:, None]
        place = np.argmax(own, axis=1)[:, None]
        numbers = np.arange(len(self.slots))
        above, below = sounding & (numbers < place), sounding & (numbers > place)
        highest = np.where(above, last[..., 0], SIZES[PITCH]).min(axis=1)
        lowest = np.where(below, last[..., 0], 0).max(axis=1)
        fits = (lowest[:, None] <= _PITCHES) & (highest[:, None] >= _PITCHES)
        narrowed = allowed & (fits | ~own.any(axis=1)[:, None])
        return np.where(narrowed.any(axis=1)[:, None], narrowed, allowed)
