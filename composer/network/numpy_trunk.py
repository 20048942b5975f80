"""The trunk in NumPy and float32: what the int8 graph is an approximation of.

Slower than LiteRT and exact: for `composer evaluate --float`, for `composer study`, which looks
inside the gates, and for tests that have no graph. Gate order and residual connection as in
`composer.network.keras_lstm`.

Conventions:
    B streams, L layers, H units, K head units, F = 5 fields, as in `composer.network.predictor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMNS, INPUTS
from composer.encoding.events import FIELDS
from composer.network import weights_file
from composer.network.config import NetworkConfig, stored_name
from composer.network.gate_trace import GateTrace
from composer.network.heads import Heads
from composer.network.lstm_cell import lstm_cell, sigmoid
from composer.network.predictor import Predictor
from composer.network.trunk import Floats


class FloatTrunk:
    """Embeddings, LSTM layers and the heads' first matrix; see `composer.network.trunk.Trunk`."""

    def __init__(self, config: NetworkConfig, weights: Mapping[str, NDArray[Any]]) -> None:
        """Take the weights in.

        Args:
            config: Of the network.
            weights: By path, as a model's weights.npz has them.

        Raises:
            KeyError: One is missing.
        """

        def weight(name: str) -> Floats:
            return np.ascontiguousarray(weights[name], dtype=np.float32)

        first = weight("lstm_0/lstm_cell/kernel")
        # An embedding goes through the first layer's matrix once, here, and not every step.
        self._tables, start = [], 0
        self._columns = [COLUMNS.index(name) for name in INPUTS]
        for name in INPUTS:
            table = weight(f"in_{stored_name(name)}/embeddings")
            self._tables.append(table @ first[start : start + table.shape[1]])
            start += table.shape[1]
        self._layers = []
        for layer in range(config.layers):
            cell = f"lstm_{layer}/lstm_cell"
            kernel, recurrent = weight(f"{cell}/kernel"), weight(f"{cell}/recurrent_kernel")
            stacked = recurrent if layer == 0 else np.concatenate([kernel, recurrent])
            self._layers.append((np.ascontiguousarray(stacked), weight(f"{cell}/bias")))
        heads = [f"head_{field}/from_trunk" for field in FIELDS]
        self._kernel = np.concatenate([weight(f"{head}/kernel") for head in heads], axis=1)
        self._bias = np.concatenate([weight(f"{head}/bias") for head in heads])

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """See `composer.network.trunk.Trunk`."""
        after = np.empty_like(recurrent)
        x = np.zeros((len(steps), 0), dtype=np.float32)
        for layer, (kernel, bias) in enumerate(self._layers):
            h, c = recurrent[:, layer, 0], recurrent[:, layer, 1]
            if layer == 0:
                z = h @ kernel + bias
                for column, table in zip(self._columns, self._tables, strict=True):
                    z += table[steps[:, column]]
            else:
                z = np.concatenate([x, h], axis=1) @ kernel + bias
            h, c = lstm_cell(z, c)
            after[:, layer, 0], after[:, layer, 1] = h, c
            x = h if layer == 0 else x + h
        hidden: Floats = x @ self._kernel + self._bias
        return hidden, after

    def trace(self, steps: NDArray[np.integer]) -> GateTrace:
        """Hear one stream from its first step, and keep what every gate did.

        Layer by layer, so that what comes in from below is one matrix product for all steps.

        Args:
            steps: int [T, 39], as one stream of `__call__` hears them.
        """
        count, units = len(steps), self._layers[0][0].shape[1] // 4
        gates = np.empty((len(self._layers), count, 4, units), dtype=np.float32)
        cells = np.empty((len(self._layers), count, units), dtype=np.float32)
        outputs = np.empty_like(cells)
        below = np.zeros((count, 0), dtype=np.float32)
        for layer, (kernel, bias) in enumerate(self._layers):
            # What comes from below, or from the notes; U stands under it.
            projected = below @ kernel[:-units] + bias
            if layer == 0:
                for column, table in zip(self._columns, self._tables, strict=True):
                    projected += table[steps[:, column]]
            recurrent = np.ascontiguousarray(kernel[-units:])
            h = c = np.zeros(units, dtype=np.float32)
            for step in range(count):
                i, f, g, o = (projected[step] + h @ recurrent).reshape(4, units)
                now = gates[layer, step]
                now[0], now[1], now[2], now[3] = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
                cells[layer, step] = c = now[1] * c + now[0] * now[2]
                outputs[layer, step] = h = now[3] * np.tanh(c)
            below = outputs[layer] if layer == 0 else below + outputs[layer]
        hidden: Floats = below @ self._kernel + self._bias
        recurrents = np.stack([kernel[-units:] for kernel, _ in self._layers])
        return GateTrace(gates, cells, outputs, hidden, recurrents)


def load_float(folder: Path) -> Predictor:
    """A predictor that plays a model's float weights instead of its int8 graph.

    Raises:
        ModelError: A file is missing, damaged, or of another version.
    """
    config = NetworkConfig.load(folder / "config.json")
    with weights_file.opened(folder / "weights.npz") as stored:
        weights = dict(stored)
        trunk, heads = FloatTrunk(config, weights), Heads(weights, config.head_units)
    return Predictor(config, trunk, heads, folder)
