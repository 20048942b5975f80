"""Lookback: what was played a bar ago at the place that comes next.

An accompaniment goes on as it did in the bar before, on other notes.
`composer.encoding.match_model` needs the same notes to find a place; a lookback always has one, a
bar away. It tells when the next note came then, who played at the place that the music has reached
now, and what that part played there: its pitch, its length, how loud. After the lookback features
of E. Waite et al., "Project Magenta: Generating long-term structure in songs and stories",
2016, here for several parts and for music that is not on a grid to the tick.

Conventions:
    Times are event ticks, counted by the shifts heard. A lookback is a value: `hear`
    returns a new one. Bars of length 0 (free time) have nothing to look back to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from composer.encoding.earlier_bar import HISTORY, NEAR, RECENT, TICKS, UNASKED, EarlierBar, near
from composer.encoding.events import NO_SHIFT, BarNote
from composer.encoding.match_model import NO_PART, class_of_ticks

LIKENESSES = 1 + 3 * (HISTORY + 1)
"""Classes of likeness: 0 for nothing to look back to, else 1 + 3 * (notes of the last 8 whose
time and part were as a bar ago) + (pitches that were too: up to 2, to 5, more)."""
Note = BarNote
"""(onset, part, pitch, duration, velocity)."""


class Lookback(EarlierBar):
    """What one stream played in the last bar; see the module's docstring."""

    __slots__ = ("_again", "_bar", "_chord", "_next", "_notes", "_now", "_rhythm")

    _bar: int  # ticks
    _now: int  # ticks, of the last note heard
    _chord: tuple[int, ...]  # parts of the notes heard at this moment, in order
    _notes: tuple[Note, ...]  # from a bar ago to now
    _next: Note | None  # the note that came next a bar ago
    _rhythm: int  # one bit a note, whether time and part were as a bar ago; latest lowest
    _again: int  # the same for time, part and pitch

    @classmethod
    def start(cls, bar: int) -> Lookback:
        """Nothing heard yet; `bar` is its length in ticks, 0 for free time."""
        made = cls()
        made._bar, made._now, made._chord = bar, 0, ()
        made._notes, made._rhythm, made._again = (), 0, 0
        made._left, made._next, made._found = (), None, UNASKED
        return made

    def hear(self, row: tuple[int, ...], bar: int) -> Lookback:
        """The lookback after one more note, in a bar of this length.

        Args:
            row: (shift, part, pitch, duration, velocity).
            bar: Ticks of the bar that follows; 0 for free time.
        """
        shift, part, pitch, duration, velocity = row
        made = Lookback()
        made._found = UNASKED
        ticks = TICKS[shift]
        made._bar, made._now = bar, self._now + ticks
        made._chord = (part,) if ticks else (*self._chord, part)
        old = self._next
        rhythm = old is not None and old[1] == part and abs(self._ticks_to(old) - ticks) <= NEAR
        made._rhythm = (self._rhythm << 1 | rhythm) & RECENT
        same = rhythm and old is not None and old[2] == pitch
        made._again = (self._again << 1 | same) & RECENT
        if bar:
            since = made._now - bar - NEAR
            notes, first = self._notes, 0
            while first < len(notes) and notes[first][0] < since:
                first += 1
            made._notes = (*notes[first:], (made._now, part, pitch, duration, velocity))
            made._look()
        else:
            made._notes, made._left, made._next = (), (), None
        return made

    def likeness_and_shift(self) -> tuple[int, int]:
        """(likeness, shift class from now to the note that came next a bar ago)."""
        old = self._next
        if old is None:
            return 0, NO_SHIFT
        again = min((self._again.bit_count()) // 3, 2)
        return 1 + 3 * self._rhythm.bit_count() + again, class_of_ticks(self._ticks_to(old))

    def part_after(self, shift: int) -> int:
        """The part that played first a bar ago where this shift class leads to."""
        there = self._there(shift)
        return there[0][1] if there else NO_PART

    def _played_after(self, ticks: int) -> Sequence[Note]:
        return near(self._notes, self._now + ticks - self._bar)

    def _look(self) -> None:
        """Find what came next a bar ago.

        Of the chord that was played then, each part's notes are still to come, in their
        order, less as many as it has played now.
        """
        chord, notes = self._chord, self._notes
        # The notes that are kept begin where this chord did.
        behind = bisect_left(notes, (self._now - self._bar + NEAR + 1,))
        left: list[Note] = []
        if behind:
            heard = list(chord)
            for note in notes[:behind]:
                if note[1] in heard:
                    heard.remove(note[1])
                elif note[1] >= chord[-1]:
                    left.append(note)
        self._left = left
        later = notes[behind] if behind < len(notes) else None
        self._next = left[0] if left else later

    def _ticks_to(self, old: Note) -> int:
        return max(old[0] + self._bar - self._now, 0)
