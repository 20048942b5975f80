"""A clock and a wire without time: a wait takes as long as it is said to, and no longer."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

from composer.live.core.improviser import Improviser
from composer.live.core.sessions import Sessions
from composer.live.server import Server
from composer.live.wire.osc_clients import Endpoint
from composer.live.wire.osc_codec import Message, encode, parse
from composer.live.wire.osc_router import Router
from composer.live.wire.udp_transport import Datagram
from live.scripted import Echo

BEGAN = 2_000_000_000.0
"""Seconds from 1970 to the beginning of fake time."""
PLAYER = ("127.0.0.1", 5000)


class FakeClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


class FakeTransport:
    """Datagrams that come at moments known beforehand, and a list of what was sent."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.sent: list[tuple[float, Endpoint, Message]] = []
        self._coming: list[tuple[float, int, bytes, Endpoint]] = []
        self._woken = False
        self._count = 0

    def at(self, moment: float, packet: bytes, source: Endpoint = PLAYER) -> None:
        self._count += 1
        heapq.heappush(self._coming, (moment, self._count, packet, source))

    def wait(self, seconds: float) -> bool:
        end = self.clock.time + (0.0 if self._woken else seconds)
        self._woken = False
        if self._coming:
            end = min(end, max(self._coming[0][0], self.clock.time))
        self.clock.time = end
        return self._there()

    def wake(self) -> None:
        self._woken = True

    def receive(self) -> Datagram | None:
        if not self._there():
            return None
        moment, _, packet, source = heapq.heappop(self._coming)
        return Datagram(packet, source, self.clock.time - moment)

    def send(self, packet: bytes, to: Endpoint) -> None:
        self.sent += [(self.clock.time, to, message) for message in parse(packet)]

    def _there(self) -> bool:
        return bool(self._coming) and self._coming[0][0] <= self.clock.time


class FakeTime:
    """A server whose every turn is taken by hand."""

    def __init__(self, improviser: Callable[[], Improviser] = Echo, network: object = None) -> None:
        self.clock = FakeClock()
        self.wire = FakeTransport(self.clock)
        self.engine = Sessions(improviser, logs=True)
        self.router = Router(
            self.engine, reply_port=None, job=lambda work, then: self.server.job(work, then)
        )
        self.server = Server(
            self.router,
            network,  # type: ignore[arg-type]
            self.wire,
            clock=self.clock,
            date=lambda: BEGAN + self.clock.time,
        )

    def at(
        self, moment: float, address: str, *arguments: object, source: Endpoint = PLAYER
    ) -> None:
        """A player sends a message at a moment."""
        self.wire.at(moment, encode("/composer/" + address, arguments), source)

    def until(self, moment: float, turns: float = math.inf) -> None:
        """Let time pass, so many turns of the loop at most."""
        while self.clock.time < moment and turns > 0:
            self.server.turn()
            turns -= 1

    def heard(self, name: str, source: Endpoint = PLAYER) -> list[tuple[float, tuple[object, ...]]]:
        """What a player heard of an address: (moment, arguments)."""
        return [
            (round(moment, 4), message.arguments)
            for moment, to, message in self.wire.sent
            if to == source and message.address == "/composer/" + name
        ]

    @property
    def plays(self) -> list[tuple[float, tuple[object, ...]]]:
        """Notes that the player heard."""
        return self.heard("play")
