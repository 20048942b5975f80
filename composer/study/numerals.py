"""Numerals: a chord as a step of its key: V65, ii, V7/V, as music theory writes it.

Chords on the steps of the key get the numeral of their step, a small one where their third is
minor, with o, ø or + behind it, and the figures of figured bass for what lies in the bass. A
dominant of another step, V7/ii or viio/V, is named as one; the major chord on the flat second step
is N6; other chords get the step that lies nearest, with an accidental in front: bVI. music21's
`roman` names the chords on the steps of a key alike (a test holds it); its names of others cannot
be read at sight ("II75#3").

Conventions:
    Pitch classes 0..11. Degrees are 0..6.
"""

from __future__ import annotations

import re
from typing import Final

from composer.formats.note_spelling import names_in
from composer.music.chords import QUALITIES, TONES, chord_name, chord_tones, quality_of, root_of
from composer.music.keys import MAJOR, MINOR, Key

_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII")
_SCALES: Final = {MAJOR: (0, 2, 4, 5, 7, 9, 11), MINOR: (0, 2, 3, 5, 7, 8, 10)}
_SMALL: Final = {"m", "dim", "m7", "m7b5"}
"""Qualities with a minor third."""
_MARKS: Final = {"dim": "o", "m7b5": "ø", "aug": "+"}
_TRIAD, _SEVENTH = ("", "6", "64"), ("7", "65", "43", "42")
_APPLIED: Final = {"": 7, "7": 7, "dim": 11, "m7b5": 11}
"""Semitones above the step that it leads to, of a dominant or a leading-tone chord."""
_LED_TO: Final = {
    MAJOR: {2: "ii", 4: "iii", 5: "IV", 7: "V", 9: "vi"},
    MINOR: {3: "III", 5: "iv", 7: "V", 8: "VI", 10: "VII"},
}
"""Steps that have dominants of their own, by their semitones above the tonic."""


def numeral(code: int, bass: int, key: Key) -> str:
    """The numeral of a chord.

    Args:
        code: Of the chord, not `NO_CHORD`.
        bass: Pitch class in the bass.
        key: In force.
    """
    root, quality = root_of(code), QUALITIES[quality_of(code)]
    above = (root - key.tonic) % 12
    figures = _figures(code, bass)
    if _in_key(code, key):
        degree = _degrees(key)[above]
        return _roman(degree, quality) + figures
    if above == 1 and quality == "":
        return "N" + figures
    applied = _applied(above, quality, key)
    if applied:
        return f"{_roman(4 if _APPLIED[quality] == 7 else 6, quality)}{figures}/{applied}"
    scale = _SCALES[key.mode]
    if above in scale:
        return _roman(scale.index(above), quality) + figures
    sharp = above == 6  # the raised fourth; all other steps between are lowered ones
    degree = scale.index(above - 1) if sharp or above + 1 not in scale else scale.index(above + 1)
    accidental = "#" if sharp or above + 1 not in scale else "b"
    return accidental + _roman(degree, quality) + figures


def without_figures(name: str) -> str:
    """A numeral without what tells its inversion and its seventh: "V65/V" is "V/V"."""
    return re.sub(r"(maj)?\d+(?=/|$)", "", name)


def degree_of(code: int, key: Key) -> int | None:
    """The step of the key that a chord stands on, 0..6; None off the key."""
    return _degrees(key).get((root_of(code) - key.tonic) % 12)


def chord_text(code: int, bass: int, key: Key | None) -> str:
    """A chord as musicians write it, spelt as the key has it: "F#m7", "G/B"."""
    name = chord_name(code, key)
    if bass != root_of(code) and bass in chord_tones(code):
        name += f"/{pitch_class_name(bass, key)}"
    return name


def pitch_class_name(pitch_class: int, key: Key | None) -> str:
    """A pitch class as the key spells it: "Bb"."""
    letter, alter, _ = names_in(key.fifths if key else 0)[60 + pitch_class % 12]
    return letter + ("#" * alter if alter > 0 else "b" * -alter)


def pitch_name(pitch: int, key: Key | None) -> str:
    """A pitch as the key spells it, middle C being C4: "Bb3"."""
    letter, alter, octave = names_in(key.fifths if key else 0)[pitch]
    return letter + ("#" * alter if alter > 0 else "b" * -alter) + str(octave)


def _degrees(key: Key) -> dict[int, int]:
    """Semitones above the tonic -> step; in minor the raised seventh, too."""
    scale = _SCALES[key.mode]
    degrees = {step: degree for degree, step in enumerate(scale)}
    if key.mode == MINOR:
        degrees[11] = 6
    return degrees


def _in_key(code: int, key: Key) -> bool:
    """Whether all tones are the key's own; in minor V and viio have the raised seventh."""
    above = (root_of(code) - key.tonic) % 12
    tones = {(tone - key.tonic) % 12 for tone in chord_tones(code)}
    if key.mode != MINOR:
        return tones <= set(_SCALES[MAJOR])
    if above in (7, 11) or (above == 3 and QUALITIES[quality_of(code)] == "aug"):
        return tones <= {*_SCALES[MINOR], 11}
    return tones <= set(_SCALES[MINOR]) and above != 11


def _applied(above: int, quality: str, key: Key) -> str | None:
    """The step that a chord leads to as its dominant; not the tonic's own."""
    if quality not in _APPLIED:
        return None
    if key.mode == MINOR and quality == "" and above in (0, 5):
        return None  # a Picardy third, and the fourth step of the melodic scale
    return _LED_TO[key.mode].get((above - _APPLIED[quality]) % 12)


def _roman(degree: int, quality: str) -> str:
    name = _ROMAN[degree].lower() if quality in _SMALL else _ROMAN[degree]
    return name + _MARKS.get(quality, "") + ("sus" if quality == "sus4" else "")


def _figures(code: int, bass: int) -> str:
    """Figured bass of a chord's inversion; that of the root where the bass is none of its tones."""
    steps = TONES[quality_of(code)]
    if QUALITIES[quality_of(code)] == "sus4":
        return ""
    above = (bass - root_of(code)) % 12
    place = steps.index(above) if above in steps else 0
    if QUALITIES[quality_of(code)] == "maj7" and not place:
        return "maj7"
    return (_SEVENTH if len(steps) == 4 else _TRIAD)[place]
