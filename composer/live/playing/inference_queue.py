"""Inference queue: what improvisers and the network's scheduler want of each other, and no more.

The scheduler (`composer.live.playing.inference`) and the improvisers
(`composer.live.playing.network_improviser`) know one another by these protocols only.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.generation.stream import Stream
from composer.network.predictor import Predictor
from composer.network.state import State
from composer.planning.planner import Planner


class Queued(Protocol):
    """Whoever waits for the network."""

    @property
    def behind(self) -> bool:
        """Whether it has notes to hear."""
        ...

    def next_step(self) -> tuple[NDArray[np.int64], State] | None:
        """The next note to hear, int64 [1, 5], and the state before it; None if none is left."""
        ...

    def advance(self, state: State) -> None:
        """Take in the state after `next_step`."""
        ...

    @property
    def unprepared(self) -> bool:
        """Whether there is something to do before streams are opened."""
        ...

    def prepare(self) -> None:
        """Do a little of it."""
        ...

    def open_streams(self) -> list[Stream]:
        """Streams to draw the next notes from, if some are wanted now."""
        ...

    def waits_for(self, stream: Stream) -> bool:
        """Whether it still wants what a stream draws."""
        ...

    def follow(self, stream: Stream) -> bool:
        """See what a stream has drawn. Returns whether that was news."""
        ...

    def cancel(self) -> None:
        """Want nothing more."""
        ...


class InferenceQueue(Protocol):
    """Where they wait."""

    @property
    def predictor(self) -> Predictor:
        """The network."""
        ...

    @property
    def crowded(self) -> bool:
        """Whether so many wait that most are better served along with others."""
        ...

    @property
    def planner(self) -> Planner | None:
        """What plans the bars of answers; None where the model has nothing that does."""
        ...

    @property
    def takes(self) -> int:
        """How often an answer may be tried."""
        ...

    def initial_state(self, kind: str, bar: int, programs: tuple[int, ...]) -> State:
        """The state that knows who plays, and nothing else yet."""
        ...

    def enqueue(self, improviser: Queued) -> None:
        """An improviser has notes to hear or to generate."""
        ...

    def set_urgent(self, improviser: Queued, urgent: bool) -> None:
        """A first note is waited for, or is not any more."""
        ...
