"""Earlier bar: the places of a bar that was played before, looked up once each.

`Lookback` and `ReturnLookback` differ in which bar that is.

Conventions:
    Times are event ticks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from composer.encoding.events import NO_DURATION, NO_PITCH, NO_VELOCITY, SHIFT_TICKS, BarNote

NEAR = 2
"""Ticks by which a player may have been earlier or later in that bar."""
HISTORY = 8
"""Notes over which it is counted how much is as it was there."""
RECENT = (1 << HISTORY) - 1
"""A bit for each of them."""
NO_NOTE = (NO_PITCH, NO_DURATION, NO_VELOCITY)
TICKS = [*SHIFT_TICKS.tolist(), int(SHIFT_TICKS[-1])]
"""Of each shift class; END leads as far as the longest."""
UNASKED: tuple[int, Sequence[BarNote]] = (-1, ())
"""Of no place it is known yet what was played there."""


def near(notes: Sequence[BarNote], place: int) -> Sequence[BarNote]:
    """Those of some notes, in order of time, that were played at a place, or near it."""
    first = bisect_left(notes, (place - NEAR,))
    return notes[first : bisect_left(notes, (place + NEAR + 1,), first)]


class EarlierBar:
    """A bar that was played before, from where the music has come to."""

    __slots__ = ("_found", "_left")

    _left: Sequence[BarNote]  # of the chord there at this moment, what is still to come
    _found: tuple[int, Sequence[BarNote]]  # shift class asked about last, what was found there

    def parts_after(self, shift: int) -> list[int]:
        """The part of each note that was played there, still to come, in order."""
        return [note[1] for note in self._there(shift)]

    def note_after(self, shift: int, part: int) -> tuple[int, int, int]:
        """(pitch, duration, velocity) that a part played there; `NO_NOTE` for none."""
        for note in self._there(shift):
            if note[1] == part:
                return note[2:]
        return NO_NOTE

    def _there(self, shift: int) -> Sequence[BarNote]:
        """What was played in that bar where a shift class leads to: it is asked several times."""
        asked, found = self._found
        if asked != shift:
            ticks = TICKS[shift]
            found = self._played_after(ticks) if ticks else self._left
            self._found = shift, found
        return found

    def _played_after(self, ticks: int) -> Sequence[BarNote]:
        """What was played there at a moment to come."""
        raise NotImplementedError
