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

import numpy as np
from numpy.typing import NDArray

from composer.music.beat_grid import BEATS, FREE
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
        foreknown: Where notes are written before others that are given: the tick from which on
            they are, and the given notes behind them, (shift, slot, pitch, duration, velocity)
            in classes; ascending.
    """

    rows: Rows
    programs: tuple[int, ...]
    kind: str = BEATS
    metres: MetreMap = MetreMap()
    plan: Plan | None = None
    ahead: Mapping[int, Sequence[BarNote]] = field(default_factory=dict)
    foreknown: Sequence[tuple[int, Sequence[tuple[int, ...]]]] = ()

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
            and list(self.foreknown) == list(other.foreknown)
            and np.array_equal(self.rows, other.rows)
        )

    @property
    def onsets(self) -> Ticks:
        """Onset of each note in event ticks, int64 [notes]."""
        onsets: Ticks = np.cumsum(SHIFT_TICKS[self.rows[:, SHIFT]])
        return onsets


def nearest_duration(ticks: NDArray[np.float64] | Ticks) -> NDArray[np.int64]:
    """The class whose length is nearest to each length in event ticks; ties go down."""
    upper = np.searchsorted(DURATION_TICKS, ticks).clip(1, len(DURATION_TICKS) - 1)
    lower = upper - 1
    down = ticks - DURATION_TICKS[lower] <= DURATION_TICKS[upper] - ticks
    return np.where(down, lower, upper)


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
        places, chord = np.unique(onsets, return_inverse=True)
        places, metres = _shorten_rests(places, kind, metres)
        onsets = places[chord]
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
    """Bring every gap between distinct onsets, ascending, to one that a shift class can say.

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
