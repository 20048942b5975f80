"""Takes: every bar is tried in several ways, and the way that fits the seed best is kept.

A network that draws one note after another goes where its last notes lead, and wanders off:
out of the key, denser and denser, into a figure of which it does not find out again. Someone
who writes music down tries a bar, looks at what there is so far, and tries it again. So each
stream goes on in `Settings.takes` ways side by side, for about as many notes as the seed has
to a bar; of these the one is kept for which all that was made so far fits the seed best
(`composer.analysis.seed_distance`), and the next bar begins there. That costs little, because a
state is a value, and thirty streams in one step of the network are not thirty times the work of
one.

Every take is drawn from the network, by the same rules, and none is changed: what is chosen
is among what it would have played. With one take, everything is as in an `BatchDecoder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from composer.analysis.seed_distance import SeedDistance
from composer.encoding.events import FIELDS
from composer.generation.decoder import BatchDecoder
from composer.generation.sampling import COLDEST
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.stream import Stream, segment_so_far
from composer.network.predictor import NoteModel

Judge = Callable[[NDArray[np.int64]], NDArray[np.float64]]

FEWEST = 6
"""Notes after which a choice is made at the earliest."""


@dataclass(eq=False)
class _Choice:
    """A stream whose bars are tried in several ways.

    Attributes:
        stream: What is to be filled with the ways chosen.
        reading: Of its seed.
        fit: The same, to hold what is made against.
        notes: From one choice to the next.
        ways: Those being drawn or waiting for the others.
        number: Choices made so far.
    """

    stream: Stream
    reading: SeedAnalysis
    fit: SeedDistance
    notes: int
    ways: list[Stream] = field(default_factory=list)
    number: int = 0


class BestOfN:
    """Streams that play side by side, each the best of several takes, bar by bar."""

    def __init__(self, predictor: NoteModel, judge: Judge | None = None) -> None:
        """Nobody plays yet.

        Args:
            predictor: The network.
            judge: Log p of the notes drawn last, rows int [B, 5] -> float [B]; None if
                nobody wants to know.
        """
        self._ensemble, self._judge = BatchDecoder(predictor), judge
        self._choices: dict[Stream, _Choice] = {}
        self._places = 0

    @property
    def streams(self) -> list[Stream]:
        """The streams that are being drawn, in order: all takes of all."""
        return self._ensemble.streams

    @property
    def places(self) -> int:
        """Streams that are drawn or wait for others, all takes counted."""
        return self._places

    def add(self, new: Iterable[tuple[SeedAnalysis, Stream]]) -> None:
        """Let streams join before the next note, each with its seed."""
        joining = []
        for reading, stream in new:
            takes = takes_of(stream)
            self._places += takes
            if takes == 1:
                joining.append(stream)
                continue
            seed = reading.segment()
            per_bar = len(seed.rows) * seed.bar / max(seed.length, seed.bar)
            choice = _Choice(stream, reading, SeedDistance(seed), max(round(per_bar), FEWEST))
            joining += self._ways(choice, stream)
        self._ensemble.add(joining)

    def play(self) -> list[Stream]:
        """Draw one note of every take of every stream. Returns the streams that ended with it."""
        drawn = self._ensemble.streams
        done = self._ensemble.play()
        if self._judge is not None and drawn:
            # A stream that is over has drawn no note: there will be one value too many.
            rows = np.array([(stream.rows or [[0] * len(FIELDS)])[-1] for stream in drawn])
            for stream, value in zip(drawn, self._judge(rows).tolist(), strict=True):
                stream.nats.append(value)
        ended, going_on = [], []
        made: dict[_Choice, None] = {}
        for way in done:
            choice = self._choices.pop(way, None)
            if choice is None:
                self._places -= 1
                ended.append(way)
            elif all(other.done for other in choice.ways):
                made[choice] = None
        for choice in made:
            best, whole = self._best(choice), choice.stream
            if len(best.rows) < best.most or len(best.rows) >= whole.most:
                self._places -= takes_of(whole)
                _fill(whole, best)
                ended.append(whole)
            else:
                going_on += self._ways(choice, best)
        self._ensemble.add(going_on)
        return ended

    def _ways(self, choice: _Choice, last: Stream) -> list[Stream]:
        """The ways to go on from where a stream or a way ended."""
        whole = choice.stream
        before = np.array(last.rows[-1], dtype=np.int64) if last.rows else whole.before
        state = last.state if last.after is None else last.after
        most = min(len(last.rows) + choice.notes, whole.most)
        choice.ways = [
            Stream(
                state, before, whole.rules, whole.settings, whole.habits, whole.variation, most,
                last.ear, last.copied, last.resting, list(last.rows), list(last.nats),
                take=(choice.number, take),
            )
            for take in range(takes_of(whole))
        ]  # fmt: skip
        choice.number += 1
        for way in choice.ways:
            self._choices[way] = choice
        return choice.ways

    def _best(self, choice: _Choice) -> Stream:
        """The way that fits best; of equals the first."""
        whole = choice.stream
        clock = int(whole.state.context.clock[0])
        misfits = []
        for way in choice.ways:
            # What has come to its end is as long as it was to be, else as its last onset.
            end = int(whole.rules.end[0]) if len(way.rows) < way.most else None
            misfits.append(choice.fit.misfit(segment_so_far(choice.reading, way, clock, end)))
        return choice.ways[int(np.argmin(misfits))]


def takes_of(stream: Stream) -> int:
    """How often each bar of a stream is tried; once if nothing is left to chance."""
    return stream.settings.takes if stream.settings.draw.temperature > COLDEST else 1


def _fill(stream: Stream, best: Stream) -> None:
    """Let a stream be what was chosen for it."""
    stream.rows, stream.nats = best.rows, best.nats
    stream.ear, stream.copied, stream.resting = best.ear, best.copied, best.resting
    stream.after, stream.done = best.after, True
