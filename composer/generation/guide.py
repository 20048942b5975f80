"""Guide: what a stream is written around: given notes, and what is known of them.

Conventions:
    B streams, N of them guided. Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    SHIFT_TICKS,
    TICKS_PER_BEAT,
)
from composer.encoding.given import Given
from composer.encoding.running_features import Context
from composer.generation.loose_notes import LooseNotes
from composer.generation.voices import Voices
from composer.music.timing import MetreMap
from composer.network.encoder import Told

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What some streams are written around.

    Attributes:
        given: The notes, and where others are written.
        stop: Tick; a stream is over with the first note at or after it.
        metres: Of the piece, over event ticks; None in free time.
        told: What the heads are told of the given notes; None for nothing.
        loose: How far given notes are free themselves; None for not at all.
        voices: Parts that may not cross; None for none.
        entering: Parts that have to play: slots.
        patience: Ticks after which they do, from the beginning of the opening, or twice as many
            from their last note.
    """

    given: Given
    stop: int
    metres: MetreMap | None
    told: Told | None = None
    loose: LooseNotes | None = None
    voices: Voices | None = None
    entering: tuple[int, ...] = ()
    patience: int = 0


class Guided(Protocol):
    """Of a stream, what is known of a guided one; see `composer.generation.stream`."""

    guide: Guide | None
    next_given: int
    own_in_bar: int
    earlier: list[int]
    onsets: list[int]
    origins: list[int]
    expected: list[float]


def late_parts(guide: Guide, context: Context, rows: Ints, onsets: Ints) -> Bools:
    """Parts that should have played before these onsets, where one is on a beat, [N, SLOTS]."""
    heard = context.heard[rows]
    start = guide.given.openings[0].start
    waited = np.where(
        heard < start, onsets[:, None] - start >= guide.patience,
        onsets[:, None] - heard > 2 * guide.patience,
    )  # fmt: skip
    late = np.zeros_like(waited)
    late[:, list(guide.entering)] = waited[:, list(guide.entering)]
    inside = context.inside[rows] + onsets - context.clock[rows]
    beat = context.free[rows] | (inside % TICKS_PER_BEAT == 0)
    return np.asarray(late & (beat & (onsets < guide.given.end))[:, None])


def placed(
    context: Context, places: Sequence[tuple[int, int, MetreMap]], shifts: Sequence[int] | Ints
) -> Context:
    """The context with some streams moved so that their shifts lead to where notes stand.

    Args:
        context: Of all streams.
        places: Which stream, its note's onset, and the metres that hold.
        shifts: Shift class of each stream's note.
    """
    ticks = SHIFT_TICKS.take(shifts)
    clock, inside = context.clock.copy(), context.inside.copy()
    bar, number = context.bar.copy(), context.number.copy()
    free = context.free
    for row, onset, metres in places:
        away = int(ticks[row])
        clock[row] = onset - away
        if free[row]:
            inside[row] = (onset - away) % int(bar[row])
            continue
        position = metres.position(onset, TICKS_PER_BEAT)
        # A bar is at least as long as what has been heard of it.
        length = max(position.length, position.tick + 1)
        turned, at = divmod(position.tick - away, length)
        inside[row], bar[row], number[row] = at, length, position.bar + turned
    if (
        np.array_equal(clock, context.clock)
        and np.array_equal(inside, context.inside)
        and np.array_equal(bar, context.bar)
        and np.array_equal(number, context.number)
    ):
        return context
    return context.moved(clock, inside, bar, number)
