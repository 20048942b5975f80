"""Drawing: the streams of a passage drawn to their ends, each the best of its takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composer.generation.best_of_n import BestOfN
from composer.generation.generate import SIDE_BY_SIDE
from composer.generation.stream import Stream
from composer.inside.streams import Passage
from composer.network.predictor import NoteModel


def draw(
    passage: Passage,
    streams: Sequence[Stream],
    predictor: NoteModel,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Draw streams of one passage to their ends, the best takes of each."""
    takes, waiting, ended = BestOfN(predictor), list(streams)[::-1], 0
    start, length = passage.opening.start, passage.opening.end - passage.opening.start
    while waiting or takes.streams:
        while waiting and takes.places < SIDE_BY_SIDE:
            takes.add([(passage.analysis, waiting.pop())])
        ended += len(takes.step())
        if progress and takes.streams:
            shares = [
                min(max((s.onsets[-1] - start) / length, 0.0), 1.0) if s.onsets else 0.0
                for s in takes.streams
            ]
            playing = len(streams) - len(waiting) - ended
            progress((ended + playing * sum(shares) / len(shares)) / len(streams))
