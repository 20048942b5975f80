"""Given tokens: what an encoder is told of the notes that stand fixed, before and after now.

The encoder (`composer.network.encoder`) reads one token after another, forwards and backwards:
a token for each given note, and one for each bar line, so that it knows where it is in a stretch
in which little or nothing is given. A bar's token comes before the notes on its line.

Conventions:
    M tokens; a table of them is int32 [M, 14], columns as in `TOKEN_COLUMNS`. In free time there
    are no bars, and no tokens for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import BAR_LENGTHS, BEATS_IN_BAR, POSITIONS
from composer.encoding.events import (
    DURATION,
    END,
    NO_DURATION,
    NO_PITCH,
    NO_VELOCITY,
    PART,
    PITCH,
    SHIFT,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    VELOCITY,
    Events,
)
from composer.encoding.features import context_of, gap_class
from composer.encoding.given import Given
from composer.encoding.part_order import NO_RANK, RANKS, ranks_of
from composer.encoding.return_lookback import PHRASES
from composer.music.beat_grid import FREE
from composer.music.chords import CHORDS
from composer.music.notes import DRUM_PROGRAM

Ints = NDArray[np.int64]

BAR = DRUM_PROGRAM + 1
"""The program of a bar line."""
NOBODY, SOME, ALL = range(3)
"""Who else may play at a token: no part, some parts, or every part."""
TOKEN_COLUMNS = {
    "shift": END + 1, "rank": RANKS + 1, "program": BAR + 1, "pitch": SIZES[PITCH] + 1,
    "duration": SIZES[DURATION] + 1, "velocity": SIZES[VELOCITY] + 1, "position": POSITIONS,
    "beat": BEATS_IN_BAR, "bar_length": BAR_LENGTHS, "chord": CHORDS, "next_chord": CHORDS,
    "phrase": PHRASES, "nearness": 4, "open": ALL + 1,
}  # fmt: skip
"""Columns of a token and their classes. The shift is that from the token before."""
STEP_COLUMNS = {
    "away": END + 1, "rank": RANKS + 1, "program": DRUM_PROGRAM + 1, "pitch": SIZES[PITCH] + 1,
    "duration": SIZES[DURATION] + 1,
}  # fmt: skip
"""What a step is told of the next given note by itself: the shift that leads to it (`END`: there
is none), the rank and program of its part, its pitch and duration."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenTokens:
    """The tokens of given notes, and which of them is next at each step.

    Attributes:
        given: The notes.
        table: int32 [M, 14].
        keys: Ascending; a token's place in the order of notes.
        next_notes: int32 [G + 1, 4], of each given note what `STEP_COLUMNS` has beside its shift;
            the last row where there is none.
    """

    given: Given
    table: NDArray[np.int32]
    keys: Ints
    next_notes: NDArray[np.int32]

    @classmethod
    def of(cls, given: Given, events: Events, bars: int) -> GivenTokens:
        """Of some given notes.

        Args:
            given: The notes, and where others are written.
            events: The piece that they belong to, for its programs, metres, kind and plan.
            bars: Bars of the piece, from tick 0.
        """
        notes = given.notes
        lines = _bar_lines(events, bars)
        count = len(lines)
        onsets = np.concatenate([lines, notes[:, SHIFT]])
        # A bar line comes before the notes on it, whatever their slot.
        own = (notes[:, SHIFT] * SLOTS + notes[:, PART]) * SIZES[PITCH] + notes[:, PITCH]
        keys = np.concatenate([lines * SLOTS * SIZES[PITCH] - 1, own])
        programs, ranks = np.array(events.programs), np.array(ranks_of(events.programs))
        table = np.zeros((len(onsets), len(TOKEN_COLUMNS)), dtype=np.int32)
        column = {name: index for index, name in enumerate(TOKEN_COLUMNS)}
        names = ("rank", "program", "pitch", "duration", "velocity")
        first, last = column["rank"], column["velocity"] + 1
        assert tuple(TOKEN_COLUMNS)[first:last] == names
        table[:count, first:last] = (NO_RANK, BAR, NO_PITCH, NO_DURATION, NO_VELOCITY)
        table[count:, first] = ranks[notes[:, PART]]
        table[count:, first + 1] = programs[notes[:, PART]]
        table[count:, first + 2 : last] = notes[:, PITCH:]
        table[:, column["position"] : column["bar_length"] + 1] = context_of(
            onsets, events.kind, events.metres
        )
        if events.plan is not None and count:
            table[:, column["chord"] : column["nearness"] + 1] = _planned(events, lines, onsets)
        playing = given.open_parts(onsets)[:, : len(programs)].sum(axis=1)
        table[:, column["open"]] = np.where(
            playing == len(programs), ALL, np.where(playing > 0, SOME, NOBODY)
        )
        order = np.argsort(keys, kind="stable")
        table, keys = table[order], keys[order]
        table[:, 0] = gap_class(np.diff(onsets[order], prepend=0))
        next_notes = np.empty((len(notes) + 1, len(STEP_COLUMNS) - 1), dtype=np.int32)
        next_notes[:-1, 0] = ranks[notes[:, PART]]
        next_notes[:-1, 1] = programs[notes[:, PART]]
        next_notes[:-1, 2:] = notes[:, PITCH : DURATION + 1]
        next_notes[-1] = (NO_RANK, 0, NO_PITCH, NO_DURATION)
        return cls(given, table, keys, next_notes)

    def after(self, onsets: Ints, parts: Ints, pitches: Ints) -> Ints:
        """Index of the first token behind some notes, [N]; M if there is none."""
        keys = (onsets * SLOTS + parts) * SIZES[PITCH] + pitches
        return np.asarray(np.searchsorted(self.keys, keys, side="right"))

    def steps(self, clock: Ints, index: Ints) -> NDArray[np.int32]:
        """What steps are told of the next given note, int32 [N, 5], as in `STEP_COLUMNS`.

        Args:
            clock: Onset of the last note, [N].
            index: Of the next given note, [N].
        """
        away = self.given.shift_class(clock, index)
        return np.concatenate([away[:, None], self.next_notes.take(index, axis=0)], axis=1).astype(
            np.int32
        )


def _bar_lines(events: Events, bars: int) -> Ints:
    """The tick of each bar line from the first on."""
    if events.kind == FREE:
        return np.zeros(0, dtype=np.int64)
    lines, tick = [], 0
    for _ in range(bars):
        lines.append(tick)
        tick += events.metres.position(tick, TICKS_PER_BEAT).length
    return np.array(lines, dtype=np.int64)


def _planned(events: Events, lines: Ints, onsets: Ints) -> Ints:
    """Chord in force, the next half bar's, bars to the phrase's end, nearness, [N, 4]."""
    assert events.plan is not None
    plan = events.plan
    planned = np.array(
        [
            (*bar.chords, plan.bar(number + 1).chords[0], bar.phrase, bar.nearness)
            for number, bar in ((number, plan.bar(number)) for number in range(len(lines)))
        ]
    ).reshape(-1, 5)
    number = np.searchsorted(lines, onsets, side="right") - 1
    last = events.metres.position(int(lines[-1]), TICKS_PER_BEAT).length
    lengths = np.diff(lines, append=lines[-1] + last)
    late = (2 * (onsets - lines[number]) >= lengths[number]).astype(np.int64)
    rows = planned[number]
    at = np.arange(len(rows))
    return np.stack([rows[at, late], rows[at, late + 1], rows[:, 3], rows[:, 4]], axis=1)
