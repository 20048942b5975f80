"""The planner's network in Keras: the equations of `composer.planning.network`, for whole rows.

Conventions:
    B rows of N bars, as in `composer_training.planner.batches.Batch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from composer.music.chords import CHORDS
from composer.network.hoisted_lstm import HoistedLSTM
from composer.planning.features import STEP_COLUMNS
from composer.planning.network import GAIN_UNIT, KEY_UNITS, SHAPES, UNITS
from composer_training.planner.batches import Batch

Tensor = Any

_NEVER = -1e9
_LSTM = {"lstm_kernel": "kernel", "lstm_recurrent": "recurrent_kernel", "lstm_bias": "bias"}
_FROM_ZERO = ("bias", "gain", "stays", "advice")


class PlannerModel(keras.Model):
    """Teacher-forced losses of everything that is planned."""

    def __init__(self, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__(name="planner", dtype="float32")  # whatever precision others train in
        self.recurrent = HoistedLSTM(
            UNITS, return_sequences=True, return_state=True, name="lstm", dtype="float32"
        )
        self.drop = keras.layers.Dropout(dropout, seed=seed, name="drop", dtype="float32")
        self.w = {
            name: self.add_weight(
                shape=shape,
                initializer="zeros"
                if name.endswith(_FROM_ZERO)
                else keras.initializers.RandomUniform(-0.05, 0.05, seed=seed + index)
                if name.startswith("in_")
                else keras.initializers.GlorotUniform(seed=seed + index),
                name=name,
            )
            for index, (name, shape) in enumerate(SHAPES.items())
            if name not in _LSTM
        }

    def build(self, *shapes: Any) -> None:
        """All but the LSTM is made with the model; that is built by its first call."""
        del shapes
        self.built = True

    def call(self, batch: Batch, training: bool = False) -> dict[str, Tensor]:
        """Nats of each bar's phrase, reference, nearness, first and second chord, [B, N] each.

        What a bar does not have (a nearness without a reference, padding) costs 0.
        """
        w = self.w
        told = batch.told
        x = ops.concatenate(
            [
                *(
                    ops.take(w[f"in_{name}"], told[..., index], axis=0)
                    for index, name in enumerate(STEP_COLUMNS)
                ),
                batch.content,
            ],
            axis=-1,
        )
        rows = ops.shape(told)[0]
        zero = ops.zeros((rows, UNITS))
        x = self.drop(x, training=training)
        h, _, _ = self.recurrent(x, initial_state=[zero, zero])
        key = h[:, 1:] @ w["key_kernel"]  # of bars 0..N-2: heard one step later
        key = ops.pad(key, ((0, 0), (0, 1), (0, 0)))
        h = self.drop(h, training=training)
        phrase = h @ w["phrase_kernel"] + w["phrase_bias"] + batch.phrase_mask
        query = h @ w["query_kernel"] + ops.take(w["query_phrase"], batch.phrase, axis=0)
        hidden = batch.pairs @ w["pair_kernel"] + (h @ w["pair_state"] + w["pair_bias"])[:, :, None]
        pointer = query @ ops.transpose(key, (0, 2, 1)) / KEY_UNITS**0.5
        pointer = pointer + (ops.relu(hidden) @ w["pair_out"])[..., 0]
        pointer = ops.where(batch.allowed, pointer, _NEVER)
        none = h @ w["none_kernel"] + ops.take(w["none_phrase"], batch.phrase, axis=0)
        pointer = ops.concatenate([pointer, none + w["none_bias"]], axis=-1)
        near = h @ w["near_state"] + batch.chosen @ w["near_pair"]
        near = near + ops.take(w["near_last"], told[..., 3], axis=0) + w["near_bias"]
        near = ops.relu(near) @ w["near_out"] + w["near_out_bias"]
        first = self._chord(h, "first", told[..., 1], batch.advice[..., 0], batch)
        second = self._chord(h, "second", batch.chords[..., 0], batch.advice[..., 1], batch)
        here = batch.here
        returns = here * ops.cast(batch.nearness > 0, "float32")
        return {
            "phrase": _nats(phrase, batch.phrase) * here,
            "reference": _nats(pointer, batch.reference) * here,
            "nearness": _nats(near, batch.nearness) * returns,
            "first": _nats(first, batch.chords[..., 0]) * here,
            "second": _nats(second, batch.chords[..., 1]) * here,
        }

    def _chord(self, h: Tensor, half: str, before: Tensor, advice: Tensor, batch: Batch) -> Tensor:
        w = self.w

        def row(name: str, index: Tensor) -> Tensor:
            return ops.take(w[f"{half}_{name}"], index, axis=0)

        hidden = (
            h @ w[f"{half}_state"]
            + row("before", before)
            + row("advice", advice)
            + row("nearness", batch.nearness)
            + row("phrase", batch.phrase)
            + row("ending", batch.told[..., 6])
            + w[f"{half}_bias"]
        )
        logits = ops.relu(hidden) @ w[f"{half}_out"] + w[f"{half}_out_bias"]
        kinds = ops.arange(CHORDS)
        advised = ops.cast(advice[..., None] == kinds, "float32")
        stays = ops.cast(before[..., None] == kinds, "float32")
        gained = advised * row("gain", batch.nearness) + stays * row("stays", batch.nearness)
        return logits + GAIN_UNIT * gained

    def weights_by_name(self) -> dict[str, NDArray[np.float32]]:
        """As `composer.planning.network.PlannerNetwork` takes them."""
        found = {name: ops.convert_to_numpy(value.value) for name, value in self.w.items()}
        for name, own in _LSTM.items():
            found[name] = ops.convert_to_numpy(getattr(self.recurrent.cell, own).value)
        return {name: found[name].astype(np.float32) for name in SHAPES}

    def take(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Put in weights that `weights_by_name` gave."""
        for name, value in self.w.items():
            value.assign(weights[name])
        for name, own in _LSTM.items():
            getattr(self.recurrent.cell, own).assign(weights[name])


def _nats(logits: Tensor, chosen: Tensor) -> Tensor:
    return (
        ops.logsumexp(logits, axis=-1)
        - ops.take_along_axis(logits, ops.cast(chosen, "int32")[..., None], axis=-1)[..., 0]
    )
