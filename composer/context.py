"""Context: where streams of events stand in the bar, and what each part played last.

This is the running counterpart of `events.features`: fed one note at a time it gives, for
any next note, the same columns that `features` computes for a whole piece at once.

Conventions:
    B streams side by side; int64 arrays with B along axis 0. Ticks are event ticks.
    A context is a value: `advance` returns a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from composer.events import (
    BAR_LENGTHS,
    BEATS_IN_BAR,
    COLUMNS,
    END,
    NO_DURATION,
    NO_PITCH,
    NO_VELOCITY,
    PART,
    PITCH,
    POSITIONS,
    SHIFT,
    SHIFT_TICKS,
    SLOTS,
    TICKS_PER_BEAT,
    Events,
    gap_class,
)
from composer.grid import FREE
from composer.notes import DRUM_PROGRAM
from composer.timing import bar_ticks

Ints = NDArray[np.int64]

FREE_BAR = 200
"""Event ticks (two seconds) that stand for a bar where there is none."""

_TICKS = np.append(SHIFT_TICKS, SHIFT_TICKS[-1])
"""Ticks of every shift class; END stands where the longest shift would."""
_LONGEST_BAR = 12 * BAR_LENGTHS
_BAR_CLASSES = np.clip(np.round(np.arange(_LONGEST_BAR + 1) / 12), 1, BAR_LENGTHS - 1)
_BAR_CLASSES = _BAR_CLASSES.astype(np.int64)
"""Bar length class of each length in ticks."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of B streams before their next note.

    Attributes:
        free: bool [B], whether a stream is in free time.
        clock: [B], onset of the last note.
        inside: [B], ticks from the bar line to the clock.
        bar: [B], length of the bar in ticks.
        programs: [B, 16], of each slot; unused slots hold 0.
        slots: bool [B, 16], which slots the piece has.
        last: [B, 16, 3], pitch, duration and velocity class of each slot's last note.
        heard: [B, 16], onset of each slot's last note, -1 for none.
    """

    free: NDArray[np.bool_]
    clock: Ints
    inside: Ints
    bar: Ints
    programs: Ints
    slots: NDArray[np.bool_]
    last: Ints
    heard: Ints

    @classmethod
    def start(cls, programs: Sequence[int], kind: str, metre: tuple[int, int]) -> Context:
        """One stream at its first bar line."""
        table = np.zeros((1, SLOTS), dtype=np.int64)
        table[0, : len(programs)] = programs
        last = np.empty((1, SLOTS, 3), dtype=np.int64)
        last[:] = (NO_PITCH, NO_DURATION, NO_VELOCITY)
        return cls(
            free=np.array([kind == FREE]),
            clock=np.zeros(1, dtype=np.int64),
            inside=np.zeros(1, dtype=np.int64),
            bar=np.array([FREE_BAR if kind == FREE else bar_ticks(*metre, TICKS_PER_BEAT)]),
            programs=table,
            slots=np.arange(SLOTS)[None] < len(programs),
            last=last,
            heard=np.full((1, SLOTS), -1, dtype=np.int64),
        )

    @classmethod
    def after(cls, events: Events) -> Context:
        """One stream after the last note of some events, in the metre in force there."""
        onsets = events.onsets
        clock = int(onsets[-1]) if len(onsets) else 0
        context = cls.start(events.programs, events.kind, events.metres.metre_at(clock))
        context.clock[0] = clock
        if events.kind == FREE:
            context.inside[0] = clock % FREE_BAR
        else:
            context.inside[0] = events.metres.position(clock, TICKS_PER_BEAT).tick
        for slot in range(len(events.programs)):
            played = np.flatnonzero(events.rows[:, PART] == slot)
            if len(played):
                context.last[0, slot] = events.rows[played[-1], PITCH:]
                context.heard[0, slot] = onsets[played[-1]]
        return context

    def place(self, shifts: Ints) -> Ints:
        """Position, beat and bar length of a next note with these shift classes, [B, 3]."""
        beat, position = np.divmod((self.inside + _TICKS[shifts]) % self.bar, TICKS_PER_BEAT)
        placed = np.empty((len(shifts), 3), dtype=np.int64)
        placed[:, 0] = position
        placed[:, 1] = np.minimum(beat, BEATS_IN_BAR - 2)
        placed[:, 2] = _BAR_CLASSES[np.minimum(self.bar, _LONGEST_BAR)]
        if np.count_nonzero(self.free):
            placed[self.free] = (POSITIONS - 1, BEATS_IN_BAR - 1, 0)
        return placed

    def player(self, shifts: Ints, parts: Ints) -> Ints:
        """Program, last pitch, duration, velocity and gap of the part that plays, [B, 5]."""
        stream = np.arange(len(parts))
        known = np.empty((len(parts), 5), dtype=np.int64)
        known[:, 0] = self.programs[stream, parts]
        known[:, 1:4] = self.last[stream, parts]
        heard = self.heard[stream, parts]
        gap = gap_class(self.clock + _TICKS[shifts] - heard)
        known[:, 4] = np.where(heard < 0, END, gap)
        return known

    def columns(self, rows: Ints) -> Ints:
        """All columns of the next note, [B, 13] as in `events.COLUMNS`; rows are [B, 5]."""
        table = np.empty((len(rows), len(COLUMNS)), dtype=np.int64)
        table[:, :5] = rows
        table[:, 6:9] = self.place(rows[:, SHIFT])
        player = self.player(rows[:, SHIFT], rows[:, PART])
        table[:, 5] = player[:, 0]
        table[:, 9:] = player[:, 1:]
        return table

    def advance(self, rows: Ints) -> Context:
        """The context after one more note of each stream, rows [B, 5] without END."""
        stream = np.arange(len(rows))
        ticks = SHIFT_TICKS[rows[:, SHIFT]]
        clock = self.clock + ticks
        last, heard = self.last.copy(), self.heard.copy()
        last[stream, rows[:, PART]] = rows[:, PITCH:]
        heard[stream, rows[:, PART]] = clock
        return Context(
            free=self.free,
            clock=clock,
            inside=(self.inside + ticks) % self.bar,
            bar=self.bar,
            programs=self.programs,
            slots=self.slots,
            last=last,
            heard=heard,
        )

    def wait(self, bars: int) -> Context:
        """The context after so many silent bars that the network is not told of."""
        return replace(self, clock=self.clock + bars * self.bar)

    def take(self, streams: Sequence[int] | Ints) -> Context:
        """Some of the streams, in the order given (one may be taken several times)."""
        index = np.asarray(streams, dtype=np.int64)
        return Context(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @staticmethod
    def join(contexts: Sequence[Context]) -> Context:
        """Streams of several contexts side by side."""
        return Context(
            **{
                f.name: np.concatenate([getattr(context, f.name) for context in contexts])
                for f in fields(Context)
            }
        )

    @property
    def drums(self) -> NDArray[np.bool_]:
        """Which slots are drum kits, bool [B, 16]."""
        return np.asarray(self.programs == DRUM_PROGRAM)
