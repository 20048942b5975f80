"""Descriptors by hand: what a musician would count in a few bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from composer.analysis.descriptors import DESCRIPTORS, descriptors_of, distance, krumhansl_key
from composer.analysis.segment import PLACES, Segment
from composer.encoding.events import SHIFT_TICKS, nearest_duration
from composer.music.notes import DRUM_PROGRAM


def segment(
    notes: list[tuple[float, int, int, float]],
    *,
    bars: int,
    programs: tuple[int, ...] = (0,),
    velocities: tuple[int, ...] = (20,),
) -> Segment:
    """From (beat, slot, pitch, beats), in bars of four beats."""
    notes = sorted(notes)
    onsets = np.array([round(24 * note[0]) for note in notes], dtype=np.int64)
    rows = np.zeros((len(notes), 5), dtype=np.int64)
    rows[:, 0] = np.searchsorted(SHIFT_TICKS, np.diff(onsets, prepend=0))
    rows[:, 1] = [note[1] for note in notes]
    rows[:, 2] = [note[2] for note in notes]
    rows[:, 3] = nearest_duration(np.array([24 * note[3] for note in notes]))
    rows[:, 4] = [velocities[index % len(velocities)] for index in range(len(notes))]
    return Segment(rows, onsets, programs, 96, False, bars * 96)


SCALE = [
    (float(beat), 0, pitch, 1.0) for beat, pitch in enumerate((60, 62, 64, 65, 67, 65, 64, 62))
]


def test_a_scale_in_two_bars():
    found = descriptors_of(segment(SCALE, bars=2))
    assert set(found) == set(DESCRIPTORS)
    # C once, D, E and F twice, G once.
    counts = (8 * found["pitch classes"]).astype(int).tolist()
    assert counts == [1, 0, 2, 0, 2, 2, 0, 1, 0, 0, 0, 0]
    steps = found["intervals"] * 7  # up 2, 2, 1, 2, then down 2, 1, 2
    assert steps[12 + 2] == pytest.approx(3)
    assert steps[12 + 1] == pytest.approx(1)
    assert steps[12 - 2] == pytest.approx(2)
    assert steps[12 - 1] == pytest.approx(1)
    assert found["density"] == pytest.approx([1.0])
    assert found["onsets"][[0, 4, 8, 12]].tolist() == [0.25] * 4
    assert found["groove"] == pytest.approx([1.0])  # a note on every beat of both
    assert found["polyphony"] == pytest.approx([1.0])
    assert found["range"].tolist() == [7]
    assert found["velocity"][10] == 1.0
    assert found["self-similarity"][0] == 0.25  # of four notes E is in both
    assert np.isnan(found["self-similarity"][1:]).all()  # there is no third bar


def test_chords_and_repeated_bars():
    chord = [
        (beat, slot, pitch, 2.0) for beat in (0.0, 4.0, 8.0) for slot, pitch in ((0, 60), (1, 64))
    ]
    found = descriptors_of(segment(chord, bars=3, programs=(0, 0)))
    assert found["polyphony"] == pytest.approx([2.0])
    assert found["self-similarity"][:2].tolist() == [1.0, 1.0]
    # Steps are counted within a part, and each part stays on its tone.
    assert found["intervals"][12] == 1.0


def test_half_of_the_places_that_differ_cost_groove():
    # One bar on the beats 1 and 3, the next on 2 and 4: 4 of 16 places differ.
    notes = [(0.0, 0, 60, 1.0), (2.0, 0, 60, 1.0), (5.0, 0, 60, 1.0), (7.0, 0, 60, 1.0)]
    assert descriptors_of(segment(notes, bars=2))["groove"] == pytest.approx([1 - 4 / 16])


def test_drums_have_no_tones():
    beat = [(float(n), 0, 36, 0.25) for n in range(8)]
    found = descriptors_of(segment(beat, bars=2, programs=(DRUM_PROGRAM,)))
    for name in ("pitch classes", "intervals", "range"):
        assert np.isnan(found[name]).all()
    assert found["density"] == pytest.approx([1.0])
    assert krumhansl_key(segment(beat, bars=2, programs=(DRUM_PROGRAM,))) is None


def test_a_score_without_marks_has_no_dynamics():
    assert np.isnan(descriptors_of(segment(SCALE, bars=2), dynamics=False)["velocity"]).all()


def test_silence_has_no_traits_but_its_density():
    empty = Segment(np.zeros((0, 5), np.int64), np.zeros(0, np.int64), (0,), 96, False, 192)
    found = descriptors_of(empty)
    assert found["density"].tolist() == [0.0]
    assert np.isnan(found["onsets"]).all()


def test_the_key_is_found_by_music21():
    chords = ((60, 64, 67), (65, 69), (62, 67, 71), (60, 64, 67))
    cadence = [(2.0 * n, pitch) for n, chord in enumerate(chords) for pitch in chord]
    notes = [(beat, 0, pitch, 2.0) for beat, pitch in cadence]
    assert krumhansl_key(segment(notes, bars=2)) == "C major"
    higher = [(beat, 0, pitch + 2, 2.0) for beat, pitch in cadence]
    assert krumhansl_key(segment(higher, bars=2)) == "D major"


def test_distances_leave_out_what_is_not_there():
    assert distance(np.array([0.0, 0.0]), np.array([3.0, 4.0])) == 5.0
    # One of two numbers is known: the other counts as if it lay as far apart.
    assert distance(np.array([0.0, np.nan]), np.array([3.0, 4.0])) == pytest.approx(np.sqrt(18))
    assert np.isnan(distance(np.array([np.nan]), np.array([1.0])))


def test_an_accompaniment_has_a_figure():
    # Bass, chord, chord, rest: in one part, four bars.
    bar = [(0.0, 0, 36, 1.0), *((beat, 0, pitch, 1.0) for beat in (1.0, 2.0) for pitch in (60, 64))]
    waltz = [(4 * n + beat, part, pitch, long) for n in range(4) for beat, part, pitch, long in bar]
    found = descriptors_of(segment(waltz, bars=4))
    figure, heights = found["figure"][:PLACES], found["heights"][:PLACES]
    assert figure[[0, 4, 8, 12]].tolist() == [1, 2, 2, 0]
    assert heights[[0, 4, 8]].tolist() == [36, 62, 62]
    assert np.isnan(heights[12])
    assert found["parts"][0] == 1
    # The chords on other beats: the same notes, another figure.
    turned = [((onset + 1) % 16, part, pitch, long) for onset, part, pitch, long in waltz]
    other = descriptors_of(segment(turned, bars=4))
    assert distance(found["figure"], other["figure"]) > 1
    assert distance(found["register"], other["register"]) == 0


def test_music_without_bars_has_no_figure():
    free = replace(segment(SCALE, bars=2), free=True)
    assert np.isnan(descriptors_of(free)["figure"]).all()
