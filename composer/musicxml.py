"""Scores out: a Piece as MusicXML 4.0, the same bytes for the same piece.

Conventions:
    A *step* is 1/24 beat, the score's `divisions`. Notation is coarser than music: in
    each beat all onsets and ends go to thirty-seconds or to triplet sixteenths,
    whichever is nearer, and what overlaps in a part goes to further voices. Notes over
    a bar line, or of a length no single note has, are tied.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from composer import files
from composer.errors import OutputError
from composer.notes import Part, Piece
from composer.theory import MINOR, find_key
from composer.timing import tempo_to_bpm

_BEAT: Final = 24
_BINARY: Final = 3
_TERNARY: Final = 4
_MOST_BARS: Final = 10_000

_VALUES: Final = (
    (144, "whole", 1), (96, "whole", 0), (72, "half", 1), (48, "half", 0), (36, "quarter", 1),
    (24, "quarter", 0), (18, "eighth", 1), (12, "eighth", 0), (9, "16th", 1), (6, "16th", 0),
    (3, "32nd", 0),
)  # fmt: skip
"""(steps, note type, dots), longest first: any multiple of 3 steps is a sum of these."""

_TRIPLETS: Final = ((16, "quarter", 0), (8, "eighth", 0), (4, "16th", 0))
"""The same three in the time of two."""

_SHARPS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

_FIFTHS: Final = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
"""Sharps (or flats, negative) of the major key on each pitch class."""


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: where it starts, in ticks, its length in steps, and its new metre if any."""

    start: int
    steps: int
    metre: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Chord:
    """What one voice strikes at once: steps from the start of the piece."""

    start: int
    stop: int
    notes: tuple[tuple[int, int], ...]  # (pitch, velocity)


