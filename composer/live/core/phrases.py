"""Phrases: what the player plays, from the first note to the silence that ends it.

A phrase is over when nothing keeps it open (`composer.live.core.keyboard`) and it has been
silent for about a beat. What a beat is, the tempo says, or, in free time, the player's own
pace; less of it is waited for where the network does not expect the next note just then.

Players breathe: a silence after which the same phrase went on is no end the next time. So,
whatever the network expects, and however short a beat is, the silence that ends a phrase is
longer than the player's breaths (*patience*). A breath that was answered makes for more of it,
and an answer that was listened to for less: whoever plays on and on is let play, and whoever
waits for answers gets them soon. Whoever keeps a pulse of single detached notes is waited for
until the next one is overdue. `benchmarks/phrase_ends.py` has chosen the numbers.

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
"""Seconds of silence that end a phrase, at least and at most, of players who do not breathe."""

PACE_STEPS, UNKNOWN_PACE = 2.5, 1.0
"""In free time, the player's usual steps that stand for a beat's silence; and its seconds before
the steps are known."""

EXPECTED = 0.25
"""Seconds after the shortest wait within which a note that the network expects is waited for."""

PULSE_STEPS, EVEN = 3, 1.25
"""Steps from which on a player is known to keep a pulse, and how much longer than another one of
them may be."""
OVERDUE = 1.1
"""Steps after the last onset after which the next note of a pulse does not come any more."""

PACE_NOTES = 16
"""Onsets from which a player's pace is taken."""

BREATH = 0.2
"""Seconds of silence from which on it is a breath, and no gap between two notes."""

LONGER, ANSWERED_LONGER = 1.25, 2.0
"""Times a breath that a silence has to be to end a phrase, and times one that was answered."""

MOST_PATIENT = 2.5
"""Seconds of silence that always end a phrase."""

FADES, SATISFIED = 0.99, 0.6
"""What is left of patience after every breath, and after an answer that was listened to."""

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
        self._patience = 0.0  # seconds
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
            self._breathed(now - self.quiet_since, LONGER)
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

    def cut_in(self, now: float) -> None:
        """The player goes on, although the phrase was taken: that was too soon."""
        if self.quiet_since is not None:
            self._breathed(now - self.quiet_since, ANSWERED_LONGER)

    def satisfied(self) -> None:
        """The player has listened to an answer, and plays a new phrase: it came when it should."""
        self._patience *= SATISFIED

    @property
    def shortest_wait(self) -> float:
        """Seconds of silence before which the phrase is not over."""
        return min(max(SHORTEST_WAIT, self._patience, self._until_overdue()), MOST_PATIENT)

    def wait(self, beat: float | None, quiet: float = 0.0) -> float:
        """Seconds of silence after which the phrase is over.

        Args:
            beat: Seconds of a beat; None in free time.
            quiet: How sure the network is that the player, silent for the shortest wait, stays
                so for `EXPECTED` more, 0..1.
        """
        if beat is None:
            if self._rest is None:
                steps = [b - a for a, b in pairwise(self._onsets) if b - a < 3.0]
                self._rest = PACE_STEPS * median(steps) if len(steps) >= 3 else UNKNOWN_PACE
            beat = self._rest
        shortest = self.shortest_wait
        longest = max(min(beat, LONGEST_WAIT), shortest)
        return shortest + (longest - shortest) * (1 - min(max(quiet, 0.0), 1.0)) ** 2

    def _until_overdue(self) -> float:
        """Seconds of silence within which the next note of an even pulse comes; 0 without one.

        Detached notes one by one, however slow, are a tune and no phrases of a note each.
        """
        steps = [after - before for before, after in pairwise(self._onsets)][-PULSE_STEPS:]
        if len(steps) < PULSE_STEPS or max(steps) > EVEN * min(steps):
            return 0.0
        quiet = self.quiet_since
        held = 0.0 if quiet is None else quiet - self._onsets[-1]
        return OVERDUE * median(steps) - held

    def _breathed(self, silence: float, longer: float) -> None:
        if silence > BREATH:
            self._patience = max(self._patience * FADES, longer * silence)
