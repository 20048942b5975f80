"""Augmentation: what changes, what must not, and that chance comes from one place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from composer.grid import BEATS, FREE
from composer.notes import DRUM_PROGRAM
from training import dataset
from training.augment import CHORAL_SOUNDS, Augmentation, augment, render_free
from training.dataset import Dataset, Record, to_events

NOTHING = Augmentation(semitones=0, free=0, stretch=0, velocity=0, sounds=0)


@pytest.fixture
def tiny(prepared: Path) -> Dataset:
    return dataset.load([prepared])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_off_is_off(tiny: Dataset) -> None:
    for record in tiny.records:
        same, notes = augment(record, tiny.notes(record), NOTHING, rng())
        assert same == record and np.array_equal(notes, tiny.notes(record))


def test_the_stored_notes_are_left_alone(tiny: Dataset) -> None:
    before = np.array(tiny.table)
    for seed, record in enumerate(tiny.records):
        augment(record, tiny.notes(record), Augmentation(free=1), rng(seed))
    assert np.array_equal(tiny.table, before)


def test_the_same_seed_gives_the_same_variant(tiny: Dataset) -> None:
    for record in tiny.records:
        one, other = (augment(record, tiny.notes(record), Augmentation(), rng(4)) for _ in "ab")
        assert one[0] == other[0] and np.array_equal(one[1], other[1])


def test_a_piece_is_transposed_as_a_whole_and_drums_are_not(tiny: Dataset) -> None:
    seen = set()
    for seed in range(40):
        record = next(r for r in tiny.records if DRUM_PROGRAM in r.programs)
        notes = tiny.notes(record)
        _, varied = augment(record, notes, Augmentation(free=0, velocity=0, sounds=0), rng(seed))
        drums = np.array(record.programs)[notes[:, 1]] == DRUM_PROGRAM
        moved = varied[:, 2] - notes[:, 2]
        assert not moved[drums].any() and len(set(moved[~drums].tolist())) == 1
        seen.add(int(moved[~drums][0]))
    assert min(seen) == -6 and max(seen) == 6


def test_transposition_stays_inside_the_midi_range(tiny: Dataset) -> None:
    record = tiny.records[0]
    for edge in (0, 127):
        notes = np.array(tiny.notes(record))
        notes[0, 2] = edge
        for seed in range(20):
            _, varied = augment(record, notes, Augmentation(), rng(seed))
            assert varied[:, 2].min() >= 0 and varied[:, 2].max() <= 127


def test_music_without_dynamics_gets_some_and_may_change_its_sound(tiny: Dataset) -> None:
    record = tonal(tiny, dynamics=False)
    notes = np.array(tiny.notes(record))
    notes[:, 4] = 80
    sounds = set()
    for seed in range(30):
        varied_record, varied = augment(record, notes, Augmentation(free=0), rng(seed))
        assert varied[:, 4].min() >= 1 and varied[:, 4].max() <= 127
        assert len(set(varied[:, 4].tolist())) > 1
        sounds.add(varied_record.programs)
    assert record.programs in sounds
    assert sounds - {record.programs} <= {(s,) * len(record.programs) for s in CHORAL_SOUNDS}


def tonal(data: Dataset, dynamics: bool = True) -> Record:
    from dataclasses import replace

    record = next(r for r in data.records if DRUM_PROGRAM not in r.programs)
    return replace(record, dynamics=dynamics)


def test_free_time_keeps_the_order_of_things(tiny: Dataset) -> None:
    """A performance of 16 beats: about as long, chords nearly together, lengths in proportion."""
    record = tonal(tiny)
    notes = tiny.notes(record)
    free, played = render_free(record, notes, rng(1))
    assert free.kind == FREE and free.metres == ((0, 4, 4),)
    assert played[0, 0] == 0 and (np.diff(played[:, 0]) >= 0).all() and played[:, 3].min() >= 20
    assert sorted(played[:, 2].tolist()) == sorted(notes[:, 2].tolist())
    # Chords of the score are still within 60 ms, and the order of chords is the same.
    order = np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))
    assert len(order) == len(played)
    seconds = (notes[:, 0].max() / 480) * record.tempos[0][1] / 1e6
    assert 0.6 * seconds < played[:, 0].max() / 1000 < 1.7 * seconds
    to_events(free, played)


def test_drums_keep_to_the_click(tiny: Dataset) -> None:
    for seed, record in enumerate(tiny.records):
        varied, _ = augment(record, tiny.notes(record), Augmentation(free=1), rng(seed))
        drums = DRUM_PROGRAM in record.programs
        assert varied.kind == (BEATS if drums else FREE)


def test_stretching_scales_time_and_nothing_else(tiny: Dataset) -> None:
    record, notes = render_free(tonal(tiny), tiny.notes(tonal(tiny)), rng(2))
    settings = Augmentation(semitones=0, velocity=0, stretch=0.35)
    _, varied = augment(record, notes, settings, rng(3))
    factor = varied[-1, 0] / notes[-1, 0]
    assert 2**-0.35 <= factor <= 2**0.35 and abs(factor - 1) > 0.01
    assert np.abs(varied[:, 0] - notes[:, 0] * factor).max() <= 1.5
    assert np.array_equal(varied[:, [1, 2, 4]], notes[:, [1, 2, 4]])
