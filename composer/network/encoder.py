"""The encoder in NumPy: what is given, read forwards and backwards, and told to the heads.

Two LSTM layers read the tokens of the given notes (`composer.encoding.given_tokens`), one from
the first to the last, one from the last to the first (Schuster and Paliwal, Bidirectional
recurrent neural networks, 1997). Together their outputs at a token know what is given before it
and after it. The note network, the decoder, is as it was: it hears every note, given or written,
as it always does. At each step the outputs at the next token, the next given note by itself and
what the decoder's heads have from its trunk go through a small layer, and what comes of it is added
to the latter; DeepBach
(Hadjeres et al. 2017) and Anticipation-RNN (Hadjeres and Nielsen 2017) tell theirs in like
manner. Where nothing is given nothing is added, and the network is the same to the last bit.

Conventions:
    M tokens, N steps, U units of each direction, F = 5 fields, K units of each head. Gate order
    is input, forget, candidate, output, as Keras has it. `composer_training.encoder` has the
    same equations in Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import FIELDS
from composer.encoding.given_tokens import STEP_COLUMNS, TOKEN_COLUMNS, GivenTokens
from composer.network import weights_file
from composer.network.config import GAIN_UNIT, NetworkConfig
from composer.network.lstm_cell import lstm_cell

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

UNITS: Final = 160
"""Of the LSTM layer in each direction."""
JOINT_UNITS: Final = 256
"""Of the layer in which the outputs at a token meet the next given note and the decoder's state."""
TOKEN_EMBEDDINGS: Final = {
    "shift": 16, "rank": 6, "program": 12, "pitch": 24, "duration": 16, "velocity": 6,
    "position": 12, "beat": 6, "bar_length": 4, "chord": 16, "next_chord": 8, "phrase": 4,
    "nearness": 3, "open": 3,
}  # fmt: skip
"""Width of each column of a token."""
WIDTH: Final = sum(TOKEN_EMBEDDINGS.values())
GAINED: Final = ("shift", "part", "pitch")
"""Fields in which the class of the next given note gains by itself."""
DIRECTIONS: Final = ("forward", "backward")
BLOCK: Final = 8, 256, 64
"""Rows, depth and columns of one matrix product at a step. Always the same, so that what a stream
is told does not depend on how many run beside it; and so small that BLAS keeps to one thread:
waking others takes longer than the product does."""


def shapes(head_units: int) -> dict[str, tuple[int, ...]]:
    """Every weight by name, for a decoder of so many units a head."""
    return {
        **{f"token_{name}": (size, TOKEN_EMBEDDINGS[name]) for name, size in TOKEN_COLUMNS.items()},
        **{
            f"{direction}_{name}": shape
            for direction in DIRECTIONS
            for name, shape in {
                "kernel": (WIDTH, 4 * UNITS),
                "recurrent": (UNITS, 4 * UNITS),
                "bias": (4 * UNITS,),
            }.items()
        },
        "joint_kernel": (2 * UNITS, JOINT_UNITS),
        "joint_hidden": (len(FIELDS) * head_units, JOINT_UNITS),
        **{f"joint_{name}": (size, JOINT_UNITS) for name, size in STEP_COLUMNS.items()},
        "joint_bias": (JOINT_UNITS,),
        "heads_kernel": (JOINT_UNITS, len(FIELDS) * head_units),
        "gain_kernel": (JOINT_UNITS, len(GAINED)),
        "gain_bias": (len(GAINED),),
    }


class Reader(Protocol):
    """Something that runs the two LSTM layers over a sequence of tokens."""

    def __call__(self, embedded: Floats) -> Floats:
        """Outputs at each token, float32 [M, 2 U], forwards then backwards.

        Args:
            embedded: float32 [M, WIDTH].
        """
        ...


class FloatReader:
    """The gate equations, in float32; what the int8 graph is an approximation of."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._layers = [
            tuple(weights[f"{direction}_{name}"] for name in ("kernel", "recurrent", "bias"))
            for direction in DIRECTIONS
        ]

    def __call__(self, embedded: Floats) -> Floats:
        """See `Reader`."""
        forwards, backwards = self._layers
        return np.concatenate(
            [_read(embedded, *forwards), _read(embedded[::-1], *backwards)[::-1]], axis=1
        )


def _read(x: Floats, kernel: Floats, recurrent: Floats, bias: Floats) -> Floats:
    """One direction's outputs, float32 [M, U]."""
    h, c = np.zeros(UNITS, dtype=np.float32), np.zeros(UNITS, dtype=np.float32)
    outputs = np.empty((len(x), UNITS), dtype=np.float32)
    projected = x @ kernel + bias
    for index, coming in enumerate(projected):
        h, c = lstm_cell(coming + h @ recurrent, c)
        outputs[index] = h
    return outputs


