"""Lead sheets: a melody with chord symbols in MusicXML, as a chart.

Bars are taken as they stand, once each: repeats and endings are not followed, and every eight
bars make a section, the same ones where their chords are the same.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from composer import files
from composer.formats.musicxml_container import read_mxl
from composer_training.data.charts import Bar, Chart, Section
from composer_training.data.chords import STEPS, Chord, chord_of_kind, pitch_class
from composer_training.data.dataset import DatasetError

SECTION = 8
"""Bars to the section."""
_TONICS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_ORDER = ("verse", "chorus", "bridge", "chorus")
"""What the first sections of unlike music are: of AABA, the A is sung as a verse."""


@dataclass(slots=True)
class _Sheet:
    """What was read so far. Times in beats.

    Attributes:
        bars: Lengths.
        chords: (bar, beat in it, chord).
        notes: [onset, pitch, length].
        tied: Pitch -> its note that goes on.
        divisions: Of a beat.
        tonic: Pitch class.
        bpm: Beats a minute.
    """

    bars: list[int] = field(default_factory=list)
    chords: list[tuple[int, float, Chord | None]] = field(default_factory=list)
    notes: list[list[float]] = field(default_factory=list)
    tied: dict[int, list[float]] = field(default_factory=dict)
    divisions: float = 1.0
    tonic: int = 0
    bpm: float = 120.0


def read_leadsheet(path: Path) -> Chart:
    """The first part of a MusicXML file.

    Raises:
        DatasetError: It cannot be read, is not in 4/4 or 2/2, or has no chord symbols.
    """
    try:
        data = read_mxl(path) if path.suffix.lower() == ".mxl" else path.read_bytes()
        root = ET.fromstring(data)
    except (OSError, ValueError, ET.ParseError) as error:
        raise DatasetError(f"{path.name} cannot be read: {files.reason(error)}") from error
    part = root.find("part")
    if root.tag != "score-partwise" or part is None:
        raise DatasetError(f"{path.name} is no score in parts")
    sheet = _Sheet()
    for measure in part.iter("measure"):
        try:
            _read_bar(measure, sheet)
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path.name} is damaged: {error}") from error
    if not any(chord for _, _, chord in sheet.chords):
        raise DatasetError(f"{path.name} has no chord symbols")
    if set(sheet.bars) != {4}:
        raise DatasetError(f"{path.name} is not in 4/4")
    melody = tuple(
        (onset, int(pitch), length) for onset, pitch, length in sorted(map(tuple, sheet.notes))
    )
    return Chart(path.name, sheet.bpm, sheet.tonic, False, _sections(sheet), melody)


def _read_bar(measure: ET.Element, sheet: _Sheet) -> None:
    at, number, start = 0.0, len(sheet.bars), float(sum(sheet.bars))
    beats = sheet.bars[-1] if sheet.bars else 4
    longest = 0.0
    for element in measure:
        if element.tag == "attributes":
            sheet.divisions = float(element.findtext("divisions") or sheet.divisions)
            fifths = element.findtext("key/fifths")
            if fifths is not None and not number:
                sheet.tonic = _tonic(int(fifths), element.findtext("key/mode") == "minor")
            if element.find("time/beats") is not None:
                over, under = element.findtext("time/beats"), element.findtext("time/beat-type")
                beats = round(4 * int(over or 4) / int(under or 4))
        elif element.tag in ("backup", "forward"):
            length = float(element.findtext("duration") or 0) / sheet.divisions
            at += -length if element.tag == "backup" else length
        elif element.tag == "harmony":
            sheet.chords.append((number, at, _chord(element)))
        elif element.tag == "note" and element.find("grace") is None:
            length = float(element.findtext("duration") or 0) / sheet.divisions
            if element.find("chord") is None and element.find("pitch") is not None:
                _note(element, start + at, length, sheet)
            at += 0 if element.find("chord") is not None else length
        for sound in element.iter("sound"):
            sheet.bpm = min(max(float(sound.get("tempo") or sheet.bpm), 60.0), 220.0)
        longest = max(longest, at)
    if not number and 0 < longest < beats:  # an upbeat: the bar is filled up before it
        late = beats - longest
        for note in sheet.notes:
            note[0] += late
        sheet.chords = [(bar, begin + late, chord) for bar, begin, chord in sheet.chords]
    sheet.bars.append(beats)


def _note(element: ET.Element, onset: float, length: float, sheet: _Sheet) -> None:
    step, octave = element.findtext("pitch/step") or "C", int(element.findtext("pitch/octave") or 4)
    pitch = 12 * (octave + 1) + STEPS[step] + round(float(element.findtext("pitch/alter") or 0))
    ties = {tie.get("type") for tie in element.iter("tie")}
    if "stop" in ties and pitch in sheet.tied:
        note = sheet.tied[pitch]
        note[2] += length
    else:
        note = [onset, pitch, length]
        sheet.notes.append(note)
    if "start" in ties:
        sheet.tied[pitch] = note
    else:
        sheet.tied.pop(pitch, None)


def _tonic(fifths: int, minor: bool) -> int:
    name = _TONICS[min(max(fifths, -7), 7) + 7]
    major = pitch_class(name[0], name.count("#") - name.count("b"))
    return (major + 9) % 12 if minor else major


def _chord(element: ET.Element) -> Chord | None:
    def named(which: str) -> int | None:
        step = element.findtext(f"{which}/{which}-step")
        if step is None:
            return None
        return pitch_class(step, round(float(element.findtext(f"{which}/{which}-alter") or 0)))

    root = named("root")
    if root is None:
        return None
    return chord_of_kind(root, element.findtext("kind") or "major", named("bass"))


def _sections(sheet: _Sheet) -> tuple[Section, ...]:
    bars: list[Bar] = []
    sounding: Chord | None = None
    for number, beats in enumerate(sheet.bars):
        chords = [(0.0, sounding)]
        for bar, at, chord in sheet.chords:
            if bar == number:
                chords = [entry for entry in chords if entry[0] != at] + [(float(at), chord)]
                sounding = chord
        bars.append(Bar(beats, tuple(sorted(chords, key=lambda entry: entry[0]))))
    known: dict[tuple[Bar, ...], str] = {}
    kinds: dict[str, str] = {}
    sections = []
    for start in range(0, len(bars), SECTION):
        own = tuple(bars[start : start + SECTION])
        letter = known.setdefault(own, chr(ord("A") + min(len(known), 25)))
        kind = kinds.setdefault(letter, _ORDER[min(len(kinds), len(_ORDER) - 1)])
        sections.append(Section(letter, kind, own))
    return tuple(sections)
