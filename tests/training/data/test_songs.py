"""Songs: the chords, the sections and the tune of a piece that was not written as a chart."""

from __future__ import annotations

import numpy as np
import pytest
from composer_training.data.dataset import Notes, Record
from composer_training.data.ensemble import full_bands
from composer_training.data.songs import chart_of, chords_of, melody_slot

from composer.music.notes import DRUM_PROGRAM

BEAT = 480
BAR = 4 * BEAT
C, F, G, A = 0, 5, 7, 9
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)
TURN = ((C, MAJOR), (A, MINOR), (F, MAJOR), (G, MAJOR))
BRIDGE = ((F, MAJOR), (G, MAJOR), (F, MAJOR), (G, MAJOR))


def song(*, tune: bool = True) -> tuple[Record, Notes]:
    """Eight bars before the tune, then verse, chorus, verse, chorus of eight bars each."""
    chords = (TURN * 2) + (TURN * 2 + BRIDGE * 2) * 2
    rows = [
        (bar * BAR, 0, 36 + root, BAR, 70) for bar, (root, _) in enumerate(chords)
    ] + [
        (bar * BAR + beat * BEAT, 0, 60 + root + step, BEAT, 70)
        for bar, (root, steps) in enumerate(chords)
        for beat in range(4)
        for step in steps
    ]  # fmt: skip
    if tune:
        rows += [
            (bar * BAR + beat * BEAT, 1, 72 + chords[bar][0] + (7 if bar // 8 % 2 == 0 else 0),
             BEAT, 90)
            for bar in range(8, 40)
            for beat in range(4)
        ]  # fmt: skip
    record = Record(
        "song.mid", "songs", "train", "beats", (0, 0), ((0, 4, 4),), ((0, 500_000),), True
    )
    table = np.array(rows, dtype=np.int32)
    return record, table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]


def test_chords_are_those_that_sound_with_the_bass_they_have() -> None:
    _, notes = song()
    found = chords_of(notes[notes[:, 1] == 0], 16)
    assert [chord and (chord.root, chord.intervals) for chord in found[::2]] == [*TURN, *TURN]
    inverted = np.array([(0, 0, 40, BAR, 80), (0, 0, 60, BAR, 80), (0, 0, 67, BAR, 80)])
    (first, _) = chords_of(inverted, 2)
    assert first is not None and (first.root, first.bass) == (C, 4)


def test_where_nothing_sounds_there_is_no_chord() -> None:
    late = np.array([(BAR, 0, 60, BAR, 80), (BAR, 0, 64, BAR, 80), (BAR, 0, 67, BAR, 80)])
    assert chords_of(late, 4)[:2] == [None, None]


def test_the_part_that_plays_one_note_at_a_time_sings() -> None:
    assert melody_slot(*song()) == 1
    assert melody_slot(*song(tune=False)) is None


def test_a_song_s_chart_has_its_key_its_sections_and_its_tune() -> None:
    record, notes = song()
    chart = chart_of(record, notes)
    assert chart is not None and chart.tonic == C and chart.bpm == 120
    assert [(s.letter, s.kind, len(s.bars)) for s in chart.sections] == [
        ("A", "intro", 8),
        ("B", "verse", 8),
        ("C", "chorus", 8),
        ("B", "verse", 8),
        ("C", "chorus", 8),
    ]
    assert len(chart.melody) == 128 and chart.melody[0][0] == 32.0


def test_a_song_without_a_tune_or_in_three_has_no_chart() -> None:
    record, notes = song(tune=False)
    assert chart_of(record, notes) is None
    record, notes = song()
    waltz = Record(**{name: getattr(record, name) for name in record.__slots__}
                   | {"metres": ((0, 3, 4),)})  # fmt: skip
    assert chart_of(waltz, notes) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_full_band_keeps_the_song_s_accompaniment_and_tune(seed: int) -> None:
    record, notes = song()
    beats = np.array(
        [(beat * BEAT, 0, 38 if beat % 2 else 36, 60, 100) for beat in range(32)], dtype=np.int32
    )
    drums = Record("d.mid", "drums", "train", "beats", (DRUM_PROGRAM,), ((0, 4, 4),),
                   ((0, 500_000),), True)  # fmt: skip
    ((made, table),) = full_bands([(record, notes)], [(drums, beats)], seed)
    assert 8 <= len(made.programs) <= 16 and DRUM_PROGRAM in made.programs
    piano = notes[notes[:, 1] == 0][:, [0, 2, 3, 4]].tolist()
    parts = [table[table[:, 1] == slot] for slot in range(len(made.programs))]
    assert any(part[:, [0, 2, 3, 4]].tolist() == piano for part in parts)
    tune = notes[notes[:, 1] == 1, 2].tolist()
    assert any(part[:, 2].tolist() == tune for part in parts)


def test_what_has_drums_already_is_left_out() -> None:
    record, notes = song()
    drums = Record("d.mid", "drums", "train", "beats", (DRUM_PROGRAM,), ((0, 4, 4),),
                   ((0, 500_000),), True)  # fmt: skip
    beats = np.array([(beat * BEAT, 0, 36, 60, 100) for beat in range(32)], dtype=np.int32)
    both = Record(**{name: getattr(record, name) for name in record.__slots__}
                  | {"programs": (0, DRUM_PROGRAM)})  # fmt: skip
    assert not list(full_bands([(both, notes)], [(drums, beats)]))
