"""Prefill: seeds of different length heard side by side, each up to its own last note.

The network's state after a seed is what `Predictor.prime` gives for it alone: a seed that
has been heard leaves with the state of its own last step, and another one takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import Events
from composer.encoding.features import features
from composer.encoding.running_features import Context
from composer.network.predictor import Predictor
from composer.network.state import State

Floats = NDArray[np.float32]
Owner = TypeVar("Owner")


@dataclass(slots=True, eq=False)
class _Listening(Generic[Owner]):
    """A seed on its way through the network.

    Attributes:
        events: Its notes.
        steps: int32 [steps, 39].
        owner: What its state is for.
        heard: Steps that the network has heard.
    """

    events: Events
    steps: NDArray[np.int32]
    owner: Owner
    heard: int = 0


class Prefill(Generic[Owner]):
    """The seeds that are being heard.

    Args:
        predictor: The network.
        memory: Last notes of a seed that are heard at most.
    """

    def __init__(self, predictor: Predictor, memory: int) -> None:
        self._predictor, self._memory = predictor, memory
        self._seeds: list[_Listening[Owner]] = []
        self._recurrent = predictor.zero(0)

    def __len__(self) -> int:
        return len(self._seeds)

    @property
    def left(self) -> int:
        """Steps that are still to be heard, of all seeds together."""
        return sum(len(seed.steps) - seed.heard for seed in self._seeds)

    def add(self, events: Events, owner: Owner) -> None:
        """Begin with another seed; `owner` comes back with its state."""
        steps = features(events).astype(np.int32)
        if len(events.rows) > self._memory:
            steps = np.concatenate([steps[: len(events.programs)], steps[-self._memory :]])
        self._seeds.append(_Listening(events, steps, owner))
        self._recurrent = np.concatenate([self._recurrent, self._predictor.zero(1)])

    def step(self) -> list[tuple[Owner, State]]:
        """Hear one step of every seed. Returns the seeds that are heard with it."""
        if not self._seeds:
            return []
        steps = np.stack([seed.steps[seed.heard] for seed in self._seeds])  # [B, 39]
        hidden, self._recurrent = self._predictor.trunk(steps, self._recurrent)
        ended, stay = [], []
        for index, seed in enumerate(self._seeds):
            seed.heard += 1
            if seed.heard < len(seed.steps):
                stay.append(index)
                continue
            own = slice(index, index + 1)
            state = State(
                self._recurrent[own].copy(), hidden[own].copy(), Context.after(seed.events)
            )
            ended.append((seed.owner, state))
        if ended:
            self._seeds = [self._seeds[index] for index in stay]
            self._recurrent = self._recurrent[stay]
        return ended
