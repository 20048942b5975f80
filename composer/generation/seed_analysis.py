"""Reading: a seed as composer understood it: its grid, its key, and where it ends.

Conventions:
    Event ticks as in `composer.encoding.events`; a piece's own ticks as in `composer.music.notes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.form import plan_of
from composer.analysis.segment import Segment
from composer.encoding.events import FREE_BAR, TICKS_PER_BEAT, Events
from composer.encoding.placement import Placement, encode
from composer.music.beat_grid import FREE, Grid, find_grid
from composer.music.keys import Key, find_key
from composer.music.notes import Piece
from composer.music.ritardando import tempo_before_ritardando
from composer.music.timing import DEFAULT_TEMPO, TempoMap, bar_ticks

AUTO_TEMPO, SEED_END = "auto", "seed-end"
"""Which tempo the music goes on in; see `analyse_seed`."""

TAIL = 2
"""Event ticks by which a seed's last message may lie past a bar line and still end there."""


@dataclass(frozen=True, slots=True)
class SeedAnalysis:
    """A seed as composer understood it.

    Attributes:
        piece: The seed.
        events: What the network hears of it, with the plan of its bars.
        placement: How event ticks map to the piece's.
        grid: Where its beats lie.
        key: Its key, None without tones.
        lost: Event ticks by which the events' clock is behind the piece's, because long
            rests were shortened.
        join: Tick on the events' clock at which the continuation begins.
        seed_tempo: Microseconds per beat in force at the join by the seed's file; what the
            music goes on in stands in the piece's tempos.
    """

    piece: Piece
    events: Events
    placement: Placement
    grid: Grid
    key: Key | None
    lost: int
    join: int
    seed_tempo: int = DEFAULT_TEMPO

    @property
    def bar(self) -> int:
        """Length in event ticks of the bars of the continuation."""
        if self.events.kind == FREE:
            return FREE_BAR
        return bar_ticks(*self.events.metres.metre_at(self.join), TICKS_PER_BEAT)

    def segment(self) -> Segment:
        """Its notes, counted from the bar line at or before the first of them."""
        onsets, bar = self.events.onsets, self.bar
        # The join is a bar line: whole bars before it are too.
        start = self.join - -(-(self.join - int(onsets[0])) // bar) * bar
        return Segment(
            rows=self.events.rows.astype(np.int64),
            onsets=onsets - start,
            programs=self.events.programs,
            bar=bar,
            free=self.events.kind == FREE,
            length=self.join - start,
        )

    def bar_lines(self, bars: int) -> list[int]:
        """The piece's ticks at its first bar lines: where each of so many bars begins, and the end.

        Raises:
            ValueError: It is in free time.
        """
        if self.events.kind == FREE:
            raise ValueError("there are no bars in free time")
        lines = [0]
        for _ in range(bars):
            lines.append(lines[-1] + self.events.metres.position(lines[-1], TICKS_PER_BEAT).length)
        return [self.tick(line) for line in lines]

    def tick(self, event_tick: float) -> int:
        """The piece's tick at a tick on the events' clock."""
        return max(0, round(self.placement.to_piece(event_tick + self.lost, self.piece.tempos)))

    def ticks(self, event_ticks: NDArray[np.int64]) -> list[int]:
        """`tick` for many at once."""
        if self.placement.kind == FREE:
            return [self.tick(event_tick) for event_tick in event_ticks.tolist()]
        place = self.placement
        # In the order of `Placement.to_piece`, so that both round alike.
        exact = (event_ticks + self.lost) * place.ticks_per_beat / TICKS_PER_BEAT
        rounded = np.rint(exact + place.origin + place.offset)
        return [int(tick) for tick in np.maximum(rounded, 0).tolist()]


def analyse_seed(piece: Piece, *, grid: str = "auto", tempo: str = AUTO_TEMPO) -> SeedAnalysis:
    """Find a seed's grid and key, the place where it ends, and the tempo to go on in.

    Only what sounds counts for the join: not a controller or a lyric behind the last note.

    Args:
        piece: With at least one note.
        grid: "auto", "beats" or "free".
        tempo: "auto" goes on in the tempo before a last ritardando, "seed-end" in the
            one the seed ends in.

    Raises:
        SeedError: No notes.
    """
    found = find_grid(piece, grid)
    events, placement = encode(piece, found)
    heard = max(note.onset for index, _ in placement.players for note in piece.parts[index].notes)
    lost = max(round(placement.to_event(heard, piece.tempos)) - int(events.onsets[-1]), 0)
    end = placement.to_event(piece.end, piece.tempos) - lost
    if found.kind == FREE:
        join = int(np.ceil(end - 1e-6))
    else:
        after = max(int(np.ceil(end - TAIL - 1e-6)), int(events.onsets[-1]) + 1)
        join = events.metres.bar_line_at_or_after(after, TICKS_PER_BEAT)
        bars = events.metres.position(join, TICKS_PER_BEAT).bar
        events = replace(events, plan=plan_of(events, bars=bars, closes=False))
    analysis = SeedAnalysis(
        piece, events, placement, found, find_key(piece), lost, join, piece.tempos.changes[-1][1]
    )
    tick = analysis.tick(join)
    seed_tempo = piece.tempos.tempo_at(tick)
    after = seed_tempo
    if tempo == AUTO_TEMPO:
        after = tempo_before_ritardando(piece.tempos, piece.end, piece.ticks_per_beat)
    # Tempos behind the join belong to no sound of the seed.
    changes = (*(change for change in piece.tempos.changes if change[0] <= tick), (tick, after))
    if changes[:-1] == piece.tempos.changes and after == seed_tempo:
        return replace(analysis, seed_tempo=seed_tempo)
    ends = replace(piece, tempos=TempoMap(changes))
    return replace(analysis, piece=ends, seed_tempo=seed_tempo)
