"""The axis of time of a piano roll: which ticks it shows, and where its bar lines are."""

from __future__ import annotations

from dataclasses import dataclass

from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import Piece

MOST_SEED = 2.0
"""A seed is shown from its end back, at most this many times as long as its continuation."""

LEAST_SEED = 32
"""Beats of a seed that are shown in any case, however short the continuation."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Ticks to places across the picture.

    Attributes:
        piece: The music, whose tempo and metre hold.
        grid: Where its beats lie.
        first: First tick shown.
        last: Last tick shown.
    """

    piece: Piece
    grid: Grid
    first: int
    last: int

    def at(self, tick: float) -> float:
        """The place of a tick: the tick itself where there are bars, else seconds."""
        if self.grid.kind == BEATS:
            return tick
        return self.piece.tempos.seconds(tick, self.piece.ticks_per_beat)

    def bars(self) -> list[tuple[int, int]]:
        """(tick, number) of each bar line shown; bars are counted from 1."""
        moved = self.grid.offset + self.grid.downbeat
        lines: list[tuple[int, int]] = []
        tick = max(self.first - moved, 0)
        while True:
            tick = self.piece.metres.bar_line_at_or_after(tick, self.piece.ticks_per_beat)
            if tick + moved > self.last:
                return lines
            bar = self.piece.metres.position(tick, self.piece.ticks_per_beat).bar
            lines.append((tick + moved, bar + 1))
            tick += 1


def first_shown(seed: Piece, grid: Grid, join: int, last: int) -> int:
    """The tick from which a seed is shown: a bar line, or its first note.

    Args:
        seed: The music before the join.
        grid: Where its beats lie.
        join: Tick at which the continuation begins.
        last: Last tick shown.
    """
    beat = seed.ticks_per_beat
    wanted = join - max(int(MOST_SEED * (last - join)), LEAST_SEED * beat)
    onset = min((note.onset for _, note in seed.notes()), default=0)
    wanted = max(wanted, onset, 0)
    if grid.kind != BEATS:
        return wanted
    moved = grid.offset + grid.downbeat
    return max(seed.metres.position(max(wanted - moved, 0), beat).start + moved, 0)
