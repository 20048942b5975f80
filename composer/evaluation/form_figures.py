"""Form figures: how much music comes back, beside the music that it goes on from.

A seed and what follows it are compared bar by bar and figure by figure: what the top line and
the bass take up again, how much each bar shares with an earlier one, whether returns come in
runs, whether harmony comes round, and where the music ends. Onsets are rounded to sixteenths
and loudness is left out, so that neither gives away who played.

Conventions:
    A *figure* is four intervals of a line in a row. Shares are 0..1; NaN where there is nothing
    to take a share of.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from composer.analysis.bar_similarity import dice
from composer.analysis.form import chords_of
from composer.analysis.segment import Segment
from composer.encoding.events import DURATION, DURATION_TICKS, PART, PITCH, TICKS_PER_BEAT
from composer.music.chords import NO_CHORD
from composer.music.keys import Key
from composer.music.notes import DRUM_PROGRAM

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FORM: Mapping[str, str] = {
    "melody_returns": "melodic figures that the seed had",
    "bass_returns": "bass figures that the seed had",
    "own_repeats": "melodic figures repeated, of its own",
    "nearest_bar": "notes in common with the nearest earlier bar",
    "return_bars": "bars that return",
    "runs": "returns in runs",
    "lag_1": "notes in common with the bar before",
    "lag_2": "notes in common 2 bars apart",
    "lag_4": "notes in common 4 bars apart",
    "lag_8": "notes in common 8 bars apart",
    "new_chord_pairs": "changes of chord new to the seed",
    "longest_copy": "longest copy from the seed, notes of the top line",
    "ends_on_tonic": "ends on the tonic",
}
"""Figures by name, in words."""

_INTERVALS = 4
_SIXTEENTH = TICKS_PER_BEAT // 4
_ALIKE = 0.5
"""Share of notes in common from which on a bar counts as a return."""
_LAGS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class FormFigures:
    """Of one continuation beside its seed.

    Attributes:
        melody_returns: Share of the top line's figures that the seed's had.
        bass_returns: The same of the bass.
        own_repeats: Share of the top line's figures that it had itself, and the seed not.
        nearest_bar: Mean over bars of the notes in common with the most similar earlier bar.
        return_bars: Share of bars with more than half in common with an earlier one.
        runs: Of two returns in a row, the share whose second is like the bar after the
            first one's model.
        lag_1: Mean share of notes in common with the bar before; the next three two, four and
            eight bars before.
        lag_2: See `lag_1`.
        lag_4: See `lag_1`.
        lag_8: See `lag_1`.
        new_chord_pairs: Share of changes of chord from half bar to half bar that the seed did
            not have.
        longest_copy: Notes of the top line in a row that the seed had, the longest such run.
        ends_on_tonic: Whether the bass ends on the tonic, 0 or 1.
    """

    melody_returns: float
    bass_returns: float
    own_repeats: float
    nearest_bar: float
    return_bars: float
    runs: float
    lag_1: float
    lag_2: float
    lag_4: float
    lag_8: float
    new_chord_pairs: float
    longest_copy: float
    ends_on_tonic: float

    @classmethod
    def of(cls, seed: Segment, made: Segment, key: Key | None) -> FormFigures:
        """Compare what was made with its seed.

        Args:
            seed: Whole bars.
            made: What follows.
            key: Of the seed.
        """
        old_top, old_bass = outer_lines(seed)
        top, bass = outer_lines(made)
        figures = figures_of(top)
        known, known_bass = set(figures_of(old_top)), set(figures_of(old_bass))
        own = Counter(figures)
        bars = _bars(seed) + _bars(made)
        first = len(bars) - made_bars(made)
        nearest, models = _nearest(bars, first)
        alike = [value > _ALIKE for value in nearest]
        return cls(
            melody_returns=_share([figure in known for figure in figures]),
            bass_returns=_share([figure in known_bass for figure in figures_of(bass)]),
            own_repeats=_share([own[figure] > 1 and figure not in known for figure in figures]),
            nearest_bar=float(np.mean(nearest)) if nearest else float("nan"),
            return_bars=_share(alike),
            runs=_runs(bars, first, alike, models),
            **{
                f"lag_{lag}": float(
                    np.mean(
                        [dice(bars[n], bars[n - lag]) for n in range(first, len(bars)) if n >= lag]
                        or [float("nan")]
                    )
                )
                for lag in _LAGS
            },
            new_chord_pairs=_new_pairs(chords_of(seed), chords_of(made)),
            longest_copy=float(_longest_copy(old_top, top)),
            ends_on_tonic=ends_on_tonic(made, key),
        )


def mean(figures: Sequence[FormFigures]) -> dict[str, float]:
    """The mean of each figure over pieces, those without one left out."""
    means = {}
    for field in fields(FormFigures):
        values = np.array([getattr(one, field.name) for one in figures])
        there = values[~np.isnan(values)]
        means[field.name] = float(there.mean()) if len(there) else float("nan")
    return means


def made_bars(segment: Segment) -> int:
    """How many bars a segment has."""
    return max(-(-segment.length // segment.bar), 1)


def tones(segment: Segment) -> tuple[Ints, Ints]:
    """Onsets in sixteenths and pitches of all but drums."""
    drums = np.array(segment.programs)[segment.rows[:, PART]] == DRUM_PROGRAM
    onsets = (segment.onsets[~drums] + _SIXTEENTH // 2) // _SIXTEENTH
    return onsets, segment.rows[~drums, PITCH].astype(np.int64)


def outer_lines(segment: Segment) -> tuple[list[int], list[int]]:
    """The top line and the bass: the highest and the lowest pitch of each onset, in order."""
    onsets, pitches = tones(segment)
    top: dict[int, int] = {}
    bass: dict[int, int] = {}
    for onset, pitch in zip(onsets.tolist(), pitches.tolist(), strict=True):
        top[onset] = max(top.get(onset, 0), pitch)
        bass[onset] = min(bass.get(onset, 127), pitch)
    return [top[onset] for onset in sorted(top)], [bass[onset] for onset in sorted(bass)]


def figures_of(line: Sequence[int], intervals: int = _INTERVALS) -> list[tuple[int, ...]]:
    """Every so many intervals in a row, of pitches or of onsets."""
    steps = [after - before for before, after in itertools.pairwise(line)]
    return [tuple(steps[n : n + intervals]) for n in range(len(steps) - intervals + 1)]


def _bars(segment: Segment) -> list[frozenset[tuple[int, int]]]:
    """The notes of each bar but drums: (sixteenth, pitch)."""
    onsets, pitches = tones(segment)
    per_bar = max(segment.bar // _SIXTEENTH, 1)
    bars: list[set[tuple[int, int]]] = [set() for _ in range(made_bars(segment))]
    for onset, pitch in zip(onsets.tolist(), pitches.tolist(), strict=True):
        bars[min(onset // per_bar, len(bars) - 1)].add((onset % per_bar, pitch))
    return [frozenset(bar) for bar in bars]


def _nearest(bars: list[frozenset[tuple[int, int]]], first: int) -> tuple[list[float], list[int]]:
    """Of each bar from the first on, its likeness to the most similar earlier bar, and which."""
    nearest, models = [], []
    for number in range(max(first, 1), len(bars)):
        likeness = [dice(bars[number], bars[before]) for before in range(number)]
        models.append(int(np.argmax(likeness)))
        nearest.append(max(likeness))
    return nearest, models


def _runs(
    bars: list[frozenset[tuple[int, int]]], first: int, alike: list[bool], models: list[int]
) -> float:
    first = max(first, 1)
    found = []
    for index in range(1, len(alike)):
        if alike[index - 1] and alike[index]:
            follows = models[index - 1] + 1
            found.append(
                follows < first + index and dice(bars[first + index], bars[follows]) > _ALIKE
            )
    return _share(found)


def _new_pairs(old: list[int], new: list[int]) -> float:
    known = set(_pairs(old))
    return _share([pair not in known for pair in _pairs(new)])


def _pairs(chords: list[int]) -> list[tuple[int, int]]:
    return [
        (one, other) for one, other in itertools.pairwise(chords) if NO_CHORD not in (one, other)
    ]


def _longest_copy(old: list[int], new: list[int]) -> int:
    """Notes in a row that the seed's line has on the same pitches."""
    longest = 0
    before = [0] * (len(old) + 1)
    for pitch in new:
        now = [0] * (len(old) + 1)
        for index, other in enumerate(old):
            if pitch == other:
                now[index + 1] = before[index] + 1
        longest = max(longest, max(now))
        before = now
    return longest


def ends_on_tonic(made: Segment, key: Key | None) -> float:
    """Whether the lowest of the notes that end last is the tonic."""
    drums = np.array(made.programs)[made.rows[:, PART]] == DRUM_PROGRAM
    if key is None or drums.all():
        return float("nan")
    rows, onsets = made.rows[~drums], made.onsets[~drums]
    ends = onsets + DURATION_TICKS[rows[:, DURATION]]
    last = ends >= ends.max() - TICKS_PER_BEAT // 2
    return float(int(rows[last, PITCH].min()) % 12 == key.tonic)


def _share(found: Sequence[bool]) -> float:
    return float(np.mean(found)) if len(found) else float("nan")
