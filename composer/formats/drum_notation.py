"""Drums on the staff: General MIDI keys and the places and noteheads they are written with.

After Norman Weinberg, Guidelines for Drumset Notation, Percussive Notes, June 1994: cymbals
on crosses at the top, drums on plain heads by height, and further instruments on triangles.
"""

from __future__ import annotations

from typing import Final

_HEADS: Final = {
    35: ("E4", "normal"), 36: ("F4", "normal"), 37: ("C5", "x"), 38: ("C5", "normal"),
    39: ("C5", "triangle"), 40: ("C5", "slash"), 41: ("G4", "normal"), 42: ("G5", "x"),
    43: ("A4", "normal"), 44: ("D4", "x"), 45: ("B4", "normal"), 46: ("G5", "circle-x"),
    47: ("D5", "normal"), 48: ("E5", "normal"), 49: ("A5", "x"), 50: ("F5", "normal"),
    51: ("F5", "x"), 52: ("C6", "x"), 53: ("F5", "diamond"), 54: ("D5", "triangle"),
    55: ("B5", "diamond"), 56: ("E5", "triangle"), 57: ("B5", "x"), 58: ("D5", "slash"),
    59: ("F5", "circle-x"), 69: ("G5", "triangle"), 70: ("F5", "triangle"),
    75: ("A4", "triangle"), 80: ("A5", "triangle"), 81: ("A5", "circle-x"),
}  # fmt: skip

_NAMES: Final = (
    "Acoustic Bass Drum", "Bass Drum", "Side Stick", "Snare", "Hand Clap", "Electric Snare",
    "Low Floor Tom", "Closed Hi-Hat", "High Floor Tom", "Pedal Hi-Hat", "Low Tom",
    "Open Hi-Hat", "Low-Mid Tom", "Hi-Mid Tom", "Crash Cymbal", "High Tom", "Ride Cymbal",
    "Chinese Cymbal", "Ride Bell", "Tambourine", "Splash Cymbal", "Cowbell", "Crash Cymbal 2",
    "Vibraslap", "Ride Cymbal 2", "Hi Bongo", "Low Bongo", "Mute Hi Conga", "Open Hi Conga",
    "Low Conga", "High Timbale", "Low Timbale", "High Agogo", "Low Agogo", "Cabasa", "Maracas",
    "Short Whistle", "Long Whistle", "Short Guiro", "Long Guiro", "Claves", "Hi Wood Block",
    "Low Wood Block", "Mute Cuica", "Open Cuica", "Mute Triangle", "Open Triangle",
)  # fmt: skip
"""General MIDI level 1, percussion keys 35 to 81."""


def drum_head(key: int) -> tuple[str, int, str]:
    """(step, octave, notehead) of a drum key on a percussion staff."""
    place, head = _HEADS.get(key) or ("DEFGABC"[key % 7] + ("4" if key % 7 < 4 else "5"), "diamond")
    return place[0], int(place[1]), head


def drum_name(key: int) -> str:
    """What General MIDI calls a drum key."""
    return _NAMES[key - 35] if 35 <= key <= 81 else f"Drum key {key}"
