"""What a live reply may play, made from what the player has played."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from composer.encoding.events import UNLIMITED
from composer.encoding.running_features import Context
from composer.generation.constraints import Constraints
from composer.generation.owing import STRAY
from composer.generation.part_limits import TILT
from composer.generation.settings import Settings
from composer.live.core.improviser import BAND, GenerateRequest
from composer.live.playing.live_constraints import make_live_constraints
from composer.music.beat_grid import BEATS
from composer.music.chords import parse_chord
from composer.music.keys import fitting_key, key_change, parse_key
from composer.music.notes import DRUM_PROGRAM


def dense(onsets: list[int], **settings: float) -> tuple[int, float]:
    """Notes to a bar at most, and on the whole, for a reply to a part that played at these."""
    heard = np.array([(onset, 0, 60, 10, 20) for onset in onsets])
    ask = GenerateRequest(960, 960, None, frozenset({0}), Settings(**settings), 1)  # type: ignore[arg-type]
    rules = make_live_constraints(heard, (0, 33), BEATS, 96, ask, [0])
    return int(rules.table["per_bar"][0]), float(rules.table["rate"][0]) * 96


def test_a_reply_is_about_as_dense_as_the_phrase() -> None:
    assert dense([24 * i for i in range(8)]) == (5, 5.0)  # quarters
    assert dense([12 * i for i in range(16)]) == (10, 10.0)  # eighths
    # The bars of silence while composer played do not count.
    phrases = [24 * i for i in range(4)] + [480 + 24 * i for i in range(4)]
    assert dense(phrases) == (5, pytest.approx(5.0, rel=0.2))
    assert dense([24 * i for i in range(8)], density=3.0) == (12, 0.0)


def test_a_band_has_room_of_its_own() -> None:
    heard = np.array([(48 * i, 0, 60, 10, 20) for i in range(8)])  # two notes to a bar
    ask = GenerateRequest(960, 960, None, frozenset({1}), Settings(), 1)
    rules = make_live_constraints(heard, (0, 128), BEATS, 96, ask, [1])
    assert rules.table["per_bar"][0] > 8
    assert rules.table["rate"][0] == 0


def asked_of(
    heard: list[tuple[int, int, int, int, int]],
    slots: frozenset[int],
    end: int | None = None,
    harmony: tuple[int, ...] = (),
    **wishes: object,
) -> Constraints:
    """What a piano, a bass and a kit may play from tick 96 on."""
    settings = Settings(**wishes)  # type: ignore[arg-type]
    ask = GenerateRequest(96, 96, end, slots, settings, 1, 96, harmony)
    inside = [0] if slots == {0} else [1, 2]
    return make_live_constraints(np.array(heard), (0, 33, DRUM_PROGRAM), BEATS, 96, ask, inside)


BAND_SLOTS = frozenset({BAND, BAND + 1})
F_MAJOR_CHORD = [(72, 0, 53, 24, 20), (72, 0, 60, 24, 20), (72, 0, 69, 24, 20)]


def bias_of(rules: Constraints, slot: int, tick: int = 96) -> NDArray[np.float32] | None:
    """What speaks for the pitches of a slot at a tick, [128]."""
    context = Context.start((0, 33, DRUM_PROGRAM), BEATS, (4, 4))
    bias = rules.pitch_bias(context, np.array([slot]), np.array([tick]))
    return None if bias is None else bias[0]


def test_a_bass_leans_to_the_chords_that_are_foretold_and_their_roots_most() -> None:
    f, g7 = parse_chord("F"), parse_chord("G7")
    rules = asked_of(F_MAJOR_CHORD, BAND_SLOTS, harmony=(f, g7))
    bias = bias_of(rules, 1)
    assert bias is not None
    #                                c       f           a
    assert bias[36:48].tolist() == [3.5, 0, 0, 0, 0, 5.0, 0, 0, 0, 2.5, 0, 0]
    later = bias_of(rules, 1, 96 + 48)  # the second half of the bar, and all after it
    assert later is not None and np.array_equal(later, bias_of(rules, 1, 96 + 480))
    #                                    d       f    g              b
    assert later[36:48].tolist() == [0, 0, 3.5, 0, 0, 2.5, 0, 5.0, 0, 0, 0, 2.5]
    # Of the chords that a player plays, a reply in the same part needs no telling.
    assert bias_of(asked_of(F_MAJOR_CHORD, frozenset({0}), 192), 0) is None


def test_drums_have_a_backbeat_and_leave_the_snare_out_elsewhere() -> None:
    rules = asked_of(F_MAJOR_CHORD, BAND_SLOTS)
    snare, kick = 38, 36
    on_two, on_and = bias_of(rules, 2, 24), bias_of(rules, 2, 36)
    assert on_two is not None and on_and is not None
    assert (on_two[snare], on_and[snare], on_and[kick]) == (0.0, STRAY, 0.0)
    context = Context.start((0, 33, DRUM_PROGRAM), BEATS, (4, 4))
    nothing, apart = np.array([[0, 0, 60, 0, 0]]), np.array([False])
    keys = [
        rules.pitch_mask(context, nothing, apart, np.array([2]), np.array([tick]))[0].nonzero()[0]
        for tick in (96, 96 + 24, 96 + 36)
    ]
    assert set(keys[0]) == {kick} and set(keys[1]) == {snare} and {kick, snare, 42} <= set(keys[2])


def test_none_of_a_band_falls_silent_for_more_than_a_bar() -> None:
    assert asked_of(F_MAJOR_CHORD, BAND_SLOTS).table["rests"][0, [1, 2]].tolist() == [96, 96]
    assert asked_of(F_MAJOR_CHORD, frozenset({0}), 192).table["rests"].min() == UNLIMITED


def test_under_quick_notes_a_band_still_reaches_the_next_eighth() -> None:
    quick = [(6 * step, 0, 60, 5, 20) for step in range(16)]
    rules = asked_of(quick, BAND_SLOTS)
    assert rules.table["longest"][0] == 24
    assert np.flatnonzero(rules.table["places"][0]).tolist() == [0, 12]


def test_silence_between_phrases_is_no_step_of_theirs() -> None:
    phrases = [(onset, 0, 60, 10, 20) for onset in (0, 24, 48, 500, 524, 548)]
    assert asked_of(phrases, frozenset({0}), 192).table["longest"][0] == 24


def test_a_bass_plays_one_note_at_a_time_until_it_has_played_chords() -> None:
    def together(times: int) -> int:
        heard = [(24 * n, 1, pitch, 20, 20) for n in range(times) for pitch in (36, 43)]
        return int(asked_of(heard, BAND_SLOTS).table["chords"][0, 1])

    assert together(1) == 1
    assert together(4) > 1


EIGHTHS = [(12 * step, 0, 60 + step % 5, 10, 20) for step in range(8)]


def test_a_reply_without_an_end_keeps_the_players_range_and_pace() -> None:
    you = frozenset({0})
    endless, ended = (asked_of(EIGHTHS, you, end, key="off") for end in (None, 192))
    tones = [np.flatnonzero(rules.table["pitches"][0, 0]) for rules in (endless, ended)]
    assert (tones[0][0], tones[0][-1]) == (58, 66)
    assert (tones[1][0], tones[1][-1]) == (53, 71)
    # An eighth is 12 ticks: no fewer than seven notes in the time of ten.
    assert endless.table["pace"][0] == pytest.approx(0.7 / 12)
    assert ended.table["pace"][0] == 0
    assert asked_of(EIGHTHS, you, density=1.0).table["pace"][0] == pytest.approx(1 / 24)


def test_a_band_that_goes_on_without_an_end_owes_nobody_a_pace() -> None:
    assert asked_of(EIGHTHS, BAND_SLOTS).table["pace"][0] == 0


def test_a_set_key_is_thought_of_live_too() -> None:
    rules = asked_of(EIGHTHS, frozenset({0}), 192, key="C:minor")
    bias = bias_of(rules, 0)
    heard = fitting_key(np.bincount([p % 12 for _, _, p, _, _ in EIGHTHS], minlength=12) * 1.0)
    assert heard is not None and bias is not None
    assert bias[:12] == pytest.approx(TILT * key_change(heard, parse_key("C:minor")))
