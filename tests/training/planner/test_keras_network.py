"""The planner that trains and the one that plays are the same equations."""

from __future__ import annotations

import keras
import numpy as np
from composer_training.planner.batches import batch_of, seed_and_rest
from composer_training.planner.keras_network import PlannerModel
from planned_songs import random_weights, song

from composer.music.chords import CHORDS
from composer.planning.network import KEY_UNITS, PlannerNetwork


def test_keras_and_numpy_agree_on_every_bar() -> None:
    bars = song("C Am F G C Am Dm G C Bb F C", references=[-1] * 4 + [0, 1, -1, 3, 0, -1, 2, 4])
    bars.nearness[7] = 1
    bars.content[:] = np.random.default_rng(0).random(bars.content.shape)
    bars = seed_and_rest(bars, 6, closes=True)
    # A second, shorter row: what pads it changes nothing.
    batch = batch_of([bars, seed_and_rest(song("F C G"), 2, closes=False)], seed_weight=1.0)
    weights = random_weights(2, 0.2)
    model = PlannerModel()
    model(batch)
    model.take(weights)
    found = {name: np.asarray(value) for name, value in model(batch).items()}
    network = PlannerNetwork(weights)
    assert all(np.allclose(own, weights[name]) for name, own in model.weights_by_name().items())
    for row, length in ((0, 12), (1, 3)):
        state, keys = network.start(), []
        for bar in range(length):
            told = batch.told[row, bar].astype(np.int64)
            state = network.step(told, batch.content[row, bar], state)
            h = state[0]
            if bar:
                keys.append(network.key(h))
            phrase, near = int(batch.phrase[row, bar]), int(batch.nearness[row, bar])
            reference = min(int(batch.reference[row, bar]), bar)
            pointer = network.pointer(
                h, phrase, np.array(keys).reshape(bar, KEY_UNITS), batch.pairs[row, bar, :bar]
            )
            pointer[:-1][~batch.allowed[row, bar, :bar]] = -1e9
            first, second = (int(code) for code in batch.chords[row, bar])
            advice = batch.advice[row, bar].tolist()
            place = near, phrase, int(told[6])
            own = {
                "phrase": nats(network.phrase(h) + batch.phrase_mask[row, bar], phrase),
                "reference": nats(pointer, reference),
                "nearness": nats(network.nearness(h, batch.chosen[row, bar], int(told[3])), near)
                if near
                else 0.0,
                "first": nats(network.chord("first", h, int(told[1]), advice[0], *place), first),
                "second": nats(network.chord("second", h, first, advice[1], *place), second),
            }
            for name, value in own.items():
                assert abs(found[name][row, bar] - value) < 1e-4, (row, bar, name)
    assert not any(value[1, 3:].any() for value in found.values())


def nats(logits: np.ndarray, chosen: int) -> float:
    logits = logits.astype(np.float64)
    return float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[chosen])


def test_gradients_reach_every_weight() -> None:
    import tensorflow as tf

    bars = seed_and_rest(
        song("C Am F G C Am F C", references=[-1] * 4 + [0, 1, 2, -1]), 4, closes=True
    )
    batch = batch_of([bars])
    model = PlannerModel()
    model(batch)
    model.take(random_weights(3))
    with tf.GradientTape() as tape:
        loss = sum(keras.ops.sum(value) for value in model(batch).values())
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(
        gradient is not None and np.abs(tf.convert_to_tensor(gradient)).max() > 0
        for gradient in gradients
    )
    assert batch.advice.max() == CHORDS
