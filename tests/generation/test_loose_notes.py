"""Given notes of which something is left free, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from composer.encoding.given import Given
from composer.generation.loose_notes import LooseNotes

NO_CONTEXT: Any = None
"""Only lines that keep their contour ask where they are."""
FIRST = np.array([0])


def given(*notes: tuple[int, int]) -> Given:
    """Notes of one part, as (onset, pitch)."""
    return Given.of(np.array([(onset, 0, pitch, 23, 20) for onset, pitch in notes]), [])


def test_notes_move_as_far_as_they_may_and_none_passes_another() -> None:
    notes = given((0, 60), (24, 62), (48, 64))
    loose = LooseNotes.at_other_times(notes, np.full(3, True), 12, 0, 60)
    assert loose.windows is not None
    assert loose.windows[:3].tolist() == [[0, 12], [12, 36], [36, 59]]
    near = LooseNotes.at_other_times(notes, np.array([True, False, True]), 48, 0, 60)
    assert near.windows is not None
    assert near.windows[:3].tolist() == [[0, 23], [24, 24], [25, 59]]


def test_a_pitch_that_is_free_becomes_another_and_one_that_is_not_stays() -> None:
    every, before = np.full((1, 128), True), np.array([-1])
    notes = given((0, 60), (24, 62))
    loose = LooseNotes.on_other_pitches(notes, np.array([True, False]), contour=False)
    allowed = loose.pitches(every, before, np.array([0]), NO_CONTEXT, FIRST)
    assert not allowed[0, 60] and np.count_nonzero(allowed) == 127
    kept = loose.pitches(every, before, np.array([1]), NO_CONTEXT, FIRST)
    assert np.flatnonzero(kept[0]).tolist() == [62]


def test_a_pitch_stays_where_no_other_may_sound() -> None:
    only = np.arange(128)[None] == 60
    loose = LooseNotes.on_other_pitches(given((0, 60)), np.array([True]), contour=False)
    allowed = loose.pitches(only, np.array([-1]), np.array([0]), NO_CONTEXT, FIRST)
    assert np.flatnonzero(allowed[0]).tolist() == [60]


def test_of_a_chord_that_has_changed_already_a_tone_may_stay() -> None:
    every, top = np.full((1, 128), True), np.array([1])
    loose = LooseNotes.on_other_pitches(given((0, 60), (0, 64)), np.full(2, True), contour=False)
    assert not loose.pitches(every, np.array([60]), top, NO_CONTEXT, FIRST)[0, 64]
    assert loose.pitches(every, np.array([62]), top, NO_CONTEXT, FIRST)[0, 64]
