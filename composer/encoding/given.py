"""Given notes: what stands fixed in a piece, and where others may be written among it.

A piece is written around given notes in the order in which it is read: one note after another,
and where a given one comes next it is heard as if it had been drawn. At each step the next note
is one that is written, or else the next given note; so what may come next is bounded by that
note, and

    p(written | given) = product over all steps of p(note | notes before, given),

with the classes of each field that lead past the next given note, or to where nothing may be
written, left out and the others made to add up to one. A step at which only the given note can
come costs nothing. This holds for any given notes, whatever the network is told of them; what
it is told makes the probabilities better (`composer.network.encoder`).

Conventions:
    Ticks are event ticks. G given notes, N steps; bool masks are over the classes of a field.
    Notes are ordered as events are, by (onset, slot, pitch).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    END,
    LONGEST,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    SIZES,
    SLOTS,
    UNLIMITED,
    Events,
)

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_PITCHES = np.arange(SIZES[PITCH])
_SLOTS = np.arange(SLOTS)
_CLASSES = np.arange(END + 1)


class Opening(NamedTuple):
    """A stretch of time in which some parts are written.

    Attributes:
        start: First tick.
        end: Tick behind the last.
        parts: Their slots.
    """

    start: int
    end: int
    parts: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """The notes of a piece that stand fixed, and where others may be written.

    Attributes:
        notes: int64 [G, 5], in order: onset in ticks, slot, pitch, duration class, velocity
            class.
        openings: In which notes are written; they may overlap.
    """

    notes: Ints
    openings: tuple[Opening, ...]
    _keys: Ints
    _edges: Ints  # ticks at which it changes who may play
    _open: Bools  # who may, from each edge on and before the first, [edges + 1, SLOTS]

    @classmethod
    def of(cls, notes: Ints, openings: Iterable[Opening]) -> Given:
        """Given notes, in any order, and openings.

        Args:
            notes: int [G, 5]: onset in ticks, slot, pitch, duration and velocity class.
            openings: Where notes may be written.
        """
        listed = tuple(openings)
        edges = np.unique([tick for opening in listed for tick in opening[:2]]).astype(np.int64)
        table = np.zeros((len(edges) + 1, SLOTS), dtype=bool)
        for start, end, parts in listed:
            first, last = np.searchsorted(edges, (start, end))
            table[first + 1 : last + 1, sorted(parts)] = True
        ordered = notes.astype(np.int64)[np.argsort(_keys_of(notes), kind="stable")]
        return cls(ordered, listed, _keys_of(ordered), edges, table)

    @classmethod
    def around(cls, events: Events, openings: Iterable[Opening]) -> Given:
        """All notes of a piece that lie in none of its openings."""
        notes = events.rows.astype(np.int64)
        notes[:, SHIFT] = events.onsets
        made = cls.of(notes[:0], openings)
        return cls.of(notes[~made.may_play(notes[:, SHIFT], notes[:, PART])], made.openings)

    def __len__(self) -> int:
        return len(self.notes)

    def behind(self, tick: int) -> list[tuple[int, ...]]:
        """The given notes from a tick on, in classes, as a match model hears them."""
        notes = self.notes[self.notes[:, SHIFT] >= tick]
        rows = notes.copy()
        ticks = np.diff(notes[:, SHIFT], prepend=notes[:1, SHIFT])
        rows[:, SHIFT] = SHIFT_TICKS.searchsorted(ticks.clip(max=LONGEST), side="right") - 1
        return [tuple(row) for row in rows.tolist()]

    @property
    def end(self) -> int:
        """The tick at which the last opening ends; 0 if there is none."""
        return max((opening.end for opening in self.openings), default=0)

    def may_play(self, onsets: Ints, parts: Ints) -> Bools:
        """Whether a part may be written at an onset, [N]."""
        return np.asarray(self.open_parts(onsets)[np.arange(len(onsets)), parts])

    def open_parts(self, onsets: Ints) -> Bools:
        """The parts that may be written at some onsets, [N, SLOTS]."""
        return np.asarray(self._open[np.searchsorted(self._edges, onsets, side="right")])

    def after(self, onsets: Ints, parts: Ints, pitches: Ints) -> Ints:
        """How many given notes come no later than some notes, [N]: the index of the next."""
        keys = (onsets * SLOTS + parts) * SIZES[PITCH] + pitches
        return np.asarray(np.searchsorted(self._keys, keys, side="right"))

    def onsets(self, index: Ints) -> Ints:
        """Onset of the given note of each index, [N]; `UNLIMITED` behind the last."""
        return np.append(self.notes[:, SHIFT], UNLIMITED).take(index)

    def shift_class(self, clock: Ints, index: Ints) -> Ints:
        """The shift class that leads to the next given note, [N]; END where there is none.

        A gap between the classes, or past the longest, has the one below.
        """
        gap = self.onsets(index) - clock
        found = np.searchsorted(SHIFT_TICKS, gap, side="right") - 1
        return np.where(index < len(self), found.clip(0), END)

    def shift_mask(self, clock: Ints, index: Ints) -> Bools:
        """Shift classes that may come next, [N, END + 1].

        END may where no given note is left.

        Args:
            clock: Onset of the last note, [N].
            index: Of the next given note, [N].
        """
        onsets = clock[:, None] + SHIFT_TICKS
        somebody: Bools = np.asarray(np.any(self._open, axis=1))
        allowed = np.zeros((len(clock), END + 1), dtype=bool)
        allowed[:, :END] = somebody[np.searchsorted(self._edges, onsets, side="right")]
        given = self.shift_class(clock, index)[:, None]
        allowed &= given > _CLASSES
        allowed |= given == _CLASSES
        return allowed

    def reaches(self, clock: Ints, index: Ints, shifts: Ints) -> Bools:
        """Whether a shift class leads to the onset of the next given note, [N]."""
        return np.asarray((index < len(self)) & (shifts == self.shift_class(clock, index)))

    def part_mask(self, onsets: Ints, index: Ints, reaches: Bools) -> Bools:
        """Parts that may play next, [N, SLOTS].

        Args:
            onsets: Of the next note, [N].
            index: Of the next given note, [N].
            reaches: Whether the next note falls on that note's onset, [N].
        """
        given = np.append(self.notes[:, PART], 0).take(index)[:, None]
        allowed = self.open_parts(onsets)
        at = reaches[:, None]
        return np.asarray((allowed & (~at | (given >= _SLOTS))) | (at & (given == _SLOTS)))

    def pitch_mask(self, onsets: Ints, parts: Ints, index: Ints, reaches: Bools) -> Bools:
        """Pitches that may sound, [N, 128].

        Args:
            onsets: Of the next note, [N].
            parts: Its part, [N].
            index: Of the next given note, [N].
            reaches: As for `part_mask`.
        """
        rows = np.concatenate([self.notes, np.full((1, 5), -1)]).take(index, axis=0)
        at = (reaches & (rows[:, PART] == parts))[:, None]
        given = rows[:, PITCH, None]
        allowed = np.broadcast_to(self.may_play(onsets, parts)[:, None], at.shape)
        return np.asarray((allowed & (~at | (given > _PITCHES))) | (at & (given == _PITCHES)))

    def is_given(self, parts: Ints, pitches: Ints, index: Ints, reaches: Bools) -> Bools:
        """Whether a note is the next given one, [N], by its part and pitch on its onset."""
        rows = np.concatenate([self.notes, np.full((1, 5), -1)]).take(index, axis=0)
        return np.asarray(reaches & (rows[:, PART] == parts) & (rows[:, PITCH] == pitches))


def _keys_of(notes: Ints) -> Ints:
    """A number for each note, ascending in their order."""
    table = notes.astype(np.int64)
    return np.asarray((table[:, SHIFT] * SLOTS + table[:, PART]) * SIZES[PITCH] + table[:, PITCH])
