"""Composer's own notes, sent back by a loop, and a player who doubles them."""

from __future__ import annotations

from composer.live.wire.echo_guard import ECHO, JUDGED, EchoGuard


def sound(guard: EchoGuard, moment: float, pitch: int) -> None:
    guard.sent(moment, 0, pitch, 100)


def test_a_loop_gives_back_every_note() -> None:
    guard = EchoGuard()
    for index in range(50):
        sound(guard, index, 60)
        assert guard.is_echo(index + 0.01, 0, 60, 100)
        assert guard.is_end_of_echo(0, 60)
    assert guard.echoes == 50
    assert not guard.is_end_of_echo(0, 60)


def test_once_sent_is_once_back() -> None:
    guard = EchoGuard()
    sound(guard, 0.0, 60)
    assert guard.is_echo(0.01, 0, 60, 100)
    assert not guard.is_echo(0.02, 0, 60, 100)


def test_another_key_velocity_channel_or_time_is_the_players() -> None:
    for note in ((0.01, 0, 61, 100), (0.01, 0, 60, 99), (0.01, 1, 60, 100)):
        guard = EchoGuard()
        sound(guard, 0.0, 60)
        assert not guard.is_echo(*note)
    guard = EchoGuard()
    sound(guard, 0.0, 60)
    assert not guard.is_echo(ECHO + 0.01, 0, 60, 100)


def test_a_keyboard_of_one_velocity_may_double_what_composer_plays() -> None:
    guard = EchoGuard()
    for index in range(JUDGED):  # composer plays alone for a while
        sound(guard, index, 50 + index)
    for index in range(20):  # then every third note is doubled, a moment after it
        sound(guard, 100 + index, 60)
        if index % 3 == 0:
            assert not guard.is_echo(100 + index + 0.05, 0, 60, 100)
            assert not guard.is_end_of_echo(0, 60)


def test_a_loop_that_is_made_later_is_found_after_a_few_notes() -> None:
    guard = EchoGuard()
    for index in range(20):
        sound(guard, index, 60)
    guard.is_echo(30.0, 0, 0, 1)
    taken = 0
    for index in range(10):
        sound(guard, 40 + index, 60)
        taken += not guard.is_echo(40 + index + 0.01, 0, 60, 100)
    assert taken == JUDGED // 2
