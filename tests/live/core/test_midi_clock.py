"""Where a host with a MIDI clock is, whatever its pulses have come through."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import pytest

from composer.live.core.midi_clock import ClockFollower

PULSE = b"\xf8"


class Heard:
    """What a follower tells, held against the grid that a host meant.

    Attributes:
        rows: (moment, tick, beats per minute), as told.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float]] = []
        self.follower = ClockFollower(lambda *row: self.rows.append(row), lambda *_: None)

    def play(self, moments: Iterable[float]) -> Heard:
        """A start, and pulses at these moments."""
        self.follower.receive(0.0, b"\xfa")
        for moment in moments:
            self.follower.receive(moment, PULSE)
        return self

    def off_ms(self, grid: np.ndarray, since: float = 0.0) -> np.ndarray:
        """How far each tick that was told is from where the host was, in milliseconds."""
        rows = [row for row in self.rows if row[0] >= since]
        told = np.interp([tick for _, tick, _ in rows], np.arange(len(grid)), grid)
        return 1000 * (told - [moment for moment, _, _ in rows])


def even(bpm: float, beats: int, start: float = 1.0) -> np.ndarray:
    return start + np.arange(24 * beats) * 60 / bpm / 24


def test_a_steady_clock_is_followed_to_the_tick() -> None:
    grid = even(120, 8)
    heard = Heard().play(grid)
    assert np.abs(heard.off_ms(grid)).max() < 0.001
    assert {round(bpm, 6) for _, _, bpm in heard.rows} == {120.0}


def test_three_milliseconds_of_jitter_are_made_even() -> None:
    chance = random.Random(1)
    grid = even(97.5, 120)
    heard = Heard().play(np.sort(grid + [chance.uniform(-0.003, 0.003) for _ in grid]))
    off = np.abs(heard.off_ms(grid, since=3.0))
    assert np.median(off) < 0.5
    assert np.quantile(off, 0.99) < 2.0
    tempos = [bpm for moment, _, bpm in heard.rows if moment >= 3.0]
    assert max(abs(bpm - 97.5) for bpm in tempos) < 0.5


@pytest.mark.parametrize("begin", [5.0, 5.01, 5.4, 7.77])
def test_a_stall_and_the_burst_behind_it_shift_nothing(begin: float) -> None:
    grid = even(120, 24)
    sent = np.where((grid >= begin) & (grid < begin + 0.1), begin + 0.1, grid)
    heard = Heard().play(sent)
    assert np.abs(heard.off_ms(grid, since=2.0)).max() < 3.0
    tempos = [bpm for moment, _, bpm in heard.rows if moment >= 2.0]
    assert max(abs(bpm - 120) for bpm in tempos) < 1.0


@pytest.mark.parametrize("after", [126.0, 100.0, 140.0, 60.0, 240.0])
def test_a_tempo_step_is_followed_within_a_beat(after: float) -> None:
    before = even(120, 8)
    grid = np.concatenate([before, even(after, 8, start=before[-1] + 60 / after / 24)])
    heard = Heard().play(grid)
    since = before[-1] + 60 / after
    assert np.abs(heard.off_ms(grid, since=since)).max() < 3.0
    assert all(abs(bpm / after - 1) < 0.02 for moment, _, bpm in heard.rows if moment >= since)


def test_a_burst_at_the_very_start_tells_no_tempo() -> None:
    grid = even(120, 8)
    sent = np.maximum(grid, grid[0] + 0.1)  # the first pulses come together
    heard = Heard().play(sent)
    assert all(100 < bpm < 140 for _, _, bpm in heard.rows)
    assert np.abs(heard.off_ms(grid, since=3.0)).max() < 1.0


def test_a_song_position_counts_sixteenths() -> None:
    heard = Heard()
    heard.follower.receive(0.0, b"\xf2\x08\x00")  # eight sixteenths: beat 2
    heard.follower.receive(0.0, b"\xfb")
    for moment in even(120, 1):
        heard.follower.receive(moment, PULSE)
    moment, tick, _ = heard.rows[-1]
    assert moment == even(120, 1)[-1]
    assert tick == pytest.approx(48 + 23)


def test_pulses_while_the_host_stands_count_for_nothing() -> None:
    heard = Heard().play(even(120, 2))
    heard.follower.receive(2.0, b"\xfc")
    told = len(heard.rows)
    for moment in even(120, 4, start=2.1):
        heard.follower.receive(moment, PULSE)
    assert len(heard.rows) == told
