from __future__ import annotations

from composer.music.pitch_names import pitch_name


def test_pitches_as_musicians_write_them() -> None:
    assert [pitch_name(pitch) for pitch in (0, 60, 61, 127)] == ["C-1", "C4", "C#4", "G9"]
