"""Batch slots: streams that are drawn side by side, each for an improviser that waits for it.

Conventions:
    One draw is one note for every stream.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from composer.generation.decoder import BatchDecoder
from composer.generation.stream import Stream
from composer.live.playing.inference_queue import Queued
from composer.network.predictor import Predictor

logger = logging.getLogger(__name__)

BLOCKS = (1, 5, 10)
"""Numbers of streams for which the trunk is run (`PaddedTrunk`'s sizes): a few, whose weights
are more likely still at hand when one is run again.

XNNPACK multiplies tiles of a few rows: of five where a processor has VNNI (six streams take
as long as ten), of four, six or eight elsewhere, which tens fill nearly as well.
"""


class BatchSlots(BatchDecoder):
    """A batch whose streams belong to improvisers, and leave when these want no more of them.

    Attributes:
        taken: The improvisers, each with the stream that is drawn for it.
        failed: Improvisers that could not take in what was drawn for them.
    """

    def __init__(self, predictor: Predictor) -> None:
        """Nobody is here."""
        super().__init__(predictor)
        self.taken: list[tuple[Queued, Stream]] = []
        self.failed: list[Queued] = []

    def join(self, some: Iterable[tuple[Queued, Stream]]) -> None:
        """Let streams join before the next note."""
        new = list(some)
        self.add([stream for _, stream in new])
        self.taken += new

    def take_in(self, others: BatchSlots) -> None:
        """Let all streams of another batch move here."""
        self.merge(others)
        self.taken += others.taken
        others.taken = []

    def clear(self) -> None:
        """Let the streams leave that nobody waits for any more."""
        gone = [not improviser.waits_for(stream) for improviser, stream in self.taken]
        if any(gone):
            self._leave(np.array(gone))
            self.taken = [slot for slot, out in zip(self.taken, gone, strict=True) if not out]

    def draw(self) -> list[Queued]:
        """One note for every stream. Returns the improvisers to which it is news."""
        self.clear()
        self.step()
        news = []
        for improviser, stream in self.taken:
            try:
                if improviser.follow(stream):
                    news.append(improviser)
            except Exception:  # one session's trouble is not the others'
                logger.exception("an improviser failed")
                improviser.cancel()
                self.failed.append(improviser)
        if any(stream.done for _, stream in self.taken):
            self.taken = [slot for slot in self.taken if not slot[1].done]
        return news
