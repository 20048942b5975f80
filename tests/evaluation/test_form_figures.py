"""Form figures: what is told of music that comes back, and of music that wanders off."""

from __future__ import annotations

import math

import pytest
from bars_of_music import Note, quarters, segment

from composer.evaluation.form_figures import FormFigures, mean
from composer.music.keys import Key

A, B, C = [76, 74, 72, 71], [69, 67, 65, 64], [79, 77, 81, 83]
D, E = [60, 66, 61, 70], [58, 71, 63, 75]
KEY = Key(0, "major")


def figures(seed: list[Note], made: list[Note], bars: int = 4) -> FormFigures:
    return FormFigures.of(segment(seed, 4), segment(made, bars), KEY)


def test_the_seed_again_comes_back_whole() -> None:
    theme = quarters(A, B, C, A)
    found = figures(theme, theme)
    assert found.melody_returns == 1
    assert found.nearest_bar == 1 and found.return_bars == 1 and found.runs == 1
    assert found.new_chord_pairs == 0 and found.own_repeats == 0
    assert found.longest_copy == 16
    assert found.lag_4 == 1 and found.lag_1 < 0.5


def test_music_of_its_own_brings_nothing_back() -> None:
    found = figures(quarters(A, B, C, A), quarters(D, E, D, E))
    assert found.melody_returns == 0
    assert found.longest_copy < 4
    assert found.own_repeats > 0.6  # but it repeats itself
    assert found.lag_2 == pytest.approx(0.5)  # in its second half


def test_figures_are_intervals_and_copies_are_pitches() -> None:
    up = quarters(*([pitch + 3 for pitch in bar] for bar in (A, B, C, A)))
    found = figures(quarters(A, B, C, A), up)
    assert found.melody_returns == 1
    assert found.longest_copy < 4
    assert found.return_bars < 1


def test_top_line_and_bass_are_told_apart() -> None:
    low = [48, 43, 48, 40]
    seed = [*quarters(A, B, C, A), *quarters(low, low, low, low, part=1)]
    made = [*quarters(A, B, C, A), *quarters(*([36, 37, 38, 40],) * 4, part=1)]
    found = figures(seed, made)
    assert found.melody_returns == 1 and found.bass_returns == 0


def test_returns_out_of_order_are_no_run() -> None:
    assert figures(quarters(A, B, C, D), quarters(A, B, C, D)).runs == 1
    assert figures(quarters(A, B, C, D), quarters(D, C, B, A)).runs == 0
    assert math.isnan(
        figures(quarters(A, B, C, D), quarters(A, E, [55, 68, 57, 80], [50] * 4)).runs
    )


def test_the_end_on_the_tonic_is_the_basss() -> None:
    ends = [*quarters(A, B, C, [79, 77, 76, 76]), (15.0, 1.0, 1, 36)]
    assert figures(quarters(A, B, C, A), ends).ends_on_tonic == 1
    assert figures(quarters(A, B, C, A), quarters(A, B, C, [79, 77, 72, 76])).ends_on_tonic == 0


def test_a_mean_leaves_out_what_a_piece_does_not_have() -> None:
    whole = figures(quarters(A, B, C, D), quarters(A, B, C, D))
    none = figures(quarters(A, B, C, D), quarters(E, [55, 68, 57, 80], [50] * 4, [49] * 4))
    assert math.isnan(none.runs) and mean([whole, none])["runs"] == 1
    assert mean([whole, none])["melody_returns"] == pytest.approx(
        (whole.melody_returns + none.melody_returns) / 2
    )
