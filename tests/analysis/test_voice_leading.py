"""Parallels and crossings, counted by hand."""

from __future__ import annotations

from composer.analysis.voice_leading import voice_leading
from composer.music.notes import Note


def voice(*pitches: int) -> list[Note]:
    return [Note(24 * at, pitch, 24, 80) for at, pitch in enumerate(pitches) if pitch]


def test_a_fifth_that_moves_to_a_fifth_is_one_and_an_octave_another() -> None:
    # Fifths: 67-60 to 69-62. Octaves: 72-60 to 74-62 to 74-62 (which stands).
    assert voice_leading([voice(67, 69), voice(60, 62)])["parallel fifths"] == 1
    found = voice_leading([voice(72, 74, 74), voice(60, 62, 62)])
    assert (found["parallel octaves"], found["parallel fifths"]) == (1, 0)
    assert found["moments"] == 3


def test_contrary_motion_rests_and_other_intervals_are_none() -> None:
    assert voice_leading([voice(67, 72), voice(60, 53)])["parallel fifths"] == 0
    assert voice_leading([voice(67, 0, 69), voice(60, 60, 62)])["parallel fifths"] == 0
    assert voice_leading([voice(64, 65), voice(60, 62)]) == {
        "moments": 2, "parallel fifths": 0, "parallel octaves": 0, "crossings": 0
    }  # fmt: skip


def test_a_voice_under_a_lower_one_crosses_it() -> None:
    assert voice_leading([voice(60, 58), voice(59, 59)])["crossings"] == 1
