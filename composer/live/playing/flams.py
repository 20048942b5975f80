"""Flams: no hand strikes a key twice at nearly the same time.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from composer.music.beat_grid import BEATS, FREE

_WITHIN = {BEATS: 1, FREE: 4}
"""Ticks within which a key is not struck again: 40 ms, or a 24th of a beat."""


class Flams:
    """Which keys of one reply were struck last when."""

    def __init__(self) -> None:
        """None was."""
        self._struck: dict[tuple[int, int], int] = {}

    def strikes(self, kind: str, tick: int, slot: int, pitch: int) -> bool:
        """A key is to be struck. Returns whether that is a flam, and not to be."""
        last = self._struck.get((slot, pitch))
        if last is not None and 0 <= tick - last <= _WITHIN[kind]:
            return True
        self._struck[slot, pitch] = tick
        return False
