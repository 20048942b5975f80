"""Chord tracker: the chord of a player who goes on playing, and the one that comes next.

`composer.analysis.harmony` finds the chords of music that is there as a whole. Here only what was
played is known, and of that, what is held says most. Before anything of a half bar has sounded, the
player's own chords speak for it: where the last ones were played before, in the same half of the
bar, what came next then is likely to come again (prediction by partial matching; J. Cleary and
I. Witten, 1984), and without that a chord stays, or moves as chords mostly do.

Conventions:
    Ticks are event ticks with a bar line at 0; half bars are counted from there. Chords are codes
    of `composer.music.chords`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.harmony import chord_fits
from composer.music.chords import CHORDS, NO_CHORD, QUALITIES

Floats = NDArray[np.float64]

EARLY: Final = 4
"""Ticks before a half bar within which a key that stays down was struck for it."""
LOWEST: Final = 2
"""Semitones above the lowest pitch of a half bar within which notes are its bass."""
HELD: Final = 12
"""Ticks for which a key that is down counts beyond the time that it has sounded."""
RUNG_ON: Final = 0.2
"""Share of its time for which a key counts that was struck for an earlier half bar."""
KEPT: Final = 256
"""Half bars that are remembered."""
LONGEST: Final = 12
"""Chords on end that are looked for in what was played before."""
PER_CHORD: Final = 3.0
"""What each chord more that is the same multiplies an earlier place's say by."""
STAYS: Final = (0.6, 3.0)
"""What speaks for the chord before, at a bar line and in the middle of a bar, where an earlier
place with no chord before it the same has a say of 0.1."""
SAY: Final = 0.06
"""What expectation counts for, in nats of it, beside what sounds."""
UNHEARD: Final = 1e-3
"""Chance of a chord that nothing speaks for."""


class ChordTracker:
    """What a player's harmony is, as far as it is known by now."""

    def __init__(self, bar: int) -> None:
        """Nothing was played.

        Args:
            bar: Ticks of a bar.
        """
        self._half = max(bar // 2, 1)
        self._down: dict[int, int] = {}  # pitch -> tick
        self._notes: list[tuple[int, int, int]] = []  # onset, end, pitch; of the last half bars
        self._first = 0
        self._chords: list[int] = []  # of the half bars that are over
        self._expected: tuple[int, Floats] | None = None

    def press(self, tick: int, pitch: int) -> None:
        """The player strikes a key."""
        self._settle(tick + EARLY)
        self.release(tick, pitch)
        self._down[pitch] = tick

    def release(self, tick: int, pitch: int) -> None:
        """The player lets a key go."""
        onset = self._down.pop(pitch, None)
        if onset is not None:
            self._notes.append((onset, max(tick, onset + 1), pitch))

    def chord(self, tick: int) -> int:
        """The chord in force at a tick that has come; `NO_CHORD` before any."""
        self._settle(tick)
        return self._find(tick // self._half, tick)

    def coming(self, tick: int, count: int) -> tuple[int, ...]:
        """The chords that are likely from the half bar of a tick on, so many of them.

        Args:
            tick: It, now or to come.
            count: How many.
        """
        number, now = tick // self._half, self._first + len(self._chords)
        found = self._chords[max(number - self._first, 0) :][:count]
        if len(found) < count:
            chords = [*self._chords, self._find(now, None)]
            while self._first + len(chords) < number + count:
                chords.append(likeliest(expectation(chords, self._first + len(chords))))
            found = chords[number - self._first :][:count] if number >= self._first else chords
        return tuple(found[:count])

    def _settle(self, tick: int) -> None:
        """Note down the chords of the half bars that are over."""
        number = tick // self._half
        if not self._chords and not self._notes and not self._down:
            self._first = number
        number = max(number, self._first)
        if number - self._first - len(self._chords) > KEPT:
            self._first, self._chords = number, []  # a long silence
        while self._first + len(self._chords) < number:
            over = self._first + len(self._chords)
            self._chords.append(self._find(over, (over + 1) * self._half))
            self._expected = None
        if len(self._chords) > 2 * KEPT:
            self._first, self._chords = self._first + KEPT, self._chords[KEPT:]
        oldest = (number - 1) * self._half
        if self._notes and self._notes[0][1] < oldest:
            self._notes = [note for note in self._notes if note[1] >= oldest]

    def _find(self, number: int, until: int | None) -> int:
        """The chord of a half bar, the last one that is not settled.

        Args:
            number: Of the half bar.
            until: Tick up to which it has sounded; None for all that is known of it.
        """
        if self._expected is None or self._expected[0] != number:
            self._expected = number, expectation(self._chords, number)
        expected = self._expected[1]
        sounding, bass = self._sounding(number, until)
        if sounding.any():
            scores = chord_fits(sounding[None], bass[None])[0] + SAY * np.log(expected)
            return int(scores.argmax())
        return likeliest(expected)

    def _sounding(self, number: int, until: int | None) -> tuple[Floats, Floats]:
        """How long each pitch class sounds in a half bar, and in its lowest voice, [12] each."""
        begin, end = number * self._half, (number + 1) * self._half
        here = end if until is None else min(until, end)
        times = np.zeros(128)
        for onset, over, pitch in self._notes:
            times[pitch] += self._time(onset, min(over, here), begin, end)
        for pitch, onset in self._down.items():
            times[pitch] += self._time(onset, min(here + HELD, end), begin, end)
        sounding, bass = np.zeros(12), np.zeros(12)
        used = np.flatnonzero(times)
        if len(used):
            np.add.at(sounding, used % 12, times[used])
            low = used[used <= used[0] + LOWEST]
            np.add.at(bass, low % 12, times[low])
        return sounding, bass

    @staticmethod
    def _time(onset: int, over: int, begin: int, end: int) -> float:
        """What a note from `onset` to `over` says of a half bar."""
        if onset >= end - EARLY:
            return 0.0
        time = max(over - max(onset, begin), 0)
        return time if onset >= begin - EARLY else RUNG_ON * time


def expectation(chords: list[int], number: int) -> Floats:
    """How likely each chord is for a half bar, [chords].

    Args:
        chords: Of all half bars before it that are known, the last of them just before it.
        number: Of the half bar; whether it begins a bar counts.
    """
    chances = np.full(CHORDS, UNHEARD)
    chances[NO_CHORD] = UNHEARD / 100
    if not chords:
        return np.asarray(chances / chances.sum())
    last = chords[-1]
    if last != NO_CHORD:
        chances[last] += STAYS[number % 2]
        root, quality = divmod(last - 1, len(QUALITIES))
        for step, say in ((5, 0.1), (7, 0.06), (2, 0.04), (10, 0.04), (9, 0.04), (3, 0.02)):
            for other in (0, 1):
                same = 1 if quality in (1, 2, 6, 7) else 0
                code = 1 + len(QUALITIES) * ((root + step) % 12) + other
                chances[code] += say / (1 if other == same else 2)
    for at in range(len(chords) - 2, 0, -2):
        if chords[at] == NO_CHORD:
            continue
        length = 0
        while length < min(LONGEST, at) and chords[at - 1 - length] == chords[-1 - length]:
            length += 1
        chances[chords[at]] += 0.1 * PER_CHORD**length
    return np.asarray(chances / chances.sum())


def likeliest(expected: Floats) -> int:
    """The likeliest chord; `NO_CHORD` where nothing speaks for any."""
    best = int(expected.argmax())
    return best if expected[best] > 2 / CHORDS else NO_CHORD
