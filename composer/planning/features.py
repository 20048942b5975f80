"""What the planner is told: of each bar before its step, and of each earlier bar it may take up.

One function serves training, for all bars of a piece at once, and playing, for the next one.

Conventions:
    N bars, P pair features. Step t predicts bar t: it is told all of bar t - 1, and of bar t
    its length, its number and how far the end is. Chords are told relative to a tonic:
    `NO_CHORD` stays 0, `UNKNOWN` says that there is no bar before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import TICKS_PER_BEAT
from composer.music.chords import CHORDS, NO_CHORD, QUALITIES
from composer.music.plan import FAR
from composer.planning.bars import CONTENT, Bars, Ints

Floats = NDArray[np.float32]

UNKNOWN: Final = CHORDS
"""Class of the chord before the first bar."""
RELATIONS: Final = 13
"""Classes of how the bar before refers: 0 there is none, 1 to nothing, 2 to the bar after the
last reference, then by distance."""
STEP_COLUMNS: Final = {
    "first_chord": CHORDS + 1,
    "second_chord": CHORDS + 1,
    "relation": RELATIONS,
    "nearness": 4,
    "phrase": FAR + 1,
    "heard": 2,
    "ending": FAR + 1,
    "number": 16,
    "length": 10,
    "minor": 2,
}
"""Columns of a step and their classes. The first six are of the bar before."""

_DISTANCES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
_EXACT_RELATION: Final = {1: 3, 2: 4, 4: 5, 8: 6, 12: 7, 16: 8, 32: 9}
PAIRS: Final = (
    *(f"bars_ago_{distance}" for distance in _DISTANCES),
    "log_distance",
    "goes_on",  # it is the bar after the last reference
    "goes_on_alike",  # the bar before it is the same as the last one, by their references
    "again",  # it is the bar that the last one took up
    "same_chords_before",
    "same_last_chord_before",
    "both_begin_phrases",
    "it_begins_a_phrase",
    "this_begins_a_phrase",
    "same_phrase_place",
    "same_place_of_4",
    "same_place_of_8",
    "original",  # it takes up no other
    "heard",
    "times_taken_up",
    "first",
    "denser",
    "thinner",
    "higher",
    "lower",
    "drums_alike",
    "goes_on_at_a_phrase",
    "last_took_up_none",
)
"""Features of an earlier bar as the one to be taken up."""


def relative(chords: Ints, tonic: int) -> Ints:
    """Chords told from a tonic; `absolute` is the inverse."""
    kinds = len(QUALITIES)
    moved = 1 + (chords - 1 - kinds * tonic) % (12 * kinds)
    return np.where(chords == NO_CHORD, NO_CHORD, moved)


def absolute(chord: int, tonic: int) -> int:
    """A chord told from a tonic, as it is."""
    return int(relative(np.array(chord), -tonic))


def length_class(lengths: Ints) -> Ints:
    """A bar's length in whole quarter notes, 0..9; longer bars count as 9."""
    return np.minimum((2 * lengths + TICKS_PER_BEAT) // (2 * TICKS_PER_BEAT), 9)


def steps(bars: Bars, tonic: int, minor: bool) -> tuple[Ints, Floats]:
    """What is told at each step.

    Args:
        bars: N bars; of the last one only its length and ending are read.
        tonic: Pitch class from which chords are told.
        minor: Whether it is a minor key's.

    Returns:
        int [N, 10], columns as in `STEP_COLUMNS`, and the content of the bar before,
        float32 [N, 9].
    """
    count = len(bars)
    told = np.zeros((count, len(STEP_COLUMNS)), dtype=np.int64)
    before = slice(0, count - 1)
    told[0, :2] = UNKNOWN
    told[1:, :2] = relative(bars.chords[before], tonic)
    told[1:, 2] = _relations(bars.references)[before]
    told[1:, 3] = bars.nearness[before]
    told[1:, 4] = bars.phrase[before]
    told[1:, 5] = np.arange(count - 1) < bars.heard
    told[:, 6] = bars.ending
    told[:, 7] = np.arange(count) % 16
    told[:, 8] = length_class(bars.lengths)
    told[:, 9] = minor
    content = np.zeros((count, len(CONTENT)), dtype=np.float32)
    content[1:] = np.where(told[1:, 5:6] > 0, bars.content[before], 0)
    return told, content


def _relations(references: Ints) -> Ints:
    numbers = np.arange(len(references))
    distance = numbers - references
    found = np.where(distance < 8, 10, np.where(distance < 16, 11, 12))
    for bars, relation in _EXACT_RELATION.items():
        found[distance == bars] = relation
    last = np.concatenate([[-1], references[:-1]])
    found[(last >= 0) & (references == last + 1)] = 2
    found[references < 0] = 1
    return found


def imagined(bars: Bars) -> Bars:
    """The bars with content for those that were not heard.

    It is that of the bar which they take up, or else of the one before them.
    """
    content = bars.content.copy()
    for bar in range(bars.heard, len(bars)):
        reference = int(bars.references[bar])
        source = reference if reference >= 0 else bar - 1
        content[bar] = content[source] if source >= 0 else 0
    return replace(bars, content=content)


def pair_features(bars: Bars, first: int = 0) -> tuple[Floats, NDArray[np.bool_]]:
    """What is told of each earlier bar as the one that a bar may take up.

    Args:
        bars: N bars, their content `imagined`; of the last one the phrase and the length are
            read only.
        first: Bars from this one on are told of.

    Returns:
        float32 [N - first, N, P], and whether each may be taken up, [N - first, N].
    """
    count = len(bars)
    now = np.arange(first, count)[:, None]
    then = np.arange(count)[None, :]
    before, then_before = np.maximum(now - 1, 0), np.maximum(then - 1, 0)
    inner = then > 0  # it has a bar before it
    references, phrase, content = bars.references, bars.phrase, bars.content
    originals = bars.originals()
    last = np.where(now > 0, references[before], -1)
    begins = np.concatenate([[True], phrase[:-1] == 1])
    taken = (references[:, None] == np.arange(count)).cumsum(axis=0)
    taken = np.concatenate([np.zeros((1, count), dtype=np.int64), taken])[first:count]
    codes = bars.chords[:, 0] * (CHORDS + 1) + bars.chords[:, 1]
    distance = now - then
    notes, hits, height = content[:, 0], content[:, 1], content[:, 2]
    change = notes[then] - notes[before]
    climb = height[then] - height[before]
    goes_on = (last >= 0) & (then == last + 1)
    columns = [
        *(distance == bars_ago for bars_ago in _DISTANCES),
        np.log2(np.maximum(distance, 1)) / 6,
        goes_on,
        inner & (originals[then_before] == originals[before]),
        (last >= 0) & (then == last),
        inner & (codes[then_before] == codes[before]),
        inner & (bars.chords[then_before, 1] == bars.chords[before, 1]),
        begins[now] & begins[then],
        ~begins[now] & begins[then],
        begins[now] & ~begins[then],
        (phrase[now] == phrase[then]) & (phrase[now] > 0),
        distance % 4 == 0,
        distance % 8 == 0,
        references[then] < 0,
        then < bars.heard,
        np.minimum(taken, 4) / 4,
        then == 0,
        np.maximum(change, 0),
        np.maximum(-change, 0),
        np.maximum(climb, 0),
        np.maximum(-climb, 0),
        (hits[then] > 0) == (hits[before] > 0),
        goes_on & begins[now],
        last < 0,
    ]
    found = np.empty((count - first, count, len(PAIRS)), dtype=np.float32)
    for index, column in enumerate(columns):
        found[:, :, index] = column
    return found, (then < now) & (bars.lengths[now] == bars.lengths[then])
