"""Limits: the rules of a reply, made from what was played and from the parameters.

The live counterpart of `composer.generate.make_rules`: the same limits, for a jam of which
only the last notes are known, and in which parts may play that have not played yet.

Conventions:
    Ticks are event ticks; slots are the network's, 0..15.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composer.events import (
    DURATION,
    LONGEST,
    PITCH,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    VELOCITY,
)
from composer.generate import DENSER, KIT, USED, WIDER
from composer.grid import FREE
from composer.live.mind import Ask
from composer.notes import DRUM_PROGRAM
from composer.rules import FAR, KNOWN, LOUDER, Rules, lengths_like
from composer.settings import AUTO, OFF
from composer.theory import fitting_key

MOST_PER_BAR = 64
"""Notes in a bar that no reply goes beyond."""

NEWCOMER = 8
"""Notes in a bar for each part that has not played yet, beyond what the player would play."""

AT_ONCE = 2
"""Ticks within which keys are struck at once: hands are no machines."""
FEW = 4
"""Notes from which it is known whether someone plays single notes or chords."""

_BASS = range(32, 40)
_RANGES = {True: (28, 52), False: (48, 79)}
"""Pitches of a bass, and of anything else, that has not played yet."""


class Heard(NamedTuple):
    """A note that was played.

    Attributes:
        onset: Tick.
        slot: Who.
        pitch: 0..127.
        duration: Ticks.
        loudness: Velocity class.
    """

    onset: int
    slot: int
    pitch: int
    duration: int
    loudness: int


def make_limits(
    heard: Sequence[Heard], programs: Sequence[int], kind: str, bar: int, ask: Ask,
    slots: Sequence[int],
) -> Rules:  # fmt: skip
    """What a reply may play.

    Args:
        heard: The player's last notes, at least one.
        programs: Of all slots.
        kind: "beats" or "free".
        bar: Ticks of a bar.
        ask: What is wanted.
        slots: Who plays it.
    """
    settings = ask.settings
    parts = np.zeros(SLOTS, dtype=bool)
    parts[list(slots)] = True
    pitches = np.zeros((SLOTS, SIZES[PITCH]), dtype=bool)
    velocities = np.zeros((SLOTS, SIZES[VELOCITY]), dtype=bool)
    chords = np.full(SLOTS, FAR, dtype=np.int64)
    durations = np.ones((SLOTS, SIZES[DURATION]), dtype=bool)
    scale = allowed_pitches(heard, programs, ask)
    everyone = [note.loudness for note in heard]
    for slot, program in enumerate(programs):
        own = [note for note in heard if note.slot == slot]
        keys = [note.pitch for note in own]
        if program == DRUM_PROGRAM:
            pitches[slot, list(KIT)] = True
            pitches[slot, keys] = True
        else:
            low, high = _range(keys, program)
            low, high = settings.pitch_range or (low, high)
            pitches[slot, low : high + 1] = scale[low : high + 1]
            if not pitches[slot].any():
                # A range too narrow for its key: the key gives way, silence would not do.
                pitches[slot, low : high + 1] = True
        if len(own) >= FEW:
            chords[slot] = _fullest_chord(own)
        elif program in _BASS:
            chords[slot] = 1
        loud = [note.loudness for note in own] or everyone
        if len(own) >= KNOWN:
            durations[slot] = lengths_like(np.array([note.duration for note in own]))
        velocities[slot, max(min(loud) - LOUDER, 0) : max(loud) + LOUDER + 1] = True
    ticks = TICKS_PER_SECOND if kind == FREE else TICKS_PER_BEAT
    new = len({*slots} - {note.slot for note in heard})
    busiest, stride, rate = _density(heard, bar)
    if settings.density is None:
        per_bar = busiest + max(busiest // 4, 1) + NEWCOMER * new
        per_bar, pace = min(per_bar, MOST_PER_BAR), 0.0
    else:
        per_bar = max(int(np.ceil(settings.density * bar / ticks)), 1)
        pace = settings.density / ticks
    return Rules(
        earliest=np.array([ask.join]),
        latest_first=np.array([ask.first_by]),
        end=np.array([FAR if ask.end is None else ask.end]),
        longest=np.array([min(_longest_step(heard, ticks, bar), LONGEST)]),
        parts=parts[None],
        pitches=pitches[None],
        velocities=velocities[None],
        per_bar=np.array([per_bar]),
        pace=np.array([pace]),
        durations=durations[None],
        chords=chords[None],
        rate=np.array([0.0 if new or settings.density is not None else DENSER * rate]),
        burst=np.array([busiest]),
        stride=np.array([stride]),
    )


def _density(heard: Sequence[Heard], bar: int) -> tuple[int, int, float]:
    """How densely someone plays.

    Returns:
        (notes in the busiest bar, the usual step from one onset to the next in ticks, notes
        per tick while playing: what is longer than a bar is silence between phrases).
    """
    counts = np.bincount([(note.onset - heard[0].onset) // bar for note in heard])
    steps = (after.onset - before.onset for before, after in pairwise(heard))
    moved = sorted(step for step in steps if 0 < step <= bar)
    stride = moved[len(moved) // 2] if moved else 1
    return int(counts.max()), stride, len(heard) / max(sum(moved) + stride, bar)


def _fullest_chord(notes: Sequence[Heard]) -> int:
    """Most notes of one part that were struck at once."""
    onsets = [note.onset for note in notes]
    return max(bisect_right(onsets, onset + AT_ONCE) - at for at, onset in enumerate(onsets))


def _longest_step(heard: Sequence[Heard], least: int, bar: int) -> int:
    """Ticks from one onset to the next at most: the player's longest, within a bar."""
    steps = (after.onset - before.onset for before, after in pairwise(heard))
    return max((step for step in steps if step <= bar), default=0) or least


def _range(keys: list[int], program: int) -> tuple[int, int]:
    if not keys:
        return _RANGES[program in _BASS]
    return max(min(keys) - WIDER, 0), min(max(keys) + WIDER, 127)


def allowed_pitches(heard: Sequence[Heard], programs: Sequence[int], ask: Ask) -> NDArray[np.bool_]:
    """Which pitches lie in the key asked for, or in the player's, bool [128]."""
    settings = ask.settings
    everything = np.ones(SIZES[PITCH], dtype=bool)
    if settings.key == OFF:
        return everything
    tones = [note for note in heard if programs[note.slot] != DRUM_PROGRAM]
    key = settings.wanted_key or fitting_key(_sounding(tones, TICKS_PER_BEAT))
    if key is None:
        return everything
    allowed = np.zeros(12, dtype=bool)
    allowed[list(key.pitch_classes())] = True
    if settings.key == AUTO:
        # What the player uses beyond the scale belongs to the language.
        sounding = _sounding(tones, 2 * TICKS_PER_BEAT)
        allowed |= sounding >= USED * sounding.sum()
    return np.tile(allowed, SIZES[PITCH] // 12 + 1)[: SIZES[PITCH]]


def _sounding(tones: Sequence[Heard], most: int) -> NDArray[np.float64]:
    """How many ticks each pitch class sounds, [12]; a note counts for so many at most."""
    ticks = [0.0] * 12
    for note in tones:
        ticks[note.pitch % 12] += min(note.duration, most)
    return np.array(ticks)
