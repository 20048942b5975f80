"""Slice budget: when the network may work, beside a loop that has notes to send.

The network's work comes in slices that take a millisecond or so and cannot be broken off.
With one player a slice is begun when no note would be late for it. With many sessions
something is always about to be due, so that rule alone would starve the network: after
`STARVED` it gets its slice all the same, and in a crowd always. There, work is gathered
into rounds too, since what comes together is done together.

Conventions:
    Moments and lengths are seconds.
"""

from __future__ import annotations

import math
from typing import Protocol

STARVED = 0.002
"""Seconds without a slice after which the network gets one even if a note might be late."""
GATHER = 64e-6
"""Seconds in a crowd, for each session, from one round of the network's work to the next:
the larger a crowd is, the more it needs that work is done together."""
LATE = 1.5
"""Times the time for gathering after which a round is late."""
FIRST_COST = 0.002
"""Seconds that a slice is thought to take before one was seen."""
LONGEST = 0.005
"""Seconds of a slice that count: what the system took for other programs says nothing about
the next one."""
FORGETTING = 0.1
"""Weight of the latest slice among all."""
CAUTION = 2.0
"""Times its usual length that a slice is thought to take: rather too long."""


class Network(Protocol):
    """What decides whether there is work, and works in slices."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        ...

    @property
    def crowded(self) -> bool:
        """Whether there are so many sessions that most are better served together."""
        ...

    @property
    def pressing(self) -> bool:
        """Whether there is something to do at once, not when more has come together."""
        ...

    @property
    def in_cycle(self) -> bool:
        """Whether a round is not over yet."""
        ...

    @property
    def improvisers(self) -> int:
        """Sessions that the network plays for."""
        ...

    def begin_cycle(self, late: bool = False) -> None:
        """Enough has come together; `late` says whether the last round took too long."""
        ...


class SliceBudget:
    """Decides, turn by turn of the loop, between a slice of work and a wait."""

    def __init__(self) -> None:
        self._cost = FIRST_COST
        self._worked = 0.0
        self._round_began = -math.inf
        self._round_took = 0.0

    def plan(self, now: float, wait: float, network: Network | None) -> tuple[bool, float]:
        """What to do next.

        Args:
            now: The moment.
            wait: Seconds until something is due.
            network: None if improvisers think by themselves.

        Returns:
            Whether to do a slice of work, and else how long to wait at most.
        """
        if network is None or network.idle:
            self._worked = now
            return False, wait
        gather = GATHER * network.improvisers
        if not network.in_cycle and now - self._round_began >= gather:
            network.begin_cycle(self._round_took > LATE * gather)
            self._round_began = now
        if not network.pressing:
            return False, min(wait, max(self._round_began + gather - now, 0.0))
        starved = network.crowded or now - self._worked > STARVED
        if wait > self._cost or starved:
            return True, 0.0
        return False, wait

    def spent(self, start: float, end: float, *, in_round: bool) -> None:
        """A slice was done, from one moment to another."""
        self._worked = end
        if in_round:
            self._round_took = end - self._round_began
        taken = CAUTION * min(end - start, LONGEST)
        self._cost += FORGETTING * (taken - self._cost)
