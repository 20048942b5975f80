"""The axis of time of a piano roll: its bar lines, and how much of a seed it shows."""

from __future__ import annotations

from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap
from composer.plots.time_axis import TimeAxis, first_shown


def test_bar_lines_follow_metre_offset_and_downbeat():
    piece = Piece((), metres=MetreMap(((0, 3, 4), (2880, 4, 4))))
    time = TimeAxis(piece, Grid(BEATS), 0, 7000)
    assert time.bars() == [(0, 1), (1440, 2), (2880, 3), (4800, 4), (6720, 5)]
    moved = TimeAxis(piece, Grid(BEATS, offset=7, downbeat=480), 487, 3000)
    assert moved.bars() == [(487, 1), (1927, 2)]


def test_of_a_long_seed_the_end_is_shown():
    seed = Piece((Part(tuple(Note(480 * beat, 60, 240, 80) for beat in range(400))),))
    first = first_shown(seed, Grid(BEATS), 100 * 1920, 104 * 1920)
    assert first == 92 * 1920


def test_of_a_short_seed_all_is_shown_from_its_first_note():
    seed = Piece((Part((Note(300, 60, 240, 80), Note(7000, 62, 240, 80))),))
    assert first_shown(seed, Grid(BEATS), 7680, 15360) == 0  # the bar line before the note
    free = Grid("free")
    assert first_shown(seed, free, 7680, 15360) == 300


def test_without_a_beat_time_is_in_seconds():
    piece = Piece((), ticks_per_beat=480)  # 120 beats a minute, as files without a tempo have it
    assert TimeAxis(piece, Grid("free"), 0, 960).at(960) == 1.0
    assert TimeAxis(piece, Grid(BEATS), 0, 960).at(960) == 960
