"""How long a silence has to be to end a phrase."""

from __future__ import annotations

from itertools import pairwise

from composer.live.core.keyboard import HeldKey
from composer.live.core.phrases import PhraseTracker
from composer.live.core.turns import PlayerState

C = HeldKey(0, 60)


def played(*onsets: float) -> PhraseTracker:
    phrases = PhraseTracker()
    for onset in onsets:
        phrases.press(onset, C)
        phrases.keyboard.release(onset + 0.1, C)
    return phrases


def test_a_phrase_is_played_rests_and_is_taken() -> None:
    phrases = PhraseTracker()
    assert phrases.state is PlayerState.SILENT
    phrases.press(1.0, C)
    assert phrases.state is PlayerState.PLAYING
    phrases.keyboard.release(1.5, C)
    assert phrases.state is PlayerState.RESTING
    assert phrases.quiet_since == 1.5
    assert phrases.take() == (1.0, 1.0, 1)
    assert phrases.state is PlayerState.SILENT


def test_the_wait_is_a_beat_within_reason() -> None:
    assert played(0.0).wait(0.6) == 0.6
    assert played(0.0).wait(0.2) == 0.4
    assert played(0.0).wait(3.0) == 1.5


def test_the_wait_in_free_time_is_two_and_a_half_of_the_players_steps() -> None:
    assert abs(played(0.0, 0.3, 0.6, 0.9, 1.2).wait(None) - 0.75) < 1e-9
    assert played(0.0, 0.3).wait(None) == 1.0  # nothing is known of them yet


def test_a_chord_is_one_step() -> None:
    phrases = PhraseTracker()
    for onset in (0.0, 0.5, 1.0, 1.5):
        for index in range(4):
            phrases.press(onset + 0.005 * index, HeldKey(0, 60 + index), 0.1)
    assert abs(phrases.wait(None) - 1.25) < 1e-9


def test_where_no_note_is_expected_it_is_shorter() -> None:
    assert abs(played(0.0).wait(1.0, quiet=0.5) - 0.55) < 1e-9
    assert played(0.0).wait(1.0, quiet=1.0) == 0.4


def breathing(seconds: float) -> PhraseTracker:
    """Four notes of half a second, with a breath behind each."""
    phrases = PhraseTracker()
    for index in range(4):
        phrases.press((0.5 + seconds) * index, C)
        phrases.keyboard.release((0.5 + seconds) * index + 0.5, C)
    return phrases


def test_however_finished_it_sounds_a_breath_is_no_end_the_next_time() -> None:
    assert abs(breathing(0.6).wait(1.0, quiet=1.0) - 0.6 * 1.25) < 1e-9
    assert breathing(0.6).wait(1.0) == 1.0


def test_gaps_between_notes_are_no_breaths() -> None:
    assert breathing(0.15).wait(1.0, quiet=1.0) == 0.4


def test_however_short_a_beat_is_breaths_are_waited_for() -> None:
    assert breathing(1.0).wait(0.5) == 1.25
    assert breathing(3.0).wait(0.5) == 2.5  # but no longer


def test_a_breath_that_was_answered_asks_for_more_patience_and_a_welcome_answer_for_less() -> None:
    phrases = played(0.0, 0.5, 1.0)
    phrases.take()
    phrases.cut_in(2.1)  # after a second of silence
    assert abs(phrases.wait(0.5) - 2.0) < 1e-9
    phrases.satisfied()
    assert abs(phrases.wait(0.5) - 1.2) < 1e-9
    for _ in range(3):
        phrases.satisfied()
    assert phrases.wait(0.5) == 0.5  # a beat again


def test_patience_fades_where_breaths_are_short() -> None:
    phrases = breathing(1.0)
    for index in range(30):
        phrases.press(6.0 + 0.5 * index, C)
        phrases.keyboard.release(6.2 + 0.5 * index, C)
    assert abs(phrases.wait(0.5) - 1.25 * 0.99**29) < 1e-9


def test_a_phrase_that_was_taken_too_soon_goes_on() -> None:
    phrases = played(0.0, 0.5)
    phrases.take()
    phrases.resume()
    phrases.press(2.0, C)
    assert phrases.take() == (0.0, 2.0, 3)


def test_detached_notes_in_an_even_pulse_are_a_tune() -> None:
    """A second long, one every three: the next is due after two seconds of silence."""
    phrases = PhraseTracker()
    for index in range(4):
        phrases.press(3.0 * index, C)
        phrases.keyboard.release(3.0 * index + 1.0, C)
        phrases.take()  # answered or not
    assert abs(phrases.wait(None) - (1.1 * 3.0 - 1.0)) < 1e-9
    assert abs(phrases.wait(0.5, quiet=1.0) - 2.3) < 1e-9


def sustained(*onsets: float) -> PhraseTracker:
    """Each note held until just before the next, so that there are no breaths."""
    phrases = PhraseTracker()
    for onset, after in pairwise((*onsets, onsets[-1] + 0.2)):
        phrases.press(onset, C)
        phrases.keyboard.release(after - 0.1, C)
    return phrases


def test_a_pulse_is_even() -> None:
    assert abs(sustained(0.0, 1.0, 2.0, 3.0).wait(0.5) - 1.0) < 1e-9
    assert sustained(0.0, 1.0, 2.6, 3.6).wait(0.5) == 0.5
    assert sustained(0.0, 1.0, 2.0).wait(0.5) == 0.5  # not yet


def test_a_pulse_is_waited_for_no_longer_than_any_player() -> None:
    assert played(0.0, 4.0, 8.0, 12.0).wait(0.5) == 2.5
