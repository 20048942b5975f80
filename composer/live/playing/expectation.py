"""Expectation: whether the network expects the player to go on.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import END, SHIFT, SHIFT_TICKS
from composer.network.predictor import Predictor
from composer.network.state import State


class Expectation:
    """When the network expects the next onset, after all that was heard."""

    def __init__(self, predictor: Predictor) -> None:
        """Nothing was heard."""
        self._predictor = predictor
        self._found: tuple[int, NDArray[np.float32]] | None = None  # last onset, shifts from it

    def clear(self) -> None:
        """More was heard."""
        self._found = None

    def stays_quiet(self, state: State, tick: float, ticks: float) -> float:
        """How sure it is that after silence until a tick there is silence for some more, 0..1.

        Args:
            state: After all that was heard; the same one as last time, unless `clear` was called.
            tick: Until which there is silence.
            ticks: For which it goes on.
        """
        if self._found is None:
            logits = self._predictor.logits(SHIFT, state, state.context.fresh())[0]
            chances = np.exp(logits - logits.max())
            later = np.append(chances[::-1].cumsum()[::-1], 0.0)  # of each class and all beyond
            self._found = int(state.context.clock[0]), later
        last, later = self._found
        by_then, by_the_end = SHIFT_TICKS[:END].searchsorted(
            (tick - last, tick + ticks - last), side="right"
        )
        return float(later[by_the_end] / max(later[by_then], 1e-12))
