"""Sources: whatever makes second halves for a comparison.

A network or what stands in its place (`composer.network.predictor.NoteModel`), with composer's
guidance or without it; the seed's own last bars once more; and the second half that really
follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import RepetitionLimits
from composer.analysis.segment import Segment
from composer.encoding.events import LONGEST, SHIFT, SHIFT_TICKS, SLOTS
from composer.evaluation.split_piece import SecondHalf, SplitPiece
from composer.generation.best_of_n import BestOfN
from composer.generation.constraints import Constraints
from composer.generation.generate import make_streams, seed_state
from composer.generation.limits import Density, PartLimits, Span
from composer.generation.seed_plan import planner_of
from composer.generation.settings import Settings
from composer.generation.stream import Stream, segment_of
from composer.network.predictor import NoteModel
from composer.network.state import State
from composer.terminal import Advance

BATCH_SIZE = 64
"""Streams in a step of the network, all takes counted."""
MOST_NOTES_PER_TICK = 2
"""An unguided stream ends after so many notes for each tick of the second half."""
_UNBOUNDED = 10_000
"""More bars, or onsets, than any piece has."""


def continuations(
    predictor: NoteModel,
    pieces: Sequence[SplitPiece],
    settings: Settings,
    count: int | None = None,
    progress: Advance | None = None,
    *,
    unguided: bool = False,
) -> list[SecondHalf]:
    """Second halves by a model, each as long as the true one.

    Args:
        predictor: The network, or what stands in its place.
        pieces: From `split_piece`.
        settings: Of the continuations; their length is ignored.
        count: Continuations in all, going round the pieces; None makes one of each piece.
        progress: Called with the number of finished continuations and of all.
        unguided: Without composer's guidance: one take, drawn from the unchanged distribution,
            any note of the seed's parts at any time. Of the settings, only `rng_seed` counts.
    """
    total = len(pieces) if count is None else count
    decoder, planner = BestOfN(predictor), planner_of(predictor)
    number_of: dict[Stream, int] = {}
    made: dict[int, SecondHalf] = {}
    waiting = list(range(total))[::-1]
    while waiting or decoder.streams:
        while waiting and decoder.places < BATCH_SIZE:
            number = waiting.pop()
            index = number % len(pieces)
            piece = pieces[index]
            wanted = replace(settings, bars=piece.bars, seconds=None, notes=None)
            state = seed_state(piece.analysis, predictor)
            variation = number // len(pieces)
            if unguided:
                stream = _unguided(piece, state, settings.rng_seed, variation)
            else:
                (stream,) = make_streams(piece.analysis, state, wanted, [variation], planner)
            number_of[stream] = number
            decoder.add([(piece.analysis, stream)])
        for stream in decoder.step():
            number = number_of.pop(stream)
            index = number % len(pieces)
            made[number] = SecondHalf(index, segment_of(pieces[index].analysis, stream))
            if progress:
                progress(len(made), total)
    return [made[number] for number in range(total)]


def _unguided(piece: SplitPiece, state: State, rng_seed: int, variation: int) -> Stream:
    """An unguided continuation before its first note."""
    analysis = piece.analysis
    parts = np.arange(SLOTS) < len(analysis.events.programs)
    end = analysis.join + piece.bars * analysis.bar
    constraints = Constraints.of(
        Span(earliest=analysis.join, latest_first=end, end=end, longest=LONGEST),
        Density(per_bar=MOST_NOTES_PER_TICK * analysis.bar),
        replace(PartLimits.none(), parts=parts),
    )
    settings = Settings(temperature=1.0, top_p=1.0, min_p=0.0, recall=_UNBOUNDED, rng_seed=rng_seed)
    before = analysis.events.rows[-1].astype(np.int64)
    most = MOST_NOTES_PER_TICK * (end - analysis.join)
    return Stream(
        state=state,
        last_note=before,
        constraints=constraints,
        settings=settings,
        limits=RepetitionLimits(_UNBOUNDED, _UNBOUNDED),
        variation=variation,
        max_notes=most,
    )


def true_halves(pieces: Sequence[SplitPiece]) -> list[SecondHalf]:
    """The second halves that really follow."""
    return [SecondHalf(index, piece.second_half) for index, piece in enumerate(pieces)]


def seed_again(pieces: Sequence[SplitPiece]) -> list[SecondHalf]:
    """The last bars of each seed once more, as many as the second half has."""
    made = []
    for index, piece in enumerate(pieces):
        seed, length = piece.seed, piece.second_half.length
        start = max(seed.length - length, 0)
        rows, onsets = [], []
        for offset in range(0, length, seed.length - start):
            inside = seed.onsets >= start
            onsets.append(seed.onsets[inside] - start + offset)
            rows.append(seed.rows[inside])
        tick, row = np.concatenate(onsets), np.concatenate(rows)
        kept = tick < length
        segment = with_notes(seed, row[kept], tick[kept], length)
        made.append(SecondHalf(index, segment))
    return made


def with_notes(
    like: Segment, rows: NDArray[np.int64], onsets: NDArray[np.int64], length: int
) -> Segment:
    """A segment with the parts and bars of another one.

    Args:
        like: The other one.
        rows: int [notes, 5]; their shifts are set to fit the onsets.
        onsets: int [notes], event ticks.
        length: In event ticks.
    """
    rows = rows.copy()
    gaps = np.diff(onsets, prepend=0)
    rows[:, SHIFT] = np.minimum(np.searchsorted(SHIFT_TICKS, gaps), len(SHIFT_TICKS) - 1)
    return Segment(rows, onsets, like.programs, like.bar, like.free, length)
