"""Phrases: what the player plays, from the first note to the silence that ends it.

A phrase is over when nothing keeps it open (`composer.live.core.keyboard`) and it has been
silent for about a beat. What a beat is, the tempo says, or, in free time, the player's own
pace; how much of it is waited for depends on how finished the phrase sounds to the network.

Players breathe: a silence after which the same phrase went on is no end the next time. So,
however finished a phrase sounds, a silence that ends it is longer than the player's last
breaths, up to that beat; and a breath that was answered counts as one as soon as the player
goes on.

Conventions:
    Moments are seconds on the session's clock.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from composer.live.core.keyboard import HeldKey, Keyboard
from composer.live.core.turns import PlayerState

SHORTEST_WAIT, LONGEST_WAIT = 0.4, 1.5
"""Seconds of silence that end a phrase, at least and at most."""

PACE_NOTES = 16
"""Onsets from which a player's pace is taken."""

BREATHS = 12
"""Last breaths that are borne in mind."""

BREATH = 0.2
"""Seconds of silence from which on it is a breath, and no gap between two notes."""

LONGER = 1.25
"""Times the longest of the last breaths that a silence has to be to end a phrase."""

TOGETHER = 0.03
"""Seconds within which onsets are one chord."""


class Phrase(NamedTuple):
    """What was played until it was somebody else's turn.

    Attributes:
        began: Moment of its first note.
        last_onset: Moment of its last one.
        notes: How many.
    """

    began: float
    last_onset: float
    notes: int


class PhraseTracker:
    """One session's phrase.

    Attributes:
        keyboard: Which keys are down.
        count: Notes of the phrase so far; 0 when there is none.
        began: Moment of its first note.
        last_onset: Moment of its last one.
        pitches: Of the last notes.
    """

    def __init__(self) -> None:
        """Nothing was played."""
        self.clear()

    def clear(self) -> None:
        """Forget all that was played, and the player's pace."""
        self.keyboard = Keyboard()
        self.count = 0
        self.began = self.last_onset = 0.0
        self.pitches: deque[int] = deque(maxlen=PACE_NOTES)
        self._onsets: deque[float] = deque(maxlen=PACE_NOTES)
        self._rest: float | None = None  # seconds, from the onsets; None: to be found
        self._breaths: deque[float] = deque(maxlen=BREATHS)  # seconds
        self._taken = Phrase(0.0, 0.0, 0)

    @property
    def state(self) -> PlayerState:
        """Where the player's turn stands."""
        if not self.count:
            return PlayerState.SILENT
        quiet = self.keyboard.quiet_since is not None
        return PlayerState.RESTING if quiet else PlayerState.PLAYING

    @property
    def quiet_since(self) -> float | None:
        """Since when nothing keeps the phrase open; None while something does."""
        return self.keyboard.quiet_since

    def press(self, now: float, key: HeldKey, length: float | None = None) -> list[HeldKey]:
        """A note begins; see `Keyboard.press`."""
        if not self.count:
            self.began = now
        elif self.quiet_since is not None:
            self._breathed(now - self.quiet_since)
        self.count += 1
        self.last_onset = now
        self.pitches.append(key.pitch)
        if not self._onsets or now - self._onsets[-1] > TOGETHER:
            self._onsets.append(now)
            self._rest = None
        return self.keyboard.press(now, key, length)

    def take(self) -> Phrase:
        """The phrase is over; a new one may begin."""
        self._taken = Phrase(self.began, self.last_onset, self.count)
        self.count = 0
        return self._taken

    def resume(self) -> None:
        """The phrase that was taken last was not over: go on with it."""
        self.began, self.last_onset, self.count = self._taken

    def wait(self, beat: float | None, closing: float = 0.0) -> float:
        """Seconds of silence after which the phrase is over.

        Args:
            beat: Seconds of a beat; None in free time.
            closing: How sure the network is that nothing follows soon, 0..1.
        """
        if beat is None:
            if self._rest is None:
                steps = [b - a for a, b in pairwise(self._onsets) if b - a < 3.0]
                # Two of the player's usual steps without a note are a rest.
                self._rest = 2 * median(steps) if len(steps) >= 3 else 0.8
            beat = self._rest
        longest = min(max(beat, SHORTEST_WAIT), LONGEST_WAIT)
        shortest = min(max(SHORTEST_WAIT, LONGER * max(self._breaths, default=0.0)), longest)
        return longest - (longest - shortest) * min(max(closing, 0.0), 1.0)

    def _breathed(self, silence: float) -> None:
        if silence > BREATH:
            self._breaths.append(silence)
