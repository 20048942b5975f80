"""Scores out: a Piece as MusicXML 4.0, the same bytes for the same piece.

The score's `divisions` are the steps of `composer.formats.notation`. Notes over a bar line, or of
a length no single note has, are tied.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from composer import files
from composer.errors import OutputError
from composer.formats.notation import BEAT, Bar, Chord, Steps, bars_of, note_values, voices_of
from composer.music.keys import MINOR, find_key
from composer.music.notes import Part, Piece
from composer.music.timing import tempo_to_bpm

_SHARPS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

_FIFTHS: Final = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
"""Sharps (or flats, negative) of the major key on each pitch class."""


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
    bars = bars_of(piece)
    steps = Steps(piece, bars)
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
    steps: Steps,
    bars: list[Bar],
    fifths: int,
    tempos: Piece | None,
) -> None:
    """All bars of one part; the first part carries the tempo marks."""
    voices = voices_of(part, steps)
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
    measure: ET.Element, part: Part, bar: Bar, fifths: int | None, opening: bool
) -> None:
    """Divisions, key, metre and clef, where they are new."""
    if not opening and bar.metre is None:
        return
    attributes = ET.SubElement(measure, "attributes")
    if opening:
        ET.SubElement(attributes, "divisions").text = str(BEAT)
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


def _tempo_marks(piece: Piece, steps: Steps) -> list[tuple[int, float]]:
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
    chords: Iterable[Chord],
    span: tuple[int, int],
    voice: int,
    fifths: int,
) -> None:
    """One voice of one bar, filled up with rests."""
    first, last = span
    at = first
    for chord in chords:
        start, stop = max(chord.start, first), min(chord.stop, last)
        for value in note_values(at - first, start - first):
            _write_value(ET.SubElement(measure, "note"), ET.Element("rest"), value, voice)
        at = start
        for value in note_values(start - first, stop - first):
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
    for value in note_values(at - first, last - first):
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
