"""Chords: a root and a quality, as a name that musicians write and as one number.

Conventions:
    A chord's *code* is 0 for no chord, else 1 + 9 * root + quality: root a pitch class (0 = C),
    quality an index in `QUALITIES`. A plan of music holds codes.
"""

from __future__ import annotations

import re
from typing import Final

from composer.errors import SettingError
from composer.music.keys import MINOR, Key

QUALITIES: Final = ("", "m", "dim", "aug", "7", "maj7", "m7", "m7b5", "sus4")
"""As they stand behind the root."""
TONES: Final = (
    (0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 4, 7, 10), (0, 4, 7, 11),
    (0, 3, 7, 10), (0, 3, 6, 10), (0, 5, 7),
)  # fmt: skip
"""Semitones above the root of each quality."""
NO_CHORD: Final = 0
CHORDS: Final = 1 + 12 * len(QUALITIES)
"""How many codes there are."""

_FLATS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_SHARPS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""No Cb and no E#: the names that chord charts are read by."""
_FIRST_SHARP: Final = 6
"""Place of F# on the line of fifths, C being 0."""
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_CHORD: Final = re.compile(r"([A-G])([#♯b♭]?)([^/]*)(?:/[A-G][#♯b♭]?)?")
_QUALITY_OF: Final = {
    name: index
    for index, names in enumerate(
        (
            ("", "M", "maj", "major", "6", "add9", "5", "6/9", "69", "2", "add2"),
            ("m", "min", "-", "minor", "m6", "min6", "madd9", "-6"),
            ("dim", "o", "°", "dim7", "o7", "°7"),
            ("aug", "+", "aug7", "+7", "7#5"),
            ("7", "9", "11", "13", "dom7", "7b9", "7#9", "7alt", "7sus", "9sus", "13b9"),
            ("maj7", "M7", "Δ", "Δ7", "maj9", "M9", "j7", "maj13"),
            ("m7", "min7", "-7", "m9", "min9", "m11", "m13", "-9"),
            ("m7b5", "ø", "ø7", "min7b5", "-7b5", "m7-5", "hdim", "hdim7"),
            ("sus4", "sus", "sus2", "7sus4", "9sus4", "4"),
        )
    )
    for name in names
}  # fmt: skip
"""What musicians write for each quality. A chord with more tones counts as the one of these
that it adds them to."""


def chord_code(root: int, quality: int) -> int:
    """The code of a chord on a pitch class."""
    return 1 + len(QUALITIES) * (root % 12) + quality


def root_of(code: int) -> int:
    """Pitch class of the root of a chord that is one."""
    return (code - 1) // len(QUALITIES)


def quality_of(code: int) -> int:
    """Index in `QUALITIES` of a chord that is one."""
    return (code - 1) % len(QUALITIES)


def chord_tones(code: int) -> frozenset[int]:
    """Its pitch classes; none without a chord."""
    if code == NO_CHORD:
        return frozenset()
    root = root_of(code)
    return frozenset((root + step) % 12 for step in TONES[quality_of(code)])


def transposed(code: int, semitones: int) -> int:
    """The same chord so many semitones up."""
    return code if code == NO_CHORD else chord_code(root_of(code) + semitones, quality_of(code))


def chord_name(code: int, key: Key | None = None) -> str:
    """As musicians write it: "Am7"; "N.C." for no chord.

    Args:
        code: Of the chord.
        key: In which it stands, and by which its root is spelt: C#m7b5 in G, Dbmaj7 in F minor.
    """
    if code == NO_CHORD:
        return "N.C."
    root, quality = root_of(code), QUALITIES[quality_of(code)]
    # On the line of fifths the twelve roots are neighbours: from the flat second of a major key to
    # its raised fourth; further to the sharp side in minor, and where a leading note is the root.
    first = -5 if key is None else key.fifths - (3 if key.mode == MINOR else 5)
    first += 3 if "dim" in quality or "b5" in quality else 0
    flat = first + (7 * root - first) % 12 < _FIRST_SHARP
    return (_FLATS if flat else _SHARPS)[root] + quality


def parse_chord(text: str) -> int:
    """Read a chord: "Am", "F#m7b5", "Bb/D" (the bass behind a stroke is passed over), "N.C.".

    Raises:
        SettingError: It is no chord; the message names it.
    """
    name = text.strip()
    if name in ("N.C.", "NC", "N"):
        return NO_CHORD
    match = _CHORD.fullmatch(name)
    if match is not None:
        letter, accidental, quality = match.groups()
        found = _QUALITY_OF.get(quality.strip("()").replace("♭", "b").replace("♯", "#"))
        if found is not None:
            return chord_code(_LETTERS[letter] + _ACCIDENTALS[accidental], found)
    raise SettingError(
        f"chord is {text!r}, must be a root and a quality: C, F#m, Bb7, Ebmaj7, Am7b5, Gsus4"
    )
