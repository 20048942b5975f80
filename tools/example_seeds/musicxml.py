"""A small MusicXML writer, enough for the score seed: one voice a part, notes and rests.

Follows MusicXML 4.0 (partwise): https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree as ET

from example_seeds.notation import Sound, read_voice
from example_seeds.seed_scores import Score

DIVISIONS = 4
"""MusicXML divisions to the quarter note: sixteenths are the shortest notes written."""

TYPES = {
    Fraction(4): ("whole", 0),
    Fraction(3): ("half", 1),
    Fraction(2): ("half", 0),
    Fraction(3, 2): ("quarter", 1),
    Fraction(1): ("quarter", 0),
    Fraction(3, 4): ("eighth", 1),
    Fraction(1, 2): ("eighth", 0),
    Fraction(1, 4): ("16th", 0),
}
"""Length in beats to (note type, dots)."""

SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3}
"""Sharp keys only, which is all the score seed needs."""


def _text(parent: ET.Element, tag: str, text: object = None) -> ET.Element:
    child = ET.SubElement(parent, tag)
    if text is not None:
        child.text = str(text)
    return child


def _note(measure: ET.Element, length: Fraction, pitch: int | None) -> None:
    """Append a note, or a rest when `pitch` is None."""
    note = _text(measure, "note")
    if pitch is None:
        _text(note, "rest")
    else:
        name = SHARP_NAMES[pitch % 12]
        element = _text(note, "pitch")
        _text(element, "step", name[0])
        if len(name) > 1:
            _text(element, "alter", 1)
        _text(element, "octave", pitch // 12 - 1)
    _text(note, "duration", int(length * DIVISIONS))
    kind, dots = TYPES[length]
    _text(note, "type", kind)
    for _ in range(dots):
        _text(note, "dot")


def _attributes(measure: ET.Element, score: Score, sounds: Sequence[Sound]) -> None:
    """Key, metre, clef and tempo, at the head of the first measure."""
    attributes = _text(measure, "attributes")
    _text(attributes, "divisions", DIVISIONS)
    _text(_text(attributes, "key"), "fifths", FIFTHS[score.key])
    time = _text(attributes, "time")
    _text(time, "beats", score.metres[0][1])
    _text(time, "beat-type", score.metres[0][2])
    clef = _text(attributes, "clef")
    low = min(sound.pitch for sound in sounds) < 55
    _text(clef, "sign", "F" if low else "G")
    _text(clef, "line", 4 if low else 2)
    direction = _text(measure, "direction")
    metronome = _text(_text(direction, "direction-type"), "metronome")
    _text(metronome, "beat-unit", "quarter")
    _text(metronome, "per-minute", int(score.tempos[0][1]))
    _text(direction, "sound").set("tempo", str(int(score.tempos[0][1])))


def write(score: Score, bar_lines: Sequence[Fraction]) -> bytes:
    """A score whose lines have one voice without chords, as a MusicXML document.

    Args:
        score: Every note must lie within one bar and have a length in `TYPES`.
        bar_lines: Every bar line in beats, the last one included.
    """
    root = ET.Element("score-partwise", version="4.0")
    _text(_text(root, "work"), "work-title", score.title)
    identification = _text(root, "identification")
    composer = _text(identification, "creator", score.title.split(":")[0])
    composer.set("type", "composer")
    _text(identification, "rights", "Public domain; this transcription CC0-1.0")
    names = _text(root, "part-list")
    for number, line in enumerate(score.lines, start=1):
        entry = _text(names, "score-part")
        entry.set("id", f"P{number}")
        _text(entry, "part-name", line.name)
        _text(entry, "score-instrument").set("id", f"P{number}-I1")
        _text(entry[-1], "instrument-name", line.name)
        midi = _text(entry, "midi-instrument")
        midi.set("id", f"P{number}-I1")
        _text(midi, "midi-channel", number)
        _text(midi, "midi-program", line.program + 1)
    for number, line in enumerate(score.lines, start=1):
        part = _text(root, "part")
        part.set("id", f"P{number}")
        sounds = read_voice(line.voices[0], bar_lines, Fraction(score.start))
        for index, (start, stop) in enumerate(pairwise(bar_lines)):
            measure = _text(part, "measure")
            measure.set("number", str(index + 1))
            if index == 0:
                _attributes(measure, score, sounds)
            now = start
            for sound in (sound for sound in sounds if start <= sound.start < stop):
                if sound.start > now:
                    _note(measure, sound.start - now, None)
                _note(measure, sound.length, sound.pitch)
                now = sound.start + sound.length
            if now < stop:
                _note(measure, stop - now, None)
    ET.indent(root)
    doctype = (
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
        '"http://www.musicxml.org/dtds/partwise.dtd">'
    )
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n{body}\n'.encode()
