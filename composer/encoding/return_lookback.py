"""Return lookback: what was played in the bar that this one takes up again.

`composer.encoding.lookback` tells what was played one bar ago at the place that comes next.
A plan (`composer.music.plan`) says of each bar which earlier one it returns to, and this tells
the same of that bar, moved by the plan's transposition: so a theme is at hand when it comes
back. It also tells the plan's chords, and how far it is to the end of the phrase and the piece.

Conventions:
    Times are event ticks, counted by the shifts heard. A lookback is a value: `hear` returns
    a new one. Without a plan, and in free time, there is nothing to look back to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from composer.encoding.earlier_bar import NEAR, RECENT, TICKS, UNASKED, EarlierBar, near
from composer.encoding.events import NO_SHIFT, PITCH, SIZES, UNLIMITED, BarNote
from composer.encoding.match_model import NO_PART, class_of_ticks
from composer.music.chords import NO_CHORD
from composer.music.plan import FAR, Plan

RETURNINGS = 2 + 3 * 4 * 3
"""Classes of returning: 0 where there is nothing to look back to, 1 where there will be in the
next bar, else 2 + 12 * (nearness - 1) + 3 * (of the last 8 notes, those whose time and part were
as in the bar referred to: up to 2, to 5, to 7, all) + (pitches that were too: up to 2, 5, more)."""
PHRASES = FAR + 1
"""Classes of bars to the end of the phrase, and of the piece: 0 where that is not known."""
NO_PLAN = (0, NO_SHIFT)
NO_PLACE = (NO_PART, NO_CHORD, NO_CHORD, 0, 0)

_PHRASE = 4
"""Bars of a phrase of which nothing is planned."""
_RHYTHM = (0, 0, 0, 3, 3, 3, 6, 6, 9)
_AGAIN = (0, 0, 0, 1, 1, 1, 2, 2, 2)
_HIGHEST = SIZES[PITCH] - 1

Note = BarNote
"""(ticks from the bar line, part, pitch, duration, velocity); a bar's stand in order of time."""


