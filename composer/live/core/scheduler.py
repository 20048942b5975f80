"""Scheduler: what is to sound and when, and what sounds now.

Conventions:
    Places are event ticks on the session's `Timeline`; moments are seconds. A note is
    entered whole, with its end: its on may be dropped when it comes too late, its off is
    sent whenever its on was. Every moment is computed from its own tick, never from the
    one before, so that nothing drifts.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from composer.live.core.timeline import Timeline

LATE = 0.1
"""Seconds after which a note that should have begun is better left out."""

_OFF, _ON = 0, 1  # at one tick, ends come before beginnings


@dataclass(frozen=True, slots=True)
class Note:
    """A note to be played.

    Attributes:
        onset: Tick; may lie between two.
        duration: Ticks, at least 1.
        pitch: 0..127.
        velocity: 1..127.
        channel: 0..15.
        slot: Who plays it, for those that settle its pitch.
        patience: Ticks for which it may wait, so that what is struck with it is heard first.
    """

    onset: float
    duration: int
    pitch: int
    velocity: int
    channel: int
    slot: int = -1
    patience: float = 0.0


class Play(NamedTuple):
    """A key to press or let go.

    Attributes:
        pitch: 0..127.
        velocity: 0 lets it go.
        channel: 0..15.
        due: The moment at which this should happen.
    """

    pitch: int
    velocity: int
    channel: int
    due: float


class Scheduler:
    """The notes of one session.

    Attributes:
        sounding: (channel, pitch) -> number of the note that holds it.
        dropped: Notes left out so far because they came too late.
    """

    def __init__(self) -> None:
        self.sounding: dict[tuple[int, int], int] = {}
        self.dropped = 0
        self._waiting: list[tuple[float, int, int, Note]] = []
        self._count = 0

    def __len__(self) -> int:
        """Beginnings and ends still to come."""
        return len(self._waiting)

    def coming(self, count: int) -> list[int]:
        """Pitches of the next notes to begin, so many at most."""
        ons = [entry for entry in self._waiting if entry[1] == _ON]
        return [entry[3].pitch for entry in heapq.nsmallest(count, ons)]

    def add(self, note: Note) -> None:
        """Enter a note."""
        self._count += 1
        heapq.heappush(self._waiting, (note.onset + note.patience, _ON, self._count, note))

    def hurry(self, tick: float, near: float) -> None:
        """What waits for something to be struck need wait no more: it was, near a tick.

        Args:
            tick: From which on they may begin.
            near: Ticks; notes that begin up to so many later need not wait, either.
        """
        changed = False
        for at, (due, kind, number, note) in enumerate(self._waiting):
            if kind == _ON and note.patience and note.onset <= tick + near:
                sooner = max(note.onset, tick)
                if sooner < due:
                    self._waiting[at] = (sooner, kind, number, note)
                    changed = True
        if changed:
            heapq.heapify(self._waiting)

    def deadline(self, timeline: Timeline, early: float = 0.0) -> float:
        """The moment at which `due` has something to say; infinite if never."""
        if not self._waiting:
            return math.inf
        return timeline.second(self._waiting[0][0]) - early

    def due(
        self,
        now: float,
        timeline: Timeline,
        early: float = 0.0,
        settle: Callable[[Note], Note] | None = None,
    ) -> list[Play]:
        """What is to be sent by now.

        Args:
            now: The moment.
            timeline: The session's.
            early: Seconds by which everything is sent ahead, for an output that is slow.
            settle: What says of a note that begins how it is played in the end.
        """
        plays: list[Play] = []
        while self._waiting:
            tick, kind, number, note = self._waiting[0]
            moment = timeline.second(tick) - early
            if moment > now:
                break
            heapq.heappop(self._waiting)
            if kind == _ON and settle is not None and now - moment <= LATE:
                note = settle(note)
            place = (note.channel, note.pitch)
            if kind == _OFF:
                # Struck again since: the end belongs to the new note now.
                if self.sounding.get(place) == number:
                    del self.sounding[place]
                    plays.append(Play(note.pitch, 0, note.channel, moment))
            elif now - moment > LATE:
                self.dropped += 1
            else:
                if place in self.sounding:
                    plays.append(Play(note.pitch, 0, note.channel, moment))
                self.sounding[place] = number
                plays.append(Play(note.pitch, note.velocity, note.channel, moment))
                end = (max(note.onset + note.duration, tick + 1), _OFF, number, note)
                heapq.heappush(self._waiting, end)
        return plays

    def clear(self, tick: float = -math.inf) -> int:
        """Forget the notes that begin at or after a tick and have not yet. Returns how many."""
        kept = [entry for entry in self._waiting if entry[1] == _OFF or entry[3].onset < tick]
        forgotten = len(self._waiting) - len(kept)
        heapq.heapify(kept)
        self._waiting = kept
        return forgotten

    def silence(self, now: float) -> list[Play]:
        """Forget everything and end all that sounds."""
        self._waiting.clear()
        plays = [Play(pitch, 0, channel, now) for channel, pitch in self.sounding]
        self.sounding.clear()
        return plays
