"""Augmentation: what changes, what must not, and that chance comes from one place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from composer_training.data import dataset
from composer_training.data.augment import (
    CHORAL_SOUNDS,
    PLAIN,
    Augmentation,
    articulate,
    augment,
    loosen,
    played_velocities,
    recast,
)
from composer_training.data.dataset import Dataset, Record
from composer_training.data.performance import perform

from composer.music.beat_grid import BEATS, FREE
from composer.music.notes import DRUM_PROGRAM


@pytest.fixture
def tiny(prepared: Path) -> Dataset:
    return dataset.load([prepared])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_off_is_off(tiny: Dataset) -> None:
    for record in tiny.records:
        same, notes = augment(record, tiny.notes(record), PLAIN, rng())
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
        _, varied = augment(record, notes, replace(PLAIN, semitones=6), rng(seed))
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
        varied_record, varied = augment(record, notes, replace(PLAIN, sounds=0.5), rng(seed))
        assert varied[:, 4].min() >= 1 and varied[:, 4].max() <= 127
        assert len(set(varied[:, 4].tolist())) > 1
        sounds.add(varied_record.programs)
    assert record.programs in sounds
    assert sounds - {record.programs} <= {(s,) * len(record.programs) for s in CHORAL_SOUNDS}


def tonal(data: Dataset, dynamics: bool = True) -> Record:
    record = next(r for r in data.records if DRUM_PROGRAM not in r.programs)
    return replace(record, dynamics=dynamics)


def test_drums_keep_to_the_click(tiny: Dataset) -> None:
    for seed, record in enumerate(tiny.records):
        varied, _ = augment(record, tiny.notes(record), Augmentation(free=1), rng(seed))
        drums = DRUM_PROGRAM in record.programs
        assert varied.kind == (BEATS if drums else FREE)


def test_stretching_scales_time_and_nothing_else(tiny: Dataset) -> None:
    record, notes = perform(tonal(tiny), tiny.notes(tonal(tiny)), rng(2))
    settings = replace(PLAIN, stretch=0.35)
    _, varied = augment(record, notes, settings, rng(3))
    factor = varied[-1, 0] / notes[-1, 0]
    assert 2**-0.35 <= factor <= 2**0.35 and abs(factor - 1) > 0.01
    assert np.abs(varied[:, 0] - notes[:, 0] * factor).max() <= 1.5
    assert np.array_equal(varied[:, [1, 2, 4]], notes[:, [1, 2, 4]])


def test_recasting_keeps_every_note_of_the_parts_that_are_left(tiny: Dataset) -> None:
    seen = set()
    for seed in range(60):
        for record in (*tiny.records, pianos(tiny)):
            notes = tiny.notes(record)
            cast, left = recast(record, notes, rng(seed), fewest=1)
            assert set(left[:, 1].tolist()) <= set(range(len(cast.programs)))
            more = len(cast.programs) > len(record.programs)
            if len(left) <= len(notes):
                assert set(cast.programs) <= set(record.programs)
            # Notes as (onset, pitch, length, velocity): none changed, and new ones only where
            # another instrument plays a part as well.
            before = Counter(map(tuple, notes[:, [0, 2, 3, 4]].tolist()))
            after = Counter(map(tuple, left[:, [0, 2, 3, 4]].tolist()))
            assert before <= after if len(left) > len(notes) else after <= before
            seen.add((more - (len(cast.programs) < len(record.programs)),
                      np.sign(len(left) - len(notes))))  # fmt: skip
    # Laid together, left out, as it was, split, and doubled.
    assert {(-1, 0), (-1, -1), (0, 0), (1, 0), (1, 1)} <= seen


def test_a_doubled_part_is_played_at_once_and_an_octave_apart_at_most(tiny: Dataset) -> None:
    record = pianos(tiny)
    notes = tiny.notes(record)
    doubled = 0
    for seed in range(40):
        _, left = recast(record, notes, rng(seed), fewest=1)
        if len(left) <= len(notes):
            continue
        doubled += 1
        new = left[left[:, 1] == len(record.programs)]
        own = [notes[notes[:, 1] == slot] for slot in range(len(record.programs))]
        assert any(
            len(part) == len(new)
            and (part[:, [0, 3]] == new[:, [0, 3]]).all()
            and set((new[:, 2] - part[:, 2]).tolist()) <= {-12, 0, 12}
            for part in own
        )
    assert doubled


def test_too_little_is_not_recast(tiny: Dataset) -> None:
    record = tiny.records[0]
    same, notes = recast(record, tiny.notes(record), rng(), fewest=10**6)
    assert same == record and np.array_equal(notes, tiny.notes(record))


def test_articulation_shortens_and_moves_nothing(tiny: Dataset) -> None:
    record = tonal(tiny)
    shares = []
    for seed in range(30):
        notes = np.array(tiny.notes(record))
        articulate(notes, rng(seed))
        assert np.array_equal(notes[:, [0, 1, 2, 4]], tiny.notes(record)[:, [0, 1, 2, 4]])
        assert notes[:, 3].min() >= 1
        shares.append(np.median(notes[:, 3] / tiny.notes(record)[:, 3]))
    assert min(shares) < 0.8 and max(shares) > 0.9 and max(shares) < 1.1


def test_loose_playing_stays_near_the_grid(tiny: Dataset) -> None:
    for seed, record in enumerate(tiny.records):
        notes = np.array(tiny.notes(record))
        loosen(notes, rng(seed))
        before, after = np.sort(tiny.notes(record)[:, 0]), np.sort(notes[:, 0])
        assert (after != before).any() and np.abs(after - before).max() < 480 / 4
        assert (np.diff(notes[:, 0]) >= 0).all()


def test_a_player_leans_on_the_bar_line(tiny: Dataset) -> None:
    record = tonal(tiny)
    notes = tiny.notes(record)
    _, numerator, denominator = record.metres[0]
    on_bar = notes[:, 0] % (480 * 4 * numerator // denominator) == 0
    heavier = [
        loud[on_bar].mean() - loud[~on_bar].mean()
        for loud in (played_velocities(record, notes, rng(seed)) for seed in range(40))
    ]
    assert np.mean(heavier) > 3


def test_a_score_played_is_learnt_as_played(tiny: Dataset) -> None:
    record = tonal(tiny, dynamics=False)
    varied, notes = augment(record, tiny.notes(record), replace(PLAIN, played=1), rng())
    assert varied.dynamics and len(set(notes[:, 4].tolist())) > 1
    varied, _ = augment(record, tiny.notes(record), PLAIN, rng())
    assert not varied.dynamics


def pianos(data: Dataset) -> Record:
    """Of several parts, all of them piano."""
    record = next(r for r in data.records if len(r.programs) > 1)
    return replace(record, programs=(0,) * len(record.programs))


def sounding(record: Record, notes: np.ndarray) -> list[tuple[int, ...]]:
    return [
        (onset, record.programs[part], pitch, length, velocity)
        for onset, part, pitch, length, velocity in notes.tolist()
    ]
