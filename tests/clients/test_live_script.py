"""The control surface for Live, with a stand-in for Live's clips. It was never run in Live."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from clip_actions import installed, stand_in


class Clip:
    """Four bars, looped from bar 2 to the end of bar 3."""

    looping, loop_start, loop_end = True, 4.0, 12.0
    start_marker, end_marker, length = 0.0, 16.0, 8.0
    signature_numerator = signature_denominator = 4

    def __init__(self) -> None:
        self.notes = [
            SimpleNamespace(
                pitch=60 + at, start_time=float(at), duration=1.0, velocity=90.0, mute=0
            )
            for at in range(0, 16, 2)
        ]

    def get_notes_extended(
        self, pitch: int, pitches: int, start: float, length: float
    ) -> list[SimpleNamespace]:
        return [note for note in self.notes if start <= note.start_time < start + length]

    def remove_notes_extended(self, pitch: int, pitches: int, start: float, length: float) -> None:
        self.notes = [n for n in self.notes if not start <= n.start_time < start + length]

    def add_new_notes(self, notes: tuple[SimpleNamespace, ...]) -> None:
        self.notes += notes


@pytest.fixture
def script(tmp_path: Path) -> ModuleType:
    command = stand_in(tmp_path, "clear 4 12\nnote 72 5 0.5 80 1\nend 12\n")
    path = installed("ableton-live/composer/__init__.py", "", tmp_path, command)
    spec = importlib.util.spec_from_file_location("composer_in_live", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SONG = SimpleNamespace(tempo=100.0)


def test_a_clip_goes_on_from_its_loop(script: ModuleType) -> None:
    clip = Clip()
    lines, begin = script.clip_lines(clip, SONG, "continue", 8)
    assert begin == 4.0
    assert lines[:4] == ["bpm 100.000000", "metre 4 4", "length 8.000000", "setting bars 8"]
    assert lines[4] == "note 64 0.000000 1.000000 90 1"
    script.put(clip, begin, ["note 77 8 1 70 1", "end 16"], SimpleNamespace)
    assert vars(clip.notes[-1]) == {
        "pitch": 77, "start_time": 12.0, "duration": 1.0, "velocity": 70.0,
    }  # fmt: skip
    assert clip.loop_end == 20.0 and clip.end_marker == 20.0
    assert len(clip.notes) == 9


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is called through a POSIX shell")
def test_the_loop_is_varied_between_what_stands(script: ModuleType) -> None:
    clip = Clip()
    lines, begin = script.clip_lines(clip, SONG, "vary")
    assert begin == 0.0 and "selection 4.000000 12.000000" in lines
    assert sum(line.startswith("note") for line in lines) == 8
    answer, problem = script.ask("vary", lines)
    assert not problem
    script.put(clip, begin, answer, SimpleNamespace)
    assert [note.pitch for note in clip.notes] == [60, 62, 72, 74, 72]
    assert clip.loop_end == 12.0 and clip.end_marker == 16.0
