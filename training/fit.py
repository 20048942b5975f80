"""Fit: the training loop, with checkpoints from which a killed run goes on.

The step is written once, over `keras.ops`, and differentiated by whichever backend Keras
runs on: TensorFlow (default), JAX or PyTorch.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from composer.network import Network, NetworkConfig, build, set_weights, weights_of
from training.augment import Augmentation
from training.dataset import Dataset
from training.streams import Batch, Streams
from training.validate import Score, mean, validation_batches

log = logging.getLogger(__name__)

Tensor = Any


@dataclass(frozen=True, slots=True)
class FitSettings:
    """One training run.

    Attributes:
        lanes: Pieces side by side in a batch.
        steps: Steps of truncated back-propagation through time.
        updates: Optimiser steps in all; the learning rate falls to its end over them.
        learning_rate: At its peak, reached after `warm_up` updates.
        warm_up: Updates.
        clip: Bound on the norm of the gradient.
        weight_decay: Of AdamW, on matrices only.
        validate_every: Updates between validations and checkpoints.
        patience: Validations without improvement before training stops early; 0: never.
        precision: "mixed_bfloat16" or "float32".
        shares: Wanted share of the notes of each corpus.
        augmentation: How pieces are varied.
        seed: Of weights, dropout and data.
    """

    lanes: int = 128
    steps: int = 96
    updates: int = 3000
    learning_rate: float = 2e-3
    warm_up: int = 100
    clip: float = 1.0
    weight_decay: float = 0.01
    validate_every: int = 200
    patience: int = 0
    precision: str = "mixed_bfloat16"
    shares: Mapping[str, float] = field(default_factory=dict)
    augmentation: Augmentation = Augmentation()
    seed: int = 1


def learning_rate_at(update: int, settings: FitSettings) -> float:
    """Linear warm-up, then a half cosine down to 2 % of the peak."""
    if update < settings.warm_up:
        return settings.learning_rate * (update + 1) / settings.warm_up
    span = max(settings.updates - settings.warm_up, 1)
    done = min((update - settings.warm_up) / span, 1.0)
    return settings.learning_rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def field_sums(logits: list[Tensor], features: Tensor, weights: Tensor) -> Tensor:
    """Summed negative log-likelihood of each field in nats, float32 [5]."""
    sums = []
    for index, field_logits in enumerate(logits):
        target = features[:, 1:, index]
        # Steps without a target hold classes outside the head; their weight is 0.
        target = ops.minimum(target, field_logits.shape[-1] - 1)
        log_p = ops.log_softmax(field_logits, axis=-1)
        chosen = ops.take_along_axis(log_p, target[..., None], axis=-1)[..., 0]
        sums.append(-ops.sum(chosen * weights[..., index]))
    return ops.stack(sums)


class Fitter:
    """Network, optimiser and position in the data of one run."""

    def __init__(
        self, dataset: Dataset, config: NetworkConfig, settings: FitSettings, folder: Path
    ) -> None:
        self.settings, self.folder, self.config = settings, folder, config
        self.dataset = dataset
        keras.mixed_precision.set_global_policy(settings.precision)
        self.network: Network = build(config, settings.seed)
        self.optimizer = keras.optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay, global_clipnorm=settings.clip
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "embeddings"])
        self.optimizer.build(self.network.trainable_variables)
        self.streams = Streams(
            dataset,
            lanes=settings.lanes,
            steps=settings.steps,
            shares=settings.shares,
            augmentation=settings.augmentation,
            seed=settings.seed,
        )
        self.state: Any = np.zeros((config.layers, 2, settings.lanes, config.units), np.float32)
        self.update = 0
        self.best = math.inf
        self.since_best = 0
        self._train_step, self._score_step = _steps(self.network, self.optimizer)

    def step(self) -> tuple[np.ndarray, int]:
        """One update. Returns (nats by field summed [5], notes)."""
        batch = self.streams.next()
        self.optimizer.learning_rate.assign(learning_rate_at(self.update, self.settings))
        sums, state = self._train_step(*_inputs(batch, self.state))
        self.state = state
        self.update += 1
        return ops.convert_to_numpy(sums), batch.notes

    def validate(self, limit: int | None = None) -> dict[str, Score]:
        """Nats per note and field on the validation pieces, by corpus and "all"."""
        scores: dict[str, Score] = {}
        for corpus, batches in validation_batches(self.dataset, self.settings.steps, limit):
            score = Score.empty()
            state: Any = None
            for batch in batches:
                if state is None or state.shape[2] != len(batch.keep):
                    state = np.zeros(
                        (self.config.layers, 2, len(batch.keep), self.config.units), np.float32
                    )
                sums, state = self._score_step(*_inputs(batch, state))
                score = score.plus(ops.convert_to_numpy(sums), batch.weights)
            scores[corpus] = score
        return scores | {"all": mean(scores)}

    # Checkpoints ---------------------------------------------------------------------

    def save(self, name: str) -> None:
        """Write everything the run consists of, whole or not at all."""
        arrays = {f"w:{key}": value for key, value in weights_of(self.network).items()}
        for index, variable in enumerate(self.optimizer.variables):
            arrays[f"o:{index}"] = ops.convert_to_numpy(variable.value)
        arrays["state"] = ops.convert_to_numpy(self.state)
        seeds = [v for v in self.network.non_trainable_variables]
        for index, variable in enumerate(seeds):
            arrays[f"s:{index}"] = ops.convert_to_numpy(variable.value)
        meta = {
            "update": self.update,
            "best": self.best,
            "since_best": self.since_best,
            "network": self.config.as_dict(),
            "settings": asdict(self.settings),
            "streams": self.streams.state(),
        }
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f"{name}.tmp.npz"
        np.savez(beside, **arrays)
        os.replace(beside, self.folder / f"{name}.npz")

    def restore(self, name: str) -> None:
        """Go back to a checkpoint written by `save` with the same settings."""
        with np.load(self.folder / f"{name}.npz") as arrays:
            meta = json.loads(arrays["meta"].tobytes())
            set_weights(
                self.network, {key[2:]: arrays[key] for key in arrays.files if key[:2] == "w:"}
            )
            for index, variable in enumerate(self.optimizer.variables):
                variable.assign(arrays[f"o:{index}"])
            for index, variable in enumerate(self.network.non_trainable_variables):
                variable.assign(arrays[f"s:{index}"])
            self.state = arrays["state"]
        self.update, self.best = meta["update"], meta["best"]
        self.since_best = meta["since_best"]
        self.streams.restore(meta["streams"])


def _inputs(batch: Batch, state: Any) -> tuple[Any, Any, Any, Any]:
    return batch.features, batch.weights, batch.keep, state


def _steps(network: Network, optimizer: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """(train, score) functions of (features, weights, keep, state) for Keras's backend.

    Each returns (nats summed by field [5], new state); train also updates the weights.
    """

    def forward(features: Any, weights: Any, keep: Any, state: Any, training: bool) -> Any:
        state = ops.cast(state, "float32") * keep[None, None, :, None]
        logits, state = network(features, state, training=training)
        sums = field_sums(logits, features, weights)
        loss = ops.sum(sums) / ops.maximum(ops.sum(weights[..., 0]), 1.0)
        return loss, (sums, ops.stop_gradient(state))

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        @tf.function(reduce_retracing=True)
        def train(features: Any, weights: Any, keep: Any, state: Any) -> Any:
            with tf.GradientTape() as tape:
                loss, result = forward(features, weights, keep, state, True)
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
            return result

        @tf.function(reduce_retracing=True)
        def score(features: Any, weights: Any, keep: Any, state: Any) -> Any:
            return forward(features, weights, keep, state, False)[1]

        return train, score
    if backend == "torch":
        import torch

        def train_torch(features: Any, weights: Any, keep: Any, state: Any) -> Any:
            network.zero_grad()
            loss, result = forward(
                ops.convert_to_tensor(features), ops.convert_to_tensor(weights),
                ops.convert_to_tensor(keep), ops.convert_to_tensor(state), True,
            )  # fmt: skip
            loss.backward()
            with torch.no_grad():
                optimizer.apply(
                    [v.value.grad for v in network.trainable_variables],
                    network.trainable_variables,
                )
            return result[0].detach(), result[1].detach()

        def score_torch(features: Any, weights: Any, keep: Any, state: Any) -> Any:
            with torch.no_grad():
                return forward(
                    ops.convert_to_tensor(features), ops.convert_to_tensor(weights),
                    ops.convert_to_tensor(keep), ops.convert_to_tensor(state), False,
                )[1]  # fmt: skip

        return train_torch, score_torch
    return _jax_steps(network, optimizer)


def _jax_steps(network: Network, optimizer: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """JAX wants functions without side effects: variables go in and come out."""
    import jax

    def forward(trainable: Any, fixed: Any, features: Any, weights: Any, keep: Any, state: Any,
                training: bool) -> Any:  # fmt: skip
        state = ops.cast(state, "float32") * keep[None, None, :, None]
        (logits, state), fixed = network.stateless_call(
            trainable, fixed, features, state, training=training
        )
        sums = field_sums(logits, features, weights)
        loss = ops.sum(sums) / ops.maximum(ops.sum(weights[..., 0]), 1.0)
        return loss, (sums, state, fixed)

    @jax.jit
    def update(trainable: Any, fixed: Any, slots: Any, *data: Any) -> Any:
        (_, (sums, state, fixed)), gradients = jax.value_and_grad(forward, has_aux=True)(
            trainable, fixed, *data, True
        )
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return trainable, fixed, slots, sums, state

    evaluate = jax.jit(lambda t, f, *data: forward(t, f, *data, False)[1][:2])

    def values(variables: Any) -> list[Any]:
        return [variable.value for variable in variables]

    def train(*data: Any) -> Any:
        trainable, fixed, slots, sums, state = update(
            values(network.trainable_variables),
            values(network.non_trainable_variables),
            values(optimizer.variables),
            *data,
        )
        for variables, new in (
            (network.trainable_variables, trainable),
            (network.non_trainable_variables, fixed),
            (optimizer.variables, slots),
        ):
            for variable, value in zip(variables, new, strict=True):
                variable.assign(value)
        return sums, state

    def score(*data: Any) -> Any:
        return evaluate(
            values(network.trainable_variables), values(network.non_trainable_variables), *data
        )

    return train, score


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run reports after every update.

    Attributes:
        update: Updates done.
        updates: Updates in all.
        nats: Nats per note in training, of this update.
        notes_per_second: Of this update.
        learning_rate: In force.
        scores: Validation by corpus, when this update was followed by one.
        improved: Whether that validation is the best so far.
    """

    update: int
    updates: int
    nats: float
    notes_per_second: float
    learning_rate: float
    scores: dict[str, Score] | None = None
    improved: bool = False


