"""Phrases: what the player plays, and when it is over.

A phrase is over when all keys and the pedal are up and it has been silent for about a
beat. What a beat is, the tempo says, or, in free time, the player's own pace; how much of
it is waited for depends on how finished the phrase sounds to the network.

Conventions:
    Moments are seconds on the session's clock. A key is (channel, pitch).
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from itertools import pairwise
from statistics import median

Key = tuple[int, int]

SHORTEST_WAIT, LONGEST_WAIT = 0.4, 1.5
"""Seconds of silence that end a phrase, at least and at most."""

HELD_AT_MOST = 20.0
"""Seconds after which a key or pedal counts as up: its end was lost on the way."""

PEDAL = -1
"""Stands for a channel's pedal where a pitch would."""

PACE_NOTES = 16
"""Onsets from which a player's pace is taken."""

TOGETHER = 0.03
"""Seconds within which onsets are one chord."""


class PhraseTracker:
    """One player's keys and pedals.

    Attributes:
        count: Notes of the phrase so far; 0 when there is none.
        began: Moment of its first note.
        last_onset: Moment of its last one.
        quiet_since: Since when all keys and pedals are up; None while one is down.
        pitches: Of the last notes.
    """

    def __init__(self) -> None:
        self.count = 0
        self.began = self.last_onset = 0.0
        self.quiet_since: float | None = None
        self.pitches: deque[int] = deque(maxlen=PACE_NOTES)
        self._down: dict[Key, float] = {}
        self._pedals: dict[int, float] = {}
        self._ringing: set[Key] = set()
        self._releases: list[tuple[float, Key, float]] = []
        self._onsets: deque[float] = deque(maxlen=PACE_NOTES)
        self._rest: float | None = None  # seconds, from the onsets; None: to be found

    @property
    def active(self) -> bool:
        """Whether a phrase has begun and not been taken."""
        return self.count > 0

    def press(self, now: float, key: Key, length: float | None = None) -> list[Key]:
        """A key goes down, to come up by itself if its length in seconds is known.

        Returns:
            Keys whose notes end by it: this one, if it was down or ringing still.
        """
        ended = [key] if key in self._down or key in self._ringing else []
        self._ringing.discard(key)
        if not self.count:
            self.began = now
        self.count += 1
        self.last_onset = now
        self.pitches.append(key[1])
        if not self._onsets or now - self._onsets[-1] > TOGETHER:
            self._onsets.append(now)
            self._rest = None
        self._down[key] = now
        self.quiet_since = None
        until = now + (HELD_AT_MOST if length is None else min(length, HELD_AT_MOST))
        heapq.heappush(self._releases, (until, key, now))
        return ended

    def release(self, now: float, key: Key) -> list[Key]:
        """A key comes up. Returns the keys whose notes end by it (not under the pedal)."""
        if self._down.pop(key, None) is None:
            return []
        if key[0] in self._pedals:
            self._ringing.add(key)
            return []
        self._settle(now)
        return [key]

    def pedal(self, now: float, channel: int, down: bool) -> list[Key]:
        """The sustain pedal of a channel moves. Returns the keys whose notes end by it."""
        if down:
            self._pedals[channel] = now
            self.quiet_since = None
            heapq.heappush(self._releases, (now + HELD_AT_MOST, (channel, PEDAL), now))
            return []
        self._pedals.pop(channel, None)
        ended = sorted(key for key in self._ringing if key[0] == channel)
        self._ringing.difference_update(ended)
        self._settle(now)
        return ended

    def release_due(self, now: float) -> list[tuple[float, Key]]:
        """Keys whose time is over, with the moment at which it was."""
        ended: list[tuple[float, Key]] = []
        if not self._releases:
            return ended
        while self._releases and self._releases[0][0] <= now:
            moment, key, pressed = heapq.heappop(self._releases)
            if not self._is_down(key, pressed):
                continue
            if key[1] == PEDAL:
                ended += [(moment, gone) for gone in self.pedal(moment, key[0], False)]
            else:
                ended += [(moment, gone) for gone in self.release(moment, key)]
        return ended

    def release_all(self, now: float) -> list[Key]:
        """Everything comes up: the player is gone, or said so."""
        ended = sorted({*self._down, *self._ringing})
        self._down.clear()
        self._ringing.clear()
        self._pedals.clear()
        self._releases.clear()
        self._settle(now)
        return ended

    def take(self) -> tuple[float, float, int]:
        """The phrase is over: (its first onset, its last, its notes); a new one may begin."""
        phrase = (self.began, self.last_onset, self.count)
        self.count = 0
        return phrase

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
        return longest - (longest - SHORTEST_WAIT) * min(max(closing, 0.0), 1.0)

    def deadline(self) -> float:
        """The moment at which `release_due` has something to say; infinite if never."""
        while self._releases and not self._is_down(*self._releases[0][1:]):
            heapq.heappop(self._releases)
        return self._releases[0][0] if self._releases else math.inf

    def _is_down(self, key: Key, pressed: float) -> bool:
        """Whether a key or pedal is still down from that moment on."""
        if key[1] == PEDAL:
            return self._pedals.get(key[0]) == pressed
        return self._down.get(key) == pressed

    def _settle(self, now: float) -> None:
        if not self._down and not self._ringing and not self._pedals:
            self.quiet_since = now
