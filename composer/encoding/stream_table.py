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

from composer.encoding.columns import BAR_LENGTHS, BEATS_IN_BAR, POSITIONS
from composer.encoding.events import (
    END,
    FREE_BAR,
    LONGEST,
    PART,
    SHIFT,
    SHIFT_TICKS,
    SLOTS,
    TICKS_PER_BEAT,
)
from composer.encoding.features import gap_class
from composer.encoding.match_model import NO_PART
from composer.encoding.part_features import (
    HISTORY,
    LAST_AT,
    ONSET_AT,
    PROGRAM_AT,
    UNHEARD,
    after_note,
)
from composer.encoding.part_order import NO_RANK, ranks_of
from composer.encoding.sounding import SOUNDING
from composer.encoding.struct_rows import Table
from composer.music.beat_grid import FREE
from composer.music.timing import bar_ticks

Ints = NDArray[np.int64]

TICKS = np.append(SHIFT_TICKS, SHIFT_TICKS[-1])
"""Ticks of every shift class; END stands where the longest shift would."""
_TICKS: list[int] = TICKS.tolist()
_LONGEST_BAR = 12 * BAR_LENGTHS
_BAR_CLASSES: list[int] = (
    np.clip(np.round(np.arange(_LONGEST_BAR + 1) / 12), 1, BAR_LENGTHS - 1).astype(int).tolist()
)
"""Bar length class of each length in ticks."""
_GAP_OF: list[int] = gap_class(np.arange(LONGEST + 1)).tolist()
_NO_PLACE = (POSITIONS - 1, BEATS_IN_BAR - 1, 0)
"""In free time."""
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
    ],
    align=True,
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


def places(shifts: Sequence[int], table: Table) -> list[tuple[int, int, int]]:
    """Position, beat and bar length of the next note of each stream.

    Args:
        shifts: Its shift, [B].
        table: [B].
    """
    # Here and below, lists of a few whole numbers take less time than calls of NumPy.
    found = []
    for shift, inside, bar, free in zip(
        shifts,
        table["inside"].tolist(),
        table["bar"].tolist(),
        table["free"].tolist(),
        strict=True,
    ):
        if free:
            found.append(_NO_PLACE)
            continue
        beat, position = divmod((inside + _TICKS[shift]) % bar, TICKS_PER_BEAT)
        length = _BAR_CLASSES[min(bar, _LONGEST_BAR)]
        found.append((position, min(beat, BEATS_IN_BAR - 2), length))
    return found


def players(
    shifts: Sequence[int], parts: Sequence[int], table: Table
) -> list[tuple[int, int, int, int, int, int]]:
    """Who plays the next note of each stream.

    Args:
        shifts: Its shift, [B].
        parts: Its part, [B].
        table: [B].

    Returns:
        Rank and program of the part; pitch, duration and velocity class of its last note, and
        the gap since that.
    """
    found = []
    ranks, histories = table["ranks"], table["parts"]
    for stream, (shift, part, clock) in enumerate(
        zip(shifts, parts, table["clock"].tolist(), strict=True)
    ):
        history = histories[stream, part].tolist()
        heard = history[ONSET_AT]
        since = clock + _TICKS[shift] - heard
        gap = END if heard < 0 else _GAP_OF[min(since, LONGEST)]
        last = history[LAST_AT:ONSET_AT]
        found.append((ranks.item(stream, part), history[PROGRAM_AT], *last, gap))
    return found


def hear(table: Table, rows: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """Take in one more note of each stream, in place; all but how long it sounds.

    Args:
        table: [B].
        rows: Its fields, [B][5].

    Returns:
        Number of the bar that it falls in, ticks from the bar line to it, and the bar's length.
    """
    histories = table["parts"]
    clocks, found = [], []
    for stream, (row, clock, inside, bar, number) in enumerate(
        zip(
            rows,
            table["clock"].tolist(),
            table["inside"].tolist(),
            table["bar"].tolist(),
            table["number"].tolist(),
            strict=True,
        )
    ):
        ticks, part = _TICKS[row[SHIFT]], row[PART]
        turned, inside = divmod(inside + ticks, bar)
        clocks.append(clock + ticks)
        found.append((number + turned, inside, bar))
        history = histories[stream, part].tolist()
        histories[stream, part] = after_note(history, row, clock + ticks)
    table["clock"] = clocks
    table["number"], table["inside"], _ = zip(*found, strict=True)
    table["last"] = [row[PART] for row in rows]
    return found
