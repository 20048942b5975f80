"""The LSTM: its configuration, how it is built, saved and loaded. The only importer of Keras.

A trunk of LSTM layers reads one step after another; five heads predict the fields of the
next, each given the trunk's state, the fields already chosen, and what these determine
(the place in the bar after the shift, the program and last note of the part after the
part). So p(note) = p(shift) p(part | shift) p(pitch | ...) p(duration | ...) p(velocity | ...)
exactly, and any field can be masked or forced before the next one is drawn.

Conventions:
    B streams, T steps, H units, L layers. `features` is int [B, T + 1, 39], columns as in
    `composer.encoding.features.COLUMNS`: steps 0..T-1 go in, steps 1..T are predicted.
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

from composer.encoding.events import FIELDS, PART, SIZES
from composer.encoding.features import COLUMN_SIZES, COLUMNS, INPUTS
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
)

Tensor = Any
INPUT_SIZES = [(name, COLUMN_SIZES[COLUMNS.index(name)]) for name in INPUTS]


@keras.saving.register_keras_serializable("composer")
class HoistedLSTM(keras.layers.LSTM):
    """The Keras LSTM with its backward pass written out, for training on CPUs.

    Same weights, same equations (Hochreiter and Schmidhuber 1997; forget gate: Gers et
    al. 2000). Two things are lifted out of the loop over time: the input projections of
    all steps are one matrix product before it, and the gradient of the recurrent weights
    is one after it, where automatic differentiation adds up a [H, 4H] matrix per step.
    What is left in it is a matrix product and, fused, all the rest of a cell.
    Matrix products run in the compute dtype, cell states in float32.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.autocast = False  # casting by hand, below: the cell state stays float32

    def call(
        self,
        sequences: Tensor,
        initial_state: Sequence[Tensor] | None = None,
        mask: Tensor | None = None,
        training: bool = False,
    ) -> Any:
        """[B, T, D] and (h, c) -> outputs [B, T, H], h, c."""
        del mask, training  # Pieces are padded at their end only; dropout is a layer of its own.
        assert initial_state is not None
        cell = self.cell
        dtype = self.compute_dtype
        inputs = ops.transpose(ops.cast(sequences, dtype), (1, 0, 2))  # [T, B, D]
        projected = ops.matmul(inputs, ops.cast(cell.kernel, dtype))
        projected = projected + ops.cast(cell.bias, dtype)  # [T, B, 4H]
        recurrent = ops.cast(cell.recurrent_kernel, "float32")
        h0, c0 = (ops.cast(state, "float32") for state in initial_state)
        packed = _recurrence(projected, recurrent, h0, c0)  # [T + 1, B, H]
        outputs = ops.transpose(packed[:-1], (1, 0, 2))
        return ops.cast(outputs, dtype), ops.cast(packed[-2], "float32"), packed[-1]


def _fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors made into one kernel, on the backend that does not do so itself.

    TensorFlow walks through memory once for each operation of an LSTM cell; XLA, once.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    fused: Callable[..., Any] = tf.function(function, jit_compile=True)
    return fused


