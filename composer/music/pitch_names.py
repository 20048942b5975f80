"""Pitch names: MIDI note numbers as musicians write them, C4 for 60.

Where no key says how a note is spelt; `composer.formats.note_spelling` spells it in one.
"""

from __future__ import annotations

from typing import Final

SHARPS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""The twelve pitch classes, black keys as sharps."""


def pitch_name(pitch: int) -> str:
    """A MIDI note number as a name and an octave: 60 is C4, 61 is C#4."""
    octave, pitch_class = divmod(pitch, 12)
    return f"{SHARPS[pitch_class]}{octave - 1}"
