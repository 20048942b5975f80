"""Voices: parts that sing one above the other, do not cross, and do not move in parallels.

Two voices a fifth, an octave or a unison apart that move in the same direction are not a fifth, an
octave or a unison apart again.

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
_FIFTH = 7


@dataclass(frozen=True, slots=True)
class Voices:
    """Parts of which each lies above the next.

    Attributes:
        slots: From the highest to the lowest.
    """

    slots: tuple[int, ...]

    def narrowed(
        self,
        allowed: Bools,
        context: Context,
        rows: Ints,
        parts: Ints,
        onsets: Ints,
        earlier: Ints,
    ) -> Bools:
        """Pitches that fit the voices that sound, bool [G, 128]; all where none is left.

        Args:
            allowed: What may sound otherwise.
            context: Of all streams before the note.
            rows: Which streams of it these are, [G].
            parts: That play the note, [G].
            onsets: Of it, [G].
            earlier: Pitch of each slot before this onset, -1 for none, [G, SLOTS].
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
        voice = own.any(axis=1)[:, None]
        narrowed = allowed & (fits | ~voice)
        narrowed = np.where(narrowed.any(axis=1)[:, None], narrowed, allowed)
        free = narrowed & ~(self._parallels(last[..., 0], sounding & ~own, earlier, parts) & voice)
        return np.asarray(np.where(free.any(axis=1)[:, None], free, narrowed))

    def _parallels(self, now: Ints, others: Bools, earlier: Ints, parts: Ints) -> Bools:
        """Pitches to which a voice would move in parallel with another, bool [G, 128].

        Args:
            now: Pitch of each voice, [G, V].
            others: Which of them sound, the one that moves left out, [G, V].
            earlier: Pitch of each slot before this onset, [G, SLOTS].
            parts: The voice that moves, [G].
        """
        before = earlier[:, list(self.slots)]
        mine = earlier[np.arange(len(parts)), parts][:, None]
        apart = np.abs(mine - before) % 12
        perfect = others & (before >= 0) & (mine >= 0) & ((apart == 0) | (apart == _FIFTH))
        way = np.sign(now - before)
        again = np.abs(_PITCHES - now[..., None]) % 12 == apart[..., None]
        along = np.sign(_PITCHES - mine[..., None]) == way[..., None]
        return np.asarray(np.any((perfect & (way != 0))[..., None] & again & along, axis=1))
