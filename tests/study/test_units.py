"""Units: a planted cell is found, chance is not taken for a finding, memories are exact."""

from __future__ import annotations

import numpy as np
import pytest

from composer.network.gate_trace import FORGET, GateTrace
from composer.study.units import LONGEST, followings, half_lives

NOTES, UNITS = 240, 40


def cells(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((2, NOTES, UNITS)).astype(np.float32)


def test_the_cell_that_follows_a_series_is_found() -> None:
    rng = np.random.default_rng(1)
    made, bars = cells(rng), (np.arange(NOTES) % 7 == 0).astype(float)
    made[1, :, 13] = 0.5 - bars + 0.1 * rng.standard_normal(NOTES)
    [one] = followings(made, {"bar lines": bars}, rng)
    assert (one.layer, one.unit) == (1, 13) and one.correlation < -0.9
    # A series that comes round again is matched by its own shifts, and by no others.
    assert one.chance < 0.35


def test_among_many_cells_the_best_one_may_be_chance() -> None:
    rng = np.random.default_rng(2)
    noise = {f"noise {number}": rng.standard_normal(NOTES) for number in range(20)}
    found = followings(cells(rng), noise, rng)
    assert np.mean([one.chance for one in found]) > 0.3
    planted = cells(rng)
    planted[0, :, 3] = noise["noise 4"]
    best = followings(planted, noise, rng)[0]
    assert best.what == "noise 4" and best.chance == 0.01


def test_few_notes_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    assert followings(cells(rng)[:, :12], {"any": rng.standard_normal(12)}, rng) == []


def test_half_lives_follow_from_forget_gates() -> None:
    gates = np.zeros((1, 10, 4, 3), dtype=np.float32)
    gates[0, :, FORGET] = (0.5, 0.5**0.125, 1.0)
    empty = np.zeros((1, 10, 3), dtype=np.float32)
    trace = GateTrace(gates, empty, empty, empty[0], np.zeros((1, 3, 12), dtype=np.float32))
    assert half_lives(trace)[0] == pytest.approx([1.0, 8.0, LONGEST], rel=1e-3)
    gates[0, ::2, FORGET, 0], gates[0, 1::2, FORGET, 0] = 0.25, 1.0
    assert half_lives(trace)[0, 0] == pytest.approx(1.0, rel=1e-3)
