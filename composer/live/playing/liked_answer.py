"""Liked answer: what a player's taste has to say of an answer, and what an answer was like.

Takes of an answer are weighed by what is liked beside how well they answer the phrase
(`composer.live.playing.takes`), and what is drawn leans to it (`composer.generation.leaning`).

Conventions:
    Notes are int64 [notes, 5]: onset, slot, pitch, ticks, loudness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.segment import Segment
from composer.encoding.events import DURATION, SHIFT, nearest_duration
from composer.generation.leaning import Leaning
from composer.generation.stream import Stream
from composer.live.core.improviser import GenerateRequest
from composer.live.playing.history import PlayerHistory
from composer.music.beat_grid import FREE
from composer.taste.traits import traits_of

Notes = NDArray[np.int64]

MOST_HEARD: Final = 256
"""Notes, from the last one, that count."""
TASTE: Final = 1.5
"""What a logit of being liked counts beside the misfit of an answer."""


class LikedAnswer:
    """An answer to a phrase, as far as taste is concerned."""

    def __init__(
        self, history: PlayerHistory, programs: tuple[int, ...], request: GenerateRequest
    ) -> None:
        """One that is asked for.

        Args:
            history: What was heard.
            programs: Of its slots.
            request: What is wanted.
        """
        self._history, self._programs, self._request = history, programs, request

    def lean(self, stream: Stream) -> Stream:
        """A stream that leans to what is liked."""
        taste = self._request.taste
        leaning = None if taste is None else Leaning.of(taste.preference, self._phrase())
        if leaning is None:
            return stream
        limits, settings = leaning.widened(stream.constraints), leaning.freed(stream.settings)
        return replace(stream, leaning=leaning, constraints=limits, settings=settings)

    def liking(self) -> Callable[[Notes], float] | None:
        """How much some notes are liked as this answer; None where nothing is known.

        What is thought of a taste is varied a little from answer to answer, as
        `composer.taste.preference` says; the answer's number is what it is drawn by.
        """
        taste, request = self._request.taste, self._request
        if taste is None:
            return None
        rng = np.random.default_rng((request.settings.rng_seed, request.variation))
        worth, phrase = taste.preference.varied(rng), self._phrase()

        def liked(notes: Notes) -> float:
            return TASTE * worth(traits_of(self._segment(notes, request.join), phrase))

        return liked

    def traits(self) -> NDArray[np.float64] | None:
        """Of what has been drawn; None if nothing has."""
        notes, own = self._history.last(MOST_HEARD, own=True), self._history.own(MOST_HEARD)
        drawn = notes[own & (notes[:, 0] >= self._request.join)]
        if not len(drawn):
            return None
        return traits_of(self._segment(drawn, self._request.join), self._phrase())

    def _phrase(self) -> Segment:
        heard, join = self._history.last(MOST_HEARD, own=False), self._request.join
        start = join if self._request.phrase is None else self._request.phrase
        phrase = heard[(heard[:, 0] >= start) & (heard[:, 0] < join)]
        phrase = phrase if len(phrase) else heard
        return self._segment(phrase, int(phrase[0, 0]) if len(phrase) else 0)

    def _segment(self, notes: Notes, start: int) -> Segment:
        """Notes from a tick on as what traits are counted in, from the bar line before it."""
        bar, free = self._history.bar, self._history.kind == FREE
        line = start if free else start // bar * bar
        rows = notes.copy()
        rows[:, SHIFT] = 0
        rows[:, DURATION] = nearest_duration(np.maximum(notes[:, DURATION], 1))
        end = int((notes[:, 0] + notes[:, DURATION]).max()) if len(notes) else start
        return Segment(rows, notes[:, 0] - line, self._programs, bar, free, max(end - start, 1))
