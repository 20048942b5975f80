"""Limits of each part, made from the notes that it has played.

A seed that is read from a file and the last notes of a jam are the same table of notes here.
Where the two cases differ in how much they take for granted, a `LimitPolicy` has the numbers.

Conventions:
    Ticks are event ticks; slots are the network's, 0..31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    SHIFT,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    VELOCITY,
    Events,
)
from composer.generation.limits import Bools, Ints, PartLimits
from composer.generation.settings import AUTO, OFF, Settings
from composer.music.keys import Key, key_change, sounding_time
from composer.music.notes import DRUM_PROGRAM

KNOWN = 8
"""Notes from which a part has limits of its own."""
RARE = 0.01
"""Share of a seed's notes up to which a place in the beat, or a length, is an exception."""
LONGER = 1.5
"""Times a part's longest note in the seed that its notes may last."""
WIDER = 7
"""Semitones by which a part may leave the range it had in the seed."""
USED = 0.03
"""Share of the sounding time from which a pitch class counts as part of the scale."""
KIT = (36, 38, 42, 46, 49)
"""Kick, snare, hi-hat closed and open, crash (General MIDI 1): what a drum kit always has."""
LOUDER = 2
"""Velocity classes that a part may be softer or louder than it was."""
VELOCITY_WEIGHT, VELOCITY_WEIGHT_CHOSEN = 0.3, 0.1
"""How much of a part's own use of velocities is added to what the network says: when each
note is played as it is drawn; and when the best of several takes is chosen, which favours the
seed's velocities, too."""

TILT = 0.65
"""How much of the difference of two keys is added: the network hears its own notes, and comes
round to the new key by itself."""
BASS = range(32, 40)
"""Programs of basses."""
_RANGES = {True: (28, 52), False: (48, 79)}
"""Pitches of a bass, and of anything else, that has not played yet."""
_PITCH_CLASSES = np.arange(SIZES[PITCH]) % 12


