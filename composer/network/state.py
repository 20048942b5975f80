"""State: all that the network has to know of some streams between two notes.

Conventions:
    B streams, L layers, H units, K units of each head, F = 5 fields. A `State` is a value:
    a step makes a new one and the old one stays good, so going back is keeping the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.encoding.running_features import Context
from composer.network.trunk import Floats, Ints


@dataclass(frozen=True, slots=True)
class State:
    """All there is to know of B streams between two notes.

    Attributes:
        recurrent: float32 [B, L, 2, H], of each layer the output h, then the cell c.
        hidden: float32 [B, F * K], what the heads have from the trunk.
        context: Where the streams stand in the bar, and what each part played last.
    """

    recurrent: Floats
    hidden: Floats
    context: Context

    def take(self, streams: Sequence[int] | Ints) -> State:
        """Some of the streams, in the order given (one may be taken several times)."""
        index = np.asarray(streams, dtype=np.int64)
        return State(self.recurrent[index], self.hidden[index], self.context.take(index))

    def split(self) -> list[State]:
        """Every stream by itself; none keeps the memory of the others."""
        return [
            State(recurrent.copy(), hidden.copy(), context)
            for recurrent, hidden, context in zip(
                self.recurrent[:, None], self.hidden[:, None], self.context.split(), strict=True
            )
        ]

    @staticmethod
    def join(states: Sequence[State]) -> State:
        """The streams of several states side by side."""
        if len(states) == 1:
            return states[0]
        return State(
            np.concatenate([state.recurrent for state in states]),
            np.concatenate([state.hidden for state in states]),
            Context.join([state.context for state in states]),
        )
