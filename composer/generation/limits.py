"""What a continuation is held to, in the words of music: its time, its density, its parts.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import DURATION_TICKS, PITCH, SIZES, SLOTS, UNLIMITED, VELOCITY

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When notes may begin, in ticks.

    Attributes:
        earliest: No onset before this tick.
        latest_first: The first new onset comes before this tick.
        end: No onset at or after it.
        longest: Longest shift.
        ring: Ticks beyond the end for which notes may sound.
    """

    earliest: int
    latest_first: int
    end: int
    longest: int
    ring: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """How many notes there are in a time.

    Attributes:
        per_bar: Most notes that may begin in one bar.
        pace: Notes per tick to keep up with; 0 for as it comes.
        rate: Notes per tick not to exceed on the whole; 0 for no limit.
        burst: Notes by which `rate` may be exceeded for a while.
        slow_shift: Least shift in ticks while `rate` is exceeded by more than that.
    """

    per_bar: int
    pace: float = 0.0
    rate: float = 0.0
    burst: int = 0
    slow_shift: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLimits:
    """What each slot may play.

    Attributes:
        parts: bool [slots], those that may play at all.
        pitches: bool [slots, 128].
        coloured: bool [slots, 128], pitches beyond these that are allowed where they are tones of
            the chord in force.
        velocities: bool [slots, 32], by class.
        durations: bool [slots, classes].
        rests: int64 [slots], longest silence in ticks.
        by_phrase: Whether who has been silent for longer waits for a phrase to begin.
        chords: int64 [slots], most notes on one onset.
        pitch_bias: float32 [slots, 12], added to the logits of the pitches, by pitch class.
        velocity_bias: float32 [slots, 32], added to the logits of the velocities.
    """

    parts: Bools
    pitches: Bools
    coloured: Bools
    velocities: Bools
    durations: Bools
    rests: Ints
    chords: Ints
    pitch_bias: NDArray[np.float32]
    velocity_bias: NDArray[np.float32]
    by_phrase: bool = False

    @classmethod
    def none(cls) -> PartLimits:
        """Every slot may play everything. The arrays are its own, to be narrowed down."""
        return cls(
            parts=np.ones(SLOTS, dtype=bool),
            pitches=np.ones((SLOTS, SIZES[PITCH]), dtype=bool),
            coloured=np.zeros((SLOTS, SIZES[PITCH]), dtype=bool),
            velocities=np.ones((SLOTS, SIZES[VELOCITY]), dtype=bool),
            durations=np.ones((SLOTS, len(DURATION_TICKS)), dtype=bool),
            rests=np.full(SLOTS, UNLIMITED, dtype=np.int64),
            chords=np.full(SLOTS, UNLIMITED, dtype=np.int64),
            pitch_bias=np.zeros((SLOTS, 12), dtype=np.float32),
            velocity_bias=np.zeros((SLOTS, SIZES[VELOCITY]), dtype=np.float32),
        )