@ops.custom_gradient
def _recurrence(projected: Tensor, recurrent: Tensor, h0: Tensor, c0: Tensor) -> Any:
    """The loop over time of an LSTM layer.

    Args:
        projected: x W + b of every step, [T, B, 4H] in the compute dtype.
        recurrent: U, float32 [H, 4H].
        h0: float32 [B, H].
        c0: float32 [B, H].

    Returns:
        float32 [T + 1, B, H]: h of every step, then the last c (one tensor, because a
        custom gradient of several is not portable between backends).
    """
    dtype = keras.backend.standardize_dtype(projected.dtype)
    weights = ops.cast(recurrent, dtype)

    @_fused
    def cell(x: Tensor, recurred: Tensor, c: Tensor) -> Any:
        """What comes in and the last cell -> h, c and the four gates."""
        z = ops.cast(x + recurred, "float32")
        i, f, g, o = ops.split(z, 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        h = o * ops.tanh(c)
        return h, c, ops.cast(ops.concatenate([i, f, g, o], axis=-1), dtype)

    def forward(carry: Any, x: Tensor) -> Any:
        h, c, _ = carry
        new = cell(x, ops.matmul(ops.cast(h, dtype), weights), c)
        # TensorFlow's scan wants outputs of the same shapes as the carry.
        return new, new

    start = (h0, c0, ops.zeros_like(projected[0]))
    _, (hs, cs, gates) = ops.scan(forward, start, projected)

    def gradient(*args: Tensor, upstream: Tensor | None = None) -> Any:
        up = args[0] if upstream is None else upstream  # PyTorch passes it by name
        up = ops.cast(up, "float32")
        before = ops.concatenate([c0[None], cs[:-1]], axis=0)
        transposed = ops.transpose(weights)

        @_fused
        def cell_back(
            dh: Tensor, dc: Tensor, dout: Tensor, gate: Tensor, c: Tensor, c_before: Tensor
        ) -> Any:
            """Gradients of h and c -> of the gates' inputs, and of the cell before."""
            i, f, g, o = ops.split(ops.cast(gate, "float32"), 4, axis=-1)
            dh = dh + dout
            squashed = ops.tanh(c)
            dc = dc + dh * o * (1.0 - squashed * squashed)
            dz = ops.concatenate(
                [
                    dc * g * i * (1.0 - i),
                    dc * c_before * f * (1.0 - f),
                    dc * i * (1.0 - g * g),
                    dh * squashed * o * (1.0 - o),
                ],
                axis=-1,
            )
            return ops.cast(dz, dtype), dc * f

        def backward(carry: Any, step: Any) -> Any:
            dh, dc, _ = carry
            dz, dc = cell_back(dh, dc, *step)
            dh = ops.cast(ops.matmul(dz, transposed), "float32")
            return (dh, dc, dz), (dh, dc, dz)

        zero = (ops.zeros_like(h0), up[-1], ops.zeros_like(projected[0]))
        (dh0, dc0, _), (_, _, dz) = ops.scan(
            backward, zero, (up[:-1], gates, cs, before), reverse=True
        )
        width = ops.shape(recurrent)[0]
        h_before = ops.cast(ops.concatenate([h0[None], hs[:-1]], axis=0), dtype)
        flat_h = ops.reshape(h_before, (-1, width))
        flat_dz = ops.reshape(dz, (-1, 4 * width))
        d_recurrent = ops.cast(ops.matmul(ops.transpose(flat_h), flat_dz), "float32")
        return dz, d_recurrent, dh0, dc0

    return ops.concatenate([hs, cs[-1:]], axis=0), gradient


def on_gpu() -> bool:
    """Whether the backend in use has a GPU (where Keras's own LSTM reaches cuDNN)."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return bool(jax.default_backend() == "gpu")
    if backend == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return False


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
                COLUMN_SIZES[COLUMNS.index(trust)],
                1,
                embeddings_initializer="zeros",
                name=name,
                dtype="float32",
            )
            for name, (trust, _) in ADVICE.items()
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

    def call(self, trunk: Tensor, context: Sequence[Tensor], coming: Tensor) -> Tensor:
        """Logits, float32 [B, T, classes].

        Args:
            trunk: [B, T, H].
            context: Embeddings of the columns that it may see, [B, T, D] each.
            coming: int [B, T, 28], for what recall expects and what came a bar ago: the
                logits of these classes are raised by as much as this head trusts them.
        """
        hidden = self.from_trunk(trunk) + self.from_context(ops.concatenate(context, axis=-1))
        logits = ops.cast(self.out(ops.relu(hidden)), "float32")
        for gain, (trust, prefix) in zip(self.gains, ADVICE.values(), strict=True):
            named = coming[..., COLUMNS.index(f"{prefix}_{self.field}")]
            at = ops.cast(named[..., None] == ops.arange(self.classes), "float32")
            logits = logits + at * (GAIN_UNIT * gain(coming[..., COLUMNS.index(trust)]))
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
            keras.layers.Embedding(size, POINTER_UNITS, name=f"told_{name}")
            for name, size in zip(PART_FEATURES, PART_FEATURE_SIZES, strict=True)
        ]
        self.gains = [
            keras.layers.Embedding(
                size, 1, embeddings_initializer="zeros", name=f"gain_{name}", dtype="float32"
            )
            for name, size in zip(PART_FEATURES, PART_FEATURE_SIZES, strict=True)
        ]
        self.points = keras.layers.Dense(1, use_bias=False, name="points", dtype=self.dtype_policy)

    def build(self, *shapes: Any) -> None:
        """Nothing of its own to build: its layers do so at their first call."""
        del shapes
        self.built = True

    def call(self, trunk: Tensor, context: Sequence[Tensor], parts: Tensor) -> Tensor:
        """Logits, float32 [N].

        Args:
            trunk: [B, T, H].
            context: Embeddings of the columns that it may see, [B, T, D] each.
            parts: int [N, 17]: step (of B * T) at which a part may play, whether it does, its
                rank, and what is told of it.
        """
        hidden = self.from_trunk(trunk) + self.from_context(ops.concatenate(context, axis=-1))
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
            keras.layers.Embedding(size, EMBEDDING_SIZES[name], name=f"in_{name}")
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
                name=f"known_{COLUMNS[column]}",
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

    def call(self, features: Tensor, parts: Tensor, state: Tensor, training: bool = False) -> Any:
        """Teacher-forced logits of steps 1..T, and the state after step T - 1.

        Args:
            features: int [B, T + 1, 39].
            parts: int [N, 17], the parts that may play at each step; see `Pointer`.
            state: float32 [L, 2, B, H].
            training: Whether dropout is on.

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
        logits = [
            head(
                x,
                [known[column] for column in head.columns],
                parts if isinstance(head, Pointer) else coming,
            )
            for head in self.heads
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
