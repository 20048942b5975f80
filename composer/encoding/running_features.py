"""Context: where streams of events stand in the bar, and what each part played last.

This is the running counterpart of `composer.encoding.features`: fed one note at a time it gives,
for any next note, the same columns that `features` computes for a whole piece at once.

Conventions:
    B streams side by side; int64 arrays with B along axis 0. Ticks are event ticks.
    A context is a value: `advance` returns a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding import sounding, stream_table
from composer.encoding import struct_rows as tables
from composer.encoding.columns import (
    ADVICE_COLUMNS,
    AGO_PART,
    BAR_LENGTH,
    COLUMNS,
    CONFIDENCE,
    GAP,
    LAST_PITCH,
    POSITION,
    PROGRAM,
    RANK,
    RETURN_PART,
    RETURN_PITCH,
    RETURNING,
)
from composer.encoding.events import (
    DURATION,
    FIELDS,
    FREE_BAR,
    NO_DURATION,
    PART,
    PITCH,
    SHIFT,
    TICKS_PER_BEAT,
    BarNote,
    Events,
)
from composer.encoding.features import forget_wrong, heard_notes, return_lookback_of
from composer.encoding.foreknown import Recall, foreknow
from composer.encoding.lookback import Lookback
from composer.encoding.match_model import MatchModel
from composer.encoding.part_features import (
    LAST_AT,
    ONSET_AT,
    PROGRAM_AT,
    after_note,
    part_features,
    to_come_of,
)
from composer.encoding.return_lookback import ReturnLookback
from composer.encoding.struct_rows import Table
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import Plan

Ints = NDArray[np.int64]

_EXPECTED: Final = np.array([*range(CONFIDENCE, AGO_PART), *range(RETURNING, RETURN_PART)])
"""Columns that are there before anything is chosen."""
_PLACED: Final = np.array(
    [*range(POSITION, BAR_LENGTH + 1), AGO_PART, *range(RETURN_PART, RETURN_PITCH)]
)
"""Columns that a shift determines."""
_PLAYED: Final = np.array(
    [
        *(RANK, PROGRAM, *range(LAST_PITCH, GAP + 1)),
        *range(AGO_PART + 1, RETURNING),
        *range(RETURN_PITCH, RANK),
    ]
)
"""Columns that a shift and a part determine."""
_TOLD: Final = np.array(ADVICE_COLUMNS)
_NAMED: Final = _TOLD[3:]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of B streams before their next note.

    Attributes:
        table: [B] rows of what the properties tell.
        recalls: B of them, what each stream remembers of itself.
        lookbacks: B of them, what each played in the last bar.
        returns: B of them, what each played in the bars that its plan refers to.
    """

    table: Table
    recalls: tuple[Recall, ...]
    lookbacks: tuple[Lookback, ...]
    returns: tuple[ReturnLookback, ...]

    @property
    def clock(self) -> Ints:
        """Onset of the last note, [B]."""
        return self.table["clock"]

    @property
    def inside(self) -> Ints:
        """Ticks from the bar line to the clock, [B]."""
        return self.table["inside"]

    @property
    def bar(self) -> Ints:
        """Length of the bar in ticks, [B]."""
        return self.table["bar"]

    @property
    def number(self) -> Ints:
        """Of the bar that the clock is in, as the plan counts bars, [B]."""
        return self.table["number"]

    @property
    def programs(self) -> Ints:
        """Of each slot, [B, 32]; unused slots hold 0."""
        return self.table["parts"][..., PROGRAM_AT]

    @property
    def last(self) -> Ints:
        """Pitch, duration and velocity class of each slot's last note, [B, 32, 3]."""
        return self.table["parts"][..., LAST_AT:ONSET_AT]

    @property
    def heard(self) -> Ints:
        """Onset of each slot's last note, -1 for none, [B, 32]."""
        return self.table["parts"][..., ONSET_AT]

    @property
    def slots(self) -> NDArray[np.bool_]:
        """Which slots the piece has, bool [B, 32]."""
        return self.table["slots"]

    @property
    def free(self) -> NDArray[np.bool_]:
        """Whether a stream is in free time, bool [B]."""
        return self.table["free"]

    @classmethod
    def start(cls, programs: Sequence[int], kind: str, metre: tuple[int, int]) -> Context:
        """One stream at its first bar line."""
        table = stream_table.begin(programs, kind, metre)
        nobody = Events(np.zeros((0, len(FIELDS)), np.int16), tuple(programs), kind)
        returns = return_lookback_of(nobody)
        return cls(table, (MatchModel.start(kind),), (Lookback.start(0),), (returns,))

    @classmethod
    def after(cls, events: Events) -> Context:
        """One stream after the last note of some events, in the metre in force there."""
        onsets = events.onsets
        clock = int(onsets[-1]) if len(onsets) else 0
        context = cls.start(events.programs, events.kind, events.metres.metre_at(clock))
        context.clock[0] = clock
        if events.kind == FREE:
            context.inside[0] = clock % FREE_BAR
            context.table["ends"][0] = sounding.ends_of(events.rows, onsets)
        else:
            position = events.metres.position(clock, TICKS_PER_BEAT)
            context.inside[0], context.number[0] = position.tick, position.bar
        parts = context.table["parts"][0]
        recall, lookback = context.recalls[0], context.lookbacks[0]
        returns = return_lookback_of(events)
        for row, onset, bar, place in heard_notes(events):
            recall, lookback = recall.hear(row), lookback.hear(row, bar)
            returns = returns.hear(row, *place)
            parts[row[PART]] = after_note(parts[row[PART]].tolist(), row, onset)
            context.table["last"] = row[PART]
        return replace(context, recalls=(recall,), lookbacks=(lookback,), returns=(returns,))

    def fresh(self) -> Ints:
        """The next note's columns before anything of it is chosen, [B, 39]."""
        columns = np.zeros((len(self.recalls), len(COLUMNS)), dtype=np.int64)
        columns[:, _EXPECTED] = [
            (*recall.expected, *lookback.likeness_and_shift(), *returns.returning_and_shift())
            for recall, lookback, returns in zip(
                self.recalls, self.lookbacks, self.returns, strict=True
            )
        ]
        return columns

    def parts(self, columns: Ints) -> Ints:
        """What is told of each part once the shift is chosen, [B, P, 14].

        Args:
            columns: [B, 39], followed as far as SHIFT.

        Returns:
            Columns as in `part_features.PART_FEATURES`, for as many parts as the stream with
            the most of them has.
        """
        table = self.table
        count = max(table["count"].tolist())
        ticks = stream_table.TICKS.take(columns[:, SHIFT])
        shifts = columns[:, SHIFT].tolist()
        come = [back.parts_after(shift) for back, shift in zip(self.lookbacks, shifts, strict=True)]
        due = [back.parts_after(shift) for back, shift in zip(self.returns, shifts, strict=True)]
        return part_features(
            table["parts"][:, :count],
            table["clock"] + ticks,
            ticks == 0,
            table["last"],
            columns.take(_TOLD, axis=1),
            _still_to_come([*come, *due], count).reshape(2, -1, count),
        )

    def follow(self, columns: Ints, chosen: int) -> None:
        """Fill in, in place, what is determined once a field is chosen.

        Args:
            columns: [B, 39], from `fresh`, with the fields chosen so far.
            chosen: SHIFT, PART or PITCH; to be followed in this order.
        """
        if chosen == SHIFT:
            shifts = columns[:, SHIFT].tolist()
            placed = [
                (*place, lookback.part_after(shift), *returns.place_after(shift))
                for shift, place, lookback, returns in zip(
                    shifts,
                    stream_table.places(shifts, self.table),
                    self.lookbacks,
                    self.returns,
                    strict=True,
                )
            ]
            columns[:, _PLACED] = placed
            forget_wrong(columns, chosen)
            advised = columns.take(_NAMED, axis=1)
            columns[:, RANK + 1 :] = self.table["ranks"][np.arange(len(advised))[:, None], advised]
            return
        if chosen == PART:
            shifts, parts = columns[:, SHIFT].tolist(), columns[:, PART].tolist()
            played = [
                (*player, *lookback.note_after(shift, part), *returns.note_after(shift, part))
                for shift, part, player, lookback, returns in zip(
                    shifts,
                    parts,
                    stream_table.players(shifts, parts, self.table),
                    self.lookbacks,
                    self.returns,
                    strict=True,
                )
            ]
            columns[:, _PLAYED] = played
        forget_wrong(columns, chosen)

    def begin_phrase(self, ticks: Ints) -> NDArray[np.bool_]:
        """Whether the bar of an onset so many ticks after the clock begins a phrase, bool [B]."""
        numbers = self.number + (self.inside + ticks) // self.bar
        pairs = zip(self.returns, numbers.tolist(), strict=True)
        return np.array([returns.begins_phrase(number) for returns, number in pairs])

    def lengths(self, columns: Ints) -> Ints | None:
        """Lengths with which the next note would end with others that sound, [B, 16].

        Args:
            columns: [B, 39], followed as far as SHIFT.

        Returns:
            Classes as in `composer.encoding.sounding`; of streams that keep a beat, none. None if
            all do.
        """
        free = self.table["free"]
        if True not in free.tolist():
            return None
        ticks = stream_table.TICKS.take(columns[:, SHIFT])
        found = sounding.lengths(self.table["ends"], self.table["clock"] + ticks)
        return np.where(free[:, None], found, NO_DURATION)

    def columns(self, rows: Ints) -> Ints:
        """All columns of the next note, [B, 39] as in `columns.COLUMNS`; rows are [B, 5]."""
        table = self.fresh()
        table[:, : len(FIELDS)] = rows
        for chosen in (SHIFT, PART, PITCH):
            self.follow(table, chosen)
        return table

    def advance(self, rows: Ints) -> Context:
        """The context after one more note of each stream, rows [B, 5] without END."""
        table = tables.copy(self.table)
        heard_rows = rows.tolist()
        places = stream_table.hear(table, heard_rows)
        bars = [
            0 if free else bar
            for (_, _, bar), free in zip(places, table["free"].tolist(), strict=True)
        ]
        if 0 in bars:
            sounding.hear(table["ends"], table["clock"], rows[:, DURATION])
        return Context(
            table,
            tuple(recall.hear(row) for recall, row in zip(self.recalls, heard_rows, strict=True)),
            tuple(
                lookback.hear(row, bar)
                for lookback, row, bar in zip(self.lookbacks, heard_rows, bars, strict=True)
            ),
            tuple(
                returns.hear(row, *place)
                for returns, row, place in zip(self.returns, heard_rows, places, strict=True)
            ),
        )

    def moved(
        self, clock: Ints, inside: Ints, bar: Ints | None = None, number: Ints | None = None
    ) -> Context:
        """The same streams at other places, [B] each, that the network is not told of.

        Args:
            clock: Onset of the last note.
            inside: Ticks from the bar line to it.
            bar: Length of the bar; None: as before.
            number: Of the bar; None: as before.
        """
        table = tables.copy(self.table)
        table["clock"], table["inside"] = clock, inside
        if bar is not None:
            table["bar"] = bar
        if number is not None:
            table["number"] = number
        places = zip(
            table["number"].tolist(), table["inside"].tolist(), table["bar"].tolist(), strict=True
        )
        returns = tuple(
            returns.moved(*place) for returns, place in zip(self.returns, places, strict=True)
        )
        return Context(table, self.recalls, self.lookbacks, returns)

    def planned(
        self, plan: Plan | None, ahead: Mapping[int, Sequence[BarNote]] | None = None
    ) -> Context:
        """The same streams with another plan for what is to come.

        Args:
            plan: None: nothing is planned.
            ahead: As `Events.ahead`; None: as before.
        """
        planned = tuple(returns.planned(plan, ahead) for returns in self.returns)
        return replace(self, returns=planned)

    def foreknowing(self, rows: Sequence[tuple[int, ...]]) -> Context:
        """The same streams, which know some notes to come, and none that they knew before.

        Args:
            rows: (shift, slot, pitch, duration, velocity) of each, in classes.
        """
        return replace(self, recalls=tuple(foreknow(recall, rows) for recall in self.recalls))

    def take(self, streams: Sequence[int] | Ints) -> Context:
        """Some of the streams, in the order given (one may be taken several times)."""
        index = np.asarray(streams, dtype=np.int64)
        chosen = index.tolist()
        return Context(
            self.table.take(index),
            tuple(self.recalls[stream] for stream in chosen),
            tuple(self.lookbacks[stream] for stream in chosen),
            tuple(self.returns[stream] for stream in chosen),
        )

    def split(self) -> list[Context]:
        """Every stream by itself; none keeps the memory of the others."""
        rows = tables.split(self.table)
        return [
            Context(row, (recall,), (lookback,), (returns,))
            for row, recall, lookback, returns in zip(
                rows, self.recalls, self.lookbacks, self.returns, strict=True
            )
        ]

    @staticmethod
    def join(contexts: Sequence[Context]) -> Context:
        """Streams of several contexts side by side."""
        return Context(
            tables.join([context.table for context in contexts]),
            tuple(recall for context in contexts for recall in context.recalls),
            tuple(back for context in contexts for back in context.lookbacks),
            tuple(returns for context in contexts for returns in context.returns),
        )

    @property
    def drums(self) -> NDArray[np.bool_]:
        """Which slots are drum kits, bool [B, 32]."""
        return np.asarray(self.programs == DRUM_PROGRAM)


def _still_to_come(players: Sequence[Sequence[int]], parts: int) -> Ints:
    """How many notes of each part are still to come, 0..3, [B, P]; players of each stream."""
    places = [first * parts + part for first, some in enumerate(players) for part in some]
    return np.array(to_come_of(places, len(players) * parts)).reshape(-1, parts)
