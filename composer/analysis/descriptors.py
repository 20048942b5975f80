"""Descriptors: what can be counted in a segment of music, and how far two segments lie apart.

A descriptor is a vector: a histogram that adds up to 1, or one or a few numbers. What a segment
cannot have (the pitch classes of drums, the dynamics of a score without marks) is NaN.

Conventions:
    Segments as in `composer.analysis.segment`. Distances are Euclidean, as in mgeval.

Sources: Yang and Lerch, On the evaluation of generative models in music (2020), for the
descriptors and the distance; Wu and Yang, The Jazz Transformer on the front line (2020), for
groove consistency; polyphony as in MusPy (Dong et al. 2020).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from composer.analysis.segment import PLACES, Segment
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    SLOTS,
    TICKS_PER_BEAT,
    VELOCITY,
)
from composer.music.keys import sounding_time
from composer.music.notes import DRUM_PROGRAM

Floats = NDArray[np.float64]

DESCRIPTORS: Mapping[str, str] = {
    "pitch classes": "share of each pitch class, by sounding time",
    "intervals": "share of steps between notes of a part, -12 to 12 semitones",
    "density": "notes a beat (in free time: a second)",
    "onsets": "share of onsets in each sixteenth of the bar",
    "groove": "groove consistency: how alike onsets of neighbouring bars are, 0 to 1",
    "polyphony": "notes that sound together, on average where any does",
    "range": "semitones from the lowest tone to the highest",
    "velocity": "share of notes in each of 16 degrees of loudness",
    "self-similarity": "notes in common of bars that lie 1, 2, 4 and 8 bars apart, 0 to 1",
    "parts": "share of notes that each part plays",
    "lengths": "share of notes by length, in half octaves of ticks",
    "register": "mean pitch of each part",
    "figure": "notes a bar of each part in each sixteenth of the bar",
    "heights": "mean pitch of each part in each sixteenth of the bar",
}
"""Names, and what they say."""
WIDEST = 12
LOUDNESS = 16
LAGS = (1, 2, 4, 8)
LENGTHS = 18
_LENGTHS = np.round(2 * np.log2(DURATION_TICKS)).astype(np.int64)
assert _LENGTHS.max() < LENGTHS


def descriptors_of(segment: Segment, *, dynamics: bool = True) -> dict[str, Floats]:
    """Every descriptor of a segment, by name.

    Args:
        segment: With any number of notes.
        dynamics: Whether its velocities mean anything.
    """
    tones = _tones(segment)
    rows = segment.rows
    found: dict[str, Floats] = {
        "pitch classes": segment.pitch_classes if tones.any() else np.full(12, np.nan),
        "intervals": _intervals(segment, tones),
        "density": np.array([segment.density * (100 if segment.free else TICKS_PER_BEAT)]),
        "onsets": segment.rhythm if len(rows) else np.full(PLACES, np.nan),
        "groove": np.array([_groove(segment)]),
        "polyphony": np.array([_polyphony(segment)]),
        "range": np.array([np.ptp(rows[tones, PITCH]) if tones.any() else np.nan], dtype=float),
        "velocity": np.full(LOUDNESS, np.nan),
        "self-similarity": _self_similarity(segment),
        "parts": _shares(rows[:, PART], SLOTS),
        "lengths": _shares(_LENGTHS[rows[:, DURATION]], LENGTHS),
        "register": _means(rows[tones, PART], rows[tones, PITCH], SLOTS),
        "figure": np.full(SLOTS * PLACES, np.nan),
        "heights": np.full(SLOTS * PLACES, np.nan),
    }
    if len(rows) and not segment.free:
        spot = rows[:, PART] * PLACES + (segment.onsets % segment.bar) * PLACES // segment.bar
        bars = max(segment.length / segment.bar, 0.5)
        found["figure"] = np.bincount(spot, minlength=SLOTS * PLACES) / bars
        found["heights"] = _means(spot[tones], rows[tones, PITCH], SLOTS * PLACES)
    if dynamics and len(rows):
        counts = np.bincount(rows[:, VELOCITY] * LOUDNESS // 32, minlength=LOUDNESS)
        found["velocity"] = counts / counts.sum()
    return found


def distance(a: Floats, b: Floats) -> float:
    """Euclidean, over the numbers that both have; NaN if there are none."""
    both = ~(np.isnan(a) | np.isnan(b))
    if not both.any():
        return float("nan")
    # As if those that are missing lay as far apart as the others.
    return float(np.sqrt(np.square(a - b)[both].mean() * len(a)))


def krumhansl_key(segment: Segment) -> str | None:
    """The key of a segment by music21, such as "C major"; None without tones.

    A judge that knows nothing of `composer.music.keys.find_key`, by which continuations are
    kept in a key: to hold them to that one would be to ask the defendant. It is Krumhansl and
    Schmuckler's method (Krumhansl 1990) with music21's profiles, which only looks at how long
    each pitch class sounds, so that is all it is given.
    """
    tones = _tones(segment)
    if not tones.any():
        return None
    from music21 import note, stream

    rows = segment.rows[tones]
    sounding = sounding_time(rows[:, PITCH], DURATION_TICKS[rows[:, DURATION]])
    line = stream.Stream()
    for pitch_class in np.flatnonzero(sounding).tolist():
        line.append(note.Note(60 + pitch_class, quarterLength=int(sounding[pitch_class])))
    found = line.analyze("key")
    return f"{found.tonic.name} {found.mode}"


def _shares(classes: NDArray[np.integer], count: int) -> Floats:
    if not len(classes):
        return np.full(count, np.nan)
    return np.asarray(np.bincount(classes, minlength=count) / len(classes))


def _means(classes: NDArray[np.integer], values: NDArray[np.integer], count: int) -> Floats:
    """The mean value of each class, NaN for those that do not occur."""
    times = np.bincount(classes, minlength=count).astype(np.float64)
    times[times == 0] = np.nan
    return np.asarray(np.bincount(classes, values, minlength=count) / times)


def _tones(segment: Segment) -> NDArray[np.bool_]:
    return np.asarray(np.array(segment.programs)[segment.rows[:, PART]] != DRUM_PROGRAM)


def _intervals(segment: Segment, tones: NDArray[np.bool_]) -> Floats:
    rows = segment.rows[tones]
    order = np.argsort(rows[:, PART], kind="stable")
    steps = np.diff(rows[order, PITCH])
    same = np.diff(rows[order, PART]) == 0
    if not same.any():
        return np.full(2 * WIDEST + 1, np.nan)
    clipped = np.clip(steps[same], -WIDEST, WIDEST) + WIDEST
    counts = np.bincount(clipped, minlength=2 * WIDEST + 1)
    return np.asarray(counts / counts.sum())


def _groove(segment: Segment) -> float:
    count = -(-segment.length // segment.bar)
    if count < 2 or not len(segment.rows):
        return float("nan")
    struck = np.zeros((count, PLACES), dtype=bool)
    bar = np.minimum(segment.onsets // segment.bar, count - 1)
    struck[bar, (segment.onsets % segment.bar) * PLACES // segment.bar] = True
    return float(1 - np.mean(struck[1:] != struck[:-1]))


def _polyphony(segment: Segment) -> float:
    if not len(segment.rows):
        return float("nan")
    ends = segment.onsets + DURATION_TICKS[segment.rows[:, DURATION]]
    change = np.zeros(int(ends.max()) + 1, dtype=np.int64)
    np.add.at(change, segment.onsets, 1)
    np.add.at(change, ends, -1)
    sounding = np.cumsum(change)
    return float(sounding[sounding > 0].mean())


def _self_similarity(segment: Segment) -> Floats:
    bars = segment.bars
    found = np.full(len(LAGS), np.nan)
    for index, lag in enumerate(LAGS):
        alike = [
            2 * len(a & b) / (len(a) + len(b))
            for a, b in zip(bars, bars[lag:], strict=False)
            if a or b
        ]
        if alike:
            found[index] = np.mean(alike)
    return found