class _Product:
    """Rows times a matrix, in blocks."""

    def __init__(self, matrix: Floats) -> None:
        """Cut a matrix, float32 [K, N], into blocks."""
        rows, depth, columns = BLOCK
        height, width = matrix.shape
        self._rows, self._depth, columns = rows, gcd(height, depth), gcd(width, columns)
        cut = matrix.reshape(height // self._depth, self._depth, width // columns, columns)
        self._blocks = np.ascontiguousarray(cut.transpose(2, 0, 1, 3))  # [n, k, depth, columns]

    def __call__(self, x: Floats) -> Floats:
        """float32 [B, K] -> [B, N]."""
        count, height = x.shape
        filled = np.zeros((-(-count // self._rows), self._rows, height), dtype=np.float32)
        filled.reshape(-1, height)[:count] = x
        parts = filled.reshape(len(filled), self._rows, -1, self._depth).transpose(0, 2, 1, 3)
        # [b, 1, k, rows, depth] @ [n, k, depth, columns] -> [b, n, k, rows, columns]
        made: Floats = np.add.reduce(np.matmul(parts[:, None], self._blocks), axis=2)
        return made.transpose(0, 2, 1, 3).reshape(len(filled) * self._rows, -1)[:count]


class _Joint:
    """The layer in which the outputs at a token meet the next given note and the decoder."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._token, self._bias = _Product(weights["joint_kernel"]), weights["joint_bias"]
        self._next = [weights[f"joint_{name}"] for name in STEP_COLUMNS]
        self._hidden = _Product(weights["joint_hidden"])
        self._heads = _Product(weights["heads_kernel"])
        self._gains = GAIN_UNIT * weights["gain_kernel"].T, GAIN_UNIT * weights["gain_bias"]

    def begun(self, read: Floats) -> Floats:
        """What each token brings, and the last row where there is none any more, [M + 1, J].

        Args:
            read: float32 [M, 2 U], from a `Reader`.
        """
        return np.append(self._token(read), np.zeros_like(self._bias)[None], axis=0) + self._bias

    def __call__(
        self, begun: Floats, hidden: Floats, next_note: NDArray[np.int32]
    ) -> tuple[Floats, Floats]:
        """See `Told`; begun, [N, J], is of each step's token, next_note, [N, 5], what is next."""
        joint = begun + self._hidden(hidden)
        for table, column in zip(self._next, next_note.T, strict=True):
            joint += table.take(column, axis=0)
        np.tanh(joint, out=joint)  # no unit of it can die
        kernel, bias = self._gains
        gains = np.add.reduce(joint[:, None] * kernel, axis=2)
        return self._heads(joint), gains + bias


class Told:
    """What the heads are told of some given notes, at every step among them.

    Attributes:
        tokens: Of the given notes.
    """

    def __init__(self, tokens: GivenTokens, read: Floats, joint: _Joint) -> None:
        self.tokens = tokens
        self._begun, self._joint = joint.begun(read), joint

    def __call__(
        self, hidden: Floats, clock: Ints, token: Ints, index: Ints
    ) -> tuple[Floats, Floats]:
        """What is told at some steps. A row depends on the same row of the arguments alone.

        Args:
            hidden: What the heads have from the trunk, float32 [N, F * K].
            clock: Onset of the last note, [N].
            token: Index of the next token, [N].
            index: Of the next given note, [N].

        Returns:
            What is added to `hidden`, float32 [N, F * K], and to the logits of the next given
            note's shift, part and pitch, float32 [N, 3].
        """
        begun = self._begun.take(token, axis=0)
        return self._joint(begun, hidden, self.tokens.steps(clock, index))


class Encoder:
    """An encoder and what it tells the heads of one decoder.

    Args:
        weights: As in `shapes`.
        config: Of the decoder.
        reader: What runs the LSTM layers; None: NumPy.

    Raises:
        KeyError: A weight is missing.
        ValueError: One has another shape, or is not a number.
    """

    def __init__(
        self,
        weights: Mapping[str, NDArray[Any]],
        config: NetworkConfig,
        reader: Reader | None = None,
    ) -> None:
        self._w: dict[str, Floats] = {}
        for name, shape in shapes(config.head_units).items():
            array = np.ascontiguousarray(weights[name], dtype=np.float32)
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, must be {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} has values that are no numbers")
            self._w[name] = array
        self._reader, self._joint = reader or FloatReader(self._w), _Joint(self._w)

    def __call__(self, tokens: GivenTokens) -> Told:
        """Read the given notes once."""
        embedded = np.concatenate(
            [
                self._w[f"token_{name}"].take(column, axis=0)
                for name, column in zip(TOKEN_COLUMNS, tokens.table.T, strict=True)
            ],
            axis=1,
        )
        read = self._reader(embedded) if len(embedded) else np.zeros((0, 2 * UNITS), np.float32)
        return Told(tokens, read, self._joint)

    @classmethod
    def load_float(cls, folder: Path, config: NetworkConfig) -> Encoder:
        """A model's encoder in float32.

        Raises:
            ModelError: It is missing, damaged, or of another model.
        """
        with weights_file.opened(folder / "encoder.npz") as weights:
            return cls(weights, config)
