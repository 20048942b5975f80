"""Choir: continuations of many seeds, some tens of streams in every step of the network.

Seeds are primed together, their streams join a running `BatchDecoder` as places in it come
free, and finished streams leave. What a stream plays depends on its seed, settings and
number alone, so the order in which they come out is the only thing that company changes.

Conventions:
    B streams play at once at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.batch.jobs import SIZE
from composer.generation.best_of_n import BestOfN, takes_of
from composer.generation.generate import MEMORY, at_join, make_streams
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.network.predictor import Predictor
from composer.network.prefill import Prefill
from composer.network.state import State
from composer.network.trunk import Floats, Ints

PRIMED = 32
"""Seeds that are primed at once at most."""
STEPS = 100_000
"""Seeds' notes to be heard at once at most: bounds the memory they take."""
JOINING = 8
"""Streams join when so many of a full batch have ended, an eighth of it at most."""


@dataclass(eq=False)
class Request:
    """Some continuations of one seed.

    Attributes:
        reading: Of the seed.
        settings: How to go on.
        variations: Numbers of the continuations.
        owner: Whatever the asker wants to find again.
        state: After the seed, if the network has heard it already; set once it has.
    """

    reading: SeedAnalysis
    settings: Settings
    variations: Sequence[int]
    owner: Any
    state: State | None = None


@dataclass(eq=False)
class Finished:
    """A continuation that has ended, or the reason why a request cannot be met.

    Attributes:
        request: Whose it is.
        stream: The continuation.
        likelihood: Mean log-probability of its notes under the model, in nats per note;
            None when it was not asked for.
        error: Set instead of the stream.
    """

    request: Request
    stream: Stream | None = None
    likelihood: float | None = None
    error: Exception | None = None


class Critic(Predictor):
    """A predictor that can tell how likely a note was."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__(predictor.config, predictor.trunk, predictor.heads)
        self._seen: dict[int, tuple[Floats, NDArray[np.float64]]] = {}

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """See `Predictor.logits`."""
        logits = super().logits(field, state, columns)
        top = logits.max(axis=1, keepdims=True).astype(np.float64)
        total = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        self._seen[field] = (logits.copy(), total)
        return logits

    def judge(self, rows: Ints) -> NDArray[np.float64]:
        """Log p of rows int [B, 5] by the logits last asked for, nats [B]."""
        stream = np.arange(len(rows))
        judged = np.zeros(len(rows))
        for field, (logits, total) in self._seen.items():
            judged += logits[stream, rows[:, field]] - total
        return judged


class ContinuousBatcher:
    """Sings what it is asked for until there is nothing left to ask.

    Args:
        predictor: The network.
        ask: Gives the next request, or None when there is none at present; asked again
            each time a continuation has ended.
        size: Streams that play at once.
        judge: Whether to work out likelihoods.
    """

    def __init__(
        self,
        predictor: Predictor,
        ask: Callable[[], Request | None],
        size: int = SIZE,
        judge: bool = False,
    ) -> None:
        critic = Critic(predictor) if judge else None
        self._ask, self._size = ask, size
        self._primer: Prefill[Request] = Prefill(predictor, MEMORY)
        self._takes = BestOfN(critic or predictor, critic.judge if critic else None)
        self._ready: deque[tuple[Request, Stream]] = deque()
        self._playing: dict[Stream, Request] = {}

    def sing(self) -> Iterator[Finished]:
        """Yield what has been asked for, each as it ends."""
        while True:
            yield from self._fill()
            if not self._takes.streams:
                return
            for stream in self._takes.play():
                request = self._playing.pop(stream)
                notes = stream.nats[: len(stream.rows)]
                yield Finished(request, stream, float(np.mean(notes)) if notes else None)

    def _fill(self) -> Iterator[Finished]:
        """Let streams join where there is room; yield requests that cannot be met."""
        # A few places are let stand empty, so that joining is not done at every note.
        playing = self._takes.places
        if playing and self._size - playing < max(1, self._size // JOINING):
            return
        room = self._size - playing
        while len(self._ready) < room:
            yield from self._take_in()
            if not len(self._primer):
                break
            while len(self._primer):
                heard = self._primer.step()
                for request, state in heard:
                    request.state = at_join(request.reading, state)
                    yield from self._rise(request)
                if heard and len(self._ready) >= room:
                    break
        joining: list[tuple[SeedAnalysis, Stream]] = []
        while self._ready and (room >= takes_of(self._ready[0][1]) or not (playing or joining)):
            request, stream = self._ready.popleft()
            joining.append((request.reading, stream))
            self._playing[stream] = request
            room -= takes_of(stream)
        self._takes.add(joining)

    def _take_in(self) -> Iterator[Finished]:
        """Ask for requests until enough seeds are being primed."""
        most = min(PRIMED, self._size)
        while len(self._primer) < most and self._primer.left < STEPS:
            if len(self._ready) >= self._size:
                return
            request = self._ask()
            if request is None:
                return
            if request.state is None:
                self._primer.add(request.reading.events, request)
            else:
                yield from self._rise(request)

    def _rise(self, request: Request) -> Iterator[Finished]:
        """A primed seed's streams get ready."""
        assert request.state is not None
        try:
            streams = make_streams(
                request.reading, request.state, request.settings, request.variations
            )
        except Exception as error:  # the asker reports it; the others sing on
            yield Finished(request, error=error)
            return
        self._ready.extend((request, stream) for stream in streams)
