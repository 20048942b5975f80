"""Performance: what a pianist does to a score, and what stays as it was written."""

from __future__ import annotations

import numpy as np
import pytest
from composer_training.data.dataset import Notes, Record, to_events
from composer_training.data.performance import perform

from composer.music.beat_grid import FREE

BEAT = 480
SOPRANO, ALTO, TENOR, BASS = 76, 67, 60, 43
HYMN = np.array(
    [
        (beat * BEAT, int(pitch < 60), pitch + (beat % 7), BEAT, 80)
        for beat in range(128)
        for pitch in (BASS, TENOR, ALTO, SOPRANO)
    ],
    dtype=np.int32,
)
"""Thirty-two bars of chords in four voices, a chord to the beat, at 120 beats a minute."""


def hymn(*programs: int, dynamics: bool = False) -> Record:
    return Record(
        "hymn", "hymns", "train", "beats", programs or (0, 0), ((0, 4, 4),), ((0, 500_000),),
        dynamics,
    )  # fmt: skip


def played(seed: int, notes: Notes = HYMN, record: Record | None = None) -> Notes:
    return perform(record or hymn(), notes, np.random.default_rng(seed))[1]


def voice(notes: Notes, of: int) -> Notes:
    """The notes of one voice, which keep their order."""
    return notes[(notes[:, 2] >= of) & (notes[:, 2] < of + 7)]


SEEDS = [seed for seed in range(120) if len(played(seed)) == len(HYMN)][:12]
"""Of pianists who play it without a trill."""


def test_every_written_note_is_played_once_and_in_time() -> None:
    record, notes = perform(hymn(), HYMN, np.random.default_rng(SEEDS[0]))
    assert record.kind == FREE and record.dynamics and record.metres == ((0, 4, 4),)
    assert sorted(notes[:, 2].tolist()) == sorted(HYMN[:, 2].tolist())
    assert notes[0, 0] == 0 and (np.diff(notes[:, 0]) >= 0).all()
    assert notes[:, 3].min() >= 1 and 1 <= notes[:, 4].min() <= notes[:, 4].max() <= 127
    written = voice(HYMN, SOPRANO)[:, 2].tolist()
    assert voice(notes, SOPRANO)[:, 2].tolist() == written  # no chord overtakes another
    assert len(to_events(record, notes).rows) == len(HYMN)


def test_the_same_seed_plays_the_same_and_another_seed_does_not() -> None:
    assert np.array_equal(played(3), played(3))
    assert not np.array_equal(played(3)[:, 0], played(4)[:, 0])


def test_what_is_given_stays_as_it_was() -> None:
    before = HYMN.copy()
    played(5)
    assert np.array_equal(HYMN, before)


def test_a_chord_is_spread_by_some_ten_milliseconds_and_the_melody_leads_it() -> None:
    scatter, lead = [], []
    for seed in SEEDS:
        notes = played(seed)
        voices = [voice(notes, of)[:, 0] for of in (BASS, TENOR, ALTO, SOPRANO)]
        scatter.append(np.median(np.ptp(voices, axis=0)))
        lead.append(np.mean(voices[:3]) - np.mean(voices[3]))
    assert 10 < np.mean(scatter) < 60
    assert np.mean(lead) > 3


def test_no_two_beats_are_equally_long_and_the_last_ones_are_the_longest() -> None:
    slower = []
    for seed in SEEDS:
        beats = np.diff(voice(played(seed), SOPRANO)[:, 0])
        assert 0.02 < beats[8:-8].std() / beats.mean() < 0.4
        slower.append(beats[-3:].mean() / np.median(beats))
    assert np.mean(slower) > 1.15


def test_a_trill_goes_to_the_note_above_and_ends_on_its_own() -> None:
    """A note of two seconds, at the end of a scale in C."""
    scale = [(beat * BEAT, 0, pitch, BEAT, 80) for beat, pitch in enumerate(
        (60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60, 62, 64))]  # fmt: skip
    held = np.array([*scale, (17 * BEAT, 0, 76, 8 * BEAT, 80)], dtype=np.int32)
    trills = 0
    for seed in range(60):
        notes = played(seed, held, hymn(0))
        last = notes[notes[:, 2] > 74]
        if len(last) < 6:
            continue
        trills += 1
        assert last[:, 2].tolist() == [76, 77] * (len(last) // 2) + [76]
        assert 40 < np.median(np.diff(last[:, 0])) < 130
    assert trills >= 1


def test_the_melody_is_louder_than_what_goes_with_it() -> None:
    above = [
        voice(notes, SOPRANO)[:, 4].mean() - voice(notes, TENOR)[:, 4].mean()
        for notes in map(played, SEEDS)
    ]
    assert np.mean(above) > 5


def test_some_hold_the_pedal_and_some_let_go() -> None:
    """How many of a chord's notes last into the chord after the next."""
    held = []
    for seed in SEEDS:
        notes = played(seed)
        beat = np.median(np.diff(voice(notes, SOPRANO)[:, 0]))
        held.append((notes[:, 3] > 1.5 * beat).mean())
    assert min(held) < 0.05 and max(held) > 0.4


def test_a_hand_lets_the_keys_of_a_chord_go_together() -> None:
    for seed in SEEDS:
        ends = [line[:, 0] + line[:, 3] for line in (voice(played(seed), o) for o in (TENOR, ALTO))]
        assert np.median(np.abs(ends[0] - ends[1])) < 40  # of some 400 ms that a beat lasts


def test_a_key_that_is_struck_again_has_gone_up() -> None:
    repeated = HYMN.copy()
    repeated[:, 2] -= np.tile(np.repeat(np.arange(128) % 7, 4), 1).astype(np.int32)
    for seed in SEEDS:
        notes = voice(played(seed, repeated), SOPRANO)
        assert (notes[:-1, 0] + notes[:-1, 3] <= notes[1:, 0]).all()


def test_one_pianist_plays_both_staves_and_mostly_the_singer_s_part_too() -> None:
    records = [
        perform(hymn(52, 0), HYMN, np.random.default_rng(seed))[0].programs for seed in range(40)
    ]
    assert set(records) == {(0,), (52, 0)}
    assert records.count((0,)) > 24
    assert perform(hymn(0, 0), HYMN, np.random.default_rng(0))[0].programs == (0,)


def test_a_key_that_two_staves_strike_is_struck_once() -> None:
    doubled = HYMN.copy()
    doubled[:, 1] = 0
    other = doubled[doubled[:, 2] >= 60].copy()
    other[:, 1] = 1
    both = np.concatenate([doubled, other])
    both = both[np.lexsort((both[:, 2], both[:, 1], both[:, 0]))]
    assert len(voice(played(0, both), ALTO)) == len(voice(HYMN, ALTO))


@pytest.mark.parametrize("dynamics", [True, False])
def test_written_dynamics_are_heard(dynamics: bool) -> None:
    swell = HYMN.copy()
    swell[:, 4] = np.where(swell[:, 0] < 64 * BEAT, 40, 100)
    louder = []
    for seed in range(24):
        notes = played(seed, swell, hymn(dynamics=dynamics))
        half = len(notes) // 2
        louder.append(notes[half:, 4].mean() - notes[:half, 4].mean())
    assert (np.mean(louder) > 8) == dynamics


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_few_notes_are_played_too(count: int) -> None:
    assert len(played(SEEDS[0], HYMN[:count])) >= count
