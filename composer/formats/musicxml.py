"""Scores out: a Piece as MusicXML 4.0, the same bytes for the same piece.

`composer.formats.notation` decides what stands on the page, this module spells it. Written
by hand rather than by music21's exporter, which takes seconds a score and whose bytes change
with its versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

from composer.formats.drum_notation import drum_head, drum_name
from composer.formats.notation import BEAT, Bar, Chord, Clef, Staff, StepMap, bars_of, staves_of
from composer.formats.note_spelling import Name, names_in, signature
from composer.formats.note_values import Value, beams_of, beat_unit, tuplet_marks, values_of
from composer.music.keys import find_key
from composer.music.notes import Part, Piece
from composer.music.timing import tempo_to_bpm

_ACCIDENTALS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_VOICES_A_STAFF: Final = 4


def encode(piece: Piece) -> bytes:
    """The bytes of the MusicXML file.

    Raises:
        OutputError: The piece is longer than 10,000 bars.
    """
    bars = bars_of(piece)
    key = find_key(piece)
    fifths = 0 if key is None else key.fifths
    tempos = _tempo_marks(piece, bars)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<score-partwise version="4.0">']
    if piece.title:
        lines.append(f"<work><work-title>{_text(piece.title)}</work-title></work>")
    lines.append("<part-list>")
    for index, part in enumerate(piece.parts, start=1):
        lines += _listed(part, f"P{index}")
    lines.append("</part-list>")
    for index, part in enumerate(piece.parts, start=1):
        staves = staves_of(part, bars, piece.ticks_per_beat)
        writer = _PartWriter(part, f"P{index}", staves, bars, fifths)
        lines += writer.lines(tempos if index == 1 else {})
    lines.append("</score-partwise>\n")
    return "\n".join(lines).encode()


def _listed(part: Part, name: str) -> list[str]:
    """The part's entry in the part list: its name and how it sounds."""
    default = "Drums" if part.is_drums else f"Part {name[1:]}"
    lines = [f'<score-part id="{name}">', f"<part-name>{_text(part.name) or default}</part-name>"]
    # Channel 10 is what makes drums of a part for whoever reads it.
    channel = f"<midi-channel>{10 if part.is_drums else part.channel + 1}</midi-channel>"
    sounds: list[tuple[int | None, str]] = []
    if part.is_drums:
        for key in sorted({note.pitch for note in part.notes}):
            lines.append(_instrument(name, key, drum_name(key)))
            sounds.append((key, f"<midi-unpitched>{key + 1}</midi-unpitched>"))
    else:
        lines.append(_instrument(name, None, _text(part.name) or default))
        sounds.append((None, f"<midi-program>{part.program + 1}</midi-program>"))
    for sounding, sound in sounds:
        opening = f'<midi-instrument id="{_instrument_id(name, sounding)}">'
        lines.append(f"{opening}{channel}{sound}</midi-instrument>")
    lines.append("</score-part>")
    return lines


def _instrument(part: str, key: int | None, called: str) -> str:
    named = f"<instrument-name>{called}</instrument-name>"
    return f'<score-instrument id="{_instrument_id(part, key)}">{named}</score-instrument>'


def _instrument_id(part: str, key: int | None) -> str:
    return f"{part}-I{1 if key is None else key + 1}"


def _tempo_marks(piece: Piece, bars: Sequence[Bar]) -> dict[int, list[str]]:
    """Index of a bar -> the tempo changes in it. Playback hears all, the page shows most."""
    steps = StepMap(bars, piece.ticks_per_beat)
    marks: dict[int, list[str]] = {}
    shown = 0.0
    index = 0
    end = max(piece.end, 1)
    for tick, tempo in piece.tempos.changes:
        if tick >= end:
            break
        while index + 1 < len(bars) and bars[index + 1].tick <= tick:
            index += 1
        exact = tempo_to_bpm(tempo)
        number = _decimal(exact)
        into = round(steps.exact(tick)) - bars[index].start
        offset = f"<offset>{into}</offset>" if into else ""
        # A page with a number in every bar is a page of numbers: rubato is heard, not read.
        if shown and abs(exact - shown) < 0.05 * shown:
            mark = f'<sound tempo="{number}">{offset}</sound>'
        else:
            shown = exact
            heard = offset.replace("<offset>", '<offset sound="yes">')
            dotted = beat_unit(bars[index].metre) == 36
            unit = "quarter</beat-unit>" + ("<beat-unit-dot/>" if dotted else "")
            minute = f"<per-minute>{round(exact * 2 / 3 if dotted else exact)}</per-minute>"
            mark = (
                '<direction placement="above"><direction-type><metronome><beat-unit>'
                f"{unit}{minute}</metronome></direction-type>"
                f'{heard}<sound tempo="{number}"/>'
                "</direction>"
            )
        marks.setdefault(index, []).append(mark)
    return marks


