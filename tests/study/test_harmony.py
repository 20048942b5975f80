"""Chords, numerals, keys and cadences of music that is known by heart."""

from __future__ import annotations

import pytest
from music21 import chord as m21_chord
from music21 import key as m21_key
from music21 import roman
from studied import I_, IV, V7, VI, V, chorale, music

from composer.music.chords import TONES, parse_chord, quality_of, root_of
from composer.music.keys import Key, parse_key
from composer.study.cadences import cadences_of
from composer.study.chords import chords_of
from composer.study.form import Phrase
from composer.study.keys import KeySpan, home_key, key_spans, relative, same_key
from composer.study.music import Music
from composer.study.numerals import chord_text, numeral, pitch_name
from composer.study.sureness import in_words

C_MAJOR = parse_key("C")


def named(text: str, key: str, inversion: int = 0) -> str:
    code = parse_chord(text)
    bass = (root_of(code) + TONES[quality_of(code)][inversion]) % 12
    return numeral(code, bass, parse_key(key))


@pytest.mark.parametrize("name", ["C", "Dm", "Em", "F", "G", "Am", "Bdim", "G7", "Dm7", "Bm7b5"])
@pytest.mark.parametrize("inversion", [0, 1, 2])
def test_chords_on_the_steps_of_a_key_are_named_as_music21_names_them(
    name: str, inversion: int
) -> None:
    code = parse_chord(name)
    tones = [root_of(code) + step for step in TONES[quality_of(code)]]
    pitches = [48 + tone for tone in tones[inversion:]] + [60 + tone for tone in tones[:inversion]]
    theirs = roman.romanNumeralFromChord(m21_chord.Chord(pitches), m21_key.Key("C")).figure
    assert named(name, "C", inversion) == theirs.replace("/o", "ø").replace("°", "o")


@pytest.mark.parametrize(
    ("name", "key", "inversion", "expected"),
    [
        ("D7", "C", 0, "V7/V"),
        ("D", "C", 1, "V6/V"),
        ("C7", "C", 0, "V7/IV"),
        ("F#dim", "C", 0, "viio/V"),
        ("Db", "C", 1, "N6"),
        ("Ab", "C", 0, "bVI"),
        ("Fm", "C", 0, "iv"),
        ("F#m", "C", 0, "#iv"),
        ("Cmaj7", "C", 0, "Imaj7"),
        ("Gsus4", "C", 0, "Vsus"),
        ("E7", "Am", 0, "V7"),
        ("G#dim", "Am", 0, "viio"),
        ("G", "Am", 0, "VII"),
        ("Em", "Am", 0, "v"),
        ("B7", "Am", 0, "V7/V"),
        ("A7", "Am", 0, "V7/iv"),
        ("A", "Am", 0, "I"),
        ("D", "Am", 0, "IV"),
        ("Caug", "Am", 0, "III+"),
    ],
)
def test_other_chords_are_named_as_theory_names_them(
    name: str, key: str, inversion: int, expected: str
) -> None:
    assert named(name, key, inversion) == expected


def test_names_are_spelt_as_the_key_spells_them() -> None:
    assert chord_text(parse_chord("Bb"), 2, parse_key("F")) == "Bb/D"
    assert chord_text(parse_chord("F#"), 10, parse_key("B")) == "F#/A#"
    assert pitch_name(61, parse_key("Ab")) == "Db4"
    assert pitch_name(61, parse_key("D")) == "C#4"


def test_chords_are_found_beat_by_beat() -> None:
    piece = music(*chorale(I_, I_, IV, V7, VI, VI, V, I_))
    found = [(chord_text(c.code, c.bass, C_MAJOR), c.start, c.stop) for c in chords_of(piece)]
    assert found == [
        ("C", 0, 48),
        ("F", 48, 72),
        ("G7", 72, 96),
        ("Am", 96, 144),
        ("G", 144, 168),
        ("C", 168, 192),
    ]


def test_a_chord_that_holds_is_surer_than_one_that_passes() -> None:
    held = chords_of(music(*chorale(I_, beats=4)))[0]
    passing = chords_of(music(*chorale(I_, IV, V, I_)))[1]
    assert 0.9 < held.sure <= 1 and passing.sure < held.sure
    bare = chords_of(music([(0, 4, 60)]))[0]
    assert bare.sure < held.sure


def test_drums_and_silence_have_no_chords() -> None:
    assert chords_of(music([(0, 1, 36), (1, 1, 38)], programs=(128,))) == []