@dataclass(frozen=True, slots=True)
class NoteTable:
    """Notes that were heard, in the order of their onsets.

    Attributes:
        rows: int64 [notes, 5]: onset, slot, pitch, duration in ticks, velocity class.
    """

    rows: Ints

    @classmethod
    def of(cls, events: Events) -> NoteTable:
        """The notes of events."""
        rows = events.rows.astype(np.int64)
        rows[:, SHIFT] = events.onsets
        rows[:, DURATION] = DURATION_TICKS[events.rows[:, DURATION]]
        return cls(rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def onsets(self) -> Ints:
        """Tick at which each begins."""
        return self.rows[:, 0]

    @property
    def slots(self) -> Ints:
        """Slot of the part that plays each."""
        return self.rows[:, PART]

    @property
    def pitches(self) -> Ints:
        """MIDI note numbers."""
        return self.rows[:, PITCH]

    @property
    def durations(self) -> Ints:
        """Ticks that each lasts."""
        return self.rows[:, DURATION]

    @property
    def velocities(self) -> Ints:
        """Velocity classes."""
        return self.rows[:, VELOCITY]

    def of_part(self, slot: int) -> NoteTable:
        """The notes of one part."""
        return NoteTable(self.rows[self.slots == slot])

    def tones(self, programs: Sequence[int]) -> NoteTable:
        """All but the notes of drums."""
        if DRUM_PROGRAM not in programs:
            return self
        return NoteTable(self.rows[np.array(programs)[self.slots] != DRUM_PROGRAM])


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """How much is taken for granted of what a part has played.

    Attributes:
        chord_notes: Notes from which a part's fullest chord is its limit.
        together: Ticks within which keys count as struck together.
        kit_below: A drum part that uses fewer keys than these may play `KIT`, too.
        settled: Notes for each velocity class it used from which a part uses no others;
            `UNLIMITED` if it always may.
        velocity_weight: How much a part's own use of velocities counts, 0 for not at all.
        wider: Semitones by which a part may leave the range it had.
    """

    chord_notes: int
    together: int
    kit_below: int
    settled: int
    velocity_weight: float
    wider: int = WIDER


def policy_for_seed(takes: int) -> LimitPolicy:
    """For a seed that is known as a whole, and this number of takes of each bar."""
    weight = VELOCITY_WEIGHT if takes == 1 else VELOCITY_WEIGHT_CHOSEN
    return LimitPolicy(
        chord_notes=KNOWN, together=0, kit_below=4, settled=16, velocity_weight=weight
    )


def part_limits(
    notes: NoteTable,
    programs: Sequence[int],
    scale: Bools,
    pitch_range: tuple[int, int] | None,
    policy: LimitPolicy,
    shortest: int = 1,
    colours: Bools | None = None,
) -> PartLimits:
    """What each part may play, from what it has played.

    A part without notes is as loud as the others. A part whose range has no pitch of the
    scale may play none: the caller decides what is to be done about that.

    Args:
        notes: At least one.
        programs: Of all slots.
        scale: bool [128], pitches that all but drums may play.
        pitch_range: (lowest, highest) of all but drums; None for near what was played.
        policy: See `LimitPolicy`.
        shortest: Shortest duration in ticks of parts of fewer than `KNOWN` notes.
        colours: bool [128], pitches that these may play as tones of the chord in force.
    """
    limits = replace(
        PartLimits.none(),
        pitches=np.zeros((SLOTS, SIZES[PITCH]), dtype=bool),
        durations=np.tile(shortest <= DURATION_TICKS, (SLOTS, 1)),
    )
    for slot, program in enumerate(programs):
        own = notes.of_part(slot)
        pitches = limits.pitches[slot]
        if program == DRUM_PROGRAM:
            pitches[own.pitches] = True
            if np.count_nonzero(pitches) < policy.kit_below:
                pitches[list(KIT)] = True
        else:
            low, high = pitch_range or pitch_bounds(own, program, policy.wider)
            pitches[low : high + 1] = scale[low : high + 1]
            if colours is not None:
                limits.coloured[slot, low : high + 1] = colours[low : high + 1]
        if len(own) >= policy.chord_notes:
            limits.chords[slot] = fullest_chord(own.onsets, policy.together)
        if len(own) >= KNOWN:
            limits.durations[slot] = durations_like(own.durations)
        velocities = (own if len(own) else notes).velocities
        limits.velocities[slot] = velocities_like(velocities, policy.settled)
        if policy.velocity_weight:
            limits.velocity_bias[slot] = policy.velocity_weight * velocity_shares(velocities)
    return limits


def pitch_bounds(own: NoteTable, program: int, wider: int = WIDER) -> tuple[int, int]:
    """Lowest and highest pitch of a part, a little wider than it has played."""
    if not len(own):
        return _RANGES[program in BASS]
    return max(int(own.pitches.min()) - wider, 0), min(int(own.pitches.max()) + wider, 127)


def fullest_chord(onsets: Ints, together: int) -> int:
    """Most notes that begin within some ticks of one another."""
    behind = onsets.searchsorted(onsets + together, side="right")
    return int((behind - np.arange(len(onsets))).max())


def durations_like(ticks: Ints) -> Bools:
    """Duration classes for a part whose notes had these durations, bool [classes].

    None is shorter than all but its rarest, none longer than half as much again as its
    longest: a part that ends on a held note may hold notes.
    """
    ranked = np.sort(ticks)
    least, most = ranked[int(RARE * (len(ranked) - 1))], LONGER * ranked[-1]
    return np.asarray((least <= DURATION_TICKS) & (most >= DURATION_TICKS))


def velocities_like(classes: Ints, settled: int) -> Bools:
    """Velocity classes for a part that has used these, bool [32].

    A part of few notes may be a little softer or louder than it was; one with more than
    `settled` notes for each class keeps to the classes it used.
    """
    allowed = np.bincount(classes, minlength=SIZES[VELOCITY]) > 0
    if len(classes) < settled * np.count_nonzero(allowed):
        used = np.flatnonzero(allowed)
        allowed[max(used[0] - LOUDER, 0) : used[-1] + LOUDER + 1] = True
    return allowed


def velocity_shares(classes: Ints) -> NDArray[np.float64]:
    """Logarithm of the share of each velocity class among these, smoothed, [32].

    What a network is unsure of it fills with what other music does, and a note too loud
    makes the next one louder; so a part would leave its own dynamics little by little.
    """
    counts = np.bincount(classes, minlength=SIZES[VELOCITY])
    # Neighbours are nearly the same loudness; no class is quite impossible.
    share = np.convolve(counts, (0.1, 0.8, 0.1), mode="same") / len(classes)
    return np.asarray(np.log(share + 0.02 / SIZES[VELOCITY]))


def scale_pitches(
    notes: NoteTable, programs: Sequence[int], settings: Settings, key: Key | None
) -> Bools:
    """Pitches of a key, and what the music uses beyond it, bool [128].

    Args:
        notes: What was played.
        programs: Of all slots.
        settings: Whether a key was asked for.
        key: It, or the one that was found; None for none, when all pitches are allowed.
    """
    if key is None or settings.key == OFF:
        return np.ones(SIZES[PITCH], dtype=bool)
    allowed = np.zeros(12, dtype=bool)
    allowed[list(key.pitch_classes())] = True
    if settings.key == AUTO:
        tones = notes.tones(programs)
        sounding = sounding_time(tones.pitches, tones.durations, 2 * TICKS_PER_BEAT)
        allowed |= sounding >= USED * sounding.sum()
    return allowed[_PITCH_CLASSES]


def key_bias(programs: Sequence[int], settings: Settings, heard: Key | None) -> NDArray[np.float32]:
    """What leads from the key that was heard to one that was asked for, [slots, 12].

    A key that is only a limit leaves what two keys have in common: of C minor after C major
    no E flat ever, because the network, which hears C major, does not think of it.

    Args:
        programs: Of all slots; drums have no key.
        settings: Whether a key was asked for.
        heard: The key of what was played; None for none.

    Returns:
        What is added to the logits of each slot's pitches, by pitch class.
    """
    bias = np.zeros((SLOTS, 12), dtype=np.float32)
    asked = settings.wanted_key
    if asked is None or heard is None:
        return bias
    pitched = [slot for slot, program in enumerate(programs) if program != DRUM_PROGRAM]
    bias[pitched] = TILT * key_change(heard, asked)
    return bias
