"""Values of MusicXML: numbers, lengths and pitches as text, and the form of the document."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from fractions import Fraction
from typing import Final

from composer.music.pitch_names import SHARPS

STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
BEATS_OF_TYPE: Final = {
    "maxima": 32, "long": 16, "breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5,
    "16th": 0.25, "32nd": 0.125, "64th": 0.0625, "128th": 0.03125, "256th": 0.015625,
    "512th": 0.0078125, "1024th": 0.00390625,
}  # fmt: skip
DYNAMICS: Final = frozenset(
    ("pppppp", "ppppp", "pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "fffff",
     "ffffff", "fp", "sf", "sfz", "fz", "rf", "rfz", "sffz", "sfp", "sfpp")
)  # fmt: skip
"""The marks that music21 gives a loudness."""

UNIT: Final = 10_080
"""Divisions of the reduced score: whole numbers of them hold all common tuplets."""

LONGEST: Final = 1 << 12
"""Beats: no note, rest or bar is longer."""


def written(beats: Fraction) -> str:
    """A length in the divisions of the reduced score, at least 1."""
    return str(round(beats * UNIT) or 1)


def number_of(text: str | None) -> Fraction | None:
    """A number as MusicXML writes it, None if the text is none."""
    match = re.fullmatch(r"\s*[+-]?\d{1,12}(\.\d{0,12})?\s*", text or "")
    return Fraction(match[0].strip().rstrip(".")) if match else None


def whole_number(
    parent: ET.Element, tag: str, low: int, high: int, faults: Counter[str]
) -> int | None:
    """The whole number in a child, None if there is no child or no such number.

    Args:
        parent: The element around it.
        tag: The child's name.
        low: Least number there may be.
        high: Largest.
        faults: Counts a number that is out of range, or none.
    """
    if parent.find(tag) is None:
        return None
    value = number_of(parent.findtext(tag))
    if value is None or value.denominator != 1 or not low <= value <= high:
        faults[f"<{tag}> out of range"] += 1
        return None
    return int(value)


def type_beats(note: ET.Element) -> Fraction | None:
    """A note's length by its type, dots and tuplet; None without a type."""
    beats = BEATS_OF_TYPE.get((note.findtext("type") or "").strip())
    if beats is None:
        return None
    dots = min(len(note.findall("dot")), 3)
    length = Fraction(beats) * (2 - Fraction(1, 2**dots))
    actual = number_of(note.findtext("time-modification/actual-notes"))
    normal = number_of(note.findtext("time-modification/normal-notes"))
    return length * normal / actual if actual and normal else length


def pitch_element(number: int) -> ET.Element:
    """A <pitch> of a MIDI note number."""
    made = ET.Element("pitch")
    octave, pitch_class = divmod(number, 12)
    name = SHARPS[pitch_class]
    ET.SubElement(made, "step").text = name[0]
    if len(name) > 1:
        ET.SubElement(made, "alter").text = "1"
    ET.SubElement(made, "octave").text = str(octave - 1)
    return made


def partwise(timewise: ET.Element) -> ET.Element:
    """Bars of parts as parts of bars."""
    root = ET.Element("score-partwise")
    root.extend(child for child in timewise if child.tag != "measure")
    parts: dict[str, ET.Element] = {}
    for measure in timewise.findall("measure"):
        for part in measure.findall("part"):
            name = part.get("id", "")
            if name not in parts:
                parts[name] = ET.SubElement(root, "part", id=name)
            bar = ET.SubElement(parts[name], "measure", measure.attrib)
            bar.extend(list(part))
    return root


def printed_tempo(metronome: ET.Element) -> Fraction | None:
    """Quarter notes a minute of a <metronome>; of "c. 96" and "96-104" the first number."""
    numbers = re.findall(r"\d+(?:\.\d+)?", metronome.findtext("per-minute") or "")
    beats = BEATS_OF_TYPE.get((metronome.findtext("beat-unit") or "quarter").strip())
    if not numbers or beats is None or not 0 < float(numbers[0]) <= 10_000:
        return None
    dots = min(len(metronome.findall("beat-unit-dot")), 3)
    return Fraction(numbers[0]) * Fraction(beats) * (2 - Fraction(1, 2**dots))
