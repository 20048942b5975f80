"""Answer fit: how far an answer is from what people play after such a phrase.

What people play next takes a phrase up: some of its figures come back, on other notes or in
another rhythm, the key stays, most phrases close on a note of the tonic's triad, and as many
notes lie on the beat as before. An answer is held against its phrase in the traits below, in
which people's next phrases were measured (`benchmarks/answers.py --traits`).

Conventions:
    Ticks are event ticks. A line is the highest pitch of each onset. Drums have no pitch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from composer.music.keys import MINOR, Key, fitting_key

Ints = NDArray[np.int64]

FIGURE: Final = 3
"""Intervals, or lengths, of a figure."""


class Usual(NamedTuple):
    """What people do: mean and standard deviation of a trait, and what it counts."""

    mean: float
    spread: float
    weight: float = 1.0


USUAL: Final = {
    "intervals": Usual(0.25, 0.30),
    "lengths": Usual(0.70, 0.30),
    "tones": Usual(0.65, 0.16),
    "beats": Usual(-0.02, 0.14),
    "density": Usual(0.0, 0.28),
}
"""Figures of intervals, and of lengths, that the phrase has, as shares; what the pitch classes have
in common with the phrase's, by sounding time; onsets on the beat, beyond the phrase's share; and
notes in a time beside the phrase's, as a logarithm to base 2. Rounded from forty POP909 melodies,
forty of its pianos and forty Lied voices."""
OFF_TRIAD: Final = 6.0
"""What an end on a note off the tonic's triad counts."""
OFF_KEY: Final = 1.0
"""What another key than the phrase's counts."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Some notes as they are compared.

    Attributes:
        onsets: Of the line, in order.
        pitches: Of the line; none of drums.
        tones: Sounding time of each pitch class, [12].
        notes: How many in all.
    """

    onsets: list[int]
    pitches: list[int]
    tones: NDArray[np.float64]
    notes: int


def heard(rows: Ints, drums: frozenset[int], together: int, beat: int) -> Heard:
    """Notes as they are compared.

    Args:
        rows: Onset, part, pitch, duration in ticks, [notes, 3 or more]; onsets in order.
        drums: Parts that are drum kits.
        together: Ticks within which onsets are one.
        beat: Ticks for which a note counts at most.
    """
    onsets: list[int] = []
    pitches: list[int] = []
    tones = np.zeros(12)
    pitched = any(part not in drums for part in rows[:, 1].tolist())
    for onset, part, pitch, duration, *_ in rows.tolist():
        if part in drums and pitched:
            continue
        if not onsets or onset - onsets[-1] > together:
            onsets.append(onset)
            pitches.append(pitch)
        elif pitch > pitches[-1]:
            pitches[-1] = pitch
        tones[pitch % 12] += min(duration, beat)
    if not pitched:
        tones[:], pitches = 0, []
    return Heard(onsets, pitches, tones, len(rows))


class AnswerFit:
    """What an answer is held against."""

    def __init__(self, phrase: Ints, drums: frozenset[int], beat: int, free: bool) -> None:
        """A phrase.

        Args:
            phrase: Its notes, at least one, as in `heard`.
            drums: Parts that are drum kits.
            beat: Ticks of a beat; of a second in free time.
            free: Whether it is not known where beats are.
        """
        self._drums, self._beat, self._free = drums, beat, free
        self._together = beat // 16
        own = self._heard(phrase)
        self._intervals = set(_figures(_steps(own.pitches)))
        usual = max(float(np.median(_steps(own.onsets))), 1.0) if len(own.onsets) > 1 else 1.0
        self._unit = beat / 4 if not free else usual / 2
        self._lengths = set(_figures(self._places(own)))
        self._own = own
        self._on_beat = self._share_on_beat(own)
        self._density = _density(own, beat)
        self.key = fitting_key(own.tones) if own.tones.any() else None

    def misfit(self, rows: Ints) -> float:
        """How far an answer is from what people play: the weighted mean square of its traits."""
        if not len(rows):
            return float("inf")
        answer, found = self._heard(rows), self.traits(rows)
        total = weights = 0.0
        for name, value in found.items():
            usual = USUAL[name]
            total += usual.weight * ((value - usual.mean) / usual.spread) ** 2
            weights += usual.weight
        if self.key is not None and answer.pitches:
            total += OFF_TRIAD * (answer.pitches[-1] % 12 not in triad(self.key))
            total += OFF_KEY * (fitting_key(answer.tones) != self.key)
            weights += 2.0
        return total / max(weights, 1.0)

    def traits(self, rows: Ints) -> dict[str, float]:
        """The traits of `USUAL` that an answer has."""
        answer = self._heard(rows)
        found: dict[str, float] = {}
        figures = list(_figures(_steps(answer.pitches)))
        if figures and self._intervals:
            found["intervals"] = sum(f in self._intervals for f in figures) / len(figures)
        figures = list(_figures(self._places(answer)))
        if figures and self._lengths:
            found["lengths"] = sum(f in self._lengths for f in figures) / len(figures)
        sums = self._own.tones.sum(), answer.tones.sum()
        if min(sums) > 0:
            both = np.minimum(self._own.tones / sums[0], answer.tones / sums[1])
            found["tones"] = float(both.sum())
        if not self._free:
            found["beats"] = self._share_on_beat(answer) - self._on_beat
        found["density"] = float(np.log2(_density(answer, self._beat) / self._density))
        return found

    def _heard(self, rows: Ints) -> Heard:
        return heard(rows, self._drums, self._together, self._beat)

    def _places(self, some: Heard) -> list[int]:
        return [round(step / self._unit) for step in _steps(some.onsets)]

    def _share_on_beat(self, some: Heard) -> float:
        beat, near = self._beat, self._together
        on = sum(min(onset % beat, -onset % beat) <= near for onset in some.onsets)
        return on / max(len(some.onsets), 1)


def triad(key: Key) -> frozenset[int]:
    """Pitch classes of the tonic's triad."""
    third = 3 if key.mode == MINOR else 4
    return frozenset(((key.tonic + step) % 12) for step in (0, third, 7))


def _density(some: Heard, beat: int) -> float:
    return some.notes / max(some.onsets[-1] - some.onsets[0], beat) if some.onsets else 1.0


def _steps(values: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(values)]


def _figures(values: list[int]) -> Iterator[tuple[int, ...]]:
    return (tuple(values[at : at + FIGURE]) for at in range(len(values) - FIGURE + 1))
