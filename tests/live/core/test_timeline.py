"""Where a moment lies in the music, by hand arithmetic."""

from __future__ import annotations

import math

import pytest

from composer.live.core.timeline import Timeline


def test_free_time_counts_hundredths() -> None:
    timeline = Timeline(10.0)
    assert timeline.tick(10.5) == 50
    assert timeline.second(50) == 10.5


def test_beats_at_90() -> None:
    timeline = Timeline(0.0, bpm=90)
    timeline.anchor(2.0)
    assert timeline.tick(2.0 + 60 / 90) == pytest.approx(24)
    assert timeline.second(96) == pytest.approx(2.0 + 4 * 60 / 90)


def test_nothing_ever_comes_while_the_transport_stands() -> None:
    timeline = Timeline(0.0, bpm=120)
    timeline.stop(1.0)
    assert timeline.tick(5.0) == 48
    assert timeline.second(49) == math.inf
    timeline.start(10.0)
    assert timeline.second(72) == 10.5


def test_two_beats_tell_the_tempo() -> None:
    timeline = Timeline(0.0, bpm=120)
    timeline.beat(1.0, 0)
    timeline.beat(2.0, 1)
    assert timeline.bpm == pytest.approx(60)
    assert timeline.tick(2.0) % timeline.bar == 24


def test_a_host_that_jumps_back_does_not_turn_time_back() -> None:
    timeline = Timeline(0.0, bpm=120)
    timeline.place(0.0, 0.0)
    assert timeline.tick(9.0) == 432  # bar 5, beat 3
    assert timeline.place(9.0, 24.0)  # the host goes to bar 1, beat 2
    assert timeline.tick(9.0) == 504  # of bar 6
    assert timeline.tick(9.0) % 96 == 24
    assert not timeline.follow(9.5, 48.0, 120)  # and goes on from there


def test_a_millisecond_is_a_correction_and_no_jump() -> None:
    timeline = Timeline(0.0, bpm=120)
    timeline.place(0.0, 0.0)
    assert not timeline.place(1.001, 48.0)
    assert timeline.tick(1.001) == 48
