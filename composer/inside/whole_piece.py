"""Whole piece: all of a piece on the events' clock, so that something can be written inside it.

What a seed is heard as may have lost bars of long rests (`composer.encoding.placement`); here
every note is where it is, and every bar that people count is there.

Conventions:
    Ticks are event ticks unless they are said to be the piece's. Bars are counted from 0 from the
    bar in which the first note falls, and from 1 from the beginning of the file where people
    name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    FREE_BAR,
    PART,
    SHIFT,
    TICKS_PER_BEAT,
    Events,
    nearest_duration,
    quantise,
)
from composer.encoding.given import Given, Opening
from composer.encoding.placement import Placement, metres_of, place, timed_notes
from composer.errors import SettingError
from composer.generation.seed_analysis import TAIL
from composer.music.beat_grid import FREE, Grid, find_grid
from composer.music.keys import Key, find_key
from composer.music.notes import Note, Piece
from composer.music.timing import MetreMap, bar_ticks

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WholePiece:
    """A piece on the events' clock.

    Attributes:
        piece: The music; parts that are to be added have no notes.
        grid: Where its beats lie.
        placement: How event ticks map to the piece's.
        key: Its key, None without tones.
        notes: int64 [notes, 5], in order: onset, slot, pitch, duration and velocity class.
        metres: Over event ticks.
        bars: Bars up to the end of its last note.
        first_bar: What people call the first of them.
    """

    piece: Piece
    grid: Grid
    placement: Placement
    key: Key | None
    notes: Ints
    metres: MetreMap
    bars: int
    first_bar: int
    _onsets: Ints
    _played: Ints

    @classmethod
    def of(
        cls, piece: Piece, *, grid: str | Grid = "auto", expected: Mapping[int, int] | None = None
    ) -> WholePiece:
        """Read a piece.

        Args:
            piece: With at least one note.
            grid: Where its beats lie; or "auto", "beats" or "free".
            expected: Index and usual pitch of parts without notes.

        Raises:
            SeedError: No notes.
        """
        found = find_grid(piece, grid) if isinstance(grid, str) else grid
        placement = place(piece, found, expected)
        starts, lengths, played = timed_notes(piece, placement)
        onsets = np.maximum(np.round(starts), 0).astype(np.int64)
        durations = nearest_duration(np.maximum(lengths, 1.0))
        # Of notes that fall on one onset, slot and pitch the longest is kept, as in events.
        table = np.stack(
            [onsets, played[:, 1], played[:, 2], -durations, played[:, 4] // 4], axis=1
        )
        table = table[np.lexsort(table.T[::-1])]
        table = table[np.append(True, (table[1:, :3] != table[:-1, :3]).any(axis=1))]
        table[:, DURATION] *= -1
        metres = metres_of(piece, placement, found)
        end = placement.to_event(piece.end, piece.tempos)
        last = max(int(np.ceil(end - TAIL - 1e-6)), int(onsets.max()) + 1)
        if found.kind == FREE:
            bars, first = -(-last // FREE_BAR), 1
        else:
            position = metres.position(last, TICKS_PER_BEAT)
            bars = position.bar + (position.tick > 0)
            origin = round(placement.origin - found.downbeat)
            first = piece.metres.position(origin, piece.ticks_per_beat).bar + 1
        return cls(
            piece, found, placement, find_key(piece), table, metres, bars, first, onsets, played
        )

    @property
    def kind(self) -> str:
        """Either "beats" or "free"."""
        return self.grid.kind

    @property
    def programs(self) -> tuple[int, ...]:
        """Of each slot."""
        return tuple(self.piece.parts[index].program for index in self.placement.slots)

    def line(self, bar: int) -> int:
        """The tick at which a bar begins, counted from 0."""
        if self.kind == FREE:
            return bar * FREE_BAR
        tick = 0
        for start, numerator, denominator in self.metres.changes:
            here = self.metres.position(start, TICKS_PER_BEAT)
            if here.bar > bar:
                break
            length = MetreMap(((0, numerator, denominator),)).position(0, TICKS_PER_BEAT).length
            tick = start + (bar - here.bar) * length
        return tick

    def lines(self, opening: Opening) -> list[int]:
        """The ticks at which the bars of an opening begin, the first of them at its start."""
        found = [opening.start]
        while found[-1] + self.bar_at(found[-1]) < opening.end:
            found.append(found[-1] + self.bar_at(found[-1]))
        return found

    def bar_at(self, tick: int) -> int:
        """Length of the bar that a tick lies in."""
        if self.kind == FREE:
            return FREE_BAR
        return bar_ticks(*self.metres.metre_at(tick), TICKS_PER_BEAT)

    def opening(self, bars: tuple[int, int] | None, slots: Iterable[int]) -> Opening:
        """Some bars of some parts.

        Args:
            bars: First and last as people count them; None for all.
            slots: Of the parts.

        Raises:
            SettingError: There are no such bars.
        """
        last_bar = self.first_bar + self.bars - 1
        first, last = bars or (self.first_bar, last_bar)
        if first < self.first_bar or last > last_bar:
            named = f"no bar {first}" if first == last else f"not all of bars {first}-{last}"
            here = f"bars {self.first_bar}-{last_bar}" if self.bars > 1 else f"bar {last_bar}"
            what = " of two seconds" if self.kind == FREE else ""
            raise SettingError(f"there is {named}: the music has {here}{what}")
        start, end = self.line(first - self.first_bar), self.line(last + 1 - self.first_bar)
        return Opening(start, end, frozenset(slots))

    def ring(self, opening: Opening) -> int:
        """Ticks for which notes may sound beyond the end of an opening: a bar, if there is one."""
        return max(min(self.bar_at(opening.end), self.line(self.bars) - opening.end), 0)

    def around(self, opening: Opening) -> Given:
        """Its notes outside of an opening."""
        inside = Given.of(self.notes[:0], [opening]).may_play(
            self.notes[:, SHIFT], self.notes[:, PART]
        )
        return Given.of(self.notes[~inside], [opening])

    def sources(self, notes: Ints) -> list[tuple[int, Note]]:
        """(part index, note) of the piece's own notes that some of `notes` stand for."""
        wanted = {tuple(row) for row in notes[:, :DURATION].tolist()}
        return [
            (index, Note(onset, pitch, end - onset, velocity))
            for tick, (onset, slot, pitch, end, velocity, index) in zip(
                self._onsets.tolist(), self._played.tolist(), strict=True
            )
            if (tick, slot, pitch) in wanted
        ]

    def events(self, notes: Ints | None = None) -> Events:
        """Some of its notes, or all, as the network hears them: rests may be shorter.

        The metres are those of the whole piece, which fit wherever no rest was shortened.
        """
        table = self.notes if notes is None else notes
        made = quantise(
            table[:, SHIFT].astype(np.float64),
            DURATION_TICKS[table[:, DURATION]].astype(np.float64),
            table[:, PART],
            table[:, 2],
            table[:, 4] * 4,
            self.programs,
            self.kind,
            self.metres,
        )
        return Events(made.rows, made.programs, made.kind, self.metres)
