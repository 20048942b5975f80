"""Best of N: every bar is tried several times, and the take that fits the seed best is kept.

A network that draws one note after another goes where its last notes lead, and wanders off:
out of the key, ever denser, or into a figure that it repeats for ever. A composer at a desk
tries a bar, looks at what there is so far, and tries it again. So each stream goes on in
`Settings.takes` candidates side by side, for about as many notes as the seed has to a bar. The
candidate is kept for which all music so far fits best (`composer.generation.seed_fit`), and the
next bar begins there. What is written inside a piece goes on in whole candidates, or for some bars.
That costs little: a state is a value, and thirty streams in one step of the network take much
less time than thirty steps of one.

Every candidate is drawn from the network, under the same constraints, and none is changed:
what is kept is among what the network would have played. With one take, all is as in a
`BatchDecoder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import FIELDS
from composer.generation.decoder import BatchDecoder
from composer.generation.sampling import COLDEST
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_fit import SeedFit
from composer.generation.stream import Fit, Stream
from composer.network.predictor import NoteModel

Judge = Callable[[NDArray[np.int64]], NDArray[np.float64]]

FEWEST = 6
"""Notes after which a choice is made at the earliest."""


@dataclass(eq=False)
class _Contest:
    """A stream whose bars are tried several times.

    Attributes:
        stream: Gets the notes of the candidates that are kept.
        fit: What judges them.
        notes_per_bar: Notes from one choice to the next.
        candidates: Those that are being drawn or wait for the others.
        number: Choices so far.
    """

    stream: Stream
    fit: Fit
    notes_per_bar: int
    candidates: list[Stream] = field(default_factory=list)
    number: int = 0


class BestOfN:
    """Streams that are drawn side by side, each the best of several takes, bar by bar."""

    def __init__(self, predictor: NoteModel, judge: Judge | None = None) -> None:
        """No stream yet.

        Args:
            predictor: The network.
            judge: Log p of the notes drawn last, rows int [B, 5] -> float [B]; None if
                likelihoods are not wanted.
        """
        self._decoder, self._judge = BatchDecoder(predictor), judge
        self._contests: dict[Stream, _Contest] = {}
        self._places = 0

    @property
    def streams(self) -> list[Stream]:
        """The streams that are being drawn, in order: all candidates of all."""
        return self._decoder.streams

    @property
    def clocks(self) -> list[int]:
        """Tick that the network has heard each of them up to."""
        return self._decoder.clocks

    @property
    def places(self) -> int:
        """Streams that are drawn or wait for others, all candidates counted."""
        return self._places

    def add(self, new: Iterable[tuple[SeedAnalysis, Stream]]) -> None:
        """Let streams join before the next note, each with its seed."""
        joining = []
        for analysis, stream in new:
            takes = takes_of(stream)
            self._places += takes
            if takes == 1:
                joining.append(stream)
                continue
            if stream.fit is not None:
                contest = _Contest(stream, stream.fit, stream.leg)
            else:
                seed = analysis.segment()
                per_bar = round(len(seed.rows) * seed.bar / max(seed.length, seed.bar))
                contest = _Contest(stream, SeedFit(analysis, stream), max(per_bar, FEWEST))
            joining += self._start(contest, stream)
        self._decoder.add(joining)

    def step(self) -> list[Stream]:
        """Draw one note of every candidate. Returns the streams that ended with it."""
        drawn = self._decoder.streams
        done = self._decoder.step()
        if self._judge is not None and drawn:
            # A stream that is over has drawn no note: there will be one value too many.
            rows = np.array([(stream.rows or [[0] * len(FIELDS)])[-1] for stream in drawn])
            for stream, value in zip(drawn, self._judge(rows).tolist(), strict=True):
                stream.nats.append(value)
        ended, going_on = [], []
        complete: dict[_Contest, None] = {}
        for stream in done:
            contest = self._contests.pop(stream, None)
            if contest is None:
                self._places -= 1
                ended.append(stream)
            elif all(other.done for other in contest.candidates):
                complete[contest] = None
        for contest in complete:
            best, whole = _best(contest), contest.stream
            if len(best.rows) < best.max_notes or len(best.rows) >= whole.max_notes:
                self._places -= takes_of(whole)
                _fill(whole, best)
                ended.append(whole)
            else:
                going_on += self._start(contest, best)
        self._decoder.add(going_on)
        return ended

    def _start(self, contest: _Contest, last: Stream) -> list[Stream]:
        """The candidates for the bar after what a stream or a candidate has drawn."""
        whole = contest.stream
        max_notes = min(len(last.rows) + contest.notes_per_bar, whole.max_notes)
        contest.candidates = [
            Stream(
                state=last.state if last.after is None else last.after,
                last_note=np.array(last.rows[-1], np.int64) if last.rows else whole.last_note,
                constraints=whole.constraints,
                settings=whole.settings,
                limits=whole.limits,
                variation=whole.variation,
                max_notes=max_notes,
                tracker=last.tracker,
                copied_ticks=last.copied_ticks,
                suspended=last.suspended,
                rows=list(last.rows),
                nats=list(last.nats),
                take=(contest.number, take),
                leaning=whole.leaning,
                guide=whole.guide,
                next_given=last.next_given,
                own_in_bar=last.own_in_bar,
                earlier=list(last.earlier),
                onsets=list(last.onsets),
                origins=list(last.origins),
                expected=list(last.expected),
            )
            for take in range(takes_of(whole))
        ]
        contest.number += 1
        for candidate in contest.candidates:
            self._contests[candidate] = contest
        return contest.candidates


def takes_of(stream: Stream) -> int:
    """How often each bar of a stream is tried; once if nothing is left to chance."""
    return stream.settings.takes if stream.settings.draw.temperature > COLDEST else 1


def _best(contest: _Contest) -> Stream:
    """The candidate that fits best; of equals the first."""
    misfits = contest.fit.misfits(contest.candidates)
    return contest.candidates[int(np.argmin(misfits))]


def _fill(stream: Stream, best: Stream) -> None:
    """Let a stream be the candidate that was chosen for it."""
    stream.rows, stream.nats = best.rows, best.nats
    stream.onsets, stream.origins, stream.expected = best.onsets, best.origins, best.expected
    stream.tracker, stream.suspended = best.tracker, best.suspended
    stream.copied_ticks = best.copied_ticks
    stream.after, stream.done = best.after, True
