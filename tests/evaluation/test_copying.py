"""Copies: bars that come back, in their own key or another."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.segment import Segment
from composer.encoding.placement import encode
from composer.evaluation.copying import BarIndex, Bars, bars_of_events, bars_of_segment
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap

TUNES = {
    "a": (60, 62, 64, 65), "b": (67, 65, 64, 62), "c": (60, 67, 64, 72), "d": (72, 71, 69, 67),
    "e": (65, 65, 69, 60), "x": (61, 70, 63, 66), "y": (50, 75, 58, 61),
}  # fmt: skip
"""Bars of four quarter notes."""


def melody(bars: str, up: int = 0, program: int = 0) -> Bars:
    """A piece of these bars, "-" for an empty one."""
    notes = [
        Note(96 * number + 24 * beat, pitch + up, 24, 80)
        for number, bar in enumerate(bars)
        for beat, pitch in enumerate(TUNES.get(bar, ()))
    ]
    piece = Piece((Part(tuple(notes), program),), 24)
    return bars_of_events(encode(piece, Grid(BEATS, share=1.0))[0])


@pytest.fixture
def index() -> BarIndex:
    return BarIndex([("first", melody("abcde")), ("second", melody("xab"))])


def test_the_longest_stretch_is_found_with_its_place(index: BarIndex):
    copy = index.longest(melody("ybcdx"))
    assert (copy.bars, copy.notes, copy.start) == (3, 12, 1)
    assert (copy.source, copy.source_bar) == ("first", 1)


def test_a_copy_in_another_key_is_a_copy(index: BarIndex):
    assert index.longest(melody("bcd", up=5)).bars == 3


def test_bars_at_different_transpositions_are_no_stretch(index: BarIndex):
    low, high = melody("b"), melody("c", up=2)
    joined = Bars(*(np.concatenate([getattr(low, f), getattr(high, f)])
                    for f in ("prints", "anchors", "notes")))  # fmt: skip
    assert index.longest(joined).bars == 1


def test_no_stretch_goes_from_one_piece_into_the_next(index: BarIndex):
    assert index.longest(melody("dex")).bars == 2


def test_an_empty_bar_is_no_copy_and_ends_one():
    index = BarIndex([("first", melody("ab-cd"))])
    assert index.longest(melody("ab-cd")).bars == 2
    assert index.longest(melody("y")).bars == 0


def test_drums_are_not_transposed():
    index = BarIndex([("beat", melody("ab", program=DRUM_PROGRAM))])
    assert index.longest(melody("ab", program=DRUM_PROGRAM)).bars == 2
    assert index.longest(melody("ab", up=2, program=DRUM_PROGRAM)).bars == 0


def test_a_passage_has_the_prints_of_the_piece_it_is_from():
    onsets = np.array([0, 24, 48, 72, 96, 120, 144, 168])
    rows = np.zeros((8, 5), dtype=np.int64)
    rows[:, 2] = TUNES["a"] + TUNES["b"]
    segment = Segment(rows, onsets, (0,), 96, False, 192)
    assert bars_of_segment(segment).prints.tolist() == melody("ab").prints.tolist()


def test_bars_are_counted_through_changes_of_metre():
    # A bar of 3/4, then 4/4: the second bar begins on beat 4.
    notes = [Note(24 * beat, 60 + beat, 24, 80) for beat in range(11)]
    piece = Piece((Part(tuple(notes)),), 24, metres=MetreMap(((0, 3, 4), (72, 4, 4))))
    bars = bars_of_events(encode(piece, Grid(BEATS, share=1.0))[0])
    assert bars.notes.tolist() == [3, 4, 4]
    assert bars.anchors.tolist() == [60, 63, 67]
