"""Bars of MusicXML that do not add up: parts stay together, and it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.formats.music_file import MusicFile, read_music

START = (
    "<attributes><divisions>1</divisions>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)
BACK = "<backup><duration>4</duration></backup>"


def note(pitch: str, beats: int = 1, voice: int = 1, before: str = "") -> str:
    return (
        f"<note>{before}<pitch><step>{pitch[0]}</step><octave>{pitch[1:]}</octave></pitch>"
        f"<duration>{beats}</duration><voice>{voice}</voice></note>"
    )


def read(folder: Path, *parts: list[str], pickup: bool = False) -> MusicFile:
    """Read a score of parts, each a list of what stands in its bars."""
    listed = "".join(
        f'<score-part id="P{n}"><part-name>{["Ann", "Ben", "Cid"][n]}</part-name></score-part>'
        for n in range(len(parts))
    )
    text = f'<score-partwise version="4.0"><part-list>{listed}</part-list>'
    for n, bars in enumerate(parts):
        text += f'<part id="P{n}">'
        for number, bar in enumerate(bars, 1 - pickup):
            text += f'<measure number="{number}">{START if bar is bars[0] else ""}{bar}</measure>'
        text += "</part>"
    path = folder / "score.musicxml"
    path.write_text(text + "</score-partwise>", encoding="utf-8")
    return read_music(path)


def rows(music: MusicFile, part: int = 0) -> list[tuple[float, int]]:
    """(onset in beats, pitch) of a part."""
    notes = music.piece.parts[part].notes
    return [(note.onset / music.piece.ticks_per_beat, note.pitch) for note in notes]


UP = note("C5") + note("D5") + note("E5") + note("F5")
LOW = note("C3", 4, voice=2)
WHOLE = note("G4", 4)


def test_what_adds_up_is_not_spoken_of(tmp_path: Path) -> None:
    upbeat = note("G4")
    split = ["<note><rest/><duration>1</duration></note>" + note("A4"), note("B4", 2)]
    music = read(tmp_path, [upbeat, UP + BACK + LOW, *split, note("C5", 3)], pickup=True)
    assert music.remarks == ()
    assert rows(music)[:3] == [(3, 67), (4, 48), (4, 72)]


def test_a_second_voice_behind_the_end_of_its_bar_begins_with_it(tmp_path: Path) -> None:
    music = read(tmp_path, [UP + LOW, WHOLE], [WHOLE, WHOLE])
    assert rows(music) == [(0, 48), (0, 72), (1, 74), (2, 76), (3, 77), (4, 67)]
    assert rows(music, 1) == [(0, 67), (4, 67)]
    (line,) = music.remarks
    assert "<backup> missing" in line


def test_a_backup_never_leads_before_the_bar(tmp_path: Path) -> None:
    music = read(tmp_path, [note("C5") + note("D5") + BACK + LOW, WHOLE])
    assert rows(music) == [(0, 48), (0, 72), (1, 74), (4, 67)]
    assert "<backup> missing or wrong" in music.remarks[0]


@pytest.mark.parametrize(
    ("bar", "beats", "line"),
    [
        # The E was a chord's second note once.
        (note("C5") + note("E5") + note("D5") + note("E5") + note("F5"), 5,
         "bar 2 of Ben holds 5 beats where the metre has 4"),
        (note("C5") + note("D5") + note("E5"), 4,
         "bar 2 of Ben holds 3 beats where the metre has 4"),
    ],
)  # fmt: skip
def test_all_parts_begin_the_next_bar_together(
    tmp_path: Path, bar: str, beats: int, line: str
) -> None:
    music = read(tmp_path, [WHOLE, UP, WHOLE, WHOLE], [WHOLE, bar, WHOLE, WHOLE])
    assert rows(music)[-2:] == rows(music, 1)[-2:] == [(4 + beats, 67), (8 + beats, 67)]
    assert len(music.remarks) == 1
    assert music.remarks[0].startswith(line)


def test_a_second_voice_stays_at_the_bar_line_when_the_first_is_too_long(tmp_path: Path) -> None:
    music = read(tmp_path, [UP + note("A5") + BACK + LOW])
    assert (0, 48) in rows(music)
    assert "holds 5 beats" in music.remarks[0]


def test_a_bar_without_a_note_or_rest_is_told(tmp_path: Path) -> None:
    music = read(tmp_path, [UP, UP, UP, UP], [WHOLE, "", WHOLE, WHOLE])
    assert rows(music, 1) == [(0, 67), (8, 67), (12, 67)]
    assert music.remarks[0].startswith("bar 2 of Ben holds 0 beats where the metre has 4")


def test_a_bar_that_a_part_lacks_is_silence_there(tmp_path: Path) -> None:
    read(tmp_path, [UP, UP, WHOLE], [WHOLE, WHOLE, WHOLE])
    path = tmp_path / "score.musicxml"
    text = path.read_text()
    at = text.rindex('<measure number="2">')
    path.write_text(text[:at] + text[text.rindex('<measure number="3">') :])
    music = read_music(path)
    assert rows(music, 1) == [(0, 67), (8, 67)]
    assert rows(music)[-1] == (8, 67)
    assert music.remarks == ("Ben lacks bar 2, and is silent there",)


def test_bars_that_all_parts_have_too_short_are_told_once(tmp_path: Path) -> None:
    short = note("C5", 3)
    music = read(tmp_path, [WHOLE, short, WHOLE, short, WHOLE])
    (line,) = music.remarks
    assert line.startswith("bar 2 of Ann holds 3 beats") and "1 more bars are like it" in line
