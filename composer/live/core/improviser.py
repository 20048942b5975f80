"""Improviser: the musician inside, as a session knows it.

A session tells its improviser what was played and asks it for music; the improviser says
what it would play. One is made of the network (`composer.live.playing.network_improviser`),
others, in tests, of a few lines.

Conventions:
    Places are whole event ticks of the session's timeline, with a bar line at 0. A *slot*
    is a part of the jam: 0..15 are the player's channels, 16 and on the band's parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.generation.settings import Settings
from composer.live.core.player_taste import PlayerTaste

BAND = 16
"""Slot of the first part of the band; the player's channels are the slots before."""

NOBODY: Mapping[int, int] = MappingProxyType({})


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
    """What a session wants to be played.

    Attributes:
        join: Tick from which on notes may begin.
        first_by: Tick by which the first one begins.
        end: Tick at which all is over; None to go on.
        slots: Who plays.
        settings: Sampling and limits.
        variation: Number that makes this reply another than the last.
        ahead: Ticks after the latest `extend` to which to generate; None for all of it.
        harmony: Chords of the half bars from that of the join on, as far as they are known or
            likely.
        phrase: Tick at which the phrase begins that it answers; None where it answers none.
        taste: What the player likes, as far as it is known; None: nothing is.
    """

    join: int
    first_by: int
    end: int | None
    slots: frozenset[int]
    settings: Settings
    variation: int
    ahead: int | None = None
    harmony: tuple[int, ...] = ()
    phrase: int | None = None
    taste: PlayerTaste | None = None

    @property
    def by_band(self) -> bool:
        """Whether it is the band that is to play."""
        return min(self.slots, default=0) >= BAND


class Improviser(Protocol):
    """Whoever hears a session's notes and proposes others."""

    def set_parts(
        self, kind: str, bar: int, programs: Mapping[int, int], moved: Mapping[int, int] = NOBODY
    ) -> None:
        """Say who plays. What was heard before counts on, unless the kind is another.

        Args:
            kind: "beats" or "free".
            bar: Ticks of a bar.
            programs: Of each slot.
            moved: Slots whose notes belong to another slot from now on.
        """
        ...

    def reset(self) -> None:
        """Forget everything, as if nothing had ever been played."""
        ...

    def note_on(
        self, tick: int, slot: int, pitch: int, velocity: int, length: int | None = None
    ) -> int:
        """The player's note begins; its length may be known. Returns a number for its end."""
        ...

    def note_off(self, number: int, tick: int) -> None:
        """The player's note ends."""
        ...

    def generate(self, request: GenerateRequest) -> None:
        """Propose notes from here on, in place of any others not played yet."""
        ...

    def foresee(self, request: GenerateRequest) -> None:
        """Get ready for an answer that may be asked for soon: nothing is proposed."""
        ...

    @property
    def plan(self) -> str:
        """The bars that are planned of what was requested last; empty where none are.

        As `composer.planning.plan_text` writes them, with the phrase's first bar as 1.
        """
        ...

    def hurry(self) -> None:
        """The first note of what was requested is needed now."""
        ...

    def extend(self, tick: int) -> None:
        """The music has come to a tick: generate on, if that was to wait."""
        ...

    def discard(self, tick: int) -> None:
        """Forget the notes proposed at or after a tick and propose no more."""
        ...

    def shift(self, ticks: int) -> None:
        """Begin what was requested last, of which nothing was played, so much later."""
        ...

    def amend(self, note: ProposedNote, pitch: int) -> None:
        """A note that was proposed is played at another pitch."""
        ...

    def take(self) -> list[ProposedNote]:
        """Notes not given out yet, in the order of their onsets."""
        ...

    @property
    def traits(self) -> NDArray[np.float64] | None:
        """Of the last answer, as far as it has come; None if nothing is known of one.

        See `composer.taste.traits`.
        """
        ...

    @property
    def done(self) -> bool:
        """Whether all that was requested has been given out."""
        ...

    @property
    def catching_up(self) -> bool:
        """Whether notes of the player are still to be heard."""
        ...

    @property
    def busy(self) -> bool:
        """Whether it has something to do that it was told or asked by now."""
        ...

    @property
    def has_capacity(self) -> bool:
        """Whether there is time to prepare replies that may not be wanted."""
        ...

    def stays_quiet(self, tick: float, ticks: float) -> float | None:
        """How sure it is that a player who is silent until a tick stays so for some more, 0..1.

        None while it is catching up.
        """
        ...
