"""Limits: the rules of a reply, made from what was played and from the parameters.

The live counterpart of `composer.generation.generate.make_constraints`: the same limits, for a jam
of which only the last notes are known, and in which parts may play that have not played yet.

Conventions:
    Ticks are event ticks; slots are the network's, 0..15. Heard notes are int64 [notes, 5], in
    the order of their onsets: onset, slot, pitch, duration, velocity class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    LONGEST,
    PITCH,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    UNLIMITED,
    VELOCITY,
)
from composer.generation.constraints import KNOWN, LOUDER, Constraints, lengths_like
from composer.generation.generate import DENSER, KIT, USED, WIDER
from composer.generation.settings import AUTO, OFF
from composer.live.core.improviser import GenerateRequest
from composer.music.beat_grid import FREE
from composer.music.keys import fitting_key
from composer.music.notes import DRUM_PROGRAM

Ints = NDArray[np.int64]

MOST_PER_BAR = 64
"""Notes in a bar that no reply goes beyond."""

NEWCOMER = 8
"""Notes in a bar for each part that has not played yet, beyond what the player would play."""

AT_ONCE = 2
"""Ticks within which keys are struck at once: hands are no machines."""
FEW = 4
"""Notes from which it is known whether someone plays single notes or chords."""

_ONSET, _SLOT, _PITCH, _DURATION, _LOUDNESS = range(5)
_PITCH_CLASSES = np.arange(SIZES[PITCH]) % 12
_BASS = range(32, 40)
_RANGES = {True: (28, 52), False: (48, 79)}
"""Pitches of a bass, and of anything else, that has not played yet."""


def make_live_constraints(
    heard: Ints,
    programs: Sequence[int],
    kind: str,
    bar: int,
    ask: GenerateRequest,
    slots: Sequence[int],
) -> Constraints:
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
    chords = np.full(SLOTS, UNLIMITED, dtype=np.int64)
    durations = np.ones((SLOTS, SIZES[DURATION]), dtype=bool)
    scale = allowed_pitches(heard, programs, ask)
    known = np.unique(heard[:, _SLOT]).tolist()
    for slot, program in enumerate(programs):
        own = heard if known == [slot] else heard[heard[:, _SLOT] == slot]
        keys = own[:, _PITCH]
        if program == DRUM_PROGRAM:
            pitches[slot, list(KIT)] = True
            pitches[slot, keys] = True
        else:
            low, high = settings.pitch_range or _range(keys, program)
            pitches[slot, low : high + 1] = scale[low : high + 1]
            if not pitches[slot].any():
                # A range too narrow for its key: the key gives way, silence would not do.
                pitches[slot, low : high + 1] = True
        if len(own) >= FEW:
            chords[slot] = _fullest_chord(own[:, _ONSET])
        elif program in _BASS:
            chords[slot] = 1
        loud = (own if len(own) else heard)[:, _LOUDNESS]
        if len(own) >= KNOWN:
            durations[slot] = lengths_like(own[:, _DURATION])
        velocities[slot, max(int(loud.min()) - LOUDER, 0) : int(loud.max()) + LOUDER + 1] = True
    ticks = TICKS_PER_SECOND if kind == FREE else TICKS_PER_BEAT
    new = len({*slots}.difference(known))
    onsets = heard[:, _ONSET]
    steps = onsets[1:] - onsets[:-1]
    busiest, stride, rate = _density(onsets, steps, bar)
    if settings.density is None:
        per_bar = busiest + max(busiest // 4, 1) + NEWCOMER * new
        per_bar, pace = min(per_bar, MOST_PER_BAR), 0.0
    else:
        per_bar = max(int(np.ceil(settings.density * bar / ticks)), 1)
        pace = settings.density / ticks
    return Constraints.of(
        earliest=ask.join,
        latest_first=ask.first_by,
        end=UNLIMITED if ask.end is None else ask.end,
        longest=min(_longest_step(steps, ticks, bar), LONGEST),
        parts=parts,
        pitches=pitches,
        velocities=velocities,
        per_bar=per_bar,
        pace=pace,
        durations=durations,
        chords=chords,
        rate=0.0 if new or settings.density is not None else DENSER * rate,
        burst=busiest,
        stride=stride,
    )


def _density(onsets: Ints, steps: Ints, bar: int) -> tuple[int, int, float]:
    """How densely someone plays.

    Args:
        onsets: Of the notes.
        steps: From each to the next.
        bar: Ticks of a bar.

    Returns:
        (notes in the busiest bar, the usual step from one onset to the next in ticks, notes
        per tick while playing: what is longer than a bar is silence between phrases).
    """
    busiest = int(np.bincount((onsets - onsets[0]) // bar).max())
    moved = steps[(steps > 0) & (steps <= bar)]
    moved.sort()
    stride = int(moved[len(moved) // 2]) if len(moved) else 1
    return busiest, stride, len(onsets) / max(int(moved.sum()) + stride, bar)


def _fullest_chord(onsets: Ints) -> int:
    """Most notes of one part that were struck at once."""
    behind = onsets.searchsorted(onsets + AT_ONCE, side="right")
    return int((behind - np.arange(len(onsets))).max())


def _longest_step(steps: Ints, least: int, bar: int) -> int:
    """Ticks from one onset to the next at most: the player's longest, within a bar."""
    return int(steps[steps <= bar].max(initial=0)) or least


def _range(keys: Ints, program: int) -> tuple[int, int]:
    if not len(keys):
        return _RANGES[program in _BASS]
    return max(int(keys.min()) - WIDER, 0), min(int(keys.max()) + WIDER, 127)


def allowed_pitches(
    heard: Ints, programs: Sequence[int], ask: GenerateRequest
) -> NDArray[np.bool_]:
    """Which pitches lie in the key asked for, or in the player's, bool [128]."""
    settings = ask.settings
    everything = np.ones(SIZES[PITCH], dtype=bool)
    if settings.key == OFF:
        return everything
    tones = heard
    if DRUM_PROGRAM in programs:
        tones = heard[np.array(programs)[heard[:, _SLOT]] != DRUM_PROGRAM]
    key = settings.wanted_key or fitting_key(_sounding(tones, TICKS_PER_BEAT))
    if key is None:
        return everything
    allowed = np.zeros(12, dtype=bool)
    allowed[list(key.pitch_classes())] = True
    if settings.key == AUTO:
        # What the player uses beyond the scale belongs to the language.
        sounding = _sounding(tones, 2 * TICKS_PER_BEAT)
        allowed |= sounding >= USED * sounding.sum()
    return allowed[_PITCH_CLASSES]


def _sounding(tones: Ints, most: int) -> NDArray[np.float64]:
    """How many ticks each pitch class sounds, [12]; a note counts for so many at most."""
    ticks = np.minimum(tones[:, _DURATION], most)
    classes = _PITCH_CLASSES[tones[:, _PITCH]]
    return np.bincount(classes, weights=ticks, minlength=12).astype(np.float64)
