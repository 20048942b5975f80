"""Training an encoder: what it learns, what is kept of it, and going on from that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from composer_training.data import dataset
from composer_training.encoder.fit import Report, Settings, Weights, fit
from tiny_model import CONFIG, weights

from composer.network.encoder import shapes

SETTINGS = Settings(
    updates=24,
    minutes=10.0,
    batch_size=3,
    steps=24,
    learning_rate=0.01,
    dropout=0.0,
    validate_every=12,
    limit=2,
    shares={},
    seed=3,
    precision="float32",
)


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    """Training sets the precision of everything; it is put back."""
    before = keras.mixed_precision.global_policy()
    yield
    keras.mixed_precision.set_global_policy(before)


@pytest.mark.slow
def test_an_encoder_learns_from_a_small_dataset_and_training_goes_on_from_what_was_kept(
    prepared: Path,
) -> None:
    reports: list[Report] = []
    kept: list[Weights] = []
    data = dataset.load([prepared])
    fit(data, (CONFIG, weights()), SETTINGS, report=reports.append, keep=kept.append)
    scores = [report.scores for report in reports if report.scores is not None]
    assert [report.update for report in reports if report.scores is not None] == [12, 24]
    assert set(scores[0]) == {("tiny", "all but the melody")}  # too short to hide bars 13 to 16
    # A decoder that knows nothing is told where the given notes are.
    first, last = (np.mean([told / plain for told, plain in one.values()]) for one in scores)
    assert last < first < 1
    assert len(kept) == 2
    assert {name: array.shape for name, array in kept[-1].items()} == shapes(CONFIG.head_units)
    # Going on begins where the kept weights stand.
    again: list[Report] = []
    fit(
        data,
        (CONFIG, weights()),
        Settings(**{**{n: getattr(SETTINGS, n) for n in SETTINGS.__slots__}, "updates": 1,
                    "validate_every": 1, "learning_rate": 1e-9}),
        start=kept[-1],
        report=again.append,
        keep=lambda _: None,
    )  # fmt: skip
    assert again[-1].scores is not None
    for check, (told, plain) in scores[-1].items():
        assert again[-1].scores[check] == pytest.approx((told, plain), rel=1e-4)
