"""Backing: what parts keep to that are played or written under others.

Their tones lean towards the chord in force, a bass to its root and fifth; whoever fills the harmony
comes in on every bar line, and drums have a bass drum there and a backbeat. Of music in which
these parts have not played a note, the network knows well how the others go on, and little of a
band.

Conventions:
    Ticks are event ticks with a bar line at 0; slots are the network's. Chords are codes of
    `composer.music.chords`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import SLOTS, TICKS_PER_BEAT, UNLIMITED
from composer.music.chords import CHORDS, chord_tones, root_of

PLACES: Final = 16
"""Eighths of a bar that can be told apart."""
HALF_BARS: Final = 8
"""Half bars that can be told apart where the harmony is not a plan's."""
ANYTHING, KICK, SNARE = 1, 2, 3
"""What is to begin at a place: any note, a bass drum, a snare."""
ALONE, BASS, FILLING, SOLE, LINE, KIT = range(6)
"""How a slot takes up the harmony: not at all; from below; in the middle; from below and in the
middle, where nobody else is below; a line that meets it on half bars; drums, in their groove."""
ROLES: Final = 6

TONE, ROOT, FIFTH = 2.5, 2.5, 1.0
"""What speaks, in nats, for a tone of the chord in force; of a bass, for its root and fifth beyond
that."""

EIGHTHS: Final[NDArray[np.bool_]] = np.arange(TICKS_PER_BEAT) % (TICKS_PER_BEAT // 2) == 0
"""Places in the beat on which a band's notes begin."""

TILTS: Final = np.zeros((ROLES, CHORDS, 12), dtype=np.float32)
"""What is added to the logits of pitches, by role, chord and pitch class. What a role does where
half bars begin and elsewhere, `composer.generation.constraints` knows."""
for _code in range(1, CHORDS):
    _root = root_of(_code)
    TILTS[np.ix_((BASS, FILLING, LINE), (_code,), tuple(chord_tones(_code)))] = TONE
    TILTS[BASS, _code, _root] += ROOT
    TILTS[BASS, _code, (_root + 7) % 12] += FIFTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """What an accompaniment keeps to.

    Attributes:
        first: Number of the half bar, counted from tick 0, of which `harmony` has the first chord.
        half: Ticks of a half bar.
        roles: int8 [slots].
        planned: Whether the chords are those of the plan; else `harmony` has them.
        harmony: int16 [half bars], chords.
        owed: int8 [slots, places]: what each slot plays at each eighth of a bar at least; 0 for
            nothing.
    """

    first: int
    half: int
    roles: NDArray[np.int8]
    planned: bool
    harmony: NDArray[np.int16]
    owed: NDArray[np.int8]

    @classmethod
    def none(cls) -> Backing:
        """Nothing to keep to. The arrays are its own."""
        return cls(
            first=0,
            half=UNLIMITED,
            roles=np.zeros(SLOTS, dtype=np.int8),
            planned=False,
            harmony=np.zeros(HALF_BARS, dtype=np.int16),
            owed=np.zeros((SLOTS, PLACES), dtype=np.int8),
        )

    @classmethod
    def of(
        cls,
        players: Mapping[int, int],
        bar: int,
        *,
        beats: bool,
        join: int = 0,
        harmony: Sequence[int] | None = None,
    ) -> Backing:
        """What some parts keep to.

        Args:
            players: Role of each slot.
            bar: Ticks of a bar.
            beats: Whether there is a beat to keep to.
            join: Tick at which `harmony` begins.
            harmony: Chords of the half bars from there on, the last of which goes on; None: those
                of the plan.
        """
        backing, half = cls.none(), max(bar // 2, 1)
        for slot, role in players.items():
            if role == KIT and beats:
                backing.owed[slot] = groove(bar)
            elif role in (BASS, FILLING, SOLE) and beats:
                backing.owed[slot, 0] = ANYTHING
            backing.roles[slot] = role
        if harmony:
            known = list(harmony[:HALF_BARS])
            backing.harmony[:] = known + known[-1:] * (HALF_BARS - len(known))
        return cls(
            first=join // half,
            half=half,
            roles=backing.roles,
            planned=harmony is None,
            harmony=backing.harmony,
            owed=backing.owed,
        )


def groove(bar: int) -> NDArray[np.int8]:
    """What a drum kit plays at each eighth of a bar at least, int8 [places].

    A bass drum on the bar line, and where the bar has an even number of beats a snare on every
    second of them; something on every other beat. In bars of eighths in threes, the snare is in
    the middle of the bar.
    """
    owed = np.zeros(PLACES, dtype=np.int8)
    eighths = min(bar // (TICKS_PER_BEAT // 2), PLACES)
    if eighths % 2 == 0:
        owed[:eighths:2] = ANYTHING
        if eighths % 4 == 0:
            owed[2:eighths:4] = SNARE
        elif eighths == 6:
            owed[2:eighths:2] = SNARE
    owed[0] = KICK
    return owed
