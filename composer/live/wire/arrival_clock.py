"""Arrival clock: when a MIDI message came, however late it is read.

A driver notes, on a thread of its own, the time from one message to the next; a reader that
polls comes up to a millisecond later, and tens of milliseconds later while the network has
the processor. The distances between messages are right, and the reading that came soonest
after its message shows where they lie on the reader's clock.

Conventions:
    Moments are seconds on the reader's clock; distances are seconds between messages.
"""

from __future__ import annotations

LEAK = 1e-4
"""Share by which a driver's clock may be slower than the reader's: quartzes differ by less."""
LATEST = 0.25
"""Seconds after which a message is read at the latest; beyond, the two clocks have parted."""


class ArrivalClock:
    """Distances between messages -> moments of their arrival."""

    def __init__(self) -> None:
        self._last: float | None = None

    def moment(self, read: float, distance: float | None) -> float:
        """When a message came.

        Args:
            read: When it was read; it cannot have come later.
            distance: Seconds since the message before it; None where the driver tells none.
        """
        moment = read
        if distance is not None and self._last is not None:
            moment = min(self._last + distance * (1 + LEAK), read)
            if read - moment > LATEST:
                moment = read
        self._last = moment
        return moment
