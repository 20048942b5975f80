"""Keys: reading them from a setting, and hearing them in notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.errors import SettingError
from composer.formats import midi
from composer.music.keys import Key, find_key, key_change, parse_key
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece

SEEDS = Path(__file__).parents[2] / "midi_data"
C_MAJOR_TUNE = (60, 62, 64, 65, 67, 64, 60, 67, 65, 64, 62, 71, 60)
A_MINOR_TUNE = (69, 71, 72, 74, 76, 72, 69, 68, 69, 76, 74, 72, 71, 68, 69)


def melody(pitches: tuple[int, ...], program: int = 0, start: int = 0) -> Part:
    notes = (Note(start + 480 * step, pitch, 480, 80) for step, pitch in enumerate(pitches))
    return Part(tuple(notes), program)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C:minor", Key(0, "minor")),
        ("Eb:major", Key(3, "major")),
        ("f#:min", Key(6, "minor")),
        ("C minor", Key(0, "minor")),
        ("Am", Key(9, "minor")),
        ("AM", Key(9, "major")),
        ("bbm", Key(10, "minor")),
        ("b:minor", Key(11, "minor")),
        ("D", Key(2, "major")),
        ("Cb:maj", Key(11, "major")),
        ("E- major", Key(3, "major")),
        ("C-major", Key(0, "major")),
        ("  G : MINOR ", Key(7, "minor")),
        ("A♭ major", Key(8, "major")),
    ],
)
def test_parse_key(text: str, key: Key) -> None:
    assert parse_key(text) == key


@pytest.mark.parametrize("text", ["", "H:major", "c", "C:dorian", "Cminorish", "#", "A#b", "Am\nB"])
def test_parse_key_names_legal_forms(text: str) -> None:
    with pytest.raises(SettingError, match=r"C:minor, Eb:major") as caught:
        parse_key(text)
    assert "\n" not in str(caught.value)


@given(st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"])))
def test_a_key_reads_its_own_name(key: Key) -> None:
    assert parse_key(str(key)) == key


@given(st.text(max_size=8))
def test_parse_key_never_fails_otherwise(text: str) -> None:
    try:
        parse_key(text)
    except SettingError as error:
        assert "\n" not in str(error)


def test_scales() -> None:
    assert Key(7, "major").pitch_classes() == {7, 9, 11, 0, 2, 4, 6}
    # A minor with F and F#, G and G#.
    assert Key(9, "minor").pitch_classes() == {9, 11, 0, 2, 4, 5, 6, 7, 8}


@pytest.mark.parametrize(("tonic", "mode"), [(12, "major"), (-1, "minor"), (0, "dorian")])
def test_key_is_valid_from_birth(tonic: int, mode: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        Key(tonic, mode)


@given(st.integers(-24, 24))
def test_find_key_follows_transposition(steps: int) -> None:
    major = Piece((melody(tuple(pitch + steps for pitch in C_MAJOR_TUNE)),))
    minor = Piece((melody(tuple(pitch + steps for pitch in A_MINOR_TUNE)),))
    assert find_key(major) == Key(steps % 12, "major")
    assert find_key(minor) == Key((9 + steps) % 12, "minor")


def test_find_key_ignores_drums() -> None:
    drums = melody((42, 42, 38, 42) * 20, DRUM_PROGRAM)
    assert find_key(Piece((drums, melody(C_MAJOR_TUNE)))) == Key(0, "major")
    assert find_key(Piece((drums,))) is None


def test_find_key_without_evidence() -> None:
    assert find_key(Piece(())) is None
    assert find_key(Piece((melody(tuple(range(60, 72))),))) is None


def test_the_beginning_and_the_end_tell_a_key_from_its_relative() -> None:
    """Only notes that A minor and C major have in common, as many of each."""
    scale = (60, 62, 64, 65, 67, 69, 71)
    minor = melody((69, 72, 76, *scale, *scale, 71, 69))
    major = melody((72, 76, 67, *scale, *scale, 62, 60))
    assert find_key(Piece((minor,))) == Key(9, "minor")
    assert find_key(Piece((major,))) == Key(0, "major")
    # The last chord's bass is its lowest note, wherever its part stands.
    above = Part((Note(16 * 480, 76, 480, 80), Note(17 * 480, 72, 1440, 80)), 0)
    assert find_key(Piece((above, minor))) == Key(9, "minor")


@pytest.mark.parametrize(
    ("seed", "key"),
    [
        ("waltz", "A minor"), ("fur_elise", "A minor"), ("gymnopedie", "D major"),
        ("arpeggio", "C major"), ("minuet", "G major"), ("prelude", "A major"),
        ("rag", "C major"), ("quartet", "G major"),
        ("song", "G major"), ("folk", "A minor"),
    ],
)  # fmt: skip
def test_the_seeds_that_come_along_are_in_their_keys(seed: str, key: str) -> None:
    assert str(find_key(midi.read(SEEDS / f"{seed}.mid"))) == key


@pytest.mark.parametrize(
    ("text", "signature"),
    [("C", "no sharps or flats"), ("Am", "no sharps or flats"), ("G", "1 sharp"), ("Dm", "1 flat"),
     ("Eb", "3 flats"), ("F#m", "3 sharps"), ("F#", "6 sharps"), ("Db", "5 flats"),
     ("Ebm", "6 flats"), ("G#m", "5 sharps"), ("Bbm", "5 flats")],
)  # fmt: skip
def test_a_key_and_its_relative_have_one_signature(text: str, signature: str) -> None:
    assert parse_key(text).signature == signature


def test_what_leads_from_one_key_to_another() -> None:
    change = key_change(parse_key("C:major"), parse_key("C:minor"))
    assert change.argmax() == 3  # E flat
    assert change.argmin() == 4  # E
    assert change[8] > 1 > -1 > change[9]  # A flat for A
    assert abs(change[0]) < 0.1  # the tonic stays
    back = key_change(parse_key("C:minor"), parse_key("C:major"))
    assert np.allclose(change, -back)
    # A fourth higher, it is the same change.
    fourth = key_change(parse_key("F:major"), parse_key("F:minor"))
    assert np.allclose(np.roll(change, 5), fourth)
