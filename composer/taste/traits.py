"""Traits of a reply: the few numbers by which people tell what they like in it.

Each is on a scale on which 1 is a difference that one hears: an octave, twice as many notes, a
quarter of the onsets moved off the beat.

Conventions:
    K traits, in the order of `TRAITS`; float64 [K], NaN where a reply does not have one. Segments
    as in `composer.analysis.segment`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from composer.analysis.segment import Segment
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    VELOCITY,
    velocity_of,
)
from composer.music.notes import DRUM_PROGRAM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Trait(NamedTuple):
    """One thing that is liked or not.

    Attributes:
        name: As it is written in files.
        less: What less of it is called, in words that go behind "you like replies that are".
        more: What more of it is called.
    """

    name: str
    less: str
    more: str


TRAITS: Final = (
    Trait("register", "low", "high"),
    Trait("density", "sparse", "dense"),
    Trait("articulation", "detached", "legato"),
    Trait("syncopation", "on the beat", "off the beat"),
    Trait("closeness", "far from your phrase", "close to your phrase"),
    Trait("loudness", "soft", "loud"),
    Trait("spread", "in a narrow range", "in a wide range"),
    Trait("chords", "in single notes", "in chords"),
    Trait("drums", "sparing with drums", "busy on the drums"),
    Trait("colour", "within your notes", "with notes that you did not play"),
    Trait("length", "short", "long"),
    Trait("freedom", "in your rhythm", "free of your rhythm"),
)
_FIGURE = 2
"""Intervals of a figure that a reply may take up."""


def traits_of(reply: Segment, phrase: Segment) -> Floats:
    """The traits of a reply, float64 [K].

    Args:
        reply: What composer played.
        phrase: What it answered.
    """
    found = _of_all(reply, phrase) | _of_tones(reply, phrase)
    return np.array([found.get(trait.name, np.nan) for trait in TRAITS], dtype=np.float64)


def _of_all(reply: Segment, phrase: Segment) -> dict[str, float]:
    """Traits to which drums belong."""
    drums, units = _drums(reply), _units(reply)
    found = {"length": np.log2(units)}
    if drums.any() or DRUM_PROGRAM in reply.programs:
        found["drums"] = np.log2(1 + drums.sum() / units)
    steps, known = _rhythms(reply), rhythms_of(phrase)
    if steps and known:
        found["freedom"] = 3 * np.mean([step not in known for step in steps])
    return found


def _of_tones(reply: Segment, phrase: Segment) -> dict[str, float]:
    """Traits of what has pitches."""
    drums = _drums(reply)
    tones, onsets = reply.rows[~drums], reply.onsets[~drums]
    if not len(tones):
        return {}
    pitches, times = tones[:, PITCH].astype(float), np.unique(onsets)
    found = {
        "register": (pitches.mean() - 60) / 8,
        "density": np.log2(max(len(tones) / _units(reply), 1e-2)),
        "articulation": _articulation(onsets, tones),
        "loudness": np.mean([velocity_of(int(v)) for v in tones[:, VELOCITY]]) / 16,
        "spread": pitches.std() / 4,
        "chords": np.log2(len(tones) / len(times)),
    }
    if not reply.free:
        found["syncopation"] = 4 * np.mean(times % TICKS_PER_BEAT != 0)
    mine, theirs = _figures(tones, onsets), figures_of(phrase)
    if mine and theirs:
        found["closeness"] = 3 * np.mean([figure in theirs for figure in mine])
    heard = np.bincount(phrase.rows[~_drums(phrase), PITCH] % 12, minlength=12) > 0
    if heard.any():
        found["colour"] = 4 * np.mean(~heard[tones[:, PITCH] % 12])
    return found


def _units(reply: Segment) -> float:
    """Its length in beats, or in seconds where it has none."""
    return max(reply.length / (TICKS_PER_SECOND if reply.free else TICKS_PER_BEAT), 0.5)


def figures_of(segment: Segment) -> set[tuple[int, ...]]:
    """The figures that a phrase has, by which a reply is close to it: pairs of intervals."""
    tones = ~_drums(segment)
    return set(_figures(segment.rows[tones], segment.onsets[tones]))


def rhythms_of(segment: Segment) -> set[tuple[int, int]]:
    """The rhythms that a phrase has: pairs of steps from onset to onset."""
    return set(_rhythms(segment))


def cells_of(ticks: Ints) -> Ints:
    """Steps as classes of half doublings: what people play is never quite even."""
    return np.asarray(np.rint(2 * np.log2(ticks)), dtype=np.int64)


def _rhythms(segment: Segment) -> list[tuple[int, int]]:
    """Every two steps in a row."""
    onsets: Ints = np.unique(segment.onsets)
    return list(itertools.pairwise(cells_of(onsets[1:] - onsets[:-1]).tolist()))


def _drums(segment: Segment) -> NDArray[np.bool_]:
    return np.asarray(np.array(segment.programs)[segment.rows[:, PART]] == DRUM_PROGRAM)


def _articulation(onsets: Ints, tones: Ints) -> float:
    """How much of the time to the next onset a note sounds, in doublings of a half."""
    times, first = np.unique(onsets, return_index=True)
    if len(times) < 2:
        return float("nan")
    sounding = DURATION_TICKS[tones[first[:-1], DURATION]]
    share = np.minimum(sounding / np.diff(times), 2.0)
    return float(np.mean(np.log2(share / 0.5)).clip(-3, 3))


def _figures(tones: Ints, onsets: Ints) -> list[tuple[int, ...]]:
    """The intervals of every three highest notes in a row of a part of tones."""
    if not len(tones):
        return []
    order = np.lexsort((-tones[:, PITCH], onsets))
    ordered = onsets[order]
    top = tones[order][np.append(True, np.diff(ordered) > 0), PITCH].tolist()
    steps = [later - sooner for sooner, later in itertools.pairwise(top)]
    return [tuple(steps[at : at + _FIGURE]) for at in range(len(steps) - _FIGURE + 1)]


def named(values: Iterable[float]) -> dict[str, float]:
    """Traits by name, without those that there are none of."""
    pairs = zip(TRAITS, values, strict=True)
    return {trait.name: round(float(value), 4) for trait, value in pairs if np.isfinite(value)}
