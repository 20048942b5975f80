"""Timeline: where a moment lies in the music, and when a place in the music comes.

Conventions:
    A *tick* is an event tick: 1/24 of a quarter note when the timeline is in beats, 10 ms
    in free time. Beat 0 is a bar line. Moments are seconds on the session's clock. What is
    planned is kept in ticks and turned into seconds when it is asked for, so that it stays
    on the grid when the tempo moves, and no error adds up.
    Ticks never run backwards by more than a correction: when the host jumps to an earlier
    place, whole bars are added to its position. Which bar it is means nothing here; where
    in the bar it is does.
"""

from __future__ import annotations

import math

from composer.encoding.events import FREE_BAR, TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.music.beat_grid import BEATS, FREE
from composer.music.timing import bar_ticks

SLOWEST, FASTEST = 10.0, 400.0
"""Beats per minute that are believed."""

JUMP = TICKS_PER_BEAT / 2
"""Ticks by which a position may be corrected without being a jump to another place."""


class Timeline:
    """A straight line from seconds to ticks that can be moved, bent and stopped.

    Attributes:
        kind: "beats" or "free".
        bar: Length of a bar in ticks.
        running: Whether the transport runs; while it stands, no tick ever comes.
        anchored: Whether it is known where beat 0 lies.
    """

    def __init__(
        self, now: float, bpm: float | None = None, metre: tuple[int, int] = (4, 4)
    ) -> None:
        """Free time, or beats if a tempo is given, from `now` on."""
        self.restart(now, bpm, metre)

    def restart(
        self, now: float, bpm: float | None = None, metre: tuple[int, int] = (4, 4)
    ) -> None:
        """Begin anew at tick 0: free time, or beats if a tempo is given."""
        self.kind = FREE if bpm is None else BEATS
        self.bar = FREE_BAR if bpm is None else bar_ticks(*metre, TICKS_PER_BEAT)
        self.running = True
        self.anchored = False
        self._second, self._tick = now, 0.0
        self._rate = float(TICKS_PER_SECOND) if bpm is None else _rate(bpm)
        self._lead = 0.0  # whole bars added to the host's position
        self._beaten: tuple[float, float] | None = None

    @property
    def bpm(self) -> float:
        """Quarter notes per minute; in free time what 120 a minute would be, for readers."""
        return self._rate * 60 / TICKS_PER_BEAT if self.kind == BEATS else 120.0

    @property
    def ticks_per_second(self) -> float:
        """How fast ticks go by."""
        return self._rate

    def tick(self, second: float) -> float:
        """The tick at a moment, with its fraction. Inverse of `second`."""
        if not self.running:
            return self._tick
        return self._tick + (second - self._second) * self._rate

    def second(self, tick: float) -> float:
        """The moment of a tick; infinite while the transport stands."""
        if not self.running:
            return math.inf
        return self._second + (tick - self._tick) / self._rate

    def anchor(self, second: float) -> None:
        """Let beat 0 be now, unless it is known where it is."""
        if not self.anchored:
            self._second, self._tick, self.anchored = second, 0.0, True

    def set_tempo(self, now: float, bpm: float) -> None:
        """Go on from here at another tempo."""
        self._tick, self._second = self.tick(now), now
        self._rate = _rate(bpm)

    def place(self, now: float, tick: float) -> bool:
        """Be at a host's tick now. Returns whether that is a jump, not a correction."""
        here = self.tick(now)
        jump = not self.anchored or abs(here - tick - self._lead) > JUMP
        if jump:
            self._lead = self.bar * math.ceil((here - tick) / self.bar - 1e-9)
        self._second, self._tick, self.anchored = now, tick + self._lead, True
        return jump

    def host_tick(self, tick: float) -> float:
        """The same place as the host counts it, without the bars added to its position."""
        return tick - self._lead

    def follow(self, now: float, tick: float, bpm: float) -> bool:
        """Be at a tick now and go on at a tempo. Returns whether that is a jump."""
        jump = self.place(now, tick)
        self._rate = _rate(bpm)
        return jump

    def beat(self, now: float, beat: float) -> bool:
        """Someone else's beat falls now. Returns whether that is a jump.

        Two beats in a row also tell the tempo; it is approached half way at each, because
        messages come a millisecond or three early and late.
        """
        before, self._beaten = self._beaten, (now, beat)
        jump = self.place(now, beat * TICKS_PER_BEAT)
        if before is not None and now > before[0]:
            bpm = 60 * (beat - before[1]) / (now - before[0])
            if SLOWEST <= bpm <= FASTEST and 0 < beat - before[1] <= 8:
                near = abs(bpm / self.bpm - 1) < 0.2
                self._rate = _rate((bpm + self.bpm) / 2 if near else bpm)
        return jump

    def stop(self, now: float) -> None:
        """Stand still here."""
        self._tick = self.tick(now)
        self._second, self.running, self._beaten = now, False, None

    def start(self, now: float) -> None:
        """Go on from where it stands."""
        if not self.running:
            self._second, self.running = now, True


def _rate(bpm: float) -> float:
    return min(max(bpm, SLOWEST), FASTEST) * TICKS_PER_BEAT / 60
