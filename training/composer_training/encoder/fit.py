"""Fitting the encoder: chunks of pieces in, the weights of the best validation out.

The decoder's weights stay as they are: what is learnt is what to tell its heads. So continuing
without given notes stays the same, and no gradient goes back through the decoder's LSTM layers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import FIELDS
from composer.network.config import NetworkConfig
from composer.network.keras_lstm import build, set_weights
from composer_training.data.augment import Augmentation
from composer_training.data.dataset import Dataset
from composer_training.encoder.batches import (
    Batch,
    GivenStreams,
    Taught,
    chunks,
    validation_pieces,
    with_what_is_found,
)
from composer_training.encoder.keras_network import EncoderModel, masked_nats
from composer_training.encoder.openings import all_but_the_melody, every_fourth_span

Weights = dict[str, NDArray[np.float32]]

LONGEST_VALIDATED: Final = 3000
"""Notes of a validation piece at most."""
AVERAGED: Final = 1000
"""Updates over which the weights are averaged (Polyak and Juditsky 1992); the average is what is
validated and kept. What the encoder brings is small beside the noise of single updates."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One training run.

    Attributes:
        updates: Batches at most.
        minutes: End after so long at the latest.
        batch_size: Pieces side by side.
        steps: Steps of a chunk.
        learning_rate: At its peak; it falls along a cosine of updates or time.
        dropout: Share of what the encoder reads, and tells, that is left out.
        validate_every: Updates from one validation to the next.
        limit: Pieces of each corpus in a validation.
        shares: Wanted share of the notes of each corpus.
        seed: Of everything that is drawn.
        precision: "mixed_bfloat16" or "float32".
        heads_after: Update from which on what is added to the heads is learnt; until then only the
            gains of the next given note are. There is little to gain in the heads, and much to
            spoil while the encoder knows nothing.
    """

    updates: int
    minutes: float
    batch_size: int
    steps: int
    learning_rate: float
    dropout: float
    validate_every: int
    limit: int
    shares: Mapping[str, float]
    seed: int
    precision: str
    heads_after: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Where a run stands.

    Attributes:
        update: Updates done.
        nats: Per written note, over the updates since the last report.
        notes_per_second: Written notes, over the same.
        seconds: Since the run began.
        scores: Nats per hidden note by corpus and what is hidden, told by the encoder, and with
            nothing but masks and plan. None between validations.
    """

    update: int
    nats: float
    notes_per_second: float
    seconds: float
    scores: Mapping[tuple[str, str], tuple[float, float]] | None = None


