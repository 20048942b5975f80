"""A jam as a file: notes where the beats were, tempos where they changed."""

from __future__ import annotations

import random

import pytest

from composer.formats import midi
from composer.live.core.keyboard import HeldKey
from composer.live.core.scheduler import Play
from composer.live.core.session_log import SessionLog

C = HeldKey(0, 60)


def note(log: SessionLog, onset: float, length: float = 0.25) -> None:
    log.begin(onset, C, 90)
    log.end(onset + length, C)


def beats(log: SessionLog) -> list[float]:
    """Onsets in the file, in quarter notes."""
    file = log.file()
    assert file is not None
    return [n.onset / 480 for _, n in midi.to_piece(file).notes()]


def tempos(log: SessionLog) -> list[tuple[float, float]]:
    """(quarter note, beats per minute) in the file."""
    file = log.file()
    assert file is not None
    changes = midi.to_piece(file).tempos.changes
    return [(tick / 480, round(60e6 / tempo, 1)) for tick, tempo in changes]


def test_a_first_note_on_beat_two_stands_there() -> None:
    log = SessionLog()
    log.place(10.0, 0.0, 100.0)
    log.place(11.2, 2.0, 100.0)
    note(log, 11.2)
    note(log, 11.8)
    assert beats(log) == [2.0, 3.0]
    assert tempos(log) == [(0.0, 100.0)]


def test_a_tempo_change_stands_where_it_was_made() -> None:
    log = SessionLog()
    log.place(0.0, 0.0, 100.0)
    note(log, 0.0)
    log.place(1.2, 2.0, 130.0)
    note(log, 1.2 + 2 * 60 / 130)
    assert beats(log) == [0.0, 4.0]
    assert tempos(log) == [(0.0, 100.0), (2.0, 130.0)]


def test_a_clock_that_wanders_is_one_tempo() -> None:
    log, chance = SessionLog(), random.Random(3)
    log.place(0.0, 0.0, 120.0)
    note(log, 0.0)
    for beat in range(1, 200):
        off = chance.uniform(-0.003, 0.003)
        log.place(beat * 0.5 + off, float(beat), 120.0 + chance.uniform(-1, 1))
        note(log, beat * 0.5)
    assert len(tempos(log)) <= 2
    assert beats(log) == pytest.approx(range(200), abs=0.02)


def test_what_composer_was_due_to_play_before_a_change_keeps_its_beat() -> None:
    log = SessionLog()
    log.place(0.0, 0.0, 120.0)
    note(log, 0.0)
    log.place(2.0, 4.0, 60.0)
    log.played(Play(72, 80, 0, 1.5))  # due at 1.5 s, and sent late
    log.played(Play(72, 0, 0, 1.75))
    note(log, 3.0)
    assert beats(log) == [0.0, 3.0, 5.0]


def test_a_jump_of_the_host_begins_a_bar_where_the_host_does() -> None:
    log = SessionLog()
    log.place(0.0, 0.0, 120.0)
    note(log, 0.0)
    log.place(1.0, 31.0, 120.0)  # one beat before a bar line
    note(log, 1.5)
    file = log.file()
    assert file is not None
    piece = midi.to_piece(file)
    assert beats(log) == [0.0, 3.0]
    assert piece.metres.position(3 * 480, 480).tick == 0  # a bar line, as at the host


def test_free_time_is_kept_in_seconds() -> None:
    log = SessionLog()
    log.place(5.0, None, 120.0)
    note(log, 5.0)
    note(log, 6.25)
    assert beats(log) == [0.0, 2.5]


def test_a_file_that_is_full_goes_on_in_another() -> None:
    log = SessionLog()
    log.place(0.0, 0.0, 120.0)
    note(log, 0.0)
    log.begin(8.0, C, 90)
    log = log.rotate()
    log.end(8.5, C)
    assert beats(log) == [0.0]  # the bar line at 8.0 s is where this file begins
    assert tempos(log) == [(0.0, 120.0)]
