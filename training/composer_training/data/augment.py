"""Augmentation: the same piece in another key, tempo, feel or instrument.

Every function takes a record and its notes and a random generator, and returns new ones;
nothing is drawn from anywhere else, so a training run repeats exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from composer.encoding.events import SLOTS
from composer.music.beat_grid import BEATS
from composer.music.notes import DRUM_PROGRAM
from composer_training.data.dataset import FINE_PER_BEAT, Notes, Record
from composer_training.data.performance import perform

BAND_SOUNDS = (0, 4, 16, 25, 27, 29, 30, 48, 50, 61, 80, 81, 89)
"""What doubles a part in a band: keys, organ, guitars, strings, brass, synthesisers."""
CHORAL_SOUNDS = (0, 16, 19, 48, 52, 61)
"""Piano, drawbar organ, church organ, strings, choir, brass: what plays four-part scores."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far pieces are varied.

    Attributes:
        semitones: Transposition is drawn from -semitones..semitones.
        free: Share of pieces on a beat grid, those with drums left out, that are performed in
            free time (`composer_training.data.performance`).
        stretch: The time of a piece that was recorded free is scaled by
            2 ** uniform(-stretch, stretch).
        velocity: Standard deviation of a piece's change of loudness, in MIDI velocity.
        sounds: Share of pieces with one kind of voice that change instrument.
        recast: Share of pieces whose parts are left out, laid together, doubled or split.
        played: Share of scores that get a player's articulation and loudness.
        loose: Share of pieces on a beat grid whose onsets stray from it a little.
        corruption: Share of bars at which a corrupted span begins, in the half of the pieces
            that have any (`composer_training.data.corruption`).
        forgetful: Share of pieces through which nothing is recalled.
        plan_noise: How much of the noise of `composer_training.data.plan_noise` the plans of
            pieces get, 0..1.
    """

    semitones: int = 6
    free: float = 0.3
    stretch: float = 0.35
    velocity: float = 6.0
    sounds: float = 0.5
    recast: float = 0.3
    played: float = 0.6
    loose: float = 0.12
    corruption: float = 0.08
    forgetful: float = 0.08
    plan_noise: float = 1.0


PLAIN = Augmentation(
    semitones=0,
    free=0,
    stretch=0,
    velocity=0,
    sounds=0,
    recast=0,
    played=0,
    loose=0,
    corruption=0,
    forgetful=0,
    plan_noise=0,
)
"""Every piece as it is."""
REPLIES = replace(PLAIN, semitones=2, plan_noise=1.0)
"""Replies that were liked or not, for being as high, as quick and as loud as they are."""


def augment(
    record: Record, notes: Notes, settings: Augmentation, rng: np.random.Generator
) -> tuple[Record, Notes]:
    """One variant of a piece."""
    notes = notes.copy()
    if rng.random() < settings.recast:
        record, notes = recast(record, notes, rng)
    drums = np.array([program == DRUM_PROGRAM for program in record.programs])[notes[:, 1]]
    tonal = ~drums
    if tonal.any():
        low, high = int(notes[tonal, 2].min()), int(notes[tonal, 2].max())
        down, up = max(-settings.semitones, -low), min(settings.semitones, 127 - high)
        notes[tonal, 2] += rng.integers(down, up + 1)
    if record.kind != BEATS:
        factor = 2 ** rng.uniform(-settings.stretch, settings.stretch)
        notes[:, 0] = np.round(notes[:, 0] * factor)
        notes[:, 3] = np.maximum(np.round(notes[:, 3] * factor), 1)
    elif tonal.all() and rng.random() < settings.free:
        return perform(record, notes, rng)
    score = not record.dynamics
    if score and rng.random() < settings.played:
        # From here on its loudness is a player's, and learnt as one.
        record = replace(record, dynamics=True)
        notes[:, 4] = played_velocities(record, notes, rng)
    elif score:
        notes[:, 4] = synthetic_velocities(len(notes), rng)
    elif settings.velocity:
        change = rng.normal(0, settings.velocity)
        notes[:, 4] = np.clip(np.round(notes[:, 4] + change), 1, 127)
    if score and tonal.all() and rng.random() < settings.sounds:
        sound = int(rng.choice(CHORAL_SOUNDS))
        record = replace(record, programs=(sound,) * len(record.programs))
    if score and rng.random() < settings.played:
        articulate(notes, rng)
    if record.kind == BEATS and rng.random() < settings.loose:
        loosen(notes, rng)
    return record, notes


def recast(
    record: Record, notes: Notes, rng: np.random.Generator, fewest: int = 48
) -> tuple[Record, Notes]:
    """The same music on other tracks.

    One part alone, one part less, all parts of an instrument on one track, two parts on one
    track, a part doubled by another instrument, or a part on two tracks: a pianist's hands, a
    drummer's drums. Much is played by one hand or on one track that corpora have as several,
    and files from a studio have as several what corpora have as one. Unchanged where fewer
    notes than `fewest` would be left, or more parts than there are slots.
    """
    way = str(rng.choice(_WAYS, p=_CHANCES))
    if way in ("doubled", "split"):
        if len(record.programs) >= SLOTS:
            return record, notes
        return _doubled(record, notes, rng) if way == "doubled" else _split(record, notes, rng)
    programs = np.array(record.programs)
    slots = np.arange(len(programs))
    kept = slots
    if way == "alone":
        kept = rng.choice(slots, 1)
    elif way == "without" and len(slots) > 1:
        kept = np.delete(slots, rng.integers(len(slots)))
    mine = notes[np.isin(notes[:, 1], kept)]
    if len(mine) < fewest:
        return record, notes
    # Where the slot of each part goes.
    owner = {int(slot): int(slot) for slot in kept}
    if way == "together":
        first = {int(programs[slot]): int(slot) for slot in kept[::-1]}
        owner = {int(slot): first[int(programs[slot])] for slot in kept}
    pitched = np.flatnonzero(programs != DRUM_PROGRAM)
    if way == "pair" and len(pitched) > 1:
        into, lost = rng.choice(pitched, 2, replace=False).tolist()
        owner[lost] = into
    heads = np.array(sorted(set(owner.values())))
    place = {int(slot): number for number, slot in enumerate(heads)}
    moved = mine.copy()
    moved[:, 1] = [place[owner[int(slot)]] for slot in mine[:, 1]]
    return replace(record, programs=tuple(int(programs[slot]) for slot in heads)), moved


_WAYS = ("alone", "without", "together", "pair", "doubled", "split")
_CHANCES = (0.12, 0.25, 0.2, 0.08, 0.15, 0.2)


def _doubled(record: Record, notes: Notes, rng: np.random.Generator) -> tuple[Record, Notes]:
    """A pitched part played by another instrument too, in its octave or in the next one."""
    pitched = [slot for slot, program in enumerate(record.programs) if program != DRUM_PROGRAM]
    if not pitched:
        return record, notes
    slot = int(rng.choice(pitched))
    copied = notes[notes[:, 1] == slot].copy()
    copied[:, 1] = len(record.programs)
    octave = 12 * int(rng.choice((-1, 0, 0, 1)))
    if len(copied) and copied[:, 2].min() + octave >= 0 and copied[:, 2].max() + octave <= 127:
        copied[:, 2] += octave
    if record.dynamics:
        copied[:, 4] = np.clip(copied[:, 4] + rng.integers(-16, 9), 1, 127)
    program = int(rng.choice((record.programs[slot], *BAND_SOUNDS)))
    made = np.concatenate([notes, copied])
    made = made[np.lexsort((made[:, 2], made[:, 1], made[:, 0]))]
    return replace(record, programs=(*record.programs, program)), made


def _split(record: Record, notes: Notes, rng: np.random.Generator) -> tuple[Record, Notes]:
    """A part on two tracks: what lies above a pitch, or some of a kit's drums."""
    slot = int(rng.integers(len(record.programs)))
    own = notes[:, 1] == slot
    pitches = np.unique(notes[own, 2])
    if len(pitches) < 2:
        return record, notes
    if record.programs[slot] == DRUM_PROGRAM:
        chosen = rng.random(len(pitches)) < 0.4
        moves = own & np.isin(notes[:, 2], pitches[chosen])
    else:
        line = np.quantile(notes[own, 2], rng.uniform(0.25, 0.75))
        moves = own & (notes[:, 2] > line)
    if not moves.any() or (moves == own).all():
        return record, notes
    made = notes.copy()
    made[moves, 1] = len(record.programs)
    made = made[np.lexsort((made[:, 2], made[:, 1], made[:, 0]))]
    return replace(record, programs=(*record.programs, record.programs[slot])), made


