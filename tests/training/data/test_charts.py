"""Charts and lead sheets: chords, bars, sections, and the tune."""

from __future__ import annotations

from pathlib import Path

import pytest
from composer_training.data.charts import Chart, read_chart
from composer_training.data.chords import Chord, read_chord
from composer_training.data.dataset import DatasetError
from composer_training.data.leadsheets import read_leadsheet

SONG = """# title: A Song
# artist: Nobody
# metre: 4/4
# tonic: G

0.0\tsilence
1.0\tA, intro, | G:maj | C:maj D:7 |, (guitar)
5.0\tB, verse, | G:maj | . | E:min . . B:min | C:maj D:7 |, (voice
13.0\t| (2/4) G:maj | N |, voice)
16.0\tB, chorus, | G:maj/3 | x2
20.0\tsilence
22.0\tend
"""
C, D, E, G, B = 0, 2, 4, 7, 11


def chart(tmp_path: Path, text: str = SONG) -> Chart:
    path = tmp_path / "song.txt"
    path.write_text(text)
    return read_chart(path)


@pytest.mark.parametrize(
    ("symbol", "root", "intervals", "bass"),
    [
        ("C:maj", 0, (0, 4, 7), 0),
        ("F#:min7", 6, (0, 3, 7, 10), 6),
        ("Eb:maj/3", 3, (0, 4, 7), 7),
        ("G:7(b9)", 7, (0, 4, 7, 10, 13), 7),
        ("Bb:sus4(b7,9)", 10, (0, 5, 7, 10, 14), 10),
        ("A:min/b3", 9, (0, 3, 7), 0),
        ("D:5", 2, (0, 7), 2),
        ("E", 4, (0, 4, 7), 4),
    ],
)
def test_a_symbol_is_the_chord_that_musicians_read(
    symbol: str, root: int, intervals: tuple[int, ...], bass: int
) -> None:
    assert read_chord(symbol) == Chord(root, intervals, bass)


def test_no_chord_is_no_chord_and_nonsense_is_refused() -> None:
    assert read_chord("N") is None
    with pytest.raises(ValueError, match="H:maj"):
        read_chord("H:maj")


def test_a_dominant_seventh_has_a_mixolydian_scale() -> None:
    chord = read_chord("G:7")
    assert chord is not None and chord.scale == (0, 2, 4, 5, 7, 9, 10)


def test_sections_have_their_letters_kinds_and_bars(tmp_path: Path) -> None:
    song = chart(tmp_path)
    assert [(s.letter, s.kind, len(s.bars)) for s in song.sections] == [
        ("A", "intro", 2), ("B", "verse", 6), ("B", "chorus", 2),
    ]  # fmt: skip
    assert song.tonic == G and not song.swung


def test_two_chords_have_half_a_bar_each_and_dots_go_on(tmp_path: Path) -> None:
    intro, verse, _ = chart(tmp_path).sections
    roots = [[(at, c and c.root) for at, c in bar.chords] for bar in (*intro.bars, *verse.bars)]
    assert roots[1] == [(0.0, C), (2.0, D)]
    assert roots[3] == [(0.0, G)]  # a bar that says nothing new
    assert roots[4] == [(0.0, E), (3.0, B)]
    assert roots[7] == [(0.0, None)]


def test_a_bar_in_another_metre_has_its_beats(tmp_path: Path) -> None:
    assert [bar.beats for bar in chart(tmp_path).sections[1].bars] == [4, 4, 4, 4, 2, 4]


def test_of_more_chords_than_beats_the_last_of_each_beat_is_played(tmp_path: Path) -> None:
    text = SONG.replace("| (2/4) G:maj |", "| (2/4) G:maj C:maj D:7 E:min |")
    bar = chart(tmp_path, text).sections[1].bars[4]
    assert [(at, c and c.root) for at, c in bar.chords] == [(0.0, C), (1.0, E)]


def test_the_tempo_follows_from_the_moments(tmp_path: Path) -> None:
    assert chart(tmp_path).bpm == pytest.approx(120)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SONG.replace("4/4", "3/4"), "is in 3/4"),
        ("just words\n", "no chart"),
        (SONG.replace("E:min", "H:min"), "no chord"),
        ("# metre: 4/4\n\n0.0\tsilence\n1.0\tend\n", "no chords"),
    ],
)
def test_what_is_no_chart_is_refused_in_a_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DatasetError, match=why):
        chart(tmp_path, text)


SHEET = """<score-partwise><part-list><score-part id="P1"/></part-list><part id="P1">
<measure><attributes><divisions>2</divisions><key><fifths>-1</fifths></key>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note></measure>
<measure><harmony><root><root-step>F</root-step></root><kind>major</kind></harmony>
<note><pitch><step>A</step><octave>4</octave></pitch><duration>4</duration></note>
<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root>
<kind>dominant</kind></harmony>
<note><pitch><step>B</step><alter>-1</alter><octave>4</octave></pitch><duration>4</duration>
<tie type="start"/></note></measure>
<measure><note><pitch><step>B</step><alter>-1</alter><octave>4</octave></pitch>
<duration>4</duration><tie type="stop"/></note><note><rest/><duration>4</duration></note></measure>
</part></score-partwise>"""
"""An upbeat, F, then B flat 7, over which the tune's B flat is tied into the next bar."""


def test_a_lead_sheet_has_its_chords_and_its_tune(tmp_path: Path) -> None:
    path = tmp_path / "sheet.musicxml"
    path.write_text(SHEET)
    sheet = read_leadsheet(path)
    assert sheet.melody == ((3.0, 72, 1.0), (4.0, 69, 2.0), (6.0, 70, 4.0))
    first, second, third = sheet.sections[0].bars
    assert first.chords == ((0.0, None),)
    assert [(at, c and c.root) for at, c in second.chords] == [(0.0, 5), (2.0, 10)]
    assert [c and c.root for _, c in third.chords] == [10]
    assert sheet.tonic == 5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SHEET.replace("<beats>4", "<beats>3"), "not in 4/4"),
        ("<score-partwise/>", "no score"),
        (SHEET.replace("harmony", "words"), "no chord symbols"),
        ("<score", "cannot be read"),
    ],
)
def test_what_is_no_lead_sheet_is_refused_in_a_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "sheet.musicxml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=why):
        read_leadsheet(path)