def fit(fitter: Fitter, report: Callable[[Progress], None], limit: int | None = None) -> None:
    """Train until the last update, an early stop, or Ctrl-C (which leaves a checkpoint).

    Args:
        fitter: Fresh, or restored from a checkpoint.
        report: Called after every update.
        limit: Validation batches per corpus; None: all.
    """
    settings = fitter.settings
    try:
        while fitter.update < settings.updates:
            began = time.perf_counter()
            sums, notes = fitter.step()
            took = time.perf_counter() - began
            nats = float(sums.sum()) / max(notes, 1)
            if not math.isfinite(nats):
                raise FloatingPointError(f"the loss is {nats} at update {fitter.update}")
            scores, improved = None, False
            if fitter.update % settings.validate_every == 0 or fitter.update == settings.updates:
                scores = fitter.validate(limit)
                total = scores["all"].nats_per_note
                improved = total < fitter.best
                fitter.since_best = 0 if improved else fitter.since_best + 1
                if improved:
                    fitter.best = total
                    fitter.save("best")
                fitter.save("last")
            report(
                Progress(
                    fitter.update, settings.updates, nats, notes / took,
                    learning_rate_at(fitter.update - 1, settings), scores, improved,
                )  # fmt: skip
            )
            if settings.patience and fitter.since_best >= settings.patience:
                log.info("no improvement in %d validations: stopped early", fitter.since_best)
                break
    except KeyboardInterrupt:
        fitter.save("last")
        raise


