"""Split piece: the first half of a piece as a seed, and the second half that really follows.

Conventions:
    Event ticks as in `composer.encoding.events`. A second half counts them from the cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.form import plan_of
from composer.analysis.segment import Segment
from composer.encoding.events import (
    FREE_BAR,
    PART,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    Events,
    decode,
    encode,
    seconds_of,
)
from composer.evaluation.evaluate import EncodedPiece
from composer.generation.seed_analysis import SeedAnalysis
from composer.music.beat_grid import FREE, Grid
from composer.music.keys import find_key
from composer.music.timing import TempoMap

FEWEST_BARS = 4
"""Bars of a half at least."""
FEWEST_NOTES = 16
"""Notes of a half at least."""


@dataclass(frozen=True, slots=True)
class SplitPiece:
    """A piece cut in two.

    Attributes:
        name: As in `composer.evaluation.evaluate.EncodedPiece`; so are corpus and dynamics.
        analysis: Of the first half, as a seed.
        seed: Its notes.
        second_half: The notes that really follow.
        cut: Event tick of the piece at which the second half begins.
        tempos: Of the piece, in event ticks.
    """

    name: str
    corpus: str
    dynamics: bool
    analysis: SeedAnalysis
    seed: Segment
    second_half: Segment
    cut: int
    tempos: TempoMap

    @property
    def bars(self) -> int:
        """Of the second half."""
        return -(-self.second_half.length // self.second_half.bar)

    def seconds(self, ticks: NDArray[np.integer]) -> NDArray[np.float64]:
        """Event ticks from the cut -> seconds from the cut."""
        if self.second_half.free:
            return np.asarray(ticks / TICKS_PER_SECOND)
        start = self.tempos.seconds(self.cut, TICKS_PER_BEAT)
        return seconds_of(self.tempos, np.asarray(ticks + self.cut, float), TICKS_PER_BEAT) - start

    def ticks(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds from the cut -> event ticks from the cut, with their fraction."""
        if self.second_half.free:
            return np.asarray(seconds * TICKS_PER_SECOND)
        start = self.tempos.seconds(self.cut, TICKS_PER_BEAT)
        ticks = [self.tempos.tick(float(second) + start, TICKS_PER_BEAT) for second in seconds]
        return np.array(ticks) - self.cut


@dataclass(frozen=True, slots=True)
class SecondHalf:
    """A second half by some source.

    Attributes:
        index: Of the piece in the list of pieces.
        segment: Its notes.
    """

    index: int
    segment: Segment


def split_piece(encoded: EncodedPiece, most_bars: int | None = None) -> SplitPiece | None:
    """Cut a piece at the bar line at or after its middle.

    Args:
        encoded: The piece.
        most_bars: Bars that are kept of the second half at most; None keeps all.

    Returns:
        None if either half is too short.
    """
    events = encoded.events
    onsets = events.onsets
    if len(onsets) < 2 * FEWEST_NOTES:
        return None
    middle = (int(onsets[-1]) + 1) // 2
    if events.kind == FREE:
        cut, bar = -(-middle // FREE_BAR) * FREE_BAR, FREE_BAR
    else:
        cut = events.metres.bar_line_at_or_after(middle, TICKS_PER_BEAT)
        bar = events.metres.position(cut, TICKS_PER_BEAT).length
    split = int(np.searchsorted(onsets, cut))
    stop = len(onsets) if most_bars is None else int(np.searchsorted(onsets, cut + most_bars * bar))
    if min(split, stop - split) < FEWEST_NOTES or cut < FEWEST_BARS * bar:
        return None
    bars = int(onsets[stop - 1] - cut) // bar + 1
    if bars < FEWEST_BARS:
        return None
    rows = events.rows.astype(np.int64)
    second_half = Segment(
        rows[split:stop], onsets[split:stop] - cut, events.programs, bar,
        events.kind == FREE, bars * bar,
    )  # fmt: skip
    analysis = _analyse_start(events, split, cut)
    return SplitPiece(
        encoded.name, encoded.corpus, encoded.dynamics, analysis, analysis.segment(), second_half,
        cut, _event_tempos(encoded),
    )  # fmt: skip


def _event_tempos(encoded: EncodedPiece) -> TempoMap:
    """The tempo of a piece in event ticks, but for rests that its events shorten."""
    tempos = encoded.piece.tempos
    if encoded.events.kind == FREE:
        return TempoMap()
    changes = [
        (max(round(encoded.placement.to_event(tick, tempos)), 0), tempo)
        for tick, tempo in tempos.changes
    ]
    return TempoMap(tuple(changes))


def _analyse_start(events: Events, split: int, cut: int) -> SeedAnalysis:
    """The first notes of a piece as a seed that ends at a tick, on the piece's own grid.

    Parts without a note before that tick are left out, as a seed in a file would lack them.
    """
    rows = events.rows[:split]
    slots = np.unique(rows[:, PART])
    renumbered = rows.copy()
    renumbered[:, PART] = np.searchsorted(slots, rows[:, PART])
    programs = tuple(events.programs[slot] for slot in slots.tolist())
    piece = decode(Events(renumbered, programs, events.kind, events.metres))
    grid = Grid(events.kind, share=1.0)
    encoded_seed, placement = encode(piece, grid)
    # Encoding counts from the bar line before the first note; nothing is shortened there.
    behind = cut - int(events.onsets[split - 1] - encoded_seed.onsets[-1])
    if encoded_seed.kind != FREE:
        bars = encoded_seed.metres.position(behind, TICKS_PER_BEAT).bar
        plan = plan_of(encoded_seed, bars=bars, closes=False)
        encoded_seed = replace(encoded_seed, plan=plan)
    return SeedAnalysis(piece, encoded_seed, placement, grid, find_key(piece), 0, behind)
