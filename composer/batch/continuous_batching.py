"""Continuous batching: streams of many seeds share the steps of the network.

Seeds are prefilled together. Their streams join a running decoder as places in the batch come
free, and leave it when they are finished. What a stream plays depends on its seed, settings and
number alone; the streams beside it only change the order in which streams finish.

Conventions:
    B streams at most are decoded at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.batch.jobs import BATCH_SIZE
from composer.generation.best_of_n import BestOfN, takes_of
from composer.generation.generate import MEMORY, at_join, make_streams
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_plan import planner_of
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.network.predictor import Predictor
from composer.network.prefill import Prefill
from composer.network.state import State
from composer.network.trunk import Floats, Ints

MOST_PREFILLED = 32
"""Seeds that are prefilled at once at most."""
MOST_PREFILL_NOTES = 100_000
"""Notes of seeds that wait for prefill at most, which bounds the memory they take."""
JOINING = 8
"""An eighth of the places is left free before streams join: joining at every note costs more."""


@dataclass(eq=False)
class Request:
    """Some continuations of one seed.

    Attributes:
        analysis: Of the seed.
        settings: Of the continuations.
        variations: Their numbers.
        owner: Of the caller; returned with each continuation.
        state: Of the network after the seed; None until it has been prefilled.
    """

    analysis: SeedAnalysis
    settings: Settings
    variations: Sequence[int]
    owner: Any
    state: State | None = None


@dataclass(eq=False)
class Finished:
    """A finished continuation, or the reason why a request cannot be met.

    Attributes:
        request: That it belongs to.
        stream: The continuation.
        likelihood: Mean log-probability of its notes under the model, in nats per note;
            None if likelihoods are not computed.
        error: In place of the stream.
    """

    request: Request
    stream: Stream | None = None
    likelihood: float | None = None
    error: Exception | None = None


class LikelihoodPredictor(Predictor):
    """A predictor that also tells how likely the notes drawn from its logits were."""

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

    def likelihood(self, rows: Ints) -> NDArray[np.float64]:
        """Log p of rows int [B, 5] under the logits computed last, float64 [B] in nats."""
        stream = np.arange(len(rows))
        log_p = np.zeros(len(rows))
        for field, (logits, total) in self._seen.items():
            log_p += logits[stream, rows[:, field]] - total
        return log_p


class ContinuousBatcher:
    """Meets requests until there is no further one.

    Args:
        predictor: The network.
        next_request: Gives the next request, or None while there is none; called whenever
            places in the batch are free.
        batch_size: Streams in a step of the network.
        likelihoods: Whether to compute the likelihood of each continuation.
    """

    def __init__(
        self,
        predictor: Predictor,
        next_request: Callable[[], Request | None],
        batch_size: int = BATCH_SIZE,
        *,
        likelihoods: bool = False,
    ) -> None:
        scoring = LikelihoodPredictor(predictor) if likelihoods else None
        self._next_request, self._batch_size = next_request, batch_size
        self._planner = planner_of(predictor)
        self._prefill: Prefill[Request] = Prefill(predictor, MEMORY)
        self._decoder = BestOfN(scoring or predictor, scoring.likelihood if scoring else None)
        self._ready: deque[tuple[Request, Stream]] = deque()
        self._running: dict[Stream, Request] = {}

    def run(self) -> Iterator[Finished]:
        """Yield continuations as they finish."""
        while True:
            yield from self._fill()
            if not self._decoder.streams:
                return
            for stream in self._decoder.step():
                request = self._running.pop(stream)
                nats = stream.nats[: len(stream.rows)]
                yield Finished(request, stream, float(np.mean(nats)) if nats else None)

    def _fill(self) -> Iterator[Finished]:
        """Let streams join where there are free places; yield requests that cannot be met."""
        # Joining costs something, so a few places stay empty rather than one at every note.
        taken = self._decoder.places
        if taken and self._batch_size - taken < max(1, self._batch_size // JOINING):
            return
        free = self._batch_size - taken
        while len(self._ready) < free:
            yield from self._take_requests()
            if not len(self._prefill):
                break
            while len(self._prefill):
                prefilled = self._prefill.step()
                for request, state in prefilled:
                    request.state = at_join(request.analysis, state)
                    yield from self._make_streams(request)
                if prefilled and len(self._ready) >= free:
                    break
        joining: list[tuple[SeedAnalysis, Stream]] = []
        while self._ready and (free >= takes_of(self._ready[0][1]) or not (taken or joining)):
            request, stream = self._ready.popleft()
            joining.append((request.analysis, stream))
            self._running[stream] = request
            free -= takes_of(stream)
        self._decoder.add(joining)

    def _take_requests(self) -> Iterator[Finished]:
        """Take requests until enough seeds wait for prefill."""
        most = min(MOST_PREFILLED, self._batch_size)
        while len(self._prefill) < most and self._prefill.left < MOST_PREFILL_NOTES:
            if len(self._ready) >= self._batch_size:
                return
            request = self._next_request()
            if request is None:
                return
            if request.state is None:
                self._prefill.add(request.analysis.events, request)
            else:
                yield from self._make_streams(request)

    def _make_streams(self, request: Request) -> Iterator[Finished]:
        """Put the streams of a prefilled seed in line for free places."""
        assert request.state is not None
        try:
            streams = make_streams(
                request.analysis,
                request.state,
                request.settings,
                request.variations,
                self._planner,
            )
        except Exception as error:  # reported with its request; other requests are met
            yield Finished(request, error=error)
            return
        self._ready.extend((request, stream) for stream in streams)
