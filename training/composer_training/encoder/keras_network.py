"""The encoder in Keras: the equations of `composer.network.encoder`, for chunks of many pieces.

Conventions:
    B pieces, T steps, W tokens, as in `composer_training.encoder.batches.Batch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from composer.encoding.events import END, PART, PITCH, SHIFT, SIZES
from composer.encoding.given_steps import NO_CAP
from composer.encoding.given_tokens import STEP_COLUMNS, TOKEN_COLUMNS
from composer.network.config import GAIN_UNIT, NetworkConfig
from composer.network.encoder import DIRECTIONS, UNITS, shapes
from composer.network.hoisted_lstm import HoistedLSTM
from composer.network.keras_lstm import Network
from composer_training.encoder.batches import Batch
from composer_training.steps import field_sums

Tensor = Any

NEVER = -1e9
_LSTM = {"kernel": "kernel", "recurrent": "recurrent_kernel", "bias": "bias"}
_FROM_ZERO = ("bias", "joint_hidden", "heads_kernel", "gain_kernel")
HEAD_UNIT = 0.1
"""What is added to the heads is learnt in these units. Adam moves each weight by the learning rate,
however little is to be gained, and 256 at once moved a head's inputs by as much as they are."""


class EncoderModel(keras.Model):
    """What the heads are told at each step of a chunk."""

    def __init__(self, config: NetworkConfig, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__(name="encoder", dtype="float32")  # but for its LSTM layers
        self.layers_by_name = {
            direction: HoistedLSTM(UNITS, return_sequences=True, return_state=True, name=direction)
            for direction in DIRECTIONS
        }
        self.drop = keras.layers.Dropout(dropout, seed=seed, name="drop", dtype="float32")
        self.shapes = shapes(config.head_units)
        self.w = {
            name: self.add_weight(
                shape=shape,
                initializer="zeros"
                if name.endswith(_FROM_ZERO)
                else keras.initializers.RandomUniform(-0.05, 0.05, seed=seed + index)
                if name.startswith("token_") or name[6:] in STEP_COLUMNS
                else keras.initializers.GlorotUniform(seed=seed + index),
                name=name,
            )
            for index, (name, shape) in enumerate(self.shapes.items())
            if name.split("_")[0] not in DIRECTIONS
        }

    def build(self, *shapes: Any) -> None:
        """All but the LSTM layers is made with the model; these are built by the first call."""
        del shapes
        self.built = True

    def call(self, batch: Batch, hidden: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """What is added to the heads' hidden layers, [B, T, F * K], and gains, [B, T, 3].

        Args:
            batch: The chunk.
            hidden: What the heads have from the trunk, [B, T, F * K].
            training: Whether dropout is on.
        """
        w = self.w
        x = ops.concatenate(
            [
                ops.take(w[f"token_{name}"], batch.tokens[..., index], axis=0)
                for index, name in enumerate(TOKEN_COLUMNS)
            ],
            axis=-1,
        )
        x = self.drop(x, training=training)
        rows, width = ops.shape(x)[0], x.shape[1]
        zero = ops.zeros((rows, UNITS))
        at = ops.arange(width, dtype="int32")[None]
        # The padding at the end stays where it is, so that it comes last in both directions.
        back = ops.where(at < batch.lengths[:, None], batch.lengths[:, None] - 1 - at, at)
        forward, _, _ = self.layers_by_name["forward"](x, initial_state=[zero, zero])
        turned = ops.take_along_axis(x, back[..., None], axis=1)
        backward, _, _ = self.layers_by_name["backward"](turned, initial_state=[zero, zero])
        backward = ops.take_along_axis(backward, back[..., None], axis=1)
        read = ops.cast(ops.concatenate([forward, backward], axis=-1), "float32")
        read = read @ w["joint_kernel"]
        read = ops.pad(read, ((0, 0), (0, 1), (0, 0)))  # behind the last token: nothing
        joint = ops.take_along_axis(read, batch.next_token[..., None], axis=1) + w["joint_bias"]
        for index, name in enumerate(STEP_COLUMNS):
            joint = joint + ops.take(w[f"joint_{name}"], batch.steps[..., index], axis=0)
        joint = joint + ops.cast(hidden, "float32") @ w["joint_hidden"]
        joint = self.drop(ops.tanh(joint), training=training)
        gains = GAIN_UNIT * (joint @ w["gain_kernel"] + w["gain_bias"])
        return HEAD_UNIT * (joint @ w["heads_kernel"]), gains

    def weights_by_name(self) -> dict[str, NDArray[np.float32]]:
        """As `composer.network.encoder.Encoder` takes them."""
        return {
            name: ops.convert_to_numpy(value.value).astype(np.float32) * _units(name)
            for name, value in self.variables_by_name().items()
        }

    def variables_by_name(self) -> dict[str, keras.Variable]:
        """What is learnt."""
        found = dict(self.w)
        for direction, layer in self.layers_by_name.items():
            for name, own in _LSTM.items():
                found[f"{direction}_{name}"] = getattr(layer.cell, own)
        return {name: found[name] for name in self.shapes}

    def take(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Put in weights that `weights_by_name` gave; the model has been called once."""
        for name, value in self.variables_by_name().items():
            value.assign(weights[name] / _units(name))


def _units(name: str) -> float:
    """What a weight is multiplied by before it is used."""
    return HEAD_UNIT if name == "heads_kernel" else 1.0


def masked_nats(
    network: Network,
    model: EncoderModel | None,
    batch: Batch,
    state: Tensor,
    training: bool = False,
) -> tuple[Tensor, Tensor]:
    """Nats of a chunk by field, summed, float32 [5], and the decoder's state behind it.

    Args:
        network: The decoder.
        model: The encoder; None: the masks alone say what is given.
        batch: The chunk.
        state: float32 [L, 2, B, H].
        training: Whether the encoder's dropout is on; the decoder's is off.
    """
    gains: Tensor | None = None

    def told(hidden: Tensor) -> Tensor:
        nonlocal gains
        assert model is not None
        added, gains = model(batch, hidden, training=training)
        return ops.cast(added, hidden.dtype)

    state = ops.cast(state, "float32") * batch.keep[None, None, :, None]
    logits, state = network(
        batch.features, batch.parts, state, told=None if model is None else told
    )
    shift, part, pitch = logits[SHIFT], logits[PART], logits[PITCH]
    if gains is not None:
        away, cap = batch.steps[..., :1], batch.pitch_cap[..., None]
        reached = ops.cast((away == ops.arange(END + 1)) & (away < END), "float32")
        shift = shift + gains[..., :1] * reached
        flat = ops.concatenate([ops.reshape(gains[..., 1], (-1,)), ops.zeros((1,))])
        part = part + ops.take(flat, batch.parts[:, 0]) * batch.given_part
        bounded = ops.cast((cap == ops.arange(SIZES[PITCH])) & (cap < NO_CAP), "float32")
        pitch = pitch + gains[..., 2:] * bounded
    pitches = ops.arange(SIZES[PITCH])
    cap = batch.pitch_cap[..., None]
    fits = (pitches == cap) | ((pitches < cap) & ops.logical_not(batch.pitch_only[..., None]))
    logits = list(logits)
    logits[SHIFT] = ops.where(batch.shift_mask, shift, NEVER)
    logits[PART] = part
    logits[PITCH] = ops.where(fits, pitch, NEVER)
    return field_sums(logits, batch.features, batch.parts, batch.weights), state
