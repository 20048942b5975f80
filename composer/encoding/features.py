"""Features: what the network is told of every note, from the note and its past.

A step is one row of columns: the five fields of a note, where it stands in the bar, what
its part played last, what `composer.encoding.match_model` expected in its place, what was
played there a bar ago (`composer.encoding.lookback`), and what the plan says of this place
(`composer.encoding.return_lookback`). This module gives
them for a whole piece at once; `composer.encoding.running_features` gives the same ones as notes
come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import (
    ADVICE_COLUMNS,
    BAR_LENGTH,
    BAR_LENGTHS,
    BEATS_IN_BAR,
    COLUMNS,
    CONFIDENCE,
    GAP,
    LAST_PITCH,
    LIKENESS,
    NAMED,
    POSITION,
    POSITIONS,
    PROGRAM,
    RANK,
    RETURNING,
    blank_step,
)
from composer.encoding.events import (
    END,
    FIELDS,
    LONGEST,
    NO_DURATION,
    NO_PITCH,
    NO_VELOCITY,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    Events,
    Rows,
    Ticks,
)
from composer.encoding.foreknown import Recall, foreknow
from composer.encoding.lookback import Lookback
from composer.encoding.match_model import NO_PART, NOTHING, MatchModel
from composer.encoding.part_features import (
    PROGRAM_AT,
    UNHEARD,
    after_note,
    part_features,
    to_come_of,
)
from composer.encoding.part_order import NO_RANK, ranks_of
from composer.encoding.return_lookback import (
    ReturnLookback,
)
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import MetreMap, bar_ticks

_GAP_OF = SHIFT_TICKS.searchsorted(np.arange(LONGEST + 1), side="right") - 1
_RANKED = slice(RANK, RANK + len(NAMED))


def context_of(onsets: Ticks, kind: str, metres: MetreMap) -> NDArray[np.int16]:
    """Position in the beat, beat in the bar, bar length of each onset, int16 [notes, 3]."""
    context = np.empty((len(onsets), 3), dtype=np.int16)
    if kind == FREE:
        context[:] = (POSITIONS - 1, BEATS_IN_BAR - 1, 0)
        return context
    starts = np.array([tick for tick, _, _ in metres.changes])
    bars = np.array([bar_ticks(n, d, TICKS_PER_BEAT) for _, n, d in metres.changes])
    index = np.searchsorted(starts, onsets, side="right").clip(1) - 1
    inside = (onsets - starts[index]) % bars[index]
    context[:, 0] = inside % TICKS_PER_BEAT
    context[:, 1] = np.minimum(inside // TICKS_PER_BEAT, BEATS_IN_BAR - 2)
    context[:, 2] = np.clip(np.round(bars[index] / 12), 1, BAR_LENGTHS - 1)
    return context


def features(events: Events, *, end: bool = False) -> Rows:
    """Every step of a piece with its context, as the network takes it in.

    Args:
        events: The piece.
        end: Whether to close with an END step.

    Returns:
        int16 [parts + notes (+ 1), 39], one of `composer.encoding.columns` each: a declaration
        step for each part, then the notes. The step after row t is predicted from rows
        0..t; of it, columns 5.. may be looked at as far as the fields chosen so far
        determine them.
    """
    rows = events.rows
    count = len(rows)
    onsets = events.onsets
    table = np.empty((len(events.programs) + count + int(end), len(COLUMNS)), dtype=np.int16)
    declared = table[: len(events.programs)]
    declared[:] = blank_step(events.kind)
    declared[:, PART] = np.arange(len(events.programs))
    declared[:, PROGRAM] = events.programs
    declared[:, BAR_LENGTH] = context_of(np.zeros(1, dtype=np.int64), events.kind, events.metres)[
        :, 2
    ]
    noted = table[len(events.programs) : len(events.programs) + count]
    noted[:, : len(FIELDS)] = rows
    noted[:, PROGRAM] = np.array(events.programs)[rows[:, PART]]
    noted[:, POSITION : BAR_LENGTH + 1] = context_of(onsets, events.kind, events.metres)
    noted[:, LAST_PITCH : GAP + 1] = (NO_PITCH, NO_DURATION, NO_VELOCITY, END)
    order = np.argsort(rows[:, PART], kind="stable")
    follows = rows[order[1:], PART] == rows[order[:-1], PART]
    now, last = order[1:][follows], order[:-1][follows]
    noted[now, LAST_PITCH:GAP] = rows[last, PITCH:]
    noted[now, GAP] = gap_class(onsets[now] - onsets[last])
    recall: Recall = MatchModel.start(events.kind)
    lookback = Lookback.start(0)
    returns = return_lookback_of(events)
    before = []
    foreknown = list(reversed(events.foreknown))
    for row, onset, bar, place in heard_notes(events):
        shift, part, *_ = row
        while foreknown and onset >= foreknown[-1][0]:
            recall = foreknow(recall, foreknown.pop()[1])
        before.append(
            (
                *recall.expected,
                *lookback.likeness_and_shift(),
                lookback.part_after(shift),
                *lookback.note_after(shift, part),
                *returns.returning_and_shift(),
                *returns.place_after(shift),
                *returns.note_after(shift, part),
            )
        )
        recall, lookback = recall.hear(row), lookback.hear(row, bar)
        returns = returns.hear(row, *place)
    noted[:, CONFIDENCE:RANK] = np.array(before, dtype=np.int16).reshape(-1, RANK - CONFIDENCE)
    if end:
        table[-1] = blank_step(events.kind)
        table[-1, SHIFT] = END
        table[-1, CONFIDENCE:LIKENESS] = recall.expected
        table[-1, LIKENESS : LIKENESS + 2] = lookback.likeness_and_shift()
        table[-1, RETURNING : RETURNING + 2] = returns.returning_and_shift()
    for chosen in (SHIFT, PART, PITCH):
        forget_wrong(table[len(events.programs) :], chosen)
    ranks = np.append(ranks_of(events.programs), [NO_RANK] * (NO_PART + 1))
    ranks[NO_PART] = NO_RANK
    table[:, _RANKED] = ranks[table[:, NAMED]]
    return table


def forget_wrong(columns: Rows | NDArray[np.int64], chosen: int) -> None:
    """Take back what was expected of a note, in place, where a chosen field is another one.

    Args:
        columns: int [N, 39].
        chosen: SHIFT, PART or PITCH, in this order.
    """
    (wrong,) = (columns[:, chosen] != columns[:, CONFIDENCE + 1 + chosen]).nonzero()
    if len(wrong):
        columns[wrong, CONFIDENCE + 2 + chosen : LIKENESS] = NOTHING[2 + chosen :]


def forget(columns: Rows) -> None:
    """Take back all that was recalled, in place: as a piece that never repeats itself."""
    columns[:, CONFIDENCE:LIKENESS] = NOTHING
    columns[:, RANK + 1] = NO_RANK


def heard_notes(events: Events) -> Iterator[tuple[Any, int, int, Any]]:
    """Each note's fields, its onset, the length of its bar for a lookback, and its bar's place.

    The last is as `places_in_bars` has it: number, ticks into it, and its own length, which is
    shorter where another metre begins inside.
    """
    return zip(
        events.rows.tolist(),
        events.onsets.tolist(),
        lookback_bars(events).tolist(),
        places_in_bars(events.onsets, events.kind, events.metres).tolist(),
        strict=True,
    )


def lookback_bars(events: Events) -> NDArray[np.int64]:
    """Length in ticks of the bar of each note, 0 in free time, int64 [notes]."""
    if events.kind == FREE:
        return np.zeros(len(events.rows), dtype=np.int64)
    starts = np.array([tick for tick, _, _ in events.metres.changes])
    bars = np.array([bar_ticks(n, d, TICKS_PER_BEAT) for _, n, d in events.metres.changes])
    index = np.searchsorted(starts, events.onsets, side="right").clip(1) - 1
    return np.asarray(bars[index], dtype=np.int64)


def places_in_bars(onsets: Ticks, kind: str, metres: MetreMap) -> NDArray[np.int64]:
    """Number of the bar of each onset, ticks into it and its length, int64 [notes, 3].

    Zeros in free time, where there are no bars.
    """
    if kind == FREE:
        return np.zeros((len(onsets), 3), dtype=np.int64)
    changes = metres.changes
    if len(changes) == 1:
        bar = bar_ticks(*changes[0][1:], TICKS_PER_BEAT)
        return np.stack([onsets // bar, onsets % bar, np.full(len(onsets), bar)], axis=1)
    found = [metres.position(tick, TICKS_PER_BEAT) for tick in onsets.tolist()]
    places = [(place.bar, place.tick, place.length) for place in found]
    return np.array(places, dtype=np.int64).reshape(-1, 3)


def return_lookback_of(events: Events) -> ReturnLookback:
    """Before the first note of a piece."""
    drums = frozenset(
        slot for slot, program in enumerate(events.programs) if program == DRUM_PROGRAM
    )
    bar = 0 if events.kind == FREE else events.metres.position(0, TICKS_PER_BEAT).length
    return ReturnLookback.start(events.plan, drums, bar, events.ahead)


def gap_class(ticks: Ticks) -> NDArray[np.int64]:
    """The shift class at or below each gap; gaps past the longest count as the longest."""
    return _GAP_OF.take(ticks, mode="clip")


def parts_of(events: Events, table: Rows) -> NDArray[np.uint8]:
    """What is told of each part at each note of a piece, before the part is chosen.

    Args:
        events: The piece.
        table: Its `features`.

    Returns:
        uint8 [notes, parts, 14], columns as in `part_features.PART_FEATURES`.
    """
    count, parts = len(events.rows), len(events.programs)
    onsets = events.onsets
    histories = [
        (*UNHEARD[:PROGRAM_AT], program, *UNHEARD[PROGRAM_AT + 1 :]) for program in events.programs
    ]
    late, latest, to_come, returned = list(histories), list(range(parts)), [], []
    before = np.empty((count, parts), dtype=np.int64)
    lookback, returns = Lookback.start(0), return_lookback_of(events)
    for index, (row, onset, bar, place) in enumerate(heard_notes(events)):
        to_come.append(to_come_of(lookback.parts_after(row[SHIFT]), parts))
        returned.append(to_come_of(returns.parts_after(row[SHIFT]), parts))
        lookback, returns = lookback.hear(row, bar), returns.hear(row, *place)
        before[index] = latest
        part = row[PART]
        latest[part] = len(late)
        late.append(after_note(late[before[index, part]], row, onset))
    noted = table[parts : parts + count].astype(np.int64)
    return part_features(
        np.array(late, dtype=np.int64)[before],
        onsets,
        (events.rows[:, SHIFT] == 0),
        np.append(-1, events.rows[:-1, PART]).astype(np.int64)[:count],
        noted[:, ADVICE_COLUMNS],
        np.array([to_come, returned], dtype=np.int64).reshape(2, count, parts),
    ).astype(np.uint8)
