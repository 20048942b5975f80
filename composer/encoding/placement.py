"""Placement: where a piece lies on the events' clock, and which part has which slot.

Conventions:
    Event ticks as in `composer.encoding.events`, a piece's own as in `composer.music.notes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    Events,
    Ticks,
    quantise,
)
from composer.encoding.part_order import part_order
from composer.errors import SeedError
from composer.music.beat_grid import BEATS, FREE, Grid
from composer.music.notes import DRUM_PROGRAM, Part, Piece
from composer.music.timing import MetreMap, TempoMap


@dataclass(frozen=True, slots=True)
class Placement:
    """How a piece's ticks and its events' ticks map to each other.

    Attributes:
        kind: "beats" or "free".
        ticks_per_beat: Resolution of the piece.
        offset: Piece ticks by which the notes lie behind the grid ("beats").
        origin: Piece tick (offset removed) or second at which event tick 0 lies.
        slots: Part index of each slot.
        joined: (part index, slot) of each part that has no slot of its own, because there are
            more parts than slots: the network hears its notes as another part's.
    """

    kind: str
    ticks_per_beat: int
    offset: int
    origin: float
    slots: tuple[int, ...]
    joined: tuple[tuple[int, int], ...] = ()

    @property
    def players(self) -> list[tuple[int, int]]:
        """(part index, slot) of every part that has notes."""
        return [*((index, slot) for slot, index in enumerate(self.slots)), *self.joined]

    def to_event(self, tick: float, tempos: TempoMap) -> float:
        """Piece tick to event tick, with its fraction. Inverse of `to_piece`."""
        if self.kind == BEATS:
            return (tick - self.offset - self.origin) * TICKS_PER_BEAT / self.ticks_per_beat
        return (tempos.seconds(tick, self.ticks_per_beat) - self.origin) * TICKS_PER_SECOND

    def to_piece(self, event_tick: float, tempos: TempoMap) -> float:
        """Event tick to piece tick, with its fraction. Inverse of `to_event`."""
        if self.kind == BEATS:
            return event_tick * self.ticks_per_beat / TICKS_PER_BEAT + self.origin + self.offset
        return tempos.tick(event_tick / TICKS_PER_SECOND + self.origin, self.ticks_per_beat)


def place(piece: Piece, grid: Grid, expected: Mapping[int, int] | None = None) -> Placement:
    """Where event tick 0 lies in a piece, and which parts get a slot.

    The 32 parts with the most notes get one, in the order of `composer.encoding.part_order`.
    Of more, each of the others joins the one of its instrument that has the most notes, or the
    one nearest in pitch among the drums or the pitched parts that it belongs to.

    Args:
        piece: With at least one note.
        grid: Where its beats lie.
        expected: Index and usual pitch of parts that have no notes yet, to be given a slot.

    Raises:
        SeedError: The piece has no notes.
    """
    expected = expected or {}
    played = [
        (index, note.pitch, note.onset, note.duration, note.velocity)
        for index, part in enumerate(piece.parts)
        for note in part.notes
    ]
    if not played:
        raise SeedError("there are no notes to go on from; give a file with at least one note")
    first = min(note[2] for note in played)
    played += [(index, pitch, 0, 0, 0) for index, pitch in expected.items()]
    table = np.array(played, dtype=np.int64)
    programs = [part.program for part in piece.parts]
    ordered = part_order(programs, table[:, 0], table[:, 1:])
    most = set(
        sorted(ordered, key=lambda index: (index not in expected, -len(piece.parts[index].notes)))[
            :SLOTS
        ]
    )
    slots = tuple(index for index in ordered if index in most)
    joined = tuple((index, _nearest(piece, index, slots)) for index in ordered if index not in most)
    if grid.kind == FREE:
        origin = piece.tempos.seconds(first, piece.ticks_per_beat)
        return Placement(FREE, piece.ticks_per_beat, 0, origin, slots, joined)
    # The bar line at or before the first onset; an onset a hair before a line is on it.
    quantum = Fraction(piece.ticks_per_beat, TICKS_PER_BEAT)
    landed = round(round(Fraction(first - grid.offset) / quantum) * quantum)
    position = piece.metres.position(landed - grid.downbeat, piece.ticks_per_beat)
    origin = position.start + grid.downbeat
    return Placement(BEATS, piece.ticks_per_beat, grid.offset, float(origin), slots, joined)


def _nearest(piece: Piece, index: int, slots: tuple[int, ...]) -> int:
    """The slot that a part joins."""
    part = piece.parts[index]

    def distance(slot: int) -> tuple[bool, bool, float]:
        other = piece.parts[slots[slot]]
        same = other.program == part.program
        drums = (other.program == DRUM_PROGRAM) == (part.program == DRUM_PROGRAM)
        apart = -len(other.notes) if same else abs(_height(other) - _height(part))
        return not same, not drums, apart

    return min(range(len(slots)), key=distance)


def _height(part: Part) -> float:
    """Mean pitch."""
    return sum(note.pitch for note in part.notes) / len(part.notes)


def encode(piece: Piece, grid: Grid) -> tuple[Events, Placement]:
    """Piece -> events, quantised.

    Args:
        piece: Any piece with at least one note.
        grid: Where its beats lie, from `composer.music.beat_grid.find_grid`.

    Returns:
        The events, and how their ticks map back to the piece's.

    Raises:
        SeedError: The piece has no notes.
    """
    placement = place(piece, grid)
    starts, lengths, table = timed_notes(piece, placement)
    metres = metres_of(piece, placement, grid)
    programs = tuple(piece.parts[index].program for index in placement.slots)
    events = quantise(
        starts, lengths, table[:, 1], table[:, 2], table[:, 4], programs, placement.kind, metres
    )
    return events, placement


def timed_notes(
    piece: Piece, placement: Placement
) -> tuple[NDArray[np.float64], NDArray[np.float64], Ticks]:
    """The notes of a piece in event ticks with their fractions.

    Returns:
        Onsets and durations in event ticks; and int64 [notes, 6]: onset in the piece's ticks,
        slot, pitch, end, velocity, index of the part.
    """
    notes = [
        (note.onset, slot, note.pitch, note.end, note.velocity, index)
        for index, slot in placement.players
        for note in piece.parts[index].notes
    ]
    table = np.array(notes, dtype=np.int64)
    onset, end = table[:, 0].astype(np.float64), table[:, 3].astype(np.float64)
    if placement.kind == BEATS:
        scale = TICKS_PER_BEAT / piece.ticks_per_beat
        return (
            (onset - placement.offset - placement.origin) * scale,
            (end - onset) * scale,
            table,
        )
    seconds = seconds_of(piece.tempos, np.stack([onset, end]), piece.ticks_per_beat)
    return (
        (seconds[0] - placement.origin) * TICKS_PER_SECOND,
        (seconds[1] - seconds[0]) * TICKS_PER_SECOND,
        table,
    )


def metres_of(piece: Piece, placement: Placement, grid: Grid) -> MetreMap:
    """The metres of a piece in event ticks; of one in free time none are counted."""
    if placement.kind == FREE:
        return MetreMap()
    return rebase_metres(piece.metres, placement.origin - grid.downbeat, piece.ticks_per_beat)


def rebase_metres(metres: MetreMap, origin: float, ticks_per_beat: int) -> MetreMap:
    """The metre map in event ticks, with `origin` (a bar line, in ticks) as tick 0.

    The first metre also holds for bars before the piece's own first tick, which an upbeat
    to a downbeat of its own may begin in.
    """
    changes = [(0, *metres.changes[0][1:])]
    for tick, numerator, denominator in metres.changes:
        at = round((tick - origin) * TICKS_PER_BEAT / ticks_per_beat)
        changes.append((max(at, 0), numerator, denominator))
    return MetreMap(tuple(changes))


def seconds_of(
    tempos: TempoMap, ticks: NDArray[np.float64], ticks_per_beat: int
) -> NDArray[np.float64]:
    """`TempoMap.seconds` for a whole array of ticks at once."""
    starts = np.array([tick for tick, _ in tempos.changes], dtype=np.float64)
    per_tick = np.array([tempo for _, tempo in tempos.changes]) / (ticks_per_beat * 1e6)
    reached = np.concatenate([[0.0], np.cumsum(np.diff(starts) * per_tick[:-1])])
    index = np.searchsorted(starts, ticks, side="right").clip(1) - 1
    return np.asarray(reached[index] + (ticks - starts[index]) * per_tick[index])
