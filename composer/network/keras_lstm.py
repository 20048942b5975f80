"""The LSTM: its configuration, how it is built, saved and loaded.

A trunk of LSTM layers reads one step after another; five heads predict the fields of the
next, each given the trunk's state, the fields already chosen, and what these determine
(the place in the bar after the shift, the program and last note of the part after the
part). So p(note) = p(shift) p(part | shift) p(pitch | ...) p(duration | ...) p(velocity | ...)
exactly, and any field can be masked or forced before the next one is drawn.

Conventions:
    B streams, T steps, H units, L layers. `features` is int [B, T + 1, 39], columns as in
    `composer.encoding.columns.COLUMNS`: steps 0..T-1 go in, steps 1..T are predicted.
    Recurrent state is float32 [L, 2, B, H]: for each layer the output h, then the cell c.
    Gate order in weights is input, forget, candidate, output, as Keras has it.

Written with Keras 3 layers and `keras.ops` only: it runs on TensorFlow, JAX and PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from composer.encoding.columns import COLUMN_SIZES, COLUMNS, INPUTS
from composer.encoding.events import FIELDS, PART, SIZES
from composer.encoding.part_features import PART_FEATURE_SIZES, PART_FEATURES
from composer.encoding.part_order import RANKS
from composer.errors import ModelError
from composer.music.chords import NO_CHORD
from composer.music.notes import DRUM_PROGRAM
from composer.network.config import (
    ADVICE,
    CHORD_GAIN,
    CHORD_PLACES,
    EMBEDDING_SIZES,
    GAIN_UNIT,
    HEAD_CONTEXT,
    POINTER_UNITS,
    NetworkConfig,
    stored_name,
)
from composer.network.hoisted_lstm import HoistedLSTM, on_gpu

Tensor = Any
INPUT_SIZES = [(name, COLUMN_SIZES[COLUMNS.index(name)]) for name in INPUTS]


class Head(keras.layers.Layer):
    """Logits of one field from the trunk's state and what is already chosen.

    The part has a head of its own, `Pointer`.
    """

    def __init__(self, field: str, config: NetworkConfig, **kwargs: Any) -> None:
        super().__init__(name=f"head_{field}", **kwargs)
        self.field = field
        self.columns = tuple(COLUMNS.index(name) for name in HEAD_CONTEXT[field])
        self.from_trunk = keras.layers.Dense(config.head_units, name="from_trunk")
        self.from_context = keras.layers.Dense(
            config.head_units, use_bias=False, name="from_context"
        )
        self.classes = SIZES[FIELDS.index(field)]
        self.out = keras.layers.Dense(self.classes, name="logits", dtype=self.dtype_policy)
        self.gains = [
            keras.layers.Embedding(
                COLUMN_SIZES[COLUMNS.index(certainty)],
                1,
                embeddings_initializer="zeros",
                name=name,
                dtype="float32",
            )
            for name, (certainty, _) in ADVICE.items()
        ]
        self.by_chord = None
        if field == "pitch":
            self.by_chord = keras.layers.Embedding(
                int(CHORD_PLACES.max()) + 1,
                1,
                embeddings_initializer="zeros",
                name=CHORD_GAIN,
                dtype="float32",
            )

    def build(self, *shapes: Any) -> None:
        """Nothing of its own to build: its layers do so at their first call."""
        del shapes
        self.built = True

    def call(
        self, trunk: Tensor, context: Sequence[Tensor], coming: Tensor, told: Tensor | None = None
    ) -> Tensor:
        """Logits, float32 [B, T, classes].

        Args:
            trunk: [B, T, H].
            context: Embeddings of the columns that it may see, [B, T, D] each.
            coming: int [B, T, 39], for what recall expects and what came a bar ago: the
                logits of these classes are raised by this head's gain for the certainty of each.
            told: What an encoder adds to its hidden layer, [B, T, K]; None: nothing is given.
        """
        hidden = self.from_trunk(trunk) + self.from_context(ops.concatenate(context, axis=-1))
        if told is not None:
            hidden = hidden + told
        logits = ops.cast(self.out(ops.relu(hidden)), "float32")
        for gain, (certainty, prefix) in zip(self.gains, ADVICE.values(), strict=True):
            named = coming[..., COLUMNS.index(f"{prefix}_{self.field}")]
            at = ops.cast(named[..., None] == ops.arange(self.classes), "float32")
            logits = logits + at * (GAIN_UNIT * gain(coming[..., COLUMNS.index(certainty)]))
        if self.by_chord is not None:
            # A kit's keys have no place in a chord.
            drums = coming[..., COLUMNS.index("program")] == DRUM_PROGRAM
            chords = ops.where(drums, NO_CHORD, coming[..., COLUMNS.index("chord")])
            table = self.by_chord(ops.convert_to_tensor(CHORD_PLACES))[..., 0]  # [chords, 128]
            logits = logits + GAIN_UNIT * ops.take(table, chords, axis=0)
        return logits


class Pointer(keras.layers.Layer):
    """Logits of the parts that may play, by weights that all parts share.

    A part's logit is that of its rank, as a head has it, and what a small network makes of the
    moment and of all that is told of this part (`composer.encoding.part_features`), and a sum of
    what each of these things adds by itself.
    """

    def __init__(self, config: NetworkConfig, **kwargs: Any) -> None:
        super().__init__(name="head_part", **kwargs)
        self.columns = tuple(COLUMNS.index(name) for name in HEAD_CONTEXT["part"])
        self.from_trunk = keras.layers.Dense(config.head_units, name="from_trunk")
        self.from_context = keras.layers.Dense(
            config.head_units, use_bias=False, name="from_context"
        )
        self.ranks = keras.layers.Dense(RANKS, name="ranks", dtype=self.dtype_policy)
        self.moment = keras.layers.Dense(POINTER_UNITS, name="moment", dtype=self.dtype_policy)
        self.told = [
            keras.layers.Embedding(size, POINTER_UNITS, name=f"told_{stored_name(name)}")
            for name, size in zip(PART_FEATURES, PART_FEATURE_SIZES, strict=True)
        ]
        self.gains = [
            keras.layers.Embedding(
                size,
                1,
                embeddings_initializer="zeros",
                name=f"gain_{stored_name(name)}",
                dtype="float32",
            )
            for name, size in zip(PART_FEATURES, PART_FEATURE_SIZES, strict=True)
        ]
        self.points = keras.layers.Dense(1, use_bias=False, name="points", dtype=self.dtype_policy)

    def build(self, *shapes: Any) -> None:
        """Nothing of its own to build: its layers do so at their first call."""
        del shapes
        self.built = True

    def call(
        self, trunk: Tensor, context: Sequence[Tensor], parts: Tensor, told: Tensor | None = None
    ) -> Tensor:
        """Logits, float32 [N].

        Args:
            trunk: [B, T, H].
            context: Embeddings of the columns that it may see, [B, T, D] each.
            parts: int [N, 17]: step (of B * T) at which a part may play, whether it does, its
                rank, and what is told of it.
            told: As for `Head`.
        """
        hidden = self.from_trunk(trunk) + self.from_context(ops.concatenate(context, axis=-1))
        if told is not None:
            hidden = hidden + told
        hidden = ops.reshape(ops.relu(hidden), (-1, hidden.shape[-1]))
        step = ops.minimum(parts[:, 0], ops.shape(hidden)[0] - 1)
        by_rank = ops.reshape(self.ranks(hidden), (-1,))
        logits = ops.cast(ops.take(by_rank, step * RANKS + parts[:, 2]), "float32")
        x = ops.take(self.moment(hidden), step, axis=0)
        for index, (told, gain) in enumerate(zip(self.told, self.gains, strict=True), 3):
            x = x + told(parts[:, index])
            logits = logits + GAIN_UNIT * gain(parts[:, index])[:, 0]
        return logits + ops.cast(self.points(ops.relu(x)), "float32")[:, 0]


class Network(keras.Model):
    """Trunk and heads; see the module's docstring for shapes."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="composer")
        self.autocast = False  # the carried state stays float32 under mixed precision
        self.config = config
        self.embeddings = [
            keras.layers.Embedding(size, EMBEDDING_SIZES[name], name=f"in_{stored_name(name)}")
            for name, size in INPUT_SIZES
        ]
        self.inputs_at = tuple(COLUMNS.index(name) for name in INPUTS)
        # Velocity is chosen last, so no head sees it and it has no embedding here.
        visible = sorted({COLUMNS.index(name) for seen in HEAD_CONTEXT.values() for name in seen})
        self.known_columns = tuple(visible)
        self.known = [
            keras.layers.Embedding(
                COLUMN_SIZES[column],
                EMBEDDING_SIZES[COLUMNS[column]],
                name=f"known_{stored_name(COLUMNS[column])}",
            )
            for column in visible
        ]
        lstm = keras.layers.LSTM if on_gpu() else HoistedLSTM
        self.recurrent = [
            lstm(config.units, return_sequences=True, return_state=True, name=f"lstm_{index}")
            for index in range(config.layers)
        ]
        self.drop = keras.layers.Dropout(config.dropout, seed=0, name="drop")
        self.heads = [
            Pointer(config) if index == PART else Head(field, config)
            for index, field in enumerate(FIELDS)
        ]

    def zero_state(self, streams: int) -> Tensor:
        """The state before the first step, float32 [L, 2, B, H]."""
        return ops.zeros((self.config.layers, 2, streams, self.config.units), "float32")

    def call(
        self,
        features: Tensor,
        parts: Tensor,
        state: Tensor,
        training: bool = False,
        told: Callable[[Tensor], Tensor] | None = None,
    ) -> Any:
        """Teacher-forced logits of steps 1..T, and the state after step T - 1.

        Args:
            features: int [B, T + 1, 39].
            parts: int [N, 17], the parts that may play at each step; see `Pointer`.
            state: float32 [L, 2, B, H].
            training: Whether dropout is on.
            told: Makes what an encoder adds to the heads' hidden layers, [B, T, F * K], of what
                they have from the trunk, [B, T, F * K]; None: nothing is given. The network has
                been built.

        Returns:
            ([float32 [B, T, classes of field] for each field, [N] for the part],
            float32 [L, 2, B, H]).
        """
        seen, coming = features[:, :-1], features[:, 1:]
        x = ops.concatenate(
            [
                layer(seen[..., index])
                for index, layer in zip(self.inputs_at, self.embeddings, strict=True)
            ],
            axis=-1,
        )  # [B, T, sum of embedding sizes]
        states = []
        for index, layer in enumerate(self.recurrent):
            out, h, c = layer(x, initial_state=[state[index, 0], state[index, 1]])
            out = self.drop(out, training=training)
            x = out if index == 0 else x + out  # residual from the second layer on
            states.append(ops.stack([ops.cast(h, "float32"), ops.cast(c, "float32")]))
        known = {
            column: layer(coming[..., column])
            for column, layer in zip(self.known_columns, self.known, strict=True)
        }
        each: list[Tensor | None] = [None] * len(FIELDS)
        if told is not None:
            hidden = ops.concatenate([head.from_trunk(x) for head in self.heads], axis=-1)
            each = ops.split(told(hidden), len(FIELDS), axis=-1)
        logits = [
            head(
                x,
                [known[column] for column in head.columns],
                parts if isinstance(head, Pointer) else coming,
                own,
            )
            for head, own in zip(self.heads, each, strict=True)
        ]
        return logits, ops.stack(states)


def build(config: NetworkConfig, seed: int = 0) -> Network:
    """A network with its weights drawn from `seed`."""
    keras.utils.set_random_seed(seed)
    network = Network(config)
    nobody = np.zeros((1, 3 + len(PART_FEATURES)), dtype=np.int32)
    network(np.zeros((1, 2, len(COLUMNS)), dtype=np.int32), nobody, network.zero_state(1))
    return network


def weights_of(network: Network) -> dict[str, np.ndarray]:
    """Every weight by its path, float32, as the runtime and `set_weights` read them."""
    return {
        variable.path.removeprefix("composer/"): ops.convert_to_numpy(variable.value).astype(
            np.float32
        )
        for variable in network.trainable_variables
    }


def set_weights(network: Network, weights: dict[str, np.ndarray]) -> None:
    """Put weights from `weights_of` into a built network.

    Raises:
        ModelError: A weight is missing or of another shape.
    """
    for variable in network.trainable_variables:
        name = variable.path.removeprefix("composer/")
        if name not in weights or tuple(weights[name].shape) != tuple(variable.shape):
            raise ModelError(f"the model's weights do not fit its config.json at {name}")
        variable.assign(weights[name])
