"""Sync: where the host is, from its MIDI clock.

Conventions:
    Moments are seconds. A clock pulse is 1/24 of a quarter note, and so is an event tick;
    song positions count sixteenths ("MIDI 1.0", System Common and Real Time messages).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

PULSES = 48
"""Pulses from which tempo and place are taken: two beats."""
FEWEST = 6
"""Pulses from which a tempo is told."""
LOST = 0.5
"""Seconds without a pulse after which it begins anew."""
PER_SIXTEENTH = 6

Follow = Callable[[float, float, float], None]
"""Called with a moment, the tick at it, and beats per minute."""
Transport = Callable[[float, bool], None]


class ClockFollower:
    """A MIDI clock, made even.

    Pulses come a millisecond or three early or late. A straight line through the last two
    beats of them says how fast they go, and where the host really is.
    """

    def __init__(self, follow: Follow, transport: Transport) -> None:
        self._follow, self._transport = follow, transport
        self._pulses: deque[tuple[float, int]] = deque(maxlen=PULSES)
        self._count = 0
        self._armed = False
        self._stopped = False  # many hosts send pulses all the same; they count for nothing

    def receive(self, now: float, message: bytes) -> bool:
        """Take in a message. Returns whether it was one about time."""
        status = message[0] if message else 0
        if status == 0xF8:
            if not self._stopped:
                self._pulse(now)
        elif status == 0xFA:
            self._begin(0)
            self._stopped = False
            self._transport(now, True)
        elif status == 0xFB:
            # It stands at the pulse after the last, or where a song position has put it.
            self._begin(self._count if self._armed else self._count + 1)
            self._stopped = False
            self._transport(now, True)
        elif status == 0xFC:
            self._pulses.clear()
            self._stopped = True
            self._transport(now, False)
        elif status == 0xF2 and len(message) >= 3:
            self._begin((message[1] | message[2] << 7) * PER_SIXTEENTH)
        else:
            return False
        return True

    def _begin(self, count: int) -> None:
        """The next pulse is at this count."""
        self._pulses.clear()
        self._count, self._armed = count, True

    def _pulse(self, now: float) -> None:
        pulses = self._pulses
        if pulses and now - pulses[-1][0] > LOST:
            pulses.clear()
        if self._armed:
            self._armed = False
        else:
            self._count += 1
        pulses.append((now, self._count))
        if len(pulses) < FEWEST:
            return
        first = pulses[0][0]
        times = [moment - first for moment, _ in pulses]
        mean_time = sum(times) / len(times)
        mean_count = sum(count for _, count in pulses) / len(pulses)
        spread = sum((t - mean_time) ** 2 for t in times)
        if spread <= 0:
            return
        both = zip(times, pulses, strict=True)
        slope = sum((t - mean_time) * (count - mean_count) for t, (_, count) in both) / spread
        if slope > 0:
            tick = mean_count + (times[-1] - mean_time) * slope
            self._follow(now, tick, slope * 60 / 24)