def write_score(piece: Piece, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a piece as MusicXML, whole or not at all.

    Args:
        piece: What to write.
        path: Where to; uncompressed, so named .musicxml or .xml.
        force: Replace what is there.

    Raises:
        OutputError: Something is there and `force` is not set, the place cannot be
            written to, or the piece is too long to be a score.
    """
    if Path(path).suffix.lower() not in (".musicxml", ".xml"):
        raise OutputError(f"{files.shown(path)} must end in .musicxml or .xml")
    files.write(encode(piece), path, force=force)


def encode(piece: Piece) -> bytes:
    """The bytes of the MusicXML file.

    Raises:
        OutputError: The piece is longer than 10,000 bars.
    """
    bars = _bars(piece)
    steps = _Steps(piece, bars)
    key = find_key(piece)
    fifths = 0
    if key is not None:
        fifths = _FIFTHS[(key.tonic + 3) % 12 if key.mode == MINOR else key.tonic]
    root = ET.Element("score-partwise", version="4.0")
    if piece.title:
        ET.SubElement(ET.SubElement(root, "work"), "work-title").text = _text(piece.title)
    listed = ET.SubElement(root, "part-list")
    for index, part in enumerate(piece.parts, start=1):
        _list_part(listed, part, f"P{index}")
    for index, part in enumerate(piece.parts, start=1):
        element = ET.SubElement(root, "part", id=f"P{index}")
        _write_part(element, part, steps, bars, fifths, piece if index == 1 else None)
    ET.indent(root)
    text = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _bars(piece: Piece) -> list[_Bar]:
    """The bars from the beginning to the end of the last note, at least one."""
    bars: list[_Bar] = []
    tick, metre = 0, None
    while tick < max(piece.end, 1):
        position = piece.metres.position(tick, piece.ticks_per_beat)
        now = piece.metres.metre_at(tick)
        steps = max(_BINARY, round(position.length * _BEAT / piece.ticks_per_beat / 3) * 3)
        bars.append(_Bar(tick, steps, now if now != metre else None))
        tick, metre = position.start + position.length, now
        if len(bars) > _MOST_BARS:
            raise OutputError(f"the piece is longer than {_MOST_BARS} bars, too long for a score")
    return bars


class _Steps:
    """Ticks to steps: each beat of each bar on the grid that is nearer to its notes."""

    def __init__(self, piece: Piece, bars: list[_Bar]) -> None:
        self._bars = bars
        self._scale = _BEAT / piece.ticks_per_beat
        self.starts = [0]
        for bar in bars:
            self.starts.append(self.starts[-1] + bar.steps)
        errors: dict[tuple[int, int], list[float]] = {}
        self._ternary: set[tuple[int, int]] = set()
        for _, note in piece.notes():
            for tick in (note.onset, note.end):
                index, exact = self._place(tick)
                beat = (index, int(exact // _BEAT))
                binary, ternary = errors.setdefault(beat, [0.0, 0.0])
                binary += abs(exact - round(exact / _BINARY) * _BINARY)
                ternary += abs(exact - round(exact / _TERNARY) * _TERNARY)
                errors[beat] = [binary, ternary]
        for beat, (binary, ternary) in errors.items():
            # Triplets need a whole beat of the bar, and a reason.
            if ternary < binary - 1e-6 and (beat[1] + 1) * _BEAT <= bars[beat[0]].steps:
                self._ternary.add(beat)

    def _place(self, tick: int) -> tuple[int, float]:
        """(index of the bar, steps into it)."""
        low, high = 0, len(self._bars)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._bars[middle].start <= tick else (low, middle)
        return low, (tick - self._bars[low].start) * self._scale

    def step(self, tick: int) -> int:
        """The step nearest to a tick that its beat can write."""
        index, exact = self._place(tick)
        grid = _TERNARY if (index, int(exact // _BEAT)) in self._ternary else _BINARY
        return self.starts[index] + min(round(exact / grid) * grid, self._bars[index].steps)

    def shortest(self, step: int) -> int:
        """The shortest length that can be written at a step."""
        for index, bar in enumerate(self._bars):
            into = step - self.starts[index]
            if into < bar.steps:
                return _TERNARY if (index, into // _BEAT) in self._ternary else _BINARY
        return _BINARY


def _voices(part: Part, steps: _Steps) -> list[list[_Chord]]:
    """The part's notes in voices without overlap; at least one voice."""
    last = steps.starts[-1]
    struck: dict[tuple[int, int], dict[int, int]] = {}
    for note in part.notes:
        start = steps.step(note.onset)
        if start >= last:
            start = last - _BINARY
        stop = min(max(steps.step(note.end), start + steps.shortest(start)), last)
        pitches = struck.setdefault((start, stop), {})
        pitches[note.pitch] = max(note.velocity, pitches.get(note.pitch, 0))
    voices: list[list[_Chord]] = [[]]
    for (start, stop), pitches in sorted(struck.items(), key=lambda at: (at[0][0], -at[0][1])):
        free = (voice for voice in voices if not voice or voice[-1].stop <= start)
        voice = next(free, None)
        if voice is None:
            voice = []
            voices.append(voice)
        voice.append(_Chord(start, stop, tuple(sorted(pitches.items()))))
    return voices


def _pieces(start: int, stop: int) -> Iterator[tuple[int, str, int, bool]]:
    """Cut a span inside a bar into note values: (steps, type, dots, whether a triplet)."""
    while start < stop:
        end = stop
        line = start // _BEAT * _BEAT + _BEAT
        # A triplet stays within its beat.
        if start % 3 and end > line:
            end = line
        elif end % 3 and end // _BEAT * _BEAT > start:
            end = end // _BEAT * _BEAT
        length = end - start
        triplet = length % 3 != 0
        for steps, kind, dots in _TRIPLETS if triplet else _VALUES:
            if steps <= length:
                yield steps, kind, dots, triplet
                start += steps
                break
        else:
            raise AssertionError(f"no note value for {length} steps")


def _list_part(listed: ET.Element, part: Part, name: str) -> None:
    """The part's name and how it sounds."""
    element = ET.SubElement(listed, "score-part", id=name)
    default = "Drums" if part.is_drums else f"Part {name[1:]}"
    ET.SubElement(element, "part-name").text = _text(part.name) or default
    keys = sorted({note.pitch for note in part.notes}) if part.is_drums else [None]
    for key in keys:
        instrument = ET.SubElement(element, "score-instrument", id=_instrument(name, key))
        ET.SubElement(instrument, "instrument-name").text = (
            default if key is None else f"Drum key {key}"
        )
    for key in keys:
        midi = ET.SubElement(element, "midi-instrument", id=_instrument(name, key))
        ET.SubElement(midi, "midi-channel").text = str(part.channel + 1)
        if key is None:
            ET.SubElement(midi, "midi-program").text = str(part.program + 1)
        else:
            ET.SubElement(midi, "midi-unpitched").text = str(key + 1)


def _instrument(part: str, key: int | None) -> str:
    return f"{part}-I{1 if key is None else key + 1}"


def _write_part(
    element: ET.Element,
    part: Part,
    steps: _Steps,
    bars: list[_Bar],
    fifths: int,
    tempos: Piece | None,
) -> None:
    """All bars of one part; the first part carries the tempo marks."""
    voices = _voices(part, steps)
    marks = _tempo_marks(tempos, steps) if tempos is not None else []
    for index, bar in enumerate(bars):
        measure = ET.SubElement(element, "measure", number=str(index + 1))
        first, last = steps.starts[index], steps.starts[index] + bar.steps
        _attributes(measure, part, bar, fifths if index == 0 else None, index == 0)
        for step, beats_per_minute in marks:
            if first <= step < last:
                _write_tempo(measure, step - first, beats_per_minute)
        for number, voice in enumerate(voices, start=1):
            inside = [chord for chord in voice if chord.start < last and chord.stop > first]
            if number > 1:
                if not inside:
                    continue
                back = ET.SubElement(measure, "backup")
                ET.SubElement(back, "duration").text = str(bar.steps)
            _write_voice(
                measure, part, element.get("id", ""), inside, (first, last), number, fifths
            )


def _attributes(
    measure: ET.Element, part: Part, bar: _Bar, fifths: int | None, opening: bool
) -> None:
    """Divisions, key, metre and clef, where they are new."""
    if not opening and bar.metre is None:
        return
    attributes = ET.SubElement(measure, "attributes")
    if opening:
        ET.SubElement(attributes, "divisions").text = str(_BEAT)
        if not part.is_drums:
            ET.SubElement(ET.SubElement(attributes, "key"), "fifths").text = str(fifths)
    if bar.metre is not None:
        time = ET.SubElement(attributes, "time")
        ET.SubElement(time, "beats").text = str(bar.metre[0])
        ET.SubElement(time, "beat-type").text = str(bar.metre[1])
    if opening:
        clef = ET.SubElement(attributes, "clef")
        pitches = [note.pitch for note in part.notes]
        low = bool(pitches) and sum(pitches) / len(pitches) < 57
        sign, line = ("percussion", None) if part.is_drums else ("F", 4) if low else ("G", 2)
        ET.SubElement(clef, "sign").text = sign
        if line is not None:
            ET.SubElement(clef, "line").text = str(line)


def _tempo_marks(piece: Piece, steps: _Steps) -> list[tuple[int, float]]:
    """(step, quarter notes per minute) of each change inside the piece."""
    changes = [change for change in piece.tempos.changes if change[0] < max(piece.end, 1)]
    return [(steps.step(tick), tempo_to_bpm(tempo)) for tick, tempo in changes]


def _write_tempo(measure: ET.Element, offset: int, beats_per_minute: float) -> None:
    direction = ET.SubElement(measure, "direction", placement="above")
    kind = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    ET.SubElement(kind, "beat-unit").text = "quarter"
    number = f"{beats_per_minute:.4f}".rstrip("0").rstrip(".")
    ET.SubElement(kind, "per-minute").text = number
    if offset:
        ET.SubElement(direction, "offset", sound="yes").text = str(offset)
    ET.SubElement(direction, "sound", tempo=number)


def _write_voice(
    measure: ET.Element,
    part: Part,
    part_id: str,
    chords: Iterable[_Chord],
    span: tuple[int, int],
    voice: int,
    fifths: int,
) -> None:
    """One voice of one bar, filled up with rests."""
    first, last = span
    at = first
    for chord in chords:
        start, stop = max(chord.start, first), min(chord.stop, last)
        for value in _pieces(at - first, start - first):
            _write_value(ET.SubElement(measure, "note"), ET.Element("rest"), value, voice)
        at = start
        for value in _pieces(start - first, stop - first):
            before, after = at > chord.start, at + value[0] < chord.stop
            for index, (pitch, velocity) in enumerate(chord.notes):
                # MusicXML counts loudness in hundredths of velocity 90.
                note = ET.SubElement(measure, "note", dynamics=f"{velocity / 0.9:.2f}")
                if index:
                    ET.SubElement(note, "chord")
                head = _head(part, pitch, fifths)
                instrument = _instrument(part_id, pitch) if part.is_drums else None
                _write_value(note, head, value, voice, (before, after), instrument)
            at += value[0]
    for value in _pieces(at - first, last - first):
        _write_value(ET.SubElement(measure, "note"), ET.Element("rest"), value, voice)


def _head(part: Part, pitch: int, fifths: int) -> ET.Element:
    """<pitch>, or <unpitched> on the middle line."""
    octave, pitch_class = divmod(pitch, 12)
    if part.is_drums:
        head = ET.Element("unpitched")
        ET.SubElement(head, "display-step").text = "B"
        ET.SubElement(head, "display-octave").text = "4"
        return head
    head = ET.Element("pitch")
    name = (_SHARPS if fifths >= 0 else _FLATS)[pitch_class]
    ET.SubElement(head, "step").text = name[0]
    if len(name) > 1:
        ET.SubElement(head, "alter").text = "1" if name[1] == "#" else "-1"
    ET.SubElement(head, "octave").text = str(octave - 1)
    return head


def _write_value(
    note: ET.Element,
    head: ET.Element,
    value: tuple[int, str, int, bool],
    voice: int,
    ties: tuple[bool, bool] = (False, False),
    instrument: str | None = None,
) -> None:
    """Fill in a note in the order that MusicXML's schema asks for."""
    steps, kind, dots, triplet = value
    note.append(head)
    ET.SubElement(note, "duration").text = str(steps)
    tied = [name for name, there in zip(("stop", "start"), ties, strict=True) if there]
    for name in tied:
        ET.SubElement(note, "tie", type=name)
    if instrument is not None:
        ET.SubElement(note, "instrument", id=instrument)
    ET.SubElement(note, "voice").text = str(voice)
    ET.SubElement(note, "type").text = kind
    for _ in range(dots):
        ET.SubElement(note, "dot")
    if triplet:
        ratio = ET.SubElement(note, "time-modification")
        ET.SubElement(ratio, "actual-notes").text = "3"
        ET.SubElement(ratio, "normal-notes").text = "2"
    if tied:
        notations = ET.SubElement(note, "notations")
        for name in tied:
            ET.SubElement(notations, "tied", type=name)


def _text(value: str) -> str:
    """Text without what XML cannot hold."""
    return "".join(character for character in value if character.isprintable())
