"""Leaning: a taste that tilts what the network draws, a little, towards what is liked.

Choosing among takes (`composer.taste.preference`) can only find what the network plays anyway. So
the logits of each field are tilted, too, by how a choice moves the traits that are liked: higher
pitches, shorter shifts, longer notes. The tilt is no more than a network that is half sure would be
moved by, and follows how sure it is that a trait is liked.

Conventions:
    B streams; a leaning is from -1 (less of it is surely liked) to 1. Biases are float32 over the
    classes of a field, added to logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.encoding import struct_rows as tables
from composer.encoding.events import (
    DURATION_TICKS,
    END,
    PITCH,
    SHIFT_TICKS,
    SIZES,
    TICKS_PER_BEAT,
    VELOCITY,
)
from composer.encoding.features import PROGRAM
from composer.encoding.running_features import Context
from composer.generation.constraints import Constraints
from composer.music.notes import DRUM_PROGRAM
from composer.taste.preference import Preference
from composer.taste.traits import TRAITS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_REGISTER: Final = 0.12
"""Logits a semitone."""
_DENSITY, _ARTICULATION = 2.0, 0.8
"""Logits a halving of the time to the next onset, and a doubling of a note's length."""
_SYNCOPATION, _CHORDS, _DRUMS = 2.2, 1.5, 2.5
"""Logits off the beat, on the onset of the last note, and of a kit."""
_LOUDNESS: Final = 0.2
"""Logits a velocity class."""
_SHORTEST: Final = 3
"""Ticks under which a shift is as good as none."""
_WANTED: Final = 0.3
"""Leaning from which on limits give way: to sixteenths, and to a note more at a time."""
_WIDER: Final = 1.0
"""Doublings of the notes that a bar may have, for one who surely likes it dense."""

_DENSER = np.zeros(END + 1)
_DENSER[0] = 1.6  # as a little less than a sixteenth: chords make music denser, too
_DENSER[1:END] = -np.log2(np.maximum(SHIFT_TICKS[1:], _SHORTEST) / TICKS_PER_BEAT)
_LONGER = np.log2(DURATION_TICKS / (TICKS_PER_BEAT / 2))
_HIGHER = np.arange(SIZES[PITCH]) - 60.0
_LOUDER = np.arange(SIZES[VELOCITY]) - SIZES[VELOCITY] / 2


@dataclass(frozen=True, slots=True)
class Leaning:
    """How much more of a trait is wanted, -1..1 each; see `composer.taste.traits`."""

    register: float = 0.0
    density: float = 0.0
    articulation: float = 0.0
    syncopation: float = 0.0
    loudness: float = 0.0
    chords: float = 0.0
    drums: float = 0.0

    @classmethod
    def of(cls, preference: Preference) -> Leaning | None:
        """What a taste leans to; None while nothing is known."""
        if not preference.count:
            return None
        mean, spread = preference.weights()
        # Half of the way for a weight that is as large as it is uncertain.
        strength = dict(
            zip((trait.name for trait in TRAITS), np.tanh(mean / (2 * spread)), strict=True)
        )
        return cls(**{field.name: round(float(strength[field.name]), 3) for field in fields(cls)})

    def widened(self, constraints: Constraints) -> Constraints:
        """Limits of one stream with room for what is wanted more of than there was."""
        if max(self.density, self.chords, self.syncopation) < _WANTED:
            return constraints
        table = tables.copy(constraints.table)
        if self.density >= _WANTED:
            more = 2 ** (_WIDER * self.density)
            for limit in ("per_bar", "burst"):
                table[limit] = np.ceil(table[limit] * more)
            table["rate"] *= more
        if max(self.density, self.syncopation) >= _WANTED:
            table["places"][:, :: TICKS_PER_BEAT // 4] = True
        if max(self.density, self.chords) >= _WANTED:
            table["chords"] += 1
        return Constraints(table)


class Leans(Protocol):
    """A stream, as far as it leans."""

    leaning: Leaning | None


class Leanings:
    """The leanings of streams that are drawn side by side."""

    def __init__(self, leanings: Sequence[Leaning | None]) -> None:
        """Of each stream."""
        table = np.array(
            [
                [getattr(leaning or Leaning(), field.name) for field in fields(Leaning)]
                for leaning in leanings
            ]
        )
        register, density, articulation, syncopation, loudness, chords, drums = table.T[..., None]
        # A busy kit needs time to be busy in: onsets come sooner, too.
        self._shifts: Floats = (_DENSITY * (density + drums / 2) * _DENSER).astype(np.float32)
        self._shifts[:, 0] += (_CHORDS * chords[:, 0]).astype(np.float32)
        self._off = (_SYNCOPATION * syncopation).astype(np.float32)
        self._pitches = (_REGISTER * register * _HIGHER).astype(np.float32)
        self._drums = (_DRUMS * drums).astype(np.float32)
        self._durations: Floats = (_ARTICULATION * articulation * _LONGER).astype(np.float32)
        self._velocities: Floats = (_LOUDNESS * loudness * _LOUDER).astype(np.float32)

    @classmethod
    def of(cls, streams: Sequence[Leans]) -> Leanings | None:
        """Those of some streams; None if none of them leans."""
        leanings = [stream.leaning for stream in streams]
        return cls(leanings) if any(leaning is not None for leaning in leanings) else None

    def shifts(self, context: Context) -> Floats:
        """What is added to the shifts, [B, END + 1]."""
        places = (context.inside[:, None] + SHIFT_TICKS) % TICKS_PER_BEAT
        off = (places != 0) & ~context.free[:, None]
        off[:, 0] = False
        bias: Floats = self._shifts.copy()
        bias[:, :END] += self._off * off
        return bias

    def parts(self, context: Context) -> Floats:
        """What is added to the parts, [B, SLOTS]."""
        return np.asarray(self._drums * context.drums, dtype=np.float32)

    def pitches(self, columns: Ints) -> Floats:
        """What is added to the pitches, [B, 128]; a kit's keys are not higher or lower."""
        kits = (columns[:, PROGRAM] == DRUM_PROGRAM)[:, None]
        return np.asarray(np.where(kits, 0, self._pitches), dtype=np.float32)

    def durations(self) -> Floats:
        """What is added to the durations, [B, classes]."""
        return self._durations

    def velocities(self) -> Floats:
        """What is added to the velocities, [B, classes]."""
        return self._velocities