class ReturnLookback(EarlierBar):
    """What one stream played, bar by bar, and which bar its plan refers to."""

    __slots__ = (
        "_again",
        "_ahead",
        "_bar",
        "_bars",
        "_chord",
        "_drums",
        "_inside",
        "_kept",
        "_next",
        "_number",
        "_plan",
        "_played",
        "_rhythm",
        "_source",
    )  # fmt: skip

    _plan: Plan | None
    _ahead: Mapping[int, Sequence[Note]]  # the notes of later bars, as far as they are given
    _drums: frozenset[int]  # parts that are not transposed
    _number: int  # of the bar that the music has reached
    _inside: int  # ticks from its bar line to the last note heard
    _bar: int  # its length
    _bars: tuple[tuple[Note, ...], ...]  # the notes of all bars before
    _kept: int  # of how many of these the notes are kept
    _played: tuple[Note, ...]  # the notes of this one
    _source: Sequence[Note]  # the notes of the bar that this one refers to, transposed
    _chord: tuple[int, ...]  # parts of the notes heard at this moment, in order
    _next: tuple[int, Note] | None  # ticks to the note that came next there, and the note
    _rhythm: int  # one bit a note, whether time and part were as there; latest lowest
    _again: int  # the same for time, part and pitch

    @classmethod
    def start(
        cls,
        plan: Plan | None,
        drums: frozenset[int],
        bar: int,
        ahead: Mapping[int, Sequence[Note]] = MappingProxyType({}),
        kept: int = UNLIMITED,
    ) -> ReturnLookback:
        """Nothing heard yet.

        Args:
            plan: Of the piece; None: there is none.
            drums: Parts that are drum kits.
            bar: Length in ticks of the first bar; 0 for free time.
            ahead: Notes of bars that are not reached yet, as far as they are given, by number.
            kept: Of how many bars before the present one the notes are kept.
        """
        made = cls()
        made._ahead, made._kept = ahead, kept
        made._plan = plan if bar else None
        made._drums, made._number, made._inside, made._bar = drums, 0, 0, bar
        made._bars, made._played, made._chord = (), (), ()
        made._rhythm = made._again = 0
        made._source, made._left, made._next = (), (), None
        made._found = UNASKED
        if made._plan is not None:
            made._turn()
        return made

    def begins_phrase(self, number: int) -> bool:
        """Whether a phrase begins with a bar; every fourth one does where that is not planned."""
        known = 0 if self._plan is None or not number else self._plan.bar(number - 1).phrase
        return known == 1 if known else number % _PHRASE == 0

    def hear(self, row: Sequence[int], number: int, inside: int, bar: int) -> ReturnLookback:
        """The lookback after one more note.

        Args:
            row: (shift, part, pitch, duration, velocity).
            number: Of the bar it falls in.
            inside: Ticks from the bar line to it.
            bar: Length of that bar.
        """
        if self._plan is None:
            return self
        shift, part, pitch, duration, velocity = row
        made = ReturnLookback()
        ticks = TICKS[shift]
        made._plan, made._drums = self._plan, self._drums
        made._ahead, made._kept = self._ahead, self._kept
        made._number, made._inside, made._bar = number, inside, bar
        made._chord = (part,) if ticks else (*self._chord, part)
        rhythm = same = False
        if self._next is not None:
            away, old = self._next
            rhythm = old[1] == part and abs(away - ticks) <= NEAR
            same = rhythm and old[2] == pitch
        made._rhythm = (self._rhythm << 1 | rhythm) & RECENT
        made._again = (self._again << 1 | same) & RECENT
        note = (inside, part, pitch, duration, velocity)
        if number == self._number:
            made._bars, made._played = self._bars, (*self._played, note)
            made._source = self._source
            made._look()
        else:
            made._bars, made._played = self._bars_before(number), (note,)
            made._turn()
        return made

    def moved(self, number: int, inside: int, bar: int) -> ReturnLookback:
        """The same at another place, to which no note leads."""
        if self._plan is None:
            return self
        made = self._copy()
        if number > self._number:
            made._bars, made._played = self._bars_before(number), ()
            made._chord = ()
        made._number, made._inside, made._bar = number, inside, bar
        made._turn()
        return made

    def planned(
        self, plan: Plan | None, ahead: Mapping[int, Sequence[Note]] | None = None
    ) -> ReturnLookback:
        """The same with another plan; a stream without one so far has kept none of its bars.

        Args:
            plan: None: nothing is planned.
            ahead: As for `start`; None: as before.
        """
        made = self._copy()
        if ahead is not None:
            made._ahead = ahead
        made._plan = plan if self._bar else None
        if made._plan is None:
            made._source, made._left, made._next, made._found = (), (), None, UNASKED
        else:
            made._turn()
        return made

    @property
    def plan(self) -> Plan | None:
        """What is planned."""
        return self._plan

    def _bars_before(self, number: int) -> tuple[tuple[Note, ...], ...]:
        """The notes of the bars before a later one; where nothing began, and too long ago, none."""
        bars = (*self._bars, self._played, *((),) * (number - self._number - 1))
        forgotten = len(bars) - self._kept
        return bars if forgotten <= 0 else ((),) * forgotten + bars[forgotten:]

    def _copy(self) -> ReturnLookback:
        made = ReturnLookback()
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    def returning_and_shift(self) -> tuple[int, int]:
        """(returning, shift class from now to the note that came next in the bar referred to)."""
        if self._next is None or self._plan is None:
            return NO_PLAN
        nearness = self._plan.bar(self._number).nearness
        shift = class_of_ticks(max(self._next[0], 0))
        if not nearness:
            return 1, shift
        agreement = _RHYTHM[self._rhythm.bit_count()] + _AGAIN[self._again.bit_count()]
        return 2 + 12 * (nearness - 1) + agreement, shift

    def place_after(self, shift: int) -> tuple[int, int, int, int, int]:
        """What is told of the place to which a shift class leads.

        Returns:
            (part that played first there in the bar referred to, chord in force, chord of the
            half bar after it, bars to the end of the phrase, bars to the end of the piece).
        """
        plan = self._plan
        if plan is None:
            return NO_PLACE
        number, inside = self._after(TICKS[shift])
        there = self._there(shift)
        bar = plan.bar(number)
        late = 2 * inside >= self._bar
        following = plan.bar(number + 1).chords[0] if late else bar.chords[1]
        part = there[0][1] if there else NO_PART
        return part, bar.chords[late], following, bar.phrase, bar.ending

    def _after(self, ticks: int) -> tuple[int, int]:
        """Number of the bar that lies so many ticks ahead, and how far into it."""
        bars, inside = divmod(self._inside + ticks, self._bar)
        return self._number + bars, inside

    def _played_after(self, ticks: int) -> Sequence[Note]:
        if self._plan is None:
            return ()
        number, inside = self._after(ticks)
        if number == self._number:
            return near(self._source, inside)
        notes, semitones = self._referred_by(number)
        return self._transposed(near(notes, inside), semitones)

    def _referred_by(self, number: int) -> tuple[Sequence[Note], int]:
        """The notes of the bar that a bar refers to, and how far they are to be transposed."""
        assert self._plan is not None
        reference, semitones, *_ = self._plan.bar(number)
        if reference < 0:
            return (), 0
        if reference < len(self._bars):
            return self._bars[reference], semitones
        if reference == self._number:
            return self._played, semitones
        return self._ahead.get(reference, ()), semitones

    def _transposed(self, notes: Sequence[Note], semitones: int) -> Sequence[Note]:
        """Some notes, all but drums higher by so many semitones."""
        if not semitones:
            return notes
        return [
            (inside, part, min(max(pitch + semitones, 0), _HIGHEST), duration, velocity)
            if part not in self._drums
            else (inside, part, pitch, duration, velocity)
            for inside, part, pitch, duration, velocity in notes
        ]

    def _turn(self) -> None:
        """Begin another bar."""
        self._source = self._transposed(*self._referred_by(self._number))
        self._look()

    def _look(self) -> None:
        """Find what came next in the bar referred to, as `Lookback` does in the last one."""
        self._found = UNASKED
        inside, chord = self._inside, self._chord
        left: list[Note] = []
        heard = list(chord)
        later: tuple[int, Note] | None = None
        notes = self._source
        for place in range(bisect_left(notes, (inside - NEAR,)), len(notes)):
            note = notes[place]
            away = note[0] - inside
            if away > NEAR:
                later = away, note
                break
            if note[1] in heard:
                heard.remove(note[1])
            elif not chord or note[1] >= chord[-1]:
                left.append(note)
        self._left = left
        if left:
            self._next = 0, left[0]
        elif later is not None:
            self._next = later
        else:
            notes, semitones = self._referred_by(self._number + 1)
            first = self._transposed(notes[:1], semitones)
            self._next = (self._bar - inside + first[0][0], first[0]) if first else None
