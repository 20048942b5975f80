"""Traits: all that can be told of a passage beside the seed that it goes on from.

What a listener goes by (`composer.evaluation.listener`): descriptors of the passage and how far
they lie from the seed's, histograms of intervals, degrees, onsets and lengths, the figures of
form, further overlaps with the seed, the course of the passage from its beginning to its end, its
chords and its outer lines. A trait is one number with a name in words; NaN where a passage has
none.

Onsets and lengths are rounded to sixteenths and loudness is left out, so that neither the grid
nor the hand of a player tells who made a passage. Whether it ends on the tonic is left out, too:
a passage cut out of a piece has no ending, and one that was made has.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from composer.analysis.descriptors import LAGS, WIDEST, descriptors_of, distance
from composer.analysis.form import chords_of
from composer.analysis.segment import PLACES, Segment
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    SHIFT,
    TICKS_PER_BEAT,
    VELOCITY,
    nearest_duration,
)
from composer.evaluation.form_figures import FORM, FormFigures, figures_of, outer_lines, tones
from composer.music.chords import NO_CHORD
from composer.music.keys import Key

Floats = NDArray[np.float64]
Traits = dict[str, float]

_SIXTEENTH = TICKS_PER_BEAT // 4
_NUMBERS = ("density", "groove", "polyphony", "range")
_FAR = (
    "pitch classes", "intervals", "onsets", "parts", "lengths", "register", "figure", "heights",
)  # fmt: skip
"""Descriptors of many numbers, told by their distance from the seed's."""
_SHORT, _LONG, _RHYTHM = 2, 8, 4
"""Intervals in a row, beside the figures of form; gaps between onsets in a row."""
_WIDE_LEAP = 7
_LENGTHS = 9
"""Longest note that is told apart, in half octaves from a sixteenth."""


def traits_of(seed: Segment, made: Segment, key: Key | None) -> Traits:
    """Every trait of a passage, by name.

    Args:
        seed: Whole bars, in beats.
        made: What follows, its parts numbered as the seed's.
        key: Of the seed.
    """
    seed, made = rounded(seed), rounded(made)
    form = FormFigures.of(seed, made, key)
    found = {
        FORM[field.name]: float(getattr(form, field.name))
        for field in fields(FormFigures)
        if field.name != "ends_on_tonic"
    }
    for part in (_beside(seed, made), _histograms(made, key), _overlaps(seed, made)):
        found.update(part)
    for part in (_course(made), _harmony(seed, made, key), _outline(seed, made)):
        found.update(part)
    return found


