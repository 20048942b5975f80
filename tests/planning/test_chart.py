"""Charts: what musicians write is read, and what nobody can read is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import SettingError
from composer.music.chords import chord_name
from composer.planning.chart import chart_text, read_chart


def bars(text: str, count: int) -> list[str]:
    """Each bar as one name, or as two with a blank between them."""
    pairs = [[chord_name(code) for code in pair] for pair in read_chart(text, count)]
    return [" ".join(dict.fromkeys(pair)) for pair in pairs]


def test_bar_lines_make_bars_of_two_chords() -> None:
    assert bars("Am F | C G", 2) == ["Am F", "C G"]
    assert bars("| Am F | C G |", 2) == ["Am F", "C G"]


def test_without_bar_lines_every_chord_has_a_bar() -> None:
    assert bars("Am F C G", 4) == ["Am", "F", "C", "G"]


def test_a_short_chart_is_played_again() -> None:
    assert bars("Dm G C", 8) == ["Dm", "G", "C", "Dm", "G", "C", "Dm", "G"]


def test_held_beats_and_repeated_bars() -> None:
    assert bars("| Am / F / | % | C . . . | N.C. |", 4) == ["Am F", "Am F", "C", "N.C."]


def test_of_three_chords_the_one_on_each_half_counts() -> None:
    """A half note and two quarters, written so and as beats."""
    assert bars("| C F G |", 1) == ["C F"]
    assert bars("| C / F G |", 1) == ["C F"]


def test_a_beat_held_over_a_bar_line_holds_the_last_chord() -> None:
    assert bars("| C G | / F |", 2) == ["C G", "G F"]


def test_repeat_signs() -> None:
    assert bars("|: C | F :| G |", 5) == ["C", "F", "C", "F", "G"]
    assert bars("|: C | F :| x3 | G |", 7) == ["C", "F"] * 3 + ["G"]


def test_double_bars_and_lines_of_text() -> None:
    assert bars("C | F ||\nG | C |]\n", 4) == ["C", "F", "G", "C"]


def test_chordpro_over_words() -> None:
    song = "{title: Song}\n# a remark\n[Am]Words and [F]more\n[*softly][C]then [G7]end\n"
    assert bars(song, 4) == ["Am", "F", "C", "G7"]


def test_a_grid_of_chordpro() -> None:
    grid = "{start_of_grid}\n| Am . . . | C . G . |\n| % |\n{end_of_grid}\n"
    assert bars(grid, 3) == ["Am", "C G", "C G"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Am | H7", "chords, bar 2: chord is 'H7'"),
        ("", "chords has no chord"),
        ("{title: Nothing}", "chords has no chord"),
        ("% | C", "there is no bar to repeat yet"),
        ("/ C | G", "write a chord first"),
        ("C | D | E", "chords has 3 bars, but 2 are to be written: write 3 bars, or give fewer"),
        ("|: C :| x9999", "more than 1000 bars"),
    ],
)
def test_what_nobody_can_read_is_one_line(text: str, line: str) -> None:
    with pytest.raises(SettingError) as told:
        read_chart(text, 2)
    assert line in str(told.value) and "\n" not in str(told.value)


def test_a_chart_lies_in_a_file_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "song.cho"
    path.write_text("[C]la [G]la", encoding="utf-8")
    assert chart_text(str(path)) == "[C]la [G]la"
    assert chart_text("C | G/B") == "C | G/B"
    with pytest.raises(SettingError, match=r"none\.txt cannot be read"):
        chart_text(str(tmp_path / "none.txt"))


SHEET = """<score-partwise><part id="P1">{}</part></score-partwise>"""
SYMBOL = "<harmony><root><root-step>{}</root-step>{}</root><kind>{}</kind></harmony>"
HALF = "<note><rest/><duration>4</duration></note>"


def symbol(step: str, kind: str = "major", alter: int = 0) -> str:
    sign = f"<root-alter>{alter}</root-alter>" if alter else ""
    return SYMBOL.format(step, sign, kind)


def measures(*inside: str) -> str:
    return SHEET.format("".join(f"<measure>{one}</measure>" for one in inside))


def test_chord_symbols_of_a_score(tmp_path: Path) -> None:
    """An upbeat without a chord; B flat, held; then D minor and, halfway, G seventh."""
    path = tmp_path / "sheet.musicxml"
    score = measures(
        HALF,
        symbol("B", "major", -1) + HALF + HALF,
        HALF + HALF,
        symbol("D", "minor") + HALF + symbol("G", "dominant") + HALF,
        HALF + HALF,
    )
    path.write_text(score, encoding="utf-8")
    assert bars(chart_text(str(path)), 4) == ["Bb", "Bb", "Dm G7", "G7"]


def test_a_score_without_chord_symbols_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.xml"
    path.write_text(measures(HALF), encoding="utf-8")
    with pytest.raises(SettingError, match=r"plain\.xml has no chord symbols"):
        chart_text(str(path))
    path.write_text("<score", encoding="utf-8")
    with pytest.raises(SettingError, match=r"plain\.xml cannot be read"):
        chart_text(str(path))
