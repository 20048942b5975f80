"""Events: the music as the network sees it, one note to one step.

A note is one row of five classes, in the order in which they are predicted:

    shift      ticks since the previous note's onset: 0..96 exactly, then every 12
               up to 384; one more class, END, closes the piece
    part       slot 0..31 of the part that plays (`composer.encoding.part_order`)
    pitch      MIDI note number (a drum key in a drum part)
    duration   1..24 ticks exactly, then in steps of 2, 3, 6 and 24 up to 384
    velocity   MIDI velocity // 4

Conventions:
    An *event tick* is 1/24 of a quarter note when the grid is "beats" and 10 ms when
    it is "free". Event tick 0 is a bar line ("beats") or the first onset ("free").
    Slots follow from what the parts play (`composer.encoding.part_order`), rows are sorted by
    (onset, slot, pitch) and hold no note twice: such a sequence is *canonical*, and for it
    events -> Piece -> events is the identity.
    Arrays are NumPy, class indices int16, rows along axis 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from composer.encoding.part_order import part_order
from composer.errors import SeedError
from composer.music.beat_grid import BEATS, FREE, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.plan import Plan
from composer.music.timing import MetreMap, TempoMap, bar_ticks

Rows = NDArray[np.int16]
Ticks = NDArray[np.int64]
BarNote = tuple[int, int, int, int, int]

TICKS_PER_BEAT = 24
"""Event ticks to the quarter note on a beat grid."""
TICKS_PER_SECOND = 100
"""Event ticks to the second in free time."""
FREE_BAR = 2 * TICKS_PER_SECOND
"""Event ticks that stand for a bar in free time."""
UNLIMITED = 1 << 40
"""More ticks, or notes, than any piece has."""

FIELDS = ("shift", "part", "pitch", "duration", "velocity")
SHIFT, PART, PITCH, DURATION, VELOCITY = range(5)

SHIFT_TICKS = np.concatenate([np.arange(97), np.arange(108, 385, 12)]).astype(np.int64)
DURATION_TICKS = np.concatenate(
    [
        np.arange(1, 25),
        np.arange(26, 49, 2),
        np.arange(51, 97, 3),
        np.arange(102, 193, 6),
        np.arange(216, 385, 24),
    ]
).astype(np.int64)
END = len(SHIFT_TICKS)
"""The shift class that closes a piece."""
SLOTS = 32
"""Parts at most."""
SIZES = (END + 1, SLOTS, 128, len(DURATION_TICKS), 32)
"""Number of classes of each field, in the order of `FIELDS`."""
LONGEST = int(SHIFT_TICKS[-1])

# The class an input has where a declaration step has no value: one past the last.
NO_SHIFT, NO_PITCH, NO_DURATION, NO_VELOCITY = SIZES[0], SIZES[2], SIZES[3], SIZES[4]


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """A piece as the network reads it.

    Attributes:
        rows: int16 [notes, 5], canonical, classes as in `FIELDS`, without END.
        programs: Program of each slot, at most 32, `DRUM_PROGRAM` for drums.
        kind: "beats" or "free".
        metres: Metre over event ticks; only counted when `kind` is "beats".
        plan: Of its form, bars counted as `metres` has them; None where there is none, and
            in free time.
        ahead: Notes that are given in bars to come, by the number of their bar, for a plan that
            refers to them: (ticks from the bar line, slot, pitch, duration, velocity), the last
            two in classes.
    """

    rows: Rows
    programs: tuple[int, ...]
    kind: str = BEATS
    metres: MetreMap = MetreMap()
    plan: Plan | None = None
    ahead: Mapping[int, Sequence[BarNote]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.shape[1] != len(FIELDS):
            raise ValueError(f"rows have shape {self.rows.shape}, must be [notes, 5]")
        if not 1 <= len(self.programs) <= SLOTS:
            raise ValueError(f"{len(self.programs)} parts, must be 1..{SLOTS}")
        if self.kind not in (BEATS, FREE):
            raise ValueError(f"kind is {self.kind!r}, must be {BEATS!r} or {FREE!r}")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Events)
            and self.programs == other.programs
            and self.kind == other.kind
            and self.metres == other.metres
            and self.plan == other.plan
            and self.ahead == other.ahead
            and np.array_equal(self.rows, other.rows)
        )

    @property
    def onsets(self) -> Ticks:
        """Onset of each note in event ticks, int64 [notes]."""
        onsets: Ticks = np.cumsum(SHIFT_TICKS[self.rows[:, SHIFT]])
        return onsets


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


def nearest_duration(ticks: NDArray[np.float64] | Ticks) -> NDArray[np.int64]:
    """The class whose length is nearest to each length in event ticks; ties go down."""
    upper = np.searchsorted(DURATION_TICKS, ticks).clip(1, len(DURATION_TICKS) - 1)
    lower = upper - 1
    down = ticks - DURATION_TICKS[lower] <= DURATION_TICKS[upper] - ticks
    return np.where(down, lower, upper)


def place(piece: Piece, grid: Grid) -> Placement:
    """Where event tick 0 lies in a piece, and which parts get a slot.

    The 32 parts with the most notes get one, in the order of `composer.encoding.part_order`.
    Of more, each of the others joins the one of its instrument that has the most notes, or the
    one nearest in pitch among the drums or the pitched parts that it belongs to.

    Raises:
        SeedError: The piece has no notes.
    """
    played = [
        (index, note.pitch, note.onset, note.duration, note.velocity)
        for index, part in enumerate(piece.parts)
        for note in part.notes
    ]
    if not played:
        raise SeedError("there are no notes to go on from; give a file with at least one note")
    table = np.array(played, dtype=np.int64)
    programs = [part.program for part in piece.parts]
    ordered = part_order(programs, table[:, 0], table[:, 1:])
    most = set(sorted(ordered, key=lambda index: -len(piece.parts[index].notes))[:SLOTS])
    slots = tuple(index for index in ordered if index in most)
    joined = tuple((index, _nearest(piece, index, slots)) for index in ordered if index not in most)
    first = int(table[:, 2].min())
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
    notes = [
        (note.onset, slot, note.pitch, note.end, note.velocity)
        for index, slot in placement.players
        for note in piece.parts[index].notes
    ]
    table = np.array(notes, dtype=np.int64)
    onset, end = table[:, 0].astype(np.float64), table[:, 3].astype(np.float64)
    if placement.kind == BEATS:
        scale = TICKS_PER_BEAT / piece.ticks_per_beat
        starts = (onset - placement.offset - placement.origin) * scale
        lengths = (end - onset) * scale
        metres = rebase_metres(piece.metres, placement.origin - grid.downbeat, piece.ticks_per_beat)
    else:
        seconds = seconds_of(piece.tempos, np.stack([onset, end]), piece.ticks_per_beat)
        starts = (seconds[0] - placement.origin) * TICKS_PER_SECOND
        lengths = (seconds[1] - seconds[0]) * TICKS_PER_SECOND
        metres = MetreMap()
    programs = tuple(piece.parts[index].program for index in placement.slots)
    events = quantise(
        starts, lengths, table[:, 1], table[:, 2], table[:, 4], programs, placement.kind, metres
    )
    return events, placement


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


def quantise(
    starts: NDArray[np.float64],
    lengths: NDArray[np.float64],
    slots: Ticks,
    pitches: Ticks,
    velocities: Ticks,
    programs: tuple[int, ...],
    kind: str,
    metres: MetreMap,
) -> Events:
    """Notes in fractional event ticks -> canonical events.

    Args:
        starts: Onsets in event ticks, [notes], in any order; values under 0 count as 0.
        lengths: Durations in event ticks, [notes].
        slots: Part slots 0..31, [notes].
        pitches: 0..127, [notes].
        velocities: 1..127, [notes].
        programs: One for each slot.
        kind: "beats" or "free".
        metres: In event ticks.

    Of notes that fall on one onset, slot and pitch the longest is kept.
    """
    onsets = np.maximum(np.round(starts), 0).astype(np.int64)
    durations = nearest_duration(np.maximum(lengths, 1.0))
    order = np.argsort(onsets, kind="stable")
    onsets = onsets[order]
    if len(onsets) and (onsets[0] > 84 or np.any(np.diff(onsets) > 84)):
        # 84, not 96: rounding one long shift may stretch the short one after it.
        onsets, metres = _shorten_rests(onsets, kind, metres)
    table = np.stack(
        [onsets, slots[order], pitches[order], -durations[order], velocities[order] // 4], axis=1
    )
    table = table[np.lexsort(table.T[::-1])]
    same = np.all(table[1:, :3] == table[:-1, :3], axis=1)
    table = table[np.concatenate([[True], ~same])] if len(table) else table
    rows = np.empty((len(table), len(FIELDS)), dtype=np.int16)
    shifts = np.diff(table[:, 0], prepend=0)
    rows[:, SHIFT] = np.searchsorted(SHIFT_TICKS, shifts)
    rows[:, PART] = table[:, 1]
    rows[:, PITCH] = table[:, 2]
    rows[:, DURATION] = -table[:, 3]
    rows[:, VELOCITY] = table[:, 4]
    return Events(rows, programs, kind, metres)


def _shorten_rests(onsets: Ticks, kind: str, metres: MetreMap) -> tuple[Ticks, MetreMap]:
    """Bring every gap between onsets to one that a shift class can say.

    A rest longer than the longest shift loses whole bars, so that what follows keeps
    its place in the bar; a metre change inside such a rest moves to the first bar line
    after the note before. Other long gaps go to the nearest class, and the next gap is
    measured from there, so that no error builds up.
    """
    changes: list[tuple[int, int, int]] = []
    waiting = list(metres.changes)
    result = np.empty_like(onsets)
    removed = 0  # ticks of rest taken out so far
    before = 0  # the previous onset, as it now stands
    for index, onset in enumerate(onsets.tolist()):
        inside = []
        while waiting and waiting[0][0] <= onset:
            inside.append(waiting.pop(0))
        gap = onset - removed - before
        if gap > LONGEST and kind == BEATS:
            here = MetreMap(((0, 4, 4), *changes))
            position = metres.position(onset, TICKS_PER_BEAT)
            crossed = [change for change in inside if change[0] - removed > before]
            if crossed:
                line = here.bar_line_at_or_after(before + 1, TICKS_PER_BEAT)
                target = min(line + position.tick, before + LONGEST)
                start = target - position.tick
                if start <= before:  # Further into a bar than any shift goes: it is lost.
                    start = min(line, target)
                changes += [c for c in _moved(inside, removed) if c[0] <= before]
                changes.append((start, *crossed[-1][1:]))
                removed = onset - target
                inside = []
            else:
                bar = bar_ticks(*metres.metre_at(onset), TICKS_PER_BEAT)
                bars = -(-(gap - LONGEST) // bar)
                removed += bars * bar if bars * bar <= gap else gap - LONGEST
        elif gap > LONGEST:
            removed += gap - LONGEST
        changes += _moved(inside, removed)
        gap = max(onset - removed - before, 0)
        upper = min(int(np.searchsorted(SHIFT_TICKS, gap)), END - 1)
        high, low = int(SHIFT_TICKS[upper]), int(SHIFT_TICKS[max(upper - 1, 0)])
        before += high if high - gap < gap - low else low
        result[index] = before
    changes += _moved(waiting, removed)
    return result, MetreMap(tuple(changes))


def _moved(changes: list[tuple[int, int, int]], back: int) -> list[tuple[int, int, int]]:
    return [
        (max(tick - back, 0), numerator, denominator) for tick, numerator, denominator in changes
    ]


def decode(events: Events) -> Piece:
    """Events -> Piece, one part to a slot, in event ticks.

    A "beats" piece has 24 ticks to the beat; a "free" one has 50 at 120 beats per
    minute, which makes a tick 10 ms. `encode` of the result gives the events back,
    provided that every slot plays and the first note lies in the first bar.
    """
    notes: list[list[Note]] = [[] for _ in events.programs]
    for onset, row in zip(events.onsets.tolist(), events.rows.tolist(), strict=True):
        duration = int(DURATION_TICKS[row[DURATION]])
        notes[row[PART]].append(Note(onset, row[PITCH], duration, velocity_of(row[VELOCITY])))
    parts = tuple(
        Part(tuple(part), program, track=slot + 1, channel=channel_of(slot, program))
        for slot, (part, program) in enumerate(zip(notes, events.programs, strict=True))
    )
    if events.kind == BEATS:
        return Piece(parts, TICKS_PER_BEAT, TempoMap(), events.metres)
    return Piece(parts, TICKS_PER_SECOND // 2, TempoMap(), MetreMap())


def velocity_of(velocity_class: int) -> int:
    """The MIDI velocity in the middle of a velocity class."""
    return 4 * velocity_class + 2


def channel_of(slot: int, program: int) -> int:
    """A MIDI channel for a slot: 9 for drums, never 9 for anything else."""
    if program == DRUM_PROGRAM:
        return 9
    return slot if slot < 9 else min(slot + 1, 15)
