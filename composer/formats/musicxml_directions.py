"""What stands between the notes of MusicXML and is heard: tempos, dynamics, jumps, repeats."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from composer.formats.musicxml_values import (
    DYNAMICS,
    LONGEST,
    number_of,
    printed_tempo,
    whole_number,
    written,
)

_JUMP_WORDS: Final = re.compile(
    r"\b(fine|coda|segno|capo|da|dal)\b|d\.?\s?[cs]\b|𝄋|𝄌", re.IGNORECASE
)


def directions(
    given: ET.Element, divisions: Fraction, faults: Counter[str]
) -> Iterator[ET.Element]:
    """Tempo, dynamics and the words and signs of jumps, each a direction of its own.

    Args:
        given: A <direction> or a <sound>.
        divisions: To a quarter note, of the document.
        faults: Counts what is passed over.
    """
    kinds: list[ET.Element] = []
    tempo = _tempo(given, faults)
    words = " ".join(text for item in given.iter("words") if (text := (item.text or "").strip()))
    if tempo is not None:
        metronome = ET.Element("metronome")
        ET.SubElement(metronome, "beat-unit").text = "quarter"
        ET.SubElement(metronome, "per-minute").text = f"{float(tempo):.6f}"
        kinds.append(metronome)
    if words and (tempo is None or _JUMP_WORDS.search(words)):
        kinds.append(ET.Element("words"))
        kinds[-1].text = words
    for name in ("segno", "coda"):
        kinds += [ET.Element(name) for _ in given.iter(name)]
    for dynamics in given.iter("dynamics"):
        known = [mark for mark in dynamics if mark.tag in DYNAMICS]
        if known:
            kinds.append(ET.Element("dynamics"))
            ET.SubElement(kinds[-1], str(known[0].tag))
    for kind in kinds:
        made = ET.Element("direction")
        ET.SubElement(made, "direction-type").append(kind)
        offset = number_of(given.findtext("offset"))
        if offset and abs(offset / divisions) <= LONGEST:
            ET.SubElement(made, "offset").text = written(offset / divisions)
        staff = whole_number(given, "staff", 1, 16, faults)
        if staff is not None:
            ET.SubElement(made, "staff").text = str(staff)
        yield made


def _tempo(given: ET.Element, faults: Counter[str]) -> Fraction | None:
    """Quarter notes a minute: what playback is told, else what is printed."""
    sounds = [given] if given.tag == "sound" else given.findall("sound")
    for sound in sounds:
        if sound.get("tempo") is not None:
            value = number_of(sound.get("tempo"))
            if value is not None and 0 < value <= 10_000:
                return value
            faults["<sound tempo> that is no tempo"] += 1
    for metronome in given.iter("metronome"):
        if metronome.find("per-minute") is None:
            continue  # one note value for another, as in a metric modulation
        value = printed_tempo(metronome)
        if value is not None:
            return value
        faults["<metronome> that is no tempo"] += 1
    return None


def bar_line(given: ET.Element, faults: Counter[str]) -> Iterator[ET.Element]:
    """The repeat and the ending that stand at a <barline>, if any do."""
    location = given.get("location", "right")
    made = ET.Element("barline", location=location if location == "left" else "right")
    ending = given.find("ending")
    if ending is not None:
        numbers = re.findall(r"\d{1,2}", ending.get("number", ""))
        kind = ending.get("type")
        if numbers and kind in ("start", "stop", "discontinue"):
            ET.SubElement(made, "ending", number=",".join(numbers), type=kind)
        else:
            faults["<ending> that is no ending"] += 1
    repeat = given.find("repeat")
    if repeat is not None:
        direction = repeat.get("direction")
        if direction in ("forward", "backward"):
            element = ET.SubElement(made, "repeat", direction=direction)
            if re.fullmatch(r"\d{1,2}", repeat.get("times", "")):
                element.set("times", repeat.get("times", ""))
        else:
            faults["<repeat> without a direction"] += 1
    if len(made):
        yield made


def close_endings(bars: Sequence[ET.Element]) -> None:
    """Give every <ending> that begins a bar where it stops; in place.

    That is the bar with the repeat sign, the one before the next ending, or its own.
    """
    begun: tuple[int, str] | None = None
    for index, bar in enumerate(bars):
        for ending in bar.findall("barline/ending"):
            if ending.get("type") != "start":
                begun = None
                continue
            if begun is not None:
                _stop_ending(bars[index - 1], begun[1])
            begun = index, ending.get("number", "1")
        if begun is not None and bar.find("barline/repeat[@direction='backward']") is not None:
            _stop_ending(bar, begun[1])
            begun = None
    if begun is not None:
        _stop_ending(bars[begun[0]], begun[1])


def _stop_ending(bar: ET.Element, number: str) -> None:
    lines = bar.findall("barline[@location='right']")
    line = lines[-1] if lines else ET.SubElement(bar, "barline", location="right")
    line.insert(0, ET.Element("ending", number=number, type="stop"))
