"""Seats: streams that are drawn side by side, each for a mind that waits for it.

Conventions:
    One draw is one note for everyone seated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

import numpy as np

from composer.generation.decoder import BatchDecoder
from composer.generation.stream import Stream
from composer.network.predictor import Predictor

BLOCKS = (1, 5, 10)
"""Numbers of streams for which the trunk is run (`PaddedTrunk`'s sizes): a few, whose weights
are more likely still at hand when one is run again.

XNNPACK multiplies tiles of a few rows: of five where a processor has VNNI (six streams take
as long as ten), of four, six or eight elsewhere, which tens fill nearly as well.
"""


class Waiting(Protocol):
    """Someone for whom notes are drawn."""

    def waits_for(self, stream: Stream) -> bool:
        """Whether it still wants what a stream draws."""
        ...

    def follow(self, stream: Stream) -> bool:
        """See what a stream has drawn. Returns whether that was news."""
        ...


Guest = TypeVar("Guest", bound=Waiting)


class BatchSlots(BatchDecoder, Generic[Guest]):
    """An ensemble whose streams belong to minds, and leave when these do.

    Attributes:
        taken: Who sits here, with the stream that is drawn for it.
    """

    def __init__(self, predictor: Predictor) -> None:
        super().__init__(predictor)
        self.taken: list[tuple[Guest, Stream]] = []

    def seat(self, some: Iterable[tuple[Guest, Stream]]) -> None:
        """Let minds sit down."""
        new = list(some)
        self.add([stream for _, stream in new])
        self.taken += new

    def take_in(self, others: BatchSlots[Guest]) -> None:
        """Let all who sit elsewhere move here."""
        self.merge(others)
        self.taken += others.taken
        others.taken = []

    def clear(self) -> None:
        """See off those who do not want their notes any more."""
        gone = [not mind.waits_for(stream) for mind, stream in self.taken]
        if any(gone):
            self._leave(np.array(gone))
            self.taken = [seat for seat, out in zip(self.taken, gone, strict=True) if not out]

    def draw(self) -> list[Guest]:
        """One note for everyone. Returns those to whom it is news."""
        self.clear()
        self.step()
        news = [mind for mind, stream in self.taken if mind.follow(stream)]
        if any(stream.done for _, stream in self.taken):
            self.taken = [seat for seat in self.taken if not seat[1].done]
        return news
