"""Mind: the musician inside, as the engine knows it.

The engine tells a mind what was played and asks it for music; a mind says what it would
play. One is made of the network (`composer.live.playing.inference`), others, in tests, of a few
lines.

Conventions:
    Places are whole event ticks of the session's timeline, with a bar line at 0. A *slot*
    is a part of the jam: 0..15 are the player's channels, 16 and on the band's parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from composer.generation.settings import Settings

BAND = 16
"""Slot of the first part of the band; the player's channels are the slots before."""


class ProposedNote(NamedTuple):
    """A note to be played.

    Attributes:
        onset: Tick.
        slot: Who plays it.
        pitch: 0..127.
        duration: Ticks.
        velocity: 1..127.
    """

    onset: int
    slot: int
    pitch: int
    duration: int
    velocity: int


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What the engine wants to hear.

    Attributes:
        join: Tick from which on notes may begin.
        first_by: Tick by which the first one begins.
        end: Tick at which all is over; None to go on.
        slots: Who plays.
        settings: Freedom and limits.
        variation: Number that makes this reply another than the last.
        ahead: Ticks after the latest `want` to which to think ahead; None for all of it.
    """

    join: int
    first_by: int
    end: int | None
    slots: frozenset[int]
    settings: Settings
    variation: int
    ahead: int | None = None


class Improviser(Protocol):
    """Someone who listens and has ideas."""

    def begin(self, kind: str, bar: int, programs: dict[int, int]) -> None:
        """Who plays: "beats" or "free", ticks of a bar, the program of each slot.

        What was heard before counts on, unless the kind is another.
        """
        ...

    def hear(
        self, tick: int, slot: int, pitch: int, velocity: int, length: int | None = None
    ) -> int:
        """A note begins; its length may be known. Returns a number by which to tell its end."""
        ...

    def end(self, number: int, tick: int) -> None:
        """A note heard ends."""
        ...

    def ask(self, ask: GenerateRequest) -> None:
        """Have ideas from here on, in place of any others not played yet."""
        ...

    def want(self, tick: int) -> None:
        """The music has come to a tick: think on, if that was to wait."""
        ...

    def drop(self, tick: int) -> None:
        """Forget the ideas at or after a tick and have no more."""
        ...

    def move(self, ticks: int) -> None:
        """Begin what was asked for last, of which nothing was played, so much later."""
        ...

    def take(self) -> list[ProposedNote]:
        """Ideas not given out yet, in the order of their onsets."""
        ...

    @property
    def done(self) -> bool:
        """Whether all that was asked for has been given out."""
        ...

    @property
    def listening(self) -> bool:
        """Whether notes of the player are still to be heard."""
        ...

    @property
    def at_ease(self) -> bool:
        """Whether it has time to think of answers that may not be wanted."""
        ...

    def closing(self) -> float | None:
        """How sure it is that nothing follows soon, 0..1; None while it still listens."""
        ...
