"""Uniform: a model to which every class is equally likely, under the same constraints.

It is a `composer.network.predictor.NoteModel`. Its continuations show how much of a
continuation comes from the constraints alone.
"""

from __future__ import annotations

import numpy as np

from composer.encoding.events import SIZES, Events
from composer.encoding.running_features import Context
from composer.network.state import State
from composer.network.trunk import Floats, Ints


class Uniform:
    """See the module's docstring."""

    def prime(self, events: Events, memory: int | None = None) -> State:
        """One stream that has heard some events."""
        nothing = np.zeros((1, 0), dtype=np.float32)
        return State(nothing.reshape(1, 0, 2, 0), nothing, Context.after(events))

    def step(self, rows: Ints, state: State, columns: Ints | None = None) -> State:
        """Every stream hears one more note, rows [B, 5]."""
        return State(state.recurrent, state.hidden, state.context.advance(rows))

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """The same for every class, float32 [B, classes]."""
        return np.zeros((len(columns), SIZES[field]), dtype=np.float32)
