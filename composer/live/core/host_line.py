"""Host line: a session on the clock of the host that plays it, as a plug-in in a DAW does.

A DAW has a time of its own: it counts samples, renders faster than they sound, and says
where it is in the music. A session on a host line lives in that time. It goes on when the
host says so and never by itself, so what it plays follows from what it was told and when in
the host's time, however long anything took. Its notes are told ahead, by their places in
the music, and the plug-in plays each at its sample.

Conventions:
    Moments are seconds on the host's clock, which never runs backwards. A *place* is where
    a note begins: quarter notes as the host counts them, with a bar line at 0, where the
    host has a tempo, and else a moment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.live.core.timeline import Timeline
from composer.music.beat_grid import BEATS


class HostPosition(NamedTuple):
    """Where a host is.

    Attributes:
        moment: Seconds on its clock.
        beat: Quarter notes from a bar line.
        bpm: Quarter notes per minute; 0 where it has no tempo.
        metre: In force.
        running: Whether it plays.
        epoch: A number that it changes whenever it jumps, starts or stops, and that notes
            carry, so that none is played where it does not belong.
    """

    moment: float
    beat: float
    bpm: float
    metre: tuple[int, int]
    running: bool
    epoch: int


@dataclass(slots=True)
class HostLine:
    """What a session knows of its host.

    Attributes:
        moment: The latest that the host told.
        epoch: Its number of where it is.
        waits: Whether the host waits to be told that all is known up to this moment.
        active: Whether the host told anything since that was last looked at.
        seen: Moment on the server's clock at which it was found active last.
    """

    moment: float = 0.0
    epoch: int = 0
    waits: bool = False
    active: bool = True
    seen: float = -math.inf

    def place(self, timeline: Timeline, tick: float) -> float:
        """Where a tick lies for the host."""
        if timeline.kind == BEATS:
            return timeline.host_tick(tick) / TICKS_PER_BEAT
        return timeline.second(tick)

    def length(self, timeline: Timeline, ticks: float) -> float:
        """So many ticks in the units of a place."""
        per_unit = TICKS_PER_BEAT if timeline.kind == BEATS else TICKS_PER_SECOND
        return ticks / per_unit
