"""Backing: what a band that accompanies a player keeps to.

Its tones lean towards the chords that are foretold, a bass to root and fifth where chords change.
Whoever plays tones comes in on every bar line, and drums have a bass drum there and a backbeat: of
music for one player alone the network knows well what that player would do next, and little of a
band that has not played a note.

Conventions:
    Ticks are event ticks with a bar line at 0; slots are the network's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from composer.encoding.events import TICKS_PER_BEAT
from composer.generation.limits import (
    ANYTHING,
    BASS,
    CHORDS,
    HALF_BARS,
    KICK,
    PLACES,
    SNARE,
    Backing,
    Bools,
)
from composer.generation.part_limits import BASS as BASSES
from composer.live.core.improviser import GenerateRequest
from composer.music.beat_grid import BEATS
from composer.music.chords import NO_CHORD, chord_tones, root_of
from composer.music.notes import DRUM_PROGRAM

TONE, ROOT, FIFTH = 2.5, 2.5, 1.0
"""What speaks, in nats, for a tone of the chord in force; of a bass, for its root and fifth beyond
that."""

EIGHTHS: Final[Bools] = np.arange(TICKS_PER_BEAT) % (TICKS_PER_BEAT // 2) == 0
"""Places in the beat on which a band's notes begin."""


def make_backing(
    programs: Sequence[int], slots: Sequence[int], kind: str, bar: int, ask: GenerateRequest
) -> Backing:
    """What a band keeps to.

    Args:
        programs: Of all slots.
        slots: The band's.
        kind: "beats" or "free".
        bar: Ticks of a bar.
        ask: What is wanted.
    """
    backing, half = Backing.none(), max(bar // 2, 1)
    for slot in slots:
        if programs[slot] == DRUM_PROGRAM:
            if kind == BEATS:
                backing.owed[slot] = groove(bar)
        else:
            backing.roles[slot] = BASS if programs[slot] in BASSES else CHORDS
            if kind == BEATS:
                backing.owed[slot, 0] = ANYTHING
    for row, chord in enumerate(ask.harmony[:HALF_BARS]):
        if chord == NO_CHORD:
            continue
        root = root_of(chord)
        backing.tilts[row, BASS:, list(chord_tones(chord))] = TONE
        backing.tilts[row, BASS, root] += ROOT
        backing.tilts[row, BASS, (root + 7) % 12] += FIFTH
    last = min(len(ask.harmony), HALF_BARS)
    if last:
        backing.tilts[last:] = backing.tilts[last - 1]
    return Backing(
        first=ask.join // half,
        half=half,
        roles=backing.roles,
        tilts=backing.tilts,
        owed=backing.owed,
    )


def groove(bar: int) -> np.ndarray:
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
