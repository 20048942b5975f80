"""Loose notes: given notes of which something is left free, in a passage that is varied.

A loose note comes where it stood, as long and as loud as it was, on another pitch; or with its
own pitch at another time. The others stand as they are.

Conventions:
    G given notes, in order; N streams. Ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import DURATION, END, PART, PITCH, SHIFT, SHIFT_TICKS, SIZES
from composer.encoding.given import Given
from composer.encoding.running_features import Context

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PITCHES = np.arange(SIZES[PITCH])
_CLASSES = np.append(SHIFT_TICKS, 1 << 40)


@dataclass(frozen=True, slots=True, eq=False)
class LooseNotes:
    """What is left free of given notes.

    Attributes:
        given: The notes.
        free: bool [G + 1], which are; the last stands for none.
        windows: int64 [G + 1, 2], first and last tick at which each may begin; None: where they
            stood.
        contour: Whether lines of single notes go up and down as they did.
    """

    given: Given
    free: Bools
    windows: Ints | None = None
    contour: bool = False

    @classmethod
    def on_other_pitches(cls, given: Given, free: Bools, *, contour: bool) -> LooseNotes:
        """The notes with their rhythm.

        Args:
            given: All notes of the piece.
            free: Which may change, bool [G]; of one part on one onset all or none.
            contour: See the class.
        """
        return cls(given, np.append(free, False), None, contour)

    @classmethod
    def at_other_times(
        cls, given: Given, free: Bools, most: int, start: int, end: int
    ) -> LooseNotes:
        """The notes with their pitches, in the same order.

        Args:
            given: All notes of the piece.
            free: Which may move, bool [G]; of one onset all or none.
            most: Ticks by which one may come sooner or later.
            start: Tick before which none of them comes.
            end: Tick before which all of them come.
        """
        onsets = given.notes[:, SHIFT]
        windows = np.stack([onsets, onsets], axis=1)
        windows[free, 0] = np.maximum(onsets[free] - most, start)
        windows[free, 1] = np.minimum(onsets[free] + most, end - 1)
        # The order stays: no group of notes passes another.
        for index in range(1, len(onsets)):
            apart = int(onsets[index] > onsets[index - 1])
            windows[index, 0] = max(windows[index, 0], windows[index - 1, 0] + apart)
        for index in range(len(onsets) - 2, -1, -1):
            apart = int(onsets[index] < onsets[index + 1])
            windows[index, 1] = min(windows[index, 1], windows[index + 1, 1] - apart)
        behind = np.full((1, 2), 1 << 40)
        return cls(given, np.append(free, False), np.concatenate([windows, behind]))

    @property
    def moves(self) -> bool:
        """Whether they come at other times, on their own pitches."""
        return self.windows is not None

    def fixed(self, index: Ints) -> Bools:
        """Whether given notes stand as they are, [N]."""
        return np.asarray(~self.free.take(index))

    def shifts(self, allowed: Bools, clock: Ints, index: Ints) -> Bools:
        """Shift classes that may come, [N, END + 1].

        Args:
            allowed: What given notes that stand allow.
            clock: Onset of the last note, [N].
            index: Of the next given note, [N].
        """
        if self.windows is None:
            return allowed
        onsets = self.given.onsets(index)
        before = self.given.onsets(np.maximum(index - 1, 0))
        together = (index > 0) & (onsets == before)
        window = self.windows.take(index, axis=0)
        low = np.where(together, clock, np.maximum(window[:, 0], clock + 1))
        high = np.where(together, clock, np.maximum(window[:, 1], low))
        there = clock[:, None] + _CLASSES
        own = (low[:, None] <= there) & (high[:, None] >= there)
        own[:, END] = False
        # Between two classes, or past the longest: the one below, and the note stands exactly.
        missing = ~own.any(axis=1)
        own[np.flatnonzero(missing), self.given.shift_class(clock, index)[missing]] = True
        return np.asarray(np.where(self.fixed(index)[:, None] & ~together[:, None], allowed, own))

    def reaches(self, onsets: Ints, index: Ints) -> Bools:
        """Whether a note is the next given one: always, where all are given, [N]."""
        return np.asarray((index < len(self.given)) & (onsets >= 0))

    def pitches(
        self, allowed: Bools, before: Ints, index: Ints, context: Context, rows: Ints
    ) -> Bools:
        """Pitches that the next given notes may sound on, [N, 128].

        Args:
            allowed: What constraints allow.
            before: Pitch below which the note may not lie, -1 for none, [N].
            index: Of the next given note, [N].
            context: Of all streams before it.
            rows: Which streams of it these are.
        """
        notes = np.concatenate([self.given.notes, np.full((1, 5), -1)])
        own = notes.take(index, axis=0)
        exact = own[:, PITCH, None] == _PITCHES
        if self.moves:
            return np.asarray(exact)
        result: Bools = exact.copy()
        for row in np.flatnonzero(self.free.take(index)).tolist():
            at = int(index[row])
            above = 0
            while at + above + 1 < len(self.given) and np.array_equal(
                notes[at + above + 1, :PITCH], notes[at, :PITCH]
            ):
                above += 1
            usable = allowed[row] & (before[row] < _PITCHES)
            alone = not above and before[row] < 0
            if self.contour and alone:
                going = self._going(at, context, int(rows[row]))
                # At the edge of what may sound, the line goes on past it.
                usable = usable & going if (usable & going).any() else _next_of(going)
            if not above and before[row] == self._below(at) and (usable & ~exact[row]).any():
                usable = usable & ~exact[row]  # what is to change becomes something else
            places = np.flatnonzero(usable)
            if len(places) > above:
                result[row] = False
                result[row, places[: len(places) - above]] = True
            elif before[row] >= own[row, PITCH]:
                result[row] = False
                result[row, min(int(before[row]) + 1, SIZES[PITCH] - 1)] = True
        return np.asarray(result)

    def _below(self, at: int) -> int:
        """The pitch of the given note below one in its chord, -1 for none."""
        notes = self.given.notes
        together = at > 0 and np.array_equal(notes[at - 1, :PITCH], notes[at, :PITCH])
        return int(notes[at - 1, PITCH]) if together else -1

    def _going(self, at: int, context: Context, row: int) -> Bools:
        """Pitches that lead a line up or down as its given note does, or leave it where it is.

        Args:
            at: Index of the note.
            context: Of all streams.
            row: The stream.
        """
        onset, slot, pitch = self.given.notes[at, :DURATION].tolist()
        earlier = (self.given.notes[:at, PART] == slot) & (self.given.notes[:at, SHIFT] < onset)
        mine = np.flatnonzero(earlier)
        heard = int(context.last[row, slot, 0])
        if not len(mine) or context.heard[row, slot] < 0:
            return np.ones(SIZES[PITCH], dtype=bool)
        step = pitch - int(self.given.notes[mine[-1], PITCH])
        # At either end of all pitches there is nothing to go to: it stays.
        way = np.sign(step) if 0 < heard < SIZES[PITCH] - 1 else 0
        return np.asarray(np.sign(_PITCHES - heard) == way)


def _next_of(going: Bools) -> Bools:
    """Of the pitches above some pitch, or below it, the nearest one; of all pitches, all."""
    found = np.zeros_like(going)
    if not going.any() or going.all():
        return going
    found[np.argmax(going) if not going[0] else len(going) - 1 - np.argmax(going[::-1])] = True
    return found