def played_velocities(record: Record, notes: Notes, rng: np.random.Generator) -> np.ndarray:
    """A player's loudness: a level for each part, weight on the beat, waves, unevenness."""
    wave = synthetic_velocities(len(notes), rng).astype(np.float64)
    parts = rng.normal(0, rng.uniform(0, 10), len(record.programs))[notes[:, 1]]
    bar = FINE_PER_BEAT * 4 * record.metres[0][1] // record.metres[0][2]
    on_bar = notes[:, 0] % max(bar, 1) == 0
    on_beat = notes[:, 0] % FINE_PER_BEAT == 0
    weight = rng.uniform(0, 12) * on_bar + rng.uniform(0, 8) * on_beat
    loud: np.ndarray = np.clip(np.round(wave + parts + weight), 1, 127).astype(np.int32)
    return loud


def articulate(notes: Notes, rng: np.random.Generator) -> None:
    """Shorten notes as players and notation programs do, in place.

    A written quarter seldom sounds for a quarter: each part has its own share of the
    written lengths, or lets go so much before the end, evenly or not.
    """
    for part in np.unique(notes[:, 1]):
        own = notes[:, 1] == part
        lengths = notes[own, 3].astype(np.float64)
        share = rng.uniform(0.85, 1.0) if rng.random() < 0.65 else rng.uniform(0.4, 0.85)
        if rng.random() < 0.3:
            gap = FINE_PER_BEAT * rng.uniform(0.02, 0.12)
            lengths = np.maximum(lengths - gap, lengths / 2)
        else:
            lengths = lengths * share
        if rng.random() < 0.5:
            lengths = lengths * rng.normal(1, rng.uniform(0, 0.08), len(lengths))
        notes[own, 3] = np.maximum(np.round(lengths), FINE_PER_BEAT // 24)


def loosen(notes: Notes, rng: np.random.Generator) -> None:
    """Move onsets by up to a few hundredths of a beat, in place: played to a click."""
    stray = FINE_PER_BEAT * rng.uniform(0.005, 0.035)
    late = FINE_PER_BEAT * rng.normal(0, 0.015, int(notes[:, 1].max()) + 1)[notes[:, 1]]
    notes[:, 0] = np.maximum(np.round(notes[:, 0] + late + rng.normal(0, stray, len(notes))), 0)
    notes[:] = notes[np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))]


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
