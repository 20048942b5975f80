"""The plug-in in Ardour: a region plays through it, and what it answers is recorded."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import ardour
import mido
import numpy as np
import plugin_host
import pytest
from live.running import process

HERE = Path(__file__).parent
BUILD = plugin_host.build_script()


def plugin_can_be_built() -> bool:
    try:
        BUILD.find_dpf(None)
        BUILD.find_toolchain(windows=False)
    except BUILD.BuildError:
        return False
    return sys.platform == "linux"


pytestmark = [
    pytest.mark.skipif(ardour.LUA is None, reason="Ardour 7 or 8 is not installed"),
    pytest.mark.skipif(not plugin_can_be_built(), reason="no compiler, or no dpf-source"),
    pytest.mark.timeout(900),
    pytest.mark.slow,
]


@pytest.fixture(scope="session")
def lv2_path(built: Path) -> str:
    return f"{built}:/usr/lib/lv2"


def jam(folder: Path, improviser: str, seconds: float, lv2_path: str) -> list[tuple[int, int, int]]:
    """What was recorded: pitch, onset and end in Ardour's ticks, in order.

    The song has a phrase on beats 1 to 4 at 120; from beat 8 on the tempo is 90.
    """
    phrase = [(60, 1.0, 0.5), (62, 2.0, 0.5), (64, 3.0, 0.5), (67, 4.0, 0.5)]
    session = ardour.song(folder, phrase, start=0, length=16)
    with process(folder / "state", "reply_port=9191", f'improviser="{improviser}"') as (_, port):
        printed = ardour.lua(
            HERE / "ardour_jam.lua", str(session), str(seconds), home=folder,
            LV2_PATH=lv2_path, COMPOSER_OSC_PORT=str(port), COMPOSER_COMMAND="",
        )  # fmt: skip
    [path] = [line.removeprefix("file ") for line in printed.splitlines() if line[:5] == "file "]
    file = mido.MidiFile(path)
    now, begun, notes = 0, {}, []
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        tick = now * ardour.TICKS // file.ticks_per_beat
        if message.type == "note_on" and message.velocity:
            assert message.note not in begun
            begun[message.note] = tick
        elif message.type in ("note_on", "note_off"):
            notes.append((message.note, begun.pop(message.note), tick))
    assert not begun, "a note was never ended"
    return sorted(notes, key=lambda note: note[1])


def test_the_answer_is_recorded_on_the_grid_through_a_tempo_change(
    tmp_path: Path, lv2_path: str
) -> None:
    notes = jam(tmp_path, "echo", 9.0, lv2_path)
    assert [pitch for pitch, *_ in notes] == [60, 62, 64, 67, 72, 74, 76, 79]
    buffer = 1024 / 48000 * 2 * ardour.TICKS  # the dummy's, at 120
    for index, (_, onset, end) in enumerate(notes[4:]):
        # On beats 6 to 9: the last two behind the change.
        assert abs(onset - (6 + index) * ardour.TICKS) <= buffer
        assert abs(end - (6.5 + index) * ardour.TICKS) <= buffer


TRIES = 3


def exported(path: Path) -> bytes | None:
    """The frames of an export; None if Ardour crashed before it was whole."""
    try:
        with wave.open(str(path)) as file:
            frames = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error):
        return None
    return frames if len(frames) % (7 * 48000) == 0 and frames else None


def test_an_export_has_the_answer_and_is_the_same_twice(tmp_path: Path, lv2_path: str) -> None:
    phrase = [(60, 1.0, 0.5), (62, 2.0, 0.5), (64, 3.0, 0.5), (67, 4.0, 0.5)]
    session = ardour.song(tmp_path, phrase, start=0, length=16)
    sounds = []
    with process(tmp_path / "state", "reply_port=9191") as (_, port):
        for name in ("build", "again"):
            for _ in range(TRIES):
                ardour.lua(
                    HERE / "ardour_export.lua", str(session), name, name, home=tmp_path,
                    may_crash=True,  # Ardour 7.3 does, when it takes an export apart
                    LV2_PATH=lv2_path, COMPOSER_OSC_PORT=str(port), COMPOSER_COMMAND="",
                )  # fmt: skip
                frames = exported(session / "export" / f"{name}.wav")
                if frames is not None:
                    break
            else:
                pytest.skip("Ardour crashes before it has written its export whole")
            sounds.append(np.frombuffer(frames, dtype=np.int16))
    assert np.array_equal(*sounds)
    # At 120: the phrase on beats 1 to 4, the answer on beats 6 to 9, half a beat each.
    halves = np.abs(sounds[0].astype(int)).reshape(28, -1).max(axis=1)
    begins = [half for half in range(28) if halves[half] > 2000]
    assert begins == [2, 4, 6, 8, 12, 14, 16, 18]


def test_stopping_in_mid_note_leaves_nothing_sounding(tmp_path: Path, lv2_path: str) -> None:
    notes = jam(tmp_path, "organ", 4.0, lv2_path)
    held = [note for note in notes if note[0] >= 72]
    assert held
    assert all(end < 20 * ardour.TICKS for *_, end in held)  # they would sound for a minute
