"""When a phrase is over."""

from __future__ import annotations

import math

from composer.live.core.phrases import HELD_AT_MOST, PhraseTracker

C, E = (0, 60), (0, 64)


def played(*onsets: float) -> PhraseTracker:
    phrases = PhraseTracker()
    for onset in onsets:
        phrases.press(onset, C)
        phrases.release(onset + 0.1, C)
    return phrases


def test_it_is_not_over_while_a_key_is_down() -> None:
    phrases = PhraseTracker()
    phrases.press(0.0, C)
    phrases.press(0.1, E)
    phrases.release(0.5, C)
    assert phrases.quiet_since is None
    phrases.release(0.7, E)
    assert phrases.quiet_since == 0.7


def test_the_pedal_holds_notes_and_the_phrase() -> None:
    phrases = PhraseTracker()
    phrases.press(0.0, C)
    assert phrases.pedal(0.1, 0, True) == []
    assert phrases.release(0.2, C) == []
    assert phrases.quiet_since is None
    assert phrases.pedal(1.0, 0, False) == [C]
    assert phrases.quiet_since == 1.0


def test_a_key_struck_again_under_the_pedal_ends_the_note_before() -> None:
    phrases = PhraseTracker()
    phrases.pedal(0.0, 0, True)
    phrases.press(0.1, C)
    phrases.release(0.2, C)
    assert phrases.press(0.3, C) == [C]


def test_a_note_may_come_with_its_length() -> None:
    phrases = PhraseTracker()
    phrases.press(0.0, C, 0.25)
    assert phrases.deadline() == 0.25
    assert phrases.release_due(0.3) == [(0.25, C)]
    assert phrases.quiet_since == 0.25
    assert phrases.deadline() == math.inf


def test_a_key_whose_end_was_lost_comes_up_by_itself() -> None:
    phrases = PhraseTracker()
    phrases.press(0.0, C)
    assert phrases.release_due(HELD_AT_MOST) == [(HELD_AT_MOST, C)]


def test_so_does_a_forgotten_pedal() -> None:
    phrases = PhraseTracker()
    phrases.press(0.0, C)
    phrases.pedal(0.1, 0, True)
    phrases.release(0.2, C)
    assert phrases.release_due(0.1 + HELD_AT_MOST) == [(0.1 + HELD_AT_MOST, C)]
    assert phrases.quiet_since == 0.1 + HELD_AT_MOST


def test_the_wait_is_a_beat_within_reason() -> None:
    assert played(0.0).wait(0.6) == 0.6
    assert played(0.0).wait(0.2) == 0.4
    assert played(0.0).wait(3.0) == 1.5


def test_the_wait_in_free_time_is_two_of_the_players_steps() -> None:
    assert abs(played(0.0, 0.3, 0.6, 0.9, 1.2).wait(None) - 0.6) < 1e-9


def test_a_chord_is_one_step() -> None:
    phrases = PhraseTracker()
    for onset in (0.0, 0.5, 1.0, 1.5):
        for index in range(4):
            phrases.press(onset + 0.005 * index, (0, 60 + index), 0.1)
    assert abs(phrases.wait(None) - 1.0) < 1e-9


def test_a_close_shortens_it() -> None:
    assert played(0.0).wait(1.0, closing=0.5) == 0.7
    assert played(0.0).wait(1.0, closing=1.0) == 0.4
