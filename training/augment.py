"""Augmentation: the same piece in another key, tempo, feel or instrument.

Every function takes a record and its notes and a random generator, and returns new ones;
nothing is drawn from anywhere else, so a training run repeats exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from composer.events import seconds_of
from composer.grid import BEATS, FREE
from composer.notes import DRUM_PROGRAM
from composer.timing import TempoMap
from training.dataset import FINE_PER_BEAT, FINE_PER_SECOND, Notes, Record

CHORAL_SOUNDS = (0, 16, 19, 48, 52, 61)
"""Piano, drawbar organ, church organ, strings, choir, brass: what plays four-part scores."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far pieces are varied.

    Attributes:
        semitones: Transposition is drawn from -semitones..semitones.
        free: Share of pieces on a beat grid that are rendered in free time.
        stretch: A free piece's time is scaled by 2 ** uniform(-stretch, stretch).
        velocity: Standard deviation of a piece's change of loudness, in MIDI velocity.
        sounds: Share of pieces with one kind of voice that change instrument.
    """

    semitones: int = 6
    free: float = 0.25
    stretch: float = 0.35
    velocity: float = 6.0
    sounds: float = 0.5


def augment(
    record: Record, notes: Notes, settings: Augmentation, rng: np.random.Generator
) -> tuple[Record, Notes]:
    """One variant of a piece."""
    notes = notes.copy()
    drums = np.array([program == DRUM_PROGRAM for program in record.programs])[notes[:, 1]]
    tonal = ~drums
    if tonal.any():
        low, high = int(notes[tonal, 2].min()), int(notes[tonal, 2].max())
        down, up = max(-settings.semitones, -low), min(settings.semitones, 127 - high)
        notes[tonal, 2] += rng.integers(down, up + 1)
    if not record.dynamics:
        notes[:, 4] = synthetic_velocities(len(notes), rng)
    elif settings.velocity:
        change = rng.normal(0, settings.velocity)
        notes[:, 4] = np.clip(np.round(notes[:, 4] + change), 1, 127)
    if not record.dynamics and tonal.all() and rng.random() < settings.sounds:
        sound = int(rng.choice(CHORAL_SOUNDS))
        record = replace(record, programs=(sound,) * len(record.programs))
    if record.kind == BEATS and tonal.all() and rng.random() < settings.free:
        record, notes = render_free(record, notes, rng)
    if record.kind == FREE:
        factor = 2 ** rng.uniform(-settings.stretch, settings.stretch)
        notes[:, 0] = np.round(notes[:, 0] * factor)
        notes[:, 3] = np.maximum(np.round(notes[:, 3] * factor), 1)
    return record, notes


def synthetic_velocities(count: int, rng: np.random.Generator) -> np.ndarray:
    """A level, slow waves and a little unevenness, for music that came without dynamics.

    The velocity loss of such pieces is masked: this only keeps the network from taking
    one constant loudness for a property of string quartets.
    """
    level = rng.uniform(50, 100)
    time = np.arange(count)
    waves = sum(
        rng.uniform(2, 8) * np.sin(2 * np.pi * (time / period + rng.random()))
        for period in (37.0, 150.0, 610.0)
    )
    noise = rng.normal(0, rng.uniform(0, 5), count)
    return np.clip(np.round(level + waves + noise), 1, 127).astype(np.int32)


def render_free(record: Record, notes: Notes, rng: np.random.Generator) -> tuple[Record, Notes]:
    """A piece on a grid as a player without a click would play it.

    The tempo wanders (a mean-reverting walk of about 6 %, sampled every half beat, with
    phrase-long waves), chords are spread by a few milliseconds, single notes by a few
    more, and lengths vary with an articulation of the piece's own.
    """
    beats = notes[:, 0].astype(np.float64) / FINE_PER_BEAT
    ends = (notes[:, 0] + notes[:, 3]).astype(np.float64) / FINE_PER_BEAT
    steps = int(max(ends.max(), 0) * 2) + 3
    walk = np.zeros(steps)
    kicks = rng.normal(0, 0.025, steps)
    for index in range(1, steps):
        walk[index] = 0.92 * walk[index - 1] + kicks[index]
    time = np.arange(steps) / 2
    wave = rng.uniform(0, 0.06) * np.sin(2 * np.pi * (time / rng.uniform(8, 32) + rng.random()))
    tempos = TempoMap(record.tempos)
    grid = seconds_of(tempos, time * FINE_PER_BEAT, FINE_PER_BEAT)
    pace = np.diff(grid, append=2 * grid[-1] - grid[-2]) * np.exp(walk + wave)
    clock = np.concatenate([[0.0], np.cumsum(pace)[:-1]])
    clock *= 2 ** rng.uniform(-0.3, 0.3)
    starts = np.interp(beats, time, clock)
    stops = np.interp(ends, time, clock)
    # One deviation for a chord, a smaller one for each of its notes.
    _, chord = np.unique(notes[:, 0], return_inverse=True)
    starts = starts + rng.normal(0, 0.008, chord.max() + 1)[chord]
    starts = starts + rng.normal(0, rng.uniform(0.001, 0.008), len(notes))
    lengths = (stops - np.interp(beats, time, clock)) * rng.normal(
        rng.uniform(0.85, 1.05), 0.06, len(notes)
    )
    rendered = notes.copy()
    starts -= starts.min()
    rendered[:, 0] = np.round(starts * FINE_PER_SECOND)
    rendered[:, 3] = np.maximum(np.round(lengths * FINE_PER_SECOND), 20)
    order = np.lexsort((rendered[:, 2], rendered[:, 1], rendered[:, 0]))
    free = replace(record, kind=FREE, metres=((0, 4, 4),), tempos=((0, 500_000),))
    return free, rendered[order]
