"""Which keys and pedals keep a phrase open, and for how long."""

from __future__ import annotations

import math

from composer.live.core.keyboard import DRONE, LOST, HeldKey, Keyboard

C, E = HeldKey(0, 60), HeldKey(0, 64)


def test_nothing_is_quiet_while_a_key_is_down() -> None:
    keys = Keyboard()
    keys.press(0.0, C)
    keys.press(0.1, E)
    keys.release(0.5, C)
    assert keys.quiet_since is None
    keys.release(0.7, E)
    assert keys.quiet_since == 0.7


def test_the_pedal_holds_notes_and_the_phrase() -> None:
    keys = Keyboard()
    keys.press(0.0, C)
    assert keys.pedal(0.1, 0, True) == []
    assert keys.release(0.2, C) == []
    assert keys.quiet_since is None
    assert keys.pedal(1.0, 0, False) == [C]
    assert keys.quiet_since == 1.0


def test_a_key_struck_again_under_the_pedal_ends_the_note_before() -> None:
    keys = Keyboard()
    keys.pedal(0.0, 0, True)
    keys.press(0.1, C)
    keys.release(0.2, C)
    assert keys.press(0.3, C) == [C]


def test_a_note_may_come_with_its_length() -> None:
    keys = Keyboard()
    keys.press(0.0, C, 0.25)
    assert keys.deadline() == 0.25
    assert keys.release_due(0.3) == [(0.25, C)]
    assert keys.quiet_since == 0.25
    assert keys.deadline() == math.inf


def test_a_drone_sounds_on_and_keeps_the_phrase_open_no_more() -> None:
    keys = Keyboard()
    keys.press(0.0, C)
    keys.press(5.0, E)
    keys.release(6.0, E)
    assert keys.quiet_since is None
    assert keys.release_due(DRONE) == []  # its note does not end
    assert keys.quiet_since == 6.0
    keys.press(DRONE + 1, E)
    assert keys.quiet_since is None
    keys.release(DRONE + 2, E)
    assert keys.quiet_since == DRONE + 2
    assert keys.release(DRONE + 5, C) == [C]


def test_one_long_note_with_nothing_over_it_is_no_drone() -> None:
    keys = Keyboard()
    keys.press(0.0, C)
    assert keys.release_due(DRONE + 1) == []
    assert keys.quiet_since is None


def test_a_key_whose_end_was_lost_comes_up_by_itself() -> None:
    keys = Keyboard()
    keys.press(0.0, C)
    assert keys.release_due(LOST) == [(LOST, C)]
    assert keys.quiet_since == LOST


def test_so_does_a_forgotten_pedal() -> None:
    keys = Keyboard()
    keys.press(0.0, C)
    keys.pedal(0.1, 0, True)
    keys.release(0.2, C)
    assert keys.release_due(0.1 + LOST) == [(0.1 + LOST, C)]
    assert keys.quiet_since == 0.1 + LOST


def test_two_players_of_one_session_hold_the_same_key_each() -> None:
    keys = Keyboard()
    anne, bob = HeldKey(0, 60, "anne"), HeldKey(0, 60, "bob")
    keys.press(0.0, anne)
    keys.press(0.5, bob)
    assert keys.release(1.0, anne) == [anne]
    assert keys.quiet_since is None
    keys.release(1.5, bob)
    assert keys.quiet_since == 1.5


def test_the_keys_of_a_player_who_is_gone_come_up_and_those_of_others_stay() -> None:
    keys = Keyboard()
    mine, ringing, other = HeldKey(0, 60, "a"), HeldKey(0, 62, "a"), HeldKey(0, 60, "b")
    keys.pedal(0.0, 0, True)
    for key in (mine, ringing, other):
        keys.press(0.1, key)
    keys.release(0.2, ringing)
    assert keys.release_player(0.3, "a") == [mine, ringing]
    assert keys.release_player(0.4, "a") == []
    assert keys.release(0.5, other) == []  # under the pedal
    assert keys.quiet_since is None
    assert keys.release_player(1.0, "b") == [other]
    assert keys.quiet_since == 1.0
    assert keys.release_player(2.0, "c") == []
    assert keys.quiet_since == 1.0  # who played nothing keeps nobody waiting
