"""Steps: the loss by hand, and that the optimiser gets the gradient, whole."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from composer_training.data import dataset
from composer_training.data.augment import Augmentation
from composer_training.data.streams import Streams
from composer_training.steps import field_sums, make_steps
from keras import ops

from composer.encoding.columns import COLUMNS
from composer.encoding.events import FIELDS, SIZES
from composer.network.config import NetworkConfig
from composer.network.keras_lstm import build


def test_nats_by_hand() -> None:
    """Two steps of one stream; the second's pitch has no target, and its class is no class.

    At the first step two parts may play, at the second three, one of them as likely as the two
    others together; the last two rows fill the array up.
    """
    logits = [np.zeros((1, 2, size), np.float32) for size in SIZES]
    logits[1] = np.array([0, 0, 0, np.log(2.0), 0, 7, -7], np.float32)
    parts = np.zeros((7, 15), np.int32)
    parts[:, 0] = [0, 0, 1, 1, 1, 2, 2]
    parts[[1, 3], 1] = 1
    logits[2][0, 0, 60] = np.log(3.0)  # odds of 3 to 1 against each of the others
    features = np.zeros((1, 3, len(COLUMNS)), np.int32)
    features[0, 1, 2], features[0, 2, 2] = 60, 128
    weights = np.ones((1, 2, len(FIELDS)), np.float32)
    weights[0, 1, 2] = 0
    sums = ops.convert_to_numpy(
        field_sums([ops.convert_to_tensor(x) for x in logits], features, parts, weights)
    )
    wanted = [2 * np.log(size) for size in SIZES]
    wanted[1] = np.log(2.0) + np.log(2.0)
    wanted[2] = -np.log(3 / (127 + 3))
    assert sums == pytest.approx(wanted, rel=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="uses TensorFlow's tape")
@pytest.mark.parametrize("clip", [1e-3, 1e3])
def test_the_optimiser_sees_the_gradient_of_embeddings_added_up(
    prepared: Path, clip: float
) -> None:
    """After one step Adam's means are (1 - beta) times the clipped gradient and its square.

    A batch looks many rows of an embedding up more than once; what they bring has to be
    added up before it is squared, by the optimiser and by the norm.
    """
    import tensorflow as tf

    keras.mixed_precision.set_global_policy("float32")
    network = build(NetworkConfig(2, 6, 5, dropout=0.0))
    batch = Streams(
        dataset.load([prepared]),
        batch_size=3,
        steps=12,
        shares={},
        augmentation=Augmentation(),
        seed=1,
    ).next()
    state = np.zeros((2, 2, 3, 6), np.float32)
    with tf.GradientTape() as tape:
        logits, _ = network(batch.features, batch.parts, state)
        loss = (
            tf.reduce_sum(field_sums(logits, batch.features, batch.parts, batch.weights))
            / batch.notes
        )
    gradients = [
        np.asarray(tf.convert_to_tensor(gradient))
        for gradient in tape.gradient(loss, network.trainable_variables)
    ]
    norm = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    optimizer = keras.optimizers.AdamW(0.01, global_clipnorm=clip)
    optimizer.build(network.trainable_variables)
    train, _ = make_steps(network, optimizer)
    train(batch.features, batch.parts, batch.weights, batch.keep, state)
    means = [ops.convert_to_numpy(variable) for variable in optimizer.variables[2:]]
    for index, gradient in enumerate(gradients):
        clipped = gradient * min(1.0, clip / norm)
        np.testing.assert_allclose(means[2 * index], 0.1 * clipped, rtol=1e-3, atol=1e-8)
        np.testing.assert_allclose(means[2 * index + 1], 0.001 * clipped**2, rtol=2e-3, atol=1e-15)
