"""Plan noise: the plan that a network in training is told is its piece's own, but not always."""

from __future__ import annotations

import numpy as np
from composer_training.data.plan_noise import NO_PLAN, spoilt

from composer.music.chords import NO_CHORD, parse_chord
from composer.music.plan import EXACT, NONE, Plan, PlannedBar

AM = parse_chord("Am")
PLAN = Plan(
    tuple(PlannedBar(n - 4 if n >= 4 else NONE, 0, EXACT if n >= 4 else 0, (AM, AM), 4 - n % 4, 9)
          for n in range(40))
)  # fmt: skip


def told(count: int) -> list[Plan | None]:
    return [spoilt(PLAN, 1.0, np.random.default_rng(seed)) for seed in range(count)]


def test_without_noise_it_is_the_plan_itself() -> None:
    assert spoilt(PLAN, 0.0, np.random.default_rng(0)) == PLAN
    assert spoilt(None, 1.0, np.random.default_rng(0)) is None


def test_the_same_numbers_give_the_same_noise() -> None:
    assert told(5) == told(5)


def test_some_pieces_have_no_plan_and_some_lack_a_side_of_it() -> None:
    plans = told(600)
    there = [plan for plan in plans if plan is not None]
    assert 0.6 * NO_PLAN < 1 - len(there) / len(plans) < 1.4 * NO_PLAN
    without_chords = sum(all(bar.chords == (NO_CHORD, NO_CHORD) for bar in plan.bars)
                         for plan in there)  # fmt: skip
    without_end = sum(all(bar.ending == 0 for bar in plan.bars) for plan in there)
    assert 0.06 < without_chords / len(there) < 0.2
    assert 0.25 < without_end / len(there) < 0.45


def test_most_bars_are_told_as_they_are_and_none_refers_ahead() -> None:
    there = [plan for plan in told(200) if plan is not None]
    referring = [plan for plan in there if any(bar.reference == 0 for bar in plan.bars[4:5])]
    right = np.mean([bar.reference == n - 4 for plan in referring
                     for n, bar in enumerate(plan.bars) if n > 4])  # fmt: skip
    assert 0.85 < right < 0.98
    assert all(bar.reference < n for plan in there for n, bar in enumerate(plan.bars))
    assert all((bar.reference == NONE) == (bar.nearness == 0) for plan in there
               for bar in plan.bars)  # fmt: skip
