"""MusicXML in: a document reduced to what sounds, each value sane, before music21 sees it.

Conventions:
    Only what the music needs stays: parts, bars, divisions, metres, notes, ties, tempos,
    dynamics, repeats and the words for them. What cannot be read is left out or mended
    from what stands beside it, and told. Cue notes and grace notes go; measure repeats are
    written out; pitches are as they sound; drum notes have the pitch of their MIDI key.
    Element names are those of https://www.w3.org/2021/06/musicxml40/.
"""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from composer.formats.musicxml_bars import keep_in_step
from composer.formats.musicxml_directions import bar_line, close_endings, directions
from composer.formats.musicxml_values import (
    LONGEST,
    STEPS,
    UNIT,
    number_of,
    partwise,
    pitch_element,
    type_beats,
    whole_number,
    written,
)
from composer.formats.remarks import Remark
from composer.music.notes import DRUM_PROGRAM


def sounding(document: bytes, remark: Remark) -> tuple[ET.Element, dict[str, int]]:
    """(a partwise score of what sounds, part id -> program) of a MusicXML document.

    A part of drums has `DRUM_PROGRAM`.

    Raises:
        ValueError: It is not XML, or no score.
    """
    try:
        root = ET.fromstring(document)
    except (ET.ParseError, LookupError) as error:
        line, column = getattr(error, "position", (1, 0))
        raise ValueError(f"it is not well-formed XML (line {line}, column {column})") from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    if root.tag == "score-timewise":
        root = partwise(root)
    if root.tag != "score-partwise":
        raise ValueError(f"its root is <{root.tag}>, not a MusicXML score")
    return _Reduction(root, remark).score()


@dataclass(slots=True)
class _PartState:
    """What holds while the bars of a part are read."""

    divisions: Fraction
    shift: dict[str, int]  # semitones between written and played, by staff, "" for all
    bar_beats: Fraction = Fraction(4)
    last_onset: Fraction = Fraction(0)