def rounded(segment: Segment) -> Segment:
    """A segment with onsets and lengths in whole sixteenths and all notes equally loud.

    Of notes that fall on one onset, part and pitch the longest is kept.
    """
    sixteenths = np.rint(segment.onsets / _SIXTEENTH).astype(np.int64)
    lengths = DURATION_TICKS[segment.rows[:, DURATION]] / _SIXTEENTH
    rows = segment.rows.copy()
    rows[:, DURATION] = nearest_duration(np.maximum(np.rint(lengths), 1) * _SIXTEENTH)
    rows[:, VELOCITY], rows[:, SHIFT] = 16, 0
    # A note rounded up to the end belongs to what comes after; it stays in the last sixteenth.
    last = max((segment.length - 1) // _SIXTEENTH, 0)
    sixteenths = np.minimum(sixteenths, last)
    order = np.lexsort((-rows[:, DURATION], rows[:, PITCH], rows[:, PART], sixteenths))
    rows, onsets = rows[order], sixteenths[order] * _SIXTEENTH
    spots = np.column_stack([onsets, rows[:, PART], rows[:, PITCH]])
    kept = np.ones(len(rows), dtype=bool)
    kept[1:] = (spots[1:] != spots[:-1]).any(axis=1)
    return Segment(
        rows[kept], onsets[kept], segment.programs, segment.bar, segment.free, segment.length
    )


def _beside(seed: Segment, made: Segment) -> Traits:
    """Descriptors, as they are and beside the seed's."""
    old, new = (descriptors_of(part, dynamics=False) for part in (seed, made))
    found = {name: float(new[name][0]) for name in _NUMBERS}
    found |= {f"{name}, beside the seed's": float(new[name][0] - old[name][0]) for name in _NUMBERS}
    for lag, before, now in zip(LAGS, old["self-similarity"], new["self-similarity"], strict=True):
        found[f"likeness of bars {lag} apart, beside the seed's"] = float(now - before)
    return found | {f"{name}: distance from the seed's": distance(new[name], old[name])
                    for name in _FAR}  # fmt: skip


def _histograms(made: Segment, key: Key | None) -> Traits:
    new = descriptors_of(made, dynamics=False)
    found = {
        f"intervals of {step:+d}": float(share)
        for step, share in zip(range(-WIDEST, WIDEST + 1), new["intervals"], strict=True)
    }
    for place, share in enumerate(new["onsets"], start=1):
        found[f"onsets in place {place} of {PLACES}"] = float(share)
    degrees = np.full(12, np.nan) if key is None else np.roll(new["pitch classes"], -key.tonic)
    for degree, share in enumerate(degrees):
        found[f"time {degree} semitones above the tonic"] = float(share)
    long = DURATION_TICKS[made.rows[:, DURATION]] / _SIXTEENTH
    classes = np.minimum(np.rint(2 * np.log2(long)), _LENGTHS).astype(np.int64)
    counts = np.bincount(classes, minlength=_LENGTHS + 1) / max(len(classes), 1)
    for length, share in enumerate(counts):
        found[f"notes of about {2 ** (length / 2) / 4:.2g} beats"] = float(share)
    return found


def _overlaps(seed: Segment, made: Segment) -> Traits:
    """Shares of shorter and longer figures, and of rhythms, that the seed had."""
    found: Traits = {}
    for name, old, new in zip(
        ("melody", "bass"), outer_lines(seed), outer_lines(made), strict=True
    ):
        for size in (_SHORT, _LONG):
            known = figures_of(old, size)
            found[f"{name}: {size} intervals in a row that the seed had"] = _known(
                figures_of(new, size), known
            )
    old, new = (np.unique(tones(part)[0]).tolist() for part in (seed, made))
    rhythms = figures_of(new, _RHYTHM)
    found["rhythms that the seed had"] = _known(rhythms, figures_of(old, _RHYTHM))
    found["different rhythms"] = len(set(rhythms)) / len(rhythms) if rhythms else float("nan")
    patterns = [_patterns(part) for part in (seed, made)]
    found["bars in a rhythm that the seed had"] = _known(patterns[1], patterns[0])
    return found


def _patterns(segment: Segment) -> list[tuple[int, ...]]:
    """The onsets of each bar, without pitches."""
    return [tuple(sorted({tick for tick, _, _ in bar})) for bar in segment.bars]


def _course(made: Segment) -> Traits:
    """How the passage goes from its beginning to its end."""
    notes = np.array([len(bar) for bar in made.bars], dtype=np.float64)
    quarter = max(len(notes) // 4, 1)
    bar = np.minimum(made.onsets // made.bar, len(notes) - 1)
    onsets, pitches = tones(made)
    where = onsets * _SIXTEENTH * 4 / max(made.length, 1)
    return {
        "notes in the last quarter beside the first": float(
            np.log((notes[-quarter:].sum() + 1) / (notes[:quarter].sum() + 1))
        ),
        "height in the last quarter beside the first": _mean(pitches[where >= 3])
        - _mean(pitches[where < 1]),
        "spread of notes from bar to bar": float(notes.std() / max(float(notes.mean()), 1e-9)),
        "empty bars": float(np.mean(notes == 0)),
        "longest silence in bars": made.silence / made.bar,
        "parts that play in a bar": _mean(
            [len(np.unique(made.rows[bar == number, PART])) for number in range(len(notes))]
        ),
        "notes in the last bar beside the mean": float(notes[-1] - notes.mean()),
    }


def _harmony(seed: Segment, made: Segment, key: Key | None) -> Traits:
    old, new = chords_of(seed), chords_of(made)
    there = [chord for chord in new if chord != NO_CHORD]
    onsets, pitches = tones(made)
    scale = frozenset() if key is None else key.pitch_classes()
    outside = [pitch % 12 not in scale for pitch in pitches.tolist()]
    return {
        "half bars without a chord": 1 - len(there) / len(new),
        "different chords": len(set(there)) / len(there) if there else float("nan"),
        "chords that the seed had": _known(there, old),
        "changes of chord": _changes(new),
        "changes of chord, beside the seed's": _changes(new) - _changes(old),
        "notes outside the key": float("nan") if key is None else _mean(outside),
        **_simultaneous(onsets, pitches),
    }


def _changes(chords: Sequence[int]) -> float:
    return _mean([one != other for one, other in itertools.pairwise(chords)])


def _simultaneous(onsets: NDArray[np.int64], pitches: NDArray[np.int64]) -> Traits:
    """What is struck together."""
    struck: dict[int, set[int]] = {}
    for onset, pitch in zip(onsets.tolist(), pitches.tolist(), strict=True):
        struck.setdefault(onset, set()).add(pitch)
    pairs = [abs(one - other) % 12 for chord in struck.values()
             for one, other in itertools.combinations(chord, 2)]  # fmt: skip
    return {
        "notes struck together": _mean([len(chord) for chord in struck.values()]),
        "semitones struck together": _mean([pair in (1, 11) for pair in pairs]),
        "octaves struck together": _mean([pair == 0 for pair in pairs]),
        "thirds and sixths struck together": _mean([pair in (3, 4, 8, 9) for pair in pairs]),
    }


def _outline(seed: Segment, made: Segment) -> Traits:
    """The outer lines."""
    found: Traits = {}
    both = zip(("melody", "bass"), outer_lines(seed), outer_lines(made), strict=True)
    for name, old, new in both:
        steps = np.diff(new)
        found |= {
            f"{name}: mean step": _mean(np.abs(steps)),
            f"{name}: mean step, beside the seed's": _mean(np.abs(steps))
            - _mean(np.abs(np.diff(old))),
            f"{name}: notes repeated": _mean(steps == 0),
            f"{name}: leaps of more than a fifth": _mean(np.abs(steps) > _WIDE_LEAP),
            f"{name}: turns": _mean(steps[1:] * steps[:-1] < 0),
            f"{name}: height, beside the seed's": _mean(new) - _mean(old),
        }
    top, bass = outer_lines(made)
    found["semitones from bass to melody"] = _mean(np.array(top) - np.array(bass))
    return found


def _known(new: Sequence[object], old: Sequence[object]) -> float:
    """The share of some that others hold."""
    known = set(old)
    return _mean([one in known for one in new])


def _mean(values: Sequence[float] | NDArray[np.generic]) -> float:
    return float(np.asarray(values, dtype=np.float64).mean()) if len(values) else float("nan")
