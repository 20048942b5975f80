"""Owing: what parts are to play at the eighths of a bar, and have not played yet.

Conventions:
    B streams, with rows of the table of `composer.generation.constraints`. Ticks are event ticks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import PITCH, SIZES, SLOTS, TICKS_PER_BEAT, UNLIMITED
from composer.encoding.running_features import Context
from composer.encoding.struct_rows import Table
from composer.generation.backing import KICK, PLACES, SNARE
from composer.generation.limits import Bools, Ints
from composer.music.notes import KICKS, SNARES

STRAY = -2.0
"""What speaks, in nats, for a snare where none is owed in a groove that has them elsewhere."""
STRUCK = np.zeros((SNARE + 1, SIZES[PITCH]), dtype=bool)
"""Of each kind that can be owed, the keys that pay it."""
STRUCK[KICK, list(KICKS)] = STRUCK[SNARE, list(SNARES)] = True
_EIGHTH = TICKS_PER_BEAT // 2
_SLOTS = np.arange(SLOTS)


def owing(table: Table, context: Context, onset: Ints, floor: Ints) -> Bools:
    """Slots that are to play on an onset and have not yet, bool [B, slots].

    Args:
        table: What the streams owe.
        context: Of the streams.
        onset: Tick, [B].
        floor: Slots before it have had their turn, [B].
    """
    owed = _owed_at(table, _inside(context, onset)) > 0
    begun = (onset >= table["earliest"]) & (onset < table["end"])
    still = owed & (context.heard != onset[:, None]) & table["parts"]
    return np.asarray(still & (floor[:, None] <= _SLOTS) & begun[:, None])


def next_owed(table: Table, context: Context, earliest: Ints) -> Ints:
    """Ticks until somebody owes a note again, [B].

    Args:
        table: What the streams owe.
        context: Of the streams.
        earliest: Ticks until the first note may begin, [B].
    """
    gap = np.maximum(earliest, 0)
    inside = (context.inside + gap) % context.bar
    places = np.arange(PLACES) * _EIGHTH
    ahead = (places[None, :] - inside[:, None]) % context.bar[:, None]
    # What is owed where the clock stands is owed again a bar on.
    ahead = np.where((ahead == 0) & (gap == 0)[:, None], context.bar[:, None], ahead)
    some = (table["owed"] > 0).any(axis=1) & (places[None, :] < context.bar[:, None])
    return np.asarray(np.where(some, ahead, UNLIMITED).min(axis=1) + gap)


def kinds_owed(table: Table, context: Context, parts: Ints, onset: Ints) -> Ints:
    """What the parts owe at an onset, [B]."""
    owed = _owed_at(table, _inside(context, onset))
    return np.asarray(owed[np.arange(len(table)), parts])


def strays(table: Table, context: Context, parts: Ints, onset: Ints) -> NDArray[np.float64]:
    """What speaks for a snare at an onset, of parts that have a backbeat elsewhere, [B]."""
    backbeat = (table["owed"][np.arange(len(table)), parts] == SNARE).any(axis=1)
    return np.asarray(STRAY * (backbeat & (kinds_owed(table, context, parts, onset) != SNARE)))


def _inside(context: Context, onset: Ints) -> Ints:
    """Ticks from the bar line to an onset, [B]."""
    return np.asarray((context.inside + onset - context.clock) % context.bar)


def _owed_at(table: Table, inside: Ints) -> Ints:
    """What each slot owes at places in the bar, [B, slots]."""
    place = np.minimum(inside // _EIGHTH, PLACES - 1)
    owed = table["owed"][np.arange(len(table)), :, place]
    return np.asarray(np.where((inside % _EIGHTH == 0)[:, None], owed, 0))
