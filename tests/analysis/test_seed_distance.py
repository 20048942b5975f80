"""How far what goes on lies from what went before."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.seed_distance import BARS, MOST, SeedDistance, last_bars
from composer.analysis.segment import Segment
from composer.encoding.events import DURATION_TICKS
from composer.music.notes import DRUM_PROGRAM

BAR = 96
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def tune(
    bars: int = 8, step: int = 24, *, up: int = 0, late: int = 0, loud: int = 16, long: int = 24,
    program: int = 0,
) -> Segment:  # fmt: skip
    """A line that does not repeat itself."""
    count = bars * BAR // step
    duration = int(np.searchsorted(DURATION_TICKS, long))
    rows = [[0, 0, SCALE[(n * n + n // 3) % 8] + up, duration, loud] for n in range(count)]
    onsets = np.arange(count) * step + late
    return Segment(np.array(rows), onsets, (program,), BAR, False, bars * BAR)


def test_nothing_fits_better_than_the_same_again() -> None:
    assert SeedDistance(tune()).misfit(tune()) == 0


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(tune(up=1), id="another key"),
        pytest.param(tune(up=12), id="another register"),
        pytest.param(tune(late=12), id="off the beat"),
        pytest.param(tune(step=12), id="denser"),
        pytest.param(tune(loud=30), id="louder"),
        pytest.param(tune(long=6), id="shorter"),
    ],
)
def test_every_difference_counts(other: Segment) -> None:
    assert SeedDistance(tune()).misfit(other) > 0.05


def test_what_moves_less_than_most_halves_do_is_near_enough() -> None:
    """A little louder is free, as much louder as halves lie apart is not."""
    assert SeedDistance(tune()).misfit(tune(loud=17)) == 0
    assert SeedDistance(tune(loud=16)).misfit(tune(loud=22)) > 0


def test_half_as_dense_is_as_far_as_twice_as_dense() -> None:
    fit = SeedDistance(tune())
    half, twice = tune(step=48), tune(step=12)
    assert abs(np.log2(half.density / tune().density)) == pytest.approx(1)
    assert fit.misfit(half) > 0.3 and fit.misfit(twice) > 0.3


def test_drums_have_no_keys_and_no_register() -> None:
    drums = tune(program=DRUM_PROGRAM)
    assert SeedDistance(drums).misfit(tune(up=1, program=DRUM_PROGRAM)) == 0
    assert SeedDistance(drums).misfit(tune(step=12, program=DRUM_PROGRAM)) > 0


def test_silence_fits_nothing() -> None:
    nothing = Segment(np.zeros((0, 5), dtype=np.int64), np.zeros(0, dtype=np.int64), (0,), BAR,
                      False, 4 * BAR)  # fmt: skip
    assert SeedDistance(tune()).misfit(nothing) == MOST**2


def test_only_the_last_bars_of_a_seed_count() -> None:
    begun_otherwise = tune(2 * BARS)
    begun_otherwise.rows[: BARS * 4, 2] += 7
    kept = last_bars(begun_otherwise, BARS)
    assert kept.length == BARS * BAR
    assert kept.onsets[0] == 0
    assert SeedDistance(begun_otherwise).misfit(kept) == 0
    assert last_bars(tune(), BARS).length == tune().length
