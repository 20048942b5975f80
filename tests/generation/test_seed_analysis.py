"""Where a seed ends: at the first bar line that leaves its last note time to sound."""

from __future__ import annotations

import pytest

from composer.generation.seed_analysis import analyse_seed
from composer.music.notes import Note, Part, Piece

BEAT = 480
EVENT_TICK = BEAT // 24


@pytest.mark.parametrize(
    ("late", "bars"),
    [(-1, 2), (0, 2), (1, 2), (2, 2), (3, 3), (24, 3)],
)
def test_a_late_release_does_not_push_the_continuation_a_bar_on(late: int, bars: int) -> None:
    notes = [Note(beat * BEAT, 60 + beat, BEAT, 80) for beat in range(7)]
    notes.append(Note(7 * BEAT, 67, BEAT + late * EVENT_TICK, 80))
    assert analyse_seed(Piece((Part(tuple(notes)),), BEAT)).join == bars * 4 * 24


def test_the_segment_of_a_seed_begins_at_the_bar_line_before_its_first_note() -> None:
    upbeat = tuple(Note((7 + step) * BEAT, 60 + step, BEAT, 80) for step in range(5))
    segment = analyse_seed(Piece((Part(upbeat),), BEAT)).segment()
    assert segment.onsets.tolist() == [72, 96, 120, 144, 168]
    assert (segment.bar, segment.length) == (96, 192)
