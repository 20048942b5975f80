"""Chords: names that musicians write, read and written."""

from __future__ import annotations

import pytest

from composer.errors import SettingError
from composer.music.chords import (
    CHORDS,
    NO_CHORD,
    chord_name,
    chord_tones,
    parse_chord,
    transposed,
)
from composer.music.keys import parse_key


@pytest.mark.parametrize(
    ("text", "name", "tones"),
    [
        ("C", "C", {0, 4, 7}),
        ("Am", "Am", {9, 0, 4}),
        ("F#m7b5", "F#m7b5", {6, 9, 0, 4}),
        ("Bb/D", "Bb", {10, 2, 5}),
        ("E♭maj7", "Ebmaj7", {3, 7, 10, 2}),
        ("G7sus4", "Gsus4", {7, 0, 2}),
        ("D9", "D7", {2, 6, 9, 0}),
        ("Cb", "B", {11, 3, 6}),
        ("B#°7", "Cdim", {0, 3, 6}),
        ("A+", "Aaug", {9, 1, 5}),
        ("C-7", "Cm7", {0, 3, 7, 10}),
        ("N.C.", "N.C.", set()),
    ],
)
def test_chords_are_read_as_musicians_write_them(text: str, name: str, tones: set[int]) -> None:
    code = parse_chord(text)
    assert chord_name(code) == name
    assert chord_tones(code) == tones


@pytest.mark.parametrize("text", ["", "H", "am", "C?", "Cmajor7b", "1", "Am F"])
def test_what_is_no_chord_is_named(text: str) -> None:
    with pytest.raises(SettingError, match="must be a root and a quality") as refused:
        parse_chord(text)
    assert repr(text) in str(refused.value)


def test_every_code_has_a_name_of_its_own_that_reads_back() -> None:
    names = [chord_name(code) for code in range(CHORDS)]
    assert len(set(names)) == CHORDS
    assert [parse_chord(name) for name in names] == list(range(CHORDS))


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("G", "C C#m7b5 Eb F#m7b5 Bb"),
        ("E", "C# D# F#m G#m A#dim"),
        ("Bb", "Db Ebm Gb Ab C#dim"),
        ("Am", "Bb C#dim Eb F#m G#dim"),
        ("Eb:minor", "Db Ebm Gb Ab Bb7"),
    ],
)
def test_roots_are_spelt_by_the_key(key: str, written: str) -> None:
    for name in written.split():
        assert chord_name(parse_chord(name), parse_key(key)) == name


def test_a_chord_moves_with_its_music() -> None:
    assert chord_name(transposed(parse_chord("Am7"), 5)) == "Dm7"
    assert chord_name(transposed(parse_chord("Db"), -2)) == "B"
    assert transposed(NO_CHORD, 3) == NO_CHORD
