"""Instruments: what parts may be called that are added to a piece, and how such parts play.

Conventions:
    Programs as in General MIDI 1, from 0; people count them from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from composer.errors import SettingError
from composer.generation.backing import BASS, FILLING, KIT, LINE
from composer.music.notes import DRUM_PROGRAM


@dataclass(frozen=True, slots=True)
class Instrument:
    """A part that is to be added.

    Attributes:
        name: As it was asked for.
        program: 0..127, or `DRUM_PROGRAM`.
        low: Lowest pitch.
        high: Highest pitch.
        usual: Pitch about which it mostly plays.
        chord: Notes at most on one onset.
        pace: Notes a beat that are many for it.
        voice: Whether it sings: one note after another, above the voices below.
    """

    name: str
    program: int
    low: int
    high: int
    usual: int
    chord: int
    pace: float
    voice: bool = False

    @property
    def role(self) -> int:
        """How it takes up the harmony; see `composer.generation.backing`."""
        if self.program == DRUM_PROGRAM:
            return KIT
        if self.usual < LOW and not self.voice:
            return BASS
        return FILLING if self.chord >= FULL else LINE


LOW: Final = 45
"""What mostly plays below this pitch is a bass."""
FULL: Final = 3
"""What strikes so many notes at once fills the harmony."""
_CHOIR: Final = 52
_TABLE: Final = (
    ("piano", 0, 36, 88, 60, 6, 5.0),
    ("electric piano", 4, 36, 84, 60, 5, 4.0),
    ("harpsichord", 6, 36, 86, 60, 5, 5.0),
    ("celesta", 8, 60, 96, 76, 3, 3.0),
    ("vibraphone", 11, 53, 89, 68, 4, 3.0),
    ("marimba", 12, 45, 88, 64, 4, 4.0),
    ("organ", 16, 36, 84, 60, 5, 3.0),
    ("accordion", 21, 41, 84, 62, 5, 3.0),
    ("guitar", 25, 40, 79, 55, 6, 6.0),
    ("electric guitar", 27, 40, 83, 57, 6, 5.0),
    ("double bass", 32, 28, 55, 38, 1, 2.0),
    ("bass", 33, 28, 55, 38, 1, 2.5),
    ("violin", 40, 55, 96, 74, 2, 3.0),
    ("viola", 41, 48, 84, 62, 2, 3.0),
    ("cello", 42, 36, 74, 50, 2, 2.5),
    ("strings", 48, 40, 88, 62, 4, 2.5),
    ("harp", 46, 36, 92, 64, 4, 5.0),
    ("choir", _CHOIR, 48, 79, 62, 4, 2.0),
    ("trumpet", 56, 54, 84, 68, 1, 2.5),
    ("trombone", 57, 40, 70, 54, 1, 2.0),
    ("tuba", 58, 28, 58, 40, 1, 2.0),
    ("horn", 60, 41, 77, 57, 1, 2.0),
    ("brass", 61, 46, 79, 60, 4, 2.0),
    ("saxophone", 66, 44, 80, 60, 1, 3.0),
    ("oboe", 68, 58, 89, 72, 1, 2.5),
    ("bassoon", 70, 34, 70, 48, 1, 2.5),
    ("clarinet", 71, 50, 89, 66, 1, 3.0),
    ("flute", 73, 60, 96, 77, 1, 3.0),
    ("recorder", 74, 60, 93, 76, 1, 3.0),
    ("pad", 89, 48, 84, 62, 5, 1.5),
)
_VOICES: Final = {
    "soprano": (60, 81, 70), "alto": (53, 74, 64), "tenor": (47, 69, 57), "bass": (40, 64, 49),
}  # fmt: skip
"""Lowest, highest and usual pitch of the voices of a choir: those of Bach's chorales (music21's
371 settings), a third wider where a singer of that voice may go."""
_DRUM_PACE: Final = 6.0


def instruments_called(names: Sequence[str]) -> list[Instrument]:
    """The instruments that are meant, in the order of their names.

    "bass" is the instrument, but beside alto or tenor it is the voice.

    Args:
        names: Of the table, or numbers of General MIDI programs from 1 to 128.

    Raises:
        SettingError: A name is none of these; the message lists them.
    """
    wanted = [" ".join(name.lower().replace("_", " ").replace("-", " ").split()) for name in names]
    sung = any(name in ("alto", "tenor", "soprano") for name in wanted)
    return [_called(name, sung=sung) for name in wanted]


def _called(name: str, *, sung: bool) -> Instrument:
    if name in ("drums", "drum kit", "percussion"):
        return Instrument("drums", DRUM_PROGRAM, 35, 59, 42, 5, _DRUM_PACE)
    if name in _VOICES and (sung or name != "bass"):
        low, high, usual = _VOICES[name]
        return Instrument(name, _CHOIR, low, high, usual, 1, 2.0, voice=True)
    for row in _TABLE:
        if row[0] == name:
            return Instrument(*row)
    if name.isdecimal() and 1 <= int(name) <= 128:
        program = int(name) - 1
        near = min(_TABLE, key=lambda row: (abs(row[1] - program), row[1]))
        return replace(Instrument(*near), name=f"program {name}", program=program)
    known = ", ".join(sorted({"drums", *_VOICES, *(row[0] for row in _TABLE)}))
    raise SettingError(f"no part is called {name!r}; there are {known}, and programs 1 to 128")
