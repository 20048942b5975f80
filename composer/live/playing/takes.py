"""Takes: several ways to play one answer, of which the one that fits best is played.

They are drawn side by side while nobody waits for the first note. Each is judged when it is
complete; when the first note is needed, the best of those that are is played, or the first one.

This is where an answer is chosen: what else shall count goes into the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from composer.analysis.answer_fit import AnswerFit
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
)
from composer.generation.stream import Stream
from composer.live.core.improviser import GenerateRequest
from composer.live.playing.history import PlayerHistory
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM

MOST_HEARD = 256
"""Notes of a phrase, from its end, that count."""

Judge = Callable[[NDArray[np.int64]], float]
"""What speaks against an answer: rows int64 [notes, 5], onset, slot, pitch, ticks, loudness."""


def answer_fit(
    history: PlayerHistory, programs: tuple[int, ...], request: GenerateRequest
) -> AnswerFit:
    """What the takes of an answer are held against: the phrase.

    Args:
        history: What was heard.
        programs: Of its slots.
        request: What is wanted.
    """
    since = request.join if request.phrase is None else request.phrase
    heard = history.last(MOST_HEARD, own=False)
    phrase = heard[heard[:, 0] >= since]
    drums = frozenset(slot for slot, program in enumerate(programs) if program == DRUM_PROGRAM)
    free = history.kind == FREE
    beat = TICKS_PER_SECOND if free else TICKS_PER_BEAT
    return AnswerFit(phrase if len(phrase) else heard, drums, beat, free)


class Takes:
    """The takes of one answer."""

    def __init__(self, streams: Sequence[Stream], judge: Judge) -> None:
        """Nothing is drawn yet."""
        self._streams, self._judge = streams, judge
        self._misfits: dict[Stream, float] = {}

    def __contains__(self, stream: object) -> bool:
        """Whether a stream is one of them."""
        return stream in self._streams

    def complete(self, stream: Stream) -> bool:
        """One of them is complete. Returns whether all are."""
        self._misfits[stream] = self._judge(notes_of(stream))
        return len(self._misfits) == len(self._streams)

    def best(self) -> Stream:
        """The one that fits best, of those that are complete; the first if none is."""
        return min(self._misfits or self._streams[:1], key=lambda one: self._misfits.get(one, 0.0))


def notes_of(stream: Stream) -> NDArray[np.int64]:
    """What a stream has drawn: onset, slot, pitch, ticks, loudness, [notes, 5]."""
    rows = stream.events().astype(np.int64)
    rows[:, SHIFT] = int(stream.state.context.clock[0]) + np.cumsum(SHIFT_TICKS[rows[:, SHIFT]])
    rows[:, DURATION] = DURATION_TICKS[rows[:, DURATION]]
    return rows
