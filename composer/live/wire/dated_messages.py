"""Dated messages: those of bundles that are meant for a moment to come.

Conventions:
    Moments are seconds on the server's clock.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

from composer.live.wire.osc_clients import Endpoint
from composer.live.wire.osc_codec import Message

FARTHEST = 10.0
"""Seconds ahead for which a date is believed; others are meant at once."""
MOST_DATED = 4096


class DatedMessages:
    """Messages that wait for their moment, the earliest first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Endpoint, Message]] = []
        self._count = 0

    def keep(self, now: float, ahead: float, source: Endpoint, message: Message) -> bool:
        """Keep a message for so many seconds. Returns whether it is to wait at all."""
        if not 0.0 < ahead <= FARTHEST or len(self._waiting) >= MOST_DATED:
            return False
        self._count += 1
        heapq.heappush(self._waiting, (now + ahead, self._count, source, message))
        return True

    def due(self, now: float) -> Iterator[tuple[Endpoint, Message]]:
        """Messages whose moment has come."""
        while self._waiting and self._waiting[0][0] <= now:
            _, _, source, message = heapq.heappop(self._waiting)
            yield source, message

    def deadline(self) -> float:
        """The moment at which `due` has something; infinite if never."""
        return self._waiting[0][0] if self._waiting else math.inf
