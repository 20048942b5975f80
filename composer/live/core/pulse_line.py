"""Pulse line: where a clock really is, from pulses that come early, late, or all at once.

Pulses are counted, and the line through (count, moment) of the last two beats of them says how
fast they go and where they are: a phase-locked loop whose memory is the window of pulses. What
lies off the line is not believed at once. It may be a sender that was held up: then the pulses
that it owed come in a burst, and later ones lie on the line again. Or the tempo has changed:
then the pulses off the line lie on a line of their own, which takes the old one's place.

Conventions:
    Moments are seconds. A pulse is 1/24 of a quarter note.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

WINDOW: Final = 48
"""Pulses from which the line is taken: two beats."""
FEWEST: Final = 6
"""Pulses that make a line."""
CONVINCING: Final = 8
"""Pulses off the line that, on a line of their own, are a new one."""
OFF: Final = 0.006
"""Seconds from the line within which a pulse lies on it, where clocks are even."""
UNEVEN: Final = 4.0
"""Times the usual distance of pulses from the line, where they are not."""
SLOWEST, FASTEST = 60 / 24 / 10, 60 / 24 / 400
"""Seconds from pulse to pulse at 10 and at 400 beats per minute."""

Pulse = tuple[int, float]
"""(count, moment)."""


class Line(NamedTuple):
    """A straight line from counts to moments.

    Attributes:
        middle: Count of its middle.
        moment: There.
        period: Seconds from pulse to pulse.
        usual: Mean distance of its pulses from it, in seconds.
    """

    middle: float
    moment: float
    period: float
    usual: float

    def at(self, count: float) -> float:
        """The moment at which a count is due."""
        return self.moment + (count - self.middle) * self.period

    def count_at(self, moment: float) -> float:
        """The count at a moment, with its fraction."""
        return self.middle + (moment - self.moment) / self.period


def line_through(pulses: Sequence[Pulse]) -> Line | None:
    """The line with the least squares; None if the pulses are no clock's.

    A clock's pulses go by at 10 to 400 beats per minute, and each lies nearer to its own place
    on the line than to the next one's.
    """
    count = len(pulses)
    if count < FEWEST:
        return None
    middle = sum(number for number, _ in pulses) / count
    first = pulses[0][1]
    moment = sum(at - first for _, at in pulses) / count
    spread = sum((number - middle) ** 2 for number, _ in pulses)
    if not spread:
        return None
    period = sum((number - middle) * (at - first - moment) for number, at in pulses) / spread
    if not FASTEST <= period <= SLOWEST:
        return None
    line = Line(middle, first + moment, period, 0.0)
    distances = [abs(at - line.at(number)) for number, at in pulses]
    if max(distances) > period / 2:
        return None
    return line._replace(usual=sum(distances) / count)


class PulseLine:
    """The line that a clock's pulses lie on.

    Attributes:
        line: None until it is known.
    """

    def __init__(self) -> None:
        """No pulse came yet."""
        self.line: Line | None = None
        self._on: deque[Pulse] = deque(maxlen=WINDOW)
        self._off: deque[Pulse] = deque(maxlen=CONVINCING)

    def clear(self) -> None:
        """Forget the pulses: the clock stood still, or is elsewhere."""
        self.line = None
        self._on.clear()
        self._off.clear()

    def add(self, count: int, moment: float) -> bool:
        """Take in a pulse. Returns whether the line is known and the pulse lies on it."""
        line = self.line
        if line is None:
            self._on.append((count, moment))
            self.line = line_through(self._on)
            if self.line is None and len(self._on) >= CONVINCING:
                self._on.popleft()  # held up at the beginning: what follows may be even
            return self.line is not None
        if abs(moment - line.at(count)) <= max(OFF, UNEVEN * line.usual):
            self._off.clear()
            self._on.append((count, moment))
            self.line = line_through(self._on) or line
            return True
        self._off.append((count, moment))
        if len(self._off) < CONVINCING:
            return False
        other = line_through(self._off)
        if other is None or other.usual > max(OFF, line.usual):
            return False
        self._on.clear()
        self._on.extend(self._off)
        self._off.clear()
        self.line = other
        return True
