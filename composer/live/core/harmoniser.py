"""Harmoniser: each note of the player's is answered at once by one to three voices under it.

The voices sound as long as the player's key does. Where the player holds a chord, they are its
tones; otherwise they are the third, the sixth and the octave under the note, in the key of what was
played last. A note under another one that sounds is an accompaniment, and has no voices.

Conventions:
    Moments are seconds. Channels are 0..15.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import numpy as np

from composer.live.core.keyboard import HeldKey
from composer.live.core.parameters import Values
from composer.live.core.parts import DRUM_CHANNEL
from composer.live.core.scheduler import Play
from composer.music.keys import fitting_key

FADES: Final = 0.97
"""What is left, at each note, of how much those before it say about the key."""
CHORD: Final = 3
"""Pitch classes that the player holds from which on they are a chord."""
NEAREST, DEEPEST = 3, 16
"""Semitones under a note at which its voices lie."""
UNDER: Final = ((3, 4), (8, 9), (12, 12))
"""Semitones under a note of the third, the sixth and the octave, of which one is in the key."""
SOFTER: Final = 0.85
"""Times the player's velocity."""


class Harmoniser:
    """The voices of one session."""

    def __init__(self, values: Values) -> None:
        """Nothing is played; the values are the session's own."""
        self._values = values
        self._voices: dict[HeldKey, list[tuple[int, int]]] = {}  # (channel, pitch)
        self.clear()

    def clear(self) -> None:
        """Forget what was played."""
        self._held: set[HeldKey] = set()
        self._weights = np.zeros(12)

    def press(
        self,
        now: float,
        key: HeldKey,
        velocity: int,
        channel: int,
        sounding: Container[tuple[int, int]],
    ) -> list[Play]:
        """The player strikes a key.

        Args:
            now: The moment.
            key: It.
            velocity: 1..127.
            channel: Of the voices.
            sounding: (channel, pitch) of what composer plays already: no voice is there.

        Returns:
            The voices' beginnings.
        """
        if key.channel == DRUM_CHANNEL:
            return []
        self._weights *= FADES
        self._weights[key.pitch % 12] += 1
        self._held.add(key)
        count = int(self._values.number("harmonise"))
        if not count or any(other.pitch > key.pitch for other in self._held):
            return []
        taken = {other.pitch for other in self._held}
        taken |= {pitch for voices in self._voices.values() for _, pitch in voices}
        loud = max(round(SOFTER * velocity), 1)
        plays: list[Play] = []
        for pitch in self._under(key.pitch):
            if len(plays) == count:
                break
            if pitch >= 0 and pitch not in taken and (channel, pitch) not in sounding:
                plays.append(Play(pitch, loud, channel, now))
        self._voices[key] = [(channel, play.pitch) for play in plays]
        return plays

    def release(self, now: float, key: HeldKey) -> list[Play]:
        """The player's note ends. Returns its voices' ends."""
        self._held.discard(key)
        return [Play(pitch, 0, channel, now) for channel, pitch in self._voices.pop(key, ())]

    def _under(self, pitch: int) -> list[int]:
        """Pitches for voices under one, the first that is wanted first."""
        chord = {other.pitch % 12 for other in self._held}
        if len(chord) >= CHORD:
            near = range(pitch - NEAREST, pitch - DEEPEST, -1)
            return [under for under in near if under % 12 in chord]
        key = fitting_key(self._weights)
        scale = range(12) if key is None else key.pitch_classes()
        return [
            next((pitch - step for step in steps if (pitch - step) % 12 in scale), pitch - steps[0])
            for steps in UNDER
        ]
