"""What a live reply may play, made from what the player has played."""

from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.events import UNLIMITED
from composer.generation.constraints import Constraints
from composer.generation.part_limits import TILT
from composer.generation.settings import Settings
from composer.live.core.improviser import BAND, GenerateRequest
from composer.live.playing.live_constraints import make_live_constraints
from composer.music.beat_grid import BEATS
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
    **wishes: object,
) -> Constraints:
    """What a piano, a bass and a kit may play from tick 96 on."""
    ask = GenerateRequest(96, 96, end, slots, Settings(**wishes), 1, 96)  # type: ignore[arg-type]
    inside = [0] if slots == {0} else [1, 2]
    return make_live_constraints(np.array(heard), (0, 33, DRUM_PROGRAM), BEATS, 96, ask, inside)


BAND_SLOTS = frozenset({BAND, BAND + 1})
F_MAJOR_CHORD = [(72, 0, 53, 24, 20), (72, 0, 60, 24, 20), (72, 0, 69, 24, 20)]


def test_a_bass_prefers_the_chord_in_the_players_hands_and_its_lowest_most() -> None:
    before = [(0, 0, 48, 24, 20), (0, 0, 52, 24, 20), (0, 0, 55, 24, 20)]  # C, no longer held
    bias = asked_of([*before, *F_MAJOR_CHORD], BAND_SLOTS).pitch_bias(np.array([1]))
    assert bias is not None
    #                                         c    d       f           a      b
    assert bias[0, 36:48].tolist() == [1.5, 0, 0, 0, 0, 2.5, 0, 0, 0, 1.5, 0, 0]
    drums = asked_of([*before, *F_MAJOR_CHORD], BAND_SLOTS).pitch_bias(np.array([2]))
    assert drums is not None and not drums.any()


def test_it_does_not_run_along_with_a_melody() -> None:
    melody = [(60, 0, 65, 12, 20), (72, 0, 67, 12, 20), (84, 0, 67, 12, 20)]
    assert asked_of(melody, BAND_SLOTS).pitch_bias(np.array([1])) is None
    # Nor does the player's own part with its chords.
    assert asked_of(F_MAJOR_CHORD, frozenset({0}), 192).pitch_bias(np.array([0])) is None


def test_none_of_a_band_falls_silent_for_more_than_a_bar() -> None:
    assert asked_of(F_MAJOR_CHORD, BAND_SLOTS).table["rests"][0, [1, 2]].tolist() == [96, 96]
    assert asked_of(F_MAJOR_CHORD, frozenset({0}), 192).table["rests"].min() == UNLIMITED


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


def test_a_set_key_is_thought_of_live_too() -> None:
    rules = asked_of(EIGHTHS, frozenset({0}), 192, key="C:minor")
    bias = rules.pitch_bias(np.array([0]))
    heard = fitting_key(np.bincount([p % 12 for _, _, p, _, _ in EIGHTHS], minlength=12) * 1.0)
    assert heard is not None and bias is not None
    assert bias[0, :12] == pytest.approx(TILT * key_change(heard, parse_key("C:minor")))
