"""Context: where streams of events stand in the bar, and what each part played last.

This is the running counterpart of `composer.features`: fed one note at a time it gives, for
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
    END,
    FIELDS,
    NO_DURATION,
    NO_PITCH,
    NO_VELOCITY,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    SLOTS,
    TICKS_PER_BEAT,
    Events,
)
from composer.features import (
    BAR_LENGTHS,
    BEATS_IN_BAR,
    COLUMNS,
    LIKENESS,
    POSITIONS,
    TRUST,
    forget_wrong,
    gap_class,
    lookback_bars,
)
from composer.grid import FREE
from composer.lookback import Lookback
from composer.notes import DRUM_PROGRAM
from composer.recall import Recall
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
        recalls: B of them, what each stream remembers of itself.
        lookbacks: B of them, what each played in the last bar.
    """

    free: NDArray[np.bool_]
    clock: Ints
    inside: Ints
    bar: Ints
    programs: Ints
    slots: NDArray[np.bool_]
    last: Ints
    heard: Ints
    recalls: tuple[Recall, ...]
    lookbacks: tuple[Lookback, ...]

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
            recalls=(Recall.start(kind),),
            lookbacks=(Lookback.start(0),),
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
        recall, lookback = context.recalls[0], context.lookbacks[0]
        for row, bar in zip(events.rows.tolist(), lookback_bars(events).tolist(), strict=True):
            recall, lookback = recall.hear(row), lookback.hear(row, bar)
        return replace(context, recalls=(recall,), lookbacks=(lookback,))

    def fresh(self) -> Ints:
        """The next note's columns before anything of it is chosen, [B, 25]."""
        columns = np.zeros((len(self.clock), len(COLUMNS)), dtype=np.int64)
        columns[:, TRUST : LIKENESS + 2] = [
            recall.expected + lookback.when()
            for recall, lookback in zip(self.recalls, self.lookbacks, strict=True)
        ]
        return columns

    def follow(self, columns: Ints, chosen: int) -> None:
        """Fill in, in place, what is determined once a field is chosen.

        Args:
            columns: [B, 25], from `fresh`, with the fields chosen so far.
            chosen: SHIFT, PART or PITCH; to be followed in this order.
        """
        if chosen == SHIFT:
            self._place(columns)
            shifts = columns[:, SHIFT].tolist()
            columns[:, LIKENESS + 2] = [
                lookback.who(shift) for lookback, shift in zip(self.lookbacks, shifts, strict=True)
            ]
        elif chosen == PART:
            self._player(columns)
            chosen_so_far = columns[:, : PART + 1].tolist()
            columns[:, LIKENESS + 3 :] = [
                lookback.what(shift, part)
                for lookback, (shift, part) in zip(self.lookbacks, chosen_so_far, strict=True)
            ]
        forget_wrong(columns, chosen)

    def _place(self, columns: Ints) -> None:
        """Position, beat and bar length of the next note."""
        ticks = _TICKS.take(columns[:, SHIFT])
        beat, position = np.divmod((self.inside + ticks) % self.bar, TICKS_PER_BEAT)
        columns[:, 6] = position
        columns[:, 7] = np.minimum(beat, BEATS_IN_BAR - 2)
        columns[:, 8] = _BAR_CLASSES[np.minimum(self.bar, _LONGEST_BAR)]
        if True in self.free.tolist():
            columns[self.free, 6:9] = (POSITIONS - 1, BEATS_IN_BAR - 1, 0)

    def _player(self, columns: Ints) -> None:
        """Program, last pitch, duration, velocity and gap of the part that plays."""
        spot = self._spots(columns[:, PART])
        columns[:, 5] = self.programs.take(spot)
        columns[:, 9:12] = self.last.reshape(-1, 3).take(spot, axis=0)
        heard = self.heard.take(spot)
        gap = gap_class(self.clock + _TICKS.take(columns[:, SHIFT]) - heard)
        columns[:, 12] = np.where(heard < 0, END, gap)

    def _spots(self, parts: Ints) -> Ints:
        """Index of one part of each stream in a flat [B, 16]."""
        return np.arange(0, SLOTS * len(parts), SLOTS) + parts

    def columns(self, rows: Ints) -> Ints:
        """All columns of the next note, [B, 25] as in `features.COLUMNS`; rows are [B, 5]."""
        table = self.fresh()
        table[:, : len(FIELDS)] = rows
        for chosen in (SHIFT, PART, PITCH):
            self.follow(table, chosen)
        return table

    def advance(self, rows: Ints) -> Context:
        """The context after one more note of each stream, rows [B, 5] without END."""
        ticks = SHIFT_TICKS.take(rows[:, SHIFT])
        clock = self.clock + ticks
        last, heard = self.last.copy(), self.heard.copy()
        spot = self._spots(rows[:, PART])
        last.reshape(-1, 3)[spot] = rows[:, PITCH:]
        heard.reshape(-1)[spot] = clock
        heard_rows = rows.tolist()
        return Context(
            free=self.free,
            clock=clock,
            inside=(self.inside + ticks) % self.bar,
            bar=self.bar,
            programs=self.programs,
            slots=self.slots,
            last=last,
            heard=heard,
            recalls=tuple(
                recall.hear(row) for recall, row in zip(self.recalls, heard_rows, strict=True)
            ),
            lookbacks=tuple(
                lookback.hear(row, 0 if free else bar)
                for lookback, row, free, bar in zip(
                    self.lookbacks,
                    heard_rows,
                    self.free.tolist(),
                    self.bar.tolist(),
                    strict=True,
                )
            ),
        )

    def wait(self, bars: int) -> Context:
        """The context after so many silent bars that the network is not told of."""
        return replace(self, clock=self.clock + bars * self.bar)

    def take(self, streams: Sequence[int] | Ints) -> Context:
        """Some of the streams, in the order given (one may be taken several times)."""
        index = np.asarray(streams, dtype=np.int64)
        arrays = {name: getattr(self, name)[index] for name in _ARRAYS}
        return Context(
            recalls=tuple(self.recalls[stream] for stream in index),
            lookbacks=tuple(self.lookbacks[stream] for stream in index),
            **arrays,
        )

    def split(self) -> list[Context]:
        """Every stream by itself; none keeps the memory of the others."""
        # One row of a table is sooner copied than looked up by its number.
        columns = [[row.copy() for row in getattr(self, name)[:, None]] for name in _ARRAYS]
        rows = zip(*columns, strict=True)
        return [
            Context(
                recalls=(recall,), lookbacks=(lookback,), **dict(zip(_ARRAYS, row, strict=True))
            )
            for row, recall, lookback in zip(rows, self.recalls, self.lookbacks, strict=True)
        ]

    @staticmethod
    def join(contexts: Sequence[Context]) -> Context:
        """Streams of several contexts side by side."""
        arrays = {
            name: np.concatenate([getattr(context, name) for context in contexts])
            for name in _ARRAYS
        }
        return Context(
            recalls=tuple(recall for context in contexts for recall in context.recalls),
            lookbacks=tuple(back for context in contexts for back in context.lookbacks),
            **arrays,
        )

    @property
    def drums(self) -> NDArray[np.bool_]:
        """Which slots are drum kits, bool [B, 16]."""
        return np.asarray(self.programs == DRUM_PROGRAM)


_ARRAYS = tuple(f.name for f in fields(Context) if f.name not in ("recalls", "lookbacks"))
