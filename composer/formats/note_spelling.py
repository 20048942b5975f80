"""Spelling of pitches: C sharp or D flat, by the key.

Conventions:
    A key is its number of *fifths*: sharps of its signature, or flats, negative.
"""

from __future__ import annotations

from typing import Final

_LETTERS: Final = "FCGDAEB"
_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

Name = tuple[str, int, int]
"""(step, alter, octave) of a pitch as it is spelt: ("B", -1, 4) is B flat above middle C."""


def signature(fifths: int) -> dict[str, int]:
    """Step -> semitones of a key signature."""
    if fifths >= 0:
        return dict.fromkeys(_LETTERS[:fifths], 1)
    return dict.fromkeys(_LETTERS[fifths:], -1)


def names_in(fifths: int) -> list[Name]:
    """The name of each MIDI note number in a key.

    Chromatic notes are the nearest on the line of fifths, three to the flat side and eight
    to the sharp side of the tonic of the major key: in C Bb, Eb, F#, C#, G#.
    """
    names = []
    for pitch in range(128):
        place = next(
            place for place in range(fifths - 3, fifths + 9) if (7 * place - pitch) % 12 == 0
        )
        letter, alter = _LETTERS[(place + 1) % 7], (place + 1) // 7
        names.append((letter, alter, (pitch - alter - _STEPS[letter]) // 12 - 1))
    return names
