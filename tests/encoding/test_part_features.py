"""Part features: what is told of each part that may play, whole pieces and note by note."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from drawn_events import canonical
from hypothesis import given

from composer.encoding.events import SHIFT, Events
from composer.encoding.features import features, parts_of
from composer.encoding.part_features import (
    ONSET_AT,
    PART_FEATURE_SIZES,
    PART_FEATURES,
    UNHEARD,
    after_note,
)
from composer.encoding.placement import encode
from composer.encoding.running_features import Context
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.plan import EXACT, UNPLANNED, Plan, PlannedBar


@given(canonical())
def test_note_by_note_it_is_what_it_is_for_the_whole_piece(events: Events) -> None:
    told = parts_of(events, features(events))
    assert (told < np.array(PART_FEATURE_SIZES)).all()
    if len(events.metres.changes) > 1:  # a context stays in the metre that it began in
        return
    context = Context.start(events.programs, events.kind, events.metres.metre_at(0))
    for row, wanted in zip(events.rows.astype(np.int64), told, strict=True):
        columns = context.fresh()
        columns[:, SHIFT] = row[SHIFT]
        context.follow(columns, SHIFT)
        assert context.parts(columns).tolist() == [wanted.tolist()]
        context = context.advance(row[None])


def test_a_bar_of_a_trio_by_hand() -> None:
    """Two chords of a piano (program 0) over a bass (32) and a hi-hat."""
    trio = Piece(
        (
            Part(tuple(Note(t, p, 24, 80) for t in (0, 24) for p in (60, 64)), 0),
            Part((Note(0, 40, 48, 80), Note(48, 43, 48, 80)), 32),
            Part(tuple(Note(t, 42, 6, 80) for t in (0, 24, 48)), DRUM_PROGRAM),
        ),
        24,
    )
    events, _ = encode(trio, Grid(BEATS))
    told = parts_of(events, features(events))
    assert told.shape == (9, 3, 14)

    def column(name: str, note: int) -> list[int]:
        return told[note, :, PART_FEATURES.index(name)].tolist()

    assert column("program", 0) == [0, 32, 128]
    assert column("register", 0) == [32, 32, 32]  # nobody has played
    assert column("order", 0) == [3, 4, 5]  # shift 0, and nobody before
    # Note 4 is the first of the second chord; a beat ago there were piano, piano, bass, hi-hat.
    assert events.onsets[4] == 24 and events.rows[4, 1] == 0
    assert column("register", 4) == [15, 10, 10]  # 60.5, 40 and 42 in fours
    assert column("last_pitch", 4) == [64, 40, 42]
    assert column("gap", 4) == [24, 24, 24]
    assert column("phase", 4) == [4, 2, 9]  # just ended, half, four lengths ago
    assert column("pace", 4) == [0, 0, 0]
    assert column("chord", 4) == [2, 1, 1]
    assert column("order", 4) == [0, 0, 0]  # a new onset
    # Then the piano once more, or the hi-hat.
    assert column("order", 5) == [2, 3, 4]
    assert column("chord", 5) == [5 + 2, 1, 1]  # one struck, two the last time
    assert column("gap", 5) == [0, 24, 24]
    # On beat three the hi-hat and the piano go at a beat: 1 + 2 * log2(24).
    assert events.onsets[7] == 48
    assert column("pace", 7) == [10, 0, 10]


def test_a_bar_that_returns_says_whose_turn_it_is() -> None:
    """A bass and two keys of a piano, and then the same bar again, as planned."""
    bar = [Note(0, 40, 48, 80), Note(48, 43, 48, 80)], [Note(24, 60, 24, 80), Note(24, 64, 24, 80)]
    bass, piano = (
        tuple(replace(note, onset=note.onset + 96 * n) for n in (0, 1) for note in notes)
        for notes in bar
    )
    events, _ = encode(Piece((Part(piano, 0), Part(bass, 32)), 24), Grid(BEATS))
    events = replace(events, plan=Plan((UNPLANNED, PlannedBar(0, 0, EXACT))))
    told = parts_of(events, features(events))
    returning, to_return = (PART_FEATURES.index(name) for name in ("returning", "to_return"))
    assert told[:4, :, to_return].tolist() == [[0, 0]] * 4  # nothing returns in the first bar
    assert told[4:, :, to_return].tolist() == [[0, 1], [2, 0], [1, 0], [0, 1]]
    assert [(row > 0).tolist() for row in told[4:, :, returning]] == [
        [False, True], [True, False], [True, False], [False, True],
    ]  # fmt: skip


def test_averages_lean_an_eighth_to_each_pitch_and_a_quarter_to_each_step() -> None:
    history = after_note(UNHEARD, (0, 0, 60, 11, 20), 100)
    assert history[-4:] == (960, 0, 1, 0)
    history = after_note(history, (24, 0, 68, 11, 20), 124)
    assert history[-4:] == (976, 384, 1, 1)  # half a semitone higher; a beat
    history = after_note(history, (0, 0, 61, 11, 20), 124)
    assert history[-4:] == (976, 384, 2, 1)
    history = after_note(history, (12, 0, 61, 11, 20), 136)
    assert history[-4:] == (976, 336, 1, 2)
    assert history[:ONSET_AT] == (15, 9, 0, 61, 11, 20)
