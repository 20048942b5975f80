"""The actions in Ardour, in the real one without a window; its editor's selection stands in."""

from __future__ import annotations

import re
from pathlib import Path

import ardour
import mido
import pytest
from ardour import TICKS
from clip_actions import installed, stand_in

HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(ardour.LUA is None, reason="Ardour 7 or 8 is not installed"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A song of one MIDI region, from bar 3 on, four bars long: a note on each first beat."""
    notes = [(60 + bar, 4.0 * bar, 1.0) for bar in range(4)]
    return ardour.song(tmp_path, notes, start=8, length=16)


def act(
    session: Path, verb: str, answer: str, selection: tuple[float, float] | None = None
) -> list[str]:
    """What is in the region after an action, a line to a note, and its length."""
    folder = session.parent
    script = installed("ardour/composer.lua", verb, folder, stand_in(folder, answer))
    ticks = ("none", "none") if selection is None else [round(TICKS * beat) for beat in selection]
    printed = ardour.lua(
        HERE / "ardour_host.lua", str(session), str(script), *map(str, ticks), home=folder
    )
    return [line for line in printed.splitlines() if line.startswith(("note", "length"))]


def undo_steps(session: Path) -> list[str]:
    """Names of what Ardour could undo, as it keeps them with the session."""
    history = session / "song.history"
    text = history.read_text(encoding="utf-8") if history.exists() else ""
    return re.findall(r'<UndoTransaction[^>]* name="([^"]*)"', text)


def test_a_region_goes_on_and_one_undo_takes_it_back(session: Path) -> None:
    lines = act(session, "continue", "note 72 16.5 1 70 1\nend 32\n")
    assert lines == [
        "note 60 0:0 1:0 0 90",
        "note 61 4:0 1:0 0 90",
        "note 62 8:0 1:0 0 90",
        "note 63 12:0 1:0 0 90",
        "note 72 16:960 1:0 0 70",
        f"length b{32 * TICKS}@b{8 * TICKS}",
    ]
    # The last step makes the region longer; the notes of the one before are behind its end then.
    assert undo_steps(session) == ["composer: notes behind the end", "composer: continue"]
    given = (session.parent / "given.txt").read_text().splitlines()
    assert given == [
        "bpm 120.000000",
        "metre 4 4",
        "length 16.000000",
        "setting bars 4",
        *(f"note {60 + bar} {4 * bar:.6f} 1.000000 90 1" for bar in range(4)),
    ]


@pytest.mark.parametrize("verb", ["fill", "vary"])
def test_the_time_selection_is_replaced_and_nothing_else(session: Path, verb: str) -> None:
    answer = "clear 4 8\nnote 65 4 0.5 80 1\nnote 67 6 2 81 1\nend 16\n"
    lines = act(session, verb, answer, selection=(12, 16))
    assert lines == [
        "note 60 0:0 1:0 0 90",
        "note 65 4:0 0:960 0 80",
        "note 67 6:0 2:0 0 81",
        "note 62 8:0 1:0 0 90",
        "note 63 12:0 1:0 0 90",
        f"length b{16 * TICKS}@b{8 * TICKS}",
    ]
    assert undo_steps(session) == [f"composer: {verb}"]
    assert "selection 4.000000 8.000000" in (session.parent / "given.txt").read_text()


def test_what_an_undo_left_behind_the_end_does_not_come_back(session: Path) -> None:
    [path] = (session / "interchange" / "song" / "midifiles").glob("clip*.mid")
    file = mido.MidiFile(path)
    file.tracks[0][-1:-1] = [
        mido.Message("note_on", note=100, velocity=90, time=4 * TICKS),
        mido.Message("note_off", note=100, time=TICKS),
    ]
    file.save(path)
    lines = act(session, "continue", "note 72 20 1 70 1\nend 32\n")
    assert [line.split()[1] for line in lines[:-1]] == ["60", "61", "62", "63", "72"]


def test_what_cannot_be_done_changes_nothing(session: Path) -> None:
    lines = act(session, "vary", "")
    assert [line.split()[1] for line in lines[:-1]] == ["60", "61", "62", "63"]
    assert undo_steps(session) == []
