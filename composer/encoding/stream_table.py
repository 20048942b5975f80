"""Stream table: what is known of streams between two notes, but for what they remember.

One row a stream, in one structured array, so that streams are put together and taken apart in one
step (`composer.encoding.struct_rows`), and the columns of the next note that follow from it alone:
its place in the bar, and what is known of the part that plays.

Conventions:
    B streams; int64 columns as in `composer.encoding.features`. Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    END,
    FREE_BAR,
    PART,
    SHIFT,
    SHIFT_TICKS,
    SLOTS,
    TICKS_PER_BEAT,
)
from composer.encoding.features import (
    BAR_LENGTH,
    BAR_LENGTHS,
    BEAT,
    BEATS_IN_BAR,
    GAP,
    LAST_PITCH,
    POSITION,
    POSITIONS,
    PROGRAM,
    RANK,
    gap_class,
)
from composer.encoding.match_model import NO_PART
from composer.encoding.part_features import HISTORY, ONSET_AT, PROGRAM_AT, UNHEARD
from composer.encoding.part_order import NO_RANK, ranks_of
from composer.encoding.sounding import SOUNDING
from composer.encoding.struct_rows import Table
from composer.music.beat_grid import FREE
from composer.music.timing import bar_ticks

Ints = NDArray[np.int64]

TICKS = np.append(SHIFT_TICKS, SHIFT_TICKS[-1])
"""Ticks of every shift class; END stands where the longest shift would."""
_LONGEST_BAR = 12 * BAR_LENGTHS
_BAR_CLASSES = np.clip(np.round(np.arange(_LONGEST_BAR + 1) / 12), 1, BAR_LENGTHS - 1)
_BAR_CLASSES = _BAR_CLASSES.astype(np.int64)
"""Bar length class of each length in ticks."""
_COLUMNS = np.dtype(
    [
        ("clock", np.int64),
        ("inside", np.int64),
        ("bar", np.int64),
        ("number", np.int64),
        ("parts", np.int32, (SLOTS, len(HISTORY))),
        ("ranks", np.int8, NO_PART + 1),
        ("last", np.int64),
        ("count", np.int64),
        ("slots", np.bool_, SLOTS),
        ("free", np.bool_),
        ("ends", np.int64, SOUNDING),
    ]
)


def begin(programs: Sequence[int], kind: str, metre: tuple[int, int]) -> Table:
    """The row of one stream at its first bar line."""
    table = np.zeros(1, dtype=_COLUMNS)
    table["bar"] = FREE_BAR if kind == FREE else bar_ticks(*metre, TICKS_PER_BEAT)
    table["parts"] = UNHEARD
    table["parts"][0, : len(programs), PROGRAM_AT] = programs
    table["ranks"] = NO_RANK
    table["ranks"][0, : len(programs)] = ranks_of(programs)
    table["last"] = -1
    table["count"] = len(programs)
    table["slots"][0, : len(programs)] = True
    table["free"] = kind == FREE
    return table


def fill_place(columns: Ints, table: Table) -> None:
    """Fill in position, beat and bar length of the next note, in place.

    Args:
        columns: [B, 39] with the shift.
        table: [B].
    """
    ticks = TICKS.take(columns[:, SHIFT])
    bar, free = table["bar"], table["free"]
    beat, position = np.divmod((table["inside"] + ticks) % bar, TICKS_PER_BEAT)
    columns[:, POSITION] = position
    columns[:, BEAT] = np.minimum(beat, BEATS_IN_BAR - 2)
    columns[:, BAR_LENGTH] = _BAR_CLASSES.take(bar, mode="clip")
    if True in free.tolist():
        columns[free, POSITION : BAR_LENGTH + 1] = (POSITIONS - 1, BEATS_IN_BAR - 1, 0)


def fill_player(columns: Ints, table: Table) -> None:
    """Fill in rank, program, last note and gap of the part that plays, in place.

    Args:
        columns: [B, 39] with the shift and the part.
        table: [B].
    """
    parts = columns[:, PART]
    streams = np.arange(len(parts))
    columns[:, RANK] = table["ranks"][streams, parts]
    known = table["parts"][streams, parts, PROGRAM_AT : ONSET_AT + 1]
    heard = known[:, 4]
    gap = gap_class(table["clock"] + TICKS.take(columns[:, SHIFT]) - heard)
    gap[heard < 0] = END
    columns[:, PROGRAM] = known[:, 0]
    columns[:, LAST_PITCH:GAP] = known[:, 1:4]
    columns[:, GAP] = gap
