"""Phrases: with nothing to go by they have four bars, and an upbeat does not count."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.phrases import bars_left, phrase_starts
from composer.music.plan import NONE


@pytest.mark.parametrize(
    ("bars", "upbeat", "starts"),
    [(8, False, [0, 4]), (12, False, [0, 4, 8]), (9, True, [0, 5]), (13, True, [0, 5, 9])],
)
def test_phrases_of_four_bars_and_an_upbeat(bars: int, upbeat: bool, starts: list[int]) -> None:
    assert phrase_starts(np.zeros(bars), [NONE] * bars, upbeat=upbeat) == starts


def test_a_rest_in_the_melody_outweighs_a_phrase_of_three_bars() -> None:
    """The melody waits across the line before the fourth bar, and before the seventh."""
    gaps = np.zeros(6)
    gaps[3] = 1.0
    assert phrase_starts(gaps, [NONE] * 3 + [0, 1, 2]) == [0, 3]


def test_bars_to_the_end_of_each_phrase() -> None:
    assert bars_left([0, 3], 5, 9) == [3, 2, 1, 2, 1]
    assert bars_left([0], 4, 2) == [2, 2, 2, 1]