def _decimal(number: float) -> str:
    """A tempo without the dust that microseconds leave: 138, not 137.9999."""
    nearest = round(number)
    return str(nearest) if abs(number - nearest) < 0.005 else f"{number:.4f}".rstrip("0")


@dataclass(frozen=True, slots=True)
class _Item:
    """One span of a voice in a bar: a chord or a rest, steps from the bar line."""

    start: int
    stop: int
    chord: Chord | None


class _PartWriter:
    """Spells the bars of one part."""

    def __init__(
        self, part: Part, name: str, staves: Sequence[Staff], bars: Sequence[Bar], fifths: int
    ) -> None:
        self._part = part
        self._name = name
        self._staves = staves
        self._bars = bars
        self._fifths = fifths
        self._names = names_in(fifths)
        self._key = signature(fifths)
        self._altered: dict[tuple[str, int], int] = {}

    def lines(self, tempos: dict[int, list[str]]) -> list[str]:
        """The part, tempo marks in front of the bars they are in."""
        lines = [f'<part id="{self._name}">']
        places = [[0] * len(staff.voices) for staff in self._staves]
        for index, bar in enumerate(self._bars):
            lines.append(f'<measure number="{index + 1}">')
            lines += self._attributes(bar, index == 0)
            lines += tempos.get(index, ())
            written = False
            for number, staff in enumerate(self._staves):
                self._altered = {}
                for voice, chords in enumerate(staff.voices):
                    at = places[number][voice]
                    inside = []
                    while at < len(chords) and chords[at].start < bar.stop:
                        inside.append(chords[at])
                        if chords[at].stop > bar.stop:
                            break
                        at += 1
                    places[number][voice] = at
                    if voice and not inside:
                        continue
                    if written:
                        lines.append(f"<backup><duration>{bar.steps}</duration></backup>")
                    written = True
                    lines += self._voice(bar, inside, number, voice)
            lines.append("</measure>")
        lines.append("</part>")
        return lines

    def _attributes(self, bar: Bar, opening: bool) -> list[str]:
        """Divisions, key, metre and clefs, where they are new."""
        if not opening and not bar.new_metre:
            return []
        lines = ["<attributes>"]
        if opening:
            lines.append(f"<divisions>{BEAT}</divisions>")
            if not self._part.is_drums:
                lines.append(f"<key><fifths>{self._fifths}</fifths></key>")
        beats, below = bar.metre
        lines.append(f"<time><beats>{beats}</beats><beat-type>{below}</beat-type></time>")
        if opening:
            if len(self._staves) > 1:
                lines.append(f"<staves>{len(self._staves)}</staves>")
            lines += [_clef(staff.clef, number + 1) for number, staff in enumerate(self._staves)]
        lines.append("</attributes>")
        return lines

    def _voice(self, bar: Bar, chords: Sequence[Chord], staff: int, voice: int) -> list[str]:
        """One voice of one bar; the first voice of a staff is filled up with rests."""
        where = (
            f"<voice>{staff * _VOICES_A_STAFF + voice + 1}</voice>",
            (f"<staff>{staff + 1}</staff>" if len(self._staves) > 1 else ""),
        )
        if not chords:
            return [
                f'<note><rest measure="yes"/><duration>{bar.steps}</duration>'
                f"{where[0]}{where[1]}</note>"
            ]
        items = _items(bar, chords)
        spans = tuple((item.start, item.stop, item.chord is not None) for item in items)
        values, beams, tuplets = _engraved(spans, bar.metre)
        lines = []
        for index, value in enumerate(values):
            chord = items[value.item].chord
            if chord is None:
                # Rests of a further voice are left out, but where a bracket needs them.
                if voice and not value.triplet:
                    length = f"<duration>{value.steps}</duration>"
                    lines.append(f"<forward>{length}{where[0]}{where[1]}</forward>")
                else:
                    tail = _tail(value, where, beams[index])
                    notations = _notations((), tuplets.get(index))
                    rest = f"<note><rest/><duration>{value.steps}</duration>"
                    lines.append(f"{rest}{tail}{notations}</note>")
                continue
            begin = bar.start + value.start
            ties = _TIES[begin > chord.start, begin + value.steps < chord.stop]
            mark, bracket, joins = beams[index], tuplets.get(index), False
            for pitch, velocity in chord.notes:
                lines.append(self._note(pitch, velocity, joins, value, where, ties, mark, bracket))
                mark, bracket, joins = (), None, True
        return lines

    def _note(
        self,
        pitch: int,
        velocity: int,
        joins: bool,
        value: Value,
        where: tuple[str, str],
        ties: tuple[str, ...],
        beams: tuple[str, ...],
        bracket: str | None,
    ) -> str:
        """One note in the order that MusicXML's schema asks for."""
        opening = _OPENINGS[velocity] + ("<chord/>" if joins else "")
        instrument = accidental = notehead = ""
        if self._part.is_drums:
            head, notehead = _unpitched(pitch)
            instrument = f'<instrument id="{_instrument_id(self._name, pitch)}"/>'
        else:
            name = self._names[pitch]
            head = _pitch(name)
            accidental = self._accidental(name, tied="stop" in ties)
        tail = _tail(value, where, beams, accidental, notehead)
        return (
            f"{opening}{head}<duration>{value.steps}</duration>{_TIED[ties]}{instrument}{tail}"
            f"{_notations(ties, bracket)}</note>"
        )

    def _accidental(self, name: Name, *, tied: bool) -> str:
        """The sign in front of a note, if the key and the bar so far do not say it."""
        step, alter, octave = name
        if tied or self._altered.get((step, octave), self._key.get(step, 0)) == alter:
            return ""
        self._altered[step, octave] = alter
        return f"<accidental>{_ACCIDENTALS[alter]}</accidental>"


