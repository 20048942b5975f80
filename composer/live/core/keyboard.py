"""Keyboard: which keys and pedals of a session are down, and which of them matter.

A key or pedal that is down keeps the phrase open, but for two:

    a drone     held for `DRONE` seconds while other notes began: who plays over a held note
                is waiting for an answer all the same. It sounds on until it is let go.
    lost        held for `LOST` seconds: its end was lost on the way, and it counts as up.

Conventions:
    Moments are seconds on the session's clock.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable
from typing import NamedTuple

DRONE = 20.0
"""Seconds after which a key or pedal over which others play keeps the phrase open no more."""
LOST = 60.0
"""Seconds after which a key or pedal counts as up."""

PEDAL = -1
"""Stands for a channel's pedal where a pitch would."""


class HeldKey(NamedTuple):
    """A key of a player's.

    Attributes:
        channel: 0..15.
        pitch: 0..127, or `PEDAL`.
        player: Whose it is, where several play in one session.
    """

    channel: int
    pitch: int
    player: Hashable = None


class _Due(NamedTuple):
    """What is to be looked at when, if a key is still down from the same moment on."""

    moment: float
    number: int  # tells those of one moment apart
    key: HeldKey
    pressed: float
    drone: bool  # whether it may be a drone then; otherwise it is up


class Keyboard:
    """Keys and pedals.

    Attributes:
        quiet_since: Since when nothing keeps the phrase open; None while something does.
    """

    def __init__(self) -> None:
        """Everything is up, and nothing was played."""
        self.quiet_since: float | None = None
        self._begun = 0
        self._down: dict[HeldKey, tuple[float, int]] = {}  # moment, notes begun by then
        self._pedals: dict[int, tuple[float, int]] = {}
        self._ringing: set[HeldKey] = set()
        self._due: list[_Due] = []
        self._count = 0
        self._lifted = 0.0  # when a key or pedal last came up

    def press(self, now: float, key: HeldKey, length: float | None = None) -> list[HeldKey]:
        """A key goes down, to come up by itself if its length in seconds is known.

        Returns:
            Keys whose notes end by it: this one, if it was down or ringing still.
        """
        ended = [key] if key in self._down or key in self._ringing else []
        self._ringing.discard(key)
        self._begun += 1
        self._down[key] = now, self._begun
        self.quiet_since = None
        self._watch(now, key, LOST if length is None else length)
        return ended

    def release(self, now: float, key: HeldKey) -> list[HeldKey]:
        """A key comes up. Returns the keys whose notes end by it (not under the pedal)."""
        if self._down.pop(key, None) is None:
            return []
        if key.channel in self._pedals:
            self._ringing.add(key)
            self._settle(now)
            return []
        self._settle(now)
        return [key]

    def pedal(self, now: float, channel: int, down: bool) -> list[HeldKey]:
        """The sustain pedal of a channel moves. Returns the keys whose notes end by it."""
        if down:
            if channel not in self._pedals:
                self._pedals[channel] = now, self._begun
                self._watch(now, HeldKey(channel, PEDAL), LOST)
            self.quiet_since = None
            return []
        if self._pedals.pop(channel, None) is None:
            return []
        ended = sorted((k for k in self._ringing if k.channel == channel), key=lambda k: k[:2])
        self._ringing.difference_update(ended)
        self._settle(now)
        return ended

    def release_due(self, now: float) -> list[tuple[float, HeldKey]]:
        """Keys whose time is over, with the moment at which it was; drones are let be."""
        ended: list[tuple[float, HeldKey]] = []
        while self._due and self._due[0].moment <= now:
            due = heapq.heappop(self._due)
            if not self._is_down(due):
                continue
            moment, key = due.moment, due.key
            if due.drone:
                if self.quiet_since is None:
                    self._settle(self._lifted, moment)
            elif key.pitch == PEDAL:
                ended += [(moment, gone) for gone in self.pedal(moment, key.channel, False)]
            else:
                ended += [(moment, gone) for gone in self.release(moment, key)]
        return ended

    def release_all(self, now: float) -> list[HeldKey]:
        """Everything comes up: the player is gone, or said so."""
        ended = sorted({*self._down, *self._ringing}, key=lambda k: k[:2])
        self._down.clear()
        self._ringing.clear()
        self._pedals.clear()
        self._due.clear()
        self._settle(now)
        return ended

    def release_player(self, now: float, player: Hashable) -> list[HeldKey]:
        """All keys of one player come up, those under the pedal, too: that player is gone.

        Whose pedals are down is not known: they come up where nobody else's keys sound.
        """
        down = [key for key in self._down if key.player == player]
        ringing = [key for key in self._ringing if key.player == player]
        for key in down:
            del self._down[key]
        self._ringing.difference_update(ringing)
        pedals = not (self._down or self._ringing) and bool(self._pedals)
        if pedals:
            self._pedals.clear()
        if down or pedals:
            self._settle(now)
        return sorted({*down, *ringing}, key=lambda k: k[:2])

    def deadline(self) -> float:
        """The moment at which `release_due` has something to do; infinite if never."""
        while self._due and not self._is_down(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0].moment if self._due else math.inf

    def _watch(self, now: float, key: HeldKey, length: float) -> None:
        """Note down when a key that goes down becomes a drone, and when it is up."""
        for after, drone in ((DRONE, True), (length, False)):
            if after <= length:
                self._count += 1
                heapq.heappush(self._due, _Due(now + after, self._count, key, now, drone))

    def _is_down(self, due: _Due) -> bool:
        entry = (
            self._pedals.get(due.key.channel) if due.key.pitch == PEDAL else self._down.get(due.key)
        )
        return entry is not None and entry[0] == due.pressed

    def _settle(self, lifted: float, now: float | None = None) -> None:
        """Look whether something still keeps the phrase open.

        Args:
            lifted: When something came up last.
            now: The moment; None for the same.
        """
        now = lifted if now is None else now
        self._lifted = lifted
        drones = {
            channel
            for channel, (since, begun) in self._pedals.items()
            if now - since >= DRONE - 1e-9 and self._begun > begun
        }
        for channel in self._pedals:
            if channel not in drones:
                return
        for since, begun in self._down.values():
            if now - since < DRONE - 1e-9 or self._begun == begun:
                return
        self.quiet_since = lifted
