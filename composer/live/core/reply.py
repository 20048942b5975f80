"""Reply: one turn of composer's, where it begins and how long it is.

Conventions:
    Ticks are event ticks of the session's timeline.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.live.core.improviser import ProposedNote
from composer.live.core.parameters import LONGEST_BARS, Values
from composer.live.core.timeline import Timeline
from composer.music.beat_grid import BEATS, FREE
from composer.planning.form_letters import least_bars

SHORTEST = 1.0
"""Seconds, or beats, that a reply lasts at least."""
LONGEST_SECONDS = 120
LARGEST_ID = 2**31 - 1
"""Of a reply: what an OSC message can hold. The next one is 1 again."""


@dataclass(slots=True)
class Reply:
    """What composer plays, or is about to.

    Attributes:
        join: Tick from which it plays.
        end: Tick at which it is over; None if it goes on until told to stop.
        values: The parameters under which it was requested.
        number: Its id for the client; 0 while it is only prepared.
        offset: Ticks by which it is played after what was requested: within (-1, 0] in
            free time; more where its first note came too late to begin in time.
        proposed: Notes known before it was committed.
        count: Notes entered for playing.
        asked: Tick at which its notes were last requested.
        postponable: Whether it begins later where its first note comes too late; otherwise
            that note is left out.
    """

    join: int
    end: int | None
    values: Values
    number: int = 0
    offset: float = 0.0
    proposed: list[ProposedNote] = field(default_factory=list)
    count: int = 0
    asked: int = 0
    postponable: bool = True

    def shift(self, ticks: int) -> None:
        """Begin so much later."""
        self.proposed = [note._replace(onset=note.onset + ticks) for note in self.proposed]
        self.join += ticks
        self.asked = self.join
        if self.end is not None:
            self.end += ticks


def join_tick(timeline: Timeline, moment: float, start: str) -> int:
    """The first tick at or after a moment at which a reply may begin.

    Args:
        timeline: The session's.
        moment: Seconds.
        start: "now", "beat" or "bar"; counts in beats only.
    """
    tick = timeline.tick(moment)
    if timeline.kind == FREE or start == "now":
        return math.ceil(tick - 1e-6)
    step = TICKS_PER_BEAT if start == "beat" else timeline.bar
    return math.ceil(tick / step - 1e-6) * step


def reply_ticks(timeline: Timeline, seconds: float, values: Values, longer: float = 1.0) -> int:
    """How long a reply is to a phrase of so many seconds.

    With a tempo it fills whole beats, and whole bars from a bar on; `bars` overrides, and so
    does a form that says how many it has; any form has a bar for each section.
    """
    bars, sections = int(values.number("bars")), 0
    if values.text("form") and timeline.kind == BEATS:
        sections, exact = least_bars(values.text("form"))
        bars = sections if exact else bars
    if bars:
        return bars * timeline.bar
    ticks = seconds * timeline.ticks_per_second * values.number("length") * longer
    if timeline.kind == FREE:
        return int(min(max(ticks, SHORTEST * TICKS_PER_SECOND), LONGEST_SECONDS * TICKS_PER_SECOND))
    # A tenth of a beat more is the player's lateness, not another beat.
    beats = max(math.ceil(ticks / TICKS_PER_BEAT - 0.1), 1)
    if beats * TICKS_PER_BEAT > timeline.bar or values.charted:
        whole = max(math.ceil(beats * TICKS_PER_BEAT / timeline.bar), sections)
        return min(whole, LONGEST_BARS) * timeline.bar
    return beats * TICKS_PER_BEAT


def start_of(values: Values) -> str:
    """Where a reply begins: as `start` says, but on a bar line if form or chords are given."""
    return "bar" if values.charted else values.text("start")


def put_off(timeline: Timeline, late: float, start: str) -> float:
    """Ticks by which a reply begins later whose first note is so many ticks late."""
    if timeline.kind == FREE or start == "now":
        return late
    step = TICKS_PER_BEAT if start == "beat" else timeline.bar
    return math.ceil(late / step - 1e-6) * step
