"""Limit table: the limits of streams as rows of one table, to be looked up for all at once.

Conventions:
    Ticks are event ticks; slots are the network's, 0..31.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import DURATION_TICKS, PITCH, SIZES, SLOTS, TICKS_PER_BEAT, VELOCITY
from composer.encoding.struct_rows import Table
from composer.generation import habits
from composer.generation.backing import HALF_BARS, PLACES, Backing
from composer.generation.limits import Bools, Density, Ints, PartLimits, Span
from composer.generation.resting import MOST_BARS

LIMITS = np.dtype(
    [
        ("earliest", np.int64),
        ("latest_first", np.int64),
        ("end", np.int64),
        ("longest", np.int64),
        ("ring", np.int64),
        ("per_bar", np.int64),
        ("burst", np.int64),
        ("slow_shift", np.int64),
        ("last", np.int64),
        ("pace", np.float64),
        ("rate", np.float64),
        ("rests", np.int64, SLOTS),
        ("by_phrase", np.bool_),
        ("bars_before", np.int64),
        ("resting", np.bool_, (MOST_BARS, SLOTS)),
        ("chords", np.int64, SLOTS),
        ("tops", np.int64, SLOTS),
        ("pitch_bias", np.float32, (SLOTS, 12)),
        ("velocity_bias", np.float32, (SLOTS, SIZES[VELOCITY])),
        ("pitches", np.bool_, (SLOTS, SIZES[PITCH])),
        ("coloured", np.bool_, (SLOTS, SIZES[PITCH])),
        ("velocities", np.bool_, (SLOTS, SIZES[VELOCITY])),
        ("durations", np.bool_, (SLOTS, len(DURATION_TICKS))),
        ("places", np.bool_, TICKS_PER_BEAT),
        ("parts", np.bool_, SLOTS),
        ("first", np.int64),
        ("half", np.int64),
        ("roles", np.int8, SLOTS),
        ("planned", np.bool_),
        ("harmony", np.int16, HALF_BARS),
        ("owed", np.int8, (SLOTS, PLACES)),
        ("habits", np.float32, (SLOTS, habits.PLACES, habits.COUNT)),
    ],
    align=True,
)
"""What `row_of` takes, and two columns that follow from it: last, the last slot that may play, and
tops, the highest pitch of each slot that may play; -1 for none."""


def row_of(
    span: Span,
    density: Density,
    limits: PartLimits,
    places: Bools | None,
    backing: Backing | None,
    of_drums: NDArray[np.float32] | None,
) -> Table:
    """The limits of one stream, [1]; arguments as of `Constraints.of`."""
    table = np.empty(1, dtype=LIMITS)
    for value in (span, density, limits, backing or Backing.none()):
        for field in fields(value):
            table[field.name][0] = getattr(value, field.name)
    players = limits.parts.nonzero()[0]
    table["last"][0] = players[-1] if len(players) else -1
    # Of what may sound under any chord: over it there is always something left.
    table["tops"][0] = _last_true(np.where(limits.parts[:, None], limits.pitches, False))
    table["bars_before"], table["resting"] = 0, False
    table["places"][0] = True if places is None else places
    table["habits"][0] = 0.0 if of_drums is None else of_drums
    return table


def _last_true(table: Bools) -> Ints:
    """Index of the last true value along the last axis, -1 for none."""
    size = table.shape[-1]
    last = size - 1 - np.argmax(table[..., ::-1], axis=-1)
    return np.asarray(np.where(table.any(axis=-1), last, -1), dtype=np.int64)
