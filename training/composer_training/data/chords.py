"""Chords: symbols of charts and lead sheets to pitch classes.

Conventions:
    A pitch class is 0..11, 0 = C. An *interval* is in semitones above the root.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_DEGREES = (0, 2, 4, 5, 7, 9, 11)
_SHORT = {
    "": (0, 4, 7),
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10),
    "dim7": (0, 3, 6, 9),
    "hdim7": (0, 3, 6, 10),
    "minmaj7": (0, 3, 7, 11),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "min9": (0, 3, 7, 10, 14),
    "11": (0, 5, 7, 10, 14),
    "min11": (0, 3, 7, 10, 17),
    "13": (0, 4, 10, 14, 21),
    "maj13": (0, 4, 11, 14, 21),
    "min13": (0, 3, 10, 14, 21),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "1": (0,),
}
_KINDS = {
    "major": "maj",
    "minor": "min",
    "augmented": "aug",
    "diminished": "dim",
    "dominant": "7",
    "major-seventh": "maj7",
    "minor-seventh": "min7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "aug",
    "half-diminished": "hdim7",
    "major-minor": "minmaj7",
    "major-sixth": "maj6",
    "minor-sixth": "min6",
    "dominant-ninth": "9",
    "major-ninth": "maj9",
    "minor-ninth": "min9",
    "dominant-11th": "11",
    "minor-11th": "min11",
    "dominant-13th": "13",
    "suspended-second": "sus2",
    "suspended-fourth": "sus4",
    "power": "5",
}
_SYMBOL = re.compile(r"([A-G])([b#]*):([a-z0-9]*)(?:\(([^)]*)\))?(?:/([b#]*)(\d+))?")


@dataclass(frozen=True, slots=True)
class Chord:
    """What sounds together.

    Attributes:
        root: Pitch class.
        intervals: Above the root, ascending, the root's 0 first.
        bass: Pitch class of the lowest note.
    """

    root: int
    intervals: tuple[int, ...]
    bass: int

    @property
    def tones(self) -> tuple[int, ...]:
        """Pitch classes, the root's first."""
        return tuple(dict.fromkeys((self.root + step) % 12 for step in self.intervals))

    @property
    def third(self) -> int:
        """Interval of what stands for its third: 3, 4, or 2 or 5 of a suspended chord."""
        return next((step for step in (4, 3, 5, 2) if step in self.intervals), 7)

    @property
    def fifth(self) -> int:
        """Interval of its fifth."""
        return next((step for step in (7, 6, 8) if step in self.intervals), 7)

    @property
    def seventh(self) -> int:
        """Interval of its seventh or sixth; a minor seventh of chords without one."""
        return next((step for step in (10, 11, 9) if step in self.intervals), 10)

    @property
    def scale(self) -> tuple[int, ...]:
        """Intervals of a scale that goes with it: Lydian, Mixolydian, Dorian and their like."""
        third, seventh = self.third, self.seventh
        sixth = 8 if self.fifth == 6 else 9
        fourth = 6 if third == 4 and seventh == 11 else 5
        steps = {0, 2, third if third in (3, 4) else 4, fourth, self.fifth, sixth, seventh}
        return tuple(sorted(steps))


def pitch_class(step: str, alter: int = 0) -> int:
    """Of a letter A..G and its sharps or flats."""
    return (STEPS[step] + alter) % 12


def _accidentals(text: str) -> int:
    return text.count("#") - text.count("b")


def _degree(accidentals: str, number: int) -> int:
    octave, step = divmod(number - 1, 7)
    return 12 * octave + _DEGREES[step] + _accidentals(accidentals)


def read_chord(symbol: str) -> Chord | None:
    """A chord as Harte et al. (2005) write it: `C`, `Eb:maj7/3`, `G:7(b9)`; None for no chord.

    Raises:
        ValueError: It is no chord.
    """
    if symbol in ("N", "X"):
        return None
    found = _SYMBOL.fullmatch(symbol if ":" in symbol else f"{symbol}:maj")
    if found is None or found[3] not in _SHORT:
        raise ValueError(f"{symbol!r} is no chord")
    root = pitch_class(found[1], _accidentals(found[2]))
    steps = set(_SHORT[found[3]])
    for extra in filter(None, (text.strip() for text in (found[4] or "").split(","))):
        degree = re.fullmatch(r"(\*?)([b#]*)(\d+)", extra)
        if degree is None:
            raise ValueError(f"{symbol!r} is no chord")
        step = _degree(degree[2], int(degree[3]))
        steps = steps - {step} if degree[1] else steps | {step}
    bass = (root + _degree(found[5], int(found[6]))) % 12 if found[6] else root
    return Chord(root, tuple(sorted(steps)) or (0,), bass)


def chord_of_kind(root: int, kind: str, bass: int | None = None) -> Chord | None:
    """A chord by its kind in MusicXML; a major one for kinds that are not known.

    Args:
        root: Pitch class.
        kind: Such as "dominant"; "none" is no chord.
        bass: Pitch class, if another one than the root.
    """
    if kind == "none":
        return None
    steps = _SHORT[_KINDS.get(kind, "min" if kind.startswith("minor") else "maj")]
    return Chord(root, steps, root if bass is None else bass)
