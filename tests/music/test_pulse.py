"""How long a beat is, from onsets in seconds alone."""

from __future__ import annotations

import numpy as np
import pytest

from composer.music.pulse import find_pulse


def tune(bpm: float, places: tuple[float, ...], beats: int = 64, late: float = 0.0) -> list[float]:
    """Onsets in seconds at these places of every beat, but for those left out; `late` shifts."""
    random = np.random.default_rng(1)
    onsets = [(beat + place) * 60 / bpm for beat in range(beats) for place in places]
    return [late + onset for onset in onsets if random.random() < 0.8]


@pytest.mark.parametrize("bpm", [66.0, 80.0, 96.0, 97.3, 110.0, 120.0, 133.0])
@pytest.mark.parametrize("places", [(0.0, 0.5), (0.0,), (0.0, 0.5, 0.75)])
def test_the_tempo_is_found_or_its_double(bpm: float, places: tuple[float, ...]) -> None:
    beat = find_pulse(tune(bpm, places, late=3.7))
    assert beat is not None
    factor = 60 / beat / bpm
    assert factor == pytest.approx(2.0 if factor > 1.5 else 1.0, abs=1e-3)


def test_eighths_at_96_in_milliseconds() -> None:
    eighths = [round(i * 312.5) / 1000 for i in range(64)]
    assert find_pulse(eighths) == pytest.approx(0.625, abs=1e-4)


def test_swing_is_a_beat_of_three() -> None:
    assert find_pulse(tune(120, (0.0, 2 / 3))) == pytest.approx(0.5, abs=1e-4)


def test_a_player_to_a_click_keeps_it() -> None:
    jitter = np.random.default_rng(2).normal(0, 0.012, 200)
    onsets = sorted((np.array(tune(100, (0.0, 0.5)))[:90] + jitter[:90]).tolist())
    assert find_pulse(onsets) == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize("count", [8, 40, 400])
@pytest.mark.parametrize("seed", range(5))
def test_playing_in_no_time_has_none(count: int, seed: int) -> None:
    steps = np.random.default_rng(seed).gamma(3.0, 0.11, count)
    assert find_pulse(np.cumsum(steps).tolist()) is None


def test_a_few_notes_have_none() -> None:
    assert find_pulse([]) is None
    assert find_pulse([0.0, 0.5, 1.0]) is None


def test_a_tempo_that_changes_is_none() -> None:
    slow, fast = tune(90, (0.0, 0.5)), tune(127, (0.0, 0.5))
    assert find_pulse([*slow, *(slow[-1] + 1 + onset for onset in fast)]) is None
