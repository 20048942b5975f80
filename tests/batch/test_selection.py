"""Which of several continuations are kept."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.segment import Segment
from composer.batch.selection import (
    ALIKE,
    Scores,
    choose,
    copied,
    judge,
    likeness,
)
from composer.encoding.events import DURATION_TICKS

BAR = 96


def segment(notes: list[tuple[int, int]], bars: int = 4, *, program: int = 0, long: int = 24,
            free: bool = False) -> Segment:  # fmt: skip
    """Quarter notes, or of `long` ticks, from (tick, pitch)."""
    duration = int(np.searchsorted(DURATION_TICKS, long))
    rows = np.array([[0, 0, pitch, duration, 16] for _, pitch in notes], dtype=np.int64)
    onsets = np.array([tick for tick, _ in notes], dtype=np.int64)
    return Segment(rows.reshape(-1, 5), onsets, (program,), BAR, free, bars * BAR)


def tune(start: int = 0, bars: int = 4, step: int = 24) -> list[tuple[int, int]]:
    """A line that does not repeat itself."""
    pitches = [60, 62, 64, 65, 67, 69, 71, 72]
    count = bars * BAR // step
    return [(n * step, pitches[(n * n + n // 3 + start) % 8]) for n in range(count)]


def test_the_likelier_and_the_more_like_its_seed_the_better() -> None:
    seed = segment(tune())
    same = judge(seed, seed, -5.0)
    assert same.misfit == 0
    assert not same.loop and not same.silence
    assert same.cost == pytest.approx(0.5)
    other_key = segment([(tick, pitch + 1) for tick, pitch in tune()])
    assert judge(seed, other_key, -5.0).cost > same.cost
    assert judge(seed, seed, -9.0).cost > same.cost


def test_a_loop_is_one_that_the_seed_has_not() -> None:
    bar = tune(bars=1)
    loop = segment([(tick + n * BAR, pitch) for n in range(8) for tick, pitch in bar], bars=8)
    assert loop.repeats == 7
    assert segment(tune(bars=8), bars=8).repeats == 0
    assert judge(segment(tune(bars=8), bars=8), loop, -1.0).loop
    assert not judge(loop, loop, -1.0).loop


def test_three_repeats_of_a_bar_are_none_yet() -> None:
    bar, other = tune(bars=1), segment(tune(bars=8), bars=8)

    def loops(bars: int) -> bool:
        notes = [(tick + n * BAR, pitch) for n in range(bars) for tick, pitch in bar]
        return judge(other, segment(notes, bars=bars), -1.0).loop

    assert [loops(bars) for bars in (4, 5)] == [False, True]


def test_of_nothing_nothing_is_kept_even_where_nothing_else_is_left() -> None:
    empty, seed = segment([]), segment(tune())
    assert choose([(judge(seed, empty, 0.0), empty)], seed, 1, last=True) == []


def test_silence_is_more_than_a_bar_and_more_than_in_the_seed() -> None:
    seed = segment(tune())
    pause = [(tick, pitch) for tick, pitch in tune(bars=8) if not 2 * BAR <= tick < 4 * BAR]
    assert judge(seed, segment(pause, bars=8), -1.0).silence
    assert not judge(segment(pause, bars=8), segment(pause, bars=8), -1.0).silence
    ends_early = [(tick, pitch) for tick, pitch in tune(bars=8) if tick < 4 * BAR]
    assert judge(seed, segment(ends_early, bars=8), -1.0).silence
    assert judge(seed, segment([], bars=8), -1.0).silence
    # A note that sounds on is no silence.
    held = segment([(0, 60), (6 * BAR, 62)], bars=8, long=384)
    assert held.silence == 2 * BAR


def test_likeness_counts_common_notes() -> None:
    whole = segment(tune())
    half = segment([(tick, pitch if tick < 2 * BAR else pitch + 40) for tick, pitch in tune()])
    assert likeness(whole, whole) == 1
    assert likeness(whole, half) == 0.5
    assert likeness(whole, segment([])) == 0


def test_a_copy_of_any_passage_of_the_seed() -> None:
    seed = segment(tune(bars=8), bars=8)
    second_half = [(tick - 4 * BAR, pitch) for tick, pitch in tune(bars=8) if tick >= 4 * BAR]
    assert copied(seed, segment(second_half)) == 1
    assert copied(seed, segment(tune(start=1))) < ALIKE
    # Two notes in common are no copy.
    assert copied(seed, segment(second_half[:2])) == 0
    # One that is longer than the seed is compared with all of it.
    assert copied(segment(tune(bars=2), bars=2), segment(tune(bars=8), bars=8)) < ALIKE


def test_free_time_has_gaps_for_a_rhythm() -> None:
    seed = segment([(n * 50, 60 + n % 5) for n in range(20)], bars=11, free=True)
    other = segment([(n * 7, 60 + n % 5) for n in range(20)], bars=11, free=True)
    assert seed.rhythm.sum() == pytest.approx(1)
    assert not (seed.rhythm * other.rhythm).any()


def scored(cost: float, *, loop: bool = False, silence: bool = False) -> Scores:
    return Scores(1, 0, loop, silence, cost)


def test_the_best_are_kept_and_no_two_alike() -> None:
    seed = segment([(n * 24, 90) for n in range(16)])
    lines = [segment(tune(start=n)) for n in range(4)]
    almost = segment([*tune(start=2)[:-1], (360, 99)])
    candidates = [
        (scored(0.4), lines[0]), (scored(0.3), lines[1]), (scored(0.1), lines[2]),
        (scored(0.2), almost), (scored(0.0, loop=True), lines[3]), (scored(0.0), seed),
    ]  # fmt: skip
    assert likeness(lines[2], almost) >= ALIKE
    assert choose(candidates, seed, 2, last=False) == [2, 1]
    assert choose(candidates, seed, 3, last=False) == [2, 1, 0]
    # More are needed; and when there are no more, the loop and a bare return of the seed are
    # better than nothing.
    assert choose(candidates, seed, 4, last=False) is None
    assert choose(candidates, seed, 4, last=True) == [2, 1, 0, 4]
    assert choose(candidates, seed, 6, last=True) == [2, 1, 0, 4, 5]


def test_of_equals_the_first_is_kept() -> None:
    seed = segment([(n * 24, 90) for n in range(16)])
    candidates = [(scored(0.5), segment(tune(start=n))) for n in (1, 2, 4)]
    assert choose(candidates, seed, 2, last=False) == [0, 1]
