"""Features: what the network is told of each note, whole pieces and note by note."""

from __future__ import annotations

import numpy as np
from drawn_events import canonical
from hypothesis import given

from composer.encoding.columns import COLUMN_SIZES, COLUMNS, CONFIDENCE, LIKENESS
from composer.encoding.events import (
    END,
    FIELDS,
    NO_DURATION,
    NO_PITCH,
    NO_SHIFT,
    NO_VELOCITY,
    SHIFT,
    SHIFT_TICKS,
    Events,
)
from composer.encoding.features import context_of, features
from composer.encoding.match_model import NOTHING
from composer.encoding.placement import encode
from composer.encoding.running_features import Context
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap


def test_sizes_of_the_columns_are_what_models_were_trained_on() -> None:
    assert COLUMN_SIZES == (
        123, 32, 129, 77, 33, 129, 25, 17, 18, 129, 77, 33, 122, 37, 123, 33, 129, 77, 33,
        28, 123, 33, 129, 77, 33, 38, 123, 33, 109, 109, 10, 10, 129, 77, 33, 18, 18, 18, 18,
    )  # fmt: skip


@given(canonical())
def test_features_lie_inside_their_columns(events: Events) -> None:
    table = features(events, end=True)
    assert table.shape == (len(events.programs) + len(events.rows) + 1, len(COLUMNS))
    assert (table >= 0).all() and (table < np.array(COLUMN_SIZES)).all()
    steps = slice(len(events.programs), -1)
    assert np.array_equal(table[steps, : len(FIELDS)], events.rows)
    assert table[-1, SHIFT] == END
    assert np.array_equal(table[:-1], features(events))


@given(canonical())
def test_a_part_remembers_its_own_last_note(events: Events) -> None:
    table = features(events)[len(events.programs) :]
    last: dict[int, tuple[int, tuple[int, ...]]] = {}
    for onset, row in zip(events.onsets.tolist(), table.tolist(), strict=True):
        slot = row[1]
        if slot in last:
            before, note = last[slot]
            assert tuple(row[9:12]) == note
            assert SHIFT_TICKS[row[12]] <= onset - before
            assert row[12] == END - 1 or onset - before < SHIFT_TICKS[row[12] + 1]
        else:
            assert row[9:13] == [NO_PITCH, NO_DURATION, NO_VELOCITY, END]
        last[slot] = (onset, tuple(row[2:5]))


@given(canonical())
def test_a_context_fed_note_by_note_gives_the_same_columns(events: Events) -> None:
    table = features(events)[len(events.programs) :]
    if len(events.metres.changes) > 1:  # a context stays in the metre that it began in
        return
    context = Context.start(events.programs, events.kind, events.metres.metre_at(0))
    for row, wanted in zip(events.rows.astype(np.int64), table, strict=True):
        assert context.columns(row[None]).tolist() == [wanted.tolist()]
        context = context.advance(row[None])
    again = Context.after(events)
    assert again.fresh().tolist() == context.fresh().tolist()


def test_features_of_a_duet_by_hand() -> None:
    """Two bars: a piano (program 0) in eighths over a bass (32), 4/4 then 6/8."""
    duet = Piece(
        (
            Part((Note(0, 72, 12, 80), Note(36, 74, 12, 82), Note(96, 76, 24, 90)), 0),
            Part((Note(0, 36, 96, 60), Note(132, 38, 36, 62)), 32),
        ),
        24,
        metres=MetreMap(((0, 4, 4), (96, 6, 8))),
    )
    events, _ = encode(duet, Grid(BEATS))
    none = [NO_PITCH, NO_DURATION, NO_VELOCITY, END]
    table = features(events, end=True)
    assert table[:, :CONFIDENCE].tolist() == [
        # shift, part, pitch, duration, velocity, program, position, beat, bar, last..., gap
        [NO_SHIFT, 0, NO_PITCH, NO_DURATION, NO_VELOCITY, 0, 0, 0, 8, *none],
        [NO_SHIFT, 1, NO_PITCH, NO_DURATION, NO_VELOCITY, 32, 0, 0, 8, *none],
        [0, 0, 72, 11, 20, 0, 0, 0, 8, *none],
        [0, 1, 36, 51, 15, 32, 0, 0, 8, *none],
        [36, 0, 74, 11, 20, 0, 12, 1, 8, 72, 11, 20, 36],
        [60, 0, 76, 23, 22, 0, 0, 0, 6, 74, 11, 20, 60],
        [36, 1, 38, 29, 15, 32, 12, 1, 6, 36, 51, 15, 99],  # 132 ticks: class 99
        [END, 0, NO_PITCH, NO_DURATION, NO_VELOCITY, 0, 0, 0, 0, *none],
    ]
    assert SHIFT_TICKS[99] == 132
    assert (table[:, CONFIDENCE:LIKENESS] == NOTHING).all()  # nothing has been heard before


def test_long_bars_and_late_beats_share_the_last_class() -> None:
    metres = MetreMap(((0, 20, 4),))
    context = context_of(np.array([0, 16 * 24, 19 * 24 + 5]), BEATS, metres)
    assert context.tolist() == [[0, 0, 17], [0, 15, 17], [5, 15, 17]]
