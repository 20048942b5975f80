"""Ending: how a reply in free time closes.

With a tempo a reply fills whole beats or bars, and the network has learnt how music ends
there. In free time it would be cut off wherever the player's phrase was as long. So that it
ends on a whole note, nothing new begins during the last of the player's usual steps, and
what begins last is held to the end.

Conventions:
    Ticks are event ticks of free time, 10 ms.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.live.core.improviser import GenerateRequest, ProposedNote

LONGEST_SHARE = 4
"""The last note begins in the last quarter of a reply, or before, but never has to earlier."""
LEAST, MOST = 12, 150
"""Ticks that a last note is held at least, where the reply is long enough, and at most."""


def last_onset_before(onsets: NDArray[np.int64], join: int, end: int) -> int:
    """The tick before which a reply's last note begins.

    Args:
        onsets: Of the player's last notes, in order.
        join: Where the reply begins.
        end: Where it is over.
    """
    steps = np.diff(onsets)
    steps = steps[steps > 2]
    usual = int(np.median(steps)) if len(steps) else LEAST
    return end - min(max(usual, LEAST), MOST, (end - join) // LONGEST_SHARE)


class HeldEnding:
    """The notes of a reply's latest onset, held back until it is known whether it is the last."""

    def __init__(self, join: int, end: int) -> None:
        """A reply from `join` to `end`; notes of its first half are not held back."""
        self._from, self._end = (join + end) // 2, end
        self._notes: list[ProposedNote] = []

    def add(self, note: ProposedNote) -> list[ProposedNote]:
        """A note was drawn. Returns the notes that can be given out."""
        ready: list[ProposedNote] = []
        if self._notes and self._notes[0].onset != note.onset:
            ready, self._notes = self._notes, []
        if note.onset < self._from:
            return [*ready, note]
        self._notes.append(note)
        return ready

    def close(self) -> list[ProposedNote]:
        """All notes were drawn: those of the last onset are held to the end."""
        notes, self._notes = self._notes, []
        return [
            note._replace(duration=max(note.duration, min(self._end - note.onset, MOST)))
            for note in notes
        ]

    def shift(self, ticks: int) -> None:
        """The reply begins so much later."""
        self._from, self._end = self._from + ticks, self._end + ticks
        self._notes = [note._replace(onset=note.onset + ticks) for note in self._notes]


def held_ending(
    request: GenerateRequest, onsets: NDArray[np.int64], ending: HeldEnding | None
) -> tuple[GenerateRequest, HeldEnding]:
    """A request for what closes on a held note, and its ending.

    Args:
        request: For a reply with an end.
        onsets: Of the player's last notes, in order.
        ending: Of what is drawn of it already.
    """
    assert request.end is not None
    last_by = last_onset_before(onsets, request.join, request.end)
    ending = ending or HeldEnding(request.join, request.end)
    return replace(request, end=last_by), ending
