"""Sync: where the host is, from its MIDI clock.

Conventions:
    Moments are seconds. A clock pulse is 1/24 of a quarter note, and so is an event tick;
    song positions count sixteenths ("MIDI 1.0", System Common and Real Time messages).
"""

from __future__ import annotations

from collections.abc import Callable

from composer.live.core.pulse_line import PulseLine

LOST = 0.5
"""Seconds without a pulse after which it begins anew."""
PER_SIXTEENTH = 6

Follow = Callable[[float, float, float], None]
"""Called with a moment, the tick at it, and beats per minute."""
Transport = Callable[[float, bool], None]


class ClockFollower:
    """A MIDI clock, made even.

    Pulses come a millisecond or three early or late, and after a sender was held up all at
    once. `composer.live.core.pulse_line` says how fast they go, and where the host really is.
    """

    def __init__(self, follow: Follow, transport: Transport) -> None:
        """Nothing came yet.

        Args:
            follow: Told where the host is, with every pulse that can be believed.
            transport: Told when it starts (True) and stops.
        """
        self._follow, self._transport = follow, transport
        self._pulses = PulseLine()
        self._latest: float | None = None  # moment of the last pulse
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
            self._clear()
            self._stopped = True
            self._transport(now, False)
        elif status == 0xF2 and len(message) >= 3:
            self._begin((message[1] | message[2] << 7) * PER_SIXTEENTH)
        else:
            return False
        return True

    def _begin(self, count: int) -> None:
        """The next pulse is at this count."""
        self._clear()
        self._count, self._armed = count, True

    def _clear(self) -> None:
        self._pulses.clear()
        self._latest = None

    def _pulse(self, now: float) -> None:
        if self._latest is not None and now - self._latest > LOST:
            self._pulses.clear()
        self._latest = now
        if self._armed:
            self._armed = False
        else:
            self._count += 1
        if self._pulses.add(self._count, now):
            line = self._pulses.line
            assert line is not None
            self._follow(now, line.count_at(now), 60 / 24 / line.period)