def cadence_of(*chords: tuple[int, ...]) -> list[tuple[str, tuple[str, str]]]:
    piece = music(*chorale(*chords, beats=2))
    end = 48 * len(chords)
    keys = [KeySpan(0, len(piece.lines) - 1, C_MAJOR, 1.0)]
    found = cadences_of(piece, chords_of(piece), keys, [Phrase(0, end, 1.0, "")])
    return [(one.kind, one.numerals) for one in found if one.tick == end - 48]


def test_cadences_are_told_apart() -> None:
    assert cadence_of(I_, IV, V7, I_) == [("perfect authentic", ("V7", "I"))]
    assert cadence_of(I_, IV, V7, (76, 67, 60, 48)) == [("imperfect authentic", ("V7", "I"))]
    assert cadence_of(I_, VI, IV, I_) == [("plagal", ("IV", "I"))]
    assert cadence_of(I_, VI, IV, V) == [("half", ("IV", "V"))]
    assert cadence_of(I_, IV, V7, VI) == [("deceptive", ("V7", "vi"))]
    assert cadence_of(I_, V, I_, VI) == []


def test_the_same_progression_inside_a_phrase_is_no_cadence() -> None:
    piece = music(*chorale(I_, V7, I_, V7, I_, V7, I_, VI, beats=2))
    keys = [KeySpan(0, 4, C_MAJOR, 1.0)]
    found = cadences_of(piece, chords_of(piece), keys, [Phrase(0, 384, 1.0, "")])
    assert found == []


def scale(tonic: int, bars: int, start: float) -> list[tuple[float, float, int]]:
    steps = [0, 4, 7, 12, 11, 7, 5, 2]
    return [(start + beat / 2, 0.5, tonic + steps[beat % 8]) for beat in range(8 * bars)]


def test_a_piece_that_goes_to_another_key_is_followed() -> None:
    piece = music(scale(60, 8, 0) + scale(66, 8, 32) + scale(60, 8, 64))
    home, said = home_key(piece)
    assert home == C_MAJOR and "music21 finds the same" in said.text and said.sure > 0.85
    spans = key_spans(piece, home)
    assert [str(span.key) for span in spans] == ["C major", "F# major", "C major"]
    assert abs(spans[1].start - 8) <= 1 and abs(spans[2].start - 16) <= 1
    assert all(span.sure > 0.6 for span in spans)


def test_a_minor_key_is_not_taken_for_its_relative_on_the_way() -> None:
    minor = [(57, 64, 60, 45), (57, 65, 62, 50), (56, 64, 59, 52), (57, 64, 60, 45)]
    middle = [(60, 64, 67, 48), (60, 65, 69, 53), (59, 62, 67, 55), (60, 64, 67, 48)]
    piece = music(*chorale(*minor, *middle, *minor, beats=2))
    home, _ = home_key(piece)
    assert str(home) == "A minor" and relative(parse_key("C")) == home
    assert [str(span.key) for span in key_spans(piece, home)] == ["A minor"]


def test_the_key_of_a_few_tones_is_a_guess() -> None:
    for count, words in ((1, "a guess"), (7, "a guess"), (8, "likely")):
        scale = [60, 62, 64, 65, 67, 69, 71, 72][-count:]
        _, said = home_key(music([(beat, 1, pitch) for beat, pitch in enumerate(scale)]))
        assert in_words(said.sure) == words


def test_a_piece_without_tones_has_no_key() -> None:
    home, said = home_key(music([(0, 1, 36), (1, 1, 38)], programs=(128,)))
    assert home is None and said.sure == 1 and "no key" in said.text


def test_names_of_keys_of_music21_are_understood() -> None:
    assert same_key("E- minor", Key(3, "minor"))
    assert same_key("F# major", Key(6, "major"))
    assert not same_key("F# minor", Key(6, "major"))
    assert not same_key("C major", Key(9, "minor"))


def test_the_way_of_a_piece_is_told_in_bars_and_beats() -> None:
    piece: Music = music([(beat, 1, 60) for beat in range(12)], metre=(3, 4))
    assert piece.place(72) == "bar 2, beat 1" and piece.place(72 + 36) == "bar 2, beat 2.5"
    assert piece.lines.tolist() == [0, 72, 144, 216, 288]
    compound = music([(beat / 2, 0.5, 60) for beat in range(12)], metre=(6, 8))
    assert compound.stretches.tolist() == [0, 36, 72, 108, 144]
