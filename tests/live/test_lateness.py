"""How late the last notes were, from a histogram."""

from __future__ import annotations

import pytest

from composer.live.lateness import Lateness


def test_nothing_played_is_not_late() -> None:
    assert Lateness().figures() == (0.0, 0.0)


def test_quantiles_to_a_fiftieth() -> None:
    lateness = Lateness()
    for milliseconds in range(1, 101):
        lateness.add(milliseconds / 1000)
    middle, worst = lateness.figures()
    assert middle == pytest.approx(0.051, rel=0.02)
    assert worst == pytest.approx(0.100, rel=0.02)


def test_only_the_last_notes_count() -> None:
    lateness = Lateness(window=10)
    for _ in range(50):
        lateness.add(1.0)
    for _ in range(10):
        lateness.add(0.001)
    assert lateness.quantile(0.999) == pytest.approx(0.001, rel=0.02)


def test_early_and_endless() -> None:
    lateness = Lateness()
    lateness.add(-1.0)
    assert lateness.figures() == (0.0, 0.0)
    lateness.add(1e9)
    assert lateness.quantile(0.99) >= 2.0