_OPENINGS: Final = tuple(f'<note dynamics="{velocity / 0.9:.2f}">' for velocity in range(128))
"""By velocity; MusicXML counts loudness in hundredths of velocity 90."""

_TIES: Final[dict[tuple[bool, bool], tuple[str, ...]]] = {
    (False, False): (), (True, False): ("stop",), (False, True): ("start",),
    (True, True): ("stop", "start"),
}  # fmt: skip
"""The ties of a note by whether it goes on from one before, and in one after."""
_TIED: Final = {ties: "".join(f'<tie type="{tie}"/>' for tie in ties) for ties in _TIES.values()}


@lru_cache(maxsize=1024)
def _pitch(name: Name) -> str:
    step, alter, octave = name
    altered = f"<alter>{alter}</alter>" if alter else ""
    return f"<pitch><step>{step}</step>{altered}<octave>{octave}</octave></pitch>"


@lru_cache(maxsize=128)
def _unpitched(key: int) -> tuple[str, str]:
    """(place on the staff, notehead) of a drum key."""
    step, octave, kind = drum_head(key)
    place = (
        f"<unpitched><display-step>{step}</display-step>"
        f"<display-octave>{octave}</display-octave></unpitched>"
    )
    return place, "" if kind == "normal" else f"<notehead>{kind}</notehead>"


def _items(bar: Bar, chords: Sequence[Chord]) -> list[_Item]:
    """The chords of a bar with the rests between them."""
    items = []
    at = 0
    for chord in chords:
        start, stop = max(chord.start - bar.start, 0), min(chord.stop - bar.start, bar.steps)
        if start > at:
            items.append(_Item(at, start, None))
        items.append(_Item(start, stop, chord))
        at = stop
    if at < bar.steps:
        items.append(_Item(at, bar.steps, None))
    return items


@lru_cache(maxsize=4096)
def _engraved(
    spans: tuple[tuple[int, int, bool], ...], metre: tuple[int, int]
) -> tuple[list[Value], list[tuple[str, ...]], dict[int, str]]:
    """(values, their beams, brackets by value) of spans (start, stop, whether it sounds).

    Kept, since bars of the same rhythm are many and their writing is half of the work.
    """
    values = values_of([span[:2] for span in spans], metre)
    beams = beams_of(values, [spans[value.item][2] for value in values], beat_unit(metre))
    return values, [tuple(marks) for marks in beams], tuplet_marks(values)


@lru_cache(maxsize=4096)
def _tail(
    value: Value,
    where: tuple[str, str],
    beams: tuple[str, ...],
    accidental: str = "",
    notehead: str = "",
) -> str:
    """Voice, type, dots, accidental, tuplet ratio, notehead, staff and beams."""
    ratio = (
        "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
        "</time-modification>"
        if value.triplet
        else ""
    )
    beamed = "".join(
        f'<beam number="{level}">{mark}</beam>' for level, mark in enumerate(beams, start=1)
    )
    return (
        f"{where[0]}<type>{value.kind}</type>{'<dot/>' * value.dots}{accidental}{ratio}{notehead}"
        f"{where[1]}{beamed}"
    )


@lru_cache(maxsize=64)
def _notations(ties: tuple[str, ...], bracket: str | None) -> str:
    marks = "".join(f'<tied type="{tie}"/>' for tie in ties)
    if bracket in ("start", "both"):
        marks += '<tuplet type="start" bracket="yes"/>'
    if bracket in ("stop", "both"):
        marks += '<tuplet type="stop"/>'
    return f"<notations>{marks}</notations>" if marks else ""


def _clef(clef: Clef, number: int) -> str:
    line = "" if clef.line is None else f"<line>{clef.line}</line>"
    octaves = f"<clef-octave-change>{clef.octaves}</clef-octave-change>" if clef.octaves else ""
    return f'<clef number="{number}"><sign>{clef.sign}</sign>{line}{octaves}</clef>'


def _text(value: str) -> str:
    """Text without what XML cannot hold."""
    return escape("".join(character for character in value if character.isprintable()))
