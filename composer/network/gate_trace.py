"""Gate trace: what every gate and cell of every LSTM layer did while a piece went by.

Conventions:
    T steps, L layers, H units, F = 5 fields, K units of each head. A layer's equations, with the
    gates side by side in the order input, forget, candidate, output:

        i = sigmoid(x W_i + h U_i + b_i)      what is let in
        f = sigmoid(x W_f + h U_f + b_f)      what is kept
        g = tanh(x W_g + h U_g + b_g)         what there is to let in
        o = sigmoid(x W_o + h U_o + b_o)      what is shown
        c = f * c + i * g                     the cell
        h = o * tanh(c)                       the layer's output
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from composer.network.trunk import Floats

INPUT, FORGET, CANDIDATE, OUTPUT = range(4)
GATES: Final = ("input", "forget", "candidate", "output")


@dataclass(frozen=True, slots=True, eq=False)
class GateTrace:
    """All that happened inside a trunk.

    Attributes:
        gates: float32 [L, T, 4, H], after their nonlinearity, in the order of `GATES`.
        cells: float32 [L, T, H], c after each step.
        outputs: float32 [L, T, H], h after each step.
        hidden: float32 [T, F * K], what the heads are given after each step.
        recurrent: float32 [L, H, 4H], the matrices U, which carry gradients back.
    """

    gates: Floats
    cells: Floats
    outputs: Floats
    hidden: Floats
    recurrent: Floats
