"""The LSTM's cell in NumPy: what its four gates make of a state.

Gates in the order of Keras: input, forget, candidate, output (Hochreiter and Schmidhuber 1997, with
the forget gate of Gers et al. 2000).
"""

from __future__ import annotations

import numpy as np

from composer.network.trunk import Floats


def lstm_cell(gates: Floats, cell: Floats) -> tuple[Floats, Floats]:
    """One step of a layer.

    Args:
        gates: float32 [..., 4 U], before their nonlinearities.
        cell: Before the step, [..., U].

    Returns:
        (output, cell) after it, [..., U] each.
    """
    i, f, g, o = np.split(gates, 4, axis=-1)
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(cell), cell


def sigmoid(x: Floats) -> Floats:
    """The logistic function, by tanh: exp(-x) overflows for large negative x."""
    return np.asarray(np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * x)), dtype=np.float32)