def fit(
    dataset: Dataset,
    decoder: tuple[NetworkConfig, Mapping[str, NDArray[Any]]],
    settings: Settings,
    *,
    start: Weights | None = None,
    report: Callable[[Report], None],
    keep: Callable[[Weights], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Train an encoder for a decoder.

    Args:
        dataset: Pieces to train on and to validate with.
        decoder: Sizes and weights of the note network.
        settings: Of the run.
        start: Weights to go on from.
        report: Called every ten updates and after every validation.
        keep: Given the weights, by name, after every validation that is the best so far.
        clock: Seconds.
    """
    import tensorflow as tf

    config, weights = decoder
    keras.mixed_precision.set_global_policy(settings.precision)
    network = build(config)
    set_weights(network, dict(weights))
    network.trainable = False
    model = EncoderModel(config, settings.dropout, settings.seed)
    streams = GivenStreams(
        dataset,
        batch_size=settings.batch_size,
        steps=settings.steps,
        shares=settings.shares,
        augmentation=Augmentation(corruption=0),
        seed=settings.seed,
    )
    # Builds it.
    model(streams.next(), np.zeros((1, 1, len(FIELDS) * config.head_units), np.float32))
    if start is not None:
        model.take(start)
    optimizer = keras.optimizers.AdamW(settings.learning_rate, weight_decay=0.01, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "token", "joint_"])
    optimizer.build(model.trainable_variables)

    averages = {name: tf.Variable(v.value) for name, v in model.variables_by_name().items()}

    @tf.function(reduce_retracing=True)
    def update(batch: Batch, state: Any, heads: Any, kept: Any) -> Any:
        with tf.GradientTape() as tape:
            sums, after = masked_nats(network, model, batch, state, training=True)
            loss = tf.reduce_sum(sums) / tf.maximum(tf.reduce_sum(batch.weights[..., 1]), 1.0)
        gradients = tape.gradient(loss, model.trainable_variables)
        learnt = [
            tf.convert_to_tensor(gradient) * (heads if variable is model.w["heads_kernel"] else 1.0)
            for gradient, variable in zip(gradients, model.trainable_variables, strict=True)
        ]
        optimizer.apply(learnt, model.trainable_variables)
        for name, variable in model.variables_by_name().items():
            average = averages[name]
            average.assign(kept * average + (1.0 - kept) * tf.convert_to_tensor(variable))
        return sums, after

    @tf.function(reduce_retracing=True)
    def score(batch: Batch, state: Any) -> Any:
        with_encoder = masked_nats(network, model, batch, state)
        without, _ = masked_nats(network, None, batch, state)
        return tf.reduce_sum(with_encoder[0]), tf.reduce_sum(without), with_encoder[1]

    def tensors(batch: Batch) -> Batch:
        return Batch(*(tf.convert_to_tensor(array) for array in batch))

    checks = _checks(dataset, settings)
    zero = np.zeros((config.layers, 2, settings.batch_size, config.units), np.float32)
    state: Any = zero
    began, best = clock(), math.inf
    since, nats, notes = began, 0.0, 0
    for number in range(1, settings.updates + 1):
        elapsed = clock() - began
        done = max(number / settings.updates, elapsed / (60 * settings.minutes))
        warm = min(number / 50, 1.0)
        optimizer.learning_rate.assign(
            settings.learning_rate
            * warm
            * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(done, 1))))
        )
        batch = streams.next()
        heads = tf.constant(float(number > settings.heads_after))
        kept = tf.constant(min(1 - 1 / AVERAGED, number / (number + 9)), tf.float32)
        sums, state = update(tensors(batch), state, heads, kept)
        nats, notes = nats + float(np.sum(sums)), notes + batch.written
        if number % 10 == 0:
            now = clock()
            report(Report(number, nats / max(notes, 1), notes / (now - since), now - began))
            since, nats, notes = now, 0.0, 0
        over = done >= 1.0
        if number % settings.validate_every and not over and number != settings.updates:
            continue
        current = {name: v.numpy() for name, v in model.variables_by_name().items()}
        for name, variable in model.variables_by_name().items():
            variable.assign(averages[name])
        scores = {}
        for check, (batches, count) in checks.items():
            told = plain = 0.0
            after: Any = np.zeros(
                (*zero.shape[:2], len(batches[0].keep), zero.shape[3]), np.float32
            )
            for chunk in batches:
                one, other, after = score(tensors(chunk), after)
                told, plain = told + float(one), plain + float(other)
            scores[check] = (told / count, plain / count)
        report(Report(number, math.nan, 0.0, clock() - began, scores))
        mean = float(np.mean([told / plain for told, plain in scores.values()])) if scores else 0.0
        if mean < best or not scores:
            best = mean
            keep(model.weights_by_name())
        for name, variable in model.variables_by_name().items():
            variable.assign(current[name])
        since = clock()
        if over:
            return


def _checks(dataset: Dataset, settings: Settings) -> dict[tuple[str, str], tuple[list[Batch], int]]:
    """Chunks of the validation pieces of each corpus, and their hidden notes, by what is hidden."""
    found = {}
    for hidden_part, openings in (
        ("four bars behind twelve", every_fourth_span),
        ("all but the melody", all_but_the_melody),
    ):
        pieces = validation_pieces(dataset, openings, settings.limit, LONGEST_VALIDATED)
        for corpus, some in pieces.items():
            made = [
                Taught.of(with_what_is_found(events, given, bars), given, bars, record.dynamics)
                for record, events, given, bars in some
            ]
            hidden = sum(len(events.rows) - len(given) for _, events, given, _ in some)
            check = (corpus, hidden_part)
            found[check] = chunks(made, settings.steps, settings.limit), hidden
    return found
