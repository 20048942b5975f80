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
)
from composer.encoding.placement import encode, seconds_of
from composer.evaluation.evaluate import EncodedPiece
from composer.evaluation.form_figures import ends_on_tonic
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
        second_half: The notes that really follow; parts of the seed have the seed's slots, and
            those that the seed does not have come behind them.
        cut: Event tick of the piece at which the second half begins.
        tempos: Of the piece, in event ticks.
        closes_on_tonic: Whether the bass of the whole piece ends on the tonic of its key, 0 or
            1; NaN where it has no tones or is in free time.
    """

    name: str
    corpus: str
    dynamics: bool
    analysis: SeedAnalysis
    seed: Segment
    second_half: Segment
    cut: int
    tempos: TempoMap
    closes_on_tonic: float = float("nan")

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


def split_piece(
    encoded: EncodedPiece, most_bars: int | None = None, seed_bars: int | None = None
) -> SplitPiece | None:
    """Cut a piece at the bar line at or after its middle.

    Args:
        encoded: The piece.
        most_bars: Bars that are kept of the second half at most; None keeps all.
        seed_bars: Last bars of the first half that are the seed, at most; None takes all.

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
    first = 0 if seed_bars is None else int(np.searchsorted(onsets, cut - seed_bars * bar))
    if min(split - first, stop - split) < FEWEST_NOTES or cut < FEWEST_BARS * bar:
        return None
    bars = int(onsets[stop - 1] - cut) // bar + 1
    if bars < FEWEST_BARS:
        return None
    analysis, slots = _analyse_start(events, first, split, cut)
    rows = events.rows[split:stop].astype(np.int64)
    order = [*slots, *(slot for slot in range(len(events.programs)) if slot not in slots)]
    rows[:, PART] = np.argsort(order)[rows[:, PART]]
    second_half = Segment(
        rows, onsets[split:stop] - cut, tuple(events.programs[slot] for slot in order), bar,
        events.kind == FREE, bars * bar,
    )  # fmt: skip
    return SplitPiece(
        encoded.name, encoded.corpus, encoded.dynamics, analysis, analysis.segment(), second_half,
        cut, _event_tempos(encoded), _closes_on_tonic(encoded),
    )  # fmt: skip


def _closes_on_tonic(encoded: EncodedPiece) -> float:
    events = encoded.events
    if events.kind == FREE:
        return float("nan")
    onsets = events.onsets
    whole = Segment(
        events.rows.astype(np.int64), onsets, events.programs, 1, False, int(onsets[-1]) + 1
    )
    return ends_on_tonic(whole, find_key(encoded.piece))


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


def _analyse_start(
    events: Events, first: int, split: int, cut: int
) -> tuple[SeedAnalysis, list[int]]:
    """Notes of a piece as a seed that ends at a tick, on the piece's own grid.

    Parts without a note among them are left out, as a seed in a file would lack them.

    Args:
        events: The piece.
        first: The seed's first note.
        split: The first one behind it.
        cut: Event tick at which the seed ends.

    Returns:
        The analysis, and which slot of the piece each slot of the seed was.
    """
    rows = events.rows[:split]
    slots = np.unique(rows[first:, PART])
    # Decoded from the beginning, so that onsets count from there; then what lies before is cut.
    whole = decode(Events(rows, events.programs, events.kind, events.metres))
    start = int(events.onsets[first])
    parts = (
        replace(part, notes=tuple(note for note in part.notes if note.onset >= start))
        for part in (whole.parts[slot] for slot in slots)
    )
    piece = replace(whole, parts=tuple(parts))
    grid = Grid(events.kind, share=1.0)
    encoded_seed, placement = encode(piece, grid)
    # Encoding counts from the bar line before the first note; nothing is shortened there.
    behind = cut - int(events.onsets[split - 1] - encoded_seed.onsets[-1])
    if encoded_seed.kind != FREE:
        bars = encoded_seed.metres.position(behind, TICKS_PER_BEAT).bar
        plan = plan_of(encoded_seed, bars=bars, closes=False)
        encoded_seed = replace(encoded_seed, plan=plan)
    analysis = SeedAnalysis(piece, encoded_seed, placement, grid, find_key(piece), 0, behind)
    return analysis, [int(slots[part]) for part in placement.slots]