class _Reduction:
    """Builds the reduced score."""

    def __init__(self, root: ET.Element, remark: Remark) -> None:
        self._root = root
        self._remark = remark
        self._faults: Counter[str] = Counter()
        self._drum_keys: dict[str, int] = {}
        self._by_key = True  # whether drums of the part under way go by their MIDI keys
        self._struck = False  # whether any of them did

    def score(self) -> tuple[ET.Element, dict[str, int]]:
        """The reduced score, and the program of each part that names one."""
        score = ET.Element("score-partwise", version="4.0")
        title = self._root.findtext("work/work-title") or self._root.findtext("movement-title")
        if title and title.strip():
            ET.SubElement(score, "movement-title").text = title
        listed = {
            part.get("id", ""): part for part in self._root.iter("score-part") if part.get("id")
        }
        self._read_drum_keys()
        part_list = ET.SubElement(score, "part-list")
        programs: dict[str, int] = {}
        names: set[str] = set()
        parts: list[list[ET.Element]] = []
        for index, part in enumerate(self._root.findall("part")):
            given = part.get("id", "")
            name = given if given and given not in names else f"P-{index + 1}"
            if given not in listed:
                self._faults["part that the part list does not name"] += 1
            names.add(name)
            self._list_part(part_list, name, listed.get(given), programs)
            # Struck notes among pitched ones keep their place on the staff alone.
            drums = programs.get(name) == DRUM_PROGRAM
            self._by_key = drums or part.find("measure/note/pitch") is None
            self._struck = False
            parts.append(self._bars(part))
            close_endings(parts[-1])
            ET.SubElement(score, "part", id=name)
            if self._struck:
                programs[name] = DRUM_PROGRAM
        called = [listed.findtext("part-name") or "" for listed in part_list]
        keep_in_step(parts, called, self._remark)
        for element, bars in zip(score.findall("part"), parts, strict=True):
            element.extend(bars)
        for fault, count in self._faults.items():
            self._remark(f"{fault} passed over" + (f" ({count} times)" if count > 1 else ""))
        return score, programs

    def _list_part(
        self,
        part_list: ET.Element,
        name: str,
        listed: ET.Element | None,
        programs: dict[str, int],
    ) -> None:
        """A part's name and how it sounds."""
        element = ET.SubElement(part_list, "score-part", id=name)
        text = listed.findtext("part-name") if listed is not None else None
        name_element = ET.SubElement(element, "part-name")
        name_element.text = " ".join((text or "").split())
        if listed is None:
            return
        called = " ".join((listed.findtext("score-instrument/instrument-name") or "").split())
        if not name_element.text:
            name_element.text = called
        for midi in listed.findall("midi-instrument"):
            program = whole_number(midi, "midi-program", 1, 128, self._faults)
            channel = whole_number(midi, "midi-channel", 1, 16, self._faults)
            if program is not None:
                programs.setdefault(name, program - 1)
            if channel == 10:
                programs[name] = DRUM_PROGRAM
        if called and name not in programs:
            # music21 knows programs by the names of instruments.
            for tag, inside in (("score-instrument", "instrument-name"), ("midi-instrument", "")):
                entry = ET.SubElement(element, tag, id=f"{name}-I1")
                if inside:
                    ET.SubElement(entry, inside).text = called

    def _read_drum_keys(self) -> None:
        for midi in self._root.iter("midi-instrument"):
            key = whole_number(midi, "midi-unpitched", 1, 128, self._faults)
            if key is not None:
                self._drum_keys[midi.get("id", "")] = key - 1

    def _bars(self, part: ET.Element) -> list[ET.Element]:
        """The bars of a part, measure repeats written out."""
        state = _PartState(self._first_divisions(part), {})
        bars: list[ET.Element] = []
        repeating: int | None = None
        for index, measure in enumerate(part.findall("measure")):
            sign = measure.find("attributes/measure-style/measure-repeat")
            if sign is not None:
                repeating = None
                if sign.get("type", "start") == "start":
                    text = (sign.text or "").strip() or "1"
                    repeating = int(text) if re.fullmatch(r"[1-9]", text) else 1
            number = measure.get("number", "")
            odd = re.fullmatch(r"\d{1,5}[A-Za-z]?", number) is None
            attributes = {"number": str(index + 1) if odd else number}
            if measure.get("implicit") == "yes":
                attributes["implicit"] = "yes"
            bar = ET.Element("measure", attributes)
            before = bars[index - repeating] if repeating and index >= repeating else None
            if before is not None and measure.find("note/pitch") is None:
                for child in measure:
                    if child.tag in ("attributes", "barline", "direction", "sound"):
                        bar.extend(self._reduced(child, state))
                content = ("note", "backup", "forward")
                bar.extend(copy.deepcopy(child) for child in before if child.tag in content)
            else:
                for child in measure:
                    bar.extend(self._reduced(child, state))
            bars.append(bar)
        return bars

    def _first_divisions(self, part: ET.Element) -> Fraction:
        """The divisions of a part; by its notes' types where it does not say."""
        for text in part.iterfind(".//divisions"):
            value = number_of(text.text)
            if value is not None and value > 0:
                return value
        for note in part.iter("note"):
            duration, beats = number_of(note.findtext("duration")), type_beats(note)
            if duration and beats:
                self._faults["part without divisions"] += 1
                return duration / beats
        return Fraction(1)

    def _reduced(self, child: ET.Element, state: _PartState) -> Iterator[ET.Element]:
        reader: Callable[[ET.Element, _PartState], Iterator[ET.Element]] | None = {
            "attributes": self._attributes,
            "note": self._note,
            "backup": self._move,
            "forward": self._move,
            "direction": self._directions,
            "sound": self._directions,
            "barline": self._bar_line,
        }.get(str(child.tag))
        if reader is not None:
            yield from reader(child, state)

    def _attributes(self, given: ET.Element, state: _PartState) -> Iterator[ET.Element]:
        made = ET.Element("attributes")
        if given.find("divisions") is not None:
            divisions = number_of(given.findtext("divisions"))
            if divisions is None or divisions <= 0 or divisions > 1 << 20:
                self._faults["<divisions> that is no number"] += 1
            else:
                state.divisions = divisions
        # music21 takes whole divisions only; lengths are written in the same unit.
        ET.SubElement(made, "divisions").text = str(UNIT)
        time = given.find("time")
        if time is not None and time.find("senza-misura") is None:
            beats = (time.findtext("beats") or "").replace(" ", "")
            below = whole_number(time, "beat-type", 1, 64, self._faults)
            if re.fullmatch(r"\d{1,3}(\+\d{1,3})*", beats) and below in (1, 2, 4, 8, 16, 32, 64):
                above = sum(int(count) for count in beats.split("+"))
                if 1 <= above <= 255:
                    element = ET.SubElement(made, "time")
                    ET.SubElement(element, "beats").text = str(above)
                    ET.SubElement(element, "beat-type").text = str(below)
                    state.bar_beats = Fraction(4 * above, below)
            else:
                self._faults["<time> that is no metre"] += 1
        staves = whole_number(given, "staves", 1, 16, self._faults)
        if staves is not None:
            ET.SubElement(made, "staves").text = str(staves)
        for transpose in given.findall("transpose"):
            semitones = number_of(transpose.findtext("chromatic"))
            octaves = number_of(transpose.findtext("octave-change"))
            if semitones is None and octaves is None:
                self._faults["<transpose> without a number"] += 1
                continue
            total = round((semitones or 0) + 12 * (octaves or 0))
            state.shift[transpose.get("number", "")] = total if abs(total) <= 48 else 0
        yield made

    def _note(self, given: ET.Element, state: _PartState) -> Iterator[ET.Element]:
        if given.find("grace") is not None:
            return
        beats = self._length(given, state)
        chord = given.find("chord") is not None
        if beats is None:
            if not chord:
                self._faults["note without a length"] += 1
            return
        attributes = {}
        loudness = number_of(given.get("dynamics"))
        if loudness is not None and 0 <= loudness <= 1000:
            attributes["dynamics"] = given.get("dynamics", "").strip()
        made = ET.Element("note", attributes)
        # MuseScore leaves cue notes silent; they take their time, so as a rest.
        cue = given.find("cue") is not None
        head = None if cue else self._head(given, state)
        if head is None and chord:
            return
        if chord:
            ET.SubElement(made, "chord")
        made.append(ET.Element("rest") if head is None else head)
        ET.SubElement(made, "duration").text = written(beats)
        if head is not None:
            for tie in given.findall("tie"):
                if tie.get("type") in ("start", "stop"):
                    ET.SubElement(made, "tie", type=str(tie.get("type")))
        voice = " ".join((given.findtext("voice") or "").split())
        ET.SubElement(made, "voice").text = voice or "1"
        staff = whole_number(given, "staff", 1, 16, self._faults)
        if staff is not None:
            ET.SubElement(made, "staff").text = str(staff)
        if head is not None and made.find("tie") is not None:
            notations = ET.SubElement(made, "notations")
            for tie in made.findall("tie"):
                ET.SubElement(notations, "tied", type=str(tie.get("type")))
        yield made

    def _length(self, given: ET.Element, state: _PartState) -> Fraction | None:
        """A note's length in beats; by its type where its duration cannot be read."""
        duration = number_of(given.findtext("duration"))
        if duration is not None and 0 < duration / state.divisions <= LONGEST:
            return duration / state.divisions
        if duration == 0:
            return None
        beats = type_beats(given)
        if beats is None and given.find("rest") is not None:
            beats = state.bar_beats
        if beats is not None:
            self._faults["<duration> that is no number, its <type> taken instead,"] += 1
        return beats

    def _head(self, given: ET.Element, state: _PartState) -> ET.Element | None:
        """<pitch> as it sounds or <unpitched>; None for a rest."""
        if given.find("rest") is not None:
            return None
        pitch, unpitched = given.find("pitch"), given.find("unpitched")
        if unpitched is not None:
            instrument = given.find("instrument")
            key = self._drum_keys.get(instrument.get("id", "")) if instrument is not None else None
            if key is not None and self._by_key:
                self._struck = True
                return pitch_element(key)
            made = ET.Element("unpitched")
            step = (unpitched.findtext("display-step") or "").strip()
            octave = whole_number(unpitched, "display-octave", 0, 9, self._faults)
            if step in STEPS and octave is not None:
                ET.SubElement(made, "display-step").text = step
                ET.SubElement(made, "display-octave").text = str(octave)
            return made
        step = (pitch.findtext("step") or "").strip().upper() if pitch is not None else ""
        octave = whole_number(pitch, "octave", -1, 10, self._faults) if pitch is not None else None
        if pitch is None or step not in STEPS or octave is None:
            self._faults["note without a pitch"] += 1
            return None
        alter = Fraction(0)
        if pitch.find("alter") is not None:
            value = number_of(pitch.findtext("alter"))
            if value is None or abs(value) > 4:
                self._faults["<alter> that is no number"] += 1
            else:
                alter = value
        shift = state.shift.get(given.findtext("staff") or "", state.shift.get("", 0))
        number = round(12 * (octave + 1) + STEPS[step] + alter) + shift
        if not 0 <= number <= 127:
            self._faults["note that MIDI has no number for"] += 1
            return None
        return pitch_element(number)

    def _move(self, given: ET.Element, state: _PartState) -> Iterator[ET.Element]:
        duration = number_of(given.findtext("duration"))
        beats = None if duration is None else duration / state.divisions
        if beats is None or not 0 <= beats <= LONGEST:
            self._faults[f"<{given.tag}> without a length"] += 1
            if given.tag == "forward":
                return
            beats = state.bar_beats
        if beats:
            made = ET.Element(str(given.tag))
            ET.SubElement(made, "duration").text = written(beats)
            yield made

    def _directions(self, given: ET.Element, state: _PartState) -> Iterator[ET.Element]:
        return directions(given, state.divisions, self._faults)

    def _bar_line(self, given: ET.Element, state: _PartState) -> Iterator[ET.Element]:
        return bar_line(given, self._faults)
