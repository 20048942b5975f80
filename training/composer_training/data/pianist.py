"""A pianist: the habits of one who plays a piece, the score in front of them, and their clock.

Conventions:
    A *chord* is what begins on one tick of the score. *Moments* are seconds from the first beat.
    Arrays of notes are in the order of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer_training.data.dataset import FINE_PER_BEAT, Notes, Record

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Habits:
    """How one pianist plays one piece. Times are seconds, loudness is MIDI velocity.

    Attributes:
        rubato: How much slower a phrase ends than it goes, as a share.
        drift: Standard deviation of the tempo's wandering, as a share.
        phrase: Bars to the phrase.
        uneven: Standard deviation of a chord's onset.
        spread: Of each note's around its chord.
        lead: By which the melody is ahead of its chord.
        hands: Standard deviation of the left hand's distance from the right.
        rolled: Share of wide chords that are broken from the bass up.
        trills: Share of the longer notes of the melody that have a trill or a turn.
        legato: Share of a written length for which keys stay down.
        smooth: The higher, the less of the piece is played staccato.
        pedal: Share of the piece that is played with the pedal.
        change: From one change of the pedal to the next, about.
        level: Velocity in the middle.
        arc: By which the middle of a phrase is louder than its ends.
        waves: Standard deviation of the loudness's wandering.
        top: By which the melody is louder than what goes with it.
        slope: Velocity gained for each semitone above what is around.
        touch: Standard deviation of each note's loudness.
    """

    rubato: float
    drift: float
    phrase: int
    uneven: float
    spread: float
    lead: float
    hands: float
    rolled: float
    trills: float
    legato: float
    smooth: float
    pedal: float
    change: float
    level: float
    arc: float
    waves: float
    top: float
    slope: float
    touch: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Habits:
        """Those of somebody."""
        return cls(
            rubato=rng.uniform(0.04, 0.3),
            drift=rng.uniform(0.03, 0.09),
            phrase=int(rng.choice((2, 4, 4, 8))),
            uneven=rng.uniform(0.004, 0.011),
            spread=rng.uniform(0.005, 0.012),
            lead=rng.normal(0.009, 0.008),
            hands=rng.uniform(0.004, 0.022),
            rolled=rng.uniform(0, 0.25) ** 1.5,
            trills=rng.gamma(1.0, 0.04),
            legato=rng.uniform(0.5, 1.0),
            smooth=rng.uniform(0, 2),
            pedal=rng.uniform(0, 1),
            change=0.6 * 2 ** rng.normal(0, 0.7),
            level=rng.normal(63, 7),
            arc=rng.uniform(0, 16),
            waves=rng.uniform(7, 13),
            top=rng.normal(10, 4),
            slope=rng.uniform(0.15, 0.55),
            touch=rng.uniform(5.5, 9.5),
        )


@dataclass(frozen=True, slots=True)
class Score:
    """What a player sees.

    Attributes:
        onsets: In beats, [notes].
        ends: In beats, [notes].
        chord: Number of the chord of each note, int64 [notes].
        size: Of each note's chord, int64 [notes].
        when: Onset of each chord, in beats.
        pitch: [notes].
        top: Whether a note is the highest of its chord and of its half beat, bool [notes].
        bass: Whether it is the lowest of its chord and of its beat, bool [notes].
        bar: Beats to the bar, of the first metre.
    """

    onsets: Floats
    ends: Floats
    chord: Integers
    size: Integers
    when: Floats
    pitch: Floats
    top: NDArray[np.bool_]
    bass: NDArray[np.bool_]
    bar: float

    @classmethod
    def of(cls, record: Record, notes: Notes) -> Score:
        """Of a piece on a beat grid that has notes."""
        onsets = notes[:, 0] / FINE_PER_BEAT
        pitch = notes[:, 2].astype(np.float64)
        when, chord, count = np.unique(onsets, return_inverse=True, return_counts=True)
        _, numerator, denominator = record.metres[0]
        return cls(
            onsets=onsets,
            ends=onsets + notes[:, 3] / FINE_PER_BEAT,
            chord=chord,
            size=count[chord],
            when=when,
            pitch=pitch,
            top=_highest(chord, pitch) & (_highest(np.floor(onsets * 2), pitch)),
            bass=_highest(chord, -pitch) & (_highest(np.floor(onsets), -pitch)),
            bar=4 * numerator / denominator,
        )


def _highest(groups: NDArray[np.generic], values: Floats) -> NDArray[np.bool_]:
    """Whether each value is the largest of its group, bool [values]."""
    _, group = np.unique(groups, return_inverse=True)
    most = np.full(int(group.max()) + 1, -np.inf)
    np.maximum.at(most, group, values)
    return np.asarray(values >= most[group])


def wander(count: int, memory: float, rng: np.random.Generator) -> Floats:
    """Noise of deviation 1 that forgets itself within about `memory` steps, [count]."""
    kernel = np.exp(-np.arange(int(5 * memory) + 1) / memory)
    noise = rng.normal(0, 1, count + len(kernel) - 1)
    return np.convolve(noise, kernel / np.sqrt((kernel**2).sum()), "valid")


@dataclass(frozen=True, slots=True)
class Clock:
    """Beats to moments.

    Attributes:
        beats: Ascending, [points].
        moments: Of these beats, [points]; in between, time passes evenly.
    """

    beats: Floats
    moments: Floats

    def __call__(self, beats: Floats) -> Floats:
        """Moments of beats, in seconds."""
        return np.interp(beats, self.beats, self.moments)
