"""What a jam remembers of itself: notes in order, two alike as one, and only its own put right."""

from __future__ import annotations

from typing import Any

import pytest

from composer.live.playing.history import HeardNote, PlayerHistory
from composer.music.beat_grid import BEATS

UNHEARD: Any = object()
"""Stands for the network's state before the first note, which nothing here looks into."""


@pytest.fixture
def history() -> PlayerHistory:
    return PlayerHistory(BEATS, 96, UNHEARD)


def note(onset: int, pitch: int, *, own: bool = False) -> HeardNote:
    return HeardNote(onset, 0, pitch, 24, 20, own)


def test_two_notes_alike_are_one(history: PlayerHistory) -> None:
    first = history.add(note(0, 60))
    history.add(note(24, 62))
    assert history.add(note(0, 60)) is first
    assert [heard.order for heard in history.notes] == [(0, 0, 60), (24, 0, 62)]


def test_a_note_that_comes_late_stands_where_it_was_played(history: PlayerHistory) -> None:
    for onset, pitch in ((0, 60), (24, 62), (24, 60), (12, 64)):
        history.add(note(onset, pitch))
    orders = [(heard.onset, heard.pitch) for heard in history.notes]
    assert orders == [(0, 60), (12, 64), (24, 60), (24, 62)]


def test_only_composers_own_notes_are_played_at_another_pitch(history: PlayerHistory) -> None:
    history.add(note(0, 60))
    history.add(note(24, 62, own=True))
    assert not history.amend((0, 0, 60), 61)
    assert history.amend((24, 0, 62), 63)
    assert [heard.pitch for heard in history.notes] == [60, 63]


def test_what_composer_would_have_played_is_forgotten_from_a_tick_on(
    history: PlayerHistory,
) -> None:
    for onset in (0, 24, 48):
        history.add(note(onset, 60, own=True))
    history.add(note(30, 72))
    history.drop(24)
    assert [(heard.onset, heard.pitch) for heard in history.notes] == [(0, 60), (30, 72)]
