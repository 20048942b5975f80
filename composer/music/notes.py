"""Note, Part and Piece: the music itself. Knows no file format and no model.

Conventions:
    Times are whole ticks of the piece, `Piece.ticks_per_beat` to the quarter note
    (a *beat* in this code base is always a quarter note, whatever the metre).
    Pitches are MIDI note numbers, 60 = middle C; in a drum part they are drum keys.
    Velocities are 1..127. Programs are 0..127 as in a MIDI program change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from composer.music.timing import MetreMap, TempoMap

DRUM_PROGRAM = 128
"""The `Part.program` of a drum part: one past the last General MIDI program."""
KICKS, SNARES = (35, 36), (37, 38, 39, 40)
"""Drum keys (General MIDI 1) that count as a bass drum, and as a snare."""

WRITTEN, HEARD, UNKNOWN = "written", "heard", "unknown"
"""Where a piece's beat comes from: its file says it; it was found in the onsets of a file
that counts seconds; or it was looked for in vain, and ticks are time alone."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note. Ordered by onset, then pitch.

    Attributes:
        onset: Start, in ticks from the beginning of the piece, at least 0.
        pitch: MIDI note number, 0..127.
        duration: Sounding length in ticks, at least 1 (pedal folded in by the reader).
        velocity: 1..127.

    Raises:
        ValueError: A field is out of range; the message names it.
    """

    onset: int
    pitch: int
    duration: int
    velocity: int

    def __post_init__(self) -> None:
        if self.onset < 0:
            raise ValueError(f"onset is {self.onset} ticks, must be at least 0")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"pitch is {self.pitch}, must be 0..127")
        if self.duration < 1:
            raise ValueError(f"duration is {self.duration} ticks, must be at least 1")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"velocity is {self.velocity}, must be 1..127")

    @property
    def end(self) -> int:
        """The tick at which the note stops sounding."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one player: one instrument on one track.

    Attributes:
        notes: Sorted by (onset, pitch); sorting happens at birth.
        program: 0..127, or `DRUM_PROGRAM` for a drum kit.
        name: The track's name, or "".
        track: Index of the MIDI track it came from and goes back to.
        channel: MIDI channel 0..15 it came from and goes back to.
        bank: MIDI bank (MSB << 7 | LSB) its program is of, or None.
        kit: Of a drum part: the program that picks its kit, 0..127.
    """

    notes: tuple[Note, ...]
    program: int = 0
    name: str = ""
    track: int = 0
    channel: int = 0
    bank: int | None = None
    kit: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.program <= DRUM_PROGRAM:
            raise ValueError(f"program is {self.program}, must be 0..{DRUM_PROGRAM}")
        if not 0 <= self.channel <= 15:
            raise ValueError(f"channel is {self.channel}, must be 0..15")
        if self.bank is not None and not 0 <= self.bank < 1 << 14:
            raise ValueError(f"bank is {self.bank}, must be 0..16383")
        if not 0 <= self.kit <= 127:
            raise ValueError(f"kit is {self.kit}, must be 0..127")
        object.__setattr__(self, "notes", tuple(sorted(self.notes)))

    @property
    def is_drums(self) -> bool:
        """Whether pitches are drum keys rather than tones."""
        return self.program == DRUM_PROGRAM

    @property
    def end(self) -> int:
        """The tick at which its last note stops, 0 without notes."""
        return max((note.end for note in self.notes), default=0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of music: parts over one tempo map and one metre map.

    Attributes:
        parts: In the order of the file's tracks, then channels.
        ticks_per_beat: Resolution of every tick in the piece, per quarter note.
        tempos: Tempo over time.
        metres: Metre over time, and so where the bar lines are.
        title: Taken from the file, or "".
        pulse: `WRITTEN`, `HEARD` or `UNKNOWN`: where its beat comes from.
    """

    parts: tuple[Part, ...]
    ticks_per_beat: int = 480
    tempos: TempoMap = field(default_factory=TempoMap)
    metres: MetreMap = field(default_factory=MetreMap)
    title: str = ""
    pulse: str = WRITTEN

    def __post_init__(self) -> None:
        if self.ticks_per_beat < 1:
            raise ValueError(f"ticks_per_beat is {self.ticks_per_beat}, must be at least 1")
        object.__setattr__(self, "parts", tuple(self.parts))

    @property
    def end(self) -> int:
        """The tick at which the last note stops, 0 without notes."""
        return max((part.end for part in self.parts), default=0)

    @property
    def note_count(self) -> int:
        """How many notes all parts have together."""
        return sum(len(part.notes) for part in self.parts)

    def notes(self) -> Iterator[tuple[int, Note]]:
        """Yield (part index, note), sorted by (onset, part index, pitch)."""
        rows = [(index, note) for index, part in enumerate(self.parts) for note in part.notes]
        rows.sort(key=lambda row: (row[1].onset, row[0], row[1].pitch))
        yield from rows

    def with_parts(self, parts: tuple[Part, ...]) -> Piece:
        """The same tempo, metre and resolution under other parts."""
        return replace(self, parts=parts)
