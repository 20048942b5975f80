"""Settings of a training run: valid when they are made, and how fast it learns at which update."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from composer_training import settings as run_settings
from composer_training.settings import FitSettings, learning_rate_at, share_done

from composer.errors import SettingError


def test_the_learning_rate_rises_and_falls() -> None:
    plan = FitSettings(updates=1100, warm_up=100, learning_rate=1.0)
    assert learning_rate_at(0, plan) == pytest.approx(0.01)
    assert learning_rate_at(99, plan) == pytest.approx(1.0)
    assert learning_rate_at(600, plan) == pytest.approx(0.51)
    assert learning_rate_at(1100, plan) == pytest.approx(0.02)


def test_with_minutes_the_learning_rate_falls_with_the_clock() -> None:
    plan = FitSettings(updates=10**9, warm_up=0, learning_rate=1.0, minutes=10)
    assert learning_rate_at(50, plan, 0) == pytest.approx(1.0)
    assert learning_rate_at(50, plan, 300) == pytest.approx(0.51)
    assert share_done(plan, 50, 300) == pytest.approx(0.5)
    assert share_done(plan, 50, 600) == 1.0


def test_settings_survive_json() -> None:
    plan = FitSettings(shares={"a": 0.5}, minutes=3.0, seed=9)
    assert FitSettings.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan


@pytest.mark.parametrize(
    "make",
    [
        lambda: FitSettings(batch_size=0),
        lambda: FitSettings(learning_rate=float("nan")),
        lambda: FitSettings(precision="float8"),
        lambda: FitSettings(shares={"a": -1.0}),
        lambda: FitSettings(minutes=-1.0),
    ],
)
def test_settings_are_valid_from_birth(make: Callable[[], FitSettings]) -> None:
    with pytest.raises(SettingError):
        make()


def test_precisions_are_those_keras_knows() -> None:
    assert run_settings.PRECISIONS == ("mixed_bfloat16", "float32")
