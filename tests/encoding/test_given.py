"""Given notes stand where they stood; others are written where they may be, whatever is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.events import END, PART, PITCH, SHIFT, SHIFT_TICKS, Events
from composer.encoding.given import Given, Opening

BAR = 96
MELODY, BASS = 0, 1
Row = tuple[int, int, int]  # onset, part, pitch


def notes(*rows: Row) -> np.ndarray:
    return np.array([(*row, 20, 16) for row in rows], dtype=np.int64).reshape(-1, 5)


def arrays(*values: int) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


TUNE = notes((0, MELODY, 72), (24, MELODY, 74), (192, MELODY, 76), (192, BASS, 48))
SECOND_BAR = Opening(BAR, 2 * BAR, frozenset({MELODY, BASS}))


def test_only_the_next_given_note_can_come_where_nothing_is_open() -> None:
    given = Given.of(TUNE, [SECOND_BAR])
    clock, index = arrays(0, 1)
    assert np.flatnonzero(given.shift_mask(clock, index)[0]).tolist() == [24]
    (reaches,) = (given.reaches(clock, index, *arrays(24)),)
    assert np.flatnonzero(given.part_mask(*arrays(24, 1), reaches)[0]).tolist() == [MELODY]
    pitches = given.pitch_mask(*arrays(24, MELODY, 1), reaches)[0]
    assert np.flatnonzero(pitches).tolist() == [74]


def test_an_opening_may_be_written_in_up_to_the_next_given_note() -> None:
    given = Given.of(TUNE, [SECOND_BAR])
    shifts = given.shift_mask(*arrays(24, 2))[0]
    ticks = 24 + SHIFT_TICKS[np.flatnonzero(shifts)]
    assert ticks.min() == BAR
    assert set(ticks[ticks < 2 * BAR]) == {24 + t for t in SHIFT_TICKS if BAR <= 24 + t < 2 * BAR}
    assert ticks.max() == 2 * BAR  # the given note itself, and nothing behind it
    assert not shifts[END]


def test_on_a_given_notes_onset_only_what_comes_before_it() -> None:
    both = Opening(0, 3 * BAR, frozenset({MELODY, BASS}))
    given = Given.of(notes((96, BASS, 48)), [both])
    clock, index = arrays(0, 0)
    there = given.reaches(clock, index, *arrays(96))
    assert there[0]
    assert np.flatnonzero(given.part_mask(*arrays(96, 0), there)[0]).tolist() == [MELODY, BASS]
    below = given.pitch_mask(*arrays(96, BASS, 0), there)[0]
    assert np.flatnonzero(below).tolist() == list(range(49))
    assert given.pitch_mask(*arrays(96, MELODY, 0), there)[0].all()


def test_the_end_may_come_when_no_given_note_is_left() -> None:
    given = Given.of(TUNE, [SECOND_BAR])
    assert given.shift_mask(*arrays(192, len(given)))[0, END]
    assert not given.shift_mask(*arrays(24, 2))[0, END]


def test_a_gap_that_no_class_says_has_the_one_below() -> None:
    given = Given.of(notes((101, MELODY, 72)), [])
    assert given.shift_class(*arrays(0, 0)).tolist() == [96]


def piece(seed: int, count: int = 120, parts: int = 3) -> Events:
    """Notes drawn on a grid of sixteenths, a beat apart at most."""
    rng = np.random.default_rng(seed)
    drawn = {
        (int(onset), int(part), int(pitch))
        for onset, part, pitch in zip(
            np.cumsum(rng.choice([0, 0, 6, 12, 24], count)),
            rng.integers(0, parts, count),
            rng.integers(40, 80, count),
            strict=True,
        )
    }
    ordered = np.array(sorted(drawn))
    rows = np.full((len(ordered), 5), 16, dtype=np.int16)
    rows[:, SHIFT] = np.diff(ordered[:, 0], prepend=0)
    rows[:, PART], rows[:, PITCH] = ordered[:, 1], ordered[:, 2]
    return Events(rows, (0,) * parts)


def test_around_keeps_what_lies_in_no_opening() -> None:
    events = piece(3, parts=2)
    opening = Opening(BAR, 2 * BAR, frozenset({BASS}))
    given = Given.around(events, [opening])
    inside = (events.onsets >= BAR) & (events.onsets < 2 * BAR) & (events.rows[:, PART] == BASS)
    assert len(given) == len(events.rows) - inside.sum() < len(events.rows)
    assert given.end == 2 * BAR


def openings_of(events: Events, rng: np.random.Generator) -> list[Opening]:
    last = int(events.onsets[-1]) + 1
    parts = len(events.programs)
    return [
        Opening(start, min(start + int(rng.integers(1, 3)) * BAR, last), frozenset(some))
        for start in range(0, last, 3 * BAR)
        if (some := np.flatnonzero(rng.random(parts) < 0.6).tolist())
    ]


@pytest.mark.parametrize("seed", range(12))
def test_every_piece_can_be_written_around_its_own_given_notes(seed: int) -> None:
    """What the masks leave is all that could be: at each step the note that follows is in it."""
    rng = np.random.default_rng(seed)
    events = piece(seed)
    given = Given.around(events, openings_of(events, rng))
    clock, before = np.zeros(1, np.int64), arrays(-1, 0, 0)
    for row, onset in zip(events.rows.tolist(), events.onsets, strict=True):
        index = given.after(*before)
        reaches = given.reaches(clock, index, np.array([row[SHIFT]]))
        at, part = np.array([onset]), np.array([row[PART]])
        assert given.shift_mask(clock, index)[0, row[SHIFT]]
        assert given.part_mask(at, index, reaches)[0, row[PART]]
        assert given.pitch_mask(at, part, index, reaches)[0, row[PITCH]]
        clock, before = np.array([onset]), arrays(int(onset), row[PART], row[PITCH])


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_drawn_under_the_masks_keeps_every_given_note(seed: int) -> None:
    rng = np.random.default_rng(seed)
    events = piece(seed)
    given = Given.around(events, openings_of(events, rng))
    onset, part, pitch, index = 0, -1, 0, 0
    heard: list[Row] = []
    for _ in range(5000):
        at = np.array([index])
        shifts = given.shift_mask(np.array([onset]), at)[0]
        # On one onset notes come in order: what lies before the last one is over.
        choices = [c for c in np.flatnonzero(shifts) if c or part < 2 or index < len(given)]
        shift = int(rng.choice(choices))
        if shift == END or onset + SHIFT_TICKS[shift] > 40 * BAR:
            break
        reaches = given.reaches(np.array([onset]), at, np.array([shift]))
        moved = int(given.onsets(at)[0]) if reaches[0] else onset + int(SHIFT_TICKS[shift])
        parts = np.flatnonzero(given.part_mask(np.array([moved]), at, reaches)[0])
        if moved == onset and part >= 0:
            parts = parts[parts >= part]
        if not len(parts):
            continue
        chosen = int(rng.choice(parts))
        pitches = np.flatnonzero(
            given.pitch_mask(np.array([moved]), np.array([chosen]), at, reaches)[0]
        )
        if moved == onset and chosen == part:
            pitches = pitches[pitches > pitch]
        if not len(pitches):
            continue
        onset, part, pitch = moved, chosen, int(rng.choice(pitches))
        heard.append((onset, part, pitch))
        index += int(given.is_given(np.array([part]), np.array([pitch]), at, reaches)[0])
    assert index == len(given)
    standing = {tuple(row) for row in given.notes[:, : PITCH + 1].tolist()}
    assert standing <= set(heard)
    written = np.array([row for row in heard if row not in standing]).reshape(-1, 3)
    assert given.may_play(written[:, 0], written[:, 1]).all()
    assert heard == sorted(heard)


def test_a_note_where_an_opening_ends_stands_behind_it() -> None:
    rows = np.array([(0, 0, 60, 23, 20), (96, 0, 62, 23, 20), (120, 0, 64, 23, 20)])
    behind = Given.of(rows, []).behind(96)
    assert [row[PITCH] for row in behind] == [62, 64]
    assert [int(SHIFT_TICKS[row[SHIFT]]) for row in behind] == [0, 24]
