"""The encoder that trains and the one that plays are the same equations."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest
from composer_training.encoder.batches import Taught, chunks, with_what_is_found
from composer_training.encoder.keras_network import EncoderModel, masked_nats
from tiny_encoder import encoder_weights
from tiny_model import CONFIG, weights

from composer.encoding.events import FIELDS, PART, PITCH, SHIFT, Events
from composer.encoding.given import Given, Opening
from composer.network.encoder import Encoder
from composer.network.given_likelihood import given_nats
from composer.network.heads import Heads
from composer.network.keras_lstm import build, set_weights
from composer.network.numpy_trunk import FloatTrunk
from composer.network.predictor import Predictor

BAR = 96


def duet(seed: int, count: int) -> Events:
    """Two parts over some bars, drawn on a grid of eighths."""
    rng = np.random.default_rng(seed)
    drawn = {
        (int(onset), int(part), int(pitch))
        for onset, part, pitch in zip(
            np.cumsum(rng.choice([0, 12, 24], count)),
            rng.integers(0, 2, count),
            rng.integers(50, 70, count),
            strict=True,
        )
    }
    ordered = np.array(sorted(drawn))
    rows = np.full((len(ordered), 5), 16, dtype=np.int16)
    rows[:, SHIFT] = np.diff(ordered[:, 0], prepend=0)
    rows[:, PART], rows[:, PITCH] = ordered[:, 1], ordered[:, 2]
    return Events(rows, (0, 33))


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    """Single precision, whatever another test has trained in."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("float32")
    yield
    keras.mixed_precision.set_global_policy(before)


@pytest.fixture(scope="module")
def pieces() -> list[tuple[Events, Given, int]]:
    """One with a bar hidden, and a shorter one without its bass, each with its plan."""
    found = []
    for seed, count, openings in (
        (0, 70, [Opening(BAR, 2 * BAR, frozenset({0, 1}))]),
        (1, 40, [Opening(0, 20 * BAR, frozenset({1}))]),
    ):
        events = duet(seed, count)
        bars = int(events.onsets[-1]) // BAR + 1
        given = Given.around(events, openings)
        assert 0 < len(given) < len(events.rows)
        found.append((with_what_is_found(events, given, bars), given, bars))
    return found


def test_keras_and_numpy_agree_on_every_note(pieces: list[tuple[Events, Given, int]]) -> None:
    taught = [Taught.of(events, given, bars, True) for events, given, bars in pieces]
    network = build(CONFIG)
    set_weights(network, weights())
    model = EncoderModel(CONFIG)
    # All of a piece in one chunk, so that both see the same tokens.
    (batch,) = chunks(taught, max(map(len, taught)))
    model(batch, np.zeros((1, 1, len(FIELDS) * CONFIG.head_units), np.float32))
    model.take(encoder_weights())
    assert all(
        np.array_equal(own, encoder_weights()[name])
        for name, own in model.weights_by_name().items()
    )
    predictor = Predictor(
        CONFIG, FloatTrunk(CONFIG, weights()), Heads(weights(), CONFIG.head_units)
    )
    encoder = Encoder(encoder_weights(), CONFIG)
    for row, (events, given, bars) in enumerate(pieces):
        alone = batch._replace(
            weights=batch.weights * (np.arange(len(pieces)) == row)[:, None, None],
            parts=_of_row(batch, row),
        )
        sums, _ = masked_nats(network, model, alone, network.zero_state(len(pieces)))
        own = given_nats(predictor, encoder, events, given, bars).sum(axis=0)
        assert np.allclose(np.asarray(sums), own, rtol=1e-4, atol=1e-3)
        without = given_nats(predictor, None, events, given, bars).sum(axis=0)
        assert not np.allclose(own, without, rtol=1e-3)


def _of_row(batch: object, row: int) -> np.ndarray:
    """The rows of parts that belong to one piece; the others are moved behind the last step."""
    parts = batch.parts.copy()  # type: ignore[attr-defined]
    shape = batch.weights.shape  # type: ignore[attr-defined]
    parts[parts[:, 0] // shape[1] != row, :2] = (shape[0] * shape[1], 0)
    return parts


def test_what_is_given_costs_nothing_where_nothing_may_be_written(
    pieces: list[tuple[Events, Given, int]],
) -> None:
    events, given, bars = pieces[0]
    predictor = Predictor(
        CONFIG, FloatTrunk(CONFIG, weights()), Heads(weights(), CONFIG.head_units)
    )
    nats = given_nats(predictor, Encoder(encoder_weights(), CONFIG), events, given, bars)
    written = given.may_play(events.onsets, events.rows[:, PART].astype(np.int64))
    before = events.onsets < BAR
    assert not nats[:-1][before & ~written][1:].any()
    assert (nats[:-1][written].sum(axis=1) > 0).all()
