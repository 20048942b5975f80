"""Overlap of sets of music, and how sure figures are."""

from __future__ import annotations

import numpy as np
import pytest

from composer.evaluation.overlap import compare, density, distances, mean


def points(seed: int, centre: float, spread: float, count: int = 40) -> list[np.ndarray]:
    return [
        np.array([value]) for value in np.random.default_rng(seed).normal(centre, spread, count)
    ]


def test_the_interval_of_a_mean_holds_it_and_narrows_with_more_pieces():
    few, many = mean([1.0, 2.0, 3.0] * 3), mean([1.0, 2.0, 3.0] * 100)
    assert few.value == many.value == 2.0
    assert few.low < many.low < 2.0 < many.high < few.high
    assert mean([1.0, float("nan"), 3.0]).value == 2.0


def test_nothing_has_no_mean():
    assert np.isnan(mean([]).value)
    assert mean([float("nan")]).as_dict() == {"value": None, "low": None, "high": None}
    assert str(mean([])) == "-"


def test_a_density_adds_up_and_lies_where_its_values_do():
    edges = np.linspace(0, 10, 401)
    p = density(np.random.default_rng(0).normal(4, 0.5, 1000), edges)
    assert p.sum() == pytest.approx(1)
    middle = (edges[1:] + edges[:-1]) / 2
    assert (p * middle).sum() == pytest.approx(4, abs=0.05)


def test_equal_sets_overlap_wholly_and_others_less_the_further_they_lie():
    true = points(0, 0.0, 1.0)
    within = distances(true, true)
    same = compare(within, within)
    assert same[0].value == pytest.approx(1.0)
    assert same[1].value == pytest.approx(0.0)
    near = compare(within, distances(points(1, 0.5, 1.0), true))
    far = compare(within, distances(points(1, 5.0, 1.0), true))
    assert 1 > near[0].value > far[0].value
    assert 0 < near[1].value < far[1].value
    assert far[0].low <= far[0].value <= far[0].high


def test_too_few_to_tell():
    assert np.isnan(compare(np.zeros((2, 2)), np.zeros((2, 2)))[0].value)
    assert np.isnan(compare(np.zeros((5, 5)), np.zeros((5, 5)))[0].value)
