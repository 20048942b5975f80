"""A trunk that is run for a few numbers of streams only.

An engine sets itself up for each number of streams it is run for: LiteRT keeps an interpreter
with weights and tensors of its own, about 5 MB, and XLA compiles a step. So steps are filled
up to one of a few sizes, and more streams than the largest go in several steps. What a stream
gets does not depend on the others, so padding changes nothing.

Conventions:
    B streams.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.network.trunk import Floats, Trunk

SIZES = (1, 4, 8, 16, 24, 32, 48, 64)
"""Numbers of streams for files and batches. A stream costs the same from 16 on, and 256 in
four steps take as long as in one."""


class PaddedTrunk:
    """A `Trunk` that fills up what it is given.

    Args:
        trunk: What runs the steps.
        sizes: Numbers of streams for which it may be run, ascending.

    Raises:
        ValueError: The sizes are not ascending numbers from 1 on.
    """

    def __init__(self, trunk: Trunk, sizes: Sequence[int] = SIZES) -> None:
        if not sizes or sizes[0] < 1 or list(sizes) != sorted(set(sizes)):
            raise ValueError(f"sizes are {tuple(sizes)}, must be ascending and at least 1")
        self._trunk, self._sizes = trunk, tuple(sizes)

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """See `composer.network.trunk.Trunk`."""
        count, most = len(steps), self._sizes[-1]
        if count <= most:
            return self._run(steps, recurrent)
        hidden, after = zip(
            *(
                self._run(steps[start : start + most], recurrent[start : start + most])
                for start in range(0, count, most)
            ),
            strict=True,
        )
        return np.concatenate(hidden), np.concatenate(after)

    def _run(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """One step of the engine, filled up with copies of its first stream."""
        count = len(steps)
        size = self._sizes[bisect_left(self._sizes, count)]
        if size == count:
            return self._trunk(steps, recurrent)
        filled = np.zeros(size, dtype=np.int64)
        filled[:count] = np.arange(count)
        hidden, after = self._trunk(steps[filled], recurrent[filled])
        return hidden[:count], after[:count]
