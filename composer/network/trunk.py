"""Trunk: the recurrent part of the network, whatever computes it.

Conventions:
    B streams, L layers, H units, K units of each head, F = 5 fields.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Trunk(Protocol):
    """Something that runs the recurrent part for one step of B streams."""

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """Hear one step of every stream.

        Args:
            steps: int [B, 39], columns as in `composer.encoding.columns.COLUMNS`.
            recurrent: float32 [B, L, 2, H], the state before the step.

        Returns:
            float32 [B, F * K], what the heads are given, and float32 [B, L, 2, H], the state
            after the step. A row depends on the same row of the arguments alone.
        """
        ...
